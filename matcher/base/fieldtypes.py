"""The types of the fields of records: what each accepts, and how it is written."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, PlainSerializer, StringConstraints
from pydantic_core import PydanticCustomError

from matcher.base.canonical import INVISIBLE, province, visible
from matcher.base.ranges import range_of

#: what a cell of a spreadsheet can hold
LONGEST: Final = 32_000
#: the longest id; whoever needs more writes a text where an id belongs
LONGEST_ID: Final = 200
#: full-width letters, digits, punctuation and space -> the plain ones
HALF_WIDTH: Final = MappingProxyType({0xFF01 + offset: 0x21 + offset for offset in range(94)} | {0x3000: 0x20})


def _half_width(value: Any) -> Any:
    return value.translate(HALF_WIDTH) if isinstance(value, str) and not value.isascii() else value


# control characters can't be written to a workbook; in an id they, and what has no width, are always a slip
_PATTERN: Final = rf"^[^\x00-\x1f\x7f\u2028\u2029{INVISIBLE}]*$"
_Line = StringConstraints(min_length=1, max_length=LONGEST, pattern=_PATTERN)
_IdLine = StringConstraints(min_length=1, max_length=LONGEST_ID, pattern=_PATTERN)
#: ids are half-width: `Ｕ１` and `U1` are one id
# validators that run before come last, or pydantic checks the constraints in Python
Id = Annotated[str, _IdLine, BeforeValidator(_half_width)]
Title = Annotated[str, _Line]
Text = Annotated[str, StringConstraints(max_length=LONGEST, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]


def _none_if_blank(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _official(value: Any) -> Any:
    return province(value) if isinstance(value, str) and value.strip() else _none_if_blank(value)


#: the official name of a province of China, however it is written; any other text as it is
Province = Annotated[Text | None, BeforeValidator(_official)]
OptionalText = Annotated[Text | None, BeforeValidator(_none_if_blank)]


def no_boolean(value: Any) -> Any:
    """Refuse true and false, which pydantic and Python would take for 1 and 0; numpy has its own."""
    if type(value).__name__ in ("bool", "bool_"):
        raise PydanticCustomError("boolean", "a number is wanted")
    return value


#: of every field that is a number
NotBoolean: Final = BeforeValidator(no_boolean)
Real = Annotated[float, NotBoolean]
Whole = Annotated[int, NotBoolean]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False), NotBoolean]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False), NotBoolean]
Count = Annotated[int, Field(ge=0, le=10**9), NotBoolean]
#: money, or anything else that is no whole number; 0 or more


def _bounds(value: Any) -> Any:
    """Read one number d as (0, d), and `1..3` as (1, 3); leave two numbers to the field's own check."""
    if isinstance(no_boolean(value), list | tuple):
        return value
    if isinstance(value, str):
        both = range_of(value)
        value = value.translate(HALF_WIDTH).strip() if both is None else both[:2]
        if both is not None or value.isdecimal():
            return value if both is not None else (0, value)
    elif isinstance(value, float) and value.is_integer():
        return 0, int(value)
    elif hasattr(type(value), "__index__"):  # also the integers of numpy
        return 0, operator.index(value)
    raise PydanticCustomError("bounds", "neither a whole number nor a least and a most")


def _plain_bounds(value: tuple[int, int]) -> int | list[int]:
    return value[1] if value[0] == 0 else list(value)


#: (minimum, maximum) number of pairs; one number d means (0, d), and is written so
Bounds = Annotated[
    tuple[Count, Count],
    BeforeValidator(_bounds, json_schema_input_type=Count | tuple[Count, Count]),
    Field(description="one number d for (0, d), or (minimum, maximum)"),
    PlainSerializer(_plain_bounds),
]


#: what separates the words of a list; a space only between Chinese characters
_SEPARATORS: Final = re.compile(r"[;；、，,/／|\n]|(?<=[\u3400-\u9fff])[ \u3000]+(?=[\u3400-\u9fff])")
#: words for nothing in lists of needs and skills
_NOTHING: Final = frozenset(
    ("无", "没有", "暂无", "不需要", "无需求", "无要求", "none", "n/a", "-", "—", "–", "\\", "0")
)


def words(value: Any) -> tuple[str, ...]:
    """Read `a;b`, or with other separators of lists, as the words a and b, sorted; `无` is no word."""
    if value is None:
        return ()
    listed = isinstance(value, list | tuple | set | frozenset) and all(isinstance(each, str | int) for each in value)
    if not (isinstance(value, str) or listed):
        raise PydanticCustomError("words", "give words as `a;b` or as a list")
    whole = value if isinstance(value, str) else ";".join(map(str, value))
    parts = {visible(part).strip() for part in _SEPARATORS.split(whole)}
    return tuple(sorted(part for part in parts if part and part.lower() not in _NOTHING))


def other_separator(value: str) -> bool:
    """Return whether a list of words is written in another way than `a;b`, or says that there are none."""
    plain = tuple(sorted({part.strip() for part in value.replace("；", ";").split(";")} - {""}))
    return plain != words(value)


Words = Annotated[tuple[Text, ...], BeforeValidator(words)]


def _filled(value: Any) -> Any:
    """Drop the empty cells among the extras of a row."""
    if not isinstance(value, Mapping):
        return value
    return {name: cell for name, cell in value.items() if not (isinstance(cell, str) and not cell.strip())}


Extras = Annotated[dict[Title, Text], BeforeValidator(_filled)]
