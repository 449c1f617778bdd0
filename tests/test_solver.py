"""`solve`: method chosen from the problem, limits, starts, baselines, renewal; judged by the checker."""

from __future__ import annotations

import random

import numpy as np
import pytest
from draws import blocks
from joint_cases import random_case
from joint_cases import town as town_of

import matcher
from matcher.methods.dispatch import solve_problem
from matcher.methods.greedy import greedy
from matcher.methods.sequential import sequential
from matcher.problem.problem import Problem
from matcher.proof.joint_terms import is_joint_case
from matcher.solver import start_pairs


def test_plan_is_optimal_and_verifies():
    """The main job: an optimal plan that the checker accepts with its certificate."""
    town = town_of(10)
    plan = matcher.solve(town)
    assert plan.status == "optimal"
    assert plan.proof.kind == "certificate"
    assert {level.method for level in plan.levels} == {"lazy_assignment"}
    assert {level.scope for level in plan.levels} == {"both_levels"}
    assert matcher.verify(town, plan).ok


@pytest.mark.parametrize("seeds", blocks(12, range(100)))
def test_random_plans_verify(seeds):
    """Whatever the rules and objectives, the checker finds nothing against the plan or its claims."""
    for seed in seeds:
        instance, policy = random_case(seed)
        plan = matcher.solve(instance, policy)
        report = matcher.verify(instance, plan, policy)
        assert report.ok, (seed, [violation.text() for violation in report.violations])


def test_a_false_level_is_refused():
    """A bound or value off by one in the plan's claims does not verify."""
    from dataclasses import replace

    town = town_of(8)
    plan = matcher.solve(town)
    for position, level in enumerate(plan.levels):
        for step in (-1, 1):
            assert level.value is not None
            false = replace(level, value=level.value + step, bound=level.value + step)
            levels = (*plan.levels[:position], false, *plan.levels[position + 1 :])
            assert not matcher.verify(town, replace(plan, levels=levels)).ok
    assert matcher.verify(town, plan).ok


def test_falsified_certificate_does_not_verify():
    """An optimal plan with another problem's prices is refused."""
    from dataclasses import replace

    from matcher.base.result import Proof

    town = town_of(8)
    plan = matcher.solve(town)
    for name in ("county_price", "organization_price"):
        arrays = {key: array.copy() for key, array in plan.proof.arrays.items()}
        arrays[name][-2, int(np.argmin(arrays[name][-2]))] += 1
        proof = Proof("certificate", plan.proof.scope, None, arrays)
        assert not matcher.verify(town, replace(plan, proof=proof)).ok


def test_method_is_chosen_from_the_problem():
    """One organisation a county goes to the joint assignment, anything else does not."""
    town = town_of(4)
    assert is_joint_case(Problem.of(town))
    assert not is_joint_case(Problem.of(town, matcher.Policy(county_demand=2)))
    assert not is_joint_case(Problem.of(town, matcher.Policy(organization_capacity=2)))
    assert not is_joint_case(Problem.of(town, matcher.Policy(stability="require")))
    slack = matcher.Policy(objectives=[{"name": "cover_counties", "slack_percent": 5}, "county_travel"])
    assert not is_joint_case(Problem.of(town, slack))


def test_within_the_province_counts():
    """Within provinces as many counties are paired as organisations allow."""
    instance, _ = random_case(0)
    rng = random.Random(4)
    here = {"lat": 26.0, "lon": 105.0}
    organizations = [{"id": f"o{i}", "province": rng.choice("ABC"), **here} for i in range(12)]
    counties = [{"id": f"c{i}", "province": rng.choice("ABC"), "children": 1, **here} for i in range(15)]
    instance = matcher.Instance(organizations=organizations, counties=counties)
    plan = matcher.solve(instance, matcher.Policy(within="province"))
    homes, wanting = [o["province"] for o in organizations], [c["province"] for c in counties]
    assert len(plan.county_pairs) == sum(min(homes.count(p), wanting.count(p)) for p in "ABC")


def test_empty_instances_have_an_optimal_plan():
    """Nothing to pair is proved optimal, not an error."""
    for tables in (
        {},
        {"counties": [{"id": "c", "lat": 1, "lon": 1}]},
        {"organizations": [{"id": "o", "lat": 1, "lon": 1}]},
    ):
        instance = matcher.Instance(**tables)
        plan = matcher.solve(instance)
        assert plan.status == "optimal"
        assert matcher.verify(instance, plan).ok


def test_workers_do_not_change_the_plan():
    """One worker or two: the same pairs and the same certificate."""
    town = town_of(9)
    one, two = matcher.solve(town, workers=1), matcher.solve(town, workers=2)
    assert one.proof == two.proof
    assert np.array_equal(one.school_pairs, two.school_pairs)


def test_start_from_a_plan_of_another_year():
    """Pairs whose partners are gone are left out of a start; the rest is matched by id."""
    town = town_of(8)
    old = matcher.solve(town)
    tables = {name: list(getattr(town, name)) for name in ("organizations", "branches", "counties", "schools")}
    gone = tables["organizations"].pop(0).id
    tables["branches"] = [branch for branch in tables["branches"] if branch.organization_id != gone]
    smaller = matcher.Instance(**tables)
    county_pairs, school_pairs = start_pairs(Problem.of(smaller), old)
    assert len(county_pairs) == len(old.county_pairs) - int((old.county_pairs[:, 0] == 0).any())
    assert len(school_pairs) <= len(old.school_pairs)
    plan = matcher.solve(smaller, start=old, work_limit=30)
    assert plan.status in ("feasible", "optimal")
    assert matcher.verify(smaller, plan).ok


@pytest.mark.parametrize("value", [0, -1, 1.5, True, None])
def test_workers_must_be_a_number(value):
    """Anything but a positive whole number of workers is refused."""
    with pytest.raises(matcher.InvalidInput):
        matcher.solve(matcher.Instance(), workers=value)


def test_a_stopped_plan_verifies():
    """A plan with a gap claims no more than the checker finds."""
    town = town_of(14)
    for work_limit in (0, 1, 60, 200):
        plan = matcher.solve(town, work_limit=work_limit)
        assert (plan.status, plan.stop_reason) in (("feasible", "work"), ("optimal", None))
        assert matcher.verify(town, plan).ok
    assert matcher.solve(town, work_limit=1).status == "feasible"


def test_planning_again_changes_nothing():
    """Next year's plan from this one, nothing else changed, has the same pairs and no pair new or ended."""
    town = town_of(10)
    first = matcher.solve(town)
    tables = {name: getattr(town, name) for name in ("organizations", "branches", "counties", "schools")}
    pairs = [
        {"level": "county", "provider_id": row.organization_id, "recipient_id": row.county_id}
        for row in first.county_pairings.itertuples()
    ]
    pairs += [
        {"level": "school", "provider_id": row.branch_id, "recipient_id": row.school_id}
        for row in first.school_pairings.itertuples()
    ]
    again = matcher.solve(matcher.Instance(**tables, previous=pairs))
    assert np.array_equal(again.county_pairs, first.county_pairs)
    assert np.array_equal(again.school_pairs, first.school_pairs)
    assert again.county_pairings["kept"].all()
    assert again.school_pairings["kept"].all()


@pytest.mark.parametrize("seeds", blocks(20, range(120)))
def test_baselines_are_never_better(seeds):
    """Sequential and greedy plans keep every hard rule and are no better than the joint optimum."""
    compared = worse = 0
    for seed in seeds:
        instance, policy = random_case(seed)
        problem = Problem.of(instance, policy)
        best = solve_problem(problem)
        for baseline in (sequential(problem), greedy(problem)):
            if baseline.status == "unknown":
                continue
            assert baseline.proof.kind == "none"
            assert all(level.bound is None for level in baseline.levels)
            value = problem.minimised(baseline.both)
            least = problem.minimised(best.both)
            assert value >= least
            compared += 1
            worse += value > least
    assert compared > len(seeds)
    assert worse > 1
