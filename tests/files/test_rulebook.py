"""The sheet 要求: all that a policy can say, a row a rule, reads back into the same policy."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import openpyxl
import pytest
from draws import few
from table_corpus import book, tables

import matcher
from matcher import InvalidInput, Policy
from matcher.cli import main
from matcher.files import selecting
from matcher.files.rulebook import COLUMNS, policy_of, read_rules, rows_of
from matcher.policy.objectives import BANDED, COVERAGE, MORE_IS_BETTER, NAMES
from matcher.policy.rules import Selector
from matcher.words.catalogue import LANGS, said

LETTERS = "甲乙AB1 =>!≤；;、,\"\\'+编号类型"
KINDS = ("university", "enterprise", "institution")


def word(draw: Random, letters: str = LETTERS, least: int = 0) -> str:
    return "".join(draw.choices(letters, k=draw.randint(least, 6)))


def plain(draw: Random) -> str:
    return word(draw, "甲乙AB1", 1)


def number(draw: Random) -> float:
    return draw.choice([draw.randint(1, 10**6) / 1000, draw.randint(1, 999)])


def names(draw: Random) -> list[str]:
    return [word(draw) for _ in range(draw.randint(0, 3))]


def selector(draw: Random) -> dict[str, Any]:
    found: dict[str, Any] = {name: names(draw) for name in ("ids", "provinces", "parents") if draw.random() < 0.3}
    if draw.random() < 0.3:
        found["kinds"] = draw.sample(KINDS, draw.randint(0, 2))
    if draw.random() < 0.4:
        found["where"] = {word(draw, least=1): word(draw) for _ in range(draw.randint(0, 2))}
    return found


def rule(draw: Random) -> dict[str, Any]:
    level, of = draw.choice(["county", "school"]), selector(draw)
    two = {"level": level, "provider": selector(draw), "recipient": of}
    pair = {"level": level, "provider_id": plain(draw), "recipient_id": plain(draw)}
    rate = draw.choice([{}, {"km": 2.5, "min": number(draw) / 100}])
    because = draw.choice([{}, {"reason": plain(draw)}])
    by, table = draw.choice(["all", "province", "county", "市（州）"]), draw.choice(["branches", "organizations"])
    return draw.choice(
        [
            {"kind": "reach", "level": level, "max_km": number(draw), "max_min": draw.choice([None, number(draw)])},
            {"kind": "within", "provinces": draw.choice([None, names(draw)])},
            {"kind": "pin", **pair, **because},
            {"kind": "keep", **two, **because, "min_years": draw.randint(0, 9), "year": 2026},
            {"kind": "forbid", **two, **because},
            {"kind": "floor", "level": level, "of": of, "by": by, "number": draw.randint(1, 9)},
            {"kind": "floor", "percent": draw.randint(1, 100), "count": draw.choice(["children", "recipients"])},
            {"kind": "load", "table": table, "of": of, "least": draw.randint(0, 9)},
            {"kind": "load", "count": draw.choice(["schools", "children"]), "most": draw.randint(0, 9)},
            {"kind": "skills", "meet": draw.choice(["all", "any"]), "of": of},
            {"kind": "children_per_volunteer", "most": number(draw), "of": of},
            {"kind": "priority", "of": of, "factor": draw.randint(0, 999_000) / 1000},
            {"kind": "wanted_kind", "kinds": draw.sample(KINDS, draw.randint(1, 2)), "of": of, "least": 2},
            {"kind": "max_changes", "level": level, "most": draw.randint(0, 9)},
            {"kind": "reach", "level": level, "max_km": number(draw), "beyond": draw.randint(0, 9)},
            {"kind": "prefer", **two, "within": "province", "km": draw.randint(1, 99), "min": 3},
            {"kind": "partners", **two, "by": by, "most": draw.randint(1, 9), **rate},
            {"kind": "kind_balance", "of": of, "by": "neighbours", "near_km": number(draw), **rate},
            {"kind": "kind_balance", "of": of, "by": by, "kinds": draw.sample(KINDS, 2), "most": draw.randint(0, 9)},
        ]
    )


def objective(draw: Random, name: str) -> dict[str, Any]:
    if name in BANDED:
        return {"name": name, "band_km": number(draw)}
    cap = "at_least" if name in MORE_IS_BETTER else "at_most"
    found = {"name": name, "slack_percent": draw.choice([0, number(draw)]), cap: draw.choice([None, number(draw)])}
    return found | ({"where": selector(draw)} if name in COVERAGE and draw.random() < 0.5 else {})


def policy_drawn(seed: int) -> Policy:
    """Return a policy with any of its fields, objectives and rules."""
    draw = Random(seed)
    bounds = [draw.randint(0, 3), draw.randint(3, 9)]
    fields: dict[str, Any] = {
        "objectives": [objective(draw, name) for name in draw.sample(NAMES, draw.randint(1, 4))],
        "child_km": draw.choice([None, 0, number(draw)]),
        "child_min": draw.choice([None, number(draw)]),
        "change_cost_km": number(draw),
        "max_county_km": number(draw),
        "max_school_km": number(draw),
        "max_school_min": number(draw),
        "within": draw.choice(["province", [plain(draw)], [word(draw), plain(draw)]]),
        "county_demand": bounds,
        "organization_capacity": draw.randint(0, 5),
        "school_demand": bounds,
        "branch_capacity": bounds,
        "county_cost": "min",
        "school_cost": "min",
        "speed_kmh": number(draw),
        "detour_factor": draw.randint(100, 900) / 100,
        "stability": draw.choice(["off", "report", "require"]),
        "stability_km": number(draw),
        "max_blocking_pairs": draw.randint(0, 9),
    }
    some = {name: value for name, value in fields.items() if draw.random() < 0.4}
    rules = [rule(draw) for _ in range(draw.randint(0, 4))]
    if any("km" in each for each in rules) and "objectives" in some:  # which pay the rates
        named = [*({"name": name} for name in ("county_travel", "convenience")), *some["objectives"]]
        some["objectives"] = list({each["name"]: each for each in named}.values())
    return Policy(**some, rules=rules)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("first", few(1, [0, *range(60, 20_000, 1000)]))
def test_a_policy_reads_back_from_its_rows(lang: Any, first: int) -> None:
    """Whatever it says, in either language, as a workbook would give the cells back."""
    header = [said(f"rulebook.{column}", lang) for column in COLUMNS]
    for seed in range(first, first + (60 if first == 0 else 1000)):
        policy = policy_drawn(seed)
        assert policy_of([header, *rows_of(policy, lang)]) == policy, seed


def test_a_selector_reads_back_from_its_cell() -> None:
    """Also with names that look like conditions."""
    for seed in range(1000):
        given = Selector(**selector(Random(seed)))
        for lang in LANGS:
            shown = selecting.said(given, lang)
            assert (Selector() if shown is None else selecting.meant(shown)) == given, (seed, shown)


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("贵州大学；贵州师范大学", {"ids": ("贵州大学", "贵州师范大学")}),
        ("贵州大学、贵州师范大学", {"ids": ("贵州大学", "贵州师范大学")}),
        ("学段=小学", {"where": {"学段": "小学"}}),
        ("类型＝高校；省份＝贵州省、湖南省", {"kinds": ("university",), "provinces": ("贵州省", "湖南省")}),
        ("上级=水城区；学段=小学", {"parents": ("水城区",), "where": {"学段": "小学"}}),
        ('"编号"=3', {"where": {"编号": "3"}}),
        ("人数>=30", {"where": {"人数": ">=30"}}),
        ("人数 ≥ 30；学段！＝小学", {"where": {"人数": ">=30", "学段": "!=小学"}}),
        ("人数＜5、", {"where": {"人数": "<5"}}),
        ('人数=">=30"', {"where": {"人数": ">=30"}}),
    ],
)
def test_what_a_planner_writes_is_understood(cell: str, meant: dict[str, Any]) -> None:
    """Names alone, conditions, full-width signs."""
    assert selecting.meant(cell) == Selector(**meant)


def with_rules(path: Path, *rows: dict[str, Any]) -> Path:
    """Write the good tables with a sheet of rules below the header of the template."""
    header = [said(f"rulebook.{column}", "zh") for column in COLUMNS]

    def edit(workbook: Any) -> None:
        sheet = workbook.create_sheet("要求")
        for row in [header, *({said(f"rulebook.{n}", "zh"): c for n, c in row.items()} for row in rows)]:
            sheet.append(row if isinstance(row, list) else [row.get(title) for title in header])

    return book(tables(), edit)(path)


def test_a_workbook_is_planned_by_its_sheet_of_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No TOML is needed; the sheet is named, and a file of policy goes before it."""
    path = with_rules(
        tmp_path,
        {"rule": "最远路程", "level": "县区", "km": 300},
        {"rule": "优先", "whom": "一中", "factor": "2"},
        {"rule": "每名儿童折算路程", "km": "不限"},
    )
    policy = Policy(max_county_km=300, child_km=None, rules=[{"kind": "priority", "of": {"ids": "一中"}, "factor": 2}])
    assert read_rules(path) == ("要求", policy)
    assert matcher.read(path).notices == ()
    assert main(["plan", str(path), "-o", str(tmp_path / "out"), "--lang", "zh"]) == 0
    assert "“要求”表" in capsys.readouterr().err
    plan = matcher.load_plan(tmp_path / "out")
    assert (plan.policy.max_county_km, plan.policy.child_km) == (300, None)
    assert plan.policy.rules[0].of.ids == ("S01",)
    (tmp_path / "p.toml").write_text("max_county_km = 200\n")
    assert main(["check", str(path), "--policy", str(tmp_path / "p.toml")]) == 0
    assert "200 km" in capsys.readouterr().out


def test_a_plan_is_judged_by_the_sheet_of_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A plan made by other rules is found out, unless these are named; nobody need repeat the sheet in a file."""
    path = with_rules(tmp_path, {"rule": "最远路程", "level": "县区", "km": 1})
    (tmp_path / "wide.toml").write_text("max_county_km = 5000\n")
    out, wide = str(tmp_path / "out"), ["--policy", str(tmp_path / "wide.toml")]
    assert main(["plan", str(path), "-o", out, *wide]) == 0
    assert main(["verify", str(path), out, *wide]) == 0
    capsys.readouterr()
    assert main(["verify", str(path), out, "--lang", "zh"]) == 1
    said = capsys.readouterr()
    assert "“要求”表" in said.err
    assert "too_far" in said.out or "公里" in said.out


def test_what_can_not_be_understood_is_a_fault_at_its_row(tmp_path: Path) -> None:
    """Every one, with the sheet, and the nearest right word."""
    path = with_rules(
        tmp_path,
        {"rule": "最远路成", "level": "县区", "km": 300},
        {"rule": "覆盖下限", "how": "人头", "percent": 90},
        {"rule": "覆盖下限", "percent": "很多"},
        {"rule": "变动上限", "most": 3, "km": 5},
        {"rule": "覆盖下限"},
        {"rule": "最远路程", "level": "学校", "km": -1},
    )
    with pytest.raises(InvalidInput) as caught:
        read_rules(path)
    faults = caught.value.faults
    assert {fault.sheet for fault in faults} == {"要求"}
    found = {(fault.row, fault.code) for fault in faults}
    assert found >= {
        (2, "unknown_rule"),
        (3, "unknown_rule_word"),
        (4, "not_a_number"),
        (5, "rule_needs_nothing"),
        (6, "invalid_value"),
        (7, "invalid_value"),
    }
    assert all("{" not in fault.message(lang) + fault.mend(lang) for fault in faults for lang in LANGS)
    assert next(fault for fault in faults if fault.row == 2).details["nearest"] == "最远路程"


@pytest.mark.parametrize("lang", LANGS)
def test_the_template_has_the_sheet_with_its_drop_downs(tmp_path: Path, lang: Any) -> None:
    """Empty it asks for nothing; each drop-down offers words that are understood."""
    path = matcher.template(tmp_path / "t.xlsx", lang=lang)
    assert read_rules(path) is None
    workbook = openpyxl.load_workbook(path)
    sheet, words = workbook[said("rulebook.sheet", lang)], workbook[said("rulebook.choices", lang)]
    assert [cell.value for cell in sheet[1]] == [said(f"rulebook.{column}", lang) for column in COLUMNS]
    assert len(sheet.data_validations.dataValidation) == 4
    asks = [cell.value for cell in words["A"][1:] if cell.value]
    assert len(asks) == len(set(asks)) >= 25
