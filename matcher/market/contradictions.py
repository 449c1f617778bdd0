"""Why a market that is no flow, or where stability is required, has no matching, and the fewest demands to give up.

Whether some demands go together is asked of the textbook program of a market beyond a flow, and of stability of the
stable matchings themselves: without ties one of them decides, since all fill the same places (D. Gale, M. Sotomayor
1985); with ties several orders are tried, then the program over all weakly stable matchings is asked. The search that
builds on the answers is `matcher.base.conflicts`. What a number demands is eased as far as needed and no farther.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import count
from types import MappingProxyType

import numpy as np

from matcher.base.conflicts import irreducible, largest, one_way, smallest, smallest_ways
from matcher.base.progress import Budget, Progress
from matcher.market.demands import LEAST, MOST, STABILITY, MarketDemand, ceilings, changes_of, demands_of, eased
from matcher.market.hall import hall_set
from matcher.market.market import Market
from matcher.market.preferences import preferences_of
from matcher.market.program.case import ProgramCase
from matcher.market.program.model import rows_of
from matcher.market.ways_out import MarketRepair, MarketWaysOut, ways_out_of_flow
from matcher.programs import cpsat
from matcher.stable.orders import promoting, shortfall
from matcher.stable.relaxed import nearly_stable


def ways_out(market: Market, k: int, budget: Budget, *, stable: bool) -> MarketWaysOut:
    """Return why a market that has no matching has none, and up to k ways out.

    Parameters
    ----------
    stable
        Whether only stable matchings count.
    """
    if market.is_flow and not stable:
        return ways_out_of_flow(market, k)
    return _Contradictions(market, budget, stable).ways(k)


class _Contradictions:
    """Asks which demands go together, and remembers the answers."""

    def __init__(self, market: Market, budget: Budget, stable: bool):
        self.market, self.budget = market, budget
        self.demands = demands_of(market, stable=stable)
        self.sure = True
        self._known = {frozenset(self.demands): False}
        self._asked = count(1)

    def ways(self, k: int) -> MarketWaysOut:
        """Return an irreducible conflict and the ways out."""
        conflict = tuple(irreducible(self.together, self.demands))
        proved = self.sure
        found = smallest_ways(self.together, self.demands, conflict, k, self._stopped)
        sets = [(chosen, self.sure) for chosen in found]
        if len(found) < k and not self._stopped():
            another = one_way(self.together, self.demands)  # a large one, where the search of small ones was cut short
            sets += [] if any(chosen <= another for chosen in found) else [(another, False)]
        fewest = min((len(chosen) for chosen, _ in sets), default=0)
        made = [self._repair(chosen, sure and len(chosen) == fewest) for chosen, sure in sets]
        return MarketWaysOut(conflict, proved, tuple(repair for repair in made if repair is not None))

    def together(self, kept: Collection[MarketDemand]) -> bool:
        """Whether these demands go together; what is not known counts as yes, and nothing is sure any more."""
        key = frozenset(kept)
        if key not in self._known:
            self._known[key] = self._fits({demand: None for demand in self.demands if demand not in key})
        return self._known[key]

    def _stopped(self) -> bool:
        return self.budget.stop_reason is not None

    def _fits(self, to: dict[MarketDemand, int | None]) -> bool:
        found = self._has_matching(to)
        self.sure &= found is not None
        return found is not False

    def _has_matching(self, to: dict[MarketDemand, int | None]) -> bool | None:
        """Whether the market has a matching with some demands eased; None if that is not known in time."""
        self.budget.report(Progress("repairs", next(self._asked)))
        if self._stopped():
            return None
        market = eased(self.market, to)
        if STABILITY in self.demands and STABILITY not in to:
            return has_stable_matching(market, self.budget)
        return hall_set(market) is None if market.is_flow else has_plan(market, self.budget)

    def _repair(self, chosen: frozenset[MarketDemand], cheapest: bool) -> MarketRepair | None:
        """Return the way out that eases each demand as far as needed; None if no matching is shown to be left."""
        given = [demand for demand in self.demands if demand in chosen]
        to: dict[MarketDemand, int | None] = dict.fromkeys(given)
        for demand in given:
            to[demand] = self._eased(demand, to)
        if self._has_matching(to) is not True:
            return None
        changes = MappingProxyType(changes_of(self.market, to))
        return MarketRepair(tuple(given), changes, len(given), cheapest)

    def _eased(self, demand: MarketDemand, to: dict[MarketDemand, int | None]) -> int | None:
        """Return the number closest to the one demanded that fits; None for a demand that is no number."""

        def fits(number: int) -> bool:
            return self._fits({**to, demand: number})

        if demand.kind in LEAST:
            return largest(fits, 0, demand.number - 1)
        if demand.kind in MOST:
            return smallest(fits, demand.number + 1, int(ceilings(self.market, demand.kind)[demand.position]))
        return None


def has_plan(market: Market, budget: Budget) -> bool | None:
    """Return whether a market that is no flow has a matching; None if that is not known in time."""
    case = ProgramCase.of(market)
    if (case.demand[:, 0] > case.demand[:, 1]).any():
        return False
    columns = len(case.provider) + case.num_providers
    found = cpsat.Solver(columns, rows_of(case), budget=budget).minimise(None, budget)
    return _decided(found.status)


def has_stable_matching(market: Market, budget: Budget) -> bool | None:
    """Return whether a flow has a (weakly) stable matching within its minima; None if that is not known in time."""
    preferences = preferences_of(market)
    for _, pairs in promoting(preferences):
        if not shortfall(preferences, pairs):
            return True
        if not preferences.has_ties():
            return False
    if hall_set(market) is not None:
        return False
    none = np.zeros(market.num_arcs, np.int64)
    return _decided(nearly_stable(preferences, none, max_blocking=0, budget=budget.clock()).status)


def _decided(status: str) -> bool | None:
    return None if status == "unknown" else status != "infeasible"
