"""Searches end: markets that once took for ever, quadratic time or all pairs, at sizes where that would show."""

from types import SimpleNamespace

import numpy as np
import pytest
from draws import few
from engines_alone import solve_listed, solve_points

from matcher import InvalidInput, Market, match
from matcher.base.progress import Budget
from matcher.market.check import flaws
from matcher.market.claims import assembled
from matcher.market.points import compiled as fast
from matcher.market.points import sparse
from matcher.market.points import tree as trees
from matcher.market.preferences import blocking
from matcher.tables.crosscheck import successors_of


@pytest.mark.parametrize("seed", few(20, range(2_000)))
def test_points_of_few_places_and_several_each_are_as_when_listed(seed):
    """Nodes that stand for several points share out what they carry evenly, no pair twice."""
    rng = np.random.default_rng(seed)
    P, R = rng.integers(2, 14, 2)
    places = rng.uniform([28, 104], [34, 112], (3, 2))
    capacity, demand = rng.integers(1, 4, P), rng.integers(1, 6, R)
    unmet = None if rng.random() < 0.4 else float(rng.choice([10.0, 300.0, 2000.0]))
    market = Market.from_points(
        places[rng.integers(0, 3, P)], places[rng.integers(0, 3, R)], capacity=capacity, demand=demand, unmet_km=unmet
    )
    matching = solve_points(market, Budget(work_limit=100))
    assert matching.status == "optimal"
    assert not flaws(matching)
    assert matching.objective == solve_listed(market, Budget()).objective


@pytest.mark.parametrize(("demand", "unmet_km"), [(1, 3000), (4, 50), (10, None)])
def test_one_place_where_capacity_is_scarce_takes_few_rounds_and_few_pairs(demand, unmet_km):
    """What the certificate looks at does not grow with the square of the place."""
    here = np.tile([[30.0, 110.0]], (600, 1))
    capacity = 1 + np.arange(600) % 3
    market = Market.from_points(here, np.tile(here, (2, 1)), capacity=capacity, demand=demand, unmet_km=unmet_km)
    matching = match(market, work_limit=5)
    assert matching.status == "optimal"
    assert len(matching.pairs) == min(1200, 1200 * demand)


@pytest.mark.parametrize("compiled", [True, False])
def test_pairs_below_are_those_of_all_pairs(compiled, monkeypatch):
    if compiled and not fast.AVAILABLE:
        pytest.skip("numba is not installed")
    monkeypatch.setattr(fast, "AVAILABLE", compiled)
    rng = np.random.default_rng(3)
    points, xyz = rng.normal(size=(90, 3)) * 1e5, rng.normal(size=(40, 3)) * 1e5
    tree, prices = trees.Tree.build(points), rng.integers(0, 10**6, 90)
    limit = rng.integers(0, 2 * 10**6, 40)
    for scale, reach in ((0, 10**9), (1, 10**9), (7, 10**9), (1, 90_000)):
        roof = rng.integers(0, 400_000, 90)
        pairs = trees.below(tree, prices, xyz, limit, reach, scale, roof)
        squared = np.square(points[:, None] - xyz[None]).sum(axis=2)
        metres = trees.whole_floor_m(trees.arc_floor_m(squared))
        inside = (metres <= reach) & (metres < roof[:, None])
        expected = np.argwhere((metres * scale + prices[:, None] < limit) & inside)
        assert sorted(map(tuple, pairs.tolist())) == sorted(map(tuple, expected.tolist()))


def test_a_chain_of_prices_is_settled_link_by_link():
    """Each price depends on the next one's, 20,000 of them: one front a link would take minutes."""
    n = 20_000
    recipient = np.repeat(np.arange(n), 2)
    cost, ends = np.tile([1, 2], n), recipient + np.tile([0, 1], n)
    market = Market.from_arcs(ends, recipient, cost, num_providers=n + 1, num_recipients=n, unmet_cost=10**6)
    matching = match(market)
    assert (matching.status, matching.objective) == ("optimal", n)


def test_swapped_coordinates_are_told_row_by_row():
    swapped = np.random.default_rng(0).uniform([100, 22], [118, 40], (4_000, 2))
    with pytest.raises(InvalidInput) as caught:
        Market.from_points(swapped, swapped)
    assert len(caught.value.faults) == 8_000


def test_an_unknown_datum_is_told_once():
    with pytest.raises(InvalidInput) as caught:
        Market.from_points([[30, 110]], [[30, 110]], datum="mars")
    assert len(caught.value.faults) == 1


def _followed(rows):
    direct = {(row.table, row.old_id): row.new_id for row in rows}
    newest = {}
    for (table, old), new in direct.items():
        seen = {old}
        while (table, new) in direct and new not in seen:
            seen.add(new)
            new = direct[table, new]
        newest[table, old] = new
    return newest


@pytest.mark.parametrize("seed", few(30, range(3_000)))
def test_chains_of_successors_are_followed_as_one_by_one(seed):
    rng = np.random.default_rng(seed)
    rows = [
        SimpleNamespace(table="ab"[rng.integers(2)], old_id=str(rng.integers(8)), new_id=str(rng.integers(9)))
        for _ in range(rng.integers(1, 10))
    ]
    assert successors_of({"successors": rows}) == _followed(rows)


def test_a_long_chain_of_successors_is_walked_once():
    rows = [SimpleNamespace(table="counties", old_id=str(i), new_id=str(i + 1)) for i in range(100_000)]
    assert set(successors_of({"successors": rows}).values()) == {"100000"}


@pytest.mark.parametrize("seed", few(25, range(3_000)))
def test_minima_of_points_are_met_as_when_all_pairs_are_listed(seed):
    """Few arcs, all pairs priced: the same values, or a Hall set of the whole market."""
    rng = np.random.default_rng(seed)
    P, R = rng.integers(2, 30, 2)
    points = [rng.uniform([28, 104], [34, 112], (n, 2)).round(rng.integers(0, 3)) for n in (P, R)]
    capacity = np.sort(rng.integers(0, 4, (P, 2)), axis=1) * (rng.random((P, 1)) < 0.7)
    demand = np.sort(rng.integers(0, 3, (R, 2)), axis=1)
    demand[:, 0] *= rng.random(R) < 0.3
    capacity[rng.integers(P)] = demand[rng.integers(R)] = (1, 2)
    reach = None if rng.random() < 0.6 else float(rng.uniform(50, 600))
    unmet = None if rng.random() < 0.5 else float(rng.choice([0.0, 100.0, 2000.0]))
    market = Market.from_points(*points, max_km=reach, capacity=capacity, demand=demand, unmet_km=unmet)
    matching = assembled(market, sparse.ENGINE.solve(market, Budget(), None))
    expected = solve_listed(market, Budget())
    assert (matching.status, matching.objective) == (expected.status, expected.objective)
    assert not flaws(matching)


@pytest.mark.parametrize("work", [0, 1, 2, 5])
def test_a_small_work_limit_returns_pairs_and_no_less_than_it_was_given(work):
    rng = np.random.default_rng(0)
    points = rng.uniform([22, 100], [40, 118], (2, 300, 2))
    market = Market.from_points(*points, unmet_km=300)
    stopped = match(market, work_limit=work)
    assert stopped.status == "feasible"
    assert len(stopped.pairs) > 100
    assert not flaws(stopped)
    best = match(market)
    assert match(market, work_limit=work, start=best.pairs).objective == best.objective


def test_a_work_limit_with_minima_says_so_or_returns_pairs():
    rng = np.random.default_rng(0)
    points = rng.uniform([22, 100], [40, 118], (2, 300, 2))
    market = Market.from_points(*points, capacity=[(1, 2)] * 300, unmet_km=300)
    stopped = match(market, work_limit=0)
    assert (stopped.status, stopped.stop_reason) == ("unknown", "work")
    assert not flaws(stopped)
    done = match(market)
    assert done.status == "optimal"
    assert not market.listed
    assert match(market, work_limit=0, start=done.pairs).objective == done.objective


@pytest.mark.parametrize("seed", few(25, range(3_000)))
def test_blocking_pairs_of_points_are_those_among_all_listed(seed):
    rng = np.random.default_rng(seed)
    P, R = rng.integers(1, 25, 2)
    points = [rng.uniform([28, 104], [32, 108], (n, 2)).round(rng.integers(0, 4)) for n in (P, R)]
    reach = None if rng.random() < 0.6 else float(rng.uniform(50, 400))
    given = {"capacity": rng.integers(0, 3, P), "demand": rng.integers(0, 3, R), "max_km": reach, "unmet_km": 200}
    market, listed = Market.from_points(*points, **given), Market.from_points(*points, **given)
    assert listed.arcs is not None
    taken = rng.permutation(P * R)[: rng.integers(0, 20)]
    pairs = np.column_stack(np.divmod(np.sort(taken), R))
    pairs = pairs[market.allows(pairs)]
    room_p, room_r = market.capacity[:, 1].copy(), market.demand[:, 1].copy()
    kept = []
    for p, r in pairs.tolist():
        if room_p[p] and room_r[r]:
            room_p[p], room_r[r] = room_p[p] - 1, room_r[r] - 1
            kept.append((p, r))
    pairs = np.array(kept, np.int64).reshape(-1, 2)
    assert not market.listed
    assert np.array_equal(blocking(market, pairs), blocking(listed, pairs))


def test_a_dense_matrix_keeps_its_limit_and_a_child_finds_the_same():
    """Cost i * j is what the assignment takes longest for; more time than it needs changes nothing."""
    cost = np.outer(np.arange(1, 301), np.arange(1, 301))
    market = Market.from_matrix(cost)
    here, apart = match(market), match(market, time_limit_s=600)
    assert here.status == apart.status == "optimal"
    assert here.objective == apart.objective
    stopped = match(market, time_limit_s=0.001)
    assert (stopped.status, stopped.stop_reason) == ("feasible", "time")
    assert not flaws(stopped)
