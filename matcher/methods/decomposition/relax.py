r"""A bound on both levels of pairing at any size: places priced, blocks solved alone, county pairing a flow.

Let places of schools have prices p >= 0 (Lagrange multipliers of "at most one pair a place"), and let g(o, j) be the
least cost, less what the empty place costs, of place j served by any branch of o, at a lower bound of its travel. With
room(o) the places of all branches of o, the value of a block is at least

.. math:: v(o, c) = cost(o, c) + \min_{J \subseteq places(c), |J| \le room(o)} \sum_{j \in J} \min(0, g(o, j) + p_j)

and for every plan: mix >= constant + cost of all places empty - sum p + the cheapest county pairing over v. All numbers
are integers, so that the bound is exact. The best prices are sought by a subgradient method with Polyak's step
(B. T. Polyak 1969; M. Held, P. Wolfe, H. P. Crowder 1974), which only steers: any prices give a bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matcher.base.numbers import FloatArray, IntArray
from matcher.base.progress import Budget
from matcher.base.threads import each
from matcher.methods.decomposition.mix import Mix
from matcher.methods.decomposition.repair import school_rooms
from matcher.methods.decomposition.transport import Transport
from matcher.problem.problem import Problem
from matcher.proof.joint_terms import has_school_rules

#: organisations looked at together: their matrix of places stays in the cache
_ROWS = 128
#: branches whose distances are computed together
_BRANCHES = 64
#: a pair that can't be; sums of these stay exact in float64
_FAR = 2.0**40


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


@dataclass(frozen=True, slots=True, eq=False)
class Relaxed:
    """What one evaluation found.

    Attributes
    ----------
    bound
        No plan has a smaller value of the mix.
    county_pairs : (k, 2) int64
        The county pairing of the relaxation.
    worth : (O, C) int64
        How much each block is worth (the negative of v above).
    used : (p,) int64
        How many pairs each place has in the relaxation.
    """

    bound: int
    county_pairs: IntArray
    worth: IntArray
    used: IntArray


class Relaxation:
    """Evaluates mixes at prices; distances are computed once."""

    def __init__(self, problem: Problem, transport: Transport, budget: Budget):
        self.problem, self.transport, self._workers = problem, transport, budget.workers
        self.places = Places.of(problem)
        self._floor = _nearest_branch(problem, budget)
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
        cost[floor >= (_FAR if mix.longest is None else mix.longest + 1)] = _FAR
        return cost

    def evaluate(self, mix: Mix, cost: FloatArray | None, price: IntArray, *, roughly: bool = False) -> Relaxed:
        """Return bound and county pairing at `price` (p,), int64 and not negative.

        `roughly` is faster, and its bound may be a little weaker (see `Transport.best`).
        """
        gain = self.places.gain(mix)
        worth = self._worth(cost, (gain - price).astype(np.float64)) - mix.county_pair
        later = mix.unmet["county"]
        first = later + mix.uncovered["county"]
        pairs, total = self.transport.best(worth, first, later, roughly=roughly)
        empty = int((mix.unmet["county"] * self.problem.demand("county")[:, 1]).sum() + mix.uncovered["county"].sum())
        # a school without any place is uncovered for good
        empty += int(gain.sum()) + int(mix.uncovered["school"][self.problem.demand("school")[:, 1] == 0].sum())
        bound = mix.constant + empty - int(price.sum()) - total
        return Relaxed(bound, pairs, worth, self._used(cost, gain - price, pairs))

    def worth(self, mix: Mix) -> IntArray:
        """(O, C) int64: an upper bound on what each block alone is worth, unpriced."""
        gain = self.places.gain(mix).astype(np.float64)
        worth: IntArray = self._worth(self.pair_cost(mix), gain) - mix.county_pair
        return worth

    def _worth(self, cost: FloatArray | None, gain: FloatArray) -> IntArray:
        """(O, C): for each block the largest sum of gain - cost over at most `room` of its places."""
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

    def _used(self, cost: FloatArray | None, gain: IntArray, pairs: IntArray) -> IntArray:
        """(p,): how often each place is served if every chosen block takes its best places."""
        used = np.zeros(len(gain), dtype=np.int64)
        if cost is None:
            return used
        position = {int(county): i for i, county in enumerate(self.places.counties)}
        for owner, county in pairs.tolist():
            if county not in position:
                continue
            i = position[county]
            here = np.arange(self.places.start[i], self.places.start[i + 1])
            left = gain[here] - cost[owner, here]
            best = np.argsort(-left, kind="stable")[: self.room[owner]]
            used[here[best[left[best] > 0]]] += 1
        return used


class OutOfTime(Exception):
    """The budget ended before anything was there to go on with."""


def _nearest_branch(problem: Problem, budget: Budget) -> FloatArray:
    """(O, S) float64: a lower bound on the cost from the nearest branch of each organisation that may be allowed.

    Raises
    ------
    OutOfTime
        If the budget ends before.
    """
    branches, schools = problem.arrays.branches, problem.arrays.schools
    nearest = np.full((len(problem.arrays.organizations), len(schools)), _FAR)
    with_room = np.flatnonzero(problem.capacity("school")[:, 1] > 0)
    ruled = has_school_rules(problem) or problem.policy.school_cost == "min"
    if not ruled:  # branches of one organisation at one point are alike
        points = np.column_stack([branches.parent, branches.lat, branches.lon])[with_room]
        with_room = with_room[np.sort(np.unique(points, axis=0, return_index=True)[1])]
    every = np.arange(len(schools))[None, :]
    for low in range(0, len(with_room), _BRANCHES):
        if budget.stop_reason is not None:
            raise OutOfTime
        some = with_room[low : low + _BRANCHES]
        cost = problem.facts.cost_floor("school", some[:, None], every).astype(np.float64)
        if ruled:
            cost[~problem.may_allow("school", some[:, None], every)] = _FAR
        np.minimum.at(nearest, branches.parent[some], cost)
    nearest[nearest > _FAR] = _FAR
    return nearest


@dataclass(slots=True)
class Ascent:
    """The state of a subgradient method: prices, the best bound seen, and the length of its steps."""

    price: FloatArray
    best: Relaxed | None = None
    best_price: FloatArray | None = None
    step: float = 1.0
    stalled: int = 0
    direction: FloatArray | None = None

    def tell(self, found: Relaxed, target: int) -> None:
        """Take one step from what an evaluation found."""
        if self.best is None or found.bound > self.best.bound:
            self.best, self.best_price, self.stalled = found, self.price.copy(), 0
        else:
            self.stalled += 1
            if self.stalled >= 5 and self.best_price is not None:
                self.step, self.stalled, self.price = self.step * 0.7, 0, self.best_price.copy()
        slope = (found.used - 1).astype(np.float64)
        slope[(self.price <= 0) & (slope < 0)] = 0.0
        self.direction = slope if self.direction is None else slope + 0.6 * self.direction
        norm = max(1.0, float(self.direction @ self.direction))
        length = self.step * max(0, target - found.bound) / norm
        self.price = np.rint(np.maximum(0.0, self.price + length * self.direction))
