"""The README says what is true: its code runs, its output is what the code prints, its links lead somewhere."""

import re
import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def test_both_readmes_are_what_their_source_makes(monkeypatch, capsys):
    tool = ROOT / "tools" / "make_readme.py"
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", [str(tool), "--check"])
    assert runpy.run_path(str(tool))["main"]() == 0, capsys.readouterr().out


@pytest.mark.parametrize("page", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]), ids=lambda page: page.name)
def test_links_lead_to_files(page):
    folder = ROOT if page.name == "readme.md" else page.parent
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (folder / target).exists(), f"{page.name}: {target}"


def test_make_targets_of_the_readme_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", (ROOT / "docs" / "readme.md").read_text(encoding="utf-8"), re.MULTILINE):
        assert f"\n{target}:" in makefile
