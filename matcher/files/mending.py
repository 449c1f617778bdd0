"""Cells that are not written as asked but have one meaning: 35人, 约35, 1,234, 2024年, 东经105°30′, 1至2.

What has two meanings (30余, 24年, 3个月) is left to be a fault.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

from matcher.base.canonical import visible
from matcher.base.fieldtypes import HALF_WIDTH
from matcher.tables.columns import Column
from matcher.tables.units import units_of


@dataclass(frozen=True, slots=True)
class Mended:
    """What a cell was taken for, and the code of the mend."""

    value: Any
    code: str


_NUMBER: Final = re.compile(
    r"(?P<about>约|大约|大概|近似|≈|~|共|计|共计|合计|第)?\s*(?P<number>[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[一二两三四五六七八九十])\s*"
    r"(?P<unit>[^\d\s.,+-][^\d.,+-]{0,7})?"
)
_ROUGHLY: Final = re.compile("(?:左右|上下)$")
_CHINESE: Final[Mapping[str, int]] = MappingProxyType(
    {"两": 2} | {numeral: number for number, numeral in enumerate("一二三四五六七八九十", 1)}
)
#: what people write after a number without changing it, whatever the column
_NEUTRAL: Final = frozenset(["人", "名", "个", "位", "所", "家", "支", "校", "户", "整"])
_YEAR: Final = re.compile(
    r"((?:19|20|21)\d{2})\s*(?:年度?|学年|届|级)?(?:[-./年]\s*\d{1,2}\s*(?:月|[-./]\s*\d{1,2})?\s*(?:日|\d{1,2}日)?)?"
)
_DEGREES: Final = re.compile(
    r"(?P<axis>[NSEWnsew]|[东西]经|[南北]纬)?\s*(?P<degrees>\d{1,3}(?:\.\d+)?)\s*[°度º˚]\s*(?:(?P<minutes>\d{1,2}(?:\.\d+)?)\s*[′'’‘分`]\s*)?"
    r"(?:(?P<seconds>\d{1,2}(?:\.\d+)?)\s*(?:[″\"”“秒]|''|’’|′′)\s*)?(?P<after>[NSEWnsew]|[东西]经|[南北]纬)?"
)
_SIGNED: Final = re.compile(
    r"(?P<axis>[NSEWnsew]|[东西]经|[南北]纬)\s*[:：]?\s*(\d{1,3}(?:\.\d+)?)|(\d{1,3}(?:\.\d+)?)\s*(?P<after>[NSEWnsew])"
)
#: an id as exports keep spreadsheets from dropping its zeros: ="052010", '052010
_KEPT_AS_TEXT: Final = re.compile(r'=\s*"([^"]*)"|\'(\d+)')


def number(text: str, column: Column) -> Mended | None:
    """Return the number that a text means in a column, None if it means none or more than one."""
    plain = visible(text).translate(HALF_WIDTH).strip()
    rough = _ROUGHLY.search(plain)
    found = _NUMBER.fullmatch(_ROUGHLY.sub("", plain).strip())
    if found is None:
        return None
    unit = (found["unit"] or "").strip().lower()
    units = units_of(column)
    if unit in units:
        factor = units[unit]
    elif not unit or unit in _NEUTRAL:
        factor = 1
    else:
        return None
    said = found["number"].replace(",", "")
    value = Fraction(_CHINESE[said]) if said in _CHINESE else Fraction(said)
    value *= Fraction(factor).limit_denominator(1_000_000)
    whole = int(value) if value.denominator == 1 else float(value)
    if rough or found["about"] in ("约", "大约", "大概", "近似", "≈", "~"):
        return Mended(whole, "about")
    return Mended(whole, "unit" if factor != 1 else "number")


def year(text: str) -> int | None:
    """Return the year that a date or a school year means."""
    found = _YEAR.fullmatch(text.translate(HALF_WIDTH).strip())
    return None if found is None else int(found[1])


def degrees(text: str) -> float | None:
    """Return decimal degrees of degrees, minutes and seconds, or of degrees with a point of the compass."""
    plain = text.strip().replace("，", ",")
    found = _DEGREES.fullmatch(plain)
    if found is not None:
        parts = [float(found[name] or 0) for name in ("degrees", "minutes", "seconds")]
        if parts[1] >= 60 or parts[2] >= 60:
            return None
        whole = parts[0] + parts[1] / 60 + parts[2] / 3600
    else:
        found = _SIGNED.fullmatch(plain)
        if found is None:
            return None
        whole = float(found[2] or found[3])
    axis = (found["axis"] or "") + (found["after"] or "")
    return round(-whole if any(mark in axis for mark in "SsWw南西") else whole, 6)


def kept_as_text(text: str) -> str | None:
    """Return an id without what keeps a spreadsheet from reading it as a number, None if there is no such thing."""
    found = _KEPT_AS_TEXT.fullmatch(text.strip())
    return None if found is None else found[1] if found[1] is not None else found[2]
