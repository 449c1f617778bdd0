"""Which pairs of points matter to dual prices: a checker's way around the pairs that it need not look at one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from matcher.base.numbers import IntArray
from matcher.geo import ecef
from matcher.market.build import Arcs, distances
from matcher.market.points.tree import Tree, cheapest

if TYPE_CHECKING:
    from matcher.market.market import Market, MarketLevel

#: no two points of the ellipsoid are farther apart
FARTHEST_M: Final = 20_040_000
#: below so many pairs all of them are looked at
FEW_PAIRS: Final = 20_000
_WORD: Final = 1 << 61


def relevant(market: Market, levels: tuple[MarketLevel, ...], provider: IntArray, recipient: IntArray) -> Market:
    """Return the market with only those candidate arcs whose reduced costs may be lexicographically < 0 at the prices.

    The others add nothing to the bound that the prices (K, P) and (K, R) of the first K levels give; pairs that are
    tied at every level, all of them where everybody stands in one place, need not be looked at. A market that is no
    flow, is not of points, is small, or has prices that leave no room in 64 bits, is returned as it is, with all arcs.
    """
    if not market.is_flow:
        return market
    if market.points is None or market.listed or market.num_providers * market.num_recipients <= FEW_PAIRS:
        return market
    rows = [level.cost_row for level in levels]
    if rows[:1] == [0]:
        p, q = provider[0], recipient[0].copy()
        if len(rows) > 1:  # a tie in metres counts where the price of some provider breaks it
            q += recipient[1] > provider[1].min(initial=0)
    elif rows == [None, 0]:
        # One number in place of two levels: the first counts more than the second can ever reach.
        most = 2 * int(max(np.abs(provider[1]).max(), np.abs(recipient[1]).max())) + FARTHEST_M + 1
        if most * (2 * int(max(np.abs(provider[0]).max(), np.abs(recipient[0]).max())) + 2) >= _WORD:
            return market
        p, q = most * provider[0] + provider[1], most * recipient[0] + recipient[1]
    elif rows == [None] and (not provider.size or not recipient.size or provider[0].min() >= recipient[0].max()):
        none = np.zeros(0, np.int64)
        return replace(market, points=None, _arcs=Arcs(none, none, none[None]))
    else:
        return market
    points = market.points
    pairs = _below(points.provider_latlon, points.recipient_latlon, p, q, points.max_m)
    cost = distances(points, pairs)
    keep = cost + p[pairs[:, 0]] < q[pairs[:, 1]]
    if points.max_m is not None:
        keep &= cost <= points.max_m
    pairs, cost = pairs[keep], cost[keep]
    return replace(market, points=None, _arcs=Arcs(pairs[:, 0].copy(), pairs[:, 1].copy(), cost[None]))


def _below(
    provider_latlon: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    recipient_latlon: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    p: IntArray,
    q: IntArray,
    max_m: int | None,
) -> IntArray:
    """Return all pairs (k, 2) in order whose distance bound plus p is below q, and perhaps within reach."""
    tree = Tree.build(ecef(provider_latlon[:, 0], provider_latlon[:, 1]))
    xyz = ecef(recipient_latlon[:, 0], recipient_latlon[:, 1])
    rows, k = np.arange(len(q)), min(4, len(p))
    parts = []
    while len(rows):
        found, _ = cheapest(tree, p, xyz[rows], q[rows], FARTHEST_M if max_m is None else max_m, k)
        more = (found[:, -1] >= 0) & (k < len(p))
        done = found[~more]
        there = done >= 0
        recipient = np.broadcast_to(rows[~more][:, None], done.shape)[there]
        parts.append(np.column_stack([done[there], recipient]))
        rows, k = rows[more], min(4 * k, len(p))
    pairs = np.concatenate(parts)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
