"""A presence plan with a certified bound: by CP-SAT where it is small, else prices from below and search from above."""

from __future__ import annotations

from typing import Final

import numpy as np

from matcher.base.numbers import FloatArray, IntArray
from matcher.base.progress import Budget, Progress
from matcher.market.presence import bound as exact
from matcher.market.presence.case import NEVER, PresenceCase, Present, plan_flaws, value
from matcher.market.presence.presence import Presence, claimed
from matcher.market.presence.search import PresenceSearch, greedy, improve
from matcher.market.presence.small import num_stays, solve_small
from matcher.programs import cpsat

#: so many stays, and periods of sites, CP-SAT proves in seconds
_SMALL: Final = 3000
_CLIMBS: Final = 300
_FEW_CLIMBS: Final = 60
_ROUNDS: Final = 3000
#: how much of the time prices may take
_PRICES: Final = 0.25
_CHUNK: Final = 2_000_000


def solve_presence(
    case: PresenceCase, neighbours: IntArray, budget: Budget, start: tuple[IntArray, IntArray] | None = None
) -> Presence:
    """Return the best plan found with its bound.

    Parameters
    ----------
    neighbours : (P, n)
        For each site itself and others near it, the nearest first.
    start
        Pairs and first periods of a plan to begin with, taken if it keeps every rule.
    """
    nobody = case.charge * int(case.children.sum())
    left = budget.time_left_s
    climbing = budget if left is None else Budget(time_limit_s=_PRICES * left)
    small = num_stays(case) + case.children.size <= _SMALL
    price = climb(case, nobody, climbing, budget, _FEW_CLIMBS if small else _CLIMBS)
    known = start if start is not None and not plan_flaws(case, *start) else _nobody()
    if small:
        found = solve_small(case, known, budget)
        if found is not None:
            return claimed(case, *found[0], price, (cpsat.SOLVER, found[1]), budget.stop_reason)
    search = PresenceSearch(case, price)
    search.reset(known)
    greedy(search, budget)
    pairs, first = search.plan()
    upper = value(case, pairs, first)
    mine = exact.bound(case, price)
    if mine is None or not budget.close_enough(upper, mine):
        budget.report(Progress("presence", value=upper, bound=mine))
        improve(search, neighbours, budget, _ROUNDS if budget.time_left_s is None else 50 * _ROUNDS)
        pairs, first = search.plan()
    stop = budget.stop_reason or ("gap" if budget.gap is not None else None)
    return claimed(case, pairs, first, price, None, stop)


def _nobody() -> tuple[IntArray, IntArray]:
    return np.zeros((0, 2), np.int64), np.zeros(0, np.int64)


def climb(case: PresenceCase, upper: int, budget: Budget, whole: Budget, rounds: int) -> IntArray:
    """Return prices (P, K) by subgradient steps as long as Polyak's, halved when nothing is gained for a while."""
    ratio = case.ratio[:, None]
    price: FloatArray = np.zeros(case.children.shape)
    best, best_price = -np.inf, price
    step, waiting = 1.0, 0
    last = np.zeros(price.shape)
    for _ in range(rounds):
        if budget.stop_reason is not None or whole.stop_reason is not None or step < 1e-3:
            break
        whole.spend()
        below, heads = exact.site_part(case, price)
        total, present = _crews(case, price)
        total += float(below.sum())
        if total > best:
            best, best_price, waiting = total, price, 0
        else:
            waiting += 1
            if waiting >= 8:
                step, waiting, price = step / 2, 0, best_price
        gradient = np.where(case.open, heads - present, 0).astype(float) + 0.3 * last
        last = gradient
        norm = float((gradient**2).sum())
        if norm == 0:
            break
        # nobody knows the optimum yet: a tenth above the best bound stands for it
        aim = min(float(upper), best + 0.1 * abs(best) + 0.001 * upper)
        price = price + step * max(aim - total, 1e-4 * abs(upper)) / norm * gradient
        price = np.clip(price, -case.charge, float(case.charge) * np.maximum(1, ratio) * 2)
    found: IntArray = np.rint(best_price).astype(np.int64)
    return found


def _crews(case: PresenceCase, price: FloatArray) -> tuple[float, IntArray]:
    """Return the sum of the crews' best stays at these prices, and the heads that they bring, (P, K)."""
    present = np.zeros(price.shape, np.int64)
    total = 0.0
    for crews, starts, sums in exact.stays(case, price):
        if not len(starts) or not len(crews):
            continue
        at = sums.argmax(axis=1)
        window = sums[np.arange(case.num_sites), at]
        step = max(1, _CHUNK // max(1, case.num_sites))
        for begin in range(0, len(crews), step):
            some = crews[begin : begin + step]
            far = case.metres[some]
            net = np.where(far == NEVER, 1e15, far - window)
            site = net.argmin(axis=1)
            worth = case.size[some] * net[np.arange(len(some)), site]
            goes = worth < 0
            total += float(worth[goes].sum())
            some, site = some[goes], site[goes]
            first = starts[at[site]]
            stays = np.column_stack([site, some]).astype(np.int64)
            present += Present.of(case, stays, first).heads
    return total, present
