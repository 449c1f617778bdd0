"""Integer dual prices of a level, from one of its optimal matchings.

In the residual graph of an optimal flow no cycle has a negative length, so the lengths of shortest paths from the root
are potentials: no arc has a negative reduced cost (Ahuja, Magnanti and Orlin, "Network Flows", 1993, section 9.4).
The paths are found by label correcting (Bellman and Ford), a whole front of nodes at a time while fronts are wide.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

import numpy as np

from matcher.market.face import Chosen, Face
from matcher.market.input import Bools, Ints

#: a label above any length of a path, and far enough below 2**63 for a cost to be added
_FAR: Final = 1 << 62
#: labels above this were never reached from the root
_UNREACHED: Final = 1 << 61
#: grids with more arcs a node than this are priced as a whole and settled on few arcs
_DENSE: Final = 24
#: grids up to this are settled as a whole
_SMALL_GRID: Final = 1 << 14
#: fronts of fewer nodes are settled node by node once so many came one after the other
_NARROW: Final = 32
#: a length that leads nowhere: added to what the root reaches it stays above _UNREACHED, added to _FAR below 2**63
_NO_ARC: Final = 3 << 60


class NotOptimal(RuntimeError):
    """The matching is not optimal at this level: it has an improving cycle."""


def dual_prices(
    face: Face,
    cost: Ints | None,
    missing: Ints,
    chosen: Chosen,
    *,
    provider_cost: Ints | None = None,
    dropped: Ints | None = None,
) -> tuple[Ints, Ints]:
    """Return (P,) provider prices p and (R,) recipient prices q that prove `chosen` optimal at a level of a face.

    ``cost + p - q`` is >= 0 at every free arc that may carry more and <= 0 at every one that carries any; p is <= 0 at
    a provider with room left and >= 0 at one above its minimum; q is >= `missing` at a recipient below its maximum and
    <= `missing` at one above its minimum. (With `provider_cost`, p is compared with it in place of 0; with `dropped`,
    (R,) and not below `missing`, q is held against that from above: what a unit fewer costs where it costs more.)

    Raises
    ------
    NotOptimal
        If there are none.
    """
    give = np.zeros(face.num_providers, np.int64) if provider_cost is None else provider_cost
    used_p, used_r = face.used(chosen)
    full, some = face.full(chosen), face.some(chosen)
    # An arc that enters the root bounds a price from below: checked at the end, since it can never move the root.
    price = np.concatenate(
        [
            np.where(used_p < face.capacity[:, 1], give, _FAR),
            np.where(used_r > face.demand[:, 0], missing if dropped is None else dropped, _FAR),
        ]
    )
    floor = np.concatenate(
        [
            np.where(used_p > face.capacity[:, 0], give, -_FAR),
            np.where(used_r < face.demand[:, 1], missing, -_FAR),
        ]
    )
    small = face.ends is None and 0 < face.num_free <= _SMALL_GRID
    dense = face.ends is None and face.num_free > _DENSE * (face.num_providers + face.num_recipients)
    if small:
        _settle_small_grid(face, cost, full, some, price)
    elif dense:
        _settle_grid(face, cost, full, some, price)
    if not (small or dense) or (price > _UNREACHED).any():
        graph = _residual(face, cost, np.flatnonzero(~full), np.flatnonzero(some))
        _settle(graph, price, np.flatnonzero(price < _UNREACHED))
        lost = np.flatnonzero(price > _UNREACHED)
        if len(lost):
            price[lost] = _FAR  # a full arc of a grid may have left less, as if it led anywhere
            _settle(graph, price, lost)
            _lower(graph, price, floor, lost)
    # Nobody depends on the price of a recipient without a partner: what it is charged is its price.
    q = price[face.num_providers :]
    np.minimum(q, missing, out=q, where=used_r == 0)
    if (price < floor).any():
        raise NotOptimal
    return price[: face.num_providers], price[face.num_providers :]


class _Graph:
    """Residual arcs by tail: `head[start[v]:start[v + 1]]` and `length` likewise; recipients are nodes P and on."""

    __slots__ = ("head", "length", "start")

    def __init__(self, num_nodes: int, tail: Ints, head: Ints, length: Ints):
        order = np.argsort(tail, kind="stable")
        self.head, self.length = head[order], length[order]
        self.start = np.zeros(num_nodes + 1, np.int64)
        np.cumsum(np.bincount(tail, minlength=num_nodes), out=self.start[1:])

    def out_of(self, front: Ints) -> tuple[Ints, Ints]:
        """Return the positions of the arcs out of the nodes of `front`, and how many each has."""
        start = self.start[front]
        count = self.start[front + 1] - start
        ends = np.cumsum(count)
        offset = np.repeat(start - (ends - count), count)
        return offset + np.arange(len(offset)), count


def _residual(face: Face, cost: Ints | None, unchosen: Ints, chosen: Ints) -> _Graph:
    """Return the residual arcs among `unchosen` (provider to recipient) and `chosen` (back), without the root's."""
    provider, recipient = face.ends_of(np.concatenate([unchosen, chosen]))
    recipient = recipient + face.num_providers
    cut = len(unchosen)
    length = np.zeros(len(provider), np.int64)
    if cost is not None:
        length[:cut] = cost[unchosen]
        length[cut:] = -cost[chosen]
    return _Graph(
        face.num_providers + face.num_recipients,
        np.concatenate([provider[:cut], recipient[cut:]]),
        np.concatenate([recipient[:cut], provider[cut:]]),
        length,
    )


def _settle(graph: _Graph, price: Ints, front: Ints) -> None:
    """Lower `price` in place until no arc out of what `front` reaches can lower it."""
    start, head, length = graph.start, graph.head, graph.length
    narrow = 0
    for _ in range(len(price) + 2):
        narrow = narrow + 1 if len(front) < _NARROW else 0
        if narrow > _NARROW:
            front, narrow = _settle_narrow(graph, price, front), 0
        first = start[front]
        count = start[front + 1] - first
        ends = count.cumsum()
        arcs = (first - ends + count).repeat(count)
        arcs += np.arange(len(arcs))
        to = head[arcs]
        label = price[front].repeat(count)
        label += length[arcs]
        better = (label < price[to]).nonzero()[0]
        if not len(better):
            return
        to = to[better]
        np.minimum.at(price, to, label[better])
        if len(to) * _NARROW < len(price):
            front = np.unique(to)
            continue
        moved = np.zeros(len(price), bool)
        moved[to] = True
        front = moved.nonzero()[0]
    raise NotOptimal


def _settle_narrow(graph: _Graph, price: Ints, front: Ints) -> Ints:
    """Do the same node by node, first in first out, while few nodes wait, as in a long chain; return who waits."""
    start, head, length, label = (a.data for a in (graph.start, graph.head, graph.length, price))
    waits = bytearray(len(price))
    queue = deque(front.tolist())
    for node in queue:
        waits[node] = 1
    for _ in range(len(price) * (len(price) + 2)):
        if not queue or len(queue) > _NARROW * _NARROW:
            return np.array(queue, np.int64)
        node = queue.popleft()
        waits[node] = 0
        first, end, here = start[node], start[node + 1], label[node]
        arcs: Any = range(first, end)
        if end - first > _NARROW:
            arcs = (first + (here + graph.length[first:end] < price[graph.head[first:end]]).nonzero()[0]).tolist()
        for arc in arcs:
            to, new = head[arc], here + length[arc]
            if new < label[to]:
                label[to] = new
                if not waits[to]:
                    waits[to] = 1
                    queue.append(to)
    raise NotOptimal


def _settle_grid(face: Face, cost: Ints | None, full: Bools, some: Bools, price: Ints) -> None:
    """Settle a grid of all pairs on few of its arcs: look at all, keep the best into each recipient, settle, repeat."""
    num_p, num_r = face.num_providers, face.num_recipients
    taken, closed = np.flatnonzero(some), np.flatnonzero(full)
    grid = np.zeros((num_p, num_r), np.int64) if cost is None else cost.reshape(num_p, num_r)
    label = np.empty_like(grid)
    kept = np.zeros(0, np.int64)
    _settle(_residual(face, cost, kept, taken), price, np.flatnonzero(price < _UNREACHED))
    for _ in range(num_p * num_r + 1):
        np.add(grid, price[:num_p, None], out=label)
        label.reshape(-1)[closed] = _FAR
        least = label.min(axis=0)
        better = ((least < price[num_p:]) & (least < _UNREACHED)).nonzero()[0]
        if not len(better):
            return
        kept = np.concatenate([kept, label[:, better].argmin(axis=0) * num_r + better])
        price[num_p + better] = least[better]
        _settle(_residual(face, cost, kept, taken), price, num_p + better)
    raise NotOptimal


def _settle_small_grid(face: Face, cost: Ints | None, full: Bools, some: Bools, price: Ints) -> None:
    """Settle a small grid of all pairs, the whole of it in every step."""
    num_p, num_r = face.num_providers, face.num_recipients
    taken = some.nonzero()[0]
    provider, recipient = face.ends_of(taken)
    grid = np.zeros((num_p, num_r), np.int64) if cost is None else cost.reshape(num_p, num_r).copy()
    back = grid.reshape(-1)[taken]
    grid.reshape(-1)[full.nonzero()[0]] = _NO_ARC
    p, q = price[:num_p], price[num_p:]
    for _ in range(num_p + num_r + 2):
        np.minimum(q, (grid + p[:, None]).min(axis=0), out=q)
        before = p.copy()
        np.minimum.at(p, provider, q[recipient] - back)
        if (p == before).all():
            return
    raise NotOptimal


def _lower(graph: _Graph, price: Ints, floor: Ints, lost: Ints) -> None:
    """Bring the prices of nodes that the root does not reach down as far as their arcs out allow."""
    arcs, count = graph.out_of(lost)
    slack = np.repeat(price[lost], count) + graph.length[arcs] - price[graph.head[arcs]]
    slack = slack[price[graph.head[arcs]] < _UNREACHED]
    bounded = price[lost] - np.maximum(floor[lost], -_UNREACHED)
    bounded = bounded[floor[lost] > -_FAR]
    rooms = np.concatenate([slack, bounded])
    price[lost] -= rooms.min() if len(rooms) else price[lost].min()
