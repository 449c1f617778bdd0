"""The price of stability of whole plans: one plan for each number of blocking pairs, or tolerance, that is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from matcher.base.progress import Budget, Progress
from matcher.facts import Facts
from matcher.methods.dispatch import again
from matcher.methods.or_known import or_known
from matcher.methods.relaxed_plan import Shared, solve_relaxed
from matcher.model import Instance
from matcher.plan import Plan
from matcher.policy.policy import Policy
from matcher.problem.pairs import Pairs
from matcher.problem.problem import Problem
from matcher.proof.hardrules import hard_violations
from matcher.study.tradeoffs import as_frame, point

if TYPE_CHECKING:
    import pandas as pd


def plan_prices(
    instance: Instance,
    policy: Policy | None,
    over: Literal["max_blocking", "tolerance"],
    values: Sequence[float | None],
    *,
    whole: Budget,
) -> pd.DataFrame:
    """Return the rows of `matcher.study.price_of_stability` for plans; `values` are valid and in order, None last."""
    policy = (Policy() if policy is None else policy).model_copy(update={"stability": "report"})
    facts, rows = Facts(instance, policy.travel), list[dict[str, Any]]()
    units: dict[str, str] = {}
    shared: Shared | None = None
    known: Pairs | None = None
    for done, value in enumerate(values):
        whole.report(Progress("price_of_stability", done, len(values)))
        problem = Problem.of(instance, _asking(policy, over, value), facts)
        shared = Shared(problem.with_stability("off"), again) if shared is None else shared
        budget = whole.portion(len(values) - done)
        solution = shared.relaxed(budget, known) if value is None else solve_relaxed(problem, budget, known, shared)
        if known is not None and not hard_violations(problem, known):
            # what a tighter demand allows a looser one allows too
            solution = or_known(problem, solution, known)
        if solution.status in ("optimal", "feasible"):
            known = solution.both
        plan = Plan.of(replace(solution, problem=problem))
        row: dict[str, Any] = {over: value, **point(plan)}
        blocking = [plan.metrics[f"{level}_blocking_pairs"] for level in ("county", "school")] if known else [None] * 2
        row |= {"county_blocking_pairs": blocking[0], "school_blocking_pairs": blocking[1]}
        row["blocking_pairs"] = sum(blocking) if known else None
        rows.append(row)
        units |= {level.name: level.unit for level in plan.levels}
    frame = as_frame(over, rows, units)
    frame.attrs["curve"] = "stability"
    return frame


def _asking(policy: Policy, over: str, value: float | None) -> Policy:
    """Return the policy with one demand."""
    if value is None:
        return policy
    if over == "max_blocking":
        return policy.model_copy(update={"stability": "limit", "max_blocking_pairs": value})
    fields = dict.fromkeys(("stability_km", "stability_min"), value)
    return policy.model_copy(update={"stability": "tolerance", **fields})
