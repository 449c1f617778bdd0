"""The nine tables in memory: columns, checks over all of them, read-only arrays, overview; no files."""
