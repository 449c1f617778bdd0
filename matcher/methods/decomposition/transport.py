"""County pairing alone: the pairs of organisations and counties of largest total worth, a min-cost flow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matcher.base.numbers import BoolArray, IntArray
from matcher.market.face import Face
from matcher.market.prices import NotOptimal, dual_prices
from matcher.problem.problem import Problem
from matcher.proof.rooms import implied_minima

#: costs of the flow stay below this: 2**63 over the square of its nodes, for up to 3,000 nodes
_MOST_COST = 10**11


@dataclass(frozen=True, slots=True, eq=False)
class Transport:
    """The bounds of county pairing.

    Attributes
    ----------
    allowed : (O, C) bool
        Which pairs may be.
    pinned : (O, C) bool
        Which must be.
    capacity, demand : (n, 2) int64
        Least and most pairs.
    """

    allowed: BoolArray
    pinned: BoolArray
    capacity: IntArray
    demand: IntArray

    @classmethod
    def of(cls, problem: Problem) -> Transport:
        """Collect the bounds of `problem`."""
        every_o = np.arange(len(problem.arrays.organizations))[:, None]
        every_c = np.arange(len(problem.arrays.counties))[None, :]
        pinned = np.zeros((every_o.size, every_c.size), dtype=np.bool_)
        pinned[problem.pins["county"][:, 0], problem.pins["county"][:, 1]] = True
        return cls(problem.allowed("county", every_o, every_c), pinned, *implied_minima(problem))

    def best(self, worth: IntArray, first: IntArray, later: IntArray, *, roughly: bool = False) -> tuple[IntArray, int]:
        """Return the pairs of largest worth that keep the bounds, and an upper bound on any such worth.

        Parameters
        ----------
        worth : (O, C) int64
            Worth of each pair.
        first, later : (C,) int64
            Worth of the first place filled of each county, and of every later one (at most `first`).
        roughly
            Allow every pair that is worth nothing, at no cost, whatever the rules say of it: faster, and still a bound.
        """
        from ortools.graph.python import min_cost_flow

        top = int(max(np.abs(worth).max(initial=0), np.abs(first).max(initial=0))) + 1
        bonus = min(_MOST_COST, top * (len(self.capacity) + len(self.demand)))
        open_ = self.allowed
        if roughly:
            open_ = open_ & ((worth > 0) | self.pinned)
        arcs = np.argwhere(open_)
        owner, county = arcs[:, 0], arcs[:, 1]
        is_pinned = self.pinned[owner, county]
        num_o, num_c = worth.shape
        source, sink, hub = num_o + num_c, num_o + num_c + 1, num_o + num_c + 2
        flow = min_cost_flow.SimpleMinCostFlow()

        def add(tail: IntArray, head: IntArray, most: IntArray, cost: IntArray) -> None:
            flow.add_arcs_with_capacity_and_unit_cost(tail, head, most, cost)

        add(owner, num_o + county, np.ones_like(owner), -(worth[owner, county] + bonus * is_pinned))
        least_o, least_c = self.capacity[:, 0], self.demand[:, 0]
        every_o, every_c = np.arange(num_o), num_o + np.arange(num_c)
        to, out = np.full(num_o, source), np.full(num_c, sink)
        add(to, every_o, least_o, np.full(num_o, -bonus))
        add(to, every_o, self.capacity[:, 1] - least_o, np.zeros(num_o, dtype=np.int64))
        # places of a county: the first, the rest of its minimum, the others
        has = np.minimum(self.demand[:, 1], 1)
        must = np.minimum(least_c, has)
        add(every_c, out, has, -(first + bonus * must))
        add(every_c, out, least_c - must, -(later + bonus))
        add(every_c, out, self.demand[:, 1] - has - (least_c - must), -later)
        if roughly:
            add(every_o, np.full(num_o, hub), self.capacity[:, 1], np.zeros(num_o, dtype=np.int64))
            add(np.full(num_c, hub), every_c, self.demand[:, 1], np.zeros(num_c, dtype=np.int64))
        supply = int(self.capacity[:, 1].sum())
        flow.add_arc_with_capacity_and_unit_cost(source, sink, supply, 0)
        flow.set_node_supply(source, supply)
        flow.set_node_supply(sink, -supply)
        status = flow.solve()
        if status != flow.OPTIMAL:
            raise RuntimeError(f"the flow of county pairing ended with status {status}")
        amounts = np.asarray(flow.flows(np.arange(len(arcs))), dtype=np.int64)
        bonuses = bonus * int(self.pinned.sum() + least_o.sum() + least_c.sum())
        return arcs[amounts > 0], -int(flow.optimal_cost()) - bonuses

    def partner_prices(
        self, worth: IntArray, pairs: IntArray, first: IntArray, later: IntArray
    ) -> tuple[IntArray, IntArray] | None:
        """Return (O,) and (C,) prices that prove the pairs of largest worth, which the checker recomputes a bound from.

        None if there are none: the pairs are not the best.
        """
        free = np.argwhere(self.allowed & ~self.pinned)
        chosen = np.zeros(worth.shape, dtype=np.bool_)
        chosen[pairs[:, 0], pairs[:, 1]] = True
        taken = self.pinned.sum(axis=1), self.pinned.sum(axis=0)
        bounds = [limits - used[:, None] for limits, used in zip((self.capacity, self.demand), taken, strict=True)]
        none = np.zeros(0, np.int64)
        num_o, num_c = worth.shape
        face = Face(num_o, num_c, None, (free[:, 0].copy(), free[:, 1].copy()), bounds[0], bounds[1], none)
        partners = chosen.sum(axis=0)
        more, fewer = np.where(partners > 0, later, first), np.where(partners > 1, later, first)
        here = chosen[free[:, 0], free[:, 1]]
        try:
            return dual_prices(face, -worth[free[:, 0], free[:, 1]], more, here, dropped=np.maximum(more, fewer))
        except NotOptimal:
            return None

    def prices(self, worth: IntArray, pairs: IntArray, later: IntArray) -> IntArray:
        """Return (O,) int64: dual prices of organisations at the pairs of largest worth, 0 where one has room left.

        They are the largest ones, by shortest paths over what may change (Bellman and Ford), and only a guess where
        minima or pins force a pair.
        """
        gain = np.where(self.allowed, worth + later, -_MOST_COST)
        chosen = np.zeros(gain.shape, dtype=np.bool_)
        chosen[pairs[:, 0], pairs[:, 1]] = True
        full = chosen.sum(axis=1) >= self.capacity[:, 1]
        at_county = np.zeros(gain.shape[1], dtype=np.int64)
        for _ in range(len(full)):
            left = np.where(chosen, gain - at_county, _MOST_COST).min(axis=1, initial=_MOST_COST)
            price: IntArray = np.where(full & chosen.any(axis=1), np.maximum(0, left), 0)
            raised = np.maximum(at_county, np.where(chosen, 0, gain - price[:, None]).max(axis=0, initial=0))
            if (raised == at_county).all():
                break
            at_county = raised
        return price
