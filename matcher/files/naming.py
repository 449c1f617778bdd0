"""Names where ids belong: put the id where exactly one row can be meant, never guess.

A name is looked for as it is written, then in its canonical form, then with the name of whose it is before it
(贵州大学教育学院团支部), last for counties without what kind of county it is (关岭县 for 关岭布依族苗族自治县).
The first of these under which exactly one row is found decides; several at one of them are a fault with the choices.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from matcher.base.canonical import canonical, county_stem
from matcher.base.names import ENTITIES, PAIR_COLUMNS, REFERENCES, SIDES
from matcher.base.notices import Notice
from matcher.base.unreadable import UNREADABLE
from matcher.files.cells import as_text
from matcher.files.making import make_ids

if TYPE_CHECKING:
    from matcher.files.rawtables import Findings
    from matcher.files.typed import Typed

#: ids that a fault lists
_MOST_CHOICES: Final = 8


def put_ids_for_names(typed: Mapping[str, Typed], found: Findings) -> None:
    """Make the ids that tables lack, and replace names by ids in every column of references, in place."""
    known: dict[str, NamedRows] = {}
    for table in ("organizations", "counties", "branches", "schools"):
        if table not in typed:
            continue
        for (child, column), target in REFERENCES.items():
            if child == table:
                _replace(typed[table], column, [target] * len(typed[table]), known, found)
        make_ids(table, typed, found)
        known[table] = NamedRows(table, typed[table], typed)
    old = _old_ids(typed)
    by_table = {table: known[table].ids if table in known else set() for table in ENTITIES}
    for table, columns in {**PAIR_COLUMNS, "previous": ("provider_id", "recipient_id")}.items():
        if table in typed and not _all_known(typed[table], columns, by_table):
            for column, targets in zip(columns, _targets(typed[table]), strict=True):
                _replace(typed[table], column, targets, known, found, old if table == "previous" else set())


class NamedRows:
    """Ids of a table, and the ids of each name."""

    def __init__(self, name: str, table: Typed, typed: Mapping[str, Typed]):
        self._name, self._table, self._typed = name, table, typed
        self.ids = set(table.columns.get("id", ()))

    def lookup(self, literal: str, plain: str) -> tuple[Sequence[str], str]:
        """Return the ids that a name can mean, and how it was understood; `literal` is the cell as it was written."""
        whole = canonical(literal)
        for how, index, key in (
            ("name", "_as_written", literal),
            ("name", "_as_written", plain),
            ("spelling", "_canonical", whole),
            ("spelling", "_ids_canonical", whole),
            ("whole_name", "_with_parent", whole),
            ("county_name", "_stems", county_stem(literal)),
        ):
            ids = getattr(self, index).get(key, ())
            if ids:
                return ids, how
        return (), ""

    def _named(self) -> Iterator[tuple[str, str, int]]:
        """Yield name, id and position of every row that has both."""
        names = self._table.columns.get("name", ())
        for position, (name, known) in enumerate(zip(names, self._table.columns.get("id", ()), strict=False)):
            if isinstance(name, str) and isinstance(known, str):
                yield name, known, position

    def _index(self, keys: Iterator[tuple[str, str]]) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for key, known in keys:
            found[key].append(known)
        return dict(found)

    @cached_property
    def _as_written(self) -> Mapping[str, list[str]]:
        return self._index((name, known) for name, known, _ in self._named())

    @cached_property
    def _canonical(self) -> Mapping[str, list[str]]:
        return self._index((canonical(name), known) for name, known, _ in self._named())

    @cached_property
    def _ids_canonical(self) -> Mapping[str, list[str]]:
        return self._index((canonical(known), known) for known in sorted(k for k in self.ids if isinstance(k, str)))

    @cached_property
    def _stems(self) -> Mapping[str, list[str]]:
        if self._name != "counties":
            return {}
        return self._index((county_stem(name), known) for name, known, _ in self._named())

    @cached_property
    def _with_parent(self) -> Mapping[str, list[str]]:
        """Names with the name of whose they are before them."""
        column, target = next(((c, t) for (child, c), t in REFERENCES.items() if child == self._name), ("", ""))
        if target not in self._typed:
            return {}
        of = self._typed[target].columns
        called = dict(zip(of.get("id", ()), of.get("name", ()), strict=False))
        parents = self._table.columns[column]

        def keys() -> Iterator[tuple[str, str]]:
            for name, known, position in self._named():
                parent = called.get(parents[position])
                if isinstance(parent, str) and parent:
                    yield canonical(parent + name), known

        return self._index(keys())


def _replace(
    table: Typed,
    column: str,
    targets: Sequence[str | None],
    known: Mapping[str, NamedRows],
    found: Findings,
    old: set[tuple[str, str]] | None = None,
) -> None:
    values = table.columns.get(column)
    if values is None:
        return
    one = known.get(targets[0] or "") if len(set(targets)) == 1 else None
    if one is not None and one.ids.issuperset(values):
        return  # as almost always
    written = table.raw_cells(column) or values
    replaced = 0
    for position, (value, target) in enumerate(zip(values, targets, strict=True)):
        if target is None or target not in known or not isinstance(value, str):
            continue
        if value in known[target].ids or (old and (target, value) in old):
            continue
        literal = as_text(written[position])
        ids, how = known[target].lookup(literal, value)
        ids = sorted(set(ids))
        if len(ids) == 1:
            values[position] = ids[0]
            replaced += 1
            if how != "name":
                found.mends.append(table.mend(how, position, column, literal, ids[0]))
        elif ids:
            details = {"target": target, "ids": ", ".join(ids[:_MOST_CHOICES])}
            found.faults.append(table.fault("ambiguous_name", position, column, value, **details))
            values[position] = UNREADABLE
    if replaced:
        place = {"table": table.raw.table, "column": table.titles[column]}
        found.notices.append(Notice("names_for_ids", {**place, "count": replaced}))


def _all_known(table: Typed, columns: Sequence[str], ids: Mapping[str, set[str]]) -> bool:
    """Return whether every id is one, as almost always, before looking at each for a name."""
    if "side" in table.columns:
        return False
    first, second = (table.columns[column] for column in columns)
    return all(
        level in SIDES and one in ids[SIDES[level][0]] and other in ids[SIDES[level][1]]
        for level, one, other in zip(table.columns["level"], first, second, strict=True)
    )


def _targets(table: Typed) -> tuple[list[str | None], list[str | None]]:
    """Return, for each row, the tables of its two ids; None where its level or side can't be read."""
    levels = table.columns["level"]
    sides = table.columns.get("side", ["provider"] * len(levels))
    first: list[str | None] = []
    second: list[str | None] = []
    for level, side in zip(levels, sides, strict=True):
        pair: tuple[str | None, str | None] = SIDES.get(level, (None, None)) if side is not UNREADABLE else (None, None)
        if side == "recipient":
            pair = (pair[1], pair[0])
        first.append(pair[0])
        second.append(pair[1])
    return first, second


def _old_ids(typed: Mapping[str, Typed]) -> set[tuple[str, str]]:
    if "successors" not in typed:
        return set()
    columns = typed["successors"].columns
    return set(zip(columns["table"], columns["old_id"], strict=True))
