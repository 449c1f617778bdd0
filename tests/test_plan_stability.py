"""The price of stability of whole plans."""

from __future__ import annotations

import pytest
from test_stable_plan import random_market

import matcher
from matcher.preference.plan_stability import stability_curve


@pytest.mark.parametrize("seed", range(6))
def test_the_two_ends_are_the_stable_and_the_free_plan(seed: int) -> None:
    instance = random_market(seed, lists=False)
    policy = matcher.Policy(objectives=["cover_counties", "convenience", "county_travel"])
    frame = stability_curve(instance, policy, shares=(1.0, 0.5, 0.0))
    stable = matcher.solve(instance, policy.model_copy(update={"stability": "require"}))
    free = matcher.solve(instance, policy)
    assert frame.convenience.iloc[0] == stable.levels[1].value
    assert frame.convenience.iloc[-1] == free.levels[1].value
    assert frame.county_blocking_pairs.iloc[0] == frame.school_blocking_pairs.iloc[0] == 0
    assert frame.county_blocking_pairs.iloc[1] == 0
    assert (frame.cover_counties_gap == frame.cover_counties_bound - frame.cover_counties).all()
    assert frame.convenience_gap.iloc[-1] == 0


def test_a_share_is_a_share() -> None:
    with pytest.raises(matcher.InvalidInput):
        stability_curve(matcher.Instance(), shares=(2.0,))
