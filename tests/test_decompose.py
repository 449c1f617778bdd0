"""Relaxation and search for large cases, held on small ones against the textbook model."""

from __future__ import annotations

import random

import pytest
from small_cases import random_instance, random_policy

from matcher.general.large import solve_large
from matcher.mip import solve_textbook
from matcher.problem import Problem
from matcher.progress import Budget


def compare(seed: int) -> str:
    """Solve the case of `seed` both ways; no bound may cut off the optimum and no plan may break a rule."""
    rng = random.Random(seed)
    problem = Problem.of(random_instance(rng), random_policy(rng))
    if any(objective.worst_of or objective.slack_percent for objective in problem.objectives):
        return "left out"
    exact = solve_textbook(problem, Budget())
    found = solve_large(problem, Budget())
    if found.status == "infeasible":
        assert exact.status == "infeasible", seed
        return "infeasible"
    if found.status == "unknown":
        return "unknown"
    assert exact.status == "optimal", seed
    assert not problem.violations(found.county_pairs, found.school_pairs), seed
    for objective, best, level in zip(problem.objectives, exact.levels, found.levels, strict=True):
        assert None not in (best.value, level.value)
        if level.bound is not None:
            assert objective.minimised(level.bound) <= objective.minimised(best.value), (seed, level, best)
        if level.value != best.value:
            assert objective.minimised(level.value) > objective.minimised(best.value), (seed, level, best)
            assert found.status == "feasible", seed
            assert level.gap != 0, (seed, level)
            return "gap"  # the levels after it hold given this one's value only
    return "optimal value"


@pytest.mark.slow
@pytest.mark.parametrize("block", range(2, 60))
def test_bounds_hold_and_plans_keep_the_rules_thousands_of_times(block: int) -> None:
    test_bounds_hold_and_plans_keep_the_rules(block)


@pytest.mark.parametrize("block", range(2))
def test_bounds_hold_and_plans_keep_the_rules(block: int) -> None:
    ends = [compare(seed) for seed in range(block * 40, block * 40 + 40)]
    assert ends.count("optimal value") > 5, ends
