"""A folder of CSV files as raw tables: encodings, delimiters, and what can be wrong with a file as a whole."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Final

from matcher.base.disk import regular_bytes
from matcher.base.errors import Fault, InvalidInput
from matcher.base.notices import Notice
from matcher.files.limits import MOST_THIN_ROWS, too_long
from matcher.files.rawtables import Findings
from matcher.tables.columns import TABLES, nearest_table, table_of

_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


def read_folder(folder: Path) -> Findings:
    """Read every CSV file of a folder that is one of the tables; name those that are not."""
    found = Findings()
    seen: dict[str, str] = {}
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        found.faults.append(
            Fault("unreadable_file", value=str(folder), details={"reason": error.strerror or str(error)})
        )
        found.broken.update(TABLES)
        return found
    for path in paths:
        if path.suffix.lower() != ".csv" or not path.is_file() or path.name.startswith((".", "~$")):
            continue
        table = table_of(path.stem)
        sheet = None if path.stem == table else path.name
        if table is None:
            details = {"name": path.name} | _near(path.stem)
            found.notices.append(Notice("unknown_table", details))
        elif table in seen:
            found.faults.append(Fault("repeated_table", table, sheet=path.name, details={"first": seen[table]}))
        else:
            seen[table] = path.name
            rows = read_rows(path, table, sheet, found)
            if rows is not None:
                found.add_rows(table, sheet, rows)
    if not seen:
        found.faults.append(Fault("no_tables", value=str(folder), details={"tables": ", ".join(TABLES)}))
        found.broken.update(TABLES)
    return found


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


def _near(title: str) -> dict[str, str]:
    nearest = nearest_table(title)
    return {} if nearest is None else {"nearest": nearest}


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
    if isinstance(decoded, int):
        return refuse("encoding", content.count(b"\n", 0, decoded) + 1)
    plain, encoding = decoded
    if encoding != "utf-8":
        found.notices.append(Notice("read_as", {"name": path.name, "encoding": encoding}))
    first = plain.split("\n", 1)[0]
    delimiter = max(",\t;", key=first.count)
    if too_long(plain.count("\n"), len(content)):
        return refuse("too_many_rows", most=MOST_THIN_ROWS)
    rows: list[list[str]] = []
    try:
        # strict: a stray quotation mark would otherwise swallow the rows up to the next one without a word
        rows.extend(csv.reader(io.StringIO(plain, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        code = "field_too_long" if "field larger" in str(error) else "csv_broken"
        return refuse(code, len(rows) + 1, reason=str(error), limit=csv.field_size_limit())
    return rows
