"""Whole columns of cells at once, where every one is as asked for; None where any needs a closer look."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any, Final

from matcher.base.canonical import INVISIBLE, province, visible
from matcher.base.fieldtypes import HALF_WIDTH, LONGEST_ID, other_separator, words
from matcher.tables.columns import Column

_MOST: Final = 10**9

CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
CONTROL_IN_ID: Final = re.compile(rf"[\x00-\x1f\x7f\u2028\u2029{INVISIBLE}]")
SURROGATE: Final = re.compile("[\ud800-\udfff]")
#: texts longer than this are looked at one by one, so that no chunk of them is ever joined
_LONG: Final = 2_000

#: bounds of the numbers, as the records have them
LIMITS: Final[Mapping[str, tuple[float, float]]] = {
    "lat": (-180.0, 180.0),  # a latitude beyond 90 may be a swapped longitude: `region` judges the point
    "lon": (-180.0, 180.0),
    "decimal": (0.0, 10.0**6),
    "count": (0, _MOST),
    "bounds": (0, _MOST),
    "year": (1900, 2200),
    "rank": (1, _MOST),
}


Fast = Callable[[Column, Sequence[Any]], "list[Any] | None"]


def quick(fast: Fast, column: Column, chunk: Sequence[Any]) -> list[Any] | None:
    """Read a chunk at once; None if any cell needs a closer look."""
    if "" not in chunk and None not in chunk:
        return fast(column, chunk)
    if column.required:
        return None
    there = [value for value in chunk if value is not None and value != ""]
    read = iter(fast(column, there) or ()) if there else iter(())
    try:
        return [None if value is None or value == "" else next(read) for value in chunk]
    except StopIteration:
        return None


def _text(column: Column, chunk: Sequence[Any]) -> list[Any] | None:
    if set(map(type, chunk)) != {str} or len(max(chunk, key=len)) > (LONGEST_ID if column.type == "id" else _LONG):
        return None
    joined = "".join(chunk)
    if column.type == "id" and not joined.isascii():
        joined = joined.translate(HALF_WIDTH)
        chunk = [value.translate(HALF_WIDTH) for value in chunk]
    control = CONTROL_IN_ID if column.type == "id" else CONTROL
    if any(mark in joined for mark in "'#+=\r\n") or control.search(joined):
        return None
    if not joined.isascii() and (SURROGATE.search(joined) or visible(joined) != joined):
        return None
    stripped = list(map(str.strip, chunk))
    return stripped if all(stripped) else None


def _decimal(column: Column, chunk: Sequence[Any]) -> list[Any] | None:
    kinds = set(map(type, chunk))
    if kinds == {str}:
        if "_" in "".join(chunk):
            return None
        try:
            numbers = list(map(float, chunk))
        except ValueError:
            return None
    elif kinds <= {float, int}:
        numbers = [float(value) for value in chunk]
    else:
        return None
    low, high = LIMITS[column.type]
    return numbers if all(map(isfinite, numbers)) and low <= min(numbers) and max(numbers) <= high else None


def _whole(column: Column, chunk: Sequence[Any]) -> list[Any] | None:
    kinds = set(map(type, chunk))
    if kinds == {str}:
        joined = "".join(chunk)
        if not joined.isdecimal() or len(max(chunk, key=len)) > 10:
            return None
    elif kinds == {float}:
        if not all(value.is_integer() for value in chunk):
            return None
    elif kinds != {int}:
        return None
    numbers = list(map(int, chunk))
    low, high = LIMITS[column.type]
    return numbers if low <= min(numbers) and max(numbers) <= high else None


def _bounds(column: Column, chunk: Sequence[Any]) -> list[Any] | None:
    numbers = _whole(column, chunk)
    if numbers is None:
        return None
    pairs = {number: (0, number) for number in set(numbers)}
    return [pairs[number] for number in numbers]


def _choice(column: Column, chunk: Sequence[Any]) -> list[Any] | None:
    if not set(chunk) <= column.values.keys():
        return None
    return list(chunk)


def _words(column: Column, chunk: Sequence[Any]) -> list[Any] | None:
    plain = _text(column, chunk)
    if plain is None or any(other_separator(cell) for cell in set(plain)):
        return None
    split = {cell: words(cell) for cell in set(plain)}  # the same few lists of words come again and again
    return [split[cell] for cell in plain]


def _province(column: Column, chunk: Sequence[Any]) -> list[Any] | None:
    plain = _text(column, chunk)
    return plain if plain is not None and all(province(name) == name for name in set(plain)) else None


#: how a chunk of the cells of each type is read at once
FAST: Final[Mapping[str, Fast]] = {
    "id": _text,
    "text": _text,
    "province": _province,
    "words": _words,
    "choice": _choice,
    "lat": _decimal,
    "lon": _decimal,
    "decimal": _decimal,
    "count": _whole,
    "year": _whole,
    "rank": _whole,
    "bounds": _bounds,
}
