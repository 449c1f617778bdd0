"""Chinese messages are Chinese: also what the parsers of arguments, TOML, JSON and files say."""

from __future__ import annotations

import locale
import re
from pathlib import Path

import pytest

import matcher
from matcher import InvalidInput, Policy
from matcher.cli import main
from matcher.cli.arguments import language
from matcher.words.parsers import in_chinese

#: words of ours that a planner types, and names of formats
_OURS = re.compile(
    r"matcher(?: (?:re)?plan)?|--?[a-z-]+|[A-Z]{3,}[.a-z]*|/o\b|-o|toml|json|xlsx|"
    r"\[[a-z_]+\]|'[^']*'|“[^”]*”|max_km|max_min|percent|number|"
    r"least|most|where|band_km|band_min|slack_percent|at_most|at_least|min_years|year|rules|objectives|\d+|kind|floor|keep|reach"
)


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan"],
        ["plan", "x"],
        ["plan", "x", "-o"],
        ["plan", "x", "-o", "y", "--gap", "a"],
        ["plan", "x", "-o", "y", "--datum", "z"],
        ["plan", "x", "-o", "y", "--wat"],
        ["replan", "x", "--refused", "a"],
        ["nix"],
        [],
    ],
    ids=" ".join,
)
def test_wrong_arguments_are_told_in_chinese(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Every kind of slip that the parser of arguments knows."""
    assert main([*arguments, "--lang=zh"]) == 2
    said = capsys.readouterr().err
    assert re.search("[一-鿿]", said)
    assert not re.search("[a-z]{4,}", _OURS.sub("", said)), said


@pytest.mark.parametrize(
    "text",
    ["a = = 3", "a 3", "a = [1", "a = 'x", "a = 1\na = 2", "[a\nb=1", "a = {b=1,b=2}", "a = \x01", "= 3", "a = 1 2"],
)
def test_broken_toml_is_told_in_chinese(text: str) -> None:
    """With line and column, as a person counts."""
    with pytest.raises(InvalidInput) as caught:
        Policy.from_toml(text)
    said = caught.value.faults[0].message("zh")
    assert not re.search("[a-z]{4,}", _OURS.sub("", said.replace("TOML", ""))), said


@pytest.mark.parametrize("text", ["", "{", "[1,", '{"a" 1}', "{} {}", '"\n"', "3", '{"a":"\\x"}'])
def test_broken_json_is_told_in_chinese(text: str) -> None:
    """As for TOML."""
    with pytest.raises(InvalidInput) as caught:
        Policy.from_json(text)
    said = caught.value.faults[0].message("zh")
    assert not re.search("[a-z]{4,}", _OURS.sub("", said.replace("JSON", ""))), said


@pytest.mark.parametrize(
    "fields",
    [
        {"objectives": [{"name": "convenience", "where": {}}]},
        {"objectives": [{"name": "fair_county_travel"}]},
        {"objectives": [{"name": "fair_county_travel", "band_km": 5, "at_most": 3}]},
        {"objectives": [{"name": "cover_counties", "at_most": 3}]},
        {"rules": [{"kind": "keep", "min_years": 3}]},
        {"rules": [{"kind": "floor"}]},
        {"max_county_km": "a"},
        {"county_demand": "x"},
    ],
    ids=str,
)
def test_a_wrong_policy_is_told_in_chinese(fields: dict[str, object]) -> None:
    """No reason of another's library shows through."""
    with pytest.raises(InvalidInput) as caught:
        Policy(**fields)
    for fault in caught.value.faults:
        said = fault.message("zh") + fault.mend("zh")
        assert not re.search("[a-z]{4,}", _OURS.sub("", said)), said


def test_a_reason_nobody_knows_stays_as_it_is() -> None:
    """Rather English than nothing."""
    assert in_chinese("something else") == "something else"
    assert in_chinese("Invalid value (at line 2, column 3)") == "第 2 行第 3 列：值无效"


def test_the_language_is_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of Unix first, then the name that Windows gives; what is asked for before all."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(locale, "getlocale", lambda: ("Chinese (Simplified)_China", "936"))
    assert language([]) == "zh"
    assert language(["--lang", "en"]) == "en"
    monkeypatch.setenv("LANG", "C.UTF-8")
    assert language([]) == "en"
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert language([]) == "zh"


def test_a_broken_workbook_is_told_in_chinese(tmp_path: Path) -> None:
    """What is no workbook says so."""
    (tmp_path / "t.xlsx").write_bytes(b"x")
    with pytest.raises(InvalidInput) as caught:
        matcher.read(tmp_path / "t.xlsx")
    said = caught.value.faults[0].message("zh")
    assert not re.search("[a-z]{4,}", _OURS.sub("", said)), said
