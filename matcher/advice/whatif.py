"""What a plan would be if something were otherwise: the exact difference at every level.

A question is answered in the first of these ways that fits:

1. nothing to decide: an optimal plan stays one if a pair is forbidden that it does not have, or forced that it has;
2. by the plan's prices (`matcher.advice.deciding`): a pair forced or forbidden, somebody with more or fewer places, a
   branch that joins or leaves, in the one-to-one case;
3. by a full solve of the changed problem, from the plan: everything else.

All three answer the same question, the optimum of the changed instance under the changed policy.
"""

from __future__ import annotations

from collections.abc import Sequence

from matcher.advice.answers import answer
from matcher.advice.by_prices import by_prices, is_locked
from matcher.advice.changes import Change, Changes, applied, changes_of
from matcher.advice.effects import WhatIf
from matcher.base.errors import Fault, InvalidInput, check_kind
from matcher.base.names import SIDES
from matcher.base.progress import Budget, CancelToken, ProgressCallback
from matcher.methods.dispatch import solve_problem
from matcher.plan import Plan
from matcher.problem.problem import Problem
from matcher.renewal.events import Agreed, Joins, Refused
from matcher.solver import start_pairs


def what_if(
    plan: Plan,
    changes: Changes,
    *,
    time_limit_s: float | None = None,
    work_limit: int | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> WhatIf:
    """Return what the plan would be with the changes; see `Plan.what_if`."""
    budget = Budget(time_limit_s=time_limit_s, work_limit=work_limit, progress=progress, cancel=cancel)
    return asked(plan, changes, budget)


def asked(plan: Plan, changes: Changes, budget: Budget) -> WhatIf:
    """Return what the plan would be with the changes, within a budget."""
    found = quick(plan, changes)
    if found is not None:
        return found
    wanted = changes_of(changes)
    instance, policy = applied(plan.instance, plan.policy, wanted)
    facts = plan.problem.facts if instance is plan.instance else None
    problem = Problem.of(instance, policy, facts)
    start = start_pairs(problem, plan) if plan.has_plan else None
    return answer(plan, wanted, solve_problem(problem, budget, start=start), "solved")


def quick(plan: Plan, changes: Changes) -> WhatIf | None:
    """Return what the plan would be with the changes; None where the whole would have to be solved."""
    check_kind(plan, Plan, "plan")
    wanted = changes_of(changes)
    _check_pairs(plan, wanted)
    found = _at_once(plan, wanted)
    if found is None and len(wanted) == 1:
        found = by_prices(plan, wanted[0])
    return found


def price(plan: Plan, kind: str, id: str, partner: str) -> WhatIf:  # noqa: A002 - the name on `Plan`
    """Return what a pair costs the plan; see `Plan.price`."""
    return what_if(plan, price_change(plan, kind, id, partner))


def price_change(plan: Plan, kind: str, known: str, partner: str) -> Change:
    """Return the change that a pair's price is of: forced, or forbidden if the plan has it.

    Raises
    ------
    InvalidInput
        If `kind` is neither "county" nor "school", or an id is not known.
    """
    if kind not in SIDES:
        raise InvalidInput([Fault("unknown_kind", column="kind", value=kind, details={"known": ", ".join(SIDES)})])
    (agreed,) = changes_of({"kind": "agreed", "level": kind, "provider_id": partner, "recipient_id": known})
    _check_pairs(plan, (agreed,))
    assert isinstance(agreed, Agreed)
    return Refused(level=agreed.level, provider_id=partner, recipient_id=known) if _has(plan, agreed) else agreed


def _check_pairs(plan: Plan, changes: Sequence[Change]) -> None:
    """Refuse pairs of somebody that neither the instance has nor an arrival among the changes brings."""
    fresh = {
        (table, row.id) for each in changes if isinstance(each, Joins) for t in SIDES.values() for table in t
        for row in getattr(each, table)
    }  # fmt: skip
    faults = []
    for change in changes:
        if isinstance(change, Agreed | Refused):
            for table, known in zip(SIDES[change.level], (change.provider_id, change.recipient_id), strict=True):
                if known not in getattr(plan.problem.arrays, table).index and (table, known) not in fresh:
                    faults.append(Fault("unknown_id", "changes", column="id", value=known, details={"target": table}))
    if faults:
        raise InvalidInput(faults)


def _has(plan: Plan, change: Agreed | Refused) -> bool:
    providers, recipients = plan.problem.arrays.sides(change.level)
    if change.provider_id not in providers.index or change.recipient_id not in recipients.index:
        return False
    pair = [providers.index[change.provider_id], recipients.index[change.recipient_id]]
    return bool((plan.pairs(change.level) == pair).all(axis=1).any())


def _at_once(plan: Plan, changes: tuple[Change, ...]) -> WhatIf | None:
    """Return the answer where an optimal plan stays optimal, else None."""
    if plan.status != "optimal" or plan.policy.asks_stability:
        return None
    for change in changes:
        if not isinstance(change, Agreed | Refused) or is_locked(plan, change):
            return None
        if _has(plan, change) == isinstance(change, Refused):
            return None
    return answer(plan, changes, plan, "nothing")
