"""Worst travel at any size: thresholds tried from both sides."""

from __future__ import annotations

from matcher.base.numbers import IntArray
from matcher.methods.decomposition.decompose import Decomposition


def lower_worst(work: Decomposition, position: int, skip: frozenset[int]) -> int:
    """Lower the dearest pair of a level and return a bound on it, given the values of the levels before.

    With every pair above a threshold closed, a relaxation of the levels before that costs more than they may shows
    that some pair must be above it; a plan that keeps them lowers the value.
    """
    level = str(work.problem.objectives[position].worst_of)
    assert work.best is not None
    weights = work.bound_weights(position, skip)
    spent = sum(weights[before] * work.kept[before] for before in range(position))
    low, high = 0, work.best.values[position]
    while low < high and work.has_time(3.0):  # below `low` nothing can be
        middle = (low + high) // 2 if low else 0
        work.limit(level, middle)
        mix = work.mix(weights)
        relaxed = work.evaluate(mix, work.relaxation.pair_cost(mix), work.no_price)
        if relaxed.bound > spent:
            low = middle + 1
        else:
            _try(work, level, middle, relaxed.county_pairs)
            high = middle
            if not middle:
                break
    bottom = low
    while bottom < work.best.values[position] and work.has_time(3.0):  # below `bottom` nothing was found
        middle = (bottom + work.best.values[position]) // 2
        work.limit(level, middle)
        mix = work.mix(weights)
        relaxed = work.evaluate(mix, work.relaxation.pair_cost(mix), work.no_price)
        _try(work, level, middle, relaxed.county_pairs)
        if work.best.values[position] > middle:
            bottom = middle + 1
    work.limit(level, None)
    return low


def _try(work: Decomposition, level: str, longest: int, relaxed: IntArray) -> None:
    """Offer plans without pairs of `level` above `longest`, from the best county pairing and a relaxation's."""
    assert work.best is not None
    mix = work.search_mix()
    pairs = work.best.pairs.county
    if level == "county":
        pairs = pairs[work.problem.facts.cost("county", pairs[:, 0], pairs[:, 1]) <= longest]
    for county_pairs in (pairs, relaxed):
        work.offer(work.filled(mix, county_pairs))
