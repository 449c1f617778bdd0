"""What a table may be: whatever is beyond this is no table of a planner's, and would only cost memory and time.

Each limit is far above what the whole programme has, and each is a fault with a code, said before memory is asked for.
"""

from __future__ import annotations

from typing import Final

from matcher.base.names import ENTITIES

#: columns of a table; the widest that this library knows has twelve, and a ledger some dozens
MOST_COLUMNS: Final = 1000
#: rows of a table of any kind
MOST_ROWS: Final = 50_000_000
#: rows of a table whose rows are so short that they can hold nothing: a spreadsheet has no more either
MOST_THIN_ROWS: Final = 1_048_576
#: bytes from which on a row can hold an id and a number
THIN_ROW_BYTES: Final = 10
#: the same of organisations, branches, counties and schools, each with a name or a point, beyond so many rows
THIN_ENTITY_BYTES: Final = 25
MOST_THIN_ENTITIES: Final = 250_000


def too_wide(columns: int) -> bool:
    """Return whether a table has more columns than any table has."""
    return columns > MOST_COLUMNS


def most_rows(table: str, size: int) -> int:
    """Return how many rows a file of `size` bytes can mean as this table."""
    few, each = (MOST_THIN_ENTITIES, THIN_ENTITY_BYTES) if table in ENTITIES else (MOST_THIN_ROWS, THIN_ROW_BYTES)
    return min(MOST_ROWS, max(few, size // each))
