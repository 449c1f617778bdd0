"""Cells to values: a whole column at once where it is clean, one cell after the other where it is not.

Every reader (CSV, workbook, frames) hands its columns to `read_column`. A cell that can't be read becomes
`UNREADABLE`, with a problem that says why, so that the rest of its row is still checked.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final

from matcher.base.escaping import _EXCEL_ERROR, _SCIENTIFIC, unescape
from matcher.base.fieldtypes import HALF_WIDTH, LONGEST, LONGEST_ID, words
from matcher.base.unreadable import UNREADABLE
from matcher.tables.columns import Column, normal

#: cells of a column that are tried at once; a chunk with a fault is read again cell by cell
_CHUNK: Final = 2048
#: from here on a floating number no longer holds every digit of an id (Excel keeps 15)
_LOST_DIGITS: Final = 10**15
_MOST: Final = 10**9

# half of a pair of surrogates is what is left of an emoji that was cut in two; it can't be written anywhere
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_CONTROL_IN_ID: Final = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028\u2029\ufeff\ud800-\udfff]")
_DMS: Final = re.compile(
    r"[NSEWnsew北南东西]?[纬经]?\s*(\d{1,3})\s*[°度º]\s*(?:(\d{1,2}(?:\.\d+)?)\s*[′'’分])?\s*(?:(\d{1,2}(?:\.\d+)?)\s*[″\"”秒])?\s*[NSEWnsew]?"
)
_RANGE: Final = re.compile(r"(\d+)\s*(?:\.\.|~|…|‥)\s*(\d+)")

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


@dataclass(frozen=True, slots=True)
class CellFault:
    """Why the cell at `position` of a column can't be read."""

    position: int
    code: str
    value: Any
    details: Mapping[str, Any] = field(default_factory=dict)


class BadCell(Exception):
    """One cell can't be read: a signal between the functions of this module, never raised to a user."""

    def __init__(self, code: str, **details: Any):
        self.code = code
        self.details = details


def read_column(column: Column, values: Sequence[Any]) -> tuple[list[Any], list[CellFault]]:
    """Return the values of a column as its records want them, `UNREADABLE` where that fails, and the problems.

    An empty cell becomes None.
    """
    fast, one = _READERS[column.type]
    read: list[Any] = []
    problems: list[CellFault] = []
    for start in range(0, len(values), _CHUNK):
        chunk = values[start : start + _CHUNK]
        quick = _quick(fast, column, chunk)
        if quick is not None:
            read += quick
            continue
        for position, value in enumerate(chunk, start):
            try:
                read.append(_cell(one, column, value))
            except BadCell as bad:
                read.append(UNREADABLE)
                problems.append(CellFault(position, bad.code, shown(value), bad.details))
    return read, problems


def as_text(value: Any) -> str:
    """Return a cell as the text that its editor shows, half-width or not, without outer spaces."""
    if value is None:
        return ""
    if isinstance(value, str):
        return unescape(value.strip())
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        if value != value:
            return ""
        return str(int(value)) if isfinite(value) and value.is_integer() and abs(value) < _LOST_DIGITS else repr(value)
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)


def shown(value: Any) -> Any:
    """Return a cell as a fault shows it: text cut to a readable length, dates in ISO form."""
    if isinstance(value, str):
        return value if len(value) <= 60 else value[:57] + "…"
    if isinstance(value, float) and value.is_integer() and abs(value) < _LOST_DIGITS:
        return int(value)  # a reader of workbooks knows floats only
    return as_text(value) if isinstance(value, dt.date | dt.time | dt.timedelta) else value


def write_bounds(value: tuple[int, int]) -> int | str:
    """Return (minimum, maximum) as its cell: 3 for (0, 3), `1..3` for (1, 3)."""
    return value[1] if value[0] == 0 else f"{value[0]}..{value[1]}"


# --- whole columns --------------------------------------------------------------------------------------------------

Fast = Callable[[Column, Sequence[Any]], "list[Any] | None"]


def _quick(fast: Fast, column: Column, chunk: Sequence[Any]) -> list[Any] | None:
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


def _fast_text(column: Column, chunk: Sequence[Any]) -> list[Any] | None:
    if set(map(type, chunk)) != {str}:
        return None
    joined = "".join(chunk)
    if column.type == "id" and not joined.isascii():
        joined = joined.translate(HALF_WIDTH)
        chunk = [value.translate(HALF_WIDTH) for value in chunk]
    control = _CONTROL_IN_ID if column.type == "id" else _CONTROL
    if any(mark in joined for mark in "'#+\r\n") or control.search(joined) or max(map(len, chunk)) > _longest(column):
        return None
    stripped = list(map(str.strip, chunk))
    return stripped if all(stripped) else None


def _longest(column: Column) -> int:
    return LONGEST_ID if column.type == "id" else LONGEST


def _fast_decimal(column: Column, chunk: Sequence[Any]) -> list[Any] | None:
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


def _fast_whole(column: Column, chunk: Sequence[Any]) -> list[Any] | None:
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


def _fast_bounds(column: Column, chunk: Sequence[Any]) -> list[Any] | None:
    numbers = _fast_whole(column, chunk)
    if numbers is None:
        return None
    pairs = {number: (0, number) for number in set(numbers)}
    return [pairs[number] for number in numbers]


def _fast_choice(column: Column, chunk: Sequence[Any]) -> list[Any] | None:
    if not set(chunk) <= column.values.keys():
        return None
    return list(chunk)


def _fast_words(column: Column, chunk: Sequence[Any]) -> list[Any] | None:
    plain = _fast_text(column, chunk)
    if plain is None:
        return None
    split = {cell: words(cell) for cell in set(plain)}  # the same few lists of words come again and again
    return [split[cell] for cell in plain]


# --- one cell -------------------------------------------------------------------------------------------------------

One = Callable[[Column, Any], Any]


def _cell(one: One, column: Column, value: Any) -> Any:
    if value is UNREADABLE:  # reported by the reader already
        return value
    if isinstance(value, str):
        value = value.strip()
        if _EXCEL_ERROR.fullmatch(value):
            raise BadCell("excel_error")
    if value is None or value == "" or (isinstance(value, float) and value != value):
        if column.required:
            raise BadCell("missing_value")
        return None
    return one(column, value)


def _one_id(column: Column, value: Any) -> str:
    if isinstance(value, dt.date | dt.time | dt.timedelta):
        raise BadCell("date_as_id")
    if isinstance(value, bool):
        raise BadCell("boolean_cell")
    if isinstance(value, float) and (not isfinite(value) or abs(value) >= _LOST_DIGITS):
        raise BadCell("digits_lost")
    if isinstance(value, str) and _SCIENTIFIC.fullmatch(value.translate(HALF_WIDTH)):
        raise BadCell("digits_lost")
    plain = as_text(value).translate(HALF_WIDTH).strip()
    if not plain:
        raise BadCell("missing_value")
    if len(plain) > LONGEST_ID:
        raise BadCell("too_long", limit=LONGEST_ID)
    if _CONTROL_IN_ID.search(plain):
        raise BadCell("control_character")
    return plain


def _one_text(column: Column, value: Any) -> str:
    plain = as_text(value).replace("\r\n", "\n").replace("\r", "\n")
    if _CONTROL.search(plain):
        raise BadCell("control_character")
    if len(plain) > LONGEST:
        raise BadCell("too_long", limit=LONGEST)
    return plain


def _one_words(column: Column, value: Any) -> tuple[str, ...]:
    parts = value if isinstance(value, list | tuple | set | frozenset) else [value]
    return words(";".join(_one_text(column, part) for part in parts))


def _number(column: Column, value: Any) -> float | int:
    """Return a cell as a number, exact where it is whole."""
    if isinstance(value, bool):
        raise BadCell("boolean_cell")
    if isinstance(value, dt.date | dt.time | dt.timedelta):
        raise BadCell("date_as_number")
    if isinstance(value, str):
        plain = unescape(value.translate(HALF_WIDTH).strip())
        dms = _DMS.fullmatch(plain)
        if dms is not None:
            degrees, minutes, seconds = (float(part or 0) for part in dms.groups())
            sign = -1 if any(mark in plain for mark in "SsWw南西") else 1
            raise BadCell("dms", decimal=round(sign * (degrees + minutes / 60 + seconds / 3600), 6))
        if "_" in plain or len(plain) > 400:
            raise BadCell("not_a_number")
        try:
            value = int(plain) if re.fullmatch(r"[+-]?\d+", plain) else float(plain)
        except ValueError:
            raise BadCell("not_a_number") from None
    if not isinstance(value, int | float):
        raise BadCell("not_a_number")
    if isinstance(value, float) and not isfinite(value):
        raise BadCell("not_finite")
    return value


def _limited(column: Column, number: float | int) -> None:
    low, high = LIMITS[column.type]
    if not low <= number <= high:
        raise BadCell("negative" if low == 0 and number < 0 else "out_of_range", low=low, high=high)


def _one_decimal(column: Column, value: Any) -> float:
    number = _number(column, value)
    _limited(column, number)
    return float(number)


def _one_whole(column: Column, value: Any) -> int:
    number = _number(column, value)
    if isinstance(number, float) and not number.is_integer():
        raise BadCell("not_whole")
    _limited(column, number)
    return int(number)


def _one_bounds(column: Column, value: Any) -> tuple[int, int]:
    if isinstance(value, str):
        both = _RANGE.fullmatch(value.translate(HALF_WIDTH).strip())
        if both is not None:
            return _one_whole(column, both.group(1)), _one_whole(column, both.group(2))
    if isinstance(value, list | tuple) and len(value) == 2:
        return _one_whole(column, value[0]), _one_whole(column, value[1])
    return 0, _one_whole(column, value)


def _one_choice(column: Column, value: Any) -> str:
    plain = normal(as_text(value))
    for name, further in column.values.items():
        if plain == name or plain in further:
            return name
    raise BadCell("not_a_choice", choices=", ".join(f"{name} ({also[0]})" for name, also in column.values.items()))


_READERS: Final[Mapping[str, tuple[Fast, One]]] = {
    "id": (_fast_text, _one_id),
    "text": (_fast_text, _one_text),
    "words": (_fast_words, _one_words),
    "choice": (_fast_choice, _one_choice),
    "lat": (_fast_decimal, _one_decimal),
    "lon": (_fast_decimal, _one_decimal),
    "decimal": (_fast_decimal, _one_decimal),
    "count": (_fast_whole, _one_whole),
    "year": (_fast_whole, _one_whole),
    "rank": (_fast_whole, _one_whole),
    "bounds": (_fast_bounds, _one_bounds),
}
