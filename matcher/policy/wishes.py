"""Wishes: what a plan should be where it is not too dear, each at a rate in km (or minutes) of travel.

A wish about single pairs makes the way of those outside it longer, and so stays a flow. One about several pairs at once
is a linear row: hard without a rate, else each unit by which it is broken costs the rate (`SoftRow`), in the travel of
its level. Every rate is paid in `county_travel`, or in `convenience` and `school_travel`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from matcher.base.errors import text
from matcher.base.fieldtypes import Count, NotBoolean
from matcher.base.names import SIDES, PairLevel
from matcher.base.numbers import M_PER_KM, S_PER_MIN, BoolArray, CostUnit, IntArray
from matcher.facts import Facts
from matcher.policy.groups import by_words, groups, neighbours
from matcher.policy.rows import DistinctProviders, ProductWeights, Row
from matcher.policy.rules import Names, Number, Rule, Selector, kinds_words

if TYPE_CHECKING:
    from matcher.policy.case import Case

#: so many of them together stay far below what stands for "no way known"
Rate = Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False), NotBoolean]


@dataclass(frozen=True, slots=True)
class Outside:
    """What a pair outside a preference costs more: a `Surcharge`."""

    rule: Prefer
    most: int

    @property
    def level(self) -> PairLevel:
        """The level of pairing."""
        return self.rule.level

    def of(self, facts: Facts, provider_idx: IntArray, recipient_idx: IntArray) -> IntArray:
        """Return what is added to the cost of each pair."""
        added: IntArray = self.most * self.rule.is_outside(facts, provider_idx, recipient_idx).astype(np.int64)
        return added


class Rated(Rule):
    """Base of the rules with a rate: `km` where the level counts its travel in km, `min` where in minutes."""

    km: Rate | None = None
    min: Rate | None = None

    def rate(self, unit: CostUnit) -> int | None:
        """Return the rate in whole metres or seconds, None if the rule has none."""
        rate, exact = (self.km, M_PER_KM) if unit == "km" else (self.min, S_PER_MIN)
        return None if rate is None else round(rate * exact)

    @property
    def is_soft(self) -> bool:
        """Whether the rule has a rate."""
        return self.km is not None or self.min is not None

    @property
    def is_demand(self) -> bool:
        return not self.is_soft

    @property
    def rated_level(self) -> PairLevel:
        """The level of pairing in whose travel the rate is paid."""
        level: PairLevel = getattr(self, "level", "county")
        return level

    def rate_words(self, key: str, lang: str) -> str:
        """Say the rate; nothing without one."""
        rates = [
            f"{value:g} {text(f'summary.unit.{unit}', lang)}"
            for unit, value in (("km", self.km), ("min", self.min))
            if value is not None
        ]
        return text(key, lang, rate=text("word.or", lang).join(rates)) if rates else ""


class Prefer(Rated):
    """Who is preferred for the selected recipients; a pair with anybody else counts as farther by the rate.

    Parameters
    ----------
    level
        "county" or "school".
    provider, recipient
        The organisations (branches) that are preferred, and the counties (schools) that they are preferred for.
    within
        "province": of them, only those of the recipient's own province.
    km, min
        The rate for each pair outside.
    """

    kind: Literal["prefer"] = "prefer"
    level: PairLevel
    provider: Selector = Selector()
    recipient: Selector = Selector()
    within: Literal["province"] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Prefer:
        """Refuse a preference for everybody, and one without a rate."""
        if not self.is_soft:
            raise PydanticCustomError("no_limit.rate", "give km or min")
        if self.within is None and self.provider == Selector():
            raise PydanticCustomError("no_limit.prefer", "give provider, within or both")
        return self

    def is_outside(self, facts: Facts, provider_idx: IntArray, recipient_idx: IntArray) -> BoolArray:
        """Return which pairs are with somebody who is not preferred (positions broadcast)."""
        tables = SIDES[self.level]
        inside = self.provider.mask(facts, tables[0])[provider_idx]
        if self.within is not None:
            home, there = (nodes.province for nodes in facts.arrays.sides(self.level))
            inside = inside & (home[provider_idx] == there[recipient_idx]) & (home[provider_idx] >= 0)
        outside: BoolArray = self.recipient.mask(facts, tables[1])[recipient_idx] & ~inside
        return outside

    def selectors(self) -> list[tuple[str, Selector, str]]:
        providers, recipients = SIDES[self.level]
        return [("provider", self.provider, providers), ("recipient", self.recipient, recipients)]

    def sentence(self, lang: str = "en") -> str:
        said = text(
            f"rule.prefer.{self.level}{'' if self.within is None else '.province'}",
            lang,
            provider=self.provider.words(lang),
            recipient=self.recipient.words(lang),
        )
        return said + self.rate_words("rule.rate.pair", lang)


@dataclass(frozen=True, slots=True, eq=False)
class SoftRow:
    """A row that may be broken: each unit above its most costs `price`, in whole metres or seconds."""

    row: Row
    price: int

    def cost(self, chosen: dict[str, IntArray]) -> int:
        """Return what a plan pays for it."""
        return self.price * max(0, self.row.value(chosen) - (self.row.most or 0))


class RowWish(Rated):
    """Base of the wishes about several pairs: rows that are hard without a rate."""

    @abstractmethod
    def limits(self, facts: Facts, wanted: IntArray) -> Iterator[Row]:
        """Return the rows, each with a most; (R,) `wanted` is how many pairs each recipient may have."""

    def rows(self, case: Case) -> Iterable[Row]:
        return () if self.is_soft else self.limits(case.facts, case.demand(self.rated_level)[:, 1])

    def wishes(self, facts: Facts, wanted: IntArray) -> Iterator[SoftRow]:
        """Return the rows that may be broken at a price."""
        price = self.rate(facts.unit(self.rated_level))
        if price is not None:
            yield from (SoftRow(row, price) for row in self.limits(facts, wanted))


class Partners(RowWish):
    """At most so many different organisations (branches) for each group of counties (schools).

    With `by = "county"` at county level: not so many of these in one county. At school level: the schools of one
    county, or of one township with the column that names it, by one branch.

    Parameters
    ----------
    level
        "county" or "school".
    by
        "all", "province", "county" or a column of the planner's own.
    most
        How many different ones.
    provider, recipient
        Who is counted, and for whom.
    km, min
        What each further one costs; without a rate there is none.
    """

    kind: Literal["partners"] = "partners"
    level: PairLevel
    by: str = "county"
    most: Annotated[int, Field(ge=1, le=10**9), NotBoolean] = 1
    provider: Selector = Selector()
    recipient: Selector = Selector()

    def limits(self, facts: Facts, wanted: IntArray) -> Iterator[Row]:
        providers = self.provider.mask(facts, SIDES[self.level][0])
        recipients = self.recipient.mask(facts, SIDES[self.level][1]) & (wanted > 0)
        for name, members in groups(self.by, facts, self.level):
            here = members & recipients
            if min(int(providers.sum()), int(wanted[here].sum())) > self.most:
                details = {"level": self.level, "group": name}
                counted: dict[str, DistinctProviders] = {self.level: DistinctProviders(providers, here)}
                yield Row("partners", details, most=self.most, distinct=counted)

    def selectors(self) -> list[tuple[str, Selector, str]]:
        providers, recipients = SIDES[self.level]
        return [("provider", self.provider, providers), ("recipient", self.recipient, recipients)]

    def binds(self, facts: Facts) -> dict[str, int]:
        chosen = self.recipient.mask(facts, SIDES[self.level][1])
        some = sum(bool((members & chosen).any()) for _, members in groups(self.by, facts, self.level))
        return {**super().binds(facts), "groups": some}

    def sentence(self, lang: str = "en") -> str:
        said = text(
            f"rule.partners.{self.level}",
            lang,
            most=self.most,
            by=by_words(self.by, lang),
            provider=self.provider.words(lang),
            recipient=self.recipient.words(lang),
        )
        return said + self.rate_words("rule.rate.further", lang)


class KindBalance(RowWish):
    """In each group of counties no kind of organisation has more than `most` pairs above another kind.

    Parameters
    ----------
    by
        "all", "province", "county", a column of the planner's own, or "neighbours": each county with those within
        `near_km`.
    near_km
        How far neighbours are.
    kinds
        The kinds that are balanced, at least two; by default those that any organisation has.
    of
        Which counties count.
    most
        How many pairs the difference may be.
    km, min
        What each pair beyond costs; without a rate there is none.
    """

    kind: Literal["kind_balance"] = "kind_balance"
    by: str = "province"
    near_km: Number | None = None
    kinds: Annotated[Names, Field(min_length=2)] | None = None
    of: Selector = Selector()
    most: Count = 1

    @model_validator(mode="after")
    def _neighbours(self) -> KindBalance:
        """Refuse neighbours without a distance, and a distance of nobody."""
        if (self.by == "neighbours") != (self.near_km is not None):
            raise PydanticCustomError("kind_balance.near", "near_km is for neighbours, and needed there")
        return self

    def limits(self, facts: Facts, wanted: IntArray) -> Iterator[Row]:
        counted = self.of.mask(facts, "counties") & (wanted > 0)
        kinds = self.kinds or sorted({owner.kind for owner in facts.instance.organizations if owner.kind is not None})
        of_kind = {kind: Selector(kinds=(kind,)).mask(facts, "organizations").astype(np.int64) for kind in kinds}
        for name, members in self._groups(facts):
            here = members & counted
            if int(wanted[here].sum()) <= self.most:
                continue
            for kind in kinds:
                for other in kinds:
                    if kind != other and of_kind[kind].any():
                        details = {"group": name, "kind": kind, "other": other}
                        weights = ProductWeights(of_kind[kind] - of_kind[other], here.astype(np.int64))
                        yield Row("kind_balance", details, most=self.most, pairs={"county": weights})

    def _groups(self, facts: Facts) -> Iterable[tuple[str, BoolArray]]:
        if self.near_km is not None:
            return neighbours(facts, round(self.near_km * M_PER_KM))
        return groups(self.by, facts, "county")

    def selectors(self) -> list[tuple[str, Selector, str]]:
        return [("of", self.of, "counties")]

    def binds(self, facts: Facts) -> dict[str, int]:
        chosen = self.of.mask(facts, "counties")
        some = sum(bool((members & chosen).any()) for _, members in self._groups(facts))
        return {"counties": int(chosen.sum()), "groups": some}

    def sentence(self, lang: str = "en") -> str:
        near = self.near_km is not None
        by = text("rule.by.neighbours", lang, near_km=self.near_km) if near else by_words(self.by, lang)
        kinds = kinds_words(self.kinds, lang) if self.kinds else text("rule.kinds.all", lang)
        said = text("rule.kind_balance", lang, by=by, kinds=kinds, most=self.most, of=self.of.words(lang))
        return said + self.rate_words("rule.rate.beyond", lang)
