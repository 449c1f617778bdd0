"""One sheet of a workbook, streamed: the value, the formula, the error and the shown text of every cell that has one.

Nothing is kept for cells that are empty or blank, so a sheet asks for memory by what it holds, not by its extent.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Final

from matcher.files.numberformat import ShownNumber, is_date, shown_as
from matcher.files.plainxml import SEPARATOR, BadXml, Plain, parse

#: the names of SpreadsheetML, as most programs write them and in the strict form of ISO 29500
MAIN: Final = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
#: what Excel can hold
MOST_ROWS: Final = 1_048_576
MOST_COLUMNS: Final = 16_384
#: places between cells that may stay empty, in all and in the mean of a row
_MOST_GAPS: Final = 4_000_000
_MOST_GAPS_A_ROW: Final = 64
#: a cell, a row's beginning and its end, as nearly all programs write them
_ROWS: Final = re.compile(
    r'(<c r="([A-Z]{1,3})([0-9]{1,7})"(?: s="([0-9]{1,6})")?(?: t="(n|s|str|inlineStr|b)")?'
    r'(?:/>|>(?:<v>([^<&]*)</v>|<is><t(?: xml:space="preserve")?>([^<&]*)</t></is>)?</c>)'
    r'|<row r="([0-9]{1,7})"(?: [A-Za-z:0-9]+="[^<&"]*")*/?>|</row>)'
)
#: a shared text
_TEXTS: Final = re.compile(r'(<si><t(?: xml:space="preserve")?>([^<&]*)</t></si>)')


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula without a stored value; `text` is what it computes, without the equals sign, if the cell says so."""

    text: str

    def __str__(self) -> str:
        return f"={self.text}"


@dataclass(slots=True)
class ReadSheet:
    """A sheet as it was found.

    Attributes
    ----------
    name
        Its title.
    hidden
        Whether Excel hides it.
    columns : (m,) of (n,)
        Cells of the rows that have any, a column each, None where there is nothing.
    numbers : (n,)
        Row number of each, 1 for the first of the sheet.
    merged
        Merged ranges, as (top, left, bottom, right) from 1.
    """

    name: str
    hidden: bool = False
    columns: list[list[Any]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)

    def rows(self) -> list[list[Any]]:
        """Return the rows from the first of the sheet on, empty ones too, "" where there is nothing."""
        whole: list[list[Any]] = [[""] * len(self.columns) for _ in range(self.numbers[-1] if self.numbers else 0)]
        for number, row in zip(self.numbers, zip(*self.columns, strict=True), strict=True):
            whole[number - 1] = ["" if cell is None else cell for cell in row]
        return whole


class TooFar(ValueError):
    """Cells lie so far apart that the sheet is none a person made: a signal within this room."""


def local(name: str) -> str:
    """Return the name of an element without its namespace."""
    return name.rpartition(SEPARATOR)[2]


class TooDense(ValueError):
    """There are more cells than a file of its size can mean: a signal within this room."""


def strings_of(stream: IO[bytes]) -> list[str]:
    """Return the shared strings of a workbook; hints for pronunciation are no part of them."""
    strings: list[str] = []
    pieces: list[str] = []
    inside = [False, False]  # a text, a hint

    def start(name: str, _: list[str]) -> None:
        name = local(name)
        if name == "si":
            pieces.clear()
        elif name == "rPh":
            inside[1] = True
        elif name == "t":
            inside[0] = not inside[1]

    def end(name: str) -> None:
        name = local(name)
        if name == "si":
            strings.append(unescaped("".join(pieces)))
        elif name == "rPh":
            inside[1] = False
        elif name == "t":
            inside[0] = False

    def text(content: str) -> None:
        if inside[0]:
            pieces.append(content)

    def take(found: list[tuple[str, ...]]) -> None:
        strings.extend([unescaped(content) for _, content in found])

    parse(stream, start, end, text, Plain(b"<si>", b"</si>", _TEXTS, take), MAIN[0])
    return strings


def unescaped(content: str) -> str:
    """Return text without the escapes that a workbook needs for characters XML can't hold."""
    if "_x" not in content:
        return content
    from openpyxl.utils.escape import unescape

    return str(unescape(content))


@dataclass(slots=True)
class Cells:
    """Turns what a cell's element says into its value; knows the strings, formats and calendar of the workbook."""

    strings: Sequence[str]
    formats: Sequence[str]
    since_1904: bool = False
    #: cells that the workbook may yet have
    left: int = 10**9

    def value(self, kind: str | None, style: str | None, content: str, formula: str | None) -> Any:
        """Return the value of a cell, None if it has none."""
        if kind is None or kind == "n":
            if not content:
                return None if formula is None else Formula(formula)
            number = float(content)
            return number if style is None else self._formatted(number, style)
        if kind == "s":
            return self.strings[int(content)] if content else None
        if kind == "b":
            return content.strip() == "1" if content else (None if formula is None else Formula(formula))
        if kind == "d":
            return dt.datetime.fromisoformat(content) if content else None
        return unescaped(content)  # inlineStr, str (a formula's text), e (an error)

    def _formatted(self, number: float, style: str) -> Any:
        position = int(style)
        code = self.formats[position] if position < len(self.formats) else "General"
        if code == "General":
            return number
        if is_date(code):
            return self._date(number)
        shown = shown_as(number, code)
        return number if shown is None else ShownNumber(number, shown)

    def _date(self, number: float) -> Any:
        from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

        try:
            return from_excel(number, MAC_EPOCH if self.since_1904 else WINDOWS_EPOCH)
        except (OverflowError, ValueError):
            return number


def read_sheet(name: str, hidden: bool, stream: IO[bytes], cells: Cells) -> ReadSheet:
    """Return a sheet.

    Raises
    ------
    BadXml
        If its part is broken.
    TooFar
        If its cells lie too far apart.
    TooDense
        If there are more of them than the workbook may yet have.
    """
    sheet = ReadSheet(name, hidden)
    start, end, text, take = _handlers(sheet, cells)
    parse(stream, start, end, text, Plain(b"<row r=", b"</row>", _ROWS, take), MAIN[0])
    height = len(sheet.numbers)
    if sum(height - len(column) for column in sheet.columns if column) > _most_gaps(sheet.numbers):
        raise TooFar(f"{len(sheet.columns)} columns of {height} rows")
    nothing: list[Any] = [None] * height
    for position, column in enumerate(sheet.columns):
        if column:
            column.extend(nothing[len(column) :])
        else:
            sheet.columns[position] = nothing
    return sheet


def _most_gaps(numbers: Sequence[int]) -> int:
    return _MOST_GAPS + _MOST_GAPS_A_ROW * len(numbers)


def _handlers(
    sheet: ReadSheet, cells: Cells
) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any], Callable[[list[tuple[str, ...]]], None]]:
    """Return what the parser calls at the start of an element, at its end and for text; and what takes plain rows.

    A sheet of a million cells calls them ten million times: their state is in local variables, and the name of an
    element is looked up whole.
    """
    codes = {f"{space}{SEPARATOR}{word}": code for space in MAIN for word, code in _ELEMENTS.items()}
    cell_names = tuple(f"{space}{SEPARATOR}c" for space in MAIN)
    columns: dict[str, int] = {}
    inside = column = number = digits = 0
    kind: str | None = None
    style: str | None = None
    formula: list[str] | None = None
    pieces: list[str] = []
    grid, numbers = sheet.columns, sheet.numbers
    fresh = True
    gaps = 0

    def start(name: str, attributes: list[str]) -> None:
        nonlocal inside, column, number, digits, kind, style, formula, pieces, fresh
        if name in cell_names:
            kind = style = formula = None
            pieces = []
            if len(attributes) == 4 and attributes[2] == "t":  # as almost always: place and kind
                kind = attributes[3]
            elif len(attributes) != 2:
                said = dict(zip(attributes[::2], attributes[1::2], strict=True))
                kind, style = said.get("t"), said.get("s")
            if attributes and attributes[0] == "r":
                letters = attributes[1][:-digits]
                column = columns.get(letters) or columns.setdefault(letters, _number_of(letters))
            else:
                column = _column_of(attributes, column, digits)
            return
        code = codes.get(name, 0)
        if code == _VALUE:
            if inside != _HINT:
                inside = code
        elif code == _ROW:
            number = _row_number(attributes, number)
            digits = len(str(number))
            fresh, column = True, 0
        elif code == _FORMULA:
            formula, inside = [], code
        elif code == _HINT:
            inside = code
        elif code == _MERGED:
            sheet.merged.append(_corners(attributes))

    def text(content: str) -> None:
        if inside == _VALUE:
            pieces.append(content)
        elif inside == _FORMULA and formula is not None:
            formula.append(content)

    def end(name: str) -> None:
        nonlocal inside
        if name in cell_names:
            if pieces or formula is not None:
                content = pieces[0] if len(pieces) == 1 else "".join(pieces)
                count(1)
                if kind is style and content:  # both None: a plain number
                    put(float(content))
                else:
                    put(cells.value(kind, style, content, None if formula is None else "".join(formula)))
        else:
            inside = 0

    def count(more: int) -> None:
        cells.left -= more
        if cells.left < 0:
            raise TooDense(len(numbers))

    def put(value: Any) -> None:
        """Put a value into the cell at hand, unless it is nothing."""
        nonlocal gaps, fresh
        if value == "" or value is None or (type(value) is str and value.isspace()):
            return
        if fresh:
            numbers.append(number)
            fresh = False
        if column > len(grid):
            grid.extend([] for _ in range(column - len(grid)))
        cells_above = grid[column - 1]
        gap = len(numbers) - 1 - len(cells_above)
        if gap:
            gaps += gap
            if gap < 0 or gaps > _most_gaps(numbers):
                raise TooFar(f"column {column} of row {number}")
            cells_above.extend([None] * gap)
        cells_above.append(value)

    def take(found: list[tuple[str, ...]]) -> None:
        """Take plain rows: as `start` and `end` would, one after the other."""
        nonlocal column, number, digits, fresh
        count(len(found))
        within = False
        for whole, letters, row, style, kind, value, content, begun in found:
            if letters:
                if not within or len(row) != digits:
                    raise BadXml(f"cell {letters}{row} in row {number}")
                said = value or content
                if not said or said.isspace():
                    continue
                column = columns.get(letters) or columns.setdefault(letters, _number_of(letters))
                if kind == "inlineStr" and "_x" not in said:
                    put(said)
                elif style or kind not in ("", "n"):
                    put(cells.value(kind or None, style or None, said, None))
                else:
                    put(float(said))
            elif begun and not within:
                number = _row_number(("r", begun), number)
                digits = len(str(number))
                fresh, column, within = True, 0, whole[-2] != "/"
            elif within and not begun:
                within = False
            else:
                raise BadXml(f"rows within row {number}")

    return start, end, text, take


#: elements by what is done with them; a text and a value are read alike
_ELEMENTS: Final = {"v": 1, "t": 1, "row": 2, "f": 3, "rPh": 4, "mergeCell": 5}
_VALUE, _ROW, _FORMULA, _HINT, _MERGED = 1, 2, 3, 4, 5


def _column_of(attributes: Sequence[str], before: int, digits: int) -> int:
    """Return the column of a cell that does not name its place first, or at all."""
    place = dict(zip(attributes[::2], attributes[1::2], strict=True)).get("r")
    return before + 1 if place is None else _number_of(place[:-digits])


def _row_number(attributes: Sequence[str], before: int) -> int:
    said = dict(zip(attributes[::2], attributes[1::2], strict=True)).get("r")
    number = before + 1 if said is None else int(said)
    if not before < number <= MOST_ROWS:
        raise BadXml(f"row {number} after row {before}")
    return number


def _corners(attributes: Sequence[str]) -> tuple[int, int, int, int]:
    """Return a merged range as top, left, bottom and right."""
    area = dict(zip(attributes[::2], attributes[1::2], strict=True)).get("ref", "")
    corners = []
    first, _, last = area.replace("$", "").partition(":")
    for corner in (first, last or first):
        letters = corner.rstrip("0123456789")
        digits = corner[len(letters) :]
        corners.append((int(digits) if digits else 1, _number_of(letters)))
    return (*corners[0], *corners[1])


def _number_of(letters: str) -> int:
    """Return the number of a column, 1 for A."""
    column = 0
    for letter in letters.upper().replace("$", ""):
        column = column * 26 + ord(letter) - 64
    if not 0 < column <= MOST_COLUMNS:
        raise BadXml(f"column {letters}")
    return column
