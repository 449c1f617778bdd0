"""One grain of a point market: the arcs made so far, their flow and prices, and what the arcs never made would change.

Mathematics. Providers j with capacity C, recipients i with demand D and a charge U for each unit they miss, pairs at
distance d within reach:

    min sum d x + sum U m   s.t.   sum_j x_ij + m_i = D_i (price u),  sum_i x_ij <= C_j (price p >= 0),  0 <= x <= most.

For any p >= 0 the market is worth at least ``sum_i (D_i cheapest of d + p, each at most U_i) - sum C p``. A pair that
no arc was made for can only matter if d + p < u; the tree of `pricing_tree` finds such pairs or shows that there are
none, and then flow and prices are optimal over all pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from matcher.base.numbers import FloatArray, IntArray
from matcher.market.points import auction, paths
from matcher.market.points import compiled as fast
from matcher.market.points.auction import FAR, ShortArray
from matcher.market.points.tree import Tree, arc_floor_m, cheapest, whole_floor_m

_BIDS = 40  # bids a node at most
_REST, _PATIENCE = 1000, 5  # bids a recipient once only one node of so many waits, before shortest paths take over

Costs = Callable[[IntArray, IntArray], IntArray]  # (recipient, provider) positions -> whole metres


@dataclass(frozen=True, slots=True)
class SiteNodes:
    """Both sides of a market of points, at one grain, each numbered along a k-d tree.

    Attributes
    ----------
    provider, recipient
        Trees over the (P, 3) and (R, 3) earth-centred points.
    capacity, demand, unmet
        (P,), (R,), (R,) int64, capacity and demand at least 1; `unmet` is the charge of a missing unit.
    reach_m
        Pairs farther than this are not allowed.
    most
        Units a pair may carry: 1, or more than any bound where units need not come from different providers.
    alike
        (P,), (R,) int64: how many of the market's own points a node stands for; with `most` 1 a node's pair may carry
        as many units as they have pairs.
    cost
        Whole metres of pairs, at least the tree's bound.
    scale
        Charges and prices are in units of 1 / scale metres.
    """

    provider: Tree
    recipient: Tree
    capacity: IntArray
    demand: IntArray
    unmet: IntArray
    reach_m: int
    most: int
    cost: Costs
    alike: tuple[IntArray, IntArray]
    scale: int = 1

    @classmethod
    def build(
        cls,
        xyz: tuple[FloatArray, FloatArray],
        bounds: tuple[IntArray, IntArray, IntArray],
        reach_m: int,
        most: int,
        cost: Costs,
        alike: tuple[IntArray, IntArray] | None = None,
    ) -> SiteNodes:
        """Build the trees of (providers, recipients), both in k-d order, with (capacity, demand, unmet)."""
        if alike is None:
            alike = np.ones(len(xyz[0]), np.int64), np.ones(len(xyz[1]), np.int64)
        provider, recipient = (Tree.build(points, order=np.arange(len(points))) for points in xyz)
        return cls(provider, recipient, *bounds, reach_m, most, cost, alike)

    def rough(self) -> SiteNodes:
        """Return the same market with the tree's bounds in place of true costs: much faster, metres off."""
        xyz_p, xyz_r = self.provider.xyz, self.recipient.xyz

        def cost(recipient: IntArray, provider: IntArray) -> IntArray:
            return whole_floor_m(arc_floor_m(np.square(xyz_r[recipient] - xyz_p[provider]).sum(axis=1)))

        return replace(self, cost=cost)

    def limit(self, recipient: IntArray | ShortArray, provider: IntArray | ShortArray) -> IntArray:
        """Return how many units pairs may carry, whatever bounds their ends have."""
        if self.most > 1:
            return np.full(len(recipient), self.most)
        limit: IntArray = self.alike[0][provider] * self.alike[1][recipient]
        return limit

    @property
    def num_providers(self) -> int:
        """P."""
        return len(self.capacity)

    @property
    def num_recipients(self) -> int:
        """R."""
        return len(self.demand)


@dataclass(slots=True)
class Net:
    """Arcs, flow and prices, sorted by (recipient, provider).

    Attributes
    ----------
    recipient, provider
        (A,) int32.
    cost
        (A,) int64 whole metres.
    flow, missing
        (A,), (R,) int64 units carried by the arcs, and missing.
    u, p
        (R,), (P,) int64 prices in the units of the nodes.
    """

    recipient: ShortArray
    provider: ShortArray
    cost: IntArray
    flow: IntArray
    missing: IntArray
    u: IntArray
    p: IntArray

    def value(self, nodes: SiteNodes) -> int:
        """Return metres plus charges of the flow, in the units of the nodes."""
        return int(self.flow @ self.cost) * nodes.scale + int(self.missing @ nodes.unmet)


def neighbours(nodes: SiteNodes, p: IntArray, forth: int, back: int) -> tuple[IntArray, IntArray, IntArray]:
    """Return pairs that the prices p suggest, as (recipient, provider), and what each recipient's first unit costs.

    They are each recipient's `forth` cheapest providers and each provider's `back` recipients with the most to gain;
    the (R,) costs are at most `unmet`.
    """
    found, key = cheapest(nodes.provider, p, nodes.recipient.xyz, nodes.unmet + 1, nodes.reach_m, forth)
    u = np.minimum(nodes.unmet, key[:, 0])
    recipient, rank = np.nonzero(found >= 0)
    provider = found[recipient, rank]
    every = np.full(nodes.num_providers, FAR, np.int64)
    found, _ = cheapest(nodes.recipient, -u, nodes.provider.xyz, every, nodes.reach_m, back)
    other, rank = np.nonzero(found >= 0)
    return np.concatenate([recipient, found[other, rank]]), np.concatenate([provider, other]), u


def make_net(nodes: SiteNodes, recipient: IntArray, provider: IntArray, u: IntArray, p: IntArray) -> Net:
    """Return a net without flow over the distinct pairs within reach; u (R,) and p (P,) are its prices."""
    keys = np.sort(recipient * nodes.num_providers + provider)
    keys = keys[np.append(True, keys[1:] != keys[:-1])] if len(keys) else keys
    recipient, provider = np.divmod(keys, nodes.num_providers)
    cost = nodes.cost(recipient, provider)
    near = cost <= nodes.reach_m
    none = np.zeros(nodes.num_recipients, np.int64)
    ends = recipient[near].astype(np.int32), provider[near].astype(np.int32)
    return Net(*ends, cost[near], np.zeros(int(near.sum()), np.int64), none, u, p)


def exact(nodes: SiteNodes, net: Net, every: bool) -> Net:
    """Return the net with true costs in place of bounds, of `every` arc or of those with flow only; farther ones go."""
    kept = np.flatnonzero(net.flow >= (0 if every else 1))
    recipient, provider, flow = net.recipient[kept], net.provider[kept], net.flow[kept]
    cost = nodes.cost(recipient.astype(np.int64), provider.astype(np.int64))
    near = cost <= nodes.reach_m
    missing = net.missing + np.bincount(recipient[~near], flow[~near], nodes.num_recipients).astype(np.int64)
    return Net(recipient[near], provider[near], cost[near], flow[near], missing, net.u, net.p)


def settled(nodes: SiteNodes, net: Net, epsilon: int) -> Net:
    """Return the net with a flow of all units and prices that are within epsilon of the best over its arcs.

    Units that are neither carried nor missing in `net` are placed too.
    """
    P, R, A = nodes.num_providers, nodes.num_recipients, len(net.cost)
    start = np.searchsorted(net.recipient, np.arange(R + 1))
    ask = net.cost * nodes.scale + net.p[net.provider]
    order = np.arange(A, dtype=np.int32)
    auction.order_within(start, ask, order)
    arcs = np.empty(A, auction.ARC)
    arcs["ask"], arcs["recipient"], arcs["provider"] = ask, net.recipient, net.provider[order]
    arcs["flow"], arcs["following"] = net.flow[order], -1
    limit = nodes.limit(net.recipient, arcs["provider"])
    most = np.minimum(nodes.capacity[arcs["provider"]], nodes.demand[net.recipient])
    arcs["room"] = np.minimum(most, limit) - arcs["flow"]
    arcs["metres"] = net.cost[order]
    near = np.empty(A, auction.NEAR)
    near["metres"], near["provider"] = arcs["metres"], arcs["provider"]
    provider, flow = arcs["provider"], arcs["flow"]
    takes, first = auction.takes_of(arcs, P, nodes.scale)
    givers, takers = np.empty(P, auction.PROVIDER), np.empty(R, auction.RECIPIENT)
    givers["capacity"], givers["head"] = nodes.capacity, -1
    givers["used"] = np.bincount(provider, flow, P).astype(np.int64)
    takers["unmet"], takers["demand"], takers["missing"] = nodes.unmet, nodes.demand, net.missing
    takers["lack"] = nodes.demand - net.missing - np.bincount(net.recipient, flow, R).astype(np.int64)
    carry = takes["arc"][flow[takes["arc"]] > 0]
    owner = provider[carry]
    givers["head"][owner[::-1]] = carry[::-1]
    same = owner[1:] == owner[:-1]
    arcs["following"][carry[:-1][same]] = carry[1:][same]
    f = auction.Flow(arcs, near, start, takes, first, givers, takers, net.p.copy(), net.u.copy(), limit, nodes.scale)
    auction.release(f, epsilon)
    if epsilon:
        auction.raise_prices(f, epsilon, _BIDS * R, R // _REST, _PATIENCE * R)
    paths.serve(f)
    if epsilon:
        auction.lower_prices(f, epsilon, _BIDS * P, P // _REST, _PATIENCE * R)
    paths.fill(f)
    if not epsilon:
        paths.tighten(f)
    return Net(net.recipient, provider.copy(), net.cost[order], flow.copy(), takers["missing"].copy(), f.u, f.p)


@dataclass(frozen=True, slots=True)
class Priced:
    """What the pairs without an arc say about the prices of a net.

    Attributes
    ----------
    recipient, provider, cost
        Pairs with cost + p < u that have no arc yet, the worst of each recipient and of each provider.
    bound
        What no matching can beat; None if only some nodes were looked at.
    u
        (R,) what each recipient's next unit would cost over all pairs, at most `unmet`.
    """

    recipient: ShortArray
    provider: ShortArray
    cost: IntArray
    bound: int | None
    u: IntArray


def price_out(
    nodes: SiteNodes, net: Net, forth: int, back: int, some: tuple[IntArray, IntArray] | None = None
) -> Priced:
    """Find pairs that the prices of the net show to be missing; none of all pairs: the net is optimal.

    Looks from every recipient and, if something is missing, from every provider, or from `some` of each.
    """
    P, R, scale = nodes.num_providers, nodes.num_recipients, nodes.scale
    rows, givers = (np.arange(R), np.arange(P)) if some is None else some
    start = np.searchsorted(net.recipient, np.arange(R + 1))
    # A saturated arc is cheaper than u: where units must come from different providers, look past as many.
    extra = int(min((nodes.demand // nodes.alike[1]).max(), P)) if nodes.most == 1 else 1
    k = min(forth + extra, P)
    parts: list[tuple[IntArray, IntArray, IntArray]] = []
    bound = -int(nodes.capacity @ net.p)
    u = np.minimum(net.u, nodes.unmet)
    price, limit = net.p // scale, -(-net.u // scale)
    while len(rows):
        found, key = cheapest(nodes.provider, price, nodes.recipient.xyz[rows], limit[rows], nodes.reach_m, k)
        there = found >= 0
        recipient, provider = rows[np.nonzero(there)[0]], found[there]
        cost, new = _costs(nodes, net, start, recipient, provider)
        total = np.where(cost <= nodes.reach_m, cost * scale + net.p[provider], FAR)
        missing = new & (total < net.u[recipient])
        hits = np.zeros(R, bool)
        hits[recipient[missing]] = True
        full = there[:, -1] & ~hits[rows] & (k < P)
        sums = np.full(found.shape, FAR)
        sums[there] = total
        bound += _least(nodes, net, rows[~full], found[~full], sums[~full], key[~full])
        u[rows] = np.minimum(u[rows], sums.min(axis=1))
        parts.append((recipient[missing], provider[missing], cost[missing]))
        rows, k = rows[full], min(4 * k, P)
    if back and len(givers) and (some is not None or sum(len(part[0]) for part in parts)):
        xyz, most = nodes.provider.xyz[givers], -price[givers]
        found, _ = cheapest(nodes.recipient, -limit, xyz, most, nodes.reach_m, back)
        there = found >= 0
        recipient, provider = found[there], givers[np.nonzero(there)[0]]
        cost, new = _costs(nodes, net, start, recipient, provider)
        missing = new & (cost <= nodes.reach_m) & (cost * scale + net.p[provider] < net.u[recipient])
        parts.append((recipient[missing], provider[missing], cost[missing]))
    recipient, provider, cost = (np.concatenate(column) for column in zip(*parts, strict=True))
    _, first = np.unique(recipient * P + provider, return_index=True)
    ends = recipient[first].astype(np.int32), provider[first].astype(np.int32)
    return Priced(*ends, cost[first], bound if some is None else None, u)


def moved(before: tuple[Net, Priced], net: Net) -> tuple[IntArray, IntArray]:
    """Return the (recipients, providers) around which a pair may be missing now that was not before.

    That takes a recipient whose price rose or who had more pairs missing than were added, or a provider whose price
    fell; nothing is proved by looking there alone.
    """
    old, priced = before
    rows = net.u > old.u
    rows[priced.recipient] = True
    return np.flatnonzero(rows), np.flatnonzero(net.p < old.p)


def _costs(
    nodes: SiteNodes, net: Net, start: IntArray, recipient: IntArray, provider: IntArray
) -> tuple[IntArray, NDArray[np.bool_]]:
    """Return the costs of pairs, looked up where the net has them as arcs, and which it has not."""
    at = fast.find_arcs(start, net.provider, recipient, provider)
    new = at < 0
    cost = np.empty(len(at), np.int64)
    cost[~new] = net.cost[at[~new]]
    cost[new] = nodes.cost(recipient[new], provider[new])
    return cost, new


def _least(nodes: SiteNodes, net: Net, rows: IntArray, found: IntArray, sums: IntArray, key: IntArray) -> int:
    """Bound what the rows must pay: their cheapest units under the prices; `sums` are the exact ones of those found."""
    if not len(rows):
        return 0
    unmet, demand = nodes.unmet[rows], nodes.demand[rows]
    # What is not on the list costs at least its last bound, or u where the list is not full.
    rest = np.minimum(np.where(key[:, -1] < FAR, key[:, -1] * nodes.scale, net.u[rows]), unmet)
    if nodes.most > 1:
        return int(np.minimum(rest, sums.min(axis=1)) @ demand)
    best = np.minimum(sums, rest[:, None])
    order = np.argsort(best, axis=1, kind="stable")
    units = nodes.alike[0][np.take_along_axis(found, order, 1)] * nodes.alike[1][rows][:, None]
    taken = np.minimum(np.cumsum(units, axis=1), demand[:, None])
    each = np.diff(taken, axis=1, prepend=0)
    return int((each * np.take_along_axis(best, order, 1)).sum()) + int(rest @ (demand - taken[:, -1]))


def extended(nodes: SiteNodes, net: Net, more: Priced, keep: int | None) -> Net:
    """Return the net with the new arcs, and of those without flow the first `keep` a recipient, None: all."""
    kept = net.flow >= 0
    if keep is not None:
        kept = net.flow > 0
        before: IntArray = np.cumsum(~kept) - ~kept
        start = np.searchsorted(net.recipient, np.arange(nodes.num_recipients))
        kept |= before - np.append(before, 0)[start][net.recipient] < keep
    recipient = np.concatenate([net.recipient[kept], more.recipient])
    order = np.argsort(recipient, kind="stable")
    provider = np.concatenate([net.provider[kept], more.provider])[order]
    cost = np.concatenate([net.cost[kept], more.cost])[order]
    flow = np.concatenate([net.flow[kept], np.zeros(len(more.cost), np.int64)])[order]
    return Net(recipient[order], provider, cost, flow, net.missing, net.u, net.p)
