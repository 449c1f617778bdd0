"""One block: two ways of solving it agree with a brute force, and prices reach the value."""

from __future__ import annotations

import random
from itertools import chain, combinations, product

import numpy as np
import pytest

from matcher.methods.joint.block_flow import Block, _assign, _augment, optimum, prices
from matcher.proof.joint_terms import Packing, packings


def _random_block(seed: int, width: int = 40) -> Block:
    rng = random.Random(seed)
    m, n = rng.randint(1, 3), rng.randint(1, 4)
    most = rng.choice((1, 1, 2, 3))
    places = [rng.randint(1, most) for _ in range(n)]
    unit = 1 if width < 62 else 1 << 70
    gain = [g * unit for p in places for g in sorted((rng.randint(0, 9) for _ in range(p)), reverse=True)]
    exact = np.int64 if width < 62 else object
    room = [rng.randint(0, 3) for _ in range(m)]
    least = [rng.randint(0, r) if rng.random() < 0.3 else 0 for r in room]
    return Block(
        np.arange(m),
        np.arange(n),
        np.array([[rng.randint(-4, 9) * unit for _ in range(n)] for _ in range(m)], dtype=exact).reshape(m, n),
        np.array([[rng.random() < 0.8 for _ in range(n)] for _ in range(m)]).reshape(m, n),
        np.array(places),
        np.array(gain, dtype=exact),
        np.array(room),
        np.array(least),
        5 * unit,
        Packing((0,), (width,)),
    )


def _value(block: Block, chosen: np.ndarray) -> int:
    """Return the packed value of chosen pairs, by the definition."""
    total, first = int((block.value * chosen).sum()), 0
    for s, places in enumerate(block.places.tolist()):
        total -= sum(block.gain[first : first + int(chosen[:, s].sum())].tolist())
        first += places
    return total - block.bonus * int(np.minimum(chosen.sum(axis=1), block.least).sum())


def _brute_force(block: Block) -> int:
    m, n = block.allowed.shape
    options = []
    for s in range(n):
        possible = [b for b in range(m) if block.allowed[b, s]]
        sizes = range(min(len(possible), int(block.places[s])) + 1)
        options.append(list(chain.from_iterable(combinations(possible, k) for k in sizes)))
    best = 0
    for plan in product(*options):
        chosen = np.zeros((m, n), dtype=bool)
        for s, branches in enumerate(plan):
            chosen[list(branches), s] = True
        if (chosen.sum(axis=1) <= block.room).all():
            best = min(best, _value(block, chosen))
    return best


def _price_bound(block: Block, branch: list[int], school: list[int]) -> int:
    """Return the Lagrangian bound of prices, by the formula."""
    total, first = 0, 0
    for b, s in np.argwhere(block.allowed).tolist():
        total += min(0, int(block.value[b, s]) - branch[b] - school[s])
    for b, (room, least) in enumerate(zip(block.room.tolist(), block.least.tolist(), strict=True)):
        total += least * min(0, branch[b] - block.bonus) + (room - least) * min(0, branch[b])
    for s, places in enumerate(block.places.tolist()):
        total += sum(min(0, school[s] - gain) for gain in block.gain[first : first + places].tolist())
        first += places
    return total


@pytest.mark.parametrize("width", [40, 90])
def test_equals_brute_force_and_prices_reach_it(width):
    """The optimum is the least over all choices of pairs, its prices bound it from below exactly."""
    for seed in range(300):
        block = _random_block(seed, width)
        total, chosen = optimum(block)
        assert total == _value(block, chosen) == _brute_force(block)
        assert not (chosen & ~block.allowed).any()
        assert (chosen.sum(axis=1) <= block.room).all()
        assert (chosen.sum(axis=0) <= block.places).all()
        branch, school = prices(block, chosen)
        assert _price_bound(block, branch.tolist(), school.tolist()) == total


def test_assignment_equals_augmentation():
    """Where both run, the dense assignment and the shortest paths find the same value."""
    compared = 0
    for seed in range(600):
        block = _random_block(seed)
        if block.is_assignment:
            assert _assign(block)[0] == _augment(block)[0]
            compared += 1
    assert compared > 200


def test_any_prices_are_a_bound():
    """Whatever the prices, the Lagrangian bound never exceeds the optimum."""
    rng = random.Random(3)
    for seed in range(300):
        block = _random_block(seed)
        branch = [rng.randint(-9, 9) for _ in block.branches]
        school = [rng.randint(-9, 9) for _ in block.schools]
        assert _price_bound(block, branch, school) <= _brute_force(block)


def test_packing_reads_back():
    """Fields survive packing, sums and negative values, one at a time or in arrays."""
    rng = np.random.default_rng(0)
    values = rng.integers(-500, 501, (5, 200))
    values[2] = 0
    for limit in (12, 25, 60):
        groups = packings(range(5), [1000, 1000, 0, 1000, 1000], limit)
        out = np.full_like(values, -1)
        for group in groups:
            group.unpack(group.pack(values), out)
            packed = group.pack(values)
            assert [group.fields(int(x)) for x in packed] == values[list(group.components)].T.tolist()
            assert [group.weight_of(column) for column in values.T] == packed.tolist()
        assert np.array_equal(out, values)


def test_packed_order_is_the_order_of_vectors():
    """Packed integers compare as their vectors do."""
    rng = np.random.default_rng(1)
    values = rng.integers(-3, 4, (3, 400))
    (group,) = packings(range(3), [6, 6, 6], 60)
    packed = group.pack(values)
    order = np.argsort(packed, kind="stable")
    assert [values[:, i].tolist() for i in order] == sorted(values.T.tolist())
