"""Every statement of an explanation is true, by the records alone; the price of each alternative is that of a solve."""

from __future__ import annotations

import pytest
from draws import few

import matcher
from benchmarks.explanations import Judge
from matcher.cli import main


def judged(policy: matcher.Policy, step: int, priced: int) -> set[str]:
    plan = matcher.solve(matcher.example(), policy)
    judge, reasons = Judge(plan), set()
    for number, school in enumerate(plan.instance.schools[::step]):
        said = plan.explain("school", school.id)
        assert list(judge.untrue(said)) == [], said.text()
        if number < priced:
            assert list(judge.wrong_prices(said)) == []
        reasons.add(said.reason)
        assert said.text("zh") != said.text("en")
    return reasons


@pytest.mark.parametrize(
    "fields", few(1, [{"max_school_km": 150}, {"max_school_km": 60}, {"child_km": 0.2}, {"max_county_km": 200}])
)
def test_every_statement_is_true(fields: dict[str, float]) -> None:
    assert judged(matcher.Policy(**fields), 61, 0) - {""}


@pytest.mark.slow
def test_every_statement_is_true_of_all_schools() -> None:
    assert judged(matcher.Policy(max_school_km=80), 1, 20) - {""}


def test_nobody_in_reach_names_the_nearest_that_is_allowed() -> None:
    """The organisation paired with the county is far; a branch of another one is near, and the page says so."""
    county = matcher.County(id="C1", lat=26, lon=105)
    school = matcher.School(id="S1", county_id="C1", lat=26, lon=105, children=50)
    organizations = [matcher.Organization(id=f"U{i}", lat=26, lon=105 + i) for i in (1, 2)]
    branches = [
        matcher.Branch(id="B1", organization_id="U1", lat=26, lon=108),
        matcher.Branch(id="B2", organization_id="U2", lat=26, lon=105.5),
    ]
    pin = matcher.Lock(level="county", provider_id="U1", recipient_id="C1", kind="pin")
    instance = matcher.Instance(
        organizations=organizations, branches=branches, counties=[county], schools=[school], locks=[pin]
    )
    said = matcher.solve(instance, matcher.Policy(max_school_km=100)).explain("school", "S1")
    assert said.reason == "out_of_reach"
    assert said.nearest_allowed is not None
    assert said.nearest_allowed.id == "B2"
    assert "Everybody" not in said.text()
    assert "Every branch of U1" in said.text()
    assert "no plan would keep" in said.text()  # B2 instead: the county is pinned to U1


def test_the_command_says_what_another_would_cost(tmp_path, capsys) -> None:
    plan = matcher.solve(matcher.example())
    plan.save(tmp_path / "out")
    pair = plan.school_pairings.iloc[0]
    other = next(b.id for b in plan.instance.branches if b.id != pair.branch_id)
    for lang, word in (("en", "If "), ("zh", "若")):
        told = ["explain", str(tmp_path / "out"), f"school:{pair.school_id}", "--instead", f"branch:{other}"]
        assert main([*told, "--lang", lang]) == 0
        assert capsys.readouterr().out.startswith(word)
    assert main(["explain", str(tmp_path / "out"), f"school:{pair.school_id}", "--instead", "county:nobody"]) == 2
