"""County pairing and school pairing together: blocks, bounds on them, the lazy assignment, its certificate."""
