"""The corpus of bad inputs: files and workbooks that are broken as such, or hold what only a spreadsheet can."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from table_cases import CELLS, TABLES
from table_corpus import (
    GOOD,
    PREVIOUS,
    Case,
    book,
    book_bytes,
    csv_text,
    encrypted,
    folder,
    repacked,
    set_cell,
    tables,
    with_part,
)

LONG = csv_text(GOOD["schools"]) + 'S03,"' + "x" * 200_000 + '",520203,26.2,105.5,1,1,\n'

FILES = [
    Case("no such path", lambda path: path / "nowhere", ((None, None, None, "not_found"),)),
    Case("an empty folder", lambda path: path, ((None, None, None, "no_tables"),)),
    Case(
        "a csv file for a folder",
        lambda path: folder(tables())(path) / "schools.csv",
        ((None, None, None, "not_a_folder"),),
    ),
    Case(
        "a folder for a table",
        lambda path: (folder(tables(), schools=None)(path) / "schools.csv").mkdir() or path,
        (("schools", None, None, "missing_table"),),
    ),
    Case(
        "a broken UTF-8 byte",
        folder(tables(), schools=csv_text(GOOD["schools"]).encode().replace("二".encode(), b"\xe4\xba")),
        (("schools", 3, None, "encoding"),),
    ),
    Case(
        "UTF-16",
        folder(tables(), schools=csv_text(GOOD["schools"]).encode("utf-16")),
        (("schools", 1, None, "encoding"),),
    ),
    Case("no known encoding", folder(tables(), schools=b"id,name\nS1,\xff\xff\n"), (("schools", 2, None, "encoding"),)),
    Case("GB 18030", folder(tables(), schools=csv_text(GOOD["schools"]).encode("gb18030")), notices=("read_as",)),
    Case(
        "a workbook named csv",
        folder(tables(), schools=b"PK\x03\x04rest"),
        (("schools", None, None, "workbook_as_csv"),),
    ),
    Case("a cell over the limit", folder(tables(), schools=LONG.encode()), (("schools", 4, None, "field_too_long"),)),
    Case(
        "an open quotation mark",
        folder(tables(), schools=csv_text(GOOD["schools"]).replace("二小", '"二小').encode()),
        (("schools", 3, None, "csv_broken"),),
    ),
    Case(
        "a stray quotation mark",
        folder(tables(), schools=csv_text(GOOD["schools"]).replace("二小", '"二"小').encode()),
        (("schools", 3, None, "csv_broken"),),
    ),
]


def merge(sheet: str, cells: str) -> Any:
    return lambda workbook: workbook[sheet].merge_cells(cells)


def remove(sheet: str) -> Any:
    return lambda workbook: workbook.remove(workbook[sheet])


def huge(content: bytes) -> bytes:
    """A workbook that unpacks to a thousand times its size of blanks, little above what is fine at any rate."""
    return with_part(content, "xl/media/blank.bin", b" " * (210 << 20))


WORKBOOKS = [
    Case("a missing sheet", book(tables(), remove("counties")), (("counties", None, None, "missing_table"),)),
    Case("an unknown sheet", book(tables() | {"notes2": [["a"], ["b"]]}), notices=("unknown_table",)),
    Case(
        "merged rows",
        book(tables(), merge("schools", "C2:C3")),
        notices=("mended_merged_down",),
    ),
    Case(
        "merged headers",
        book(tables(), merge("schools", "G1:H1")),
        (("schools", 1, "demand", "merged_cells"), ("schools", 2, None, "too_many_cells")),
    ),
    Case(
        "a date as id",
        book(tables(), set_cell("schools", "A2", dt.date(2024, 3, 4))),
        (("schools", 2, "id", "date_as_id"),),
    ),
    Case(
        "a date as number",
        book(tables(), set_cell("schools", "F2", dt.date(2024, 3, 4))),
        (("schools", 2, "children", "date_as_number"),),
    ),
    Case(
        "a truth value as id", book(tables(), set_cell("schools", "A2", True)), (("schools", 2, "id", "boolean_cell"),)
    ),
    Case(
        "a truth value as number",
        book(tables(), set_cell("schools", "F2", True)),
        (("schools", 2, "children", "boolean_cell"),),
    ),
    Case(
        "a formula without value",
        book(tables(), set_cell("schools", "D2", "=1+25.2")),
        (("schools", 2, "lat", "formula_without_value"),),
    ),
    Case(
        "a formula as optional pair",
        book(tables(), lambda w: (set_cell("branches", "D3", "=26.5")(w), set_cell("branches", "E3", "=106.5")(w))),
        (("branches", 3, "lat", "formula_without_value"), ("branches", 3, "lon", "formula_without_value")),
    ),
    Case(
        "an error of a formula",
        book(tables(), set_cell("schools", "F2", "#N/A")),
        (("schools", 2, "children", "excel_error"),),
    ),
    Case(
        "an 18-digit number",
        book(tables(), set_cell("schools", "A2", 520203199901011234)),
        (("schools", 2, "id", "digits_lost"),),
    ),
    Case("a number as id", book(tables(), set_cell("counties", "A2", 520203))),
    Case(
        "a padded number as id",
        book(
            tables(schools=[[{"S01": "0007"}.get(v, v) for v in r] for r in GOOD["schools"]])
            | {"previous": [*PREVIOUS, ["school", "B01", "0007", "2016"]]},
            set_cell("schools", "A2", 7, "0000"),
        ),
    ),
    Case("an approximate number", book(tables(), set_cell("schools", "F2", "约200")), notices=("mended_about",)),
    Case(
        "text in a number",
        book(tables(), set_cell("schools", "F2", "二百多")),
        (("schools", 2, "children", "not_a_number"),),
    ),
    Case("half a child", book(tables(), set_cell("schools", "F2", 2.5)), (("schools", 2, "children", "not_whole"),)),
    Case(
        "an empty sheet",
        book(tables(), lambda w: w["schools"].delete_rows(1, 9)),
        (("schools", None, None, "empty_table"),),
    ),
    Case(
        "a title above the header",
        book(
            tables(),
            lambda w: (
                w["schools"].insert_rows(1),
                set_cell("schools", "A1", "2018年学校名单")(w),
                set_cell("schools", "F3", -1)(w),
            ),
        ),
        (("schools", 3, "children", "negative"),),
    ),
    Case("an empty workbook file", book_bytes(lambda _: b""), ((None, None, None, "not_a_workbook"),)),
    Case("text named xlsx", book_bytes(lambda _: b"id,name\n"), ((None, None, None, "not_a_workbook"),)),
    Case(
        "a truncated workbook",
        book_bytes(lambda content: content[: len(content) // 2]),
        ((None, None, None, "not_a_workbook"),),
    ),
    Case(
        "a flipped byte",
        book_bytes(lambda content: content[:300] + bytes([content[300] ^ 255]) + content[301:]),
        ((None, None, None, "not_a_workbook"),),
    ),
    Case(
        "an old or protected workbook",
        book_bytes(lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600),
        ((None, None, None, "encrypted"),),
    ),
    Case("an encrypted archive", book_bytes(encrypted), ((None, None, None, "encrypted"),)),
    Case("a hugely inflating workbook", book_bytes(huge), ((None, None, None, "inflating"),)),
    Case(
        "a path that leads out",
        book_bytes(lambda content: with_part(content, "../../evil.txt", b"x")),
        ((None, None, None, "unsafe_path"),),
    ),
    Case(
        "an absolute path",
        book_bytes(lambda content: with_part(content, "/etc/evil", b"x")),
        ((None, None, None, "unsafe_path"),),
    ),
    Case(
        "a path of Windows",
        book_bytes(lambda content: with_part(content, "C:\\evil", b"x")),
        ((None, None, None, "unsafe_path"),),
    ),
    Case(
        "an archive of something else",
        book_bytes(lambda content: repacked(content, lambda name, data: (f"x/{name}", data))),
        ((None, None, None, "not_a_workbook"),),
    ),
    Case(
        "XML that is none",
        book_bytes(
            lambda content: repacked(content, lambda name, data: (name, b"<x" if name == "xl/workbook.xml" else data))
        ),
        ((None, None, None, "not_a_workbook"),),
    ),
    Case(
        "XML with entities",
        book_bytes(
            lambda content: repacked(
                content,
                lambda name, data: (
                    name,
                    b'<!DOCTYPE a [<!ENTITY b "c">]>' + data if name == "xl/workbook.xml" else data,
                ),
            )
        ),
        ((None, None, None, "not_a_workbook"),),
    ),
    Case("a workbook of other tables", book({"data": [["a"], ["b"]]}), ((None, None, None, "no_tables"),)),
]

CASES: list[Case] = [*CELLS, *TABLES, *FILES, *WORKBOOKS]


def whole_folder(path: Path) -> dict[str, bytes]:
    """Return every file below a folder with its bytes."""
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}
