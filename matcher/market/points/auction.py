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

from matcher.base.numbers import IntArray
from matcher.market.points.compiled import NONE, WIDE, compiled

ShortArray = NDArray[np.int32]
FAR = np.int64(1) << 61


#: an arc: what it asked (cost + p) at the beginning, its units and how many more it may carry; the next arc with units
#: of its provider or -1
ARC = np.dtype(
    [
        *(("ask", "i8"), ("flow", "i8"), ("room", "i8")),
        *(("metres", "i4"), ("provider", "i4"), ("recipient", "i4"), ("following", "i4")),
    ],
    align=True,
)
#: the part of an arc that every bid of its recipient looks at, small so that it is quickly there
NEAR = np.dtype([("metres", "i4"), ("provider", "i4")], align=True)
#: a provider: units given and units it has; its first arc with units or -1
PROVIDER = np.dtype([("used", "i8"), ("capacity", "i8"), ("head", "i4")], align=True)
#: a recipient: the charge of a missing unit; units wanted, missing, and in excess, which are neither yet
RECIPIENT = np.dtype([("unmet", "i8"), ("demand", "i8"), ("missing", "i8"), ("lack", "i8")], align=True)
#: an arc as its provider sees it: u - cost when `order_takers` looked, its cost, its position, its recipient
TAKE = np.dtype([("worth", "i8"), ("cost", "i8"), ("arc", "i4"), ("recipient", "i4")], align=True)
Records = NDArray[np.void]


class Flow(NamedTuple):
    """A flow in records, one memory access for all that belongs together; changed in place.

    Attributes
    ----------
    arcs, near, start
        (A,) `ARC`, sorted by recipient, then by `ask`; (A,) `NEAR` of the same; (R + 1,) first arc of each recipient.
    takes, first
        (A,) `TAKE`, sorted by provider, then by `worth`, greatest first; (P + 1,) first of each provider.
    givers, takers
        (P,) `PROVIDER`; (R,) `RECIPIENT`.
    p, u
        (P,), (R,) their prices.
    limit
        (A,) units that an arc may carry, whatever its ends have.
    scale
        A metre costs so much.
    """

    arcs: Records
    near: Records
    start: IntArray
    takes: Records
    first: IntArray
    givers: Records
    takers: Records
    p: IntArray
    u: IntArray
    limit: IntArray
    scale: int


@compiled
def unlink(f: Flow, j: int, arc: int) -> None:
    """Take an arc out of the list of those that carry something."""
    at = f.givers[j]["head"]
    if at == arc:
        f.givers[j]["head"] = f.arcs[arc]["following"]
        return
    while f.arcs[at]["following"] != arc:
        at = f.arcs[at]["following"]
    f.arcs[at]["following"] = f.arcs[arc]["following"]


@compiled
def put(f: Flow, arc: int, units: int) -> None:
    """Add units to an arc, or take them away, with all that counts them but the recipient's lack."""
    j = f.arcs[arc]["provider"]
    if units > 0 and f.arcs[arc]["flow"] == 0:
        f.arcs[arc]["following"] = f.givers[j]["head"]
        f.givers[j]["head"] = arc
    f.arcs[arc]["flow"] += units
    f.arcs[arc]["room"] -= units
    f.givers[j]["used"] += units
    if f.arcs[arc]["flow"] == 0:
        unlink(f, j, arc)


@compiled
def order_within(start: IntArray, key: IntArray, order: ShortArray) -> None:
    """Sort each run of `order` and of `key` in place by the key, ties as they stand."""
    for i in range(len(start) - 1):
        for a in range(start[i] + 1, start[i + 1]):
            here, arc = key[a], order[a]
            at = a
            while at > start[i] and key[at - 1] > here:
                key[at], order[at] = key[at - 1], order[at - 1]
                at -= 1
            key[at], order[at] = here, arc


@compiled
def takes_of(arcs: Records, num_providers: int, scale: int) -> tuple[Records, IntArray]:
    """Return the arcs (A,) as their providers see them, by provider, then as they stand, and where each one's begin."""
    first = np.zeros(num_providers + 2, np.int64)
    for a in range(len(arcs)):
        first[arcs[a]["provider"] + 2] += 1
    for j in range(num_providers):
        first[j + 2] += first[j + 1]
    takes = np.empty(len(arcs), TAKE)
    for a in range(len(arcs)):
        j = arcs[a]["provider"]
        at = first[j + 1]
        first[j + 1] += 1
        takes[at]["cost"], takes[at]["arc"] = arcs[a]["metres"] * scale, a
        takes[at]["recipient"] = arcs[a]["recipient"]
    return takes, first[:-1]


@compiled
def order_takers(f: Flow) -> None:
    """Sort the arcs of each provider by what they are worth now, greatest first, ties as they stand."""
    for j in range(len(f.givers)):
        for k in range(f.first[j], f.first[j + 1]):
            cost, arc, recipient = f.takes[k]["cost"], f.takes[k]["arc"], f.takes[k]["recipient"]
            worth = f.u[recipient] - cost
            at = k
            while at > f.first[j] and f.takes[at - 1]["worth"] < worth:
                f.takes[at] = f.takes[at - 1]
                at -= 1
            f.takes[at]["worth"], f.takes[at]["cost"] = worth, cost
            f.takes[at]["arc"], f.takes[at]["recipient"] = arc, recipient


@compiled
def release(f: Flow, epsilon: int) -> int:
    """Set each u to the least that an arc with room asks and free the units that cost more than that plus epsilon.

    Returns the number of units freed.
    """
    freed = 0
    for i in range(len(f.takers)):
        least = f.takers[i]["unmet"]
        for a in range(f.start[i], f.start[i + 1]):
            j = f.arcs[a]["provider"]
            if f.arcs[a]["room"] > 0:
                least = min(least, f.arcs[a]["metres"] * f.scale + f.p[j])
        f.u[i] = least
        for a in range(f.start[i], f.start[i + 1]):
            units = f.arcs[a]["flow"]
            if units > 0 and f.arcs[a]["metres"] * f.scale + f.p[f.arcs[a]["provider"]] > least + epsilon:
                put(f, a, -units)
                f.takers[i]["lack"] += units
                freed += units
        if f.takers[i]["missing"] > 0 and f.takers[i]["unmet"] > least + epsilon:
            f.takers[i]["lack"] += f.takers[i]["missing"]
            freed += f.takers[i]["missing"]
            f.takers[i]["missing"] = 0
    return freed


@compiled
def raise_prices(f: Flow, epsilon: int, work: int, rest: int, patience: int) -> int:
    """Let recipients with excess units bid until none is left; return the bids made.

    At most `work` bids are made, and at most `patience` after only `rest` recipients wait: a few that outbid each other
    step by step are better placed by shortest paths.
    """
    num = len(f.takers)
    line = np.empty(num + 1, np.int32)
    waits = np.zeros(num, np.bool_)
    begin, end, bids = 0, 0, 0
    for i in range(num):
        if f.takers[i]["lack"] > 0:
            line[end] = i
            end += 1
            waits[i] = True
    late = False
    while bids < work and begin != end:
        if not late and (end - begin if end > begin else end - begin + num + 1) <= rest:
            late = True
            work = min(work, bids + patience)
        i = line[begin]
        begin = begin + 1 if begin < num else 0
        waits[i] = False
        while f.takers[i]["lack"] > 0:
            bids += 1
            best, second, arc, room = f.takers[i]["unmet"], FAR, NONE, f.takers[i]["lack"]
            for a in range(f.start[i], f.start[i + 1]):
                j = f.near[a]["provider"]
                asked = f.near[a]["metres"] * f.scale + f.p[j]
                if asked >= second:
                    continue
                left = f.arcs[a]["room"]
                if left <= 0:
                    continue
                if asked < best:
                    second = best
                    best, arc, room = asked, a, left
                else:
                    second = asked
            if arc < 0:
                f.takers[i]["missing"] += f.takers[i]["lack"]
                f.takers[i]["lack"] = 0
                f.u[i] = best
                break
            units = min(f.takers[i]["lack"], room)
            put(f, arc, units)
            f.takers[i]["lack"] -= units
            f.u[i] = (second if units == room else best) + epsilon
            j = f.arcs[arc]["provider"]
            while f.givers[j]["used"] > f.givers[j]["capacity"]:
                # The units that are worth least to their recipients go, and the next ones set the price.
                low, following, out = FAR, FAR, NONE
                a = WIDE(f.givers[j]["head"])
                while a >= 0:
                    worth = f.u[f.arcs[a]["recipient"]] - f.arcs[a]["metres"] * f.scale
                    if worth < low:
                        following = low
                        low, out = worth, a
                    elif worth < following:
                        following = worth
                    a = WIDE(f.arcs[a]["following"])
                units = min(f.givers[j]["used"] - f.givers[j]["capacity"], f.arcs[out]["flow"])
                if units < f.arcs[out]["flow"]:
                    following = low
                put(f, out, -units)
                f.p[j] = max(f.p[j], following)
                i2 = f.arcs[out]["recipient"]
                f.takers[i2]["lack"] += units
                if not waits[i2] and i2 != i:
                    waits[i2] = True
                    line[end] = i2
                    end = end + 1 if end < num else 0
    return bids


@compiled
def lower_prices(f: Flow, epsilon: int, work: int, rest: int, patience: int) -> int:
    """Let providers with room and a price bid until none is left, within limits as `raise_prices`; return the bids."""
    order_takers(f)
    num = len(f.givers)
    line = np.empty(num + 1, np.int32)
    waits = np.zeros(num, np.bool_)
    begin, end, bids = 0, 0, 0
    for j in range(num):
        if f.givers[j]["used"] < f.givers[j]["capacity"] and f.p[j] > 0:
            line[end] = j
            end += 1
            waits[j] = True
    late = False
    while bids < work and begin != end:
        if not late and (end - begin if end > begin else end - begin + num + 1) <= rest:
            late = True
            work = min(work, bids + patience)
        j = line[begin]
        begin = begin + 1 if begin < num else 0
        waits[j] = False
        while f.givers[j]["used"] < f.givers[j]["capacity"] and f.p[j] > 0:
            bids += 1
            best, second, arc, room = epsilon, 0, NONE, 0
            for k in range(f.first[j], f.first[j + 1]):
                if f.takes[k]["worth"] <= second:
                    break  # prices only fall: the rest is worth no more
                i = f.takes[k]["recipient"]
                worth = f.u[i] - f.takes[k]["cost"]
                if worth <= second:
                    continue
                a = WIDE(f.takes[k]["arc"])
                left = f.arcs[a]["room"]
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
            units = min(f.givers[j]["capacity"] - f.givers[j]["used"], room)
            put(f, arc, units)
            f.p[j] = min(f.p[j], max((second if units == room else best) - epsilon, 0))
            i = f.arcs[arc]["recipient"]
            over = units
            while over > 0:
                # The units that cost the recipient most go, and the next ones set its price.
                high, following, out = -FAR, -FAR, NONE
                if f.takers[i]["missing"] > 0:
                    high = f.takers[i]["unmet"]
                for a in range(f.start[i], f.start[i + 1]):
                    if f.arcs[a]["flow"] > 0:
                        paid = f.arcs[a]["metres"] * f.scale + f.p[f.arcs[a]["provider"]]
                        if paid > high:
                            following = high
                            high, out = paid, a
                        elif paid > following:
                            following = paid
                units = min(over, f.takers[i]["missing"] if out < 0 else f.arcs[out]["flow"])
                if units < (f.takers[i]["missing"] if out < 0 else f.arcs[out]["flow"]):
                    following = high
                over -= units
                f.u[i] = min(f.u[i], following)
                if out < 0:
                    f.takers[i]["missing"] -= units
                    continue
                put(f, out, -units)
                j2 = f.arcs[out]["provider"]
                if not waits[j2] and j2 != j and f.p[j2] > 0:
                    waits[j2] = True
                    line[end] = j2
                    end = end + 1 if end < num else 0
    return bids
