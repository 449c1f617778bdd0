"""A plan's workbook taken back: every edit by name, the pairs as they stand now, and the edits as locks.

A row is known by its pair, so sorting and filtering are no edits. An emptied id ends the pair; a recipient that lost
one pair and gained another was changed. Cells of a changed row that only describe the old pair claim nothing.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from matcher.base.errors import Fault, InvalidInput, text
from matcher.base.escaping import unescape
from matcher.base.fieldtypes import HALF_WIDTH
from matcher.base.names import SIDES, UNMATCHED_COLUMNS
from matcher.base.suggest import Suggester
from matcher.base.unreadable import UNREADABLE
from matcher.base.violations import Violation
from matcher.files.bookform import COLUMNS, HIDDEN, Grid, unpacked
from matcher.files.cells import as_text
from matcher.files.workbook_in import read_sheets
from matcher.model import Instance, Lock
from matcher.outcome.claims import Claims
from matcher.outcome.frames import PAIR_COLUMNS
from matcher.outcome.unmatched import detail_code
from matcher.policy.policy import Policy
from matcher.tables.columns import normal

if TYPE_CHECKING:
    from matcher.files.workbook_in import Sheets

#: numbers differ if they do so by more than another program's rounding in writing them
_ROUNDING: Final = 1e-6

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Edits:
    """What was changed in a plan's workbook since it was written.

    Attributes
    ----------
    changes
        One `Violation`-like entry an edit (codes `edit_*`), with sheet, row, and old and new value, in sheet order.
    added, removed
        Level -> (provider_id, recipient_id) of the pairs that are new and of those that are gone.
    claims
        What the workbook says now, for the checker.
    """

    changes: tuple[Violation, ...]
    added: Mapping[str, tuple[Key, ...]]
    removed: Mapping[str, tuple[Key, ...]]
    claims: Claims

    def locks(self, lang: str = "en") -> tuple[Lock, ...]:
        """Return the edits as locks: new pairs pinned, pairs that were removed forbidden."""
        reason = text("book.edited_reason", lang)
        return tuple(
            Lock(level=level, provider_id=provider, recipient_id=recipient, kind=kind, reason=reason)
            for kind, pairs in (("pin", self.added), ("forbid", self.removed))
            for level in SIDES
            for provider, recipient in pairs[level]
        )

    def applied(self, instance: Instance, lang: str = "en") -> Instance:
        """Return `instance` with the edits as locks, in place of its own locks on the same pairs.

        Raises
        ------
        InvalidInput
            If an edit names an id that the instance does not have.
        """
        self._check_ids(instance, lang)
        new = self.locks(lang)
        named = {(lock.level, lock.provider_id, lock.recipient_id) for lock in new}
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
        If the file is no workbook, or not one that a plan was written to.
    MissingExtra
        If the extra `excel` is not installed.
    """
    sheets = read_sheets(Path(path))
    content = _written(sheets)
    changes: list[Violation] = []
    added: dict[str, tuple[Key, ...]] = dict.fromkeys(SIDES, ())
    removed: dict[str, tuple[Key, ...]] = dict.fromkeys(SIDES, ())
    rows: dict[str, Mapping[str, Sequence[Any]]] = {}
    unmatched: Mapping[str, Sequence[Any]] | None = None
    for name in COLUMNS:
        written = content["sheets"][name]
        old = Grid(*(written[part] for part in ("names", "titles", "rows")))
        sheet = _Sheet.find(name, old, sheets, written["title"], content["kept"], changes)
        if name == "unmatched":
            unmatched = sheet.unmatched(changes, content["kinds"])
        else:
            added[name], removed[name], rows[name] = sheet.pairs(changes)
    touched = any(added.values()) or any(removed.values())
    empty = not touched and content["status"] in ("infeasible", "unknown")
    claims = Claims(
        rows,
        Policy.from_json(json.dumps(content["policy"])),
        None if touched else unmatched,
        content["status"] if empty else None,
        content["stop_reason"] if empty else None,
        witness=content["witness"] if empty else None,
        metrics=None if touched else content["metrics"],
        digest=content["input"],
        edits=tuple(changes),
    )
    return Edits(tuple(changes), added, removed, claims)


def _written(sheets: Sheets) -> dict[str, Any]:
    """Return what the hidden sheet holds."""
    rows = next((rows for title, rows in sheets.items() if title == HIDDEN), [])
    try:
        return unpacked([str(row[0]) for row in rows if row])
    except ValueError:
        raise InvalidInput([Fault("no_plan_sheet")]) from None


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of a sheet: its number as an editor shows it, and its cells by column."""

    number: int
    cells: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Sheet:
    """One sheet as it is now, beside what was written to it."""

    name: str
    title: str
    titles: Mapping[str, str]
    old: tuple[_Row, ...]
    new: tuple[_Row, ...]
    kept: Mapping[str, bool]

    @classmethod
    def find(
        cls, name: str, old: Grid, sheets: Sheets, shown: str, kept: Mapping[str, bool], changes: list[Violation]
    ) -> _Sheet:
        """Find the sheet and its columns; what is missing or added is named in `changes`."""
        title = next((title for title in sheets if normal(title) == normal(shown)), None)
        written = tuple(_Row(number, dict(zip(old.names, row, strict=True))) for number, row in enumerate(old.rows, 2))
        titles = dict(zip(old.names, old.titles, strict=True))
        if title is None:
            changes.append(Violation("edit_sheet_removed", {"sheet": shown}))
            return cls(name, shown, titles, written, (), kept)
        header = [as_text(cell) for cell in sheets[title][0]] if sheets[title] else []
        position = {
            column: header.index(unescape(written_title))
            for column, written_title in titles.items()
            if unescape(written_title) in header
        }
        gone = [written_title for column, written_title in titles.items() if column not in position]
        come = [known for at, known in enumerate(header) if known and at not in position.values()]
        changes += [Violation("edit_column_removed", {"sheet": shown, "column": unescape(known)}) for known in gone]
        changes += [Violation("edit_column_added", {"sheet": shown, "column": known}) for known in come]
        rows = tuple(
            _Row(number, {column: _cell(row[at]) for column, at in position.items()})
            for number, row in enumerate(sheets[title][1:], 2)
            if any(cell not in (None, "") for cell in row)
        )
        return cls(name, shown, titles, written, rows, kept)

    def pairs(self, changes: list[Violation]) -> tuple[tuple[Key, ...], tuple[Key, ...], Mapping[str, Sequence[Any]]]:
        """Name the edits of a sheet of pairs; return the pairs added and removed and what the rows claim now."""
        recipient, provider = PAIR_COLUMNS[self.name][:2]
        known = {column: {_id(row.cells.get(column)) for row in self.old} for column in (provider, recipient)}

        def known_id(row: _Row, column: str) -> str:
            plain = _id(row.cells.get(column))  # what was typed in full width is read as in the input
            return plain if plain in known[column] else plain.translate(HALF_WIDTH).strip()

        def key(row: _Row) -> Key:
            return known_id(row, provider), known_id(row, recipient)

        new = [row for row in self.new if all(key(row))]
        stayed, gone, come = _matched(self.old, new, key)
        claimed = {row.number: dict(row.cells) | dict(zip((provider, recipient), key(row), strict=True)) for row in new}
        for old_row, new_row in stayed:
            changes += self._cells(old_row, new_row, " – ".join(key(new_row)))
        described = set(COLUMNS[self.name]) - {recipient, provider}
        for row in come:
            claimed[row.number] |= dict.fromkeys(described, UNREADABLE)
        changes += self._moves(gone, come, key)
        columns = {
            column: [_value(column, claimed[row.number].get(column), self.kept) for row in new]
            for column in PAIR_COLUMNS[self.name]
            if column in self.titles and column not in (provider, recipient)
        }
        # these are ids already: an apostrophe that is left is theirs
        columns |= {column: [claimed[row.number][column] for row in new] for column in (provider, recipient)}
        return tuple(map(key, come)), tuple(map(key, gone)), columns

    def _moves(self, gone: Sequence[_Row], come: Sequence[_Row], key: Any) -> Iterator[Violation]:
        """Name the pairs that were changed, added and removed."""
        lost: dict[str, list[_Row]] = defaultdict(list)
        for row in gone:
            lost[key(row)[1]].append(row)
        for row in come:
            provider, recipient = key(row)
            place = {"sheet": self.title, "row": row.number, "level": self.name, "recipient": recipient}
            if lost[recipient]:
                old = key(lost[recipient].pop(0))[0]
                yield Violation("edit_pair_changed", {**place, "old": old, "new": provider})
            else:
                yield Violation("edit_pair_added", {**place, "provider": provider})
        for rows in lost.values():
            for row in rows:
                provider, recipient = key(row)
                details = {"sheet": self.title, "level": self.name, "provider": provider, "recipient": recipient}
                yield Violation("edit_pair_removed", details)

    def unmatched(self, changes: list[Violation], kinds: Mapping[str, str]) -> Mapping[str, Sequence[Any]]:
        """Name the edits of the sheet of what is unmatched; return what it claims now."""

        def key(row: _Row) -> Key:
            return _id(row.cells.get("kind")), _id(row.cells.get("id"))

        stayed, gone, come = _matched(self.old, self.new, key)
        for old_row, new_row in stayed:
            changes += self._cells(old_row, new_row, " ".join(key(new_row)))
        for row in come:
            details = {"sheet": self.title, "row": row.number, "name": " ".join(key(row))}
            changes.append(Violation("edit_row_added", details))
        changes += [Violation("edit_row_removed", {"sheet": self.title, "name": " ".join(key(row))}) for row in gone]
        columns = {column: [row.cells.get(column) for row in self.new] for column in UNMATCHED_COLUMNS}
        columns["kind"] = [kinds.get(_id(kind), _id(kind)) for kind in columns["kind"]]
        columns["id"] = list(map(_id, columns["id"]))
        columns["missing"] = [_value("missing", value, self.kept) for value in columns["missing"]]
        columns["reason"] = [_id(value) for value in columns["reason"]]
        columns["detail"] = [detail_code(_id(value)) for value in columns["detail"]]
        return columns

    def _cells(self, old: _Row, new: _Row, name: str) -> Iterator[Violation]:
        for column, before in old.cells.items():
            if column in new.cells and not _same(before, new.cells[column]):
                details = {
                    "sheet": self.title,
                    "row": new.number,
                    "column": unescape(self.titles[column]),
                    "name": name,
                }
                yield Violation("edit_cell", {**details, "old": _shown(before), "new": _shown(new.cells[column])})


def _matched(
    old: Sequence[_Row], new: Sequence[_Row], key: Any
) -> tuple[list[tuple[_Row, _Row]], list[_Row], list[_Row]]:
    """Match rows by key: those that stayed as (old, new), those that are gone, those that came."""
    waiting: dict[Key, list[_Row]] = defaultdict(list)
    for row in old:
        waiting[key(row)].append(row)
    stayed: list[tuple[_Row, _Row]] = []
    come: list[_Row] = []
    for row in new:
        if waiting[key(row)]:
            stayed.append((waiting[key(row)].pop(0), row))
        else:
            come.append(row)
    left = Counter(id(row) for rows in waiting.values() for row in rows)
    return stayed, [row for row in old if id(row) in left], come


def _cell(value: Any) -> Any:
    """Return a cell as plain text or number, None if it is empty."""
    if isinstance(value, str):
        value = value.strip()
        return value or None
    return value


def _id(value: Any) -> str:
    return as_text(value)


def _same(old: Any, new: Any) -> bool:
    if isinstance(old, int | float) and isinstance(new, int | float) and not isinstance(new, bool):
        return abs(old - new) <= _ROUNDING
    if old is None or new is None:
        return old is None and new is None
    return as_text(old) == as_text(new)


def _shown(value: Any) -> str:
    return "–" if value is None else as_text(value)


def _value(column: str, value: Any, kept: Mapping[str, bool]) -> Any:
    """Return a cell of a sheet as the value that the checker compares; `UNREADABLE` if it is none."""
    if value == UNREADABLE:
        return value
    if column == "kept":
        return kept.get(as_text(value), UNREADABLE)
    if column not in ("km", "minutes", "since", "missing"):
        return _id(value)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return UNREADABLE
