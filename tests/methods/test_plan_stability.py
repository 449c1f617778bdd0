"""The price of stability of whole plans: its ends, its order, its figure."""

from __future__ import annotations

import pandas as pd
import pytest
from draws import few
from small_plans import part_of_example
from stable_plans import best_by_enumeration, random_market

import matcher
from matcher.methods import relaxed_plan
from matcher.problem.problem import Problem


@pytest.mark.parametrize("seed", few(2, range(8)))
@pytest.mark.parametrize("over", ["max_blocking", "tolerance"])
def test_the_ends_are_the_stable_and_the_free_plan(seed: int, over: str) -> None:
    instance = random_market(seed, lists=False)
    policy = matcher.Policy(objectives=["cover_counties", "convenience", "county_travel"])
    frame = matcher.study.price_of_stability(instance, policy, over=over, values=(None, 0, 2))
    assert frame[over].isna().tolist() == [False, False, True]
    free = matcher.solve(instance, policy)
    assert frame.convenience_value.iloc[-1] == free.levels[1].value
    assert frame.blocking_pairs.iloc[0] == 0
    assert set(frame.status) == {"optimal"}
    signed = list(zip(-frame.cover_counties_value, frame.convenience_value, frame.county_travel_value, strict=True))
    assert signed == sorted(signed, reverse=True)


@pytest.mark.parametrize("seed", few(5, range(12)))
def test_every_point_of_the_curve_is_the_best_of_all_plans(seed: int) -> None:
    instance = random_market(seed)
    if len(instance.branches) * len(instance.schools) > 12:
        return
    frame = matcher.study.price_of_stability(instance, values=(0, 1, 2))
    for most, row in enumerate(frame.itertuples()):
        problem = Problem.of(instance, matcher.Policy(stability="limit", max_blocking_pairs=most))
        best = best_by_enumeration(problem)
        assert [objective.shown(value) for objective, value in zip(problem.objectives, best, strict=True)] == [
            getattr(row, f"{objective.name}_value") for objective in problem.objectives
        ]
        assert row.blocking_pairs == row.county_blocking_pairs + row.school_blocking_pairs <= most


def test_what_was_found_serves_looser_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half the example is too large for the program: values never get worse, bounds hold, nothing is solved twice."""
    calls = []
    kept = relaxed_plan._capped
    monkeypatch.setattr(relaxed_plan, "_capped", lambda *args: calls.append(args[-1]) or kept(*args))
    instance = part_of_example(28, 40)
    policy = matcher.Policy(objectives=["convenience", "county_travel"])
    frame = matcher.study.price_of_stability(instance, policy, values=(0, 20, None))
    assert frame.convenience_value.is_monotonic_decreasing
    assert (frame.convenience_bound <= frame.convenience_value).all()
    assert (frame.convenience_bound == frame.convenience_value.iloc[-1]).all()
    assert (frame.blocking_pairs.iloc[:-1] <= frame.max_blocking.iloc[:-1]).all()
    assert len(calls) == len(set(calls))
    assert frame.status.iloc[-1] == "optimal"


def test_faulty_limits_are_refused() -> None:
    instance = random_market(1)
    with pytest.raises(matcher.InvalidInput, match="limit_negative"):
        matcher.study.price_of_stability(instance, values=(-1,))
    with pytest.raises(matcher.InvalidInput, match="not_an_option"):
        matcher.study.price_of_stability(instance, over="shares")
    with pytest.raises(matcher.InvalidInput, match="wrong_type"):
        matcher.study.price_of_stability("a folder")
    market = matcher.Market.from_matrix([[1, 2]])
    with pytest.raises(matcher.InvalidInput, match="not_an_option"):
        matcher.study.price_of_stability(market, matcher.Policy())
    with pytest.raises(matcher.InvalidInput, match="invalid_value"):
        matcher.study.price_of_stability(market, values=(0.5,))


def test_what_is_not_known_is_missing() -> None:
    """A minimum that no stable plan meets: the first row has no plan, and says so."""
    instance = matcher.Instance(
        organizations=[{"id": f"o{i}", "lat": 26 + i / 10, "lon": 105} for i in range(2)],
        counties=[{"id": "c0", "lat": 26, "lon": 105}],
        locks=[{"level": "county", "provider_id": "o1", "recipient_id": "c0", "kind": "pin"}],
    )
    frame = matcher.study.price_of_stability(instance, values=(0, 1))
    assert frame.status.tolist() == ["infeasible", "optimal"]
    assert frame.blocking_pairs.iloc[0] is pd.NA


def test_the_list_of_blocking_pairs_says_what_each_side_would_leave() -> None:
    plan = matcher.solve(matcher.example(), matcher.Policy(objectives=["convenience", "county_travel"]))
    listed = plan.blocking_pairs
    for level in ("county", "school"):
        assert (listed.level == level).sum() == plan.metrics[f"{level}_blocking_pairs"]
    for side in ("provider_km", "recipient_km"):
        assert (listed[side].isna() | (listed[side] > listed.km)).all()
    assert listed.provider_km.isna().any()
    stable = matcher.solve(plan.instance, plan.policy.model_copy(update={"stability": "require"}))
    assert len(stable.blocking_pairs) == 0
