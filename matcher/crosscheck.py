"""Checks over a whole instance: what no single record can know.

Used by `Instance` on records and by the table readers, which pass the user's own row numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matcher.errors import Fault
from matcher.model import RECORDS, Record

#: (table, column) -> table that must have the id
REFERENCES = {("branches", "organization_id"): "organizations", ("schools", "county_id"): "counties"}
#: the two sides of a level of pairing: table of the providers, table of the recipients
SIDES = {"county": ("organizations", "counties"), "school": ("branches", "schools")}
#: above this share of strangers in `previous` the table is taken to belong to other tables
MOST_STRANGERS = 0.2

Tables = Mapping[str, Sequence[Any]]


def cross_check(tables: Tables, rows: Mapping[str, Sequence[int]] | None = None) -> list[Fault]:
    """Return every fault that shows only over the whole instance.

    Parameters
    ----------
    tables
        Table name -> records, in the user's order.
    rows
        Table name -> row number of each record as the user sees it; without it rows count from 1.
    """

    def row(table: str, position: int) -> int:
        return rows[table][position] if rows is not None else position + 1

    ids = {
        table: {record.id for record in tables[table]} for table in ("organizations", "branches", "counties", "schools")
    }
    faults = _repeated(tables, row)
    for (table, column), target in REFERENCES.items():
        for position, record in enumerate(tables[table]):
            if getattr(record, column) not in ids[target]:
                faults.append(_unknown(table, row(table, position), column, getattr(record, column), target))
    for table, first, second in (
        ("preferences", "id", "choice_id"),
        ("travel_times", "origin_id", "destination_id"),
        ("locks", "provider_id", "recipient_id"),
    ):
        for position, record in enumerate(tables[table]):
            sides = SIDES[record.level]
            if getattr(record, "side", "provider") == "recipient":
                sides = (sides[1], sides[0])
            for column, target in zip((first, second), sides, strict=True):
                if getattr(record, column) not in ids[target]:
                    faults.append(_unknown(table, row(table, position), column, getattr(record, column), target))
    faults += _half_coordinates(tables, row)
    faults += _partial_children(tables, row)
    faults += _bounds(tables, row)
    faults += _contradicting_locks(tables, row)
    faults += _successor_cycles(tables, row)
    faults += _strangers(tables, ids)
    return faults


def successors_of(tables: Tables) -> dict[tuple[str, str], str]:
    """Return (table, old id) -> newest id, chains followed; cycles are left where they close."""
    direct = {(record.table, record.old_id): record.new_id for record in tables["successors"]}
    newest = {}
    for (table, old), new in direct.items():
        seen = {old}
        while (table, new) in direct and new not in seen:
            seen.add(new)
            new = direct[table, new]
        newest[table, old] = new
    return newest


def _unknown(table: str, row: int, column: str, value: str, target: str) -> Fault:
    return Fault("unknown_id", table, row, column, value, details={"target": target})


def _repeated(tables: Tables, row: Any) -> list[Fault]:
    faults = []
    for table in RECORDS:
        first: dict[tuple[str, ...], int] = {}
        for position, record in enumerate(tables[table]):
            # an old id has one successor only; everything else is identified by its sort key
            key = (record.table, record.old_id) if table == "successors" else record.sort_key()
            if table == "locks":
                key = key[:3]
            if key in first:
                same_lock = table == "locks" and tables[table][first[key]].kind != record.kind
                if not same_lock:  # a pin that is also forbidden is reported as a contradiction
                    column = "id" if len(key) == 1 else record.key[-1]
                    value = key[0] if len(key) == 1 else " ".join(key)
                    details = {"first_row": row(table, first[key])}
                    faults.append(Fault("repeated_id", table, row(table, position), column, value, details=details))
            else:
                first[key] = position
    return faults


def _half_coordinates(tables: Tables, row: Any) -> list[Fault]:
    return [
        Fault("half_coordinates", table, row(table, position), "lat" if record.lat is None else "lon", None)
        for table in ("branches", "schools")
        for position, record in enumerate(tables[table])
        if (record.lat is None) != (record.lon is None)
    ]


def _partial_children(tables: Tables, row: Any) -> list[Fault]:
    """Find single missing values; a column missing altogether is assumed, and said in the plan."""
    faults = []
    for table in ("counties", "schools"):
        records: Sequence[Any] = tables[table]
        if any(record.children is not None for record in records):
            faults += [
                Fault("missing_value", table, row(table, position), "children")
                for position, record in enumerate(records)
                if record.children is None
            ]
    return faults


def _bounds(tables: Tables, row: Any) -> list[Fault]:
    columns = {"organizations": "capacity", "branches": "capacity", "counties": "demand", "schools": "demand"}
    return [
        Fault("minimum_above_maximum", table, row(table, position), column, getattr(record, column))
        for table, column in columns.items()
        for position, record in enumerate(tables[table])
        if getattr(record, column)[0] > getattr(record, column)[1]
    ]


def _contradicting_locks(tables: Tables, row: Any) -> list[Fault]:
    kinds: dict[tuple[str, ...], str] = {}
    faults = []
    for position, record in enumerate(tables["locks"]):
        key = record.sort_key()[:3]
        if kinds.setdefault(key, record.kind) != record.kind:
            faults.append(Fault("contradicting_locks", "locks", row("locks", position), "kind", " ".join(key)))
    return faults


def _successor_cycles(tables: Tables, row: Any) -> list[Fault]:
    newest = successors_of(tables)
    direct = {(record.table, record.old_id) for record in tables["successors"]}
    return [
        Fault("successor_cycle", "successors", row("successors", position), "old_id", record.old_id)
        for position, record in enumerate(tables["successors"])
        if (record.table, newest[record.table, record.old_id]) in direct
    ]


def _strangers(tables: Tables, ids: Mapping[str, set[str]]) -> list[Fault]:
    previous: Sequence[Record] = tables["previous"]
    strangers = stranger_positions(tables, ids)
    if len(strangers) > MOST_STRANGERS * len(previous):
        details = {"count": len(strangers), "of": len(previous), "example": " ".join(previous[strangers[0]].sort_key())}
        return [Fault("previous_strangers", "previous", details=details)]
    return []


def stranger_positions(tables: Tables, ids: Mapping[str, set[str]]) -> list[int]:
    """Return the positions in `previous` with an id that no table has, successors followed."""
    newest = successors_of(tables)
    found = []
    for position, record in enumerate(tables["previous"]):
        sides = zip(SIDES[record.level], (record.provider_id, record.recipient_id), strict=True)
        if any(newest.get((table, known), known) not in ids[table] for table, known in sides):
            found.append(position)
    return found
