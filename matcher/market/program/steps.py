"""The inner loops of the search for plans with sizes, compiled where numba is installed; the same results without.

`case` is a tuple of arrays: first (R + 1,) and arcs (A,) by recipient, the cheapest first; provider (A,), net cost
(A,), size (A,), capacity, least, opening cost, locked, shut, group (P,), most of each group (G,), resource (P, B),
most of each budget (B,), arc of each pair (P, R), whether a recipient must be served (R,), and the charge of a unit
below the least. `state` is: arc of each recipient (R,), load and number of recipients (P,), members (P, R) with their
places (R,), open providers of each group (G,), use of each budget (B,), the generator (1,), a list (R, 2), the total.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from matcher.market.points.compiled import WIDE, compiled
from matcher.market.presence.loops import drawn

_NEVER = 1e30
#: how often one of the first arcs is drawn, and how many these are
_OFTEN, _FIRST = 0.9, 24


@compiled
def drop(case: Any, state: Any, r: int) -> float:
    """Take a recipient out; return the change."""
    a = state[0][r]
    j = case[2][a]
    size, load, count, charge = case[4][a], state[1], state[2], case[16][0]
    change = -case[3][a] - charge * max(0, case[6][j] - load[j])
    load[j] -= size
    count[j] -= 1
    last = state[3][j, count[j]]
    state[3][j, state[4][r]] = last
    state[4][last] = state[4][r]
    state[0][r] = -1
    if count[j] == 0 and not case[8][j]:
        change -= case[7][j]
        if case[10][j] >= 0:
            state[5][case[10][j]] -= 1
        for b in range(len(state[6])):
            state[6][b] -= case[12][j, b]
    else:
        change += charge * max(0, case[6][j] - load[j])
    return float(change)


@compiled
def fits(case: Any, state: Any, r: int, a: int) -> bool:
    """Return whether a recipient may be put on an arc."""
    j = case[2][a]
    if case[9][j] or state[1][j] + case[4][a] > case[5][j]:
        return False
    if state[2][j] > 0 or case[8][j]:
        return True
    if case[10][j] >= 0 and state[5][case[10][j]] >= case[11][case[10][j]]:
        return False
    kept = True
    for b in range(len(state[6])):
        kept = kept and state[6][b] + case[12][j, b] <= case[13][b]
    return kept


@compiled
def add(case: Any, state: Any, r: int, a: int) -> float:
    """Put a recipient on an arc where it fits; return the change."""
    j = case[2][a]
    load, count, charge = state[1], state[2], case[16][0]
    change = case[3][a]
    if count[j] == 0 and not case[8][j]:
        change += case[7][j]
        if case[10][j] >= 0:
            state[5][case[10][j]] += 1
        for b in range(len(state[6])):
            state[6][b] += case[12][j, b]
    else:
        change -= charge * max(0, case[6][j] - load[j])
    load[j] += case[4][a]
    change += charge * max(0, case[6][j] - load[j])
    state[3][j, count[j]] = r
    state[4][r] = count[j]
    count[j] += 1
    state[0][r] = a
    return float(change)


@compiled
def some_arc(case: Any, state: Any, r: int) -> int:
    """Return a drawn arc of a recipient, the cheaper the likelier; -1 if it has none."""
    begin, end = case[0][r], case[0][r + 1]
    if begin == end:
        return -1
    x = drawn(state[7])
    if x < _OFTEN:
        end, x = min(end, begin + _FIRST), x / _OFTEN
    else:
        x = (x - _OFTEN) / (1.0 - _OFTEN)
    return int(case[1][begin + int((end - begin) * x * x)])


@compiled
def shift(case: Any, state: Any, heat: float) -> None:
    """Send a drawn recipient elsewhere, or nowhere; whoever has to make room goes where it came from, or elsewhere."""
    at, provider = state[0], case[2]
    r = int(drawn(state[7]) * len(at))
    old, a = at[r], some_arc(case, state, r)
    if a < 0:
        return
    k, old_k = -1, -1
    change = drop(case, state, r) if old >= 0 else 0.0
    if a != old:
        if not fits(case, state, r, a):
            j = provider[a]
            if state[2][j] > 0:
                k = WIDE(state[3][j, int(drawn(state[7]) * state[2][j])])
                old_k = at[k]
                change += drop(case, state, k)
            if not fits(case, state, r, a):
                change = _NEVER
        if change < _NEVER:
            change += add(case, state, r, a)
            if k >= 0:
                b = WIDE(case[14][provider[old], k]) if old >= 0 else -1
                if b < 0 or not fits(case, state, k, b):
                    b = some_arc(case, state, k)
                if b >= 0 and fits(case, state, k, b):
                    change += add(case, state, k, b)
                elif case[15][k]:
                    change = _NEVER
    elif case[15][r]:
        change = _NEVER
    if change <= 0 or drawn(state[7]) < np.exp(-change / heat):
        state[9][0] += change
        return
    for who in (r, k):
        if who >= 0 and at[who] >= 0:
            drop(case, state, who)
    for who, back in ((r, old), (k, old_k)):
        if who >= 0 and back >= 0:
            add(case, state, who, back)


@compiled
def exchange(case: Any, state: Any, heat: float) -> None:
    """Close a drawn provider for another near it: its recipients go to the other, else wherever there is room."""
    at, provider, moved = state[0], case[2], state[8]
    seed = int(drawn(state[7]) * len(at))
    if at[seed] < 0:
        return
    j = provider[at[seed]]
    a = some_arc(case, state, seed)
    other = provider[a]
    if case[8][j] or other == j:
        return
    count, change = state[2][j], 0.0
    for n in range(count):
        r = WIDE(state[3][j, state[2][j] - 1])
        moved[n, 0], moved[n, 1] = r, at[r]
        change += drop(case, state, r)
    for n in range(count):
        r = moved[n, 0]
        b = WIDE(case[14][other, r])
        if b < 0 or not fits(case, state, r, b):
            b = -1
            for at_arc in range(case[0][r], min(case[0][r + 1], case[0][r] + 12)):
                c = case[1][at_arc]
                if provider[c] != j and (state[2][provider[c]] > 0 or case[8][provider[c]]) and fits(case, state, r, c):
                    b = c
                    break
        if b >= 0:
            change += add(case, state, r, b)
        elif case[15][r]:
            change = _NEVER
    # who is out may now come in where there is room
    if change <= 0 or drawn(state[7]) < np.exp(-change / heat):
        state[9][0] += change
        return
    for n in range(count):
        if at[moved[n, 0]] >= 0:
            drop(case, state, moved[n, 0])
    for n in range(count):
        add(case, state, moved[n, 0], moved[n, 1])


@compiled
def anneal(case: Any, state: Any, heat: float, steps: int, exchanges: float) -> None:
    """Try so many moves at one heat."""
    for _ in range(steps):
        if drawn(state[7]) < exchanges:
            exchange(case, state, heat)
        else:
            shift(case, state, heat)
