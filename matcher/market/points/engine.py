"""The engine for markets of many points: here, or on a child process where somebody may ask it to stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from matcher.base.progress import Budget
from matcher.market import certificate, listed
from matcher.market.apart import solve_points_apart
from matcher.market.claims import Solved
from matcher.market.engine import Begun
from matcher.market.market import Market
from matcher.market.points import sites, warm

#: markets of so many points are solved by a child even without a limit, so that Ctrl-C ends them at once
MANY_POINTS: Final = 60_000
#: the loops are compiled in less than so many seconds
_COMPILED_S: Final = 120.0
#: so many pairs of points are listed, and solved as a flow, in about a second
_LISTABLE: Final = 1_500_000


@dataclass(frozen=True, slots=True)
class _AllPairs:
    """Prices all pairs of points without listing them."""

    name: str = "points"

    def fits(self, market: Market) -> bool:
        """Whether the market is one of points without minima and with too many pairs to be listed."""
        return market.is_flow and sites.suits(market)

    def solve(self, market: Market, budget: Budget, start: Begun | None) -> Solved:
        """Solve it; one unit of work is one round of solving and pricing."""
        begun = None if start is None else start.matching or start.pairs
        left = budget.time_left_s
        if left is not None and not warm.is_ready():
            # the limit is for solving, not for compiling
            warm.begin()
            if left < _COMPILED_S and market.num_providers * market.num_recipients <= _LISTABLE:
                return listed.solve(market, budget, None if start is None else start.pairs)
        if budget.can_end or market.num_providers + market.num_recipients >= MANY_POINTS:
            solved = solve_points_apart(market, budget, begun)
        else:
            solved = sites.solve(market, budget, begun)
        if solved.stop_reason is not None and start is not None and start.pairs is not None:
            # A stopped search never returns less than it was given.
            known = solved.pairs
            if known is None or certificate.values(market, start.pairs) < certificate.values(market, known):
                solved.pairs = start.pairs
        return solved


ENGINE: Final = _AllPairs()
