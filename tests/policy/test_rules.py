"""What holds of every rule: it never helps, its order never matters, and it is data."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from draws import blocks, few
from small_cases import random_instance, random_policy, random_rules

import matcher
from matcher.base.progress import Budget
from matcher.base.result import Level
from matcher.methods.decomposition.large import solve_large
from matcher.methods.dispatch import solve_problem
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution


def solved(instance: matcher.Instance, policy: matcher.Policy) -> tuple[Problem, Solution]:
    """Solve a small case to its end."""
    problem = Problem.of(instance, policy)
    return problem, solve_problem(problem)


def plain(rng: random.Random) -> matcher.Policy:
    """A random policy without slack, which lets a level become worse than its optimum."""
    policy = random_policy(rng)
    objectives = tuple(each.model_copy(update={"slack_percent": 0.0}) for each in policy.objectives)
    return policy.model_copy(update={"objectives": objectives})


def minimised(problem: Problem, levels: tuple[Level, ...]) -> list[int]:
    """Return the proven values so that less is better."""
    found = []
    for objective, level in zip(problem.objectives, levels, strict=True):
        assert level.bound is not None
        found.append(objective.minimised(level.bound))
    return found


@pytest.mark.parametrize("seeds", blocks(10, range(200)))
def test_a_further_rule_never_makes_the_proven_values_better(seeds: range) -> None:
    """The vector of proven values with the rule is not less, and nothing impossible becomes possible."""
    compared = 0
    for seed in seeds:
        rng = random.Random(seed)
        instance, policy = random_instance(rng), plain(rng)
        further = [rule for rule in random_rules(rng) if rule["kind"] != "priority"]  # which changes what is measured
        if not further or any(rule.kind == "max_changes" for rule in policy.rules):
            continue  # a pair that a further rule forbids ends by force, and no longer counts among the changes
        without, free = solved(instance, policy)
        with_, ruled = solved(instance, matcher.Policy(**_fields(policy, [*policy.rules, *further])))
        if free.status == "infeasible":
            assert ruled.status == "infeasible", seed
        elif ruled.status == "optimal":
            assert minimised(without, free.levels) <= minimised(with_, ruled.levels), seed
            compared += 1
    assert compared > 1


@pytest.mark.parametrize("block", few(1, range(6)))
def test_the_order_of_rules_and_rows_changes_nothing(block: int) -> None:
    """Not a pair, whatever the order."""
    for seed in range(500 + block * 10, 510 + block * 10):
        rng = random.Random(seed)
        instance, policy = random_instance(rng), random_policy(rng)
        _, first = solved(instance, policy)
        tables = {name: list(getattr(instance, name)) for name in type(instance).model_fields if name != "format"}
        mixed = matcher.Instance(**{name: rng.sample(rows, len(rows)) for name, rows in tables.items()})
        rules = rng.sample(list(policy.rules), len(policy.rules))
        _, second = solved(mixed, matcher.Policy(**_fields(policy, rules)))
        assert first.status == second.status, seed
        assert first.levels == second.levels, seed
        if not any(objective.slack_percent for objective in policy.objectives):
            assert np.array_equal(first.county_pairs, second.county_pairs), seed
            assert np.array_equal(first.school_pairs, second.school_pairs), seed


def test_a_large_county_pairing_without_schools_is_proved() -> None:
    """Without schools the general case is a flow, and both ways say the same."""
    rng = random.Random(1)

    def point() -> dict[str, float]:
        return {"lat": rng.uniform(25, 35), "lon": rng.uniform(100, 115)}

    instance = matcher.Instance(
        organizations=[{"id": f"O{i:02}", "capacity": 2, **point()} for i in range(12)],
        counties=[{"id": f"C{i:02}", "children": rng.randint(1, 99), "demand": (1, 2), **point()} for i in range(9)],
    )
    problem = Problem.of(instance, matcher.Policy(objectives=["cover_counties", "county_travel"]))
    exact, large = solve_problem(problem), solve_large(problem, Budget())
    assert large.status == exact.status == "optimal"
    assert [level.value for level in large.levels] == [level.value for level in exact.levels]


def _fields(policy: matcher.Policy, rules: list[Any]) -> dict[str, Any]:
    """Return the policy's fields with other rules."""
    kept = {name: getattr(policy, name) for name in policy.model_fields_set if name != "rules"}
    return {**kept, "objectives": policy.objectives, "rules": rules}
