"""Small random two-level instances with random policies."""

from __future__ import annotations

import random
from typing import Any

import matcher
from matcher.policy.objectives import NAMES

KINDS = ("university", "enterprise", "institution")
PROVINCES = ("甲省", "乙省")
WORDS = ("art", "sport", "care")


def random_instance(rng: random.Random) -> matcher.Instance:
    """Two to three organisations and counties, with at most 12 branch-school pairs."""
    num_o, num_c = rng.choice([(2, 2), (2, 2), (2, 3), (3, 2)])
    num_b, num_s = rng.choice([(2, 3), (3, 3), (2, 4), (3, 4), (4, 3), (2, 5)])

    def point() -> dict[str, float]:
        return {"lat": 30 + rng.randrange(5) / 10, "lon": 105 + rng.randrange(5) / 10}

    def bounds(most: int, least_chance: float) -> tuple[int, int]:
        high = rng.randint(0 if rng.random() < 0.05 else 1, most)
        return (min(1, high) if rng.random() < least_chance else 0, high)

    organizations = [
        {
            "id": f"O{i}",
            "kind": rng.choice(KINDS),
            "province": rng.choice(PROVINCES),
            "capacity": bounds(2, 0.1),
            **point(),
        }
        for i in range(num_o)
    ]
    counties = [
        {
            "id": f"C{i}",
            "province": rng.choice(PROVINCES),
            "children": rng.randint(0, 9),
            "demand": bounds(2, 0.15),
            **point(),
        }
        for i in range(num_c)
    ]
    branches = [
        {
            "id": f"B{i}",
            "organization_id": f"O{rng.randrange(num_o)}",
            "capacity": bounds(2, 0.05),
            "volunteers": rng.choice([None, 1, 2, 5]),
            "skills": rng.sample(WORDS, rng.randint(0, 3)),
            **point(),
        }
        for i in range(num_b)
    ]
    schools = [
        {
            "id": f"S{i}",
            "county_id": f"C{rng.randrange(num_c)}",
            "children": rng.randint(0, 9),
            "demand": bounds(2, 0.05),
            "needs": rng.sample(WORDS, rng.randint(0, 2)),
            "extras": {"key": rng.choice(["yes", "no"])},
            **point(),
        }
        for i in range(num_s)
    ]
    previous = [
        {"level": level, "provider_id": f"{p}{rng.randrange(n)}", "recipient_id": f"{r}{rng.randrange(m)}"}
        for level, p, r, n, m, k in (("county", "O", "C", num_o, num_c, 3), ("school", "B", "S", num_b, num_s, 4))
        for _ in range(rng.randint(0, k))
    ]
    locks = []
    if rng.random() < 0.3:
        level, p, r, n, m = rng.choice([("county", "O", "C", num_o, num_c), ("school", "B", "S", num_b, num_s)])
        kind = rng.choice(["pin", "forbid", "forbid"])
        pair = {"provider_id": f"{p}{rng.randrange(n)}", "recipient_id": f"{r}{rng.randrange(m)}"}
        locks.append({"level": level, "kind": kind, **pair})
    return matcher.Instance(
        organizations=organizations,
        branches=branches,
        counties=counties,
        schools=schools,
        previous=[dict(t) for t in sorted({tuple(sorted(pair.items())) for pair in previous})],
        locks=locks,
    )


def random_rules(rng: random.Random) -> list[dict[str, Any]]:
    """A random subset of rules."""
    level = rng.choice(["county", "school"])
    possible: list[dict[str, Any]] = [
        {"kind": "reach", "level": level, "max_km": rng.choice([10, 25, 40])},
        {"kind": "within"},
        {"kind": "forbid", "level": "school", "recipient": {"where": {"key": "no"}}, "provider": {"ids": ["B0"]}},
        {
            "kind": "floor",
            "level": level,
            "by": rng.choice(["all", "province", "county"] if level == "school" else ["all", "province"]),
            "count": rng.choice(["children", "recipients"]),
            "percent": rng.choice([20, 50, 75, 100]),
        },
        {"kind": "floor", "level": "school", "by": "key", "number": rng.randint(1, 5)},
        {"kind": "load", "table": rng.choice(["branches", "organizations"]), "most": rng.randint(1, 2)},
        {"kind": "load", "table": "organizations", "count": "children", "most": rng.randint(5, 15)},
        {"kind": "load", "table": "branches", "of": {"ids": ["B1"]}, "least": 1},
        {"kind": "skills", "meet": rng.choice(["all", "any"])},
        {"kind": "children_per_volunteer", "most": rng.choice([1.5, 4])},
        {"kind": "priority", "of": {"where": {"key": "yes"}}, "factor": rng.choice([2, 0.5])},
        {"kind": "wanted_kind", "kinds": rng.sample(KINDS, 2), "of": {"ids": ["C0", "C1"]}},
        {"kind": "wanted_kind", "kinds": rng.sample(KINDS, 2), "of": {"ids": ["C0"]}, "least": 1},
        {"kind": "max_changes", "level": level, "most": rng.randint(0, 2)},
    ]
    return rng.sample(possible, rng.choice([0, 0, 1, 1, 2, 3]))


def random_policy(rng: random.Random) -> matcher.Policy:
    """A random order of objectives over a random subset of rules."""
    names = rng.sample(NAMES, rng.randint(1, 4)) if rng.random() < 0.7 else None
    fields: dict[str, Any] = {}
    if names is not None:
        objectives: list[dict[str, Any]] = []
        for name in names:
            objective: dict[str, Any] = {"name": name}
            if name.startswith("fair"):
                objective["band_km"] = rng.choice([15, 30])
            elif rng.random() < 0.15:
                objective["slack_percent"] = rng.choice([5, 30])
            if name.startswith(("cover_schools", "count_schools")) and rng.random() < 0.3:
                objective["where"] = {"where": {"key": "yes"}}
            if name == "school_travel" and rng.random() < 0.3:
                objective["at_most"] = rng.choice([20, 60.5])
            if name == "worst_school_travel" and rng.random() < 0.3:
                objective["at_most"] = rng.choice([20, 40])
            if name == "count_schools" and rng.random() < 0.3:
                objective["at_least"] = rng.randint(1, 3)
            objectives.append(objective)
        fields["objectives"] = objectives
    for name, values in (
        ("child_km", (None, 1, 3.3, 10)),
        ("change_cost_km", (0, 7)),
        ("max_school_km", (None, None, 30)),
        ("county_demand", (None, None, (1, 2), 2)),
        ("organization_capacity", (None, None, 2)),
        ("school_demand", (None, None, 2)),
    ):
        fields[name] = rng.choice(values)
    return matcher.Policy(rules=random_rules(rng), **fields)
