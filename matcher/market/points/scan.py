"""Which pairs of points matter to dual prices: a checker's way around the pairs that it need not look at one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from matcher.base.numbers import IntArray, magnitude
from matcher.geo import ecef
from matcher.market.build import Arcs, Points, distances
from matcher.market.points.tree import Tree, below

if TYPE_CHECKING:
    from matcher.market.levels import MarketLevel
    from matcher.market.market import Market

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
    key = _one_number(levels, provider, recipient)
    if key is None:
        return market
    scale, p, q = key
    points = market.points
    if not p.size or not q.size or p.min() >= q.max():
        none = np.zeros(0, np.int64)
        return replace(market, points=None, _arcs=Arcs(none, none, none[None]))
    pairs = _below(points, scale, p, q)
    cost = distances(points, pairs)
    keep = cost * scale + p[pairs[:, 0]] < q[pairs[:, 1]]
    if points.max_m is not None:
        keep &= cost <= points.max_m
    pairs, cost = pairs[keep], cost[keep]
    return replace(market, points=None, _arcs=Arcs(pairs[:, 0].copy(), pairs[:, 1].copy(), cost[None]))


def _one_number(
    levels: tuple[MarketLevel, ...], provider: IntArray, recipient: IntArray
) -> tuple[int, IntArray, IntArray] | None:
    """Return (scale, p, q) such that scale * metres + p < q at all pairs whose reduced costs are lexicographically < 0.

    One number in place of two levels: the first counts more than the second can ever reach. None if there is no room
    for that in 64 bits.
    """
    rows = [level.cost_row for level in levels]
    if rows == [None]:
        return 0, provider[0], recipient[0]
    if rows == [0]:
        return 1, provider[0], recipient[0]
    if sorted(rows, key=str) != [0, None]:
        return None
    top = [max(magnitude(provider[level]), magnitude(recipient[level])) for level in (0, 1)]
    metres = rows.index(0)
    most = 2 * top[1] + 1 + metres * FARTHEST_M
    if most * (2 * top[0] + 2 + FARTHEST_M) < _WORD:
        return (1, most)[not metres], most * provider[0] + provider[1], most * recipient[0] + recipient[1]
    if metres:
        return None
    # A tie in metres counts where the price of some provider breaks it.
    return 1, provider[0], recipient[0] + (recipient[1] > provider[1].min(initial=0))


def _below(points: Points, scale: int, p: IntArray, q: IntArray) -> IntArray:
    """Return all pairs (k, 2) in order whose distance bound, times `scale`, plus p is below q, perhaps within reach."""
    tree = Tree.build(ecef(points.provider_latlon[:, 0], points.provider_latlon[:, 1]))
    xyz = ecef(points.recipient_latlon[:, 0], points.recipient_latlon[:, 1])
    pairs = below(tree, p, xyz, q, FARTHEST_M if points.max_m is None else points.max_m, scale)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
