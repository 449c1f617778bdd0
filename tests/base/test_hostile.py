"""Whatever is given at a door is read or refused with a code, soon and in little memory; nothing is shown raw."""

from __future__ import annotations

import contextlib
import json
import time

import numpy as np
import pandas as pd
import pytest
from draws import told
from small_plans import small_instance, small_plan

import matcher
import matcher.renewal
from matcher import InvalidInput, Market, Plan
from matcher.base.escaping import escape, html_text, unescape
from matcher.base.suggest import LONGEST, Suggester, nearest_word
from matcher.files.limits import MOST_COLUMNS, MOST_THIN_ROWS
from matcher.tables.drafts import MOST_FAULTS

MATH = r"$\frac{a}{$"


def codes(call):
    with pytest.raises(InvalidInput) as error:
        call()
    return {fault.code for fault in error.value.faults}


# --- escaped ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", "=+-@＝＋－＠\t")
def test_a_cell_that_would_be_run_is_escaped(sign):
    """The full-width signs too: a Chinese spreadsheet takes them for the plain ones."""
    for cell in (f"{sign}1+1", f"'{sign}A1"):
        assert escape(cell) == "'" + cell
        assert unescape(escape(cell)) == cell
    assert escape(f"a{sign}1") == f"a{sign}1"


def test_a_saved_name_is_never_a_formula(tmp_path):
    instance = small_instance(
        organizations=[{"id": "＝1+1", "name": "＋SUM(A1)", "lat": 26.0, "lon": 106.0}], branches=(), previous=()
    )
    plan = Plan.from_pairs(instance, county_pairs=[("＝1+1", "C1")])
    folder = plan.save(tmp_path / "out")
    for file in folder.rglob("*.csv"):
        for cell in file.read_text(encoding="utf-8-sig").replace("\n", ",").split(","):
            assert not cell.startswith(tuple("=+@＝＋－＠")), (file.name, cell)
    assert matcher.load_plan(folder) == plan


def test_html_is_escaped_by_one_function():
    assert html_text("<script>&'\"\ud83d") == "&lt;script&gt;&amp;&#x27;&quot;\\ud83d"
    market = Market.from_matrix([[1, 2]], level_names=["<script>alert(1)</script>"])
    said = matcher.match(market)._repr_html_()
    assert "<script>" not in said
    assert "&lt;script&gt;" in said


@pytest.mark.parametrize("name", ['<script>alert(1)</script>"><img src=x onerror=alert(1)>'])
def test_no_name_is_live_in_a_page(name, tmp_path):
    instance = small_instance(
        counties=[{"id": "C1", "name": name, "province": name, "lat": 26.1, "lon": 106.1, "extras": {"a": name}}],
        schools=(),
        branches=(),
        previous=(),
    )
    plan = Plan.from_pairs(instance, county_pairs=[("U1", "C1")])
    pages = [plan.report(tmp_path / "plan.html").read_text(encoding="utf-8"), plan._repr_html_()]
    pages += [
        plan.explain("county", "C1")._repr_html_(),
        instance._repr_html_(),
        matcher.diff(plan, plan)._repr_html_(),
    ]
    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_a_name_is_no_formula_in_a_figure(tmp_path):
    """Matplotlib reads a text between dollars as mathematics, and fails on this one."""
    pytest.importorskip("matplotlib")
    instance = small_instance(
        organizations=[
            {"id": "U1", "name": MATH, "province": MATH, "lat": 26.0, "lon": 106.0},
            {"id": "U2", "name": "$x$", "province": "$y$", "lat": 26.5, "lon": 106.5},
            {"id": "U3", "name": "a", "lat": 30, "lon": 110},
        ],
        counties=[
            {"id": "C1", "name": MATH, "province": MATH, "lat": 26.1, "lon": 106.1, "children": 500},
            {"id": "C2", "name": "$$", "province": "$y$", "lat": 26.6, "lon": 106.6, "children": 300},
            {"id": "C3", "name": "三县", "province": MATH, "lat": 40.0, "lon": 90.0, "children": 200},
        ],
    )
    plan = small_plan(instance=instance)
    assert plan.map(title=MATH).png()
    assert plan.map(title=MATH, lang="zh").svg()
    assert plan.report(tmp_path / "plan.html").stat().st_size


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_names_stay_text_in_a_workbook(lang, tmp_path):
    """As they are, in cells of text: what a spreadsheet would compute too."""
    openpyxl = pytest.importorskip("openpyxl")
    names = ["<script>alert(1)</script>", "=1+1", MATH, "\u202eمرحبا\u202c שלום", "长" * 1000]
    counties = [
        {"id": f"C{i}", "name": name, "lat": 26.0 + i / 10, "lon": 106.0, "children": 9} for i, name in enumerate(names)
    ]
    plan = small_plan(instance=small_instance(counties=counties, schools=(), branches=(), previous=()), school_pairs=())
    book = openpyxl.load_workbook(plan.save(tmp_path / "plan.xlsx", lang=lang))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    shown = {cell for cell in cells if cell.value in (*names, escape("=1+1"))}
    assert {cell.data_type for cell in shown} == {"s"}
    assert {unescape(cell.value) for cell in shown} == set(names)


# --- lengths and counts -----------------------------------------------------------------------------------------------


def test_long_words_are_compared_with_nothing():
    """It would take time as the product of the lengths."""
    counties = [{"id": f"C{i}" + "x" * 180, "name": "y" * 30_000, "lat": 26, "lon": 106} for i in range(40)]
    locks = [
        {"level": "county", "provider_id": "U1", "recipient_id": f"C{i}" + "x" * 190, "kind": "pin"} for i in range(40)
    ]
    began = time.process_time()
    found = codes(
        lambda: matcher.Instance(organizations=[{"id": "U1", "lat": 26, "lon": 106}], counties=counties, locks=locks)
    )
    assert found == {"unknown_id"}
    assert time.process_time() - began < 5
    assert nearest_word("x" * (LONGEST + 1), ["x" * (LONGEST + 1)]) is None
    assert nearest_word("objectivs", ["objectives"]) == "objectives"


def test_a_suggester_gives_up_on_a_table_of_unknown_words():
    suggester = Suggester([matcher.County(id="C1", name="六枝特区", lat=26, lon=105)])
    assert suggester.nearest("六枝特") == "C1 六枝特区"
    assert [suggester.nearest("六枝特") for _ in range(600)][-1] is None


@pytest.mark.parametrize("length", [200, 201])
def test_an_id_has_two_hundred_characters_at_most(length, tmp_path):
    """In records, events, tables and frames alike."""
    long = "x" * length
    frame = pd.DataFrame({"id": [long], "lat": [26.0], "lon": [106.0]})
    (tmp_path / "organizations.csv").write_text(f"id,lat,lon\n{long},26,106\n", encoding="utf-8")
    (tmp_path / "counties.csv").write_text("id,lat,lon\nC1,26,106\n", encoding="utf-8")
    calls = {
        "record": lambda: matcher.Organization(id=long, lat=26, lon=106),
        "instance": lambda: matcher.Instance(organizations=[{"id": long, "lat": 26, "lon": 106}]),
        "event": lambda: matcher.renewal.events_to_json({"kind": "leaves", "table": "schools", "id": long}),
        "frame": lambda: matcher.Instance.from_frames(organizations=frame, counties=frame.assign(id="C1")),
        "folder": lambda: matcher.read(tmp_path),
    }
    for name, call in calls.items():
        if length == 200:
            assert call()
        else:
            assert codes(call) == {"too_long" if name in ("frame", "folder") else "invalid_value"}


def test_half_of_an_emoji_is_refused_at_every_door():
    """It can't be written as UTF-8, so it must not come in."""
    half = json.loads('"\\u516d\\ud83d"')
    frame = pd.DataFrame({"id": ["U1"], "name": [half], "lat": [26.6], "lon": [106.7]})
    for changed in ({}, {"id": [half], "name": ["a"]}):
        given = frame.assign(**changed)
        county = pd.DataFrame({"id": ["C1"], "lat": [26.2], "lon": [105.5]})
        assert codes(
            lambda given=given, county=county: matcher.Instance.from_frames(organizations=given, counties=county)
        ) == {"control_character"}
    assert codes(lambda: matcher.Organization(id="U1", name=half, lat=26, lon=106)) == {"invalid_value"}


def test_a_hundred_thousand_columns_are_a_fault(tmp_path):
    header = ",".join(f"c{i}" for i in range(100_000))
    for table in ("organizations", "counties"):
        (tmp_path / f"{table}.csv").write_text(f"id,lat,lon,{header}\nU1,26,106\n", encoding="utf-8")
    began = time.process_time()
    assert codes(lambda: matcher.read(tmp_path)) == {"too_many_columns"}
    wide = pd.DataFrame(np.zeros((1, MOST_COLUMNS + 1)))
    assert codes(lambda: matcher.Instance.from_frames(organizations=wide, counties=wide)) >= {"too_many_columns"}
    assert time.process_time() - began < 5


def test_millions_of_rows_of_nothing_are_a_fault(tmp_path):
    for table in ("organizations", "counties"):
        (tmp_path / f"{table}.csv").write_text("id,lat,lon\n" + "\n" * (MOST_THIN_ROWS + 1), encoding="utf-8")
    began = time.process_time()
    assert codes(lambda: matcher.read(tmp_path)) == {"too_many_rows"}
    assert time.process_time() - began < 5


def test_repeated_objectives_are_a_fault_soon():
    """However many there are."""
    began = time.process_time()
    with pytest.raises(InvalidInput):
        matcher.Policy(objectives=["fill"] * 100_000)
    assert time.process_time() - began < 5


def test_millions_of_bad_records_end_after_so_many_faults():
    """They filled the memory, and listed each of what one cause had made."""
    text = '{"format":"matcher.instance/1","counties":[' + "{}," * 300_000 + "{}]}"
    began = time.process_time()
    with pytest.raises(InvalidInput) as caught:
        matcher.Instance.from_json(text)
    assert time.process_time() - began < 5
    faults = caught.value.faults
    assert MOST_FAULTS < len(faults) < MOST_FAULTS + 10
    [end] = [fault for fault in faults if fault.code == "too_many_faults"]
    assert (end.table, end.row) == ("counties", max(fault.row for fault in faults))
    assert "300001" in end.message("en")


# --- plans ------------------------------------------------------------------------------------------------------------


def _changed(**changes):
    document = json.loads(small_plan().to_json())
    for path, value in changes.items():
        part, place = document, path.split("__")
        for name in place[:-1]:
            part = part[int(name) if name.isdecimal() else name]
        part[place[-1]] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "great"},
        {"status": None},
        {"status": ["optimal"]},
        {"stop_reason": "bored"},
        {"stop_reason": {}},
        {"proof__kind": "oath"},
        {"proof__solver": 3},
        {"proof__scope": None},
        {"proof": None},
        {"proof__arrays": {"a": {"dtype": "|O", "shape": [1], "data": "AAAA"}}},
        {"proof__arrays": {"a": {"dtype": "<i8", "shape": [2**45], "data": ""}}},
        {"proof__arrays": {"a": {"dtype": "<i8", "shape": [-1], "data": "AAAAAAAAAAA="}}},
        {"proof__arrays": {"a": {"dtype": "<i8", "shape": [0], "data": "?"}}},
        {"proof__arrays": 3},
        {"levels__0__sense": "best"},
        {"levels__0__name": "glory"},
        {"levels__0__name": 3},
        {"levels__0__unit": None},
        {"levels__0__value": 1.5},
        {"levels__0__value": True},
        {"levels__0__better": 1},
        {"levels": 3},
        {"levels": None},
        {"warnings": [{"code": "great", "details": {}}]},
        {"warnings": [3]},
        {"witness": 3},
        {"pairs__county": [["a"]]},
        {"pairs__county": [[[], {}]]},
        {"pairs": None},
        {"policy": 3},
        {"policy__great": 3},
        {"instance": None},
        {"instance__counties": 3},
        {"format": "matcher.plan/9"},
    ],
    ids=told,
)
def test_a_plan_that_says_nonsense_is_a_fault(changes):
    """At the door, not when it is asked for its summary."""
    assert codes(lambda: Plan.from_json(_changed(**changes)))


def test_a_plan_unchanged_is_read():
    assert Plan.from_json(_changed()) == small_plan()


@pytest.mark.parametrize("value", [None, 3, [], {}, object(), "\0"], ids=told)
@pytest.mark.parametrize(
    "door",
    [
        matcher.read,
        matcher.load_plan,
        matcher.Market.from_npz,
        lambda value: matcher.verify(small_instance(), value),
        lambda value: matcher.solve(value),
        lambda value: matcher.match(value),
        lambda value: matcher.diff(value, value),
        lambda value: matcher.Instance(counties=[value]),
        lambda value: matcher.Policy(objectives=[value]),
        lambda value: matcher.Policy(rules=[value]),
        lambda value: matcher.Market.from_matrix(value),
        lambda value: matcher.Market.from_points(value, value),
        lambda value: matcher.renewal.events_to_json([value]),
        lambda value: matcher.replan(small_plan(), [value]),
        lambda value: matcher.recommend(small_plan(), value),
        lambda value: small_plan().explain(value, value),
        lambda value: Plan.from_pairs(small_instance(), county_pairs=[value]),
        lambda value: Plan.from_pairs(small_instance(), county_pairs=[(value, value)]),
    ],
)
def test_wrong_types_are_faults_at_every_door(door, value):
    """Or are taken for what they can be; never an error of another kind."""
    with contextlib.suppress(matcher.MatcherError):
        door(value)
