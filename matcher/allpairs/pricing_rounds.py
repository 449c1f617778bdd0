"""From grain to grain and round to round: solve, price all pairs, add, repair, until nothing prices out.

Every round gives a feasible flow and a valid bound, so that the work can stop after any of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from matcher.allpairs import pricing_grain as grain
from matcher.allpairs.pricing_net import (
    Net,
    Nodes,
    Priced,
    make_arcs,
    merged,
    neighbours,
    price_out,
    pruned,
    repaired,
    rescaled,
    solve_flow,
)
from matcher.allpairs.pricing_tree import IntArray, kd_order
from matcher.progress import Budget, Progress, StopReason

_FORTH, _BACK = 6, 4  # pairs priced out in a round: of a recipient, of a provider
_KEEP = 8  # arcs a recipient keeps when the flow is solved again
_REPAIR_SHARE = 0.1  # repair instead of solving again below so many new arcs a recipient
_REPAIR_WORK = 100  # settled nodes a node before all pairs are priced again
_COARSE_GAP = 0.03  # good enough for a coarse grain


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
        One unit of work is one round: a flow or a repair, and the pricing of all pairs after it.
    start
        A matching and prices of a nearby market in place of the coarse grains.
    """
    if start is not None:
        _rounds(nodes, (start.recipient, start.provider), start.p, (_FORTH, _BACK), state, budget, 0.0, tie_scale)
        return
    order_p = kd_order(nodes.points(nodes.provider), leaf=1)
    order_r = kd_order(nodes.points(nodes.recipient), leaf=1)
    above: tuple[Nodes, Net, IntArray, IntArray] | None = None
    for depth_p, depth_r in grain.grains(nodes.num_providers, nodes.num_recipients):
        if budget.stop_reason is not None:
            break
        cell_p, cell_r = grain.cells(order_p, depth_p), grain.cells(order_r, depth_r)
        here = grain.coarse(nodes, cell_p, cell_r)
        local = State()
        pairs, prices = _seed(here, above, cell_p, cell_r)
        _rounds(here, pairs, prices, (3, 2) if above else (8, 4), local, budget, _COARSE_GAP, 1)
        if local.net is not None:
            above = (here, local.net, cell_p, cell_r)
    pairs, prices = _seed(nodes, above, np.arange(nodes.num_providers), np.arange(nodes.num_recipients))
    _rounds(nodes, pairs, prices, (3, 2) if above else (8, 4), state, budget, 0.0, tie_scale)


def _seed(
    here: Nodes, above: tuple[Nodes, Net, IntArray, IntArray] | None, cell_p: IntArray, cell_r: IntArray
) -> tuple[tuple[IntArray, IntArray], IntArray]:
    """Return the pairs (recipient, provider) and the provider prices that the grain above suggests."""
    none = np.zeros(0, np.int64)
    if above is None:
        return (none, none), np.zeros(here.num_providers, np.int64)
    coarse, net, above_p, above_r = above
    parent_p, parent_r = np.empty(here.num_providers, np.int64), np.empty(here.num_recipients, np.int64)
    parent_p[cell_p], parent_r[cell_r] = above_p, above_r
    return grain.children(net, parent_p, parent_r), grain.handed_down(coarse, net, here)


def _rounds(
    nodes: Nodes,
    pairs: tuple[IntArray, IntArray],
    prices: IntArray,
    near: tuple[int, int],
    state: State,
    budget: Budget,
    gap: float,
    tie_scale: int,
) -> None:
    """Solve, price, add, until nothing prices out, the gap is small enough or the budget is spent."""
    recipient, provider, u = neighbours(nodes, prices, *near)
    arcs = make_arcs(nodes, np.concatenate([recipient, pairs[0]]), np.concatenate([provider, pairs[1]]))
    if nodes.most > 1:
        state.offer_prices(int(u @ nodes.demand) - int(prices @ nodes.capacity), u, prices)
    state.stop_reason = budget.stop_reason
    if state.stop_reason is not None:
        return
    net = solve_flow(nodes, arcs, u, prices)
    while True:
        priced = price_out(nodes, net, _FORTH, _BACK)
        state.offer_flow(nodes, net)
        state.offer_prices(priced.bound, priced.u, net.p)
        budget.spend()
        assert state.value is not None
        assert state.bound is not None
        _report(budget, state)
        if gap and state.value - state.bound <= gap * max(1, state.value):
            return
        if len(priced.recipient) <= _REPAIR_SHARE * nodes.num_recipients:
            break
        if _stop(state, budget):
            return
        assert state.u is not None
        assert state.p is not None
        arcs = merged(net, pruned(net, _KEEP), priced, nodes.num_providers)
        net = solve_flow(nodes, arcs, state.u, state.p)
    _repair_rounds(nodes, net, priced, state, budget, tie_scale)


def _repair_rounds(nodes: Nodes, net: Net, priced: Priced, state: State, budget: Budget, scale: int) -> None:
    """Mend the net until nothing prices out, in units so fine that the number of missing units breaks the ties."""
    finer = replace(nodes, unmet=nodes.unmet * scale + (scale > 1), scale=scale)
    net = rescaled(net, scale)
    more = replace(priced, cost=priced.cost * scale)
    while True:
        if not len(more.recipient) and not ((net.missing > 0) & (net.u < finer.unmet)).any():
            state.net, state.u, state.p, state.proved = net, net.u, net.p, True
            state.value = state.bound = state.rounded(nodes, net)
            return
        if _stop(state, budget):
            return
        net, _ = repaired(finer, net, more, _REPAIR_WORK * (nodes.num_providers + nodes.num_recipients))
        more = price_out(finer, net, _FORTH, _BACK)
        state.value, state.net = state.rounded(nodes, net), net
        assert state.bound is not None
        state.offer_prices(more.bound // scale, (more.u + scale // 2) // scale, (net.p + scale // 2) // scale)
        budget.spend()
        _report(budget, state)


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
