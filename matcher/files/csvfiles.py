"""A folder of CSV files as raw tables: encodings, delimiters, and what can be wrong with a file as a whole."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

from matcher.base.disk import regular_bytes
from matcher.base.errors import Fault, InvalidInput
from matcher.base.names import ENTITIES
from matcher.base.notices import Notice
from matcher.base.watch import look
from matcher.files.finding import is_other_sheet, take, unknown
from matcher.files.layout import CellGrid
from matcher.files.limits import MOST_COLUMNS, most_rows, too_wide
from matcher.files.rawtables import NEEDED, Findings
from matcher.tables.columns import TABLES, Kit
from matcher.tables.headers import table_like, table_of

#: kinds of files beside .csv that may hold a table
_TEXTS: Final = (".tsv", ".txt")
_SCHOOL_LEVEL: Final = ("branches", "schools")
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
#: encodings of two bytes -> first bytes of the common characters of their standards (GB 2312, Big5, JIS X 0208)
_COMMON: Final = {"gb18030": (0xB0, 0xD7), "big5": (0xA4, 0xC6), "shift_jis": (0x88, 0x97)}
#: share of common characters below which GB 18030 is doubted, and by how much another must be better
_FEW, _MORE, _LOOKED_AT = 0.9, 0.1, 5_000


def read_folder(folder: Path, kit: Kit = TABLES, needed: Sequence[str] = NEEDED) -> Findings:
    """Read every CSV file of a folder that is one of the tables of a kit; name those that are not."""
    found = Findings(kit=kit, needed=needed)
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        found.faults.append(
            Fault("unreadable_file", value=str(folder), details={"reason": error.strerror or str(error)})
        )
        found.broken.update(kit)
        return found
    files = [
        path
        for path in paths
        if path.suffix.lower() in (".csv", *_TEXTS) and path.is_file() and not path.name.startswith((".", "~$"))
    ]
    for path in _in_order(files, found):
        _take(path, found)
    if not found.tables and not found.broken:
        found.faults.append(Fault("no_tables", value=str(folder), details={"tables": ", ".join(kit)}))
        found.broken.update(kit)
    return found


def _in_order(files: Sequence[Path], found: Findings) -> list[Path]:
    """Return the files to look at, those named .csv first; name texts that are taken for none.

    A .tsv is a table, and so is a .txt that has the name of one of the four main tables. Half of the level of schools
    in such a file is left alone, as it was before anybody thought of it as a table.
    """
    named = {path: _named(path, found) for path in files}
    there = {named[path] for path in files}
    plain = [path for path in files if path.suffix.lower() == ".csv"]
    for path in files:
        if path in plain or is_other_sheet(path.stem):
            continue
        table = named[path]
        main = table in ENTITIES or path.suffix.lower() == ".tsv"
        half = table in _SCHOOL_LEVEL and not set(_SCHOOL_LEVEL) <= there
        if table is None or not main or half:
            found.notices.append(unknown(path.name, path.stem, found.kit))
        else:
            plain.append(path)
    return plain


def _named(path: Path, found: Findings) -> str | None:
    return table_of(path.stem, found.kit) or table_like(path.stem, found.kit)


def _take(path: Path, found: Findings) -> None:
    """Read one file as the table it is named for, or looks like."""
    if is_other_sheet(path.stem):
        return
    table = _named(path, found)
    name = path.stem if path.stem == table else path.name
    if table is not None and any(raw.table == table for raw in found.tables):
        take(path.stem, CellGrid([], []), found, file=path.name)
        return
    if path.suffix.lower() != ".csv":
        found.notices.append(Notice("table_taken", {"name": path.name, "table": table}))
    rows = read_rows(path, table or path.stem, None if path.stem == table else path.name, found)
    width = 0 if rows is None else max(map(len, rows), default=0)
    if table is not None and too_wide(width):
        sheet, details = None if name == table else name, {"found": width, "most": MOST_COLUMNS}
        found.faults.append(Fault("too_many_columns", table, sheet=sheet, details=details))
        found.broken.add(table)
    elif too_wide(width):
        found.notices.append(unknown(path.name, path.stem, found.kit))
    elif rows is not None:
        take(path.stem, CellGrid.of_rows(rows), found, file=name)


def other_encoding(content: bytes) -> str | None:
    """Return the encoding of Chinese or Japanese that bytes look like rather than GB 18030, None if none does.

    Each is judged by how many of its double bytes are among the common characters: those of the first level of its own
    standard. A text of one, read as another, falls all over the table.
    """
    shares = {name: _common(content, name) for name in _COMMON}
    best = max(shares, key=lambda name: shares[name])
    return best if best != "gb18030" and shares["gb18030"] < _FEW and shares[best] > shares["gb18030"] + _MORE else None


def _common(content: bytes, encoding: str) -> float:
    """Return the share of common characters among those beyond ASCII; 0 if the bytes are not of the encoding at all."""
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    beyond = list(islice((character for character in text if character > "\x7f"), _LOOKED_AT))
    first, last = _COMMON[encoding]
    kana = sum("\u3041" <= character <= "\u30ff" for character in beyond) if encoding == "shift_jis" else 0
    found = sum(first <= character.encode(encoding)[0] <= last for character in beyond)
    return (found + kana) / max(1, len(beyond))


def decode(content: bytes) -> tuple[str, str] | int:
    """Return the text of a file and its encoding ("utf-8" or "gb18030"), or the position of the byte that is neither.

    A file that is UTF-8 but for a few broken bytes is not taken for GB 18030, which would read it as nonsense.
    """
    try:
        return content.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError as error:
        broken = error.start
    if content[:2] in _UTF16 or b"\x00" in content[:1024]:
        return 0
    repaired = content.decode("utf-8", errors="replace")
    bad = repaired.count("�")
    good = sum(character > "\x7f" for character in repaired) - bad
    if good > bad:
        return broken
    try:
        return content.decode("gb18030"), "gb18030"
    except UnicodeDecodeError as error:
        return error.start


def read_rows(path: Path, table: str, sheet: str | None, found: Findings) -> list[list[str]] | None:
    """Return the rows of one CSV file; None, and a fault in `found`, if it can't be read."""

    def refuse(code: str, row: int | None = None, **details: object) -> list[list[str]] | None:
        found.faults.append(Fault(code, table, row, sheet=sheet, details=details))
        found.broken.add(table)
        return None

    try:
        content = regular_bytes(path, table=table)
    except InvalidInput as error:
        found.faults += [replace(fault, sheet=sheet) for fault in error.faults]
        found.broken.add(table)
        return None
    if content[:4] == b"PK\x03\x04":
        return refuse("workbook_as_csv")
    decoded = decode(content)
    other = other_encoding(content) if isinstance(decoded, int) or decoded[1] != "utf-8" else None
    if other is not None:
        return refuse("other_encoding", encoding=other)
    if isinstance(decoded, int):
        return refuse("encoding", content.count(b"\n", 0, decoded) + 1)
    plain, encoding = decoded
    if encoding != "utf-8":
        found.notices.append(Notice("read_as", {"name": path.name, "encoding": encoding}))
    first = plain.split("\n", 1)[0]
    delimiter = max(",\t;", key=first.count)
    most = most_rows(table, len(content))
    if plain.count("\n") > most:
        return refuse("too_many_rows", most=most)
    rows: list[list[str]] = []
    try:
        # strict: a stray quotation mark would otherwise swallow the rows up to the next one without a word
        reader, count = csv.reader(io.StringIO(plain, newline=""), delimiter=delimiter, strict=True), -1
        while len(rows) > count:
            count = len(rows)
            rows.extend(islice(reader, _LOOKED_AT))
            look()
    except csv.Error as error:
        code = "field_too_long" if "field larger" in str(error) else "csv_broken"
        return refuse(code, len(rows) + 1, reason=str(error), limit=csv.field_size_limit())
    return rows
