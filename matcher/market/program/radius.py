"""What siting leaves open, in the radius form (Garcia, Labbe, Marin 2011), handed to HiGHS.

With the distinct costs ``D_1 < D_2 < ...`` of recipient i, ``z_ik`` says that nobody at cost D_k or less is open:

    minimise    sum of opening_j * y_j + sum over i of (D_i1 + sum over k of (D_i(k+1) - D_ik) * z_ik)
    subject to  z_i1 + sum of y_j at cost D_i1 >= 1,    z_ik + sum of y_j at cost D_ik >= z_i(k-1)

and the groups, budgets and fixed providers. What a missing unit costs is one more D; z is an integer wherever y is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matcher.base.numbers import BoolArray, IntArray
from matcher.base.progress import Budget
from matcher.market.program.case import NO_MOST
from matcher.market.program.model import Sheet
from matcher.market.program.swaps import Near
from matcher.programs import highs
from matcher.programs.rows import UNBOUNDED, Linear


class Finished(NamedTuple):
    """Who is open (P,) in the best that was found, None without one; a claimed bound; whether nothing is feasible."""

    opened: BoolArray | None
    bound: int | None
    infeasible: bool


def finish(near: Near, closed: BoolArray, must: BoolArray, budget: Budget, share: float = 1.0) -> Finished:
    """Solve what is left if these providers are closed and those open, in so much of the time left.

    Of a case whose arcs are not all near, an arc that is left out counts as the first of them, so the bound holds.
    """
    case = near.case
    arc_at, last = _useful(near, closed, must)
    recipient, cost, provider = near.recipient[arc_at], near.cost[arc_at], near.provider[arc_at]
    # steps: the distinct costs of each recipient, in order
    new = np.ones(len(arc_at), bool)
    new[1:] = (recipient[1:] != recipient[:-1]) | (cost[1:] != cost[:-1])
    step = np.cumsum(new) - 1
    who, value = recipient[new], cost[new]
    steps, count = len(who), case.num_providers
    following = np.full(steps, -1)
    same = np.flatnonzero(who[1:] == who[:-1])
    following[same] = same + 1
    is_last = following < 0
    beyond = np.where(is_last, last[who], value[following])
    # a last step that nothing follows must be met
    open_end = beyond < UNBOUNDED
    z = np.full(steps, -1)
    z[open_end] = count + np.arange(np.count_nonzero(open_end))
    sheet = Sheet()
    has_z = np.flatnonzero(z >= 0)
    later = np.flatnonzero(~_first_of(who))
    rows = np.concatenate([step, has_z, later])
    columns = np.concatenate([provider, z[has_z], z[later - 1]])
    coefs = np.concatenate([np.ones(len(step) + len(has_z), np.int64), np.full(len(later), -1)])
    sheet.block(rows, columns, coefs, _first_of(who).astype(np.int64), UNBOUNDED, steps)
    grouped = np.flatnonzero(case.group >= 0)
    bounds = case.group_open
    sheet.block(case.group[grouped], grouped, 1, bounds[:, 0], bounds[:, 1], len(bounds))
    at, kind = np.nonzero(case.resource)
    sheet.block(kind, at, case.resource[at, kind], case.budget[:, 0], case.budget[:, 1], len(case.budget))
    place = np.arange(count)
    sheet.block(place, place, 1, must.astype(np.int64), (~closed).astype(np.int64), count)
    first = _first_of(who)
    constant = case.constant[0] + int(value[first].sum())
    nobody = np.setdiff1d(np.arange(case.num_recipients), who)
    alone = last[nobody]
    if (alone >= UNBOUNDED).any():
        return Finished(None, None, True)
    constant += int(alone.sum())
    coef = np.concatenate([case.opening[0], (beyond - value)[open_end]])
    function = Linear(np.flatnonzero(coef), coef[np.flatnonzero(coef)], constant)
    num_columns = count + int(np.count_nonzero(open_end))
    found = highs.minimise(
        num_columns, sheet.rows(), function, budget, relax=np.arange(count, num_columns), share=share
    )
    opened = None if found.values is None else found.values[:count].astype(bool)
    return Finished(opened, found.bound, found.status == "infeasible")


def num_left(near: Near, closed: BoolArray, must: BoolArray) -> int:
    """Return how many arcs a plan may use if these providers are closed and those open."""
    return len(_useful(near, closed, must)[0])


def _first_of(who: IntArray) -> BoolArray:
    first = np.ones(len(who), bool)
    first[1:] = who[1:] != who[:-1]
    return first


def _useful(near: Near, closed: BoolArray, must: BoolArray) -> tuple[IntArray, IntArray]:
    """Return the arcs that a plan may use, and what each recipient costs beyond them (R,), UNBOUNDED if it may not.

    Whoever is open in any case ends the list of a recipient, and so does what a missing unit costs.
    """
    case = near.case
    last = np.where(case.demand[:, 0] > 0, UNBOUNDED, np.minimum(case.missing[0], UNBOUNDED - 1))
    last = np.where(case.demand[:, 1] == 0, 0, last)
    cut = near.limit < NO_MOST  # arcs were left out: one of them may be the answer, at this cost or more
    last = np.where(cut, np.minimum(last, near.limit), last)
    sure = must[near.provider]
    np.minimum.at(last, near.recipient[sure], near.cost[sure])
    use = ~closed[near.provider] & ~sure & (near.cost < last[near.recipient])
    return np.flatnonzero(use & (case.demand[near.recipient, 1] > 0)), last
