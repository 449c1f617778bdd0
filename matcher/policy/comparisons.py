"""Conditions on a column that compare: `>=30`, `<5`, `!=小学`; anything else is a value that a row must have."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np

from matcher.base.numbers import BoolArray
from matcher.tables.headers import column_named

_PLAIN: Final = {
    "≥": ">=",
    "＞": ">",
    "≤": "<=",
    "＜": "<",
    "≠": "!=",
    "＞＝": ">=",
    "＜＝": "<=",
    "!＝": "!=",
    "！＝": "!=",
}
SIGNS: Final = ">=|<=|!=|＞＝|＜＝|[!！]＝|！=|[><≥≤≠＞＜]"
_NUMBER: Final = r"[-+]?[0-9]+(?:\.[0-9]+)?"
_COMPARED: Final = re.compile(rf"\s*({SIGNS})\s*(.*?)\s*", re.DOTALL)
_OPERATORS: Final[dict[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_SHOWN: Final = {">=": "≥", "<=": "≤", "!=": "≠"}
#: columns of our own that hold numbers of children or volunteers, and can be compared as one of the planner's can
NUMBERS: Final = ("children", "volunteers")


def comparison(value: str) -> tuple[str, str] | None:
    """Return the sign and the operand of a value that compares, None if it is a value to be equal to."""
    found = _COMPARED.fullmatch(value)
    if found is None:
        return None
    sign = _PLAIN.get(found[1], found[1]).replace("＝", "=")
    if sign == "!=" or re.fullmatch(_NUMBER, found[2]):
        return sign, found[2]
    return None


def tidy(value: str) -> str:
    """Return a value as it is kept: a comparison with a plain sign and without blanks, any other as it is."""
    found = comparison(value)
    return value if found is None else "".join(found)


def shown(column: str, value: str) -> str:
    """Say a condition on a column."""
    sign, operand = comparison(value) or ("=", value)
    return f"{column} {_SHOWN.get(sign, sign)} {operand}"


def number_column(table: str, column: str, value: str) -> str | None:
    """Return the column of ours that is compared, None if the column is the planner's own."""
    named = column_named(table, column)
    return named if named in NUMBERS and (comparison(value) or ("!=", ""))[0] != "!=" else None


def holds(records: Iterable[Any], table: str, column: str, value: str) -> BoolArray:
    """Return (n,) bool: which records meet the condition; one without a number is never more or less than another."""
    found = comparison(value)
    if found is None:
        return np.array([record.extras.get(column) == value for record in records], dtype=np.bool_)
    sign, operand = found
    if sign == "!=":
        return np.array([record.extras.get(column) != operand for record in records], dtype=np.bool_)
    own, compare = number_column(table, column, value), _OPERATORS[sign]
    numbers = (getattr(record, own) if own else number(record.extras.get(column)) for record in records)
    return np.array([each is not None and compare(each, float(operand)) for each in numbers], dtype=np.bool_)


def number(cell: str | None) -> float | None:
    """Return the number that a cell of a column of the planner's own holds, None if it holds none."""
    plain = (cell or "").strip().replace(",", "")
    return float(plain) if re.fullmatch(_NUMBER, plain) else None
