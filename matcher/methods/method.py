"""What a way to solve a problem is, and what it is given to run with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from matcher.base.progress import Budget
from matcher.problem.pairs import Pairs
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution

#: solves another problem, such as a relaxation, by whatever method fits it
Again = Callable[[Problem, Budget, Pairs | None], Solution]


@dataclass(frozen=True, slots=True)
class Run:
    """Limits, a start, and the way back to the dispatcher.

    Attributes
    ----------
    budget
        Where to report, and when to stop.
    start
        Pairs to start from; they may break rules.
    again
        Solves another problem, such as a relaxation, by whatever method fits it.
    """

    budget: Budget
    start: Pairs | None
    again: Again


class Method(Protocol):
    """One way to solve a problem."""

    @property
    def name(self) -> str:
        """The word for it in documents and tests."""

    def fits(self, problem: Problem) -> bool:
        """Whether it takes this problem: cheap, and loads nothing heavy."""

    def solve(self, problem: Problem, run: Run) -> Solution | None:
        """Return a solution; None leaves the problem to the next method that fits."""
