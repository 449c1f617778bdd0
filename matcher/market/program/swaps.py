"""Who is open, improved by the best swap until none helps (Teitz and Bart 1968; all moves at once as in Resende 2007).

With the nearest and the second nearest open provider of every recipient, what it costs to close k and open j is
``opening_j - opening_k + loss_k - gain_j - extra_jk``: `gain` over the recipients that j is nearer to, `loss` over
those of k that fall back on their second, `extra` where j softens that fall. Only arcs cheaper than the second nearest
count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from matcher.base.numbers import BoolArray, FloatArray, IntArray, magnitude
from matcher.base.progress import Budget
from matcher.market.program.case import NO_MOST, ProgramCase


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """The arcs of a case of one level in order of (recipient, cost), perhaps only the cheapest of each recipient.

    Attributes
    ----------
    arc, provider, recipient, cost : (N,)
        Position among the case's arcs, ends, cost.
    limit : (R,)
        No arc that is left out is cheaper than this; NO_MOST where none is.
    away : (R,)
        What a recipient without an open provider costs; far beyond everything where it must have one.
    """

    case: ProgramCase
    arc: IntArray
    provider: IntArray
    recipient: IntArray
    cost: IntArray
    limit: IntArray
    away: IntArray

    @classmethod
    def of(cls, case: ProgramCase, most: int) -> Near:
        """Return the cheapest arcs of each recipient, all of them if there are no more than `most` in all."""
        cost = case.cost[0]
        order = np.lexsort((case.provider, cost, case.recipient))
        order = order[case.demand[case.recipient[order], 1] > 0]
        ends = np.searchsorted(case.recipient[order], np.arange(case.num_recipients + 1))
        far = 2 * (magnitude(cost) + magnitude(case.missing[0])) + 1
        limit = np.full(case.num_recipients, NO_MOST)
        if len(order) > most:
            each = max(20, most // max(1, case.num_recipients))
            rank = np.arange(len(order)) - np.repeat(ends[:-1], np.diff(ends))
            cut = np.flatnonzero(np.diff(ends) > each)
            limit[cut] = cost[order[ends[cut] + each]]
            order = order[rank < each]
        must = case.demand[:, 0] > 0
        away = np.where(must, 4 * far, np.where(case.demand[:, 1] > 0, case.missing[0], 0))
        ends_of = (case.provider[order], case.recipient[order])
        return cls(case, order, *ends_of, cost[order], limit, away)

    def two_nearest(self, opened: BoolArray) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """Return cost, arc (-1: none) and provider of the cheapest open one of each recipient, and the next cost."""
        count, none = self.case.num_recipients, self.case.num_providers
        here = np.flatnonzero(opened[self.provider])
        owner = self.recipient[here]
        at = np.searchsorted(owner, np.arange(count + 1))
        found = np.diff(at)
        first, second = self.away.copy(), self.away.copy()
        arc, provider = np.full(count, -1), np.full(count, none)
        one, two = np.flatnonzero(found > 0), np.flatnonzero(found > 1)
        first[one] = self.cost[here[at[one]]]
        arc[one] = self.arc[here[at[one]]]
        provider[one] = self.provider[here[at[one]]]
        second[two] = np.minimum(self.cost[here[at[two] + 1]], self.away[two])
        rather = first > self.away
        second[rather] = first[rather]
        first, arc, provider = (np.where(rather, a, b) for a, b in ((self.away, first), (-1, arc), (none, provider)))
        return first, arc, provider, second


class SitePlan(NamedTuple):
    """Who is open, which arc each recipient uses (R,), -1 for none, and what it costs; `sound` if nobody lacks one."""

    opened: BoolArray
    arc: IntArray
    value: int
    sound: bool


def planned(near: Near, opened: BoolArray) -> SitePlan:
    """Return the best plan with these providers open."""
    case = near.case
    first, arc, _, _ = near.two_nearest(opened)
    value = case.constant[0] + int(case.opening[0][opened].sum()) + int(first.sum())
    return SitePlan(opened, arc, value, not bool(((arc < 0) & (case.demand[:, 0] > 0)).any()))


def swapped(near: Near, opened: BoolArray, budget: Budget, most: int) -> BoolArray:
    """Return who is open after at most so many best swaps, additions and removals."""
    opened = opened.copy()
    for _ in range(most):
        if budget.stop_reason is not None:
            break
        budget.spend()
        move = _best_move(near, opened)
        if move is None:
            break
        enter, leave = move
        if enter >= 0:
            opened[enter] = True
        if leave >= 0:
            opened[leave] = False
    return opened


def _best_move(near: Near, opened: BoolArray) -> tuple[int, int] | None:
    """Return who opens and who closes (-1: nobody) in the move that gains most, None if none gains."""
    case = near.case
    inside = np.flatnonzero(opened)
    count, width = case.num_providers, len(inside) + 1
    place = np.full(count + 1, width - 1)
    place[inside] = np.arange(width - 1)
    first, _, provider, second = near.two_nearest(opened)
    column = place[provider]
    use = np.flatnonzero((near.cost < second[near.recipient]) & ~opened[near.provider])
    enter, who, cost = near.provider[use], near.recipient[use], near.cost[use]
    gain = np.bincount(enter, np.maximum(0, first[who] - cost), count)
    softer = second[who] - np.maximum(cost, first[who])
    extra = np.bincount(enter * width + column[who], softer, count * width).reshape(count, width)
    loss = np.bincount(column, second - first, width)
    loss[-1], extra[:, -1] = 0, 0
    opening = case.opening[0]
    change = np.empty((count + 1, width))
    change[:-1] = (opening - gain)[:, None] + (loss - np.append(opening[inside], 0)) - extra
    change[-1] = loss - np.append(opening[inside], 0)
    change[~_allowed(case, opened, inside)] = 0
    best = int(np.argmin(change))
    if change.flat[best] >= -0.5:
        return None
    enters, leaves = divmod(best, width)
    return (enters if enters < count else -1), (int(inside[leaves]) if leaves < width - 1 else -1)


def _allowed(case: ProgramCase, opened: BoolArray, inside: IntArray) -> BoolArray:
    """Return which moves keep groups and budgets, (P + 1, open + 1); the last row and column are "nobody"."""
    may_enter = np.append(~opened & ~case.closed, True)
    may_leave = np.append(~case.must_open[inside], True)
    allowed: BoolArray = may_enter[:, None] & may_leave
    enters, leaves = np.append(case.group, -1), np.append(case.group[inside], -1)
    counts = np.bincount(case.group[opened & (case.group >= 0)], minlength=len(case.group_open) + 1)[
        : len(case.group_open)
    ]
    full = np.append(counts >= case.group_open[:, 1], False)
    bare = np.append(counts <= case.group_open[:, 0], False)
    other = enters[:, None] != leaves
    allowed &= ~(other & (full[enters][:, None] | bare[leaves]))
    spent = case.resource[opened].sum(axis=0)
    for kind, (least, most) in enumerate(case.budget.tolist()):
        use = np.append(case.resource[:, kind], 0)[:, None] - np.append(case.resource[inside, kind], 0) + spent[kind]
        allowed &= (use >= least) & (use <= most)
    allowed[-1, -1] = False
    return allowed


def within_budget(case: ProgramCase, opened: BoolArray, rho: FloatArray) -> BoolArray | None:
    """Return `opened` without the dearest by `rho` until every budget is kept; None if groups do not let them go."""
    opened = opened.copy()
    for j in np.argsort(-rho, kind="stable").tolist():
        spent = case.resource[opened].sum(axis=0)
        if (spent <= case.budget[:, 1]).all():
            break
        group = case.group[j]
        needed = group >= 0 and (opened & (case.group == group)).sum() <= case.group_open[group, 0]
        if opened[j] and not case.must_open[j] and not needed:
            opened[j] = False
    spent = case.resource[opened].sum(axis=0)
    return opened if ((spent <= case.budget[:, 1]) & (spent >= case.budget[:, 0])).all() else None
