"""Rules of coverage, load, skills, kinds and change: what a planner may demand beyond reach, place and locks.

Where a rule is a linear row it is kept as one by the solver, and its check adds the same sums up from the pairs alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from matcher.base.errors import text
from matcher.base.fieldtypes import Count, NotBoolean
from matcher.base.names import SIDES, PairLevel
from matcher.base.numbers import BoolArray, IntArray
from matcher.facts import Facts
from matcher.policy.groups import by_words, groups
from matcher.policy.rows import ListedWeights, PairWeights, ProductWeights, Row
from matcher.policy.rules import Names, Number, Rule, Selector, kinds_words
from matcher.tables.arrays import Nodes

if TYPE_CHECKING:
    from matcher.policy.case import Case

#: far below one child, far above the rounding of a decimal percentage
_ROUNDING = 1e-9


class Floor(Rule):
    """A least coverage of counties or schools: of all that `of` selects, or of each group of them.

    Parameters
    ----------
    level
        Coverage of "county" or "school".
    by
        "all", "province", "county" (schools only), or a column of the user's own: the floor holds in each group.
    of
        Which recipients count, all by default.
    count
        "children" or "recipients" (the counties or schools themselves).
    percent, number
        The floor: percent of what the group's recipients that want somebody come to, or a number; the larger of the
        two if both are given. A group in which nobody is counted binds nothing, and the plan tells it.
    """

    kind: Literal["floor"] = "floor"
    level: PairLevel = "school"
    by: str = "all"
    of: Selector = Selector()
    count: Literal["children", "recipients"] = "children"
    percent: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False), NotBoolean] = 0.0
    number: Count = 0

    @model_validator(mode="after")
    def _limits(self) -> Floor:
        """Refuse a floor of nothing: the plan would pass for one that keeps a floor."""
        if not (self.percent or self.number):
            raise PydanticCustomError("no_limit.floor", "give percent, number or both, above 0")
        return self

    def rows(self, case: Case) -> Iterator[Row]:
        weight = self._weight(case)
        for name, members in groups(self.by, case.facts, self.level):
            here = weight * members
            if not here.any():  # nobody is counted: nothing to reach, told by `empty_groups`
                continue
            least = max(self.number, math.ceil(self.percent * int(here.sum()) / 100 - _ROUNDING))
            if least > 0:
                details = {"level": self.level, "group": name, "count": self.count}
                yield Row("floor", details, least=least, covered={self.level: here})

    def empty_groups(self, case: Case) -> tuple[str, ...]:
        """Return the groups in which nobody is counted, in order: the floor binds nothing there."""
        weight = self._weight(case)
        return tuple(name for name, members in groups(self.by, case.facts, self.level) if not weight[members].any())

    def _weight(self, case: Case) -> IntArray:
        """(R,) int64: what each recipient counts once it is covered."""
        nodes = case.arrays.sides(self.level)[1]
        counts = self.of.mask(case.facts, SIDES[self.level][1]) & (case.demand(self.level)[:, 1] > 0)
        weight: IntArray = nodes.children * counts if self.count == "children" else counts.astype(np.int64)
        return weight

    def names(self) -> Iterator[tuple[str, str]]:
        yield from super().names()
        if self.by not in ("all", "province", "county"):
            yield "column", self.by

    def selectors(self) -> list[tuple[str, Selector, str]]:
        return [("of", self.of, SIDES[self.level][1])]

    def binds(self, facts: Facts) -> dict[str, int]:
        chosen, table = self.of.mask(facts, SIDES[self.level][1]), SIDES[self.level][1]
        some = sum(bool((members & chosen).any()) for _, members in groups(self.by, facts, self.level))
        return {table: int(chosen.sum())} | ({} if self.by == "all" else {"groups": some})

    def sentence(self, lang: str = "en") -> str:
        amount = f"{self.percent:g} %" if self.percent else str(self.number)
        return text(
            f"rule.floor.{self.level}.{self.count}",
            lang,
            amount=amount,
            by=by_words(self.by, lang),
            of=self.of.words(lang),
        )


class Load(Rule):
    """The least and the most that each selected branch, or each organisation with all its branches, carries.

    Parameters
    ----------
    table
        "branches" or "organizations".
    of
        Which of them, all by default.
    count
        "schools" (school pairs) or "children"; a school that wants d branches puts a d-th of its children, rounded
        up, on each.
    least, most
        The bounds, hard; None for none.
    """

    kind: Literal["load"] = "load"
    table: Literal["branches", "organizations"] = "branches"
    of: Selector = Selector()
    count: Literal["schools", "children"] = "schools"
    least: Count | None = None
    most: Count | None = None

    @model_validator(mode="after")
    def _limits(self) -> Load:
        """Refuse a load that limits nothing."""
        if self.least is None and self.most is None:
            raise PydanticCustomError("no_limit.load", "give least, most or both")
        return self

    def rows(self, case: Case) -> Iterator[Row]:
        nodes: Nodes = getattr(case.arrays, self.table)
        parent = case.arrays.branches.parent
        weight = _children_a_place(case) if self.count == "children" else np.ones_like(_children_a_place(case))
        for position in np.flatnonzero(self.of.mask(case.facts, self.table)).tolist():
            owner = parent if self.table == "organizations" else np.arange(len(parent))
            details = {"table": self.table, "id": nodes.ids[position], "count": self.count}
            pairs = {"school": ProductWeights((owner == position).astype(np.int64), weight)}
            yield Row("load", details, least=self.least, most=self.most, pairs=pairs)

    def selectors(self) -> list[tuple[str, Selector, str]]:
        return [("of", self.of, self.table)]

    def sentence(self, lang: str = "en") -> str:
        who, what = text(f"rule.table.{self.table}", lang), text(f"rule.count.{self.count}", lang)
        parts = [
            text(f"rule.load.{bound}", lang, who=who, what=what, value=value, of=self.of.words(lang))
            for bound in ("least", "most")
            if (value := getattr(self, bound)) is not None
        ]
        return " ".join(parts)


class ChildrenPerVolunteer(Rule):
    """No selected branch carries more than `most` children for each of its volunteers.

    A branch whose number of volunteers is unknown is not limited; a school that wants d branches puts a d-th of its
    children, rounded up, on each.
    """

    kind: Literal["children_per_volunteer"] = "children_per_volunteer"
    most: Number
    of: Selector = Selector()

    def rows(self, case: Case) -> Iterator[Row]:
        weight = _children_a_place(case)
        chosen = self.of.mask(case.facts, "branches")
        for position, branch in enumerate(case.facts.instance.branches):
            if chosen[position] and branch.volunteers is not None:
                only = np.zeros(len(chosen), dtype=np.int64)
                only[position] = 1
                most = math.floor(self.most * branch.volunteers + _ROUNDING)
                details = {"id": branch.id, "volunteers": branch.volunteers}
                yield Row("children_per_volunteer", details, most=most, pairs={"school": ProductWeights(only, weight)})

    def selectors(self) -> list[tuple[str, Selector, str]]:
        return [("of", self.of, "branches")]

    def binds(self, facts: Facts) -> dict[str, int]:
        chosen = self.of.mask(facts, "branches").tolist()
        known = (branch.volunteers is not None for branch in facts.instance.branches)
        return {"branches": sum(meant and there for meant, there in zip(chosen, known, strict=True))}

    def sentence(self, lang: str = "en") -> str:
        return text("rule.children_per_volunteer", lang, most=self.most, of=self.of.words(lang))


class Skills(Rule):
    """A school with needs takes only branches that have all of them, or at least one (`meet`)."""

    kind: Literal["skills"] = "skills"
    meet: Literal["all", "any"] = "all"
    of: Selector = Selector()

    def allows(self, facts: Facts, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> BoolArray | None:
        if level != "school":
            return None
        wanted = facts.num_needs[recipient_idx]
        enough = wanted if self.meet == "all" else np.minimum(wanted, 1)
        met: BoolArray = facts.fit(level, provider_idx, recipient_idx) >= enough
        return met | ~self.of.mask(facts, "schools")[recipient_idx]

    def selectors(self) -> list[tuple[str, Selector, str]]:
        return [("of", self.of, "schools")]

    def binds(self, facts: Facts) -> dict[str, int]:
        return {"schools": int((self.of.mask(facts, "schools") & (facts.num_needs > 0)).sum())}

    def sentence(self, lang: str = "en") -> str:
        return text(f"rule.skills.{self.meet}", lang, of=self.of.words(lang))


class Priority(Rule):
    """In convenience, a child of the selected schools counts as `factor` children: branches go farther for them."""

    kind: Literal["priority"] = "priority"
    of: Selector
    factor: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False), NotBoolean]

    @property
    def is_demand(self) -> bool:
        return False

    @property
    def most_weight(self) -> float:
        return self.factor

    def weigh_children(self, facts: Facts, rate: IntArray) -> IntArray:
        weighed: IntArray = np.where(self.of.mask(facts, "schools"), np.rint(rate * self.factor), rate).astype(np.int64)
        return weighed

    def selectors(self) -> list[tuple[str, Selector, str]]:
        return [("of", self.of, "schools")]

    def sentence(self, lang: str = "en") -> str:
        return text("rule.priority", lang, factor=self.factor, of=self.of.words(lang))


class WantedKind(Rule):
    """The kind of organisation that the selected counties want: only these kinds, or at least so many of them."""

    kind: Literal["wanted_kind"] = "wanted_kind"
    kinds: Annotated[Names, Field(min_length=1)]
    of: Selector = Selector()
    least: Annotated[int, Field(ge=1), NotBoolean] | None = None

    def allows(self, facts: Facts, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> BoolArray | None:
        if level != "county" or self.least is not None:
            return None
        return self._of_kind(facts)[provider_idx] | ~self.of.mask(facts, "counties")[recipient_idx]

    def rows(self, case: Case) -> Iterator[Row]:
        if self.least is None:
            return
        wanted = self._of_kind(case.facts).astype(np.int64)
        for position in np.flatnonzero(self.of.mask(case.facts, "counties")).tolist():
            only = np.zeros(len(case.arrays.counties), dtype=np.int64)
            only[position] = 1
            details = {"id": case.arrays.counties.ids[position], "kinds": ", ".join(self.kinds)}
            yield Row("wanted_kind", details, least=self.least, pairs={"county": ProductWeights(wanted, only)})

    def names(self) -> Iterator[tuple[str, str]]:
        yield from super().names()
        yield from (("kind", kind) for kind in self.kinds)

    def _of_kind(self, facts: Facts) -> BoolArray:
        return Selector(kinds=self.kinds).mask(facts, "organizations")

    def selectors(self) -> list[tuple[str, Selector, str]]:
        return [("of", self.of, "counties")]

    def sentence(self, lang: str = "en") -> str:
        form = "only" if self.least is None else "least"
        kinds = kinds_words(self.kinds, lang)
        return text(f"rule.wanted_kind.{form}", lang, of=self.of.words(lang), kinds=kinds, least=self.least)


class MaxChanges(Rule):
    """At most `most` pairs of last year end by choice.

    A pair of counties ends by choice if it is still allowed and not in the plan; a pair of schools if besides its
    county pair is in the plan (else its end is a consequence).
    """

    kind: Literal["max_changes"] = "max_changes"
    level: PairLevel = "county"
    most: Count

    def rows(self, case: Case) -> Iterator[Row]:
        pairs = case.keepable(self.level)
        details = {"level": self.level, "most": self.most}
        kept: dict[str, PairWeights] = {self.level: ListedWeights(pairs, -1)}
        if self.level == "county":
            yield Row("max_changes", details, most=self.most - len(pairs), pairs=kept)
            return
        branches, schools = case.arrays.branches, case.arrays.schools
        above = np.column_stack([branches.parent[pairs[:, 0]], schools.parent[pairs[:, 1]]])
        yield Row("max_changes", details, most=self.most, pairs={**kept, "county": ListedWeights(above, 1)})

    def binds(self, facts: Facts) -> dict[str, int]:
        return {"pairs": len(facts.previous_pairs(self.level))}

    def sentence(self, lang: str = "en") -> str:
        return text(f"rule.max_changes.{self.level}", lang, most=self.most)


def _children_a_place(case: Case) -> IntArray:
    """(S,) int64: the children of each school over the branches it wants, rounded up."""
    children = case.arrays.schools.children
    places = np.maximum(case.demand("school")[:, 1], 1)
    share: IntArray = -(-children // places)
    return share
