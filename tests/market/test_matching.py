"""`match` against brute force and other solvers, its limits, its starts, and what a `Matching` gives."""

import networkx as nx
import numpy as np
import pytest
from draws import blocks, few
from hypothesis import given, settings
from oracles import brute_force
from scipy.optimize import Bounds, LinearConstraint, linear_sum_assignment, milp
from strategies import cases, middle_market, random_case

from matcher import InfeasibleError, InvalidInput, Market, Matching, match
from matcher.market import assignment, prices
from matcher.market.check import flaws


def check(case, best, matching):
    assert flaws(matching) == ()
    if best is None:
        assert matching.status == "infeasible"
        assert matching.witness.holds
        assert (matching.cost, matching.objective, matching.unmet, matching.prices) == (None, None, None, None)
        return
    assert matching.status == "optimal"
    assert tuple(level.value for level in matching.levels) == best.values
    assert len(matching.pairs) == best.num_pairs
    assert matching.pairs.tolist() in best.pairs
    assert all(level.gap == 0 and not level.conditional for level in matching.levels)


def check_case(case, rng):
    best = brute_force(case)
    matching = match(case.market())
    check(case, best, matching)
    shuffled = match(case.market(rng.permutation(len(case.arcs))))
    assert shuffled.pairs.tolist() == matching.pairs.tolist()
    assert shuffled.proof == matching.proof
    check(case, best, match(case.matrix_market()))
    return matching.status


@pytest.mark.parametrize("seeds", few(1, [range(30), *(range(first, first + 75) for first in range(0, 1500, 75))]))
def test_brute_force_agrees(seeds):
    statuses = [check_case(random_case(rng := np.random.default_rng(seed)), rng) for seed in seeds]
    assert {"optimal", "infeasible"} == set(statuses)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(12))
def test_brute_force_agrees_on_twenty_four_thousand(block):
    for seed in range(10_000 + 2000 * block, 10_000 + 2000 * (block + 1)):
        rng = np.random.default_rng(seed)
        check_case(random_case(rng, most_arcs=13), rng)


@settings(max_examples=75)
@given(cases())
def test_brute_force_agrees_on_what_hypothesis_draws(case):
    check(case, brute_force(case), match(case.market()))


@pytest.mark.parametrize(
    ("without_assignment", "small_grid", "dense"), [(True, 0, 24), (True, 0, 0), (False, 0, 0), (True, 1 << 14, 24)]
)
@pytest.mark.parametrize("first", few(1, range(3000, 3400, 100)))
def test_every_way_of_solving_and_pricing_agrees(monkeypatch, without_assignment, small_grid, dense, first):
    """Small markets take the short ways; force them through those of large ones."""
    if without_assignment:
        monkeypatch.setattr(assignment, "least_cost", lambda *_, **__: None)
    monkeypatch.setattr(prices, "_SMALL_GRID", small_grid)
    monkeypatch.setattr(prices, "_DENSE", dense)
    for seed in range(first, first + 100):
        case = random_case(np.random.default_rng(seed))
        best = brute_force(case)
        check(case, best, match(case.matrix_market()))
        check(case, best, match(case.market()))


# --- second solvers at middle size -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("num_p", "num_r", "ties"), [(120, 80, False), (80, 120, False), (90, 90, True)])
def test_scipy_assignment_agrees(num_p, num_r, ties):
    rng = np.random.default_rng(num_p)
    cost = rng.integers(0, 5 if ties else 10**6, (num_p, num_r))
    matching = match(Market.from_matrix(cost))
    rows, columns = linear_sum_assignment(cost)
    assert flaws(matching) == ()
    assert matching.cost == cost[rows, columns].sum()
    assert len(matching.pairs) == min(num_p, num_r)
    # With a charge for what is unmet: dummies at that charge.
    charge = rng.integers(0, 4 if ties else 20_000, num_r)
    matching = match(Market.from_matrix(cost, unmet_cost=charge))
    padded = np.vstack([cost, np.tile(charge, (num_r, 1))])
    rows, columns = linear_sum_assignment(padded)
    assert flaws(matching) == ()
    assert matching.objective == padded[rows, columns].sum()


@pytest.mark.parametrize("seed", range(3))
def test_highs_agrees_on_every_level(seed):
    """Levels fixed one after the other as constraints of an integer programme."""
    rng = np.random.default_rng(seed)
    num_p, num_r = 25, 40
    arcs = np.argwhere(rng.random((num_p, num_r)) < 0.3)
    cost = rng.integers(0, 8, (2, len(arcs)))
    capacity = np.stack([rng.integers(0, 2, num_p), rng.integers(1, 4, num_p)], axis=1)
    demand = np.stack([np.zeros(num_r, np.int64), rng.integers(1, 3, num_r)], axis=1)
    unmet = rng.integers(2, 9, (2, num_r))
    market = Market.from_arcs(
        arcs[:, 0],
        arcs[:, 1],
        cost,
        num_providers=num_p,
        num_recipients=num_r,
        capacity=capacity,
        demand=demand,
        unmet_cost=unmet,
    )
    matching = match(market)
    assert flaws(matching) == ()
    at_p = (np.arange(num_p)[:, None] == arcs[:, 0]).astype(float)
    at_r = (np.arange(num_r)[:, None] == arcs[:, 1]).astype(float)
    rules = [LinearConstraint(at_p, *capacity.T), LinearConstraint(at_r, *demand.T)]
    for level in range(2):
        gain = cost[level] - unmet[level] @ at_r
        result = milp(gain, constraints=rules, integrality=np.ones(len(arcs)), bounds=Bounds(0, 1))
        value = round(result.fun)
        assert matching.levels[level].value == value + unmet[level] @ demand[:, 1]
        rules.append(LinearConstraint(gain, value, value))


def test_networkx_simplex_agrees():
    rng = np.random.default_rng(5)
    num_p, num_r = 40, 60
    arcs = np.argwhere(rng.random((num_p, num_r)) < 0.2)
    cost, capacity = rng.integers(0, 1000, len(arcs)), rng.integers(1, 4, num_p)
    market = Market.from_arcs(
        arcs[:, 0], arcs[:, 1], cost, num_providers=num_p, num_recipients=num_r, capacity=capacity, unmet_cost=700
    )
    graph = nx.DiGraph()
    graph.add_node("source", demand=-num_r)
    for p in range(num_p):
        graph.add_edge("source", ("p", p), capacity=int(capacity[p]), weight=0)
    for (p, r), c in zip(arcs.tolist(), cost.tolist(), strict=True):
        graph.add_edge(("p", p), ("r", r), capacity=1, weight=c)
    for r in range(num_r):
        graph.add_node(("r", r), demand=1)
        graph.add_edge("source", ("r", r), capacity=1, weight=700)
    matching = match(market)
    assert flaws(matching) == ()
    assert matching.objective == nx.network_simplex(graph)[0]


# --- definitions -----------------------------------------------------------------------------------------------------


def test_a_pair_dearer_than_what_is_unmet_is_never_chosen_and_at_equality_the_pair_is():
    cost = np.array([[5, 6, 4]])
    matching = match(Market.from_matrix(cost.T @ np.ones((1, 3), int), unmet_cost=5))
    assert sorted(int(cost[0, p]) for p, _ in matching.pairs) == [4, 5]
    assert match(Market.from_matrix([[7]], unmet_cost=7)).pairs.tolist() == [[0, 0]]
    assert match(Market.from_matrix([[8]], unmet_cost=7)).pairs.tolist() == []
    assert match(Market.from_matrix([[8]], unmet_cost=7, demand=[(1, 1)])).pairs.tolist() == [[0, 0]]


def test_reduced_costs_keep_the_documented_signs_over_all_pairs():
    rng = np.random.default_rng(8)
    cost = rng.integers(0, 9, (2, 12, 9))
    matching = match(Market.from_matrix(cost, unmet_cost=rng.integers(2, 7, (2, 9)), capacity=2))
    reduced = cost + matching.prices.provider[:, :, None] - matching.prices.recipient[:, None, :]
    chosen = {tuple(pair) for pair in matching.pairs.tolist()}
    for p in range(12):
        for r in range(9):
            vector = tuple(reduced[:, p, r])
            assert vector <= (0, 0) if (p, r) in chosen else vector >= (0, 0)


def test_cost_objective_and_unmet_are_in_the_unit_of_the_input():
    matching = match(Market.from_matrix([[0.25, 9.5], [2.5, 9.75]], unmet_cost=3.125))
    assert (matching.cost, matching.objective) == (0.25, 3.375)
    assert matching.unmet.tolist() == [0, 1]
    assert matching.levels[0].value == 3_375_000
    two = match(Market.from_matrix([[[1, 2]], [[3, 4]]], unmet_cost=9))
    assert (two.cost, two.objective) == ((1, 3), (10, 12))
    none = match(Market.from_matrix([[1, 2]]))
    assert (none.cost, none.objective) == (1, (1, 1))
    assert [level.name for level in none.levels] == ["unmet", "cost"]


def test_empty_sides_and_no_arcs():
    for shape in ((0, 0), (0, 3), (3, 0)):
        for unmet in (None, 4):
            matching = match(Market.from_matrix(np.zeros(shape, int), unmet_cost=unmet))
            assert matching.status == "optimal"
            assert matching.pairs.shape == (0, 2)
            assert flaws(matching) == ()
    matching = match(Market.from_arcs([], [], [], num_providers=2, num_recipients=2, unmet_cost=3))
    assert matching.objective == 6
    blocked = match(Market.from_matrix(np.zeros((2, 2)), allowed=np.zeros((2, 2), bool), demand=[(1, 1), (0, 1)]))
    assert blocked.witness.members.tolist() == [0]


def test_the_same_market_gives_the_same_bytes():
    rng = np.random.default_rng(1)
    arcs = np.argwhere(rng.random((60, 70)) < 0.4)
    cost = rng.integers(0, 3, len(arcs))
    sizes = {"num_providers": 60, "num_recipients": 70, "capacity": 2, "unmet_cost": 2}
    first = match(Market.from_arcs(*arcs.T, cost, **sizes))
    for workers in (1, 2):
        order = rng.permutation(len(arcs))
        again = match(Market.from_arcs(*arcs[order].T, cost[order], **sizes), workers=workers)
        arrays, others = first.to_arrays(), again.to_arrays()
        assert {name: array.tobytes() for name, array in arrays.items()} == {
            name: array.tobytes() for name, array in others.items()
        }


# --- near the edge of 64 bits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("exponent", [30, 40, 48, 52, 55])
def test_large_costs_are_solved_exactly_or_refused(exponent):
    """Python integers over all permutations; the solver alone would refuse or round from 2**53 on."""
    from itertools import permutations

    solved = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        cost = rng.integers(-(2**exponent), 2**exponent, (5, 5)) + rng.integers(0, 3, (5, 5))
        best = min(sum(int(cost[p, r]) for r, p in enumerate(perm)) for perm in permutations(range(5)))
        for capacity in (1, [1, 1, 1, 1, 1], [(0, 1)] * 4 + [(1, 1)]):
            matching = match(Market.from_matrix(cost, capacity=capacity))
            assert flaws(matching) == ()
            assert matching.cost == best
            solved += 1
    assert solved


@pytest.mark.parametrize("top", [2**60, 2**62, 2**63 - 1, -(2**63)])
def test_costs_that_could_wrap_are_refused(top):
    with pytest.raises(InvalidInput) as error:
        Market.from_matrix([[top, 1], [1, top]])
    assert {fault.code for fault in error.value.faults} == {"cost_range"}
    with pytest.raises(InvalidInput):
        Market.from_matrix([[1, 2]], unmet_cost=top)


def test_counts_near_the_edge_are_solved():
    huge = 2**62
    market = Market.from_matrix([[3, 1], [2, 9]], capacity=huge, demand=[huge, 3], unmet_cost=5)
    matching = match(market)
    assert matching.pairs.tolist() == [[0, 0], [0, 1], [1, 0]]
    assert matching.objective == 3 + 1 + 2 + 5 * (huge - 2) + 5 * 2
    assert flaws(matching) == ()
    short = match(Market.from_matrix([[3, 1]], demand=[(huge, huge), (0, 1)]))
    assert short.status == "infeasible"
    assert (short.witness.needed, short.witness.available) == (huge, 1)
    assert Matching.from_arrays(matching.to_arrays()).levels == matching.levels


# --- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seeds", blocks(20, range(60)))
def test_stable_matchings_have_no_blocking_pair_and_their_claims_are_checked(seeds):
    for seed in seeds:
        rng = np.random.default_rng(seed)
        rank = [rng.integers(1, 5 if seed % 3 else 40, (5, 6)) for _ in range(2)]
        market = Market.from_matrix(
            rng.integers(0, 30, (1 + seed % 2, 5, 6)),
            allowed=rng.random((5, 6)) < 0.8,
            capacity=2,
            demand=[(int(seed % 5 == 0 and r == 0), 2) for r in range(6)],
            unmet_cost=None if seed % 2 else 20,
            provider_rank=rank[0],
            recipient_rank=rank[1],
        )
        matching = match(market, stability="require")
        assert flaws(matching) == ()
        if matching.status == "infeasible":
            with pytest.raises(InfeasibleError, match="stable"):
                matching.raise_for_status()
            continue
        assert len(matching.blocking_pairs()) == 0
        assert matching.proof.scope.startswith(("stable_matchings", "weakly_stable_matchings"))
        free = match(market, stability="report")
        assert flaws(free) == ()
        assert free.blocking.tolist() == free.blocking_pairs().tolist()
        assert [v.value for v in free.levels] <= [v.value for v in matching.levels]
        if len(free.blocking):
            assert flaws(free.replace(blocking=free.blocking[1:]))
            assert flaws(matching.replace(pairs=free.pairs))


def test_with_cost_as_preference_the_stable_matching_is_the_greedy_one():
    rng = np.random.default_rng(0)
    cost = rng.permutation(48).reshape(6, 8)
    matching = match(Market.from_matrix(cost), stability="require")
    greedy, rows, columns = [], set(), set()
    for p, r in sorted(np.ndindex(6, 8), key=lambda at: cost[at]):
        if p not in rows and r not in columns:
            greedy.append([p, r])
            rows.add(p)
            columns.add(r)
    assert matching.pairs.tolist() == sorted(greedy)


# --- the object ------------------------------------------------------------------------------------------------------


def test_a_matching_survives_its_arrays(tmp_path):
    for market in (
        middle_market(unmet_cost=10),
        Market.from_matrix([[1, 2]], demand=[(1, 1), (1, 1)]),
        middle_market(capacity=2),
    ):
        matching = match(market, stability="report")
        matching.to_npz(tmp_path / "m.npz")
        again = Matching.from_npz(tmp_path / "m.npz")
        assert flaws(again) == ()
        for name in ("status", "stop_reason", "levels", "proof"):
            assert getattr(again, name) == getattr(matching, name)
        assert again.pairs.tolist() == matching.pairs.tolist()
    with pytest.raises(InvalidInput):
        Matching.from_arrays({"format": np.array("matcher.matching/9")})
    arrays = matching.to_arrays()
    del arrays["status"]
    with pytest.raises(InvalidInput):
        Matching.from_arrays(arrays)


def test_infeasible_raises_with_the_witness():
    matching = match(Market.from_matrix([[1, 2]], demand=[(1, 1), (1, 1)]))
    with pytest.raises(InfeasibleError, match="2 pairs") as error:
        matching.raise_for_status()
    assert error.value.witness == {"side": "recipient", "members": [0, 1], "reach": [0], "needed": 2, "available": 1}
    fine = match(Market.from_matrix([[1, 2]]))
    assert fine.raise_for_status() is fine
    other = match(Market.from_matrix([[1], [2]], capacity=[(1, 1), (1, 1)]))
    with pytest.raises(InfeasibleError, match="providers 0, 1"):
        other.raise_for_status()


def test_a_matching_shows_itself():
    matching = match(Market.from_matrix([[1, 2]], unmet_cost=4))
    assert repr(matching) == "<Matching optimal, 1 pairs, cost 1, proof certificate>"
    assert "<td>cost</td><td>5</td>" in matching._repr_html_()
    assert repr(match(Market.from_matrix([[1]], demand=[(2, 2)]))) == "<Matching infeasible>"


def test_nothing_inside_can_be_written():
    matching = match(Market.from_matrix([[1, 2]], unmet_cost=4))
    for array in (matching.pairs, matching.prices.provider, matching.market.cost, *matching.proof.arrays.values()):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0
