"""The arrays of an instance after a few of its rows changed, from those before: the rest is carried over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel

from matcher.base.names import ASSUMED_CHILDREN, KEYS, SIDES
from matcher.base.numbers import IntArray, read_only
from matcher.tables.arrays import Arrays, Nodes, PreviousPairs, blocks_of, nodes_of
from matcher.tables.nine import NineTables

AnyInstance = TypeVar("AnyInstance", bound=BaseModel)
_TABLES = ("organizations", "counties", "branches", "schools")
_PARENTS = {"branches": ("organizations", "organization_id"), "schools": ("counties", "county_id")}
_BOUNDS = {"organizations": "capacity", "branches": "capacity", "counties": "demand", "schools": "demand"}


def updated(before: Arrays, old: NineTables, new: NineTables) -> Arrays:
    """Return `Arrays.of(new)`, carrying over what `new` has from `old`, whose arrays are `before`."""
    if new.previous is not old.previous or new.successors is not old.successors or _provinces(new) != before.provinces:
        return Arrays.of(new)
    number = {name: position for position, name in enumerate(before.provinces)}
    assumed = tuple(
        table
        for table in ("counties", "schools")
        if getattr(new, table) and all(record.children is None for record in getattr(new, table))
    )
    if assumed != before.assumed_children:
        return Arrays.of(new)
    nodes: dict[str, Nodes] = {}
    moved: dict[str, IntArray | None] = {}
    fresh = False
    for table in _TABLES:
        above, field = _PARENTS.get(table, ("", ""))
        if getattr(new, table) is getattr(old, table):
            same = getattr(before, table)
            nodes[table], moved[table] = _with_parents(same, nodes.get(above), moved.get(above)), None
            continue
        nodes[table], source = _after(
            getattr(before, table),
            getattr(old, table),
            getattr(new, table),
            lambda records, table=table, above=above, field=field: nodes_of(
                records,
                _BOUNDS[table],
                number,
                parents=nodes.get(above),
                parent=field,
                assumed=ASSUMED_CHILDREN.get(table, 0),
            ),
            moved.get(above),
            nodes.get(above),
        )
        fresh |= bool((source < 0).any())
        target = np.full(len(getattr(before, table)) + 1, -1, dtype=np.int64)  # the last one stands for GONE
        target[source[source >= 0]] = np.flatnonzero(source >= 0)
        moved[table] = target
    if fresh and any(
        (pairs.provider_idx < 0).any() or (pairs.recipient_idx < 0).any() for pairs in before.previous.values()
    ):
        return Arrays.of(new)  # an id of last year may be back
    return Arrays(
        nodes["organizations"],
        nodes["branches"],
        nodes["counties"],
        nodes["schools"],
        before.provinces,
        MappingProxyType(
            {level: _moved(pairs, *(moved[t] for t in SIDES[level])) for level, pairs in before.previous.items()}
        ),
        blocks_of(nodes["branches"].parent, len(nodes["organizations"])),
        blocks_of(nodes["schools"].parent, len(nodes["counties"])),
        assumed,
    )


def _provinces(instance: NineTables) -> tuple[str, ...]:
    known = {record.province for record in instance.organizations} | {county.province for county in instance.counties}
    return tuple(sorted(name for name in known if name))


def _with_parents(nodes: Nodes, parents: Nodes | None, moved: IntArray | None) -> Nodes:
    """Return unchanged rows whose parents stand at other positions now."""
    if parents is None or moved is None:
        return nodes
    parent = read_only(moved[nodes.parent], np.int64)
    rest = (nodes.minimum, nodes.maximum, nodes.province, parent, nodes.children)
    return Nodes(nodes.ids, nodes.index, nodes.lat, nodes.lon, nodes.at_parent, *rest)


def _after(
    before: Nodes,
    old: Sequence[Any],
    new: Sequence[Any],
    build: Any,
    moved: IntArray | None,
    parents: Nodes | None,
) -> tuple[Nodes, IntArray]:
    """Return the rows of a changed table, and (n,) the position before of each, -1 for a new id."""
    ids = tuple([record.id for record in new])
    index = before.index
    source = _positions(index, ids)
    stale = [
        row
        for row, (at, record) in enumerate(zip(source.tolist(), new, strict=True))
        if at < 0 or old[at] is not record
    ]
    built: Nodes = build([new[row] for row in stale])

    def column(name: str, dtype: Any) -> Any:
        values = getattr(before, name)[source] if len(before) else np.zeros(len(ids), dtype=dtype)
        if name == "parent" and moved is not None and parents is not None:
            values = moved[values]
        values[stale] = getattr(built, name)
        return read_only(values, dtype)

    whole = np.int64
    nodes = Nodes(
        ids,
        MappingProxyType(dict(zip(ids, range(len(ids)), strict=True))),
        column("lat", np.float64),
        column("lon", np.float64),
        column("at_parent", np.bool_),
        column("minimum", whole),
        column("maximum", whole),
        column("province", whole),
        column("parent", whole),
        column("children", whole),
    )
    return nodes, source


def _moved(pairs: PreviousPairs, providers: IntArray | None, recipients: IntArray | None) -> PreviousPairs:
    """Return last year's pairs at their new positions."""
    if providers is None and recipients is None:
        return pairs
    provider_idx = pairs.provider_idx if providers is None else read_only(providers[pairs.provider_idx], np.int64)
    recipient_idx = pairs.recipient_idx if recipients is None else read_only(recipients[pairs.recipient_idx], np.int64)
    return PreviousPairs(provider_idx, recipient_idx, pairs.since, pairs.provider_id, pairs.recipient_id)


def sources(old: Arrays, new: Arrays, table: str) -> IntArray:
    """Return (n + 1,) the new position of each old row of `table`, -1 where it is gone (and at the end, for GONE)."""
    nodes, after = getattr(old, table), getattr(new, table)
    if nodes.ids is after.ids:
        return np.append(np.arange(len(nodes)), -1)
    return np.append(_positions(after.index, nodes.ids), -1)


def _positions(index: Mapping[str, int], ids: Sequence[str]) -> IntArray:
    """Return (n,) the position of each id, -1 where it is not known."""
    found = list(map(index.get, ids))
    return np.array([-1 if at is None else at for at in found] if None in found else found, dtype=np.int64)


def with_tables(instance: AnyInstance, **tables: Iterable[Any]) -> AnyInstance:
    """Return the instance with some tables replaced by valid records, put in order; nothing is checked again."""
    in_order = {name: tuple(sorted(rows, key=attrgetter(*KEYS[name]))) for name, rows in tables.items()}
    # the records are valid, so pydantic's own copy will do: it checks nothing
    copy: AnyInstance = BaseModel.model_copy(instance, update=in_order)
    for cached in ("arrays", "notices", "digest"):
        copy.__dict__.pop(cached, None)
    return copy
