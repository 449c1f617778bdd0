"""A first matching at once, without a proof: the cheapest pairs first, or for a matrix a row at a time."""

from __future__ import annotations

from typing import Final

import numpy as np

from matcher.market.face import arc_limits
from matcher.market.input import Ints
from matcher.market.market import Market

#: rounds over all pairs; the rest of a long chain of pairs that wait for each other is left
_ROUNDS: Final = 16
#: matrices of so many pairs are gone through a row at a time: sorting all pairs would take longer than a caller waits
_GRID: Final = 100_000


def greedy(market: Market, rounds: int = _ROUNDS) -> Ints | None:
    """Return a matching of a market without minima, (k, 2) pairs or (k, 3) with units; None with minima."""
    if market.has_minima:
        return None
    whole = market.matrix is not None and market.matrix.allowed is None and market.pair_limit is None
    pairs = _by_row(market) if whole and market.num_arcs >= _GRID else _by_cost(market, rounds)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def _by_cost(market: Market, rounds: int) -> Ints:
    """In each round take every pair that is the best left for both of its ends."""
    level = market.objectives[0 if market.unmet_cost is not None else 1]
    worth = market.cost[level.cost_row] - level.missing[market.recipient_idx]
    order = np.argsort(worth, kind="stable")
    if market.unmet_cost is not None:
        order = order[worth[order] < 0]
    room_p, room_r = market.capacity[:, 1].copy(), market.demand[:, 1].copy()
    limit = None if market.pair_limit is None else arc_limits(market)
    kept = [np.zeros((0, 2 if limit is None else 3), np.int64)]
    for _ in range(rounds):
        p, r = market.provider_idx[order], market.recipient_idx[order]
        order = order[(room_p[p] > 0) & (room_r[r] > 0)]
        if not len(order):
            break
        p, r = market.provider_idx[order], market.recipient_idx[order]
        first_p, first_r = np.full(len(room_p), len(order)), np.full(len(room_r), len(order))
        rank = np.arange(len(order))
        np.minimum.at(first_p, p, rank)
        np.minimum.at(first_r, r, rank)
        best = (first_p[p] == rank) & (first_r[r] == rank)
        p, r = p[best], r[best]
        pairs = np.column_stack([p, r])
        units = np.ones(len(p), np.int64)
        if limit is not None:
            units = np.minimum(limit[order[best]], np.minimum(room_p[p], room_r[r]))
            pairs = np.column_stack([pairs, units])[units > 0]
        kept.append(pairs)
        room_p[p] -= units
        room_r[r] -= units
        order = order[~best]
    return np.concatenate(kept)


def _by_row(market: Market) -> Ints:
    """Give each provider in turn the cheapest recipients that still have room."""
    assert market.matrix is not None
    level = market.objectives[0 if market.unmet_cost is not None else 1]
    grid = market.matrix.cost[level.cost_row or 0]
    room = market.demand[:, 1].copy()
    kept = [np.zeros((0, 2), np.int64)]
    for p, capacity in enumerate(np.minimum(market.capacity[:, 1], market.num_recipients).tolist()):
        free = np.flatnonzero(room > 0)
        if not len(free):
            break
        worth = grid[p, free] - level.missing[free]
        best = np.argpartition(worth, capacity - 1)[:capacity] if 0 < capacity < len(free) else np.arange(len(free))
        best = best[: max(capacity, 0)]
        if market.unmet_cost is not None:
            best = best[worth[best] < 0]
        taken = free[best]
        room[taken] -= 1
        kept.append(np.column_stack([np.full(len(taken), p), taken]))
    return np.concatenate(kept)
