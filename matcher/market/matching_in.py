"""The door of a matching's arrays: what may be asked of it afterwards must have its form, true or not."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Mapping
from typing import Any, Final, cast, get_args

from numpy.typing import NDArray

from matcher.base.numbers import IntArray
from matcher.base.progress import StopReason
from matcher.base.result import Level, Proof, ProofKind, Sense, Status

Arrays = Mapping[str, NDArray[Any]]
#: characters of one number or word of a level; a number of 64 bits has 20
_LONGEST: Final = 1000
#: types of the fields of a level, where they are not text
_TYPES: Final = {"value": int, "bound": int, "gap": int, "conditional": bool}
_MAY_LACK: Final = {"value", "bound", "gap"}


def pairs(array: NDArray[Any], sizes: tuple[int, ...], name: str) -> IntArray:
    """Return (k, 2) positions of providers and recipients.

    Raises
    ------
    ValueError
        If they are of another form, or out of range.
    """
    if array.dtype.kind not in "iu" or array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"{name}: {array.dtype} {array.shape}")
    for side, size in enumerate(sizes):
        positions(array[:, side], size, name)
    return array


def units(arrays: Arrays, count: int, wanted: bool) -> IntArray | None:
    """Return the units of `count` pairs, None where a pair has one.

    Raises
    ------
    ValueError
        If they are missing, of another form, or there where a pair has one.
    """
    array = arrays.get("units")
    if not wanted and array is None:
        return None
    if array is None or not wanted or array.dtype != "int64" or array.shape != (count,):
        raise ValueError("units")
    return array


def positions(array: NDArray[Any], size: int, name: str) -> IntArray:
    """Return positions below `size`.

    Raises
    ------
    ValueError
        If they are of another form, or out of range.
    """
    if array.dtype.kind not in "iu" or array.ndim != 1:
        raise ValueError(f"{name}: {array.dtype} {array.shape}")
    if array.size and not (int(array.min()) >= 0 and int(array.max()) < size):
        raise ValueError(f"{name}: positions up to {int(array.max())} of {size}")
    return array


def status_of(arrays: Arrays) -> tuple[Status, StopReason | None]:
    """Return the status and why the work stopped."""
    status, stop_reason = str(arrays["status"]), str(arrays["stop_reason"])
    if status not in get_args(Status) or stop_reason not in ("", *get_args(StopReason)):
        raise ValueError(f"{status} {stop_reason}")
    return cast("Status", status), cast("StopReason", stop_reason) if stop_reason else None


def levels_of(arrays: Arrays) -> tuple[Level, ...]:
    """Return the levels, each field of its type."""
    columns = {name: [_read(name, item) for item in arrays[f"level_{name}"].reshape(-1)] for name in Level.__slots__}
    rows = zip(*columns.values(), strict=True)
    levels = tuple(Level.from_json(dict(zip(columns, row, strict=True))) for row in rows)
    if any(level.sense not in get_args(Sense) for level in levels):
        raise ValueError("sense")
    return levels


def proof_of(arrays: Arrays, proof: Arrays) -> Proof:
    """Return the proof with its arrays."""
    kind, scope, solver = (str(item) for item in arrays["proof"])
    if kind not in get_args(ProofKind):
        raise ValueError(kind)
    return Proof(cast("ProofKind", kind), scope, solver or None, proof)


def _read(name: str, item: Any) -> Any:
    said = str(item)
    value = literal_eval(said) if len(said) <= _LONGEST else said
    if not (type(value) is _TYPES.get(name, str) or (value is None and name in _MAY_LACK)):
        raise ValueError(f"{name} {said[:_LONGEST]}")
    return value
