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
from typing import Any, Final, NamedTuple

from matcher.base.canonical import province, visible
from matcher.base.escaping import _EXCEL_ERROR, _SCIENTIFIC, unescape
from matcher.base.fieldtypes import HALF_WIDTH, LONGEST, LONGEST_ID, other_separator, words
from matcher.base.manyfaults import MOST_FAULTS
from matcher.base.ranges import range_of
from matcher.base.unreadable import UNREADABLE
from matcher.files.mending import Mended, degrees, kept_as_text, number, year
from matcher.files.numberformat import ShownNumber
from matcher.files.sheetxml import Formula
from matcher.files.wholecolumns import CONTROL, CONTROL_IN_ID, FAST, LIMITS, SURROGATE, quick
from matcher.tables.columns import Column
from matcher.tables.headers import normal

#: cells of a column that are tried at once; a chunk with a fault is read again cell by cell
_CHUNK: Final = 2048
#: from here on a floating number no longer holds every digit of an id (Excel keeps 15)
_LOST_DIGITS: Final = 10**15


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


class CellMend(NamedTuple):
    """What the cell at `position` of a column was taken for."""

    position: int
    code: str
    before: Any
    after: Any


@dataclass(slots=True)
class ReadColumn:
    """The values of a column as its records want them, `UNREADABLE` where that failed; the problems, the mends."""

    values: list[Any] = field(default_factory=list)
    problems: list[CellFault] = field(default_factory=list)
    mends: list[CellMend] = field(default_factory=list)
    #: whether there were so many problems that the cells after the last of them were not looked at
    ended: bool = False


def read_column(column: Column, values: Sequence[Any]) -> ReadColumn:
    """Read the cells of a column; an empty cell becomes None, those after `MOST_FAULTS` problems `UNREADABLE`."""
    fast, one = FAST[column.type], _READERS[column.type]
    whole = ReadColumn()
    read = whole.values
    seen: dict[str, Mended] = {}  # who writes 90人 does so again and again
    for start in range(0, len(values), _CHUNK):
        chunk = values[start : start + _CHUNK]
        at_once = quick(fast, column, chunk)
        if at_once is not None:
            read += at_once
            continue
        for position, value in enumerate(chunk, start):
            try:
                taken: Any = seen.get(value) if type(value) is str else None
                if taken is None:
                    taken = _cell(one, column, value)
            except BadCell as bad:
                taken = UNREADABLE
                whole.problems.append(CellFault(position, bad.code, shown(value), bad.details))
            if type(taken) is Mended:
                if type(value) is str:
                    seen[value] = taken
                whole.mends.append(CellMend(position, taken.code, shown(value), shown(taken.value)))
                taken = taken.value
            read.append(taken)
        if len(seen) > _CHUNK:
            seen.clear()
        if len(whole.problems) >= MOST_FAULTS:
            del whole.problems[MOST_FAULTS:]
            whole.ended = len(read) < len(values)
            read += [UNREADABLE] * (len(values) - len(read))
            break
    return whole


def as_text(value: Any) -> str:
    """Return a cell as the text that its editor shows, half-width or not, without outer spaces."""
    if value is None:
        return ""
    if isinstance(value, str):
        return unescape(value.strip())
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, ShownNumber):
        return value.text
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
    if isinstance(value, Formula):
        return shown(str(value))
    if isinstance(value, tuple):
        return write_bounds(value) if value and isinstance(value[0], int) else ";".join(map(str, value))
    return as_text(value) if isinstance(value, dt.date | dt.time | dt.timedelta) else value


def write_bounds(value: tuple[int, int]) -> int | str:
    """Return (minimum, maximum) as its cell: 3 for (0, 3), `1..3` for (1, 3)."""
    return value[1] if value[0] == 0 else f"{value[0]}..{value[1]}"


# --- one cell -------------------------------------------------------------------------------------------------------

One = Callable[[Column, Any], Any]


def _cell(one: One, column: Column, value: Any) -> Any:
    if value is UNREADABLE:  # reported by the reader already
        return value
    if isinstance(value, str):
        value = value.strip()
        if _EXCEL_ERROR.fullmatch(value):
            raise BadCell("excel_error")
    elif isinstance(value, Formula):
        raise BadCell("formula_without_value")
    if value is None or value == "" or (isinstance(value, float) and value != value):
        if column.required:
            raise BadCell("missing_value")
        return None
    return one(column, value)


def _one_id(column: Column, value: Any) -> Any:
    if isinstance(value, dt.date | dt.time | dt.timedelta):
        raise BadCell("date_as_id")
    if isinstance(value, bool):
        raise BadCell("boolean_cell")
    if isinstance(value, float) and (not isfinite(value) or abs(value) >= _LOST_DIGITS):
        raise BadCell("digits_lost")
    if isinstance(value, str) and _SCIENTIFIC.fullmatch(value.translate(HALF_WIDTH)):
        raise BadCell("digits_lost")
    bare = kept_as_text(value) if isinstance(value, str) else None
    if bare is not None and bare != value:
        return Mended(_one_id(column, bare), "kept_as_text")
    plain = as_text(value).translate(HALF_WIDTH).strip()
    if not plain:
        raise BadCell("missing_value")
    if len(plain) > LONGEST_ID:
        raise BadCell("too_long", limit=LONGEST_ID)
    if CONTROL_IN_ID.search(plain) or SURROGATE.search(plain):
        raise BadCell("control_character")
    return plain


def _one_text(column: Column, value: Any) -> str:
    plain = as_text(value).replace("\r\n", "\n").replace("\r", "\n")
    if CONTROL.search(plain) or SURROGATE.search(plain):
        raise BadCell("control_character")
    if len(plain) > LONGEST:
        raise BadCell("too_long", limit=LONGEST)
    return plain


def _one_name(column: Column, value: Any) -> Any:
    """Read a text for people; what nobody can see is left out."""
    plain = _one_text(column, value)
    bare = visible(plain).strip()
    return plain if bare == plain else Mended(bare, "invisible")


def _one_province(column: Column, value: Any) -> Any:
    plain = _one_text(column, value)
    official = province(plain)
    return plain if official == plain else Mended(official, "province")


def _one_words(column: Column, value: Any) -> Any:
    parts = value if isinstance(value, list | tuple | set | frozenset) else [value]
    whole = ";".join(_one_text(column, part) for part in parts)
    return Mended(words(whole), "words") if other_separator(whole) else words(whole)


def _number(column: Column, value: Any) -> float | int | Mended:
    """Return a cell as a number, exact where it is whole."""
    if isinstance(value, bool):
        raise BadCell("boolean_cell")
    if isinstance(value, dt.date | dt.time | dt.timedelta):
        raise BadCell("date_as_number")
    if isinstance(value, str):
        plain = unescape(value.translate(HALF_WIDTH).strip())
        if "_" in plain or len(plain) > 400:
            raise BadCell("not_a_number")
        try:
            return _finite(int(plain) if re.fullmatch(r"[+-]?\d+", plain) else float(plain))
        except ValueError:
            return _mended_number(column, value)
    if not isinstance(value, int | float):
        raise BadCell("not_a_number")
    return _finite(value)


def _finite(value: float | int) -> float | int:
    if isinstance(value, float) and not isfinite(value):
        raise BadCell("not_finite")
    return value


def _mended_number(column: Column, value: str) -> Mended:
    if column.type in ("lat", "lon"):
        decimal = degrees(value)
        if decimal is None:
            raise BadCell("not_a_number")
        return Mended(decimal, "degrees")
    known = year(value) if column.type == "year" else None
    found = number(value, column) if known is None else Mended(known, "year")
    if found is None:
        raise BadCell("not_a_number")
    return found


def _limited(column: Column, number: float | int) -> None:
    low, high = LIMITS[column.type]
    if not low <= number <= high:
        raise BadCell("negative" if low == 0 and number < 0 else "out_of_range", low=low, high=high)


def _one_decimal(column: Column, value: Any) -> Any:
    return _judged(column, _number(column, value), float)


def _one_whole(column: Column, value: Any) -> Any:
    return _judged(column, _number(column, value), _whole)


def _one_year(column: Column, value: Any) -> Any:
    if isinstance(value, dt.date):
        return Mended(value.year, "year")
    return _one_whole(column, value)


def _judged(column: Column, found: float | int | Mended, kind: Callable[[Any], Any]) -> Any:
    """Return a number of the right kind within its limits, mended or not."""
    given = found.value if isinstance(found, Mended) else found
    value = kind(given)
    _limited(column, given)
    return Mended(value, found.code) if isinstance(found, Mended) else value


def _whole(value: float | int) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise BadCell("not_whole")
    return int(value)


def _one_bounds(column: Column, value: Any) -> Any:
    if isinstance(value, str):
        both = range_of(value)
        if both is not None:
            low, high, own = both
            pair = _one_whole(column, low), _one_whole(column, high)
            return pair if own else Mended(pair, "range")
    if isinstance(value, list | tuple) and len(value) == 2:
        return _one_whole(column, value[0]), _one_whole(column, value[1])
    one = _one_whole(column, value)
    return Mended((0, one.value), one.code) if isinstance(one, Mended) else (0, one)


def _one_choice(column: Column, value: Any) -> str:
    plain = normal(as_text(value))
    for name, further in column.values.items():
        if plain == name or plain in further:
            return name
    raise BadCell("not_a_choice", choices=", ".join(f"{name} ({also[0]})" for name, also in column.values.items()))


_READERS: Final[Mapping[str, One]] = {
    "id": _one_id,
    "text": _one_name,
    "province": _one_province,
    "words": _one_words,
    "choice": _one_choice,
    "lat": _one_decimal,
    "lon": _one_decimal,
    "decimal": _one_decimal,
    "count": _one_whole,
    "year": _one_year,
    "rank": _one_whole,
    "bounds": _one_bounds,
}
