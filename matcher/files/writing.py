"""An instance as tables again: a canonical folder of CSV files or a workbook, which read back equal."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from matcher.base.disk import write_whole
from matcher.base.errors import Lang
from matcher.base.escaping import escape
from matcher.files.cells import write_bounds
from matcher.files.sheets import Marks, SheetColumn, add_sheet, new_workbook, save_workbook
from matcher.model import Instance
from matcher.tables.columns import TABLES, Kit, Table

#: tables that are written even if they are empty
_ALWAYS: Final = ("organizations", "branches", "counties", "schools")
#: how a spreadsheet shows each type of cell
KINDS: Final = {
    "id": "id",
    "lat": "degrees",
    "lon": "degrees",
    "count": "whole",
    "rank": "whole",
    "year": "year",
    "decimal": "any",
    "bounds": "any",
}

Cell = str | int | float | None


#: a table with its header and its rows
TableGrid = tuple[Table, list[str], list[list[Cell]]]


def grids(instance: Instance, lang: Lang = "en") -> Iterator[TableGrid]:
    """Yield every table of `instance` with its header and its rows, extra columns last, in order of their names."""
    return grids_of(TABLES, {name: getattr(instance, name) for name in TABLES}, lang, _ALWAYS)


def grids_of(kit: Kit, tables: Mapping[str, Sequence[Any]], lang: Lang, always: Sequence[str]) -> Iterator[TableGrid]:
    """Yield every table of a kit that has rows, or stands in `always`."""
    for spec in kit.values():
        records = tables.get(spec.name, ())
        if not records and spec.name not in always:
            continue
        extras = sorted({name for record in records for name in record.extras})
        header = [column.zh if lang == "zh" else column.name for column in spec.columns]
        rows = [
            [_cell(getattr(record, column.name), column.type, column.values, lang) for column in spec.columns]
            + [escape(record.extras[name]) if name in record.extras else None for name in extras]
            for record in records
        ]
        yield spec, header + [escape(name) for name in extras], rows


def write_tables(instance: Instance, folder: str | Path) -> None:
    """Write `instance` as CSV files (UTF-8, one a table) into `folder`, which must exist.

    The same instance gives the same bytes; `matcher.read` gives an equal instance back.

    Raises
    ------
    SaveError
        If a file can't be written; those before it are.
    """
    for spec, header, rows in grids(instance):
        write_whole(Path(folder) / f"{spec.name}.csv", csv_bytes(header, rows))


def csv_bytes(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """Return a table as the bytes of a CSV file: UTF-8, comma, line feed."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def _cell(value: Any, kind: str, words: Any, lang: Lang) -> Cell:
    if value is None or isinstance(value, int | float):
        return value
    if kind == "bounds":
        return write_bounds(value)
    if kind == "words":
        return escape(";".join(value))
    if kind == "choice" and lang == "zh":
        return str(words[value][0])
    return escape(value)


def _with_datum(title: str, kind: str) -> str:
    return f"{title} (WGS-84)" if kind in ("lat", "lon") else title


def write_workbook(instance: Instance, path: str | Path, *, lang: Lang = "en", replace: bool = False) -> Path:
    """Write `instance` as a workbook with a sheet a table, headers in English or Chinese; return its path.

    `matcher.read` gives an equal instance back. Coordinates are written in WGS-84, and their headers say so: read as
    another datum they are a fault, never a shift.

    Raises
    ------
    SaveError
        If the target can't be written, or is one that this library did not make or that was changed since and
        `replace` is not set.
    MissingExtra
        If the extra `excel` is not installed.
    """
    workbook = new_workbook()
    add_tables(workbook, grids(instance, lang), lang)
    return save_workbook(workbook, Path(path), replace=replace)


def add_tables(
    workbook: Any, tables: Iterable[TableGrid], lang: Lang, marks: Mapping[str, Marks] = MappingProxyType({})
) -> None:
    """Add a sheet a table, with the cells marked that `marks` names by table."""
    for spec, header, rows in tables:
        kinds = [KINDS.get(column.type, "text") for column in spec.columns]
        kinds += ["text"] * (len(header) - len(kinds))
        titles = [*(_with_datum(title, column.type) for title, column in zip(header, spec.columns, strict=False))]
        titles += header[len(titles) :]
        columns = [SheetColumn(title, kind) for title, kind in zip(titles, kinds, strict=True)]
        title = spec.zh if lang == "zh" else spec.name
        add_sheet(workbook, title, columns, rows, marks=marks.get(spec.name, MappingProxyType({})))
