"""The best plans of a small two-level instance, by enumeration of every plan.

The enumeration reads records and policy, and shares with the package nothing but the distance of two points.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

import matcher
from matcher.base.result import Level
from matcher.geo import pair_m

#: how objectives begin that are better the larger they are
MORE = ("cover", "count_", "fill", "keep", "skills")


class Enumeration:
    """Every plan of a small instance that keeps the bounds, pins and rules, with the value of each objective."""

    def __init__(self, instance: matcher.Instance, policy: matcher.Policy):
        self.instance, self.policy = instance, policy
        self.known: dict[tuple[float, ...], int] = {}
        self.owner = {branch.id: branch.organization_id for branch in instance.branches}
        self.home = {school.id: school.county_id for school in instance.schools}
        self.last = {
            level: {(p.provider_id, p.recipient_id) for p in instance.previous if p.level == level}
            for level in ("county", "school")
        }
        self.tables = {
            "county": (instance.organizations, instance.counties),
            "school": (instance.branches, instance.schools),
        }
        self.pairs = {
            level: [(p, r) for p in providers for r in recipients if self.may(level, p, r)]
            for level, (providers, recipients) in self.tables.items()
        }
        self.plans = {level: self.subsets(level) for level in self.tables}

    def unit(self, level: str) -> str:
        """What travel of a level is counted in, as the fields of a policy end."""
        return getattr(self.policy, f"{level}_cost")

    def exact(self, level: str, amount: float) -> int:
        """So many km in metres, or minutes in seconds."""
        return round(amount * (1000 if self.unit(level) == "km" else 60))

    def rate(self, rule: Any, level: str) -> int:
        """What a wish costs where it is not met; nothing for one that is hard."""
        return self.exact(level, getattr(rule, self.unit(level)) or 0)

    def cost(self, p: Any, r: Any) -> int:
        return self.metres(p, r)

    def seconds(self, p: Any, r: Any) -> float:
        """Travel time; infinite where none is known."""
        return math.inf

    def too_far(self, limits: Any, name: str, p: Any, r: Any) -> bool:
        """Whether a pair is beyond the reach of a policy or a rule, in km or in minutes."""
        km, minutes = getattr(limits, f"{name}_km"), getattr(limits, f"{name}_min")
        if km is not None and self.metres(p, r) > round(km * 1000):
            return True
        return minutes is not None and self.seconds(p, r) > round(minutes * 60)

    def metres(self, p: Any, r: Any) -> int:
        key = p.lat, p.lon, r.lat, r.lon
        if key not in self.known:
            self.known[key] = int(pair_m(*key))
        return self.known[key]

    def paid(self, p: Any, r: Any) -> int:
        """The cost of a pair with what it counts farther because it is outside a preference."""
        level = "county" if hasattr(r, "province") else "school"
        total = self.cost(p, r)
        for rule in self.policy.rules:
            if rule.kind == "prefer" and rule.level == level and self.chosen(rule.recipient, r):
                home = self.province(p), self.province(r)
                same = rule.within is None or (home[0] == home[1] and home[0] is not None)
                total += 0 if self.chosen(rule.provider, p) and same else self.rate(rule, level)
        return total

    def bounds(self, level: str, side: int, entity: Any) -> tuple[int, int]:
        field = {
            ("county", 0): "organization_capacity",
            ("county", 1): "county_demand",
            ("school", 0): "branch_capacity",
            ("school", 1): "school_demand",
        }[level, side]
        override = getattr(self.policy, field)
        return override if override is not None else (entity.capacity if side == 0 else entity.demand)

    def chosen(self, selector: Any, entity: Any) -> bool:
        if selector.ids is not None and entity.id not in selector.ids:
            return False
        if selector.kinds is not None and getattr(entity, "kind", None) not in selector.kinds:
            return False
        return all(self.meets(entity, column, value) for column, value in (selector.where or {}).items())

    def meets(self, entity: Any, column: str, value: str) -> bool:
        """Whether a row has the value, or a number that compares so."""
        if value.startswith(">="):
            own = getattr(entity, column) if column == "children" else float(entity.extras[column])
            return bool(own >= float(value[2:]))
        return bool(entity.extras.get(column) == value)

    def may(self, level: str, p: Any, r: Any) -> bool:
        """Whether every rule allows the pair (the county pair of a school pair is looked at with the plan)."""
        if self.too_far(self.policy, f"max_{level}", p, r):
            return False
        if any(
            (lock.level, lock.provider_id, lock.recipient_id, lock.kind) == (level, p.id, r.id, "forbid")
            for lock in self.instance.locks
        ):
            return False
        for rule in self.policy.rules:
            if rule.kind == "reach" and not rule.beyond and rule.level == level and self.too_far(rule, "max", p, r):
                return False
            if rule.kind == "within" and level == "county" and p.province != r.province:
                return False
            if (
                rule.kind == "forbid"
                and rule.level == level
                and self.chosen(rule.provider, p)
                and self.chosen(rule.recipient, r)
            ):
                return False
            if rule.kind == "skills" and level == "school" and r.needs:
                met = set(r.needs) & set(p.skills)
                if (rule.meet == "all" and len(met) < len(r.needs)) or not met:
                    return False
            if (
                rule.kind == "wanted_kind"
                and rule.least is None
                and level == "county"
                and self.chosen(rule.of, r)
                and p.kind not in rule.kinds
            ):
                return False
        return True

    def subsets(self, level: str) -> list[tuple[tuple[Any, Any], ...]]:
        """Every set of pairs of one level that keeps the bounds of both sides and has the pins."""
        pairs = self.pairs[level]
        providers, recipients = self.tables[level]
        bits = np.array(list(itertools.product([0, 1], repeat=len(pairs))), dtype=np.int8).reshape(2 ** len(pairs), -1)
        good = np.ones(len(bits), dtype=bool)
        for side, entities in enumerate((providers, recipients)):
            for entity in entities:
                low, high = self.bounds(level, side, entity)
                count = bits[:, [k for k, pair in enumerate(pairs) if pair[side].id == entity.id]].sum(axis=1)
                good &= (low <= count) & (count <= high)
        for lock in self.instance.locks:
            if lock.level == level and lock.kind == "pin":
                at = [k for k, (p, r) in enumerate(pairs) if (p.id, r.id) == (lock.provider_id, lock.recipient_id)]
                good &= bits[:, at[0]] == 1 if at else False
        return [tuple(pairs[k] for k in np.flatnonzero(row)) for row in bits[good]]

    def all_plans(self) -> Any:
        """Yield (county pairs, school pairs) of every plan that keeps every rule."""
        below = [(plan, {(self.owner[b.id], self.home[s.id]) for b, s in plan}) for plan in self.plans["school"]]
        for upper in self.plans["county"]:
            together = {(o.id, c.id) for o, c in upper}
            for lower, needed in below:
                if needed <= together and all(self.keeps(rule, upper, lower, together) for rule in self.policy.rules):
                    yield upper, lower

    def wanting(self, level: str) -> list[Any]:
        return [r for r in self.tables[level][1] if self.bounds(level, 1, r)[1] > 0]

    def share(self, school: Any) -> int:
        return math.ceil(school.children / max(1, self.bounds("school", 1, school)[1]))

    def province(self, entity: Any) -> str:
        if hasattr(entity, "province"):
            return str(entity.province)
        whose = self.instance.counties if hasattr(entity, "county_id") else self.instance.organizations
        parent = entity.county_id if hasattr(entity, "county_id") else entity.organization_id
        return next(str(each.province) for each in whose if each.id == parent)

    def excess(self, rule: Any, upper: Any, lower: Any) -> int:
        """By how many units a plan breaks a wish about several pairs."""
        total = 0
        if rule.kind == "partners":
            groups: dict[str, set[str]] = {}
            for p, r in upper if rule.level == "county" else lower:
                if self.chosen(rule.provider, p) and self.chosen(rule.recipient, r):
                    county = getattr(r, "county_id", r.id)
                    named = {"all": "all", "province": self.province(r), "county": county}
                    name = named[rule.by] if rule.by in named else r.extras.get(rule.by)
                    if name:
                        groups.setdefault(name, set()).add(p.id)
            return sum(max(0, len(found) - rule.most) for found in groups.values())
        kinds = rule.kinds or {o.kind for o in self.instance.organizations} - {None}
        counties = [c for c in self.instance.counties if self.chosen(rule.of, c)]
        if rule.by == "neighbours":
            near = {
                frozenset(d.id for d in self.instance.counties if self.cost(c, d) <= rule.near_km * 1000)
                for c in self.instance.counties
            }
        else:
            near = {frozenset(d.id for d in counties if d.province == c.province) for c in counties}
        meant = {c.id for c in counties}
        for group in near:
            count = {k: sum(o.kind == k and c.id in group & meant for o, c in upper) for k in kinds}
            total += sum(max(0, count[k] - count[other] - rule.most) for k in kinds for other in kinds)
        return total

    def wishes(self, level: str, upper: Any, lower: Any) -> int:
        """What a plan pays for the wishes of a level about several pairs."""
        return sum(
            self.rate(rule, level) * self.excess(rule, upper, lower)
            for rule in self.policy.rules
            if rule.kind in ("partners", "kind_balance") and getattr(rule, "level", "county") == level
        )

    def keeps(self, rule: Any, upper: Any, lower: Any, together: set[tuple[str, str]]) -> bool:
        if rule.kind == "reach" and rule.beyond:
            return (
                sum(self.too_far(rule, "max", *pair) for pair in (upper if rule.level == "county" else lower))
                <= rule.beyond
            )
        if rule.kind in ("partners", "kind_balance") and not (rule.km or rule.min):
            return not self.excess(rule, upper, lower)
        if rule.kind == "floor":
            return self.keeps_floor(rule, upper if rule.level == "county" else lower)
        if rule.kind == "load":
            for entity in self.instance.branches if rule.table == "branches" else self.instance.organizations:
                if not self.chosen(rule.of, entity):
                    continue
                mine = [
                    s for b, s in lower if entity.id in ((b.id,) if rule.table == "branches" else (b.organization_id,))
                ]
                load = len(mine) if rule.count == "schools" else sum(self.share(s) for s in mine)
                if (rule.least is not None and load < rule.least) or (rule.most is not None and load > rule.most):
                    return False
        if rule.kind == "children_per_volunteer":
            for branch in self.instance.branches:
                load = sum(self.share(s) for b, s in lower if b.id == branch.id)
                if branch.volunteers is not None and load > rule.most * branch.volunteers:
                    return False
        if rule.kind == "wanted_kind" and rule.least is not None:
            for county in self.instance.counties:
                if (
                    self.chosen(rule.of, county)
                    and sum(c.id == county.id and o.kind in rule.kinds for o, c in upper) < rule.least
                ):
                    return False
        if rule.kind == "max_changes":
            kept = {(p.id, r.id) for p, r in (upper if rule.level == "county" else lower)}
            still = {
                (p.id, r.id)
                for p, r in self.pairs[rule.level]
                if self.bounds(rule.level, 0, p)[1] and self.bounds(rule.level, 1, r)[1]
            } & self.last[rule.level]
            if rule.level == "school":
                still = {(b, s) for b, s in still if (self.owner[b], self.home[s]) in together}
            return len(still - kept) <= rule.most
        return True

    def keeps_floor(self, rule: Any, pairs: Any) -> bool:
        covered = {r.id for _, r in pairs}
        groups: dict[str, list[Any]] = {}
        for entity in self.wanting(rule.level):
            name = {
                "all": "all",
                "province": self.province(entity),
                "county": getattr(entity, "county_id", entity.id),
            }.get(rule.by)
            name = entity.extras.get(rule.by) if name is None else name
            if name is not None:
                groups.setdefault(name, []).append(entity)
        for members in groups.values():
            weight = (lambda e: e.children) if rule.count == "children" else (lambda e: 1)
            if not any(map(weight, members)):
                continue  # a group in which nobody is counted binds nothing
            least = max(rule.number, rule.percent * sum(map(weight, members)) / 100)
            if sum(weight(e) for e in members if e.id in covered) < least - 1e-9:
                return False
        return True

    def value(self, objective: Any, upper: Any, lower: Any) -> int | tuple[int, ...]:
        """Return the number that the planner reads; for fair travel how many pairs are in each band."""
        name, where = objective.name, objective.where
        if name.startswith(("cover_", "count_")):
            level = "county" if name.endswith("counties") else "school"
            covered = {r.id for _, r in (upper if level == "county" else lower)}
            count = [r for r in self.wanting(level) if r.id in covered and (where is None or self.chosen(where, r))]
            return sum(r.children for r in count) if name.startswith("cover_") else len(count)
        if name == "fill_counties":
            return len(upper)
        if name == "fill":
            return len(lower)
        if name.startswith("keep"):
            level, pairs = ("county", upper) if name == "keep_counties" else ("school", lower)
            return sum((p.id, r.id) in self.last[level] for p, r in pairs)
        if name in ("county_travel", "school_travel"):
            total = sum(self.paid(p, r) for p, r in (upper if name == "county_travel" else lower))
            return total + self.wishes(name.split("_")[0], upper, lower)
        if name.startswith("worst"):
            return max((self.paid(p, r) for p, r in (upper if "county" in name else lower)), default=0)
        if name == "balance":
            return sum(sum(b.id == branch.id for b, _ in lower) ** 2 for branch in self.instance.branches)
        if name == "skills":
            return sum(len(set(b.skills) & set(s.needs)) for b, s in lower)
        if name == "fewest_organizations":
            return len({o.id for o, _ in upper})
        if name.startswith("fair"):
            level = "county" if "county" in name else "school"
            width = self.exact(level, getattr(objective, f"band_{self.unit(level)}"))
            bands = [self.paid(p, r) // width for p, r in (upper if level == "county" else lower)]
            return tuple(bands.count(band) for band in range(9, 0, -1))
        assert name == "convenience"
        total = sum(self.paid(p, r) for p, r in lower) + self.wishes("school", upper, lower)
        unit = self.unit("school")
        if (child := getattr(self.policy, f"child_{unit}")) is not None:
            for school in self.instance.schools:
                places = self.bounds("school", 1, school)[1]
                rate = self.exact("school", child) * school.children
                for rule in self.policy.rules:
                    if rule.kind == "priority" and self.chosen(rule.of, school):
                        rate = round(rate * rule.factor)
                if places:
                    empty = places - sum(s.id == school.id for _, s in lower)
                    total += empty * math.floor(rate / places + 0.5)
        kept = sum((b.id, s.id) in self.last["school"] for b, s in lower)
        change = self.exact("school", getattr(self.policy, f"change_cost_{unit}"))
        return total + change * (len(self.last["school"]) - kept)

    def objectives(self) -> list[Any]:
        """The objectives in order, with the coverage that stands before convenience where there is no child rate."""
        listed = list(self.policy.objectives)
        names = [each.name for each in listed]
        told = [each.name for each in listed if each.where is None]
        if (
            getattr(self.policy, f"child_{self.unit('school')}") is None
            and "convenience" in names
            and not {"cover_schools", "count_schools"} & set(told)
        ):
            listed.insert(names.index("convenience"), type(listed[0])(name="cover_schools"))
        return listed

    def best(self) -> list[tuple[Any, Any]] | None:
        """Return for each objective its best value among the best for those before, and the worst it may become.

        None if there is no plan at all.
        """
        objectives = self.objectives()
        signs = [-1 if each.name.startswith(MORE) else 1 for each in objectives]
        table = [[self.value(each, upper, lower) for each in objectives] for upper, lower in self.all_plans()]
        for position, each in enumerate(objectives):
            if each.at_most is not None:
                travels = "travel" in each.name or each.name == "convenience"
                scale = self.exact("county" if "county" in each.name else "school", 1) if travels else 1
                table = [row for row in table if row[position] <= each.at_most * scale + 1e-6]
            if each.at_least is not None:
                table = [row for row in table if row[position] >= each.at_least]
        if not table:
            return None
        found: list[tuple[Any, Any]] = []
        for position, each in enumerate(objectives):
            best = min(
                (row[position] for row in table), key=lambda v, s=signs[position]: v if isinstance(v, tuple) else s * v
            )
            limit = best
            if each.slack_percent:
                limit = best + signs[position] * math.floor(abs(best) * each.slack_percent / 100 + 1e-9)
            sign = signs[position]
            table = [
                row
                for row in table
                if (row[position] == best if isinstance(best, tuple) else sign * row[position] <= sign * limit)
            ]
            found.append((best, limit))
        return found


def agree(oracle: Enumeration, best: list[tuple[Any, Any]], levels: Sequence[Level], seed: object) -> None:
    """Hold the levels of a plan against the best values, one by one."""
    left = list(levels)
    for (value, limit), objective in zip(best, oracle.objectives(), strict=True):
        if isinstance(value, tuple):  # fair travel: each level counts the pairs in its band or beyond
            width = len(value)
            mine = [level for level in left if level.name.startswith(f"{objective.name}>=")]
            left = [level for level in left if level not in mine]
            counts = [level.value for level in mine]
            cumulative = [sum(value[: position + 1]) for position in range(width)][width - len(mine) :]
            assert counts == cumulative, (seed, counts, cumulative)
            assert all(level.gap == 0 for level in mine)
            continue
        level = left.pop(0)
        assert level.bound == value, (seed, level, value)
        better = -1 if objective.name.startswith(MORE) else 1
        assert level.value is not None
        assert better * value <= better * level.value <= better * limit, (seed, level)
    assert not left
