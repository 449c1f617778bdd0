r"""Stability as rows of the textbook model of both levels of pairing (`matcher.methods.textbook_model`).

At each level the rows of `stable_model` say of every pair that both sides accept that it is chosen, or one of its ends
would not gain by it, or it blocks. A school pair can block only inside a chosen county pairing: there the row ends in
:math:`\ge y(o, c)` instead of :math:`\ge 1`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matcher.base.numbers import IntArray
from matcher.methods.textbook_model import LEVELS, Model
from matcher.programs.rows import UNBOUNDED, Rows
from matcher.proof.preference_blocks import market_of, whole
from matcher.stable.preferences import Preferences
from matcher.stable.program import program

GROUP = "stability"


def with_stability(model: Model) -> Model:
    """Return the model with what its policy demands of blocking pairs."""
    policy = model.problem.policy
    few = policy.stability == "limit"
    parts = [model.rows]
    num_columns, blocks = model.num_columns, [np.zeros(0, dtype=np.int64)]
    for level in LEVELS:
        market = market_of(model.problem, level, *whole(model.problem, level))
        width = max(1, len(model.problem.arrays.sides(level)[1]))
        known = model.pairs[level][:, 0] * width + model.pairs[level][:, 1]
        keys = market.preferences.arc_keys()
        preferences = _only(market.preferences, np.isin(keys, known))
        column = model.first[level] + np.searchsorted(known, preferences.arc_keys())
        strangers = model.first[level] + np.flatnonzero(~np.isin(known, keys))
        if len(strangers):
            parts.append(_row(strangers, 0, 0))
        made = program(
            preferences,
            max_blocking=None if few else 0,
            tolerance=policy.stability_tolerance(level),
            fewest=few,
            pins=np.zeros((0, 2), dtype=np.int64),
        )
        own = num_columns + np.arange(made.num_columns - preferences.num_arcs)
        num_columns += len(own)
        rows = replace(made.rows, column=np.concatenate([column, own])[made.rows.column])
        if level == "school":
            rows = _inside(model, preferences, rows)
        parts.append(rows)
        if few:
            blocks.append(own[: preferences.num_arcs])
    if few:
        parts.append(_row(np.concatenate(blocks), -UNBOUNDED, policy.max_blocking_pairs or 0))
    return replace(model, num_columns=num_columns, rows=_joined(parts))


def _only(preferences: Preferences, kept: np.ndarray) -> Preferences:
    """Return some arcs, without the minima: those are rows of the model, and groups of their own in a conflict."""
    f = preferences
    capacity, demand = (np.column_stack([np.zeros_like(most), most]) for _, most in (f.capacity.T, f.demand.T))
    p, r, provider_rank, recipient_rank = (
        array[kept] for array in (f.provider_idx, f.recipient_idx, f.provider_rank, f.recipient_rank)
    )
    return Preferences(p, r, provider_rank, recipient_rank, capacity, demand)


def _row(column: IntArray, low: int, high: int) -> Rows:
    one = np.array([1], dtype=np.int64)
    start = np.array([0, len(column)], dtype=np.int64)
    return Rows(start, column, np.ones_like(column), low * one, high * one, (GROUP,))


def _inside(model: Model, preferences: Preferences, rows: Rows) -> Rows:
    """Return the rows, the last of which, one an arc, now hold only where the county pair above is chosen."""
    branches, schools = model.problem.arrays.branches, model.problem.arrays.schools
    width = max(1, len(model.problem.arrays.counties))
    known = model.pairs["county"][:, 0] * width + model.pairs["county"][:, 1]
    above = branches.parent[preferences.provider_idx] * width + schools.parent[preferences.recipient_idx]
    column = model.first["county"] + np.searchsorted(known, above)
    first = len(rows) - preferences.num_arcs
    ends = rows.start[first + 1 :]
    low = rows.low.copy()
    low[first:] -= 1
    start = rows.start.copy()
    start[first + 1 :] += np.arange(1, preferences.num_arcs + 1)
    return replace(
        rows,
        start=start,
        column=np.insert(rows.column, ends, column),
        coef=np.insert(rows.coef, ends, -np.ones(len(column), dtype=np.int64)),
        low=low,
    )


def _joined(parts: list[Rows]) -> Rows:
    """Return all rows; those without a group belong to the demand of stability if they are not the model's own."""
    sizes = np.cumsum([0, *(len(part.column) for part in parts)])
    start = [parts[0].start[:1], *(part.start[1:] + size for part, size in zip(parts, sizes, strict=False))]
    groups = [parts[0].group, *(((GROUP,) * len(part)) for part in parts[1:])]
    return Rows(
        np.concatenate(start),
        np.concatenate([part.column for part in parts]),
        np.concatenate([part.coef for part in parts]),
        np.concatenate([part.low for part in parts]),
        np.concatenate([part.high for part in parts]),
        tuple(name for group in groups for name in group),
    )
