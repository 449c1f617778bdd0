"""Ways out of markets: the conflict is irreducible, the fewest units are given up, and each way has a matching."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from draws import few

from matcher import Market, match


def contradicting(rng: np.random.Generator) -> Market:
    shape = rng.integers(1, 5, 2)
    allowed = rng.random(shape) < 0.6
    bounds = []
    for size in shape:
        least = np.where(rng.random(size) < 0.6, rng.integers(0, 3, size), 0)
        bounds.append(np.column_stack([least, least + rng.integers(0, 2, size)]))
    return Market.from_matrix(rng.integers(0, 9, shape), allowed=allowed, capacity=bounds[0], demand=bounds[1])


def is_met(market: Market, capacity: np.ndarray, demand: np.ndarray) -> bool:
    return match(replace(market, capacity=capacity, demand=demand)).status == "optimal"


def fewest(market: Market, most: int) -> int:
    """The least number of units to give up, by trying every way to lower the minima."""
    minima = np.concatenate([market.capacity[:, 0], market.demand[:, 0]])
    ways = sorted(product(*(range(least + 1) for least in minima.tolist())), key=sum)
    for way in ways:
        if sum(way) >= most:
            break
        left = minima - np.array(way)
        capacity = np.column_stack([left[: len(market.capacity)], market.capacity[:, 1]])
        demand = np.column_stack([left[len(market.capacity) :], market.demand[:, 1]])
        if is_met(market, capacity, demand):
            return sum(way)
    return most


def held(seed: int) -> bool:
    market = contradicting(np.random.default_rng(seed))
    matching = match(market)
    found = matching.repairs()
    if matching.status == "optimal":
        assert not found.side
        assert found.repairs == ()
        return False
    bounds = {"provider": market.capacity, "recipient": market.demand}
    free = {side: np.column_stack([np.zeros(len(b), np.int64), b[:, 1]]) for side, b in bounds.items()}

    def met(members: set[int]) -> bool:
        asked = {side: b.copy() for side, b in free.items()}
        asked[found.side][list(members), 0] = bounds[found.side][list(members), 0]
        return is_met(market, asked["provider"], asked["recipient"])

    conflict = set(found.conflict.tolist())
    assert not met(conflict)
    assert all(met(conflict - {member}) for member in conflict)
    assert found.repairs
    for repair in found.repairs:
        assert match(repair.apply(market)).status == "optimal"
        assert repair.given_up == found.repairs[0].given_up
        assert repair.text("en") != repair.text("zh")
    assert fewest(market, found.repairs[0].given_up) == found.repairs[0].given_up
    return True


@pytest.mark.parametrize("first", few(1, range(0, 4000, 20)))
def test_ways_out_of_random_markets(first: int) -> None:
    assert sum(held(seed) for seed in range(first, first + 20)) > 2


def test_units_of_one_pair_count() -> None:
    market = Market.from_matrix([[1, 1]], capacity=3, demand=[(2, 2), (2, 2)], pair_limit=2)
    (way, *_) = match(market).repairs().repairs
    assert way.given_up == 1
    assert match(way.apply(market)).status == "optimal"
