"""Orders within compiled loops: NumPy's own sorts take many times as long to compile as the loops that want them."""

from __future__ import annotations

from typing import Any

import numpy as np

from matcher.base.numbers import FloatArray, IntArray
from matcher.market.points.compiled import compiled


@compiled
def ordered(key: FloatArray) -> IntArray:
    """Return the positions of the keys (N,) from the least to the greatest, ties as they stand, by merging runs."""
    count = len(key)
    order, other = np.empty(count, np.int64), np.empty(count, np.int64)
    for n in range(count):
        order[n] = n
    width = 1
    while width < count:
        for begin in range(0, count, 2 * width):
            left, right = begin, begin + width
            for at in range(begin, min(begin + 2 * width, count)):
                gone = left >= min(begin + width, count)
                if gone or (right < min(begin + 2 * width, count) and key[order[right]] < key[order[left]]):
                    other[at] = order[right]
                    right += 1
                else:
                    other[at] = order[left]
                    left += 1
        order, other = other, order
        width *= 2
    return order


@compiled
def least_but(values: Any, rank: int) -> Any:
    """Return which of the values (N,) has `rank` others before it, and leave them in another order.

    Source: Hoare's find (1961).
    """
    low, high = 0, len(values) - 1
    while low < high:
        pivot = values[(low + high) >> 1]
        left, right = low, high
        while left <= right:
            while values[left] < pivot:
                left += 1
            while values[right] > pivot:
                right -= 1
            if left <= right:
                values[left], values[right] = values[right], values[left]
                left += 1
                right -= 1
        if rank <= right:
            high = right
        elif rank >= left:
            low = left
        else:
            return values[rank]
    return values[rank]
