"""The closed sets of rotations are the stable matchings, no more and no fewer."""

import numpy as np
import pytest
from draws import few
from stable_oracles import all_matchings, closed_sets, count_blocking, irving_leather, random_preferences, strict

from matcher.stable.preferences import is_stable
from matcher.stable.rotations import deferred_acceptance, find_rotations, recipient_best


def as_set(f, arcs):
    chosen = np.zeros(f.num_arcs, dtype=bool)
    chosen[arcs] = True
    return chosen.tobytes()


def check_against_enumeration(rng):
    f = random_preferences(rng, ties=rng.random() < 0.3, max_arcs=16 if rng.random() < 0.05 else 12)
    order = strict(f)
    sets = all_matchings(order)
    stable = {row.tobytes() for row in sets[count_blocking(order, sets) == 0]}
    lattice = find_rotations(f)
    found = [as_set(f, lattice.matching(chosen)) for chosen in closed_sets(lattice)]
    assert len(found) == len(set(found))
    assert set(found) == stable
    assert as_set(f, f.arcs_of(deferred_acceptance(f))) == as_set(f, lattice.first)
    last = lattice.matching(np.ones(lattice.num_rotations, dtype=bool))
    assert as_set(f, f.arcs_of(recipient_best(f))) == as_set(f, last)
    return len(stable)


@pytest.mark.parametrize("count", few(1, [200, 600]))
def test_rotations_give_every_stable_matching(count):
    """Small markets against full enumeration; several have more than one stable matching."""
    rng = np.random.default_rng(2)
    sizes = [check_against_enumeration(rng) for _ in range(count)]
    assert max(sizes) >= 3


@pytest.mark.slow
def test_rotations_give_every_stable_matching_of_5000_markets():
    """The same on 5,000 markets."""
    rng = np.random.default_rng(20_000)
    for _ in range(5000):
        check_against_enumeration(rng)


@pytest.mark.parametrize(("size", "count"), [(1, 1), (2, 2), (4, 10), (8, 268)])
def test_known_numbers_of_stable_matchings(size, count):
    """The markets of Irving and Leather have 1, 2, 10 and 268 stable matchings."""
    f = irving_leather(size)
    lattice = find_rotations(f)
    matchings = [lattice.matching(chosen) for chosen in closed_sets(lattice)]
    assert len({arcs.tobytes() for arcs in matchings}) == len(matchings) == count
    assert all(is_stable(f, f.pairs_of(arcs)) for arcs in matchings)


def test_rotation_weights_add_up():
    """The total of any cost changes by the weights of the rotations carried out."""
    f = irving_leather(8)
    lattice = find_rotations(f)
    cost = np.random.default_rng(3).integers(-(2**40), 2**40, size=f.num_arcs)
    weights = lattice.weights(cost)
    for chosen in closed_sets(lattice):
        assert cost[lattice.matching(chosen)].sum() == cost[lattice.first].sum() + weights[chosen].sum()


def test_everyone_fills_the_same_places_in_both_extremes():
    """The two ends of the lattice give everyone the same number of partners, and the same partners if not full."""
    rng = np.random.default_rng(4)
    for _ in range(50):
        f = random_preferences(rng, max_side=30, max_arcs=300, max_bound=4)
        ends = [deferred_acceptance(f), recipient_best(f)]
        assert all(is_stable(f, pairs) for pairs in ends)
        for side, bounds in enumerate((f.capacity, f.demand)):
            first, last = (np.bincount(pairs[:, side], minlength=len(bounds)) for pairs in ends)
            assert (first == last).all()
            short = np.flatnonzero(first < bounds[:, 1])
            mine = [pairs[np.isin(pairs[:, side], short)] for pairs in ends]
            assert np.array_equal(*mine)
