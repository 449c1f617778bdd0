"""Jobs that belong to no room."""
