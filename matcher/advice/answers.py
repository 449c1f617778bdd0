"""What lies between a plan and another solution: levels, pairs that end and begin, children, names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from matcher.advice.changes import Change, More, Unlocked
from matcher.advice.effects import How, PairIds, WhatIf, level_effects
from matcher.base.names import SIDES
from matcher.base.numbers import BoolArray, IntArray
from matcher.plan import Plan
from matcher.problem.pairs import pair_keys
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution
from matcher.renewal.events import Agreed, Leaves, Refused, Takes
from matcher.tables.update import sources


def answer(plan: Plan, changes: tuple[Change, ...], after: Solution, how: How) -> WhatIf:
    """Return what lies between a plan and another solution."""
    ended, begun = _moved(plan, after)
    reached = [_children(plan, after, level) for level in SIDES]
    return WhatIf(
        changes,
        after.status,
        after.stop_reason,
        level_effects(plan.levels, after.levels, after.status),
        ended,
        begun,
        reached[1],
        reached[0],
        how,
        _names(plan, after, changes),
    )


def _children(plan: Plan, after: Solution, level: str) -> tuple[int, int] | None:
    if not after.has_plan:
        return None
    found = [
        int(each.problem.arrays.sides(level)[1].children[np.unique(each.pairs(level)[:, 1])].sum())
        for each in (plan, after)
    ]
    return found[0], found[1]


def _moved(plan: Plan, after: Solution) -> tuple[tuple[PairIds, ...], tuple[PairIds, ...]]:
    """Return the pairs that end and those that begin, in order."""
    ended: list[PairIds] = []
    begun: list[PairIds] = []
    if not after.has_plan:
        return (), ()
    for level in SIDES:
        new, width = after.pairs(level), len(after.problem.arrays.sides(level)[1])
        old = at_positions(plan.problem, after.problem, level, plan.pairs(level))
        here = (old >= 0).all(axis=1)
        gone = ~(here & _among(pair_keys(old, width), pair_keys(new, width)))
        fresh = ~_among(pair_keys(new, width), pair_keys(old[here], width))
        for solution, which, found in ((plan, gone, ended), (after, fresh, begun)):
            providers, recipients = solution.problem.arrays.sides(level)
            pairs = solution.pairs(level)[which].tolist()
            found += [(level, providers.ids[p], recipients.ids[r]) for p, r in pairs]
    return tuple(sorted(ended)), tuple(sorted(begun))


def _among(keys: IntArray, others: IntArray) -> BoolArray:
    """Return which keys are among the others (`np.isin` hashes them all first, which takes five times as long)."""
    if not len(others):
        return np.zeros(len(keys), dtype=np.bool_)
    others = np.sort(others)
    found: BoolArray = others[np.minimum(np.searchsorted(others, keys), len(others) - 1)] == keys
    return found


def at_positions(old: Problem, new: Problem, level: str, pairs: IntArray) -> IntArray:
    """Return the pairs at their positions in another problem, -1 for who is not there."""
    if old.arrays is new.arrays:
        return pairs
    moved = [sources(old.arrays, new.arrays, table) for table in SIDES[level]]
    return np.column_stack([moved[side][pairs[:, side]] for side in (0, 1)])


def _names(plan: Plan, after: Solution, changes: Sequence[Change]) -> tuple[tuple[str, str, str], ...]:
    wanted: set[tuple[str, str]] = set()
    for change in changes:
        if isinstance(change, More | Takes | Leaves):
            wanted.add((change.table, change.id))
        elif isinstance(change, Agreed | Refused | Unlocked):
            wanted |= set(zip(SIDES[change.level], (change.provider_id, change.recipient_id), strict=True))
    found = []
    for table, known in sorted(wanted):
        for problem in (plan.problem, after.problem):
            at = getattr(problem.arrays, table).index.get(known)
            if at is not None:
                found.append((table, known, getattr(problem.instance, table)[at].name))
                break
    return tuple(found)
