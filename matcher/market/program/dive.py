"""A dive into the relaxation: prices move a few steps, those who nearly always go the same way go there for good.

What is left is priced anew, until nobody is left (fixing by Lagrangian prices as in Caprara, Fischetti, Toth 1999; the
mean of the relaxed choices stands for the values of the linear program, Barahona and Anbil 2000). Each step looks at
the best whole load of every provider, so what is fixed leaves room for the rest. Compiled where numba is installed; the
same results without.

`problem` is a tuple of arrays: first arc of each provider (P + 1,), recipient, provider, cost and size (A,), charge
of who is missing (R,), what opens adds (P,), and its use of each limit (P, B). `state`, which is changed: prices (R,),
who is open, room that is left and what is still needed (P,), what is left of each limit (B,), who waits (R,), the arc
of each recipient (R,), -1 for none, and the mean of the relaxed choices (A,).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from matcher.base.numbers import IntArray
from matcher.market.points.compiled import NONE, compiled
from matcher.market.points.sorting import ordered
from matcher.market.program.knapsack import loads

#: a mean above which an arc is as good as chosen, and one below which it says nothing
_SURE, _VOID = 0.97, 0.02
#: how much of the mean each step renews, and of the last direction is kept
_RENEWED, _KEPT = 0.15, 0.3
_NEVER = 1e200


@compiled
def may_open(problem: Any, state: Any, j: int) -> bool:
    """Return whether a provider is open or what is left of the limits lets it open."""
    kept = True
    for b in range(len(state[4])):
        kept = kept and problem[7][j, b] <= state[4][b]
    return bool(state[1][j] or kept)


@compiled
def waiting(problem: Any, state: Any) -> tuple[IntArray, IntArray]:
    """Return the arcs that may still be chosen, and where those of each provider begin (P + 1,)."""
    first, room = problem[0], state[2]
    use, begin, count = np.empty(len(problem[1]), np.int64), np.zeros(len(room) + 1, np.int64), 0
    for j in range(len(room)):
        if may_open(problem, state, j):
            for a in range(first[j], first[j + 1]):
                if state[5][problem[1][a]] and problem[4][a] <= room[j]:
                    use[count] = a
                    count += 1
        begin[j + 1] = count
    return use[:count].copy(), begin


@compiled
def climb(problem: Any, state: Any, use: IntArray, begin: IntArray, steps: int, pace: float) -> None:
    """Move the prices of who waits by so many steps, and keep the mean of what is chosen."""
    recipient, owner, cost, size = problem[1][use], problem[2][use], problem[3][use], problem[4][use]
    missing, fixed, u, free, mean = problem[5], problem[6], state[0], state[5], state[7]
    gain, taken = np.empty(len(use)), np.zeros(len(use), np.bool_)
    need = np.maximum(0, state[3])
    used, last = np.zeros(len(u)), np.zeros(len(u))
    for _ in range(steps):
        for n in range(len(use)):
            gain[n] = cost[n] - u[recipient[n]]
        worth = loads(begin, gain, size, need, state[2], taken)
        used[:] = 0.0
        for n in range(len(use)):
            j, chosen = owner[n], 0.0
            if taken[n] and worth[j] < _NEVER and (state[1][j] or fixed[j] + worth[j] < 0):
                chosen = 1.0
                used[recipient[n]] += 1.0
            mean[use[n]] += _RENEWED * (chosen - mean[use[n]])
        norm, scale = 0.0, 0.0
        for r in range(len(u)):
            if free[r]:
                lost = 1.0 if missing[r] < u[r] else 0.0
                last[r] = 1.0 - used[r] - lost + _KEPT * last[r]
                norm += last[r] * last[r]
                scale += abs(u[r])
        if norm > 0:
            for r in range(len(u)):
                if free[r]:
                    u[r] = min(u[r] + pace * scale / norm * last[r], missing[r])


@compiled
def send(problem: Any, state: Any, a: int) -> bool:
    """Choose an arc for good if it still can be; return whether it was."""
    r, j = problem[1][a], problem[2][a]
    if not state[5][r] or problem[4][a] > state[2][j] or not may_open(problem, state, j):
        return False
    if not state[1][j]:
        for b in range(len(state[4])):
            state[4][b] -= problem[7][j, b]
        state[1][j] = True
    state[6][r] = a
    state[5][r] = False
    state[2][j] -= problem[4][a]
    state[3][j] -= problem[4][a]
    return True


@compiled
def squeezed(problem: Any, state: Any, order: IntArray, begin: IntArray, r: int) -> bool:
    """Send who waits where it costs least, one other going elsewhere for it if need be; return whether it went.

    The arcs of recipient r are order[begin[r] : begin[r + 1]].
    """
    owner, cost, size, room, at = problem[2], problem[3], problem[4], state[2], state[6]
    least, best, moved, to = problem[5][r], NONE, NONE, NONE
    for n in range(begin[r], begin[r + 1]):
        a = order[n]
        j = owner[a]
        if not state[1][j] or cost[a] >= least:
            continue
        if size[a] <= room[j]:
            least, best, moved, to = cost[a], a, NONE, NONE
            continue
        for k in range(len(at)):
            was = at[k]
            if was < 0 or owner[was] != j or room[j] + size[was] < size[a]:
                continue
            for m in range(begin[k], begin[k + 1]):
                b = order[m]
                if owner[b] == j or not state[1][owner[b]] or size[b] > room[owner[b]]:
                    continue
                total = cost[a] + cost[b] - cost[was]
                if total < least:
                    least, best, moved, to = total, a, k, b
    if best < 0:
        return False
    if moved >= 0:
        was = at[moved]
        room[owner[was]] += size[was]
        state[3][owner[was]] += size[was]
        state[5][moved] = True
        send(problem, state, to)
    return send(problem, state, best)


@compiled
def served(problem: Any, state: Any) -> None:
    """Send who still waits to open providers, where that is better than nowhere."""
    recipient, count = problem[1], len(state[0])
    order, begin = np.empty(len(recipient), np.int64), np.zeros(count + 2, np.int64)
    for a in range(len(recipient)):
        begin[recipient[a] + 2] += 1
    for r in range(count):
        begin[r + 2] += begin[r + 1]
    for a in range(len(recipient)):
        order[begin[recipient[a] + 1]] = a
        begin[recipient[a] + 1] += 1
    for r in range(count):
        if state[5][r]:
            squeezed(problem, state, order, begin, r)


@compiled
def dive(problem: Any, state: Any, first: int, steps: int, pace: float, share: float) -> None:
    """Send a share of those who wait for good after so many steps, `first` the first time, until nobody waits."""
    while state[5].any():
        use, begin = waiting(problem, state)
        if len(use) == 0:
            break
        climb(problem, state, use, begin, first, pace)
        first = steps
        most, got = max(1, int(share * state[5].sum())), 0
        unsure = np.empty(len(use))
        for n in range(len(use)):
            unsure[n] = -state[7][use[n]]
        for n in ordered(unsure):
            if unsure[n] >= -_VOID or (got >= most and unsure[n] > -_SURE):
                break
            got += send(problem, state, use[n])
        if got == 0:
            break
    served(problem, state)
