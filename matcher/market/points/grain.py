"""From coarse to fine: a market of cells, whose flow and prices tell where arcs are worth making.

Cells are runs of a k-d tree, nested. The flow of a coarse market says which cells deal with each other; the pairs of
their children carry a flow nearly as good one grain finer, so that every grain starts feasible and almost optimal
(Schmitzer, "A sparse multiscale algorithm for dense optimal transport", 2016). Nothing of it enters the proof.
"""

from __future__ import annotations

import numpy as np

from matcher.base.numbers import FloatArray, IntArray
from matcher.market.points.auction import FAR
from matcher.market.points.net import Net, SiteNodes
from matcher.market.points.tree import cheapest

_COARSEST = 256
_FACTOR_LOG2 = 1


def grains(num_providers: int, num_recipients: int) -> list[tuple[int, int]]:
    """Return the depths (of providers, of recipients) of the coarse grains, coarsest first."""
    depths = []
    shift = _FACTOR_LOG2
    while (num_providers + num_recipients) >> shift >= _COARSEST:
        depths.append((max(num_providers.bit_length() - 1 - shift, 0), max(num_recipients.bit_length() - 1 - shift, 0)))
        shift += _FACTOR_LOG2
    return depths[::-1]


def cells(num: int, depth: int) -> IntArray:
    """Return the cell of each point in k-d order, (N,), for 2**depth cells."""
    starts = np.arange(1 << depth, dtype=np.int64) * num >> depth
    return np.repeat(np.arange(1 << depth), np.diff(np.append(starts, num)))


def coarse(fine: SiteNodes, depth_p: int, depth_r: int) -> SiteNodes:
    """Return the market of the cells: weighted centres, summed bounds, distances between centres."""
    cell_r = cells(fine.num_recipients, depth_r)
    xyz_p, capacity = _centres(fine.provider.xyz, fine.capacity, cells(fine.num_providers, depth_p))
    xyz_r, demand = _centres(fine.recipient.xyz, fine.demand, cell_r)
    charge = np.bincount(cell_r, fine.unmet * (fine.demand / demand[cell_r]), len(demand)).astype(np.int64)

    most = int(max(capacity.max(), demand.max()))
    return SiteNodes.build((xyz_p, xyz_r), (capacity, demand, charge), fine.reach_m, most, fine.cost).rough()


def spacing(nodes: SiteNodes) -> int:
    """Return how far, in metres, the mean recipient is from the nearest provider, at least 1."""
    none = np.zeros(nodes.num_providers, np.int64)
    limit = np.full(nodes.num_recipients, FAR)
    key = cheapest(nodes.provider, none, nodes.recipient.xyz, limit, nodes.reach_m, 1)[1][:, 0]
    key = key[key < FAR]
    return max(int(key.mean()) if len(key) else 0, 1)


def _centres(xyz: FloatArray, weight: IntArray, cell: IntArray) -> tuple[FloatArray, IntArray]:
    size = int(cell.max()) + 1
    total = np.bincount(cell, weight, size)
    centre = np.stack([np.bincount(cell, weight * xyz[:, axis], size) for axis in range(3)], axis=1)
    return centre / total[:, None], total.astype(np.int64)


def children(net: Net, parent_p: IntArray, parent_r: IntArray) -> tuple[IntArray, IntArray]:
    """Return (recipient, provider) of all pairs of children of cells that deal with each other."""
    used = net.flow > 0
    cell_r, cell_p = net.recipient[used], net.provider[used]
    order_r, order_p = np.argsort(parent_r, kind="stable"), np.argsort(parent_p, kind="stable")
    start_r = np.searchsorted(parent_r[order_r], np.arange(len(net.missing) + 1))
    start_p = np.searchsorted(parent_p[order_p], np.arange(len(net.p) + 1))
    count_r = start_r[cell_r + 1] - start_r[cell_r]
    count_p = start_p[cell_p + 1] - start_p[cell_p]
    count = count_r * count_p
    which = np.repeat(np.arange(len(count)), count)
    offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    recipient = order_r[start_r[cell_r[which]] + offset // count_p[which]]
    return recipient, order_p[start_p[cell_p[which]] + offset % count_p[which]]


def handed_down(above: SiteNodes, net: Net, nodes: SiteNodes) -> IntArray:
    """Return prices (P,) of finer providers: what the coarse recipients in reach would pay beyond the way there."""
    every = np.full(nodes.num_providers, FAR)
    found, key = cheapest(above.recipient, -net.u, nodes.provider.xyz, every, nodes.reach_m, 1)
    return np.where(found[:, 0] >= 0, np.maximum(-key[:, 0], 0), 0)
