"""Rows that may be one thing twice: ids that differ only in case or leading zeros, one name twice at one place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Final

from matcher.base.canonical import canonical
from matcher.base.names import ENTITIES
from matcher.base.notices import Notice

#: groups that a notice names
_NAMED: Final = 5
#: whose row a row is, by table
_PARENT: Final = {"branches": "organization_id", "schools": "county_id"}


def twin_notices(tables: Mapping[str, Sequence[Any]]) -> list[Notice]:
    """Return a notice for each table with ids, or with names at one place, that look like one thing twice."""
    notices = []
    for table in ENTITIES:
        records = tables[table]
        for code, key in (("twin_ids", _id_key), ("twin_places", _place_key(table))):
            twins = _groups(records, key)
            if twins:
                named = "; ".join(" = ".join(group) for group in twins[:_NAMED]) + (
                    "; …" if len(twins) > _NAMED else ""
                )
                notices.append(Notice(code, {"table": table, "count": len(twins), "pairs": named}))
    return notices


def _groups(records: Sequence[Any], key: Callable[[Any], Hashable]) -> list[list[str]]:
    """Return the ids of records with the same key, in order; a key of None is nobody's."""
    keys = [key(record) for record in records]
    there = [known for known in keys if known is not None]
    if len(set(there)) == len(there):  # as almost always
        return []
    found: dict[Hashable, list[str]] = defaultdict(list)
    for known, record in zip(keys, records, strict=True):
        if known is not None:
            found[known].append(record.id)
    return sorted(sorted(group) for group in found.values() if len(group) > 1)


def _id_key(record: Any) -> Hashable:
    return str(record.id).casefold().lstrip("0")


def _place_key(table: str) -> Callable[[Any], Hashable]:
    parent = _PARENT.get(table)

    def key(record: Any) -> Hashable:
        if not record.name or record.lat is None:
            return None
        return canonical(record.name), record.lat, record.lon, getattr(record, parent) if parent else None

    return key
