"""Replan during the year: what must change changes, everything else stays, and the rest is decided exactly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from matcher.base.errors import Fault, InvalidInput, check_kind
from matcher.base.names import SIDES
from matcher.base.progress import Budget, CancelToken, ProgressCallback
from matcher.methods.dispatch import solve_problem
from matcher.methods.or_known import or_known
from matcher.model import RECORDS, Instance
from matcher.plan import Plan
from matcher.policy.keep import Keep
from matcher.policy.rules import Pin
from matcher.problem.pairs import Pairs
from matcher.problem.problem import Problem
from matcher.proof.hardrules import hard_violations
from matcher.renewal.events import Changes, Event, changed, events_of
from matcher.renewal.reassignment import Reassignment, reassignment_of
from matcher.renewal.standing import FROZEN, Standing, keep_first, standing_of
from matcher.renewal.year import next_year
from matcher.tables.crosscheck import MOST_STRANGERS, notices_of
from matcher.tables.update import updated, with_tables

#: where a plan remembers what stands of it
_MEMORY = "_standing"
#: ("county" or "school", provider id, recipient id)
FrozenPair = Sequence[str]


def replan(
    plan: Plan,
    changes: Changes = (),
    *,
    frozen: Iterable[Keep | FrozenPair] = (),
    time_limit_s: float | None = None,
    work_limit: int | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> Plan:
    """Plan again after changes, moving the least.

    Keeping the plan's county pairs comes first, keeping its school pairs second, then the objectives of the plan's own
    policy in their order (its own levels of keeping, which look at last year, are left out). The new plan's input has
    the old plan's pairs as those of last year, so that it says itself what was kept and what ended by force, as a
    consequence or by choice.

    Where county pairing is one to one, without rules over several pairs and without minima, the pairs that stand are
    not decided again and only the rest is matched: exact, with a certificate. Else the whole is solved as by `solve`.

    Parameters
    ----------
    plan
        The plan as it stands.
    changes
        One event or several, records of `matcher.renewal.events` or mappings with their fields.
    frozen
        What may not end while it is still possible: pairs as (level, provider id, recipient id), or `Keep` rules for
        provinces, counties and other groups.
    time_limit_s, work_limit, progress, cancel
        As in `solve`, for where the whole is solved.

    Returns
    -------
    Plan
        `status` "optimal": exact at every level; "feasible": each level with its bound.

    Raises
    ------
    InvalidInput
        If an event or a frozen pair names an unknown id, or an arrival is faulty.

    Examples
    --------
    >>> import matcher
    >>> counties = [matcher.County(id="C1", lat=26.2, lon=105.5)]
    >>> some = [matcher.Organization(id=f"U{i}", lat=26.6, lon=106.7 + i) for i in range(2)]
    >>> plan = matcher.solve(matcher.Instance(organizations=some, counties=counties))
    >>> again = matcher.replan(plan, {"kind": "leaves", "table": "organizations", "id": "U0"})
    >>> again.county_pairings.organization_id[0]
    'U1'
    """
    budget = Budget(time_limit_s=time_limit_s, work_limit=work_limit, progress=progress, cancel=cancel)
    return replanned(case_of(plan, changes, frozen), budget)


def replanned(case: ChangedCase, budget: Budget) -> Plan:
    """Return the plan of a changed problem; see `replan`."""
    solution = None
    if case.again is not None:
        fixed = case.again.fixed()
        solution = None if fixed is None else case.again.solution(case.again.decide(fixed))
    if solution is None:
        kept = Pairs(case.problem.keepable("county"), case.problem.keepable("school"))
        solution = solve_problem(case.problem, budget, start=kept)
        if solution.stop_reason is not None and not hard_violations(case.problem, kept):
            # a search that was stopped may end with less than it began with
            solution = or_known(case.problem, solution, kept)
    return Plan.of(solution)


@dataclass(frozen=True, slots=True, eq=False)
class ChangedCase:
    """A plan and what changed, as a problem.

    `touched` are the ids of organisations and of counties that changed inside; `again` is None where nothing stands.
    """

    standing: Standing
    problem: Problem
    touched: tuple[set[str], set[str]]
    again: Reassignment | None


def case_of(plan: Plan, changes: Changes, frozen: Iterable[Keep | FrozenPair] = ()) -> ChangedCase:
    """Return the changed problem with what stands of the plan."""
    check_kind(plan, Plan, "plan")
    events = events_of(changes)
    standing = _standing(plan)
    instance = changed_instance(standing.instance, events)
    policy = keep_first(standing.policy, [_rule(plan, each) for each in frozen])
    problem = Problem.of(instance, policy)
    touched = _touched(standing.instance, events)
    return ChangedCase(standing, problem, touched, reassignment_of(problem, standing, *touched))


def changed_instance(instance: Instance, events: Sequence[Event]) -> Instance:
    """Return the instance after the events, with its arrays carried over."""
    new = changed(instance, events)
    arrays = updated(instance.arrays, instance, new)
    gone = np.concatenate(
        [(arrays.previous[level].provider_idx < 0) | (arrays.previous[level].recipient_idx < 0) for level in SIDES]
    )
    if gone.sum() > MOST_STRANGERS * len(gone):
        # an input that is read again may not know so many pairs by their ends only
        return with_tables(
            new, previous=[row for row, lost in zip(new.previous, gone.tolist(), strict=True) if not lost]
        )
    new.__dict__["arrays"] = arrays
    tables = {name: getattr(new, name) for name in RECORDS}
    new.__dict__["notices"] = (*new._reading, *notices_of(tables, np.flatnonzero(gone).tolist()))
    return new


def _standing(plan: Plan) -> Standing:
    """Return what stands of a plan, remembered on the plan: it never changes."""
    if _MEMORY not in plan.__dict__:
        instance = next_year(plan)
        plan.__dict__[_MEMORY] = standing_of(instance, plan.problem, plan.both)
    standing: Standing = plan.__dict__[_MEMORY]
    return standing


def _rule(plan: Plan, frozen: Keep | FrozenPair) -> Keep:
    """Return what is frozen as a rule."""
    if isinstance(frozen, Keep):
        return frozen.model_copy(update={"reason": FROZEN})
    if isinstance(frozen, Pin) or len(frozen) != 3 or frozen[0] not in ("county", "school"):
        details = {"reason": "a rule Keep, or (level, provider id, recipient id)"}
        raise InvalidInput([Fault("invalid_value", column="frozen", value=str(frozen), details=details)])
    level, provider, recipient = frozen
    sides = plan.problem.arrays.sides(level)
    faults = [
        Fault("unknown_id", column="frozen", value=known, details={"target": level})
        for nodes, known in zip(sides, (provider, recipient), strict=True)
        if known not in nodes.index
    ]
    if faults:
        raise InvalidInput(faults)
    ids: dict[str, Any] = {"provider": {"ids": (provider,)}, "recipient": {"ids": (recipient,)}}
    return Keep(level=level, reason=FROZEN, **ids)


def _touched(instance: Instance, events: Sequence[Event]) -> tuple[set[str], set[str]]:
    """Return the ids of organisations and counties whose inside the events change."""
    arrays = instance.arrays
    organizations: set[str] = set()
    counties: set[str] = set()

    def inside(table: str, known: str) -> None:
        if table in ("organizations", "counties"):
            (organizations if table == "organizations" else counties).add(known)
            return
        nodes = getattr(arrays, table)
        if known not in nodes.index:
            return  # it came by an earlier event, which touched its parent
        above, found = ("organizations", organizations) if table == "branches" else ("counties", counties)
        found.add(getattr(arrays, above).ids[int(nodes.parent[nodes.index[known]])])

    for event in events:
        for table, known in event.touches():
            inside(table, known)
    return organizations, counties
