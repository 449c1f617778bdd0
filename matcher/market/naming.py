"""Ids in, ids out: a frame of pairs as the arrays of a market, and a matching as a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matcher.base.plain import shown
from matcher.market.input import Faults, Ints

#: options that say something of each member of a side, and which side that is
_SIDE_OF: Final = {"capacity": 0, "demand": 1, "unmet_cost": 1, "size": 1}
#: options that say something of each pair
_OF_PAIRS: Final = ("provider_rank", "recipient_rank", "pair_limit", "size")


class Ids(NamedTuple):
    """What the caller calls the providers (P,) and the recipients (R,), each int64 or text."""

    provider: NDArray[Any]
    recipient: NDArray[Any]


class Named(NamedTuple):
    """Positions and costs for `Market.from_arcs`, its options, and the ids."""

    arcs: tuple[Ints, Ints, NDArray[Any]]
    options: dict[str, Any]
    ids: Ids


def framed(
    frame: Any,
    ends: tuple[str, str],
    cost: str | Sequence[str],
    sides: tuple[ArrayLike | None, ArrayLike | None],
    options: Mapping[str, Any],
) -> Named:
    """Return a frame of pairs by ids as the arrays of a market; see `Market.from_frame`."""
    faults = Faults()
    levels = [cost] if isinstance(cost, str) else list(cost)
    missing = [name for name in (*ends, *levels) if name not in getattr(frame, "columns", ())]
    for name in missing:
        faults.add("column_missing", name)
    faults.stop()
    costs = np.array([np.asarray(frame[name]) for name in levels])
    kept = _not_infinite(costs)
    named = [_ids(np.asarray(frame[name])[kept], name, faults) for name in ends]
    known = [
        np.unique(column) if given is None else _ids(np.asarray(given), f"{name}s", faults)
        for column, given, name in zip(named, sides, ends, strict=True)
    ]
    at = [_positions(column, ids, name, faults) for column, ids, name in zip(named, known, ends, strict=True)]
    faults.stop()
    found = dict(options)
    for name, side in _SIDE_OF.items():
        if name in found:
            found[name] = _of_members(found[name], known[side], name, faults)
    for name in _OF_PAIRS:
        if isinstance(found.get(name), str):
            column = np.asarray(frame[found[name]])[kept]
            found[name] = column[None] if name == "size" else column
    faults.stop()
    found.update(num_providers=len(known[0]), num_recipients=len(known[1]))
    return Named((at[0], at[1], costs[:, kept]), found, Ids(*(_frozen(ids) for ids in known)))


def _not_infinite(costs: NDArray[Any]) -> NDArray[np.bool_]:
    if costs.dtype.kind not in "fO":
        return np.ones(costs.shape[1], bool)
    return np.array([all(item != np.inf for item in column) for column in costs.T.tolist()], bool)


def _ids(column: NDArray[Any], name: str, faults: Faults) -> NDArray[Any]:
    """Return ids as int64 or text; whole numbers and text together are neither."""
    if column.dtype.kind in "iu":
        return column.astype(np.int64)
    flat = column.tolist()
    if all(isinstance(item, int) and not isinstance(item, bool) for item in flat):
        return np.array(flat, np.int64)
    for position, item in enumerate(flat):
        if not isinstance(item, str):
            faults.add("id_not_text", name, shown(item), position=position)
    faults.stop()
    return np.array(flat, np.str_)


def _positions(column: NDArray[Any], ids: NDArray[Any], name: str, faults: Faults) -> Ints:
    order = np.argsort(ids, kind="stable")
    again = np.flatnonzero(ids[order][1:] == ids[order][:-1])
    for i in again.tolist():
        faults.add("id_twice", f"{name}s", ids[order][i].item())
    if ids.dtype.kind != column.dtype.kind and len(column) and len(ids):
        faults.add("id_unknown", name, column[0].item(), position=0)
        return np.zeros(len(column), np.int64)
    at = order[np.minimum(np.searchsorted(ids[order], column), len(ids) - 1)] if len(ids) else np.zeros(0, np.int64)
    unknown = ids[at] != column if len(ids) else np.ones(len(column), bool)
    faults.add_where("id_unknown", name, column, unknown)
    return at if len(ids) else np.zeros(len(column), np.int64)


def _of_members(value: Any, ids: NDArray[Any], name: str, faults: Faults) -> Any:
    """Return what is said of each member in the order of the ids; what has no labels stays as it is."""
    if hasattr(value, "index") and hasattr(value, "to_dict"):
        value = value.to_dict()
    if not isinstance(value, Mapping):
        return value
    lacking = [item for item in ids.tolist() if item not in value]
    for item in lacking:
        faults.add("id_unknown", name, item, position="*")
    return None if lacking else np.array([value[item] for item in ids.tolist()])


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
