"""Several units a pair: the transportation problem, against scipy's linear programme, and its proof."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog
from test_check_alone import CHECK

import matcher
from matcher import Market, Matching, match
from matcher.base.progress import Budget
from matcher.market import listed
from matcher.market.certificate import values
from matcher.market.check import flaws
from matcher.market.engines import solve_market
from matcher.market.levels import MarketLevel
from matcher.market.parts import Part, part_market


def drawn(rng: np.random.Generator) -> Market:
    """Arcs or a matrix, minima on both sides, limits of 0 to 5, one or two levels, with or without a charge."""
    P, R = rng.integers(1, 6, 2)
    options: dict[str, Any] = {}
    for name, count in (("capacity", P), ("demand", R)):
        most = rng.integers(0, 9, count)
        least = rng.integers(0, most // 2 + 1) if rng.random() < 0.3 else np.zeros(count, int)
        options[name] = np.column_stack([least, most])
    levels = int(rng.integers(1, 3))
    if rng.random() < 0.5:
        options["unmet_cost"] = rng.integers(0, 12, (levels, R))
    here = rng.random((P, R)) < 0.8
    cost = rng.integers(-3, 10, (levels, P, R))
    limit = rng.integers(0, 6, (P, R)) if rng.random() < 0.8 else int(rng.integers(1, 9))
    if rng.random() < 0.5:
        allowed = here if rng.random() < 0.5 else None
        return Market.from_matrix(cost, allowed=allowed, pair_limit=limit, **options)
    p, r = np.nonzero(here)
    order = rng.permutation(len(p))
    p, r = p[order], r[order]
    limit = limit if np.ndim(limit) == 0 else limit[p, r]
    return Market.from_arcs(p, r, cost[:, p, r], num_providers=P, num_recipients=R, pair_limit=limit, **options)


def by_programme(market: Market) -> tuple[int, ...] | None:
    """The best values by the textbook linear programme, level after level; None where nothing keeps the bounds."""
    A = market.num_arcs
    limit = np.broadcast_to(market.pair_limit, (A,))
    rows, most = [], []
    for idx, bounds in ((market.provider_idx, market.capacity), (market.recipient_idx, market.demand)):
        for node, (low, high) in enumerate(bounds.tolist()):
            row = (idx == node).astype(float)
            rows += [row, -row]
            most += [high, -low]
    found: list[int] = []
    for level in market.objectives:
        weight, constant = _linear(market, level)
        if A == 0:
            ok = all(m >= 0 for m in most)
            answer = constant if ok else None
        else:
            solved = linprog(weight, np.array(rows), most, bounds=[(0, u) for u in limit.tolist()])
            answer = round(solved.fun) + constant if solved.status == 0 else None
        if answer is None:
            return None
        found.append(answer)
        if A:
            rows.append(weight)
            most.append(answer - constant + 1e-7)
    return tuple(found)


def _linear(market: Market, level: MarketLevel) -> tuple[np.ndarray, int]:
    cost = np.zeros(market.num_arcs) if level.cost_row is None else market.cost[level.cost_row].astype(float)
    return cost - level.missing[market.recipient_idx], int(level.missing @ market.demand[:, 1])


def hold(seeds: range) -> None:
    for seed in seeds:
        market = drawn(np.random.default_rng(seed))
        best, found = by_programme(market), match(market)
        assert not flaws(found), seed
        assert CHECK(found.to_arrays()) is None, seed
        assert Matching.from_bytes(found.to_bytes()) == found
        if best is None:
            assert found.status == "infeasible", seed
            assert found.witness is not None
            continue
        assert (found.status, tuple(level.value for level in found.levels)) == ("optimal", best), seed
        assert found.units is not None
        assert found.units.min(initial=1) >= 1


def test_small_markets_equal_the_linear_programme() -> None:
    """Values, proofs and witnesses, with minima, limits, levels, matrices and arcs."""
    hold(range(40))


@pytest.mark.slow
def test_many_markets_equal_the_linear_programme() -> None:
    """The same over thousands."""
    hold(range(1000, 6000))


def transport(n: int, seed: int = 1) -> Market:
    rng = np.random.default_rng(seed)
    supply, demand = rng.integers(100, 10_000, (2, n))
    return Market.from_matrix(rng.integers(1, 1000, (n, n)), capacity=supply, demand=demand, pair_limit=1 << 40)


def test_a_transportation_problem_is_solved_as_one() -> None:
    """Thousands of units a node are no more work than one: totals, cost, prices, start."""
    market = transport(60)
    found = match(market)
    assert found.status == "optimal"
    assert len(found.pairs) < 120
    assert found.cost == int(market.matrix.cost[0][tuple(found.pairs.T)] @ found.units)
    assert int(found.units.sum()) + int(found.unmet.sum()) == int(market.demand[:, 1].sum())
    assert match(market, start=found).with_units.tolist() == found.with_units.tolist()
    by_hand = match(market, start=found.with_units, work_limit=0)
    assert by_hand.status in ("feasible", "optimal")
    assert by_hand.with_units.tolist() == found.with_units.tolist()
    with pytest.raises(matcher.InvalidInput):
        match(market, start=found.pairs)


def test_one_unit_a_pair_is_the_same_market() -> None:
    """A limit of 1 changes nothing but that the units are said."""
    rng = np.random.default_rng(5)
    cost = rng.integers(0, 50, (9, 12))
    one, plain = (match(Market.from_matrix(cost, capacity=3, pair_limit=limit)) for limit in (1, None))
    assert [level.value for level in one.levels] == [level.value for level in plain.levels]
    assert one.units.tolist() == [1] * len(one.pairs)
    assert plain.units is None


def test_points_may_have_several_units() -> None:
    """From points the limit is one number."""
    market = Market.from_points([[26, 105]], [[26.1, 105], [26.2, 105]], capacity=5, demand=3, pair_limit=2)
    found = match(market)
    assert found.with_units.tolist() == [[0, 0, 2], [0, 1, 2]]
    assert not flaws(found)


def test_parts_keep_their_limits() -> None:
    """A part has the limits of its arcs, and stopped work gives pairs within them."""
    market = transport(5)
    whole = Part(np.arange(market.num_providers), np.arange(market.num_recipients))
    part = part_market(market, whole, np.arange(market.num_arcs))
    assert values(part, listed.solve(part, Budget(work_limit=0), None).pairs)
    big = transport(30)
    stopped = match(big, work_limit=0)
    assert stopped.status == "feasible"
    assert len(stopped.pairs)
    assert not flaws(stopped)
    assert solve_market(big, Budget(), None).pairs.shape[1] == 3


def test_forged_units_are_found() -> None:
    """More than a pair may have, none at all, other totals, units where there are none."""
    found = match(Market.from_matrix([[1, 2], [3, 4]], capacity=3, demand=3, pair_limit=2))
    for units in ([3, 0, 1, 1], [2, 1, 1, 1], [-1, 3, 3, -1]):
        forged = found.replace(units=np.array(units[: len(found.units)], np.int64))
        assert flaws(forged), units
        assert CHECK(forged.to_arrays()), units
    assert flaws(found.replace(units=None))
    plain = match(Market.from_matrix([[1]]))
    assert flaws(plain.replace(units=np.ones(1, np.int64)))


def test_a_transportation_problem_is_written_and_read(tmp_path: Path) -> None:
    """Through DIMACS with the same optimum."""
    rng = np.random.default_rng(8)
    market = Market.from_matrix(
        rng.integers(0, 9, (4, 6)), capacity=7, demand=5, unmet_cost=6, pair_limit=rng.integers(1, 5, (4, 6))
    )
    matcher.market.to_dimacs(market, tmp_path / "t.min")
    again = matcher.market.read_dimacs(tmp_path / "t.min")
    assert match(again).cost == match(market).cost
    assert again.pair_limit.tolist() == market.pair_limit.tolist()


def test_what_knows_no_units_refuses_them() -> None:
    """Stability, programs beyond a flow, limits of another shape, negative ones."""
    market = Market.from_matrix([[1, 2]], pair_limit=2)
    for call in (
        lambda: match(market, stability="require"),
        lambda: match(market, stability="report"),
        lambda: match(market).blocking_pairs(),
        lambda: matcher.study.relaxed_match(market),
        lambda: Market.from_matrix([[1, 2]], pair_limit=2, opening_cost=1),
        lambda: Market.from_matrix([[1, 2]], pair_limit=[1, 2, 3]),
        lambda: Market.from_matrix([[1, 2]], pair_limit=-1),
    ):
        with pytest.raises(matcher.InvalidInput):
            call()
