"""The one gate behind all methods: what goes out is held against every rule of the problem that was asked.

A method may solve a relaxed problem, a part of one, or have a fault: here its pairs are judged again from the input, by
the code that the checker uses, and a claim that does not hold goes no farther. Plans known beforehand (a start, last
year's pairs) stand in where the search found less.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from matcher.base.result import Proof
from matcher.methods.or_known import or_known, rebound, without_plan
from matcher.problem.pairs import Pairs
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution
from matcher.problem.terms import AdditiveObjective
from matcher.proof.hardrules import hard_violations


def held(problem: Problem, solution: Solution, known: Iterable[Pairs] = ()) -> Solution:
    """Return what of `solution` holds for `problem`, or a plan of `known` that is better.

    A plan that breaks a rule becomes "unknown"; values are those of the pairs; bounds that the plan beats are dropped.
    What ends without a proof says why it ended.
    """
    if solution.problem is not problem:  # of a relaxed one
        solution = replace(solution, problem=problem)
    if solution.has_plan:
        solution = _true(problem, solution)
    if solution.status in ("feasible", "unknown"):
        for pairs in known:
            if not hard_violations(problem, pairs):
                solution = or_known(problem, solution, pairs)
        if solution.status != "optimal" and solution.stop_reason is None:
            solution = replace(solution, stop_reason="search")
    return solution


def _true(problem: Problem, solution: Solution) -> Solution:
    if hard_violations(problem, solution.both):
        return without_plan(problem, solution)
    values = [objective.shown(value) for objective, value in _values(problem, solution)]
    if [level.value for level in solution.levels] != values:
        solution = rebound(problem, solution, solution.both)
    if any(_beaten(problem, solution)):
        levels = tuple(replace(level, bound=None, gap=None) for level in solution.levels)
        return replace(solution, status="feasible", levels=levels, proof=Proof("none", solution.proof.scope))
    return solution


def _values(problem: Problem, solution: Solution) -> list[tuple[AdditiveObjective, int]]:
    return list(zip(problem.objectives, problem.minimised(solution.both), strict=True))


def _beaten(problem: Problem, solution: Solution) -> Iterable[bool]:
    for (objective, value), level in zip(_values(problem, solution), solution.levels, strict=True):
        yield level.bound is not None and value < objective.minimised(level.bound)
