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
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.allpairs import pricing_labels as labels
from matcher.allpairs import pricing_repair as fix
from matcher.allpairs.pricing_tree import FloatArray, IntArray, Tree, cheapest, kd_order

Costs = Callable[[IntArray, IntArray], IntArray]  # (recipient, provider) positions -> whole metres


@dataclass(frozen=True, slots=True)
class Nodes:
    """Both sides of a market of points, at one grain.

    Attributes
    ----------
    provider, recipient
        Trees over the (P, 3) and (R, 3) earth-centred points.
    capacity, demand, unmet
        (P,), (R,), (R,) int64, capacity and demand at least 1; `unmet` is the charge of a missing unit in metres.
    reach_m
        Pairs farther than this are not allowed.
    most
        Units a pair may carry: 1, or more than any bound where units need not come from different providers.
    cost
        Whole metres of pairs, at least the tree's bound.
    number
        (R + P,) rank of each node along a common k-d tree: the flow runs faster so.
    scale
        Prices and charges of a net, and the costs of its arcs, are in units of 1 / scale metres.
    """

    provider: Tree
    recipient: Tree
    capacity: IntArray
    demand: IntArray
    unmet: IntArray
    reach_m: int
    most: int
    cost: Costs
    number: IntArray
    scale: int = 1

    @classmethod
    def build(
        cls,
        xyz: tuple[FloatArray, FloatArray],
        bounds: tuple[IntArray, IntArray, IntArray],
        reach_m: int,
        most: int,
        cost: Costs,
    ) -> Nodes:
        """Build trees and numbering of (providers, recipients) with (capacity, demand, unmet)."""
        order = kd_order(np.concatenate([xyz[1], xyz[0]]), leaf=2)
        number = np.empty(len(order), np.int64)
        number[order] = np.arange(len(order))
        return cls(Tree.build(xyz[0]), Tree.build(xyz[1]), *bounds, reach_m, most, cost, number)

    @property
    def num_providers(self) -> int:
        """P."""
        return len(self.capacity)

    @property
    def num_recipients(self) -> int:
        """R."""
        return len(self.demand)

    def points(self, tree: Tree) -> FloatArray:
        """Return a tree's points by position."""
        xyz = np.empty_like(tree.xyz)
        xyz[tree.order] = tree.xyz
        return xyz


@dataclass(slots=True)
class Net:
    """Arcs, flow and prices, sorted by (recipient, provider).

    Attributes
    ----------
    recipient, provider, cost, flow
        (A,) int64.
    used, missing
        (P,) units given, (R,) units missing.
    u, p
        (R,), (P,) int64 prices that fit the arcs.
    """

    recipient: IntArray
    provider: IntArray
    cost: IntArray
    flow: IntArray
    used: IntArray
    missing: IntArray
    u: IntArray
    p: IntArray

    def value(self, nodes: Nodes) -> int:
        """Return metres plus charges of the flow."""
        return int(self.flow @ self.cost) + int(self.missing @ nodes.unmet)


def neighbours(nodes: Nodes, p: IntArray, forth: int, back: int) -> tuple[IntArray, IntArray, IntArray]:
    """Return pairs that the prices p suggest, as (recipient, provider), and what each recipient's first unit costs.

    They are each recipient's `forth` cheapest providers and each provider's `back` recipients with the most to gain;
    the (R,) costs are at most `unmet`.
    """
    who = np.arange(nodes.num_recipients)
    found, key = cheapest(
        nodes.provider, p, nodes.points(nodes.recipient), nodes.unmet + 1, nodes.reach_m, max(forth, 1)
    )
    u = np.minimum(nodes.unmet, key[:, 0])
    there = found >= 0
    recipient, provider = np.broadcast_to(who[:, None], found.shape)[there], found[there]
    if back:
        every = np.full(nodes.num_providers, labels.FAR, np.int64)
        found, _ = cheapest(nodes.recipient, -u, nodes.points(nodes.provider), every, nodes.reach_m, back)
        there = found >= 0
        other = np.broadcast_to(np.arange(nodes.num_providers)[:, None], found.shape)[there]
        recipient, provider = np.concatenate([recipient, found[there]]), np.concatenate([provider, other])
    return recipient, provider, u


def make_arcs(nodes: Nodes, recipient: IntArray, provider: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return the distinct pairs within reach as arcs: recipient, provider, cost, sorted."""
    keys = np.unique(recipient * nodes.num_providers + provider)
    recipient, provider = np.divmod(keys, nodes.num_providers)
    cost = nodes.cost(recipient, provider)
    near = cost <= nodes.reach_m
    return recipient[near], provider[near], cost[near]


def solve_flow(nodes: Nodes, arcs: tuple[IntArray, IntArray, IntArray], u: IntArray, p: IntArray) -> Net:
    """Return the least-cost flow over the arcs with its greatest prices; u (R,), p (P,) near these speed it up.

    Source: OR-Tools' cost-scaling push-relabel (Goldberg 1997).
    """
    from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

    recipient, provider, cost = arcs
    P, R = nodes.num_providers, nodes.num_recipients
    number = nodes.number.astype(np.int32)
    root = P + R
    most = np.minimum(nodes.most, np.minimum(nodes.capacity[provider], nodes.demand[recipient]))
    solver = SimpleMinCostFlow()
    solver.add_arcs_with_capacity_and_unit_cost(
        np.concatenate([number[recipient], number]),
        np.concatenate([number[R + provider], np.full(root, root, np.int32)]),
        np.concatenate([most, nodes.demand, nodes.capacity]),
        np.concatenate([cost - u[recipient], nodes.unmet - u, np.zeros(P, np.int64)]),
    )
    supply = np.zeros(root + 1, np.int64)
    supply[number[:R]] = nodes.demand
    supply[root] = -nodes.demand.sum()
    solver.set_nodes_supplies(np.arange(root + 1, dtype=np.int32), supply)
    status = solver.solve()
    if status != solver.OPTIMAL:  # asking for flows now would end the process
        raise ArithmeticError(f"the flow ended with {status}")
    flows = solver.flows(np.arange(len(cost) + root, dtype=np.int32))
    del solver
    net = Net(
        recipient,
        provider,
        cost,
        flows[: len(cost)].copy(),
        flows[len(cost) + R :].copy(),
        flows[len(cost) : len(cost) + R].copy(),
        u,
        p,
    )
    _set_prices(nodes, net)
    return net


def _set_prices(nodes: Nodes, net: Net) -> None:
    """Replace the guess in u and p by prices that fit the flow, not far above the guess where the flow leaves a choice.

    Parts of the arcs that lead to no provider with room fit any price up to what is charged for missing units; prices
    near the guess price fewer pairs out.
    """
    P, R = nodes.num_providers, nodes.num_recipients
    start = np.searchsorted(net.recipient, np.arange(R + 1))
    order = np.argsort(net.provider, kind="stable")
    first = np.searchsorted(net.provider[order], np.arange(P + 1))
    guess = np.concatenate([net.p, net.u])
    cap = np.concatenate([np.full(P, labels.FAR), nodes.unmet])
    floor = np.zeros(P + R, np.int64)
    price = np.full(P + R, labels.FAR)
    price[:P][net.used < nodes.capacity] = 0
    price[P:][net.missing > 0] = nodes.unmet[net.missing > 0]
    arcs = (first, order, start, net.recipient, net.provider, net.cost, net.flow, nodes.most, guess, cap)
    labels.settle(*arcs, floor, price)
    free = price >= labels.FAR
    kept = np.where(free, floor, price)
    above = int(net.flow @ net.cost) // max(1, int(net.flow.sum())) + 1
    highest = int(nodes.unmet.max())
    while True:
        trial = np.where(free, np.minimum(guess + above, cap), price)
        trial[:P][free[:P]] = labels.FAR
        if labels.settle(*arcs, kept if above <= highest else floor, trial) >= 0:
            net.p, net.u = trial[:P], trial[P:]
            return
        above *= 64


@dataclass(frozen=True, slots=True)
class Priced:
    """What the pairs without an arc say about the prices of a net.

    Attributes
    ----------
    recipient, provider, cost
        Pairs with cost + p < u that have no arc yet, the worst of each recipient and of each provider.
    bound
        What no matching can beat.
    u
        (R,) what each recipient's next unit would cost over all pairs, at most `unmet`.
    """

    recipient: IntArray
    provider: IntArray
    cost: IntArray
    bound: int
    u: IntArray


def price_out(nodes: Nodes, net: Net, forth: int, back: int) -> Priced:
    """Find the pairs that the prices of the net show to be missing; none of them: the net is optimal over all pairs."""
    P = nodes.num_providers
    have = net.recipient * P + net.provider
    # A saturated arc is cheaper than u: where units must come from different providers, look past as many.
    extra = int(min(nodes.demand.max(), P)) if nodes.most == 1 else 0
    rows = np.arange(nodes.num_recipients)
    points = nodes.points(nodes.recipient)
    k = min(forth + extra, P)
    parts: list[tuple[IntArray, IntArray, IntArray]] = []
    bound = -int(nodes.capacity @ net.p)
    u = np.minimum(net.u, nodes.unmet)
    scale = nodes.scale
    price, limit = net.p // scale, -(-net.u // scale)
    while len(rows):
        found, key = cheapest(nodes.provider, price, points[rows], limit[rows], nodes.reach_m, k)
        there = found >= 0
        recipient = np.broadcast_to(rows[:, None], found.shape)[there]
        provider = found[there]
        cost = nodes.cost(recipient, provider)
        total = np.where(cost <= nodes.reach_m, cost * scale + net.p[provider], labels.FAR)
        missing = (total < net.u[recipient]) & ~_contains(have, recipient * P + provider)
        hits = np.zeros(nodes.num_recipients, bool)
        hits[recipient[missing]] = True
        full = there[:, -1] & ~hits[rows] & (k < P)
        sums = np.full(found.shape, labels.FAR)
        sums[there] = total
        bound += _least(nodes, net, rows[~full], sums[~full], key[~full])
        u[rows] = np.minimum(u[rows], sums.min(axis=1))
        parts.append((recipient[missing], provider[missing], cost[missing] * scale))
        rows, k = rows[full], min(4 * k, P)
    if back and sum(len(part[0]) for part in parts):
        found, _ = cheapest(nodes.recipient, -limit, nodes.points(nodes.provider), -price, nodes.reach_m, back)
        there = found >= 0
        recipient, provider = found[there], np.broadcast_to(np.arange(P)[:, None], found.shape)[there]
        cost = nodes.cost(recipient, provider)
        missing = (cost <= nodes.reach_m) & (cost * scale + net.p[provider] < net.u[recipient])
        missing &= ~_contains(have, recipient * P + provider)
        parts.append((recipient[missing], provider[missing], cost[missing] * scale))
    recipient, provider, cost = (np.concatenate(column) for column in zip(*parts, strict=True))
    _, first = np.unique(recipient * P + provider, return_index=True)
    return Priced(recipient[first], provider[first], cost[first], bound, u)


def _contains(sorted_keys: IntArray, keys: IntArray) -> NDArray[np.bool_]:
    """Return which keys are among the sorted ones."""
    if not len(sorted_keys):
        return np.zeros(len(keys), bool)
    at = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    found: NDArray[np.bool_] = sorted_keys[at] == keys
    return found


def _least(nodes: Nodes, net: Net, rows: IntArray, sums: IntArray, key: IntArray) -> int:
    """Bound what the rows must pay: their cheapest units under the prices, of which `sums` are the exact ones."""
    if not len(rows):
        return 0
    unmet, demand = nodes.unmet[rows], nodes.demand[rows]
    # What is not on the list costs at least its last bound, or u where the list is not full.
    rest = np.minimum(np.where(key[:, -1] < labels.FAR, key[:, -1] * nodes.scale, net.u[rows]), unmet)
    if nodes.most > 1:
        return int(np.minimum(rest, sums.min(axis=1)) @ demand)
    best = np.sort(np.minimum(sums, rest[:, None]), axis=1)
    wanted = np.arange(best.shape[1]) < demand[:, None]
    return int(best[wanted].sum()) + int(rest @ np.maximum(demand - best.shape[1], 0))


def pruned(net: Net, keep: int) -> NDArray[np.bool_]:
    """Return which arcs to keep: those with flow, and of each recipient the `keep` of least reduced cost."""
    reduced = net.cost + net.p[net.provider] - net.u[net.recipient]
    order = np.lexsort((reduced, net.recipient))
    rank = np.arange(len(order)) - np.searchsorted(net.recipient, net.recipient)
    kept = net.flow > 0
    kept[order[rank < keep]] = True
    return kept


def merged(net: Net, kept: NDArray[np.bool_], more: Priced, num_providers: int) -> tuple[IntArray, IntArray, IntArray]:
    """Return the kept arcs and the new ones together, sorted."""
    recipient = np.concatenate([net.recipient[kept], more.recipient])
    provider = np.concatenate([net.provider[kept], more.provider])
    order = np.argsort(recipient * num_providers + provider, kind="stable")
    return recipient[order], provider[order], np.concatenate([net.cost[kept], more.cost])[order]


def rescaled(net: Net, scale: int) -> Net:
    """Return the net in units of 1 / scale metres."""
    return Net(
        net.recipient,
        net.provider,
        net.cost * scale,
        net.flow,
        net.used,
        net.missing,
        net.u * scale,
        net.p * scale,
    )


def repaired(nodes: Nodes, net: Net, more: Priced, work: int) -> tuple[Net, int]:
    """Add the arcs of `more`, mend flow and prices, serve who misses units below the charge of the nodes.

    Returns the net, in order again, and the work done.
    """
    A = len(net.recipient)
    order = np.argsort(net.provider, kind="stable")
    recipient, provider = np.concatenate([net.recipient, more.recipient]), np.concatenate([net.provider, more.provider])
    next_r, next_p = np.full(len(recipient), -1, np.int64), np.full(len(recipient), -1, np.int64)
    head_r, head_p = np.full(nodes.num_recipients, -1, np.int64), np.full(nodes.num_providers, -1, np.int64)
    if A:
        same = net.recipient[1:] == net.recipient[:-1]
        next_r[: A - 1] = np.where(same, np.arange(1, A), -1)
        head_r[net.recipient[::-1]] = np.arange(A)[::-1]
        by = net.provider[order]
        next_p[order[:-1]] = np.where(by[1:] == by[:-1], order[1:], -1)
        head_p[by[::-1]] = order[::-1]
    cost = np.concatenate([net.cost, more.cost])
    flow = np.concatenate([net.flow, np.zeros(len(more.cost), np.int64)])
    used, missing, u, p = net.used.copy(), net.missing.copy(), net.u.copy(), net.p.copy()
    spare = nodes.capacity - used
    # The worst first: each mends many others on its way.
    queue = A + np.argsort(more.cost + p[more.provider] - u[more.recipient], kind="stable")
    queue = np.concatenate([-1 - np.flatnonzero((missing > 0) & (u < nodes.unmet)), queue])
    state = (recipient, provider, cost, flow, next_r, next_p, head_r, head_p, used, spare, missing, nodes.unmet)
    done, steps = fix.repair(queue, state, u, p, nodes.most, work)
    kept = np.ones(len(recipient), bool)
    late = queue[done:]
    kept[late[late >= 0]] = flow[late[late >= 0]] > 0
    order = np.flatnonzero(kept)
    order = order[np.argsort(recipient[order] * nodes.num_providers + provider[order], kind="stable")]
    return Net(recipient[order], provider[order], cost[order], flow[order], used, missing, u, p), steps
