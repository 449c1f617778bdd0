"""The general case at a size that the textbook model would not be asked for: always a plan, and true bounds."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import pytest
from draws import few

import matcher
from matcher.base.progress import Budget
from matcher.methods.decomposition.large import solve_large
from matcher.plan import Plan
from matcher.problem.problem import Problem


def town(seed: int = 1) -> matcher.Instance:
    """Eight counties, twelve organisations with two branches each, and forty schools."""
    rng = random.Random(seed)

    def point() -> dict[str, float]:
        return {"lat": rng.uniform(26, 28), "lon": rng.uniform(105, 107)}

    return matcher.Instance(
        organizations=[{"id": f"O{i:02}", **point()} for i in range(12)],
        branches=[
            {"id": f"B{i:02}", "organization_id": f"O{i % 12:02}", "capacity": 2, "volunteers": 4, **point()}
            for i in range(24)
        ],
        counties=[{"id": f"C{i}", "children": rng.randint(50, 500), **point()} for i in range(8)],
        schools=[
            {"id": f"S{i:02}", "county_id": f"C{i % 8}", "children": rng.randint(10, 90), **point()} for i in range(40)
        ],
    )


CASES: dict[str, dict[str, Any]] = {
    "several": {},
    "branch loads": {"rules": [{"kind": "load", "table": "branches", "count": "children", "most": 70}]},
    "slack": {"objectives": [{"name": "cover_schools", "slack_percent": 60}, "school_travel"]},
    "cap": {"objectives": [{"name": "school_travel", "at_most": 900}, "count_schools"]},
    "worst": {"objectives": ["cover_schools", "worst_school_travel", "convenience"]},
    "worst of counties": {"objectives": ["cover_counties", "worst_county_travel", "convenience"]},
    "loads": {"rules": [{"kind": "load", "table": "organizations", "most": 3, "least": 1}], "county_demand": (0, 3)},
    "volunteers": {"rules": [{"kind": "children_per_volunteer", "most": 20}]},
}


def solved(fields: dict[str, Any], budget: Budget) -> Plan:
    policy = matcher.Policy(**{"county_demand": (1, 3), **fields})
    problem = Problem.of(town(), policy)
    return Plan.of(solve_large(problem, budget))


@cache
def full(name: str) -> Plan:
    """Return what the case comes to without a limit."""
    return solved(CASES[name], Budget())


@pytest.mark.parametrize("name", few(2, CASES))
def test_every_case_comes_back_with_a_plan_and_bounds(name: str) -> None:
    """A plan that keeps every rule, and on each level a bound that is no better than the textbook optimum."""
    plan = full(name)
    assert plan.status in ("optimal", "feasible")
    assert matcher.verify(plan.instance, plan).ok
    assert all(level.bound is not None for level in plan.levels)


@pytest.mark.parametrize("name", few(2, ["several", "branch loads", "volunteers", "worst"]))
@pytest.mark.parametrize("limits", [{"time_limit_s": 0}, {"work_limit": 0}, {"work_limit": 300}])
def test_a_run_stopped_at_once_still_has_a_plan(name: str, limits: dict[str, Any]) -> None:
    """With no time or work at all there is the quick plan, with bounds that hold whatever may come."""
    plan = solved(CASES[name], Budget(**limits))
    assert plan.status == "feasible"
    assert plan.stop_reason == ("time" if "time_limit_s" in limits else "work")
    assert matcher.verify(plan.instance, plan).ok
    objective, first = plan.problem.objectives[0], plan.levels[0]
    assert objective.minimised(first.bound) <= objective.minimised(full(name).levels[0].value)


@pytest.mark.slow
def test_slack_is_given_to_the_levels_after() -> None:
    """Coverage falls within its slack and travel gets less; without slack it is the optimum."""
    strict = solved({"objectives": ["cover_schools", "school_travel"]}, Budget())
    loose = solved(CASES["slack"], Budget())
    assert loose.levels[1].value < strict.levels[1].value
    assert 0.4 * strict.levels[0].bound <= loose.levels[0].value <= strict.levels[0].value


def test_a_start_that_breaks_a_rule_is_not_handed_back() -> None:
    """A pair that is forbidden by now is never taken over from the plan to start from."""
    first = solved({}, Budget())
    organization, county = first.county_pairings[["organization_id", "county_id"]].iloc[0]
    rule = {"kind": "forbid", "level": "county", "provider": {"ids": organization}, "recipient": {"ids": county}}
    problem = Problem.of(town(), matcher.Policy(county_demand=(1, 3), rules=[rule]))
    plan = Plan.of(solve_large(problem, Budget(work_limit=0), first.both))
    assert plan.status == "feasible"
    assert matcher.verify(plan.instance, plan).ok
