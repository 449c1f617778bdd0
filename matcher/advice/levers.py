"""The changes of tables and policy that would help a plan most, each with its exact effect.

Candidates are drawn from what the plan lacks: places more where near branches are full, an organisation more for a
county while others stand idle, the same for every county, a longer reach, a pin, a ban or a rule less. Cheap figures
(children left out that a change could reach) say which are tried; each of these is then decided like any other question
(`matcher.advice.whatif`), and what is shown is that answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from matcher.advice.changes import BOUNDS, Change, Drops, Farther, More, Sets, Unlocked, changes_of
from matcher.advice.effects import WhatIf
from matcher.advice.whatif import asked, quick
from matcher.base.crossing import Crosses
from matcher.base.display import as_html
from matcher.base.errors import check_count, check_kind
from matcher.base.names import SIDES
from matcher.base.numbers import UNKNOWN_COST
from matcher.base.progress import Budget, CancelToken, Progress, ProgressCallback
from matcher.model import Instance
from matcher.plan import Plan
from matcher.policy.policy import Policy
from matcher.proof.joint_terms import is_joint_case

#: how much farther a reach is tried, in km or minutes
_STEP = 20.0
#: branches with a place more, counties with an organisation more, locks and rules dropped: at most so many are tried
_MOST_BRANCHES, _MOST_COUNTIES, _MOST_DROPPED = 12, 3, 10
#: where every question is a full solve, so many branches
_FEW_BRANCHES = 3
#: a full solve takes at most such a part of the time that is left
_SHARES = 2
#: where a plan remembers its levers, for its summary
REMEMBERED = "_levers"


@dataclass(frozen=True, slots=True)
class Lever(Crosses):
    """One change that would help.

    Attributes
    ----------
    effect
        What the plan would be with it: every level before and after, who moves.
    """

    effect: WhatIf

    @property
    def change(self) -> Change:
        """The change."""
        return self.effect.changes[0]

    @property
    def children(self) -> int:
        """How many more children are reached in schools."""
        return 0 if self.effect.children is None else self.effect.children[1] - self.effect.children[0]

    @property
    def exact(self) -> bool:
        """Whether the effect is proved at every level."""
        return self.effect.exact

    def apply(self, instance: Instance, policy: Policy) -> tuple[Instance, Policy]:
        """Return instance and policy with the change made."""
        return self.effect.apply(instance, policy)

    def text(self, lang: str = "en") -> str:
        """Say it."""
        return self.effect.text(lang)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values (format `matcher.lever/1`)."""
        return {"format": "matcher.lever/1", "children": self.children, "effect": self.effect.to_json()}

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return as_html(self.text())


def levers(
    plan: Plan,
    k: int = 10,
    *,
    time_limit_s: float | None = 60.0,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> tuple[Lever, ...]:
    """Return the k changes that would help most; see `Plan.levers`."""
    check_kind(plan, Plan, "plan")
    check_count(k, "k")
    if not plan.has_plan:
        return ()
    budget = Budget(time_limit_s=time_limit_s, progress=progress, cancel=cancel)
    tried = list(_Lacking(plan).candidates())
    effects = {position: quick(plan, change) for position, change in enumerate(tried)}
    left = [position for position, effect in effects.items() if effect is None]
    for done, position in enumerate(left):
        budget.report(Progress("levers", done, len(left)))
        if budget.stop_reason is not None:
            break
        # the widest come first, and take longest
        effects[position] = asked(plan, tried[position], budget.portion(min(_SHARES, len(left) - done)))
    found = sorted((Lever(effect) for effect in effects.values() if effect is not None and _helps(effect)), key=_rank)
    remembered: tuple[Lever, ...] = tuple(found[:k])
    plan.__dict__[REMEMBERED] = remembered
    return remembered


def _helps(effect: WhatIf) -> bool:
    if effect.status not in ("optimal", "feasible") or effect.children is None or effect.counties_children is None:
        return False
    more = effect.children[1] - effect.children[0], effect.counties_children[1] - effect.counties_children[0]
    return max(more) > 0 or (effect.first is not None and not effect.first.is_worse)


def _rank(lever: Lever) -> tuple[Any, ...]:
    """Most children in schools first, then of paired counties, then the best levels, then the fewest who move."""
    counties = lever.effect.counties_children or (0, 0)
    levels = tuple((each.difference or 0) * (1 if each.sense == "min" else -1) for each in lever.effect.levels)
    return -lever.children, counties[0] - counties[1], levels, len(lever.effect.moved), repr(lever.change)


class _Lacking:
    """Who is left out of a plan, and what could help."""

    def __init__(self, plan: Plan):
        self.plan, self.problem = plan, plan.problem
        problem, school, county = self.problem, plan.school_pairs, plan.county_pairs
        arrays = problem.arrays
        have = np.bincount(school[:, 1], minlength=len(arrays.schools))
        self.short = np.flatnonzero(have < problem.demand("school")[:, 1])
        load = np.bincount(school[:, 0], minlength=len(arrays.branches))
        self.full = load >= problem.capacity("school")[:, 1]
        paired = np.bincount(county[:, 1], minlength=len(arrays.counties))
        taken = np.bincount(county[:, 0], minlength=len(arrays.organizations))
        self.unpaired = np.flatnonzero((paired == 0) & (problem.demand("county")[:, 1] > 0))
        self.idle = taken < problem.capacity("county")[:, 1]
        self.all_paired = bool((paired > 0).all()) if len(paired) else False

    def candidates(self) -> Iterator[Change]:
        """Yield what is tried, the widest changes first."""
        policy = self.plan.policy
        if self.idle.any() and (len(self.short) or len(self.unpaired)):
            yield from self._bounds("counties", 1 if self.all_paired else None)
        if len(self.unpaired):
            yield from self._bounds("organizations", None)
        for level in SIDES:
            unit = policy.county_cost if level == "county" else policy.school_cost
            if getattr(policy, f"max_{level}_{unit}") is not None:
                yield from changes_of(Farther(level=level, by=_STEP))
        if policy.within is not None:
            yield Sets(field="within", value=None)
        for position, rule in enumerate(policy.rules[:_MOST_DROPPED]):
            if rule.is_demand:
                yield Drops(rule=position)
        for lock in self.plan.instance.locks[:_MOST_DROPPED]:
            yield Unlocked(level=lock.level, provider_id=lock.provider_id, recipient_id=lock.recipient_id)
        yield from self._branches()
        yield from self._counties()

    def _bounds(self, table: str, least: int | None) -> Iterator[Change]:
        """Yield one pair more for every row of a table, where all have the same bounds."""
        level, side = ("county", 0) if table == "organizations" else ("county", 1)
        bounds = self.problem.capacity(level) if side == 0 else self.problem.demand(level)
        if len(bounds) and (bounds == bounds[0]).all():
            low, high = bounds[0].tolist()
            yield Sets(field=BOUNDS[table][1], value=(max(low, least or 0), high + 1))

    def _branches(self) -> Iterator[Change]:
        """Yield one place more at the full branches that the most children left out are nearest to."""
        problem, arrays = self.problem, self.problem.arrays
        reached: dict[int, int] = {}
        children = arrays.schools.children
        for school in self.short[np.argsort(-children[self.short], kind="stable")][:200].tolist():
            owners = self.plan.county_pairs[self.plan.county_pairs[:, 1] == arrays.schools.parent[school], 0]
            near = np.flatnonzero(np.isin(arrays.branches.parent, owners) & self.full)
            here = np.full(len(near), school)
            cost = problem.facts.cost("school", near, here)
            fits = problem.allowed("school", near, here) & (cost < UNKNOWN_COST)
            if fits.any():
                best = int(near[fits][np.argmin(cost[fits])])
                reached[best] = reached.get(best, 0) + int(children[school])
        most = _MOST_BRANCHES if is_joint_case(problem) else _FEW_BRANCHES
        for branch in sorted(reached, key=lambda at: (-reached[at], at))[:most]:
            yield More(table="branches", id=arrays.branches.ids[branch])

    def _counties(self) -> Iterator[Change]:
        """Yield one organisation more for the counties with the most children left out, while others stand idle."""
        if not self.idle.any():
            return
        arrays = self.problem.arrays
        left = np.bincount(
            arrays.schools.parent[self.short],
            weights=arrays.schools.children[self.short],
            minlength=len(arrays.counties),
        )
        for county in np.argsort(-left, kind="stable")[:_MOST_COUNTIES].tolist():
            if left[county] > 0:
                yield More(table="counties", id=arrays.counties.ids[county])
