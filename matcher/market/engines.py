"""Which engine solves a market: decided from the market, never by the caller."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

from matcher.base.progress import Budget
from matcher.executors.pool import other_threads
from matcher.market import listed, parts
from matcher.market.apart import solve_listed_apart
from matcher.market.claims import Solved
from matcher.market.engine import Begun, Engine
from matcher.market.market import Market
from matcher.market.points import engine as points
from matcher.market.points import sparse
from matcher.market.points.warm import hurried
from matcher.market.program import engine as program

#: from so many arcs a flow takes longer than a child takes to be asked
_LARGE: Final = 200_000


@dataclass(frozen=True, slots=True)
class _Listed:
    """Solves level after level over candidate arcs that are listed."""

    name: str = "listed"

    def fits(self, market: Market) -> bool:
        """Whether the market is a flow, of any kind."""
        return market.is_flow

    def solve(self, market: Market, budget: Budget, start: Begun | None) -> Solved:
        """Solve it, on a child where somebody may ask to stop or other threads wait; one unit of work is one level."""
        pairs = None if start is None else start.pairs
        if market.num_arcs >= _LARGE and (budget.can_end or other_threads()):
            return solve_listed_apart(market, budget, pairs)
        return listed.solve(market, budget, pairs)


#: the engines in the order in which they are asked; the first that fits and has an answer is taken
ENGINES: Final[tuple[Engine, ...]] = (parts.ENGINE, points.ENGINE, sparse.ENGINE, _Listed(), program.ENGINE)


def solve_market(market: Market, budget: Budget, start: Begun | None) -> Solved:
    """Return what the first engine finds that fits a market and has an answer."""
    for engine in ENGINES:
        if engine.fits(market):
            with nullcontext() if market.is_flow else hurried(budget):
                solved = engine.solve(market, budget, start)
            if solved is not None:
                return solved
    raise AssertionError("a market is a flow or it is not")
