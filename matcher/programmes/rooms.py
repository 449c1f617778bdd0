"""Rooms (希望家园): which rooms to open and equip within a budget, which children come, which volunteers are sent.

A village i of w_i children takes w_i seats of one room j that is open when its children need it; a room that opens has
at least so many children, costs money and paid staff, and has r_j volunteers all the time: what its row asks for, or
one for so many seats, never fewer than two. Objectives in strict order, over pairs x and rooms y that open:

    served        least  children of villages without a room
    distance      least  sum of w_i * d_ij
    fewest_rooms  least  sum of y_j
    cost          least  sum of cost_j * y_j over rooms that do not exist yet, in hundredths

then the volunteers' kilometres, given the rooms (see `matcher.programmes.staffing`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import numpy as np
from pydantic import Field

from matcher.base.display import Metric
from matcher.base.errors import Fault, InvalidInput
from matcher.base.fieldtypes import Count, Latitude, Longitude, OptionalText, Real, Whole
from matcher.files.examples import example as pairing_example
from matcher.market.input import Bools, Ints
from matcher.market.market import Market
from matcher.market.matching import Matching
from matcher.model import Entity
from matcher.programmes import numbers
from matcher.programmes.columns import CHILDREN, COUNTY, LATLON, STATUS, named
from matcher.programmes.places import allowed_arcs, existing, metres_of
from matcher.programmes.programme import Programme, ProgrammePolicy
from matcher.programmes.schema import Records, Schema
from matcher.programmes.staffing import Staffing
from matcher.tables.columns import Column, Table

RoomObjective = Literal["distance", "fewest_rooms", "cost"]
Hour = Annotated[Whole, Field(ge=0, le=24)]
_UNITS: Final = {"served": "children", "distance": "child_m", "fewest_rooms": "rooms", "cost": "cents"}
_KNOWN: Final = {"known": "distance, fewest_rooms, cost"}
_LEAST_ADULTS: Final = 2


class Room(Entity):
    """A room that a village or community offers, open every day from `opens` to `closes`."""

    county_id: OptionalText = None
    lat: Latitude
    lon: Longitude
    seats: Count
    least: Count = 0
    cost: Real | None = Field(default=None, ge=0, allow_inf_nan=False)
    staff: Count = 0
    volunteers: Count | None = None
    opens: Hour = 0
    closes: Hour = 24
    status: Literal["candidate", "existing", "closed"] = "candidate"


class Village(Entity):
    """Children who live together, and the hours when they need a room; they come to one room."""

    county_id: OptionalText = None
    lat: Latitude
    lon: Longitude
    children: Count
    from_hour: Hour | None = None
    until_hour: Hour | None = None


class Team(Entity):
    """Volunteers of one organisation, and the hours when they can come."""

    organization_id: OptionalText = None
    lat: Latitude
    lon: Longitude
    volunteers: Count
    from_hour: Hour = 0
    until_hour: Hour = 24


class RoomsPolicy(ProgrammePolicy):
    """What is asked of rooms.

    Attributes
    ----------
    budget, staff, most_rooms
        Most that the new rooms cost together, most paid staff in all open rooms, and most open rooms.
    max_km, max_team_km
        Farther than this no child comes, and no volunteer is sent.
    children_per_volunteer
        For rooms whose row does not say how many volunteers they need: so many seats a volunteer at most.
    objectives
        In order, after the children served.
    """

    budget: Real | None = Field(default=None, ge=0)
    staff: Whole | None = Field(default=None, ge=0)
    most_rooms: Whole | None = Field(default=None, ge=0)
    max_km: Real | None = Field(default=None, gt=0)
    max_team_km: Real | None = Field(default=None, gt=0)
    children_per_volunteer: Whole = Field(default=8, ge=1)
    objectives: tuple[RoomObjective, ...] = ("distance",)


SCHEMA: Final = Schema(
    (
        Table(
            "rooms",
            "房间",
            ("room", "希望家园", "活动室"),
            (
                *named("房间编号", "房间", "希望家园"),
                COUNTY,
                *LATLON,
                Column("seats", "座位数", "count", True, ("名额", "容量")),
                Column("least", "最少儿童数", "count", False, ("开放最少人数",)),
                Column("cost", "费用", "decimal", False, ("费用(万元)", "开办费用")),
                Column("staff", "专职人员数", "count", False, ("工作人员数",)),
                Column("volunteers", "所需志愿者数", "count", False, ("志愿者数",)),
                Column("opens", "开门时间", "count", False, ("开放时间",)),
                Column("closes", "关门时间", "count", False, ("关闭时间",)),
                STATUS,
            ),
        ),
        Table(
            "villages",
            "村庄",
            ("village", "村", "社区"),
            (
                *named("村庄编号", "村庄", "村名", "社区名"),
                COUNTY,
                *LATLON,
                CHILDREN,
                Column("from_hour", "最早时间", "count", False, ("开始时间",)),
                Column("until_hour", "最晚时间", "count", False, ("结束时间",)),
            ),
        ),
        Table(
            "teams",
            "志愿队",
            ("team", "志愿服务队"),
            (
                *named("志愿队编号", "志愿队"),
                Column("organization_id", "组织编号", "text", False, ("组织",)),
                *LATLON,
                Column("volunteers", "志愿者数", "count", True, ("人数",)),
                Column("from_hour", "最早时间", "count", False, ("开始时间",)),
                Column("until_hour", "最晚时间", "count", False, ("结束时间",)),
            ),
        ),
    ),
    {"rooms": Room, "villages": Village, "teams": Team},
    ("rooms", "villages"),
)


def market(records: Records, policy: RoomsPolicy) -> Market:
    """Return the market of rooms and villages; the volunteers come as further budgets."""
    rooms: Any = records["rooms"]
    villages: Any = records["villages"]
    if len(set(policy.objectives)) < len(policy.objectives):
        raise InvalidInput([Fault("not_an_option", "policy", column="objectives", value="*", details=_KNOWN)])
    count, people = len(rooms), len(villages)
    children = np.array([village.children for village in villages], np.int64)
    cents = np.array([round(100 * (room.cost or 0)) if room.status != "existing" else 0 for room in rooms], np.int64)
    room_at, village_at, metres = allowed_arcs(rooms, villages, policy.max_km)
    open_then = _fits(rooms, villages)[room_at, village_at]
    room_at, village_at, metres = room_at[open_then], village_at[open_then], metres[open_then]
    names = ("served", *policy.objectives)
    none = np.zeros(len(metres), np.int64)
    opening = {"fewest_rooms": np.ones(count, np.int64), "cost": cents}
    fields: dict[str, Any] = {}
    if any(name in opening for name in names):
        fields["opening_cost"] = np.array([opening.get(name, np.zeros(count, np.int64)) for name in names])
    if policy.most_rooms is not None:
        fields |= {"group": [0] * count, "group_open": [policy.most_rooms]}
    staff = np.array([room.staff for room in rooms], np.int64)
    money = None if policy.budget is None else round(100 * policy.budget)
    limits = [(use, most) for use, most in ((cents, money), (staff, policy.staff)) if most is not None]
    if limits:
        fields |= {"resource": np.column_stack([use for use, _ in limits]), "budget": [most for _, most in limits]}
    return Market.from_arcs(
        room_at,
        village_at,
        np.array([children[village_at] * metres if name == "distance" else none for name in names]),
        num_providers=count,
        num_recipients=people,
        capacity=[room.seats for room in rooms],
        unmet_cost=np.array([children if name == "served" else np.zeros(people, np.int64) for name in names]),
        level_names=names,
        size=children,
        least_if_open=[room.least for room in rooms],
        must_open=[room.status == "existing" for room in rooms],
        closed=[room.status == "closed" for room in rooms],
        **fields,
    )


def _fits(rooms: Any, villages: Any) -> Bools:
    """Return whether each room is open when each village needs it, (rooms, villages) bool."""
    opens, closes = (np.array([getattr(room, name) for room in rooms])[:, None] for name in ("opens", "closes"))
    wanted_from = np.array([24 if v.from_hour is None else v.from_hour for v in villages])
    wanted_until = np.array([0 if v.until_hour is None else v.until_hour for v in villages])
    fits: Bools = (opens <= wanted_from) & (wanted_until <= closes)
    return fits


def _need(records: Records, policy: RoomsPolicy) -> Ints:
    """Return how many volunteers each room has while it is open."""
    rooms: Any = records["rooms"]
    asked = [-(-r.seats // policy.children_per_volunteer) if r.volunteers is None else r.volunteers for r in rooms]
    return np.maximum(np.array(asked, np.int64), _LEAST_ADULTS)


def _reach(records: Records, policy: RoomsPolicy) -> Bools:
    """Return whether each team may be sent to each room, (teams, rooms) bool."""
    teams: Any = records["teams"]
    rooms: Any = records["rooms"]
    pairs = np.argwhere(np.ones((len(teams), len(rooms)), bool))
    near: Bools = np.ones((len(teams), len(rooms)), bool)
    if policy.max_team_km is not None:
        near = (metres_of(teams, rooms, pairs) <= 1000 * policy.max_team_km).reshape(near.shape)
    opens, closes = (np.array([getattr(room, name) for room in rooms]) for name in ("opens", "closes"))
    there = np.array([[team.from_hour, team.until_hour] for team in teams]).reshape(-1, 2)
    reach: Bools = near & (there[:, :1] <= opens) & (closes <= there[:, 1:])
    return reach


def metrics(records: Records, policy: RoomsPolicy, matching: Matching) -> Mapping[str, Metric]:
    """Return the numbers of a plan; kilometres are those of a child, hours those of a day."""
    rooms: Any = records["rooms"]
    villages: Any = records["villages"]
    if not matching.has_pairs or matching.opened is None:
        return {"villages": len(villages), "rooms_open": None}
    at = np.flatnonzero(matching.opened)
    opened = [rooms[j] for j in at.tolist()]
    need = _need(records, policy)[at]
    return {
        "villages": len(villages),
        "villages_served": len(matching.pairs),
        **numbers.served(rooms, villages, matching.pairs),
        "rooms_open": len(opened),
        "cost": float(sum(room.cost or 0 for room in opened if room.status != "existing")),
        "staff": sum(room.staff for room in opened),
        "volunteers_needed": int(need.sum()),
        "volunteer_hours": int(sum(n * max(0, r.closes - r.opens) for n, r in zip(need.tolist(), opened, strict=True))),
    }


def example(seed: int = 0) -> Records:
    """Return synthetic rooms, villages and teams around the real county seats of one province; every name says so."""
    rng = np.random.default_rng(seed)
    rooms, villages, teams = [], [], []
    for number, county in enumerate(pairing_example().counties):
        of: Any = {"county_id": county.id}
        for k in range(4):
            name, people = f"{county.name} 合成村 synthetic {k}", int(rng.integers(5, 31))
            where = numbers.near(rng, county)
            villages.append(Village(id=f"{county.id}-{k}", name=name, **where, **of, children=people))
        for k in range(3):
            name, cost = f"{county.name} 合成房间 synthetic {k}", round(float(rng.uniform(2, 8)), 1)
            use: Any = {"seats": int(rng.integers(20, 61)), "least": 10, "cost": cost, "staff": 1}
            where = numbers.near(rng, county) | {"opens": 16, "closes": 20}
            rooms.append(Room(id=f"{county.id}-{k}", name=name, **where, **of, **use))
        if number % 3 == 0:
            name, people = f"{county.name} 合成志愿队 synthetic", int(rng.integers(20, 60))
            teams.append(Team(id=f"team-{county.id}", name=name, **numbers.near(rng, county), volunteers=people))
    return SCHEMA.from_records({"rooms": rooms, "villages": villages, "teams": teams})


STAFFING: Final = Staffing("teams", "rooms", _need, _reach)
ROOMS: Final = Programme(
    "rooms",
    SCHEMA,
    RoomsPolicy,
    "rooms",
    "villages",
    _UNITS,
    market,
    metrics,
    example,
    staffing=STAFFING,
    renewed=lambda old, records: existing(old, records, "rooms"),
)
