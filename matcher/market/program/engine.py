"""The engine for markets that are no flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from matcher.base.progress import Budget
from matcher.market.claims import Solved
from matcher.market.engine import Begun
from matcher.market.market import Market
from matcher.market.program.levels import solve_program


@dataclass(frozen=True, slots=True)
class _Program:
    """Solves level after level as a program in integers; a bound may be a solver's word."""

    name: str = "program"

    def fits(self, market: Market) -> bool:
        """Whether the market carries more than a flow does."""
        return not market.is_flow

    def solve(self, market: Market, budget: Budget, start: Begun | None) -> Solved:
        """Solve it; see `solve_program`."""
        return Solved(claimed=solve_program(market, budget, None if start is None else start.pairs))


ENGINE: Final = _Program()
