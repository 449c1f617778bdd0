"""A workbook as raw tables: calamine reads it, openpyxl looks again where calamine can't tell.

Calamine is fast, but reads a formula without a stored value and a formula's error as empty, and drops the number
format that shows 520203 as 00520203. Where a workbook holds such things, openpyxl reads those sheets a second time.
Before any reader opens it, the package itself is checked: its paths, its unpacked size, its check sums.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from matcher.base.errors import Fault, InvalidInput, MissingExtra
from matcher.base.notices import Notice
from matcher.base.unreadable import UNREADABLE
from matcher.files.rawtables import Findings, RawTable
from matcher.tables.columns import TABLES, columns_of, nearest_table, table_of

#: a workbook may unpack to this size whatever it is
_FINE_BYTES: Final = 200 * 1024**2
#: and never to more than this, nor to more times its size than that
_MOST_BYTES: Final = 2 * 1024**3
_MOST_TIMES: Final = 150
_CHUNK: Final = 1 << 20
_OLD_OR_ENCRYPTED: Final = b"\xd0\xcf\x11\xe0"
#: marks in the XML of a sheet that ask for a second look: formulas and errors
_MARKS: Final = re.compile(rb"<f[\s>/]|<c[^>]{0,80} t=\"e\"")
#: number formats that write leading zeros or a prefix before an id: `000000`, `"B"00000`
_PADDED: Final = re.compile(r'(?:\[[^\]]*\])*(?:"([^"]*)")?(0{2,})(?:;.*)?')
#: sheets of this library's own workbooks that hold no table
_OTHER_SHEETS: Final = ("readme", "说明", "notes")


#: title of a sheet -> its rows of cells
Sheets = dict[str, list[list[Any]]]


@dataclass(frozen=True, slots=True)
class _Package:
    """A workbook that may be opened: its bytes, and whether openpyxl should look at formulas and formats."""

    content: bytes
    formulas: bool
    padded: bool


def read_workbook(path: Path) -> Findings:
    """Read every sheet of a workbook that is one of the tables; name those that are not.

    Raises
    ------
    MissingExtra
        If the extra `excel` is not installed.
    """
    try:
        import openpyxl  # noqa: F401 - asked for here, so that the answer does not depend on the workbook
        from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum
    except ImportError as error:
        raise MissingExtra(error.name or "python-calamine", "excel") from None
    found = Findings()
    try:
        package = _checked(path)
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(package.content))
        hidden = {sheet.name for sheet in workbook.sheets_metadata if sheet.visible != SheetVisibleEnum.Visible}
        for name in workbook.sheet_names:
            table = table_of(name)
            if table is None:
                if name not in hidden and name.strip().lower() not in _OTHER_SHEETS:
                    nearest = nearest_table(name)
                    details = {"name": name} | ({"nearest": nearest} if nearest else {})
                    found.notices.append(Notice("unknown_table", details))
                continue
            first = next((raw.sheet or raw.table for raw in found.tables if raw.table == table), None)
            if first is not None:
                found.faults.append(Fault("repeated_table", table, sheet=name, details={"first": first}))
                continue
            sheet = workbook.get_sheet_by_name(name)
            found.add_rows(table, None if name == table else name, sheet.to_python(skip_empty_area=False))
            if found.tables and found.tables[-1].table == table:
                _report_merged(found.tables[-1], sheet.merged_cell_ranges or [], found)
        if not found.tables and not found.broken:
            raise _Refused("no_tables", path.name, tables=", ".join(TABLES))
        if package.formulas or (package.padded and any(_numbers_as_ids(raw) for raw in found.tables)):
            _look_again(package.content, found)
    except (CalamineError, OSError, ValueError, TypeError, LookupError, AttributeError, SyntaxError) as error:
        # a package that is sound as such may still hold nonsense that the readers trip over, each in its own way
        found.faults.append(Fault("not_a_workbook", details={"reason": str(error) or type(error).__name__}))
        found.broken.update(TABLES)
    except _Refused as refused:
        found.faults.append(refused.fault)
        found.broken.update(TABLES)
    return found


def read_sheets(path: Path) -> Sheets:
    """Return every sheet of a workbook by title, hidden ones too, as rows of cells from A1.

    Raises
    ------
    InvalidInput
        If it is no workbook that may be opened.
    MissingExtra
        If the extra `excel` is not installed.
    """
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        raise MissingExtra("python-calamine", "excel") from None
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(_checked(path).content))
        return {
            name: workbook.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in workbook.sheet_names
        }
    except _Refused as refused:
        raise InvalidInput([refused.fault]) from None
    except (CalamineError, OSError, ValueError) as error:
        raise InvalidInput([Fault("not_a_workbook", details={"reason": str(error)})]) from None


class _Refused(Exception):
    """The workbook as a whole can't be read: a signal within this module."""

    def __init__(self, code: str, value: object = None, **details: object):
        self.fault = Fault(code, value=value, details=details)


# --- the package ----------------------------------------------------------------------------------------------------


def _checked(path: Path) -> _Package:
    """Return the workbook if it is safe to open."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise _Refused("file_too_large", limit_mb=_MOST_BYTES // 1024**2)
        content = path.read_bytes()
    except OSError as error:
        raise _Refused("unreadable_file", reason=error.strerror or str(error)) from None
    if not content:
        raise _Refused("not_a_workbook", reason="the file is empty")
    if content.startswith(_OLD_OR_ENCRYPTED):
        raise _Refused("encrypted")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            return _checked_package(package, content)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise _Refused("not_a_workbook", reason=str(error) or type(error).__name__) from None


def _checked_package(package: zipfile.ZipFile, content: bytes) -> _Package:
    parts = package.infolist()
    for part in parts:
        steps = part.filename.replace("\\", "/").split("/")
        if ".." in steps or steps[0] == "" or ":" in steps[0]:
            raise _Refused("unsafe_path", part.filename)
        if part.flag_bits & 1:
            raise _Refused("encrypted")
    size = sum(part.file_size for part in parts)
    if size > _MOST_BYTES or (size > _FINE_BYTES and size > _MOST_TIMES * len(content)):
        raise _Refused("inflating", mb=size // 1024**2, times=size // max(1, len(content)))
    formulas = padded = False
    for part in parts:
        # reading to the end also proves the declared size and the check sum, before another reader trusts them
        with package.open(part) as stream:
            tail = stream.read(_CHUNK)
            if b"<!DOCTYPE" in tail[:1024] or b"<!ENTITY" in tail[:1024]:
                raise _Refused("not_a_workbook", reason=f"{part.filename} declares entities")
            is_sheet = part.filename.startswith("xl/worksheets/")
            if part.filename == "xl/styles.xml":
                padded = b"formatCode" in tail and _has_padding(tail)
            while tail:
                if is_sheet and not formulas:
                    formulas = _MARKS.search(tail) is not None
                chunk = stream.read(_CHUNK)
                tail = tail[-100:] + chunk if chunk else b""
    return _Package(content, formulas, padded)


def _has_padding(styles: bytes) -> bool:
    codes = re.findall(r'formatCode="([^"]*)"', styles.decode("utf-8", errors="replace"))
    return any(_PADDED.fullmatch(code.replace("&quot;", '"')) for code in codes)


# --- merged cells and the second look -------------------------------------------------------------------------------


def _report_merged(raw: RawTable, ranges: Sequence[tuple[tuple[int, int], tuple[int, int]]], found: Findings) -> None:
    """Report merged cells that reach into the header or the rows of a table; titles above may be merged."""
    for (top, left), (bottom, right) in ranges:
        if bottom + 1 >= raw.header_row and left < len(raw.header):
            value = f"{_letters(left)}{top + 1}:{_letters(right)}{bottom + 1}"
            column = str(raw.header[left] or _letters(left))
            found.faults.append(Fault("merged_cells", raw.table, top + 1, column, value, raw.sheet))


def _letters(position: int) -> str:
    """Return the letters of a column, A for 0."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _id_positions(raw: RawTable) -> set[int]:
    return {
        position
        for position, name in columns_of(raw.table, raw.header).items()
        if TABLES[raw.table].column(name).type == "id"
    }


def _numbers_as_ids(raw: RawTable) -> bool:
    return any(type(cell) in (int, float) for position in _id_positions(raw) for cell in raw.columns[position])


def _look_again(content: bytes, found: Findings) -> None:
    """Let openpyxl say what calamine could not: formulas without value, errors, and ids shown with leading zeros."""
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of every feature of Excel that it does not know
        workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
        try:
            for number, raw in enumerate(found.tables):
                found.tables[number] = _second_look(workbook[raw.sheet or raw.table], raw, found)
        finally:
            workbook.close()


def _second_look(sheet: Any, raw: RawTable, found: Findings) -> RawTable:
    known: Mapping[int, str] = columns_of(raw.table, raw.header)
    ids = _id_positions(raw)
    position_of = {row: position for position, row in enumerate(raw.rows)}
    columns = [list(cells) for cells in raw.columns]
    if hasattr(sheet, "reset_dimensions"):
        sheet.reset_dimensions()  # the size that a workbook declares is often wrong
    for row in sheet.iter_rows(max_col=len(raw.header)):
        for column, cell in enumerate(row):
            if cell.value is None or column not in known:
                continue
            position = position_of.get(cell.row)
            read = None if position is None else columns[column][position]
            if (read is None or read == "") and cell.data_type == "f" and cell.row > raw.header_row:
                title, formula = str(raw.header[column]), str(cell.value)[:60]
                found.faults.append(Fault("formula_without_value", raw.table, cell.row, title, formula, raw.sheet))
                if position is not None:
                    columns[column][position] = UNREADABLE
            elif position is None:
                continue
            elif read is None or read == "":
                if cell.data_type == "e":
                    columns[column][position] = str(cell.value)
            elif column in ids and type(read) in (int, float) and float(read).is_integer():
                padded = _PADDED.fullmatch(str(cell.number_format))
                if padded is not None:
                    columns[column][position] = f"{padded[1] or ''}{int(read):0{len(padded[2])}d}"
    return replace(raw, columns=columns)
