"""Faults where planners work: a copy of their tables as a workbook, the faulty cells marked, all listed in front."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from matcher.base.errors import Fault, InvalidInput, Lang, MissingExtra, text
from matcher.base.escaping import escape
from matcher.files.cells import as_text
from matcher.files.csvfiles import read_rows
from matcher.files.rawtables import Findings
from matcher.files.sheets import plain, save_workbook
from matcher.files.workbook import read_sheets
from matcher.tables.columns import TABLES, Kit
from matcher.tables.headers import table_of
from matcher.words.catalogue import has_text

_MARK: Final = "FFC7CE"
#: rows below the first that may hold the header
_HEADER_WITHIN: Final = 10
_COLUMNS: Final = ("table", "sheet_name", "row", "column", "value", "code", "fault", "mend")


def mark_faults(
    source: str | Path,
    error: InvalidInput,
    target: str | Path,
    *,
    lang: Lang = "en",
    replace: bool = False,
    kit: Kit = TABLES,
) -> Path:
    """Write a workbook that shows the faults of an input where they stand; return its path.

    Parameters
    ----------
    source
        What was read: a workbook, of which this is a copy, or a folder of CSV files, each a sheet of it. What can't be
        opened gives the list of faults alone.
    error
        What `matcher.read` raised on it.
    target
        Path of the new workbook; never `source` itself.
    lang
        Language of the list and of the notes on the cells.
    kit
        The tables that the input may have.

    Raises
    ------
    SaveError
        If the target can't be written.
    MissingExtra
        If the extra `excel` is not installed.
    """
    try:
        import openpyxl
    except ImportError:
        raise MissingExtra("openpyxl", "excel") from None
    source, target = Path(source), Path(target)
    if target.resolve() == source.resolve():
        raise InvalidInput([Fault("same_file", value=str(target))])
    unreadable = any(fault.table is None for fault in error.faults)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of every feature of Excel that it does not know
        workbook = None if unreadable or source.is_dir() else _whole(source)
    if workbook is None:
        workbook = openpyxl.Workbook()
        workbook.remove(workbook.active)
        if source.is_dir():
            _copy_folder(source, workbook, kit)
        elif not unreadable:
            _copy_values(source, workbook)
    _list_faults(workbook, error.faults, lang)
    by_sheet: dict[str, list[Fault]] = defaultdict(list)
    for fault in error.faults:
        by_sheet[fault.sheet or fault.table or ""].append(fault)
    for name, faults in by_sheet.items():
        if name in workbook.sheetnames:
            _mark(workbook[name], faults, lang)
    return save_workbook(workbook, target, replace=replace)


def _whole(source: Path) -> Any:
    """Return a copy of a workbook with all its looks, None if its styles are of a kind that openpyxl does not take."""
    import openpyxl

    try:
        return openpyxl.load_workbook(source)
    except Exception:  # whatever openpyxl trips over: the values are copied instead
        return None


def _copy_values(source: Path, workbook: Any) -> None:
    """Put the values of every sheet of a workbook on a sheet."""
    for name, rows in read_sheets(source).items():
        sheet = workbook.create_sheet(name[:31])
        for row in rows:
            sheet.append([_cell(as_text(value)) if not isinstance(value, int | float) else value for value in row])


def _copy_folder(folder: Path, workbook: Any, kit: Kit) -> None:
    """Put every CSV table of a folder on a sheet, as the text that it is."""
    for path in sorted(folder.glob("*.csv")):
        table = table_of(path.stem, kit)
        rows = None if table is None else read_rows(path, table, None, Findings())
        if table is None or rows is None:
            continue
        sheet = workbook.create_sheet(table if path.stem == table else path.name[:31])
        for row in rows:
            sheet.append([_cell(value) for value in row])


def _cell(value: str) -> str | None:
    kept = "".join(character for character in value if character >= " " or character in "\t\n")[:32_000]
    return plain(escape(kept)) or None


def _list_faults(workbook: Any, faults: Sequence[Fault], lang: Lang) -> None:
    from openpyxl.styles import Font

    sheet = workbook.create_sheet(text("faultbook.sheet", lang), 0)
    sheet.append([text(f"faultbook.{column}", lang) for column in _COLUMNS])
    for fault in faults:
        value = None if fault.value is None else _cell(str(fault.value))
        table = text(f"word.{fault.table}", lang) if has_text(f"word.{fault.table}") else fault.table
        place = [table, fault.sheet, fault.row, fault.column and escape(fault.column), value]
        sheet.append([*place, fault.code, _cell(fault.message(lang)), _cell(fault.mend(lang))])
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    for letter, width in zip("ABCDEFGH", (14, 14, 8, 18, 20, 20, 60, 60), strict=True):
        sheet.column_dimensions[letter].width = width
        sheet[f"{letter}1"].font = Font(bold=True)
    workbook.active = 0


def _mark(sheet: Any, faults: Sequence[Fault], lang: Lang) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    fill = PatternFill("solid", fgColor=_MARK)
    notes: dict[tuple[int, int], list[str]] = defaultdict(list)
    positions: dict[str | None, tuple[int, int]] = {}
    for fault in faults:
        if fault.column not in positions:
            positions[fault.column] = _position(sheet, fault.column)
        header_row, column = positions[fault.column]
        notes[fault.row or header_row, column].append(f"{fault.message(lang)} {fault.mend(lang)}")
    for (row, column), said in notes.items():
        cell = sheet.cell(row, column)
        if type(cell).__name__ == "MergedCell":
            continue  # the cell that the others are merged into is marked itself
        cell.fill = fill
        cell.comment = Comment(_cell("\n".join(said)) or "", "matcher", width=360, height=120)


def _position(sheet: Any, title: str | None) -> tuple[int, int]:
    """Return row and column of a header; the first cell if there is none."""
    for row in sheet.iter_rows(max_row=_HEADER_WITHIN):
        for cell in row:
            if title is not None and cell.value is not None and as_text(cell.value) == title:
                return cell.row, cell.column
    return 1, 1
