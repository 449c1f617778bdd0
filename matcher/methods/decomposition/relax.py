"""A bound on both levels of pairing at any size: places priced, blocks solved alone, county pairing a flow.

`matcher.proof.priced_places` says what a block is worth at prices of places; for every plan

    mix >= constant + cost of all places empty - sum of prices + the cheapest county pairing over the blocks.

All numbers are integers, so that the bound is exact. The best prices are sought by a subgradient method with Polyak's
step (B. T. Polyak 1969; M. Held, P. Wolfe, H. P. Crowder 1974), which only steers: any prices give a bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matcher.base.numbers import FloatArray, IntArray
from matcher.base.progress import Budget
from matcher.methods.decomposition.transport import Transport
from matcher.problem.problem import Problem
from matcher.proof.mix import Mix
from matcher.proof.priced_places import PricedPlaces


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


class Relaxation(PricedPlaces):
    """Evaluates mixes at prices; distances are computed once."""

    def __init__(self, problem: Problem, transport: Transport, budget: Budget):
        super().__init__(problem, lambda: budget.stop_reason is not None, budget.workers)
        self.transport = transport

    def evaluate(self, mix: Mix, cost: FloatArray | None, price: IntArray, *, roughly: bool = False) -> Relaxed:
        """Return bound and county pairing at `price` (p,), int64 and not negative.

        `roughly` is faster, and its bound may be a little weaker (see `Transport.best`).
        """
        gain = self.places.gain(mix)
        worth = self.priced(cost, (gain - price).astype(np.float64)) - mix.county_pair
        later = mix.unmet["county"]
        first = later + mix.uncovered["county"]
        pairs, total = self.transport.best(worth, first, later, roughly=roughly)
        bound = mix.constant + self.empty(mix) - int(price.sum()) - total
        return Relaxed(bound, pairs, worth, self._used(cost, gain - price, pairs))

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


def first_prices(relaxation: Relaxation, mix: Mix, pairs: IntArray) -> FloatArray:
    """Start from half of what each place gains in a plan with these school pairs (k, 2)."""
    problem, school = relaxation.problem, relaxation.places.school
    price = np.zeros(len(school))
    gain = relaxation.places.gain(mix)
    saved = np.zeros(len(problem.arrays.schools), dtype=np.int64)
    saved[pairs[:, 1]] = -mix.of_school_pairs(problem, pairs[:, 0], pairs[:, 1])
    served = np.zeros(len(saved), dtype=np.bool_)
    served[pairs[:, 1]] = True
    price[served[school]] = 0.5 * np.maximum(0, gain + saved[school])[served[school]]
    rounded: FloatArray = np.rint(price)
    return rounded
