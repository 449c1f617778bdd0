"""Bad inputs, built here: name -> how to write it, and the complete list of faults (or the notices) that must come."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl

GOOD = {
    "organizations": [
        ["id", "name", "kind", "province", "lat", "lon", "capacity"],
        ["U01", "甲大学", "university", "贵州省", "26.6", "106.7", "1"],
        ["U02", "乙大学", "university", "贵州省", "26.7", "106.8", "1"],
    ],
    "branches": [
        ["id", "name", "organization_id", "lat", "lon", "capacity", "volunteers", "skills"],
        ["B01", "甲团委", "U01", "26.6", "106.7", "3", "20", "体育;科普"],
        ["B02", "乙团委", "U02", "", "", "2", "10", ""],
    ],
    "counties": [
        ["id", "name", "province", "lat", "lon", "children", "demand"],
        ["520203", "六枝特区", "贵州省", "26.2", "105.5", "1500", "1"],
        ["520204", "水城区", "贵州省", "26.5", "104.9", "2100", "1"],
    ],
    "schools": [
        ["id", "name", "county_id", "lat", "lon", "children", "demand", "needs"],
        ["S01", "一中", "520203", "26.21", "105.51", "200", "1", "体育"],
        ["S02", "二小", "520204", "26.51", "104.91", "100", "1", ""],
    ],
}
PREVIOUS = [["level", "provider_id", "recipient_id", "since"], ["county", "U01", "520203", "2016"]]
PREFERENCES = [["level", "side", "id", "choice_id", "rank"], ["county", "recipient", "520203", "U01", "1"]]
LOCKS = [["level", "provider_id", "recipient_id", "kind", "reason"], ["county", "U01", "520203", "pin", "x"]]
TRAVEL = [["level", "origin_id", "destination_id", "minutes", "km"], ["county", "U01", "520203", "90", "120"]]
SUCCESSORS = [["table", "old_id", "new_id"], ["counties", "520221", "520204"]]

Rows = list[list[Any]]
#: table, row, column, code
Place = tuple[str | None, int | None, str | None, str]
Build = Callable[[Path], Path]


@dataclass(frozen=True)
class Case:
    """One bad input: `faults` is the complete list, or empty where `notices` are all that is said."""

    name: str
    build: Build
    faults: tuple[Place, ...] = ()
    notices: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


def tables(**changed: Rows) -> dict[str, Rows]:
    """Return the good tables with some replaced or added; an empty one is left out."""
    whole = {name: [list(row) for row in rows] for name, rows in (GOOD | changed).items()}
    return {name: rows for name, rows in whole.items() if rows}


def cell(table: str, row: int, column: str, value: Any, rows: Rows | None = None) -> dict[str, Rows]:
    """Return the good tables with one cell replaced; `row` counts as in an editor."""
    changed = [list(line) for line in (rows or GOOD[table])]
    changed[row - 1][changed[0].index(column)] = value
    return tables(**{table: changed})


def csv_text(rows: Rows) -> str:
    """Return rows as CSV text."""
    return "".join(",".join(str(value) for value in row) + "\n" for row in rows)


def folder(whole: Mapping[str, Rows], **files: bytes | None) -> Build:
    """Build a folder of CSV files; `files` replaces the bytes of a file, None leaves it out."""

    def build(path: Path) -> Path:
        for name, rows in whole.items():
            (path / f"{name}.csv").write_text(csv_text(rows), encoding="utf-8", newline="")
        for name, content in files.items():
            target = path / f"{name}.csv"
            target.unlink(missing_ok=True)
            if content is not None:
                target.write_bytes(content)
        return path

    return build


def typed(value: Any) -> Any:
    """Return text that is a number as one, as a spreadsheet would hold it."""
    if isinstance(value, str) and value and value[0].isdigit() and value.replace(".", "", 1).isdigit():
        return float(value) if "." in value else int(value)
    return value or None


def book(whole: Mapping[str, Rows], edit: Callable[[Any], None] = lambda _: None) -> Build:
    """Build a workbook: ids are text, other numbers are numbers; `edit` changes it before it is saved."""

    def build(path: Path) -> Path:
        workbook = openpyxl.Workbook()
        workbook.remove(workbook.active)
        for name, rows in whole.items():
            sheet = workbook.create_sheet(name)
            ids = [position for position, title in enumerate(rows[0]) if str(title).endswith("id")]
            for number, row in enumerate(rows):
                values = [value if number == 0 or at in ids else typed(value) for at, value in enumerate(row)]
                sheet.append(values)
        edit(workbook)
        workbook.save(path / "tables.xlsx")
        return path / "tables.xlsx"

    return build


def book_bytes(change: Callable[[bytes], bytes]) -> Build:
    """Build a good workbook and change its bytes."""

    def build(path: Path) -> Path:
        target = book(tables())(path)
        target.write_bytes(change(target.read_bytes()))
        return target

    return build


def repacked(content: bytes, change: Callable[[str, bytes], tuple[str, bytes]]) -> bytes:
    """Return a zip archive with its parts changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(*change(name, old.read(name)))
    return out.getvalue()


def with_part(content: bytes, name: str, data: bytes) -> bytes:
    """Return a zip archive with one more part."""
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


def encrypted(content: bytes) -> bytes:
    """Return a zip archive whose parts are flagged as encrypted."""
    flagged = bytearray(content)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = flagged.find(mark)
        while at >= 0:
            flagged[at + offset] |= 1
            at = flagged.find(mark, at + 4)
    return bytes(flagged)


def set_cell(sheet: str, place: str, value: Any, number_format: str | None = None) -> Callable[[Any], None]:
    """Return an edit of one cell of a workbook."""

    def edit(workbook: Any) -> None:
        workbook[sheet][place] = value
        if number_format:
            workbook[sheet][place].number_format = number_format

    return edit
