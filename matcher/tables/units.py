"""What a header says beside its name: the unit of its numbers, and words that are neither unit nor datum."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from matcher.tables.columns import Column
from matcher.tables.headers import DATUM_WORDS, inside_of

_PEOPLE: Final[Mapping[str, float]] = {
    "人": 1, "名": 1, "个": 1, "位": 1, "person": 1, "persons": 1, "people": 1, "children": 1,
    "百人": 100, "千人": 1000, "万人": 10_000, "万": 10_000, "千": 1000, "百": 100, "万名": 10_000, "thousand": 1000,
}  # fmt: skip
_TIMES: Final[Mapping[str, float]] = {
    "分钟": 1, "分": 1, "min": 1, "mins": 1, "minute": 1, "minutes": 1, "小时": 60, "时": 60, "个小时": 60,
    "h": 60, "hr": 60, "hrs": 60, "hour": 60, "hours": 60, "秒": 1 / 60, "s": 1 / 60, "sec": 1 / 60, "天": 1440,
}  # fmt: skip
_LENGTHS: Final = {"公里": 1, "千米": 1, "km": 1, "米": 0.001, "m": 0.001, "里": 0.5, "华里": 0.5, "mi": 1.609344}
_PLACES: Final = {
    "个": 1,
    "所": 1,
    "家": 1,
    "校": 1,
    "县": 1,
    "支": 1,
    "区": 1,
    "个县": 1,
    "个学校": 1,
    "个单位": 1,
    "个支部": 1,
}
_DEGREES: Final = {"度": 1, "°": 1, "º": 1, "十进制": 1, "十进制度": 1, "小数": 1, "degree": 1, "degrees": 1, "deg": 1}
_YEARS: Final = {"年": 1, "年份": 1, "年度": 1, "届": 1}
_RANKS: Final = {"名": 1, "位": 1, "志愿": 1}
#: units by column, then by type of cell: unit -> how many of the column's own unit it is
_UNITS: Final[Mapping[str, Mapping[str, float]]] = MappingProxyType(
    {
        "children": _PEOPLE,
        "volunteers": _PEOPLE,
        "minutes": _TIMES,
        "km": _LENGTHS,
        "bounds": _PLACES,
        "lat": _DEGREES,
        "lon": _DEGREES,
        "year": _YEARS,
        "rank": _RANKS,
    }
)
#: words in brackets that change nothing
_SAY_NOTHING: Final = re.compile(
    r"(?:必填|选填|可选|可不填|非必填|required|optional|单位|全称|简称|盖章|市、?区|县、?区|区、?县|市|区|县|州|旗|小数|十进制|北纬|东经|n|e|"
    r"文本|text|数字|格式|id|编号|代码|名称|wgs|坐标系?|坐标|[0-9]{4}年?|保留.*|如.*|例.*|填写?.*|单位[:：]?)*"
)


def units_of(column: Column) -> Mapping[str, float]:
    """Return the units that the numbers of a column may have: unit -> how many of the column's own it is."""
    return _UNITS.get(column.name) or _UNITS.get(column.type) or {}


def unit_in(title: str, column: Column) -> tuple[str, float] | str | None:
    """Return the unit in the brackets of a header and its factor; its words, if they are none that is known.

    None where the header says nothing that bears on the numbers.
    """
    known = units_of(column)
    strange: str | None = None
    for said in inside_of(title):
        plain = re.sub(r"^单位[:：]?\s*", "", DATUM_WORDS.sub("", said).strip("坐标系统 :-_"))
        if plain in known:
            return plain, known[plain]
        if not _SAY_NOTHING.fullmatch(plain.replace(" ", "")):
            strange = said
    return strange
