"""Ways out of a market without a matching: what contradicts what, and the least to give up.

Of the minima of a flow this is exact in units. Of each side a maximum flow serves as many units of minima as can be,
and what it leaves is the least that this side must give up. Minima of both sides that can be met each on their own can
be met together (A. J. Hoffman, H. W. Kuhn 1956; N. S. Mendelsohn, A. L. Dulmage 1958), so the sum of the two is the
least of all. Which members give way differs from flow to flow: arcs are laid out in several orders, and each gives a
way out of the same size. Everywhere else, see `matcher.market.contradictions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from matcher.base.conflicts import irreducible
from matcher.base.crossing import Crosses
from matcher.base.display import as_html
from matcher.base.errors import text
from matcher.market.demands import MarketDemand, changes_of, minima_of
from matcher.market.face import arc_limits, tally
from matcher.market.hall import SIDES, hall_set
from matcher.market.input import Ints
from matcher.market.market import Market

#: orders in which the arcs are laid out beside their own and the opposite one
_SHUFFLES: Final = 6
#: so many demands are named, then counted
_MOST_NAMED: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class MarketRepair(Crosses):
    """One way out.

    Attributes
    ----------
    demands
        What is given up, in whole or in part.
    changes
        The fields of the market that become others, as arrays.
    given_up
        Where only minima of a flow contradict each other, the units of them that are given up in all; else the number
        of demands.
    cheapest
        Whether no way out gives up fewer: proved.
    """

    demands: tuple[MarketDemand, ...]
    changes: Mapping[str, Any]
    given_up: int
    cheapest: bool

    @property
    def gives_up_stability(self) -> bool:
        """Whether it asks for a matching with pairs that block: `match(..., stability="report")`."""
        return any(demand.kind == "stability" for demand in self.demands)

    def apply(self, market: Market) -> Market:
        """Return the market with the changes made; it has a matching, a stable one unless stability is given up."""
        return replace(market, **self.changes)

    def text(self, lang: str = "en") -> str:
        """Say it."""
        said = [demand.text(lang) + self._becomes(demand, lang) for demand in self.demands]
        given = text("repair.and", lang).join(said[:_MOST_NAMED]) + (" …" if len(said) > _MOST_NAMED else "")
        return text("market.way", lang, count=self.given_up, given=given)

    def _becomes(self, demand: MarketDemand, lang: str) -> str:
        number = demand.number_in(self.changes)
        return "" if number is None else text("market.becomes", lang, number=number)

    def __str__(self) -> str:
        return self.text()

    def __hash__(self) -> int:
        return hash((self.given_up, self.demands))


@dataclass(frozen=True, slots=True, eq=False)
class MarketWaysOut(Crosses):
    """Why there is no matching, and what to give up.

    Attributes
    ----------
    conflict
        Demands that can't all be kept; without any one of them the others can, if `irreducible`. Empty if nothing is in
        the way.
    irreducible
        Whether that is proved.
    repairs
        Ways out, those that give up the fewest first; of equal ones, those that touch the fewest members.
    """

    conflict: tuple[MarketDemand, ...]
    irreducible: bool
    repairs: tuple[MarketRepair, ...]

    def text(self, lang: str = "en") -> str:
        """Say both."""
        if not self.conflict:
            return text("repair.none", lang)
        lines = [text("repair.conflict" if self.irreducible else "repair.conflict.open", lang)]
        lines += [text("repair.line", lang, said=demand.text(lang)) for demand in self.conflict[:_MOST_NAMED]]
        lines += [text("repair.line", lang, said="…")] if len(self.conflict) > _MOST_NAMED else []
        lines += [text("repair.ways", lang)] if self.repairs else []
        return "\n".join(lines + [text("repair.line", lang, said=each.text(lang)) for each in self.repairs])

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return as_html(self.text())

    def __hash__(self) -> int:
        return hash((self.conflict, self.repairs))


NOTHING: Final = MarketWaysOut((), True, ())


def ways_out_of_flow(market: Market, k: int) -> MarketWaysOut:
    """Return why the minima of a flow can't be met and up to k ways out; nothing if they can."""
    found = hall_set(market)
    if found is None:
        return NOTHING
    side, members = found

    def is_met(some: object) -> bool:
        asked = _only(market, side, np.array(some, np.int64))
        return int(_served(market, side, asked).sum()) == int(asked.sum())

    conflict = minima_of(market, side, np.sort(np.array(irreducible(is_met, members.tolist()), np.int64)))
    repairs: dict[bytes, MarketRepair] = {}
    for order in _orders(market):
        lowered = _lowered(market, order)
        repairs.setdefault(b"".join(each.tobytes() for each in lowered.values()), _repair(market, lowered))
    ranked = sorted(repairs.values(), key=lambda each: len(each.demands))
    return MarketWaysOut(conflict, True, tuple(ranked[:k]))


def _orders(market: Market) -> list[Ints]:
    arcs = np.arange(len(market.recipient_idx))
    rng = np.random.default_rng(0)
    return [arcs, arcs[::-1], *(rng.permutation(arcs) for _ in range(_SHUFFLES))]


def _lowered(market: Market, order: Ints) -> dict[str, Ints]:
    """Return the minima of each side that a maximum flow over arcs in this order can serve."""
    found = {}
    for side in SIDES:
        least = (market.demand if side == "recipient" else market.capacity)[:, 0]
        found[side] = np.minimum(least, _served(market, side, least, order))
    return found


def _repair(market: Market, lowered: Mapping[str, Ints]) -> MarketRepair:
    to: dict[MarketDemand, int | None] = {}
    given_up = 0
    for side, least in lowered.items():
        before = (market.demand if side == "recipient" else market.capacity)[:, 0]
        for demand in minima_of(market, side, np.flatnonzero(least < before)):
            to[demand] = int(least[demand.position])
        given_up += int((before - least).sum())
    return MarketRepair(tuple(to), MappingProxyType(changes_of(market, to)), given_up, cheapest=True)


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
