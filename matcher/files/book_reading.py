"""The sheets of a plan's workbook as they are now: found by their titles, headers and ids; what is unclear is a fault.

A sheet or header that is gone, an error value, a formula without a value: any of them would else read as pairs taken
out, and forbid them all.
"""

from __future__ import annotations

import io
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from matcher.base.disk import regular_bytes
from matcher.base.errors import Fault, InvalidInput, MissingExtra
from matcher.base.escaping import unescape
from matcher.base.fieldtypes import HALF_WIDTH
from matcher.base.names import KIND_OF_TABLE
from matcher.base.seal import is_untouched
from matcher.base.suggest import Suggester
from matcher.base.violations import Violation
from matcher.files.bookform import HIDDEN, unpacked
from matcher.files.cells import as_text
from matcher.files.workbook import read_sheets
from matcher.tables.headers import normal

#: numbers differ if they do so by more than another program's rounding in writing them
_ROUNDING: Final = 1e-6


@dataclass(frozen=True, slots=True)
class BookRow:
    """One row of a sheet: its number as an editor shows it, and its cells by column."""

    number: int
    cells: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BookSheet:
    """One sheet as it is now, beside what was written to it; `titles` are its headers by column."""

    name: str
    title: str
    titles: Mapping[str, str]
    old: tuple[BookRow, ...]
    new: tuple[BookRow, ...]
    is_there: bool = True


@dataclass(frozen=True, slots=True)
class WrittenBook:
    """A plan's workbook: what its hidden sheet says was written, and its sheets as they are now."""

    content: Mapping[str, Any]
    sheets: Mapping[str, list[list[Any]]]
    untouched: bool

    def sheet(self, name: str, changes: list[Violation], faults: list[Fault] | None = None) -> BookSheet:
        """Find a sheet and its columns.

        What is missing is added to `faults` if the sheet must be whole, else named in `changes`, as is what was added.
        """
        written = self.content["sheets"][name]
        names, shown = written["names"], written["title"]
        titles = {column: unescape(title) for column, title in zip(names, written["titles"], strict=True)}
        old = tuple(BookRow(at, dict(zip(names, row, strict=True))) for at, row in enumerate(written["rows"], 2))
        title = next((title for title in self.sheets if normal(title) == normal(shown)), None)
        if title is None:
            if faults is None:
                changes.append(Violation("edit_sheet_removed", {"sheet": shown}))
            else:
                faults.append(Fault("edit_sheet_missing", sheet=shown, value=shown))
            return BookSheet(name, shown, titles, old, (), is_there=False)
        rows = self.sheets[title]
        header = [as_text(cell) for cell in rows[0]] if rows else []
        position = {column: header.index(known) for column, known in titles.items() if known in header}
        for column, known in titles.items():
            if column not in position:
                if faults is None:
                    changes.append(Violation("edit_column_removed", {"sheet": shown, "column": known}))
                else:
                    faults.append(Fault("edit_header_missing", sheet=shown, value=known))
        come = [known for at, known in enumerate(header) if known and at not in position.values()]
        changes += [Violation("edit_column_added", {"sheet": shown, "column": known}) for known in come]
        new = (
            BookRow(number, {column: plain_cell(row[at]) for column, at in position.items() if at < len(row)})
            for number, row in enumerate(rows[1:], 2)
        )
        filled = tuple(row for row in new if any(value is not None for value in row.cells.values()))
        return BookSheet(name, shown, titles, old, filled)


def open_book(path: Path, whole: Sequence[str]) -> WrittenBook:
    """Read a plan's workbook; in the sheets `whole`, errors and formulas without a value are faults.

    Raises
    ------
    InvalidInput
        If it is no workbook, or not one that a plan was written to, or holds such cells.
    MissingExtra
        If the extra `excel` is not installed.
    """
    sheets = read_sheets(path)
    rows = next((rows for title, rows in sheets.items() if title == HIDDEN), [])
    try:
        content = unpacked([str(row[0]) for row in rows if row])
    except ValueError:
        raise InvalidInput([Fault("no_plan_sheet")]) from None
    written = regular_bytes(path)
    untouched = is_untouched(written)
    titles = {normal(content["sheets"][name]["title"]) for name in whole if name in content["sheets"]}
    faults = [] if untouched else list(_unclear(written, {title for title in sheets if normal(title) in titles}))
    if faults:
        raise InvalidInput(faults)
    return WrittenBook(content, sheets, untouched)


def _unclear(written: bytes, titles: set[str]) -> Iterator[Fault]:
    """Yield a fault for every error value and for every formula without a stored value, or with an error for one."""
    try:
        import openpyxl
    except ImportError:
        raise MissingExtra("openpyxl", "excel") from None

    def cells(*, values: bool) -> Iterator[tuple[str, Any]]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of every feature of Excel that it does not know
            workbook = openpyxl.load_workbook(io.BytesIO(written), read_only=True, data_only=values)
            try:
                for title in sorted(titles):
                    for row in workbook[title].iter_rows():
                        yield from ((title, cell) for cell in row if cell.value is not None)
            finally:
                workbook.close()

    formulas: dict[tuple[str, int, int], str] = {}
    for title, cell in cells(values=False):
        if cell.data_type == "e":
            yield Fault("edit_error_value", row=cell.row, sheet=title, value=str(cell.value))
        elif cell.data_type == "f":
            formulas[title, cell.row, cell.column] = str(cell.value)[:60]
    if not formulas:
        return
    known = {(title, cell.row, cell.column): cell for title, cell in cells(values=True)}
    for place, formula in formulas.items():
        cell = known.get(place)
        if cell is None or cell.value in (None, "") or cell.data_type == "e":
            yield Fault("edit_error_value", row=place[1], sheet=place[0], value=formula)


class _Named(NamedTuple):
    id: str
    name: str


class Names:
    """Who is meant by an id or a name: of one table, as the workbook knows it."""

    def __init__(self, table: str, known: Mapping[str, str]):
        self.table, self.known = table, known
        self._ids: dict[str, list[str]] = defaultdict(list)
        for one, name in known.items():
            if name:
                self._ids[canonical(name)].append(one)
        self._suggester: Suggester | None = None

    def id_of(self, word: str) -> str | None:
        """Return the id that `word` is, or that alone has this name; None if it is neither."""
        if word in self.known:
            return word
        narrow = word.translate(HALF_WIDTH).strip()  # what was typed in full width is read as in the input
        if narrow in self.known:
            return narrow
        found = self._ids.get(canonical(word), [])
        return found[0] if len(found) == 1 else None

    def namesakes(self, word: str) -> list[str]:
        """Return the ids of everybody who has this name."""
        return self._ids.get(canonical(word), [])

    def is_name_of(self, word: str, one: str) -> bool:
        """Whether `word` is the name of `one`."""
        return canonical(word) == canonical(self.known.get(one, ""))

    def fault(self, word: str, row: int, column: str, sheet: str) -> Fault:
        """Return the fault of a word that is nobody's id or name, or several's name."""
        many = self._ids.get(canonical(word), [])
        place: dict[str, Any] = {"row": row, "column": column, "sheet": sheet, "value": word}
        if len(many) > 1:
            return Fault("edit_many_names", details={"ids": ", ".join(many[:5])}, **place)
        if self._suggester is None:
            self._suggester = Suggester([_Named(one, name) for one, name in self.known.items()])
        nearest = self._suggester.nearest(word)
        details = {"target": self.table, **({"nearest": nearest} if nearest else {})}
        return Fault("unknown_id", details=details, **place)


def names_of(content: Mapping[str, Any]) -> dict[str, Names]:
    """Return who is known to a workbook, by table."""
    return {table: Names(table, content["names"][table]) for table in KIND_OF_TABLE}


def canonical(name: str) -> str:
    """Return a name without what people vary in writing it: width and spaces."""
    return "".join(name.translate(HALF_WIDTH).split())


def plain_cell(value: Any) -> Any:
    """Return a cell as plain text or number, None if it is empty."""
    if isinstance(value, str):
        value = value.strip()
        return value or None
    return value


def id_text(value: Any) -> str:
    """Return a cell that holds an id or a name as text; "" if it is empty."""
    return as_text(value)


def same(old: Any, new: Any) -> bool:
    """Whether two cells show the same."""
    if isinstance(old, int | float) and isinstance(new, int | float) and not isinstance(new, bool):
        return abs(old - new) <= _ROUNDING
    if old is None or new is None:
        return old is None and new is None
    return as_text(old) == as_text(new)


def shown(value: Any) -> str:
    """Return a cell as it is named in a sentence."""
    return "–" if value is None else as_text(value)
