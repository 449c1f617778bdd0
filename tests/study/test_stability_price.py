"""The price of stability is a monotone curve whose ends are the stable and the free optimum."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_plans import part_of_example
from stable_oracles import all_matchings, cost_of, count_blocking

import matcher
from matcher.market.preferences import preferences_of
from matcher.study.stability_prices import COLUMNS, price_of_stability, relaxed_match


def market(rng, *, ranks=True, unmet=True):
    size = (5, 4)
    rank = {"provider_rank": rng.integers(1, 9, size=size), "recipient_rank": rng.integers(1, 9, size=size)}
    return matcher.Market.from_matrix(
        rng.integers(0, 30, size=size),
        allowed=rng.random(size) < 0.5,
        capacity=rng.integers(1, 3, size=5),
        unmet_cost=20 if unmet else None,
        **(rank if ranks else {}),
    )


@pytest.mark.parametrize("unmet", [True, False])
def test_the_curve_over_blocking_pairs_equals_enumeration(unmet):
    """Every point is the best of all matchings with so few blocking pairs."""
    rng = np.random.default_rng(16)
    for _ in range(6):
        m = market(rng, unmet=unmet)
        f = preferences_of(m)
        frame = price_of_stability(m, values=(2, None, 0, 1))
        assert list(frame.columns) == ["max_blocking", *COLUMNS]
        sets = all_matchings(f)
        blocking = count_blocking(f, sets)
        cost = np.vstack([np.zeros(f.num_arcs, dtype=int) if o.cost_row is None else m.cost[0] for o in m.objectives])
        totals = cost_of(f, sets, cost, np.vstack([o.missing for o in m.objectives]))
        limits = [0, 1, 2, f.num_arcs]
        best = [list(min(map(tuple, totals[blocking <= limit].tolist()))) for limit in limits]
        assert np.array_equal(frame["value"].to_numpy(int).reshape(4, -1), best)
        assert (frame["gap"] == 0).all()
        assert (frame["status"] == "optimal").all()
        assert frame["max_blocking"].iloc[-1] is pd.NA


def test_the_curve_over_tolerance_ends_at_greedy_and_falls():
    """With cost preferences tolerance 0 is the stable plan, and more tolerance never costs more."""
    rng = np.random.default_rng(17)
    for _ in range(10):
        m = market(rng, ranks=False)
        frame = price_of_stability(m, over="tolerance", values=(0, 5, 40))
        stable = matcher.match(m, stability="require")
        assert frame["value"].iloc[0] <= stable.objective
        assert frame["value"].is_monotonic_decreasing
        assert (frame["blocking_pairs"] == 0).all()


def test_points_without_time_keep_true_bounds():
    """With no work allowed the stable matching is what is known, bounded by the free optimum."""
    m = market(np.random.default_rng(18))
    frame = price_of_stability(m, values=(1, None), work_limit=0)
    assert frame["status"].tolist() == ["feasible", "optimal"]
    assert frame["value"].iloc[0] == matcher.match(m, stability="require").objective
    assert frame["bound"].iloc[0] == matcher.match(m).objective


def test_minima_that_no_stable_matching_meets():
    """Without a stable matching the row at 0 says infeasible, and the fewest blocking pairs are told."""
    m = matcher.Market.from_arcs(
        [0, 0, 1], [0, 1, 0], [1, 1, 1], num_providers=2, num_recipients=2, demand=[[0, 1], [1, 1]],
        provider_rank=[1, 2, 1], recipient_rank=[1, 1, 2], unmet_cost=9,
    )  # fmt: skip
    frame = price_of_stability(m, values=(0, 1))
    assert frame["status"].tolist() == ["infeasible", "optimal"]
    assert frame["value"].isna().tolist() == [True, False]
    none = relaxed_match(m, max_blocking=0)
    assert (none.reason, none.witness["fewest"].value) == ("max_blocking", 1)


def test_the_page_for_users_runs_and_says_what_is_true(monkeypatch):
    """The code of the page, run in order, gives the numbers in its comments."""
    part = part_of_example(28, 40)
    monkeypatch.setattr(matcher, "example", lambda: part)
    page = (Path(__file__).parents[2] / "docs" / "stability.md").read_text(encoding="utf-8")
    names: dict = {}
    for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(code, names)
    assert names["cheapest"].cost == 5
    assert names["cheapest"].blocking_pairs().tolist() == [[1, 2], [2, 0]]
    assert (names["best"].cost, names["best"].status, names["best"].proof.kind) == (12, "optimal", "certificate")
    assert names["few"].levels[-1].value == 11
    assert names["with_pin"].reason == "pin_unstable"
    assert names["closest"].status == "optimal"


def test_faulty_limits_are_refused():
    """A tolerance has no unit where ranks are given; limits are not negative."""
    rng = np.random.default_rng(19)
    with pytest.raises(matcher.InvalidInput, match="not_an_option"):
        price_of_stability(market(rng), over="tolerance")
    with pytest.raises(matcher.InvalidInput, match="limit_negative"):
        relaxed_match(market(rng), max_blocking=-1)
    with pytest.raises(matcher.InvalidInput, match="limit_negative"):
        relaxed_match(market(rng, ranks=False), tolerance=-1)
    huge = matcher.Market.from_matrix(np.full((6, 6), 2**54), unmet_cost=2**54)
    with pytest.raises(matcher.InvalidInput, match="cost_range"):
        relaxed_match(huge)
