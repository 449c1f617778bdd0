"""A flow and its prices brought within epsilon of the optimum over the arcs made so far: the compiled loops.

Every provider j has a price p[j] >= 0, every recipient i a price u[i]; an arc costs d and its reduced cost is
d + p[j] - u[i]. The flow is within epsilon if no arc with room has a reduced cost below -epsilon and no arc with flow
one above it, if a provider with room has price 0, and a recipient missing units a price within epsilon of its charge.

`raise_prices` lets recipients bid until all their units are placed or missing; prices only rise, so what was within
epsilon stays so. `lower_prices` then lets providers with room and a price above 0 bid for recipients, prices only
falling. Both keep the other side's units placed, so together they end within epsilon whatever the prices they began
with, and prices that are nearly right are what makes them fast.

Source: Bertsekas and Castanon, "The auction algorithm for the transportation problem" (1989) and "A forward/reverse
auction algorithm for asymmetric assignment problems" (1992). Every function runs as plain Python without numba.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matcher.allpairs.pricing_fast import compiled

IntArray = NDArray[np.int64]
ShortArray = NDArray[np.int32]
FAR = np.int64(1) << 61


class Flow(NamedTuple):
    """Arcs sorted by recipient, their flow, and both sides; everything but the first five is changed in place.

    Attributes
    ----------
    start, provider, recipient, cost
        (R + 1,) first arc of each recipient; (A,) int32 ends and int64 costs of the arcs.
    first, by
        (P + 1,), (A,) int32: the arcs of each provider.
    demand, unmet, capacity
        (R,) units wanted and the charge of a missing one; (P,) units that can be given.
    flow, head, following
        (A,) units carried; (P,), (A,) int32 linked lists of the arcs of each provider that carry any, ended by -1.
    used, missing, lack
        (P,) units given; (R,) units missing at the charge; (R,) units in excess that are neither yet.
    p, u
        (P,), (R,) prices.
    """

    start: IntArray
    provider: ShortArray
    recipient: ShortArray
    cost: IntArray
    first: IntArray
    by: ShortArray
    demand: IntArray
    unmet: IntArray
    capacity: IntArray
    flow: IntArray
    head: ShortArray
    following: ShortArray
    used: IntArray
    missing: IntArray
    lack: IntArray
    p: IntArray
    u: IntArray


@compiled
def unlink(f: Flow, j: int, arc: int) -> None:
    """Take an arc out of the list of those that carry something."""
    at = f.head[j]
    if at == arc:
        f.head[j] = f.following[arc]
        return
    while f.following[at] != arc:
        at = f.following[at]
    f.following[at] = f.following[arc]


@compiled
def put(f: Flow, arc: int, units: int) -> None:
    """Add units to an arc, or take them away, with all that counts them but the recipient's lack."""
    j = f.provider[arc]
    if units > 0 and f.flow[arc] == 0:
        f.following[arc] = f.head[j]
        f.head[j] = arc
    f.flow[arc] += units
    f.used[j] += units
    if f.flow[arc] == 0:
        unlink(f, j, arc)


@compiled
def release(f: Flow, most: int, epsilon: int) -> int:
    """Set each u to the least that an arc with room asks and free the units that cost more than that plus epsilon.

    Returns the number of units freed.
    """
    freed = 0
    for i in range(len(f.u)):
        least = f.unmet[i]
        for a in range(f.start[i], f.start[i + 1]):
            j = f.provider[a]
            if f.flow[a] < min(most, f.demand[i], f.capacity[j]):
                least = min(least, f.cost[a] + f.p[j])
        f.u[i] = least
        for a in range(f.start[i], f.start[i + 1]):
            units = f.flow[a]
            if units > 0 and f.cost[a] + f.p[f.provider[a]] > least + epsilon:
                put(f, a, -units)
                f.lack[i] += units
                freed += units
        if f.missing[i] > 0 and f.unmet[i] > least + epsilon:
            f.lack[i] += f.missing[i]
            freed += f.missing[i]
            f.missing[i] = 0
    return freed


@compiled
def raise_prices(f: Flow, most: int, epsilon: int, work: int) -> int:
    """Let recipients with excess units bid until none is left or `work` bids are made; return the bids made."""
    num = len(f.u)
    line = np.empty(num + 1, np.int32)
    waits = np.zeros(num, np.bool_)
    begin, end, bids = 0, 0, 0
    for i in range(num):
        if f.lack[i] > 0:
            line[end] = i
            end += 1
            waits[i] = True
    while begin != end and bids < work:
        i = line[begin]
        begin = begin + 1 if begin < num else 0
        waits[i] = False
        while f.lack[i] > 0:
            bids += 1
            best, second, arc, room = f.unmet[i], FAR, -1, f.lack[i]
            for a in range(f.start[i], f.start[i + 1]):
                j = f.provider[a]
                asked = f.cost[a] + f.p[j]
                if asked >= second:
                    continue
                left = min(most, f.demand[i], f.capacity[j]) - f.flow[a]
                if left <= 0:
                    continue
                if asked < best:
                    second = best
                    best, arc, room = asked, a, left
                else:
                    second = asked
            if arc < 0:
                f.missing[i] += f.lack[i]
                f.lack[i] = 0
                f.u[i] = best
                break
            units = min(f.lack[i], room)
            put(f, arc, units)
            f.lack[i] -= units
            f.u[i] = (second if units == room else best) + epsilon
            j = f.provider[arc]
            while f.used[j] > f.capacity[j]:
                # The units that are worth least to their recipients go, and the next ones set the price.
                low, following, out = FAR, FAR, -1
                a = f.head[j]
                while a >= 0:
                    worth = f.u[f.recipient[a]] - f.cost[a]
                    if worth < low:
                        following = low
                        low, out = worth, a
                    elif worth < following:
                        following = worth
                    a = f.following[a]
                units = min(f.used[j] - f.capacity[j], f.flow[out])
                if units < f.flow[out]:
                    following = low
                put(f, out, -units)
                f.p[j] = max(f.p[j], following)
                i2 = f.recipient[out]
                f.lack[i2] += units
                if not waits[i2] and i2 != i:
                    waits[i2] = True
                    line[end] = i2
                    end = end + 1 if end < num else 0
    return bids


@compiled
def lower_prices(f: Flow, most: int, epsilon: int, work: int) -> int:
    """Let providers with room and a price bid until none is left or `work` bids are made; return the bids made."""
    num = len(f.p)
    line = np.empty(num + 1, np.int32)
    waits = np.zeros(num, np.bool_)
    begin, end, bids = 0, 0, 0
    for j in range(num):
        if f.used[j] < f.capacity[j] and f.p[j] > 0:
            line[end] = j
            end += 1
            waits[j] = True
    while begin != end and bids < work:
        j = line[begin]
        begin = begin + 1 if begin < num else 0
        waits[j] = False
        while f.used[j] < f.capacity[j] and f.p[j] > 0:
            bids += 1
            best, second, arc, room = epsilon, np.int64(0), -1, 0
            for k in range(f.first[j], f.first[j + 1]):
                a = f.by[k]
                i = f.recipient[a]
                worth = f.u[i] - f.cost[a]
                if worth <= second:
                    continue
                left = min(most, f.demand[i], f.capacity[j]) - f.flow[a]
                if left <= 0:
                    continue
                if worth > best:
                    second = best
                    best, arc, room = worth, a, left
                else:
                    second = worth
            if arc < 0:
                f.p[j] = 0
                break
            units = min(f.capacity[j] - f.used[j], room)
            put(f, arc, units)
            f.p[j] = min(f.p[j], max((second if units == room else best) - epsilon, 0))
            i = f.recipient[arc]
            over = units
            while over > 0:
                # The units that cost the recipient most go, and the next ones set its price.
                high, following, out = -FAR, -FAR, -1
                if f.missing[i] > 0:
                    high = f.unmet[i]
                for a in range(f.start[i], f.start[i + 1]):
                    if f.flow[a] > 0:
                        paid = f.cost[a] + f.p[f.provider[a]]
                        if paid > high:
                            following = high
                            high, out = paid, a
                        elif paid > following:
                            following = paid
                units = min(over, f.missing[i] if out < 0 else f.flow[out])
                if units < (f.missing[i] if out < 0 else f.flow[out]):
                    following = high
                over -= units
                f.u[i] = min(f.u[i], following)
                if out < 0:
                    f.missing[i] -= units
                    continue
                put(f, out, -units)
                j2 = f.provider[out]
                if not waits[j2] and j2 != j and f.p[j2] > 0:
                    waits[j2] = True
                    line[end] = j2
                    end = end + 1 if end < num else 0
    return bids
