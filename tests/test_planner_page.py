"""The year of a planner as its page in Chinese tells it: every command runs, on a ledger of a few rows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from small_plans import small_instance

from matcher.cli import main
from matcher.files.writing import write_workbook
from matcher.words.catalogue import said
from matcher.words.rulebook import TEXTS

PAGE = (Path(__file__).parents[1] / "docs" / "planner.zh.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


def test_the_year_runs_as_the_page_tells_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_workbook(small_instance(), Path("台账.xlsx"), lang="zh")
    assert len(COMMANDS) > 8
    for command in COMMANDS:
        program, *arguments = shlex.split(command)
        assert program == "matcher"
        assert main(arguments) in (0, 3), command  # 3: verified, the optimum is somebody's claim
    for made in ("2026", "2026改", "2026调整", "2027"):
        assert (Path(made) / "plan.json").exists()


def test_the_rules_shown_are_words_of_the_sheet() -> None:
    header, _, *shown = re.findall(r"^\| (\S+) \||^\|---", PAGE, re.MULTILINE)
    words = {chinese for key, _, chinese in TEXTS if key.startswith("ask.")}
    assert header == said("rulebook.rule", "zh")
    assert len(shown) == 4
    assert set(shown) <= words
