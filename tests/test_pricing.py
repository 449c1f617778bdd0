"""The optimum of point markets over all pairs: against brute force, HiGHS and the solver of listed arcs."""

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import coo_matrix

from matcher import Market, match
from matcher.matching_check import flaws
from matcher.geo import pair_m
from matcher.level_solver import solve_listed
from matcher.pricing import solve_points
from matcher.progress import Budget


def small_market(rng):
    """Draw a small market with ties, shared places, empty bounds and every kind of limit."""
    P, R = rng.integers(1, 9), rng.integers(1, 9)
    kind = rng.integers(0, 4)
    span = [0.02, 1.0, 20.0, 60.0][rng.integers(0, 4)]

    def points(n):
        at = np.column_stack([rng.uniform(-span, span, n) + 30, rng.uniform(-span, span, n) + 100])
        if kind == 1:  # a coarse grid: ties and shared places
            at = np.round(at / (span / 2)) * (span / 2)
        if kind == 2:  # few places
            at = at[rng.integers(0, max(1, n // 2), n)]
        return np.clip(at, [-90, -180], [90, 180])

    reach = None if rng.random() < 0.5 else float(rng.uniform(0, 2) * span * 80)
    demand = rng.integers(0, 4, R) if rng.random() < 0.5 else 1
    a, b = points(P), points(R)
    unmet = None
    if rng.random() < 0.65:
        unmet = rng.uniform(0, 3 * span * 80, R).round(3)
        if rng.random() < 0.5:  # equal to a distance: the tie rule
            d = pair_m(a[rng.integers(0, P, R), 0], a[rng.integers(0, P, R), 1], b[:, 0], b[:, 1])
            unmet = d / 1000
    return Market.from_points(a, b, max_km=reach, capacity=rng.integers(0, 4, P), demand=demand, unmet_km=unmet)


def by_highs(market):
    """Return the values of the levels by two linear programmes in HiGHS (the constraint matrix is unimodular)."""
    p, r, cost = market.provider_idx, market.recipient_idx, market.cost[0].astype(float)
    A, P, R = len(p), market.num_providers, market.num_recipients
    arcs = np.arange(A)
    rows = np.concatenate([p, P + r, P + np.arange(R)])
    cols = np.concatenate([arcs, arcs, A + np.arange(R)])
    matrix = coo_matrix((np.ones(len(rows)), (rows, cols)), (P + R, A + R)).tocsr()
    capacity, demand = market.capacity[:, 1], market.demand[:, 1]
    limits = [(0, 1)] * A + [(0, None)] * R

    def least(objective, extra=None, most=None):
        upper = matrix[:P] if extra is None else coo_matrix(np.vstack([matrix[:P].toarray(), extra])).tocsr()
        bound = capacity if extra is None else np.append(capacity, most)
        answer = linprog(objective, upper, bound, matrix[P:], demand, limits, method="highs")
        assert answer.status == 0
        return round(answer.fun)

    metres = np.concatenate([cost, np.zeros(R)])
    missing = np.concatenate([np.zeros(A), np.ones(R)])
    if market.unmet_cost is not None:
        return (least(metres + np.concatenate([np.zeros(A), market.unmet_cost[0]])),)
    unmet = least(missing)
    return unmet, least(metres, missing, unmet)


def check(market, matching):
    """Assert what a proof claims, by the solver-free checker."""
    assert matching.status == "optimal"
    assert flaws(matching) == ()


def run_many(seed, count):
    rng = np.random.default_rng(seed)
    for number in range(count):
        market = small_market(rng)
        matching = solve_points(market, Budget())
        check(market, matching)
        values = tuple(level.value for level in matching.levels)
        if number % 4 == 0 and market.num_arcs:
            assert values == by_highs(market)
        listed = solve_listed(market, Budget(), None)
        assert values == tuple(level.value for level in listed.levels)
        assert len(matching.pairs) == len(listed.pairs)


def test_a_thousand_small_markets_have_the_optimum_of_two_other_solvers():
    run_many(1, 1000)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_twenty_thousand_small_markets(seed):
    run_many(100 + seed, 1000)


def town_market(P=260, R=400, seed=0, **rest):
    rng = np.random.default_rng(seed)
    towns = np.column_stack([rng.uniform(25, 40, 12), rng.uniform(100, 118, 12)])
    a = towns[rng.integers(0, 4, P)] + rng.normal(size=(P, 2)) * 0.2
    b = towns[rng.integers(0, 12, R)] + rng.normal(size=(R, 2)) * 0.5
    capacity = np.random.default_rng(seed + 1).integers(1, 4, P)
    return Market.from_points(a.round(4), b.round(4), capacity=capacity, **rest)


@pytest.mark.parametrize("rest", [{}, {"max_km": 300}, {"unmet_km": 400}, {"demand": 2, "max_km": 700}])
def test_the_door_prices_many_pairs_and_finds_what_listing_finds(rest):
    market = town_market(**rest)
    matching = match(market)
    assert not market.listed
    assert matching.levels[-1].method == "pricing"
    check(market, matching)
    listed = match(Market.from_arrays(market.to_arrays()), start=None) if market.listed else solve_listed(
        market, Budget(), None
    )
    assert [level.value for level in matching.levels] == [level.value for level in listed.levels]
