"""What each level cost the levels below it: the same problem solved again without that level.

Objectives stand in strict order, so a level may make those below it worse without limit. Let v be the values of a plan
and w those of the best plan without one of its levels. At the first level below where they differ w is the better one,
and v - w is what the level cost there; after that first difference the sign is free, since the two plans need no longer
agree on what comes before.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from matcher.base.errors import Fault, InvalidInput
from matcher.base.progress import Budget, CancelToken, ProgressCallback, check_workers
from matcher.plan import Plan
from matcher.problem.solution import Solution
from matcher.study.jobs.planning import objective_of
from matcher.study.planner import PlanTask, plan_all

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: Final = ("level", "below", "unit", "value", "without", "cost", "first", "proved")


def level_prices(
    plan: Plan,
    *,
    levels: Iterable[str] | None = None,
    time_limit_s: float | None = None,
    work_limit: int | None = None,
    gap: float | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
    workers: int = 1,
    executor: Any = None,
) -> pd.DataFrame:
    """Return what each level of a plan cost the levels below it; one more solve for each.

    Parameters
    ----------
    plan
        A plan with pairs; `plan.summary(prices=...)` shows the result.
    levels
        Names of the levels to leave out, one at a time; by default every one with a level below. The bands of a fair
        travel are one objective: they are left out together, under its name. A level is left out with its cap.
    time_limit_s, progress, cancel
        Of the whole call, as for `matcher.solve`; a level whose turn does not come has no plan without it.
    work_limit, gap
        As for `matcher.solve`, each for one level.
    workers, executor
        So many levels at once on processes of this machine, or each as a task of an executor, anything with `submit` as
        in `concurrent.futures`; the result is the same.

    Returns
    -------
    pandas.DataFrame
        One row for each level left out and level below it: `level`, `below`, `unit`; `value` in the plan and `without`
        the level (exact integers, missing if that search found no plan); `cost`, how much worse the plan is there,
        negative where it is better; `first`, whether it is the first below that differs, the one that the level is sure
        to have cost; `proved`, whether both plans are optimal, so that the cost is exact.

    Raises
    ------
    InvalidInput
        If a name is not that of a level with one below it, or a limit makes no sense.
    InfeasibleError, UnsolvedError
        If the plan has no pairs to judge.

    Examples
    --------
    >>> import matcher
    >>> policy = matcher.Policy(objectives=["cover_schools", "school_travel"])
    >>> plan = matcher.solve(matcher.example(), policy)
    >>> matcher.study.level_prices(plan)[["level", "below", "without"]].values.tolist()
    [['cover_schools', 'school_travel', 0]]
    """
    limits: dict[str, Any] = {"time_limit_s": time_limit_s, "work_limit": work_limit, "gap": gap}
    check_workers(workers)
    budget = Budget(**limits, progress=progress, cancel=cancel, workers=int(workers), executor=executor)
    import pandas as pd

    plan.raise_for_status()
    problem = plan.problem
    groups = list(dict.fromkeys(objective_of(objective.name) for objective in problem.objectives))
    asked = groups[:-1] if levels is None else list(levels)
    faults = [
        Fault("not_an_option", column="levels", value=name, details={"known": ", ".join(groups[:-1])})
        for name in asked
        if name not in groups[:-1]
    ]
    if faults:
        raise InvalidInput(faults)
    start = plan.both
    tasks = [PlanTask(problem, start, name) for name in asked]
    rows: list[dict[str, Any]] = []
    for name, other in zip(asked, plan_all(tasks, budget, "level_prices"), strict=True):
        rows += _rows(plan, name, other)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype({"value": "Int64", "without": "Int64", "cost": "Int64", "first": bool, "proved": bool})


def _rows(plan: Plan, name: str, other: Solution) -> list[dict[str, Any]]:
    without = {level.name: level.value for level in other.levels}
    at = max(i for i, level in enumerate(plan.levels) if objective_of(level.name) == name)
    rows, differs = [], False
    for level in plan.levels[at + 1 :]:
        better = without[level.name]
        cost = None
        if level.value is not None and better is not None:
            cost = better - level.value if level.sense == "max" else level.value - better
        rows.append(
            {
                "level": name,
                "below": level.name,
                "unit": level.unit,
                "value": level.value,
                "without": better,
                "cost": cost,
                "first": bool(cost) and not differs,
                "proved": plan.status == other.status == "optimal",
            }
        )
        differs = differs or bool(cost)
    return rows
