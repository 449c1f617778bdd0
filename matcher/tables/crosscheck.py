"""Checks over a whole instance: what no single record can know.

Used by `Instance` on records and by the table readers, which pass the user's own row numbers. A record may be a
`Draft` with `UNREADABLE` fields; nothing is said about those.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from operator import attrgetter
from typing import Any, Final

from matcher.base.canonical import province as province_name
from matcher.base.errors import Fault, InvalidInput
from matcher.base.manyfaults import FaultList
from matcher.base.names import ASSUMED_CHILDREN, KEYS, PAIR_COLUMNS, REFERENCES, SIDES
from matcher.base.notices import Notice
from matcher.base.suggest import Suggester
from matcher.base.unreadable import UNREADABLE
from matcher.tables.headers import DATUM_WORDS, column_named, normal
from matcher.tables.twins import twin_notices

#: above this share of strangers in `previous` the table is taken to belong to other tables
MOST_STRANGERS: Final = 0.2
#: extra columns that name the datum of a row, and the province of a school
DATUM_TITLES: Final = ("datum", "坐标系", "坐标系统")
_PROVINCE_TITLES: Final = ("province", "省份", "省", "所在省", "所在省份")
#: examples that one notice lists, and pairs that are named one by one
_EXAMPLES: Final = 5
_NAMED: Final = 20

Tables = Mapping[str, Sequence[Any]]
Row = Callable[[str, int], int]


def cross_check(
    tables: Tables, rows: Mapping[str, Sequence[int]] | None = None, absent: frozenset[str] = frozenset()
) -> list[Fault]:
    """Return every fault that shows only over the whole instance.

    Parameters
    ----------
    tables
        Table name -> records, in the user's order.
    rows
        Table name -> row number of each record as the user sees it; without it rows count from 1.
    absent
        Tables that could not be read at all: references to them are not judged.
    """

    def row(table: str, position: int) -> int:
        return rows[table][position] if rows is not None else position + 1

    ids = ids_of(tables)
    checks = [
        _repeated(tables, row),
        _unknown_ids(tables, ids, row, absent),
        _half_coordinates(tables, row),
        _partial_children(tables, row),
        _bounds(tables, row),
        _contradicting_locks(tables, row),
        _successor_cycles(tables, row),
        _living_successors(tables, ids, row),
        _telling_extras(tables, row),
        *(() if absent else (_strangers(tables, ids, row),)),
    ]
    faults = FaultList()
    with suppress(InvalidInput):  # of so many that no more are looked for
        for check in checks:
            faults.extend_from(check)
    return faults


def notices_of(tables: Tables, strangers_at: Sequence[int] | None = None) -> list[Notice]:
    """Return what a planner should know about tables without fault; `strangers_at` as `stranger_positions` finds it."""
    notices = [
        Notice("assumed_children", {"table": table, "children": children})
        for table, children in sorted(ASSUMED_CHILDREN.items())
        if tables[table] and all(record.children is None for record in tables[table])
    ]
    if strangers_at is None:
        strangers_at = stranger_positions(tables, ids_of(tables))
    strangers = [tables["previous"][position] for position in strangers_at]
    if strangers:
        named = "; ".join(f"{pair.provider_id} - {pair.recipient_id}" for pair in strangers[:_NAMED])
        named += "; …" if len(strangers) > _NAMED else ""
        notices.append(
            Notice("previous_stranger", {"count": len(strangers), "of": len(tables["previous"]), "pairs": named})
        )
    notices += twin_notices(tables)
    gaps = _rank_gaps(tables["preferences"])
    if gaps:
        notices.append(Notice("preference_gaps", {"count": len(gaps), "lists": "; ".join(gaps[:_EXAMPLES])}))
    return notices


def ids_of(tables: Tables) -> dict[str, set[str]]:
    """Return the ids of each table of entities."""
    return {
        table: {record.id for record in tables[table]} - {UNREADABLE}
        for table in ("organizations", "branches", "counties", "schools")
    }


def successors_of(tables: Tables) -> dict[tuple[str, str], str]:
    """Return (table, old id) -> newest id, chains followed; cycles are left where they close."""
    direct = {(record.table, record.old_id): record.new_id for record in tables["successors"]}
    newest: dict[tuple[str, str], str] = {}
    for table, old in direct:
        chain: dict[tuple[str, str], None] = {}  # in order; every link is walked once in all
        at = table, old
        while at in direct and at not in newest and at not in chain:
            chain[at] = None
            at = table, direct[at]
        end, closed = newest.get(at, at[1]), False
        for known in chain:
            closed = closed or known == at
            newest[known] = known[1] if closed else end
    return newest


def stranger_positions(tables: Tables, ids: Mapping[str, set[str]]) -> list[int]:
    """Return the positions in `previous` with an id that no table has, successors followed."""
    if not tables["successors"] and _all_known(tables["previous"], ids):
        return []  # as almost always
    newest = successors_of(tables)
    found: list[int] = []
    for position, record in enumerate(tables["previous"]):
        if record.level not in SIDES:
            continue
        providers, recipients = SIDES[record.level]
        for table, known in ((providers, record.provider_id), (recipients, record.recipient_id)):
            new = newest.get((table, known), known)
            if new not in ids[table] and new is not UNREADABLE:
                found.append(position)
                break
    return found


def _all_known(pairs: Sequence[Any], ids: Mapping[str, set[str]]) -> bool:
    found = set(map(attrgetter("level", "provider_id", "recipient_id"), pairs))
    if any(level not in SIDES for level, _, _ in found):
        return False
    return all(
        provider in ids[SIDES[level][0]] and recipient in ids[SIDES[level][1]] for level, provider, recipient in found
    )


def targets_of(table: str, record: Any) -> tuple[str, str] | None:
    """Return the tables of the two ids in a row of `PAIR_COLUMNS`, None if its level or side can't be read."""
    side = record.side if table == "preferences" else "provider"
    if record.level not in SIDES or side is UNREADABLE:
        return None
    providers, recipients = SIDES[record.level]
    return (providers, recipients) if side == "provider" else (recipients, providers)


def _unknown_ids(tables: Tables, ids: Mapping[str, set[str]], row: Row, absent: frozenset[str]) -> Iterator[Fault]:
    suggesters: dict[str, Suggester] = {}
    for table, position, column, value, target in _references(tables, ids):
        if target in absent:
            continue
        known = suggesters.setdefault(target, Suggester(tables[target]))
        code, details = "unknown_id", {"target": target}
        if (padded := known.with_zeros(value)) is not None:
            code, details["known"] = "lost_zeros", padded
        elif (nearest := known.nearest(value)) is not None:
            details["nearest"] = nearest
        yield Fault(code, table, row(table, position), column, value, details=details)


def _references(tables: Tables, ids: Mapping[str, set[str]]) -> Iterator[tuple[str, int, str, str, str]]:
    """Yield (table, position, column, value, target table) of every id that its table does not have."""
    for (table, column), target in REFERENCES.items():
        values = list(map(attrgetter(column), tables[table]))
        if ids[target].issuperset(values):
            continue
        for position, value in enumerate(values):
            if value not in ids[target] and value is not UNREADABLE:
                yield table, position, column, value, target
    for table, columns in PAIR_COLUMNS.items():
        for position, record in enumerate(tables[table]):
            for column, target in zip(columns, targets_of(table, record) or (), strict=False):
                value = getattr(record, column)
                if value not in ids[target] and value is not UNREADABLE:
                    yield table, position, column, value, target


def _repeated(tables: Tables, row: Row) -> Iterator[Fault]:
    for table, columns in KEYS.items():
        fields = ("table", "old_id") if table == "successors" else columns[: 3 if table == "locks" else None]
        keys = list(map(attrgetter(*fields), tables[table]))
        if len(set(keys)) == len(keys):
            continue
        first: dict[Any, int] = {}
        for position, (record, key) in enumerate(zip(tables[table], keys, strict=True)):
            parts = key if isinstance(key, tuple) else (key,)
            if UNREADABLE in parts:
                continue
            if key not in first:
                first[key] = position
                continue
            if table == "locks" and tables[table][first[key]].kind != record.kind:
                continue  # a pin that is also forbidden is reported as a contradiction
            column, value = record.key[-1], " ".join(parts)
            details = {"first_row": row(table, first[key])}
            yield Fault("repeated_id", table, row(table, position), column, value, details=details)


def _half_coordinates(tables: Tables, row: Row) -> Iterator[Fault]:
    return (
        Fault("half_coordinates", table, row(table, position), "lat" if record.lat is None else "lon", None)
        for table in ("branches", "schools")
        for position, record in enumerate(tables[table])
        if (record.lat is None) != (record.lon is None) and UNREADABLE not in (record.lat, record.lon)
    )


def _partial_children(tables: Tables, row: Row) -> Iterator[Fault]:
    """Find single missing values; a column missing altogether is assumed, and said in the plan."""
    for table in ("counties", "schools"):
        children = list(map(attrgetter("children"), tables[table]))
        if None not in children:
            continue
        missing = [position for position, known in enumerate(children) if known is None]
        if len(missing) < len(tables[table]):
            yield from (Fault("missing_value", table, row(table, position), "children") for position in missing)


def _bounds(tables: Tables, row: Row) -> Iterator[Fault]:
    columns = {"organizations": "capacity", "branches": "capacity", "counties": "demand", "schools": "demand"}
    for table, column in columns.items():
        for position, value in enumerate(map(attrgetter(column), tables[table])):
            if value is not UNREADABLE and value[0] > value[1]:
                shown = f"{value[0]}..{value[1]}"
                yield Fault("minimum_above_maximum", table, row(table, position), column, shown)


def _contradicting_locks(tables: Tables, row: Row) -> Iterator[Fault]:
    kinds: dict[tuple[Any, ...], Any] = {}
    for position, record in enumerate(tables["locks"]):
        key = record.sort_key()[:3]
        if UNREADABLE not in (*key, record.kind) and kinds.setdefault(key, record.kind) != record.kind:
            yield Fault("contradicting_locks", "locks", row("locks", position), "kind", " ".join(key))


def _successor_cycles(tables: Tables, row: Row) -> Iterator[Fault]:
    newest = successors_of(tables)
    return (
        Fault("successor_cycle", "successors", row("successors", position), "old_id", record.old_id)
        for position, record in enumerate(tables["successors"])
        if (record.table, newest[record.table, record.old_id]) in newest
        and UNREADABLE not in (record.table, record.old_id, record.new_id)
    )


def _living_successors(tables: Tables, ids: Mapping[str, set[str]], row: Row) -> Iterator[Fault]:
    """Find old ids that are still there: whether last year's pairs stay with them or move on is not said."""
    newest = successors_of(tables)
    return (
        Fault("successor_alive", "successors", row("successors", position), "old_id", record.old_id,
              details={"target": record.table, "new": record.new_id})
        for position, record in enumerate(tables["successors"])
        if record.old_id in ids.get(record.table, ())
        and (record.table, newest[record.table, record.old_id]) not in newest  # circles are told as such
    )  # fmt: skip


def _telling_extras(tables: Tables, row: Row) -> Iterator[Fault]:
    """Check the extra columns that say something about the others: their name, a datum, a school's province."""
    province = {county.id: county.province for county in tables["counties"]}
    for table in KEYS:
        names = {name for record in tables[table] if record.extras for name in _names(record.extras)}
        for name in sorted(names):
            column = column_named(table, name)
            if column is not None:
                details = {"known": column}
                yield Fault("extra_is_column", table, column=name, details=details)
            is_datum, is_province = normal(name) in DATUM_TITLES, normal(name) in _PROVINCE_TITLES
            if not is_datum and not (is_province and table == "schools"):
                continue
            for position, record in enumerate(tables[table]):
                said = record.extras.get(name) if isinstance(record.extras, Mapping) else None
                if said is None:
                    continue
                if is_datum and plain_datum(said) != "wgs84":
                    details = {"declared": "wgs84", "found": said}
                    yield Fault("two_datums", table, row(table, position), name, said, details=details)
                of_county = province.get(record.county_id) if is_province and table == "schools" else None
                if isinstance(of_county, str) and province_name(of_county) != province_name(said):
                    details = {"of_county": of_county}
                    yield Fault("other_province", table, row(table, position), name, said, details=details)


def plain_datum(word: str) -> str:
    """Return a user's word for a datum as the library's: `GCJ-02` as gcj02."""
    found = DATUM_WORDS.search(word.lower())
    return "".join(filter(str.isalnum, word.lower())) if found is None else str(found.lastgroup)


def _names(extras: Any) -> list[str]:
    return [] if extras is UNREADABLE else list(extras)


def _strangers(tables: Tables, ids: Mapping[str, set[str]], row: Row) -> Sequence[Fault]:
    """Find ids of last year that only lost their zeros, and a table that belongs to other tables altogether."""
    previous = tables["previous"]
    strangers = stranger_positions(tables, ids)
    if not strangers:
        return []
    known = {table: Suggester(tables[table]) for level in SIDES.values() for table in level}
    faults = FaultList()
    for position in strangers if any(each.pads for each in known.values()) else ():
        record = previous[position]
        for column, table in zip(("provider_id", "recipient_id"), SIDES[record.level], strict=True):
            value = getattr(record, column)
            padded = None if value is UNREADABLE or value in ids[table] else known[table].with_zeros(value)
            if padded is not None:
                details = {"target": table, "known": padded}
                faults.append(
                    Fault("lost_zeros", "previous", row("previous", position), column, value, details=details)
                )
    if not faults and len(strangers) > MOST_STRANGERS * len(previous):
        example = previous[strangers[0]]
        counted = {
            "count": len(strangers),
            "of": len(previous),
            "example": f"{example.level} {example.provider_id} {example.recipient_id}",
        }
        return [Fault("previous_strangers", "previous", details=counted)]
    return faults


def _rank_gaps(preferences: Sequence[Any]) -> list[str]:
    """Return the lists whose ranks skip a number that no tie explains."""
    lists: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for record in preferences:
        lists[record.level, record.side, record.id].append(record.rank)
    gaps = []
    for (level, side, known), ranks in sorted(lists.items()):
        before, expected = 0, {1}
        for rank, count in sorted(Counter(ranks).items()):
            if rank not in expected:
                gaps.append(f"{level} {side} {known}")
                break
            before += count
            expected = {rank + 1, before + 1}  # dense ranks (1, 2, 2, 3) or ranks as in sports (1, 2, 2, 4)
    return gaps
