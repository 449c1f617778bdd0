"""Locks by age or by group: which pairs of last year must stay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from matcher.base.errors import text
from matcher.base.fieldtypes import NotBoolean
from matcher.base.names import SIDES, PairLevel
from matcher.facts import Facts
from matcher.policy.rules import Rule, Selector

Year = Annotated[int, Field(ge=1900, le=2200), NotBoolean]


class Keep(Rule):
    """The pairs of last year that are meant stay, as far as they are still possible.

    A pair is meant if `provider` and `recipient` select its two sides and, with `min_years`, it lasts that long:
    `year` - `since` >= `min_years`. A pair whose year is unknown is not meant then. A pair that a rule forbids, or
    whose partner takes no pairs any more, may end; pairs that can't all stay together leave no feasible plan.

    Parameters
    ----------
    level
        "county" or "school"; a school pair that stays keeps its county pair.
    provider, recipient
        Which organisations (branches) and counties (schools), all by default.
    min_years, year
        The least age of a pair, and the year that the plan is made for.
    reason
        For the reader.
    """

    kind: Literal["keep"] = "keep"
    level: PairLevel = "county"
    provider: Selector = Selector()
    recipient: Selector = Selector()
    min_years: Annotated[int, Field(ge=0, le=300), NotBoolean] = 0
    year: Year | None = None
    reason: str = ""

    @model_validator(mode="after")
    def _year_of_age(self) -> Keep:
        """Refuse an age without the year it is counted to."""
        if self.min_years and self.year is None:
            raise PydanticCustomError("keep.year", "min_years needs year")
        return self

    def selectors(self) -> list[tuple[str, Selector, str]]:
        providers, recipients = SIDES[self.level]
        return [("provider", self.provider, providers), ("recipient", self.recipient, recipients)]

    def binds(self, facts: Facts) -> dict[str, int]:
        return {"pairs": sum(1 for _ in self.pins_if_possible(facts))}

    def pins_if_possible(self, facts: Facts) -> Iterator[tuple[str, int, int]]:
        pairs = facts.previous_pairs(self.level)
        tables = SIDES[self.level]
        meant = self.provider.mask(facts, tables[0])[pairs[:, 0]] & self.recipient.mask(facts, tables[1])[pairs[:, 1]]
        if self.min_years and self.year is not None:
            since = facts.since(self.level, pairs[:, 0], pairs[:, 1])
            meant = meant & (since > 0) & (np.int64(self.year) - since >= self.min_years)
        for provider, recipient in pairs[meant].tolist():
            yield self.level, provider, recipient

    def sentence(self, lang: str = "en") -> str:
        age = text("rule.keep.age", lang, min_years=self.min_years) if self.min_years else ""
        provider, recipient = self.provider.words(lang), self.recipient.words(lang)
        return text(f"rule.keep.{self.level}", lang, age=age, provider=provider, recipient=recipient)
