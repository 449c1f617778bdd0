"""A weighted sum of objectives and rows: what the decomposition minimises, in exact integers.

The weight of an objective is its importance or its Lagrange multiplier; a row `sum >= least` with multiplier m adds
m * (least - sum), a row `sum <= most` adds m * (sum - most). Whatever a mix leaves out (rows over products of branches
and schools, worst travel) makes it smaller, never larger, so that a bound on the mix is a bound on the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from matcher.base.numbers import BoolArray, IntArray
from matcher.policy.rows import ListedWeights, Row
from matcher.problem.problem import Problem


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """A function of a plan, to be minimised; all integers.

    Attributes
    ----------
    constant
        Its value without any pair, the costs of empty places left out.
    county_pair : (O, C) int64
        Cost of each county pair.
    uncovered, unmet
        Level -> (R,) int64: cost of a recipient without a pair, and of each empty place.
    travel, pair, fit
        Cost of a school pair: a metre or second of it, the pair itself, each need met.
    far
        (threshold, cost): of every school pair at least so far.
    kept
        (pairs (k, 2), cost): of each of these school pairs.
    longest
        School pairs dearer than this can't be; None for no such limit.
    """

    constant: int
    county_pair: IntArray
    uncovered: Mapping[str, IntArray]
    unmet: Mapping[str, IntArray]
    travel: int
    pair: int
    fit: int
    far: tuple[tuple[int, int], ...]
    kept: tuple[tuple[IntArray, int], ...]
    longest: int | None = None

    @property
    def has_schools(self) -> bool:
        """Whether it says anything of school pairs."""
        return bool(
            self.travel
            or self.pair
            or self.fit
            or self.far
            or self.kept
            or self.uncovered["school"].any()
            or self.unmet["school"].any()
        )

    def allows(self, problem: Problem, branch_idx: IntArray, school_idx: IntArray) -> BoolArray:
        """Return which school pairs may be (positions broadcast)."""
        allowed = problem.allowed("school", branch_idx, school_idx)
        if self.longest is not None:
            allowed = allowed & (problem.facts.cost("school", branch_idx, school_idx) <= self.longest)
        return allowed

    def of_school_pairs(self, problem: Problem, branch_idx: IntArray, school_idx: IntArray) -> IntArray:
        """Return the exact cost of school pairs (positions broadcast)."""
        cost = problem.facts.cost("school", branch_idx, school_idx)
        total: IntArray = self.travel * cost + self.pair
        for threshold, weight in self.far:
            total = total + weight * (cost >= threshold)
        if self.fit:
            total = total + self.fit * problem.facts.fit("school", branch_idx, school_idx)
        for pairs, weight in self.kept:
            total = total + ListedWeights(pairs, weight).of(branch_idx, school_idx)
        return total


class Mixer:
    """Makes mixes of one problem; the matrices of county pairs are computed once."""

    def __init__(self, problem: Problem):
        self.problem = problem
        organizations, counties = problem.arrays.organizations, problem.arrays.counties
        self._every = np.arange(len(organizations))[:, None], np.arange(len(counties))[None, :]
        self._cost: IntArray | None = None
        self._was: IntArray = problem.facts.was_pair("county", *self._every).astype(np.int64)
        self._previous = problem.facts.previous_pairs("school")

    def mix(self, weights: Sequence[int], multipliers: Mapping[int, int] | None = None) -> Mix:
        """Return the sum of the objectives with `weights`, and of rows with `multipliers` (row -> multiplier)."""
        problem = self.problem
        county_pair = np.zeros(self._was.shape, dtype=np.int64)
        sides = {level: len(problem.arrays.sides(level)[1]) for level in ("county", "school")}
        uncovered = {level: np.zeros(size, dtype=np.int64) for level, size in sides.items()}
        unmet = {level: np.zeros(size, dtype=np.int64) for level, size in sides.items()}
        constant = travel = pair = fit = kept = 0
        far: list[tuple[int, int]] = []
        single = problem.capacity("county")[:, 1] <= 1
        for objective, weight in zip(problem.objectives, weights, strict=True):
            if not weight or objective.worst_of is not None:
                continue
            for level in ("county", "school"):
                uncovered[level] += weight * objective.terms(level).uncovered
                unmet[level] += weight * objective.terms(level).unmet
            county, school = objective.county, objective.school
            if county.travel or county.far is not None:
                cost = self._county_cost()
                county_pair += weight * county.travel * cost
                if county.far is not None:
                    county_pair += weight * (cost >= county.far)
            county_pair += weight * (county.kept * self._was + county.pair + county.squares)
            county_pair += weight * county.used * single[:, None]
            travel += weight * school.travel
            # a load of n costs n squared, at least n
            pair += weight * (school.pair + school.squares)
            fit += weight * school.fit
            kept += weight * school.kept
            if school.far is not None:
                far.append((school.far, weight))
        listed = [(self._previous, kept)] if kept else []
        for index, multiplier in (multipliers or {}).items():
            row = problem.rows[index]
            sign = -multiplier if row.least is not None else multiplier
            limit = row.least if row.least is not None else row.most
            constant -= sign * int(limit or 0)
            for level, weight_of in row.covered.items():
                # a recipient that is covered is one that is not uncovered
                uncovered[level] -= sign * weight_of
                constant += sign * int(weight_of.sum())
            if "county" in row.pairs:
                county_pair += sign * row.pairs["county"].of(*self._every)
            below = row.pairs.get("school")
            if isinstance(below, ListedWeights):
                listed.append((below.pairs, sign * below.weight))
        return Mix(constant, county_pair, uncovered, unmet, travel, pair, fit, tuple(far), tuple(listed))

    def _county_cost(self) -> IntArray:
        if self._cost is None:
            self._cost = self.problem.facts.cost("county", *self._every)
        return self._cost


def can_mix(row: Row) -> bool:
    """Whether a mix can carry the row: one bound, and of school pairs none but listed ones."""
    one_sided = (row.least is None) != (row.most is None)
    positive = row.least is not None or not row.covered
    return one_sided and positive and not row.distinct and isinstance(row.pairs.get("school"), ListedWeights | None)
