"""Which engine solves a market: decided from the market, never by the caller."""

from __future__ import annotations

from typing import Final

from matcher.base.progress import Budget
from matcher.market import listed, parts
from matcher.market.claims import Solved
from matcher.market.engine import Begun, Engine
from matcher.market.market import Market
from matcher.market.points import engine as points
from matcher.market.points import sparse
from matcher.market.program import engine as program

#: the engines in the order in which they are asked; the first that fits and has an answer is taken
ENGINES: Final[tuple[Engine, ...]] = (parts.ENGINE, points.ENGINE, sparse.ENGINE, listed.ENGINE, program.ENGINE)


def solve_market(market: Market, budget: Budget, start: Begun | None) -> Solved:
    """Return what the first engine finds that fits a market and has an answer."""
    for engine in ENGINES:
        if engine.fits(market):
            solved = engine.solve(market, budget, start)
            if solved is not None:
                return solved
    raise NotImplementedError(f"no engine takes {market!r}")
