"""Points by who would rather be with whom, the nearer the better for both: the pairs that block, and no others.

Where distance is what both sides go by, a pair blocks a matching if it is nearer than the farthest partner of either
side, a free place being as good as a partner infinitely far away.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from matcher.base.numbers import IntArray
from matcher.geo import ecef
from matcher.market.input import Ints
from matcher.market.market import Market
from matcher.market.points.scan import FARTHEST_M
from matcher.market.points.tree import Tree, below

_FREE: Final = 1 << 40


def blocking(market: Market, pairs: Ints) -> Ints:
    """Return the pairs (b, 2) in order that block a matching of points whose pairs are all allowed."""
    points = market.points
    assert points is not None
    if not market.num_providers or not market.num_recipients:
        return np.zeros((0, 2), np.int64)
    cost = market.pair_cost(pairs)[0]
    worst_p = _worst(pairs[:, 0], cost, market.capacity[:, 1])
    worst_r = _worst(pairs[:, 1], cost, market.demand[:, 1])
    xyz_p, xyz_r = (ecef(side[:, 0], side[:, 1]) for side in points[:2])
    none = np.zeros(market.num_providers, np.int64)
    reach = FARTHEST_M if points.max_m is None else points.max_m
    found = below(Tree.build(xyz_p), none, xyz_r, worst_r, reach, 1, worst_p)
    metres = market.pair_cost(found)[0]
    inside = (metres <= reach) & (metres < worst_p[found[:, 0]]) & (metres < worst_r[found[:, 1]])
    keys = found[:, 0] * market.num_recipients + found[:, 1]
    taken = pairs[:, 0] * market.num_recipients + pairs[:, 1]
    keys = np.sort(keys[inside & ~np.isin(keys, taken)])
    return np.column_stack(np.divmod(keys, market.num_recipients))


def _worst(side: Ints, cost: Ints, most: Ints) -> IntArray:
    """Return how far everybody's farthest partner is, `_FREE` where a place is free, 0 where there is none at all."""
    worst = np.zeros(len(most), np.int64)
    np.maximum.at(worst, side, cost)
    used = np.bincount(side, minlength=len(most))
    return np.where(most == 0, 0, np.where(used < most, _FREE, worst))
