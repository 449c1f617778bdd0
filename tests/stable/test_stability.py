"""Blocking pairs equal the definition read one pair at a time."""

import numpy as np
import pytest
from stable_oracles import blocking_by_definition, random_preferences

from matcher.stable.preferences import Preferences, blocking_pairs, is_stable


def arrays(f: Preferences):
    return tuple(getattr(f, name) for name in Preferences.__slots__)


def test_blocking_pairs_equal_the_definition():
    """Any matching, also one beyond its bounds or with pairs nobody listed, with and without tolerance."""
    rng = np.random.default_rng(1)
    for _ in range(500):
        f = random_preferences(rng, ties=rng.random() < 0.5)
        cells = rng.permutation(f.num_providers * f.num_recipients)[: int(rng.integers(0, 7))]
        pairs = np.column_stack((cells // f.num_recipients, cells % f.num_recipients))
        tolerance = int(rng.integers(0, 3))
        found = blocking_pairs(*arrays(f), pairs, tolerance=tolerance)
        assert found.dtype == np.int64
        assert [tuple(pair) for pair in found.tolist()] == blocking_by_definition(f, pairs, tolerance)


def test_a_free_place_is_an_infinite_gain():
    """No tolerance, however large, makes an empty matching acceptable."""
    f = Preferences([0], [0], [7], [7], [[0, 1]], [[0, 1]])
    assert blocking_pairs(*arrays(f), np.empty((0, 2)), tolerance=10**30).tolist() == [[0, 0]]


def test_a_gain_must_exceed_the_tolerance():
    """A gain of exactly the tolerance does not block, one more does."""
    f = Preferences([0, 0], [0, 1], [5, 9], [1, 1], [[0, 1]], [[0, 1], [0, 1]])
    assert len(blocking_pairs(*arrays(f), [[0, 1]], tolerance=4)) == 0
    assert blocking_pairs(*arrays(f), [[0, 1]], tolerance=3).tolist() == [[0, 0]]


def test_a_pair_given_twice_counts_once():
    """A doubled pair does not fill a second place."""
    f = Preferences([0, 0], [0, 1], [1, 2], [1, 1], [[0, 2]], [[0, 1], [0, 1]])
    assert blocking_pairs(*arrays(f), [[0, 0], [0, 0]]).tolist() == [[0, 1]]


def test_nothing_blocks_an_empty_market():
    """No arcs, no blocking pairs."""
    none = np.empty(0, dtype=np.int64)
    f = Preferences(none, none, none, none, np.zeros((0, 2)), [[0, 1]])
    assert blocking_pairs(*arrays(f), np.empty((0, 2))).shape == (0, 2)
    assert is_stable(f, np.empty((0, 2)))


def test_is_stable_refuses_what_is_not_a_matching():
    """Too many partners, an unlisted pair and a doubled pair are not stable matchings."""
    f = Preferences([0, 0], [0, 1], [1, 2], [1, 1], [[0, 1]], [[0, 1], [0, 1]])
    assert is_stable(f, [[0, 0]])
    assert not is_stable(f, [[0, 0], [0, 1]])
    assert not is_stable(f, [[0, 0], [0, 0]])
    assert not is_stable(f, [[0, 5]])


@pytest.mark.parametrize("arcs", [([0, 0], [1, 0]), ([0, 0], [1, 1]), ([0, 1], [0, 0]), ([0, -1], [0, 0])])
def test_arcs_out_of_order_are_refused(arcs):
    """Arcs must be sorted, unique and inside the market."""
    with pytest.raises(ValueError, match="sorted"):
        Preferences(*arcs, [1, 2], [1, 2], [[0, 1]], [[0, 1], [0, 1]])


def test_ties_are_seen_on_either_side():
    """A tie between two arcs of one agent counts, equal ranks of different agents do not."""
    one, two = [[0, 1]], [[0, 1], [0, 1]]
    assert not Preferences([0, 0], [0, 1], [1, 2], [1, 1], one, two).has_ties()
    assert Preferences([0, 0], [0, 1], [1, 1], [1, 1], one, two).has_ties()
    assert Preferences([0, 1], [0, 0], [1, 1], [4, 4], two, one).has_ties()
