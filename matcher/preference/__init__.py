"""Stable matchings: rotations, the best of them, relaxations, and stable plans."""
