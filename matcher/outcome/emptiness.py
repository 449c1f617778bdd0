"""What emptied a level of a plan: one notice that names the bound, the rules or the objectives behind it.

A province name that never meets another, a limit in minutes without times, a list of kinds without a kind: each leaves
no pair to choose, and a plan without pairs is then the best there is. That it is the best is no reason to be silent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from matcher.base.errors import text
from matcher.base.names import SIDES
from matcher.base.notices import Notice
from matcher.base.numbers import IntArray
from matcher.policy.rules import Listed, Reach, Rule, Within
from matcher.problem.pairs import Pairs
from matcher.problem.problem import Problem
from matcher.words.catalogue import LANGS

#: pairs looked at in one step
_STEP: Final = 1 << 18
#: rules and provinces named one by one
_MOST_NAMES: Final = 4


def emptied_notice(problem: Problem, pairs: Pairs) -> Notice | None:
    """Return why a plan has no county pairs, or has some but no school pairs; None if it has, or nobody asks for any.

    Parameters
    ----------
    pairs
        The plan.
    """
    level = "school" if len(pairs.county) else "county"
    if len(pairs.of(level)):
        return None
    sides = problem.arrays.sides(level)
    if not any(map(len, sides)) or (level == "school" and not all(map(len, sides))):
        return None
    for table, nodes, bounds in zip(SIDES[level], sides, _bounds(problem, level), strict=True):
        if not len(nodes):
            return Notice("emptied_by_table", {"level": level, "table": table})
        if not bounds[:, 1].any():
            return Notice("emptied_by_bounds", {"level": level, "table": table})
    return _by_rules(problem, level, pairs.county)


def _bounds(problem: Problem, level: str) -> tuple[IntArray, IntArray]:
    return problem.capacity(level), problem.demand(level)


def _by_rules(problem: Problem, level: str, county_pairs: IntArray) -> Notice:
    num, allowed = 0, 0
    left = np.zeros(len(problem.rules), np.int64)
    for provider, recipient in _possible(problem, level, county_pairs):
        together = np.ones(len(provider), bool)
        for number, rule in enumerate(problem.rules):
            mask = rule.allows(problem.facts, level, provider, recipient)
            left[number] += len(provider) if mask is None else int(np.count_nonzero(mask))
            together &= True if mask is None else mask
        num += len(provider)
        allowed += int(np.count_nonzero(together))
    if not num:
        return Notice("emptied_by_counties", {"level": level})
    if allowed:
        return Notice("emptied_by_objectives", {"level": level, "allowed": allowed})
    alone = [rule for rule, count in zip(problem.rules, left.tolist(), strict=True) if not count]
    guilty = alone or [rule for rule, count in zip(problem.rules, left.tolist(), strict=True) if count < num]
    details = {"level": level, "rules": {lang: _said(problem, guilty, lang) for lang in LANGS}}
    return Notice("emptied_by_rule" if alone else "emptied_by_rules", details)


def _possible(problem: Problem, level: str, county_pairs: IntArray) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield all pairs of those with room, in steps; of schools those inside the county pairs."""
    room = [bounds[:, 1] > 0 for bounds in _bounds(problem, level)]
    if level == "county":
        blocks = [tuple(map(np.flatnonzero, room))]
    else:
        arrays = problem.arrays
        blocks = [
            (arrays.rows_of("organizations", organization), arrays.rows_of("counties", county))
            for organization, county in county_pairs.tolist()
        ]
        blocks = [(one[room[0][one]], other[room[1][other]]) for one, other in blocks]
    for providers, recipients in blocks:
        rows = max(1, _STEP // max(1, len(recipients)))
        for first in range(0, len(providers), rows):
            some = providers[first : first + rows]
            if len(recipients):
                yield np.repeat(some, len(recipients)), np.tile(recipients, len(some))


def _said(problem: Problem, rules: list[Rule], lang: str) -> str:
    """Return the sentences of rules, each with what in the input it never meets where that can be said."""
    found = [" ".join((rule.sentence(lang), *_why(problem, rule, lang))) for rule in rules[:_MOST_NAMES]]
    return " ".join(found) + (" …" if len(rules) > _MOST_NAMES else "")


def _why(problem: Problem, rule: Rule, lang: str) -> Iterator[str]:
    if isinstance(rule, Within):
        known = problem.arrays.provinces
        for table in SIDES["county"]:
            at = np.unique(getattr(problem.arrays, table).province)
            names = [known[position] for position in at.tolist() if position >= 0]
            shown = ", ".join(names[:_MOST_NAMES]) + (" …" if len(names) > _MOST_NAMES else "")
            yield text(f"emptied.provinces.{table}", lang, names=shown or "–")
    in_minutes = isinstance(rule, Listed) or (isinstance(rule, Reach) and rule.max_min is not None)
    level = getattr(rule, "level", "")
    if in_minutes and not any(row.level == level for row in problem.instance.travel_times):
        yield text("emptied.no_times", lang)
