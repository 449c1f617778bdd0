"""What a change would do to a plan, against the full solve with that change, level by level."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from advice_cases import changed_plan, random_change
from draws import few
from joint_cases import random_case

import matcher
from matcher.problem.problem import Problem
from matcher.proof.joint_bounds import JointBounds
from matcher.proof.joint_terms import JointTerms


def values(plan: matcher.Plan) -> dict[str, int | None]:
    return {level.name: level.value for level in plan.levels}


def asked(seed: int) -> Counter[str]:
    """Ask some things of a random plan and compare each answer; return how they were answered."""
    rng = random.Random(seed)
    instance, policy = random_case(seed)
    found: Counter[str] = Counter()
    try:
        plan = matcher.solve(instance, policy)
    except matcher.InvalidInput:  # a province that nobody is of
        return found
    if plan.status != "optimal":
        return found
    for _ in range(4):
        change = random_change(rng, plan)
        if change is None:
            continue
        try:
            full = changed_plan(plan, change)
        except matcher.InvalidInput:  # the last of a province left
            with pytest.raises(matcher.InvalidInput):
                plan.what_if(change)
            continue
        answer = plan.what_if(change)
        assert answer.status == full.status, change
        if full.status == "optimal":
            both = values(plan).keys() & values(full).keys()
            assert {level.name: level.after for level in answer.levels} == {name: values(full)[name] for name in both}
            assert {level.name: level.before for level in answer.levels} == {name: values(plan)[name] for name in both}
            assert answer.exact
            again = (set(all_pairs(plan)) - set(answer.ended)) | set(answer.begun)
            assert_plan(full, again, values(full))
        assert answer.text("en")
        assert answer.text("zh")
        found[answer.how] += 1
    return found


def all_pairs(plan: matcher.Plan) -> list[tuple[str, str, str]]:
    found = []
    for level in ("county", "school"):
        providers, recipients = plan.problem.arrays.sides(level)
        found += [(level, providers.ids[p], recipients.ids[r]) for p, r in plan.pairs(level).tolist()]
    return found


def assert_plan(full: matcher.Plan, pairs: set[tuple[str, str, str]], wanted: dict[str, int | None]) -> None:
    """The pairs that are said to stand are a plan of the changed input, worth what was said."""
    by_level = {
        f"{level}_pairs": [pair[1:] for pair in sorted(pairs) if pair[0] == level] for level in ("county", "school")
    }
    made = matcher.Plan.from_pairs(full.instance, policy=full.policy, **by_level)
    assert made.status == "feasible"
    assert values(made) == wanted


@pytest.mark.parametrize("first", few(1, range(0, 120, 10)))
def test_what_if_equals_the_full_solve(first: int) -> None:
    found = sum((asked(seed) for seed in range(first, first + 10)), Counter())
    assert found["prices"] > 4


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 2600, 200))
def test_what_if_equals_the_full_solve_many_times(first: int) -> None:
    found = sum((asked(seed) for seed in range(first, first + 200)), Counter())
    assert found["prices"] > 100


@pytest.mark.parametrize("seed", few(8, range(200)))
def test_bounds_of_an_organisation_are_those_of_its_counties(seed: int) -> None:
    """One column of the table of bounds, without the others: equal but for the rounding of a chord."""
    instance, policy = random_case(seed)
    try:
        problem = Problem.of(instance, policy)
    except matcher.InvalidInput:  # a province that nobody is of
        return
    terms = JointTerms.of(problem)
    bounds = JointBounds(problem, terms)
    rows = [bounds.of_county(county) for county in range(len(instance.counties))]
    for organization in range(len(instance.organizations)):
        value, open_pairs = bounds.of_organization(organization)
        for county, (row, row_open) in enumerate(rows):
            assert open_pairs[county] == row_open[organization]
            if open_pairs[county]:
                assert np.abs(value[:, county] - row[:, organization]).max(initial=0) <= 1
