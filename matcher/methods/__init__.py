"""The ways to solve a problem, in order; one file or folder each."""
