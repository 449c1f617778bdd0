"""Plans without a blocking pair against full enumeration, and against greedy where cost is everybody's preference."""

from __future__ import annotations

import dataclasses
from itertools import product

import numpy as np
import pytest
from draws import few
from stable_plans import pairings, random_market

import matcher
from matcher.methods.dispatch import solve_problem
from matcher.problem.pairs import Pairs, no_pairs
from matcher.problem.problem import Problem
from matcher.proof.blocking import blocking
from matcher.proof.preference_blocks import SCOPE, SCOPE_TIES
from matcher.proof.stability import check_stable


def best_by_enumeration(problem: Problem) -> tuple[int, ...]:
    found = []
    for county in pairings(problem, "county"):
        if len(blocking(problem, "county", Pairs(county, no_pairs()))):
            continue
        inside = {(int(o), int(c)) for o, c in county}
        for school in pairings(problem, "school", inside):
            if not len(blocking(problem, "school", Pairs(county, school))):
                found += [problem.minimised(Pairs(county, school))]
    return min(found)


@pytest.mark.parametrize("first", few(1, range(0, 60, 10)))
def test_the_best_stable_plan_is_the_best_of_all_stable_plans(first: int) -> None:
    for seed in range(first, first + 10):
        instance = random_market(seed)
        if len(instance.branches) * len(instance.schools) > 16:
            continue
        problem = Problem.of(instance, matcher.Policy(stability="require"))
        solution = solve_problem(problem)
        assert solution.status == "optimal"
        assert problem.minimised(solution.both) == best_by_enumeration(problem)


@pytest.mark.parametrize("seed", range(8))
def test_the_checker_takes_the_plan_and_refuses_another(seed: int) -> None:
    instance = random_market(seed)
    policy = matcher.Policy(stability="require")
    plan = matcher.Plan.of(solve_problem(Problem.of(instance, policy)))
    report = matcher.verify(instance, plan)
    assert report.ok, report.summary()
    if len(plan.county_pairs):
        fewer = dataclasses.replace(plan, county_pairs=plan.county_pairs[1:])
        assert "blocking_pair" in matcher.verify(instance, fewer).codes


def test_a_worse_stable_plan_is_refused() -> None:
    """Two organisations and two counties that want each other crosswise have two stable plans; only one is best."""
    instance = matcher.Instance(
        organizations=[{"id": "o0", "lat": 26, "lon": 105}, {"id": "o1", "lat": 27, "lon": 105}],
        counties=[{"id": "c0", "lat": 26.1, "lon": 105}, {"id": "c1", "lat": 27.1, "lon": 105}],
        preferences=[
            {
                "level": "county",
                "side": side,
                "id": f"{own}{i}",
                "choice_id": f"{other}{j}",
                "rank": 1 + ((i != j) == near),
            }
            for side, own, other, near in (("provider", "o", "c", True), ("recipient", "c", "o", False))
            for i in range(2)
            for j in range(2)
        ],
    )
    problem = Problem.of(instance, matcher.Policy(stability="require", objectives=["county_travel"]))
    solution = solve_problem(problem)
    assert solution.county_pairs.tolist() == [[0, 0], [1, 1]]
    assert solution.proof.scope == SCOPE
    crossed = np.array([[1, 0], [0, 1]])
    assert not len(blocking(problem, "county", Pairs(crossed, solution.school_pairs)))
    assert check_stable(problem, solution.levels, solution.proof, solution.both) == ""
    lie = Pairs(crossed, solution.school_pairs)
    assert check_stable(problem, solution.levels, solution.proof, lie) == "county_proof"


@pytest.mark.parametrize("seed", range(20))
def test_with_cost_as_preference_it_is_the_greedy_plan(seed: int) -> None:
    instance = random_market(seed, lists=False)
    problem = Problem.of(instance, matcher.Policy(stability="require", objectives=["county_travel"]))
    solution = solve_problem(problem)
    shape = len(instance.organizations), len(instance.counties)
    cost = problem.facts.cost("county", np.arange(shape[0])[:, None], np.arange(shape[1])[None, :])
    greedy: list[tuple[int, int]] = []
    for _, o, c in sorted((int(cost[o, c]), o, c) for o, c in product(*map(range, shape))):
        if all(o != p and c != q for p, q in greedy):
            greedy.append((o, c))
    assert sorted(map(tuple, solution.county_pairs.tolist())) == sorted(greedy)


def test_a_pair_that_a_side_does_not_accept_is_refused() -> None:
    instance = matcher.Instance(
        organizations=[{"id": f"o{i}", "lat": 26, "lon": 105 + i} for i in range(2)],
        counties=[{"id": "c0", "lat": 26.1, "lon": 105}],
        preferences=[{"level": "county", "side": "recipient", "id": "c0", "choice_id": "o1", "rank": 1}],
    )
    policy = matcher.Policy(stability="require")
    assert matcher.solve(instance, policy).county_pairings.organization_id.tolist() == ["o1"]
    by_hand = matcher.Plan.from_pairs(instance, county_pairs=[("o0", "c0")], policy=policy)
    assert set(matcher.verify(instance, by_hand).codes) == {"blocking_pair", "unaccepted_pair"}


def test_ties_are_said() -> None:
    instance = matcher.Instance(
        organizations=[{"id": f"o{i}", "lat": 26, "lon": 105} for i in range(2)],
        counties=[{"id": "c0", "lat": 26.1, "lon": 105}],
    )
    solution = solve_problem(Problem.of(instance, matcher.Policy(stability="require")))
    assert solution.proof.scope == SCOPE_TIES
    assert solution.county_pairs.tolist() == [[0, 0]]


def test_a_pin_that_no_stable_plan_has_is_named() -> None:
    instance = matcher.Instance(
        organizations=[{"id": f"o{i}", "lat": 26 + i, "lon": 105} for i in range(2)],
        counties=[{"id": f"c{i}", "lat": 26.1 + i, "lon": 105} for i in range(2)],
        locks=[{"level": "county", "provider_id": "o0", "recipient_id": "c1", "kind": "pin"}],
    )
    plan = matcher.Plan.of(solve_problem(Problem.of(instance, matcher.Policy(stability="require"))))
    assert plan.status == "infeasible"
    assert plan.witness is not None
    assert plan.witness["reason"] == "pin_unstable"
    assert plan.witness["pairs"] == [["o0", "c1"]]
    assert matcher.verify(instance, plan).ok


def test_several_partners_are_chosen_one_level_after_the_other() -> None:
    instance = matcher.Instance(
        organizations=[{"id": "o0", "lat": 26, "lon": 105, "capacity": 2}],
        branches=[{"id": "b0", "organization_id": "o0"}],
        counties=[{"id": f"c{i}", "lat": 26.1 + i, "lon": 105} for i in range(2)],
        schools=[{"id": f"s{i}", "county_id": f"c{i}", "children": 5} for i in range(2)],
    )
    policy = matcher.Policy(stability="require")
    plan = matcher.Plan.of(solve_problem(Problem.of(instance, policy)))
    assert plan.status == "feasible"
    assert plan.school_pairs.tolist() == [[0, 0]]
    assert matcher.verify(instance, plan).ok


@pytest.mark.parametrize("first", ["balance", "worst_county_travel", "fewest_organizations"])
def test_a_first_level_that_is_no_sum_still_has_a_bound(first: str) -> None:
    """Under `require` such a level is not optimised; what needs no search is said of it, as a claim."""
    instance = matcher.Instance(
        organizations=[{"id": f"o{i}", "lat": 26 + i / 10, "lon": 105} for i in range(2)],
        counties=[{"id": f"c{i}", "lat": 26.1 + i / 10, "lon": 105} for i in range(2)],
    )
    policy = matcher.Policy(objectives=[first, "county_travel"], stability="require")
    plan = matcher.solve(instance, policy)
    assert plan.levels[0].bound is not None
    report = matcher.verify(instance, plan)
    assert (report.ok, report.finding) == (True, "claimed" if plan.proof.kind == "solver" else "proved")
