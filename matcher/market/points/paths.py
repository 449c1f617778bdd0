"""Exact repair of a flow by shortest paths in reduced costs: the compiled loops.

`serve` places the excess units of recipients along shortest paths and raises prices by the way there; `fill` lets
providers with room and a price above 0 draw units along shortest paths, or gives up their price, and lowers prices.
Both keep every reduced cost as valid as it was (arcs that are off by up to some epsilon count as 0), so after
`release(..., epsilon=0)` they end with an optimal flow of the arcs and prices that prove it.

Source: Edmonds and Karp (1972); Ahuja, Magnanti and Orlin (1993), section 9.7. Plain Python without numba.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matcher.base.numbers import IntArray
from matcher.market.points.auction import FAR, Flow, ShortArray, order_takers, put
from matcher.market.points.compiled import NONE, WIDE, ZERO, compiled


class Space(NamedTuple):
    """Labels of the nodes (providers, then recipients) in the search number `run`, and the heap."""

    label: IntArray
    stamp: ShortArray
    settled: ShortArray
    parent: ShortArray
    touched: ShortArray
    place: ShortArray
    heap: ShortArray


@compiled
def space_of(size: int) -> Space:
    """Return room for searches over so many nodes."""
    return Space(
        np.empty(size, np.int64),
        np.zeros(size, np.int32),
        np.zeros(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
    )


@compiled
def offer(s: Space, run: int, size: int, node: int, new: int, by: int) -> int:
    """Give `node` the label `new`, reached by arc `by`, if that is better; return the size of the heap."""
    if s.settled[node] == run:
        return size
    at = size
    if s.stamp[node] == run:
        if s.label[node] <= new:
            return size
        at = s.place[node]
    else:
        s.stamp[node] = run
        size += 1
    s.label[node] = new
    s.parent[node] = by
    while at > 0:
        above = (at - 1) >> 1
        if s.label[s.heap[above]] <= new:
            break
        s.heap[at] = s.heap[above]
        s.place[s.heap[at]] = at
        at = above
    s.heap[at] = node
    s.place[node] = at
    return size


@compiled
def drop(s: Space, size: int) -> int:
    """Take the top off a heap of `size` nodes; return its new size."""
    node = s.heap[size - 1]
    size -= 1
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and s.label[s.heap[child + 1]] < s.label[s.heap[child]]:
            child += 1
        if s.label[s.heap[child]] >= s.label[node]:
            break
        s.heap[at] = s.heap[child]
        s.place[s.heap[at]] = at
        at = child
    s.heap[at] = node
    s.place[node] = at
    return size


@compiled
def serve(f: Flow) -> int:
    """Place all excess units, recipient by recipient; return the nodes settled."""
    num_p, num_r = len(f.givers), len(f.takers)
    s = space_of(num_p + num_r)
    run, steps = 0, 0
    for i0 in range(num_r):
        while f.takers[i0]["lack"] > 0:
            run += 1
            goal, far = -1, FAR  # the last node before a place, or before a missing unit
            size = offer(s, run, ZERO, num_p + i0, ZERO, NONE)
            count = 0
            while size > 0:
                node = s.heap[0]
                key = s.label[node]
                if key >= far:
                    break
                size = drop(s, size)
                s.settled[node] = run
                s.touched[count] = node
                count += 1
                if node < num_p:
                    if f.givers[node]["used"] < f.givers[node]["capacity"]:
                        goal, far = node, key
                        break
                    a = WIDE(f.givers[node]["head"])
                    while a >= 0:
                        i = f.arcs[a]["recipient"]
                        new = key + max(f.u[i] - f.arcs[a]["metres"] * f.scale - f.p[node], 0)
                        if new < far:
                            size = offer(s, run, size, num_p + i, new, a)
                        a = WIDE(f.arcs[a]["following"])
                    continue
                i = node - num_p
                new = key + max(f.takers[i]["unmet"] - f.u[i], 0)
                if new < far:
                    goal, far = node, new
                for a in range(f.start[i], f.start[i + 1]):
                    if key + f.arcs[a]["ask"] - f.u[i] >= far:
                        break
                    j = WIDE(f.arcs[a]["provider"])
                    new = key + max(f.arcs[a]["metres"] * f.scale + f.p[j] - f.u[i], 0)
                    if new < far and f.arcs[a]["room"] > 0:
                        size = offer(s, run, size, j, new, a)
            steps += count
            for t in range(count):
                node = s.touched[t]
                if node < num_p:
                    f.p[node] += far - s.label[node]
                else:
                    f.u[node - num_p] += far - s.label[node]
            units = f.takers[i0]["lack"]
            if goal < num_p:
                units = min(units, f.givers[goal]["capacity"] - f.givers[goal]["used"])
            for push in range(2):
                node = goal
                if push and goal >= num_p:
                    f.takers[goal - num_p]["missing"] += units
                while s.parent[node] >= 0:
                    a = WIDE(s.parent[node])
                    i, j = f.arcs[a]["recipient"], f.arcs[a]["provider"]
                    if node < num_p:
                        if push:
                            put(f, a, units)
                        else:
                            units = min(units, f.arcs[a]["room"])
                        node = num_p + i
                    else:
                        if push:
                            put(f, a, -units)
                        else:
                            units = min(units, f.arcs[a]["flow"])
                        node = j
            f.takers[i0]["lack"] -= units
    return steps


@compiled
def fill(f: Flow) -> int:
    """Fill all room that has a price, or lower the price to 0; as `serve`."""
    order_takers(f)
    num_p, num_r = len(f.givers), len(f.takers)
    s = space_of(num_p + num_r)
    run, steps = 0, 0
    for j0 in range(num_p):
        while f.givers[j0]["used"] < f.givers[j0]["capacity"] and f.p[j0] > 0:
            run += 1
            goal, far = j0, f.p[j0]  # the last node before a missing unit, or the one whose price falls to 0
            size = offer(s, run, ZERO, j0, ZERO, NONE)
            count = 0
            while size > 0:
                node = s.heap[0]
                key = s.label[node]
                if key >= far:
                    break
                size = drop(s, size)
                s.settled[node] = run
                s.touched[count] = node
                count += 1
                if node < num_p:
                    if key + f.p[node] < far:
                        goal, far = node, key + f.p[node]
                    for k in range(f.first[node], f.first[node + 1]):
                        if key + f.p[node] - f.takes[k]["worth"] >= far:
                            break
                        a, i = WIDE(f.takes[k]["arc"]), f.takes[k]["recipient"]
                        new = key + max(f.takes[k]["cost"] + f.p[node] - f.u[i], 0)
                        if new < far and f.arcs[a]["room"] > 0:
                            size = offer(s, run, size, num_p + i, new, a)
                    continue
                i = node - num_p
                new = key + max(f.u[i] - f.takers[i]["unmet"], 0)
                if f.takers[i]["missing"] > 0 and new < far:
                    goal, far = node, new
                for a in range(f.start[i], f.start[i + 1]):
                    if f.arcs[a]["flow"] > 0:
                        j = WIDE(f.arcs[a]["provider"])
                        new = key + max(f.u[i] - f.arcs[a]["metres"] * f.scale - f.p[j], 0)
                        if new < far:
                            size = offer(s, run, size, j, new, a)
            steps += count
            for t in range(count):
                node = s.touched[t]
                if node < num_p:
                    f.p[node] -= far - s.label[node]
                else:
                    f.u[node - num_p] -= far - s.label[node]
            units = f.givers[j0]["capacity"] - f.givers[j0]["used"]
            if goal >= num_p:
                units = min(units, f.takers[goal - num_p]["missing"])
            for push in range(2):
                node = goal
                if push and goal >= num_p:
                    f.takers[goal - num_p]["missing"] -= units
                while s.parent[node] >= 0:
                    a = WIDE(s.parent[node])
                    i, j = f.arcs[a]["recipient"], f.arcs[a]["provider"]
                    if node >= num_p:
                        if push:
                            put(f, a, units)
                        else:
                            units = min(units, f.arcs[a]["room"])
                        node = j
                    else:
                        if push:
                            put(f, a, -units)
                        else:
                            units = min(units, f.arcs[a]["flow"])
                        node = num_p + i
    return steps


@compiled
def tighten(f: Flow) -> None:
    """Give up negative reduced costs of arcs that are full by their ends' bounds only, not by what an arc may carry."""
    for push in range(2):
        for a in range(len(f.arcs)):
            units, i, j = f.arcs[a]["flow"], f.arcs[a]["recipient"], f.arcs[a]["provider"]
            gain = f.u[i] - f.arcs[a]["metres"] * f.scale - f.p[j]
            if units > 0 and gain > 0 and units < f.limit[a]:
                if push:
                    f.u[i] -= gain
                elif units == f.givers[j]["capacity"]:
                    f.p[j] += gain
