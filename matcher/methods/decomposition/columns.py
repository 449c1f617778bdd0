r"""County pairing by whole sets of organisations: a stronger bound than places priced one by one, and better plans.

Let w(c, S) be the least cost of county c served by the organisations S alone, who compete for the same schools. With
prices p >= 0 of organisations (Lagrange multipliers of "at most u_o counties") every plan costs

.. math:: mix \ge constant + \sum_c \min_S (w(c, S) + \sum_{o \in S} p_o) - \sum_o u_o p_o .

Each minimum is found by `pricing_sets`, exactly or from below, which finds the sets as well (column generation:
P. C. Gilmore, R. E. Gomory 1961). Between two rounds a subgradient method over the sets found so far moves the prices;
any prices give a bound, in exact integers. The best plan over the sets found is a set partitioning program.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.base.numbers import IntArray
from matcher.base.progress import Budget
from matcher.methods.decomposition.pricing_sets import SetPricing

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

#: sets looked at when prices move, and in one program in integers
_POOL, _MIP_COLUMNS = 200_000, 20_000
#: steps of one move of the prices, and steps without a better bound before they get shorter
_MOVES, _PATIENCE = 100, 6
#: sets expanded for one county in each pass of a closer look
_REFINED = (600, 2_000)
#: branch-and-bound nodes of one program in integers
_MIP_NODES = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class _Pool:
    """All sets found so far, by county: their cost, county and members (filled up with the number of organisations)."""

    keys: list[tuple[int, tuple[int, ...]]]
    cost: IntArray
    county: IntArray
    member: IntArray


class SetProgram:
    """The master program over sets, its prices and its bound.

    Attributes
    ----------
    bound
        No plan costs less; None before the first round.
    value
        The largest total of the best sets found at some prices: what the bound could become with more work.

    Parameters
    ----------
    pricing
        Finds the best set of a county at given prices.
    price : (O,) int64
        Prices to start from.
    """

    def __init__(self, pricing: SetPricing, price: IntArray):
        self.pricing = pricing
        self.most = pricing.capacity
        self.price = price
        self.best_price = price
        self.bound: int | None = None
        self.value: int | None = None
        self._bound_price = price
        self._least = np.zeros(len(pricing.low), dtype=np.int64)
        self._found = np.zeros(len(pricing.low), dtype=np.int64)

    def step(self, most_expanded: int, budget: Budget) -> bool:
        """Price every county once; whether that was done within the budget."""
        least, found = np.zeros_like(self._least), np.zeros_like(self._least)
        for county in range(len(least)):
            if budget.stop_reason is not None:
                return False
            least[county], found[county] = self.pricing.least(county, self.price, most_expanded, budget)
        paid = self._paid(self.price)
        bound, value = paid + int(least.sum()), paid + int(found.sum())
        if self.bound is None or bound > self.bound:
            self.bound, self._bound_price, self._least, self._found = bound, self.price, least, found
        if self.value is None or value > self.value:
            self.value, self.best_price = value, self.price
        return True

    def refine(self, budget: Budget) -> None:
        """Look closer at the counties whose best set is in doubt, where the bound is best, while the budget lasts."""
        for most_expanded in _REFINED:
            for county in np.argsort(self._least - self._found, kind="stable").tolist():
                if budget.stop_reason is not None or self.bound is None:
                    return
                if self._least[county] == self._found[county]:
                    break
                least, found = self.pricing.least(county, self._bound_price, most_expanded, budget)
                self._least[county] = max(int(self._least[county]), least)
                self._found[county] = min(int(self._found[county]), found)
                self.bound = max(self.bound, self._paid(self._bound_price) + int(self._least.sum()))

    def _paid(self, price: IntArray) -> int:
        return self.pricing.constant - int((self.most * price).sum())

    def move(self, target: int) -> None:
        """Move the prices by a subgradient method over the sets found so far, towards a plan of cost `target`."""
        pool = self._pool(self.best_price, _POOL)
        first = np.searchsorted(pool.county, np.arange(len(self.pricing.low)))
        price = best = self.best_price.astype(np.float64)
        most, step, stalled, direction = -np.inf, 1.0, 0, np.zeros(len(price))
        for _ in range(_MOVES):
            reduced = pool.cost + np.append(price, 0.0)[pool.member].sum(axis=1)
            least = np.minimum.reduceat(reduced, first)
            bound = least.sum() - (self.most * price).sum() + self.pricing.constant
            if bound > most:
                most, best, stalled = bound, price, 0
            else:
                stalled += 1
                if stalled >= _PATIENCE:
                    step, stalled, price = 0.7 * step, 0, best
                    direction = np.zeros(len(price))
                    continue
            tied = np.flatnonzero(reduced == least[pool.county])
            chosen = tied[np.unique(pool.county[tied], return_index=True)[1]]
            count = np.bincount(pool.member[chosen].ravel(), minlength=len(price) + 1)[:-1]
            slope = (count - self.most).astype(np.float64)
            slope[(price <= 0) & (slope < 0)] = 0.0
            direction = slope + 0.6 * direction
            norm = float(direction @ direction)
            if norm == 0:
                break
            price = np.maximum(0.0, price + step * max(0.0, target - bound) / norm * direction)
        self.price = np.rint(best).astype(np.int64)

    def plan(self, time_limit_s: float | None) -> IntArray | None:
        """Return the county pairs of a good plan over the sets found, None if none was found in time."""
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_matrix

        pool = self._pool(self.best_price, _MIP_COLUMNS)
        counties = csr_matrix((np.ones(len(pool.cost)), (pool.county, np.arange(len(pool.cost)))))
        options: Any = {"node_limit": _MIP_NODES, "mip_rel_gap": 1e-5}
        if time_limit_s is not None:
            options["time_limit"] = time_limit_s
        found = milp(
            pool.cost.astype(np.float64),
            integrality=np.ones(len(pool.cost), dtype=np.int64),
            bounds=Bounds(0, 1),
            constraints=[
                LinearConstraint(counties, 1, 1),
                LinearConstraint(self._members(pool), -np.inf, self.most.astype(np.float64)),
            ],
            options=options,
        )
        if found.x is None:
            return None
        chosen = [pool.keys[position] for position in np.flatnonzero(found.x > 0.5).tolist()]
        pairs = [(owner, county) for county, owners in chosen for owner in owners]
        return np.array(pairs, dtype=np.int64).reshape(-1, 2)

    def _members(self, pool: _Pool) -> csr_matrix:
        from scipy.sparse import csr_matrix

        row, place = np.nonzero(pool.member < len(self.most))
        shape = len(self.most), len(pool.cost)
        return csr_matrix((np.ones(len(row)), (pool.member[row, place], row)), shape=shape)

    def _pool(self, price: IntArray, most: int) -> _Pool:
        """Return the sets of least reduced cost at `price`, at most so many, and those of the plans told of."""
        known = self.pricing.known
        keys = sorted(key for key in known if self.pricing.is_complete(*key))
        cost = np.array([known[key] for key in keys], dtype=np.int64)
        county = np.array([key[0] for key in keys], dtype=np.int64)
        member = np.full((len(keys), max((len(key[1]) for key in keys), default=0)), len(price), dtype=np.int64)
        for position, (_, owners) in enumerate(keys):
            member[position, : len(owners)] = owners
        reduced = cost + np.append(price, 0)[member].sum(axis=1)
        first = np.searchsorted(county, np.arange(len(self.pricing.low)))
        slack = reduced - np.minimum.reduceat(reduced, first)[county]
        slack[[position for position, key in enumerate(keys) if key in self.pricing.kept]] = -1
        here = np.sort(np.argsort(slack, kind="stable")[:most])
        return _Pool([keys[position] for position in here.tolist()], cost[here], county[here], member[here])
