"""What happens during the year, as small records: who leaves, joins, takes more or fewer pairs, refuses or agrees.

Each is a frozen pydantic record; a list of them has a versioned JSON form (`events_to_json`, `events_from_json`).
`changed` applies them to an instance, in their order, and checks each against what it meets.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator
from pydantic_core import PydanticCustomError

from matcher.base.errors import Fault, InvalidInput, wrong_kind
from matcher.base.fieldtypes import Bounds, Id, Text
from matcher.base.jsonform import read_object, records_of
from matcher.base.names import AT_SEAT, SIDES, PairLevel
from matcher.model import RECORDS, Branch, County, Instance, Lock, Organization, School
from matcher.tables.crosscheck import cross_check
from matcher.tables.update import with_tables

FORMAT: Final = "matcher.renewals.events/1"
Table = Literal["organizations", "branches", "counties", "schools"]
#: table of the parents -> table and field of their children
_CHILDREN: Final = {"organizations": ("branches", "organization_id"), "counties": ("schools", "county_id")}
_PARENTS: Final = {"branches": ("organizations", "organization_id"), "schools": ("counties", "county_id")}
_BOUNDS: Final = {"organizations": "capacity", "branches": "capacity", "counties": "demand", "schools": "demand"}
_NAMES: Final = ("organizations", "counties", "branches", "schools")


class EventTables:
    """The tables that the events touch, by key, and the faults found."""

    def __init__(self, instance: Instance):
        self.instance = instance
        self.touched: dict[str, dict[Any, Any]] = {}
        self.faults: list[Fault] = []

    def rows(self, table: str) -> dict[Any, Any]:
        """Return the rows of a table to change: by id, or by the key of a table without ids."""
        if table not in self.touched:
            key = attrgetter(*RECORDS[table].key)
            self.touched[table] = {key(record): record for record in getattr(self.instance, table)}
        return self.touched[table]

    def records(self, table: str) -> Iterable[Any]:
        """Return the rows of a table as they are by now."""
        return self.touched[table].values() if table in self.touched else getattr(self.instance, table)

    def known(self, number: int, table: str, known_id: str, column: str) -> bool:
        """Whether the table has the id; otherwise it is a fault."""
        nodes = getattr(self.instance.arrays, table).index if table not in self.touched else self.touched[table]
        if known_id in nodes:
            return True
        self.faults.append(Fault("unknown_id", "events", number, column, known_id, details={"target": table}))
        return False


class Event(BaseModel):
    """Base of every event."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def apply(self, tables: EventTables, number: int) -> None:
        """Change the tables, or say as a fault of event `number` why not."""
        raise NotImplementedError

    def touches(self) -> Iterator[tuple[str, str]]:
        """Return the rows (table, id) in whose organisation or county something changes."""
        raise NotImplementedError


class Leaves(Event):
    """A row leaves: an organisation with its branches, a branch, a county with its schools, or a school."""

    kind: Literal["leaves"] = "leaves"
    table: Table
    id: Id

    def apply(self, tables: EventTables, number: int) -> None:
        """Take the row, its children and what is said of them out."""
        if not tables.known(number, self.table, self.id, "id"):
            return
        gone: dict[str, set[str]] = {self.table: {self.id}}
        if self.table in _CHILDREN:
            table, field = _CHILDREN[self.table]
            gone[table] = {record.id for record in tables.records(table) if getattr(record, field) == self.id}
        for table, ids in gone.items():
            for known_id in ids:
                del tables.rows(table)[known_id]
        for table, first, second in (
            ("locks", "provider_id", "recipient_id"),
            ("travel_times", "origin_id", "destination_id"),
            ("preferences", "id", "choice_id"),
        ):
            if not tables.records(table):
                continue
            for key, row in list(tables.rows(table).items()):
                sides = SIDES[row.level] if getattr(row, "side", "provider") == "provider" else SIDES[row.level][::-1]
                if getattr(row, first) in gone.get(sides[0], ()) or getattr(row, second) in gone.get(sides[1], ()):
                    del tables.rows(table)[key]

    def touches(self) -> Iterator[tuple[str, str]]:
        """Return the row."""
        yield self.table, self.id


class Joins(Event):
    """Rows join: an organisation with its branches, a branch, a county with its schools, a school."""

    kind: Literal["joins"] = "joins"
    organizations: tuple[Organization, ...] = ()
    branches: tuple[Branch, ...] = ()
    counties: tuple[County, ...] = ()
    schools: tuple[School, ...] = ()

    @model_validator(mode="after")
    def _somebody(self) -> Joins:
        """Refuse an event in which nobody joins."""
        if not (self.organizations or self.branches or self.counties or self.schools):
            raise PydanticCustomError("event.nobody", "nobody joins")
        return self

    def apply(self, tables: EventTables, number: int) -> None:
        """Put the rows in, after the checks that a whole input goes through."""
        fresh: dict[str, tuple[Any, ...]] = {name: getattr(self, name) for name in _NAMES}
        parents: dict[str, dict[str, Any]] = {name: {} for name in _NAMES}
        for table in _NAMES:
            for record in fresh[table]:
                if record.id in tables.rows(table):
                    tables.faults.append(
                        Fault("id_taken", "events", number, "id", record.id, details={"target": table})
                    )
                elif table in _PARENTS:
                    above, field = _PARENTS[table]
                    parent = getattr(record, field)
                    if parent in {row.id for row in fresh[above]} or not tables.known(number, above, parent, field):
                        continue
                    parents[above][parent] = tables.rows(above)[parent]
        if tables.faults:
            return
        checked = {name: (*fresh[name], *parents[name].values()) for name in _NAMES}
        faults = cross_check({**dict.fromkeys(RECORDS, ()), **checked})
        for table in ("counties", "schools"):
            counted = any(record.children is not None for record in getattr(tables.instance, table))
            for record in fresh[table]:
                if getattr(tables.instance, table) and (record.children is not None) != counted:
                    faults.append(Fault("missing_value", "events", number, "children", record.id))
        tables.faults += faults
        for table in _NAMES:
            for record in fresh[table]:
                at_seat = table == "schools" and record.lat is None
                row = record.model_copy(update={"coord_precision": AT_SEAT}) if at_seat else record
                tables.rows(table)[record.id] = row

    def touches(self) -> Iterator[tuple[str, str]]:
        """Return the rows, or those above them."""
        yield from (("organizations", row.id) for row in self.organizations)
        yield from (("organizations", row.organization_id) for row in self.branches)
        yield from (("counties", row.id) for row in self.counties)
        yield from (("counties", row.county_id) for row in self.schools)


class Takes(Event):
    """A row takes another number of pairs: the capacity of an organisation or branch, the demand of a county or school.

    `pairs` is one number d for (0, d), or (minimum, maximum).
    """

    kind: Literal["takes"] = "takes"
    table: Table
    id: Id
    pairs: Bounds

    @model_validator(mode="after")
    def _in_order(self) -> Takes:
        """Refuse a minimum above the maximum."""
        if self.pairs[0] > self.pairs[1]:
            raise PydanticCustomError("event.bounds", "the minimum is above the maximum")
        return self

    def apply(self, tables: EventTables, number: int) -> None:
        """Set the bounds of the row."""
        if tables.known(number, self.table, self.id, "id"):
            record = tables.rows(self.table)[self.id]
            tables.rows(self.table)[self.id] = record.model_copy(update={_BOUNDS[self.table]: self.pairs})

    def touches(self) -> Iterator[tuple[str, str]]:
        """Return the row."""
        yield self.table, self.id


class _OfPair(Event):
    """What is said of a pair; it puts a lock in place of the opposite one."""

    lock: ClassVar[Literal["pin", "forbid"]]
    kind: Any
    level: PairLevel
    provider_id: Id
    recipient_id: Id
    reason: Text = ""

    def apply(self, tables: EventTables, number: int) -> None:
        """Put the lock of the pair in place of the opposite one."""
        named = zip(SIDES[self.level], ("provider_id", "recipient_id"), strict=True)
        here = [tables.known(number, table, getattr(self, column), column) for table, column in named]
        if not all(here):
            return
        fields = {"level": self.level, "provider_id": self.provider_id, "recipient_id": self.recipient_id}
        tables.rows("locks").pop((*fields.values(), "pin" if self.lock == "forbid" else "forbid"), None)
        lock = Lock(**fields, kind=self.lock, reason=self.reason)
        tables.rows("locks")[lock.sort_key()] = lock

    def touches(self) -> Iterator[tuple[str, str]]:
        """Return both ends of the pair."""
        providers, recipients = SIDES[self.level]
        yield providers, self.provider_id
        yield recipients, self.recipient_id


class Refused(_OfPair):
    """A pair is refused: from now on it is not allowed."""

    lock: ClassVar[Literal["pin", "forbid"]] = "forbid"
    kind: Literal["refused"] = "refused"


class Agreed(_OfPair):
    """A pair is agreed on: from now on it must be in the plan."""

    lock: ClassVar[Literal["pin", "forbid"]] = "pin"
    kind: Literal["agreed"] = "agreed"


AnyEvent = Annotated[Leaves | Joins | Takes | Refused | Agreed, Field(discriminator="kind")]
_ADAPTER: Final[TypeAdapter[tuple[Leaves | Joins | Takes | Refused | Agreed, ...]]] = TypeAdapter(tuple[AnyEvent, ...])
Changes = Event | Mapping[str, Any] | Iterable[Event | Mapping[str, Any]]


def events_of(changes: Changes) -> tuple[Leaves | Joins | Takes | Refused | Agreed, ...]:
    """Read one event, or several, given as records or as mappings with their fields.

    Raises
    ------
    InvalidInput
        With every fault of every event.
    """
    if not isinstance(changes, Event | Iterable):
        raise InvalidInput([wrong_kind(changes, "an event or several", "changes")])
    given = (changes,) if isinstance(changes, Event | Mapping) else tuple(changes)
    return records_of(_ADAPTER, given, "events")


def events_to_json(changes: Changes) -> str:
    """Return events as JSON (format `matcher.renewals.events/1`), defaults left out."""
    rows = [
        {"kind": event.kind, **event.model_dump(mode="json", exclude_defaults=True)} for event in events_of(changes)
    ]
    return json.dumps({"format": FORMAT, "events": rows}, ensure_ascii=False, sort_keys=True)


def events_from_json(source: str | bytes) -> tuple[Leaves | Joins | Takes | Refused | Agreed, ...]:
    """Read what `events_to_json` wrote.

    Raises
    ------
    InvalidInput
        If it is not JSON, of another format, or has faults.
    """
    content = read_object(source, "events")
    form = content.get("format")
    if form != FORMAT or not isinstance(content.get("events"), list):
        raise InvalidInput([Fault("unknown_format", value=form, details={"known": FORMAT})])
    return events_of(content["events"])


def changed(instance: Instance, events: Iterable[Event]) -> Instance:
    """Return the instance after the events.

    Rows that leave take their locks, preferences and travel times with them; pairs of last year stay, so that a plan
    can say which ended by force.

    Raises
    ------
    InvalidInput
        With a fault for each event that names an unknown id or one that is taken, or brings a faulty row.
    """
    tables = EventTables(instance)
    for number, event in enumerate(events, 1):
        event.apply(tables, number)
    if tables.faults:
        raise InvalidInput(tables.faults)
    return with_tables(instance, **{name: rows.values() for name, rows in tables.touched.items()})
