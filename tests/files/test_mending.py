"""What has one meaning is taken and told once; what has two is a fault; nothing is dropped or misread in silence."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from table_corpus import GOOD, cell, csv_text, folder, tables

import matcher
from matcher import InvalidInput
from matcher.base.canonical import canonical, county_stem, province
from matcher.base.mends import Mend
from matcher.files.numberformat import shown_as
from matcher.files.sheetxml import Formula
from matcher.files.workbook import read_sheets


def codes(instance: matcher.Instance) -> list[str]:
    return [notice.code for notice in instance.notices]


def faults(path: Path, **options: Any) -> list[str]:
    with pytest.raises(InvalidInput) as error:
        matcher.read(path, **options)
    return [fault.code for fault in error.value.faults]


def read_cell(path: Path, table: str, column: str, value: str) -> matcher.Instance:
    return matcher.read(folder(cell(table, 2, column, value))(path))


@pytest.mark.parametrize(
    ("table", "column", "written", "meant"),
    [
        ("schools", "children", "35人", 35),
        ("schools", "children", "约35", 35),
        ("schools", "children", "35左右", 35),
        ("schools", "children", "120名", 120),
        ("schools", "children", "共120人", 120),
        ("schools", "children", "1万人", 10_000),
        ("schools", "children", "0.5千人", 500),
        ("schools", "children", "\ufeff35\u200b人", 35),
        ("schools", "demand", "1个", (0, 1)),
        ("schools", "demand", "1-2", (1, 2)),
        ("schools", "demand", "1至2", (1, 2)),
        ("schools", "demand", "1—2个", (1, 2)),
        ("schools", "demand", "两个", (0, 2)),
        ("counties", "lat", "北纬26°9′", 26.15),
        ("counties", "lat", "26度9分0秒", 26.15),
        ("counties", "lat", "N26.15", 26.15),
        ("counties", "province", "贵州", "贵州省"),
        ("schools", "name", "一\u200b中", "一中"),
        ("branches", "skills", "体育、科普", ("体育", "科普")),
        ("branches", "skills", "体育/科普", ("体育", "科普")),
        ("branches", "skills", "体育 科普", ("体育", "科普")),
        ("schools", "needs", "无", ()),
    ],
)
def test_a_cell_with_one_meaning_is_taken_and_told(
    tmp_path: Path, table: str, column: str, written: str, meant: Any
) -> None:
    """The value is what a person would read, one mend says so with before and after, one notice counts it."""
    instance = read_cell(tmp_path, table, column, written)
    record = next(r for r in getattr(instance, table) if r.id == GOOD[table][1][0])
    assert getattr(record, column) == meant
    (mend,) = instance.mends
    assert (mend.table, mend.row, mend.column) == (table, 2, column)
    assert str(mend.before) == written
    (notice,) = [notice for notice in instance.notices if notice.code.startswith("mended_")]
    assert notice.details["count"] == 1
    assert notice.text("en") != notice.text("zh")
    assert mend.line("en") != mend.line("zh")
    assert Mend(**{name: mend.to_json()[name] for name in ("code", "table", "row", "column")}).code == mend.code


@pytest.mark.parametrize(
    ("table", "column", "written"),
    [
        ("schools", "children", "30余"),
        ("schools", "children", "30-40"),
        ("schools", "children", "1,23"),
        ("schools", "children", "3个月"),
        ("schools", "children", "②"),
        ("counties", "lat", "26°75′"),
        ("counties", "lat", "约26"),
        ("schools", "demand", "1或2"),
    ],
)
def test_a_cell_with_two_meanings_is_a_fault(tmp_path: Path, table: str, column: str, written: str) -> None:
    """Nothing is guessed."""
    build = folder(cell(table, 2, column, f'"{written}"'))
    assert faults(build(tmp_path)) == ["not_a_number"]


def headed(path: Path, table: str, old: str, new: str, value: str | None = None) -> Path:
    """Write the good tables with one header renamed."""
    rows = [list(row) for row in GOOD[table]]
    at = rows[0].index(old)
    rows[0][at] = new
    for row in rows[1:] if value is not None else []:
        row[at] = value
    return folder(tables(**{table: rows}))(path)


@pytest.mark.parametrize(
    ("header", "value", "meant"),
    [("留守儿童数（万人）", "0.03", 300), ("留守儿童数(单位：千人)", "2", 2000), ("留守儿童数（人）", "2", 2)],
)
def test_the_unit_of_a_header_is_understood(tmp_path: Path, header: str, value: str, meant: int) -> None:
    """Numbers are converted into the column's own unit, and the mend says so once."""
    instance = matcher.read(headed(tmp_path, "schools", "children", header, value))
    assert {school.children for school in instance.schools} == {meant}
    assert len(instance.mends) == (meant != 2)


def test_a_unit_nobody_knows_is_a_fault(tmp_path: Path) -> None:
    """A header that counts in something else is refused, with the units that are known."""
    assert faults(headed(tmp_path, "schools", "children", "留守儿童数（户）")) == ["unknown_unit"]


@pytest.mark.parametrize(
    ("said", "code"),
    [("百度", "two_datums"), ("高德", "two_datums"), ("火星坐标系", "two_datums"), ("西安80", "unsupported_datum")],
)
def test_the_datum_of_a_header_is_understood(tmp_path: Path, said: str, code: str) -> None:
    """Any usual name of a datum counts, inside brackets or out."""
    assert faults(headed(tmp_path, "counties", "lat", f"纬度（{said}）")) == [code]


def test_the_declared_datum_may_stand_in_the_header(tmp_path: Path) -> None:
    """A header that agrees with the datum declared is no fault."""
    path = headed(tmp_path, "counties", "lat", "纬度（高德）")
    assert matcher.read(path, datum="gcj02").counties


def test_a_part_is_not_the_whole(tmp_path: Path) -> None:
    """A column that counts only some of the children is carried along and never planned by."""
    rows = [[*row, ("留守儿童数（其中：女）", "1", "2")[at]] for at, row in enumerate(GOOD["schools"])]
    instance = matcher.read(folder(tables(schools=rows))(tmp_path))
    assert [school.children for school in instance.schools] == [200, 100]
    assert "part_column" in codes(instance)


def test_points_in_one_column_are_split(tmp_path: Path) -> None:
    """`105.5,26.2` is a point of China in one order only."""
    rows = [["id", "name", "province", "坐标", "children"], ["520203", "六枝特区", "贵州省", '"105.5,26.2"', "9"]]
    rows.append(["520204", "水城区", "贵州省", '"26.5，104.9"', "9"])
    instance = matcher.read(folder(tables(counties=rows))(tmp_path))
    assert [(county.lat, county.lon) for county in instance.counties] == [(26.2, 105.5), (26.5, 104.9)]
    assert codes(instance).count("mended_point") == 1


def test_names_are_keys_in_one_form(tmp_path: Path) -> None:
    """A name is found as it is written before any other spelling of it; brackets, width and case do not matter."""
    organizations = [["id", "name", "lat", "lon"], ["U1", "甲大学（北京）", "26.6", "106.7"]]
    organizations += [["U2", "甲大学(北京)", "26.6", "106.7"], ["U3", "乙大学（华东）", "26.6", "106.7"]]
    branches = [["id", "所属高校"], ["B1", "甲大学（北京）"], ["B2", "甲大学(北京)"], ["B3", "乙大学 (华东)"]]
    whole = tables(organizations=organizations, branches=branches)
    instance = matcher.read(folder(whole)(tmp_path))
    assert {branch.id: branch.organization_id for branch in instance.branches} == {"B1": "U1", "B2": "U2", "B3": "U3"}
    assert [mend.code for mend in instance.mends] == ["spelling"]


def test_a_short_name_of_two_counties_is_a_fault(tmp_path: Path) -> None:
    """A stem that two counties share is told with both."""
    counties = [*GOOD["counties"], ["520205", "水城县", "贵州省", "26.5", "104.9", "1", "1"]]
    schools = [["id", "county_id", "children"], ["S1", "水城", "5"]]
    assert faults(folder(tables(counties=counties, schools=schools))(tmp_path)) == ["ambiguous_name"]


def test_ids_made_from_names_do_not_depend_on_the_order(tmp_path: Path) -> None:
    """Tables without ids give the same instance in any order of rows, and pairs may give names with their parents'."""
    organizations = [row[1:] for row in GOOD["organizations"]]
    branches = [["所属高校", "团支部名称"], ["甲大学", "文学院"], ["乙大学", "文学院"]]
    previous = [["团支部", "学校", "年份"], ["乙大学文学院", "二小", "2016年"]]
    made = []
    for number, step in enumerate((1, -1)):
        whole = tables(
            organizations=[organizations[0], *organizations[1:][::step]],
            branches=[branches[0], *branches[1:][::step]],
            previous=previous,
        )
        (tmp_path / str(number)).mkdir()
        made.append(matcher.read(folder(whole)(tmp_path / str(number))))
    assert made[0] == made[1]
    assert made[0].previous[0].provider_id == "乙大学·文学院"
    assert {"made_ids", "level_taken", "mended_whole_name", "mended_year"} <= set(codes(made[0]))


def test_rows_that_are_none_are_left_out(tmp_path: Path) -> None:
    """Totals, remarks below a table and a header that comes again are no schools."""
    rows = [*GOOD["schools"][:2], GOOD["schools"][0], *GOOD["schools"][2:]]
    rows += [["合 计", "2所", "", "", "", "300", "2", ""], ["填报人：王", "", "", "", "", "", "", ""]]
    instance = matcher.read(folder(tables(schools=rows))(tmp_path))
    assert [school.id for school in instance.schools] == ["S01", "S02"]
    assert [mend.code for mend in instance.mends] == ["header_again", "total_row", "remark_row"]


def test_a_header_of_two_rows_is_joined(tmp_path: Path) -> None:
    """Below a merged header stand the headers of its columns."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in tables().items():
        sheet = book.create_sheet(name)
        if name == "counties":
            sheet.append(["2018年重点县"])
            sheet.append(["区划代码", "县区", "省份", "坐标", None, "留守儿童", None])
            sheet.append([None, None, None, "纬度", "经度", "人数", "其中女"])
            for left, right in (("D", "E"), ("F", "G")):
                sheet.merge_cells(f"{left}2:{right}2")
            rows = [[*row[:5], int(row[5]), 3] for row in rows[1:]]
        for row in rows:
            sheet.append(row)
    book.save(tmp_path / "t.xlsx")
    instance = matcher.read(tmp_path / "t.xlsx")
    assert [(county.lat, county.children) for county in instance.counties] == [(26.2, 1500), (26.5, 2100)]


def test_sheets_are_known_by_their_content(tmp_path: Path) -> None:
    """Words around a table's name, or its columns alone, say what a sheet is; a form's instructions are no table."""
    book = openpyxl.Workbook()
    book.active.title = "填表说明"
    names = {
        "organizations": "高校（单位）名单",
        "counties": "2018年重点县情况表",
        "branches": "Sheet3",
        "schools": "Sheet4",
    }
    for name, rows in tables().items():
        sheet = book.create_sheet(names[name])
        for row in rows:
            sheet.append(row)
    book.save(tmp_path / "t.xlsx")
    instance = matcher.read(tmp_path / "t.xlsx")
    assert instance == matcher.read(folder(tables())(tmp_path))
    assert codes(instance) == ["table_taken"] * 4


def test_texts_beside_csv_files(tmp_path: Path) -> None:
    """A .tsv is a table, a .txt where a main table is missing; half of a level of pairing is left alone and named."""
    path = folder(tables(schools=[]))(tmp_path)
    (path / "schools.txt").write_text(csv_text(GOOD["schools"]), encoding="utf-8")
    (path / "remarks.txt").write_text("x", encoding="utf-8")
    instance = matcher.read(path)
    assert len(instance.schools) == 2
    assert codes(instance) == ["unknown_table", "table_taken"]


def test_ids_kept_as_text_lose_their_marks(tmp_path: Path) -> None:
    """="052010" and '052011 are ids."""
    counties = [[*row] for row in GOOD["counties"]]
    counties[1][0], counties[2][0] = '"=""052010"""', "'052011"
    whole = tables(counties=counties, schools=[["id", "county_id"], ["S1", "052010"]])
    assert [county.id for county in matcher.read(folder(whole)(tmp_path)).counties] == ["052010", "052011"]


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("000000", "020101"), ('000000"号"', "020101号"), ("\\B000000", "B020101"), ("000\\-000", "020-101"),
        ("[Red]000000;-0", "020101"), ("General", None), ("0.00", None), ("#,##0", None), ("0", None), ("yyyy", None),
    ],
)  # fmt: skip
def test_an_id_is_what_its_format_shows(code: str, shown: str | None) -> None:
    """A number is told apart from its format only where the format shows another text."""
    assert shown_as(20101.0, code) == shown


def test_a_stray_cell_asks_for_no_memory(tmp_path: Path) -> None:
    """A blank in the last cell of the grid is no cell; the sheet is as small as what it holds."""
    blank = '<row r="1048576"><c r="XFD1048576" t="str"><v> </v></c></row>'
    path = rewritten(tmp_path, "</sheetData>", f"{blank}</sheetData>")
    assert len(read_sheets(path)["schools"]) == 3


def test_cells_on_a_long_diagonal_are_refused(tmp_path: Path) -> None:
    """A sheet of few cells that would take gigabytes as a table is a fault."""
    from matcher.files.workbook_in import read_workbook

    letters = openpyxl.utils.get_column_letter
    rows = "".join(f'<row r="{n}"><c r="{letters(n)}{n}"><v>1</v></c></row>' for n in range(10, 6000))
    path = rewritten(tmp_path, "</sheetData>", f"{rows}</sheetData>")
    assert [fault.code for fault in read_workbook(path).faults] == ["cells_too_far"]


def rewritten(path: Path, old: str, new: str) -> Path:
    """Write the good tables as a workbook, with the XML of every sheet changed."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in tables().items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path / "plain.xlsx")
    with zipfile.ZipFile(path / "plain.xlsx") as package, zipfile.ZipFile(path / "t.xlsx", "w") as changed:
        for part in package.namelist():
            data = package.read(part)
            changed.writestr(part, data.replace(old.encode(), new.encode()) if "sheets/" in part else data)
    return path / "t.xlsx"


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("<c r='D2' t='str'><f>1</f><v></v></c>", ""),
        ("<c r='D2' t='inlineStr'><v>3</v></c>", "3"),
        ("<c r='D2'><f>1+2</f></c>", "=1+2"),
        ("<c r='D2' t='e'><f>1/0</f><v>#DIV/0!</v></c>", "#DIV/0!"),
        ("<c r='D2' t='b'><v>1</v></c>", True),
        ("<c r='D2' t='inlineStr'><is><r><t>一</t></r><r><t>中</t></r><rPh><t>yi</t></rPh></is></c>", "一中"),
    ],
)
def test_every_kind_of_cell_is_read(tmp_path: Path, cell: str, value: object) -> None:
    """Text, numbers, truth values, errors and formulas, with or without what they result in."""
    old = '<c r="D2" t="inlineStr"><is><t>26.21</t></is></c>'
    path = rewritten(tmp_path, old, cell)
    found = read_sheets(path)["schools"][1][3]
    assert (str(found) if isinstance(found, Formula) else found) == value


def test_prefixed_xml_is_xml(tmp_path: Path) -> None:
    """Programs that write every element with a prefix are read alike."""
    import re

    path = rewritten(tmp_path, "", "")
    with zipfile.ZipFile(path) as package, zipfile.ZipFile(tmp_path / "p.xlsx", "w") as changed:
        for part in package.namelist():
            data = package.read(part).decode()
            if "sheets/" in part:
                data = re.sub(r"<(/?)([a-zA-Z])", r"<\1x:\2", data).replace("xmlns=", "xmlns:x=")
            changed.writestr(part, data)
    assert matcher.read(tmp_path / "p.xlsx") == matcher.read(path)


def test_names_of_places() -> None:
    """One form for provinces and for counties; what is no province stays."""
    assert {province(name) for name in ("新疆", "新疆维吾尔自治区", " 新疆 ")} == {"新疆维吾尔自治区"}
    assert province("Bavaria") == "Bavaria"
    assert county_stem("威宁彝族回族苗族自治县") == county_stem("威宁县") == "威宁"
    assert county_stem("城区") == "城区"
    assert canonical("甲大学（ Ａ）") == canonical("甲大学(a)")


def test_policies_know_provinces_by_any_name() -> None:
    """Records and policies speak of one province, however it is written."""
    organization = matcher.Organization(id="U", lat=26, lon=106, province="贵州")
    county = matcher.County(id="C", lat=26, lon=106, province="贵州省", children=3)
    instance = matcher.Instance(organizations=[organization], counties=[county])
    assert len(matcher.solve(instance, matcher.Policy(within="province")).county_pairings) == 1


@pytest.mark.parametrize("mark", "\u00ad\u2060\u202a\u202e\u2066\u3164\u180e\u200b")
def test_ids_with_invisible_characters_are_refused(mark: str) -> None:
    """Two ids that look alike are one."""
    with pytest.raises(InvalidInput):
        matcher.Organization(id=f"U1{mark}", lat=26, lon=105)


def test_reading_imports_no_second_reader(tmp_path: Path) -> None:
    """Workbooks are read by one reader: calamine is not needed."""
    path = rewritten(tmp_path, "", "")
    code = f"import sys; sys.modules['python_calamine'] = None; import matcher; print(matcher.read({str(path)!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
