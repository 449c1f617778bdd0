"""What a change would do to a plan: the difference at every level, who moves, and the sentence that says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from matcher.advice.changes import Change, applied
from matcher.advice.saying import change_words, effect_words
from matcher.base.crossing import Crosses
from matcher.base.display import as_html
from matcher.base.forms import made, read_document
from matcher.base.progress import StopReason
from matcher.base.result import Level, Sense, Status
from matcher.model import Instance
from matcher.policy.policy import Policy

#: (level, provider id, recipient id)
PairIds = tuple[str, str, str]
#: by the prices of the plan, by a full solve that starts from the plan, or nothing to decide
How = Literal["prices", "solved", "nothing"]


@dataclass(frozen=True, slots=True)
class LevelEffect(Crosses):
    """One level before and after a change.

    Attributes
    ----------
    name, sense, unit
        As in `Level`.
    before, after
        Its values; None without a plan.
    difference
        after - before, None if one of them is.
    exact
        Whether both are proved: then no plan with the change does better, and `difference` is that of the optima.
    bound
        What no plan with the change can beat at this level, given the levels before; None if nothing is known.
    """

    name: str
    sense: Sense
    unit: str
    before: int | None
    after: int | None
    difference: int | None
    exact: bool
    bound: int | None = None

    @property
    def is_worse(self) -> bool:
        """Whether the change costs something here."""
        return bool(self.difference) and ((self.difference or 0) < 0) == (self.sense == "max")


def level_effects(before: Sequence[Level], after: Sequence[Level], status: Status) -> tuple[LevelEffect, ...]:
    """Return the levels before and after, by name; levels that only one side has are left out."""
    new = {level.name: level for level in after}
    found, open_before, open_after = [], False, False
    for old in before:
        level = new.get(old.name)
        if level is None:
            continue
        open_before |= old.gap != 0 or old.conditional
        open_after |= level.gap != 0 or level.conditional
        difference = None if level.value is None or old.value is None else level.value - old.value
        exact = status in ("optimal", "feasible") and difference is not None and not (open_before or open_after)
        found.append(LevelEffect(old.name, old.sense, old.unit, old.value, level.value, difference, exact, level.bound))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class WhatIf(Crosses):
    """What the plan would be with some changes.

    Attributes
    ----------
    changes
        The changes asked about, in their order.
    status, stop_reason
        Of the plan with them: "infeasible" if there is none.
    levels
        The levels of the plan in their order, before and after.
    ended, begun
        Pairs of the plan that end and new ones: (level, provider id, recipient id).
    children, counties_children
        Children reached in schools, and children of paired counties: before and after.
    how
        "prices": decided from the plan's dual prices; "solved": the whole was solved again, starting from the plan;
        "nothing": the change leaves nothing to decide.
    names
        Id -> name of whom the sentences speak: (table, id, name).
    """

    changes: tuple[Change, ...]
    status: Status
    stop_reason: StopReason | None
    levels: tuple[LevelEffect, ...]
    ended: tuple[PairIds, ...]
    begun: tuple[PairIds, ...]
    children: tuple[int, int] | None
    counties_children: tuple[int, int] | None
    how: How
    names: tuple[tuple[str, str, str], ...] = ()

    @property
    def exact(self) -> bool:
        """Whether the answer is proved at every level: the differences, or that there is no such plan."""
        return self.status == "infeasible" or (bool(self.levels) and all(level.exact for level in self.levels))

    @property
    def first(self) -> LevelEffect | None:
        """The first level that differs, None if none does or there is no plan."""
        return next((level for level in self.levels if level.difference), None)

    @property
    def moved(self) -> tuple[tuple[str, str], ...]:
        """Who has another partner, or one more or less: (level, recipient id), in order."""
        return tuple(sorted({(level, recipient) for level, _, recipient in (*self.ended, *self.begun)}))

    def apply(self, instance: Instance, policy: Policy) -> tuple[Instance, Policy]:
        """Return instance and policy with the changes made."""
        return applied(instance, policy, self.changes)

    def text(self, lang: str = "en") -> str:
        """Say it in a sentence or two."""
        said = change_words(self.changes, {(table, known): name for table, known, name in self.names}, lang)
        return effect_words(self, said, lang)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values (format `matcher.what_if/1`), with the text in both languages."""
        content = {name: getattr(self, name) for name in ("status", "stop_reason", "how", "children", "exact")}
        content["counties_children"] = self.counties_children
        content["changes"] = [change.model_dump(mode="json") for change in self.changes]
        content["levels"] = [asdict(level) for level in self.levels]
        content["names"] = [list(each) for each in self.names]
        content["ended"], content["begun"] = [list(p) for p in self.ended], [list(p) for p in self.begun]
        return {"format": "matcher.what_if/1", **content, "text": {lang: self.text(lang) for lang in ("en", "zh")}}

    @classmethod
    def from_json(cls, source: Mapping[str, Any] | str | bytes) -> Self:
        """Read what `to_json` wrote, as it is or as text.

        Raises
        ------
        InvalidInput
            If it is something else.
        """
        return made(cls, read_document(source, "matcher.what_if/1"), ("exact", "text"))

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return as_html(self.text())
