"""Which method solves a problem: decided from the problem, never by the caller."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from matcher.base.progress import Budget
from matcher.base.result import Proof
from matcher.methods import capped, free_of_rows, impossible, relaxed_plan, stable_plan, textbook
from matcher.methods.decomposition import large
from matcher.methods.gate import held
from matcher.methods.joint import solver as joint
from matcher.methods.method import Method, Run
from matcher.problem.claims import SCOPE
from matcher.problem.pairs import Pairs
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution
from matcher.proof.joint_terms import is_joint_case
from matcher.proof.witness import bounds_witness

#: the methods in the order in which they are asked; every problem fits one that always has an answer
METHODS: Final[tuple[Method, ...]] = (
    stable_plan.METHOD,
    relaxed_plan.METHOD,
    joint.METHOD,
    capped.METHOD,
    impossible.METHOD,
    free_of_rows.METHOD,
    textbook.METHOD,
    large.METHOD,
)


def solve_problem(problem: Problem, budget: Budget | None = None, *, start: Pairs | None = None) -> Solution:
    """Return a solution of a compiled problem, by the first method that fits it and has an answer.

    Parameters
    ----------
    problem, budget
        What to solve, and its limits (none if None).
    start
        Pairs to start from; they may break rules.
    """
    known = [pairs for pairs in (start, problem.last_year()) if pairs is not None and any(map(len, pairs))]
    run = Run(
        Budget() if budget is None else budget, start if is_joint_case(problem) else next(iter(known), None), again
    )
    for method in METHODS:
        if method.fits(problem):
            solution = method.solve(problem, run)
            if solution is not None:
                # what was found for an easier problem answers this one
                solution = _explained(problem, replace(solution, problem=problem))
                solution = held(problem, solution, known)
                if solution.stop_reason == "search" and run.budget.stop_reason is not None:
                    return replace(solution, stop_reason=run.budget.stop_reason)
                return solution
    raise AssertionError("every problem fits a method")


def again(problem: Problem, budget: Budget, start: Pairs | None) -> Solution:
    """Solve a problem on the way to another one (`Run.again`)."""
    return solve_problem(problem, budget, start=start)


def _explained(problem: Problem, solution: Solution) -> Solution:
    """Return the solution; where there is none, with pins or bounds as the reason if they alone are reason enough."""
    if solution.has_plan or solution.stop_reason not in (None, "search"):
        return solution
    witness = bounds_witness(problem)
    return solution if witness is None else Solution.none(problem, witness, Proof("certificate", SCOPE))
