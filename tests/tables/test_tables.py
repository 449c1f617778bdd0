"""Folders of CSV files and frames become instances, or the complete list of their faults."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import matcher
from matcher import InvalidInput
from matcher.base.names import EXAMPLE
from matcher.files.templates import example_rows
from matcher.tables.columns import TABLES
from matcher.tables.headers import columns_of, normal, table_of

ORGANIZATIONS = "id,name,kind,province,lat,lon,capacity\nU1,甲大学,university,贵州省,26.6,106.7,1\n"
ORGANIZATIONS += "U2,乙大学,,贵州省,26.7,106.8,1..2\n"
COUNTIES = "id,name,province,lat,lon,children,demand\n520203,六枝特区,贵州省,26.2,105.5,1500,1\n"
BRANCHES = "id,name,organization_id,lat,lon,capacity,volunteers,skills\nB1,甲团委,U1,,,3,20,体育;科普\n"
SCHOOLS = (
    "id,name,county_id,lat,lon,children,demand,needs\nS1,一中,520203,26.21,105.51,200,1,体育\nS2,二小,520203,,,100,1,\n"
)


def folder(tmp_path: Path, **tables: str) -> Path:
    """Write the four tables, those given replaced, those given as "" left out."""
    whole = {"organizations": ORGANIZATIONS, "counties": COUNTIES, "branches": BRANCHES, "schools": SCHOOLS} | tables
    for name, content in whole.items():
        if content:
            (tmp_path / f"{name}.csv").write_text(content, encoding="utf-8")
    return tmp_path


def codes(error: pytest.ExceptionInfo[InvalidInput]) -> list[tuple[str | None, int | None, str | None, str]]:
    for fault in error.value.faults:
        for lang in ("en", "zh"):
            assert fault.message(lang)
            assert fault.mend(lang)
    assert error.value.to_json()["count"] == len(error.value.faults)
    return [(fault.table, fault.row, fault.column, fault.code) for fault in error.value.faults]


def test_a_folder_becomes_an_instance(tmp_path: Path) -> None:
    """Cells are typed, bounds read, ids stay text, and a school without a point is marked."""
    instance = matcher.read(folder(tmp_path))
    assert [o.capacity for o in instance.organizations] == [(0, 1), (1, 2)]
    assert instance.branches[0].skills == ("体育", "科普")
    assert instance.schools[1].coord_precision == "county_seat"
    assert instance.counties[0].id == "520203"
    assert instance.notices == ()


def test_chinese_headers_and_gb18030_mean_the_same(tmp_path: Path) -> None:
    """A folder with Chinese file names and headers in GB 18030 gives the same instance."""
    english = matcher.read(folder(tmp_path))
    other = tmp_path / "zh"
    other.mkdir()
    for name, title, header, content in (
        (
            "单位",
            "organizations",
            "单位编号,单位名称,单位类型,省份,纬度(度),经度(度),容量",
            ORGANIZATIONS.replace("university", "高校"),
        ),
        ("县区", "counties", "区划代码,县区,省份,纬度,经度,留守儿童数,需求数", COUNTIES),
        ("团支部", "branches", "团支部编号,团支部名称,单位编号,纬度,经度,容量,志愿者数,特长", BRANCHES),
        ("学校", "schools", "学校编号,学校名称,区划代码,纬度,经度,留守儿童数,需求数,服务需求", SCHOOLS),
    ):
        rows = content.split("\n", 1)[1]
        (other / f"{name}.csv").write_bytes(f"{header}\n{rows}".encode("gb18030"))
        assert title
    chinese = matcher.read(other)
    assert chinese == english
    assert {notice.code for notice in chinese.notices} == {"read_as"}


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    """Faults of cells, of references and of whole tables are in one list, with the rows that an editor shows."""
    schools = SCHOOLS + "\nS3,三小,520204,26°12x,105.5,-5,1,\nS1,四小,520203,26.2,105.5,2.5,1,\n"
    with pytest.raises(InvalidInput) as error:
        matcher.read(folder(tmp_path, schools=schools, branches=BRANCHES.replace("U1", "U9")))
    assert codes(error) == [
        ("branches", 2, "organization_id", "unknown_id"),
        ("schools", 5, "children", "negative"),
        ("schools", 5, "county_id", "unknown_id"),
        ("schools", 5, "lat", "not_a_number"),
        ("schools", 6, "children", "not_whole"),
        ("schools", 6, "id", "repeated_id"),
    ]


def test_faults_of_records_and_across_them_come_at_once() -> None:
    """Records given directly report their own faults together with those of the instance."""
    with pytest.raises(InvalidInput) as error:
        matcher.Instance(
            organizations=[{"id": "U1", "lat": 100.0, "lon": 1.0}],
            branches=[{"id": "B1", "organization_id": "U2", "colour": "red"}],
            oddments=[],
        )
    assert codes(error) == [
        (None, None, "oddments", "unknown_field"),
        ("branches", 1, "colour", "unknown_field"),
        ("branches", 1, "organization_id", "unknown_id"),
        ("organizations", 1, "lat", "invalid_value"),
    ]


def test_the_page_on_tables_shows_the_mapping() -> None:
    """docs/tables.md lists the headers that the readers know, as they know them."""
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, root / "tools" / "make_tables_page.py", "--check"], capture_output=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_template_reads_back_without_fault(tmp_path: Path, lang: Any) -> None:
    """Its example rows are never planned; renamed they are an instance. Headers have notes, choices drop-downs."""
    path = matcher.template(tmp_path / "t.xlsx", lang=lang)
    with pytest.raises(InvalidInput) as error:
        matcher.read(path)
    assert codes(error) == [(table, None, None, "only_examples") for table in ("counties", "organizations")]
    workbook = openpyxl.load_workbook(path)
    for cell in (cell for sheet in workbook for row in sheet.iter_rows(min_row=2) for cell in row):
        if isinstance(cell.value, str):
            cell.value = cell.value.removeprefix(EXAMPLE[lang])
    workbook.save(tmp_path / "filled.xlsx")
    filled = matcher.read(tmp_path / "filled.xlsx")
    assert [len(getattr(filled, name)) for name in TABLES] == [1] * len(TABLES)
    assert filled.notices == () == filled.mends
    for name, table in TABLES.items():
        sheet = workbook[table.zh if lang == "zh" else name]
        assert [cell.value for cell in sheet[1]] == [c.zh if lang == "zh" else c.name for c in table.columns]
        assert all(cell.comment is not None for cell in sheet[1])
        lists = [rule.formula1 for rule in sheet.data_validations.dataValidation]
        for column in table.columns:
            if column.values:
                words = [further[0] if lang == "zh" else value for value, further in column.values.items()]
                assert '"' + ",".join(words) + '"' in lists


def test_no_header_means_two_things() -> None:
    """Within a table every known header leads to one column, and every name of a table to one table."""
    for table in TABLES.values():
        meant: dict[str, str] = {}
        for column in table.columns:
            for header in (column.name, column.zh, *column.also):
                assert meant.setdefault(normal(header), column.name) == column.name
                assert columns_of(table.name, [header]) == {0: column.name}
        for name in (table.name, table.zh, *table.also):
            assert table_of(name) == table.name
            assert table_of(f" {name.upper()} ") == table.name


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_instance_shows_itself(lang: Any) -> None:
    """Plain text and HTML say how many rows each table has and what the reader noticed."""
    instance = example_rows()
    assert instance.summary(lang).count("\n") >= 8
    assert instance._repr_html_().startswith("<pre>")
    assert "<" not in instance._repr_html_()[5:-6].replace("&lt;", "")
    assert repr(instance).startswith("Instance(1 organizations")
