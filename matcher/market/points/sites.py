"""The optimum of a market of points over all pairs, seen and unseen, with a proof by prices.

Points of one place are one node with the sum of their bounds, see `_Sites.of`. What
comes back is pairs of the market's own positions and a vector of prices a level, which `certificate` checks from the
points alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matcher.base.numbers import FloatArray, IntArray
from matcher.base.progress import Budget
from matcher.geo import ecef, pair_m
from matcher.market.claims import Solved
from matcher.market.input import Ints
from matcher.market.market import Market
from matcher.market.matching import Matching
from matcher.market.points.net import Net, SiteNodes
from matcher.market.points.opening import nearest_first
from matcher.market.points.rounds import Start, State, solve_nodes
from matcher.market.points.scan import FARTHEST_M
from matcher.market.points.tree import kd_order

#: above so many pairs points are priced, below they are listed
MANY_PAIRS: Final = 50_000
_METHOD: Final = "pricing"


def suits(market: Market) -> bool:
    """Whether a market is one of points without minima and with so many pairs that they should not be listed."""
    many = market.num_providers * market.num_recipients > MANY_PAIRS
    plain = market.points is not None and market.pair_limit is None
    return many and plain and not market.has_minima and not market.listed


def solve(
    market: Market, budget: Budget, start: Matching | Ints | None, watch: Callable[[Solved], None] | None = None
) -> Solved:
    """Do what `solved` does; where it was stopped before a first flow, return what the nearest make at once."""
    found = solved(market, budget, start, watch)
    if found.pairs is None:
        opening = nearest_first(market)
        found.pairs = opening.pairs
        if not found.provider:
            found.provider, found.recipient, found.methods = opening.provider, opening.recipient, opening.methods
    return found


def solved(
    market: Market, budget: Budget, start: Matching | Ints | None, watch: Callable[[Solved], None] | None = None
) -> Solved:
    """Solve a market of points without minima over all pairs.

    Parameters
    ----------
    market
        See `Market.from_points`.
    budget
        One unit of work is one round of solving and pricing.
    start
        A matching of this or a nearby market of the same size, with prices if it has them, or its pairs (k, 2).
    watch
        Shown what there is after every bound.
    """
    sites = _Sites.of(market)
    if sites is None:
        return _trivial(market, np.zeros((0, 2), np.int64))
    begun = None if start is None else sites.start(start)
    if market.unmet_cost is None:
        return _serve_first(sites, budget, begun, watch)
    scale = 1 << int(market.demand[:, 1].sum()).bit_length()

    def of(state: State) -> Solved:
        found = Solved(sites.pairs(state), stop_reason=state.stop_reason, methods=[_METHOD])
        if state.p is not None and state.u is not None:
            p, u = sites.spread(state.p, state.u)
            found.provider, found.recipient = [p], [u]
            if state.proved:
                # Prices in fine units are those of the metres and, in the rest, those of the number of missing units.
                first_p, first_u = (p + scale // 2) // scale, (u + scale // 2) // scale
                found.provider, found.recipient = [first_p, p - scale * first_p], [first_u, u - scale * first_u]
        return found

    state = State()
    if watch is not None:
        state.watch = lambda here: watch(of(here))
    solve_nodes(sites.nodes, scale, budget, begun, state)
    return of(state)


def _serve_first(sites: _Sites, budget: Budget, begun: Start | None, watch: Callable[[Solved], None] | None) -> Solved:
    """Serve as many units as can be, then at least cost: a charge so high that prices fall into two groups."""
    nodes = sites.nodes
    reach = min(nodes.reach_m, FARTHEST_M)
    charge = (min(nodes.num_providers, nodes.num_recipients, 64) + 1) * (reach + 1)
    while True:
        sites.charge(charge)
        state = State()
        if watch is not None:
            state.watch = lambda here: watch(Solved(sites.pairs(here)))
        solve_nodes(sites.nodes, 1, budget, begun, state)
        solved = Solved(sites.pairs(state), stop_reason=state.stop_reason)
        if state.p is None or state.u is None:
            return solved
        p, u = sites.spread(state.p, state.u)
        high = _threshold(p, u, reach, charge)
        if high is None and state.proved:
            charge *= 16
            continue
        if high is not None:
            rich_p, rich_u = (p >= high).astype(np.int64), (u >= high).astype(np.int64)
            solved.provider, solved.recipient = [rich_p, p - charge * rich_p], [rich_u, u - charge * rich_u]
            solved.methods = [_METHOD, _METHOD]
        return solved


def _threshold(p: IntArray, u: IntArray, reach: int, charge: int) -> int | None:
    """Return a price that splits both sides so that no pair in reach joins a recipient above with a provider below.

    Such a pair would cost at least u - p; where no price lies within `reach` below the threshold there is none.
    """
    prices = np.unique(np.concatenate([p, u, [0, charge]]))
    gaps = np.diff(prices)
    wide = np.flatnonzero(gaps > reach)
    return int(prices[wide[-1] + 1]) if len(wide) else None


def _trivial(market: Market, pairs: Ints) -> Solved:
    """Return the empty matching of a market where nobody gives or nobody wants, with its prices."""
    levels = market.objectives if market.tie_objective is None else (*market.objectives, market.tie_objective)
    wanted = bool(market.demand[:, 1].any())
    u = [level.missing * wanted for level in levels]
    p = [np.full(market.num_providers, int(row.max(initial=0)), np.int64) for row in u]
    return Solved(pairs, p, u, [_METHOD] * len(market.objectives))


@dataclass(slots=True)
class _Sites:
    """The market's points as nodes, and the way back."""

    nodes: SiteNodes
    provider: IntArray  # positions of the providers with capacity, sorted by node
    recipient: IntArray
    provider_node: IntArray  # node of each of these
    recipient_node: IntArray
    market: Market

    @classmethod
    def of(cls, market: Market) -> _Sites | None:
        """Merge what stands in one place; None if a side is empty."""
        points = market.points
        assert points is not None
        capacity = np.minimum(market.capacity[:, 1], market.num_recipients)
        demand = np.minimum(market.demand[:, 1], market.num_providers)
        provider, recipient = np.flatnonzero(capacity), np.flatnonzero(demand)
        if not len(provider) or not len(recipient):
            return None
        # Where one side has one unit each, no two units of a pair can meet: a place is one node. Else those of a place
        # that have the same bounds are: what they share in all can be dealt out evenly, each pair at most one unit.
        free = bool(demand.max() <= 1 or capacity.max() <= 1)
        unmet = np.zeros(market.num_recipients, np.int64) if market.unmet_cost is None else market.unmet_cost[0]
        at_p, at_r = points.provider_latlon[provider], points.recipient_latlon[recipient]
        kind_p, kind_r = [*at_p.T], [*at_r.T, unmet[recipient]]
        if not free:
            kind_p, kind_r = [*kind_p, capacity[provider]], [*kind_r, demand[recipient]]
        node_p, first_p = _places(kind_p)
        node_r, first_r = _places(kind_r)
        xyz_p, xyz_r = (ecef(*at[first].T) for at, first in ((at_p, first_p), (at_r, first_r)))
        node_p, first_p, xyz_p = _numbered(node_p, first_p, xyz_p)
        node_r, first_r, xyz_r = _numbered(node_r, first_r, xyz_r)
        place_p, place_r = at_p[first_p], at_r[first_r]

        def cost(r: IntArray, p: IntArray) -> IntArray:
            return pair_m(place_p[p, 0], place_p[p, 1], place_r[r, 0], place_r[r, 1])

        nodes = SiteNodes.build(
            (xyz_p, xyz_r),
            (
                np.bincount(node_p, capacity[provider]).astype(np.int64),
                np.bincount(node_r, demand[recipient]).astype(np.int64),
                unmet[recipient][first_r].copy(),
            ),
            FARTHEST_M if points.max_m is None else points.max_m,
            1 << 40 if free else 1,
            cost,
            (np.bincount(node_p), np.bincount(node_r)),
        )
        return cls(nodes, provider, recipient, node_p, node_r, market)

    def charge(self, unmet_m: int) -> None:
        """Charge every missing unit so many metres."""
        self.nodes = replace(self.nodes, unmet=np.full(self.nodes.num_recipients, unmet_m, np.int64))

    def pairs(self, state: State) -> Ints | None:
        """Return the flow as pairs (k, 2) of the market's positions, in order."""
        net: Net | None = state.net
        if net is None:
            return None
        if self.nodes.most == 1:
            return self._evenly(net)
        used = np.flatnonzero(net.flow)
        node_r, node_p = (
            np.repeat(end[used].astype(np.int64), net.flow[used]) for end in (net.recipient, net.provider)
        )
        capacity = np.minimum(self.market.capacity[self.provider, 1], self.market.num_recipients)
        demand = np.minimum(self.market.demand[self.recipient, 1], self.market.num_providers)
        provider = _dealt(self.provider, self.provider_node, capacity, node_p)
        recipient = _dealt(self.recipient, self.recipient_node, demand, node_r)
        order = np.lexsort((recipient, provider))
        return np.column_stack([provider[order], recipient[order]])

    def _evenly(self, net: Net) -> Ints:
        """Return the same where a pair of nodes may carry a unit for each pair of their members.

        The units of a node's pairs go round its members, each pair beginning where the last one ended, so that all
        members carry the same or one more. A pair's units fill one recipient after the other, on providers in turn:
        none has more units than there are providers, so no two of them are of the same provider.
        """
        used = np.flatnonzero(net.flow)
        ends, units = (net.provider[used].astype(np.int64), net.recipient[used].astype(np.int64)), net.flow[used]
        size_p, size_r = (alike[end] for alike, end in zip(self.nodes.alike, ends, strict=True))
        begin_p, begin_r = (_begins(end, units) for end in ends)
        arc = np.repeat(np.arange(len(used)), units)
        turn = np.arange(len(arc)) - np.repeat(np.cumsum(units) - units, units)
        each, more = units // size_r, units % size_r
        fuller = more * (each + 1)
        column = np.where(
            turn < fuller[arc],
            turn // (each + 1)[arc],
            more[arc] + (turn - fuller[arc]) // np.maximum(each, 1)[arc],
        )
        provider = _member(self.provider, self.provider_node, ends[0][arc], (begin_p[arc] + turn) % size_p[arc])
        recipient = _member(self.recipient, self.recipient_node, ends[1][arc], (begin_r[arc] + column) % size_r[arc])
        order = np.lexsort((recipient, provider))
        return np.column_stack([provider[order], recipient[order]])

    def spread(self, p: IntArray, u: IntArray) -> tuple[Ints, Ints]:
        """Return node prices as prices (P,), (R,) of the market's positions."""
        nodes = self.nodes
        everywhere = np.full(self.market.num_providers, int(max(nodes.unmet.max(), u.max())), np.int64)
        everywhere[self.provider] = p[self.provider_node]
        wanted = np.zeros(self.market.num_recipients, np.int64)
        wanted[self.recipient] = u[self.recipient_node]
        return everywhere, wanted

    def start(self, start: Matching | Ints) -> Start | None:
        """Return pairs and prices of a matching as pairs and prices of nodes."""
        pairs = start.pairs if isinstance(start, Matching) else start
        to_p, to_r = np.full(self.market.num_providers, -1), np.full(self.market.num_recipients, -1)
        to_p[self.provider], to_r[self.recipient] = self.provider_node, self.recipient_node
        inside = (pairs[:, 0] < len(to_p)) & (pairs[:, 1] < len(to_r))
        p, r = to_p[pairs[inside, 0]], to_r[pairs[inside, 1]]
        known = (p >= 0) & (r >= 0)
        prices = np.zeros(self.nodes.num_providers, np.int64)
        given = start.prices if isinstance(start, Matching) else None
        if given is None or given.provider.shape[1] != len(to_p):
            return None
        np.maximum.at(prices, self.provider_node, np.maximum(given.provider[-1][self.provider], 0))
        return Start(r[known], p[known], prices)


def _places(columns: list[NDArray[np.float64] | Ints]) -> tuple[IntArray, IntArray]:
    """Return the node of each row and the first row of each node; rows are of one node if all their columns agree."""
    n = len(columns[0])
    order = np.lexsort(columns[::-1])
    new = np.zeros(n, bool)
    new[:1] = True
    for column in columns:
        new[1:] |= column[order][1:] != column[order][:-1]
    node = np.empty(n, np.int64)
    node[order] = np.cumsum(new) - 1
    return node, order[new]


def _numbered(node: IntArray, first: IntArray, xyz: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the same with the nodes numbered along a k-d tree: neighbours in space are neighbours in memory."""
    order = kd_order(xyz, leaf=1)
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(len(order))
    return number[node], first[order], xyz[order]


def _begins(node: IntArray, units: IntArray) -> IntArray:
    """Return how many units the same node had in the entries before each."""
    order = np.argsort(node, kind="stable")
    before = np.cumsum(units[order]) - units[order]
    begin = np.empty(len(node), np.int64)
    first = np.searchsorted(node[order], node[order], side="left")
    begin[order] = before - before[first]
    return begin


def _member(member: IntArray, node: IntArray, wanted: IntArray, turn: IntArray) -> IntArray:
    """Return the member number `turn` of each wanted node."""
    order = np.argsort(node, kind="stable")
    found: IntArray = member[order[np.searchsorted(node[order], wanted, side="left") + turn]]
    return found


def _dealt(member: IntArray, node: IntArray, room: IntArray, units: IntArray) -> IntArray:
    """Return who of each node's members gets each unit (given by node), members served in order."""
    order = np.argsort(node, kind="stable")
    slots = np.repeat(order, room[order])
    first = np.searchsorted(node[slots], units, side="left")
    by = np.argsort(units, kind="stable")
    rank = np.empty(len(units), np.int64)
    rank[by] = np.arange(len(units)) - np.searchsorted(units[by], units[by], side="left")
    dealt: IntArray = member[slots[first + rank]]
    return dealt
