"""An instance as read-only arrays: what every room behind the door computes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from matcher.base.names import ASSUMED_CHILDREN, SIDES
from matcher.base.numbers import GONE, BoolArray, FloatArray, IntArray, read_only
from matcher.tables.crosscheck import successors_of
from matcher.tables.nine import NineTables


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """One table of entities, n rows in id order.

    Attributes
    ----------
    ids, index
        The users' ids, and id -> position.
    lat, lon : (n,) float64
        WGS-84 degrees, filled from the parent where missing.
    at_parent : (n,) bool
        Whether the point is its parent's (branch at its organisation, school at its county's seat).
    minimum, maximum : (n,) int64
        Bounds on the number of pairs.
    province : (n,) int64
        Position in `Arrays.provinces`, -1 if unknown.
    parent : (n,) int64
        Organisation of a branch, county of a school; -1 for the others.
    children : (n,) int64
        Children (0 on the providers' side); assumed where the column is missing altogether.
    """

    ids: tuple[str, ...]
    index: Mapping[str, int]
    lat: FloatArray
    lon: FloatArray
    at_parent: BoolArray
    minimum: IntArray
    maximum: IntArray
    province: IntArray
    parent: IntArray
    children: IntArray

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True, eq=False)
class PreviousPairs:
    """Last year's pairs of one level, k rows, successors followed.

    Attributes
    ----------
    provider_idx, recipient_idx : (k,) int64
        Positions, `GONE` (-1) where no table has the id any more.
    since : (k,) int64
        Year, 0 if unknown.
    provider_id, recipient_id
        The ids as last year's table has them.
    """

    provider_idx: IntArray
    recipient_idx: IntArray
    since: IntArray
    provider_id: tuple[str, ...]
    recipient_id: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.provider_id)


@dataclass(frozen=True, slots=True, eq=False)
class Arrays:
    """The instance in arrays; `blocks` list a parent's rows: branches of an organisation, schools of a county.

    Attributes
    ----------
    branches_of, schools_of
        (start, order): rows of parent i are `order[start[i]:start[i + 1]]`, ascending.
    assumed_children
        Tables whose children are assumed.
    """

    organizations: Nodes
    branches: Nodes
    counties: Nodes
    schools: Nodes
    provinces: tuple[str, ...]
    previous: Mapping[str, PreviousPairs]
    branches_of: tuple[IntArray, IntArray]
    schools_of: tuple[IntArray, IntArray]
    assumed_children: tuple[str, ...]

    @classmethod
    def of(cls, instance: NineTables) -> Arrays:
        """Build the arrays of `instance`."""
        known = [record.province for record in instance.organizations] + [
            county.province for county in instance.counties
        ]
        provinces = tuple(sorted({name for name in known if name}))
        number = {name: position for position, name in enumerate(provinces)}
        assumed = tuple(
            table
            for table in ("counties", "schools")
            if getattr(instance, table) and all(record.children is None for record in getattr(instance, table))
        )
        organizations = nodes_of(instance.organizations, "capacity", number)
        counties = nodes_of(instance.counties, "demand", number, assumed=ASSUMED_CHILDREN["counties"])
        branches = nodes_of(instance.branches, "capacity", number, parents=organizations, parent="organization_id")
        schools = nodes_of(
            instance.schools,
            "demand",
            number,
            parents=counties,
            parent="county_id",
            assumed=ASSUMED_CHILDREN["schools"],
        )
        nodes = {"organizations": organizations, "branches": branches, "counties": counties, "schools": schools}
        newest = successors_of({"successors": instance.successors})
        previous = {level: _previous(instance, level, nodes, newest) for level in SIDES}
        return cls(
            organizations,
            branches,
            counties,
            schools,
            provinces,
            MappingProxyType(previous),
            blocks_of(branches.parent, len(organizations)),
            blocks_of(schools.parent, len(counties)),
            assumed,
        )

    def sides(self, level: str) -> tuple[Nodes, Nodes]:
        """Return the providers and the recipients of `level` ("county" or "school")."""
        return (self.organizations, self.counties) if level == "county" else (self.branches, self.schools)

    def rows_of(self, parent: str, position: int) -> IntArray:
        """Return the branches of an organisation ("organizations") or the schools of a county ("counties")."""
        start, order = self.branches_of if parent == "organizations" else self.schools_of
        return order[start[position] : start[position + 1]]


def nodes_of(
    records: Sequence[Any],
    bounds: str,
    number: Mapping[str, int],
    *,
    parents: Nodes | None = None,
    parent: str = "",
    assumed: int = 0,
) -> Nodes:
    """Return the rows of one table; `bounds` and `parent` name fields, `assumed` is the children of a row without."""
    ids = tuple(record.id for record in records)
    lat = np.array([np.nan if record.lat is None else record.lat for record in records], dtype=np.float64)
    lon = np.array([np.nan if record.lon is None else record.lon for record in records], dtype=np.float64)
    at_parent = np.isnan(lat)
    if parents is None:
        belongs = np.full(len(ids), -1, dtype=np.int64)
        province = np.array([number.get(record.province, -1) for record in records], dtype=np.int64)
    else:
        belongs = np.array([parents.index[getattr(record, parent)] for record in records], dtype=np.int64)
        lat[at_parent], lon[at_parent] = parents.lat[belongs[at_parent]], parents.lon[belongs[at_parent]]
        province = parents.province[belongs] if len(ids) else belongs
    limits = np.array([getattr(record, bounds) for record in records], dtype=np.int64).reshape(-1, 2)
    children = [assumed if (known := getattr(record, "children", 0)) is None else known for record in records]
    return Nodes(
        ids,
        MappingProxyType({known: position for position, known in enumerate(ids)}),
        read_only(lat, np.float64),
        read_only(lon, np.float64),
        read_only(at_parent, np.bool_),
        read_only(limits[:, 0], np.int64),
        read_only(limits[:, 1], np.int64),
        read_only(province, np.int64),
        read_only(belongs, np.int64),
        read_only(children, np.int64),
    )


def _previous(
    instance: NineTables, level: str, nodes: Mapping[str, Nodes], newest: Mapping[tuple[str, str], str]
) -> PreviousPairs:
    pairs = [pair for pair in instance.previous if pair.level == level]
    provider_table, recipient_table = SIDES[level]

    def position(table: str, known: str) -> int:
        return nodes[table].index.get(newest.get((table, known), known), GONE)

    return PreviousPairs(
        read_only([position(provider_table, pair.provider_id) for pair in pairs], np.int64),
        read_only([position(recipient_table, pair.recipient_id) for pair in pairs], np.int64),
        read_only([pair.since or 0 for pair in pairs], np.int64),
        tuple(pair.provider_id for pair in pairs),
        tuple(pair.recipient_id for pair in pairs),
    )


def blocks_of(parent: IntArray, num_parents: int) -> tuple[IntArray, IntArray]:
    """Return (start, order): the rows of parent i are `order[start[i]:start[i + 1]]`, ascending."""
    order = np.argsort(parent, kind="stable")
    start = np.searchsorted(parent[order], np.arange(num_parents + 1))
    return read_only(start, np.int64), read_only(order, np.int64)
