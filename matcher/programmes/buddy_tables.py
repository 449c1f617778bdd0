"""The tables of buddies, what a unit is, and the frames of a plan with every sibling in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, cast

import numpy as np
from pydantic import Field

from matcher.base.fieldtypes import Count, Id, Latitude, Longitude, OptionalText, Whole, Words
from matcher.files.examples import example as pairing_example
from matcher.model import Entity, Record
from matcher.programmes.columns import LATLON, named
from matcher.programmes.places import metres_of
from matcher.programmes.schema import Records, Schema
from matcher.tables.columns import Column, Table

if TYPE_CHECKING:
    import pandas as pd

Sex = Literal["girl", "boy"]
_SEXES: Final = {"girl": ("女",), "boy": ("男",)}
_ID: Final = ("编号", "代码")


class BuddyFamily(Entity):
    """A family that wants a buddy for its child; it takes one child, or siblings if no more than `most`."""

    lat: Latitude
    lon: Longitude
    child_age: Count | None = None
    child_sex: Sex | None = None
    languages: Words = ()
    most: Count = 1


class BuddyChild(Entity):
    """A child who wants a family; children of one label of `siblings` go together."""

    school_id: OptionalText = None
    lat: Latitude
    lon: Longitude
    age: Count | None = None
    sex: Sex | None = None
    languages: Words = ()
    siblings: OptionalText = None

    @property
    def children(self) -> int:
        """One."""
        return 1


class BuddyPreference(Record):
    """Whom a family or a child would rather have, 1 first; equal ranks are ties."""

    key: ClassVar[tuple[str, ...]] = ("side", "id", "choice_id")
    side: Literal["family", "child"]
    id: Id
    choice_id: Id
    rank: Whole = Field(ge=1, le=10**6)


class BuddyPair(Record):
    """A pair of last year, and whether it works."""

    key: ClassVar[tuple[str, ...]] = ("family_id", "child_id")
    family_id: Id
    child_id: Id
    works: Literal["yes", "no"] = "yes"


SCHEMA: Final = Schema(
    (
        Table(
            "families",
            "家庭",
            ("family", "结对家庭"),
            (
                *named("家庭编号", "家庭"),
                *LATLON,
                Column("child_age", "孩子年龄", "count", False, ("年龄",)),
                Column("child_sex", "孩子性别", "choice", False, ("性别",), values=_SEXES),
                Column("languages", "语言", "words", False, ("方言",)),
                Column("most", "最多结对儿童", "count", False, ()),
            ),
        ),
        Table(
            "children",
            "儿童",
            ("child", "留守儿童"),
            (
                *named("儿童编号", "儿童", "姓名"),
                Column("school_id", "学校编号", "text", False, ("学校",)),
                *LATLON,
                Column("age", "年龄", "count", False, ()),
                Column("sex", "性别", "choice", False, (), values=_SEXES),
                Column("languages", "语言", "words", False, ("方言",)),
                Column("siblings", "兄弟姐妹", "text", False, ("家庭组",)),
            ),
        ),
        Table(
            "preferences",
            "意愿",
            ("preference",),
            (
                Column("side", "一方", "choice", True, (), values={"family": ("家庭",), "child": ("儿童",)}),
                Column("id", "编号", "id", True, _ID),
                Column("choice_id", "意愿编号", "id", True, ("对象编号",)),
                Column("rank", "顺位", "rank", True, ("排序",)),
            ),
        ),
        Table(
            "previous",
            "上年结对",
            ("pairs",),
            (
                Column("family_id", "家庭编号", "id", True, ()),
                Column("child_id", "儿童编号", "id", True, ()),
                Column("works", "是否良好", "choice", False, (), values={"yes": ("是",), "no": ("否",)}),
            ),
        ),
    ),
    {"families": BuddyFamily, "children": BuddyChild, "preferences": BuddyPreference, "previous": BuddyPair},
    ("families", "children"),
)


def units(children: Any) -> list[list[int]]:
    """Return the positions of the children of each unit, units in order of their first child."""
    label: dict[str, list[int]] = {}
    found: list[list[int]] = []
    for n, child in enumerate(children):
        if child.siblings and child.siblings in label:
            label[child.siblings].append(n)
            continue
        found.append([n])
        if child.siblings:
            label[child.siblings] = found[-1]
    return found


def pairings(plan: Any) -> pd.DataFrame:
    """Return recipient_id, provider_id, children and km of every child, siblings too."""
    import pandas as pd

    groups = {group[0]: group for group in units(plan.recipients)}
    pairs = np.array([(j, i) for j, first in plan.matching.pairs.tolist() for i in groups[first]], np.int64)
    pairs = pairs.reshape(-1, 2)
    pairs = pairs[np.argsort(pairs[:, 1], kind="stable")]
    return pd.DataFrame(
        {
            "recipient_id": [plan.recipients[i].id for i in pairs[:, 1].tolist()],
            "provider_id": [plan.providers[j].id for j in pairs[:, 0].tolist()],
            "children": np.ones(len(pairs), np.int64),
            "km": metres_of(plan.providers, plan.recipients, pairs) / 1000,
        }
    )


def unmatched(plan: Any) -> pd.DataFrame:
    """Return every child without a family: kind, id, missing, reason, detail (families that may be)."""
    import pandas as pd

    market, done = plan.matching.market, set(plan.matching.pairs[:, 1].tolist())
    reach = np.bincount(market.recipient_idx, minlength=len(plan.recipients))
    rows = [
        (
            "children",
            plan.recipients[i].id,
            1,
            "no_room_or_not_open" if reach[first] else "nobody_in_reach",
            int(reach[first]),
        )
        for first, group in ((group[0], group) for group in units(plan.recipients))
        if first not in done
        for i in group
    ]
    return pd.DataFrame(rows, columns=["kind", "id", "missing", "reason", "detail"])


def example(seed: int = 0) -> Records:
    """Return synthetic families and children around the real county seats of one province; every name says so."""
    rng = np.random.default_rng(seed)
    seats = pairing_example().counties
    families, children, preferences = [], [], []
    for seat in seats:
        for k in range(int(rng.integers(2, 7))):
            known: Any = {"child_age": int(rng.integers(6, 15)), "child_sex": str(rng.choice(["girl", "boy"]))}
            spot = {"lat": seat.lat + rng.normal(0, 0.1), "lon": seat.lon + rng.normal(0, 0.1)}
            name = f"{seat.name} 合成家庭 synthetic {k}"
            families.append(BuddyFamily(id=f"F{seat.id}-{k}", name=name, most=int(rng.integers(1, 3)), **known, **spot))
        for k in range(int(rng.integers(1, 4))):
            known = {"age": int(rng.integers(6, 15)), "sex": str(rng.choice(["girl", "boy"]))}
            spot = {"lat": seat.lat + rng.normal(0, 0.1), "lon": seat.lon + rng.normal(0, 0.1)}
            label = f"{seat.id}-s" if k < 2 and rng.random() < 0.3 else None
            name = f"{seat.name} 合成儿童 synthetic {k}"
            children.append(BuddyChild(id=f"C{seat.id}-{k}", name=name, siblings=label, **known, **spot))
    for child in children:
        for rank, at in enumerate(rng.choice(len(families), 2, replace=False).tolist()):
            preferences.append(BuddyPreference(side="child", id=child.id, choice_id=families[at].id, rank=rank + 1))
    return SCHEMA.from_records({"families": families, "children": children, "preferences": preferences})


def renewed(old: Any, records: Records) -> Records:
    """Return the tables with the pairs of a plan as those of last year; what the table says of a pair itself stands."""
    families, children, previous = (cast("Any", records[name]) for name in ("families", "children", "previous"))
    here = [{row.id for row in side} for side in (families, children)]
    pairs = zip(old.pairings["provider_id"], old.pairings["recipient_id"], strict=True)
    known = {(one, other): BuddyPair(family_id=one, child_id=other) for one, other in pairs}
    known |= {(row.family_id, row.child_id): row for row in previous}
    there = tuple(row for (one, other), row in known.items() if one in here[0] and other in here[1])
    return {**records, "previous": there}


def withdrawn(plan: Any, *, families: Any = (), children: Any = (), joined: Mapping[str, Any] | None = None) -> Records:
    """Return the tables of a plan without some who withdraw and with some who join, its other pairs kept as they are.

    Planned again with `keep`, only those concerned and those who had nobody are paired anew. Of siblings, one who
    withdraws leaves the others a unit of their own, and the pair goes on.

    Parameters
    ----------
    plan
        A plan of buddies.
    families, children
        Ids of those who withdraw.
    joined
        Further records by table.
    """
    gone = {"families": set(families), "children": set(children)}
    tables: dict[str, list[Any]] = {name: list(rows) for name, rows in plan.records.items()}
    for side, ids in gone.items():
        tables[side] = [row for row in tables[side] if row.id not in ids]
    lists = ("families", "children")
    tables["preferences"] = [
        each
        for each in tables["preferences"]
        for mine, other in [lists if each.side == "family" else lists[::-1]]
        if each.id not in gone[mine] and each.choice_id not in gone[other]
    ]
    frame = plan.pairings
    tables["previous"] = [
        BuddyPair(family_id=family, child_id=child)
        for child, family in zip(frame["recipient_id"], frame["provider_id"], strict=True)
        if family not in gone["families"] and child not in gone["children"]
    ]
    for name, rows in (joined or {}).items():
        tables[name] += rows
    return SCHEMA.from_records(tables)
