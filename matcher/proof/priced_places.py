r"""Places of schools priced, so that blocks stand alone: what each (organisation, county) is worth at most.

Let places of schools have prices p >= 0 (Lagrange multipliers of "at most one pair a place"), and let g(o, j) be the
least cost, less what the empty place costs, of place j served by any branch of o, at a lower bound of its travel. With
room(o) the places of all branches of o, the value of a block is at least

.. math:: v(o, c) = cost(o, c) + \min_{J \subseteq places(c), |J| \le room(o)} \sum_{j \in J} \min(0, g(o, j) + p_j).

All numbers are integers. The solver (`matcher.methods.decomposition.relax`) and the checker
(`matcher.proof.plan_bounds`) use it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from matcher.base.numbers import FloatArray, IntArray
from matcher.base.threads import each
from matcher.problem.problem import Problem
from matcher.proof.joint_terms import has_school_rules
from matcher.proof.mix import Mix
from matcher.proof.rooms import school_rooms

#: organisations looked at together: their matrix of places stays in the cache
_ROWS = 128
#: branches whose distances are computed together
_BRANCHES = 64
#: a pair that can't be; sums of these stay exact in float64
FAR = 2.0**40


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """The places of all schools, ordered by county, then school; p of them.

    Attributes
    ----------
    school, county : (p,) int64
        Whose place it is.
    is_first : (p,) bool
        Whether it is the school's first.
    counties : (k,) int64
        Counties with places, in order; places of `counties[i]` are `start[i]:start[i + 1]`.
    start : (k + 1,) int64
    """

    school: IntArray
    county: IntArray
    is_first: np.ndarray
    counties: IntArray
    start: IntArray

    @classmethod
    def of(cls, problem: Problem) -> Places:
        """Return the places of `problem` in order."""
        home = problem.arrays.schools.parent
        most = np.minimum(problem.demand("school")[:, 1], len(problem.arrays.branches))
        schools = np.argsort(home, kind="stable")
        school = np.repeat(schools, most[schools])
        is_first = np.ones(len(school), dtype=np.bool_)
        is_first[1:] = school[1:] != school[:-1]
        counties, first = np.unique(home[school], return_index=True)
        return cls(school, home[school], is_first, counties, np.append(first, len(school)).astype(np.int64))

    def gain(self, mix: Mix) -> IntArray:
        """(p,) int64: what each place costs while empty."""
        gain: IntArray = mix.unmet["school"][self.school] + mix.uncovered["school"][self.school] * self.is_first
        return gain


class OutOfTime(Exception):
    """The work was asked to stop before anything was there to go on with."""


class PricedPlaces:
    """Values blocks of one problem under mixes and prices; distances are computed once.

    Raises
    ------
    OutOfTime
        If it is asked to stop before the distances are there.
    """

    def __init__(self, problem: Problem, stops: Callable[[], bool] = lambda: False, workers: int = 1):
        self.problem, self._workers = problem, workers
        self.places = Places.of(problem)
        self._floor = _nearest_branch(problem, stops)
        num_schools = len(problem.arrays.schools)
        self._num_places = np.bincount(self.places.school, minlength=num_schools)
        self._first_place = np.zeros(num_schools, dtype=np.int64)
        self._first_place[self.places.school[self.places.is_first]] = np.flatnonzero(self.places.is_first)
        self.room_of_branch, self.room = school_rooms(problem)

    def pair_cost(self, mix: Mix) -> FloatArray | None:
        """(O, p) float64: a lower bound on the cost of each place served by each organisation, integers all.

        None if the mix says nothing of school pairs.
        """
        if not mix.has_schools:
            return None
        floor = self._floor[:, self.places.school]
        cost = mix.travel * floor + float(mix.pair)
        for threshold, weight in mix.far:
            cost += weight * (floor >= threshold)
        if mix.fit:
            cost += mix.fit * float(self.problem.facts.num_needs.max(initial=0))
        for pairs, _ in mix.kept:
            allowed = self.problem.allowed("school", pairs[:, 0], pairs[:, 1])
            branch_idx, school_idx = pairs[allowed, 0], pairs[allowed, 1]
            exact = mix.of_school_pairs(self.problem, branch_idx, school_idx)
            owner = self.problem.arrays.branches.parent[branch_idx]
            for place in range(int(self._num_places.max(initial=0))):
                has = self._num_places[school_idx] > place
                np.minimum.at(cost, (owner[has], self._first_place[school_idx[has]] + place), exact[has])
        cost[floor >= (FAR if mix.longest is None else mix.longest + 1)] = FAR
        return cost

    def empty(self, mix: Mix) -> int:
        """Return what a mix costs without any pair, its constant left out."""
        problem = self.problem
        empty = int((mix.unmet["county"] * problem.demand("county")[:, 1]).sum() + mix.uncovered["county"].sum())
        # a school without any place is uncovered for good
        return (
            empty
            + int(self.places.gain(mix).sum())
            + int(mix.uncovered["school"][problem.demand("school")[:, 1] == 0].sum())
        )

    def worth(self, mix: Mix) -> IntArray:
        """(O, C) int64: an upper bound on what each block alone is worth, unpriced."""
        gain = self.places.gain(mix).astype(np.float64)
        worth: IntArray = self.priced(self.pair_cost(mix), gain) - mix.county_pair
        return worth

    def priced(self, cost: FloatArray | None, gain: FloatArray) -> IntArray:
        """(O, C) int64: for each block the largest sum of gain - cost over at most `room` of its places."""
        worth = np.zeros((len(self.room), len(self.problem.arrays.counties)), dtype=np.int64)
        if cost is None or not len(gain):
            return worth
        each(
            lambda low: self._fill(worth, slice(low, low + _ROWS), cost, gain),
            range(0, len(worth), _ROWS),
            self._workers,
        )
        return worth

    def _fill(self, worth: IntArray, rows: slice, cost: FloatArray, gain: FloatArray) -> None:
        """Fill the `rows` of `worth`."""
        places = self.places
        sizes = np.diff(places.start)
        left = gain - cost[rows]
        positive = left > 0
        np.maximum(left, 0, out=left)
        total = np.add.reduceat(left, places.start[:-1], axis=1)
        count = np.add.reduceat(positive, places.start[:-1], axis=1, dtype=np.int64)
        room = self.room[rows]
        row, block = np.nonzero(count > room[:, None])
        if len(row):
            width = int(sizes[block].max())
            column = places.start[block][:, None] + np.arange(width)
            inside = np.arange(width) < sizes[block][:, None]
            some = np.where(inside, left[row[:, None], np.minimum(column, len(gain) - 1)], 0.0)
            some = -np.sort(-some, axis=1)
            some[np.arange(width) >= room[row][:, None]] = 0.0
            total[row, block] = some.sum(axis=1)
        worth[rows, places.counties] = total


def _nearest_branch(problem: Problem, stops: Callable[[], bool]) -> FloatArray:
    """(O, S) float64: a lower bound on the cost from the nearest branch of each organisation that may be allowed.

    Raises
    ------
    OutOfTime
        If it is asked to stop before the end.
    """
    branches, schools = problem.arrays.branches, problem.arrays.schools
    nearest = np.full((len(problem.arrays.organizations), len(schools)), FAR)
    with_room = np.flatnonzero(problem.capacity("school")[:, 1] > 0)
    ruled = has_school_rules(problem) or problem.policy.school_cost == "min"
    if not ruled:  # branches of one organisation at one point are alike
        points = np.column_stack([branches.parent, branches.lat, branches.lon])[with_room]
        with_room = with_room[np.sort(np.unique(points, axis=0, return_index=True)[1])]
    every = np.arange(len(schools))[None, :]
    for low in range(0, len(with_room), _BRANCHES):
        if stops():
            raise OutOfTime
        some = with_room[low : low + _BRANCHES]
        cost = problem.facts.cost_floor("school", some[:, None], every).astype(np.float64)
        if ruled:
            cost[~problem.may_allow("school", some[:, None], every)] = FAR
        np.minimum.at(nearest, branches.parent[some], cost)
    nearest[nearest > FAR] = FAR
    return nearest
