"""Cells, headers, CSV, workbooks and frames: everything between a planner's tables and an instance."""
