"""Names in a policy that nobody in the input bears: a slip there would quietly forbid everything, or nothing."""

from __future__ import annotations

from typing import Final

from matcher.base.names import SIDES
from matcher.base.notices import Notice
from matcher.outcome.emptiness import emptied_notice
from matcher.outcome.metrics import schools_at_county_seat, spread
from matcher.policy.coverage import Floor
from matcher.policy.rules import Rule, Selector
from matcher.problem.pairs import Pairs
from matcher.problem.problem import Problem

#: notices that follow from the input and the pairs; those of the reading of files do not
DERIVED: Final = frozenset(
    {
        "unlimited_reach",
        "estimated_times",
        "school_at_county_seat",
        "floor_counts_nobody",
        "policy_unknown_id",
        "policy_unknown_province",
        "policy_unknown_column",
        "policy_unknown_kind",
        "assumed_children",
        "previous_stranger",
        "preference_gaps",
        "emptied_by_table",
        "emptied_by_bounds",
        "emptied_by_counties",
        "emptied_by_objectives",
        "emptied_by_rule",
        "emptied_by_rules",
    }
)
#: groups of a floor that are named one by one
_MOST_NAMES = 8
_KINDS = {"university", "enterprise", "institution"}
_TABLES = ("organizations", "branches", "counties", "schools")


def stranger_notices(problem: Problem) -> tuple[Notice, ...]:
    """Return a notice each for ids, provinces, columns and kinds that the policy names and the input does not have."""
    named: dict[str, set[str]] = {"id": set(), "province": set(), "column": set(), "kind": set()}
    wheres = [objective.where for objective in problem.policy.objectives if objective.where is not None]
    speaking: list[Rule | Selector] = [*problem.rules, *wheres]
    for each in speaking:
        for of, name in each.names():
            named[of].add(name)
    if named["id"]:
        for table in _TABLES:
            named["id"] -= getattr(problem.arrays, table).index.keys()
    if named["column"]:
        for table in _TABLES:
            for record in getattr(problem.instance, table):
                named["column"] -= record.extras.keys()
    named["province"] -= {*problem.arrays.provinces}
    named["kind"] -= _KINDS
    return tuple(
        Notice(f"policy_unknown_{of}", {"names": ", ".join(sorted(names))}) for of, names in named.items() if names
    )


def warnings_of(problem: Problem, pairs: Pairs, *, has_plan: bool) -> tuple[Notice, ...]:
    """Return the notices of the plan, then those of the input."""
    return (*plan_notices(problem, pairs, has_plan=has_plan), *problem.instance.notices)


def plan_notices(problem: Problem, pairs: Pairs, *, has_plan: bool) -> tuple[Notice, ...]:
    """Return what must be said of a plan itself; all of it follows from the input, the pairs and that it is a plan."""
    found = []
    emptied = emptied_notice(problem, pairs) if has_plan else None
    if emptied is not None:
        found.append(emptied)
    for level, chosen in zip(SIDES, pairs, strict=True):
        limited = any(rule.code == "reach" and getattr(rule, "level", None) == level for rule in problem.rules)
        if len(chosen) and not limited:
            km = spread(problem.facts.metres(level, chosen[:, 0], chosen[:, 1]), 1000)
            found.append(Notice("unlimited_reach", {"level": level, "p95_km": km["p95"], "max_km": km["max"]}))
        _, estimated = problem.facts.seconds(level, chosen[:, 0], chosen[:, 1])
        if problem.facts.unit(level) == "min" and estimated.any():
            found.append(Notice("estimated_times", {"level": level, "count": int(estimated.sum())}))
    at_seat = schools_at_county_seat(problem)
    if at_seat:
        found.append(Notice("school_at_county_seat", {"count": at_seat, "of": len(problem.arrays.schools)}))
    return (*found, *stranger_notices(problem), *empty_floor_notices(problem))


def empty_floor_notices(problem: Problem) -> tuple[Notice, ...]:
    """Return a notice for each floor that binds nothing in some group, because nobody is counted there."""
    found = []
    for rule in problem.rules:
        if isinstance(rule, Floor) and (groups := rule.empty_groups(problem)):
            names = ", ".join(groups[:_MOST_NAMES]) + (" …" if len(groups) > _MOST_NAMES else "")
            details = {"level": rule.level, "by": rule.by, "groups": len(groups), "names": names}
            found.append(Notice("floor_counts_nobody", details))
    return tuple(sorted(set(found), key=lambda notice: sorted(notice.to_json()["details"].items(), key=str)))
