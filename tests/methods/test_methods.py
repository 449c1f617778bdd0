"""One suite over all methods: what each claims of a small problem agrees with the textbook model."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest
from draws import few
from small_cases import random_instance, random_policy
from small_plans import small_instance

import matcher
from matcher.base.progress import Budget
from matcher.methods import dispatch, free_of_rows, textbook
from matcher.methods.dispatch import METHODS, again
from matcher.methods.greedy import greedy
from matcher.methods.method import Run
from matcher.problem.pairs import Pairs
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution
from matcher.proof.hardrules import hard_violations

DEMANDS = ({}, {}, {"stability": "require"}, {"stability": "limit", "max_blocking_pairs": 1})


def problems(seeds: range) -> Iterator[tuple[int, Problem]]:
    """Yield random problems: with rules or plain and one to one, with and without demands of stability."""
    for seed in seeds:
        rng = random.Random(seed)
        instance = random_instance(rng)
        policy = random_policy(rng) if rng.random() < 0.5 else matcher.Policy(county_demand=1, organization_capacity=1)
        if any(objective.slack_percent for objective in policy.objectives):
            continue
        yield seed, Problem.of(instance, policy.model_copy(update=rng.choice(DEMANDS)))


def everyone(problem: Problem) -> Pairs:
    """Return a start that breaks rules: everybody with everybody."""
    found = []
    for level in ("county", "school"):
        sides = [np.arange(len(nodes)) for nodes in problem.arrays.sides(level)]
        found.append(np.array(np.meshgrid(*sides)).reshape(2, -1).T)
    return Pairs(*found)


def agrees(seed: int, problem: Problem, found: Solution, best: Solution) -> None:
    """Hold a solution against the optimum of the textbook model."""
    assert len(found.levels) == len(problem.objectives), seed
    if best.status == "infeasible":
        assert not found.has_plan, seed
        return
    assert found.status != "infeasible", (seed, found.witness)
    truth = problem.minimised(best.both)
    if problem.objectives and found.levels[0].bound is not None:
        assert problem.objectives[0].minimised(found.levels[0].bound) <= truth[0], seed
    if not found.has_plan:
        assert found.stop_reason is not None, seed
        return
    assert not hard_violations(problem, found.both), seed
    values = problem.minimised(found.both)
    assert values >= truth, seed
    # under ties the best of the plans stable for the order that breaks them may be worse than the best of all
    if found.status == "optimal" and found.proof.scope != "stable_plans_ties_broken":
        assert values == truth, seed
    assert (found.stop_reason is None) == (found.status == "optimal"), seed


@pytest.mark.parametrize("seeds", few(1, [range(5), *(range(first, first + 8) for first in range(0, 1600, 8))]))
@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_method_agrees_with_the_textbook(method, seeds, monkeypatch):
    """Free, under a small limit, and from a start that breaks rules."""
    monkeypatch.setattr(free_of_rows, "MOST_LISTED_PAIRS", 0)
    for seed, problem in problems(seeds):
        if not method.fits(problem):
            continue
        best = textbook.METHOD.solve(problem, Run(Budget(), None, again))
        for limit, start in ((None, None), (1, None), (None, everyone(problem))):
            found = method.solve(problem, Run(Budget(work_limit=limit), start, again))
            if found is not None:
                agrees(seed, problem, found, best)


def test_a_new_method_is_one_file_and_one_entry(monkeypatch):
    """A toy that answers everything with the plan made by hand is asked, held to the rules, and judged."""

    class Toy:
        name = "toy"

        def fits(self, problem: Problem) -> bool:
            return True

        def solve(self, problem: Problem, run: Run) -> Solution | None:
            return greedy(problem)

    monkeypatch.setattr(dispatch, "METHODS", (Toy(),))
    plan = matcher.solve(small_instance())
    assert {level.method for level in plan.levels} == {"greedy"}
    assert (plan.status, plan.stop_reason, plan.proof.kind) == ("feasible", "search", "none")
    assert matcher.verify(small_instance(), plan).ok
