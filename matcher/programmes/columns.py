"""Columns that the tables of several programmes have."""

from __future__ import annotations

from typing import Final

from matcher.tables.columns import Column

LATLON: Final = (
    Column("lat", "纬度", "lat", True, ("latitude",)),
    Column("lon", "经度", "lon", True, ("longitude", "lng")),
)
COUNTY: Final = Column("county_id", "区划代码", "text", False, ("县区代码",))
CHILDREN: Final = Column("children", "儿童数", "count", True, ("留守儿童数", "儿童人数"))
STATUS: Final = Column(
    "status",
    "状态",
    "choice",
    False,
    ("现状",),
    values={"candidate": ("候选",), "existing": ("已有",), "closed": ("不可用",)},
)


def named(identity: str, name: str, *also: str) -> tuple[Column, Column]:
    """Return the columns of an id and a name with these Chinese headers, and further ones of the name."""
    return (
        Column("id", identity, "id", True, ("编号", "代码")),
        Column("name", name, "text", False, ("名称", *also)),
    )
