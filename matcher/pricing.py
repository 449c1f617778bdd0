"""The optimum of a market of points over all pairs, seen and unseen, with a proof by prices.

Steps: solve coarse markets of cells first; make arcs where the coarse flow and prices say; solve the flow on these;
price all pairs through a tree; add what prices out and solve again, or, once little prices out, repair flow and
prices; stop when nothing prices out. Every round gives a feasible matching and a valid bound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher import pricing_grain as grain
from matcher.geo import ecef, pair_m
from matcher.pricing_net import (
    Net,
    Nodes,
    Priced,
    make_arcs,
    merged,
    neighbours,
    price_out,
    pruned,
    repaired,
    solve_flow,
)
from matcher.pricing_tree import FloatArray, IntArray, kd_order
from matcher.progress import Budget, Progress, StopReason

#: no two points of the ellipsoid are farther apart
FARTHEST_M = 20_040_000

_FORTH, _BACK = 6, 4  # pairs priced out in a round: of a recipient, of a provider
_KEEP = 8  # arcs a recipient keeps when the flow is solved again
_REPAIR_SHARE = 0.25  # repair instead of solving again below so many new arcs a recipient
_COARSE_GAP = 0.003


@dataclass(slots=True)
class State:
    """The best so far: a feasible flow with its value, and prices with their bound."""

    net: Net | None = None
    value: int | None = None
    bound: int | None = None
    u: IntArray | None = None
    p: IntArray | None = None
    proved: bool = False
    stop_reason: StopReason | None = None

    def offer_flow(self, nodes: Nodes, net: Net) -> None:
        """Keep the flow if it is better."""
        value = net.value(nodes)
        if self.value is None or value <= self.value:
            self.net, self.value = net, value

    def offer_prices(self, bound: int, u: IntArray, p: IntArray) -> None:
        """Keep the prices if they bound more."""
        if self.bound is None or bound > self.bound:
            self.bound, self.u, self.p = bound, u, p


def solve_nodes(nodes: Nodes, budget: Budget, trace: Callable[..., None] | None = None) -> State:
    """Solve a market of points; the state is proved unless the budget stopped it."""
    order_p = kd_order(nodes.points(nodes.provider), leaf=1)
    order_r = kd_order(nodes.points(nodes.recipient), leaf=1)
    above: tuple[Nodes, Net, IntArray, IntArray] | None = None
    state = State()
    for depth_p, depth_r in [*grain.grains(nodes.num_providers, nodes.num_recipients), (-1, -1)]:
        fine = depth_p < 0
        cell_p = np.arange(nodes.num_providers) if fine else grain.cells(order_p, depth_p)
        cell_r = np.arange(nodes.num_recipients) if fine else grain.cells(order_r, depth_r)
        here = nodes if fine else grain.coarse(nodes, cell_p, cell_r)
        prices = np.zeros(here.num_providers, np.int64)
        extra: tuple[IntArray, ...] = ()
        if above is not None:
            coarse, net, above_p, above_r = above
            parent_p, parent_r = np.empty(here.num_providers, np.int64), np.empty(here.num_recipients, np.int64)
            parent_p[cell_p], parent_r[cell_r] = above_p, above_r
            prices = grain.handed_down(coarse, net, here)
            extra = grain.children(net, parent_p, parent_r)
        recipient, provider, u = neighbours(here, prices, 3 if extra else 8, 2 if extra else 4)
        if extra:
            recipient, provider = np.concatenate([recipient, extra[0]]), np.concatenate([provider, extra[1]])
        arcs = make_arcs(here, recipient, provider)
        local = state if fine else State()
        if here.most > 1:
            local.offer_prices(int(u @ here.demand) - int(prices @ here.capacity), u, prices)
        _rounds(here, arcs, (u, prices), local, budget, 0.0 if fine else _COARSE_GAP, trace)
        assert local.net is not None
        above = (here, local.net, cell_p, cell_r)
    return state


def _rounds(
    nodes: Nodes,
    arcs: tuple[IntArray, IntArray, IntArray],
    guess: tuple[IntArray, IntArray],
    state: State,
    budget: Budget,
    gap: float,
    trace: Callable[..., None] | None,
) -> None:
    """Solve, price, add, until nothing prices out or the gap is small enough."""
    net = solve_flow(nodes, arcs, *guess)
    while True:
        priced = price_out(nodes, net, _FORTH, _BACK)
        state.offer_flow(nodes, net)
        state.offer_prices(priced.bound, priced.u, net.p)
        if trace:
            trace(nodes, net, priced)
        assert state.value is not None
        assert state.bound is not None
        assert state.u is not None
        assert state.p is not None
        if not len(priced.recipient):
            state.net, state.value, state.bound, state.u, state.p = net, net.value(nodes), priced.bound, net.u, net.p
            state.proved = True
            return
        if gap and state.value - state.bound <= gap * max(1, state.value):
            return
        if len(priced.recipient) <= _REPAIR_SHARE * nodes.num_recipients:
            net, steps = repaired(nodes, net, priced, 1 << 62)
        else:
            net = solve_flow(nodes, merged(net, pruned(net, _KEEP), priced, nodes.num_providers), state.u, state.p)
