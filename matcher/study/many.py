"""`solve_many`: instances and policies planned in one call, on several processes or machines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from matcher.base.errors import check_kind
from matcher.base.progress import Budget, CancelToken, ProgressCallback, check_workers
from matcher.facts import Facts
from matcher.model import Instance
from matcher.plan import Plan
from matcher.policy.policy import Policy
from matcher.problem.problem import Problem
from matcher.study.planner import PlanTask, plan_all


def solve_many(
    instances: Instance | Iterable[Instance],
    policies: Policy | Iterable[Policy | None] | None = None,
    *,
    time_limit_s: float | None = None,
    work_limit: int | None = None,
    gap: float | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
    workers: int = 1,
    executor: Any = None,
) -> list[Plan]:
    """Plan every instance under every policy.

    Parameters
    ----------
    instances, policies
        One or several of each; the default policy for None.
    time_limit_s, progress, cancel
        Of the whole call: a plan whose turn does not come has the status "unknown".
    work_limit, gap
        As for `matcher.solve`, for each plan.
    workers, executor
        So many plans at once on processes of this machine, or each as a task of an executor: anything with `submit` as
        in `concurrent.futures`, so Dask's client too. The plans are the same; a task whose worker has died is done once
        more.

    Returns
    -------
    list of Plan
        Those of the first instance under each policy, then those of the second, and so on.

    Raises
    ------
    InvalidInput
        If an argument is of another kind, a limit makes no sense, or a policy does not fit an instance.

    Examples
    --------
    >>> import matcher, matcher.study
    >>> county = matcher.County(id="520203", lat=26.2, lon=105.5)
    >>> near = matcher.Organization(id="U1", lat=26.6, lon=106.7)
    >>> instance = matcher.Instance(organizations=[near], counties=[county])
    >>> [len(plan.county_pairs) for plan in matcher.study.solve_many(instance, [None, matcher.Policy(max_county_km=1)])]
    [1, 0]
    """
    check_workers(workers)
    limits: dict[str, Any] = {"time_limit_s": time_limit_s, "work_limit": work_limit, "gap": gap}
    budget = Budget(**limits, progress=progress, cancel=cancel, workers=int(workers), executor=executor)
    problems = []
    asked = [policies] if policies is None or isinstance(policies, Policy) else list(policies)
    for instance in [instances] if isinstance(instances, Instance) else list(instances):
        check_kind(instance, Instance, "instances")
        facts: Facts | None = None
        for policy in asked:
            problems.append(Problem.of(instance, policy, facts))
            facts = problems[-1].facts
    solutions = plan_all([PlanTask(problem) for problem in problems], budget, "solve_many")
    return [Plan.of(solution) for solution in solutions]
