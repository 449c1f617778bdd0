"""`solve`: from an instance and a policy to a plan, in the planner's words.

Which method runs is decided from the problem, never by the caller: where counties and organisations are one to one and
every objective is a sum over pairs, both levels are decided together by `joint`, with a certificate; where no pair may
block the plan, by `stable_plan`; where few may or by little only, by `relaxed_plan`; everything else goes to `mip`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from matcher.base import told
from matcher.base.errors import InvalidInput, check_kind
from matcher.base.progress import Budget, CancelToken, ProgressCallback, check_workers
from matcher.methods.dispatch import solve_problem
from matcher.model import Instance
from matcher.plan import Plan
from matcher.policy.fitting import faults_of_policy
from matcher.policy.policy import Policy
from matcher.problem.pairs import Pairs
from matcher.problem.problem import Problem


def solve(
    instance: Instance,
    policy: Policy | None = None,
    *,
    start: Plan | None = None,
    time_limit_s: float | None = None,
    work_limit: int | None = None,
    gap: float | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
    workers: int = 1,
) -> Plan:
    """Plan county pairing and school pairing together.

    Parameters
    ----------
    instance
        What is known.
    policy
        What is wanted; the default policy if None.
    start
        A plan to start from, such as last year's; what of it is no longer possible is left out.
    time_limit_s
        Stop after so many seconds with the best plan known and its bound; such a run is not reproducible.
    work_limit
        Stop after so many units of work; reproducible.
    gap
        Stop a level once |value - bound| <= gap * max(1, |value|).
    progress, cancel
        Where to report (`matcher.ProgressBar()` draws a bar), and a token that asks to stop.
    workers
        Threads that the relaxation of the general case may use; the plan is the same for any number. The other methods
        decide each step by the one before and have nothing to share out. Several plans at once are made by
        `matcher.study.solve_many`, `tradeoff` and `level_prices`.

    Returns
    -------
    Plan
        With status "optimal" only if every level is proved.

    Raises
    ------
    InvalidInput
        If an argument is of another kind, a limit or `workers` makes no sense, the policy does not fit the instance, or
        the costs are too large to be counted exactly.

    Examples
    --------
    >>> import matcher
    >>> county = matcher.County(id="520203", lat=26.2, lon=105.5)
    >>> university = matcher.Organization(id="U1", lat=26.6, lon=106.7)
    >>> matcher.solve(matcher.Instance(organizations=[university], counties=[county])).status
    'optimal'
    """
    check_workers(workers)
    if start is not None:
        check_kind(start, Plan, "start")
    limits: dict[str, Any] = {"time_limit_s": time_limit_s, "work_limit": work_limit, "gap": gap}
    budget = Budget(**limits, progress=progress, cancel=cancel, workers=int(workers))
    problem = Problem.of(instance, policy)
    faults = faults_of_policy(problem.policy, problem.facts)
    if faults:
        raise InvalidInput(faults)
    known = None if start is None else start_pairs(problem, start)
    told.info("solve", sizes=repr(instance), objectives=len(problem.objectives))
    if start is not None and known is not None:
        given = len(start.county_pairs) + len(start.school_pairs)
        if sum(map(len, known)) < given:
            told.warning("start_left_out", left_out=given - sum(map(len, known)), of=given)
    plan = Plan.of(solve_problem(problem, budget, start=known))
    ends = {"status": plan.status, "stop_reason": plan.stop_reason or "-"}
    told.info("solved", county_pairs=len(plan.county_pairs), school_pairs=len(plan.school_pairs), **ends)
    return plan


def start_pairs(problem: Problem, start: Plan) -> Pairs:
    """Return the pairs of `start` whose partners `problem` still has."""
    found = []
    for level in ("county", "school"):
        providers, recipients = problem.arrays.sides(level)
        old_providers, old_recipients = start.problem.arrays.sides(level)
        pairs = [
            (providers.index.get(old_providers.ids[p], -1), recipients.index.get(old_recipients.ids[r], -1))
            for p, r in start.pairs(level).tolist()
        ]
        known = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        found.append(known[(known >= 0).all(axis=1)])
    return Pairs(*found)
