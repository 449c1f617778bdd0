"""The tables of wishes: wishes, members, their teams, counties, and what was granted before."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Final

import numpy as np
from pydantic import Field

from matcher.base.days import Day
from matcher.base.fieldtypes import Count, Id, Latitude, Longitude, OptionalText, Real, Title, Words
from matcher.files.examples import example as pairing_example
from matcher.model import County, Entity, Record
from matcher.programmes.schema import Records, Schema
from matcher.tables.columns import Column, Table


class Wish(Entity):
    """One wish of one child."""

    child: Title
    county_id: OptionalText = None
    lat: Latitude
    lon: Longitude
    category: OptionalText = None
    cost: Real = Field(default=0, ge=0, le=1e7, allow_inf_nan=False)
    posted: Day = None
    deadline: Day = None
    weight: Count = 1

    @property
    def children(self) -> int:
        """One: a wish is of one child."""
        return 1


class Member(Entity):
    """Who takes up wishes: at most `most`, for at most `budget` in all, of the categories named (none: all)."""

    team_id: OptionalText = None
    lat: Latitude
    lon: Longitude
    budget: Real | None = Field(default=None, ge=0, le=1e9, allow_inf_nan=False)
    most: Count = 1
    categories: Words = ()
    days: Count = 0


class FederationTeam(Entity):
    """A prefecture's team of members; it takes `capacity` counties."""

    lat: Latitude
    lon: Longitude
    capacity: Count = 1


class WishCounty(Entity):
    """A county, and the team paired with it; without one its wishes are open to every member."""

    lat: Latitude
    lon: Longitude
    children: Count | None = None
    team_id: OptionalText = None


class Granted(Record):
    """A member that was given a child before."""

    key: ClassVar[tuple[str, ...]] = ("member_id", "child")
    member_id: Id
    child: Title


_ID: Final = ("编号", "代码")
_LATLON: Final = (
    Column("lat", "纬度", "lat", True, ("latitude",)),
    Column("lon", "经度", "lon", True, ("longitude", "lng")),
)
_TEAM: Final = Column("team_id", "团队编号", "text", False, ("青联团队", "团队"))
SCHEMA: Final = Schema(
    (
        Table(
            "wishes",
            "微心愿",
            ("wish", "心愿"),
            (
                Column("id", "心愿编号", "id", True, _ID),
                Column("name", "心愿", "text", False, ("名称", "心愿内容")),
                Column("child", "儿童", "text", True, ("儿童编号", "儿童姓名")),
                Column("county_id", "区划代码", "text", False, ("县区代码",)),
                *_LATLON,
                Column("category", "类别", "text", False, ("类型",)),
                Column("cost", "费用", "decimal", False, ("金额", "费用(元)")),
                Column("posted", "发布日期", "text", False, ("日期",)),
                Column("deadline", "截止日期", "text", False, ("期限",)),
                Column("weight", "权重", "count", False, ("紧急程度",)),
            ),
        ),
        Table(
            "members",
            "青联委员",
            ("member", "委员"),
            (
                Column("id", "委员编号", "id", True, _ID),
                Column("name", "委员", "text", False, ("姓名", "名称")),
                _TEAM,
                *_LATLON,
                Column("budget", "预算", "decimal", False, ("预算(元)",)),
                Column("most", "最多认领数", "count", False, ("认领上限",)),
                Column("categories", "认领类别", "words", False, ("类别",)),
                Column("days", "所需天数", "count", False, ()),
            ),
        ),
        Table(
            "teams",
            "青联团队",
            ("team", "团队"),
            (
                Column("id", "团队编号", "id", True, _ID),
                Column("name", "团队", "text", False, ("名称",)),
                *_LATLON,
                Column("capacity", "可结对县数", "count", False, ("容量",)),
            ),
        ),
        Table(
            "counties",
            "区县",
            ("county", "重点区县"),
            (
                Column("id", "区划代码", "id", True, ("县区代码", *_ID)),
                Column("name", "区县", "text", False, ("名称",)),
                *_LATLON,
                Column("children", "留守儿童数", "count", False, ("儿童数",)),
                _TEAM,
            ),
        ),
        Table(
            "granted",
            "以往认领",
            (),
            (Column("member_id", "委员编号", "id", True, ("委员",)), Column("child", "儿童", "text", True, ())),
        ),
    ),
    {"wishes": Wish, "members": Member, "teams": FederationTeam, "counties": WishCounty, "granted": Granted},
    ("wishes", "members"),
)


def example(seed: int = 0) -> Records:
    """Return synthetic wishes, members and teams around the real county seats of one province; every name says so."""
    rng = np.random.default_rng(seed)
    seats = pairing_example().counties
    kinds = ("books", "clothes", "sports", "school")
    wishes, members, counties = [], [], []
    teams: dict[str, County] = {}
    for seat in seats:
        team = f"T{seat.id[:4]}"
        teams.setdefault(team, seat)
        counties.append(
            WishCounty(id=seat.id, name=seat.name, lat=seat.lat, lon=seat.lon, children=seat.children, team_id=team)
        )
        for k in range(int(rng.integers(4, 12))):
            posted = dt.date(2026, 4, 1) + dt.timedelta(days=int(rng.integers(60)))
            known: Any = {"category": str(rng.choice(kinds)), "cost": 10.0 * int(rng.integers(3, 21))}
            days = {"posted": posted, "deadline": posted + dt.timedelta(days=int(rng.integers(20, 90)))}
            name = f"{seat.name} 合成心愿 synthetic {k}"
            child = f"{seat.id}-c{int(rng.integers(k + 1))}"
            wishes.append(
                Wish(
                    id=f"{seat.id}-{k}", name=name, child=child, county_id=seat.id, **known, **days, **_near(rng, seat)
                )
            )
        for k in range(int(rng.integers(1, 5))):
            some = tuple(str(kind) for kind in rng.choice(kinds, int(rng.integers(1, 4)), replace=False))
            money = 100.0 * int(rng.integers(1, 8)) if rng.random() < 0.7 else None
            limits: Any = {"budget": money, "most": int(rng.integers(1, 6)), "categories": some}
            name = f"{seat.name} 合成委员 synthetic {k}"
            members.append(Member(id=f"M{seat.id}-{k}", name=name, team_id=team, days=3, **limits, **_near(rng, seat)))
    sides = [
        FederationTeam(id=team, name=f"{seat.name} 合成团队 synthetic", lat=seat.lat, lon=seat.lon, capacity=20)
        for team, seat in teams.items()
    ]
    return SCHEMA.from_records({"wishes": wishes, "members": members, "teams": sides, "counties": counties})


def _near(rng: np.random.Generator, seat: County) -> dict[str, float]:
    """Return a place some kilometres from a seat."""
    return {"lat": seat.lat + rng.normal(0, 0.1), "lon": seat.lon + rng.normal(0, 0.1)}
