"""How firm pairs are: the same seed says the same, wherever it is planned, and what is certain is firm."""

from __future__ import annotations

import pytest
from small_plans import small_instance, small_plan

import matcher
from matcher.study import robustness


def test_the_same_seed_says_the_same() -> None:
    plan = small_plan()
    first, again, other = (robustness(plan, 3, seed=seed, drop_out=0.3) for seed in (1, 1, 2))
    assert dict(first.shares) == dict(again.shares)
    assert first.children == again.children
    assert first.planned == first.drawings == 3
    assert (dict(first.shares), first.children) != (dict(other.shares), other.children)
    frame = first.pairings()
    assert list(frame.columns[:2]) == ["school_id", "branch_id"]
    assert frame.firm.dropna().between(0, 1).all()
    assert first.text("zh") != first.text("en")


def test_what_nothing_touches_stands_always() -> None:
    plan = matcher.solve(small_instance())
    found = matcher.robustness(plan, 3, drop_out=0, children=0, precision_km={"": 0, "county_seat": 0})
    assert set(found.shares.values()) == {1.0}
    assert found.always() == len(plan.school_pairs)


def test_the_figure_shows_itself(tmp_path) -> None:
    pytest.importorskip("matplotlib")
    found = robustness(small_plan(), 2, drop_out=0.4)
    assert found.figure(lang="zh").save(tmp_path / "firm.png").stat().st_size > 2000


@pytest.mark.parametrize("fields", [{"drawings": 0}, {"drop_out": 1}, {"children": -0.1}])
def test_numbers_that_make_no_sense_are_refused(fields: dict[str, float]) -> None:
    with pytest.raises(matcher.InvalidInput):
        robustness(small_plan(), **fields)


@pytest.mark.slow
def test_workers_change_nothing() -> None:
    plan = matcher.solve(matcher.example())
    assert dict(robustness(plan, 4, workers=2).shares) == dict(robustness(plan, 4).shares)
