"""Names where ids belong: put the id where exactly one row has the name, never guess."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from matcher.base.errors import Fault
from matcher.base.names import PAIR_COLUMNS, REFERENCES, SIDES
from matcher.base.notices import Notice
from matcher.base.unreadable import UNREADABLE

if TYPE_CHECKING:
    from matcher.files.typed import Typed


def put_ids_for_names(typed: Mapping[str, Typed], faults: list[Fault], notices: list[Notice]) -> None:
    """Replace names by ids in every column of references, in place; a name that several rows have is a fault."""
    known = {
        table: _Known(typed[table]) for table in ("organizations", "branches", "counties", "schools") if table in typed
    }
    for (table, column), target in REFERENCES.items():
        if table in typed:
            _replace(typed[table], column, [target] * len(typed[table]), known, faults, notices)
    old = _old_ids(typed)
    by_table = {
        table: known[table].ids if table in known else set()
        for table in ("organizations", "branches", "counties", "schools")
    }
    for table, columns in {**PAIR_COLUMNS, "previous": ("provider_id", "recipient_id")}.items():
        if table in typed and not _all_known(typed[table], columns, by_table):
            for column, targets in zip(columns, _targets(typed[table]), strict=True):
                _replace(typed[table], column, targets, known, faults, notices, old if table == "previous" else set())


class _Known:
    """Ids of a table, and the ids of each name."""

    def __init__(self, table: Typed):
        self._table = table
        self.ids = set(table.columns["id"])

    @cached_property
    def of_name(self) -> Mapping[Any, list[str]]:
        """Name -> the ids that have it."""
        found: dict[Any, list[str]] = defaultdict(list)
        for name, known in zip(self._table.columns.get("name", ()), self._table.columns["id"], strict=False):
            if known is not UNREADABLE:
                found[name].append(known)
        return dict(found)


def _replace(
    table: Typed,
    column: str,
    targets: Sequence[str | None],
    known: Mapping[str, _Known],
    faults: list[Fault],
    notices: list[Notice],
    old: set[tuple[str, str]] | None = None,
) -> None:
    values = table.columns[column]
    one = known.get(targets[0] or "") if len(set(targets)) == 1 else None
    if one is not None and one.ids.issuperset(values):
        return  # as almost always
    replaced = 0
    for position, (value, target) in enumerate(zip(values, targets, strict=True)):
        if target is None or target not in known or value in known[target].ids or (old and (target, value) in old):
            continue
        found = known[target].of_name.get(value, ())
        if len(found) == 1:
            values[position] = found[0]
            replaced += 1
        elif found:
            details = {"target": target, "ids": ", ".join(found[:8])}
            faults.append(table.fault("ambiguous_name", position, column, value, **details))
            values[position] = UNREADABLE
    if replaced:
        place = {"table": table.raw.table, "column": table.titles[column]}
        notices.append(Notice("names_for_ids", {**place, "count": replaced}))


def _all_known(table: Typed, columns: Sequence[str], ids: Mapping[str, set[str]]) -> bool:
    """Return whether every id is one, as almost always, before looking at each for a name."""
    if "side" in table.columns:
        return False
    first, second = (table.columns[column] for column in columns)
    return all(
        level in SIDES and one in ids[SIDES[level][0]] and other in ids[SIDES[level][1]]
        for level, one, other in zip(table.columns["level"], first, second, strict=True)
    )


def _targets(table: Typed) -> tuple[list[str | None], list[str | None]]:
    """Return, for each row, the tables of its two ids; None where its level or side can't be read."""
    levels = table.columns["level"]
    sides = table.columns.get("side", ["provider"] * len(levels))
    first: list[str | None] = []
    second: list[str | None] = []
    for level, side in zip(levels, sides, strict=True):
        pair: tuple[str | None, str | None] = SIDES.get(level, (None, None)) if side is not UNREADABLE else (None, None)
        if side == "recipient":
            pair = (pair[1], pair[0])
        first.append(pair[0])
        second.append(pair[1])
    return first, second


def _old_ids(typed: Mapping[str, Typed]) -> set[tuple[str, str]]:
    if "successors" not in typed:
        return set()
    columns = typed["successors"].columns
    return set(zip(columns["table"], columns["old_id"], strict=True))
