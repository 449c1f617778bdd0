"""Bounds that the checker recomputes from multipliers: never above the optimum, whoever made the multipliers."""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import pytest
from draws import blocks
from small_cases import random_instance, random_policy

import matcher
from matcher.base.progress import Budget
from matcher.methods.decomposition.large import solve_large
from matcher.methods.textbook import solve_textbook
from matcher.plan import Plan
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution
from matcher.proof.mix import Mixer, can_mix
from matcher.proof.plan_bounds import NAMES, Multipliers, bound_of, proved_bounds
from matcher.proof.priced_places import PricedPlaces


def case(seed: int) -> Problem:
    rng = random.Random(seed)
    return Problem.of(random_instance(rng), random_policy(rng))


def drawn(problem: Problem, priced: PricedPlaces, rng: np.random.Generator) -> Multipliers:
    """Multipliers of the first level, of any size from 1 to 10 million."""
    size = 10 ** int(rng.integers(0, 8))
    rows = [int(rng.integers(0, size)) * can_mix(row) for row in problem.rows]
    weight = np.zeros(len(problem.objectives), np.int64)
    weight[0] = 1
    sides = len(problem.arrays.organizations), len(problem.arrays.counties)
    prices = [rng.integers(-size, size, side) for side in sides]
    place = rng.integers(0, size, len(priced.places.school))
    return Multipliers(weight, np.array(rows, np.int64), place, *prices)


def hold(seeds: range) -> None:
    """Any multipliers bound the optimum of the textbook model from below."""
    for seed in seeds:
        problem = case(seed)
        exact = solve_textbook(problem, Budget())
        if exact.status != "optimal" or problem.objectives[0].worst_of is not None:
            continue
        optimum = problem.objectives[0].minimised(exact.levels[0].bound)
        priced, mixer, rng = PricedPlaces(problem), Mixer(problem), np.random.default_rng(seed)
        for _ in range(10):
            bound = bound_of(problem, 0, drawn(problem, priced, rng), priced, mixer)
            assert bound is None or bound <= optimum, seed
        found = solve_large(problem, Budget())
        recomputed = proved_bounds(problem, found.levels, found.proof.arrays)
        if recomputed[0] is not None:
            assert recomputed[0] <= optimum, seed


def test_any_multipliers_give_a_true_bound() -> None:
    """Against the textbook model on small cases with rules, floors, minima and pins."""
    hold(range(5))


@pytest.mark.slow
def test_any_multipliers_give_a_true_bound_over_many_cases() -> None:
    """The same over a thousand."""
    hold(range(100, 1100))


@pytest.mark.parametrize("seeds", blocks(6, range(12)))
def test_plans_of_the_textbook_model_have_bounds_that_are_recomputed(seeds: range) -> None:
    """On every level that is a sum; true ones, and often as good as the claim, which then is proved."""
    findings = []
    for seed in seeds:
        plan = Plan.of(solve_textbook(case(seed), Budget()))
        if not plan.has_plan:
            continue
        report = matcher.verify(plan.instance, plan)
        assert report.ok
        findings.append(report.finding)
        sums = {each.name: each for each in plan.problem.objectives if each.worst_of is None}
        assert list(sums) == [name for name, *_ in report.bounds]
        for name, _, value, bound in report.bounds:
            assert sums[name].minimised(bound) <= sums[name].minimised(value)
    assert "proved" in findings


def solved() -> tuple[matcher.Instance, Solution]:
    rng = random.Random(3)
    points = [{"lat": rng.uniform(26, 28), "lon": rng.uniform(105, 107)} for _ in range(84)]
    instance = matcher.Instance(
        organizations=[{"id": f"O{i:02}", **points[i]} for i in range(12)],
        branches=[{"id": f"B{i:02}", "organization_id": f"O{i % 12:02}", **points[12 + i]} for i in range(24)],
        counties=[{"id": f"C{i}", "children": 50 + i, **points[36 + i]} for i in range(8)],
        schools=[{"id": f"S{i:02}", "county_id": f"C{i % 8}", "children": 20, **points[44 + i]} for i in range(40)],
    )
    return instance, solve_large(Problem.of(instance, matcher.Policy(county_demand=(1, 3))), Budget())


def test_the_checker_says_what_is_certain_beside_a_solvers_word() -> None:
    """Closed levels and the bound of prices are recomputed; the report says by how much no plan can be better."""
    instance, solution = solved()
    plan = Plan.of(solution)
    assert set(NAMES) <= plan.proof.arrays.keys()
    report = matcher.verify(instance, plan)
    assert report.ok
    named = {name: (value, bound) for name, _, value, bound in report.bounds}
    assert named["cover_counties"] == (plan.levels[0].value, plan.levels[0].bound)
    assert report.to_json()["bounds"]
    if report.finding == "claimed":
        assert all("%" in report.summary(lang) for lang in ("en", "zh"))
    assert Plan.from_json(plan.to_json()) == plan


def test_forged_multipliers_prove_nothing() -> None:
    """Weights of other levels, negative prices, numbers beyond the exact range, other shapes: claimed at most."""
    instance, solution = solved()
    arrays = dict(solution.proof.arrays)
    changes = {
        "bound_weight": lambda array: array * 0 + 7,
        "bound_place": lambda array: array - 10**9,
        "bound_organization": lambda array: array + (1 << 62),
        "bound_county": lambda array: array[:, :-1],
    }
    for name, change in changes.items():
        proof = dataclasses.replace(solution.proof, arrays={**arrays, name: change(arrays[name])})
        report = matcher.verify(instance, Plan.of(dataclasses.replace(solution, proof=proof)))
        assert report.finding == "claimed", name
        assert not report.bounds, name
