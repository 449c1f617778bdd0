"""Types of arrays, units, and what is done to numbers before they are counted with."""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
#: position of an id of last year that no table has any more
GONE = -1

CostUnit = Literal["km", "min"]
#: unit of the exact integer cost behind each unit that planners read
EXACT_UNIT = {"km": "m", "min": "s"}
#: cost of a pair that has none (no travel time listed and no speed given); such a pair is never allowed
UNKNOWN_COST = np.int64(2**40)
M_PER_KM = 1000
S_PER_MIN = 60
_BOOLEANS: Final = frozenset((bool, np.bool_))


def read_only(values: Any, dtype: Any) -> NDArray[Any]:
    """Return `values` as an array of `dtype` that can't be written."""
    array = np.array(values, dtype=dtype)
    array.setflags(write=False)
    return array


def magnitude(array: NDArray[Any]) -> int:
    """Return the largest absolute value as a Python integer (0 for an empty array)."""
    return max(int(array.max()), -int(array.min())) if array.size else 0


def holds_booleans(values: Any) -> bool:
    """Whether true or false is among values; beside a number in a list NumPy would take it for 1 or 0."""
    if isinstance(values, list | tuple):
        kinds = set(map(type, values))
        nested = not kinds.isdisjoint((list, tuple, np.ndarray))
        return not kinds.isdisjoint(_BOOLEANS) or (nested and any(map(holds_booleans, values)))
    kind = np.asarray(values).dtype.kind
    return kind == "b" or (kind == "O" and not _BOOLEANS.isdisjoint(map(type, np.asarray(values).flat)))
