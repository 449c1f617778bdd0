"""`matcher check`: what a plan would be based on, on one screen, and the tidy tables with every mend marked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from table_corpus import GOOD, book, cell, folder, tables

import matcher
from matcher.base.notices import Notice, by_weight
from matcher.cli import main
from matcher.files.mendbook import kind_words, write_mended
from matcher.words.catalogue import LANGS, catalogue


def mending(path: Path) -> Path:
    """Write tables that need mending: a number with words, a name, degrees, a total, a further column."""
    schools = [[*row, extra] for row, extra in zip(GOOD["schools"], ("学段", "初中", "小学"), strict=True)]
    schools[1][schools[0].index("children")] = "约200人"
    counties = [list(row) for row in GOOD["counties"]]
    counties[1][3], counties[2][2] = "北纬26°12′", "贵州"
    counties.append(["合计", "", "", "", "", "", ""])
    return folder(tables(schools=schools, counties=counties))(path)


@pytest.mark.parametrize("lang", LANGS)
def test_check_says_what_a_plan_would_be_based_on(
    tmp_path: Path, lang: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Counts, places against wants, rules with whom they bind, mends; nothing is planned or written."""
    source = mending(tmp_path)
    rule = '[[rules]]\nkind = "priority"\nof = {ids = ["一中"]}\nfactor = 2\n'
    (tmp_path / "p.toml").write_text(f"max_county_km = 300\n{rule}", "utf-8")
    before = sorted(tmp_path.iterdir())
    assert main(["check", str(source), "--policy", str(tmp_path / "p.toml"), "--lang", lang]) == 0
    said = capsys.readouterr().out
    assert sorted(tmp_path.iterdir()) == before
    for line in matcher.Policy(max_county_km=300).sentences(lang, matcher.read(source)):
        assert line in said
    assert ("[binds: 1 school(s)]" if lang == "en" else "【涉及：1 所学校】") in said
    assert ("Mended while reading: 4 place(s)" if lang == "en" else "读取时整理了 4 处") in said
    assert said.count("\n") <= 40
    assert "--all" in said


def test_check_shows_all_and_all_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every mend with --all; the document has them all anyway."""
    source = mending(tmp_path)
    instance = matcher.read(source)
    assert main(["check", str(source), "--all"]) == 0
    said = capsys.readouterr().out
    assert all(mend.line("en") in said for mend in instance.mends)
    assert main(["check", str(source), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["format"] == "matcher.check/1"
    assert len(document["mends"]) == len(instance.mends) == 4
    assert document["places"]["county"] == {"offered": 2, "wanted": 2, "recipients": 2, "out_of_reach": 0}
    assert {notice["code"] for notice in document["notices"]} == {notice.code for notice in instance.notices}


def test_check_counts_whom_the_rules_leave_nobody(tmp_path: Path) -> None:
    """A reach that no organisation has shows before any plan is made."""
    found = matcher.show.checkup(matcher.read(mending(tmp_path)), matcher.Policy(max_county_km=1, max_school_km=1))
    assert found.places["county"]["out_of_reach"] == 2
    assert all("nobody" in found.text("en") or "无人可结" in found.text("zh") for _ in LANGS)


def test_check_names_the_faults_of_a_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After what is known, with exit code 2."""
    (tmp_path / "p.toml").write_text('[[rules]]\nkind = "floor"\nby = "市"\npercent = 9\n', "utf-8")
    source = mending(tmp_path)
    assert main(["check", str(source), "--policy", str(tmp_path / "p.toml"), "--lang", "zh"]) == 2
    out, err = capsys.readouterr()
    assert "供需对照" in out
    assert "no_such_column" in err


def test_the_important_comes_first() -> None:
    """What changes the meaning of a plan before what was tidied, carried columns last."""
    codes = ["unknown_column", "mended_number", "table_taken", "assumed_children", "mended_swapped"]
    notices = [Notice(code, {}) for code in codes]
    assert [notice.code for notice in by_weight(notices)] == [codes[3], codes[4], codes[2], codes[1], codes[0]]


@pytest.mark.parametrize("lang", LANGS)
def test_the_tidy_tables_read_back_and_show_each_mend(tmp_path: Path, lang: Any) -> None:
    """Equal, with nothing left to mend; the mended cells are coloured and say what they were."""
    instance = matcher.read(mending(tmp_path))
    path = write_mended(instance, tmp_path / "tidy.xlsx", lang=lang)
    again = matcher.read(path)
    assert again == instance
    assert again.mends == ()
    workbook = openpyxl.load_workbook(path)
    assert workbook.worksheets[0].max_row == 1 + len(instance.mends)
    comments = [c.comment.text for s in workbook.worksheets[1:] for row in s.iter_rows() for c in row if c.comment]
    assert len(comments) == 3  # the total has no cell any more
    assert any("约200人" in said for said in comments)
    cells = [cell for sheet in workbook.worksheets for row in sheet.iter_rows(min_row=2) for cell in row]
    marked = [cell for cell in cells if cell.fill.fgColor.rgb == "00FFE699"]
    assert sorted(str(cell.value) for cell in marked) == ["200", "26.2", "贵州省"]


def test_check_writes_the_tidy_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside the input, never over it, and not over anything a person made."""
    source = book(cell("schools", 2, "children", "35人"))(tmp_path)
    target = tmp_path / "tidy.xlsx"
    assert main(["check", str(source), "--mend", str(target)]) == 0
    assert str(target) in capsys.readouterr().out
    assert matcher.read(target) == matcher.read(source)
    assert main(["check", str(source), "--mend", str(source), "--force"]) == 2
    target.write_bytes(source.read_bytes())
    assert main(["check", str(source), "--mend", str(target)]) == 2


def test_every_kind_of_mend_has_words() -> None:
    """In both languages, for the list of mends."""
    kinds = [key.removeprefix("notice.mended_") for key in catalogue() if key.startswith("notice.mended_")]
    assert all(kind_words(kind, lang) != kind for kind in kinds for lang in LANGS)
