"""An instance under a policy, compiled: terms, rows, pairs, relaxations; what a method hands back."""
