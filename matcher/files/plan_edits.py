"""A plan's workbook taken back: every edit by name, the pairs as they stand now, and what it orders as locks.

A row is known by its pair, so sorting and filtering are no edits. A recipient that lost one pair and gained another was
changed. Cells of a changed row that only describe the old pair claim nothing. What was ordered in earlier rounds stands
in the workbook too, and holds until it is lifted there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matcher.base.errors import Fault, InvalidInput, text
from matcher.base.names import SIDES
from matcher.base.suggest import Suggester
from matcher.base.violations import Violation
from matcher.files.book_orders import Key, PairSheet, bans_of, left_over
from matcher.files.book_reading import WrittenBook, names_of, open_book, plain_cell
from matcher.files.bookform import KEY
from matcher.model import Instance, Lock
from matcher.outcome.claims import BookClaims, Claims, SheetClaims
from matcher.outcome.frames import PAIR_COLUMNS
from matcher.policy.policy import Policy

#: level, provider id, recipient id
Place = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Edits:
    """What was changed in a plan's workbook since it was written, and what it orders in all.

    Attributes
    ----------
    changes
        One `Violation`-like entry an edit (codes `edit_*`), with sheet, row, and old and new value, in sheet order.
    added, removed
        Level -> (provider_id, recipient_id) of the pairs that are new and of those that are gone.
    claims
        What the workbook says now, for the checker.
    standing
        (level, provider_id, recipient_id) -> kind and reason of every lock that holds, also of earlier rounds.
    lifted
        Pairs whose lock, by whatever table, holds no more.
    notes
        What people wrote: (level, provider_id, recipient_id) of a pair, or ("unmatched", kind, id) -> note.
    """

    changes: tuple[Violation, ...]
    added: Mapping[str, tuple[Key, ...]]
    removed: Mapping[str, tuple[Key, ...]]
    claims: Claims
    standing: Mapping[Place, tuple[str, str]] = field(default_factory=dict)
    lifted: tuple[Place, ...] = ()
    notes: Mapping[tuple[str, ...], str] = field(default_factory=dict)

    def locks(self, lang: str = "en") -> tuple[Lock, ...]:
        """Return every lock that the workbook orders, of this and of earlier rounds: pins, then bans."""
        return tuple(
            Lock(
                level=level,
                provider_id=provider,
                recipient_id=recipient,
                kind=kind,
                reason=reason or text("book.edited_reason", lang),
            )
            for wanted in ("pin", "forbid")
            for (level, provider, recipient), (kind, reason) in self.standing.items()
            if kind == wanted
        )

    def gone(self, instance: Instance) -> tuple[Place, ...]:
        """Return the locks of earlier rounds that name somebody whom the instance does not have any more."""
        known = {table: {record.id for record in getattr(instance, table)} for both in SIDES.values() for table in both}
        new = {(level, *pair) for pairs in (self.added, self.removed) for level in SIDES for pair in pairs[level]}
        return tuple(
            place
            for place in self.standing
            if place not in new
            and not all(one in known[table] for one, table in zip(place[1:], SIDES[place[0]], strict=True))
        )

    def applied(self, instance: Instance, lang: str = "en") -> Instance:
        """Return `instance` with what the workbook orders as locks, in place of its own locks on the same pairs.

        Raises
        ------
        InvalidInput
            If an edit names an id that the instance does not have.
        """
        self._check_ids(instance, lang)
        gone = set(self.gone(instance))
        new = [lock for lock in self.locks(lang) if (lock.level, lock.provider_id, lock.recipient_id) not in gone]
        named = {*self.standing, *self.lifted}
        kept = [lock for lock in instance.locks if (lock.level, lock.provider_id, lock.recipient_id) not in named]
        tables: dict[str, Any] = {
            name: getattr(instance, name) for name in type(instance).model_fields if name != "format"
        }
        return Instance(**(tables | {"locks": [*kept, *new]}))

    def _check_ids(self, instance: Instance, lang: str) -> None:
        """Refuse new pairs with ids that the instance does not have, by sheet, row and column of the workbook."""
        known = {
            table: {record.id for record in getattr(instance, table)} for tables in SIDES.values() for table in tables
        }
        faults = []
        for change in self.changes:
            if change.code not in ("edit_pair_changed", "edit_pair_added"):
                continue
            details = change.details
            level = details["level"]
            ids = (details.get("provider", details.get("new")), details["recipient"])
            for value, table, column in zip(ids, SIDES[level], reversed(PAIR_COLUMNS[level][:2]), strict=True):
                if value in known[table]:
                    continue
                nearest = Suggester(getattr(instance, table)).nearest(value)
                said = {"target": table, **({"nearest": nearest} if nearest else {})}
                place = {"row": details["row"], "column": text(f"book.{column}", lang), "sheet": details["sheet"]}
                faults.append(Fault("unknown_id", value=value, details=said, **place))
        if faults:
            raise InvalidInput(faults)


def plan_claims(path: Path) -> Claims:
    """Return what the plan's workbook at `path` says now, with its edits named (see `read_edits`)."""
    return read_edits(path).claims


def read_edits(path: str | Path) -> Edits:
    """Compare a plan's workbook with what was written to it.

    Raises
    ------
    InvalidInput
        If the file is no workbook, not one that a plan was written to, or says something that can't be understood: a
        sheet or header that is gone, a half-filled row, an error value, a name that is nobody's, an unknown order.
    MissingExtra
        If the extra `excel` is not installed.
    """
    book = open_book(Path(path), (*SIDES, "bans"))
    content, names = book.content, names_of(book.content)
    changes: list[Violation] = []
    faults: list[Fault] = []
    pairs = {level: PairSheet.read(book, level, names, changes, faults) for level in SIDES}
    bans, unbanned = bans_of(book, names, changes, faults)
    unmatched, left_notes = left_over(book, changes)
    if faults:
        raise InvalidInput(faults)
    added = {level: sheet.added for level, sheet in pairs.items()}
    removed = {level: sheet.removed for level, sheet in pairs.items()}
    standing: dict[Place, tuple[str, str]] = {
        (level, provider, recipient): (kind, reason) for level, provider, recipient, kind, reason in content["locks"]
    }
    lifts = [*unbanned, *((level, *pair) for level, sheet in pairs.items() for pair in sheet.lifted)]
    lifted = dict.fromkeys([*map(tuple, content["lifted"]), *lifts])
    for place in lifts:
        standing.pop(place, None)
    orders = {
        **{(level, *pair): "forbid" for level in SIDES for pair in (*removed[level], *pairs[level].banned)},
        **dict.fromkeys(bans, "forbid"),
        **{(level, *pair): "pin" for level in SIDES for pair in (*added[level], *pairs[level].pinned)},
    }
    for place, kind in orders.items():
        if standing.get(place, ("", ""))[0] != kind:
            standing[place] = (kind, "")
        lifted.pop(place, None)
    notes = {tuple(entry[:-1]): entry[-1] for entry in content["notes"]} | left_notes
    for level, sheet in pairs.items():
        notes |= {(level, *pair): note for pair, note in sheet.notes.items()}
    claims = _claims(book, {level: sheet.claimed for level, sheet in pairs.items()}, unmatched, added, removed, changes)
    return Edits(tuple(changes), added, removed, claims, standing, tuple(lifted), notes)


def _claims(
    book: WrittenBook,
    rows: Mapping[str, Mapping[str, Sequence[Any]]],
    unmatched: Mapping[str, Sequence[Any]] | None,
    added: Mapping[str, Sequence[Key]],
    removed: Mapping[str, Sequence[Key]],
    changes: Sequence[Violation],
) -> Claims:
    """Return what the workbook says now; where pairs were touched, its metrics and reasons are of the plan before."""
    content = book.content
    touched = any(added.values()) or any(removed.values())
    empty = not touched and content["status"] in ("infeasible", "unknown")
    return Claims(
        rows,
        Policy.from_json(json.dumps(content["policy"])),
        None if touched else unmatched,
        content["status"] if empty else None,
        content["stop_reason"] if empty else None,
        witness=content["witness"] if empty else None,
        metrics=None if touched else content["metrics"],
        digest=content["input"],
        edits=tuple(changes),
        book=None if empty or book.untouched else BookClaims(content["lang"], touched, _following(book, touched)),
    )


def _following(book: WrittenBook, touched: bool) -> dict[str, SheetClaims]:
    """Return the sheets that follow from the pairs as they are now."""
    found = {}
    for name in KEY:
        if name not in book.content["sheets"] or (name == "unmatched" and not touched):
            continue
        if name == "overview":
            found[name] = _figures(book)
            continue
        sheet = book.sheet(name, [])
        if sheet.is_there:
            rows = tuple((row.number, row.cells) for row in sheet.new)
            found[name] = SheetClaims(sheet.title, dict(sheet.titles), rows)
    return found


def _figures(book: WrittenBook) -> SheetClaims:
    """Return the numbers of the first page as they are now."""
    written = book.content["sheets"]["overview"]
    known = {row[0] for row in written["rows"]}
    rows = tuple(
        (number, {"figure": row[0], "value": plain_cell(row[1])})
        for number, row in enumerate(book.sheets.get(written["title"], []), 1)
        if len(row) > 1 and row[0] in known
    )
    return SheetClaims(written["title"], dict(zip(written["names"], written["titles"], strict=True)), rows)
