r"""County pairing by whole sets of organisations: a stronger bound than places priced one by one, and better plans.

Let w(c, S) be the least cost of county c served by the organisations S alone, who compete for the same schools. With
prices p >= 0 of organisations (Lagrange multipliers of "at most u_o counties") every plan costs

.. math:: mix \ge constant + \sum_c \min_S (w(c, S) + \sum_{o \in S} p_o) - \sum_o u_o p_o .

Each minimum is found by `pricing`, exactly or from below. The prices are those of a linear program over the sets found
so far (column generation: P. C. Gilmore, R. E. Gomory 1961), drawn towards the best ones known (A. Pessoa, R. Sadykov,
E. Uchoa, F. Vanderbeck 2018); any prices give a bound, in exact integers. Solutions of that program in integers are
plans.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_matrix

from matcher.arrays import IntArray
from matcher.general.pricing_sets import SetPricing
from matcher.progress import Budget

#: columns of a linear program and of a program in integers
_LP_COLUMNS, _MIP_COLUMNS = 60_000, 20_000
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

    def step(self, budget: Budget) -> bool:
        """Price every county once; whether that was done within the budget."""
        total = self.pricing.constant - int((self.most * self.price).sum())
        for county in range(len(self.pricing.low)):
            if budget.stop_reason is not None:
                return False
            total += self.pricing.least(county, self.price, budget)
        if self.bound is None or total > self.bound:
            self.bound, self.best_price = total, self.price
        return True

    def reprice(self, pull: float, time_limit_s: float | None) -> bool:
        """Move the prices from the best known towards those of the linear program; whether it was solved."""
        pool = self._pool(self.best_price, _LP_COLUMNS)
        found = linprog(
            pool.cost.astype(np.float64),
            A_ub=self._members(pool),
            b_ub=self.most,
            A_eq=csr_matrix((np.ones(len(pool.cost)), (pool.county, np.arange(len(pool.cost))))),
            b_eq=np.ones(len(self.pricing.low)),
            method="highs",
            options={} if time_limit_s is None else {"time_limit": time_limit_s},
        )
        if found.status != 0:
            return False
        dual = np.maximum(0.0, -np.asarray(found.ineqlin.marginals))
        self.price = np.rint(self.best_price + pull * (dual - self.best_price)).astype(np.int64)
        return True

    def plan(self, time_limit_s: float | None) -> IntArray | None:
        """Return the county pairs of a good plan over the sets found, None if none was found in time."""
        pool = self._pool(self.best_price, _MIP_COLUMNS)
        counties = csr_matrix((np.ones(len(pool.cost)), (pool.county, np.arange(len(pool.cost)))))
        options: dict[str, float] = {"node_limit": _MIP_NODES, "mip_rel_gap": 1e-5}
        if time_limit_s is not None:
            options["time_limit"] = time_limit_s
        found = milp(
            pool.cost.astype(np.float64),
            integrality=np.ones(len(pool.cost)),
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
