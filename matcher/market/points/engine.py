"""The engine for markets of many points: here, or on a child process where somebody may ask it to stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from matcher.base.progress import Budget
from matcher.market.apart import solve_points_apart
from matcher.market.claims import Solved
from matcher.market.engine import Begun
from matcher.market.market import Market
from matcher.market.points import sites

#: markets of so many points are solved by a child even without a limit, so that Ctrl-C ends them at once
MANY_POINTS: Final = 60_000


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
        if budget.can_end or market.num_providers + market.num_recipients >= MANY_POINTS:
            return solve_points_apart(market, budget, begun)
        return sites.solve(market, budget, begun)


ENGINE: Final = _AllPairs()
