"""The doors that every programme has: templates, tables in both languages, mends and faults, rules, orders, checks."""

import itertools
import json

import numpy as np
import openpyxl
import pytest
from draws import few

from matcher import InvalidInput, programmes
from matcher.cli import main
from matcher.files.sheets import SheetColumn, add_sheet, new_workbook, save_workbook
from matcher.geo import pair_m
from matcher.programmes import ReadTables, check_programme, plan_programme, policy_for, programme_of, template_of
from matcher.programmes.columns import Order
from matcher.programmes.doors import PROGRAMMES
from matcher.programmes.forms import add_rules

NAMES = sorted(PROGRAMMES)


def book(programme, records, path, lang="zh", policy=None):
    """Write tables as a planner fills them in, with the sheet of rules."""
    workbook = new_workbook()
    for spec, header, rows in programme.schema.grids(records, lang):
        add_sheet(workbook, spec.zh if lang == "zh" else spec.name, [SheetColumn(title) for title in header], rows)
    if policy is not None:
        add_rules(workbook, policy, lang)
    return save_workbook(workbook, path, replace=True)


@pytest.mark.parametrize(
    ("name", "lang"),
    few(len(NAMES) + 1, [("wishes", "en"), *((name, "zh") for name in NAMES), *((name, "en") for name in NAMES)]),
)
def test_the_template_has_every_table_and_its_examples_are_never_planned(name, lang, tmp_path):
    programme = programme_of(name)
    path = template_of(name, tmp_path / "empty.xlsx", lang=lang)
    titles = openpyxl.load_workbook(path).sheetnames
    assert {spec.zh if lang == "zh" else spec.name for spec in programme.schema.kit.values()} <= set(titles)
    with pytest.raises(InvalidInput) as caught:
        programme.schema.read(path)
    assert {fault.code for fault in caught.value.faults} == {"only_examples"}
    assert policy_for(name, path) == programme.policy()


@pytest.mark.parametrize("name", NAMES)
def test_tables_in_chinese_read_back_equal(name, tmp_path):
    programme, records = programme_of(name), programmes.example_of(name, 2)
    few = {table: rows[:20] for table, rows in records.items()}
    read = programme.schema.reading(book(programme, few, tmp_path / "full.xlsx"))
    assert {table: rows for table, rows in read.records.items() if rows} == {t: r for t, r in few.items() if r}
    assert not read.notices
    assert not read.mends


def test_cells_with_one_meaning_are_mended_and_told(tmp_path):
    (tmp_path / "需求点名单.csv").write_text(
        "2026年需求点\n村名,北纬,东经,留守儿童（人）,备注\n甲村,26°30′,106.7,约35人,山路\n合计,,,35,\n",
        encoding="utf-8",
    )
    (tmp_path / "候选点.csv").write_text('编号,纬度,经度,状态,容量\ns,26.5,106.8,已有,"1,200"\n', encoding="utf-8")
    schema = programme_of("centres").schema
    with pytest.raises(InvalidInput) as caught:
        schema.read(tmp_path)
    assert {fault.code for fault in caught.value.faults} == {"missing_column"}  # 北纬 is no header of ours
    text = (tmp_path / "需求点名单.csv").read_text(encoding="utf-8").replace("北纬,东经", "纬度,经度")
    (tmp_path / "需求点名单.csv").write_text(text, encoding="utf-8")
    read = schema.reading(tmp_path)
    (place,) = read.records["places"]
    assert (place.id, place.lat, place.children, place.extras) == ("甲村", 26.5, 35, {"备注": "山路"})
    assert read.records["sites"][0].capacity == 1200
    assert {mend.code for mend in read.mends} == {"about", "degrees", "total_row", "number"}
    assert any(notice.code == "unknown_column" for notice in read.notices)
    target = schema.tidy(read, tmp_path / "tidy.xlsx", lang="zh")
    assert schema.read(target) == read.records


def test_every_fault_is_named_and_marked_where_it_stands(tmp_path):
    programme = programme_of("rooms")
    records = {table: rows[:4] for table, rows in programmes.example_of("rooms", 1).items()}
    path = book(programme, records, tmp_path / "rooms.xlsx")
    workbook = openpyxl.load_workbook(path)
    sheet = workbook["房间"]
    titles = [cell.value for cell in sheet[1]]
    sheet.cell(2, titles.index("座位数") + 1).value = "许多"
    sheet.cell(3, titles.index("房间编号") + 1).value = sheet.cell(4, titles.index("房间编号") + 1).value
    sheet.cell(4, titles.index("开门时间") + 1).value = 25
    workbook.save(path)
    with pytest.raises(InvalidInput) as caught:
        programme.schema.read(path)
    found = {(fault.code, fault.row, fault.column) for fault in caught.value.faults}
    assert {("not_a_number", 2, "座位数"), ("invalid_value", 4, "开门时间")} <= found
    target = programme.schema.mark(path, caught.value, tmp_path / "marked.xlsx", lang="zh")
    assert openpyxl.load_workbook(target)["房间"].cell(2, titles.index("座位数") + 1).comment
    command = ["check", str(path), "--programme", "rooms", "--mark", str(tmp_path / "again.xlsx"), "--lang", "zh"]
    assert main(command) == 2
    assert (tmp_path / "again.xlsx").exists()


def numbers(model):
    """Yield the fields of a record or a policy that are numbers."""
    for name, field in model.model_fields.items():
        said = str(field.annotation)
        if ("int" in said or "float" in said) and "Literal" not in said and "dict" not in said and "tuple" not in said:
            yield name


@pytest.mark.parametrize("name", NAMES)
def test_true_is_no_number(name):
    """Of a policy and of every record: 1 and true are two things."""
    programme = programme_of(name)
    for field in numbers(programme.policy):
        with pytest.raises(InvalidInput):
            programmes.policy_of(name, {field: True})
    for table, rows in programme.example(0).items():
        for field in numbers(type(rows[0])) if rows else ():
            with pytest.raises(InvalidInput):
                type(rows[0])(**(rows[0].model_dump() | {field: True}))
            assert table


def test_rules_stand_in_the_workbook_in_either_language(tmp_path):
    programme, records = programme_of("centres"), programmes.example_of("centres")
    few = {table: rows[:5] for table, rows in records.items()}
    wanted = programmes.CentresPolicy(
        sites=(2, 3), by_kind={"village": (0, 2)}, reach_km=7.5, objectives=("children_within", "cost")
    )
    for lang in ("en", "zh"):
        path = book(programme, few, tmp_path / f"{lang}.xlsx", lang, wanted)
        assert policy_for("centres", path) == wanted
    workbook = openpyxl.load_workbook(path)
    workbook["要求"]["B2"] = "许多"
    workbook["要求"]["A3"] = "颜色"
    workbook.save(path)
    with pytest.raises(InvalidInput) as caught:
        policy_for("centres", path)
    assert [(fault.code, fault.row) for fault in caught.value.faults] == [("not_an_option", 3)]


@pytest.mark.parametrize("name", NAMES)
def test_a_check_says_what_a_plan_would_be_based_on(name, tmp_path, capsys):
    programme, records = programme_of(name), programmes.example_of(name, 2)
    found = check_programme(name, ReadTables(records))
    sides = programme.sides(records)
    assert 0 <= found.alone < len(sides[1])
    for lang in ("en", "zh"):
        assert found.text(lang, everything=True)
    few = {table: rows[:20] for table, rows in records.items()}
    path = book(programme, few, tmp_path / "full.xlsx")
    assert main(["check", str(path), "--programme", name, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["tables"][programme.recipients] == len(few[programme.recipients])


def test_a_check_counts_who_is_out_of_reach_of_all():
    records = programmes.example_of("centres", 2)
    places, sites = (rows[:9] for rows in (records["places"], records["sites"]))
    at = [np.array([[row.lat, row.lon] for row in rows]) for rows in (places, sites)]
    metres = pair_m(at[0][:, :1], at[0][:, 1:], at[1][:, 0], at[1][:, 1])
    found = check_programme("centres", {"places": places, "sites": sites}, {"max_km": 5})
    assert found.alone == int((metres > 5000).all(axis=1).sum()) > 0
    assert str(found.alone) in found.text("zh")


def test_orders_are_heeded_and_verified():
    records = programmes.example_of("centres", 1)
    few = {"places": records["places"][:12], "sites": records["sites"][:6]}
    free = plan_programme("centres", few, {"sites": [2, 2]})
    shut = free.opened["provider_id"][0]
    place, other = few["places"][0].id, few["sites"][-1].id
    orders = [
        Order(kind="close", provider_id=shut),
        Order(kind="force", provider_id=other, recipient_id=place),
        Order(kind="forbid", provider_id=other, recipient_id=few["places"][1].id),
    ]
    plan = plan_programme("centres", {**few, "orders": orders}, {"sites": [2, 2]})
    assert plan.status == "optimal"
    assert plan.verify().ok
    assert shut not in set(plan.opened["provider_id"])
    served = dict(zip(plan.pairings["recipient_id"], plan.pairings["provider_id"], strict=True))
    assert served[place] == other
    assert served[few["places"][1].id] != other
    assert not free.verify(plan.records).ok
    for bad in (
        Order(kind="close", provider_id="nobody"),
        Order(kind="force", provider_id=shut),
        Order(kind="open", provider_id=shut, recipient_id=place),
    ):
        with pytest.raises(InvalidInput):
            plan_programme("centres", {**few, "orders": [bad]}, {"sites": [2, 2]})


@pytest.mark.parametrize("seed", few(25, range(500)))
def test_orders_give_the_best_plan_that_heeds_them(seed):
    """Against every choice of two sites, each place at the nearest that its orders leave it."""
    rng = np.random.default_rng(seed)
    records = programmes.example_of("centres", seed)
    places, sites = records["places"][:5], records["sites"][:4]
    ids = [row.id for row in sites]
    orders = {}
    for _ in range(int(rng.integers(1, 5))):
        kind, site = rng.choice(["force", "forbid", "open", "close"]), rng.choice(ids)
        place = str(rng.choice([row.id for row in places])) if kind in ("force", "forbid") else None
        orders[site, place] = Order(kind=kind, provider_id=site, recipient_id=place)
    at = [np.array([[row.lat, row.lon] for row in rows]) for rows in (places, sites)]
    cost = pair_m(at[0][:, :1], at[0][:, 1:], at[1][:, 0], at[1][:, 1]) * np.array([[row.children] for row in places])
    allowed, must, shut = np.ones(cost.shape, bool), set(), set()
    for (site, place), order in orders.items():
        j = ids.index(site)
        if order.kind in ("open", "close"):
            (must if order.kind == "open" else shut).add(j)
            continue
        i = next(i for i, row in enumerate(places) if row.id == place)
        allowed[i] &= np.arange(4) == j if order.kind == "force" else np.arange(4) != j
    totals = []
    for opened in itertools.combinations(range(4), 2):
        left = np.where(allowed, cost, np.inf)[:, opened].min(axis=1)
        if must <= set(opened) and not shut & set(opened) and np.isfinite(left).all():
            totals.append(int(left.sum()))
    given = {"places": places, "sites": sites, "orders": list(orders.values())}
    plan = plan_programme("centres", given, {"sites": [2, 2], "objectives": ["distance"]})
    if not totals:
        assert plan.status == "infeasible"
        return
    assert plan.status == "optimal"
    assert plan.levels[-1].value == min(totals)
    assert plan.verify().ok


def test_nobody_is_made_to_go_to_a_point_alone():
    records = {table: rows[:6] for table, rows in programmes.example_of("holiday", 1).items()}
    point, team = records["points"][0].id, records["teams"][0].id
    barred = [Order(kind="close", provider_id=point)]
    plan = plan_programme("holiday", {**records, "orders": barred}, {"max_km": 300}, work_limit=1)
    assert plan.verify().ok
    assert point not in set(plan.opened["provider_id"])
    with pytest.raises(InvalidInput):
        plan_programme("holiday", {**records, "orders": [Order(kind="force", provider_id=point, recipient_id=team)]})
