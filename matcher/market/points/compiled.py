"""Compiled inner loops of the pricing, used where numba is installed (extra `fast`); the results are the same without.

Source of the search: the usual branch and bound over a k-d tree (Friedman, Bentley and Finkel 1977), with the least
price of a box added to its distance.
"""

from __future__ import annotations

import functools
import importlib.util
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from matcher.base.disk import private_cache

#: whether the loops are compiled; numba itself is loaded when one of them first runs
AVAILABLE = importlib.util.find_spec("numba") is not None

_PLAIN: Final[ContextVar[bool]] = ContextVar("matcher_plain_loops", default=False)

F = TypeVar("F", bound=Callable[..., Any])


@contextmanager
def plainly(asked: bool) -> Iterator[None]:
    """Run loops that this process has not compiled as plain Python, if that is asked."""
    token = _PLAIN.set(asked or _PLAIN.get())
    try:
        yield
    finally:
        _PLAIN.reset(token)


def run_plainly() -> bool:
    """Whether loops that this process has not compiled run as plain Python."""
    return _PLAIN.get()


class _Loop:
    """A loop that is compiled when it first runs, and calls no other but compiled ones."""

    def __init__(self, function: Callable[..., Any]):
        functools.update_wrapper(self, function)
        self.py_func = function
        self._compiled: Callable[..., Any] | None = None

    def __call__(self, *values: Any) -> Any:
        return (self._compiled or (self.py_func if _PLAIN.get() else self.compiled()))(*values)

    def compiled(self) -> Callable[..., Any]:
        """Return the loop as numba's own object."""
        if self._compiled is None:
            import numba

            code, known = self.py_func.__code__, self.py_func.__globals__
            called = {name: known[name] for name in code.co_names if isinstance(known.get(name), _Loop)}
            inside = known | {name: loop.compiled() for name, loop in called.items()}
            body = types.FunctionType(code, inside, self.py_func.__name__, self.py_func.__defaults__)
            body.__module__, body.__qualname__ = self.py_func.__module__, self.py_func.__qualname__
            try:
                self._compiled = numba.njit(cache=True, nogil=True, error_model="numpy")(body)
            except RuntimeError:  # numba found no place to keep the code: a read-only installation without a home
                own = private_cache()
                if own is not None:
                    numba.config.CACHE_DIR = str(own)  # type: ignore[attr-defined]
                self._compiled = numba.njit(cache=own is not None, nogil=True, error_model="numpy")(body)
        return self._compiled


def compiled(function: F) -> F:
    """Have `function` compiled where numba is installed; else it runs as it is."""
    return cast(F, _Loop(function)) if AVAILABLE else function


#: no node or arc, and no units: a plain number is a type of its own to the compiler, so whoever is given it is
#: compiled once more
NONE: Final[Any] = np.int64(-1)
ZERO: Final[Any] = np.int64(0)
#: makes one kind of whole numbers of whatever an array holds, for the same reason
WIDE: Final[Any] = np.int64


def of_one_kind(*arrays: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """Return arrays in C order and writable: a loop is compiled once more for each other kind that it is given."""
    return tuple(np.require(array, requirements=("C", "W")) for array in arrays)


# R = a^2 / b of WGS-84, the largest radius of curvature; 1 mm below a half keeps rounding errors on the safe side.
_R = 6378137.0**2 / 6356752.314245179
INVERSE_4R2 = 1.0 / (4.0 * _R * _R)
A3, A5, A7 = 1.0 / 6.0, 3.0 / 40.0, 15.0 / 336.0
HALF = 0.501


@compiled
def whole_floor(squared_chord: float) -> int:
    """Bound the whole metres of a geodesic from below by its squared chord."""
    x2 = squared_chord * INVERSE_4R2
    bound = np.sqrt(squared_chord) * (1.0 + x2 * (A3 + x2 * (A5 + x2 * A7)))
    return int(max(np.ceil(bound - HALF), 0.0))


@compiled
def find_arcs(
    start: NDArray[np.int64], provider: NDArray[np.int32], i: NDArray[np.int64], j: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the position of the arc between each recipient i and provider j, -1 where there is none.

    The arcs of recipient i are those from start[i] to start[i + 1], in any order.
    """
    found = np.full(len(i), -1, np.int64)
    for n in range(len(i)):
        for a in range(start[i[n]], start[i[n] + 1]):
            if provider[a] == j[n]:
                found[n] = a
                break
    return found


@compiled
def cheapest(
    points: NDArray[np.float64],
    prices: NDArray[np.int64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    floor: NDArray[np.int64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    xyz: NDArray[np.float64],
    limit: NDArray[np.int64],
    reach: int,
    k: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the k cheapest points of each query; see `pricing_tree.cheapest`."""
    num = len(xyz)
    slot = np.full((num, k), -1, np.int64)
    key = np.full((num, k), np.iinfo(np.int64).max, np.int64)
    first_leaf = (len(start) - 1) // 2
    stack = np.empty(128, np.int64)
    bounds = np.empty(128, np.int64)
    for q in range(num):
        x, y, z = xyz[q, 0], xyz[q, 1], xyz[q, 2]
        count = 0
        ceiling = limit[q] - 1
        top = 1
        stack[0] = 0
        bounds[0] = floor[0]
        while top > 0:
            top -= 1
            if bounds[top] > ceiling:
                continue
            node = stack[top]
            if node >= first_leaf:
                for i in range(start[node], end[node]):
                    dx, dy, dz = points[i, 0] - x, points[i, 1] - y, points[i, 2] - z
                    squared = dx * dx + dy * dy + dz * dz
                    # The chord alone, without a root, rules most of them out: whole + 1 is more than it.
                    room = float(ceiling - prices[i] + 1)
                    if room < 0.0 or squared > room * room:
                        continue
                    whole = whole_floor(squared)
                    total = whole + prices[i]
                    if whole > reach or total > ceiling:
                        continue
                    if count == k and total == key[q, k - 1] and i > slot[q, k - 1]:
                        continue
                    at = count if count < k else k - 1
                    while at > 0 and (key[q, at - 1] > total or (key[q, at - 1] == total and slot[q, at - 1] > i)):
                        key[q, at] = key[q, at - 1]
                        slot[q, at] = slot[q, at - 1]
                        at -= 1
                    key[q, at] = total
                    slot[q, at] = i
                    if count < k:
                        count += 1
                    if count == k:
                        ceiling = key[q, k - 1]
                continue
            left = 2 * node + 1
            best = np.int64(0)
            for side in range(2):
                child = left + side
                gx = max(low[child, 0] - x, x - high[child, 0], 0.0)
                gy = max(low[child, 1] - y, y - high[child, 1], 0.0)
                gz = max(low[child, 2] - z, z - high[child, 2], 0.0)
                squared = gx * gx + gy * gy + gz * gz
                room = float(ceiling - floor[child] + 1)
                if room < 0.0 or squared > room * room:
                    continue
                whole = whole_floor(squared)
                total = whole + floor[child]
                if whole > reach or total > ceiling:
                    continue
                if side == 1 and top > 0 and stack[top - 1] == left and best < total:
                    # the more promising child goes on top
                    stack[top] = left
                    bounds[top] = best
                    stack[top - 1] = child
                    bounds[top - 1] = total
                else:
                    stack[top] = child
                    bounds[top] = total
                best = total
                top += 1
    return slot, key


@compiled
def below(
    points: NDArray[np.float64],
    prices: NDArray[np.int64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    floor: NDArray[np.int64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    xyz: NDArray[np.float64],
    limit: NDArray[np.int64],
    roof: NDArray[np.int64],
    highest: NDArray[np.int64],
    reach: int,
    scale: int,
    found: NDArray[np.int64],
) -> int:
    """Write (query, point) into the rows of `found`, as many as it has, and return how many there are; see `tree`."""
    first_leaf = (len(start) - 1) // 2
    stack = np.empty(128, np.int64)
    count = 0
    for q in range(len(xyz)):
        x, y, z = xyz[q, 0], xyz[q, 1], xyz[q, 2]
        top = 1
        stack[0] = 0
        while top > 0:
            top -= 1
            node = stack[top]
            gx = max(low[node, 0] - x, x - high[node, 0], 0.0)
            gy = max(low[node, 1] - y, y - high[node, 1], 0.0)
            gz = max(low[node, 2] - z, z - high[node, 2], 0.0)
            whole = whole_floor(gx * gx + gy * gy + gz * gz)
            if whole > reach or whole >= highest[node] or whole * scale + floor[node] >= limit[q]:
                continue
            if node < first_leaf:
                stack[top], stack[top + 1] = 2 * node + 2, 2 * node + 1
                top += 2
                continue
            for i in range(start[node], end[node]):
                dx, dy, dz = points[i, 0] - x, points[i, 1] - y, points[i, 2] - z
                whole = whole_floor(dx * dx + dy * dy + dz * dz)
                if whole <= reach and whole < roof[i] and whole * scale + prices[i] < limit[q]:
                    if count < len(found):
                        found[count, 0], found[count, 1] = q, i
                    count += 1
    return count
