"""Summaries, levels, reasons and warnings of plans and matchings."""

TEXTS: tuple[tuple[str, str, str], ...] = ()
