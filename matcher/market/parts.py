"""Markets that fall apart: parts with no candidate arc between them are solved apart and put together again.

Levels add up over the parts, and so do the bounds that prices prove, so the matching of least cost in each part is one
of least cost in all, and the prices of all are those of the parts side by side; the certificate of the whole is
recomputed from them. Parts are found, solved and merged in order of position whatever the number of workers, hence the
same bytes. Small parts are packed together, since each costs something to begin.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np

from matcher.base.progress import Budget, Progress, StopReason
from matcher.geo import ecef
from matcher.market.apart import solve_parts_apart
from matcher.market.build import Arcs, Points, frozen
from matcher.market.claims import Solved
from matcher.market.engine import Begun
from matcher.market.input import Ints
from matcher.market.jobs.solving import solve_here
from matcher.market.market import Market
from matcher.market.points import sites as pricing
from matcher.market.points.engine import MANY_POINTS
from matcher.market.refusals import check_flow

#: below so many arcs a listed market is solved sooner than it is taken apart
_FEW_ARCS: Final = 200_000
#: nodes of a pack of parts: below, one part alone is not worth the call
_PACK: Final = 4_000
#: where one part holds more of the nodes than this, the others do not matter
_MOST: Final = 0.8
#: from so many nodes of points, or arcs that are listed, the time saved by more processes is more than they cost
_WORTH_NODES: Final = 30_000
_WORTH_ARCS: Final = 5_000_000
#: cells no smaller than this, so that their three numbers fit into one
_CELL_M: Final = 2_000.0


class Part(NamedTuple):
    """Providers and recipients, by position in order, that have no arc to anybody else."""

    provider: Ints
    recipient: Ints


@dataclass(frozen=True, slots=True)
class _Parts:
    """Solves what is not connected apart; `work_limit` and `gap` hold for each part."""

    name: str = "parts"

    def fits(self, market: Market) -> bool:
        """Whether nothing but candidate arcs joins one member to another."""
        return market.is_flow

    def solve(self, market: Market, budget: Budget, start: Begun | None) -> Solved | None:
        """Solve the parts, on children where that is quicker or somebody may ask to stop; None if there is only one."""
        parts = [] if start is not None else parts_of(market)
        if not parts or (budget.can_end and budget.stop_reason is not None):
            return None
        markets = part_markets(market, parts)
        several = budget.workers > 1 and worth_workers(market)
        long = pricing.suits(market) and market.num_providers + market.num_recipients >= MANY_POINTS
        apart = several or long or budget.can_end
        solved, reason = solve_parts_apart(markets, budget) if apart else solve_in_turn(markets, budget)
        for part, one in zip(parts, solved, strict=True):
            if one.hall is not None:
                side, members = one.hall
                return Solved(hall=(side, (part.provider if side == "provider" else part.recipient)[members]))
        return _merged(market, parts, solved, reason)


ENGINE: Final = _Parts()


def parts_of(market: Market) -> list[Part]:
    """Return the parts of a market, in order of their first nodes; one or none if it is not worth taking apart."""
    P, R = market.num_providers, market.num_recipients
    if pricing.suits(market):
        points = market.points
        if points is None or points.max_m is None or P + R < 2 * _PACK:
            return []
        label = _linked_cells(points)
    else:
        whole = market.matrix is not None and market.matrix.allowed is None
        if whole or (market.points is not None and not market.listed) or market.num_arcs < _FEW_ARCS:
            return []
        ends = (market.provider_idx, P + market.recipient_idx)
        label = _connected(ends, P + R)
    pack = _packed(label)
    count = int(pack.max(initial=-1)) + 1
    if count < 2 or int(np.bincount(pack).max()) > _MOST * (P + R):
        return []
    order_p, order_r = np.argsort(pack[:P], kind="stable"), np.argsort(pack[P:], kind="stable")
    cut_p = np.searchsorted(pack[:P][order_p], np.arange(1, count))
    cut_r = np.searchsorted(pack[P:][order_r], np.arange(1, count))
    return [Part(p, r) for p, r in zip(np.split(order_p, cut_p), np.split(order_r, cut_r), strict=True)]


def worth_workers(market: Market) -> bool:
    """Whether a market that falls apart is large enough for more than one process."""
    if pricing.suits(market):
        return market.num_providers + market.num_recipients >= _WORTH_NODES
    return market.num_arcs >= _WORTH_ARCS


def _linked_cells(points: Points) -> Ints:
    """Return a label for each provider and then each recipient, equal wherever a chain of pairs in reach may lead.

    Points share a cell of a cube grid as wide as the reach, and pairs in reach lie in cells that touch. The straight
    line is never longer than the geodesic, so no pair in reach is missed; parts a little apart may be taken for one.
    """
    max_m = points.max_m
    assert max_m is not None
    ends = [ecef(side[:, 0], side[:, 1]) for side in points[:2]]
    side_m = max(max_m + 1.0, _CELL_M)
    cell = np.floor(np.concatenate(ends) / side_m).astype(np.int64) + (1 << 13)
    key = (cell[:, 0] << 40) + (cell[:, 1] << 20) + cell[:, 2]
    known, at = np.unique(key, return_inverse=True)
    at = at.reshape(-1)
    count, P = len(known), len(ends[0])
    gives, takes = np.zeros(count, bool), np.zeros(count, bool)
    gives[at[:P]], takes[at[P:]] = True, True
    givers = np.flatnonzero(gives)
    tail, head = [], []
    for x in (-1, 0, 1):
        for y in (-1, 0, 1):
            for z in (-1, 0, 1):
                wanted = known[givers] + (x << 40) + (y << 20) + z
                place = np.minimum(np.searchsorted(known, wanted), count - 1)
                there = (known[place] == wanted) & takes[place]
                tail.append(givers[there])
                head.append(place[there])
    # A cell's providers and recipients are nodes of their own: two providers of a cell need no recipient in common.
    links = (np.concatenate(tail), count + np.concatenate(head))
    label = _connected(links, 2 * count)
    joined: Ints = np.concatenate([label[at[:P]], label[count + at[P:]]])
    return joined


def _connected(ends: tuple[Ints, Ints], count: int) -> Ints:
    """Return the component of each of `count` nodes, joined by links between `ends`."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(ends[0]), bool), ends), (count, count))
    label: Ints = connected_components(graph, directed=False)[1].astype(np.int64)
    return label


def _packed(label: Ints) -> Ints:
    """Return the pack of each node: labels in order of their first node, closed once a pack is large enough."""
    _, first, inverse, size = np.unique(label, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first)
    pack_of = np.empty(len(order), np.int64)
    pack, filled = 0, 0
    for component, nodes in zip(order.tolist(), size[order].tolist(), strict=True):
        if filled >= _PACK:
            pack, filled = pack + 1, 0
        pack_of[component] = pack
        filled += nodes
    packed: Ints = pack_of[inverse.reshape(-1)]
    return packed


def part_market(market: Market, part: Part, at: Ints | None = None) -> Market:
    """Return one part as a market of its own; `at` are the positions of its arcs, if it has listed ones."""
    check_flow(market)
    fields: dict[str, Any] = {
        "ids": None,
        "num_providers": len(part.provider),
        "num_recipients": len(part.recipient),
        "capacity": frozen(market.capacity[part.provider]),
        "demand": frozen(market.demand[part.recipient]),
        "unmet_cost": None if market.unmet_cost is None else frozen(market.unmet_cost[:, part.recipient]),
    }
    if at is None:
        points = market.points
        assert points is not None
        ends = (frozen(points.provider_latlon[part.provider]), frozen(points.recipient_latlon[part.recipient]))
        return replace(market, **fields, points=Points(*ends, points.max_m), _arcs=None)
    ends = (
        np.searchsorted(part.provider, market.provider_idx[at]),
        np.searchsorted(part.recipient, market.recipient_idx[at]),
    )
    arcs = Arcs(frozen(ends[0]), frozen(ends[1]), frozen(np.ascontiguousarray(market.cost[:, at])))
    limit = market.pair_limit
    fields["pair_limit"] = limit if limit is None or limit.ndim == 0 else frozen(limit[at])
    return replace(market, **fields, points=None, matrix=None, _arcs=arcs)


def part_markets(market: Market, parts: list[Part]) -> list[Market]:
    """Return the parts as markets of their own."""
    if pricing.suits(market):
        return [part_market(market, part) for part in parts]
    number = np.empty(market.num_providers, np.int64)
    for count, part in enumerate(parts):
        number[part.provider] = count
    of_arc = number[market.provider_idx]
    order = np.argsort(of_arc, kind="stable")
    cuts = np.split(order, np.searchsorted(of_arc[order], np.arange(1, len(parts))))
    return [part_market(market, part, at) for part, at in zip(parts, cuts, strict=True)]


def solve_in_turn(markets: list[Market], budget: Budget) -> tuple[list[Solved], StopReason | None]:
    """Solve all parts in this process, one after the other."""
    solved: list[Solved] = []
    for done, part in enumerate(markets):
        budget.report(Progress("components", done, len(markets)))
        solved.append(solve_here(part, Budget(work_limit=budget.work_limit, gap=budget.gap)))
    budget.report(Progress("components", len(markets), len(markets)))
    return solved, None


def _merged(market: Market, parts: list[Part], solved: list[Solved], reason: StopReason | None) -> Solved:
    pairs = None
    if all(one.pairs is not None for one in solved):
        ends = [
            np.column_stack([part.provider[one.pairs[:, 0]], part.recipient[one.pairs[:, 1]], one.pairs[:, 2:]])
            for part, one in zip(parts, solved, strict=True)
            if one.pairs is not None
        ]
        pairs = np.concatenate(ends)
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    proved = min(len(one.provider) for one in solved)
    merged = Solved(pairs)
    for level in range(proved):
        p, q = np.zeros(market.num_providers, np.int64), np.zeros(market.num_recipients, np.int64)
        for part, one in zip(parts, solved, strict=True):
            p[part.provider], q[part.recipient] = one.provider[level], one.recipient[level]
        merged.provider.append(p)
        merged.recipient.append(q)
        names = {one.methods[level] for one in solved if level < len(one.methods)}
        merged.methods.append("+".join(sorted(names)))
    stopped = [one.stop_reason for one in solved if one.stop_reason is not None]
    merged.stop_reason = reason or (stopped[0] if stopped else None)
    return merged
