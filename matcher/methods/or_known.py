"""A plan known beforehand beside what a search found: the better one, under the bounds that were proved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from matcher.base.numbers import IntArray
from matcher.base.result import Level, Proof, Status
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution, no_pairs

Pairs = tuple[IntArray, IntArray]


def or_known(problem: Problem, solution: Solution, known: Pairs) -> Solution:
    """Return the solution, or `known` if that is a better plan; `known` must keep all rules."""
    if solution.status not in ("feasible", "unknown"):
        return solution
    found = _minimised(problem, solution)
    if None not in found and tuple(found) <= problem.minimised(*known):
        return solution
    return rebound(problem, solution, known)


def rebound(problem: Problem, solution: Solution, pairs: Pairs) -> Solution:
    """Return a plan under the bounds that `solution` has.

    A bound is of the best under the values of the levels before it: from the first level that differs on, only that
    level's own bound stays.
    """
    values = problem.minimised(*pairs)
    levels: list[Level] = []
    same = True
    before = _minimised(problem, solution)
    for objective, level, value, found in zip(problem.objectives, solution.levels, values, before, strict=True):
        bound = level.bound if same else None
        shown, conditional = objective.shown(value), any(each.gap != 0 for each in levels)
        claim: dict[str, Any] = {"conditional": conditional, "method": level.method, "scope": level.scope}
        levels.append(Level.of(objective.name, objective.sense, objective.unit, shown, bound, **claim))
        same = same and value == found
    status: Status = "optimal" if all(level.gap == 0 for level in levels) else "feasible"
    stop = None if status == "optimal" else solution.stop_reason
    return replace(
        solution,
        status=status,
        stop_reason=stop,
        county_pairs=pairs[0],
        school_pairs=pairs[1],
        levels=tuple(levels),
        witness=None,
    )


def without_plan(problem: Problem, solution: Solution) -> Solution:
    """Return that no plan is known, under the one bound of `solution` that holds of every plan: the first level's."""
    levels = []
    for position, (objective, level) in enumerate(zip(problem.objectives, solution.levels, strict=True)):
        claim: dict[str, Any] = {"conditional": position > 0, "method": level.method, "scope": level.scope}
        bound = None if position else level.bound
        levels.append(Level.of(objective.name, objective.sense, objective.unit, None, bound, **claim))
    proof = solution.proof if levels and levels[0].bound is not None else Proof("none", solution.proof.scope)
    stop = solution.stop_reason or "search"
    return Solution("unknown", stop, no_pairs(), no_pairs(), tuple(levels), proof)


def _minimised(problem: Problem, solution: Solution) -> list[int | None]:
    """Return the value of each level as it is minimised, None where there is none."""
    both = zip(problem.objectives, solution.levels, strict=True)
    return [None if level.value is None else objective.minimised(level.value) for objective, level in both]
