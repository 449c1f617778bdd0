"""Faults of whole tables at once: of each record, and of the instance as far as its records can be read.

A record that is faulty in one field takes part in the cross-checks with its other fields, so that one pass names all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated, Any

from pydantic import FailFast, TypeAdapter, ValidationError

from matcher.base.errors import Fault
from matcher.base.jsonform import fault_of
from matcher.base.manyfaults import MOST_FAULTS, FaultList
from matcher.base.unreadable import UNREADABLE
from matcher.tables.crosscheck import cross_check

#: a class of records, with the names of what its rows are ordered by as `key`
RecordClass = Any


class Draft:
    """What could be read of a faulty record: its fields, `UNREADABLE` where that failed."""

    def __init__(self, kind: RecordClass, fields: Mapping[str, Any]):
        self.key = kind.key
        self.__dict__.update(fields)

    def sort_key(self) -> tuple[Any, ...]:
        """Return what the rows of the table are ordered by."""
        return tuple(getattr(self, name) for name in self.key)


def faults_of(records: Mapping[str, RecordClass], tables: Mapping[str, Sequence[Any]]) -> list[Fault]:
    """Return every fault of the records and of the instance they make; beyond `MOST_FAULTS`, where looking ended.

    Parameters
    ----------
    records
        Table name -> class of its rows.
    tables
        Table name -> records, or mappings with their fields, in the user's order; rows count from 1.
    """
    faults: list[Fault] = []
    read: dict[str, list[Any]] = {}
    for table, kind in records.items():
        read[table] = _drafts(table, kind, tables.get(table, ()), faults)
        if len(faults) >= MOST_FAULTS:
            return faults  # rows that were not read can't be held against the others
    return FaultList([*faults, *cross_check(read)])


@cache
def _adapter(kind: RecordClass) -> TypeAdapter[Any]:
    return TypeAdapter(Annotated[list[kind], FailFast()])


def _drafts(table: str, kind: RecordClass, given: Sequence[Any], faults: list[Fault]) -> list[Any]:
    try:
        return list(_adapter(kind).validate_python(list(given)))
    except ValidationError:
        pass
    drafts: list[Any] = []
    for row, record in enumerate(given, 1):
        draft, errors = _draft(kind, record)
        drafts.append(draft)
        faults += [record_fault(item, table, row) for item in errors]
        if len(faults) >= MOST_FAULTS:
            faults.append(Fault("too_many_faults", table, row, details={"rows": len(given), "why": "ended"}))
            break
    return drafts


def _draft(kind: RecordClass, given: Any) -> tuple[Any, list[Any]]:
    """Return the record, or what can be read of it and pydantic's errors on the rest."""
    try:
        return kind.model_validate(given), []
    except ValidationError as error:
        errors: list[Any] = [*error.errors(include_url=False)]
    given = dict(given) if isinstance(given, Mapping) else {}
    bad = {str(item["loc"][0]) for item in errors if item["loc"]}
    fields = {
        name: UNREADABLE if name in bad else field.get_default(call_default_factory=True)
        for name, field in kind.model_fields.items()
    }
    whole = {**_sample(kind), **{name: value for name, value in given.items() if name in fields and name not in bad}}
    try:
        read = kind.model_validate(whole)
        fields |= {name: getattr(read, name) for name in given if name in fields and name not in bad}
    except ValidationError:  # the record as a whole is refused: nothing of it can be relied on
        fields = dict.fromkeys(kind.model_fields, UNREADABLE)
    for name, field in kind.model_fields.items():
        if field.is_required() and name not in given:
            fields[name] = UNREADABLE
    return Draft(kind, fields), errors


def _sample(kind: RecordClass) -> dict[str, Any]:
    """Return a valid record, to read the sound fields of a faulty one beside it."""
    return {
        name: {"lat": 0.0, "lon": 0.0, "rank": 1, "minutes": 0.0, "level": "county", "side": "provider"}.get(
            name, {"Lock": "pin"}.get(kind.__name__) if name == "kind" else "counties" if name == "table" else "x"
        )
        for name, field in kind.model_fields.items()
        if field.is_required()
    }


def record_fault(item: Any, table: str | None, row: int | None) -> Fault:
    """Translate one of pydantic's errors on a record into a fault of its row."""
    place = item["loc"][1:2] if item["loc"][:1] == ("extras",) and len(item["loc"]) > 1 else item["loc"][:1]
    return fault_of(item, table, row, str(place[0]) if place else None)
