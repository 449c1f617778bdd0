"""The same over all pairs of points, never listed."""
