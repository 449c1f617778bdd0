"""Which header means which column, and which title which table; and the datum that a header names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from matcher.base.canonical import visible
from matcher.base.suggest import nearest_word
from matcher.tables.columns import TABLES, Kit, Table

#: words that name a datum, in headers and cells -> the datum; those of `UNSUPPORTED` can't be converted here
DATUM_WORDS: Final = re.compile(
    r"(?P<wgs84>wgs[\s_-]*(?:19)?84|gps|cgcs[\s_-]*2000|国家2000|2000国家大地)|(?P<gcj02>gcj[\s_-]*02|火星|高德|腾讯|国测局|amap)"
    r"|(?P<bd09>bd[\s_-]*09(?:ll)?|百度|baidu)|(?P<unsupported>西安[\s_-]*(?:19)?80|北京[\s_-]*(?:19)?54|xian[\s_-]*80|beijing[\s_-]*54)"
)
_AROUND_DATUM: Final = re.compile(
    rf"(?:{re.sub('[?]P<[a-z0-9]+>', '?:', DATUM_WORDS.pattern)})(?:大地)?(?:坐标系?统?)?"
)
_PARENTHESES: Final = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
#: a header that counts only some of what its name says
_PART: Final = re.compile("其中|女|男|寄宿|住校|新增|去年|上年|往年")


def normal(header: object) -> str:
    """Return a header as it is compared: half-width, lower case, without unit, datum, marks and spaces."""
    plain = visible(unicodedata.normalize("NFKC", str(header))).strip().lower()
    plain = _AROUND_DATUM.sub("", _PARENTHESES.sub("", plain))
    plain = re.sub(r"[\s_\-./*:、,]+", "_", plain).strip("_")
    # between Chinese characters a space or a line break means nothing
    return re.sub(r"(?<=[^\x00-\x7f])_|_(?=[^\x00-\x7f])", "", plain)


def inside_of(header: object) -> list[str]:
    """Return what a header says in brackets."""
    plain = visible(unicodedata.normalize("NFKC", str(header))).strip().lower()
    return [found.group()[1:-1].strip() for found in _PARENTHESES.finditer(plain)]


def datum_of(header: object) -> str | None:
    """Return the datum that a header such as `lat (GCJ-02)` or `纬度（百度）` names, None if it names none."""
    found = DATUM_WORDS.search(unicodedata.normalize("NFKC", str(header)).lower())
    return None if found is None else found.lastgroup


def is_part(header: object) -> bool:
    """Return whether a header says that it counts only some of them, such as `留守儿童（其中：女）`."""
    return any(_PART.search(said) for said in inside_of(header))


@cache
def _strong(table: Table) -> Mapping[str, str]:
    return {
        normal(header): column.name for column in table.columns for header in (column.name, column.zh, *column.also)
    }


@cache
def _weak(table: Table) -> Mapping[str, str]:
    return {normal(header): column.name for column in table.columns for header in column.weak}


def columns_of(table: str | Table, header: Iterable[object]) -> dict[int, str]:
    """Return position -> column for every header of `table` that is known; two positions may name one column."""
    spec = TABLES[table] if isinstance(table, str) else table
    titles = ["" if title is None or is_part(title) else normal(title) for title in header]
    found = {position: _strong(spec)[title] for position, title in enumerate(titles) if title in _strong(spec)}
    taken = set(found.values())
    for position, title in enumerate(titles):
        name = _weak(spec).get(title)
        if position not in found and name is not None and name not in taken:
            found[position] = name
    return found


def column_named(table: str, header: str) -> str | None:
    """Return the column that a header always means, None if it means none or only where another is missing."""
    return None if is_part(header) else _strong(TABLES[table]).get(normal(header))


def table_of(title: str, kit: Kit = TABLES) -> str | None:
    """Return the table of a kit that a file or a sheet of this name holds, None if it is not known."""
    return _titles(tuple(kit.values())).get(normal(title))


#: what is said around the name of a table
_AROUND_TITLE: Final = re.compile(
    "^(?:[0-9]{4}年度?|[0-9]{4})|(?:基本|详细|统计|汇总|登记|信息|情况|名单|名册|清单|一览|明细|台账|数据|表)+(?:表|[0-9]{1,4})?$"
)


def table_like(title: str, kit: Kit = TABLES) -> str | None:
    """Return the table that a title names with words around its name, such as `高校（单位）名单`; None if none."""
    plain, titles = normal(title), _titles(tuple(kit.values()))
    for _ in range(4):
        shorter = _AROUND_TITLE.sub("", plain).strip("_")
        if shorter in titles:
            return titles[shorter]
        if shorter == plain:
            break
        plain = shorter
    return None


@cache
def _titles(tables: tuple[Table, ...]) -> Mapping[str, str]:
    return {normal(title): table.name for table in tables for title in (table.name, table.zh, *table.also)}


def nearest_column(table: Table, header: object) -> str | None:
    """Return the known header of `table` that looks most like `header`, None if none does."""
    return nearest_word(normal(header), [*_strong(table), *_weak(table)])


def nearest_table(title: str, kit: Kit = TABLES) -> str | None:
    """Return the known name of a table that looks most like `title`, None if none does."""
    return nearest_word(normal(title), _titles(tuple(kit.values())))
