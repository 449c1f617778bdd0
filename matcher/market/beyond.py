"""What a market may carry beyond a flow: providers that open, recipients of a size or bound to each other.

Every field is None by default; with any of them the market is a program in integers and no flow any more, and
`Market.is_flow` says so. A provider is *open* or not. One with a pair is open; one without may be open too, where
`must_open`, a least number in a group or a least use of a budget asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matcher.base.numbers import magnitude
from matcher.market import input as door
from matcher.market.input import Bools, Faults, Ints


class Beyond(TypedDict, total=False):
    """The optional fields as a caller gives them to `Market.from_matrix`, `from_arcs` and `from_points`.

    Attributes
    ----------
    opening_cost
        A number, (P,) or (L, P), 0 or more, in the unit of the costs (metres from points): paid once by an open
        provider, a number or (P,) at every level.
    least_if_open
        A number or (P,): an open provider has at least so many units.
    group
        (P,) position of each provider's group in `group_open`, -1 for none.
    group_open
        (G, 2): least and most open providers in each group; one group for all is "exactly so many".
    must_open, closed
        (P,) bool: providers that are open in any case, and that may not be.
    size
        (R,) whole numbers, 0 or more: a pair with a recipient takes that much capacity and is not split; or one such
        number a pair, (P, R) of a matrix, (A,) or (1, A) of listed pairs (where A is R, (A,) is by recipient).
    together
        (R,) labels from 0 to R - 1, -1 for none: recipients of one label have the same partners.
    most_pairs
        A number or (P,): a provider has at most so many recipients, whatever their sizes.
    apart
        (R,) labels from 0 to R - 1, -1 for none: a provider has at most one of the recipients of one label.
    resource
        (P, K), 0 or more: what an open provider uses of each resource.
    budget
        (K, 2), or (K,) for (0, most): least and most that the open providers use.
    """

    opening_cost: ArrayLike | None
    least_if_open: ArrayLike | None
    group: ArrayLike | None
    group_open: ArrayLike | None
    must_open: ArrayLike | None
    closed: ArrayLike | None
    size: ArrayLike | None
    together: ArrayLike | None
    most_pairs: ArrayLike | None
    apart: ArrayLike | None
    resource: ArrayLike | None
    budget: ArrayLike | None


FIELDS: Final = tuple(Beyond.__annotations__)
#: each is meaningless without the other
_COUPLES: Final = (("group", "group_open"), ("resource", "budget"))
#: what is counted by recipient has no meaning where several count as one
_EXCLUDE: Final = (("together", "most_pairs"), ("together", "apart"))


def given(beyond: Mapping[str, Any], faults: Faults) -> dict[str, Any]:
    """Return the fields that are not None; note every one that lacks its other half.

    Raises
    ------
    TypeError
        If a name is none of `FIELDS`, as for any argument that a function does not have.
    """
    for name in beyond.keys() - set(FIELDS):
        raise TypeError(f"a market has no argument {name!r}")
    fields = {name: value for name, value in beyond.items() if value is not None}
    for couple in _COUPLES:
        one = [name for name in couple if name in fields]
        if len(one) == 1:
            (other,) = set(couple) - set(one)
            faults.add("field_alone", one[0], other=other)
            del fields[one[0]]
    for one_name, other_name in _EXCLUDE:
        if one_name in fields and other_name in fields:
            faults.add("fields_exclude", other_name, other=one_name)
            del fields[other_name]
    return fields


def opening(raw: NDArray[Any], shape: tuple[int, int], resolution: float, faults: Faults) -> tuple[Ints, list[int]]:
    """Return the opening costs (L, P) in multiples of `resolution`, and the largest of each level."""
    result = np.zeros(shape, np.int64)
    if raw.shape not in ((), shape[1:], shape):
        faults.add("array_shape", "opening_cost", shape=raw.shape, expected=f"(), {shape[1:]} or {shape}")
        return result, [0] * shape[0]
    result[:] = door.quantised(raw, resolution, "opening_cost", faults)
    faults.add_where("bound_negative", "opening_cost", result, result < 0)
    return result, [magnitude(level) for level in result]


def checked(
    fields: Mapping[str, Any], num_providers: int, num_recipients: int, pairs: tuple[int, ...], faults: Faults
) -> dict[str, Any]:
    """Return every field but the opening cost as a checked array of its final shape; `pairs` is that of a cost."""
    found: dict[str, Any] = {}
    if "least_if_open" in fields:
        found["least_if_open"] = _counts(fields["least_if_open"], (num_providers,), "least_if_open", faults)
    if "size" in fields:
        found["size"] = _sizes(fields["size"], num_recipients, pairs, faults)
    if "together" in fields:
        found["together"] = _labels(fields["together"], num_recipients, num_recipients, "together", faults)
    if "most_pairs" in fields:
        found["most_pairs"] = _counts(fields["most_pairs"], (num_providers,), "most_pairs", faults)
    if "apart" in fields:
        found["apart"] = _labels(fields["apart"], num_recipients, num_recipients, "apart", faults)
    for name in ("must_open", "closed"):
        if name in fields:
            found[name] = _mask(fields[name], num_providers, name, faults)
    if "must_open" in found and "closed" in found:
        both = found["must_open"] & found["closed"]
        faults.add_where("open_and_closed", "closed", both, both)
    if "group" in fields:
        found["group_open"] = _pairs(fields["group_open"], "group_open", faults)
        groups = len(found["group_open"])
        found["group"] = _labels(fields["group"], num_providers, groups, "group", faults)
    if "resource" in fields:
        found["budget"] = _pairs(fields["budget"], "budget", faults)
        shape = (num_providers, len(found["budget"]))
        found["resource"] = _counts(fields["resource"], shape, "resource", faults)
    return found


def _sizes(value: ArrayLike, num_recipients: int, pairs: tuple[int, ...], faults: Faults) -> Ints:
    """Return sizes by recipient (R,), or by pair as (1, A), in the order in which the pairs were given."""
    shape = np.shape(value)
    if not pairs or shape in ((), (num_recipients,)) or shape not in (pairs, (1, *pairs)):
        return _counts(value, (num_recipients,), "size", faults)
    return _counts(np.reshape(value, (1, -1)), (1, int(np.prod(pairs))), "size", faults)


def _counts(value: ArrayLike, shape: tuple[int, ...], name: str, faults: Faults) -> Ints:
    result = np.zeros(shape, np.int64)
    array = door.whole(value, name, faults)
    if array is None:
        return result
    if array.shape not in ((), shape):
        faults.add("array_shape", name, shape=array.shape, expected=f"() or {shape}")
        return result
    result[:] = array
    faults.add_where("bound_negative", name, result, result < 0)
    if magnitude(result) > door.MOST_PATH // max(1, result.size):
        faults.add("integer_range", name, magnitude(result), position="*")
        return np.zeros(shape, np.int64)
    return result


def _labels(value: ArrayLike, count: int, most: int, name: str, faults: Faults) -> Ints:
    array = door.whole(value, name, faults)
    if array is None:
        return np.full(count, -1, np.int64)
    if array.shape != (count,):
        faults.add("array_shape", name, shape=array.shape, expected=f"({count},)")
        return np.full(count, -1, np.int64)
    wrong = (array < -1) | (array >= most)
    faults.add_where("label_range", name, array, wrong, most=most - 1)
    return array.copy()


def _mask(value: ArrayLike, count: int, name: str, faults: Faults) -> Bools:
    array = np.asarray(value)
    if array.dtype.kind != "b":
        faults.add("array_type", name, kind=str(array.dtype))
    elif array.shape != (count,):
        faults.add("array_shape", name, shape=array.shape, expected=f"({count},)")
    else:
        return array.copy()
    return np.zeros(count, bool)


def _pairs(value: ArrayLike, name: str, faults: Faults) -> Ints:
    """Return (n, 2) bounds from n pairs or n numbers."""
    array = np.asarray(value)
    if array.ndim not in (1, 2):
        faults.add("array_shape", name, shape=array.shape, expected="(n,) or (n, 2)")
        return np.zeros((0, 2), np.int64)
    return door.bounds(array, len(array), name, faults)
