"""Figures without a browser: maps and charts with Chinese text."""
