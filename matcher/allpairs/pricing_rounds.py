"""From grain to grain and round to round: solve, price all pairs, add, repair, until nothing prices out.

Every round gives a feasible flow and a valid bound, so that the work can stop after any of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from matcher.allpairs import pricing_grain as grain
from matcher.allpairs.pricing_net import Net, Nodes, extended, make_net, neighbours, price_out, settled
from matcher.allpairs.pricing_tree import IntArray
from matcher.progress import Budget, Progress, StopReason

_NEAR, _NEAR_COARSEST = (3, 2), (8, 4)  # first arcs: of a recipient, of a provider
_FORTH, _BACK = 6, 4  # pairs priced out in a round: of a recipient, of a provider
_KEEP = int(os.environ.get('KEEP','12'))  # arcs a recipient keeps from round to round
_STEP = int(os.environ.get("STEP","5"))  # how much smaller epsilon is from round to round


@dataclass(frozen=True, slots=True)
class Start:
    """Pairs and provider prices of a nearby market."""

    recipient: IntArray
    provider: IntArray
    p: IntArray


@dataclass(slots=True)
class State:
    """The best so far: a feasible flow with its value, prices with their bound; `watch` is called after every round."""

    net: Net | None = None
    value: int | None = None
    bound: int | None = None
    u: IntArray | None = None
    p: IntArray | None = None
    proved: bool = False
    stop_reason: StopReason | None = None
    watch: Callable[[State], None] | None = None

    def rounded(self, nodes: Nodes, net: Net) -> int:
        """Return the value of a net in whole metres, whatever its scale."""
        served = net.flow > 0
        metres = nodes.cost(net.recipient[served], net.provider[served])
        return int(net.flow[served] @ metres) + int(net.missing @ nodes.unmet)

    def offer_flow(self, nodes: Nodes, net: Net) -> None:
        """Keep the flow if it is better."""
        value = net.value(nodes)
        if self.value is None or value <= self.value:
            self.net, self.value = net, value

    def offer_prices(self, bound: int, u: IntArray, p: IntArray) -> None:
        """Keep the prices if they bound more."""
        if self.bound is None or bound > self.bound:
            self.bound, self.u, self.p = bound, u, p


def solve_nodes(nodes: Nodes, tie_scale: int, budget: Budget, start: Start | None, state: State) -> None:
    """Solve a market of points; `state` takes every better flow and is proved unless the budget stopped the work.

    Parameters
    ----------
    nodes
        The market, in whole metres.
    tie_scale
        If above 1: among equal optima serve as many units as can be. It must be above the number of units; the prices
        of a proved state are then in units of 1 / tie_scale metres.
    budget
        One unit of work is one round: flow and prices within some epsilon, and the pricing of all pairs after it.
    start
        A matching and prices of a nearby market in place of the coarse grains.
    """
    above: tuple[Nodes, Net, int, int] | None = None
    epsilon = int(nodes.unmet.max()) // 16
    for depth_p, depth_r in [] if start else grain.grains(nodes.num_providers, nodes.num_recipients):
        if budget.stop_reason is not None:
            break
        here = grain.coarse(nodes, depth_p, depth_r)
        local = State()
        net = _seed(here, above, depth_p, depth_r)
        spacing = int(grain.spacing(here)/float(os.environ.get("ENOUGH","1")))
        print("grain", here.num_recipients, here.num_providers, "eps", epsilon, "spacing", spacing)
        epsilon = _rounds(here, net, local, budget, epsilon, spacing)
        if local.net is not None:
            above = (here, local.net, depth_p, depth_r)
    finer = replace(nodes, unmet=nodes.unmet * tie_scale + (tie_scale > 1), scale=tie_scale)
    if start:
        recipient, provider, _ = neighbours(nodes, start.p, *_NEAR)
        net = make_net(nodes, np.concatenate([recipient, start.recipient]), np.concatenate([provider, start.provider]), start.p)
    else:
        net = _seed(nodes, above, -1, -1)
    net.p, net.u = net.p * tie_scale, net.u * tie_scale
    epsilon=int(epsilon/float(os.environ.get("EPS0","1")))
    print("finest", nodes.num_recipients, nodes.num_providers, "eps", epsilon)
    _rounds(finer, net, state, budget, epsilon * tie_scale, 0)


def _seed(here: Nodes, above: tuple[Nodes, Net, int, int] | None, depth_p: int, depth_r: int) -> Net:
    """Return the arcs and the provider prices that the grain above suggests."""
    if above is None:
        p = np.zeros(here.num_providers, np.int64)
        recipient, provider, u = neighbours(here, p, *_NEAR_COARSEST)
        return make_net(here, recipient, provider, p)
    coarse, net, above_p, above_r = above
    parent_p = grain.cells(here.num_providers, above_p) if depth_p < 0 else np.arange(here.num_providers) >> (depth_p - above_p)
    parent_r = grain.cells(here.num_recipients, above_r) if depth_r < 0 else np.arange(here.num_recipients) >> (depth_r - above_r)
    p = grain.handed_down(coarse, net, here)
    kin_r, kin_p = grain.children(net, parent_p, parent_r)
    recipient, provider, u = neighbours(here, p, *_NEAR)
    return make_net(here, np.concatenate([recipient, kin_r]), np.concatenate([provider, kin_p]), p)


def _rounds(nodes: Nodes, net: Net, state: State, budget: Budget, epsilon: int, enough: int) -> int:
    """Settle, price, add, with a smaller and smaller epsilon: down to `enough`, or to 0 and until nothing prices out."""
    import time
    while True:
        t0=time.process_time()
        net = settled(nodes, net, epsilon)
        t1=time.process_time()
        priced = price_out(nodes, net, _FORTH, _BACK, int(epsilon*float(os.environ.get('THETA','0'))))
        t2=time.process_time()
        scale = nodes.scale
        value = net.value(nodes) // scale
        if state.value is None or value <= state.value:
            state.net, state.value = net, value
        state.offer_prices(priced.bound // scale, (priced.u + scale // 2) // scale, (net.p + scale // 2) // scale)
        print(f"   eps {epsilon/scale:.6f} arcs {len(net.cost)} new {len(priced.cost)} settle {t1-t0:.2f} price {t2-t1:.2f}  {value} {value-priced.bound//scale}", flush=True)
        budget.spend()
        _report(budget, state)
        if not epsilon and not len(priced.cost):
            state.net, state.u, state.p, state.proved = net, net.u, net.p, True
            state.value = state.bound = value
            return 0
        if enough and epsilon <= enough:
            return epsilon
        if _stop(state, budget):
            return epsilon
        t0=time.process_time()
        net = extended(nodes, net, priced, _KEEP)
        print(f"   extend {time.process_time()-t0:.2f}")
        if epsilon:
            epsilon = max(epsilon // _STEP, enough)
            if not enough and epsilon<float(os.environ.get('SWITCH','0'))*nodes.scale+1: epsilon=0


def _stop(state: State, budget: Budget) -> bool:
    """Whether to stop now, because of a limit or because the gap asked for is reached."""
    assert state.value is not None
    assert state.bound is not None
    state.stop_reason = budget.stop_reason
    if state.stop_reason is None and budget.close_enough(state.value, state.bound):
        state.stop_reason = "gap" if budget.gap is not None else None
    return state.stop_reason is not None


def _report(budget: Budget, state: State) -> None:
    assert state.value is not None
    assert state.bound is not None
    budget.report(Progress("price", budget.work, None, state.value, state.bound, state.value - state.bound))
    if state.watch is not None:
        state.watch(state)
