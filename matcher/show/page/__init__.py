"""The report's page, part by part: what it knows, its head, its map and tables, its sections, the year before."""
