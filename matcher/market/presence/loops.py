"""The inner loops of the search for presence plans, compiled where numba is installed; the same results without.

Arrays, all int64 but where said: `crew` (T, 5) size, adults, first, last, stay; `sites` (P, 3) beds, least, ratio;
`where` (T, 2) site (-1: none) and first period; `there` (P, K, 2 + S) heads, adults, heads with each skill; `links`
(T, 2) next and previous crew at a site, `heads` (P,) the first one. `draw` (1,) holds the state of the generator.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.market.points.compiled import compiled
from matcher.market.points.sorting import ordered

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
SIZE, ADULTS, FIRST, LAST, STAY = 0, 1, 2, 3, 4
BEDS, LEAST, RATIO = 0, 1, 2
_FULL = 1e18
_PROMISE = 0.5


@compiled
def drawn(draw: Ints) -> float:
    """Return a number from 0 to below 1 (Park and Miller 1988)."""
    draw[0] = draw[0] * 48271 % 2147483647
    return float(draw[0] / 2147483647.0)


@compiled
def lost(case: Any, p: int, k: int, crew: int, sign: float, there: Ints) -> float:
    """Return what is lost at a site in a period once a crew has come (1.0) or gone (-1.0); 0.0: as it is."""
    info, sites, skill, need, children, scalars = case[0], case[1], case[2], case[3], case[4], case[6]
    heads = there[p, k, 0] + sign * info[crew, SIZE]
    wanted = children[p, k]
    after = min(wanted, sites[p, RATIO] * heads)
    whole = heads >= sites[p, LEAST] and there[p, k, 1] + sign * info[crew, ADULTS] >= scalars[1]
    if whole:
        for s in range(need.shape[1]):
            if need[p, s] and there[p, k, 2 + s] + sign * skill[crew, s] <= 0:
                whole = False
    credit = 1.0 * after
    if not whole:
        credit = _PROMISE * after * min(1.0, heads / max(1, sites[p, LEAST]))
    return float(scalars[0] * (wanted - credit))


@compiled
def put(case: Any, t: int, p: int, k: int, where: Ints, there: Ints, links: Ints, heads: Ints) -> None:
    """Put a crew that is nowhere at a site."""
    info, skill = case[0], case[2]
    where[t, 0], where[t, 1] = p, k
    for week in range(k, k + info[t, STAY]):
        there[p, week, 0] += info[t, SIZE]
        there[p, week, 1] += info[t, ADULTS]
        for s in range(skill.shape[1]):
            there[p, week, 2 + s] += skill[t, s]
    links[t, 0], links[t, 1] = heads[p], -1
    if heads[p] >= 0:
        links[heads[p], 1] = t
    heads[p] = t


@compiled
def take(case: Any, t: int, where: Ints, there: Ints, links: Ints, heads: Ints) -> None:
    """Take a crew away from where it is."""
    info, skill = case[0], case[2]
    p, k = where[t, 0], where[t, 1]
    for week in range(k, k + info[t, STAY]):
        there[p, week, 0] -= info[t, SIZE]
        there[p, week, 1] -= info[t, ADULTS]
        for s in range(skill.shape[1]):
            there[p, week, 2 + s] -= skill[t, s]
    if links[t, 1] >= 0:
        links[links[t, 1], 0] = links[t, 0]
    else:
        heads[p] = links[t, 0]
    if links[t, 0] >= 0:
        links[links[t, 0], 1] = links[t, 1]
    where[t, 0] = -1


@compiled
def best_stay(case: Any, t: int, cap: float, noise: float, there: Ints, draw: Ints) -> tuple[int, int]:
    """Return site and first period (-1: nowhere) where a crew gains most, a head counting for `cap` prices at most."""
    info, sites, opens, near, metres, price = case[0], case[1], case[5], case[7], case[8], case[9]
    size, first, stay = info[t, SIZE], info[t, FIRST], info[t, STAY]
    last = min(info[t, LAST], opens.shape[1] - 1)
    best, site, start = _FULL, -1, -1
    if stay < 1:
        return -1, -1
    real, seen = np.zeros(opens.shape[1] + 1), np.zeros(opens.shape[1] + 1)
    for c in range(near.shape[1]):
        if metres[t, c] < 0:
            break
        p = near[t, c]
        travel = 1.0 * size * metres[t, c]
        shown = travel * (1.0 + noise * drawn(draw)) if noise > 0 else travel
        for k in range(first, last + 1):
            change = _FULL
            if opens[p, k] and there[p, k, 0] + size <= sites[p, BEDS]:
                change = lost(case, p, k, t, 1.0, there) - lost(case, p, k, t, 0.0, there)
            real[k + 1] = real[k] + change if k > first else change
            part = max(change, -cap * size * price[p, k])
            seen[k + 1] = seen[k] + part if k > first else part
        real[first], seen[first] = 0.0, 0.0
        for k in range(first, last - stay + 2):
            if travel + real[k + stay] - real[k] < -0.5:
                total = shown + seen[k + stay] - seen[k]
                if total < best:
                    best, site, start = total, p, k
    return site, start


@compiled
def burden(case: Any, p: int, where: Ints, there: Ints, links: Ints, heads: Ints, metres: NDArray[np.int32]) -> float:
    """Return what a site costs, the travel of its crews included, as if every rule were kept."""
    info, sites, children, scalars = case[0], case[1], case[4], case[6]
    total = 0.0
    for k in range(children.shape[1]):
        total += scalars[0] * (children[p, k] - min(children[p, k], sites[p, RATIO] * there[p, k, 0]))
    t = heads[p]
    while t >= 0:
        total += 1.0 * info[t, SIZE] * metres[t, p]
        t = links[t, 0]
    return total


@compiled
def settle(case: Any, p: int, state: Any, metres: NDArray[np.int32], marks: Any) -> None:
    """Take away who is not worth the travel, then, the smallest first, who is there while a rule is broken."""
    info, sites, need, scalars = case[0], case[1], case[3], case[6]
    where, there, links, heads = state[0], state[1], state[2], state[3]
    t = heads[p]
    while t >= 0:
        following = links[t, 0]
        change = -1.0 * info[t, SIZE] * metres[t, p]
        for k in range(where[t, 1], where[t, 1] + info[t, STAY]):
            change += lost(case, p, k, t, -1.0, there) - lost(case, p, k, t, 0.0, there)
        if change < 0:
            mark(case, t, where, there, links, heads, metres, marks)
            take(case, t, where, there, links, heads)
        t = following
    broken = True
    while broken and heads[p] >= 0:
        broken = False
        bad = np.zeros(there.shape[1], np.bool_)
        for k in range(there.shape[1]):
            if there[p, k, 0] > 0:
                wrong = there[p, k, 0] < sites[p, LEAST] or there[p, k, 1] < scalars[1]
                for s in range(need.shape[1]):
                    wrong = wrong or (need[p, s] and there[p, k, 2 + s] <= 0)
                bad[k] = wrong
                broken = broken or wrong
        if broken:
            worst, least = -1, 0
            t = heads[p]
            while t >= 0:
                inside = False
                for k in range(where[t, 1], where[t, 1] + info[t, STAY]):
                    inside = inside or bad[k]
                much = info[t, SIZE] * info[t, STAY]
                if inside and (worst < 0 or much < least or (much == least and t < worst)):
                    worst, least = t, much
                t = links[t, 0]
            mark(case, worst, where, there, links, heads, metres, marks)
            take(case, worst, where, there, links, heads)


@compiled
def mark_site(
    case: Any, p: int, where: Ints, there: Ints, links: Ints, heads: Ints, metres: NDArray[np.int32], marks: Any
) -> None:
    """Remember what a site costs before this round changes it."""
    round_of, before, touched, counts = marks[0], marks[1], marks[2], marks[5]
    if round_of[p] != counts[2]:
        round_of[p] = counts[2]
        before[p] = burden(case, p, where, there, links, heads, metres)
        touched[counts[0]] = p
        counts[0] += 1


@compiled
def mark(
    case: Any, t: int, where: Ints, there: Ints, links: Ints, heads: Ints, metres: NDArray[np.int32], marks: Any
) -> None:
    """Remember where a crew is before this round moves it, and what its site costs."""
    crew_round, moved, counts = marks[3], marks[4], marks[5]
    if where[t, 0] >= 0:
        mark_site(case, where[t, 0], where, there, links, heads, metres, marks)
    if crew_round[t] != counts[2]:
        crew_round[t] = counts[2]
        moved[counts[1], 0], moved[counts[1], 1], moved[counts[1], 2] = t, where[t, 0], where[t, 1]
        counts[1] += 1


@compiled
def one_round(
    case: Any, state: Any, region: Ints, idle: Ints, slack: float, cap: float, spread: float, marks: Any, draw: Ints
) -> float:
    """Take the crews of a region away, place them and some idle ones again; return what the plan lost or gained."""
    metres, info = case[10], case[0]
    where, there, links, heads = state[0], state[1], state[2], state[3]
    counts = marks[5]
    counts[0], counts[1] = 0, 0
    counts[2] += 1
    for p in region:
        mark_site(case, p, where, there, links, heads, metres, marks)
        while heads[p] >= 0:
            t = heads[p]
            mark(case, t, where, there, links, heads, metres, marks)
            take(case, t, where, there, links, heads)
    taken = counts[1]
    pool = np.empty(taken + len(idle), np.int64)
    key = np.empty(taken + len(idle))
    for n in range(len(pool)):
        pool[n] = marks[4][n, 0] if n < taken else idle[n - taken]
        key[n] = -info[pool[n], SIZE] * (1.0 + spread * drawn(draw))
    for n in ordered(key):
        t = pool[n]
        if where[t, 0] >= 0:
            continue
        p, k = best_stay(case, t, cap, 0.1, there, draw)
        if p >= 0:
            mark(case, t, where, there, links, heads, metres, marks)
            mark_site(case, p, where, there, links, heads, metres, marks)
            put(case, t, p, k, where, there, links, heads)
    was, now = 0.0, 0.0
    n = 0
    while n < counts[0]:
        settle(case, marks[2][n], state, metres, marks)
        n += 1
    for n in range(counts[0]):
        p = marks[2][n]
        was += marks[1][p]
        now += burden(case, p, where, there, links, heads, metres)
    if now < was * (1.0 + slack):
        return now - was
    for n in range(counts[1]):
        if where[marks[4][n, 0], 0] >= 0:
            take(case, marks[4][n, 0], where, there, links, heads)
    for n in range(counts[1]):
        if marks[4][n, 1] >= 0:
            put(case, marks[4][n, 0], marks[4][n, 1], marks[4][n, 2], where, there, links, heads)
    return 0.0
