"""Siting: programs where an open provider takes whoever comes, solved by prices, swaps, fixing and an exact finish."""

from __future__ import annotations

from dataclasses import dataclass, field

from matcher.base.progress import Budget
from matcher.market.input import Bools, Ints
from matcher.market.program.case import Case
from matcher.market.program.prices import Ascent


@dataclass(slots=True)
class Sited:
    """What siting found: a plan, a claimed bound, and who claims it."""

    arcs: Ints | None = None
    opened: Bools | None = None
    bound: int | None = None
    solvers: set[str] = field(default_factory=set)
    infeasible: bool = False


def fits_siting(case: Case) -> bool:
    """Whether siting knows a way."""
    return False


def solve_siting(case: Case, ascent: Ascent, budget: Budget, arcs: Ints | None, opened: Bools | None) -> Sited:
    """Return the best siting."""
    return Sited()
