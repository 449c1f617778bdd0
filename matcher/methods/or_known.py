"""A plan known beforehand beside what a search found: the better one, under the bounds that were proved."""

from __future__ import annotations

from matcher.base.result import Proof
from matcher.problem.claims import Claim
from matcher.problem.pairs import Pairs
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution


def or_known(problem: Problem, solution: Solution, known: Pairs) -> Solution:
    """Return the solution, or `known` if that is a better plan; `known` must keep all rules."""
    if solution.status not in ("feasible", "unknown"):
        return solution
    found = _minimised(problem, solution)
    if None not in found and tuple(found) <= problem.minimised(known):
        return solution
    return rebound(problem, solution, known)


def rebound(problem: Problem, solution: Solution, pairs: Pairs) -> Solution:
    """Return a plan under the bounds that `solution` has.

    A bound is of the best under the values of the levels before it: from the first level that differs on, only that
    level's own bound stays.
    """
    values = problem.minimised(pairs)
    claims: list[Claim] = []
    same = True
    before = _minimised(problem, solution)
    for objective, level, value, found in zip(problem.objectives, solution.levels, values, before, strict=True):
        bound = objective.minimised(level.bound) if same and level.bound is not None else None
        claims.append(Claim(bound, level.method, closed=bound == value))
        same = same and value == found
    return Solution.found(problem, pairs, claims, solution.proof, solution.stop_reason)


def without_plan(problem: Problem, wider: Solution) -> Solution:
    """Return that no plan is known, under the one bound of `wider` that holds of every plan: the first level's."""
    claims = [Claim(None, level.method) for level in wider.levels]
    if claims and wider.levels[0].bound is not None:
        first = problem.objectives[0].minimised(wider.levels[0].bound)
        claims[0] = Claim(first, wider.levels[0].method)
    proof = wider.proof if claims and claims[0].bound is not None else Proof("none", wider.proof.scope)
    return Solution.unknown(problem, wider.stop_reason, claims=claims, proof=proof)


def _minimised(problem: Problem, solution: Solution) -> list[int | None]:
    """Return the value of each level as it is minimised, None where there is none."""
    both = zip(problem.objectives, solution.levels, strict=True)
    return [None if level.value is None else objective.minimised(level.value) for objective, level in both]
