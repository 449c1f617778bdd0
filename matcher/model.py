"""What a planner knows: organisations and their branches, counties and their schools, and last year's pairings.

Records are checked at the door (pydantic, frozen); an `Instance` holds them in id order, so that the order of the
rows a user gives never matters, and knows its arrays. Coordinates in an Instance are always WGS-84 degrees.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, FailFast, Field, PrivateAttr, ValidationError

from matcher.base.display import as_html
from matcher.base.errors import Fault, InvalidInput, Lang
from matcher.base.fieldtypes import (
    Bounds,
    Count,
    Extras,
    Id,
    Latitude,
    Longitude,
    NotBoolean,
    OptionalText,
    Province,
    Text,
    Words,
)
from matcher.base.jsonform import no_deeper, read_object
from matcher.base.manyfaults import FaultList
from matcher.base.mends import Mend
from matcher.base.names import AT_SEAT, KEYS, PairLevel, Side
from matcher.base.notices import Notice, noted, reading_notices
from matcher.tables.arrays import Arrays
from matcher.tables.crosscheck import cross_check, notices_of
from matcher.tables.drafts import faults_of, record_fault
from matcher.tables.overview import instance_summary

# the class of pydantic's classes has no public name
if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass

    from matcher.files.reading import Datum
    from matcher.files.region import Region
else:
    ModelMetaclass = type(BaseModel)


#: format of the JSON of an instance
FORMAT: Final = "matcher.instance/1"


class _Door(ModelMetaclass):
    """Makes a record built by hand raise the package's own error; rows of tables do not come this way."""

    def __call__(self, /, *values: Any, **fields: Any) -> Any:
        try:
            with no_deeper():
                return super().__call__(*values, **fields)
        except ValidationError as error:
            items = error.errors(include_url=False)
            raise InvalidInput([record_fault(item, self.__name__, None) for item in items]) from None


class Record(BaseModel, metaclass=_Door):
    """One row of one table; frozen, unknown fields are refused.

    `extras` holds the columns of the user's table that the library does not know, and carries them to the outputs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)
    key: ClassVar[tuple[str, ...]] = KEYS["organizations"]

    extras: Extras = Field(default_factory=dict)

    def sort_key(self) -> tuple[str, ...]:
        """Return what the rows of the table are ordered by."""
        return tuple([getattr(self, name) for name in self.key])


class Entity(Record):
    """A record with an id, unique within its table."""

    id: Id
    name: Text = ""


class Organization(Entity):
    """A university, enterprise or institution whose committee can be paired with counties."""

    kind: Literal["university", "enterprise", "institution"] | None = None
    province: Province = None
    lat: Latitude
    lon: Longitude
    capacity: Bounds = (0, 1)


class Branch(Entity):
    """A unit of one organisation; it serves schools. Without coordinates it stands at its organisation."""

    organization_id: Id
    lat: Latitude | None = None
    lon: Longitude | None = None
    capacity: Bounds = (0, 1)
    volunteers: Count | None = None
    skills: Words = ()


class County(Entity):
    """A key county; it wants organisations."""

    province: Province = None
    lat: Latitude
    lon: Longitude
    children: Count | None = None
    demand: Bounds = (0, 1)


class School(Entity):
    """A school of one county; it wants branches. Without coordinates it stands at its county's seat, marked so."""

    county_id: Id
    lat: Latitude | None = None
    lon: Longitude | None = None
    coord_precision: OptionalText = None
    children: Count | None = None
    demand: Bounds = (0, 1)
    needs: Words = ()


def _marked(school: School) -> School:
    """Mark a school without coordinates: it stands at its county's seat."""
    if school.lat is not None or school.coord_precision == AT_SEAT:
        return school
    return school.model_copy(update={"coord_precision": AT_SEAT})


class Pairing(Record):
    """A pair of last year: organisation and county (level "county"), or branch and school (level "school")."""

    key: ClassVar[tuple[str, ...]] = KEYS["previous"]
    level: PairLevel
    provider_id: Id
    recipient_id: Id
    since: Annotated[int, Field(ge=1900, le=2200), NotBoolean] | None = None


class Preference(Record):
    """One line of a preference list: `id` of `side` ranks `choice_id` of the other side (1 is best)."""

    key: ClassVar[tuple[str, ...]] = KEYS["preferences"]
    level: PairLevel
    side: Side
    id: Id
    choice_id: Id
    rank: Annotated[int, Field(ge=1, le=10**9), NotBoolean]


class TravelTime(Record):
    """Travel from a provider (organisation or branch) to a recipient (county or school)."""

    key: ClassVar[tuple[str, ...]] = KEYS["travel_times"]
    level: PairLevel
    origin_id: Id
    destination_id: Id
    minutes: Annotated[float, Field(ge=0, le=10**6, allow_inf_nan=False), NotBoolean]
    km: Annotated[float, Field(ge=0, le=10**6, allow_inf_nan=False), NotBoolean] | None = None


class Lock(Record):
    """A pair that must be in the plan (pin) or must not be (forbid), and why."""

    key: ClassVar[tuple[str, ...]] = KEYS["locks"]
    level: PairLevel
    provider_id: Id
    recipient_id: Id
    kind: Literal["pin", "forbid"]
    reason: Text = ""


class Successor(Record):
    """An id of last year that has a new one: a county renamed or recoded, a merged university."""

    key: ClassVar[tuple[str, ...]] = KEYS["successors"]
    table: Literal["organizations", "branches", "counties", "schools"]
    old_id: Id
    new_id: Id


#: the tables, and the record of a row of each
RECORDS: Mapping[str, type[Record]] = {
    "organizations": Organization,
    "branches": Branch,
    "counties": County,
    "schools": School,
    "previous": Pairing,
    "preferences": Preference,
    "travel_times": TravelTime,
    "locks": Lock,
    "successors": Successor,
}


class Instance(BaseModel):
    """All that is known before planning: nine tables, each in the order of its ids.

    Parameters
    ----------
    organizations, branches, counties, schools
        Records, or mappings with their fields.
    previous, preferences, travel_times, locks, successors
        The optional tables.

    Raises
    ------
    InvalidInput
        With every fault of every record and of the instance as a whole (unknown and repeated ids and the like).

    Examples
    --------
    >>> import matcher
    >>> county = matcher.County(id="520203", name="六枝特区", province="贵州省", lat=26.2, lon=105.5)
    >>> university = matcher.Organization(id="U1", kind="university", province="贵州省", lat=26.6, lon=106.7)
    >>> matcher.Instance(organizations=[university], counties=[county])
    Instance(1 organizations, 0 branches, 1 counties, 0 schools, 0 previous pairs)
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        # what the reader noticed stands in the JSON beside the tables
        json_schema_extra=lambda schema: schema["properties"].update(notices={"type": "array"}),
    )

    format: Literal["matcher.instance/1"] = FORMAT
    organizations: Annotated[tuple[Organization, ...], FailFast()] = ()
    branches: Annotated[tuple[Branch, ...], FailFast()] = ()
    counties: Annotated[tuple[County, ...], FailFast()] = ()
    schools: Annotated[tuple[School, ...], FailFast()] = ()
    previous: Annotated[tuple[Pairing, ...], FailFast()] = ()
    preferences: Annotated[tuple[Preference, ...], FailFast()] = ()
    travel_times: Annotated[tuple[TravelTime, ...], FailFast()] = ()
    locks: Annotated[tuple[Lock, ...], FailFast()] = ()
    successors: tuple[Successor, ...] = ()

    _reading: tuple[Notice, ...] = PrivateAttr(default=())
    _mends: tuple[Mend, ...] = PrivateAttr(default=())

    def __init__(self, /, **tables: Iterable[Record | Mapping[str, Any]]):
        form = tables.pop("format", FORMAT)
        frames = FaultList(
            Fault("not_records", name, details={"found": type(value).__name__})
            for name, value in tables.items()
            if hasattr(value, "columns") or not isinstance(value, Iterable) or isinstance(value, str | Mapping)
        )
        if frames:
            raise InvalidInput(frames)
        prepared = {name: tuple(value) for name, value in tables.items()}
        faults = FaultList(Fault("unknown_field", column=name) for name in prepared if name not in RECORDS)
        if form != FORMAT:
            faults.append(Fault("unknown_format", value=form, details={"known": FORMAT}))
        with no_deeper():
            try:
                if faults:
                    raise InvalidInput(faults)
                super().__init__(**prepared)
            except (ValidationError, InvalidInput):
                raise InvalidInput([*faults, *faults_of(RECORDS, prepared)]) from None

    def model_post_init(self, context: Any) -> None:
        """Check the instance as a whole and put every table in id order."""
        super().model_post_init(context)  # pydantic's own: sets up the private attributes
        faults = cross_check({name: getattr(self, name) for name in RECORDS})
        if faults:
            raise InvalidInput(faults)
        for name, kind in RECORDS.items():
            self.__dict__[name] = tuple(sorted(getattr(self, name), key=attrgetter(*kind.key)))
        if any(school.lat is None for school in self.schools):
            self.__dict__["schools"] = tuple(map(_marked, self.schools))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Instance:
        """Return an instance with some tables replaced, checked as any other (frozen content is never copied deep)."""
        tables = {name: getattr(self, name) for name in RECORDS}
        copy = Instance(**{**tables, **(update or {})})
        copy._reading, copy._mends = self._reading, self._mends
        return copy

    @property
    def reading(self) -> tuple[Notice, ...]:
        """What the reader of files or frames noticed; it goes wherever the instance goes."""
        return self._reading

    def as_read(self, noticed: tuple[Notice, ...]) -> Instance:
        """Return the instance with what its reader noticed in place of what it had."""
        if noticed == self._reading:
            return self
        again = self.__copy__()
        again.__dict__.pop("notices", None)
        again._reading = noticed
        return again

    def __getstate__(self) -> dict[Any, Any]:
        """Cross to another process without what can be made again: arrays, notices of the records, digest."""
        state = super().__getstate__()
        return {**state, "__dict__": {name: self.__dict__[name] for name in type(self).model_fields}}

    def __deepcopy__(self, memo: Any = None) -> Instance:
        return self  # frozen

    @cached_property
    def notices(self) -> tuple[Notice, ...]:
        """What a planner should know about this input: what the reader noticed, then what shows in the records."""
        return (*self._reading, *notices_of({name: getattr(self, name) for name in RECORDS}))

    @property
    def mends(self) -> tuple[Mend, ...]:
        """Every cell that the reader mended, each once; `notices` counts them by column."""
        return self._mends

    @cached_property
    def arrays(self) -> Arrays:
        """The instance as read-only arrays, built once."""
        return Arrays.of(self)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, in hexadecimal: the same for the same content in any row order."""
        return hashlib.sha256(self._tables_json({}).encode()).hexdigest()

    @classmethod
    def from_frames(cls, *, datum: Datum = "wgs84", region: Region | None = None, **frames: Any) -> Instance:
        """Read an instance from frames of pandas or polars, one argument a table (`organizations=df`, ...).

        Parameters
        ----------
        datum, region
            As in `matcher.read`.
        **frames
            Tables by name, with English or Chinese headers; rows count from 2, as if written to a file.

        Raises
        ------
        InvalidInput
            With every fault of every table.
        """
        from matcher.files.reading import from_frames

        return from_frames(frames, datum=datum, region=region)

    def to_json(self) -> str:
        """Return the canonical JSON (format `matcher.instance/1`): tables in id order, defaults left out.

        Where a reader noticed something, `notices` says it; `digest` and equality are of the tables alone.
        """
        return self._tables_json({"notices": noted(self._reading)} if self._reading else {})

    def _tables_json(self, more: Mapping[str, Any]) -> str:
        content = {"format": self.format, **self.model_dump(mode="json", exclude_defaults=True), **more}
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, source: str | bytes) -> Instance:
        """Read what `to_json` wrote.

        Raises
        ------
        InvalidInput
            If it is not JSON, of another format, or has faults.
        """
        content = read_object(source)
        said = reading_notices(content.pop("notices", []))
        return cls(**content).as_read(said)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Instance):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in RECORDS)

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        sizes = ", ".join(
            f"{len(getattr(self, name))} {name}" for name in ("organizations", "branches", "counties", "schools")
        )
        return f"Instance({sizes}, {len(self.previous)} previous pairs)"

    def summary(self, lang: Lang = "en") -> str:
        """Return the instance on one screen: its tables, how good its points are, what to know."""
        return instance_summary(self, lang)

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        return as_html(self.summary())
