"""Camps (夏令营): which camp each group of children goes to, groups whole, and which camps run.

A row of `camps` is one camp in one week. A group i of w_i children with e_i escorts takes w_i + e_i places of one camp
j whose ages, sex and week it fits, or more places if the policy asks for more escorts; a camp that runs has at least
so many people. Objectives in strict order, over pairs x and camps y that run:

    served        least  children of groups without a camp
    distance      least  sum of w_i * d_ij
    fewest_camps  least  sum of y_j
    cost          least  sum of cost_j * y_j, in hundredths

It is a generalised assignment with fixed charges (Ross, Soland 1975).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import numpy as np
from pydantic import Field

from matcher.base.display import Metric
from matcher.base.errors import Fault, InvalidInput
from matcher.base.fieldtypes import Count, Latitude, Longitude, OptionalText, Real, Whole, Words
from matcher.files.examples import example as pairing_example
from matcher.market.input import Bools
from matcher.market.market import Market
from matcher.market.matching import Matching
from matcher.model import Entity
from matcher.programmes import numbers
from matcher.programmes.columns import CHILDREN, COUNTY, LATLON, named
from matcher.programmes.places import allowed_arcs
from matcher.programmes.programme import Programme, ProgrammePolicy
from matcher.programmes.schema import Records, Schema
from matcher.tables.columns import Column, Table

CampObjective = Literal["distance", "fewest_camps", "cost"]
_UNITS: Final = {"served": "children", "distance": "child_m", "fewest_camps": "camps", "cost": "cents"}
_KNOWN: Final = {"known": "distance, fewest_camps, cost"}
_OLDEST: Final = 1000


class Camp(Entity):
    """One camp in one week: places for children and escorts, seats of its buses, ages inclusive.

    Its coordinates are where the groups arrive: the camp itself, or the station from which its buses start.
    """

    lat: Latitude
    lon: Longitude
    places: Count
    least: Count = 0
    least_age: Count | None = None
    most_age: Count | None = None
    sex: Literal["all", "girls", "boys"] = "all"
    week: Count | None = None
    bus_seats: Count | None = None
    cost: Real | None = Field(default=None, ge=0, allow_inf_nan=False)


class Group(Entity):
    """Children who travel together, with their escorts; never split. Without `weeks` any week will do."""

    school_id: OptionalText = None
    county_id: OptionalText = None
    lat: Latitude
    lon: Longitude
    children: Count
    escorts: Count = 0
    age: Count | None = None
    sex: Literal["mixed", "girls", "boys"] = "mixed"
    weeks: Words = ()


class CampsPolicy(ProgrammePolicy):
    """What is asked of camps.

    Attributes
    ----------
    most_camps, budget
        Most camps that run, and most that they cost together.
    max_km
        Farther than this nobody is sent.
    children_per_escort
        A group takes places for one escort for so many children at least; None: for those it names.
    schools_together
        Whether all groups of a school go to one camp.
    objectives
        In order, after the children served.
    """

    most_camps: Whole | None = Field(default=None, ge=0)
    budget: Real | None = Field(default=None, ge=0)
    max_km: Real | None = Field(default=None, gt=0)
    children_per_escort: Whole | None = Field(default=None, ge=1)
    schools_together: bool = False
    objectives: tuple[CampObjective, ...] = ("distance",)


_ONE: Final = {"girls": ("女", "女生"), "boys": ("男", "男生")}
_CAMP_SEX: Final = {"all": ("不限",), **_ONE}
_GROUP_SEX: Final = {"mixed": ("混合",), **_ONE}
SCHEMA: Final = Schema(
    (
        Table(
            "camps",
            "营地",
            ("camp", "夏令营"),
            (
                *named("营地编号", "营地"),
                *LATLON,
                Column("places", "名额", "count", True, ("容量",)),
                Column("least", "最少人数", "count", False, ("开营人数",)),
                Column("least_age", "最小年龄", "count", False, ()),
                Column("most_age", "最大年龄", "count", False, ()),
                Column("sex", "性别", "choice", False, (), values=_CAMP_SEX),
                Column("week", "周次", "count", False, ("第几周",)),
                Column("bus_seats", "车座数", "count", False, ("接站车座位数",)),
                Column("cost", "费用", "decimal", False, ("开营费用",)),
            ),
        ),
        Table(
            "groups",
            "分组",
            ("group", "儿童分组"),
            (
                *named("分组编号", "分组"),
                Column("school_id", "学校编号", "text", False, ("学校",)),
                COUNTY,
                *LATLON,
                CHILDREN,
                Column("escorts", "领队数", "count", False, ("带队老师数",)),
                Column("age", "年龄", "count", False, ()),
                Column("sex", "性别", "choice", False, (), values=_GROUP_SEX),
                Column("weeks", "可参加周次", "words", False, ("周次",)),
            ),
        ),
    ),
    {"camps": Camp, "groups": Group},
    ("camps", "groups"),
)


def market(records: Records, policy: CampsPolicy) -> Market:
    """Return the market of camps and groups."""
    camps: Any = records["camps"]
    groups: Any = records["groups"]
    if len(set(policy.objectives)) < len(policy.objectives):
        raise InvalidInput([Fault("not_an_option", "policy", column="objectives", value="*", details=_KNOWN)])
    count, people = len(camps), len(groups)
    children = np.array([group.children for group in groups], np.int64)
    camp_at, group_at, metres = allowed_arcs(camps, groups, policy.max_km)
    fits = _fits(camps, groups)[camp_at, group_at]
    camp_at, group_at, metres = camp_at[fits], group_at[fits], metres[fits]
    cents = np.array([round(100 * (camp.cost or 0)) for camp in camps], np.int64)
    names = ("served", *policy.objectives)
    none, nothing = np.zeros(len(metres), np.int64), np.zeros(people, np.int64)
    opening = {"fewest_camps": np.ones(count, np.int64), "cost": cents}
    fields: dict[str, Any] = {}
    if any(name in opening for name in names):
        fields["opening_cost"] = np.array([opening.get(name, np.zeros(count, np.int64)) for name in names])
    if policy.most_camps is not None:
        fields |= {"group": [0] * count, "group_open": [policy.most_camps]}
    if policy.budget is not None:
        fields |= {"resource": cents[:, None], "budget": [round(100 * policy.budget)]}
    if policy.schools_together:
        schools = sorted({group.school_id for group in groups if group.school_id})
        fields["together"] = [schools.index(group.school_id) if group.school_id else -1 for group in groups]
    return Market.from_arcs(
        camp_at,
        group_at,
        np.array([children[group_at] * metres if name == "distance" else none for name in names]),
        num_providers=count,
        num_recipients=people,
        capacity=[camp.places if camp.bus_seats is None else min(camp.places, camp.bus_seats) for camp in camps],
        unmet_cost=np.array([children if name == "served" else nothing for name in names]),
        level_names=names,
        size=children + [_escorts(group, policy) for group in groups],
        least_if_open=[camp.least for camp in camps],
        **fields,
    )


def _escorts(group: Group, policy: CampsPolicy) -> int:
    asked = 0 if policy.children_per_escort is None else -(-group.children // policy.children_per_escort)
    return max(group.escorts, asked)


def _fits(camps: Any, groups: Any) -> Bools:
    """Return whether each group may go to each camp by age, sex and week, (camps, groups) bool; unknown fits all."""
    low = np.array([camp.least_age or 0 for camp in camps])[:, None]
    high = np.array([_OLDEST if camp.most_age is None else camp.most_age for camp in camps])[:, None]
    age = np.array([-1 if group.age is None else group.age for group in groups])
    ages = ((low <= age) & (age <= high)) | (age < 0)
    camp_sex = np.array([camp.sex for camp in camps])[:, None]
    sexes = (camp_sex == "all") | (camp_sex == np.array([group.sex for group in groups]))
    kinds = sorted({group.weeks for group in groups})
    week = [["" if camp.week is None else str(camp.week)] for camp in camps]
    by_kind = np.array([[not kind or not name or name in kind for kind in kinds] for (name,) in week], bool)
    weeks = by_kind[:, [kinds.index(group.weeks) for group in groups]]
    fits: Bools = ages & sexes & weeks
    return fits


def metrics(records: Records, policy: CampsPolicy, matching: Matching) -> Mapping[str, Metric]:
    """Return the numbers of a plan; kilometres are those of a child."""
    camps: Any = records["camps"]
    groups: Any = records["groups"]
    if not matching.has_pairs or matching.opened is None:
        return {"groups": len(groups), "camps_open": None}
    opened = [camps[j] for j in np.flatnonzero(matching.opened).tolist()]
    return {
        "groups": len(groups),
        "groups_served": len(matching.pairs),
        **numbers.served(camps, groups, matching.pairs),
        "camps_open": len(opened),
        "cost": float(sum(camp.cost or 0 for camp in opened)),
    }


def example(seed: int = 0) -> Records:
    """Return synthetic camps and groups around the real county seats of one province; every name says so."""
    rng = np.random.default_rng(seed)
    counties = pairing_example().counties
    groups, camps = [], []
    for number, county in enumerate(counties):
        for k in range(int(rng.integers(1, 4))):
            known = numbers.near(rng, county)
            size, school = int(rng.integers(5, 51)), f"{county.id}-{int(rng.integers(2))}"
            ages: Any = {"age": int(rng.integers(7, 16)), "escorts": 1 + size // 20, "school_id": school}
            name = f"{county.name} 合成分组 synthetic {k}"
            groups.append(Group(id=f"{county.id}-{k}", name=name, county_id=county.id, children=size, **ages, **known))
        if number % 4 == 0:
            name, cost = f"{county.name} 合成营地 synthetic", round(float(rng.uniform(3, 9)), 1)
            seats: Any = {"places": int(rng.integers(200, 500)), "least": 40, "cost": cost}
            camps.append(Camp(id=f"camp-{county.id}", name=name, lat=county.lat, lon=county.lon, **seats))
    return SCHEMA.from_records({"camps": camps, "groups": groups})


CAMPS: Final = Programme("camps", SCHEMA, CampsPolicy, "camps", "groups", _UNITS, market, metrics, example)
