"""The sheets of a plan's workbook that people work in: the pairs, what shall become of them, what bans stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from matcher.base.errors import text
from matcher.base.escaping import escape
from matcher.base.names import KIND_OF_TABLE, SIDES
from matcher.files.book_tables import Book, cell
from matcher.files.bookform import COLUMNS, NOTE, ORDER, TABLE_SHEETS, Grid

if TYPE_CHECKING:
    import pandas as pd

#: columns of a plan's frames that the sheets show in their own way
_SHOWN: Final = {"county_id", "organization_id", "school_id", "branch_id", "km", "minutes", "kept", "since"}


def pair_grid(book: Book, level: str) -> Grid:
    """Return the sheet of the pairs of one level, columns carried from the input last.

    Where a pair is pinned, the column for orders says so; the notes of `book` that belong here are taken from it.
    """
    frame = book.plan.county_pairings if level == "county" else book.plan.school_pairings
    provider, recipient = (f"{KIND_OF_TABLE[table]}_id" for table in SIDES[level])
    pairs = list(zip(frame[provider].tolist(), frame[recipient].tolist(), strict=True))
    pinned = {
        (lock.provider_id, lock.recipient_id)
        for lock in book.plan.instance.locks
        if lock.level == level and lock.kind == "pin"
    }
    columns: dict[str, list[Any]] = {}
    for name in COLUMNS[level]:
        if name == ORDER:
            columns[name] = [book.say("order.pin") if pair in pinned else None for pair in pairs]
        elif name == NOTE:
            columns[name] = _notes(book, level, pairs)
        else:
            columns[name] = _column(book, level, name, frame)
    kinds = dict(COLUMNS[level])
    titles = {}
    for column in (str(column) for column in frame.columns if column not in _SHOWN):
        kind, _, own = column.partition("_")
        titles[column] = escape(f"{book.say(kind)}: {own}" if book.lang == "en" else f"{book.say(kind)}：{own}")
        columns[column] = [cell(value) for value in frame[column].tolist()]
    return Grid.of(columns, kinds, lambda name: titles.get(name) or book.say(name))


def _column(book: Book, level: str, name: str, frame: pd.DataFrame) -> list[Any]:
    """Return one column of what the plan knows of its pairs."""
    if name.endswith("_id"):
        return [cell(known) for known in frame[name].tolist()]
    if name.endswith("_name"):
        kind = name.removesuffix("_name")
        return [cell(book.names[kind].get(known)) for known in frame[f"{kind}_id"].tolist()]
    if name == "province":
        provinces = {record.id: record.province for record in book.plan.instance.counties}
        return [cell(provinces.get(known)) for known in frame["county_id"].tolist()]
    if name == "children":
        nodes = book.plan.problem.arrays.sides(level)[1]
        children = dict(zip(nodes.ids, nodes.children.tolist(), strict=True))
        return [children.get(known) for known in frame[f"{KIND_OF_TABLE[SIDES[level][1]]}_id"].tolist()]
    if name == "kept":
        if not book.plan.instance.previous:
            return [None] * len(frame)
        return [book.say("yes" if kept else "no") for kept in frame["kept"].tolist()]
    missing = frame[name].isna().tolist()
    values = [None if gone else cell(value) for value, gone in zip(frame[name].tolist(), missing, strict=True)]
    return [None if value is None else int(value) for value in values] if name == "since" else values


def _notes(book: Book, level: str, pairs: list[tuple[str, str]]) -> list[str | None]:
    """Return the note of each pair: its own, or, where its partner changed, what was written of its recipient."""
    found = [book.notes.pop((level, *pair), None) for pair in pairs]
    kind = KIND_OF_TABLE[SIDES[level][1]]
    for at, (_, recipient) in enumerate(pairs):
        if found[at] is None:
            mine = [key for key in book.notes if key == ("unmatched", kind, recipient) or _is_of(key, level, recipient)]
            found[at] = "; ".join(dict.fromkeys(book.notes.pop(key) for key in mine)) or None
    return [cell(note) for note in found]


def settle(book: Book) -> None:
    """Move the notes of pairs that are gone to whoever is now left without a partner."""
    for level, tables in SIDES.items():
        kind = KIND_OF_TABLE[tables[1]]
        paired = set(book.plan.pairs(level)[:, 1].tolist())
        index = book.plan.problem.arrays.sides(level)[1].index
        for key in [key for key in book.notes if key[0] == level]:
            known = key[2]
            if index.get(known) not in paired and (kind, known) in book.left:
                before = book.notes.get(("unmatched", kind, known))
                note = book.notes.pop(key)
                book.notes["unmatched", kind, known] = note if before in (None, note) else f"{before}; {note}"


def _is_of(key: tuple[str, ...], level: str, recipient: str) -> bool:
    return key[0] == level and key[2] == recipient


def ban_grid(book: Book) -> Grid:
    """Return the sheet of the pairs that may not be made, by whoever says so."""
    rows = []
    for lock in book.plan.instance.locks:
        if lock.kind != "forbid":
            continue
        provider, recipient = (KIND_OF_TABLE[table] for table in SIDES[lock.level])
        rows.append(
            {
                "level": book.say(lock.level),
                "provider_id": escape(lock.provider_id),
                "provider_name": cell(book.names[provider].get(lock.provider_id)),
                "recipient_id": escape(lock.recipient_id),
                "recipient_name": cell(book.names[recipient].get(lock.recipient_id)),
                "ban_reason": cell(lock.reason),
            }
        )
    return book.grid("bans", {name: [row[name] for row in rows] for name in TABLE_SHEETS["bans"]})


def order_words(lang: str) -> Mapping[str, str]:
    """Return the words of the column for orders: order -> word in `lang`."""
    return {order: text(f"book.order.{order}", lang) for order in ("pin", "forbid", "lift")}
