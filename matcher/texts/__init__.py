"""The texts of the rooms, one module each; `matcher.messages` merges them."""
