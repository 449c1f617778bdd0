"""Recipients in groups: by province, by county, by a column of the planner's own, or with their neighbours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from matcher.base.errors import text
from matcher.base.names import SIDES
from matcher.base.numbers import BoolArray
from matcher.facts import Facts
from matcher.geo import pair_m


def groups(by: str, facts: Facts, level: str) -> Iterable[tuple[str, BoolArray]]:
    """Return the name and the members of each group of recipients, in the order of the names."""
    nodes = facts.arrays.sides(level)[1]
    if by == "all":
        return [("all", np.ones(len(nodes), dtype=np.bool_))]
    if by == "province":
        return [(name, nodes.province == position) for position, name in enumerate(facts.arrays.provinces)]
    if by == "county":
        counties = facts.arrays.counties
        home = nodes.parent if level == "school" else np.arange(len(nodes))
        return [(name, home == position) for position, name in enumerate(counties.ids)]
    records: tuple[Any, ...] = getattr(facts.instance, SIDES[level][1])
    column = np.array([record.extras.get(by, "") for record in records], dtype=object)
    return [(name, column == name) for name in sorted(set(column.tolist()) - {""})]


def neighbours(facts: Facts, within_m: int) -> Iterable[tuple[str, BoolArray]]:
    """Return each county with all counties within so many metres, by the county's id; groups met before left out."""
    counties = facts.arrays.counties
    met: set[bytes] = set()
    for position, name in enumerate(counties.ids):
        metres = pair_m(counties.lat[position], counties.lon[position], counties.lat, counties.lon)
        members = np.asarray(metres <= within_m)
        if members.tobytes() not in met:
            met.add(members.tobytes())
            yield name, members


def by_words(by: str, lang: str) -> str:
    """Say by what recipients are put into groups."""
    return text(f"rule.by.{by}", lang) if by in ("all", "province", "county") else text("rule.by.column", lang, by=by)
