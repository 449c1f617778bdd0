"""The curve of a rate or a cap: the same instance planned again and again with one number of the policy changed.

Each point is a plan of its own with its own proof; nothing is interpolated. What one point found serves the others: the
facts of the pairs are computed once, and a search that may stop early starts from the best plan known that keeps its
rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Final

from matcher.base.errors import Fault, InvalidInput, wrong_kind
from matcher.base.names import SIDES
from matcher.base.progress import Budget, CancelToken, Progress, ProgressCallback, check_workers
from matcher.base.result import Level
from matcher.facts import Facts
from matcher.model import Instance
from matcher.plan import Plan
from matcher.policy.policy import Policy
from matcher.problem.pairs import Pairs
from matcher.problem.problem import Problem
from matcher.proof.hardrules import hard_violations
from matcher.proof.joint_terms import is_joint_case
from matcher.study.planner import PlanTask, plan_all, plan_one

if TYPE_CHECKING:
    import pandas as pd


#: exchange rates of a curve that nobody chose others for
CHILD_KM_VALUES: Final = (1, 2, 3, 5, 10, 20, None)
#: numbers of a policy that matter where convenience is an objective, by what school travel is counted in
RATES: Final = {"km": ("child_km", "change_cost_km"), "min": ("child_min", "change_cost_min")}
#: numbers of a policy that bound what is possible
CAPS: Final = (
    "max_county_km",
    "max_school_km",
    "max_county_min",
    "max_school_min",
    "county_demand",
    "organization_capacity",
    "school_demand",
    "branch_capacity",
)
#: numbers of an objective that may be varied
OBJECTIVE_FIELDS: Final = ("slack_percent", "at_most", "at_least")
_PLACE: Final = re.compile(r"(objectives|rules)\.(\d+)\.(\w+)")
_COVERAGE: Final = ("covered", "share", "children_covered", "children_share")
_TRAVEL: Final = ("mean", "median", "p95", "max", "total")
_WORDS: Final = ("status", "stop_reason", "proof")
_CHANGES: Final = ("pairs", "kept", "new", "ended", "ended_forced", "ended_consequent", "ended_chosen")


def tradeoff(
    instance: Instance,
    policy: Policy | None = None,
    over: str = "child_km",
    values: Iterable[float | None] | None = None,
    *,
    time_limit_s: float | None = None,
    work_limit: int | None = None,
    gap: float | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
    workers: int = 1,
    executor: Any = None,
) -> pd.DataFrame:
    """Return what a rate or a cap trades: coverage, travel and changes, one plan a value.

    Parameters
    ----------
    instance, policy
        What to plan; the default policy if None.
    over
        The number that changes: an exchange rate ("child_km", "change_cost_km", or "child_min", "change_cost_min" where
        school travel is counted in minutes), a cap ("max_county_km", "max_school_km", "county_demand", ... as in
        `Policy`), or a number inside the policy by its place, such as "objectives.0.slack_percent",
        "objectives.3.at_most" or "rules.0.percent" (positions count from 0).
    values
        Its values; None stands for what it means in the policy, no rate or no cap. By default 1, 2, 3, 5, 10, 20 and
        None for "child_km"; all others must be given.
    time_limit_s, progress, cancel
        Of the whole call, as for `matcher.solve`; a value whose turn does not come has the status "unknown".
    work_limit, gap
        As for `matcher.solve`, each for one value.
    workers, executor
        Values that do not depend on each other are planned on so many processes of this machine, or as tasks of an
        executor, anything with `submit` as in `concurrent.futures`; the result is the same. Where one plan serves the
        next as its start (under limits, and where a plan is searched for), they are planned one after the other.

    Returns
    -------
    pandas.DataFrame
        One row a value, in increasing order, None (missing) last: the value in a column named `over`; `status`,
        `stop_reason` and `proof` of the plan; coverage (`schools_covered`, `schools_share`, `schools_children_covered`,
        `schools_children_share`, the same of counties), travel (`school_km_mean`, `_median`, `_p95`, `_max`, `_total`,
        the same of counties, and minutes where they are counted), pairs `kept`, `new` and `ended` at both levels, all
        named as in `Plan.metrics`; and for each level of the policy `LEVEL_value`, `LEVEL_bound`, `LEVEL_gap` in its
        exact unit and `LEVEL_status`: "proved", "gap" or "open". What is not known is missing: without a plan
        everything but the status and bounds. `attrs` holds `over` and the `units` of the levels.

    Raises
    ------
    InvalidInput
        If `over` names no such number, or one that has no effect under this policy; if a value is not allowed there.

    Examples
    --------
    >>> import matcher
    >>> curve = matcher.tradeoff(matcher.example(), over="child_km", values=(2, 10))
    >>> curve[["child_km", "schools_children_covered", "status"]].values.tolist()
    [[2.0, 37350, 'optimal'], [10.0, 41214, 'optimal']]
    """
    limits: dict[str, Any] = {"time_limit_s": time_limit_s, "work_limit": work_limit, "gap": gap}
    check_workers(workers)
    budget = Budget(**limits, progress=progress, cancel=cancel, workers=int(workers), executor=executor)
    import pandas  # noqa: F401  -- half a second that belongs into the limit, not behind it

    policy = Policy() if policy is None else policy
    asked = in_order(over, CHILD_KM_VALUES if values is None and over == "child_km" else values)
    policies = [varied(policy, over, value) for value in asked]
    facts = Facts(instance, policy.travel)
    problems = [Problem.of(instance, here, facts) for here in policies]
    may_stop = cancel is not None or any(limit is not None for limit in limits.values())
    if may_stop or not all(is_joint_case(problem) for problem in problems):
        known = _in_turn(problems, budget, may_stop)
    else:
        tasks = [PlanTask(problem) for problem in problems]
        found = plan_all(tasks, budget, "tradeoff")
        known = [Plan.of(solution) for solution in found]
    rows = [{over: value, **point(plan)} for value, plan in zip(asked, known, strict=True)]
    return as_frame(over, rows, {level.name: level.unit for plan in known for level in plan.levels})


def _in_turn(problems: Sequence[Problem], budget: Budget, may_stop: bool) -> list[Plan]:
    """Plan one after the other, each from the best plan known that keeps its rules."""
    known: list[Plan] = []
    for done, problem in enumerate(problems):
        budget.report(Progress("tradeoff", done, len(problems)))
        useful = budget.stop_reason is None and (may_stop or not is_joint_case(problem))
        start = best_start(problem, known) if useful else None
        known.append(Plan.of(plan_one(PlanTask(problem, start), budget, len(problems) - done)))
    return known


def in_order(over: str, values: Iterable[float | None] | None) -> list[float | None]:
    """Return the distinct values in increasing order, None last.

    Raises
    ------
    InvalidInput
        If there are none, or one is not a number.
    """
    if values is not None and not isinstance(values, Iterable):
        raise InvalidInput([wrong_kind(values, "list of numbers", "values")])
    given = [] if values is None else list(values)
    if not given:
        raise InvalidInput([Fault("missing_value", column="values")])
    faults = [
        Fault("invalid_value", column=over, value=value, details={"reason": "not a number"})
        for value in given
        if isinstance(value, bool) or not (value is None or isinstance(value, Real))
    ]
    if faults:
        raise InvalidInput(faults)
    plain = {int(value) if isinstance(value, Integral) else float(value) for value in given if value is not None}
    return [*sorted(plain), *([None] if None in given else [])]


def varied(policy: Policy, over: str, value: float | None) -> Policy:
    """Return `policy` with the number at `over` replaced.

    Raises
    ------
    InvalidInput
        If `over` names no number that has an effect, or the value is not allowed there.
    """
    names = [objective.name for objective in policy.objectives]
    known = (*(RATES[policy.school_cost] if "convenience" in names else ()), *CAPS)
    if over in known:
        return policy.model_copy(update={over: value})
    place = _PLACE.fullmatch(over)
    if place is not None:
        table, position, field = place[1], int(place[2]), place[3]
        items: Sequence[Any] = getattr(policy, table)
        if position < len(items) and _is_number(items[position], table, field):
            content = {**items[position].model_dump(exclude_defaults=True), field: value}
            changed = (*items[:position], content, *items[position + 1 :])
            return policy.model_copy(update={table: changed})
    choices = ", ".join((*known, *(f"objectives.N.{field}" for field in OBJECTIVE_FIELDS), "rules.N.NUMBER"))
    raise InvalidInput([Fault("not_an_option", column="over", value=over, details={"known": choices})])


def _is_number(item: Any, table: str, field: str) -> bool:
    """Whether `field` is a number of this objective or rule."""
    if table == "objectives":
        return field in OBJECTIVE_FIELDS
    schema = type(item).model_json_schema()["properties"].get(field, {})
    kinds = {each.get("type") for each in (schema, *schema.get("anyOf", ()))}
    return bool(kinds & {"number", "integer"})


def best_start(problem: Problem, known: Sequence[Plan]) -> Pairs | None:
    """Return the pairs of the known plan that is best under `problem` among those that keep its rules."""
    possible = [
        (problem.minimised(plan.both), position)
        for position, plan in enumerate(known)
        if plan.status in ("optimal", "feasible") and not hard_violations(problem, plan.both)
    ]
    if not possible:
        return None
    return known[min(possible)[1]].both


def point(plan: Plan) -> dict[str, Any]:
    """Return one row of a curve: status, metrics and levels of a plan; None where nothing is known."""
    row: dict[str, Any] = {"status": plan.status, "stop_reason": plan.stop_reason, "proof": plan.proof.kind}
    metrics: Mapping[str, Any] = plan.metrics if plan.status in ("optimal", "feasible") else {}
    row |= {name: metrics.get(name) for name in metric_names(plan.problem)}
    for level in plan.levels:
        row[f"{level.name}_value"] = level.value
        row[f"{level.name}_bound"] = level.bound
        row[f"{level.name}_gap"] = level.gap
        row[f"{level.name}_status"] = level_status(level)
    return row


def metric_names(problem: Problem) -> list[str]:
    """Return the metrics that a curve carries, in order."""
    names = [f"{SIDES[level][1]}_{name}" for level in SIDES for name in _COVERAGE]
    for level in SIDES:
        units = ("km", "min") if problem.facts.unit(level) == "min" else ("km",)
        names += [f"{level}_{unit}_{name}" for unit in units for name in _TRAVEL]
        names += [f"{level}_{name}" for name in _CHANGES]
    return names


def level_status(level: Level) -> str:
    """Return "proved", "gap" (value and bound differ, or hold only given an unproved level before) or "open"."""
    if level.gap is None:
        return "open"
    return "proved" if level.gap == 0 and not level.conditional else "gap"


def as_frame(over: str, rows: Sequence[Mapping[str, Any]], units: Mapping[str, str]) -> pd.DataFrame:
    """Return the rows as a frame with a missing value for None, columns in the order of their first appearance."""
    import pandas as pd

    columns = list(dict.fromkeys(name for row in rows for name in row))
    frame = pd.DataFrame({name: _column(name, [row.get(name) for row in rows]) for name in columns})
    frame[over] = frame[over].astype("Float64")
    frame.attrs.update({"over": over, "units": dict(units)})
    return frame


def _column(name: str, cells: list[Any]) -> Any:
    """Return the cells with a type that holds them and what is missing."""
    import pandas as pd

    if name in _WORDS or name.endswith("_status"):
        return pd.Series(cells, dtype="object")
    whole = any(cell is not None for cell in cells) and all(cell is None or isinstance(cell, int) for cell in cells)
    return pd.Series(cells, dtype="Int64" if whole else "Float64")
