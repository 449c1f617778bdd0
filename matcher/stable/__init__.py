"""Preferences of two sides: blocking pairs, rotations, the best stable matching and its proof."""
