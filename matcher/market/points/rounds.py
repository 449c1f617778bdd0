"""From grain to grain and round to round: solve, price all pairs, add, repair, until nothing prices out.

Every round gives a feasible flow and a valid bound, so that the work can stop after any of them.

Why it ends. With epsilon 0 a round solves the arcs that there are, so from round to round the value never rises: arcs
with flow are never dropped. Every round but the last adds an arc, and arcs without flow are dropped only when the value
has fallen since they were last dropped. A whole number that never rises falls finitely often; between two falls arcs
only come, and there are finitely many pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from matcher.base.numbers import IntArray
from matcher.base.progress import Budget, Progress, StopReason
from matcher.market.points import grain
from matcher.market.points.auction import FAR
from matcher.market.points.net import Net, SiteNodes, exact, extended, make_net, moved, neighbours, price_out, settled

_NEAR, _NEAR_COARSEST = (3, 2), (8, 4)  # first arcs: of a recipient, of a provider
_FORTH, _BACK = 6, 4  # pairs priced out in a round: of a recipient, of a provider
_KEEP = 11  # arcs without flow that a recipient keeps from round to round
_KEEP_LATE = 3  # the same once prices hardly move
_STEP = 6  # how much smaller epsilon is from round to round
_EXACT_M = 3  # below so many metres epsilon is 0
_SPACINGS = 3  # a coarse grain ends with an epsilon of its mean distance over this


@dataclass(frozen=True, slots=True)
class Start:
    """Pairs and provider prices of a nearby market."""

    recipient: IntArray
    provider: IntArray
    p: IntArray


@dataclass(slots=True)
class State:
    """The best so far: a feasible flow with its value, prices with their bound; `watch` is called after every bound.

    Value and bound of a coarse grain say nothing of the market, so they are reported to nobody.
    """

    net: Net | None = None
    value: int | None = None
    bound: int | None = None
    u: IntArray | None = None
    p: IntArray | None = None
    proved: bool = False
    stop_reason: StopReason | None = None
    watch: Callable[[State], None] | None = None
    coarse: bool = False

    def offer_flow(self, net: Net, value: int) -> None:
        """Keep the flow if it is better."""
        if self.value is None or value <= self.value:
            self.net, self.value = net, value

    def offer_prices(self, bound: int, u: IntArray, p: IntArray) -> None:
        """Keep the prices if they bound more."""
        if self.bound is None or bound > self.bound:
            self.bound, self.u, self.p = bound, u, p


def solve_nodes(nodes: SiteNodes, tie_scale: int, budget: Budget, start: Start | None, state: State) -> None:
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
    finer = replace(nodes, unmet=nodes.unmet * tie_scale + (tie_scale > 1), scale=tie_scale)
    if start is not None:
        recipient, provider, u = neighbours(nodes, start.p, *_NEAR)
        pairs = np.concatenate([recipient, start.recipient]), np.concatenate([provider, start.provider])
        _rounds(finer, make_net(nodes, *pairs, u, start.p), state, budget, 0, 0)
        return
    above: _Grain | None = None
    epsilon = 0
    for depth_p, depth_r in grain.grains(nodes.num_providers, nodes.num_recipients):
        if budget.stop_reason is not None:
            break
        here, local = grain.coarse(nodes, depth_p, depth_r), State(coarse=True)
        enough = grain.spacing(here) // _SPACINGS + 1
        epsilon = _rounds(
            here, _seed(here, above, depth_p, depth_r), local, budget, epsilon or int(here.unmet.max()), enough
        )
        if local.net is not None:
            above = here, local.net, depth_p, depth_r
    net = _seed(nodes.rough() if epsilon else nodes, above, None, None)
    _rounds(finer, net, state, budget, epsilon, 0)


_Grain = tuple[SiteNodes, Net, int, int]  # with the depths of its cells, of providers and of recipients


def _seed(here: SiteNodes, above: _Grain | None, depth_p: int | None, depth_r: int | None) -> Net:
    """Return the arcs and the provider prices that the grain above suggests; no depth: these are the points."""
    if above is None:
        p = np.zeros(here.num_providers, np.int64)
        recipient, provider, u = neighbours(here, p, *_NEAR_COARSEST)
        return make_net(here, recipient, provider, u, p)
    coarse, net, above_p, above_r = above
    p = grain.handed_down(coarse, net, here)
    parents = (
        grain.cells(num, up) if depth is None else np.arange(num) >> (depth - up)
        for num, depth, up in ((here.num_providers, depth_p, above_p), (here.num_recipients, depth_r, above_r))
    )
    kin_r, kin_p = grain.children(net, *parents)
    recipient, provider, u = neighbours(here, p, *_NEAR)
    return make_net(here, np.concatenate([recipient, kin_r]), np.concatenate([provider, kin_p]), u, p)


def _rounds(nodes: SiteNodes, net: Net, state: State, budget: Budget, epsilon_m: int, enough_m: int) -> int:
    """Settle, price, add, with a smaller and smaller epsilon: down to `enough_m`, or to 0 and until nothing prices out.

    The net comes in metres and is taken over into the units of the nodes. Returns the last epsilon in metres.
    """
    scale = nodes.scale
    if nodes.most > 1:
        state.offer_prices(int(net.u @ nodes.demand) - int(net.p @ nodes.capacity), net.u, net.p)
    state.stop_reason = budget.stop_reason
    if state.stop_reason is not None:
        return epsilon_m
    net.u, net.p = net.u * scale, net.p * scale
    # True distances matter, and are computed, when epsilon is 0; coarse grains do without.
    rough = nodes.rough() if epsilon_m and not enough_m else nodes
    before, dropped_at = None, int(FAR)
    while True:
        net = settled(nodes, net, epsilon_m * scale)
        found = exact(nodes, net, False) if epsilon_m and not enough_m else net
        value = found.value(nodes) // scale
        first = state.value is None and state.bound is not None
        state.offer_flow(found, value)
        if first:
            _report(budget, state)
            _show(state)
        some = None if before is None else moved(before, net)
        priced = price_out(rough if epsilon_m else nodes, net, _FORTH, _BACK, some)
        if some is not None and not len(priced.cost):
            priced = price_out(nodes, net, _FORTH, 0)
        if priced.bound is not None:
            state.offer_prices(priced.bound // scale, _whole(priced.u, scale), _whole(net.p, scale))
        budget.spend()
        if not epsilon_m and not len(priced.cost):
            state.net, state.u, state.p, state.proved = net, net.u, net.p, True
            state.value = state.bound = value
        _report(budget, state)
        if priced.bound is not None and not state.proved:
            _show(state)
        if state.proved or epsilon_m <= enough_m > 0 or _stop(state, budget):
            return epsilon_m
        keep = _KEEP if before is None else _KEEP_LATE
        before = None if epsilon_m else (net, priced)
        # See the module: this is why it ends.
        fallen = bool(epsilon_m) or net.value(nodes) < dropped_at
        net = extended(nodes, net, priced, keep if fallen else None)
        if fallen and not epsilon_m:
            dropped_at = net.value(nodes)
        if epsilon_m:
            epsilon_m = max(epsilon_m // _STEP, enough_m)
            if epsilon_m < _EXACT_M and not enough_m:
                epsilon_m, net = 0, exact(nodes, net, True)


def _whole(price: IntArray, scale: int) -> IntArray:
    """Return fine prices in whole metres, nearest: rounding keeps whole reduced costs from falling below 0."""
    return (price + scale // 2) // scale


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
    if state.coarse:
        budget.report(Progress("price", budget.work))
    else:
        budget.report(Progress("price", budget.work, None, state.value, state.bound, state.value - state.bound))


def _show(state: State) -> None:
    if state.watch is not None:
        state.watch(state)
