"""Values that pass as others: each is refused, mended or told, once, as a person would expect."""

from __future__ import annotations

import gc
import re
import typing
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import openpyxl
import pytest
from pydantic import Field, TypeAdapter, ValidationError
from table_corpus import GOOD, SUCCESSORS, TRAVEL, book, cell, csv_text, folder, tables

import matcher
from matcher import InvalidInput, Policy
from matcher.base.names import EXAMPLE
from matcher.files.csvfiles import other_encoding
from matcher.model import RECORDS
from matcher.policy.objectives import Objective
from matcher.policy.policy import AnyRule
from matcher.words.catalogue import LANGS

_RULES = typing.get_args(typing.get_args(AnyRule)[0])


def _faults(call: Any) -> list[tuple[str, str | None]]:
    with pytest.raises(InvalidInput) as caught:
        call()
    for lang in LANGS:
        assert caught.value.message(lang)
    return [(fault.code, fault.details.get("why")) for fault in caught.value.faults]


def _numeric(kind: Any) -> list[str]:
    """Return the fields of a model that hold a number."""
    found = []
    for name, field in kind.model_fields.items():
        said = str(field.annotation)
        if re.search(r"\b(?:int|float)\b", said) and "Selector" not in said:
            found.append(name)
    return found


@pytest.mark.parametrize("kind", [Policy, Objective, *RECORDS.values(), *_RULES], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("value", [True, np.False_], ids=["True", "numpy"])
def test_true_and_false_are_no_numbers(kind: Any, value: Any) -> None:
    """In no field of a policy, a rule, an objective or a record."""
    for name in _numeric(kind):
        field = TypeAdapter(Annotated[kind.model_fields[name].rebuild_annotation(), Field()])
        with pytest.raises(ValidationError) as caught:
            field.validate_python(value)
        assert "boolean" in [item["type"] for item in caught.value.errors()], name


def test_markets_take_no_booleans() -> None:
    """Neither as costs, nor as capacities, nor as degrees."""
    calls = [
        lambda: matcher.Market.from_matrix(np.eye(3, dtype=bool)),
        lambda: matcher.Market.from_matrix(np.array([[True, 2], [3, 4]], dtype=object)),
        lambda: matcher.Market.from_matrix(np.eye(3), capacity=True),
        lambda: matcher.Market.from_points(np.array([[True, False]]), [[26.0, 105.0]]),
    ]
    for call in calls:
        assert _faults(call)[0][0] in ("array_type", "points_shape"), call


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (np.int64(2), (0, 2)),
        (2.0, (0, 2)),
        ("1-2", (1, 2)),
        ("1至2", (1, 2)),
        ("1..2", (1, 2)),
        ("２", (0, 2)),
        ([1, 2], (1, 2)),
    ],
    ids=str,
)
def test_bounds_as_people_write_them(given: Any, meant: tuple[int, int]) -> None:
    """A number of any kind, or a least and a most."""
    assert matcher.County(id="C", lat=1.0, lon=1.0, demand=given).demand == meant
    assert Policy(branch_capacity=given).branch_capacity == meant


@pytest.mark.parametrize("given", [1.5, "1.5", "a", "", None, {}, "1-2-3"], ids=str)
def test_what_is_no_bound_is_told_as_such(given: Any) -> None:
    """Not as a list that it should be."""
    assert _faults(lambda: matcher.County(id="C", lat=1.0, lon=1.0, demand=given)) == [("invalid_value", "bounds")]


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"kind": "floor"}, "no_limit.floor"),
        ({"kind": "floor", "percent": 0}, "no_limit.floor"),
        ({"kind": "load"}, "no_limit.load"),
        ({"kind": "reach", "level": "county"}, "no_limit"),
        ({"kind": "wanted_kind", "kinds": []}, "too_short"),
    ],
    ids=str,
)
def test_a_rule_without_a_limit_is_refused(rule: Any, why: str) -> None:
    """It would pass for one that is kept."""
    assert _faults(lambda: Policy(rules=[rule])) == [("invalid_value", why)]


def test_a_successor_whose_old_id_is_still_there(tmp_path: Path) -> None:
    """Whose pairs stay where is not said: a fault at its row."""
    whole = tables(successors=[SUCCESSORS[0], ["organizations", "U01", "U02"]])
    assert _faults(lambda: matcher.read(folder(whole)(tmp_path))) == [("successor_alive", None)]


@pytest.mark.parametrize(("one", "other"), [("S01", "s01"), ("520203", "0520203")])
def test_ids_that_look_alike_are_told(tmp_path: Path, one: str, other: str) -> None:
    """They are different rows, and one notice says so."""
    rows = [list(row) for row in GOOD["schools"]]
    rows[1][0], rows[2][0] = one, other
    codes = [notice.code for notice in matcher.read(folder(tables(schools=rows))(tmp_path)).notices]
    assert codes == ["twin_ids"]


def test_one_place_twice_is_told(tmp_path: Path) -> None:
    """The same name at the same point in the same county, under two ids."""
    rows = [list(row) for row in GOOD["schools"]]
    rows.append(["S03", *rows[1][1:]])
    instance = matcher.read(folder(tables(schools=rows))(tmp_path))
    (notice,) = instance.notices
    assert (notice.code, notice.details["pairs"]) == ("twin_places", "S01 = S03")
    assert matcher.Instance.from_json(instance.to_json()).notices == instance.notices


def test_a_road_shorter_than_the_straight_line_is_told(tmp_path: Path) -> None:
    """By row, with both lengths; a road that is longer is not."""
    for km, codes in (("140", []), ("128", []), ("120", ["short_roads"]), ("40", ["short_roads"])):
        rows = [TRAVEL[0], [*TRAVEL[1][:4], km]]
        path = tmp_path / km
        path.mkdir()
        assert [n.code for n in matcher.read(folder(tables(travel_times=rows))(path)).notices] == codes, km


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("big5", "編號,名稱,縣區\nS1,臺北市立第一中學,信義區\n"),
        ("big5", "id,name\nU1,臺灣大學\n"),
        ("shift_jis", "番号,名前\nS1,東京都立第一中学校\nS2,さくら小学校\n"),
    ],
)
def test_other_encodings_are_told(tmp_path: Path, encoding: str, text: str) -> None:
    """Big5 and Shift-JIS decode as GB 18030 too, into nonsense."""
    content = text.encode(encoding)
    assert other_encoding(content) == encoding
    build = folder(tables(), organizations=content)
    assert _faults(lambda: matcher.read(build(tmp_path))) == [("other_encoding", None)]


@pytest.mark.parametrize(
    "text",
    ["编号,名称\nU1,关岭布依族苗族自治县沙营小学\n", "id,name\nU1,（一）“贵大”；、。\n", "id,name\nU1,仡佬族毓秀\n"],
)
def test_gb_18030_is_itself(text: str) -> None:
    """Also where names are rare, and where there are marks only."""
    assert other_encoding(text.encode("gb18030")) is None


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_example_rows_are_never_planned(tmp_path: Path, lang: Any) -> None:
    """A template filled in below its example rows gives the rows below; each row left out is a mend."""
    path = matcher.template(tmp_path / "t.xlsx", lang=lang)
    workbook = openpyxl.load_workbook(path)
    for sheet, rows in zip(workbook.worksheets[1:5], GOOD.values(), strict=True):
        header = [cell.value for cell in sheet[1]]
        spec = matcher.tables.columns.TABLES[next(t for t in GOOD if GOOD[t] is rows)]
        names = [column.zh if lang == "zh" else column.name for column in spec.columns]
        assert header == names
        at = [column.name for column in spec.columns]
        for row in rows[1:]:
            cells = [None] * len(at)
            for name, value in zip(rows[0], row, strict=True):
                cells[at.index(name)] = value or None
            sheet.append(cells)
    workbook.save(path)
    instance = matcher.read(path)
    assert [len(getattr(instance, table)) for table in GOOD] == [2, 2, 2, 2]
    assert {mend.code for mend in instance.mends} == {"example_row"}
    assert not any(known.startswith(EXAMPLE[lang]) for known in instance.arrays.schools.ids)


def test_last_years_partner_beside_its_school(tmp_path: Path) -> None:
    """Pairs in a column of schools or counties are pairs of last year, by id or name, several in one cell too."""
    schools = [
        [*GOOD["schools"][0], "去年结对支部"],
        [*GOOD["schools"][1], "甲团委"],
        [*GOOD["schools"][2], "B01、乙团委"],
    ]
    counties = [[*GOOD["counties"][0], "上年结对高校"], [*GOOD["counties"][1], "甲大学"], [*GOOD["counties"][2], "无"]]
    previous = [["level", "provider_id", "recipient_id", "since"], ["school", "B01", "S01", "2016"]]
    whole = tables(schools=schools, counties=counties, previous=previous)
    instance = matcher.read(folder(whole)(tmp_path))
    found = [(pair.level, pair.provider_id, pair.recipient_id, pair.since) for pair in instance.previous]
    assert found == [
        ("county", "U01", "520203", None),
        ("school", "B01", "S01", 2016),
        ("school", "B01", "S02", None),
        ("school", "B02", "S02", None),
    ]
    assert sorted(notice.code for notice in instance.notices) == ["partners_taken", "partners_taken"]


def test_a_partner_nobody_knows_is_a_fault(tmp_path: Path) -> None:
    """With the nearest name; a pair is never dropped."""
    rows = [[*row, said] for row, said in zip(GOOD["schools"], ("去年结对团支部", "甲团季", ""), strict=True)]
    with pytest.raises(InvalidInput) as caught:
        matcher.read(book(tables(schools=rows))(tmp_path))
    (fault,) = caught.value.faults
    assert (fault.code, fault.row, fault.column, fault.details["nearest"]) == (
        "unknown_id",
        2,
        "去年结对团支部",
        "甲团委",
    )


@pytest.mark.parametrize("table", ["schools", "counties"])
def test_frames_take_no_booleans(table: str) -> None:
    """A column of true and false is no column of children or degrees."""
    import pandas as pd

    frames = {name: pd.DataFrame(rows[1:], columns=rows[0]) for name, rows in GOOD.items()}
    frames[table]["children"] = [True, False]
    codes = [code for code, _ in _faults(lambda: matcher.Instance.from_frames(**frames))]
    assert codes == ["boolean_cell"] * 2


def test_words_for_nothing_are_no_need(tmp_path: Path) -> None:
    """无 is told as a mend and is no need that nobody could meet."""
    text = csv_text(GOOD["schools"]).replace("体育", "无")
    build = folder(cell("schools", 2, "needs", "无"), schools=text.encode())
    assert all(school.needs == () for school in matcher.read(build(tmp_path)).schools)


def test_reading_leaves_the_collector_as_it_was(tmp_path: Path) -> None:
    """Running or not, after an instance as after faults."""
    good, bad = tmp_path / "good", tmp_path / "bad"
    for path, whole in ((good, tables()), (bad, cell("schools", 2, "children", "x"))):
        path.mkdir()
        folder(whole)(path)
    for switch in (gc.disable, gc.enable):
        switch()
        running = gc.isenabled()
        matcher.read(good)
        _faults(lambda: matcher.read(bad))
        assert gc.isenabled() == running
