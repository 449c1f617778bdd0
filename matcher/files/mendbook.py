"""The tidy tables of an input that needed mending: the library's own form, each mended cell marked, all listed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from matcher.base.errors import Lang, text
from matcher.base.escaping import escape
from matcher.base.mends import Mend
from matcher.files.sheets import SheetColumn, add_sheet, new_workbook, save_workbook
from matcher.files.typed import Typed
from matcher.files.writing import TableGrid, add_tables, grids
from matcher.model import Instance, Record
from matcher.tables.columns import TABLES, Kit
from matcher.words.catalogue import has_text

_COLUMNS: Final = ("table", "sheet_name", "row", "column", "before", "after", "what")
#: columns that a mend of a whole point touches
_POINT: Final = ("lat", "lon")


def placed(mends: Sequence[Mend], typed: Mapping[str, Typed], records: Mapping[str, Sequence[Record]]) -> list[Mend]:
    """Return mends with the record and the column that each is in, as far as it is in one."""
    touched = {mend.table for mend in mends if mend.table in typed}
    at = {name: {row: position for position, row in enumerate(typed[name].raw.rows)} for name in touched}
    names = {name: {title: column for column, title in reversed(typed[name].titles.items())} for name in touched}

    def in_record(mend: Mend) -> Mend:
        if mend.table not in touched:
            return mend
        position = at[mend.table].get(mend.row) if mend.row is not None else None
        key = None if position is None else records[mend.table][position].sort_key()
        name = names[mend.table].get(mend.column or "")
        place = mend.code, mend.table, mend.row, mend.column, mend.before, mend.after, mend.sheet
        return Mend(*place, key, name)  # `replace` takes ten times as long, and a table may be mended in every row

    return list(map(in_record, mends))


def write_mended(instance: Instance, path: str | Path, *, lang: Lang = "en", replace: bool = False) -> Path:
    """Write the tables of `instance` as a workbook with every mended cell marked; return its path.

    Each marked cell is coloured and says in a comment what it was; a first sheet lists all mends, also those of rows
    that were left out. `matcher.read` gives an equal instance back, without mends.

    Raises
    ------
    SaveError
        If the target can't be written, or is not ours to replace.
    MissingExtra
        If the extra `excel` is not installed.
    """
    tables = {name: getattr(instance, name) for name in TABLES}
    return write_tidy(instance.mends, tables, TABLES, grids(instance, lang), path, lang=lang, replace=replace)


def write_tidy(
    mends: Sequence[Mend],
    tables: Mapping[str, Sequence[Record]],
    kit: Kit,
    shown: Iterable[TableGrid],
    path: str | Path,
    *,
    lang: Lang,
    replace: bool,
) -> Path:
    """Write the tables of a kit as they are shown, every mended cell marked; see `write_mended`."""
    workbook = new_workbook()
    _list(workbook, mends, lang)
    marks: dict[str, dict[tuple[int, int], str]] = defaultdict(dict)
    for mend in mends:
        for place in _places(mend, tables, kit):
            said = text("mendbook.note", lang, before="∅" if mend.before is None else str(mend.before)[:200])
            marks[mend.table][place] = f"{kind_words(mend.code, lang)}\n{said}"
    add_tables(workbook, shown, lang, marks)
    return save_workbook(workbook, Path(path), replace=replace)


def kind_words(code: str, lang: Lang) -> str:
    """Say what kind of mend it is."""
    return text(f"mend_kind.{code}", lang) if has_text(f"mend_kind.{code}") else code


def _places(mend: Mend, tables: Mapping[str, Sequence[Record]], kit: Kit) -> list[tuple[int, int]]:
    """Return row (0 for the header) and column of each cell of the tidy table that a mend touched."""
    names = [column.name for column in kit[mend.table].columns]
    row = 0
    if mend.row is not None:
        keys = {record.sort_key(): at for at, record in enumerate(tables[mend.table], 1)}
        if mend.key not in keys:
            return []
        row = keys[mend.key]
    touched = _POINT if mend.code in ("point", "swapped") else (mend.name,)
    return [(row, names.index(name)) for name in touched if name in names]


def _list(workbook: Any, mends: Sequence[Mend], lang: Lang) -> None:
    """Add the sheet that lists every mend."""
    kinds = {"row": "whole"}
    columns = [SheetColumn(text(f"mendbook.{name}", lang), kinds.get(name, "text")) for name in _COLUMNS]
    rows: list[list[Any]] = []
    for mend in mends:
        before, after = (None if value is None else escape(str(value)[:500]) for value in (mend.before, mend.after))
        place = [text(f"word.{mend.table}", lang), mend.sheet or "", mend.row, escape(mend.column or "")]
        rows.append([*place, before, after, kind_words(mend.code, lang)])
    if not rows:
        rows = [[text("check.found_nothing", lang), *[None] * (len(columns) - 1)]]
    add_sheet(workbook, text("mendbook.sheet", lang), columns, rows)
