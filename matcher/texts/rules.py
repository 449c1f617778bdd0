"""The sentence of every rule and objective of a policy."""

TEXTS: tuple[tuple[str, str, str], ...] = ()
