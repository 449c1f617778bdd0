"""Sheets as office people expect them, and a workbook saved so that the same content gives the same bytes.

Frozen bold headers with filters, widths that fit, formats that show units as they are meant, drop-downs, notes.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from matcher.base.disk import write_made
from matcher.base.errors import MissingExtra
from matcher.base.escaping import escape
from matcher.base.seal import CORE, sealed_properties

#: number formats by what a column holds; "@" keeps ids as text when they are edited
FORMATS: Final[Mapping[str, str]] = {
    "id": "@",
    "text": "General",
    "whole": "#,##0",
    "year": "0",
    "degrees": "0.00000",
    "km": "#,##0.000",
    "minutes": "#,##0.0",
    "share": "0.0%",
    "any": "General",
}
#: row (0 for the header) and column of a cell -> its comment
Marks = Mapping[tuple[int, int], str]
_MARKED: Final = "FFE699"
_NARROWEST: Final = 8
_FILLED_IN: Final = 18
#: kind of a line of a page -> size of its letters, whether they are bold, colour behind
_LOOKS: Final[Mapping[str, tuple[int, bool, str | None]]] = {
    "title": (16, True, None),
    "head": (12, True, "DDE6F0"),
    "text": (11, False, None),
    "figure": (11, False, None),
}
#: widths of the two columns of a page
_PAGE: Final = (30, 96)
_WIDEST: Final = 48
#: the same where long texts take several lines, and how high a line is
_WIDEST_WRAPPED: Final = 26
_LINE_HEIGHT: Final = 15
#: rows that decide the width of a column
_LOOKED_AT: Final = 200
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_STAMP: Final = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
#: what keeps the columns of a table for a terminal apart
_COLUMN_GAP: Final = re.compile(r" {2,}")
#: text that a reader of workbooks would take for an escaped character
_ESCAPED: Final = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """One column: its header, what it holds (a key of `FORMATS`), and optionally a note and a drop-down.

    `choices` is a tuple of words, or a formula that names a range; with `strict` nothing else may be entered. A
    column to `fill_in` is coloured and wide.
    """

    title: str
    kind: str = "text"
    note: str = ""
    choices: tuple[str, ...] | str = ()
    strict: bool = True
    fill_in: bool = False


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of a page: what kind it is (a key of `_LOOKS`, or "sign": a line to sign on), its text, what is said."""

    kind: str
    label: str
    value: str = ""


def new_workbook() -> Any:
    """Return an empty openpyxl workbook that is written sheet by sheet.

    Raises
    ------
    MissingExtra
        If the extra `excel` is not installed.
    """
    try:
        import openpyxl
    except ImportError:
        raise MissingExtra("openpyxl", "excel") from None
    return openpyxl.Workbook(write_only=True)


def add_sheet(
    workbook: Any,
    title: str,
    columns: Sequence[SheetColumn],
    rows: Sequence[Sequence[Any]],
    *,
    filters: bool = True,
    wraps: bool = False,
    marks: Marks = MappingProxyType({}),
) -> None:
    """Add a sheet with a frozen header, filters, widths and formats; cells are text, numbers or None.

    With `wraps`, for paper, columns are narrow and long texts and headers take several lines. `marks` are cells to
    colour, each with its comment.
    """
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    sheet = workbook.create_sheet(title)
    sheet.freeze_panes = "A2"
    _set_up_pages(sheet)
    sheet.print_title_rows = "1:1"
    last = get_column_letter(max(1, len(columns)))
    if filters:
        sheet.auto_filter.ref = f"A1:{last}{len(rows) + 1}"
    widths = [
        _column_width(column, [row[at] for row in rows[:_LOOKED_AT]], narrow=wraps) for at, column in enumerate(columns)
    ]
    for number, column in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(number)].width = widths[number - 1]
        _add_validation(sheet, get_column_letter(number), column)
    if wraps:
        for number, cells in enumerate([[column.title for column in columns], *rows], 1):
            _set_height(sheet, number, cells, widths)
    header: list[Any] = []
    for column in columns:
        cell = WriteOnlyCell(sheet, plain(column.title))
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="FFF2CC" if column.fill_in else "DDE6F0")
        cell.alignment = Alignment(vertical="center", wrap_text=True)
        if column.note:
            cell.comment = Comment(column.note, "matcher", width=320, height=120)
        if (said := marks.get((0, len(header)))) is not None:
            _mark(cell, said)
        header.append(cell)
    sheet.append(header)
    marked = {row for row, _ in marks}
    # one cell a column, used again for every row: a row is serialised as soon as it is appended
    cells = [WriteOnlyCell(sheet) for _ in columns]
    for cell, column in zip(cells, columns, strict=True):
        cell.number_format = FORMATS[column.kind]
        cell.alignment = Alignment(vertical="top", wrap_text=wraps and column.kind == "text")
    for number, row in enumerate(rows, 1):
        for cell, value in zip(cells, row, strict=True):
            cell.value = plain(value) if isinstance(value, str) else value
            if isinstance(value, float):
                cell._value = repr(value)  # openpyxl itself would write 16 digits and lose the last bit
        sheet.append(cells if number not in marked else _with_marks(sheet, cells, number, marks))


def _with_marks(sheet: Any, cells: Sequence[Any], number: int, marks: Marks) -> list[Any]:
    """Return the cells of a row with those marked that `marks` names."""
    from openpyxl.cell import WriteOnlyCell

    row = list(cells)
    for at, cell in enumerate(cells):
        said = marks.get((number, at))
        if said is not None:
            row[at] = own = WriteOnlyCell(sheet, cell.value)
            own._value, own.number_format = cell._value, cell.number_format
            _mark(own, said)
    return row


def _mark(cell: Any, said: str) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    cell.fill = PatternFill("solid", fgColor=_MARKED)
    cell.comment = Comment(plain(said), "matcher", width=320, height=100)


def add_text(workbook: Any, title: str, lines: Sequence[str], widths: Sequence[int] = (100,)) -> None:
    """Add a sheet of lines of text, the first as its title.

    Two spaces or more inside a line, as in a table for a terminal, begin a new cell.
    """
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font

    sheet = workbook.create_sheet(title)
    _set_up_pages(sheet)
    for letter, width in zip("ABCDEFGH", widths, strict=False):
        sheet.column_dimensions[letter].width = width
    for number, line in enumerate(lines):
        row = []
        for part in _COLUMN_GAP.split(line.removeprefix("  ").rstrip()):
            cell = WriteOnlyCell(sheet, plain(escape(part)))
            cell.alignment = Alignment(wrap_text=len(widths) == 1, vertical="top")
            if number == 0:
                cell.font = Font(bold=True, size=14)
            row.append(cell)
        sheet.append(row)


def add_page(workbook: Any, title: str, lines: Sequence[TextLine], pages: int = 0) -> None:
    """Add a sheet to be read like a page: headings, sentences, names with what is said of them, lines to sign on.

    `pages` is on how many it is printed at most; 0: on as many as it takes.
    """
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    sheet = workbook.create_sheet(title)
    _set_up_pages(sheet)
    sheet.page_setup.fitToHeight = pages
    sheet.sheet_view.showGridLines = False
    for letter, width in zip("AB", _PAGE, strict=True):
        sheet.column_dimensions[letter].width = width
    for number, line in enumerate(lines, 1):
        size, bold, colour = _LOOKS.get(line.kind, (11, False, None))
        if line.kind in ("title", "sign"):
            sheet.row_dimensions[number].height = 28
        elif line.kind != "head":
            _set_height(sheet, number, _placed(line), _PAGE)
        cells = [WriteOnlyCell(sheet, plain(escape(part)) or None) for part in _placed(line)]
        for cell in cells:
            cell.font = Font(bold=bold, size=size)
            cell.alignment = Alignment(vertical="top", wrap_text=line.kind not in ("title", "head"))
            if colour:
                cell.fill = PatternFill("solid", fgColor=colour)
        if line.kind == "sign":
            cells[1].border = Border(bottom=Side(style="thin"))
        sheet.append(cells)


def _placed(line: TextLine) -> tuple[str, str]:
    """Return the two cells of a line: sentences stand under what is said, beside no name."""
    return ("", line.label) if line.kind == "text" else (line.label, line.value)


def add_hidden(workbook: Any, title: str, lines: Sequence[str]) -> None:
    """Add a sheet that is not shown, for what the library reads back itself."""
    sheet = workbook.create_sheet(title)
    sheet.sheet_state = "veryHidden"
    for line in lines:
        sheet.append([plain(line)])


def save_workbook(workbook: Any, path: Path, *, replace: bool = False) -> Path:
    """Write the workbook beside `path` and put it in place in one step.

    Raises
    ------
    SaveError
        If the target can't be written, for one because it is open in Excel, or is a file that this library did not make
        or that was changed since, and `replace` is not set; what stood there is unchanged.
    """
    content = io.BytesIO()
    workbook.save(content)
    return write_made(path, _sealed(content.getvalue()), replace=replace)


def plain(value: str) -> str:
    """Return text as a cell holds it, so that readers of workbooks give it back as it is."""
    return _ESCAPED.sub("_x005F_", value)


def _width(value: Any) -> int:
    """Return how many half-width characters a value takes, of its longest line."""
    lines = str("" if value is None else value).split("\n")
    return max(sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line) for line in lines)


def _column_width(column: SheetColumn, values: Sequence[Any], *, narrow: bool) -> int:
    """Return the width of a column by its header and its first rows; a header may take two lines on paper."""
    if column.fill_in:
        return _FILLED_IN
    header = _width(column.title) + 2
    width = max([-(-header // 2) + 1 if narrow else header, *(_width(value) + 2 for value in values)])
    return min(max(width, _NARROWEST), _WIDEST_WRAPPED if narrow else _WIDEST)


def _set_height(sheet: Any, row: int, cells: Sequence[Any], widths: Sequence[int]) -> None:
    """Make a row as high as its longest text is in lines: not every program does so by itself."""
    lines = max(
        (
            -(-_width(cell) // max(1, width - 2))
            for cell, width in zip(cells, widths, strict=True)
            if isinstance(cell, str)
        ),
        default=1,
    )
    if lines > 1:
        sheet.row_dimensions[row].height = _LINE_HEIGHT * lines


def _set_up_pages(sheet: Any) -> None:
    """Print on A4 across, as wide as the page, as long as it takes."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.oddHeader.left.text, sheet.oddFooter.right.text = "&A", "&P / &N"
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _add_validation(sheet: Any, letter: str, column: SheetColumn) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    if not column.choices:
        return
    formula = column.choices if isinstance(column.choices, str) else '"' + ",".join(column.choices) + '"'
    rule = DataValidation(type="list", formula1=formula, allow_blank=True)
    rule.showErrorMessage = column.strict
    rule.add(f"{letter}2:{letter}10000")
    sheet.data_validations.append(rule)


def _sealed(content: bytes) -> bytes:
    """Return the package with a seal, and a fixed date in place of now: the same workbook has the same bytes."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        parts = {part.filename: package.read(part) for part in package.infolist()}
    properties = _STAMP.sub(rb"\g<1>2000-01-01T00:00:00Z", parts.pop(CORE))
    parts[CORE] = sealed_properties(properties, parts)
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as fixed:
        for name, data in parts.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # the same on every system
            fixed.writestr(entry, data)
    return whole.getvalue()
