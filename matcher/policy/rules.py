"""Rules: what a plan must obey. Each rule is one small object that knows its constraint, its check and its sentence.

A rule says which pairs it allows (`allows`), which pairs must be there (`pins`), and which linear rows the plan must
keep (`rows`). Whether the whole is a flow is decided from that: pairs forbidden or pinned keep it one, rows do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from matcher.base.errors import text
from matcher.base.fieldtypes import Count, Id, NotBoolean
from matcher.base.names import SIDES, PairLevel
from matcher.base.numbers import M_PER_KM, S_PER_MIN, UNKNOWN_COST, BoolArray, IntArray
from matcher.facts import Facts
from matcher.policy.comparisons import holds, shown, tidy
from matcher.policy.rows import CountedPairs, Row
from matcher.tables.arrays import Nodes
from matcher.words.catalogue import has_text

if TYPE_CHECKING:
    from matcher.policy.case import Case

# in metres or seconds the largest still fits 64 bits
Number = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False), NotBoolean]


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple, json_schema_input_type=str | tuple[str, ...])]


def kinds_words(kinds: Iterable[str], lang: str) -> str:
    """Say kinds of organisation."""
    words = [text(f"word.{kind}", lang) if has_text(f"word.{kind}") else kind for kind in kinds]
    return ("、" if lang == "zh" else ", ").join(words)


class Selector(BaseModel):
    """Which rows of a table are meant: all conditions given must hold; none given means all rows.

    Parameters
    ----------
    ids, kinds, provinces, parents
        Ids, kinds of organisation, provinces, and the ids of the organisation (of a branch) or county (of a school).
    where
        Columns of the user's own (`extras`) and the value each must have, or what it is compared with: `">=30"`,
        `"<5"`, `"!=小学"`. Children and volunteers can be compared too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    ids: Names | None = None
    kinds: Names | None = None
    provinces: Names | None = None
    parents: Names | None = None
    where: dict[str, Annotated[str, AfterValidator(tidy)]] | None = None

    def mask(self, facts: Facts, table: str) -> BoolArray:
        """Return (n,) bool: the rows of `table` that are meant (computed once a `facts`)."""
        key = (table, self.model_dump_json())
        if key not in facts.masks:
            facts.masks[key] = self._mask(facts, table)
        return facts.masks[key]

    def _mask(self, facts: Facts, table: str) -> BoolArray:
        records: Sequence[Any] = getattr(facts.instance, table)
        nodes: Nodes = getattr(facts.arrays, table)
        chosen = np.ones(len(records), dtype=np.bool_)
        if self.ids is not None:
            chosen &= np.isin(np.array(nodes.ids, dtype=object), list(self.ids))
        if self.provinces is not None:
            known = facts.arrays.provinces
            wanted = [position for position, name in enumerate(known) if name in self.provinces]
            chosen &= np.isin(nodes.province, wanted)
        if self.kinds is not None:
            owners = facts.instance.organizations
            kinds = np.array([owner.kind in self.kinds for owner in owners], dtype=np.bool_)
            if table == "organizations":
                chosen &= kinds
            elif table == "branches":
                chosen &= kinds[nodes.parent]
            else:
                chosen[:] = False
        if self.parents is not None:
            parent_ids = {"branches": facts.arrays.organizations.ids, "schools": facts.arrays.counties.ids}.get(
                table, ()
            )
            wanted = [position for position, known_id in enumerate(parent_ids) if known_id in self.parents]
            chosen &= np.isin(nodes.parent, wanted)
        for column, value in (self.where or {}).items():
            chosen &= holds(records, table, column, value)
        return chosen

    def count(self, facts: Facts, table: str) -> int:
        """Return how many rows of `table` are meant."""
        return int(self.mask(facts, table).sum())

    def names(self) -> Iterator[tuple[str, str]]:
        """Return what is named: ("id", "province", "column" or "kind", the name)."""
        named = {"id": (*(self.ids or ()), *(self.parents or ())), "province": self.provinces or ()}
        for of, names in (named | {"column": self.where or (), "kind": self.kinds or ()}).items():
            yield from ((of, name) for name in names)

    def words(self, lang: str) -> str:
        """Say which rows are meant."""
        kinds = kinds_words(self.kinds or (), lang)
        named = [", ".join(names) if names else "" for names in (self.ids, self.provinces, self.parents)]
        parts = [part for part in (named[0], kinds, *named[1:]) if part]
        parts += [shown(column, value) for column, value in sorted((self.where or {}).items())]
        return "; ".join(parts) if parts else text("rule.all", lang)


class Rule(BaseModel):
    """Base of every rule: by default it allows every pair and pins none."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    #: why somebody has no pair whom this rule alone leaves none (`outcome.unmatched.REASONS`)
    left_out: ClassVar[str] = "not_allowed"

    @model_serializer(mode="wrap")
    def _with_kind(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write `kind` although it is a default: it says which rule the data is."""
        return {"kind": getattr(self, "kind", self.code), **handler(self)}

    def allows(self, facts: Facts, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> BoolArray | None:
        """Return which of the pairs the rule allows, None if it says nothing about `level`."""
        return None

    def may_allow(self, facts: Facts, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> BoolArray | None:
        """Return a superset of `allows` that is cheap to compute."""
        return self.allows(facts, level, provider_idx, recipient_idx)

    def pins(self, facts: Facts) -> Iterable[tuple[str, int, int]]:
        """Return the pairs that must be in the plan: (level, provider position, recipient position)."""
        return ()

    def pins_if_possible(self, facts: Facts) -> Iterable[tuple[str, int, int]]:
        """Return further pairs that must be in the plan, each unless another rule or a bound of 0 forbids it."""
        return ()

    def rows(self, case: Case) -> Iterable[Row]:
        """Return the linear rows that a plan must keep, none by default."""
        return ()

    def selectors(self) -> list[tuple[str, Selector, str]]:
        """Return the fields that select rows: name, selector, and the table that it selects from."""
        return []

    def names(self) -> Iterator[tuple[str, str]]:
        """Return what the rule names of the input: ("id", "province", "column" or "kind", the name)."""
        for _, selector, _ in self.selectors():
            yield from selector.names()

    def forbids(self, facts: Facts, level: str) -> bool:
        """Whether the rule may forbid some pair of `level`."""
        nobody = np.zeros(0, np.int64)
        asked = (facts, level, nobody, nobody)
        return self.may_allow(*asked) is not None or self.allows(*asked) is not None

    def binds(self, facts: Facts) -> dict[str, int]:
        """Return how many rows the rule speaks of, by table; "pairs" are pairs of last year, "groups" those of rows."""
        return {table: selector.count(facts, table) for _, selector, table in self.selectors()}

    @property
    def is_demand(self) -> bool:
        """Whether a plan can break the rule; one that only weighs stands in nobody's way."""
        return True

    @property
    def most_weight(self) -> float:
        """The most by which `weigh_children` multiplies."""
        return 1.0

    def weigh_children(self, facts: Facts, rate: IntArray) -> IntArray:
        """Return what convenience charges for each school's children, given the charge so far; (S,) int64."""
        return rate

    def sentence(self, lang: str = "en") -> str:
        """Say the rule in one sentence."""
        raise TypeError(f"{type(self).__name__} has no sentence")

    @property
    def code(self) -> str:
        """The stable code of the rule."""
        return type(self).__name__.lower()


class Reach(Rule):
    """No pair of `level` farther than `max_km` (inclusive, in whole metres) or longer than `max_min`.

    With `beyond`, at most so many pairs may be.
    """

    left_out: ClassVar[str] = "out_of_reach"
    kind: Literal["reach"] = "reach"
    level: PairLevel
    max_km: Number | None = None
    max_min: Number | None = None
    beyond: Count = 0

    @model_validator(mode="after")
    def _limits(self) -> Reach:
        """Refuse a reach that limits nothing: the plan would pass for one with a limit."""
        if self.max_km is None and self.max_min is None:
            raise PydanticCustomError("no_limit", "give max_km, max_min or both")
        return self

    def allows(self, facts: Facts, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> BoolArray | None:
        return None if level != self.level or self.beyond else self._is_near(facts, provider_idx, recipient_idx)

    def _is_near(self, facts: Facts, provider_idx: IntArray, recipient_idx: IntArray) -> BoolArray:
        level = self.level
        allowed: Any = True
        if self.max_km is not None:
            allowed = facts.metres(level, provider_idx, recipient_idx) <= round(self.max_km * M_PER_KM)
        if self.max_min is not None:
            allowed &= facts.seconds(level, provider_idx, recipient_idx)[0] <= round(self.max_min * S_PER_MIN)
        return np.broadcast_to(allowed, np.broadcast(provider_idx, recipient_idx).shape)

    def may_allow(self, facts: Facts, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> BoolArray | None:
        if level != self.level or self.max_km is None or self.beyond:
            return None
        return facts.metres_floor(level, provider_idx, recipient_idx) <= round(self.max_km * M_PER_KM)

    def rows(self, case: Case) -> Iterator[Row]:
        if self.beyond:
            far = CountedPairs(lambda p, r: ~self._is_near(case.facts, p, r))
            yield Row("far_pairs", {"level": self.level}, most=self.beyond, pairs={self.level: far})

    def binds(self, facts: Facts) -> dict[str, int]:
        return {SIDES[self.level][1]: len(facts.arrays.sides(self.level)[1])}

    def sentence(self, lang: str = "en") -> str:
        parts = []
        if self.max_km is not None:
            parts.append(text(f"rule.reach.{self.level}.km", lang, max_km=self.max_km))
        if self.max_min is not None:
            parts.append(text(f"rule.reach.{self.level}.min", lang, max_min=self.max_min))
        if self.beyond:
            parts.append(text("rule.reach.beyond", lang, beyond=self.beyond))
        return " ".join(parts)


class Within(Rule):
    """Organisation and county lie in the same province, or (with names) the organisation in one of those provinces."""

    left_out: ClassVar[str] = "outside_province"
    kind: Literal["within"] = "within"
    provinces: Names | None = None

    def allows(self, facts: Facts, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> BoolArray | None:
        if level != "county":
            return None
        home = facts.arrays.organizations.province[provider_idx]
        there = facts.arrays.counties.province[recipient_idx]
        if self.provinces is None:
            same: BoolArray = (home == there) & (home >= 0)
            return same
        named = [position for position, name in enumerate(facts.arrays.provinces) if name in self.provinces]
        return np.isin(home, named) & np.ones_like(there, dtype=np.bool_)

    def names(self) -> Iterator[tuple[str, str]]:
        yield from (("province", name) for name in self.provinces or ())

    def binds(self, facts: Facts) -> dict[str, int]:
        home = facts.arrays.organizations.province
        named = [at for at, name in enumerate(facts.arrays.provinces) if name in (self.provinces or (name,))]
        return {"organizations": int(np.isin(home, named).sum())}

    def sentence(self, lang: str = "en") -> str:
        if self.provinces is None:
            return text("rule.within.province", lang)
        return text("rule.within.named", lang, provinces=", ".join(self.provinces))


class Listed(Rule):
    """Where travel time is counted and no speed is given, only listed pairs are allowed."""

    left_out: ClassVar[str] = "not_listed"
    kind: Literal["listed"] = "listed"
    level: PairLevel

    def allows(self, facts: Facts, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> BoolArray | None:
        if level != self.level:
            return None
        return facts.cost(level, provider_idx, recipient_idx) < UNKNOWN_COST

    def binds(self, facts: Facts) -> dict[str, int]:
        return {SIDES[self.level][1]: len(facts.arrays.sides(self.level)[1])}

    def sentence(self, lang: str = "en") -> str:
        return text(f"rule.listed.{self.level}", lang)


class Locks(Rule):
    """The pairs of the table `locks`: pinned ones must be in the plan, forbidden ones must not."""

    left_out: ClassVar[str] = "forbidden"
    kind: Literal["locks"] = "locks"

    def allows(self, facts: Facts, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> BoolArray | None:
        return ~facts.is_forbidden(level, provider_idx, recipient_idx)

    def forbids(self, facts: Facts, level: str) -> bool:
        return any(lock.level == level and lock.kind == "forbid" for lock in facts.instance.locks)

    def pins(self, facts: Facts) -> Iterable[tuple[str, int, int]]:
        return facts.pinned

    def sentence(self, lang: str = "en") -> str:
        return text("rule.locks", lang)


class Pin(Rule):
    """The pair must be in the plan."""

    kind: Literal["pin"] = "pin"
    level: PairLevel
    provider_id: Id
    recipient_id: Id
    reason: str = ""

    def pins(self, facts: Facts) -> Iterable[tuple[str, int, int]]:
        providers, recipients = facts.arrays.sides(self.level)
        return [(self.level, providers.index[self.provider_id], recipients.index[self.recipient_id])]

    def sentence(self, lang: str = "en") -> str:
        key = "rule.pin" if self.reason else "rule.pin.plain"
        return text(key, lang, provider=self.provider_id, recipient=self.recipient_id, reason=self.reason)


class Forbid(Rule):
    """No pair of `level` between the rows that `provider` and those that `recipient` select."""

    left_out: ClassVar[str] = "forbidden"
    kind: Literal["forbid"] = "forbid"
    level: PairLevel
    provider: Selector = Selector()
    recipient: Selector = Selector()
    reason: str = ""

    def allows(self, facts: Facts, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> BoolArray | None:
        if level != self.level:
            return None
        tables = SIDES[self.level]
        return ~(
            self.provider.mask(facts, tables[0])[provider_idx] & self.recipient.mask(facts, tables[1])[recipient_idx]
        )

    def selectors(self) -> list[tuple[str, Selector, str]]:
        providers, recipients = SIDES[self.level]
        return [("provider", self.provider, providers), ("recipient", self.recipient, recipients)]

    def sentence(self, lang: str = "en") -> str:
        provider, recipient = self.provider.words(lang), self.recipient.words(lang)
        key = "rule.forbid" if self.reason else "rule.forbid.plain"
        return text(key, lang, provider=provider, recipient=recipient, reason=self.reason)
