"""Last year's partner in a column beside its school or county (去年结对支部, 上年结对高校): pairs like any others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from matcher.base.fieldtypes import words
from matcher.base.names import SIDES
from matcher.base.notices import Notice
from matcher.base.suggest import nearest_word
from matcher.files.naming import named_rows
from matcher.files.rawtables import Findings, RawTable
from matcher.files.typed import Typed
from matcher.tables.headers import normal

_WHEN: Final = "(?:去年|上年|上一年|往年|历史|原|已有|[12][0-9]{3}年?度?)"
#: words for each provider, by level
_WHO: Final = {
    "county": "(?:高校|单位|组织|团委|高校团委|帮扶单位|帮扶高校|企业|高校单位)",
    "school": "(?:支部|团支部|分支|院系|学院|团委|分团委|帮扶支部|帮扶团支部)",
}


def take_partners(typed: dict[str, Typed], found: Findings) -> None:
    """Add the pairs that columns of counties and schools name to those of last year, in place."""
    for level, (providers, recipients) in SIDES.items():
        table = typed.get(recipients)
        if table is None or providers not in typed or not table.extras:
            continue
        pattern = re.compile(f"{_WHEN}(?:结对|帮扶|结对帮扶|对口)?{_WHO[level]}(?:名称)?")
        titles = sorted({title for row in table.extras for title in row if pattern.fullmatch(normal(title))})
        for title in titles:
            pairs = list(_pairs(typed, providers, table, title, found))
            if pairs:
                _add(typed, level, pairs, table)
            found.notices[:] = [notice for notice in found.notices if not _unknown(notice, recipients, title)]
            found.notices.append(Notice("partners_taken", {"table": recipients, "column": title, "count": len(pairs)}))


def _unknown(notice: Notice, table: str, title: str) -> bool:
    said = notice.details
    return notice.code == "unknown_column" and (said["table"], said["column"]) == (table, title)


def _pairs(
    typed: Mapping[str, Typed], providers: str, table: Typed, title: str, found: Findings
) -> Iterator[tuple[str, Any, int]]:
    """Yield provider, recipient and row of every pair that a column names; a fault for each name that is nobody's."""
    known = named_rows(providers, typed)
    names = sorted(name for name in typed[providers].columns.get("name", ()) if isinstance(name, str))
    for position, row in enumerate(table.extras):
        for word in words(row.get(title)):
            ids = known.meant(word)
            if len(ids) == 1:
                yield ids[0], table.columns["id"][position], table.raw.rows[position]
                continue
            details: dict[str, Any] = {"target": providers}
            if ids:
                details["ids"] = ", ".join(ids[:8])
            elif nearest := nearest_word(word, names):
                details["nearest"] = nearest
            code = "ambiguous_name" if ids else "unknown_id"
            found.faults.append(table.fault(code, position, title, word, **details))


def _add(typed: dict[str, Typed], level: str, pairs: list[tuple[str, Any, int]], table: Typed) -> None:
    """Put pairs below those that the table of last year's pairs lists already."""
    old = typed.get("previous")
    if old is None:
        raw = RawTable("previous", table.raw.sheet or table.raw.table, (), (), ())
        old = Typed(raw, {name: [] for name in ("level", "provider_id", "recipient_id", "since")})
    listed = set(zip(*(old.columns[name] for name in ("level", "provider_id", "recipient_id")), strict=True))
    fresh: dict[tuple[str, str, Any], int] = {}
    for provider, recipient, row in pairs:
        if (level, provider, recipient) not in listed:
            fresh.setdefault((level, provider, recipient), row)
    columns = {name: list(cells) for name, cells in old.columns.items()}
    for at, name in enumerate(("level", "provider_id", "recipient_id")):
        columns[name] += [key[at] for key in fresh]
    for name in columns.keys() - {"level", "provider_id", "recipient_id"}:
        columns[name] += [None] * len(fresh)
    extras = [*old.extras, *({} for _ in fresh)] if old.extras else []
    rows = [*old.raw.rows, *fresh.values()]
    typed["previous"] = Typed(replace(old.raw, rows=rows), columns, old.titles, old.positions, extras)
