"""The year on the command line: next year's plan from this year's, changes in between, places, all by id or by name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import openpyxl
import pytest
from small_plans import small_instance

import matcher
from matcher.cli import main
from matcher.files.writing import write_tables


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tables `in/` and the plan of them in `out/`, with its workbook."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "in").mkdir()
    write_tables(small_instance(), folder / "in")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
            patch.delenv(name, raising=False)
        patch.chdir(folder)
        assert main(["plan", "in", "-o", "out", "--xlsx"]) == 0
    return folder


@pytest.fixture
def work(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what was made, and in it."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.mark.parametrize("old", ["out", "out/plan.xlsx"])
@pytest.mark.parametrize("command", [["next-year", "OLD", "in"], ["plan", "in", "--previous", "OLD"]])
def test_next_year_keeps_the_plan(work: Path, command: list[str], old: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An unchanged year keeps every pair; what the tables say of last year gives way, and that is said."""
    capsys.readouterr()
    assert main([*(old if word == "OLD" else word for word in command), "-o", "next", "--year", "2027"]) == 0
    assert "give way" in capsys.readouterr().err
    one, other = matcher.load_plan("out"), matcher.load_plan("next")
    for level in ("county", "school"):
        assert one.pairs(level).tolist() == other.pairs(level).tolist()
    assert other.metrics["county_ended"] == other.metrics["school_ended"] == 0
    years = {row.since for row in other.instance.previous}
    assert 2027 in years
    assert matcher.load_plan("out") == one


def test_replanning_shows_and_saves(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a target nothing is written; who is affected is named."""
    before = sorted(path.name for path in work.iterdir())
    capsys.readouterr()
    assert main(["replan", "out", "--without", "branch:B3", "--lang", "zh"]) == 0
    said = capsys.readouterr().out
    assert "S6：B3，2,139.2 公里 → 无" in said
    assert "未保存" in said
    assert sorted(path.name for path in work.iterdir()) == before
    assert main(["replan", "out", "-o", "new", "--without", "组织:乙大学", "--takes", "支部:B1=1"]) == 0
    new = matcher.load_plan("new")
    assert "U2" not in [record.id for record in new.instance.organizations]
    assert new.instance.branches[0].capacity == (0, 1)
    assert main(["replan", "out", "-o", "new", "--refused", "branch:B1", "school:S1"]) == 0
    assert ("B1", "S1") not in set(
        map(tuple, matcher.load_plan("new").school_pairings[["branch_id", "school_id"]].values)
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["replan", "out"],
        ["replan", "out", "--without", "branch:B99"],
        ["replan", "out", "--without", "nobody"],
        ["replan", "out", "--refused", "branch:B1", "county:C1"],
        ["replan", "out", "--takes", "branch:B1"],
        ["replan", "out", "--takes", "branch:B1=many"],
        ["replan", "out", "-o", "in", "--without", "branch:B1"],
        ["recommend", "out", "school:S99"],
        ["recommend", "out", "place:S1"],
        ["explain", "out", "某某"],
        ["next-year", "nowhere", "in", "-o", "x"],
    ],
)
def test_slips_are_said(work: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Bad input ends with 2, in either language, without a traceback, and writes nothing."""
    for lang in ("en", "zh"):
        capsys.readouterr()
        assert main([*arguments, "--lang", lang]) == 2
        assert "Traceback" not in capsys.readouterr().err
    assert not (work / "x").exists()


def test_places_are_recommended_by_name(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With kilometres, what it costs and what it ends, or as JSON."""
    capsys.readouterr()
    assert main(["recommend", "out", "县区:三县", "-k", "2", "--lang", "zh"]) == 0
    said = capsys.readouterr().out
    assert "三县 (C3)" in said
    assert said.count("公里") >= 2
    assert main(["recommend", "out/plan.xlsx", "school:S4", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["format"] == "matcher.recommendations/1"


def test_explain_and_diff_take_names_and_workbooks(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The workbook is taken as it was edited; one away from its plan is refused."""
    capsys.readouterr()
    for name in ("county:一县", "一县", "C1", "区县：C1"):
        assert main(["explain", "out/plan.xlsx", name, "--lang", "zh"]) == 0
        assert "一县 (C1)" in capsys.readouterr().out
    workbook = openpyxl.load_workbook("out/plan.xlsx")
    sheet = workbook["school pairings"]
    ids = [cell.value for cell in sheet[1]].index("school_id") + 1
    row = next(row for row in range(2, sheet.max_row + 1) if sheet.cell(row, ids).value == "S1")
    sheet.delete_rows(row)
    workbook.save("out/plan.xlsx")
    assert main(["diff", "out", "out/plan.xlsx"]) == 0
    assert "S1: B1" in capsys.readouterr().out
    (work / "alone.xlsx").write_bytes((work / "out" / "plan.xlsx").read_bytes())
    assert main(["explain", "alone.xlsx", "school:S4"]) == 2
    assert "[book_alone]" in capsys.readouterr().err
