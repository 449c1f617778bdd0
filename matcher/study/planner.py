"""Several problems planned within one budget: here, on children, or by an executor, with the same result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from numpy.typing import NDArray

from matcher.base.progress import Budget, Progress, StopReason
from matcher.executors.frames import Arrays
from matcher.executors.team import call_all
from matcher.methods.dispatch import solve_problem
from matcher.problem.pairs import Pairs
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution
from matcher.study.jobs.planning import JOB, asked, unpacked, without


class PlanTask(NamedTuple):
    """One problem to be solved; `leave_out` names an objective that is left out of it."""

    problem: Problem
    start: Pairs | None = None
    leave_out: str | None = None


def plan_one(task: PlanTask, budget: Budget, left: int) -> Solution:
    """Solve one of `left` problems still to be solved, with its part of the time."""
    if budget.stop_reason not in (None, "work"):
        return _unreached(task, budget)
    part = budget.portion(left)
    if budget.executor is not None:
        outcome = call_all(JOB, [lambda: asked(task.problem, part, task.start, task.leave_out)], budget)
        if outcome.answers[0] is not None:
            return unpacked(without(task.problem, task.leave_out), outcome.answers[0])
        if outcome.reason is not None:
            return _unreached(task, budget, outcome.reason)
    return solve_problem(without(task.problem, task.leave_out), part, start=task.start)


def plan_all(tasks: Sequence[PlanTask], budget: Budget, phase: str) -> list[Solution]:
    """Solve problems that do not depend on each other."""
    if budget.executor is None and (budget.workers < 2 or len(tasks) < 2):
        found = []
        for done, task in enumerate(tasks):
            budget.report(Progress(phase, done, len(tasks)))
            found.append(plan_one(task, budget, len(tasks) - done))
        return found
    shown = -1

    def meanwhile(answers: list[dict[str, NDArray[Any]] | None]) -> bool:
        nonlocal shown
        done = sum(answer is not None for answer in answers)
        if done != shown:
            shown = done
            budget.report(Progress(phase, done, len(tasks)))
        return False

    given = [_giver(task, budget) for task in tasks]
    outcome = call_all(JOB, given, budget, workers=min(budget.workers, len(tasks)), meanwhile=meanwhile)
    solutions = []
    for task, answer in zip(tasks, outcome.answers, strict=True):
        if answer is not None:
            solutions.append(unpacked(without(task.problem, task.leave_out), answer))
        elif outcome.reason is not None:
            solutions.append(_unreached(task, budget, outcome.reason))
        else:
            solutions.append(solve_problem(without(task.problem, task.leave_out), budget.portion(1), start=task.start))
    return solutions


def _giver(task: PlanTask, budget: Budget) -> Callable[[], Arrays]:
    return lambda: asked(task.problem, budget.portion(1), task.start, task.leave_out)


def _unreached(task: PlanTask, budget: Budget, reason: StopReason | None = None) -> Solution:
    """Return the answer of a problem whose turn did not come."""
    return Solution.unknown(without(task.problem, task.leave_out), reason or budget.stop_reason)
