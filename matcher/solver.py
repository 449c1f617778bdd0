"""`solve`: from an instance and a policy to a plan, in the planner's words.

Which method runs is decided from the problem, never by the caller: where counties and organisations are one to one and
every objective is a sum over pairs, both levels are decided together by `joint`, with a certificate; where no pair may
block the plan, by `stable_plan`; where few may or by little only, by `relaxed_plan`; everything else goes to `mip`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from matcher.base.errors import check_kind
from matcher.base.progress import Budget, CancelToken, ProgressCallback, check_workers
from matcher.problem.problem import Problem
from matcher.problem.terms import check_range
from matcher.proof.joint_terms import is_joint_case

if TYPE_CHECKING:
    from matcher.model import Instance
    from matcher.plan import Plan
    from matcher.policy.policy import Policy
    from matcher.problem.solution import Solution
    from matcher.tables.arrays import IntArray

#: solvers that count in floating point are exact below this
MOST_FLOAT: Final = 1 << 52


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
        Threads that may be used; the plan is the same for any number.

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
    from matcher.plan import Plan  # loads pandas' friends: only when a plan is made

    check_workers(workers)
    if start is not None:
        check_kind(start, Plan, "start")
    budget = Budget(time_limit_s=time_limit_s, work_limit=work_limit, gap=gap, progress=progress, cancel=cancel)
    problem = Problem.of(instance, policy)
    known = None if start is None else start_pairs(problem, start)
    return Plan.of(problem, solve_problem(problem, budget, start=known, workers=workers))


def solve_problem(
    problem: Problem,
    budget: Budget | None = None,
    *,
    start: tuple[IntArray, IntArray] | None = None,
    workers: int = 1,
) -> Solution:
    """Return a solution of a compiled problem, by the method that fits it.

    Parameters
    ----------
    problem, budget
        What to solve, and its limits (none if None).
    start
        (k, 2) county pairs and (k, 2) school pairs, positions, to start from.
    workers
        Threads that may be used.
    """
    budget = Budget() if budget is None else budget
    if problem.policy.stability == "require":
        from matcher.methods.stable_plan import solve_stable  # OR-Tools: only when needed

        return _explained(problem, solve_stable(problem, budget))
    if problem.policy.asks_stability:
        from matcher.methods.relaxed_plan import solve_relaxed  # OR-Tools: only when needed

        return _explained(problem, solve_relaxed(problem, budget, start))
    if is_joint_case(problem):
        from matcher.methods.joint.solver import solve_joint  # scipy: only when needed

        return _explained(problem, solve_joint(problem, budget, start=None if start is None else start[0]))
    if any(rule.code == "maxchanges" for rule in problem.rules):
        from matcher.methods.capped import is_capped_case, solve_capped  # scipy: only when needed

        if is_capped_case(problem):
            return _explained(problem, solve_capped(problem, budget, start))
    from matcher.methods.textbook import solve_general  # OR-Tools: only when needed

    check_range(problem.facts, problem.policy, MOST_FLOAT)

    known = None if start is None else {"county": start[0], "school": start[1]}
    return solve_general(problem, budget, start=known)


def _explained(problem: Problem, solution: Solution) -> Solution:
    """Return the solution; where there is none, with pins or bounds as the reason if they alone are reason enough."""
    if solution.stop_reason is not None or solution.status in ("optimal", "feasible"):
        return solution
    from matcher.base.result import Proof
    from matcher.methods.textbook import SCOPE, infeasible  # OR-Tools: only when needed
    from matcher.proof.witness import bounds_witness

    witness = bounds_witness(problem)
    return solution if witness is None else infeasible(problem, witness, Proof("certificate", SCOPE))


def start_pairs(problem: Problem, start: Plan) -> tuple[IntArray, IntArray]:
    """Return the pairs of `start` whose partners `problem` still has, as positions: county pairs, school pairs."""
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
    return found[0], found[1]
