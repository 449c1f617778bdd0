"""One organisation a county: exact, lazily evaluated."""
