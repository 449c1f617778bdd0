"""Orders within compiled loops, against NumPy's."""

import numpy as np
import pytest

from matcher.market.points.sorting import least_but, ordered

KEYS = [np.random.default_rng(n).integers(0, 1 + n % 7 * n, n).astype(float) for n in range(120)]


@pytest.mark.parametrize("plain", [False, True])
def test_keys_are_ordered_stably(plain):
    function = getattr(ordered, "py_func", ordered) if plain else ordered
    for key in KEYS:
        assert function(key).tolist() == np.argsort(key, kind="stable").tolist()


@pytest.mark.parametrize("kind", [np.float64, np.int64])
def test_the_value_of_any_rank_is_found(kind):
    for key in KEYS:
        for rank in range(len(key)):
            values = key.astype(kind)
            assert least_but(values, rank) == np.sort(key)[rank]
            assert np.array_equal(np.sort(values), np.sort(key))
