"""One suite for every engine of the market: what it fits it solves, within its limits, and nothing is ever ignored."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from oracles import Case, brute_force

from matcher import CancelToken, InvalidInput, Market, match, match_many
from matcher.base.progress import Budget
from matcher.market import certificate, engines, exports, parts
from matcher.market.check import flaws
from matcher.market.claims import Solved, assembled
from matcher.market.engine import Begun
from matcher.market.points import scan, sites
from matcher.market.stable import solve_stable

NAMES = [engine.name for engine in engines.ENGINES]
SEEDS = range(16)


def by_name(name):
    return next(engine for engine in engines.ENGINES if engine.name == name)


@pytest.fixture(autouse=True)
def every_engine_fits_small_markets(monkeypatch):
    for name, value in (("_FEW_ARCS", 0), ("_PACK", 2), ("_WORTH_NODES", 0), ("_WORTH_ARCS", 0)):
        monkeypatch.setattr(parts, name, value)
    monkeypatch.setattr(sites, "MANY_PAIRS", 0)


def points_market(rng):
    """Draw points of two far places, some of them tied."""
    P, R = rng.integers(2, 7, 2)
    centre = np.array([[30.0, 100.0], [31.0, 120.0]])
    a, b = (centre[rng.integers(0, 2, n)] + np.round(rng.normal(size=(n, 2)), 1) for n in (P, R))
    unmet = None if rng.random() < 0.5 else float(rng.integers(50, 400))
    rest = {"capacity": rng.integers(0, 3, P), "demand": rng.integers(0, 3, R), "unmet_km": unmet}
    return Market.from_points(a, b, max_km=400, **rest)


def least_market(rng):
    """Draw points of which some must have a partner."""
    market = points_market(rng)
    capacity, demand = market.capacity.copy(), market.demand.copy()
    capacity[:, 0] = np.minimum(capacity[:, 1], rng.random(len(capacity)) < 0.2)
    demand[0] = (1, 2)
    return replace(market, capacity=capacity, demand=demand)


def listed_market(rng):
    """Draw listed arcs, with minima now and then, of two blocks now and then."""
    P, R = rng.integers(2, 6, 2)
    keep = rng.random((P, R)) < 0.7
    if rng.random() < 0.5:
        keep &= (np.arange(P)[:, None] % 2) == (np.arange(R)[None, :] % 2)
    p, r = np.nonzero(keep)
    demand = np.column_stack([rng.random(R) < 0.2, rng.integers(1, 3, R)]).astype(int)
    unmet = None if rng.random() < 0.5 else int(rng.integers(0, 9))
    cost = rng.integers(-3, 9, (rng.integers(1, 3), len(p)))
    return Market.from_arcs(p, r, cost, num_providers=P, num_recipients=R, demand=demand, unmet_cost=unmet)


def opened_market(rng):
    """Draw listed arcs with a cost of opening: no flow any more."""
    market = listed_market(rng)
    opening = rng.integers(0, 5, (market.num_levels, market.num_providers))
    return replace(market, opening_cost=opening)


def oracle(market):
    """Return the values of the best matching by enumeration, None if there is none."""
    arcs = list(zip(market.provider_idx.tolist(), market.recipient_idx.tolist(), strict=True))
    sides = (market.num_providers, market.num_recipients)
    found = brute_force(Case(*sides, arcs, market.cost, market.capacity, market.demand, market.unmet_cost))
    return None if found is None else tuple(found.values)


def small(market):
    """Whether the enumeration takes the market."""
    return market.num_arcs <= 14


def fresh(market):
    """Return the same market with nothing listed."""
    return Market.from_arrays(market.to_arrays())


def drawn(seed):
    rng = np.random.default_rng(seed)
    return (points_market, listed_market, opened_market, least_market)[seed % 4](rng)


@pytest.mark.parametrize("name", NAMES)
def test_an_engine_finds_the_optimum_with_a_proof(name):
    solved = 0
    for seed in SEEDS:
        market, engine = drawn(seed), by_name(name)
        found = engine.solve(market, Budget(), None) if engine.fits(market) else None
        if found is None:
            continue
        solved += 1
        matching = assembled(market, found)
        assert flaws(matching) == ()
        if name == "program" or not small(fresh(market)):  # programs are enumerated in their own tests
            assert matching.status in ("optimal", "infeasible")
            continue
        known = oracle(fresh(market))
        assert matching.status == ("infeasible" if known is None else "optimal")
        assert known is None or tuple(level.value for level in matching.levels) == known
    assert solved


@pytest.mark.parametrize("name", NAMES)
def test_an_engine_stopped_at_once_claims_nothing_false(name):
    token = CancelToken()
    token.cancel()
    for limits in ({"work_limit": 0}, {"time_limit_s": 0}, {"cancel": token}):
        for seed in SEEDS:
            market, engine = drawn(seed), by_name(name)
            found = engine.solve(market, Budget(**limits), None) if engine.fits(market) else None
            if found is not None:
                assert flaws(assembled(market, found)) == ()


@pytest.mark.parametrize("name", NAMES)
def test_an_engine_takes_a_start(name):
    for seed in SEEDS:
        market, engine = drawn(seed), by_name(name)
        if not engine.fits(market):
            continue
        begun = match(market)
        known = Begun(begun.pairs if begun.has_pairs else None, begun)
        for start in (known, Begun(known.pairs), Begun(None)):
            found = engine.solve(market, Budget(), start)
            if found is not None:
                again = assembled(market, found)
                assert [level.value for level in again.levels] == [level.value for level in begun.levels]


# --- what is no flow -------------------------------------------------------------------------------------------------


def closed_to(call, *given):
    with pytest.raises(InvalidInput) as error:
        call(*given)
    assert [fault.code for fault in error.value.faults] == ["not_a_flow"]
    assert error.value.args


def test_what_is_no_flow_is_never_taken_for_one(tmp_path):
    market = opened_market(np.random.default_rng(0))
    assert [engine.name for engine in engines.ENGINES if engine.fits(market)] == ["program"]
    closed_to(exports.to_mps, market, tmp_path / "m")
    closed_to(exports.to_dimacs, market, tmp_path / "m")
    none = np.zeros((0, 3), np.int64)
    closed_to(certificate.lower_bounds, market, (), none, none)
    closed_to(parts.part_market, market, parts.Part(np.arange(1), np.arange(1)))
    closed_to(solve_stable, market)
    large = points_market(np.random.default_rng(1))
    large = replace(large, opening_cost=np.ones((1, large.num_providers), np.int64))
    assert scan.relevant(large, large.objectives, none, none) is large


@dataclass(frozen=True)
class Toy:
    """An engine for what no other takes: the first pair, claimed by nobody."""

    name: str = "toy"

    def fits(self, market):
        return not market.is_flow

    def solve(self, market, budget, start):
        return Solved(np.zeros((0, 2), np.int64))


def test_a_new_engine_is_one_entry(monkeypatch):
    monkeypatch.setattr(engines, "ENGINES", (Toy(), *engines.ENGINES))
    market = Market.from_matrix(np.ones((2, 2), int), unmet_cost=3, closed=[True, False])
    for found in (match(market), match_many([market])[0]):
        assert (found.status, found.proof.kind, len(found.pairs)) == ("feasible", "none", 0)
    assert match(Market.from_matrix([[1]])).status == "optimal"
