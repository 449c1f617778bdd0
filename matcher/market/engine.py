"""What an engine of a market is: one way to solve it, and what it is given to begin with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from matcher.base.progress import Budget
from matcher.market.claims import Solved
from matcher.market.input import Ints
from matcher.market.market import Market
from matcher.market.matching import Matching


@dataclass(frozen=True, slots=True)
class Begun:
    """What the caller has already.

    Attributes
    ----------
    pairs
        (k, 2) pairs in canonical order that keep every bound here, None if there are none such.
    matching
        A matching of this or a nearby market, None if only pairs were given.
    """

    pairs: Ints | None
    matching: Matching | None = None


class Engine(Protocol):
    """One way to solve a market."""

    @property
    def name(self) -> str:
        """The word for it in documents and tests."""

    def fits(self, market: Market) -> bool:
        """Whether it takes this market with all that it carries: cheap, and loads nothing heavy."""

    def solve(self, market: Market, budget: Budget, start: Begun | None) -> Solved | None:
        """Return what was found; None leaves the market to the next engine that fits.

        Stopped by the budget, it returns the best so far with what its prices prove and says why it stopped.
        """
