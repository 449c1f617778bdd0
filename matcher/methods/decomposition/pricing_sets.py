r"""The best set of organisations for one county at given prices: exact, or bounded from below.

A(S), the largest total gain of the slots of all branches of S over the places of the county, is an assignment. By its
duality, for any prices q >= 0 of the places, and with h(o, q) the most that o alone gains beyond q,

.. math:: A(S \cup T) \le A(S) + \sum_{o \in T} h(o, q_S), \qquad A(T) \le \sum_j q_j + \sum_{o \in T} h(o, q),

where q_S are dual prices of the assignment of S. So the sets with the largest A(S) less what their organisations cost
are found best first: a set is expanded only while its bound beats the best set known. h takes every place at the
nearest branch and a lower bound of the distance, which can only make it larger.
"""

from __future__ import annotations

import heapq

import numpy as np

from matcher.base.numbers import BoolArray, FloatArray, IntArray
from matcher.base.progress import Budget
from matcher.methods.decomposition.improve import Search
from matcher.methods.decomposition.relax import Relaxation
from matcher.problem.problem import Problem
from matcher.proof.mix import Mix

#: steps for the prices of a county's places, and organisations that they look at
_STEPS, _SHORTLIST = 20, 150
#: sets of each county taken over from a search
_SEEDED = 40
#: steps for these prices once some organisations are fixed
_FIXED_STEPS = 10
#: organisations tried at each step of a first guess
_GUESSED = 6


class SetPricing:
    """Values sets of one problem under one mix.

    Attributes
    ----------
    constant
        What every plan costs besides the sets of its counties.
    low, high : (C,) int64
        Fewest and most organisations of a county.
    capacity : (O,) int64
        Most counties of an organisation.
    known
        (county, organisations ascending) -> cost, of all sets valued so far.
    kept
        Sets that every program is to have, such as those of a plan.
    """

    def __init__(self, problem: Problem, relaxation: Relaxation, mix: Mix, cost: FloatArray, search: Search):
        self.problem, self.mix, self.search = problem, mix, search
        places = relaxation.places
        gain = places.gain(mix)
        self.constant = mix.constant + int(gain.sum())
        self.constant += int(mix.uncovered["school"][problem.demand("school")[:, 1] == 0].sum())
        self.low, self.high = relaxation.transport.demand.T
        self.capacity: IntArray = problem.capacity("county")[:, 1]
        self.room = relaxation.room
        self.gain = np.maximum(gain - cost, 0.0)
        self.start = np.searchsorted(places.county, np.arange(len(self.low) + 1))
        self.allowed = relaxation.transport.allowed & (self.capacity > 0)[:, None]
        pins = problem.pins["county"]
        self.pinned = [tuple(pins[pins[:, 1] == county, 0].tolist()) for county in range(len(self.low))]
        self.place_price = np.zeros(len(places.school))
        self.known = search.known
        self.kept: set[tuple[int, tuple[int, ...]]] = set()
        #: county -> the best set when last asked
        self.last: dict[int, tuple[int, ...]] = {}

    def start_from(self, place_price: FloatArray) -> None:
        """Take prices of places to start from."""
        self.place_price = np.rint(np.maximum(0.0, place_price))

    def seed(self, search: Search, weight: int, price: IntArray) -> None:
        """Value the most promising sets that a search came by which counts the costs `weight` times."""
        keys = sorted(key for key in search.known if key[1] and self.is_complete(*key))
        if not keys:
            return
        rough = np.array([search.known[key] / max(1, weight) + price[list(key[1])].sum() for key in keys])
        county = np.array([key[0] for key in keys])
        order = np.lexsort((rough, county))
        rank = np.arange(len(keys)) - np.searchsorted(county, county)
        for position in order[rank < _SEEDED].tolist():
            self.search.value(*keys[position])

    def is_complete(self, county: int, owners: tuple[int, ...]) -> bool:
        """Whether the county may have just these organisations."""
        return self.low[county] <= len(owners) <= self.high[county] and set(self.pinned[county]) <= set(owners)

    def keep(self, county_pairs: IntArray) -> int:
        """Take in the sets of a plan; return what it costs."""
        of_county: list[list[int]] = [[] for _ in self.low]
        for owner, county in county_pairs.tolist():
            of_county[county].append(owner)
        total = self.constant
        for county, owners in enumerate(of_county):
            key = county, tuple(sorted(owners))
            total += self.search.value(*key)
            self.kept.add(key)
            self.last.setdefault(*key)
        return total

    def least(self, county: int, price: IntArray, most_expanded: int, budget: Budget) -> tuple[int, int]:
        """Return a lower bound on the cost of any set of the county, prices included, and the least cost found.

        The two are equal unless `most_expanded` sets were not enough to tell.
        """
        return _Pricing(self, county, price).least(most_expanded, budget)


class _Pricing:
    """One county at one vector of prices; profits are gains less costs, so that the best set has the largest."""

    def __init__(self, of: SetPricing, county: int, price: IntArray):
        self.of, self.county, self.price = of, county, price
        self.must = of.pinned[county]
        self.low, self.high = int(of.low[county]), int(of.high[county])
        self.empty = int(of.mix.unmet["county"][county]) * self.high
        self.columns = slice(int(of.start[county]), int(of.start[county + 1]))
        self.best: int | None = None
        may = of.allowed[:, county].copy()
        may[list(self.must)] = False
        self._take(np.flatnonzero(may))

    def _take(self, rows: IntArray) -> None:
        """Look at these organisations from now on, in this order."""
        self.rows, self.room = rows, self.of.room[rows]
        self.gain = self.of.gain[rows, self.columns]
        self.single = self._single(rows).astype(np.float64)

    def _single(self, rows: IntArray) -> IntArray:
        mix = self.of.mix
        cost: IntArray = mix.county_pair[rows, self.county] + self.price[rows] - mix.unmet["county"][self.county]
        return cost

    def least(self, most_expanded: int, budget: Budget) -> tuple[int, int]:
        """Return a lower bound on the cost of a set, and the least found."""
        if len(self.must) > self.high or len(self.must) + len(self.rows) < self.low:
            return self.empty, self.empty  # there is no plan, so that anything is a bound
        most = self._most(most_expanded, budget)
        return self.empty - most, self.empty - (most if self.best is None else self.best)

    def _most(self, most_expanded: int, budget: Budget) -> int:
        """Return the largest profit of a set, or an upper bound on it."""
        free, need = self.high - len(self.must), max(0, self.low - len(self.must))
        # by what each is worth alone: whoever comes later in a set adds even less
        alone = _top(self.gain, self.room) - self.single
        order = np.argsort(-alone, kind="stable")
        self._take(self.rows[order])
        known = self.of.place_price[self.columns]
        rest = _top(self.gain - known, self.room) - self.single
        near = np.union1d(np.argsort(-rest, kind="stable")[:_SHORTLIST], np.arange(min(_SHORTLIST, len(rest))))
        self._guess(near)
        place_price = self._place_price(known, near, free, need)
        fixed = int(place_price.sum()) + self._of_must(place_price)
        rest = _top(self.gain - place_price, self.room) - self.single
        falling = -np.sort(-rest)
        whole = fixed + _fill_up(falling, free, need)
        if self.best is not None:
            # whoever is in a better set leaves room for the best others only
            with_it = fixed + rest + (_fill_up(falling, free - 1, max(0, need - 1)) if free else 0)
            rest = rest[with_it > self.best]
            self._take(self.rows[with_it > self.best])
        self.of.search.load(self.county, [*self.must, *self.rows.tolist()])
        return self._best_first(whole, fixed, rest, most_expanded, budget)

    def _best_first(self, whole: int, fixed: int, rest: FloatArray, most_expanded: int, budget: Budget) -> int:
        """Expand sets from the best bound down; return the profit of the best, or what is left as its bound."""
        heap: list[tuple[int, tuple[int, ...]]] = [(-whole, ())]
        expanded = 0
        while heap and (self.best is None or -heap[0][0] > self.best):
            bound, chosen = -heap[0][0], heap[0][1]
            if expanded >= most_expanded or budget.stop_reason is not None:
                return bound
            heapq.heappop(heap)
            budget.spend()
            expanded += 1
            owners = [*self.must, *self.rows[list(chosen)].tolist()]
            profit, price = self._profit(owners)
            size = len(self.must) + len(chosen)
            free, need = self.high - size, max(0, self.low - size)
            first = chosen[-1] + 1 if chosen else 0
            if not free or first >= len(rest):
                continue
            # by the prices of this set's own assignment, and by those of the county: the smaller of two bounds
            more = _top(self.gain[first:] - price, self.room[first:]) - self.single[first:]
            later = np.append(np.maximum.accumulate(more[::-1])[::-1][1:], 0.0)
            follow = np.append(np.maximum.accumulate(rest[first:][::-1])[::-1][1:], 0.0)
            of_set = profit + more + _times(later, free - 1, need - 1)
            of_county = fixed + rest[list(chosen)].sum() + rest[first:] + _times(follow, free - 1, need - 1)
            child = np.minimum(np.minimum(of_set, of_county), bound)
            if free > 1 and chosen and self.best is not None:
                child = np.minimum(child, self._with_fixed(owners, first, free, need, child > self.best))
            open_ = np.flatnonzero(child > self.best) if self.best is not None else np.arange(len(child))
            for position in open_.tolist():
                if len(rest) - first - position >= need:
                    heapq.heappush(heap, (-int(child[position]), (*chosen, first + position)))
        return -(10**15) if self.best is None else self.best

    def _with_fixed(self, owners: list[int], first: int, free: int, need: int, open_: BoolArray) -> FloatArray:
        """Return bounds on the sets that begin with `owners` and go on with each of those after `first`.

        The prices of places are sought again with `owners` fixed, looking at those after `first` that are `open_`.
        """
        found = np.full(len(open_), np.inf)
        after = first + np.flatnonzero(open_)
        if not len(after):
            return found
        rows = np.array(owners, dtype=np.int64)
        mine, room_of_mine = self.of.gain[rows, self.columns], self.of.room[rows]
        paid = int(self._single(rows).sum())
        gain, room, single = self.gain[after], self.room[after], self.single[after]
        price, step, least = self.of.place_price[self.columns], 1.0, np.inf
        best = price
        for _ in range(_FIXED_STEPS):
            rest = _top(gain - price, room) - single
            order = np.argsort(-rest, kind="stable")[:free]
            base = float(price.sum() + _top(mine - price, room_of_mine).sum()) - paid
            whole = base + _fill_up(rest[order], free, need)
            # whoever goes on is one of the set, the best of the others are the rest
            follow = np.append(np.maximum.accumulate(rest[::-1])[::-1][1:], 0.0)
            found[after - first] = np.minimum(found[after - first], base + rest + _times(follow, free - 1, need - 1))
            if whole < least:
                least, best = whole, price
            else:
                step *= 0.7
            target = float(self.best or 0)
            if whole <= target:
                break
            chosen = after[order[: max(need, int((rest[order] > 0).sum()))]]
            used = self._used(np.concatenate([rows, self.rows[chosen]]), price)
            slope = 1.0 - used
            slope[(price <= 0) & (slope > 0)] = 0.0
            norm = float(slope @ slope)
            if norm == 0:
                break
            price = np.maximum(0.0, np.rint(best - step * (least - target) / norm * slope))
        return found

    def _profit(self, owners: list[int]) -> tuple[int, FloatArray]:
        """Return an upper bound on what a set gains less what it costs, and prices of places that prove it."""
        key = self.county, tuple(sorted(owners))
        lower, price = self.of.search.priced(*key)
        paid = int(self.price[owners].sum())
        profit = self.empty - lower - paid
        if self.low <= len(owners) <= self.high:
            exact = self.empty - self.of.search.value(*key) - paid
            if self.best is None or exact > self.best:
                self.best, self.of.last[self.county] = exact, key[1]
        if not owners:  # whoever comes first also spares what a county without anybody costs
            profit += int(self.of.mix.uncovered["county"][self.county])
        return profit, price

    def _guess(self, near: IntArray) -> None:
        """Put together good sets: one after the other by what each adds, then exchanging one as long as that helps."""
        for owners in (list(self.must), list(self.of.last.get(self.county, self.must))):
            profit, _ = self._profit(owners)
            while True:
                parts = [owners] if len(owners) < self.high else []
                parts += [[each for each in owners if each != out] for out in owners if out not in self.must]
                found = [self._add_one(part, near) for part in parts]
                found += [(self._profit(part)[0], part) for part in parts[-len(owners) :] if len(part) >= self.low]
                better, best = max(found, key=lambda each: each[0], default=(profit, owners))
                if better <= profit and len(owners) >= self.low:
                    break
                if len(best) <= len(owners) < self.low:
                    break
                profit, owners = better, best

    def _add_one(self, owners: list[int], near: IntArray) -> tuple[int, list[int]]:
        """Return the best of a few sets with one more organisation, and its profit."""
        profit, price = self._profit(owners)
        more = _top(self.gain[near] - price, self.room[near]) - self.single[near]
        tried = [(profit, owners)] if len(owners) >= self.low else []
        for position in np.argsort(-more, kind="stable")[:_GUESSED].tolist():
            owner = int(self.rows[near[position]])
            if owner not in owners:
                tried.append((self._profit([*owners, owner])[0], [*owners, owner]))
        return max(tried, key=lambda each: each[0], default=(profit, owners))

    def _of_must(self, place_price: FloatArray) -> int:
        must = np.array(self.must, dtype=np.int64)
        left = self.of.gain[must, self.columns] - place_price
        return int((_top(left, self.of.room[must]) - self._single(must)).sum())

    def _place_price(self, known: FloatArray, near: IntArray, free: int, need: int) -> FloatArray:
        """Return prices of the county's places that make the sum of all bounds small: a subgradient method."""

        def bound(price: FloatArray, gain: FloatArray, room: IntArray, single: FloatArray) -> float:
            rest = -np.sort(single - _top(gain - price, room))
            return float(price.sum() + self._of_must(price) + _fill_up(rest, free, need))

        first = bound(known, self.gain, self.room, self.single)
        gain, room, single = self.gain[near], self.room[near], self.single[near]
        rows = np.concatenate([np.array(self.must, dtype=np.int64), self.rows[near]])
        price, best, least, step = known, known, first, 1.0
        for turn in range(_STEPS):
            if turn:
                now = bound(price, gain, room, single)
                step, best, least = (step, price, now) if now < least else (0.7 * step, best, least)
            rest = _top(gain - price, room) - single
            order = np.argsort(-rest, kind="stable")[:free]
            if turn % 4 == 0:  # who would be chosen at these prices is a good guess
                chosen = order[: max(need, int((rest[order] > 0).sum()))]
                self._profit([*self.must, *rows[len(self.must) + chosen].tolist()])
            if self.best is not None and least <= self.best:
                break
            target = least if self.best is None else float(self.best)
            chosen = np.append(np.arange(len(self.must)), len(self.must) + order[rest[order] > 0])
            slope = 1.0 - self._used(rows[chosen], price)
            slope[(price <= 0) & (slope > 0)] = 0.0
            norm = float(slope @ slope)
            if norm == 0:
                break
            price = np.maximum(0.0, np.rint(price - step * (least - target) / norm * slope))
        if bound(best, self.gain, self.room, self.single) < first:
            self.of.place_price[self.columns] = best
            return best
        return known

    def _used(self, rows: IntArray, price: FloatArray) -> FloatArray:
        """Return how many of the organisations `rows` would take each place at `price`."""
        left = self.of.gain[rows, self.columns] - price
        rank = np.argsort(np.argsort(-left, axis=1, kind="stable"), axis=1, kind="stable")
        used: FloatArray = ((left > 0) & (rank < self.of.room[rows][:, None])).sum(axis=0).astype(np.float64)
        return used


def _top(left: FloatArray, room: IntArray) -> FloatArray:
    """Return for each row the sum of its `room` largest positive entries."""
    left = np.maximum(left, 0.0)
    total: FloatArray = left.sum(axis=1)
    tight = np.flatnonzero((left > 0).sum(axis=1) > room)
    if len(tight):
        some = -np.sort(-left[tight], axis=1)
        some[np.arange(some.shape[1]) >= room[tight][:, None]] = 0.0
        total[tight] = some.sum(axis=1)
    return total


def _fill_up(rest: FloatArray, free: int, need: int) -> int:
    """Return the most that at most `free` and at least `need` of `rest` (descending) add up to."""
    need = min(need, free)
    return int(rest[:need].sum() + np.maximum(rest[need:free], 0.0).sum())


def _times(each: FloatArray, free: int, need: int) -> FloatArray:
    """Return an upper bound on what `free` more add, `need` of them whatever it is, if none adds more than `each`."""
    need = min(max(0, need), free)
    total: FloatArray = need * each + (free - need) * np.maximum(each, 0.0)
    return total
