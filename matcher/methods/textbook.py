"""Both levels of pairing under any rules by the textbook model: each objective solved, then kept, then the next.

It takes whatever the exact one-to-one way does not: several organisations a county, counties an organisation, rules
that are linear rows, worst and fair travel, slack and caps. One unit of work is a thousandth of CP-SAT's deterministic
time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from matcher.base.numbers import IntArray
from matcher.base.progress import Budget, Progress, StopReason
from matcher.base.result import Proof
from matcher.methods.decomposition.recomputable import multipliers
from matcher.methods.method import Run
from matcher.methods.stable_rows import with_stability
from matcher.methods.textbook_model import Model, textbook
from matcher.problem.claims import MOST_LISTED_PAIRS, SCOPE, Claim, num_pairs, within_gap
from matcher.problem.pairs import Pairs
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution
from matcher.problem.terms import MOST_FLOAT, AdditiveObjective, check_range
from matcher.programs.cpsat import SOLVER, Outcome, Solver, also_infeasible
from matcher.programs.rows import Linear


@dataclass(frozen=True, slots=True)
class _Found:
    """What one level came to: its minimised value and bound, and whether it is proven."""

    value: int
    bound: int | None
    proven: bool
    method: str


def solve_textbook(problem: Problem, budget: Budget, start: Pairs | None = None) -> Solution:
    """Solve the textbook model level by level."""
    model = textbook(problem)
    if problem.policy.asks_stability:
        model = with_stability(model)
    solver = Solver(model.num_columns, model.rows, budget=budget)
    values = None if start is None else _hint(model, start)
    found: list[_Found] = []
    hint_is_plan = False
    for position, objective in enumerate(problem.objectives):
        last = position == len(problem.objectives) - 1
        share = 1.0 if last else 0.5
        budget.report(Progress(f"level:{objective.name}", position, len(problem.objectives)))
        level, values, answer = _solve_level(model, solver, position, values, hint_is_plan, budget, share)
        if level is None:
            if answer == "infeasible" and not found:
                return _infeasible(problem, model, budget)
            break
        hint_is_plan = True
        found.append(level)
    if not hint_is_plan or values is None:
        return Solution.unknown(problem, _stopped(budget), proof=Proof("none", scope=SCOPE))
    return _solution(problem, model, values, found, budget)


def _hint(model: Model, start: Pairs) -> IntArray:
    values = np.zeros(model.num_columns, dtype=np.int64)
    values[model.columns_of(start)] = 1
    return values


def _solve_level(
    model: Model,
    solver: Solver,
    position: int,
    hint: IntArray | None,
    hint_is_plan: bool,
    budget: Budget,
    share: float,
) -> tuple[_Found | None, IntArray | None, str]:
    """Solve one level and keep it for those after; None if nothing was found."""
    objective, linear = model.problem.objectives[position], model.objectives[position]
    if linear is None:
        return _solve_worst(model, solver, objective, hint if hint_is_plan else None, budget, share)

    def close_enough(value: int, bound: int) -> bool:
        return budget.gap is not None and budget.close_enough(objective.shown(value), objective.shown(bound))

    outcome = solver.minimise(
        linear, budget, hint=hint, share=share, close_enough=close_enough, phase=f"level:{objective.name}"
    )
    if outcome.status == "infeasible" and hint_is_plan:
        raise RuntimeError("the solver calls a program infeasible that has a solution")
    if outcome.values is None and not hint_is_plan:
        return None, hint, outcome.status
    values, bound = (hint, None) if outcome.values is None else (outcome.values, outcome.bound)
    assert values is not None
    value = linear.at(values)
    proven = bound == value
    solver.keep(linear, objective.allowance(value) if proven else value)
    return _Found(value, bound, proven, "mip"), values, outcome.status


def _solve_worst(
    model: Model,
    solver: Solver,
    objective: AdditiveObjective,
    plan: IntArray | None,
    budget: Budget,
    share: float,
) -> tuple[_Found | None, IntArray | None, str]:
    """Find the least worst cost of a pair by binary search: close all dearer pairs, ask for any solution."""
    level = str(objective.worst_of)
    pairs, first = model.pairs[level], model.first[level]
    cost = model.problem.facts.cost(level, pairs[:, 0], pairs[:, 1])

    def closed(threshold: int) -> IntArray:
        return first + np.flatnonzero(cost > threshold)

    def worst(values: IntArray) -> int:
        return int(cost[values[first : first + len(pairs)] > 0].max(initial=0))

    if plan is None:
        outcome = solver.minimise(None, budget, share=share)
        if outcome.values is None:
            return None, None, outcome.status
        plan = outcome.values
    steps = np.unique(np.append(cost, 0))
    low, high = 0, int(np.searchsorted(steps, worst(plan)))  # steps[high] can be had, below steps[low] nothing can
    while low < high:
        middle = (low + high) // 2
        outcome = solver.minimise(None, budget, closed=closed(int(steps[middle])), share=share)
        if outcome.status == "infeasible":
            low = middle + 1
        elif outcome.values is None:
            break
        else:
            plan = outcome.values
            high = int(np.searchsorted(steps, worst(plan)))
    value, bound = int(steps[high]), int(steps[low])
    solver.close(closed(objective.allowance(value) if low == high else value))
    return _Found(value, bound, low == high, "threshold"), plan, "optimal"


def _solution(problem: Problem, model: Model, values: IntArray, found: list[_Found], budget: Budget) -> Solution:
    claims = [Claim(level.bound, level.method, level.proven) for level in found]
    pairs = model.pairs_of(values)
    within = budget.stop_reason is None and within_gap(problem, problem.minimised(pairs), claims, budget)
    stop = "gap" if within else _stopped(budget)
    kept = [
        objective.allowance(level.value) if level.proven else level.value
        for objective, level in zip(problem.objectives, found, strict=False)
    ]
    return Solution.found(
        problem, pairs, claims, Proof("solver", SCOPE, SOLVER, multipliers(problem, pairs, kept, budget)), stop
    )


def _stopped(budget: Budget) -> StopReason | None:
    """Return the limit that ended the search: a level's share of the time or work may end before the whole is spent."""
    if budget.stop_reason is not None or budget.time_left_s is not None:
        return budget.stop_reason or "time"
    return None if budget.work_limit is None else "work"


def _infeasible(problem: Problem, model: Model, budget: Budget) -> Solution:
    """Say why nothing is feasible: one floor out of reach, or an irreducible set of what can't go together."""
    proof = Proof("solver", scope=SCOPE, solver=SOLVER)
    groups = sorted(set(model.rows.group) - {""}, key=_by_number)
    if not also_infeasible(model.num_columns, model.rows):
        raise RuntimeError("CP-SAT finds no solution and HiGHS does not agree")
    alone = _floor_witness(problem, model, groups, budget)
    if alone is not None:
        return Solution.none(problem, alone, proof)
    skipped: frozenset[str] = frozenset()
    for group in reversed(groups):  # deletion filter: leave out what is not needed for the conflict
        outcome = Solver(model.num_columns, model.rows, skipped | {group}, budget).minimise(None, budget)
        if outcome.status == "infeasible":
            skipped |= {group}
    needed = [group for group in groups if group not in skipped]
    witness = {
        "kind": "conflict",
        "groups": [_describe(problem, group) for group in needed],
        "irreducible": budget.stop_reason is None,
        "solver": SOLVER,
    }
    return Solution.none(problem, witness, proof)


def _floor_witness(problem: Problem, model: Model, groups: list[str], budget: Budget) -> dict[str, Any] | None:
    """Return the first row with a least value that can't be met although every other row of a rule is left out."""
    rules = frozenset(group for group in groups if group.startswith(("row:", "cap:")))
    base = Solver(model.num_columns, model.rows, rules, budget)
    for group in groups:
        if not group.startswith("row:"):
            continue
        index = int(group.split(":")[1])
        row = problem.rows[index]
        if row.least is None:
            continue
        entry = model.rows.group.index(group)
        part = slice(model.rows.start[entry], model.rows.start[entry + 1])
        outcome: Outcome = base.minimise(_negated(model.rows.column[part], model.rows.coef[part]), budget)
        if outcome.status == "infeasible":
            return None
        if outcome.values is not None and outcome.bound is not None and -outcome.bound < row.least:
            reached = int((model.rows.coef[part] * outcome.values[model.rows.column[part]]).sum())
            numbers = {"needed": row.least, "reached": reached, "bound": -outcome.bound}
            return {"kind": "floor", "row": index, **_describe(problem, group), **numbers, "solver": SOLVER}
    return None


def _negated(column: IntArray, coef: IntArray) -> Any:
    return Linear(column, -coef)


def _describe(problem: Problem, group: str) -> dict[str, Any]:
    """Return a group of rows in plain JSON values."""
    word, _, rest = group.partition(":")
    if word == "row":
        row = problem.rows[int(rest)]
        return {"rule": row.code, "details": dict(row.details), "least": row.least, "most": row.most}
    return {"rule": word, "details": {"of": rest}, "least": None, "most": None}


def _by_number(group: str) -> tuple[str, int, str]:
    word, _, rest = group.partition(":")
    return (word, int(rest), "") if word == "row" else (word, -1, rest)


class _Textbook:
    name = "textbook"

    def fits(self, problem: Problem) -> bool:
        return num_pairs(problem) <= MOST_LISTED_PAIRS

    def solve(self, problem: Problem, run: Run) -> Solution | None:
        check_range(problem.facts, problem.policy, MOST_FLOAT)
        return solve_textbook(problem, run.budget, run.start)


METHOD = _Textbook()
