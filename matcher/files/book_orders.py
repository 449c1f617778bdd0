"""What an edited workbook says of its pairs: by ids or names typed over, rows added or deleted, and by orders."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from matcher.base.errors import Fault
from matcher.base.names import KIND_OF_TABLE, SIDES, UNMATCHED_COLUMNS
from matcher.base.unreadable import UNREADABLE
from matcher.base.violations import Violation
from matcher.files.book_reading import BookRow, BookSheet, Names, WrittenBook, id_text, same, shown
from matcher.files.bookform import COLUMNS, NOTE, ORDER
from matcher.files.cells import as_text
from matcher.outcome.frames import PAIR_COLUMNS

Key = tuple[str, str]
#: what people write besides the words of the drop-down
_ALSO: Final = {
    "pin": "pin", "固定": "pin", "锁定": "pin", "forbid": "forbid", "禁止": "forbid", "排除": "forbid",
    "lift": "lift", "解除": "lift", "取消": "lift", "取消固定": "lift",
}  # fmt: skip
_REPLACE: Final = ("换成", "换为", "改为", "改成", "replace by", "replace with")


@dataclass(frozen=True, slots=True)
class PairSheet:
    """What a sheet of pairs says now.

    `added` and `removed` are the pairs that came and went, `pinned` and `lifted` those ordered to stay or let free,
    `banned` those ordered not to be that were none, `notes` what was written beside each pair, `claimed` the columns.
    """

    added: tuple[Key, ...]
    removed: tuple[Key, ...]
    pinned: tuple[Key, ...]
    lifted: tuple[Key, ...]
    banned: tuple[Key, ...]
    notes: Mapping[Key, str]
    claimed: Mapping[str, Sequence[Any]]

    @classmethod
    def read(
        cls,
        book: WrittenBook,
        level: str,
        names: Mapping[str, Names],
        changes: list[Violation],
        faults: list[Fault],
    ) -> PairSheet:
        """Read a sheet of pairs, naming every edit in `changes` and every doubt in `faults`."""
        sheet = book.sheet(level, changes, faults)
        return _Reader(sheet, level, names, book.content, faults).read(changes)


class _Reader:
    """Reads one sheet of pairs."""

    def __init__(
        self, sheet: BookSheet, level: str, names: Mapping[str, Names], content: Mapping[str, Any], faults: list[Fault]
    ):
        self.sheet, self.level, self.content, self.faults = sheet, level, content, faults
        self.names = tuple(names[table] for table in SIDES[level])
        recipient, provider = PAIR_COLUMNS[level][:2]
        self.ids = (provider, recipient)
        self.name_columns = tuple(f"{KIND_OF_TABLE[table]}_name" for table in SIDES[level])
        self.old = {self._written(row): row for row in sheet.old}
        self.partners: dict[tuple[int, str], set[str]] = defaultdict(set)
        for pair in self.old:
            self.partners[0, pair[1]].add(pair[0])
            self.partners[1, pair[0]].add(pair[1])
        self.orders: dict[str, str] = {**_ALSO, **content["orders"]}
        self.replace = (*_REPLACE, *content["replace_words"])

    def read(self, changes: list[Violation]) -> PairSheet:
        """Return what the sheet says."""
        pinned: list[Key] = []
        lifted: list[Key] = []
        banned: list[Key] = []
        notes: dict[Key, str] = {}
        new: list[tuple[BookRow, Key]] = []
        for row in self.sheet.new if self.sheet.is_there else ():
            pair = self._pair(row)
            if pair is None:
                continue
            if note := id_text(row.cells.get(NOTE)):
                notes[pair] = note
            if not pair[0]:
                continue
            now = self._ordered(row, pair, pinned, lifted, banned)
            if now is not None:
                new.append((row, now))
                if note and now != pair:
                    notes[now] = notes.pop(pair)
        stayed, gone, come = _matched(list(self.old.items()), new)
        for old_row, new_row, pair in stayed:
            changes += self._cells(old_row, new_row, " – ".join(pair))
        changes += self._moves(gone, come)
        changes += self._order_changes(pinned, lifted, banned)
        claimed = self._claimed(new, {id(row) for row, _ in come})
        return PairSheet(
            tuple(pair for _, pair in come), tuple(gone), tuple(pinned), tuple(lifted), tuple(banned), notes, claimed
        )

    def _written(self, row: BookRow) -> Key:
        return id_text(row.cells[self.ids[0]]), id_text(row.cells[self.ids[1]])

    # --- who is meant -----------------------------------------------------------------------------------------------

    def _pair(self, row: BookRow) -> Key | None:
        """Return the pair of a row, its provider "" if it was emptied; None if that is a fault."""
        raw = [id_text(row.cells.get(column)) for column in self.ids]
        provider, recipient = (self._side(row, side, raw) for side in (0, 1))
        if provider is None or recipient is None:
            return None
        if not recipient or (not provider and recipient not in {pair[1] for pair in self.old}):
            self._fault("edit_half_row", row, self.ids[0 if recipient else 1])
            return None
        return provider, recipient

    def _side(self, row: BookRow, side: int, raw: Sequence[str]) -> str | None:
        """Return the id of one side of a row; "" if its cells are empty; None if they make a fault."""
        names, column = self.names[side], self.name_columns[side]
        typed, name = raw[side], id_text(row.cells.get(column))
        if not typed:
            if not name:
                return ""
            found = names.id_of(name)
            if found is None:
                self._unknown(names, name, row, column)
                return None
            if found in self.partners[side, raw[1 - side]]:  # its id was emptied: is the pair to end?
                self._fault("edit_half_row", row, self.ids[side])
                return None
            return found
        found = names.id_of(typed)
        if found is None:
            return typed  # an id that the workbook does not know: the input may
        if not name or names.is_name_of(name, found):
            return found
        partners = self.partners[side, raw[1 - side]]
        if found not in partners and any(names.is_name_of(name, one) for one in partners):
            return found  # the name is still that of the partner before
        meant = names.id_of(name)
        if meant is None:
            self._unknown(names, name, row, column)
            return None
        if meant != found and found not in partners:
            self._fault("edit_two_names", row, column, value=name, id=found)
            return None
        return meant

    def _unknown(self, names: Names, word: str, row: BookRow, column: str) -> None:
        self.faults.append(names.fault(word, row.number, self.sheet.titles.get(column, column), self.sheet.title))

    def _fault(self, code: str, row: BookRow, column: str, *, value: str | None = None, **details: str) -> None:
        title = self.sheet.titles.get(column, column)
        place = {"row": row.number, "column": title, "sheet": self.sheet.title}
        self.faults.append(Fault(code, value=value, details=details, **place))  # type: ignore[arg-type]

    # --- what is ordered ----------------------------------------------------------------------------------------------

    def _ordered(self, row: BookRow, pair: Key, pinned: list[Key], lifted: list[Key], banned: list[Key]) -> Key | None:
        """Follow the order of a row; return the pair that stands, None if it shall not."""
        word = id_text(row.cells.get(ORDER))
        before = self.old.get(pair)
        was_pinned = before is not None and bool(before.cells.get(ORDER))
        order = self.orders.get(word.strip().lower()) if word else None
        if not word:
            if was_pinned:
                lifted.append(pair)
            return pair
        if order == "pin":
            if before is not None and not was_pinned:  # a pair that came is pinned anyway
                pinned.append(pair)
            return pair
        if order == "lift":
            if was_pinned:
                lifted.append(pair)
            return pair
        if order == "forbid":
            if before is None:
                banned.append(pair)
            return None
        return self._replaced(row, pair, word, is_old=before is not None)

    def _replaced(self, row: BookRow, pair: Key, word: str, *, is_old: bool) -> Key | None:
        prefix = next((known for known in self.replace if word.lower().startswith(known)), None)
        if prefix is None:
            known = "、".join(dict.fromkeys((*self.content["orders"], self.content["replace_words"][0])))
            self._fault("edit_unknown_order", row, ORDER, value=word, known=known)
            return None
        if not is_old:
            self._fault("edit_two_orders", row, ORDER, value=word)
            return None
        name = word[len(prefix) :].strip(' ：:　"“”')
        found = self.names[0].id_of(name)
        if found is None:
            self._unknown(self.names[0], name, row, ORDER)
            return None
        return found, pair[1]

    # --- edits by name ------------------------------------------------------------------------------------------------

    def _order_changes(
        self, pinned: Sequence[Key], lifted: Sequence[Key], banned: Sequence[Key]
    ) -> Iterator[Violation]:
        for code, pairs in (("edit_pinned", pinned), ("edit_lifted", lifted), ("edit_banned", banned)):
            for provider, recipient in pairs:
                details = {"sheet": self.sheet.title, "level": self.level}
                yield Violation(code, {**details, "provider": provider, "recipient": recipient})

    def _cells(self, old: BookRow, new: BookRow, name: str) -> Iterator[Violation]:
        for column, before in old.cells.items():
            if column in (ORDER, *self.ids, *self.name_columns) or column not in new.cells:
                continue
            if not same(before, new.cells[column]):
                place = {"sheet": self.sheet.title, "row": new.number, "name": name}
                told = {"old": shown(before), "new": shown(new.cells[column])}
                if column == NOTE:
                    yield Violation("edit_note", place | told)
                else:
                    yield Violation("edit_cell", {**place, "column": self.sheet.titles[column], **told})

    def _moves(self, gone: Sequence[Key], come: Sequence[tuple[BookRow, Key]]) -> Iterator[Violation]:
        """Name the pairs that were changed, added and removed."""
        lost: dict[str, list[Key]] = defaultdict(list)
        for pair in gone:
            lost[pair[1]].append(pair)
        for row, (provider, recipient) in come:
            place = {"sheet": self.sheet.title, "row": row.number, "level": self.level, "recipient": recipient}
            if lost[recipient]:
                old = lost[recipient].pop(0)[0]
                yield Violation("edit_pair_changed", {**place, "old": old, "new": provider})
            else:
                yield Violation("edit_pair_added", {**place, "provider": provider})
        for pairs in lost.values():
            for provider, recipient in pairs:
                details = {"sheet": self.sheet.title, "level": self.level, "provider": provider}
                yield Violation("edit_pair_removed", details | {"recipient": recipient})

    def _claimed(self, new: Sequence[tuple[BookRow, Key]], come: set[int]) -> dict[str, list[Any]]:
        """Return the columns of the pairs as the sheet shows them now."""
        kept = self.content["kept"]
        columns: dict[str, list[Any]] = {}
        for column in PAIR_COLUMNS[self.level]:
            if column in self.ids:
                columns[column] = [pair[self.ids.index(column)] for _, pair in new]
            elif column in self.sheet.titles and column in COLUMNS[self.level]:
                columns[column] = [
                    UNREADABLE if id(row) in come else value_of(column, row.cells.get(column), kept) for row, _ in new
                ]
        return columns


def bans_of(
    book: WrittenBook, names: Mapping[str, Names], changes: list[Violation], faults: list[Fault]
) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]:
    """Return the bans that were added to their sheet, and those that were lifted by deleting their rows."""
    if "bans" not in book.content["sheets"]:
        return [], []
    sheet = book.sheet("bans", changes, faults)
    if not sheet.is_there:
        return [], []
    levels = {word: kind for word, kind in book.content["kinds"].items() if kind in SIDES}

    def place(row: BookRow) -> tuple[str, str, str] | None:
        level = levels.get(id_text(row.cells.get("level")))
        ids = [id_text(row.cells.get(column)) for column in ("provider_id", "recipient_id")]
        if level is None or not all(ids):
            column = "level" if level is None else ("provider_id" if not ids[0] else "recipient_id")
            title = sheet.titles.get(column, column)
            faults.append(Fault("edit_half_row", row=row.number, column=title, sheet=sheet.title))
            return None
        found = [names[table].id_of(one) or one for table, one in zip(SIDES[level], ids, strict=True)]
        return level, found[0], found[1]

    before = [each for each in map(place, sheet.old) if each is not None]
    after = [each for each in map(place, sheet.new) if each is not None]
    come = [each for each in after if each not in before]
    gone = [each for each in before if each not in after]
    for code, places in (("edit_banned", come), ("edit_lifted", gone)):
        for level, provider, recipient in places:
            details = {"sheet": sheet.title, "level": level, "provider": provider, "recipient": recipient}
            changes.append(Violation(code, details))
    return come, gone


def left_over(
    book: WrittenBook, changes: list[Violation]
) -> tuple[Mapping[str, Sequence[Any]] | None, dict[tuple[str, ...], str]]:
    """Name the edits of the sheet of what is unmatched; return what it claims now, and its notes."""
    sheet = book.sheet("unmatched", changes)
    if not sheet.is_there:
        return None, {}
    kinds, reasons = book.content["kinds"], book.content["reasons"]

    def key(row: BookRow) -> Key:
        kind = id_text(row.cells.get("kind"))
        return kinds.get(kind, kind), id_text(row.cells.get("id"))

    old, new = [(key(row), row) for row in sheet.old], [(row, key(row)) for row in sheet.new]
    stayed, gone, come = _matched(old, new)
    for before, after, name in stayed:
        for column, value in before.cells.items():
            if column in after.cells and not same(value, after.cells[column]):
                place = {"sheet": sheet.title, "row": after.number, "name": " ".join(name)}
                told = {"old": shown(value), "new": shown(after.cells[column])}
                code = "edit_note" if column == NOTE else "edit_cell"
                changes.append(Violation(code, {**place, "column": sheet.titles[column], **told}))
    for row, name in come:
        details = {"sheet": sheet.title, "row": row.number, "name": " ".join(name)}
        changes.append(Violation("edit_row_added", details))
    changes += [Violation("edit_row_removed", {"sheet": sheet.title, "name": " ".join(name)}) for name in gone]
    columns: dict[str, list[Any]] = {name: [] for name in UNMATCHED_COLUMNS}
    for row in sheet.new:
        kind, one = key(row)
        reason = id_text(row.cells.get("reason_text"))
        columns["kind"].append(kind)
        columns["id"].append(one)
        columns["missing"].append(value_of("missing", row.cells.get("missing"), {}))
        columns["reason"].append(reasons.get(reason, reason))
        columns["detail"].append(_detail(row.cells))
    if "reason_text" not in sheet.titles or not any("reason_text" in row.cells for row in sheet.new):
        del columns["reason"], columns["detail"]
    notes: dict[tuple[str, ...], str] = {}
    notes |= {("unmatched", *key(row)): id_text(row.cells[NOTE]) for row in sheet.new if row.cells.get(NOTE)}
    return columns, notes


def _detail(cells: Mapping[str, Any]) -> Any:
    """Return the detail that the columns of the nearest say."""
    nearest, km = id_text(cells.get("nearest_id")), cells.get("nearest_km")
    if not nearest and km is None:
        return ""
    return f"nearest={nearest}; km={km:.3f}" if isinstance(km, int | float) else UNREADABLE


def _matched(
    old: Sequence[tuple[Key, BookRow]], new: Sequence[tuple[BookRow, Key]]
) -> tuple[list[tuple[BookRow, BookRow, Key]], list[Key], list[tuple[BookRow, Key]]]:
    """Match rows by key: those that stayed as (old, new, key), the keys that are gone, the rows that came."""
    waiting: dict[Key, list[BookRow]] = defaultdict(list)
    for key, row in old:
        waiting[key].append(row)
    stayed: list[tuple[BookRow, BookRow, Key]] = []
    come: list[tuple[BookRow, Key]] = []
    for row, key in new:
        if waiting[key]:
            stayed.append((waiting[key].pop(0), row, key))
        else:
            come.append((row, key))
    left = Counter({key: len(rows) for key, rows in waiting.items()})
    return stayed, [key for key, _ in old if left[key]], come


def value_of(column: str, value: Any, kept: Mapping[str, bool]) -> Any:
    """Return a cell of a sheet as the value that the checker compares; `UNREADABLE` if it is none."""
    if column == "kept":
        return kept.get(as_text(value), UNREADABLE)
    if column not in ("km", "minutes", "since", "missing"):
        return id_text(value)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return UNREADABLE
