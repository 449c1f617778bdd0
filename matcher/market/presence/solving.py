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
#: nearest sites of a crew that prices look at first, and how far what they say may be from what is proved
_NEAR: Final = 200
_TRUST: Final = 0.01
#: the crew, by nearness, whose way sets the first price of a site
_NTH: Final = 10


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
    """Return the best prices (P, K) found, first over each crew's nearest sites, over all where that was too few."""
    begun = _first_prices(case)
    known = [np.zeros(case.children.shape, np.int64), np.rint(begun).astype(np.int64)]
    for most in (min(_NEAR, case.num_sites), case.num_sites):
        price, said = _climbed(case, _near(case, most), begun, upper, (budget, whole), rounds)
        known.append(np.rint(price).astype(np.int64))
        proved = exact.bound(case, known[-1])
        if most == case.num_sites or (proved is not None and proved >= said - _TRUST * abs(said)):
            break
    worth = [exact.bound(case, each) for each in known]
    return known[max(range(len(known)), key=lambda n: -np.inf if worth[n] is None else float(worth[n] or 0))]


def _first_prices(case: PresenceCase) -> FloatArray:
    """Return for each site and period what a head of one of the nearest crews costs for one period of its stay."""
    if not case.num_crews:
        return np.zeros(case.children.shape)
    far = np.where(case.metres == NEVER, np.iinfo(np.int32).max, case.metres)
    each = far / np.maximum(1, case.stay)[:, None]
    at = min(_NTH, case.num_crews - 1)
    price: FloatArray = np.partition(each, at, axis=0)[at][:, None] * case.open
    return np.minimum(price, float(case.charge) * np.maximum(1, case.ratio)[:, None])


def _near(case: PresenceCase, most: int) -> tuple[IntArray, FloatArray]:
    """Return the nearest sites of each crew, (T, most), and the metres to them, infinite where it may not go."""
    far = np.where(case.metres == NEVER, np.iinfo(np.int32).max, case.metres)
    at = np.argpartition(far, most - 1, axis=1)[:, :most] if 0 < most < case.num_sites else None
    if at is None:
        at = np.broadcast_to(np.arange(case.num_sites), far.shape)
    metres = np.take_along_axis(far, at, axis=1)
    return at, np.where(metres == np.iinfo(np.int32).max, np.inf, metres.astype(float))


def _climbed(
    case: PresenceCase,
    near: tuple[IntArray, FloatArray],
    price: FloatArray,
    upper: int,
    limits: tuple[Budget, Budget],
    rounds: int,
) -> tuple[FloatArray, float]:
    """Take subgradient steps as long as Polyak's, halved when nothing is gained for a while; return what they say."""
    most = float(case.charge) * np.maximum(1, case.ratio[:, None]) * 2
    best, best_price = -np.inf, price
    step, waiting = 1.0, 0
    last = np.zeros(price.shape)
    for _ in range(rounds):
        if any(limit.stop_reason is not None for limit in limits) or step < 1e-3:
            break
        limits[1].spend()
        below, heads = exact.site_part(case, price)
        total, present = _crews(case, price, near)
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
        price = np.clip(price, -case.charge, most)
    return best_price, best


def _crews(case: PresenceCase, price: FloatArray, near: tuple[IntArray, FloatArray]) -> tuple[float, IntArray]:
    """Return the sum of the crews' best stays at these prices, and the heads that they bring, (P, K)."""
    present = np.zeros(price.shape, np.int64)
    total = 0.0
    for crews, starts, sums in exact.stays(case, price):
        if not len(starts) or not len(crews) or not case.num_sites:
            continue
        at = sums.argmax(axis=1)
        window = sums[np.arange(case.num_sites), at]
        step = max(1, _CHUNK // max(1, near[0].shape[1]))
        for begin in range(0, len(crews), step):
            some = crews[begin : begin + step]
            net = near[1][some] - window[near[0][some]]
            best = net.argmin(axis=1)
            row = np.arange(len(some))
            worth = case.size[some] * np.minimum(net[row, best], 0)
            goes = worth < 0
            total += float(worth[goes].sum())
            site = near[0][some[goes], best[goes]]
            stays = np.column_stack([site, some[goes]]).astype(np.int64)
            present += Present.of(case, stays, starts[at[site]]).heads
    return total, present
