"""Where in a sheet its table is: the header under its titles, in one row or two, and the rows that are none of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from matcher.base.canonical import canonical, visible
from matcher.base.mends import Mend
from matcher.base.names import EXAMPLE
from matcher.files.sheetxml import Formula
from matcher.tables.columns import Table
from matcher.tables.headers import columns_of

#: rows among which the header is looked for
_HEADER_WITHIN: Final = 20
#: columns in which the first cell of a row of totals stands
_FIRST_COLUMNS: Final = 4
_TOTALS: Final = frozenset(
    ("合计", "总计", "小计", "共计", "总数", "总和", "本页合计", "累计", "total", "sum", "subtotal")
)
_LONGEST_TOTAL: Final = 12
_EXAMPLE_IDS: Final = tuple(map(canonical, EXAMPLE.values()))
#: how the line of whoever filled in a form begins
_REMARK: Final = re.compile(
    "(?:填报(?:人|单位|日期|时间)|填表(?:人|日期|时间|说明)?|审核人?|制表(?:人|单位)?|联系(?:人|电话)|负责人|单位负责人|经办人|报送(?:人|单位)|"
    "单位(?:盖章|公章)|盖章|日期|备注|注|说明|附注)[^\n]{0,8}[:：]|(?:注|备注|说明)[1-9一二三四五][、.．]"
)
_REMARK_BEGINS: Final = frozenset("填审制联负单经报盖日备注说附")

Ranges = Sequence[tuple[int, int, int, int]]


@dataclass(slots=True, eq=False)
class CellGrid:
    """The cells of a sheet that hold anything: m columns of n rows, and the row numbers that an editor shows."""

    columns: list[Sequence[Any]]
    numbers: list[int]
    merged: Ranges = ()

    @classmethod
    def of_rows(cls, rows: Sequence[Sequence[Any]], first_row: int = 1) -> CellGrid:
        """Return the grid of rows of any length; blank cells are None, rows of them are left out."""
        kept = [(number, row) for number, row in enumerate(rows, first_row) if any(map(str.strip, row))]
        width = max((len(row) for _, row in kept), default=0)
        full = [row if len(row) == width else [*row, *[""] * (width - len(row))] for _, row in kept]
        return cls([list(column) for column in zip(*full, strict=True)], [number for number, _ in kept])

    def row(self, position: int) -> list[Any]:
        """Return one row."""
        return [column[position] for column in self.columns]

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(slots=True, eq=False)
class Layout:
    """A table found in a grid.

    Attributes
    ----------
    header : (m,)
        Headers; those of two rows are joined where the lower alone says nothing.
    top, body
        Positions of the first row of the header and of the first row below it.
    known
        How many columns of the table the header knows.
    """

    header: list[Any]
    top: int
    body: int
    known: int
    spans: set[int] = field(default_factory=set)


def blank(cell: Any) -> bool:
    """Return whether nobody sees anything in a cell."""
    return cell is None or (isinstance(cell, str) and not visible(cell).strip())


def find(table: Table, grid: CellGrid) -> Layout:
    """Return where the header of `table` stands: the row or two that know most headers."""
    within = min(len(grid), _HEADER_WITHIN)
    rows = [[None if blank(cell) else cell for cell in grid.row(position)] for position in range(within)]
    best = Layout(rows[0] if rows else [], 0, 1, 0)
    for position, row in enumerate(rows):
        known = len(columns_of(table, row))
        if known >= 2 and known > best.known:
            best = Layout(row, position, position + 1, known)
    for top in range(max(0, best.top - 1), min(best.top + 1, within - 1)):
        joined, spans = _joined(table, grid, rows, top)
        known = len(columns_of(table, joined)) if spans else 0
        if known > best.known or (known == best.known and spans and top == best.top and _only_words(rows[top + 1])):
            best = Layout(joined, top, top + 2, known, spans)
    return best


def _only_words(row: Sequence[Any]) -> bool:
    return all(cell is None or isinstance(cell, str) for cell in row)


def _joined(table: Table, grid: CellGrid, rows: Sequence[list[Any]], top: int) -> tuple[list[Any], set[int]]:
    """Return the headers of two rows, and the positions below a header that spans several; none if they are no pair."""
    upper, lower = rows[top], rows[top + 1]
    if not _only_words(upper) or not _only_words(lower) or grid.numbers[top + 1] != grid.numbers[top] + 1:
        return [], set()
    spans: dict[int, Any] = {}
    for first_row, left, last_row, right in grid.merged:
        if first_row == last_row == grid.numbers[top] and right > left:
            spans |= dict.fromkeys(range(left - 1, min(right, len(upper))), upper[left - 1])
    if not grid.merged:  # a file of text has no merged cells: a header spans what is empty beside it
        for position in range(len(upper)):
            if upper[position] is None and lower[position] is not None and position:
                for before in range(position - 1, -1, -1):
                    if lower[before] is None:
                        break
                    if upper[before] is not None:
                        spans |= dict.fromkeys(range(before, position + 1), upper[before])
                        break
    below = {position for position in spans if lower[position] is not None}
    if not below or any(lower[p] is not None and p not in below and upper[p] is not None for p in range(len(lower))):
        return [], set()
    header: list[Any] = []
    for position, (above, under) in enumerate(zip(upper, lower, strict=True)):
        if position in below:
            whole = f"{spans[position]}{under}"
            known_whole, known_under = (len(columns_of(table, [title])) for title in (whole, under))
            header.append(under if known_under and not known_whole else whole)
        else:
            header.append(under if above is None else above)
    return header, below


def none_of_it(grid: CellGrid, layout: Layout, mend: Callable[[str, int, Any], None]) -> list[int]:
    """Return the positions of rows below the header that are no rows of the table.

    Those are totals, remarks, headers again and the examples of a template.

    `mend` is told of each: its code, its position, what it says.
    """
    found: dict[int, str] = {}
    for order, column in enumerate(grid.columns[:_FIRST_COLUMNS]):
        body = column[layout.body :]
        # a table has hundreds of thousands of names: how they begin is enough to know most of them
        begun = {cell[:2] for cell in body if type(cell) is str}
        begun = {beginning for beginning in begun if _may_begin(beginning)}
        told = (
            [n for n, cell in enumerate(body, layout.body) if type(cell) is str and cell[:2] in begun] if begun else []
        )
        for position in told:
            cell = column[position]
            if canonical(cell[:9]).startswith(_EXAMPLE_IDS):
                found.setdefault(position, "example_row")
            is_total = len(cell) <= _LONGEST_TOTAL and _squeezed(cell) in _TOTALS
            if is_total and all(blank(before[position]) for before in grid.columns[:order]):
                found.setdefault(position, "total_row")
        if order:
            continue
        for position, cell in enumerate(body, layout.body):
            if type(cell) is not str or position in found:
                continue
            if cell.lstrip()[:1] in _REMARK_BEGINS and _REMARK.match(cell.strip()) and _alone(grid, position):
                found[position] = "remark_row"
            elif cell == layout.header[0] and _again(grid, position, layout):
                found[position] = "header_again"
    for position, code in sorted(found.items()):
        mend(code, position, " ".join(str(cell) for cell in grid.row(position) if not blank(cell)))
    return sorted(found)


@cache
def _may_begin(beginning: str) -> bool:
    return any(word.startswith(_squeezed(beginning)) for word in (*_TOTALS, *_EXAMPLE_IDS))


def _squeezed(cell: str) -> str:
    return "".join(unicodedata.normalize("NFKC", cell).split()).rstrip(":").lower()


def _alone(grid: CellGrid, position: int) -> bool:
    """Return whether a row has words only, and fewer than half its cells filled."""
    filled = [cell for cell in grid.row(position) if not blank(cell)]
    return _only_words(filled) and 2 * len(filled) <= max(2, len(grid.columns))


def _again(grid: CellGrid, position: int, layout: Layout) -> bool:
    row = grid.row(position)[: len(layout.header)]
    return all((None if blank(cell) else cell) == title for cell, title in zip(row, layout.header, strict=True))


def filled_down(
    grid: CellGrid, layout: Layout, mends: list[Mend], table: str, sheet: str | None
) -> list[tuple[int, ...]]:
    """Fill what is merged down a column into each of its rows, in place; return the merged ranges that can't be."""
    left_over: list[tuple[int, ...]] = []
    at = {number: position for position, number in enumerate(grid.numbers)}
    for top, left, bottom, right in grid.merged:
        if left > len(layout.header) or bottom < grid.numbers[layout.top]:
            continue
        if bottom < grid.numbers[layout.body - 1] + 1:  # within the header
            if right > left and not layout.spans.intersection(range(left - 1, right)):
                left_over.append((top, left, bottom, right))
            continue
        if right > left or top < grid.numbers[layout.body - 1] + 1:
            inside = [at[number] for number in range(top, bottom + 1) if number in at]
            if any(_is_row(grid, position) for position in inside):
                left_over.append((top, left, bottom, right))
            continue
        column = grid.columns[left - 1]
        if top not in at or blank(column[at[top]]) or isinstance(column[at[top]], Formula):
            continue
        filled = list(column)
        for number in range(top + 1, bottom + 1):
            if number in at and blank(filled[at[number]]):
                filled[at[number]] = filled[at[top]]
                mends.append(
                    Mend("merged_down", table, number, str(layout.header[left - 1] or ""), None, filled[at[top]], sheet)
                )
        grid.columns[left - 1] = filled
    return left_over


def _is_row(grid: CellGrid, position: int) -> bool:
    """Return whether a row with cells merged across looks like one of the table: more than one cell is filled."""
    return sum(not blank(cell) for cell in grid.row(position)) > 1
