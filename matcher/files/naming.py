"""Names where ids belong: put the id where exactly one row can be meant, never guess.

The first way to read a name (`NameIndex`) under which exactly one row is found decides; several at one of them are a
fault with the choices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from matcher.base.names import ENTITIES, PAIR_COLUMNS, REFERENCES, SIDES
from matcher.base.notices import Notice
from matcher.base.unreadable import UNREADABLE
from matcher.files.cells import as_text
from matcher.files.making import make_ids
from matcher.files.rawtables import Findings
from matcher.files.typed import Typed
from matcher.tables.named import NameIndex

#: ids that a fault lists
_MOST_CHOICES: Final = 8


def put_ids_for_names(typed: Mapping[str, Typed], found: Findings) -> None:
    """Make the ids that tables lack, and replace names by ids in every column of references, in place."""
    known: dict[str, NameIndex] = {}
    for table in ("organizations", "counties", "branches", "schools"):
        if table not in typed:
            continue
        for (child, column), target in REFERENCES.items():
            if child == table:
                _replace(typed[table], column, [target] * len(typed[table]), known, found)
        make_ids(table, typed, found)
        known[table] = named_rows(table, typed)
    old = _old_ids(typed)
    by_table = {table: known[table].ids if table in known else set() for table in ENTITIES}
    for table, columns in {**PAIR_COLUMNS, "previous": ("provider_id", "recipient_id")}.items():
        if table in typed and not _all_known(typed[table], columns, by_table):
            for column, targets in zip(columns, _targets(typed[table]), strict=True):
                _replace(typed[table], column, targets, known, found, old if table == "previous" else set())


def named_rows(name: str, typed: Mapping[str, Typed]) -> NameIndex:
    """Return the ids of a table, and the ids of each name."""
    columns = typed[name].columns
    ids, names = columns.get("id", ()), columns.get("name", ())
    column, target = next(((c, t) for (child, c), t in REFERENCES.items() if child == name), ("", ""))
    wholes: list[object] = []
    if target in typed and column in columns:
        of = typed[target].columns
        called = dict(zip(of.get("id", ()), of.get("name", ()), strict=False))
        wholes = [called.get(parent) for parent in columns[column]]
    return NameIndex(ids, names, wholes, counties=name == "counties")


def _replace(
    table: Typed,
    column: str,
    targets: Sequence[str | None],
    known: Mapping[str, NameIndex],
    found: Findings,
    old: set[tuple[str, str]] | None = None,
) -> None:
    values = table.columns.get(column)
    if values is None:
        return
    one = known.get(targets[0] or "") if len(set(targets)) == 1 else None
    if one is not None and one.ids.issuperset(values):
        return  # as almost always
    written = table.raw_cells(column) or values
    meant: dict[tuple[str, str, str], tuple[list[str], str]] = {}  # a name stands in many rows
    replaced = 0
    for position, (value, target) in enumerate(zip(values, targets, strict=True)):
        if target is None or target not in known or not isinstance(value, str):
            continue
        if value in known[target].ids or (old and (target, value) in old):
            continue
        literal = as_text(written[position])
        asked = target, literal, value
        if asked not in meant:
            ids, how = known[target].lookup(literal, value)
            meant[asked] = sorted(set(ids)), how
        ids, how = meant[asked]
        if len(ids) == 1:
            values[position] = ids[0]
            replaced += 1
            if how != "name":
                found.mends.append(table.mend(how, position, column, literal, ids[0]))
        elif ids:
            details = {"target": target, "ids": ", ".join(ids[:_MOST_CHOICES])}
            found.faults.append(table.fault("ambiguous_name", position, column, value, **details))
            values[position] = UNREADABLE
    if replaced:
        place = {"table": table.raw.table, "column": table.titles[column]}
        found.notices.append(Notice("names_for_ids", {**place, "count": replaced}))


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
