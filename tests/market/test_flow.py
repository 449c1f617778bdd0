"""A level as a flow: its solution, its prices, the face it leaves, and Hall sets, each checked by definition."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from draws import blocks
from oracles import brute_force
from strategies import random_case

from matcher import InvalidInput, Market, match
from matcher.market import flow
from matcher.market.certificate import HallWitness
from matcher.market.check import flaws
from matcher.market.face import Face
from matcher.market.flow import least_cost, most_pairs
from matcher.market.hall import hall_set
from matcher.market.prices import NotOptimal, dual_prices


def first_level(seed, **changed):
    """A feasible case with a charge for what is unmet, its market and its whole face."""
    case = random_case(np.random.default_rng(seed))
    if case.unmet is None or brute_force(case) is None:
        return None
    market = case.market()
    return case, market, Face.whole(market)


def slack_holds(face, cost, missing, chosen, p, q):
    reduced = cost + p[face.ends[0]] - q[face.ends[1]]
    assert (reduced[~chosen] >= 0).all()
    assert (reduced[chosen] <= 0).all()
    used_p, used_r = face.used(chosen)
    assert (p[used_p < face.capacity[:, 1]] <= 0).all()
    assert (p[used_p > face.capacity[:, 0]] >= 0).all()
    assert (q >= missing)[used_r < face.demand[:, 1]].all()
    assert (q <= missing)[used_r > face.demand[:, 0]].all()


def test_prices_satisfy_complementary_slackness():
    solved = 0
    for seed in range(300):
        if (found := first_level(seed)) is None:
            continue
        case, market, face = found
        chosen = least_cost(face, market.cost[0], case.unmet[0])
        slack_holds(
            face, market.cost[0], case.unmet[0], chosen, *dual_prices(face, market.cost[0], case.unmet[0], chosen)
        )
        solved += 1
    assert solved > 100


def test_what_is_not_optimal_has_no_prices():
    refused = 0
    for seed in range(300):
        if (found := first_level(seed)) is None:
            continue
        case, market, face = found
        best = brute_force(case).values[0]
        rng = np.random.default_rng(seed)
        chosen = rng.random(face.num_free) < 0.5
        used_p, used_r = face.used(chosen)
        kept = ((used_p >= case.capacity[:, 0]) & (used_p <= case.capacity[:, 1])).all()
        kept &= ((used_r >= case.demand[:, 0]) & (used_r <= case.demand[:, 1])).all()
        value = market.cost[0] @ chosen + case.unmet[0] @ (case.demand[:, 1] - used_r)
        if kept and value > best:
            refused += 1
            with pytest.raises(NotOptimal):
                dual_prices(face, market.cost[0], case.unmet[0], chosen)
    assert refused > 15


@pytest.mark.parametrize("seeds", blocks(35, range(100)))
def test_the_optimal_face_holds_every_optimum_and_nothing_else(seeds):
    """The optima of a level are the subsets of the free arcs that keep the narrowed bounds, plus what is taken."""
    for seed in seeds:
        if (found := first_level(seed)) is None:
            continue
        case, market, face = found
        if face.num_free > 10:
            continue
        cost, missing = market.cost[0], case.unmet[0]
        chosen = least_cost(face, cost, missing)
        p, q = dual_prices(face, cost, missing, chosen)
        narrow, free = face.restrict(face.reduced(cost, p, q), missing, (p, q), chosen)
        best = brute_force(case).values[0]
        at_p, at_r = case.incidence()
        order = np.lexsort((at_r.argmax(axis=1), at_p.argmax(axis=1))) if len(case.arcs) else np.zeros(0, int)
        at_p, at_r = at_p[order], at_r[order]
        for number in range(1 << face.num_free):
            x = (number >> np.arange(face.num_free)) & 1
            use_p, use_r = x @ at_p, x @ at_r
            fits = ((use_p >= case.capacity[:, 0]) & (use_p <= case.capacity[:, 1])).all()
            fits &= ((use_r >= case.demand[:, 0]) & (use_r <= case.demand[:, 1])).all()
            optimal = bool(fits) and cost @ x + missing @ (case.demand[:, 1] - use_r) == best
            fixed = np.setdiff1d(np.arange(face.num_free), free)
            inside = np.array_equal(fixed[x[fixed] == 1], np.sort(narrow.taken))
            use_p, use_r = x[free] @ at_p[free], x[free] @ at_r[free]
            inside &= ((use_p >= narrow.capacity[:, 0]) & (use_p <= narrow.capacity[:, 1])).all()
            inside &= ((use_r >= narrow.demand[:, 0]) & (use_r <= narrow.demand[:, 1])).all()
            assert inside == optimal


def test_most_pairs_equals_networkx():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        arcs = np.argwhere(rng.random((15, 18)) < 0.15)
        capacity, demand = rng.integers(0, 4, 15), rng.integers(0, 3, 18)
        market = Market.from_arcs(
            *arcs.T, np.zeros(len(arcs)), num_providers=15, num_recipients=18, capacity=capacity, demand=demand
        )
        graph = nx.DiGraph()
        graph.add_nodes_from(["s", "t"])
        graph.add_edges_from(("s", ("p", p), {"capacity": int(c)}) for p, c in enumerate(capacity))
        graph.add_edges_from((("r", r), "t", {"capacity": int(d)}) for r, d in enumerate(demand))
        graph.add_edges_from((("p", p), ("r", r), {"capacity": 1}) for p, r in arcs.tolist())
        face = Face.whole(market)
        chosen = most_pairs(face, np.zeros(face.num_free, bool))
        assert chosen.sum() == nx.maximum_flow_value(graph, "s", "t")
        assert most_pairs(face, chosen).sum() == chosen.sum()
        used_p, used_r = face.used(chosen)
        assert (used_p <= capacity).all()
        assert (used_r <= demand).all()


def test_numbering_changes_nothing_that_is_promised():
    for seed in range(80):
        if (found := first_level(seed)) is None:
            continue
        case, market, face = found
        numbering = np.random.default_rng(seed).permutation(case.num_providers + case.num_recipients)
        chosen = least_cost(face, market.cost[0], case.unmet[0], numbering=numbering)
        slack_holds(
            face, market.cost[0], case.unmet[0], chosen, *dual_prices(face, market.cost[0], case.unmet[0], chosen)
        )


@pytest.mark.parametrize("refuses_beyond", [2**36, 2**62])
def test_large_costs_are_exact_whether_the_solver_takes_them_or_not(monkeypatch, refuses_beyond):
    """networkx counts in Python integers; a solver that refuses is asked for coarse costs first."""
    really, refused = flow._solved, []

    def solved(face, cost, missing, provider_cost, numbering):
        given = [array for array in (cost, missing, provider_cost) if array is not None and array.size]
        if max(int(np.abs(array).max()) for array in given) > refuses_beyond:
            refused.append(face)
            return None
        return really(face, cost, missing, provider_cost, numbering)

    monkeypatch.setattr(flow, "_solved", solved)
    monkeypatch.setattr(flow, "_SOLVER_RANGE", min(refuses_beyond * 45**2, 2**61))
    for seed in range(12):
        rng = np.random.default_rng(seed)
        num_p, num_r = 18, 24
        arcs = np.argwhere(rng.random((num_p, num_r)) < 0.4)
        cost = rng.integers(-(2**53), 2**53, len(arcs)) if seed % 2 else rng.integers(0, 5, len(arcs)) * 2**51
        cost += rng.integers(-2, 3, len(arcs))
        capacity, unmet = rng.integers(1, 3, num_p), int(rng.integers(2**51, 2**53))
        market = Market.from_arcs(
            *arcs.T, cost, num_providers=num_p, num_recipients=num_r, capacity=capacity, unmet_cost=unmet
        )
        graph = nx.DiGraph()
        graph.add_node("s", demand=-num_r)
        graph.add_edges_from(("s", ("p", p), {"capacity": int(c), "weight": 0}) for p, c in enumerate(capacity))
        for (p, r), c in zip(arcs.tolist(), cost.tolist(), strict=True):
            graph.add_edge(("p", p), ("r", r), capacity=1, weight=c)
        for r in range(num_r):
            graph.add_node(("r", r), demand=1)
            graph.add_edge("s", ("r", r), capacity=1, weight=unmet)
        matching = match(market)
        assert flaws(matching) == ()
        assert matching.objective == nx.network_simplex(graph)[0]
    assert bool(refused) == (refuses_beyond < 2**53)


def test_costs_that_the_solver_refuses_even_coarse_are_refused(monkeypatch):
    monkeypatch.setattr(flow, "_solved", lambda *_: None)
    with pytest.raises(InvalidInput) as error:
        match(Market.from_matrix([[2**40, 1], [3, 4]], capacity=2))
    assert [fault.code for fault in error.value.faults] == ["cost_range"]


def test_hall_sets_exist_exactly_where_the_minima_cannot_be_met():
    seen = set()
    for seed in range(500):
        case = random_case(np.random.default_rng(seed))
        short = hall_set(case.market())
        assert (short is None) == (brute_force(case) is not None)
        if short is not None:
            assert HallWitness.of(case.market(), *short).holds
            seen.add(short[0])
    assert seen == {"provider", "recipient"}


def test_long_chains_are_priced():
    """One path through 2 * 1,500 nodes: the price of the last depends on the first."""
    count = 1500
    at = np.arange(count)
    ends = np.concatenate([at, at[:-1]]), np.concatenate([at, at[1:]])
    cost = np.concatenate([np.full(count, 5), np.full(count - 1, 4)])
    market = Market.from_arcs(*ends, cost, num_providers=count, num_recipients=count)
    matching = match(market)
    assert flaws(matching) == ()
    assert matching.cost == 5 * count
    assert all(p[0] < p[1] for p in pairwise(matching.pairs.tolist()))
