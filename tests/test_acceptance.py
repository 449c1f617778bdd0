"""`solve` against an oracle that shares no code with the package: every plan of a tiny instance, listed and compared.

The definitions are read again here from the records alone: kilometres by geopy, levels as sums over id pairs, rules as
plain conditions. Every objective concerns one of the two levels of pairing only, so the best school pairing is kept
for each set of county pairs that it needs, and every county pairing is then tried with all it makes possible.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from typing import Any

import pytest
from draws import few
from geopy.distance import geodesic

import matcher

NUM_CASES = 150
PARTS = 12
COUNTY_NAMES = ("cover_counties", "count_counties", "fill_counties", "keep_counties", "county_travel")
SCHOOL_NAMES = ("cover_schools", "count_schools", "fill", "keep_schools", "convenience", "school_travel")
RARE_NAMES = ("worst_county_travel", "worst_school_travel", "balance", "skills", "fewest_organizations")
MOST_WANTED = {*COUNTY_NAMES[:4], *SCHOOL_NAMES[:4], "skills"}

Pair = tuple[str, str]
Vector = tuple[int, ...]


def _random_tables(rng: random.Random) -> dict[str, list[dict[str, Any]]]:
    """Tiny tables on a grid, so that equal distances and zero distances are common."""
    provinces = ["甲省", "乙省"]

    def place() -> dict[str, float]:
        return {"lat": 26 + rng.randrange(5) * 0.07, "lon": 106 + rng.randrange(5) * 0.09}

    organizations: list[dict[str, Any]] = [
        {"id": f"U{i}", "province": rng.choice(provinces), **place(), "capacity": rng.choice([1, 1, 1, 1, 2, 0])}
        for i in range(rng.randrange(4))
    ]
    counties: list[dict[str, Any]] = [
        {"id": f"C{i}", "province": rng.choice(provinces), **place(), "children": rng.randrange(4) * 50, "demand": 1}
        for i in range(rng.randrange(4))
    ]
    if rng.random() < 0.5:  # one to one, the proven case
        for row in organizations:
            row["capacity"] = min(row["capacity"], 1)
    elif counties:
        rng.choice(counties)["demand"] = rng.choice([2, (1, 2), (1, 1)])
    branches: list[dict[str, Any]] = []
    schools: list[dict[str, Any]] = []
    for i in range(rng.randrange(5) if organizations else 0):
        at = place() if rng.random() < 0.8 else {}
        skills = rng.sample(["a", "b", "c"], rng.randrange(3))
        owner = rng.choice(organizations)["id"]
        capacity = rng.choice([1, 1, 2, 0, (0, 2), (1, 1) if rng.random() < 0.2 else 1])
        branches.append({"id": f"B{i}", "organization_id": owner, **at, "capacity": capacity, "skills": skills})
    for i in range(rng.randrange(5) if counties else 0):
        at = place() if rng.random() < 0.8 else {}
        needs = rng.sample(["a", "b", "c"], rng.randrange(3))
        county = rng.choice(counties)["id"]
        demand = rng.choice([1, 1, 1, 2, 0, (1, 2) if rng.random() < 0.2 else 2])
        row = {"id": f"S{i}", "county_id": county, **at, "demand": demand, "needs": needs}
        schools.append({**row, "children": rng.randrange(40)})
    if rng.random() < 0.1:
        for row in (*counties, *schools):
            del row["children"]
    tables = {"organizations": organizations, "branches": branches, "counties": counties, "schools": schools}
    pairs = {
        "county": [(o["id"], c["id"]) for o in organizations for c in counties],
        "school": [(b["id"], s["id"]) for b in branches for s in schools],
    }
    tables["previous"] = [
        {"level": level, "provider_id": p, "recipient_id": r, "since": rng.choice([None, 2015])}
        for level, all_pairs in pairs.items()
        for p, r in rng.sample(all_pairs, min(len(all_pairs), rng.randrange(4)))
    ]
    tables["locks"] = []
    for level, all_pairs in pairs.items():
        for p, r in rng.sample(all_pairs, min(len(all_pairs), rng.choice([0, 0, 0, 1, 2]))):
            kind = "pin" if rng.random() < 0.3 else "forbid"
            tables["locks"].append({"level": level, "provider_id": p, "recipient_id": r, "kind": kind})
    tables["travel_times"] = [
        {"level": level, "origin_id": p, "destination_id": r, "minutes": rng.randrange(1, 200) / 4}
        for level, all_pairs in pairs.items()
        for p, r in all_pairs
        if rng.random() < 0.8
    ]
    return tables


def _random_policy(rng: random.Random) -> dict[str, Any]:
    policy: dict[str, Any] = {"child_km": rng.choice([None, 1, 10]), "child_min": rng.choice([None, 1, 10])}
    if rng.random() < 0.6:
        names = [*COUNTY_NAMES, *SCHOOL_NAMES, *(RARE_NAMES if rng.random() < 0.4 else ())]
        policy["objectives"] = rng.sample(names, rng.randrange(1, 6))
    for name, values in (
        ("max_county_km", (0, 8.972, 20, 35)),
        ("max_school_km", (0, 8.972, 20, 35)),
        ("within", ("province", ("甲省",), ("甲省", "乙省"))),
        ("school_demand", (1, 2)),
        ("county_demand", (1, 2, (1, 1))),
        ("organization_capacity", (1, 2)),
        ("branch_capacity", (1, (0, 2))),
        ("county_cost", ("min",)),
        ("school_cost", ("min",)),
        ("change_cost_km", (5,)),
    ):
        if rng.random() < 0.15:
            policy[name] = rng.choice(values)
    return policy


class Oracle:
    """The definitions once more, over ids and plain dictionaries."""

    def __init__(self, tables: dict[str, list[dict[str, Any]]], policy: dict[str, Any]):
        self.policy = policy
        self.rows = {name: {row["id"]: row for row in tables[name]} for name in list(tables)[:4]}
        self.previous = {(row["level"], row["provider_id"], row["recipient_id"]) for row in tables["previous"]}
        locks = [(row["kind"], row["level"], row["provider_id"], row["recipient_id"]) for row in tables["locks"]]
        self.pinned = {lock[1:] for lock in locks if lock[0] == "pin"}
        self.forbidden = {lock[1:] for lock in locks if lock[0] == "forbid"}
        self.minutes = {
            (row["level"], row["origin_id"], row["destination_id"]): row["minutes"] for row in tables["travel_times"]
        }
        self.objectives = list(policy.get("objectives", _DEFAULT))
        in_km = policy.get("school_cost", "km") == "km"
        self.rate = policy["child_km"] if in_km else policy["child_min"]
        self.rate_unit = 1000 if in_km else 60
        uncounted = not {"cover_schools", "count_schools"} & set(self.objectives)
        if self.rate is None and uncounted and "convenience" in self.objectives:
            self.objectives.insert(self.objectives.index("convenience"), "cover_schools")

    def bounds(self, table: str, row_id: str) -> tuple[int, int]:
        field, override = {
            "organizations": ("capacity", "organization_capacity"),
            "branches": ("capacity", "branch_capacity"),
            "counties": ("demand", "county_demand"),
            "schools": ("demand", "school_demand"),
        }[table]
        value = self.policy.get(override, self.rows[table][row_id].get(field, 1))
        return value if isinstance(value, tuple) else (0, value)

    def children(self, table: str, row_id: str) -> int:
        missing = 1 if table == "counties" else 100
        children: int = self.rows[table][row_id].get("children", missing)
        return children

    def _point(self, table: str, row_id: str) -> tuple[float, float]:
        row = self.rows[table][row_id]
        if "lat" in row:
            return row["lat"], row["lon"]
        above = {"branches": ("organizations", "organization_id"), "schools": ("counties", "county_id")}[table]
        return self._point(above[0], row[above[1]])

    def metres(self, level: str, pair: Pair) -> int:
        tables = ("organizations", "counties") if level == "county" else ("branches", "schools")
        ends = [self._point(table, row_id) for table, row_id in zip(tables, pair, strict=True)]
        return round(geodesic(*ends).m)

    def cost(self, level: str, pair: Pair) -> int | None:
        """Metres or seconds; None for a pair without a listed time where time is counted."""
        if self.policy.get(f"{level}_cost", "km") == "km":
            return self.metres(level, pair)
        minutes = self.minutes.get((level, *pair))
        return None if minutes is None else round(minutes * 60)

    def allowed(self, level: str, pair: Pair) -> bool:
        limit = self.policy.get(f"max_{level}_km")
        if limit is not None and self.metres(level, pair) > round(limit * 1000):
            return False
        if level == "county" and (within := self.policy.get("within")) is not None:
            home = self.rows["organizations"][pair[0]]["province"]
            there = self.rows["counties"][pair[1]]["province"]
            if (home != there) if within == "province" else (home not in within):
                return False
        return (level, *pair) not in self.forbidden and self.cost(level, pair) is not None

    def pairings(self, level: str) -> list[frozenset[Pair]]:
        """Every set of pairs of `level` that keeps bounds, pins and what is allowed (county pairing not looked at)."""
        tables = ("organizations", "counties") if level == "county" else ("branches", "schools")
        providers, recipients = (sorted(self.rows[table]) for table in tables)
        pinned = {pair[1:] for pair in self.pinned if pair[0] == level}
        found: list[frozenset[Pair]] = []

        def extend(at: int, chosen: tuple[Pair, ...], load: Counter[str]) -> None:
            if at == len(recipients):
                enough = all(load[p] >= self.bounds(tables[0], p)[0] for p in providers)
                if enough and pinned <= set(chosen):
                    found.append(frozenset(chosen))
                return
            least, most = self.bounds(tables[1], recipients[at])
            free = [
                p
                for p in providers
                if load[p] < self.bounds(tables[0], p)[1] and self.allowed(level, (p, recipients[at]))
            ]
            for size in range(least, min(most, len(free)) + 1):
                for some in itertools.combinations(free, size):
                    extend(at + 1, (*chosen, *((p, recipients[at]) for p in some)), load + Counter(some))

        extend(0, (), Counter())
        return found

    def county_pair(self, pair: Pair) -> Pair:
        """The county pair that a school pair needs."""
        return self.rows["branches"][pair[0]]["organization_id"], self.rows["schools"][pair[1]]["county_id"]

    def shown(self, name: str, county: frozenset[Pair], school: frozenset[Pair]) -> int:
        """The number a planner reads for one objective."""
        costs = {level: [self.cost(level, p) or 0 for p in pairs] for level, pairs in _both(county, school)}
        if name.startswith(("cover_", "count_")):
            table, pairs = ("counties", county) if name.endswith("counties") else ("schools", school)
            covered = {recipient for _, recipient in pairs}
            return sum(self.children(table, r) for r in covered) if name.startswith("cover_") else len(covered)
        if name.startswith("fill"):
            return len(county if name == "fill_counties" else school)
        if name.startswith("keep"):
            level, pairs = ("county", county) if name == "keep_counties" else ("school", school)
            return sum((level, *pair) in self.previous for pair in pairs)
        if name.startswith("worst"):
            return max(costs["county" if "county" in name else "school"], default=0)
        if name.endswith("travel"):
            return sum(costs["county" if "county" in name else "school"])
        if name == "balance":
            return sum(load**2 for load in Counter(branch for branch, _ in school).values())
        if name == "skills":
            branches, schools = self.rows["branches"], self.rows["schools"]
            return sum(len(set(branches[b]["skills"]) & set(schools[s]["needs"])) for b, s in school)
        if name == "fewest_organizations":
            return len({organization for organization, _ in county})
        assert name == "convenience"
        total = sum(costs["school"])
        for school_id in self.rows["schools"]:
            most = self.bounds("schools", school_id)[1]
            empty = most - sum(s == school_id for _, s in school)
            if most and self.rate is not None:
                charge = self.rate * self.rate_unit * self.children("schools", school_id)
                assert charge % most == 0
                total += charge // most * empty
        if self.policy.get("school_cost", "km") == "km":
            old = {pair[1:] for pair in self.previous if pair[0] == "school"}
            total += self.policy.get("change_cost_km", 0) * 1000 * len(old - school)
        return total

    def vector(self, county: frozenset[Pair], school: frozenset[Pair]) -> Vector:
        """Every objective in order, smaller the better."""
        shown = [(name, self.shown(name, county, school)) for name in self.objectives]
        return tuple(-value if name in MOST_WANTED else value for name, value in shown)

    def best(self) -> tuple[Vector, frozenset[Pair], frozenset[Pair]] | None:
        """The best plan of all, None if there is none."""
        none: frozenset[Pair] = frozenset()
        of_need: dict[frozenset[Pair], tuple[Vector, frozenset[Pair]]] = {}
        for school in self.pairings("school"):
            need = frozenset(map(self.county_pair, school))
            vector = self.vector(none, school)
            if need not in of_need or vector < of_need[need][0]:
                of_need[need] = vector, school
        best: tuple[Vector, frozenset[Pair], frozenset[Pair]] | None = None
        for county in self.pairings("county"):
            possible = [found for need, found in of_need.items() if need <= county]
            if possible:
                school = min(possible, key=lambda found: found[0])[1]
                vector = self.vector(county, school)
                if best is None or vector < best[0]:
                    best = vector, county, school
        return best


_DEFAULT = ("cover_counties", "keep_counties", "keep_schools", "convenience", "county_travel")


def _both(county: frozenset[Pair], school: frozenset[Pair]) -> tuple[tuple[str, frozenset[Pair]], ...]:
    return ("county", county), ("school", school)


def _pairs_of(plan: matcher.Plan) -> tuple[frozenset[Pair], frozenset[Pair]]:
    county, school = plan.county_pairings, plan.school_pairings
    return (
        frozenset(zip(county.organization_id, county.county_id, strict=True)),
        frozenset(zip(school.branch_id, school.school_id, strict=True)),
    )


def _shuffled(tables: dict[str, list[dict[str, Any]]], rng: random.Random) -> matcher.Instance:
    return matcher.Instance(**{name: rng.sample(rows, len(rows)) for name, rows in tables.items()})


def test_the_cases_are_of_every_kind():
    """The proven case and the others, possible and impossible ones, with and without pairs, are among them."""
    statuses: Counter[str] = Counter()
    for seed in range(0, NUM_CASES, 5):
        rng = random.Random(seed)
        tables, policy = _random_tables(rng), _random_policy(rng)
        plan = matcher.solve(_shuffled(tables, rng), matcher.Policy(**policy))
        statuses[plan.status] += 1
        statuses[plan.proof.kind] += 1
        statuses["paired"] += len(plan.school_pairings) > 0
    assert statuses["unknown"] == 0
    assert all(statuses[word] for word in ("optimal", "infeasible", "certificate", "solver", "paired"))


@pytest.mark.parametrize("part", few(1, range(PARTS)))
def test_solve_equals_the_listing_of_all_plans(part):
    """Level by level the plan is the best there is, its numbers are the oracle's, and it verifies."""
    for seed in range(part, NUM_CASES, PARTS):
        rng = random.Random(seed)
        tables, fields = _random_tables(rng), _random_policy(rng)
        oracle, policy = Oracle(tables, fields), matcher.Policy(**fields)
        instance = _shuffled(tables, rng)
        try:
            plan = matcher.solve(instance, policy)
        except matcher.InvalidInput as error:  # a province that no row has
            if {fault.code for fault in error.faults} != {"no_such_province"}:
                raise
            continue
        best = oracle.best()
        report = matcher.verify(instance, plan, policy)
        assert report.ok, (seed, [violation.text() for violation in report.violations])
        assert (plan.status == "infeasible") == (best is None), seed
        if best is None:
            continue
        assert plan.status == "optimal", seed
        vector, county, school = best
        assert [level.name for level in plan.levels] == oracle.objectives, seed
        shown = [
            -value if name in MOST_WANTED else value for name, value in zip(oracle.objectives, vector, strict=True)
        ]
        assert [level.value for level in plan.levels] == shown, seed
        assert [level.bound for level in plan.levels] == shown, seed
        own_county, own_school = _pairs_of(plan)
        assert oracle.vector(own_county, own_school) == vector, seed
        assert set(map(oracle.county_pair, own_school)) <= own_county, seed
        for level, frame in (("county", plan.county_pairings), ("school", plan.school_pairings)):
            provider, recipient = ("organization_id", "county_id") if level == "county" else ("branch_id", "school_id")
            for row in frame.to_dict("records"):
                pair = row[provider], row[recipient]
                assert round(row["km"] * 1000) == oracle.metres(level, pair), seed
                assert row["kept"] == ((level, *pair) in oracle.previous), seed
        by_hand = matcher.Plan.from_pairs(instance, county_pairs=county, school_pairs=school, policy=policy)
        assert by_hand.status == "feasible", seed
        assert [level.value for level in by_hand.levels] == shown, seed
