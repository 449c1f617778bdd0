"""The door of a market: whatever a caller gives as arrays becomes checked int64 arrays, or one list of all faults."""

from __future__ import annotations

import math
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matcher.base.errors import Fault, InvalidInput
from matcher.base.numbers import holds_booleans

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: what floats are rounded to if nothing else is said and they are not all whole numbers
DEFAULT_RESOLUTION: Final = 1e-6
_DEFAULT_EXPONENT: Final = -6
#: a resolution that nobody asked for gives the largest number no more steps than this
MOST_STEPS: Final = 1 << 40
#: no sum of costs along a path of the residual graph may pass this, so that no dual price can ever wrap
MOST_PATH: Final = 1 << 60
#: a float beyond this is no longer exact to one unit
_MOST_FLOAT: Final = 1 << 53
#: faults of one kind and column listed one by one; the rest are counted
_MOST_LISTED: Final = 1000

LABELS: Final = "labels of a Series, which positions would not heed"


class Faults:
    """Collects every fault of one input, and raises them together."""

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(self, code: str, column: str, value: Any = None, **details: Any) -> None:
        """Note one fault."""
        self.found.append(Fault(code, column=column, value=value, details=details))

    def add_where(self, code: str, column: str, values: NDArray[Any], bad: Bools, **details: Any) -> None:
        """Note a fault at every position where `bad` (same shape as `values`) is true."""
        count = int(np.count_nonzero(bad))
        if not count:
            return
        for place in np.argwhere(bad)[:_MOST_LISTED]:
            at = tuple(int(i) for i in place)
            position = "*" if not at else at[0] if len(at) == 1 else at
            self.add(code, column, values[at].item(), position=position, **details)
        if count > _MOST_LISTED:
            self.add("many_faults", column, count=count - _MOST_LISTED, kind=code)

    def stop(self) -> None:
        """Raise what was found, if anything was."""
        if self.found:
            raise InvalidInput(self.found)


def numbers(value: ArrayLike, column: str, faults: Faults) -> NDArray[Any] | None:
    """Return `value` as an int64 or float64 array (unchecked for NaN), or None after noting why it is none."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        faults.add("array_type", column, kind="rows of unequal length")
        return None
    if np.ma.isMaskedArray(value):
        faults.add("array_type", column, kind="masked values")
        return None
    if holds_booleans(value):  # true and false are no costs, places or degrees, though Python counts with them
        faults.add("array_type", column, kind="true and false")
        return None
    if array.dtype == object:
        array = _from_objects(array)
    if array.dtype == np.int64:
        return array
    if array.dtype.kind == "i":
        return array.astype(np.int64)
    if array.dtype.kind == "u":
        faults.add_where("integer_range", column, array, array > np.uint64(2**63 - 1))
        return array.astype(np.int64)
    if array.dtype.kind == "f":
        return array.astype(np.float64)
    faults.add("array_type", column, kind=str(array.dtype))
    return None


def labelled(value: Any) -> bool:
    """Whether a value is a Series with labels of its own, not the positions 0, 1, 2 and so on."""
    index = getattr(value, "index", None)
    if index is None or callable(index) or not hasattr(value, "to_numpy"):
        return False
    return not np.array_equal(np.asarray(index), np.arange(len(index)))


def _from_objects(array: NDArray[Any]) -> NDArray[Any]:
    """Turn Python integers, decimals and the like into a numeric array where that loses nothing, else leave them.

    What pandas writes for a missing number is not a number.
    """
    missing = np.array([type(item).__name__ == "NAType" for item in array.flat], bool).reshape(array.shape)
    if missing.any():
        array = np.where(missing, np.nan, array)
    if all(isinstance(item, (int, np.integer)) for item in array.flat):
        try:
            return array.astype(np.int64)
        except OverflowError:
            return array.astype(np.uint64) if all(0 <= int(item) < 2**64 for item in array.flat) else array
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        return array


def whole(value: ArrayLike, column: str, faults: Faults) -> Ints | None:
    """Return `value` as int64, floats only if they are whole numbers; None after noting why not."""
    array = numbers(value, column, faults)
    if array is None or array.dtype == np.int64:
        return array
    finite = np.isfinite(array)
    safe = np.where(finite, array, 0.0)
    broken = ~finite | (np.rint(safe) != safe) | (np.abs(safe) >= _MOST_FLOAT)
    faults.add_where("bound_not_whole", column, array, broken)
    return np.where(broken, 0.0, safe).astype(np.int64)


def size(value: Any, column: str, faults: Faults) -> int:
    """Return a count of 0 or more as int; 0 after noting why it is none."""
    array = whole(value, column, faults)
    if array is None:
        return 0
    if array.ndim:
        faults.add("array_shape", column, shape=array.shape, expected="one number")
        return 0
    if array < 0:
        faults.add("number_negative", column, int(array))
        return 0
    return int(array)


def bounds(value: ArrayLike, count: int, column: str, faults: Faults) -> Ints:
    """Return (count, 2) minimum and maximum from one number, one number each, or one pair each."""
    result = np.zeros((count, 2), np.int64)
    if labelled(value):
        faults.add("array_type", column, kind=LABELS)
        return result
    if type(value) is int and 0 <= value < 1 << 62:  # what most markets have, and thousands of small ones pay for
        result[:, 1] = value
        return result
    array = whole(value, column, faults)
    if array is None:
        return result
    if array.shape == (count, 2):
        result[:] = array
    elif array.shape in ((), (count,)):
        result[:, 1] = array
    else:
        faults.add("array_shape", column, shape=array.shape, expected=f"(), ({count},) or ({count}, 2)")
        return result
    if count and result.min() < 0:
        faults.add_where("bound_negative", column, result, result < 0)
    for i in np.flatnonzero((result[:, 0] > result[:, 1]) & (result[:, 1] >= 0)).tolist():
        faults.add("bound_order", column, position=i, minimum=int(result[i, 0]), maximum=int(result[i, 1]))
    return result


def indices(value: ArrayLike, count: int, column: str, faults: Faults) -> Ints:
    """Return positions 0..count-1 as a flat int64 array."""
    array = whole(value, column, faults)
    if array is None:
        return np.zeros(0, np.int64)
    if array.size == 0:
        return np.zeros(0, np.int64)
    if array.ndim != 1:
        faults.add("array_shape", column, shape=array.shape, expected="(A,)")
        return np.zeros(0, np.int64)
    if array.min() < 0 or array.max() >= count:
        faults.add_where("index_range", column, array, (array < 0) | (array >= count), count=count, last=count - 1)
    return array


def repeated(keys: Ints, places: Ints, num_recipients: int, faults: Faults) -> None:
    """Note every arc whose key (provider * num_recipients + recipient, sorted) was there before."""
    again = np.flatnonzero(keys[1:] == keys[:-1]) + 1
    for i in again[:_MOST_LISTED].tolist():
        provider, recipient = divmod(int(keys[i]), num_recipients)
        faults.add("duplicate_arc", "recipient_idx", provider=provider, recipient=recipient, position=int(places[i]))
    if len(again) > _MOST_LISTED:
        count = len(again) - _MOST_LISTED
        faults.add("many_faults", "recipient_idx", count=count, kind="duplicate_arc")


def resolution_of(given: float | None, *arrays: NDArray[Any] | None) -> float:
    """Return the resolution: what was given, else 1 if every number is whole, else a power of ten that fits the data.

    That is `DEFAULT_RESOLUTION`, finer where the largest number is below 1, so that a millionth of it still counts, and
    coarser where it would come to more than `MOST_STEPS` steps.
    """
    if given is not None:
        return float(given)
    broken, largest, smallest = False, 0.0, math.inf
    for array in arrays:
        if array is not None and array.size:
            finite = array[np.isfinite(array)] if array.dtype.kind == "f" else array
            largest = max(largest, float(np.abs(finite).max(initial=0)))
            smallest = min(smallest, float(np.abs(finite[finite != 0].astype(np.float64)).min(initial=math.inf)))
            broken |= array.dtype.kind == "f" and bool((np.rint(finite) != finite).any())
    if not broken:
        return 1.0
    exponent = _DEFAULT_EXPONENT + min(0, math.floor(math.log10(largest)))
    # beyond 300 digits nothing can be counted anyway
    coarser = float(f"1e{max(exponent, math.ceil(math.log10(largest / MOST_STEPS)), -300)}")
    # what would vanish in so coarse a unit is a fault of the finer one instead: it is for the caller to decide
    return coarser if smallest > coarser / 2 else float(f"1e{max(exponent, -300)}")


def quantised(array: NDArray[Any], resolution: float, column: str, faults: Faults) -> Ints:
    """Return `array` in whole multiples of `resolution`, rounded half to even; integers at resolution 1 unchanged."""
    if array.dtype == np.int64:
        if resolution == 1.0:
            return array
        return _quantised_ints(array, resolution, column, faults)
    finite = np.isfinite(array)
    if not finite.all():
        faults.add_where("cost_not_finite", column, array, ~finite)
        array = np.where(finite, array, 0.0)
    inverse = round(1 / resolution)
    exact_inverse = inverse >= 1 and float(Decimal(1) / inverse) == resolution
    with np.errstate(over="ignore"):
        scaled = np.rint(array * inverse if exact_inverse else array / resolution)
    broken = ~(np.abs(scaled) <= _MOST_FLOAT)
    if broken.any():
        faults.add_where("integer_range", column, array, broken)
        scaled = np.where(broken, 0.0, scaled)
    return scaled.astype(np.int64)


def merged(array: NDArray[Any], whole: Ints) -> int:
    """Return how many different numbers became equal to the next smaller one when `array` was rounded to `whole`.

    Numbers apart by less than a 2**40-th of themselves, the noise of floats, count as equal from the beginning.
    """
    if array.dtype == np.int64 or array.size < 2:
        return 0
    given = np.sort(np.where(np.isfinite(array), array, 0.0), axis=None)
    noise = np.maximum(np.abs(given[1:]), np.abs(given[:-1])) / MOST_STEPS
    # rounding keeps the order, so the sorted ones belong together
    return int(np.count_nonzero((np.diff(np.sort(whole, axis=None)) == 0) & (np.diff(given) > noise)))


def _quantised_ints(array: Ints, resolution: float, column: str, faults: Faults) -> Ints:
    """Scale integers exactly, in Python integers: a resolution other than 1 with integers is rare."""
    unit = Decimal(repr(resolution))
    flat = [int((Decimal(item) / unit).to_integral_value(ROUND_HALF_EVEN)) for item in array.ravel().tolist()]
    broken = np.array([abs(item) >= 2**63 for item in flat], bool).reshape(array.shape)
    faults.add_where("integer_range", column, array, broken)
    return np.array([0 if abs(item) >= 2**63 else item for item in flat], np.int64).reshape(array.shape)


def metres(km: float, *, floor: bool) -> int:
    """Return kilometres as whole metres through their decimal digits, so that 1.001 km is 1,001 m."""
    exact = Decimal(repr(float(km))) * 1000
    return int(exact.to_integral_value(ROUND_FLOOR if floor else ROUND_HALF_EVEN))


def check_range(levels: list[int], num_providers: int, num_recipients: int, faults: Faults) -> None:
    """Note every level whose largest |cost| + |unmet cost| could make a dual price leave the exact range."""
    most = MOST_PATH // (2 * min(num_providers, num_recipients) + 4)
    for number, largest in enumerate(levels, 1):
        if largest > most:
            faults.add(
                "cost_range",
                "cost",
                largest,
                level=number,
                magnitude=largest,
                nodes=num_providers + num_recipients,
                most=most,
            )
