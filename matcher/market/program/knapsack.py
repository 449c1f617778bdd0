"""The best load of one provider as a knapsack in whole units, by dynamic programming (Bellman 1957).

Of the loads between what an open provider needs and what it holds, the least sum of gains. That is more than the
linear knapsack says, and the bound on the program is that of column generation over loads (Geoffrion 1974). `loads`
runs in the ascent, compiled where numba is installed; `least` is the same in exact integers for the certificate.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from matcher.base.numbers import BoolArray, FloatArray, IntArray
from matcher.market.points.compiled import AVAILABLE, compiled

_NEVER: Final = 1e300
#: beyond any sum of gains
_FAR: Final = 1 << 60
#: the same for one step of the ascent, and arcs of markets that need no compiled loop
_MOST_STEP: Final = 100_000_000
_FEW: Final = 500
#: entries of tables that are filled in seconds without compiled loops
_MOST_WORK: Final = 2_000_000_000


def is_worth_it(size: IntArray, room: IntArray, counts_pairs: bool) -> bool:
    """Whether the ascent may look at whole loads: sizes differ, rooms are small, and the loop is compiled."""
    mean = len(size) / max(1, len(room))
    small = float(np.minimum(room, size.sum()).sum()) * min(mean, 100.0) <= _MOST_STEP
    return bool((size > 1).any()) and not counts_pairs and small and (AVAILABLE or len(size) <= _FEW)


@compiled
def loads(
    start: IntArray, gain: FloatArray, size: IntArray, need: IntArray, room: IntArray, taken: BoolArray
) -> FloatArray:
    """Write which arcs the best load of each provider takes, and return what it adds (P,), infinite without any.

    The arcs of provider j are those from start[j] to start[j + 1].
    """
    worth = np.zeros(len(room))
    most = 0
    for j in range(len(room)):
        most = max(most, room[j])
    table = np.empty(most + 1)
    for j in range(len(room)):
        if need[j] > room[j]:
            worth[j] = np.inf
            continue
        for every in range(2):
            # who adds nothing is looked at only where the others do not make up what is needed
            count, load, value = 0, 0, 0.0
            for a in range(start[j], start[j + 1]):
                taken[a] = False
                if size[a] <= room[j] and (gain[a] < 0 or every == 1):
                    count += 1
                    if gain[a] < 0:
                        taken[a] = True
                        load += size[a]
                        value += gain[a]
            if load > room[j] or (every == 1 and load < need[j]):
                item = np.empty(count, np.int64)
                count = 0
                for a in range(start[j], start[j + 1]):
                    taken[a] = False
                    if size[a] <= room[j] and (gain[a] < 0 or every == 1):
                        item[count] = a
                        count += 1
                use = np.zeros((count, room[j] + 1), np.bool_)
                table[: room[j] + 1] = _NEVER
                table[0] = 0.0
                reached = 0
                for n in range(count):
                    s, g = size[item[n]], gain[item[n]]
                    reached = min(room[j], reached + s)
                    for w in range(reached, s - 1, -1):
                        if table[w - s] + g < table[w]:
                            table[w] = table[w - s] + g
                            use[n, w] = True
                low = need[j] if every == 1 else 0
                at = low
                for w in range(low, room[j] + 1):
                    if table[w] < table[at]:
                        at = w
                value, load = table[at], at
                if value < _NEVER / 2:
                    for n in range(count - 1, -1, -1):
                        if use[n, at]:
                            taken[item[n]] = True
                            at -= size[item[n]]
                else:
                    value = np.inf
            if load >= need[j]:
                break
        worth[j] = value
    return worth


def least(
    start: IntArray, gain: IntArray, size: IntArray, need: IntArray, room: IntArray
) -> tuple[IntArray, BoolArray] | None:
    """Return what the best load of each provider adds, (P,) int64, and whether it has one; None if that takes long.

    The arguments are those of `loads`, the gains so small that no sum of them reaches 2**60.
    """
    owner = np.repeat(np.arange(len(room)), np.diff(start))
    fits, gains = size <= room[owner], gain < 0
    use = np.flatnonzero(fits & gains)
    load, value = np.zeros(len(room), np.int64), np.zeros(len(room), np.int64)
    np.add.at(load, owner[use], size[use])
    np.add.at(value, owner[use], gain[use])
    tight, short = load > room, load < need
    count = np.bincount(owner[fits & (gains | short[owner])], minlength=len(room))
    if int(count[tight | short] @ room[tight | short]) > _MOST_WORK:
        return None
    able = need <= room
    for j in np.flatnonzero((tight | short) & able).tolist():
        arcs = np.arange(start[j], start[j + 1])[fits[start[j] : start[j + 1]]]
        found = None
        if tight[j]:
            found = _best(gain[arcs[gain[arcs] < 0]], size[arcs[gain[arcs] < 0]], 0, int(room[j]))
        if found is None or found[1] < need[j]:
            found = _best(gain[arcs], size[arcs], int(need[j]), int(room[j]))
        value[j], able[j] = found[0], found[0] < _FAR
    return value, able


def _best(gain: IntArray, size: IntArray, need: int, room: int) -> tuple[int, int]:
    """Return the least sum of gains at a load between two bounds, _FAR or more without one, and that load."""
    room = min(room, int(size.sum()))
    table = np.full(max(room, need) + 1, 2 * _FAR)
    table[0] = 0
    for s, g in zip(size.tolist(), gain.tolist(), strict=True):
        np.minimum(table[s:], table[: len(table) - s] + g, out=table[s:])
    at = need + int(table[need:].argmin())
    return int(table[at]), at
