"""Tables at size and in every form: hundreds of faults, frames, datums, places, marked copies, damaged files."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import polars as pl
import pytest
from draws import few
from small_plans import part_of_example
from table_corpus import GOOD, PREVIOUS, book, cell, csv_text, folder, tables

import matcher
from matcher import InvalidInput
from matcher.cli import main
from matcher.files.faultbook import mark_faults
from matcher.geo import from_wgs84
from matcher.tables.columns import TABLES

BAD = {"lat": "north", "children": -1, "county_id": "nowhere", "id": None, "lon": 1e300}


def large(rows: int) -> dict[str, Any]:
    school = GOOD["schools"][1]
    return tables(schools=[GOOD["schools"][0], *([f"S{n:06d}", *school[1:]] for n in range(rows))])


def test_five_hundred_faults_come_in_one_pass(tmp_path: Path) -> None:
    """A workbook with 500 faults in different rows names all 500, grouped in text, complete in JSON."""
    whole = large(600)
    header = whole["schools"][0]
    expected = []
    for number in range(500):
        column = list(BAD)[number % len(BAD)]
        row = whole["schools"][1 + number]
        row[header.index(column)] = BAD[column]
        expected.append((2 + number, column))
    path = book(whole)(tmp_path)
    with pytest.raises(InvalidInput) as error:
        matcher.read(path)
    assert [(fault.row, fault.column) for fault in error.value.faults] == sorted(expected)
    assert len(error.value.to_json()["faults"]) == 500
    assert len(error.value.message().split("\n")) < 120
    marked = openpyxl.load_workbook(mark_faults(path, error.value, tmp_path / "marked.xlsx", lang="zh"))
    assert marked.sheetnames[0] == "错误清单"
    assert marked["错误清单"].max_row == 501
    sheet = marked["schools"]
    found = {(c.row, sheet.cell(1, c.column).value) for line in sheet.iter_rows() for c in line if c.comment}
    assert found == set(expected)
    assert matcher_reads_nothing_else(path)


def matcher_reads_nothing_else(path: Path) -> bool:
    return sorted(file.name for file in path.parent.iterdir()) == ["marked.xlsx", "tables.xlsx"]


def test_faults_of_a_folder_are_marked_too(tmp_path: Path) -> None:
    """Each CSV table becomes a sheet of the marked copy; formulas in it stay text."""
    bad = cell("schools", 2, "lat", "north")
    bad["schools"][1][1] = "=1+1"
    source = folder(bad)(tmp_path)
    with pytest.raises(InvalidInput) as error:
        matcher.read(source)
    sheet = openpyxl.load_workbook(mark_faults(source, error.value, tmp_path / "marked.xlsx"))["schools"]
    assert "north" in sheet["D2"].comment.text
    assert sheet["B2"].value == "'=1+1"
    with pytest.raises(InvalidInput):
        mark_faults(tmp_path / "marked.xlsx", error.value, tmp_path / "marked.xlsx")


def test_the_command_marks_faults_and_takes_edits(tmp_path: Path) -> None:
    """`--mark` writes the marked copy and still ends with 2; `--edits` plans on with an edited workbook."""
    (tmp_path / "bad").mkdir()
    (tmp_path / "good").mkdir()
    bad = folder(cell("schools", 2, "lat", "north"))(tmp_path / "bad")
    out, marked = tmp_path / "out", tmp_path / "marked.xlsx"
    assert main(["plan", str(bad), "-o", str(out), "--mark", str(marked), "--lang", "zh"]) == 2
    assert openpyxl.load_workbook(marked).sheetnames[0] == "错误清单"
    good = folder(tables())(tmp_path / "good")
    assert main(["plan", str(good), "-o", str(out), "--xlsx", "--lang", "zh"]) == 0
    workbook = openpyxl.load_workbook(out / "plan.xlsx")
    sheet = workbook["区县结对"]
    pairs = {sheet.cell(row, 1).value: sheet.cell(row, 5).value for row in (2, 3)}
    sheet["E2"], sheet["E3"] = sheet["E3"].value, sheet["E2"].value
    workbook.save(tmp_path / "edited.xlsx")
    assert main(["verify", str(good), str(tmp_path / "edited.xlsx")]) == 1
    assert main(["plan", str(good), "-o", str(out), "--edits", str(tmp_path / "edited.xlsx")]) == 0
    again = matcher.load_plan(out).county_pairings
    swapped = dict(zip(again.county_id, again.organization_id, strict=True))
    assert swapped == dict(zip(pairs, reversed(pairs.values()), strict=True))


def test_what_can_not_be_opened_still_gives_the_list(tmp_path: Path) -> None:
    """A file that is no workbook has its fault listed in the marked copy."""
    path = tmp_path / "broken.xlsx"
    path.write_bytes(b"nothing")
    with pytest.raises(InvalidInput) as error:
        matcher.read(path)
    assert openpyxl.load_workbook(mark_faults(path, error.value, tmp_path / "m.xlsx"))["faults"].max_row == 2


def as_frames(kind: Any) -> dict[str, Any]:
    """Return the good tables as frames with numbers as numbers and nothing where nothing is."""
    found = {}
    for name, rows in tables(previous=PREVIOUS).items():
        columns = {}
        for position, title in enumerate(rows[0]):
            values: list[Any] = [row[position] or None for row in rows[1:]]
            if TABLES[name].column(title).type in ("lat", "lon", "decimal"):
                values = [None if value is None else float(value) for value in values]
            elif TABLES[name].column(title).type in ("count", "bounds", "year"):
                values = [None if value is None else int(value) for value in values]
            columns[title] = values
        found[name] = kind(columns)
    return found


def test_pandas_polars_and_files_give_equal_instances(tmp_path: Path) -> None:
    """The same tables as frames of either library, as CSV files and as a workbook are one instance."""
    whole = tables(previous=PREVIOUS)
    plain = matcher.read(folder(whole)(tmp_path))
    assert matcher.Instance.from_frames(**as_frames(pd.DataFrame)) == plain
    assert matcher.Instance.from_frames(**as_frames(pl.DataFrame)) == plain
    assert matcher.read(book(whole)(tmp_path)) == plain
    chinese = {
        name: frame.rename(columns={c.name: c.zh for c in TABLES[name].columns})
        for name, frame in as_frames(pd.DataFrame).items()
    }
    assert matcher.Instance.from_frames(**chinese) == plain


def test_frames_report_rows_as_files_do() -> None:
    """Faults in frames carry the row that the same table would have in a file; what is no frame is said."""
    frames = as_frames(pl.DataFrame)
    frames["schools"] = frames["schools"].with_columns(children=pl.lit(-1))
    with pytest.raises(InvalidInput) as error:
        matcher.Instance.from_frames(**frames)
    assert [(f.row, f.column, f.code) for f in error.value.faults] == [
        (2, "children", "negative"),
        (3, "children", "negative"),
    ]
    with pytest.raises(InvalidInput) as error:
        matcher.Instance.from_frames(**(as_frames(pd.DataFrame) | {"schools": 3}))
    assert error.value.faults[0].code == "not_a_frame"
    notices = matcher.Instance.from_frames(**as_frames(pd.DataFrame), schols=pd.DataFrame()).notices
    assert [(notice.code, notice.details["nearest"]) for notice in notices] == [("unknown_table", "schools")]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_neither_library_is_needed_for_the_other(library: str) -> None:
    """Frames of one library are read in a process where the other can't be imported."""
    other = {"pandas": "polars", "polars": "pandas"}[library]
    program = (
        f"import sys; sys.modules['{other}'] = None\n"
        f"import {library}, matcher\n"
        f"o = {library}.DataFrame({{'id': ['U1'], 'lat': [26.0], 'lon': [106.0]}})\n"
        f"c = {library}.DataFrame({{'id': ['1'], 'lat': [26.1], 'lon': [106.1], 'children': [5]}})\n"
        "assert len(matcher.Instance.from_frames(organizations=o, counties=c).counties) == 1\n"
    )
    subprocess.run([sys.executable, "-W", "error::ImportWarning", "-c", program], check=True, timeout=120)


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_datums_give_the_same_plan(tmp_path: Path, datum: Any) -> None:
    """The example shifted to another datum and read as such has its points within 1 cm and the same plan."""
    original = part_of_example()
    shifted = {}
    for name in ("organizations", "branches", "counties", "schools"):
        records = [record.model_dump(exclude={"extras"}) for record in getattr(original, name)]
        for record in records:
            if record["lat"] is not None:
                lat, lon = from_wgs84(record["lat"], record["lon"], datum)
                record["lat"], record["lon"] = float(lat), float(lon)
        shifted[name] = pd.DataFrame(records)
    shifted["previous"] = pd.DataFrame([pair.model_dump(exclude={"extras"}) for pair in original.previous])
    again = matcher.Instance.from_frames(**shifted, datum=datum)
    for name in ("organizations", "branches", "counties", "schools"):
        for one, other in zip(getattr(original, name), getattr(again, name), strict=True):
            if one.lat is not None:
                assert abs(one.lat - other.lat) * 111_000 < 0.01
                assert abs(one.lon - other.lon) * 111_000 < 0.01
    one, other = matcher.solve(original), matcher.solve(again)
    assert one.county_pairs.tolist() == other.county_pairs.tolist()
    assert one.school_pairs.tolist() == other.school_pairs.tolist()


def test_a_gazetteer_places_schools_without_coordinates(tmp_path: Path) -> None:
    """A school without a point stands where the user's list has exactly its place; else at its county's seat."""
    header, first, second = (list(row) for row in GOOD["schools"])
    header.append("所在乡镇")
    first[3] = first[4] = second[3] = second[4] = ""
    third = ["S03", "三小", "520204", "", "", "50", "1", "", "龙场镇"]
    rows = [header, [*first, "龙场镇"], [*second, "无此地"], third]
    (tmp_path / "in").mkdir()
    source = folder(tables(schools=rows))(tmp_path / "in")
    places = tmp_path / "places.csv"
    places.write_text(
        "地名,纬度,经度,区划代码\n龙场镇,26.3,105.4,520203\n龙场镇,27,106,\n龙场镇,27,107,\n", encoding="utf-8"
    )
    instance = matcher.read(source, gazetteer=places)
    assert [(s.lat, s.lon, s.coord_precision) for s in instance.schools] == [
        (26.3, 105.4, "gazetteer"),
        (None, None, "county_seat"),
        (None, None, "county_seat"),
    ]
    assert "placed_by_gazetteer" in [notice.code for notice in instance.notices]
    places.write_text("地名,纬度\n龙场镇,x\n", encoding="utf-8")
    with pytest.raises(InvalidInput) as error:
        matcher.read(source, gazetteer=places)
    assert [(f.table, f.row, f.column, f.code) for f in error.value.faults] == [
        ("gazetteer", None, "lon", "missing_column"),
        ("gazetteer", 2, "纬度", "not_a_number"),
    ]


@pytest.mark.parametrize("seed", few(2, range(6)))
def test_damaged_files_never_end_in_a_traceback(tmp_path: Path, seed: int) -> None:
    """Workbooks and CSV files with bytes changed, cut or doubled are read or refused, nothing else."""
    draw = random.Random(seed)
    (tmp_path / "in").mkdir()
    workbook = book(tables(previous=PREVIOUS))(tmp_path).read_bytes()
    schools = csv_text(GOOD["schools"]).encode()
    folder(tables())(tmp_path / "in")
    for _ in range(25):
        (tmp_path / "x.xlsx").write_bytes(damaged(workbook, draw))
        (tmp_path / "in" / "schools.csv").write_bytes(damaged(schools, draw))
        for source in (tmp_path / "x.xlsx", tmp_path / "in"):
            with contextlib.suppress(InvalidInput):
                matcher.read(source)


def damaged(content: bytes, draw: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(draw.randint(1, 6)):
        at = draw.randrange(len(changed))
        kind = draw.randrange(3)
        if kind == 0:
            changed[at] = draw.randrange(256)
        elif kind == 1:
            del changed[at : at + draw.randint(1, 40)]
        else:
            changed[at:at] = changed[at : at + draw.randint(1, 40)]
    return bytes(changed)


@pytest.mark.parametrize("ends", ["\r\n", "\r", "mixed"])
def test_line_ends_make_no_difference(tmp_path: Path, ends: str) -> None:
    """CR, LF, CR LF and a mixture of them are read alike."""
    plain = matcher.read(folder(tables())(tmp_path))
    lines = csv_text(GOOD["schools"]).split("\n")
    other = (
        "".join(line + ("\r", "\n", "\r\n")[at % 3] for at, line in enumerate(lines))
        if ends == "mixed"
        else ends.join(lines)
    )
    (tmp_path / "schools.csv").write_bytes(other.encode("utf-8-sig"))
    assert matcher.read(tmp_path) == plain


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("2.0", (0, 2)),
        ("１２", (0, 12)),
        (" 3 ", (0, 3)),
        ("1..3", (1, 3)),
        ("1~3", (1, 3)),
        ("1～3", (1, 3)),
        ("", (0, 1)),
    ],
)
def test_bounds_are_read_as_planners_write_them(tmp_path: Path, given: str, read: tuple[int, int]) -> None:
    """Whole numbers in any width, and ranges."""
    instance = matcher.read(folder(cell("organizations", 2, "capacity", given))(tmp_path))
    assert instance.organizations[0].capacity == read


def test_records_of_the_reader_equal_validated_ones(tmp_path: Path) -> None:
    """What the reader builds without a second validation is what validation would build."""
    instance = matcher.read(folder(tables(previous=PREVIOUS))(tmp_path))
    for name in TABLES:
        for record in getattr(instance, name):
            validated = type(record).model_validate(record.model_dump())
            assert validated == record
            assert all(
                type(getattr(validated, field)) is type(getattr(record, field)) for field in type(record).model_fields
            )
            assert record.model_copy() == record


def test_a_csv_folder_needs_no_excel(tmp_path: Path) -> None:
    """Without the extra, folders are read, and a workbook gives one clear error."""
    source = folder(tables())(tmp_path)
    workbook = book(tables())(tmp_path)
    program = (
        "import sys\nsys.modules['python_calamine'] = sys.modules['openpyxl'] = None\n"
        f"import matcher\nmatcher.read({str(source)!r})\n"
        "try:\n"
        f"    matcher.read({str(workbook)!r})\n"
        "except matcher.MissingExtra as error:\n"
        "    assert 'excel' in str(error)\n"
        "else:\n    raise SystemExit(1)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
