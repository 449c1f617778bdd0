"""Binary programs in integers: rows, linear functions, CP-SAT under limits."""
