"""The tables of calls: schools, what they ask for, and what families pledge."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from math import ceil
from typing import Any, Final, Literal

import numpy as np
from pydantic import Field

from matcher.base.days import Moment
from matcher.base.fieldtypes import Count, Id, OptionalText, Real, Title, Whole
from matcher.files.examples import example as pairing_example
from matcher.model import Entity
from matcher.programmes.columns import named
from matcher.programmes.schema import Records, Schema
from matcher.tables.columns import Column, Table


class CallSchool(Entity):
    """A school that a call is for; the one with the greatest need comes first."""

    children: Count
    need: Real = Field(default=0, allow_inf_nan=False)
    status: Literal["open", "stopped"] = "open"


class CallNeed(Entity):
    """What a school asks of one item: `pieces`, or so many a child."""

    school_id: Id
    item: Title
    per_child: Real = Field(default=1, gt=0, le=1000, allow_inf_nan=False)
    pieces: Count | None = None


class CallPledge(Entity):
    """What a family pledged: `new`, or for a need `promised`, `came` (`pieces` of it, None: all) or `failed`."""

    item: Title
    amount: Whole = Field(ge=1, le=10**6)
    at: Moment
    status: Literal["new", "promised", "came", "failed"] = "new"
    need_id: OptionalText = None
    pieces: Count | None = None

    @property
    def arrived(self) -> int:
        """Pieces that came."""
        return min(self.amount, self.amount if self.pieces is None else self.pieces) if self.status == "came" else 0


_STATUS: Final = {"new": ("新登记",), "promised": ("已承诺",), "came": ("已送达",), "failed": ("未兑现",)}
_ITEM: Final = Column("item", "物品", "text", True, ("品名",))
SCHEMA: Final = Schema(
    (
        Table(
            "schools",
            "学校",
            ("school",),
            (
                *named("学校编号", "学校"),
                Column("children", "儿童数", "count", True, ("留守儿童数", "儿童人数")),
                Column("need", "需求程度", "decimal", False, ("急需程度",)),
                Column("status", "状态", "choice", False, (), values={"open": ("进行中",), "stopped": ("已停止",)}),
            ),
        ),
        Table(
            "needs",
            "需求",
            ("need", "需求清单"),
            (
                *named("需求编号", "需求"),
                Column("school_id", "学校编号", "id", True, ("学校",)),
                _ITEM,
                Column("per_child", "每名儿童件数", "decimal", False, ("人均件数",)),
                Column("pieces", "件数", "count", False, ("总件数",)),
            ),
        ),
        Table(
            "pledges",
            "认捐",
            ("pledge", "认捐登记"),
            (
                *named("认捐编号", "家庭", "姓名"),
                _ITEM,
                Column("amount", "件数", "count", True, ("数量",)),
                Column("at", "时间", "text", True, ("登记时间",)),
                Column("status", "状态", "choice", False, (), values=_STATUS),
                Column("need_id", "需求编号", "text", False, ()),
                Column("pieces", "到达件数", "count", False, ("送达件数",)),
            ),
        ),
    ),
    {"schools": CallSchool, "needs": CallNeed, "pledges": CallPledge},
    ("schools", "needs"),
)


def in_turn(schools: Iterable[CallSchool]) -> list[CallSchool]:
    """Return schools in the order in which calls are made for them."""
    return sorted(schools, key=lambda school: (-school.need, -school.children, school.id))


def pieces_asked(children: int, per_child: float) -> int:
    """Return how many pieces a school of so many children asks of an item."""
    return ceil(round(children * per_child, 9))


def example(seed: int = 0) -> Records:
    """Return synthetic schools, and the pledges of 147 families in an hour; every name says so."""
    rng = np.random.default_rng(seed)
    schools, needs = [], []
    for number, seat in enumerate(pairing_example().counties[:6]):
        known: Any = {"children": int(rng.integers(30, 90)), "need": float(6 - number)}
        schools.append(CallSchool(id=f"S{seat.id}", name=f"{seat.name} 合成学校 synthetic", **known))
        for item, each in (("帽子 hat", 1.0), ("手套 gloves", 1.0)):
            needs.append(
                CallNeed(id=f"S{seat.id}-{item.split()[1]}", school_id=f"S{seat.id}", item=item, per_child=each)
            )
    pledges, begin = [], dt.datetime(2026, 1, 5, 10)
    for n, second in enumerate(np.sort(rng.integers(0, 3600, 147)).tolist()):
        first = n < 40
        item = ("帽子 hat", "手套 gloves")[int(rng.integers(2))]
        status = str(rng.choice(["promised", "came", "failed"], p=[0.5, 0.45, 0.05])) if first else "new"
        given: Any = {"need_id": f"{schools[0].id}-{item.split()[1]}"} if first else {}
        at, amount = begin + dt.timedelta(seconds=second), 1 if first else int(rng.integers(1, 4))
        name = f"合成家庭 synthetic {n}"
        pledges.append(CallPledge(id=f"P{n:03}", name=name, item=item, amount=amount, at=at, status=status, **given))
    return SCHEMA.from_records({"schools": schools, "needs": needs, "pledges": pledges})
