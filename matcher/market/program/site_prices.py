"""Loops of siting by prices: the relaxation, its ascent, and the sites that prices alone open or close.

They see the arcs of each recipient in order of cost and stop at the first that costs more than its price, so a step
takes as long as there are sites near. `climb` counts in floating point; `weigh`, `choose` and `settle` are given whole
numbers too, where something is claimed.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from matcher.base.numbers import FloatArray, IntArray
from matcher.market.points import warm
from matcher.market.points.compiled import AVAILABLE, compiled, run_plainly
from matcher.market.points.sorting import least_but

_MEMORY: Final = 0.3
#: how much of the shares in which sites were chosen each step renews
_RENEWED: Final = 0.05
_BEYOND: Final = 1 << 62


def are_ready() -> bool:
    """Whether the loops run compiled without being compiled first in time that is limited.

    As plain Python they are slower than the same steps in NumPy.
    """
    if AVAILABLE and run_plainly() and warm.is_ready():
        loops: tuple[Any, ...] = (weigh, choose, climb, settle, costs)
        for loop in loops:
            loop.compiled()
        return True
    return AVAILABLE and not run_plainly()


@compiled
def weigh(arcs: Any, u: Any, scale: Any, rho: Any) -> None:
    """Add to each site's `rho` (P,) what the recipients would gain there; `arcs` is (start, provider, cost)."""
    start, provider, cost = arcs
    for i in range(len(u)):
        for a in range(start[i], start[i + 1]):
            gain = cost[a] * scale - u[i]
            if gain >= 0:
                break
            rho[provider[a]] += gain


@compiled
def choose(groups: Any, state: IntArray, rho: Any, chosen: Any) -> bool:
    """Mark in `chosen` (P,) bool the sites of least `rho`; False if the groups leave no choice.

    `groups` is (group, group_open); `state` (P,) says open (1), closed (-1) or free (0).
    """
    group, group_open = groups
    for j in range(len(rho)):
        chosen[j] = state[j] == 1 or (state[j] == 0 and group[j] < 0 and rho[j] < 0)
    values = np.empty(len(rho), rho.dtype)
    for g in range(len(group_open)):
        already, free, gaining = 0, 0, 0
        for j in range(len(rho)):
            if group[j] == g and state[j] == 1:
                already += 1
            elif group[j] == g and state[j] == 0:
                values[free] = rho[j]
                free += 1
                if rho[j] < 0:
                    gaining += 1
        least, most = max(0, group_open[g, 0] - already), group_open[g, 1] - already
        if most < 0 or least > free:
            return False
        left = min(max(least, gaining), most)
        if left == 0:
            continue
        edge = least_but(values[:free], left - 1)
        for j in range(len(rho)):
            if group[j] == g and state[j] == 0 and rho[j] < edge:
                chosen[j] = True
                left -= 1
        for j in range(len(rho)):
            if left > 0 and group[j] == g and state[j] == 0 and rho[j] == edge:
                chosen[j] = True
                left -= 1
    return True


@compiled
def climb(
    arcs: Any,
    groups: Any,
    sites: Any,
    state: IntArray,
    limit: FloatArray,
    prices: Any,
    often: FloatArray,
    rounds: int,
    aim: Any,
    pace: FloatArray,
) -> int:
    """Raise the prices by subgradient steps as `prices` does; return the steps taken, -1 if no choice is left.

    Parameters
    ----------
    arcs, groups, state
        As in `choose`.
    sites
        (opening (P,), resource (P, B), budget (B, 2)), all floating.
    limit : (R,)
        No price passes it.
    prices
        (u, v, best u, best v, last direction of u and of v), written.
    often : (P,)
        In which share of the steps, the late ones more, each site was chosen; written.
    rounds
        At most so many steps.
    aim
        (upper, enough): the value that steps are made for, and the bound at which to stop.
    pace
        [step, steps without gain, patience, least step, best bound]; written.
    """
    start, provider, cost = arcs
    opening, resource, budget = sites
    u, v, best_u, best_v, last_u, last_v = prices
    upper, enough = aim
    count, kinds = len(opening), len(v)
    rho, chosen = np.empty(count), np.zeros(count, np.bool_)
    for done in range(rounds):
        value = 0.0
        for i in range(len(u)):
            u[i] = min(u[i], limit[i])
            value += u[i]
        for j in range(count):
            rho[j] = opening[j]
            for b in range(kinds):
                rho[j] += resource[j, b] * v[b]
        weigh(arcs, u, 1.0, rho)
        if not choose(groups, state, rho, chosen):
            return -1
        for j in range(count):
            often[j] *= 1 - _RENEWED
            if chosen[j]:
                often[j] += _RENEWED
                value += rho[j]
        for b in range(kinds):
            value -= v[b] * (budget[b, 1] if v[b] > 0 else budget[b, 0])
        if value > pace[4] + 1e-9 * abs(value):
            pace[4], pace[1] = value, 0
            best_u[:] = u
            best_v[:] = v
            if value >= enough:
                return done + 1
        else:
            pace[1] += 1
            if pace[1] >= pace[2]:
                pace[0], pace[1] = pace[0] / 2, 0
                if pace[0] < pace[3]:
                    return done + 1
                u[:] = best_u
                v[:] = best_v
                last_u[:] = 0
                last_v[:] = 0
                continue
        norm = 0.0
        for i in range(len(u)):
            used = 0
            for a in range(start[i], start[i + 1]):
                if cost[a] >= u[i]:
                    break
                if chosen[provider[a]]:
                    used += 1
            slope = 1 - used
            if slope > 0 and u[i] >= limit[i]:
                slope = 0
            last_u[i] = slope + _MEMORY * last_u[i]
            norm += last_u[i] * last_u[i]
        for b in range(kinds):
            spent = 0.0
            for j in range(count):
                if chosen[j]:
                    spent += resource[j, b]
            width = max(1.0, budget[b, 1] / np.sqrt(max(1, len(u))))
            over = max(spent - budget[b, 1], 0.0) + min(spent - budget[b, 0], 0.0)
            if v[b] > 0:
                over = spent - budget[b, 1]
            elif v[b] < 0:
                over = spent - budget[b, 0]
            last_v[b] = over / width + _MEMORY * last_v[b]
            norm += last_v[b] * last_v[b]
        if norm == 0:
            return done + 1
        length = pace[0] * max(upper - value, 1e-3 * max(1.0, abs(upper)) * pace[0]) / norm
        for i in range(len(u)):
            u[i] += length * last_u[i]
        for b in range(kinds):
            width = max(1.0, budget[b, 1] / np.sqrt(max(1, len(u))))
            v[b] += length * last_v[b] / width
            if budget[b, 0] <= 0:
                v[b] = max(0.0, v[b])
    return rounds


@compiled
def settle(groups: Any, state: IntArray, rho: IntArray, chosen: Any, room: int) -> int:
    """Open and close in `state` the sites that cost more than `room` otherwise, all in whole numbers; return how many.

    To bring in a site that is not chosen, or to close one that is, raises the relaxation by at least what the exchange
    with the next in its group costs.
    """
    group, group_open = groups
    settled = 0
    for g in range(-1, len(group_open)):
        count, worst, following = 0, -_BEYOND, _BEYOND
        for j in range(len(rho)):
            if group[j] != g:
                continue
            if chosen[j]:
                count += 1
                if state[j] == 0:
                    worst = max(worst, rho[j])
            elif state[j] == 0:
                following = min(following, rho[j])
        full, bare = False, False
        if g >= 0:
            bare, full = count <= group_open[g, 0], count >= group_open[g, 1]
        for j in range(len(rho)):
            if group[j] != g or state[j] != 0:
                continue
            if chosen[j]:
                back = following if bare else min(0, following) if full else 0
                if back == _BEYOND or back - rho[j] > room:
                    state[j] = 1
                    settled += 1
            else:
                away = worst if full else max(0, worst) if bare else 0
                if away == -_BEYOND or rho[j] - away > room:
                    state[j] = -1
                    settled += 1
    return settled


@compiled
def costs(arcs: Any, opened: Any, away: IntArray) -> int:
    """Return what the recipients cost with these sites open (P,) bool, each at its nearest or at `away` (R,)."""
    start, provider, cost = arcs
    total = 0
    for i in range(len(away)):
        least = away[i]
        for a in range(start[i], start[i + 1]):
            if cost[a] >= least:
                break
            if opened[provider[a]]:
                least = cost[a]
                break
        total += least
    return total
