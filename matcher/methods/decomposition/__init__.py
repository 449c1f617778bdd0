"""Everything large: relaxation and search."""
