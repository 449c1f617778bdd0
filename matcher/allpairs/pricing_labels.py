"""Dual prices of a flow by label correcting: the compiled loops, and the heap they share with `pricing_repair`.

Source: Ford (1956); the order of a good guess first is Dijkstra's in costs reduced by the guess. Every function runs as
plain Python where numba is not installed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matcher.allpairs.pricing_fast import compiled

IntArray = NDArray[np.int64]
FAR = np.int64(1) << 60


@compiled
def lift(heap: IntArray, place: IntArray, label: IntArray, at: int) -> None:
    """Move the node at `at` towards the top of the heap."""
    node = heap[at]
    while at > 0:
        above = (at - 1) >> 1
        if label[heap[above]] <= label[node]:
            break
        heap[at] = heap[above]
        place[heap[at]] = at
        at = above
    heap[at] = node
    place[node] = at


@compiled
def drop(heap: IntArray, place: IntArray, label: IntArray, size: int) -> None:
    """Take the top off a heap of `size` nodes."""
    node = heap[size - 1]
    size -= 1
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and label[heap[child + 1]] < label[heap[child]]:
            child += 1
        if label[heap[child]] >= label[node]:
            break
        heap[at] = heap[child]
        place[heap[at]] = at
        at = child
    heap[at] = node
    place[node] = at


@compiled
def settle(
    provider_start: IntArray,
    provider_arc: IntArray,
    recipient_start: IntArray,
    recipient: IntArray,
    provider: IntArray,
    cost: IntArray,
    flow: IntArray,
    most: int,
    guess: IntArray,
    cap: IntArray,
    floor: IntArray,
    price: IntArray,
) -> int:
    """Lower `price` in place to the greatest prices below it that fit the flow; return the steps taken, -1 if none fit.

    Nodes are the providers, then the recipients. Arcs are sorted by recipient (`recipient_start`); `provider_arc` lists
    them by provider. An arc carries at most `most` units. `guess` (P + R,) are prices near the result: nodes whose
    price is least above its guess go first, which with a good guess settles most of them once. No price is set above
    `cap`; where one would have to fall below `floor`, there are no prices that fit.
    """
    num_p = len(provider_start) - 1
    num = len(price)
    key = np.empty(num, np.int64)
    place = np.full(num, -1, np.int64)
    heap = np.empty(num, np.int64)
    size = 0
    for node in range(num):
        if price[node] < FAR:
            key[node] = price[node] - guess[node]
            place[node] = size
            heap[size] = node
            size += 1
            lift(heap, place, key, size - 1)
    steps = 0
    head, tail = 0, 0
    line = heap[:0]
    in_line = False
    while size > 0 or head != tail:
        if not in_line and steps > 30 * num:
            # The guess was poor: from here on in order of arrival, which never takes more than num passes.
            in_line = True
            line = np.empty(num + 1, np.int64)
            line[:size] = heap[:size]
            tail = size
            size = 0
        if in_line:
            node = line[head]
            head = head + 1 if head < num else 0
        else:
            node = heap[0]
            drop(heap, place, key, size)
            size -= 1
        place[node] = -1
        steps += 1
        is_p = node < num_p
        i = node if is_p else node - num_p
        first = provider_start[i] if is_p else recipient_start[i]
        last = provider_start[i + 1] if is_p else recipient_start[i + 1]
        for k in range(first, last):
            a = provider_arc[k] if is_p else k
            if is_p:
                if flow[a] >= most:
                    continue
                other = num_p + recipient[a]
                label = price[node] + cost[a]
            else:
                if flow[a] <= 0:
                    continue
                other = provider[a]
                label = price[node] - cost[a]
            label = min(label, cap[other])
            if label < price[other]:
                if label < floor[other]:
                    return -1
                price[other] = label
                key[other] = label - guess[other]
                if in_line:
                    if place[other] < 0:
                        place[other] = 0
                        line[tail] = other
                        tail = tail + 1 if tail < num else 0
                    continue
                if place[other] < 0:
                    place[other] = size
                    heap[size] = other
                    size += 1
                lift(heap, place, key, place[other])
    return steps
