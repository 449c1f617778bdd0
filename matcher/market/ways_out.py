"""Ways out of a market whose minima can't be met: an irreducible Hall set, and the fewest units of minima to give up.

Of each side a maximum flow serves as many units of minima as can be, and what it leaves is the least that this side
must give up. Minima of both sides that can be met each on their own can be met together (A. J. Hoffman, H. W. Kuhn
1956; N. S. Mendelsohn, A. L. Dulmage 1958), so the sum of the two is the least of all, exactly. Which members give
way differs from flow to flow: arcs are laid out in several orders, and each gives a way out of the same size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from matcher.base.crossing import Crosses
from matcher.base.errors import text
from matcher.market.face import arc_limits, tally
from matcher.market.hall import SIDES, hall_set
from matcher.market.input import Ints
from matcher.market.market import Market

#: orders in which the arcs are laid out beside their own and the opposite one
_SHUFFLES: Final = 6


@dataclass(frozen=True, slots=True, eq=False)
class MarketRepair(Crosses):
    """One way out: minima that are lowered.

    Attributes
    ----------
    capacity, demand
        (P, 2) and (R, 2) int64: the bounds that can be met.
    given_up
        How many units of minima are given up in all; no way out gives up fewer.
    providers, recipients
        (n,) int64 positions of those whose minimum is lower.
    """

    capacity: Ints
    demand: Ints
    given_up: int
    providers: Ints
    recipients: Ints

    def apply(self, market: Market) -> Market:
        """Return the market with these bounds; it has a matching."""
        return replace(market, capacity=self.capacity, demand=self.demand)

    def text(self, lang: str = "en") -> str:
        """Say it."""
        fields = {"providers": _some(self.providers), "recipients": _some(self.recipients)}
        return text("market.way", lang, count=self.given_up, **fields)

    def __hash__(self) -> int:
        return hash((self.given_up, self.capacity.tobytes(), self.demand.tobytes()))


@dataclass(frozen=True, slots=True, eq=False)
class MarketWaysOut(Crosses):
    """Why the minima can't be met, and what to give up.

    Attributes
    ----------
    side
        "recipient" or "provider": whose minima contradict each other; "" if none do.
    conflict
        (n,) int64 positions of members of that side: without the minimum of any one of them those of the others can be
        met.
    repairs
        Ways out, all with the fewest units given up; of these, those that touch the fewest members first.
    """

    side: str
    conflict: Ints
    repairs: tuple[MarketRepair, ...]

    def __hash__(self) -> int:
        return hash((self.side, self.conflict.tobytes(), self.repairs))


def ways_out(market: Market, k: int = 3) -> MarketWaysOut:
    """Return why the minima of a market can't be met and up to k ways out; nothing for one that is no flow."""
    found = hall_set(market) if market.is_flow else None
    if found is None:
        return MarketWaysOut("", np.zeros(0, np.int64), ())
    side, members = found

    def is_met(some: Ints) -> bool:
        return int(_served(market, side, _only(market, side, some)).sum()) == int(_only(market, side, some).sum())

    conflict = np.sort(_explained(is_met, members[:0], members[:0], members))
    repairs: dict[bytes, MarketRepair] = {}
    for order in _orders(market):
        made = _repair(market, order)
        repairs.setdefault(made.capacity.tobytes() + made.demand.tobytes(), made)
    ranked = sorted(repairs.values(), key=lambda each: len(each.providers) + len(each.recipients))
    return MarketWaysOut(side, conflict, tuple(ranked[:k]))


def _orders(market: Market) -> list[Ints]:
    arcs = np.arange(len(market.recipient_idx))
    rng = np.random.default_rng(0)
    return [arcs, arcs[::-1], *(rng.permutation(arcs) for _ in range(_SHUFFLES))]


def _repair(market: Market, order: Ints) -> MarketRepair:
    bounds, lowered, given_up = {}, {}, 0
    for side in SIDES:
        before = market.demand if side == "recipient" else market.capacity
        served = _served(market, side, before[:, 0], order)
        bounds[side] = np.column_stack([np.minimum(before[:, 0], served), before[:, 1]])
        bounds[side].setflags(write=False)
        lowered[side] = np.flatnonzero(served < before[:, 0])
        given_up += int((before[:, 0] - np.minimum(before[:, 0], served)).sum())
    return MarketRepair(bounds["provider"], bounds["recipient"], given_up, lowered["provider"], lowered["recipient"])


def _only(market: Market, side: str, members: Ints) -> Ints:
    """Return the minima of a side, of these members alone."""
    minima = (market.demand if side == "recipient" else market.capacity)[:, 0]
    kept = np.zeros_like(minima)
    kept[members] = minima[members]
    return kept


def _served(market: Market, side: str, minima: Ints, order: Ints | None = None) -> Ints:
    """Return how many units of its minimum each member of a side has in a maximum flow."""
    from ortools.graph.python.max_flow import SimpleMaxFlow

    served = np.zeros(len(minima), np.int64)
    if not minima.any():
        return served
    maxima = (market.capacity if side == "recipient" else market.demand)[:, 1]
    needy, giver = market.recipient_idx, market.provider_idx
    if side == "provider":
        needy, giver = giver, needy
    concerned = np.flatnonzero(minima[needy] > 0) if order is None else order[minima[needy[order]] > 0]
    needy, giver = needy[concerned], giver[concerned]
    each = np.ones(len(needy), np.int64) if market.pair_limit is None else arc_limits(market)[concerned]
    room = np.minimum(maxima, tally(giver, each, len(maxima)))
    wanted = np.minimum(minima, tally(needy, each, len(minima)))
    at_n, at_h = np.flatnonzero(wanted), np.flatnonzero(room)
    source, sink = len(minima) + len(maxima), len(minima) + len(maxima) + 1
    solver = SimpleMaxFlow()
    solver.add_arcs_with_capacity(
        np.concatenate([np.full(len(at_h), source), len(minima) + giver]).astype(np.int32),
        np.concatenate([len(minima) + at_h, needy]).astype(np.int32),
        np.concatenate([room[at_h], each]),
    )
    last = solver.add_arcs_with_capacity(at_n.astype(np.int32), np.full(len(at_n), sink, np.int32), wanted[at_n])
    status = solver.solve(source, sink)
    if status != solver.OPTIMAL:
        raise RuntimeError(f"the maximum flow ended with {status}")
    served[at_n] = solver.flows(last)
    return served


def _explained(is_met: Callable[[Ints], bool], kept: Ints, added: Ints, among: Ints) -> Ints:
    """Return an irreducible part of `among` that can't be met with `kept`, by halving (QuickXplain; U. Junker 2004)."""
    if len(added) and not is_met(kept):
        return among[:0]
    if len(among) <= 1:
        return among
    first, second = np.array_split(among, 2)
    of_second = _explained(is_met, np.concatenate([kept, first]), first, second)
    of_first = _explained(is_met, np.concatenate([kept, of_second]), of_second, first)
    return np.concatenate([of_first, of_second])


def _some(members: Ints) -> str:
    shown = ", ".join(map(str, members[:8].tolist()))
    return (shown or "–") + (" …" if len(members) > 8 else "")
