"""LevelMultipliers to begin with from the linear program of a case: rooms, counts, budgets, groups, without x <= y.

Where opening costs nothing this relaxation is a transportation problem in units of size and its prices are the best
multipliers there are (Geoffrion 1974: the knapsacks are taken with fractions on both sides); elsewhere they are where
the ascent starts. Where recipients are counted it would stop at the ties of small whole numbers without them. What they
prove is recomputed by `bound`, as of any multipliers.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from matcher.base.numbers import FloatArray
from matcher.base.progress import Budget
from matcher.market.input import Ints
from matcher.market.program.case import ProgramCase
from matcher.market.program.model import Sheet, count_rows, level_of
from matcher.programs import highs
from matcher.programs.rows import UNBOUNDED

#: an arc used less than this is not used
_SOME: Final = 1e-6


class LinearPrices(NamedTuple):
    """LevelMultipliers u (R,), v (B,), mu (level,), and the arcs (k,) that the program uses, the most used first."""

    u: FloatArray
    v: FloatArray
    mu: FloatArray
    arcs: Ints


def linear_prices(
    case: ProgramCase, level: int, kept: tuple[int, ...], budget: Budget, share: float
) -> LinearPrices | None:
    """Return what the linear program at a level says; None if it was not solved in time."""
    arcs, count = len(case.provider), case.num_providers
    arc, place = np.arange(arcs), np.arange(count)
    opens = arcs + place
    sheet = Sheet()
    sheet.block(case.recipient, arc, 1, case.demand[:, 0], case.demand[:, 1], case.num_recipients)
    sheet.block(
        np.concatenate([case.provider, place]),
        np.concatenate([arc, opens]),
        np.concatenate([case.size, -case.capacity[:, 1]]),
        -UNBOUNDED,
        0,
        count,
    )
    at, kind = np.nonzero(case.resource)
    budgets = case.budget
    sheet.block(kind, opens[at], case.resource[at, kind], budgets[:, 0], budgets[:, 1], len(budgets))
    grouped = np.flatnonzero(case.group >= 0)
    bounds = case.group_open
    sheet.block(case.group[grouped], opens[grouped], 1, bounds[:, 0], bounds[:, 1], len(bounds))
    for earlier, value in zip(range(level), kept, strict=True):
        function = level_of(case, earlier)
        row = np.zeros(len(function.column), np.int64)
        sheet.block(row, function.column, function.coef, -UNBOUNDED, value - function.constant, 1)
    must = case.must_open | (case.capacity[:, 0] > 0)
    fixed = np.flatnonzero(must | case.closed)
    sheet.block(
        np.arange(len(fixed)), opens[fixed], 1, must[fixed].astype(np.int64), must[fixed].astype(np.int64), len(fixed)
    )
    count_rows(sheet, case)
    found = highs.relaxed(arcs + count, sheet.rows(), level_of(case, level), budget, share=share)
    if found is None:
        return None
    price, used = found
    people, after = case.num_recipients, case.num_recipients + count
    mu = -price[after + len(budgets) + len(bounds) :][:level]
    missing = case.missing[level] + mu @ case.missing[:level]
    order = np.argsort(-used[:arcs], kind="stable")
    order = order[used[order] > _SOME]
    return LinearPrices(missing + price[:people], -price[after : after + len(budgets)], np.maximum(0.0, mu), order)
