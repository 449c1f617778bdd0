"""A spatial tree over priced points: who is cheapest for a point, distance plus price, without listing the pairs.

The tree bounds distances from below by `arc_floor_m`, so nothing that it leaves out can be cheaper than what it says.

Mathematics. Let c be the straight chord between two points of the WGS-84 ellipsoid and s their geodesic. Every normal
curvature of the ellipsoid is at least 1/R with R = a^2/b, so by Blaschke's rolling theorem the ellipsoid lies inside
the ball of radius R that touches it at any of its points x(s). For f(s) = |x(s) - x(0)|^2 / 2 along a geodesic that
gives f'' <= 1 - f / R^2 with f(0) = f'(0) = 0, hence by Sturm's comparison f(s) <= R^2 (1 - cos(s / R)), that is
c <= 2 R sin(s / 2R), and therefore s >= 2 R arcsin(c / 2R). The bound is 9 m short at 1,000 km, where the chord
itself is 1 km short. The series of arcsin has positive terms only, so cutting it keeps the bound on the safe side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matcher.base.numbers import FloatArray, IntArray
from matcher.market.points import compiled as fast

LEAF = 16
_BLOCK_PAIRS = 4_000_000
_FAR = 1 << 61


def kd_order(xyz: FloatArray, *, leaf: int = LEAF) -> IntArray:
    """Return the positions of the points along a balanced k-d tree, ties by position.

    Parameters
    ----------
    xyz
        (N, D) coordinates.
    leaf
        Runs of at most so many points are not split any further.
    """
    n = len(xyz)
    order = np.arange(n)
    # Whole numbers that say segment and rank at once are sorted in a quarter of the time of three keys.
    by_axis = np.argsort(xyz, axis=0, kind="stable")
    rank = np.empty_like(by_axis)
    np.put_along_axis(rank, by_axis, order[:, None], 0)
    for level in range(_depth(n, leaf)):
        starts = _starts(n, level)
        points = xyz[order]
        low = np.minimum.reduceat(points, starts, axis=0)
        high = np.maximum.reduceat(points, starts, axis=0)
        segment = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, n)))
        axis = np.argmax(high - low, axis=1)[segment]
        order = by_axis[np.sort(segment * n + rank[order, axis]) - segment * n, axis]
    return order


def _depth(n: int, leaf: int) -> int:
    depth = 0
    while n > leaf << depth:
        depth += 1
    return depth


def _starts(n: int, level: int) -> IntArray:
    """Return where the 2**level runs of a balanced tree over n points start; the runs of a level are nested."""
    return np.arange(1 << level, dtype=np.int64) * n >> level


@dataclass(frozen=True, slots=True)
class Tree:
    """A balanced k-d tree in arrays; node k has the children 2k + 1 and 2k + 2, the last level is the leaves.

    Attributes
    ----------
    order
        (N,) positions of the points in tree order.
    xyz
        (N, 3) earth-centred metres, in tree order.
    low, high
        (M, 3) corners of each node's box.
    start, end
        (M,) each node's run of points in tree order.
    depth
        Number of splits above a leaf.
    """

    order: IntArray
    xyz: FloatArray
    low: FloatArray
    high: FloatArray
    start: IntArray
    end: IntArray
    depth: int

    @classmethod
    def build(cls, xyz: FloatArray, *, order: IntArray | None = None) -> Tree:
        """Build the tree of (N, 3) points, N >= 1; `order` is their `kd_order` if it is known already."""
        n = len(xyz)
        order = kd_order(xyz) if order is None else order
        points = np.ascontiguousarray(xyz[order])
        depth = _depth(n, LEAF)
        starts = [_starts(n, level) for level in range(depth + 1)]
        return cls(
            order=order,
            xyz=points,
            low=np.concatenate([np.minimum.reduceat(points, s, axis=0) for s in starts]),
            high=np.concatenate([np.maximum.reduceat(points, s, axis=0) for s in starts]),
            start=np.concatenate(starts),
            end=np.concatenate([np.append(s[1:], n) for s in starts]),
            depth=depth,
        )

    def least(self, values: IntArray) -> IntArray:
        """Return the (M,) least value below each node, of (N,) values in tree order."""
        n = len(self.order)
        return np.concatenate([np.minimum.reduceat(values, _starts(n, level)) for level in range(self.depth + 1)])


def cheapest(
    tree: Tree, prices: IntArray, xyz: FloatArray, limit: IntArray, reach_m: int, k: int
) -> tuple[IntArray, IntArray]:
    """Find for each query point the k points of the tree with the least distance bound plus price below its limit.

    Parameters
    ----------
    tree, prices
        The points and their (N,) int64 prices in metres, by position (not in tree order).
    xyz, limit
        (Q, 3) query points and their (Q,) limits: only keys strictly below count.
    reach_m
        Only points whose distance bound is at most so many metres count.
    k
        How many.

    Returns
    -------
    position, key
        (Q, k) positions, -1 where there are fewer, and their distance bound plus price; by key, then by position in
        the tree.
    """
    ordered = np.ascontiguousarray(prices[tree.order])
    floor = tree.least(ordered)
    if fast.AVAILABLE:
        slot, key = fast.cheapest(
            tree.xyz,
            ordered,
            tree.low,
            tree.high,
            floor,
            tree.start,
            tree.end,
            np.ascontiguousarray(xyz),
            limit,
            reach_m,
            k,
        )
    else:
        slot, key = _cheapest_numpy(tree, ordered, floor, xyz, limit, reach_m, k)
    position = np.where(slot >= 0, tree.order[slot], -1)
    return position, key


def below(
    tree: Tree,
    prices: IntArray,
    xyz: FloatArray,
    limit: IntArray,
    reach_m: int,
    scale: int,
    roof_m: IntArray | None = None,
) -> IntArray:
    """Find all pairs whose distance bound times `scale` plus price is below the query's limit: no more, in linear room.

    Parameters
    ----------
    tree, prices, xyz, limit, reach_m
        See `cheapest`; prices and limits in units of 1 / scale metres.
    roof_m
        (N,) metres: the distance bound must be below this too; None: no roof.

    Returns
    -------
    pairs
        (K, 2) of (position in the tree's points, query).
    """
    ordered = np.ascontiguousarray(prices[tree.order])
    floor, xyz = tree.least(ordered), np.ascontiguousarray(xyz)
    roof = np.full(len(ordered), _FAR) if roof_m is None else np.ascontiguousarray(roof_m[tree.order])
    highest = -tree.least(-roof)
    if fast.AVAILABLE:
        boxes = (tree.low, tree.high, floor, tree.start, tree.end)
        found = np.empty((4 * len(xyz) + 1000, 2), np.int64)
        count = fast.below(tree.xyz, ordered, *boxes, xyz, limit, roof, highest, reach_m, scale, found)
        if count > len(found):
            found = np.empty((count, 2), np.int64)
            fast.below(tree.xyz, ordered, *boxes, xyz, limit, roof, highest, reach_m, scale, found)
        query, slot = found[:count].T
    else:
        query, slot = _below_numpy(tree, (ordered, floor), (roof, highest), xyz, limit, reach_m, scale)
    return np.column_stack([tree.order[slot], query])


def arc_floor_m(squared_chord: FloatArray) -> FloatArray:
    """Bound the geodesic metres from below by the squared chord; see the module for the reason."""
    chord = np.sqrt(squared_chord)
    x2 = squared_chord * fast.INVERSE_4R2
    bound: FloatArray = chord * (1.0 + x2 * (fast.A3 + x2 * (fast.A5 + x2 * fast.A7)))
    return bound


def whole_floor_m(bound_m: FloatArray) -> IntArray:
    """Bound the whole metres of a geodesic from below, given a bound on the geodesic."""
    return np.maximum(np.ceil(bound_m - fast.HALF), 0.0).astype(np.int64)


def _below_numpy(
    tree: Tree,
    price: tuple[IntArray, IntArray],
    roof: tuple[IntArray, IntArray],
    xyz: FloatArray,
    limit: IntArray,
    reach_m: int,
    scale: int,
) -> tuple[IntArray, IntArray]:
    """Do what `fast.below` does, a block of queries going down the tree together."""
    parts = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    for block in np.array_split(np.arange(len(xyz)), len(xyz) // 256 + 1):
        query, node = _descend(tree, price[1], xyz, limit - 1, reach_m, block, most=None, scale=scale, highest=roof[1])
        query, slot, whole = _inside(tree, xyz, query, node)
        keep = (whole <= reach_m) & (whole < roof[0][slot]) & (whole * scale + price[0][slot] < limit[query])
        parts.append((query[keep], slot[keep]))
    query, slot = (np.concatenate(column) for column in zip(*parts, strict=True))
    return query, slot


def _inside(tree: Tree, xyz: FloatArray, query: IntArray, node: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return each (query, leaf) as (query, point, bound on the metres between them) for every point of the leaf."""
    size = tree.end[node] - tree.start[node]
    rows = np.repeat(query, size)
    points = np.arange(len(rows)) - np.repeat(np.cumsum(size) - size, size) + np.repeat(tree.start[node], size)
    gap = tree.xyz[points] - xyz[rows]
    return rows, points, whole_floor_m(arc_floor_m(gap[:, 0] ** 2 + gap[:, 1] ** 2 + gap[:, 2] ** 2))


def _cheapest_numpy(
    tree: Tree, prices: IntArray, floor: IntArray, xyz: FloatArray, limit: IntArray, reach_m: int, k: int
) -> tuple[IntArray, IntArray]:
    """Do what `fast.cheapest` does, all queries of a block going down the tree together."""
    slot = np.full((len(xyz), k), -1, dtype=np.int64)
    key = np.full((len(xyz), k), np.iinfo(np.int64).max, dtype=np.int64)
    block = max(1, min(len(xyz), _BLOCK_PAIRS // (64 * LEAF)))
    for first in range(0, len(xyz), block):
        rows = slice(first, first + block)
        _cheapest_block(tree, prices, floor, xyz[rows], limit[rows], reach_m, k, slot[rows], key[rows])
    return slot, key


def _cheapest_block(
    tree: Tree,
    prices: IntArray,
    floor: IntArray,
    xyz: FloatArray,
    limit: IntArray,
    reach_m: int,
    k: int,
    slot: IntArray,
    key: IntArray,
) -> None:
    # A first dive to each query's most promising leaves gives a ceiling, so that the full search stays narrow even
    # where the limit lets nearly everything through.
    query = np.arange(len(xyz))
    ceiling = limit.copy()
    dive = _descend(tree, floor, xyz, limit - 1, reach_m, query, most=4)
    _keep_best(tree, prices, xyz, limit, reach_m, k, dive, slot, key)
    full = slot[:, k - 1] >= 0
    ceiling = np.where(full, key[:, k - 1], limit - 1)
    slot[:] = -1
    key[:] = np.iinfo(np.int64).max
    for part in np.array_split(query, max(1, len(query) // 256)):
        found = _descend(tree, floor, xyz, ceiling, reach_m, part, most=None)
        _keep_best(tree, prices, xyz, limit, reach_m, k, found, slot, key)


def _descend(
    tree: Tree,
    floor: IntArray,
    xyz: FloatArray,
    ceiling: IntArray,
    reach_m: int,
    query: IntArray,
    *,
    most: int | None,
    scale: int = 1,
    highest: IntArray | None = None,
) -> tuple[IntArray, IntArray]:
    """Return (query, leaf) pairs whose box may hold a key <= ceiling, at most `most` a query if that is given."""
    node = np.zeros(len(query), dtype=np.int64)
    for level in range(tree.depth + 1):
        if level:
            query = np.repeat(query, 2)
            node = np.repeat(2 * node + 1, 2)
            node[1::2] += 1
        gap = np.maximum(np.maximum(tree.low[node] - xyz[query], xyz[query] - tree.high[node]), 0.0)
        bound = whole_floor_m(arc_floor_m(gap[:, 0] ** 2 + gap[:, 1] ** 2 + gap[:, 2] ** 2))
        key = bound * scale + floor[node]
        keep = (bound <= reach_m) & (key <= ceiling[query])
        if highest is not None:
            keep &= bound < highest[node]
        query, node, key = query[keep], node[keep], key[keep]
        if most is not None:
            order = np.lexsort((node, key, query))
            query, node = query[order], node[order]
            first = np.searchsorted(query, query, side="left")
            keep = np.arange(len(query)) - first < most
            query, node = query[keep], node[keep]
    return query, node


def _keep_best(
    tree: Tree,
    prices: IntArray,
    xyz: FloatArray,
    limit: IntArray,
    reach_m: int,
    k: int,
    found: tuple[IntArray, IntArray],
    slot: IntArray,
    key: IntArray,
) -> None:
    """Write the k best points of the (query, leaf) pairs into the rows of `slot` and `key`."""
    rows, points, bound = _inside(tree, xyz, *found)
    total = bound + prices[points]
    keep = (bound <= reach_m) & (total < limit[rows])
    rows, points, total = rows[keep], points[keep], total[keep]
    order = np.lexsort((points, total, rows))
    rows, points, total = rows[order], points[order], total[order]
    rank = np.arange(len(rows)) - np.searchsorted(rows, rows, side="left")
    best = rank < k
    slot[rows[best], rank[best]] = points[best]
    key[rows[best], rank[best]] = total[best]
