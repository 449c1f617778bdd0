"""Wishes (微心愿): which member of a youth federation takes up which child's wish.

A member j takes a wish i of a category it takes up, whose deadline leaves it `days` to deliver, whose county its team
is paired with (where the table `counties` says so), and whose child it was not given before. It takes at most `most`
wishes, at most one of the same child, and together they cost at most its budget. Objectives in strict order:

    granted   least  weight of the wishes that nobody takes up; 1 each by default
    waiting   least  days that the wishes left over have waited
    distance  least  metres between member and child
    cost      least  cents that the granted wishes cost

Where no budget can bind before `most` does and nobody may meet a child twice, the market is a flow; otherwise budgets
are capacities of sizes (generalised assignment: Ross, Soland 1975) and the counts are rows beside them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, Literal

import numpy as np
from pydantic import Field

from matcher.base.days import Day, day_number
from matcher.base.display import Metric
from matcher.base.errors import Fault, InvalidInput
from matcher.base.fieldtypes import Real
from matcher.market.input import Ints
from matcher.market.market import Market
from matcher.market.matching import Matching
from matcher.model import County, Instance, Organization
from matcher.programmes import numbers
from matcher.programmes.places import metres_of
from matcher.programmes.programme import Programme, ProgrammePolicy
from matcher.programmes.schema import Records
from matcher.programmes.wish_tables import SCHEMA, Granted, Wish, example

WishObjective = Literal["waiting", "distance", "cost"]
_UNITS: Final = {"granted": "wishes", "waiting": "days", "distance": "m", "cost": "cents"}


class WishesPolicy(ProgrammePolicy):
    """What is asked of wishes.

    Attributes
    ----------
    day
        The day of the batch: what is posted later or due before is left out. None: days are not looked at.
    max_km
        Farther than this nobody takes up a wish.
    objectives
        In order, after the number of wishes granted.
    """

    day: Day = None
    max_km: Real | None = Field(default=None, gt=0)
    objectives: tuple[WishObjective, ...] = ("distance",)


def market(records: Records, policy: WishesPolicy) -> Market:
    """Return the market of members and wishes."""
    wishes: Any = records["wishes"]
    members: Any = records["members"]
    names = ("granted", *policy.objectives)
    if len(set(names)) < len(names):
        details = {"known": "waiting, distance, cost"}
        raise InvalidInput([Fault("not_an_option", "policy", column="objectives", value="*", details=details)])
    pairs, metres = arcs(records, policy)
    cents = np.array([round(100 * wish.cost) for wish in wishes], np.int64)
    none = np.zeros(len(pairs), np.int64)
    costs = {"distance": metres, "cost": cents[pairs[:, 1]]}
    missing = {"granted": np.array([wish.weight for wish in wishes], np.int64), "waiting": _waited(wishes, policy.day)}
    return Market.from_arcs(
        pairs[:, 0],
        pairs[:, 1],
        np.array([costs.get(name, none) for name in names]),
        num_providers=len(members),
        num_recipients=len(wishes),
        unmet_cost=np.array([missing.get(name, np.zeros(len(wishes), np.int64)) for name in names]),
        level_names=names,
        **_limits(members, wishes, pairs, cents),
    )


def arcs(records: Records, policy: WishesPolicy) -> tuple[Ints, Ints]:
    """Return the pairs (k, 2) of member and wish that may be made, in order, and their whole metres."""
    wishes: Any = records["wishes"]
    members: Any = records["members"]
    team_of = {county.id: county.team_id for county in records.get("counties", ())}  # type: ignore[attr-defined]
    kinds = sorted({wish.category for wish in wishes if wish.category})
    takes = np.array([[not m.categories or kind in m.categories for kind in [*kinds, None]] for m in members], bool)
    kind = np.array([kinds.index(wish.category) if wish.category else len(kinds) for wish in wishes], np.int64)
    left = np.array([_days_left(wish, policy.day) for wish in wishes], np.int64)
    days = np.array([member.days for member in members], np.int64)
    asked = [team_of.get(wish.county_id) for wish in wishes]
    found = []
    for team in sorted({one or "" for one in asked}):
        mine = np.array([n for n, one in enumerate(asked) if (one or "") == team], np.int64)
        who = np.array([n for n, m in enumerate(members) if not team or m.team_id == team], np.int64)
        may = takes[np.ix_(who, kind[mine])] & (left[mine] >= days[who][:, None])
        at = np.argwhere(may)
        found.append(np.column_stack([who[at[:, 0]], mine[at[:, 1]]]))
    pairs = np.concatenate(found) if found else np.zeros((0, 2), np.int64)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    before = {(each.member_id, each.child) for each in records.get("granted", ())}  # type: ignore[attr-defined]
    if before:
        new = [(members[j].id, wishes[i].child) not in before for j, i in pairs.tolist()]
        pairs = pairs[np.array(new, bool)]
    metres = metres_of(members, wishes, pairs)
    near = np.ones(len(pairs), bool) if policy.max_km is None else metres <= 1000 * policy.max_km
    return pairs[near], metres[near]


def _days_left(wish: Wish, day: str | None) -> int:
    """Return the days until a wish is due, below 0 if it is not open on `day`."""
    if day is None:
        return 1 << 40
    if wish.posted is not None and wish.posted > day:
        return -1
    return 1 << 40 if wish.deadline is None else day_number(wish.deadline) - day_number(day)


def _waited(wishes: Any, day: str | None) -> Ints:
    """Return the days that each wish has waited, (R,)."""
    latest = max((wish.posted for wish in wishes if wish.posted), default=None) if day is None else day
    waits = [day_number(latest) - day_number(wish.posted) if latest and wish.posted else 0 for wish in wishes]
    return np.maximum(0, np.array(waits, np.int64))


def _limits(members: Any, wishes: Any, pairs: Ints, cents: Ints) -> dict[str, Any]:
    """Return the bounds of members: counts where these say it all, else sizes against budgets, and counts beside."""
    start = np.searchsorted(pairs[:, 0], np.arange(len(members) + 1))
    most = np.array([member.most for member in members], np.int64)
    room = np.zeros(len(members), np.int64)
    binds = np.zeros(len(members), bool)
    for j, member in enumerate(members):
        costs = np.sort(cents[pairs[start[j] : start[j + 1], 1]])
        room[j] = costs.sum()
        most[j] = min(most[j], len(costs))
        if member.budget is not None:
            money = round(100 * member.budget)
            fit = int(np.searchsorted(np.cumsum(costs), money, side="right"))
            most[j] = min(most[j], fit)
            binds[j] = costs[::-1][: most[j]].sum() > money
            room[j] = money if binds[j] else room[j]
    fields: dict[str, Any] = {"capacity": most}
    if binds.any():
        fields = {"capacity": room, "size": cents, "most_pairs": most}
    wanted = Counter(wish.child for wish in wishes)
    label = {child: n for n, child in enumerate(sorted(child for child, count in wanted.items() if count > 1))}
    labels = np.array([label.get(wish.child, -1) for wish in wishes], np.int64)
    met = np.column_stack([pairs[:, 0], labels[pairs[:, 1]]])[labels[pairs[:, 1]] >= 0]
    if len(np.unique(met, axis=0)) < len(met):
        fields["apart"] = labels
    return fields


def metrics(records: Records, policy: WishesPolicy, matching: Matching) -> Mapping[str, Metric]:
    """Return the numbers of a plan; kilometres are those of a wish."""
    wishes: Any = records["wishes"]
    if not matching.has_pairs:
        return {"wishes": len(wishes)}
    pairs = matching.pairs
    known = numbers.served(records["members"], wishes, pairs)
    return {
        "wishes": len(wishes),
        "wishes_granted": len(pairs),
        "share_granted": len(pairs) / max(1, len(wishes)),
        "members_giving": len(np.unique(pairs[:, 0])),
        "spent": float(sum(wishes[i].cost for i in pairs[:, 1].tolist())),
        **{name: value for name, value in known.items() if name.startswith("km_")},
        "least_county_share": known["least_county_share"],
    }


def team_instance(records: Records) -> Instance:
    """Return teams and counties as an instance of the county pairing: `matcher.solve` pairs them."""
    teams: Any = records["teams"]
    counties: Any = records["counties"]
    places = [{"id": c.id, "name": c.name, "lat": c.lat, "lon": c.lon, "children": c.children or 0} for c in counties]
    sides = [{"id": t.id, "name": t.name, "lat": t.lat, "lon": t.lon, "capacity": (0, t.capacity)} for t in teams]
    return Instance(
        organizations=[Organization(**side) for side in sides], counties=[County(**place) for place in places]
    )


def with_teams(records: Records, pairings: Any) -> Records:
    """Return the tables with the team of each county as a frame of county_id and organization_id has it."""
    team_of = dict(zip(pairings["county_id"], pairings["organization_id"], strict=True))
    counties = [c.model_copy(update={"team_id": team_of.get(c.id)}) for c in records["counties"]]  # type: ignore[attr-defined]
    return SCHEMA.from_records({**records, "counties": counties})


def renewed(old: Any, records: Records) -> Records:
    """Return the tables without wishes that a plan granted, its grants among those of before."""
    pairs = [(old.providers[j].id, old.recipients[i]) for j, i in old.matching.pairs.tolist()]
    done, here = {wish.id for _, wish in pairs}, {member.sort_key()[0] for member in records["members"]}
    known = {row.sort_key(): row for row in (*old.records["granted"], *records["granted"])}
    known |= {(member, wish.child): Granted(member_id=member, child=wish.child) for member, wish in pairs}
    granted = tuple(row for row in known.values() if row.sort_key()[0] in here)
    wishes = tuple(wish for wish in records["wishes"] if wish.id not in done)  # type: ignore[attr-defined]
    return {**records, "wishes": wishes, "granted": granted}


WISHES: Final = Programme(
    "wishes", SCHEMA, WishesPolicy, "members", "wishes", _UNITS, market, metrics, example, renewed=renewed
)
