"""Small two-level instances with two or three unusual features at once, and the best of all their plans.

The oracle lists every plan from records and policy, with travel times and blocking pairs by their definitions; it
shares nothing with the package but the distance of two points.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

from enumeration import Enumeration
from small_cases import random_instance, random_policy

import matcher
from matcher.policy.objectives import BANDED, COVERAGE, MORE_IS_BETTER, NAMES

Fields = dict[str, Any]
_TABLES = {"county": ("organizations", "counties"), "school": ("branches", "schools")}
#: more subsets of school pairs would take the oracle longer than the rest of the case
_MOST_PAIRS = 9


class Unusual(Enumeration):
    """Every plan by definition; travel may be in minutes, and blocking pairs may be limited."""

    def __init__(self, instance: matcher.Instance, policy: matcher.Policy):
        self.minutes = {(t.level, t.origin_id, t.destination_id): t.minutes for t in instance.travel_times}
        self.lists: dict[tuple[str, str, str], dict[str, int]] = {}
        for row in instance.preferences:
            self.lists.setdefault((row.level, row.side, row.id), {})[row.choice_id] = row.rank
        super().__init__(instance, policy)

    @staticmethod
    def level_of(provider: Any) -> str:
        return "county" if isinstance(provider, matcher.Organization) else "school"

    def seconds(self, p: Any, r: Any) -> float:
        listed = self.minutes.get((self.level_of(p), p.id, r.id))
        if listed is not None:
            return round(listed * 60)
        if self.policy.speed_kmh is None:
            return math.inf
        return round(self.metres(p, r) * (self.policy.detour_factor * 3.6 / self.policy.speed_kmh))

    def cost(self, p: Any, r: Any) -> int:
        if self.unit(self.level_of(p)) == "km":
            return self.metres(p, r)
        return int(self.seconds(p, r))

    def may(self, level: str, p: Any, r: Any) -> bool:
        if self.unit(level) == "min" and math.isinf(self.seconds(p, r)):
            return False
        if self.policy.stability in ("require", "limit", "tolerance") and not self.both_accept(level, p, r):
            return False
        return super().may(level, p, r)

    # --- blocking pairs by definition ---------------------------------------------------------------------------------

    def rank(self, level: str, side: str, agent: Any, other: Any, cost: int) -> int | None:
        """What `agent` thinks of a pair, less is better; None: it has a list and the other is not on it."""
        listed = self.lists.get((level, side, agent.id))
        return cost if listed is None else listed.get(other.id)

    def both_accept(self, level: str, p: Any, r: Any) -> bool:
        return self.rank(level, "provider", p, r, 0) is not None and self.rank(level, "recipient", r, p, 0) is not None

    def num_blocking(self, level: str, chosen: Any, together: set[tuple[str, str]]) -> int:
        """How many pairs outside `chosen` both sides would rather be in, by more than the tolerance."""
        slack = self.policy.stability_tolerance(level)
        worst: dict[tuple[int, str], int] = {}
        count: dict[tuple[int, str], int] = {}
        inside = {(p.id, r.id) for p, r in chosen}
        for p, r in chosen:
            cost = self.paid(p, r)
            for side, name, agent, other in ((0, "provider", p, r), (1, "recipient", r, p)):
                rank = self.rank(level, name, agent, other, cost)
                assert rank is not None
                worst[side, agent.id] = max(worst.get((side, agent.id), rank), rank)
                count[side, agent.id] = count.get((side, agent.id), 0) + 1
        found = 0
        for p, r in self.pairs[level]:
            if (p.id, r.id) in inside:
                continue
            if level == "school" and (self.owner[p.id], self.home[r.id]) not in together:
                continue
            cost = self.paid(p, r)
            wishes = 0
            for side, name, agent, other in ((0, "provider", p, r), (1, "recipient", r, p)):
                most = self.bounds(level, side, agent)[1]
                rank = self.rank(level, name, agent, other, cost)
                assert rank is not None
                room = count.get((side, agent.id), 0) < most
                wishes += most > 0 and (room or rank + slack < worst[side, agent.id])
            found += wishes == 2
        return found

    def all_plans(self) -> Any:
        """Every plan that keeps every rule, and the demand of stability."""
        most = {"limit": self.policy.max_blocking_pairs, "require": 0, "tolerance": 0}.get(self.policy.stability)
        if most is None:
            yield from super().all_plans()
            return
        known: dict[int, int] = {}
        for upper, lower in super().all_plans():
            together = {(o.id, c.id) for o, c in upper}
            if id(upper) not in known:
                known[id(upper)] = self.num_blocking("county", upper, together)
            first = known[id(upper)]
            if first <= most and first + self.num_blocking("school", lower, together) <= most:
                yield upper, lower

    @property
    def has_ties(self) -> bool:
        """Whether some agent thinks the same of two pairs."""
        for level, pairs in self.pairs.items():
            seen = set()
            for p, r in pairs:
                cost = self.paid(p, r)
                for name, agent, other in (("provider", p, r), ("recipient", r, p)):
                    key = level, name, agent.id, self.rank(level, name, agent, other, cost)
                    if key in seen:
                        return True
                    seen.add(key)
        return False


# --- the features -----------------------------------------------------------------------------------------------------


def _rows(instance: matcher.Instance, table: str) -> list[Fields]:
    return [row.model_dump() for row in getattr(instance, table)]


def travel_times(rng: random.Random, tables: dict[str, list[Fields]], policy: Fields) -> None:
    """Minutes at one level or both, some pairs not listed, with and without an estimate for those."""
    times = []
    for level, (providers, recipients) in _TABLES.items():
        if rng.random() < 0.7:
            policy[f"{level}_cost"] = "min"
        for p in tables[providers]:
            for r in tables[recipients]:
                if rng.random() < 0.7:
                    minutes = rng.choice([5, 10, 10.5, 20, rng.randint(0, 60)])
                    times.append({"level": level, "origin_id": p["id"], "destination_id": r["id"], "minutes": minutes})
    tables["travel_times"] = times
    if rng.random() < 0.4:
        policy |= {"speed_kmh": rng.choice([30, 60]), "detour_factor": rng.choice([1, 1.3])}
    policy |= {"child_min": rng.choice([None, 1, 10]), "change_cost_min": rng.choice([0, 7])}
    if rng.random() < 0.3:
        policy["max_school_min"] = rng.choice([10, 20])


def minima(rng: random.Random, tables: dict[str, list[Fields]], policy: Fields) -> None:
    """Minima on both sides of both levels, of the table and of the policy."""
    for table, field in (
        ("organizations", "capacity"),
        ("branches", "capacity"),
        ("counties", "demand"),
        ("schools", "demand"),
    ):
        for row in tables[table]:
            most = row[field] if isinstance(row[field], int) else row[field][1]
            if rng.random() < 0.4 and most:
                row[field] = (1, most)
    if rng.random() < 0.2:
        policy[rng.choice(["county_demand", "branch_capacity"])] = (1, 2)


def ties(rng: random.Random, tables: dict[str, list[Fields]], policy: Fields) -> None:
    """Two places for everybody: most distances are equal, many are 0."""
    places = [(30.0, 105.0), (30.0, 105.0 + rng.choice([0.1, 0.3]))]
    for table in ("organizations", "branches", "counties", "schools"):
        for row in tables[table]:
            row["lat"], row["lon"] = rng.choice(places)


def empty_groups(rng: random.Random, tables: dict[str, list[Fields]], policy: Fields) -> None:
    """Floors by groups in which nobody is counted: no children, no demand, a province of organisations only."""
    tables["organizations"][0]["province"] = "丙省"
    for row in tables["schools"]:
        row["extras"] = {"key": rng.choice(["yes", "no", "none"])}
        if row["extras"]["key"] == "none":
            row |= {"children": 0} if rng.random() < 0.5 else {"demand": (0, 0)}
    floor = {"kind": "floor", "count": rng.choice(["children", "recipients"]), "percent": rng.choice([10, 50])}
    level = rng.choice(["county", "school"])
    by = rng.choice(["province", "key"] if level == "school" else ["province"])
    policy["rules"] = [*policy["rules"], {**floor, "level": level, "by": by}]


def preferences(rng: random.Random, tables: dict[str, list[Fields]], policy: Fields) -> None:
    """Ranks with ties for some, cost for others."""
    rows = []
    for level, sides in _TABLES.items():
        for position, side in enumerate(("provider", "recipient")):
            for agent in tables[sides[position]]:
                if rng.random() < 0.4:
                    rows += [
                        {"level": level, "side": side, "id": agent["id"], "choice_id": other["id"], "rank": rank}
                        for other in tables[sides[1 - position]]
                        if rng.random() < 0.9
                        for rank in [rng.randint(1, 3)]
                    ]
    tables["preferences"] = rows


def stability(rng: random.Random, tables: dict[str, list[Fields]], policy: Fields) -> None:
    """One of the demands of stability, beside whatever rules there are."""
    policy["stability"] = rng.choice(["require", "require", "limit", "tolerance"])
    if policy["stability"] == "tolerance":
        policy |= {"stability_km": rng.choice([0, 5, 20]), "stability_min": rng.choice([0, 5])}
    if policy["stability"] == "limit":
        policy["max_blocking_pairs"] = rng.randint(0, 3)


def several_pairs(rng: random.Random, tables: dict[str, list[Fields]], policy: Fields) -> None:
    """A rule over several pairs at once."""
    policy["rules"] = [
        *policy["rules"],
        rng.choice(
            [
                {"kind": "load", "table": "organizations", "most": rng.randint(1, 2)},
                {"kind": "load", "table": "organizations", "count": "children", "most": rng.randint(5, 15)},
                {"kind": "floor", "level": "school", "by": "all", "count": "children", "percent": rng.choice([30, 60])},
                {"kind": "children_per_volunteer", "most": rng.choice([1.5, 4])},
                {"kind": "max_changes", "level": rng.choice(["county", "school"]), "most": rng.randint(0, 2)},
            ]
        ),
    ]


def wishes(rng: random.Random, tables: dict[str, list[Fields]], policy: Fields) -> None:
    """Who is preferred, and a row over several pairs that may be broken; rates in either unit."""
    level = rng.choice(["county", "school"])
    rate = {"km": rng.choice([0.5, 3, 12, 40]), "min": rng.choice([0.5, 4, 30])}
    providers = tables[_TABLES[level][0]]
    some = {"ids": [row["id"] for row in rng.sample(providers, min(2, len(providers)))]}
    possible: list[Fields] = [
        {"kind": "prefer", "level": level, "within": "province", **rate},
        {"kind": "prefer", "level": level, "provider": some, **rate},
        {"kind": "partners", "level": "school", "by": rng.choice(["county", "all"]), **rate},
        {"kind": "partners", "level": level, "provider": some, **rng.choice([{}, rate])},
        {"kind": "kind_balance", "most": rng.randint(0, 1), **rate},
    ]
    policy["rules"] = [*policy["rules"], *rng.sample(possible, rng.choice([1, 1, 2]))]
    if "objectives" in policy:  # which pay the rates
        names = {each if isinstance(each, str) else each["name"] for each in policy["objectives"]}
        policy["objectives"] += [name for name in ("county_travel", "convenience") if name not in names]


def objectives(rng: random.Random, tables: dict[str, list[Fields]], policy: Fields) -> None:
    """All objectives there are, or many, in any order, with caps, slack and places that count."""
    names = rng.sample(NAMES, rng.choice([len(NAMES), len(NAMES), 6]))
    found: list[Fields] = []
    for name in names:
        each: Fields = {"name": name}
        if name in BANDED:
            minutes = policy.get(f"{name.split('_')[1]}_cost") == "min"
            each["band_min" if minutes else "band_km"] = rng.choice([15, 30])
        elif rng.random() < 0.2:
            each["slack_percent"] = rng.choice([5, 30])
        if name in COVERAGE and rng.random() < 0.2 and name.endswith("schools"):
            each["where"] = {"where": {"key": "yes"}}
        if rng.random() < 0.08 and name not in BANDED:
            each["at_least" if name in MORE_IS_BETTER else "at_most"] = rng.choice([1, 2, 40])
        found.append(each)
    policy["objectives"] = found


FEATURES: tuple[Callable[[random.Random, dict[str, list[Fields]], Fields], None], ...] = (
    travel_times,
    minima,
    ties,
    empty_groups,
    preferences,
    stability,
    several_pairs,
    objectives,
)


def unusual(seed: int) -> tuple[matcher.Instance, matcher.Policy] | None:
    """A small instance with two or three of the features; None if it would take the oracle too long."""
    rng = random.Random(f"unusual {seed}")
    instance, plain = random_instance(rng), random_policy(rng)
    if len(instance.branches) * len(instance.schools) > _MOST_PAIRS:
        return None
    tables = {name: _rows(instance, name) for pair in _TABLES.values() for name in pair}
    tables |= {"previous": _rows(instance, "previous"), "locks": _rows(instance, "locks")}
    if rng.random() < 0.5:
        plain = matcher.Policy(objectives=plain.objectives)
    policy = plain.model_dump(mode="json", exclude_defaults=True)
    policy.setdefault("rules", [])
    chosen = rng.sample(range(len(FEATURES)), rng.choice([2, 2, 3]))
    for position in sorted(chosen):  # orders come last: they must know what travel is counted in
        FEATURES[position](rng, tables, policy)
    if seed % 3 == 2:  # beside any of the features; cases of other seeds stay what they were
        wishes(random.Random(f"wishes {seed}"), tables, policy)
    _in_own_unit(policy)
    if policy.get("stability") == "tolerance":
        tables.pop("preferences", None)
    return matcher.Instance(**tables), matcher.Policy(**policy)


def _in_own_unit(policy: Fields) -> None:
    """Give bands in minutes where travel is counted in minutes."""
    for level in _TABLES:
        if policy.get(f"{level}_cost") != "min":
            continue
        for each in policy.get("objectives", ()):
            if not isinstance(each, str) and each["name"] == f"fair_{level}_travel" and each.get("band_km") is not None:
                each["band_min"] = each.pop("band_km")
