"""A small instance with something of everything, and plans for it."""

from __future__ import annotations

import dataclasses
import random
from types import MappingProxyType
from typing import Any

import numpy as np

import matcher
from matcher.base.result import Level, Proof
from matcher.plan import Plan
from matcher.problem.pairs import ordered
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution

COUNTY_PAIRS = (("U1", "C1"), ("U2", "C2"))
SCHOOL_PAIRS = (("B1", "S1"), ("B1", "S2"), ("B2", "S3"), ("B3", "S4"))


def small_instance(**changes: Any) -> matcher.Instance:
    """Three organisations (U3 without branches), three counties (C3 far off), six schools, pairs of last year."""
    tables: dict[str, Any] = {
        "organizations": [
            {"id": "U1", "name": "=甲大学", "kind": "university", "province": "甲省", "lat": 26.0, "lon": 106.0},
            {"id": "U2", "name": "乙大学", "province": "甲省", "lat": 26.5, "lon": 106.5, "extras": {"level": "本科"}},
            {"id": "U3", "name": "丙企业", "kind": "enterprise", "province": "乙省", "lat": 30.0, "lon": 110.0},
        ],
        "branches": [
            {"id": "B1", "organization_id": "U1", "capacity": 2},
            {"id": "B2", "organization_id": "U1", "lat": 26.01, "lon": 106.02, "capacity": 1},
            {"id": "B3", "organization_id": "U2", "capacity": 2},
        ],
        "counties": [
            {"id": "C1", "name": "一县", "province": "甲省", "lat": 26.1, "lon": 106.1, "children": 500},
            {"id": "C2", "name": "二县", "province": "甲省", "lat": 26.6, "lon": 106.6, "children": 300},
            {"id": "C3", "name": "三县", "province": "丙省", "lat": 40.0, "lon": 90.0, "children": 200},
        ],
        "schools": [
            {"id": "S1", "county_id": "C1", "lat": 26.11, "lon": 106.11, "children": 120, "extras": {"note": "近"}},
            {"id": "S2", "county_id": "C1", "lat": 26.12, "lon": 106.12, "children": 80},
            {"id": "S3", "county_id": "C1", "children": 60},
            {"id": "S4", "county_id": "C2", "lat": 26.61, "lon": 106.61, "children": 90},
            {"id": "S5", "county_id": "C2", "lat": 26.99, "lon": 106.99, "children": 1},
            {"id": "S6", "county_id": "C3", "lat": 40.01, "lon": 90.01, "children": 50},
        ],
        "previous": [
            {"level": "county", "provider_id": "U1", "recipient_id": "C1", "since": 2015},
            {"level": "county", "provider_id": "U3", "recipient_id": "C2", "since": 2016},
            {"level": "school", "provider_id": "B1", "recipient_id": "S1", "since": 2015},
            {"level": "school", "provider_id": "B2", "recipient_id": "S2"},
            {"level": "school", "provider_id": "B3", "recipient_id": "S6", "since": 2014},
        ],
    }
    return matcher.Instance(**(tables | changes))


def small_plan(policy: matcher.Policy | None = None, instance: matcher.Instance | None = None, **pairs: Any) -> Plan:
    given = {"county_pairs": COUNTY_PAIRS, "school_pairs": SCHOOL_PAIRS} | pairs
    return Plan.from_pairs(instance or small_instance(), policy=policy, **given)


def solver_plan(**changes: Any) -> Plan:
    """A plan as a solver hands it over, optimal by its own word, with an array in its proof.

    Of a class of problems for which there are no prices to check it by.
    """
    policy = matcher.Policy(stability="limit", max_blocking_pairs=1000)
    plan = small_plan(policy)
    levels = tuple(
        Level.proved(level.name, level.sense, level.unit, level.value or 0, "mip", "both_levels")
        for level in plan.levels
    )
    fields: dict[str, Any] = {
        "status": "optimal",
        "stop_reason": None,
        "county_pairs": plan.county_pairs,
        "school_pairs": plan.school_pairs,
        "levels": levels,
        "proof": Proof("solver", "both_levels", "HiGHS 1.0", MappingProxyType({"prices": np.arange(5)})),
    }
    fields |= changes
    fields |= {name: ordered(fields[name]) for name in ("county_pairs", "school_pairs")}
    return Plan.of(Solution(Problem.of(small_instance(), policy), **fields))


def part_of_example(num_counties: int = 16, num_organizations: int = 20) -> matcher.Instance:
    """Return the first counties of the example with their schools, and its first organisations: a tenth of its work."""
    whole = matcher.example()
    counties = whole.counties[:num_counties]
    organizations = whole.organizations[:num_organizations]
    known = {record.id for record in (*counties, *organizations)}
    schools = [school for school in whole.schools if school.county_id in known]
    branches = [branch for branch in whole.branches if branch.organization_id in known]
    known |= {record.id for record in (*schools, *branches)}
    return matcher.Instance(
        organizations=organizations,
        branches=branches,
        counties=counties,
        schools=schools,
        previous=[pair for pair in whole.previous if {pair.provider_id, pair.recipient_id} <= known],
    )


def replace_level(plan: Plan, position: int, **changes: Any) -> tuple[Level, ...]:
    levels = list(plan.levels)
    levels[position] = dataclasses.replace(levels[position], **changes)
    return tuple(levels)


def small_year(seed: int) -> matcher.Instance:
    """Return four counties of five organisations, all of them paired last year."""
    rng = random.Random(seed)

    def point() -> dict[str, float]:
        return {"lat": rng.uniform(26, 29), "lon": rng.uniform(104, 108)}

    organizations = [matcher.Organization(id=f"o{i}", **point()) for i in range(5)]
    counties = [matcher.County(id=f"c{i}", children=rng.randint(1, 9), **point()) for i in range(4)]
    branches = [matcher.Branch(id=f"b{o.id}", organization_id=o.id, capacity=2) for o in organizations]
    schools = [
        matcher.School(id=f"s{c.id}{j}", county_id=c.id, children=rng.randint(1, 30), **point())
        for c in counties
        for j in range(2)
    ]
    given = rng.sample(range(5), 4)
    previous = [
        matcher.Pairing(level="county", provider_id=f"o{o}", recipient_id=f"c{c}", since=2010 + c)
        for c, o in enumerate(given)
    ]
    return matcher.Instance(
        organizations=organizations, branches=branches, counties=counties, schools=schools, previous=previous
    )
