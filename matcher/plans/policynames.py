"""Names in a policy that nobody in the input bears: a slip there would quietly forbid everything, or nothing."""

from __future__ import annotations

from matcher.notices import Notice
from matcher.problem import Problem
from matcher.rules import Selector, Within

_TABLES = ("organizations", "branches", "counties", "schools")


def stranger_notices(problem: Problem) -> tuple[Notice, ...]:
    """Return one notice for the ids and one for the provinces that the policy names and the input does not have."""
    rules, where = problem.rules, [objective.where for objective in problem.policy.objectives]
    values = [getattr(rule, name) for rule in rules for name in type(rule).model_fields]
    selectors = [value for value in (*values, *where) if isinstance(value, Selector)]
    named: dict[str, set[str]] = {"id": set(), "province": set()}
    for selector in selectors:
        named["id"] |= {*(selector.ids or ()), *(selector.parents or ())}
        named["province"] |= {*(selector.provinces or ())}
    for rule in rules:
        if isinstance(rule, Within):
            named["province"] |= {*(rule.provinces or ())}
    if named["id"]:
        for table in _TABLES:
            named["id"] -= getattr(problem.arrays, table).index.keys()
    named["province"] -= {*problem.arrays.provinces}
    return tuple(
        Notice(f"policy_unknown_{of}", {"names": ", ".join(sorted(names))}) for of, names in named.items() if names
    )
