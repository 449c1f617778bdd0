"""The certificate holds for what is true, and refuses every claim that was falsified by one."""

import subprocess
import sys
from types import MappingProxyType

import numpy as np
import pytest
from draws import blocks
from oracles import brute_force, dual_bounds
from strategies import random_case

from matcher import Level, Market, Proof, match
from matcher.market import certificate
from matcher.market.check import flaws


def with_arrays(matching, **changed):
    arrays = {**matching.proof.arrays, **changed}
    return matching.replace(proof=Proof("certificate", matching.proof.scope, None, MappingProxyType(arrays)))


def with_level(matching, number, **changed):
    level = matching.levels[number]
    fields = {name: changed.get(name, getattr(level, name)) for name in Level.__slots__}
    levels = [*matching.levels]
    levels[number] = Level(**fields)
    return matching.replace(levels=tuple(levels))


def stacked(matching, side):
    rows = [*matching.proof.arrays[side]]
    return rows + ([matching.proof.arrays[f"tie_{side}"]] if f"tie_{side}" in matching.proof.arrays else [])


def solved(seeds):
    for seed in seeds:
        case = random_case(np.random.default_rng(seed))
        matching = match(case.market())
        if matching.status == "optimal":
            yield np.random.default_rng(seed), case, matching


def test_bounds_equal_the_definition_for_right_and_for_wrong_prices():
    for rng, case, matching in solved(range(150)):
        tie = case.unmet is not None
        for noise in (0, 1, 3):
            prices = [
                [row + rng.integers(-noise, noise + 1, len(row)) for row in stacked(matching, side)]
                for side in ("provider", "recipient")
            ]
            objectives = matching.market.objectives + ((matching.market.tie_objective,) if tie else ())
            found = certificate.lower_bounds(matching.market, objectives, np.array(prices[0]), np.array(prices[1]))
            assert found == dual_bounds(case, *prices, tie=tie)


@pytest.mark.parametrize("seeds", blocks(40, range(150)))
def test_one_price_changed_is_refused_unless_it_still_proves_the_same(seeds):
    refused = 0
    for rng, case, matching in solved(seeds):
        assert flaws(matching) == ()
        names = [name for name, array in matching.proof.arrays.items() if array.size]
        if not names:
            continue
        name = names[rng.integers(len(names))]
        array = matching.proof.arrays[name].copy()
        array.reshape(-1)[rng.integers(array.size)] += rng.choice([-1, 1])
        changed = with_arrays(matching, **{name: array})
        tie = case.unmet is not None
        same = dual_bounds(case, stacked(changed, "provider"), stacked(changed, "recipient"), tie=tie) == dual_bounds(
            case, stacked(matching, "provider"), stacked(matching, "recipient"), tie=tie
        )
        assert (flaws(changed) == ()) == same
        refused += not same
    assert refused > len(seeds) // 5


def test_one_pair_changed_is_refused_unless_it_is_another_optimum():
    refused = 0
    for rng, case, matching in solved(range(150)):
        best = brute_force(case)
        pairs = matching.pairs.tolist()
        others = [list(arc) for arc in case.arcs if list(arc) not in pairs]
        if pairs and rng.random() < 0.6:
            pairs.pop(rng.integers(len(pairs)))
        if others and (rng.random() < 0.7 or len(pairs) == len(matching.pairs)):
            pairs = sorted([*pairs, others[rng.integers(len(others))]])
        if pairs == matching.pairs.tolist():
            continue
        changed = matching.replace(pairs=np.array(pairs, np.int64).reshape(-1, 2))
        assert (flaws(changed) == ()) == (pairs in best.pairs)
        refused += pairs not in best.pairs
    assert refused > 30


@pytest.mark.parametrize("seeds", blocks(20, range(60)))
def test_every_claim_off_by_one_is_refused(seeds):
    for _, _, matching in solved(seeds):
        for number, level in enumerate(matching.levels):
            for name in ("value", "bound", "gap"):
                assert flaws(with_level(matching, number, **{name: getattr(level, name) + 1}))
                assert flaws(with_level(matching, number, **{name: None}))
            assert flaws(with_level(matching, number, conditional=True))
            assert flaws(with_level(matching, number, name="other"))
            assert flaws(with_level(matching, number, sense="max"))
        assert flaws(matching.replace(levels=matching.levels[1:]))
        for status in ("feasible", "infeasible", "unknown"):
            assert flaws(matching.replace(status=status))
        assert flaws(matching.replace(stop_reason="time"))
        assert flaws(matching.replace(proof=Proof("none")))
        assert flaws(matching.replace(proof=Proof("certificate", "all_pairs")))


def test_prices_of_the_wrong_form_are_refused():
    matching = match(Market.from_matrix([[4, 1], [2, 3]], unmet_cost=9))
    rows = matching.proof.arrays["provider"]
    for wrong in (rows.astype(float), rows[:, :1], rows[:0], rows[0], np.vstack([rows, rows]), rows + (1 << 61)):
        assert flaws(with_arrays(matching, provider=wrong))
    for wrong in (rows[0][:1], rows, rows[0].astype(float)):
        assert flaws(with_arrays(matching, tie_provider=wrong))
    assert flaws(matching.replace(proof=Proof("solver", "all_pairs", "x 1", matching.proof.arrays)))


@pytest.mark.parametrize(
    "pairs",
    [[[0, 0], [0, 1]], [[0, 1], [0, 1]], [[1, 0], [0, 1]], [[0, 2]], [[-1, 0]], [[0, 0]], [0, 1], [[0.0, 1.0]]],
)
def test_what_is_no_matching_is_refused(pairs):
    """Over capacity, twice, out of order, unknown, not allowed, wrong form."""
    market = Market.from_matrix([[4, 1], [2, 3]], allowed=[[False, True], [True, True]])
    assert certificate.pair_flaws(market, np.array(pairs))


@pytest.mark.parametrize("seeds", blocks(100, range(300)))
def test_a_hall_set_is_recomputed_from_the_market(seeds):
    found = 0
    for seed in seeds:
        case = random_case(np.random.default_rng(seed))
        matching = match(case.market())
        if matching.status != "infeasible":
            continue
        found += 1
        witness = matching.witness
        bounds = case.demand if witness.side == "recipient" else case.capacity
        others = case.capacity if witness.side == "recipient" else case.demand
        inside = set(witness.members.tolist())
        links = [0] * len(others)
        for p, r in case.arcs:
            ours, theirs = (r, p) if witness.side == "recipient" else (p, r)
            links[theirs] += ours in inside
        assert witness.needed == sum(int(bounds[i, 0]) for i in inside)
        assert witness.available == sum(min(n, int(others[i, 1])) for i, n in enumerate(links))
        assert witness.needed > witness.available
        assert witness.reach.tolist() == [i for i, n in enumerate(links) if n]
        fewer = with_arrays(matching, **{f"hall_{witness.side}": witness.members[:0]})
        assert flaws(fewer)
        assert flaws(matching.replace(pairs=np.zeros((1, 2), np.int64)))
    assert found > len(seeds) // 10


def test_a_feasible_market_has_no_hall_set():
    matching = match(Market.from_matrix([[4, 1], [2, 3]], demand=[(1, 1), (1, 1)]))
    claimed = Proof("certificate", "hall_set", None, {"hall_recipient": np.array([0, 1])})
    empty = np.zeros((0, 2), np.int64)
    assert flaws(matching.replace(status="infeasible", pairs=empty, proof=claimed))


def test_sums_are_exact_beyond_64_bits():
    values = np.array([2**62, 2**62, 2**62, -5, -(2**63)], np.int64)
    assert certificate.exact_sum(values) == 3 * 2**62 - 5 - 2**63
    assert certificate.exact_dot(values, values) == sum(int(v) ** 2 for v in values)


def test_the_checks_import_no_solver():
    code = (
        "import sys, numpy as np, matcher\n"
        "from matcher.market import certificate, check, matching, stable\n"
        "from matcher.stable import proof\n"
        "solvers = ('ortools', 'highspy', 'scipy.optimize', 'networkx')\n"
        "assert not [name for name in sys.modules if name.startswith(solvers)]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
