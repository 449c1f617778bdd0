"""Branching on sites by prices, against the enumeration of all sets of sites."""

import itertools

import numpy as np
import pytest
from draws import few

from matcher import Market, match
from matcher.market import check
from matcher.market.points.compiled import AVAILABLE
from matcher.market.program import branching, levels, siting

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="branching waits for compiled loops")


@pytest.fixture(autouse=True)
def branching_alone(monkeypatch):
    """Leave nothing to others but what has no plan to begin with, and so much by the prices that there is some."""
    monkeypatch.setattr(levels, "MOST_EXACT", 0)
    monkeypatch.setattr(siting, "_FEW_LEFT", -1)
    monkeypatch.setattr(siting, "_FAST_ROUNDS", 30)


def drawn(seed: int) -> tuple[dict, int, int]:
    rng = np.random.default_rng(seed)
    sites, places = int(rng.integers(4, 9)), int(rng.integers(6, 14))
    given = {
        "cost": rng.integers(0, 40, (sites, places)),
        "allowed": rng.random((sites, places)) < 0.8,
        "unmet_cost": rng.integers(20, 60, places),
        "demand": np.column_stack([rng.random(places) < 0.2, np.ones(places)]).astype(int),
        "opening_cost": rng.integers(0, 20, sites) * int(rng.random() < 0.5),
    }
    if rng.random() < 0.7:
        given["group"] = rng.integers(-1, 2, sites)
        given["group_open"] = np.sort(rng.integers(0, 4, (2, 2)), axis=1)
    if rng.random() < 0.4:
        given["resource"], given["budget"] = rng.integers(0, 5, (sites, 1)), [[int(rng.integers(0, 3)), 9]]
    given["must_open"] = rng.random(sites) < 0.1
    given["closed"] = (rng.random(sites) < 0.1) & ~given["must_open"]
    return given, sites, places


def least(given: dict, sites: int) -> int | None:
    """Return the least cost over all sets of open sites, None if none serves whoever has to be."""
    best = None
    for opened in itertools.product([False, True], repeat=sites):
        on = np.array(opened)
        if (given["must_open"] & ~on).any() or (given["closed"] & on).any():
            continue
        counts = [int((on & (given.get("group", np.zeros(sites)) == g)).sum()) for g in range(2)]
        if any(not lo <= n <= hi for n, (lo, hi) in zip(counts, given.get("group_open", ()), strict=False)):
            continue
        if "budget" in given:
            spent = int(given["resource"][on].sum())
            if not given["budget"][0][0] <= spent <= given["budget"][0][1]:
                continue
        cost = np.where(given["allowed"] & on[:, None], given["cost"], 10**6).min(axis=0)
        served = np.where(given["demand"][:, 0] == 0, np.minimum(cost, given["unmet_cost"]), cost)
        total = int(served.sum() + given["opening_cost"][on].sum())
        if total < 10**6:
            best = total if best is None else min(best, total)
    return best


def judge(seed: int) -> None:
    given, sites, places = drawn(seed)
    market = Market.from_matrix(capacity=places, **given)
    best = least(given, sites)
    if best is None:
        return  # what nobody can serve is not left to branching
    found = match(market)
    assert check.flaws(found) == ()
    assert found.status == "optimal"
    assert found.levels[0].value == best == found.levels[0].bound


@pytest.mark.parametrize("seed", few(20, range(60)))
def test_branching_finds_and_proves_what_the_enumeration_finds(seed):
    judge(seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_thousands_are_branched_as_by_enumeration(block):
    for seed in range(1000 + 200 * block, 1200 + 200 * block):
        judge(seed)


@pytest.mark.parametrize("seed", few(8, range(40)))
def test_a_search_cut_short_says_no_more_than_is_true(seed):
    given, sites, places = drawn(seed)
    best = least(given, sites)
    market = Market.from_matrix(capacity=places, **given)
    for work in (31, 40, 62, 65):
        found = match(market, work_limit=work)
        assert check.flaws(found) == ()
        if best is not None and found.has_pairs:
            assert (found.levels[0].bound or 0) <= best <= found.levels[0].value


def test_the_proof_names_branching_where_prices_alone_do_not_meet():
    rng = np.random.default_rng(4)
    points = rng.uniform(0, 100, (60, 2))
    cost = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)).astype(int)
    market = Market.from_matrix(
        cost, capacity=60, demand=[[1, 1]] * 60, unmet_cost=0, group=[0] * 60, group_open=[[4, 4]]
    )
    found = match(market)
    assert found.status == "optimal"
    assert found.proof.kind == "certificate" or branching.SOLVER in found.proof.solver
