"""Columns that the tables of several programmes have, and the table that every programme has."""

from __future__ import annotations

from typing import ClassVar, Final, Literal, NamedTuple

from matcher.base.fieldtypes import Id, OptionalText
from matcher.model import Record
from matcher.tables.columns import Column, Table

LATLON: Final = (
    Column("lat", "纬度", "lat", True, ("latitude",)),
    Column("lon", "经度", "lon", True, ("longitude", "lng")),
)
COUNTY: Final = Column("county_id", "区划代码", "text", False, ("县区代码",))
CHILDREN: Final = Column("children", "儿童数", "count", True, ("留守儿童数", "儿童人数", "留守儿童", "留守儿童人数"))
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


class Order(Record):
    """What somebody decided beforehand: a pair that is made or not made, a provider that is open or closed."""

    key: ClassVar[tuple[str, ...]] = ("provider_id", "recipient_id")
    kind: Literal["force", "forbid", "open", "close"]
    provider_id: Id
    recipient_id: OptionalText = None
    reason: OptionalText = None

    def sort_key(self) -> tuple[str, ...]:
        """One order of each pair and of each provider."""
        return self.provider_id, self.recipient_id or ""


#: what the ids of either side are called in their own tables
_PROVIDERS: Final = (
    "候选点编号",
    "站点编号",
    "房间编号",
    "营地编号",
    "服务点编号",
    "家庭编号",
    "委员编号",
    "专家编号",
    "需求编号",
)
_RECIPIENTS: Final = (
    *("需求点编号", "村庄编号", "分组编号", "实践队编号", "志愿者编号", "儿童编号", "心愿编号", "个案编号", "认捐编号"),
)
ORDERS: Final = Table(
    "orders",
    "指定",
    ("order", "锁定", "指定安排"),
    (
        Column(
            "kind",
            "指定类型",
            "choice",
            True,
            ("类型",),
            values={"force": ("必须",), "forbid": ("禁止",), "open": ("开放",), "close": ("关闭",)},
        ),
        Column("provider_id", "提供方编号", "id", True, _PROVIDERS),
        Column("recipient_id", "接受方编号", "id", False, _RECIPIENTS),
        Column("reason", "理由", "text", False, ("原因",)),
    ),
)


class CommonTable(NamedTuple):
    """A table that every programme has, and the record of its rows."""

    table: Table
    kind: type[Record]


#: what every programme has, unless it has a table of that name of its own
COMMON: Final = {"orders": CommonTable(ORDERS, Order)}
