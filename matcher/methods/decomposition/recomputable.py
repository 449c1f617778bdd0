"""Multipliers for a plan that another method found: what the checker recomputes a bound of every level from."""

from __future__ import annotations

from collections.abc import Sequence

from matcher.base.numbers import IntArray
from matcher.base.progress import Budget
from matcher.methods.decomposition.decompose import Decomposition
from matcher.methods.decomposition.incumbent import measured
from matcher.problem.pairs import Pairs
from matcher.problem.problem import Problem
from matcher.proof.plan_bounds import stored
from matcher.proof.priced_places import OutOfTime

#: steps of the ascent of prices on each level
_STEPS = 25


def multipliers(problem: Problem, pairs: Pairs, kept: Sequence[int], budget: Budget) -> dict[str, IntArray]:
    """Return multipliers of each level as arrays of a proof, of fewer if the time ends before; rows are left out.

    `kept` is what the levels after may make of each, at most, as minimised.
    """
    work = Decomposition(problem, budget.clock())
    work.offer(measured(problem, pairs))
    try:
        work.prepare()
    except OutOfTime:
        return {}
    for position, most in enumerate(kept):
        if problem.objectives[position].worst_of is None:
            work.bound(position, frozenset(), _STEPS)
        work.kept.append(most)
    return stored(problem, work.multipliers_of)
