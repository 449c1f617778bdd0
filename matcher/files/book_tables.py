"""The tables of a plan's workbook: what each county, organisation and branch has, who is left over, what changed.

Everything follows from the plan's input, policy and pairs, so that a checker makes the same tables for other pairs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcher.base.errors import Lang, text
from matcher.base.escaping import escape
from matcher.base.names import KIND_OF_TABLE, SIDES
from matcher.base.numbers import GONE, M_PER_KM
from matcher.files.bookform import NOTE, TABLE_SHEETS, Grid
from matcher.outcome.changes import CAUSES, classify
from matcher.outcome.unmatched import Unmatched, detail_parts

if TYPE_CHECKING:
    from matcher.plan import Plan

#: kinds whose places were wanted, before those that merely have room
_WANTING: Final = ("county", "school")
_MOST_REASONS: Final = 2
Notes = Mapping[tuple[str, ...], str]


class Book:
    """The tables of one plan in one language; `notes` are what people wrote beside (see `matcher.files.plan_edits`)."""

    def __init__(self, plan: Plan, lang: Lang, notes: Notes | None = None):
        self.plan, self.lang, self.notes = plan, lang, dict(notes or {})
        arrays = plan.problem.arrays
        self.names: dict[str, dict[str, str]] = {
            kind: {record.id: record.name for record in getattr(plan.instance, table)}
            for table, kind in KIND_OF_TABLE.items()
        }
        self.km = {level: _km(plan, level) for level in SIDES}
        #: level -> providers' position -> recipients' positions and km, and the other way round
        self.of_provider = {level: self._partners(level, 0) for level in SIDES}
        self.of_recipient = {level: self._partners(level, 1) for level in SIDES}
        self.children = {level: arrays.sides(level)[1].children for level in SIDES}
        self.schools_of: dict[int, list[int]] = defaultdict(list)
        for school, county in enumerate(arrays.schools.parent.tolist()):
            self.schools_of[county].append(school)
        self.branches_of: dict[int, list[int]] = defaultdict(list)
        for branch, organization in enumerate(arrays.branches.parent.tolist()):
            self.branches_of[organization].append(branch)
        self._namesakes = Counter(self.names["branch"].values())
        self.left = {(row.kind, row.id): row for row in plan.unmatched_rows}

    def say(self, key: str, **fields: Any) -> str:
        """Return a text of the workbook."""
        return text(f"book.{key}", self.lang, **fields)

    def called(self, kind: str, known: str) -> str:
        """Return the name of somebody, the id where there is none."""
        return self.names[kind].get(known) or known

    def told_apart(self, kind: str, known: str) -> str:
        """Return the name of somebody, of a branch with its organisation's where others are called the same."""
        name = self.called(kind, known)
        if kind != "branch" or self._namesakes[name] < 2:
            return name
        branches = self.plan.problem.arrays.branches
        owner = self.plan.problem.arrays.organizations.ids[int(branches.parent[branches.index[known]])]
        return f"{self.called('organization', owner)} {name}"

    def listed(self, words: Sequence[str]) -> str | None:
        """Return several in one cell; None for nobody."""
        return escape(("、" if self.lang == "zh" else ", ").join(words)) if words else None

    def grid(self, sheet: str, columns: Mapping[str, Sequence[Any]], extra: Mapping[str, str] | None = None) -> Grid:
        """Return a sheet's table; `extra` are the headers of columns carried from the input."""
        titles = extra or {}
        return Grid.of(columns, TABLE_SHEETS[sheet], lambda name: titles.get(name) or self.say(name))

    def tables(self) -> dict[str, Grid]:
        """Return every table but those of pairs, in the order of their sheets; empty ones are left out."""
        made = {
            "counties": self.counties(),
            "organizations": self.organizations(),
            "branches": self.branches(),
            "unmatched": self.unmatched(),
            "changes": self.changes(),
        }
        return {name: grid for name, grid in made.items() if grid.rows or name in ("counties", "unmatched")}

    # --- a row a county, an organisation, a branch --------------------------------------------------------------------

    def counties(self) -> Grid:
        """Return a row a county: who is its partner, how many children are reached, what is short and why."""
        counties = self.plan.problem.arrays.counties
        rows = []
        for position, record in enumerate(self.plan.instance.counties):
            partners = self.of_recipient["county"][position]
            schools = self.schools_of[position]
            covered = [school for school in schools if self.of_recipient["school"][school]]
            wanted = int(self.children["school"][schools].sum()) if schools else None
            reached = int(self.children["school"][covered].sum()) if schools else None
            short = [self.left[key] for key in self._wanting(record.id, schools) if key in self.left]
            why, remedy = self._why(short)
            rows.append(
                {
                    "county_id": cell(record.id),
                    "county_name": cell(record.name),
                    "province": cell(record.province),
                    "partners": self.listed([self.called("organization", known) for known, _ in partners]),
                    "partner_km": self.listed([f"{km:,.1f}" for _, km in partners]),
                    "children": int(counties.children[position]) if wanted is None else wanted,
                    "children_covered": reached,
                    "children_short": None if wanted is None or reached is None else wanted - reached,
                    "schools": len(schools) or None,
                    "schools_covered": len(covered) if schools else None,
                    "schools_short": len(schools) - len(covered) if schools else None,
                    "why": why,
                    "remedy": remedy,
                }
            )
        return self.grid("counties", _columns("counties", rows))

    def organizations(self) -> Grid:
        """Return a row an organisation: its counties, its branches in use, the schools and children they reach."""
        rows = []
        for position, record in enumerate(self.plan.instance.organizations):
            branches = self.branches_of[position]
            served = [pair for branch in branches for pair in self.of_provider["school"][branch]]
            used = sum(bool(self.of_provider["school"][branch]) for branch in branches)
            counties = self.of_provider["county"][position]
            rows.append(
                {
                    "organization_id": cell(record.id),
                    "organization_name": cell(record.name),
                    "organization_kind": record.kind and text(f"word.{record.kind}", self.lang),
                    "province": cell(record.province),
                    "counties_served": self.listed([self.called("county", known) for known, _ in counties]),
                    "branches_used": used if branches else None,
                    "branches_all": len(branches) or None,
                    **self._reach(served, bool(branches)),
                    **_extras(record),
                }
            )
        return self.grid("organizations", *self._with_extras("organizations", rows))

    def branches(self) -> Grid:
        """Return a row a branch: its organisation, its schools, the children there; contacts as they were given."""
        parents = self.plan.problem.arrays.branches.parent.tolist()
        organizations = self.plan.problem.arrays.organizations.ids
        capacity = self.plan.problem.capacity("school")[:, 1].tolist()
        rows = []
        for position, record in enumerate(self.plan.instance.branches):
            served = self.of_provider["school"][position]
            schools = [self.called("school", known) for known, _ in served]
            counties = dict.fromkeys(self._county_of(known) for known, _ in served)
            rows.append(
                {
                    "organization_name": cell(self.called("organization", organizations[parents[position]])),
                    "branch_id": cell(record.id),
                    "branch_name": cell(record.name),
                    "volunteers": record.volunteers,
                    "capacity": f"{len(served)} / {capacity[position]}",
                    "schools_served": self.listed(schools),
                    "counties_served": self.listed(list(counties)),
                    **self._reach(served, served=True),
                    **_extras(record),
                }
            )
            rows[-1].pop("schools_covered")
        order = sorted(range(len(rows)), key=lambda at: (organizations[parents[at]], rows[at]["branch_id"]))
        return self.grid("branches", *self._with_extras("branches", [rows[at] for at in order]))

    def _reach(self, pairs: Sequence[tuple[str, float]], served: bool) -> dict[str, Any]:
        """Return the schools, children and kilometres of school pairs, given by school and km."""
        index = self.plan.problem.arrays.schools.index
        schools = {index[known] for known, _ in pairs}
        return {
            "schools_covered": len(schools) if served else None,
            "children_covered": int(self.children["school"][sorted(schools)].sum()) if served else None,
            "km_total": round(sum(km for _, km in pairs), 3) if pairs else None,
        }

    def _with_extras(
        self, sheet: str, rows: Sequence[Mapping[str, Any]]
    ) -> tuple[dict[str, list[Any]], dict[str, str]]:
        own = {name for row in rows for name in row} - TABLE_SHEETS[sheet].keys()
        titles = {name: escape(name.removeprefix("extra:")) for name in sorted(own)}
        return _columns(sheet, rows, titles), titles

    def _county_of(self, school: str) -> str:
        arrays = self.plan.problem.arrays
        return self.called("county", arrays.counties.ids[int(arrays.schools.parent[arrays.schools.index[school]])])

    def _wanting(self, county: str, schools: Sequence[int]) -> list[tuple[str, str]]:
        ids = self.plan.problem.arrays.schools.ids
        return [("county", county), *(("school", ids[school]) for school in schools)]

    def _why(self, short: Sequence[Unmatched]) -> tuple[str | None, str | None]:
        """Return why a county is short, the commonest reasons first, and what would help first."""
        if not short:
            return None, None
        counts = Counter(row.reason for row in short)
        said = [
            self.say("counted", count=count, reason=text(f"reason.{reason}", self.lang).rstrip("。."))
            for reason, count in counts.most_common(_MOST_REASONS)
        ]
        first = next((row for row in short if row.kind == "county"), None)
        first = first or min(short, key=lambda row: (row.reason != counts.most_common(1)[0][0], _nearest(row)[1]))
        return self.listed(said), self.remedy(first)

    # --- who is left over -------------------------------------------------------------------------------------------

    def unmatched(self) -> Grid:
        """Return a row for everyone who wanted more: where, how many children, who is nearest, why, what would help."""
        rows = []
        for row in sorted(self.plan.unmatched_rows, key=lambda row: row.kind not in _WANTING):
            known, km = _nearest(row)
            other = self._opposite(row.kind)
            rows.append(
                {
                    "kind": self.say(row.kind),
                    "id": escape(row.id),
                    "name": cell(self.names[row.kind].get(row.id)),
                    "county_name": cell(self._county_of(row.id)) if row.kind == "school" else None,
                    "children": self._children_of(row),
                    "missing": row.missing,
                    "nearest_id": cell(known),
                    "nearest_name": cell(self.names[other].get(known)),
                    "nearest_km": km if known else None,
                    "reason_text": text(f"reason.{row.reason}", self.lang),
                    "remedy": self.remedy(row),
                    NOTE: cell(self.notes.pop(("unmatched", row.kind, row.id), "")),
                }
            )
        return self.grid("unmatched", _columns("unmatched", rows))

    def remedy(self, row: Unmatched) -> str:
        """Say what would help, in words, with what is known of the nearest."""
        known, km = _nearest(row)
        name = self.told_apart(self._opposite(row.kind), known) if known else self.say("somebody")
        side = "wants" if row.kind in _WANTING else "offers"
        children = self._children_of(row)
        places = 1
        if row.kind == "school":
            index = self.plan.problem.arrays.schools.index[row.id]
            places = max(1, int(self.plan.problem.demand("school")[index, 1]))
        rate = km * places / children if children else km
        key = f"remedy.{side}.{row.reason}" if row.reason not in _SAME_REMEDY else f"remedy.{row.reason}"
        return escape(self.say(key, name=name, km=f"{km:,.1f}", rate=f"{rate:,.1f}"))

    def _children_of(self, row: Unmatched) -> int | None:
        if row.kind not in _WANTING:
            return None
        level = "county" if row.kind == "county" else "school"
        nodes = self.plan.problem.arrays.sides(level)[1]
        return int(nodes.children[nodes.index[row.id]])

    @staticmethod
    def _opposite(kind: str) -> str:
        return {"county": "organization", "organization": "county", "school": "branch", "branch": "school"}[kind]

    # --- against last year ------------------------------------------------------------------------------------------

    def changes(self) -> Grid:
        """Return the pairs of this year beside those of last year: changed, ended, new, then kept, by recipient."""
        if not self.plan.instance.previous:
            return self.grid("changes", _columns("changes", []))
        rows: list[dict[str, Any]] = []
        for level, found in classify(self.plan.problem, self.plan.both).items():
            changed, kept = self._changes_of(level, found)
            rows += [*changed, *kept]
        return self.grid("changes", _columns("changes", rows))

    def _changes_of(self, level: str, found: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        problem, (providers, recipients) = self.plan.problem, self.plan.problem.arrays.sides(level)
        pairs = self.plan.pairs(level)
        since = problem.facts.since(level, pairs[:, 0], pairs[:, 1]).tolist()
        old: dict[str, list[tuple[str, float | None, str]]] = defaultdict(list)
        new: dict[str, list[tuple[str, float | None]]] = defaultdict(list)
        kept = []
        for at, (provider, recipient) in enumerate(pairs.tolist()):
            partner = (providers.ids[provider], float(self.km[level][at]))
            if found.kept[at]:
                kept.append(self._change(level, recipients.ids[recipient], "kept", partner, partner, since[at]))
            else:
                new[recipients.ids[recipient]].append(partner)
        ended = found.ended
        for at, provider in enumerate(ended.provider_idx.tolist()):
            recipient = int(ended.recipient_idx[at])
            here = provider != GONE and recipient != GONE
            far = problem.facts.metres(level, ended.provider_idx[at : at + 1], ended.recipient_idx[at : at + 1])
            name = recipients.ids[recipient] if recipient != GONE else ended.recipient_id[at]
            cause = self.say(f"cause.{CAUSES[int(found.cause[at])]}")
            old[name].append((ended.provider_id[at], float(far[0]) / M_PER_KM if here else None, cause))
        changed = []
        for recipient_id in sorted(old.keys() | new.keys()):
            for before, after in zip_longest(old[recipient_id], new[recipient_id]):
                word = "replaced" if before and after else "ended" if before else "new"
                row = self._change(level, recipient_id, word, before and before[:2], after, None)
                changed.append(row | {"cause": before[2] if before else None})
        return changed, kept

    def _change(self, level: str, known: str, word: str, old: Any, new: Any, since: int | None) -> dict[str, Any]:
        provider, recipient = (KIND_OF_TABLE[table] for table in SIDES[level])
        return {
            "level": self.say(level),
            "change": self.say(f"change.{word}"),
            "recipient_id": escape(known),
            "recipient_name": cell(self.names[recipient].get(known)),
            "old_provider": cell(self.called(provider, old[0])) if old else None,
            "old_km": old[1] if old else None,
            "new_provider": cell(self.called(provider, new[0])) if new else None,
            "new_km": new[1] if new else None,
            "since": since or None,
            "cause": None,
        }

    def _partners(self, level: str, side: int) -> dict[int, list[tuple[str, float]]]:
        found: dict[int, list[tuple[str, float]]] = defaultdict(list)
        ids = self.plan.problem.arrays.sides(level)[1 - side].ids
        for pair, km in zip(self.plan.pairs(level).tolist(), self.km[level].tolist(), strict=True):
            found[pair[side]].append((ids[pair[1 - side]], km))
        return found


#: reasons whose remedy is the same for who wants and who offers
_SAME_REMEDY: Final = {"not_planned", "outside_province", "out_of_reach", "not_listed", "forbidden", "not_allowed"}


def cell(value: Any) -> Any:
    """Return a value as a cell holds it: text escaped, None for nothing."""
    if isinstance(value, str):
        return escape(value) if value else None
    value = value.item() if hasattr(value, "item") else value
    return None if value is None or value != value else value


def _nearest(row: Unmatched) -> tuple[str, float]:
    known, km = detail_parts(row.detail)
    return known, km


def _extras(record: Any) -> dict[str, Any]:
    return {f"extra:{name}": cell(value) for name, value in record.extras.items()}


def _columns(
    sheet: str, rows: Sequence[Mapping[str, Any]], extra: Mapping[str, str] | None = None
) -> dict[str, list[Any]]:
    return {name: [row.get(name) for row in rows] for name in (*TABLE_SHEETS[sheet], *(extra or {}))}


def _km(plan: Plan, level: str) -> np.ndarray:
    pairs = plan.pairs(level)
    return plan.problem.facts.metres(level, pairs[:, 0], pairs[:, 1]) / M_PER_KM
