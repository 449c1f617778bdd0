r"""The textbook model of both levels of pairing, in binary variables and integer rows.

Variables: y(o, c) for every allowed organisation-county pair, x(b, s) for every allowed branch-school pair whose
organisation and county may be paired, v(r) for a recipient with at least one pair, u(p) for a provider with at least
one, z(p, k) for a provider's k-th pair. With org(b) and county(s) the owners and [m, M] the bounds of each side,

.. math::
    x(b, s) \le y(org(b), county(s)), \quad m_o \le \sum_c y(o, c) \le M_o, \quad m_c \le \sum_o y(o, c) \le M_c,
    m_b \le \sum_s x(b, s) \le M_b, \quad m_s \le \sum_b x(b, s) \le M_s,
    v(r) \le \sum_p x(p, r) \le M_r v(r), \quad u(p) \le \sum_r x(p, r) \le M_p u(p), \quad
    \sum_k z(p, k) = \sum_r x(p, r), \quad l_i \le a_i (x, y, v, w) \le h_i \text{ for every row } i \text{ of a rule.}

The square of a provider's number of pairs is the sum of (2 k - 1) z(p, k) at its least. A row that counts different
providers has w(p, i) for each with at least one of the meant pairs; a row that may be broken at a price p_i has
t(i, k) of worth 2^k, a_i (x, y, v, w) - sum_k 2^k t(i, k) <= h_i, and adds p_i sum_k 2^k t(i, k) to its objective.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from matcher.base.numbers import IntArray
from matcher.policy.rows import Row
from matcher.problem.pairs import Pairs, pair_keys
from matcher.problem.problem import Problem
from matcher.problem.terms import AdditiveObjective
from matcher.programs.rows import UNBOUNDED, Linear, Rows

LEVELS = ("county", "school")


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A binary program over both levels of pairing.

    Attributes
    ----------
    problem
        What it models.
    pairs
        Level -> (k, 2) positions of its pair variables.
    first
        Level -> column of its first pair variable.
    num_columns
        Number of variables, the auxiliary ones included.
    rows
        The rows.
    objectives
        One for each level of the problem, None where it is a worst travel.
    """

    problem: Problem
    pairs: Mapping[str, IntArray]
    first: Mapping[str, int]
    num_columns: int
    rows: Rows
    objectives: tuple[Linear | None, ...]

    def pairs_of(self, values: IntArray) -> Pairs:
        """Return the chosen pairs."""
        chosen = []
        for level in LEVELS:
            pairs = self.pairs[level]
            chosen.append(pairs[values[self.first[level] : self.first[level] + len(pairs)] > 0])
        return Pairs(*chosen).in_order()

    def columns_of(self, pairs: Pairs) -> IntArray:
        """Return the columns of a plan's pairs (pairs the model does not have are left out)."""
        found = []
        for level in LEVELS:
            width = max(1, len(self.problem.arrays.sides(level)[1]))
            keys = pair_keys(self.pairs[level], width)
            wanted = pair_keys(pairs.of(level), width)
            found.append(self.first[level] + np.flatnonzero(np.isin(keys, wanted)))
        return np.concatenate(found)


def allowed_pairs(problem: Problem) -> dict[str, IntArray]:
    """Return the pairs of each level that some plan may have, in order; school pairs need an allowed county pair."""
    organizations, counties = problem.arrays.organizations, problem.arrays.counties
    every_o, every_c = np.arange(len(organizations))[:, None], np.arange(len(counties))[None, :]
    together = problem.allowed("county", every_o, every_c)
    branches, schools = problem.arrays.branches, problem.arrays.schools
    every_b, every_s = np.arange(len(branches))[:, None], np.arange(len(schools))[None, :]
    may = problem.allowed("school", every_b, every_s) & together[branches.parent[:, None], schools.parent[None, :]]
    return {"county": np.argwhere(together), "school": np.argwhere(may)}


def textbook(problem: Problem, pairs: Mapping[str, IntArray] | None = None) -> Model:
    """Build the model over all allowed pairs, or over those given (distinct, in order)."""
    pairs = allowed_pairs(problem) if pairs is None else pairs
    builder = _Builder(problem, pairs)
    builder.links()
    for level in LEVELS:
        builder.bounds(level)
        builder.pins(level)
    for position, row in enumerate(problem.rows):
        parts = builder.parts(row)
        low = -UNBOUNDED if row.least is None else row.least
        builder.add(parts, low, UNBOUNDED if row.most is None else row.most, f"row:{position}")
    objectives = tuple(builder.objective(objective) for objective in problem.objectives)
    for objective, linear in zip(problem.objectives, objectives, strict=True):
        if linear is not None and objective.cap is not None:
            builder.add(
                [(linear.column, linear.coef)], -UNBOUNDED, objective.cap - linear.constant, f"cap:{objective.name}"
            )
        elif objective.cap is not None and objective.worst_of is not None:
            builder.close(objective.worst_of, objective.cap, f"cap:{objective.name}")
    return Model(problem, pairs, builder.first, builder.num_columns, builder.finish(), objectives)


class _Builder:
    """Collects columns and rows; every auxiliary variable is made when first asked for."""

    def __init__(self, problem: Problem, pairs: Mapping[str, IntArray]):
        self.problem, self.pairs = problem, pairs
        self.first = {"county": 0, "school": len(pairs["county"])}
        self.num_columns = len(pairs["county"]) + len(pairs["school"])
        self._covered: dict[str, IntArray] = {}
        self._excess: dict[int, tuple[IntArray, IntArray]] = {}
        self._entries: list[tuple[IntArray, IntArray]] = []
        self._bounds: list[tuple[int, int, str]] = []

    def add(self, parts: list[tuple[IntArray, IntArray]], low: int, high: int, group: str = "") -> None:
        column = np.concatenate([part[0] for part in parts])
        coef = np.concatenate([np.broadcast_to(part[1], part[0].shape) for part in parts])
        here = coef != 0
        self._entries.append((column[here], coef[here]))
        self._bounds.append((low, high, group))

    def new_columns(self, count: int) -> IntArray:
        self.num_columns += count
        return np.arange(self.num_columns - count, self.num_columns)

    def columns_at(self, level: str, side: int, position: int) -> IntArray:
        """Return the columns of the pairs of one provider (side 0) or recipient (side 1)."""
        return self.first[level] + np.flatnonzero(self.pairs[level][:, side] == position)

    def links(self) -> None:
        """x(b, s) <= y(org(b), county(s)), one row a school pair."""
        branches, schools = self.problem.arrays.branches, self.problem.arrays.schools
        width = max(1, len(self.problem.arrays.counties))
        keys = self.pairs["county"][:, 0] * width + self.pairs["county"][:, 1]
        below = self.pairs["school"]
        above = np.searchsorted(keys, branches.parent[below[:, 0]] * width + schools.parent[below[:, 1]])
        coef = np.array([1, -1])
        for position, column in enumerate(above.tolist()):
            self._entries.append((np.array([self.first["school"] + position, column]), coef))
            self._bounds.append((-UNBOUNDED, 0, ""))

    def bounds(self, level: str) -> None:
        """Least and most pairs of each provider and each recipient; the minima are groups of their own."""
        for side, limits in enumerate((self.problem.capacity(level), self.problem.demand(level))):
            for position, (low, high) in enumerate(limits.tolist()):
                columns = self.columns_at(level, side, position)
                if len(columns) > high:
                    self.add([(columns, np.ones_like(columns))], -UNBOUNDED, high)
                if low > 0:
                    name = f"minimum:{level}:{('provider', 'recipient')[side]}"
                    self.add([(columns, np.ones_like(columns))], low, UNBOUNDED, name)

    def pins(self, level: str) -> None:
        pinned = {(int(p), int(r)) for p, r in self.problem.pins[level]}
        for position, (p, r) in enumerate(self.pairs[level].tolist()):
            if (p, r) in pinned:
                self.add([(np.array([self.first[level] + position]), np.array([1]))], 1, 1, f"pins:{level}")
                pinned.discard((p, r))
        for _ in sorted(pinned):  # pinned, but no rule allows the pair: nothing can meet it
            self.add([(np.array([], dtype=np.int64), np.array([], dtype=np.int64))], 1, 1, f"pins:{level}")

    def weights(self, row: Row, level: str) -> IntArray:
        weights = row.pairs.get(level)
        pairs = self.pairs[level]
        if weights is None:
            return np.zeros(len(pairs), dtype=np.int64)
        found: IntArray = weights.of(pairs[:, 0], pairs[:, 1])
        return found

    def parts(self, row: Row) -> list[tuple[IntArray, IntArray]]:
        """Return the columns and coefficients that a row of a rule sums up."""
        found = [(self.first[level] + np.arange(len(self.pairs[level])), self.weights(row, level)) for level in LEVELS]
        found += [(self.covered(level), weight) for level, weight in row.covered.items()]
        for level, counted in row.distinct.items():
            pairs = self.pairs[level]
            meant = counted.provider[pairs[:, 0]] & counted.recipient[pairs[:, 1]]
            for provider in np.unique(pairs[meant, 0]).tolist():
                mine = self.first[level] + np.flatnonzero(meant & (pairs[:, 0] == provider))
                column = self.new_columns(1)
                self._indicate(column, mine, len(mine))
                found.append((column, np.array([1])))
        return found

    def excess(self, row: Row) -> tuple[IntArray, IntArray]:
        """Return the columns t that count by how much a row passes its most, and what each counts (powers of two)."""
        key = id(row)
        if key not in self._excess:
            parts = self.parts(row)
            above = sum(int(np.maximum(np.broadcast_to(coef, at.shape), 0).sum()) for at, coef in parts)
            worth = 1 << np.arange(max(0, above - (row.most or 0)).bit_length(), dtype=np.int64)
            columns = self.new_columns(len(worth))
            self.add([*parts, (columns, -worth)], -UNBOUNDED, row.most or 0)
            self._excess[key] = columns, worth
        return self._excess[key]

    def covered(self, level: str) -> IntArray:
        """Return the column of v(r) of each recipient; with at most one pair it is tied to their sum."""
        if level not in self._covered:
            limits = self.problem.demand(level)[:, 1]
            columns = self.new_columns(len(limits))
            for position, most in enumerate(limits.tolist()):
                pairs = self.columns_at(level, 1, position)
                self._indicate(columns[position : position + 1], pairs, min(most, len(pairs)))
            self._covered[level] = columns
        return self._covered[level]

    def used(self, level: str) -> IntArray:
        """Return the columns of u(p)."""
        limits = self.problem.capacity(level)[:, 1]
        columns = self.new_columns(len(limits))
        for position, most in enumerate(limits.tolist()):
            pairs = self.columns_at(level, 0, position)
            self._indicate(columns[position : position + 1], pairs, min(most, len(pairs)))
        return columns

    def _indicate(self, indicator: IntArray, pairs: IntArray, most: int) -> None:
        one = np.ones_like(pairs)
        self.add([(indicator, np.array([1])), (pairs, -one)], -UNBOUNDED, 0)
        self.add([(indicator, np.array([-most])), (pairs, one)], -UNBOUNDED, 0)

    def squares(self, level: str) -> tuple[IntArray, IntArray]:
        """Return the columns z(p, k) and their costs 2 k - 1."""
        columns, costs = [], []
        for position, most in enumerate(self.problem.capacity(level)[:, 1].tolist()):
            pairs = self.columns_at(level, 0, position)
            steps = self.new_columns(min(most, len(pairs)))
            self.add([(steps, np.ones_like(steps)), (pairs, -np.ones_like(pairs))], 0, 0)
            columns.append(steps)
            costs.append(2 * np.arange(len(steps)) + 1)
        return np.concatenate([np.array([], dtype=np.int64), *columns]), np.concatenate(
            [np.array([], dtype=np.int64), *costs]
        )

    def close(self, level: str, cost: int, group: str) -> None:
        """Close every pair of `level` that is dearer than `cost`."""
        pairs = self.pairs[level]
        dear = self.problem.facts.cost(level, pairs[:, 0], pairs[:, 1]) > cost
        columns = self.first[level] + np.flatnonzero(dear)
        self.add([(columns, np.ones_like(columns))], 0, 0, group)

    def objective(self, objective: AdditiveObjective) -> Linear | None:
        if objective.worst_of is not None:
            return None
        parts: list[tuple[IntArray, IntArray]] = []
        constant = 0
        facts = self.problem.facts
        for level in LEVELS:
            terms = objective.terms(level)
            provider_idx, recipient_idx = self.pairs[level][:, 0], self.pairs[level][:, 1]
            costs = terms.of_pairs(
                facts.cost(level, provider_idx, recipient_idx),
                facts.was_pair(level, provider_idx, recipient_idx),
                facts.fit(level, provider_idx, recipient_idx),
            )
            constant += int((terms.unmet * self.problem.demand(level)[:, 1]).sum())
            parts.append((self.first[level] + np.arange(len(provider_idx)), costs - terms.unmet[recipient_idx]))
            if terms.uncovered.any():
                constant += int(terms.uncovered.sum())
                parts.append((self.covered(level), -terms.uncovered))
            if terms.used:
                used = self.used(level)
                parts.append((used, np.full_like(used, terms.used)))
            if terms.squares:
                steps, costs = self.squares(level)
                parts.append((steps, terms.squares * costs))
        for wish in objective.wishes:
            columns, worth = self.excess(wish.row)
            parts.append((columns, wish.price * worth))
        column = np.concatenate([part[0] for part in parts])
        coef = np.concatenate([part[1] for part in parts])
        return Linear(column[coef != 0], coef[coef != 0], constant)

    def finish(self) -> Rows:
        sizes = np.array([len(entry[0]) for entry in self._entries], dtype=np.int64)
        none = [np.array([], dtype=np.int64)]
        return Rows(
            np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            np.concatenate(none + [entry[0] for entry in self._entries]),
            np.concatenate(none + [entry[1] for entry in self._entries]),
            np.array([bound[0] for bound in self._bounds], dtype=np.int64),
            np.array([bound[1] for bound in self._bounds], dtype=np.int64),
            tuple(bound[2] for bound in self._bounds),
        )
