"""A table whose cells are read, on its way to records."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from matcher.base.errors import Fault
from matcher.base.mends import Mend
from matcher.files.rawtables import RawTable
from matcher.model import RECORDS, Record


@dataclass(slots=True, eq=False)
class Typed:
    """A table whose cells are read: `columns` by name, `UNREADABLE` where a cell could not be."""

    raw: RawTable
    columns: dict[str, list[Any]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)
    extras: list[dict[str, str]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.raw.rows)

    def fault(self, code: str, position: int | None, column: str | None, value: Any = None, **details: Any) -> Fault:
        """Return a fault at a cell, in the user's own header and row number."""
        row = None if position is None else self.raw.rows[position]
        title = None if column is None else self.titles.get(column, column)
        return Fault(code, self.raw.table, row, title, value, self.raw.sheet, details)

    def mend(self, code: str, position: int | None, column: str | None, before: Any, after: Any) -> Mend:
        """Return a mend of a cell, in the user's own header and row number."""
        row = None if position is None else self.raw.rows[position]
        title = None if column is None else self.titles.get(column, column)
        return Mend(code, self.raw.table, row, title, before, after, self.raw.sheet)

    def raw_cells(self, column: str) -> Sequence[Any]:
        """Return the cells of a column as the user wrote them, none if it was made."""
        return self.raw.columns[self.positions[column]] if column in self.positions else ()

    def records(self) -> list[Record]:
        """Return the rows as records, without validating again what `cells` has read.

        A test holds this equal to validation. Where a cell could not be read, the record has `UNREADABLE`: such records
        are for the cross-checks only.
        """
        kind = RECORDS[self.raw.table]
        columns: list[Sequence[Any]] = []
        for name, field_info in kind.model_fields.items():
            if name == "extras":
                columns.append(self.extras or [{} for _ in range(len(self))])
                continue
            values = self.columns.get(name)
            default = None if field_info.is_required() else field_info.default
            if values is None:
                columns.append([default] * len(self))
            elif default is not None and None in values:
                columns.append([default if value is None else value for value in values])
            else:
                columns.append(values)
        # one pass in C for each attribute of a pydantic model
        names, given = list(kind.model_fields), {*self.columns, "extras"}
        records: list[Record] = list(map(kind.__new__, repeat(kind, len(self))))
        fields = map(dict, map(zip, repeat(names), zip(*columns, strict=True)))
        put = object.__setattr__
        attributes: tuple[tuple[str, Iterable[Any]], ...] = (
            ("__dict__", fields),
            ("__pydantic_fields_set__", repeat(given)),
            ("__pydantic_extra__", repeat(None)),
            ("__pydantic_private__", repeat(None)),
        )
        for name, each in attributes:
            deque(map(put, records, repeat(name), each), maxlen=0)
        return records
