"""Holiday service (七彩假期, 三下乡): which team stays at which point from which week on.

A team t of s_t heads stays so many weeks in a row at one point p, within its own weeks and those of the point. Hard,
and named in `verify` where one is broken, in every week in which anybody is at a point:

    team_below_least   at least so many heads, never fewer than two
    adult_alone        at least two adults: nobody is alone with children
    need_unmet         for each need of the point somebody who has the skill or speaks the language
    beds_exceeded      no more heads than beds
    ratio              no more children are looked after than so many a head

One objective: kilometres of all heads plus `missing_km` for every child and week not looked after.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal

import numpy as np
from pydantic import Field

from matcher.base.display import Metric
from matcher.base.fieldtypes import Count, Latitude, Longitude, OptionalText, Real, Whole, Words
from matcher.files.examples import example as pairing_example
from matcher.market.input import Ints
from matcher.market.presence.case import NEVER, PresenceCase, Present
from matcher.market.presence.presence import Presence
from matcher.model import Entity
from matcher.programmes import holiday_frames, numbers
from matcher.programmes.columns import CHILDREN, COUNTY, LATLON, named
from matcher.programmes.engines import PRESENCE
from matcher.programmes.places import metres_table
from matcher.programmes.programme import Programme, ProgrammePolicy
from matcher.programmes.schema import Records, Schema
from matcher.tables.columns import Column, Table

Week = Annotated[Whole, Field(ge=1, le=60)]
LEAST_ADULTS: Final = 2


class Point(Entity):
    """A service point: its children, the weeks in which it is open, and what it asks of those who come."""

    county_id: OptionalText = None
    lat: Latitude
    lon: Longitude
    children: Count
    first_week: Week
    last_week: Week
    beds: Count
    least_team: Count | None = None
    ratio: Annotated[Whole, Field(ge=1, le=1000)] | None = None
    needs: Words = ()


class HolidayTeam(Entity):
    """Students who travel and stay together."""

    organization_id: OptionalText = None
    lat: Latitude
    lon: Longitude
    size: Count
    adults: Count | None = None
    first_week: Week
    last_week: Week
    stay_weeks: Week
    skills: Words = ()
    languages: Words = ()


class HolidayVolunteer(Entity):
    """A single volunteer; without `stay_weeks` all weeks in which they can."""

    lat: Latitude
    lon: Longitude
    first_week: Week
    last_week: Week
    stay_weeks: Week | None = None
    skills: Words = ()
    languages: Words = ()
    adult: Literal["yes", "no"] = "yes"

    @property
    def size(self) -> int:
        """One head."""
        return 1

    @property
    def adults(self) -> int:
        """Whether an adult."""
        return int(self.adult == "yes")


class HolidayPolicy(ProgrammePolicy):
    """What is asked of the holiday service.

    Attributes
    ----------
    least_team, children_per_volunteer
        For points whose row does not say.
    max_km
        Farther than this nobody is sent.
    missing_km
        A child not looked after for a week weighs as much as so many kilometres of a volunteer.
    hours_per_week
        What a volunteer serves, for counting.
    """

    least_team: Whole = Field(default=LEAST_ADULTS, ge=LEAST_ADULTS)
    children_per_volunteer: Whole = Field(default=8, ge=1)
    max_km: Real | None = Field(default=None, gt=0)
    missing_km: Real = Field(default=100, gt=0, le=100_000)
    hours_per_week: Whole = Field(default=40, ge=0)


_WEEKS: Final = (
    Column("first_week", "开始周", "count", True, ("第一周",)),
    Column("last_week", "结束周", "count", True, ("最后一周",)),
)
_ABLE: Final = (
    Column("skills", "特长", "words", False, ("技能",)),
    Column("languages", "语言", "words", False, ("方言",)),
)
SCHEMA: Final = Schema(
    (
        Table(
            "points",
            "服务点",
            ("point", "七彩假期"),
            (
                *named("服务点编号", "服务点"),
                COUNTY,
                *LATLON,
                CHILDREN,
                *_WEEKS,
                Column("beds", "床位数", "count", True, ("床位",)),
                Column("least_team", "最少人数", "count", False, ("最少志愿者数",)),
                Column("ratio", "师生比", "count", False, ("每名志愿者儿童数",)),
                Column("needs", "需求", "words", False, ("所需特长",)),
            ),
        ),
        Table(
            "teams",
            "实践队",
            ("team", "三下乡", "志愿队"),
            (
                *named("实践队编号", "实践队"),
                Column("organization_id", "组织编号", "text", False, ("组织",)),
                *LATLON,
                Column("size", "人数", "count", True, ("志愿者数",)),
                Column("adults", "成年人数", "count", False, ()),
                *_WEEKS,
                Column("stay_weeks", "驻点周数", "count", True, ("周数",)),
                *_ABLE,
            ),
        ),
        Table(
            "volunteers",
            "志愿者",
            ("volunteer",),
            (
                *named("志愿者编号", "志愿者", "姓名"),
                *LATLON,
                *_WEEKS,
                Column("stay_weeks", "驻点周数", "count", False, ("周数",)),
                *_ABLE,
                Column("adult", "成年", "choice", False, (), values={"yes": ("是",), "no": ("否",)}),
            ),
        ),
    ),
    {"points": Point, "teams": HolidayTeam, "volunteers": HolidayVolunteer},
    ("points",),
)


def market(records: Records, policy: HolidayPolicy) -> PresenceCase:
    """Return crews, points and weeks; the first week is period 0."""
    points: Any = records["points"]
    crews: Any = (*records["teams"], *records["volunteers"])
    weeks = max(point.last_week for point in points)
    first, last = _of(points, lambda p: p.first_week - 1), _of(points, lambda p: p.last_week - 1)
    period = np.arange(weeks)
    is_open = (first[:, None] <= period) & (period <= last[:, None])
    needs = sorted({need for point in points for need in point.needs})
    able = [{*crew.skills, *crew.languages} for crew in crews]
    size, beds = _of(crews, lambda c: c.size), _of(points, lambda p: p.beds)
    metres = metres_table(crews, points, policy.max_km, NEVER)
    metres[(size[:, None] > beds) | (size == 0)[:, None]] = NEVER
    return PresenceCase(
        metres,
        size,
        _of(crews, lambda c: c.size if c.adults is None else min(c.adults, c.size)),
        _of(crews, lambda c: c.first_week - 1),
        _of(crews, lambda c: c.last_week - 1),
        _of(crews, lambda c: c.stay_weeks or max(0, c.last_week - c.first_week + 1)),
        np.array([[need in skills for need in needs] for skills in able], bool).reshape(len(crews), len(needs)),
        np.array([[need in point.needs for need in needs] for point in points], bool).reshape(len(points), len(needs)),
        _of(points, lambda p: p.children)[:, None] * is_open,
        is_open,
        beds,
        np.maximum(_of(points, lambda p: policy.least_team if p.least_team is None else p.least_team), LEAST_ADULTS),
        _of(points, lambda p: p.ratio or policy.children_per_volunteer),
        LEAST_ADULTS,
        round(1000 * policy.missing_km),
    )


def _of(rows: Any, get: Callable[[Any], int]) -> Ints:
    return np.array([get(row) for row in rows], np.int64)


def metrics(records: Records, policy: HolidayPolicy, matching: Presence) -> Mapping[str, Metric]:
    """Return the numbers of a plan; kilometres are those of a volunteer."""
    points: Any = records["points"]
    case = matching.case
    site, crew = matching.pairs.T if matching.has_pairs else np.zeros((2, 0), np.int64)
    there = Present.of(case, matching.pairs, matching.start)
    after = there.looked_after(case)
    wanted: Ints = case.children.sum(axis=1)
    busy = there.heads > 0
    ratios = after[busy] / there.heads[busy]
    metres, weight = case.metres[crew, site].astype(np.int64), case.size[crew]
    return {
        "points": len(points),
        "points_open": int(busy.any(axis=1).sum()),
        "child_weeks": int(wanted.sum()),
        "child_weeks_looked_after": int(after.sum()),
        "teams_sent": int((crew < len(records["teams"])).sum()),
        "volunteers_sent": int(weight.sum()),
        "volunteer_hours": int(there.heads.sum()) * policy.hours_per_week,
        "children_per_volunteer": float(ratios.max()) if len(ratios) else None,
        "km_mean": float((weight * metres).sum() / max(1, weight.sum()) / 1000),
        "km_max": float(metres.max(initial=0)) / 1000,
        "least_county_share": numbers.share_by_county(points, wanted, after.sum(axis=1)),
    }


def example(seed: int = 0) -> Records:
    """Return synthetic points, teams and volunteers around real county seats of one province; every name says so."""
    rng = np.random.default_rng(seed)
    points, teams, people = [], [], []
    for number, county in enumerate(pairing_example().counties):
        name, first = f"{county.name} 合成服务点 synthetic", int(rng.integers(1, 4))
        weeks: Any = {"first_week": first, "last_week": first + int(rng.integers(2, 5))}
        children = int(rng.integers(40, 300))
        asks: Any = {"beds": 10 + children // 6, "least_team": 4, "needs": ["music"] if number % 7 == 0 else []}
        where = numbers.near(rng, county) | {"county_id": county.id}
        points.append(Point(id=county.id, name=name, **where, children=children, **weeks, **asks))
        for k in range(3):
            size, first = int(rng.integers(6, 25)), int(rng.integers(1, 4))
            stay: Any = {"first_week": first, "last_week": first + 4, "stay_weeks": int(rng.integers(2, 5))}
            knows: Any = {"skills": ["music"] if rng.random() < 0.4 else []}
            name, where = f"{county.name} 合成实践队 synthetic {k}", numbers.near(rng, county)
            teams.append(HolidayTeam(id=f"{county.id}-{k}", name=name, **where, size=size, **stay, **knows))
        name, where = f"{county.name} 合成志愿者 synthetic", numbers.near(rng, county)
        people.append(HolidayVolunteer(id=county.id, name=name, **where, first_week=2, last_week=5, stay_weeks=2))
    return SCHEMA.from_records({"points": points, "teams": teams, "volunteers": people})


HOLIDAY: Final = Programme(
    "holiday",
    SCHEMA,
    HolidayPolicy,
    "points",
    "teams",
    {},
    market,
    metrics,
    example,
    also="volunteers",
    engine=PRESENCE,
    frames=holiday_frames.FRAMES,
    explain=holiday_frames.explained,
)
