"""One table as it was found, before any of its cells are understood; and what goes wrong in finding it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from matcher.base.errors import Fault
from matcher.base.notices import Notice
from matcher.files.limits import MOST_COLUMNS, too_wide
from matcher.tables.columns import columns_of


@dataclass(frozen=True, slots=True, eq=False)
class RawTable:
    """One table of a folder, a workbook or a set of frames: n rows, m columns.

    Attributes
    ----------
    table
        Which table it is.
    sheet
        The name of its sheet or file, None where it is the table's own.
    header : (m,)
        Headers as the user has them.
    columns : (m,) of (n,)
        Cells, a column each.
    rows : (n,)
        Row numbers as the user's editor shows them.
    header_row
        Row number of the header.
    """

    table: str
    sheet: str | None
    header: Sequence[Any]
    columns: Sequence[Sequence[Any]]
    rows: Sequence[int]
    header_row: int = 1


@dataclass(slots=True, eq=False)
class Findings:
    """What a reader found: tables, and faults and notices on the way."""

    tables: list[RawTable] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    #: tables that are there, but could not be read at all
    broken: set[str] = field(default_factory=set)

    def add_rows(self, table: str, sheet: str | None, rows: Sequence[Sequence[Any]], first_row: int = 1) -> None:
        """Take a table from its rows: find the header, drop empty rows, turn it into columns."""
        start = next((number for number, row in enumerate(rows) if not _empty(row)), None)
        if start is None:
            self.faults.append(Fault("empty_table", table, sheet=sheet))
            self.broken.add(table)
            return
        start += _header_below(table, rows[start : start + 10])
        header = list(rows[start])
        while header and _blank(header[-1]):
            header.pop()
        width = len(header)
        if too_wide(width):
            self.faults.append(
                Fault("too_many_columns", table, sheet=sheet, details={"found": width, "most": MOST_COLUMNS})
            )
            self.broken.add(table)
            return
        numbers: Sequence[int] = range(first_row + start + 1, first_row + len(rows))
        body = rows[start + 1 :]
        columns = list(zip(*body, strict=True)) if body and set(map(len, body)) == {width} else None
        if columns is None or _any_blank(columns[0]):
            body, numbers = self._squared(table, sheet, body, numbers, width)
            columns = list(zip(*body, strict=True)) if body else [()] * width
        self.tables.append(RawTable(table, sheet, header, columns, numbers, first_row + start))

    def _squared(
        self, table: str, sheet: str | None, body: Sequence[Sequence[Any]], numbers: Sequence[int], width: int
    ) -> tuple[list[Sequence[Any]], list[int]]:
        """Drop empty rows, fill up short ones, report those with cells beyond the header."""
        kept: list[Sequence[Any]] = []
        kept_numbers: list[int] = []
        for row, number in zip(body, numbers, strict=True):
            if _empty(row):
                continue
            if len(row) > width and not _empty(row[width:]):
                value = next(cell for cell in row[width:] if not _blank(cell))
                self.faults.append(
                    Fault("too_many_cells", table, number, value=value, sheet=sheet, details={"width": width})
                )
            kept.append(row if len(row) == width else [*row[:width], *[None] * (width - len(row))])
            kept_numbers.append(number)
        return kept, kept_numbers


def _blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _any_blank(cells: Sequence[Any]) -> bool:
    try:
        return not all(map(str.strip, cells))
    except TypeError:  # not all of them are text
        return any(map(_blank, cells))


def _empty(row: Sequence[Any]) -> bool:
    return all(map(_blank, row))


def _header_below(table: str, rows: Sequence[Sequence[Any]]) -> int:
    """Return how many rows of titles stand above the header: the row that knows most headers, the first of equals."""
    known = [len(columns_of(table, ["" if _blank(cell) else cell for cell in row])) for row in rows]
    return known.index(max(known)) if max(known) >= 2 else 0
