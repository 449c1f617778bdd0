"""Plans with few blocking pairs, or none beyond a tolerance, against full enumeration; every bound holds."""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import pytest
from draws import blocks, few
from stable_plans import best_by_enumeration, random_market

import matcher
from matcher.methods import relaxed_plan
from matcher.methods.dispatch import solve_problem
from matcher.problem.problem import Problem

NONE = np.zeros((0, 2), dtype=np.int64)


def demand(rng: random.Random, *, lists: bool) -> dict[str, object]:
    if lists or rng.random() < 0.5:
        return {"stability": "limit", "max_blocking_pairs": rng.randint(0, 3)}
    return {"stability": "tolerance", "stability_km": rng.choice((0, 5, 30, 100))}


def case(seed: int) -> Problem | None:
    """A small case under a random demand; one in three has several partners a county or an organisation."""
    rng = random.Random(seed)
    lists = rng.random() < 0.4
    instance = random_market(seed, lists=lists)
    if len(instance.branches) * len(instance.schools) > 12:
        return None
    fields = demand(rng, lists=bool(instance.preferences))
    if rng.random() < 0.3:
        fields[rng.choice(("organization_capacity", "county_demand"))] = 2
    if rng.random() < 0.5:
        fields["objectives"] = ["cover_counties", "convenience", "county_travel"]
    return Problem.of(instance, matcher.Policy(**fields))


def held_against_enumeration(seed: int) -> str:
    problem = case(seed)
    if problem is None:
        return "too large"
    solution = solve_problem(problem)
    plan = matcher.Plan.of(solution)
    best = best_by_enumeration(problem)
    assert best is not None
    assert solution.status == "optimal"
    assert problem.minimised(solution.both) == best
    report = matcher.verify(problem.instance, plan)
    assert report.ok, report.summary()
    return solution.proof.kind


@pytest.mark.parametrize("seeds", few(1, [range(3, 8), *(range(first, first + 10) for first in range(0, 80, 10))]))
def test_the_best_plan_within_the_demand_is_the_best_of_all(seeds: range) -> None:
    assert {held_against_enumeration(seed) for seed in seeds} >= {"certificate", "solver"}


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 6000, 500))
def test_the_best_plan_within_the_demand_is_the_best_of_all_many_times(first: int) -> None:
    for seed in range(first, first + 500):
        held_against_enumeration(seed)


@pytest.mark.parametrize("seed", few(20, range(60)))
def test_without_the_program_value_and_bound_enclose_the_best(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a large problem gets: plans between the stable and the free one, bounded by the free one."""
    problem = case(seed)
    if problem is None or not problem.is_one_to_one:
        return
    monkeypatch.setattr(relaxed_plan, "num_pairs", lambda problem: 10**9)
    solution = solve_problem(problem)
    best = best_by_enumeration(problem)
    assert best is not None
    assert solution.status in ("optimal", "feasible")
    assert problem.minimised(solution.both) >= best
    for level, objective, true in zip(solution.levels, problem.objectives, best, strict=True):
        if level.bound is not None:
            assert objective.minimised(level.bound) <= true
        if objective.minimised(level.value) != true:
            break
    plan = matcher.Plan.of(solution)
    assert matcher.verify(problem.instance, plan).ok


def test_the_demand_is_in_the_rules_and_in_the_words() -> None:
    instance = random_market(3, lists=False)
    policy = matcher.Policy(stability="limit", max_blocking_pairs=0, objectives=["county_travel"])
    plan = matcher.solve(instance, policy)
    by_hand = matcher.Plan.from_pairs(instance, policy=policy)
    assert "too_many_blocking_pairs" in matcher.verify(instance, by_hand).codes
    strict = policy.model_copy(update={"stability": "tolerance", "stability_km": 1})
    assert "blocking_pair" in matcher.verify(instance, matcher.Plan.from_pairs(instance, policy=strict)).codes
    for lang in ("en", "zh"):
        assert any("0" in line for line in policy.sentences(lang)[-1:])
        assert "1" in strict.sentences(lang)[-1]
    assert matcher.load_plan is not None
    assert matcher.Policy.from_toml(policy.to_toml()) == policy
    assert plan.status == "optimal"


def test_a_demand_without_its_number_is_refused() -> None:
    for fields in ({"stability": "limit"}, {"stability": "tolerance"}):
        with pytest.raises(matcher.InvalidInput, match="missing_value"):
            matcher.Policy(**fields)
    listed = next(case for case in map(random_market, range(20)) if case.preferences)
    with pytest.raises(matcher.InvalidInput, match="stability"):
        matcher.solve(listed, matcher.Policy(stability="tolerance", stability_km=1))


def test_a_false_bound_of_a_relaxed_plan_is_refused() -> None:
    """The proof of the free plan carries the bounds; one better by one is found out."""
    for seed in range(40):
        problem = case(seed)
        if problem is None:
            continue
        plan = matcher.Plan.of(solve_problem(problem))
        if plan.proof.kind == "certificate" and len(plan.county_pairs):
            break
    level = plan.levels[-1]
    worse = dataclasses.replace(level, bound=level.bound + 1, value=level.value, gap=1)
    claimed = dataclasses.replace(plan, levels=(*plan.levels[:-1], worse), status="feasible")
    assert set(matcher.verify(plan.instance, claimed).codes) & {"bound_beaten", "certificate_false"}


@pytest.mark.parametrize("seeds", blocks(20, range(60)))
def test_minima_of_branches_under_require_are_answered(seeds: range) -> None:
    """Every branch must have exactly one school: a stable plan, or the reason why there is none."""
    seen = set()
    for seed in seeds:
        instance = random_market(seed)
        if len(instance.branches) * len(instance.schools) > 12:
            continue
        problem = Problem.of(instance, matcher.Policy(stability="require", branch_capacity=(1, 1)))
        plan = matcher.Plan.of(solve_problem(problem))
        seen.add(plan.status if plan.witness is None else plan.witness["kind"])
        assert plan.status in ("optimal", "infeasible")
        assert plan.stop_reason is None
        report = matcher.verify(instance, plan)
        assert report.ok, report.summary()
        assert plan.summary("en")
        assert plan.summary("zh")
    assert seen >= {"optimal", "no_stable_plan"}
