"""What a planner reads and types: names beside ids, words in the language asked for, slips that are said aloud."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest
from small_plans import small_instance, small_plan

import matcher
from matcher.cli import main
from matcher.files.faultbook import mark_faults
from matcher.files.plan_edits import read_edits
from matcher.files.writing import write_workbook


def test_columns_and_kinds_that_nobody_has_are_faults() -> None:
    """A slip in `by`, `where` or `kinds` would else be a rule that binds nobody."""
    instance = small_instance()
    rules = [
        {"kind": "floor", "level": "school", "by": "nite", "percent": 50},
        {"kind": "forbid", "level": "county", "provider": {"kinds": "大学"}, "recipient": {"where": {"levl": "x"}}},
        {"kind": "floor", "level": "school", "by": "note", "percent": 1},
        {"kind": "forbid", "level": "county", "provider": {"kinds": "enterprise", "where": {"level": "x"}}},
    ]
    with pytest.raises(matcher.InvalidInput) as caught:
        matcher.solve(instance, matcher.Policy(rules=rules))
    said = [(fault.code, fault.column, fault.value) for fault in caught.value.faults]
    assert said == [
        ("no_such_column", "rules.0.by", "nite"),
        ("no_such_column", "rules.1.recipient.where", "levl"),
        ("no_such_value", "rules.3.provider.where", "x"),
    ]
    assert all(caught.value.message(lang) for lang in ("en", "zh"))


def test_kinds_are_words_in_sentences() -> None:
    """No code of a kind stands in a Chinese sentence, and no empty reason."""
    rules = [
        {"kind": "forbid", "level": "county", "provider": {"kinds": "enterprise"}, "recipient": {"ids": "C1"}},
        {"kind": "wanted_kind", "kinds": ["university", "institution"]},
    ]
    said = matcher.Policy(rules=rules).summary("zh")
    assert "企业 与 C1" in said
    assert "高校、事业单位" in said
    assert "原因：-" not in said


def test_alternatives_name_who_has_them() -> None:
    """A county that asks why reads names, not codes alone."""
    said = small_plan().explain("county", "C1").text()
    assert "taken by 二县 (C2)" in said


def test_explaining_takes_the_words_of_the_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On the command line the kind may be Chinese, and a name instead of an id is answered with the id."""
    out = str(small_plan().save(tmp_path / "out"))
    assert main(["explain", out, "区县:C1", "--lang", "zh"]) == 0
    assert "一县 (C1)" in capsys.readouterr().out
    assert main(["explain", out, "county:一县", "--lang", "zh"]) == 0
    assert "一县 (C1)" in capsys.readouterr().out
    assert main(["explain", out, "county:一線", "--lang", "zh"]) == 2


def test_a_false_id_in_a_workbook_is_a_fault_where_it_stands(tmp_path: Path) -> None:
    """Edits become locks, but the planner knows the sheet and the row only; full-width ids are ids."""
    plan = small_plan()
    plan.save(tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    book["county pairings"]["E3"] = "丙企業"
    sheet = book["school pairings"]
    sheet.cell(4, [cell.value for cell in sheet[1]].index("branch_id") + 1).value = "Ｂ1"
    book.save(tmp_path / "edited.xlsx")
    edits = read_edits(tmp_path / "edited.xlsx")
    assert edits.added["school"] == (("B1", "S3"),)
    with pytest.raises(matcher.InvalidInput) as caught:
        edits.applied(plan.instance)
    (fault,) = caught.value.faults
    assert (fault.sheet, fault.row, fault.column, fault.value) == ("county pairings", 3, "organization_id", "丙企業")
    assert fault.details["nearest"] == "U3 丙企业"


def test_marked_faults_are_said_and_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The list names tables as their sheets are named, values as they stand, and the command says where it is."""
    write_workbook(small_instance(), tmp_path / "in.xlsx")
    book = openpyxl.load_workbook(tmp_path / "in.xlsx")
    book["counties"]["G2"] = -1
    book.save(tmp_path / "in.xlsx")
    marked = str(tmp_path / "faults.xlsx")
    plan = ["plan", str(tmp_path / "in.xlsx"), "-o", str(tmp_path / "out"), "--mark", marked, "--lang", "zh"]
    assert main(plan) == 2
    said = capsys.readouterr().err
    assert f"已写入：{marked}" in said
    assert "数值 -1 小于 0" in said
    assert "-1.0" not in said
    row = next(openpyxl.load_workbook(marked)["错误清单"].iter_rows(min_row=2, values_only=True))
    assert row[0] == "县区"
    with pytest.raises(matcher.InvalidInput) as caught:
        matcher.read(tmp_path / "in.xlsx")
    assert mark_faults(tmp_path / "in.xlsx", caught.value, tmp_path / "en.xlsx").exists()


def test_an_unknown_field_of_a_policy_is_answered_with_the_nearest() -> None:
    """A policy has no extras: the advice of a record would lead astray."""
    with pytest.raises(matcher.InvalidInput) as caught:
        matcher.Policy(max_scool_km=3)
    assert "max_school_km" in caught.value.message("zh")
    assert "extras" not in caught.value.message("zh")


def test_units_of_a_tolerance_are_words() -> None:
    """Kilometres are 公里 in every Chinese sentence."""
    assert "20 公里" in matcher.Policy(stability="tolerance", stability_km=20).summary("zh")


def test_an_infeasible_plan_that_verifies_is_not_said_to_keep_the_rules() -> None:
    """There is no plan that could; what holds is that there is none."""
    plan = matcher.solve(small_instance(), matcher.Policy(max_county_km=1, county_demand=(1, 1)))
    assert plan.status == "infeasible"
    said = matcher.verify(plan.instance, plan)
    assert said.ok
    assert said.summary("zh") == "已证明：没有方案能满足硬性规则。"


def test_every_error_has_a_json_form() -> None:
    """A service hands errors on without parsing their text."""
    plan = matcher.solve(small_instance(), matcher.Policy(max_county_km=1, county_demand=(1, 1)))
    with pytest.raises(matcher.InfeasibleError) as caught:
        plan.raise_for_status()
    content = json.loads(json.dumps(caught.value.to_json(), ensure_ascii=False))
    assert content["format"] == "matcher.error/1"
    assert content["code"] == "infeasible"
    assert content["witness"]["kind"] == "hall"
    assert "硬性规则" in content["message"]["zh"]
    error = matcher.MissingExtra("openpyxl", "excel")
    assert error.to_json()["code"] == "missing_extra"
    assert "需要" in error.message("zh")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_workbook_of_an_instance_says_its_datum(tmp_path: Path, lang: str) -> None:
    """Points converted once are not converted again by whoever declares the datum of the first tables."""
    path = write_workbook(small_instance(), tmp_path / "next.xlsx", lang=lang)
    assert matcher.read(path) == small_instance()
    with pytest.raises(matcher.InvalidInput) as caught:
        matcher.read(path, datum="gcj02")
    assert {fault.code for fault in caught.value.faults} == {"two_datums"}


def test_carried_columns_are_named_with_the_words_of_their_tables(tmp_path: Path) -> None:
    """The one line for all tables is in the language asked for."""
    path = write_workbook(small_instance(), tmp_path / "in.xlsx")
    said = matcher.solve(matcher.read(path)).summary("zh")
    assert "note (学校)" in said
