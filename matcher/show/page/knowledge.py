"""What the page says of each county, school, organisation and branch, found once for all its parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from matcher.base.errors import Lang, text
from matcher.base.escaping import html_text
from matcher.base.names import KIND_OF_TABLE, SIDES
from matcher.base.numbers import IntArray
from matcher.outcome.changes import CAUSES, KINDS, LevelChanges, classify
from matcher.outcome.frames import pair_columns
from matcher.outcome.unmatched import Unmatched, detail_parts
from matcher.words.catalogue import has_text

if TYPE_CHECKING:
    from matcher.plan import Plan

_TABLE_OF_KIND: Final = {kind: table for table, kind in KIND_OF_TABLE.items()}
#: kind -> level of pairing and side (0 provider, 1 recipient)
PLACE: Final = {
    KIND_OF_TABLE[table]: (level, side) for level, tables in SIDES.items() for side, table in enumerate(tables)
}
#: kind -> the kind of its partners
OTHER: Final = {kind: KIND_OF_TABLE[SIDES[level][1 - side]] for kind, (level, side) in PLACE.items()}
#: schools up to which those that are short are explained with the prices of what they could have instead: some 50 ms
#: each for a province, some seconds for the whole programme
_MOST_SCHOOLS: Final = 2000


@dataclass(frozen=True, slots=True)
class PairSaid:
    """One pair as the page shows it: positions, how far, and since when."""

    provider: int
    recipient: int
    km: float
    minutes: float | None
    kept: bool
    since: int | None


@dataclass(frozen=True, slots=True)
class EndedSaid:
    """One pair of last year that ends: who, by their positions where they are still there (-1), and why."""

    level: str
    provider: int
    recipient: int
    provider_name: str
    recipient_name: str
    kind: str
    cause: str


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """A plan, and what all parts of its page need of it.

    Attributes
    ----------
    plan, lang
        What is shown, and in which language.
    ids, names
        kind -> the id and the name (the id where there is none) of each position.
    pairs
        level -> its pairs, in the plan's order.
    of
        (level, side) -> the pairs of each position of that side, nearest first.
    short
        kind -> position -> who wanted more, and why.
    inside
        ("county", c) -> its schools; ("organization", o) -> its branches.
    ended
        Pairs of last year that the plan lacks.
    told
        Position of a school that is short -> what `Plan.explain` says of it, with what each alternative would cost.
    """

    plan: Plan
    lang: Lang
    ids: Mapping[str, Sequence[str]]
    names: Mapping[str, Sequence[str]]
    pairs: Mapping[str, tuple[PairSaid, ...]]
    of: Mapping[tuple[str, int], Mapping[int, Sequence[PairSaid]]]
    short: Mapping[str, Mapping[int, Unmatched]]
    inside: Mapping[str, Mapping[int, Sequence[int]]]
    ended: tuple[EndedSaid, ...]
    told: Mapping[int, str]

    @classmethod
    def of_plan(cls, plan: Plan, lang: Lang) -> Knowledge:
        """Find it all."""
        arrays = plan.problem.arrays
        ids = {kind: arrays.sides(level)[side].ids for kind, (level, side) in PLACE.items()}
        names = {
            kind: [record.name or record.id for record in getattr(plan.instance, table)]
            for kind, table in _TABLE_OF_KIND.items()
        }
        pairs = {level: _pairs(plan, level) for level in SIDES}
        of = {(level, side): _by(pairs[level], side) for level in SIDES for side in (0, 1)}
        short: dict[str, dict[int, Unmatched]] = {kind: {} for kind in PLACE}
        for row in plan.unmatched_rows:
            level, side = PLACE[row.kind]
            short[row.kind][arrays.sides(level)[side].index[row.id]] = row
        inside = {"county": _children(arrays.schools.parent), "organization": _children(arrays.branches.parent)}
        changes = classify(plan.problem, plan.both)
        ended = tuple(each for level in SIDES for each in _ended(level, changes[level], names))
        told: dict[int, str] = {}
        if plan.has_plan and len(arrays.schools) <= _MOST_SCHOOLS:
            told = {i: plan.explain("school", row.id).text(lang) for i, row in short["school"].items()}
        return cls(plan, lang, ids, names, pairs, of, short, inside, ended, told)

    def said(self, key: str, **fields: Any) -> str:
        """Return a text of the page as HTML."""
        return html_text(self.plain(key, **fields))

    def plain(self, key: str, **fields: Any) -> str:
        """Return a text of the page."""
        return text(f"page.{key}", self.lang, **fields)

    def word(self, key: str) -> str:
        """Return a text that the page shares with others."""
        return text(key, self.lang)

    def records(self, kind: str) -> Sequence[Any]:
        """Return the records of a kind, in the order of their positions."""
        found: Sequence[Any] = getattr(self.plan.instance, _TABLE_OF_KIND[kind])
        return found

    def called(self, kind: str, position: int) -> str:
        """Return name and id, the id alone where there is no name."""
        name, known = self.names[kind][position], self.ids[kind][position]
        return name if name == known else f"{name} {known}"

    def partners(self, kind: str, position: int) -> Sequence[PairSaid]:
        """Return the pairs of one thing, nearest first."""
        return self.of[PLACE[kind]].get(position, ())

    def reason(self, kind: str, position: int) -> tuple[str, int, str] | None:
        """Return why it has fewer than it wanted, and the nearest other (-1: none) with its km; None if it has all."""
        row = self.short[kind].get(position)
        if row is None:
            return None
        level, side = PLACE[kind]
        others = self.plan.problem.arrays.sides(level)[1 - side]
        known, km = detail_parts(row.detail)
        key = f"explain.reason.{kind}.{row.reason}"
        # a template: whose branches or schools are meant is filled in where it is shown
        said = text(key if has_text(key) else f"reason.{row.reason}", self.lang, own="{own}", parents="{parents}")
        return said, others.index.get(known, -1), f"{km:,.1f}"

    def why(self, kind: str, position: int) -> str:
        """Say why it has fewer than it wanted, with the name of the nearest; "" if it lacks nothing."""
        found = self.reason(kind, position)
        if found is None:
            return ""
        reason, nearest, km = found
        other, inside = OTHER[kind], {"school": "county", "branch": "organization"}.get(kind)
        if inside is not None:
            parent = int(self.plan.problem.arrays.sides(PLACE[kind][0])[PLACE[kind][1]].parent[position])
            pairs = self.partners(inside, parent)
            parents = [
                self.names[OTHER[inside]][pair.provider if kind == "school" else pair.recipient] for pair in pairs
            ]
            fields = {"own": self.names[inside][parent], "parents": self.listed(parents)}
            reason = reason.format(**fields)
        return reason if nearest < 0 else f"{reason} {self.plain('nearest', name=self.called(other, nearest), km=km)}"

    def listed(self, names: Sequence[str]) -> str:
        """Return names as a list in words."""
        return ("、" if self.lang == "zh" else ", ").join(names)

    def was(self, pair: PairSaid) -> str:
        """Say since when a pair stands, in a cell."""
        if not pair.kept:
            return self.plain("new") if self.plan.instance.previous else ""
        return self.plain("kept") if pair.since is None else str(pair.since)

    def was_said(self, pair: PairSaid) -> str:
        """Say since when a pair stands, in words."""
        return self.was(pair) if pair.since is None or not pair.kept else self.plain("kept_since", since=pair.since)

    def far(self, pair: PairSaid) -> str:
        """Say how far a pair is, in minutes too where they are known."""
        minutes = "" if pair.minutes is None else " · " + self.plain("minutes", minutes=f"{pair.minutes:,.0f}")
        return f"{pair.km:,.1f}{minutes}"


def _pairs(plan: Plan, level: str) -> tuple[PairSaid, ...]:
    chosen: IntArray = plan.pairs(level)
    columns = pair_columns(plan.problem, level, chosen)
    listed = zip(
        *chosen.T.tolist(), columns["km"].tolist(), columns["minutes"].tolist(), columns["kept"].tolist(),
        columns["since"], strict=True,
    )  # fmt: skip
    return tuple(
        PairSaid(provider, recipient, km, None if minutes != minutes else minutes, kept, since)
        for provider, recipient, km, minutes, kept, since in listed
    )


def _by(pairs: Sequence[PairSaid], side: int) -> Mapping[int, Sequence[PairSaid]]:
    found: dict[int, list[PairSaid]] = defaultdict(list)
    for pair in sorted(pairs, key=lambda pair: (pair.km, pair.provider, pair.recipient)):
        found[pair.recipient if side else pair.provider].append(pair)
    return found


def _children(parents: IntArray) -> Mapping[int, Sequence[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for position, parent in enumerate(parents.tolist()):
        found[parent].append(position)
    return found


def _ended(level: str, changes: LevelChanges, names: Mapping[str, Sequence[str]]) -> Sequence[EndedSaid]:
    provider_kind, recipient_kind = (KIND_OF_TABLE[table] for table in SIDES[level])
    ended = changes.ended
    return [
        EndedSaid(
            level,
            provider,
            recipient,
            names[provider_kind][provider] if provider >= 0 else provider_id,
            names[recipient_kind][recipient] if recipient >= 0 else recipient_id,
            KINDS[kind],
            CAUSES[cause],
        )
        for provider, recipient, provider_id, recipient_id, kind, cause in zip(
            ended.provider_idx.tolist(),
            ended.recipient_idx.tolist(),
            ended.provider_id,
            ended.recipient_id,
            changes.kind.tolist(),
            changes.cause.tolist(),
            strict=True,
        )
    ]
