"""The textbook program of a case: a variable a pair and one a provider, rows in integers.

minimise    sum of (cost - missing) * x + sum of opening * y + sum of missing * most
subject to  least_i <= sum over j of x_ij <= most_i              every recipient i
            need_j * y_j <= sum over i of size_i * x_ij <= capacity_j * y_j   every provider j
            x_ij <= y_j                                          every arc
            sum over i of x_ij <= most_pairs_j                   every provider that has such a limit
            sum over i in a of x_ij <= 1                         every provider and label a of `apart`
            least_g <= sum over j in g of y_j <= most_g          every group g
            least_b <= sum over j of resource_jb * y_j <= most_b every budget b
"""

from __future__ import annotations

import numpy as np

from matcher.base.numbers import IntArray
from matcher.market.input import Bools, Ints
from matcher.market.program.bound import needs
from matcher.market.program.case import ProgramCase
from matcher.programs.rows import UNBOUNDED, Linear, Rows


class Sheet:
    """Rows as they are written down, block by block."""

    def __init__(self) -> None:
        self._counts: list[IntArray] = []
        self._parts: list[tuple[IntArray, IntArray]] = []
        self._low: list[IntArray] = []
        self._high: list[IntArray] = []

    def block(self, row: Ints, column: Ints, coef: Ints | int, low: Ints | int, high: Ints | int, count: int) -> None:
        """Add `count` rows with these entries (row, column, coef)."""
        order = np.argsort(row, kind="stable")
        coefs = np.broadcast_to(np.asarray(coef, np.int64), row.shape)
        self._counts.append(np.bincount(row, minlength=count))
        self._parts.append((column[order], coefs[order]))
        for side, value in ((self._low, low), (self._high, high)):
            side.append(np.clip(np.broadcast_to(np.asarray(value, np.int64), (count,)), -UNBOUNDED, UNBOUNDED))

    def rows(self) -> Rows:
        """Return all of them."""
        counts = np.concatenate(self._counts)
        column, coef = (np.concatenate([part[i] for part in self._parts]) for i in (0, 1))
        start = np.concatenate([[0], np.cumsum(counts)])
        low, high = np.concatenate(self._low), np.concatenate(self._high)
        return Rows(start, column, coef, low, high, ("",) * len(counts))


def rows_of(case: ProgramCase) -> Rows:
    """Return the rows of a case; columns are the A arcs, then the P providers."""
    sheet = Sheet()
    arcs, count = len(case.provider), case.num_providers
    arc, place = np.arange(arcs), np.arange(count)
    opens = arcs + place
    sheet.block(case.recipient, arc, 1, case.demand[:, 0], case.demand[:, 1], case.num_recipients)
    size = case.size
    total = np.zeros(count, np.int64)
    np.add.at(total, case.provider, size)
    room, need = np.minimum(case.capacity[:, 1], total), needs(case)
    sheet.block(
        np.concatenate([case.provider, place]),
        np.concatenate([arc, opens]),
        np.concatenate([size, -room]),
        -UNBOUNDED,
        0,
        count,
    )
    some = np.flatnonzero(need > 0)
    rank = np.full(count, -1)
    rank[some] = np.arange(len(some))
    inside = np.flatnonzero(rank[case.provider] >= 0)
    sheet.block(
        np.concatenate([rank[case.provider[inside]], np.arange(len(some))]),
        np.concatenate([inside, opens[some]]),
        np.concatenate([size[inside], -need[some]]),
        0,
        UNBOUNDED,
        len(some),
    )
    both = np.concatenate([arc, arc])
    ones = np.ones(arcs, np.int64)
    sheet.block(both, np.concatenate([arc, opens[case.provider]]), np.concatenate([ones, -ones]), -UNBOUNDED, 0, arcs)
    count_rows(sheet, case)
    grouped = np.flatnonzero(case.group >= 0)
    bounds = case.group_open
    sheet.block(case.group[grouped], opens[grouped], 1, bounds[:, 0], bounds[:, 1], len(bounds))
    at, kind = np.nonzero(case.resource)
    budget = case.budget
    sheet.block(kind, opens[at], case.resource[at, kind], budget[:, 0], budget[:, 1], len(budget))
    must = case.must_open | (case.capacity[:, 0] > 0)
    sheet.block(place, opens, 1, must.astype(np.int64), (~case.closed).astype(np.int64), count)
    return sheet.rows()


def count_rows(sheet: Sheet, case: ProgramCase) -> None:
    """Write the rows that count recipients, where they can bind."""
    arcs = np.bincount(case.provider, minlength=case.num_providers)
    some = np.flatnonzero(arcs > case.most_pairs)
    rank = np.full(case.num_providers, -1)
    rank[some] = np.arange(len(some))
    inside = np.flatnonzero(rank[case.provider] >= 0)
    sheet.block(rank[case.provider[inside]], inside, 1, -UNBOUNDED, case.most_pairs[some], len(some))
    label = case.apart[case.recipient]
    labelled = np.flatnonzero(label >= 0)
    keys = case.provider[labelled] * case.num_recipients + label[labelled]
    _, row, counts = np.unique(keys, return_inverse=True, return_counts=True)
    row = np.where(counts > 1, np.cumsum(counts > 1) - 1, -1)[row]
    sheet.block(row[row >= 0], labelled[row >= 0], 1, -UNBOUNDED, 1, int((counts > 1).sum()))


def level_of(case: ProgramCase, level: int) -> Linear:
    """Return a level as a function of the columns."""
    missing = case.missing[level]
    coef = np.concatenate([case.cost[level] - missing[case.recipient], case.opening[level]])
    at = np.flatnonzero(coef)
    constant = case.constant[level] + sum((missing * case.demand[:, 1]).tolist())
    return Linear(at, coef[at], constant)


def columns_of(case: ProgramCase, arcs: Ints, opened: Bools) -> IntArray:
    """Return a plan as 0/1 values of the columns."""
    values = np.zeros(len(case.provider) + case.num_providers, np.int64)
    values[arcs] = 1
    values[len(case.provider) :] = opened
    return values


def plan_of(case: ProgramCase, values: IntArray) -> tuple[Ints, Bools]:
    """Return the arcs and the open providers of a solution, closing what is open for nothing."""
    arcs = len(case.provider)
    chosen = np.flatnonzero(values[:arcs])
    return chosen, tidied(case, chosen, values[arcs:].astype(bool))


def tidied(case: ProgramCase, arcs: Ints, opened: Bools) -> Bools:
    """Return `opened` without those that have no pair and are not needed by a group or a budget, the last first."""
    opened = opened.copy()
    busy = case.must_open | (case.capacity[:, 0] > 0)
    busy[case.provider[arcs]] = True
    counts = np.bincount(case.group[opened & (case.group >= 0)], minlength=len(case.group_open))
    spent = case.resource[opened].sum(axis=0)
    for j in np.flatnonzero(opened & ~busy)[::-1].tolist():
        group = case.group[j]
        if group >= 0 and counts[group] <= case.group_open[group, 0]:
            continue
        if (spent - case.resource[j] < case.budget[:, 0]).any():
            continue
        opened[j] = False
        spent = spent - case.resource[j]
        if group >= 0:
            counts[group] -= 1
    return opened
