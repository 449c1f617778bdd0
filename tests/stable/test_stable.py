"""The best stable matching equals the best of all stable matchings, and its proof refuses what is false."""

import numpy as np
import pytest
from draws import blocks
from scipy.optimize import linprog
from stable_oracles import all_matchings, cost_of, count_blocking, irving_leather, random_preferences, strict

from matcher.stable.best import best_stable, kept_cost, least_closed_set
from matcher.stable.closure import Implications, Network, is_least
from matcher.stable.preferences import Preferences, is_stable
from matcher.stable.proof import check_best
from matcher.stable.rotations import find_rotations


def market(rng):
    """A random market with few or many stable matchings, cost levels, an earlier matching and perhaps pins."""
    if rng.random() < 0.15:
        f = irving_leather(4)
        rank = f.provider_rank[rng.permutation(16)] if rng.random() < 0.3 else f.provider_rank
        f = Preferences(f.provider_idx, f.recipient_idx, rank, f.recipient_rank, f.capacity, f.demand)
    else:
        f = random_preferences(rng, ties=rng.random() < 0.3, minima=rng.random() < 0.3)
    L = int(rng.integers(1, 4))
    cost = rng.integers(-3, 4, size=(L, f.num_arcs))
    unmet = rng.integers(0, 5, size=(L, f.num_recipients))
    earlier = np.argwhere(rng.random((f.num_providers, f.num_recipients)) < 0.4)
    if rng.random() < 0.5:
        cost[0] = kept_cost(f, earlier)
    arcs = rng.permutation(f.num_arcs)[: int(rng.integers(0, 3))] if rng.random() < 0.3 else []
    return f, cost, unmet, f.pairs_of(np.array(arcs, dtype=np.int64))


def check_against_enumeration(rng):
    f, cost, unmet, pins = market(rng)
    best = best_stable(f, cost, unmet, pins=pins)
    order = strict(f)
    sets = all_matchings(order)
    sets = sets[count_blocking(order, sets) == 0]
    with_pins = sets[sets[:, f.arcs_of(pins)].all(axis=1)]
    assert best.ties_broken == f.has_ties()
    if not len(with_pins):
        assert best.status == "infeasible"
        check_reason(f, best, sets, all_matchings(order, minima=False), pins)
        return best.reason
    assert best.status == "optimal"
    totals = sorted(tuple(row) for row in cost_of(f, with_pins, cost, unmet).tolist())
    assert best.values == totals[0]
    assert check_best(f, cost, unmet, best.pairs, best.values, best.proof, pins=pins) == []
    return None


def check_reason(f, best, stable, within_maxima, pins):
    """The witness of "no stable matching" is true on its own."""
    if best.reason == "minimum":
        order = strict(f)
        free = within_maxima[count_blocking(order, within_maxima) == 0]
        side, bounds = (
            (f.provider_idx, f.capacity) if best.witness["side"] == "provider" else (f.recipient_idx, f.demand)
        )
        for agent, found, least in zip(
            best.witness["positions"], best.witness["found"], best.witness["minimum"], strict=True
        ):
            assert (free[:, side == agent].sum(axis=1) == found).all()
            assert found < least == bounds[agent, 0]
    else:
        assert not stable[:, f.arcs_of(best.witness["pairs"])].all(axis=1).any()
        assert {tuple(pair) for pair in best.witness["pairs"]} <= {tuple(pair) for pair in pins}
        if best.reason == "pin_unstable":
            assert not stable[:, f.arcs_of(best.witness["pairs"])].any()


def test_best_stable_equals_enumeration():
    """By one to three levels, with unmet cost, minima, pins and the closest to an earlier matching."""
    rng = np.random.default_rng(5)
    reasons = {check_against_enumeration(rng) for _ in range(150)}
    assert reasons == {None, "minimum", "pin_unstable", "pins_apart"}


@pytest.mark.slow
def test_best_stable_equals_enumeration_on_5000_markets():
    """The same on 5,000 markets."""
    rng = np.random.default_rng(50_000)
    for _ in range(5000):
        check_against_enumeration(rng)


def test_one_shared_cost_gives_the_greedy_plan():
    """With cost as the preference of both sides: the cheapest pair first, ties by provider, then recipient."""
    rng = np.random.default_rng(6)
    for _ in range(60):
        f = random_preferences(rng, max_side=25, max_arcs=250)
        cost = rng.integers(0, 40, size=f.num_arcs)
        f = Preferences(f.provider_idx, f.recipient_idx, cost, cost, f.capacity, f.demand)
        place, want = f.capacity[:, 1].copy(), f.demand[:, 1].copy()
        greedy = []
        for arc in np.argsort(cost, kind="stable"):
            p, r = f.provider_idx[arc], f.recipient_idx[arc]
            if place[p] and want[r]:
                place[p] -= 1
                want[r] -= 1
                greedy.append(arc)
        assert np.array_equal(best_stable(f, cost).pairs, f.pairs_of(greedy))


def test_best_stable_equals_the_stable_polytope():
    """One-to-one: the least vertex of the stable marriage polytope (Vande Vate 1989, Rothblum 1992) by HiGHS."""
    rng = np.random.default_rng(7)
    several = 0
    for _ in range(25):
        f, cost = conflicting(rng, 20, capacity=1)
        best = best_stable(f, cost)
        several += best.num_rotations > 1
        assert best.values == (polytope_optimum(f, cost),)
    assert several >= 15


def test_best_stable_equals_the_stable_polytope_of_cloned_places():
    """Many-to-one: a recipient with d places is d recipients with one place and one order (Roth and Sotomayor)."""
    rng = np.random.default_rng(8)
    for _ in range(15):
        f, cost = conflicting(rng, 20, capacity=1, demand=2)
        clone = np.repeat(np.arange(f.num_arcs), 2)
        which = np.tile([0, 1], f.num_arcs)
        p, r = f.provider_idx[clone], f.recipient_idx[clone] * 2 + which
        order = np.lexsort((r, p))
        cloned = Preferences(
            p[order], r[order], (f.provider_rank[clone] * 2 + which)[order], f.recipient_rank[clone][order],
            f.capacity, np.tile([0, 1], (2 * f.num_recipients, 1)),
        )  # fmt: skip
        assert best_stable(f, cost).values == (polytope_optimum(cloned, cost[clone][order]),)


def conflicting(rng, size, *, capacity, demand=1):
    """A market whose sides want nearly opposite things, so that it has many stable matchings."""
    cells = np.flatnonzero(rng.random(size * size // demand) < 0.6)
    p, r = cells // (size // demand), cells % (size // demand)
    liking = rng.random(len(cells))
    noise = rng.random(len(cells)) * 0.3
    ranks = [np.argsort(np.argsort(x)) for x in (liking, noise - liking)]
    cost = rng.integers(0, 1000, size=len(cells))
    bounds = np.tile([0, capacity], (size, 1)), np.tile([0, demand], (size // demand, 1))
    return Preferences(p, r, *ranks, *bounds), cost


def polytope_optimum(f, cost):
    A = f.num_arcs
    at_most = np.zeros((f.num_providers + f.num_recipients + A, A))
    at_most[f.provider_idx, np.arange(A)] = 1
    at_most[f.num_providers + f.recipient_idx, np.arange(A)] = 1
    for a in range(A):
        better_p = (f.provider_idx == f.provider_idx[a]) & (f.provider_rank < f.provider_rank[a])
        better_r = (f.recipient_idx == f.recipient_idx[a]) & (f.recipient_rank < f.recipient_rank[a])
        at_most[f.num_providers + f.num_recipients + a] = -(better_p.astype(int) + better_r)
        at_most[f.num_providers + f.num_recipients + a, a] = -1
    most = np.concatenate((np.ones(f.num_providers + f.num_recipients), -np.ones(A)))
    answer = linprog(cost, A_ub=at_most, b_ub=most, bounds=(0, 1), method="highs")
    assert answer.status == 0
    return round(answer.fun)


def test_a_proof_falsified_by_one_is_refused():
    """Each part of a claim, changed by one, is found out; the worse end of the lattice is not accepted as best."""
    f = irving_leather(8)
    cost = np.random.default_rng(9).integers(0, 100, size=(2, f.num_arcs))
    cost[0] //= 30
    best = best_stable(f, cost)
    assert check_best(f, cost, None, best.pairs, best.values, best.proof) == []
    value = (best.values[0] - 1, *best.values[1:])
    assert check_best(f, cost, None, best.pairs, value, best.proof) == ["value"]
    assert check_best(f, cost, None, best.pairs[1:], best.values, best.proof) == ["blocking_pair"]
    for name in ("flow_0", "flow_1"):
        used = np.flatnonzero(best.proof[name])
        for change in (1, -1):
            flow = best.proof[name].copy()
            flow[used[0]] += change
            assert check_best(f, cost, None, best.pairs, best.values, {**best.proof, name: flow}) == ["proof"]
    worst = best_stable(f, -cost)
    values = tuple(-value for value in worst.values)
    assert check_best(f, cost, None, worst.pairs, values, best.proof) == ["proof"]
    chosen = {**best.proof, "rotations": worst.proof["rotations"]}
    assert check_best(f, cost, None, worst.pairs, values, chosen) == ["proof"]
    missing = {"rotations": best.proof["rotations"], "flow_0": best.proof["flow_0"]}
    assert check_best(f, cost, None, best.pairs, best.values, missing) == ["proof"]


def test_minima_and_pins_of_a_claim_are_checked():
    """A stable matching below a minimum or without its pin is refused."""
    f = irving_leather(2)
    best = best_stable(f, np.zeros(4, dtype=np.int64))
    pin = np.array([[0, 1]]) if [0, 0] in best.pairs.tolist() else np.array([[0, 0]])
    assert check_best(f, np.zeros((1, 4)), None, best.pairs, best.values, best.proof, pins=pin) == ["pin"]
    short = Preferences([0], [0], [1], [1], [[2, 2]], [[0, 1]])
    assert check_best(short, np.zeros((1, 1)), None, [[0, 0]], (0,), {}) == ["minimum"]


def test_levels_are_exact_at_the_edge_of_int64():
    """Costs of 2**57 at the upper level do not drown the lower one, and sums past 2**62 are refused, not wrapped."""
    f = irving_leather(4)
    rng = np.random.default_rng(10)
    cost = np.vstack((rng.integers(0, 3, size=16) * 2**56, rng.integers(0, 9, size=16)))
    sets = all_matchings(f)
    sets = sets[count_blocking(f, sets) == 0]
    totals = sorted(tuple(row) for row in cost_of(f, sets, cost, np.zeros((2, 4), dtype=np.int64)).tolist())
    assert best_stable(f, cost).values == totals[0]
    for too_large in (cost * 16, cost * 32, np.full((1, 16), np.iinfo(np.int64).min)):
        with pytest.raises(OverflowError, match="2\\*\\*62"):
            best_stable(f, too_large)


@pytest.mark.parametrize("seeds", blocks(60, range(200)))
def test_least_closed_set_equals_enumeration(seeds):
    """Any order and weights, three levels, against every subset."""
    for seed in seeds:
        rng = np.random.default_rng([11, seed])
        K = int(rng.integers(1, 8))
        tail, head = np.triu_indices(K, 1)
        keep = rng.random(len(tail)) < 0.3
        none = np.empty(0, dtype=np.int64)
        implications = Implications.of(K, tail[keep], head[keep], none, none)
        weights = [rng.integers(-2, 3, size=K) for _ in range(3)]
        chosen, flows = least_closed_set(implications, weights)
        subsets = ((np.arange(2**K)[:, None] >> np.arange(K)) & 1).astype(bool)
        totals = [tuple(int(w[s].sum()) for w in weights) for s in subsets if implications.holds(s)]
        assert tuple(int(w[chosen].sum()) for w in weights) == min(totals)
        assert is_least(implications, weights, chosen, flows)
        best = sum(total == min(totals) for total in totals)
        accepted = sum(is_least(implications, weights, s, flows) for s in subsets)
        assert accepted == best


def test_a_network_past_its_range_is_refused():
    """Weights that sum past 2**62 raise before any solver sees them."""
    none = np.empty(0, dtype=np.int64)
    weights = np.array([2**61, -(2**61)])
    with pytest.raises(OverflowError):
        Network.of(Implications.of(2, none, none, none, none), weights)


def test_the_order_of_names_does_not_change_the_best_values():
    """Renaming both sides leaves the values of all levels as they were (strict preferences)."""
    rng = np.random.default_rng(12)
    f, cost = conflicting(rng, 30, capacity=1)
    best = best_stable(f, cost)
    to_p, to_r = rng.permutation(30), rng.permutation(30)
    p, r = to_p[f.provider_idx], to_r[f.recipient_idx]
    order = np.lexsort((r, p))
    renamed = Preferences(
        p[order], r[order], f.provider_rank[order], f.recipient_rank[order],
        f.capacity[np.argsort(to_p)], f.demand[np.argsort(to_r)],
    )  # fmt: skip
    again = best_stable(renamed, cost[order])
    assert again.values == best.values
    assert again.num_rotations == best.num_rotations == find_rotations(f).num_rotations
    assert is_stable(renamed, again.pairs)
