"""Points with minima: the market solved on few arcs, all pairs priced, what is missing added, until nothing is.

A minimum may ask for pairs that no price would, so the flow of `net` does not take it. A market whose arcs are listed
does, with prices of every level; the pairs whose reduced costs are lexicographically below 0 at these prices are found
by the tree (`scan.relevant`), and where each of them is an arc already, the prices prove the matching best over all
pairs. Arcs are never taken away, so the rounds end. Arcs that do not meet the minima have a Hall set: its members get
twice as many arcs, until they are met or a set with all its pairs in reach is a witness for the whole market.

The first arcs are those that the market without its minima uses or nearly uses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from matcher.base.numbers import IntArray
from matcher.base.progress import Budget, Progress
from matcher.geo import ecef
from matcher.market import listed
from matcher.market.apart import solve_points_apart
from matcher.market.build import Arcs, frozen
from matcher.market.claims import Solved
from matcher.market.engine import Begun
from matcher.market.input import Ints
from matcher.market.market import Market
from matcher.market.points import scan, sites
from matcher.market.points.auction import FAR
from matcher.market.points.tree import Tree, cheapest

_FIRST: Final = 8  # arcs that everybody begins with
_MORE: Final = 6  # arcs added in a round, for a recipient and for a provider


@dataclass(frozen=True, slots=True)
class _Sparse:
    """Prices all pairs of points around a market of few listed arcs."""

    name: str = "sparse"

    def fits(self, market: Market) -> bool:
        """Whether the market is one of points with minima and with too many pairs to be listed."""
        return market.is_flow and market.has_minima and sites.suits(_without_minima(market))

    def solve(self, market: Market, budget: Budget, start: Begun | None) -> Solved:
        """Solve it; one unit of work is one round of solving and pricing."""
        relaxed = _without_minima(market)
        limits = Budget(work_limit=budget.work_limit)
        free = solve_points_apart(relaxed, budget, None) if budget.can_end else sites.solve(relaxed, limits, None)
        arcs = _first_arcs(market, free)
        best = Solved(None, free.provider, free.recipient, ["pricing"] * len(free.provider))
        if start is not None and start.pairs is not None:
            best.pairs = start.pairs
        while True:
            best.stop_reason = budget.stop_reason
            if best.stop_reason is not None:
                return best
            few = _with_arcs(market, arcs)
            found = listed.solve(few, Budget(time_limit_s=budget.time_left_s), None)
            budget.spend()
            if found.hall is not None:
                more = _around(market, found.hall, arcs)
                if more is None:
                    return found
                arcs = more
                continue
            if found.stop_reason is not None:
                best.pairs = found.pairs if found.pairs is not None else best.pairs
                continue
            best.pairs = found.pairs
            missing = _missing(market, found, arcs)
            budget.report(Progress("price", budget.work))
            if not len(missing):
                return replace(found, methods=["sparse"] * len(found.methods))
            arcs = np.unique(np.concatenate([arcs, missing]))


ENGINE: Final = _Sparse()


def _without_minima(market: Market) -> Market:
    """Return the market with all minima 0: what bounds it from below."""
    capacity, demand = market.capacity.copy(), market.demand.copy()
    capacity[:, 0] = demand[:, 0] = 0
    return replace(market, capacity=frozen(capacity), demand=frozen(demand))


def _keys(market: Market, pairs: Ints) -> Ints:
    keys: Ints = pairs[:, 0] * market.num_recipients + pairs[:, 1]
    return keys


def _with_arcs(market: Market, keys: Ints) -> Market:
    """Return the market with only these arcs, listed."""
    pairs = np.column_stack(np.divmod(keys, market.num_recipients))
    arcs = Arcs(frozen(pairs[:, 0].copy()), frozen(pairs[:, 1].copy()), frozen(market.pair_cost(pairs)))
    return replace(market, points=None, _arcs=arcs)


def _first_arcs(market: Market, free: Solved) -> Ints:
    """Return the arcs to begin with, as keys in order."""
    none_p, none_r = np.zeros(market.num_providers, np.int64), np.zeros(market.num_recipients, np.int64)
    parts = [_cheapest(market, none_p, None, _FIRST), _cheapest(market, None, none_r, _FIRST)]
    metres = 0 if market.unmet_cost is not None else 1
    if len(free.provider) > metres:
        parts.append(_cheapest(market, free.provider[metres], None, _FIRST))
        parts.append(_cheapest(market, None, free.recipient[metres], _FIRST))
    if free.pairs is not None:
        parts.append(_keys(market, free.pairs))
    return np.unique(np.concatenate(parts))


def _cheapest(market: Market, p: IntArray | None, u: IntArray | None, k: int, who: Ints | None = None) -> Ints:
    """Return as keys the pairs of each recipient with the k providers cheapest at prices p, or of each provider at u.

    With `who` of those members of the side only.
    """
    points = market.points
    assert points is not None
    xyz = [ecef(side[:, 0], side[:, 1]) for side in points[:2]]
    there, ask, price = (xyz[0], xyz[1], p) if u is None else (xyz[1], xyz[0], -u)
    assert price is not None
    who = np.arange(len(ask)) if who is None else who
    if not len(there) or not len(who):
        return np.zeros(0, np.int64)
    reach = scan.FARTHEST_M if points.max_m is None else points.max_m
    found, _ = cheapest(Tree.build(there), price, ask[who], np.full(len(who), int(FAR)), reach, min(k, len(there)))
    other = np.broadcast_to(who[:, None], found.shape)[found >= 0]
    pairs = np.column_stack([found[found >= 0], other] if u is None else [other, found[found >= 0]])
    return _keys(market, pairs[market.allows(pairs)])


def _around(market: Market, hall: tuple[str, Ints], arcs: Ints) -> Ints | None:
    """Return the arcs with twice as many at the members of a Hall set, None if these have all their pairs already."""
    side, members = hall
    at = np.column_stack(np.divmod(arcs, market.num_recipients))[:, int(side == "recipient")]
    k = 2 * int(np.bincount(at, minlength=1)[members[members < at.max(initial=0) + 1]].max(initial=1)) + _FIRST
    if side == "recipient":
        near = _cheapest(market, np.zeros(market.num_providers, np.int64), None, k, members)
    else:
        near = _cheapest(market, None, np.zeros(market.num_recipients, np.int64), k, members)
    more = np.union1d(arcs, near)
    return more if len(more) > len(arcs) else None


def _missing(market: Market, found: Solved, arcs: Ints) -> Ints:
    """Return as keys everybody's worst pairs without an arc and with reduced costs below 0; none: it is proved."""
    levels = market.objectives if market.tie_objective is None else (*market.objectives, market.tie_objective)
    p, q = np.array(found.provider), np.array(found.recipient)
    few = scan.relevant(market, levels, p, q)
    pairs = np.column_stack([few.provider_idx, few.recipient_idx])
    below = np.zeros(len(pairs), bool)
    level_open = np.ones(len(pairs), bool)
    worth = np.zeros(len(pairs), np.int64)
    for level, here_p, here_q in zip(levels, p, q, strict=True):
        reduced = here_p[pairs[:, 0]] - here_q[pairs[:, 1]]
        if level.cost_row is not None:
            reduced = reduced + few.cost[level.cost_row]
        below |= level_open & (reduced < 0)
        worth = np.where(level_open, reduced, worth)
        level_open &= reduced == 0
    keys = _keys(market, pairs)
    new = below & ~np.isin(keys, arcs)
    pairs, keys, worth = pairs[new], keys[new], worth[new]
    kept = np.zeros(len(keys), bool)
    for side in (0, 1):
        order = np.lexsort((worth, pairs[:, side]))
        rank = np.arange(len(order)) - np.searchsorted(pairs[order, side], pairs[order, side], side="left")
        kept[order[rank < _MORE]] = True
    return keys[kept]
