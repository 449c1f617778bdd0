"""One table as it was found, before any of its cells are understood; and what goes wrong in finding it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from matcher.base.errors import Fault
from matcher.base.manyfaults import FaultList
from matcher.base.mends import Mend
from matcher.base.notices import Notice
from matcher.files.layout import CellGrid, blank, filled_down, find, none_of_it
from matcher.files.limits import MOST_COLUMNS, too_wide
from matcher.tables.columns import TABLES, Kit

#: tables that must hold rows of the planner's own, of those of the pairing
NEEDED: Final = ("organizations", "counties")


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
    """What a reader found: tables, and faults, mends and notices on the way."""

    tables: list[RawTable] = field(default_factory=list)
    faults: FaultList = field(default_factory=FaultList)
    notices: list[Notice] = field(default_factory=list)
    mends: list[Mend] = field(default_factory=list)
    #: tables that are there, but could not be read at all
    broken: set[str] = field(default_factory=set)
    #: the tables that may be there, and those that must
    kit: Kit = field(default_factory=lambda: TABLES)
    needed: Sequence[str] = NEEDED

    def add_rows(self, table: str, sheet: str | None, rows: Sequence[Sequence[Any]], first_row: int = 1) -> None:
        """Take a table from rows of text."""
        self.add_grid(table, sheet, CellGrid.of_rows(rows, first_row))

    def add_grid(self, table: str, sheet: str | None, grid: CellGrid) -> None:
        """Take a table from the cells of a sheet: find its header, leave out what is none of it."""
        if not len(grid):
            self.faults.append(Fault("empty_table", table, sheet=sheet))
            self.broken.add(table)
            return
        if too_wide(len(grid.columns)):
            details = {"found": len(grid.columns), "most": MOST_COLUMNS}
            self.faults.append(Fault("too_many_columns", table, sheet=sheet, details=details))
            self.broken.add(table)
            return
        layout = find(self.kit[table], grid)
        header = list(layout.header)
        while header and blank(header[-1]):
            header.pop()
        layout.header = header

        def tell(code: str, position: int, before: Any) -> None:
            self.mends.append(Mend(code, table, grid.numbers[position], None, before, None, sheet))

        left_out = none_of_it(grid, layout, tell)
        for top, left, bottom, right in filled_down(grid, layout, self.mends, table, sheet):
            place = f"{letters(left)}{top}:{letters(right)}{bottom}"
            column = str(header[left - 1] or letters(left))
            self.faults.append(Fault("merged_cells", table, top, column, place, sheet))
        self._report_beyond(table, sheet, grid, layout.body, len(header), set(left_out))
        kept = _without(range(layout.body, len(grid)), left_out)
        if not kept and any(mend.code == "example_row" and mend.table == table for mend in self.mends):
            if table in self.needed:  # the others may stay as the template has them
                self.faults.append(Fault("only_examples", table, sheet=sheet))
                self.broken.add(table)
            return
        columns = [_taken(column, kept) for column in grid.columns[: len(header)]]
        numbers = _taken(grid.numbers, kept)
        self.tables.append(RawTable(table, sheet, header, columns, numbers, grid.numbers[layout.body - 1]))

    def _report_beyond(
        self, table: str, sheet: str | None, grid: CellGrid, body: int, width: int, left_out: set[int]
    ) -> None:
        """Report cells to the right of the last header."""
        seen: set[int] = set()
        for column in grid.columns[width:]:
            for position in range(body, len(grid)):
                if column[position] is None or position in seen or position in left_out or blank(column[position]):
                    continue
                seen.add(position)
                details = {"width": width}
                number, value = grid.numbers[position], column[position]
                self.faults.append(Fault("too_many_cells", table, number, value=value, sheet=sheet, details=details))


def _without(positions: range, left_out: Sequence[int]) -> Sequence[int]:
    if not left_out:
        return positions
    out = set(left_out)
    return [position for position in positions if position not in out]


def _taken(cells: Sequence[Any], kept: Sequence[int]) -> Sequence[Any]:
    if isinstance(kept, range):
        return cells[kept.start : kept.stop]
    return [cells[position] for position in kept]


def letters(number: int) -> str:
    """Return the letters of a column, A for 1."""
    said = ""
    while number:
        number, rest = divmod(number - 1, 26)
        said = chr(65 + rest) + said
    return said
