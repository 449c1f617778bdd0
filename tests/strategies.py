"""Markets to test on: random ones from a seeded generator, and a Hypothesis strategy over the same shapes."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from oracles import Case

from matcher import Market


def random_case(rng: np.random.Generator, most_arcs: int = 12) -> Case:
    """Draw a small market: islands, ties, zero and negative costs, empty sides, capacity 0, minima, all unmet forms."""
    num_p, num_r = int(rng.integers(0, 6)), int(rng.integers(0, 6))
    every = [(p, r) for p in range(num_p) for r in range(num_r)]
    share = rng.choice([0.3, 0.6, 1.0])
    arcs = [arc for arc in every if rng.random() < share]
    rng.shuffle(arcs)
    arcs = [tuple(int(i) for i in arc) for arc in arcs[:most_arcs]]
    num_levels = int(rng.integers(1, 4))
    low, high = [(0, 2), (0, 5), (-4, 5), (0, 1), (-1000, 1001), (0, 10**6)][rng.integers(6)]
    cost = rng.integers(low, high, (num_levels, len(arcs)))
    unmet = None
    if rng.random() < 0.7:
        kind = rng.integers(3)
        size = [(1, 1), (1, num_r), (num_levels, num_r)][kind]
        unmet = np.broadcast_to(rng.integers(low - 1, high + 2, size), (num_levels, num_r)).copy()
    return Case(num_p, num_r, arcs, cost, _bounds(rng, num_p, num_r), _bounds(rng, num_r, num_p), unmet)


def _bounds(rng: np.random.Generator, count: int, others: int) -> np.ndarray:
    kind = rng.integers(4)
    upper = np.ones(count, np.int64) if kind == 0 else rng.integers(0, [0, 3, others + 2, 2][kind] + 1, count)
    lower = np.zeros(count, np.int64)
    if rng.random() < 0.35:
        lower = np.minimum(upper, rng.integers(0, 3, count) * (rng.random(count) < 0.5))
    return np.stack([lower, upper], axis=1)


def cases(most_arcs: int = 10) -> st.SearchStrategy[Case]:
    """Draw small markets that Hypothesis can shrink."""

    @st.composite
    def draw_case(draw):
        num_p, num_r = draw(st.integers(0, 4)), draw(st.integers(0, 4))
        every = [(p, r) for p in range(num_p) for r in range(num_r)]
        arcs = draw(st.lists(st.sampled_from(every), unique=True, max_size=most_arcs)) if every else []
        num_levels = draw(st.integers(1, 3))
        costs = st.integers(-5, 5)
        cost = np.array([[draw(costs) for _ in arcs] for _ in range(num_levels)], np.int64)
        unmet = None
        if draw(st.booleans()):
            unmet = np.array([[draw(costs) for _ in range(num_r)] for _ in range(num_levels)], np.int64)

        def bounds(count):
            pairs = [sorted([draw(st.integers(0, 3)), draw(st.integers(0, 2))]) for _ in range(count)]
            return np.array(pairs, np.int64).reshape(count, 2)

        return Case(
            num_p,
            num_r,
            arcs,
            cost.reshape(num_levels, len(arcs)),
            bounds(num_p),
            bounds(num_r),
            None if unmet is None else unmet.reshape(num_levels, num_r),
        )

    return draw_case()


def middle_market(**kwargs):
    """Return the same market of 30 x 40 with three levels each time."""
    rng = np.random.default_rng(3)
    return Market.from_matrix(rng.integers(0, 1000, (3, 30, 40)), **kwargs)
