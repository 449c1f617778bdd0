"""What goes out of `solve` keeps every rule of the problem that was asked, and says why it ended."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from draws import few
from small_plans import small_instance

import matcher
from matcher.base.progress import Budget
from matcher.methods import dispatch
from matcher.methods.gate import held
from matcher.methods.method import Run
from matcher.problem.pairs import no_pairs
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution


def scattered(num: int, seed: int = 0) -> matcher.Instance:
    """Return three organisations and counties in one region, `num` branches and schools shared out among them."""
    rng = np.random.default_rng(seed)

    def points(count: int) -> list[list[float]]:
        found: list[list[float]] = rng.uniform([30, 110], [31, 111], (count, 2)).tolist()
        return found

    return matcher.Instance(
        organizations=[matcher.Organization(id=f"o{i}", lat=a, lon=b) for i, (a, b) in enumerate(points(3))],
        counties=[matcher.County(id=f"c{i}", lat=a, lon=b, children=1) for i, (a, b) in enumerate(points(3))],
        branches=[
            matcher.Branch(id=f"b{i:03}", organization_id=f"o{i % 3}", lat=a, lon=b)
            for i, (a, b) in enumerate(points(num))
        ],
        schools=[
            matcher.School(id=f"s{i:03}", county_id=f"c{i % 3}", lat=a, lon=b, children=1)
            for i, (a, b) in enumerate(points(num))
        ],
    )


@pytest.mark.parametrize(
    "demand", [{"stability": "limit", "max_blocking_pairs": 4}, {"stability": "tolerance", "stability_km": 1}]
)
@pytest.mark.parametrize("rules", few(1, [[{"kind": "load", "table": "organizations", "most": 2}], []]))
def test_a_demand_of_stability_is_kept_beyond_the_textbook_size(demand: dict[str, Any], rules: list[Any]) -> None:
    """Also beside a rule over several pairs: a plan that drops the demand is none."""
    instance = scattered(145)
    policy = matcher.Policy(objectives=["cover_counties", "school_travel"], rules=rules, **demand)
    plan = matcher.solve(instance, policy)
    assert matcher.verify(instance, plan).ok
    assert (plan.stop_reason is None) == (plan.status in ("optimal", "infeasible"))
    if plan.status in ("optimal", "feasible"):
        assert not [code for code in matcher.verify(instance, plan, policy).codes if "blocking" in code]


class Liar:
    """A method that claims whatever it is told to."""

    name = "liar"

    def __init__(self, solution: Solution):
        self.solution = solution

    def fits(self, problem: Problem) -> bool:
        return True

    def solve(self, problem: Problem, run: Run) -> Solution:
        return self.solution


def test_whatever_a_method_claims_is_judged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pairs that break a rule, values that are not theirs, bounds that are beaten: none gets through."""
    problem = Problem.of(small_instance())
    good = dispatch.solve_problem(problem)
    assert good.status == "optimal"
    county = good.county_pairs
    lies = [
        dataclasses.replace(good, county_pairs=np.concatenate([county, county])),
        dataclasses.replace(good, school_pairs=good.school_pairs[::-1] * 0),
        dataclasses.replace(good, county_pairs=no_pairs()),
        dataclasses.replace(good, county_pairs=no_pairs(), school_pairs=no_pairs()),
        dataclasses.replace(good, levels=tuple(dataclasses.replace(each, value=1, gap=0) for each in good.levels)),
        dataclasses.replace(good, stop_reason=None, status="feasible"),
    ]
    for lie in lies:
        monkeypatch.setattr(dispatch, "METHODS", (Liar(lie),))
        plan = matcher.solve(small_instance())
        assert matcher.verify(small_instance(), plan).codes in ((), ("certificate_false",))
        has_plan = plan.status in ("optimal", "feasible")
        values = problem.minimised(plan.both)
        true = [each.shown(value) if has_plan else None for each, value in zip(problem.objectives, values, strict=True)]
        assert [level.value for level in plan.levels] == true
        assert (plan.stop_reason is None) == (plan.status == "optimal")
    worse = {"min": 1, "max": -1}
    beaten = tuple(dataclasses.replace(each, bound=(each.bound or 0) + worse[each.sense]) for each in good.levels)
    found = held(problem, dataclasses.replace(good, levels=beaten))
    assert (found.status, found.proof.kind) == ("feasible", "none")
    assert all(level.bound is None for level in found.levels)


def with_previous() -> matcher.Instance:
    """Return an instance whose pairs of last year are a plan."""
    instance = small_instance()
    plan = matcher.solve(instance)
    previous = [
        {"level": "county", "provider_id": o, "recipient_id": c}
        for o, c in zip(plan.county_pairings["organization_id"], plan.county_pairings["county_id"], strict=True)
    ]
    return instance.model_copy(update={"previous": tuple(matcher.Pairing(**row) for row in previous)})


@pytest.mark.parametrize("work", [0, 1, 5])
@pytest.mark.parametrize("policy", [{}, {"county_demand": 2}, {"stability": "tolerance", "stability_km": 1000}])
def test_a_stopped_search_returns_no_less_than_last_years_pairs(policy: dict[str, Any], work: int) -> None:
    """Whatever the method, last year's pairs are a plan to start from."""
    instance = with_previous()
    asked = matcher.Policy(**policy)
    plan = matcher.solve(instance, asked, work_limit=work)
    hand = matcher.Plan.from_pairs(
        instance,
        county_pairs=[(pair.provider_id, pair.recipient_id) for pair in instance.previous],
        policy=asked,
    )
    assert matcher.verify(instance, plan).ok
    if hand.status != "feasible":  # an empty place blocks by any tolerance
        return
    assert plan.status in ("optimal", "feasible")
    problem = plan.problem
    assert problem.minimised(plan.both) <= problem.minimised(hand.both)


def test_a_search_that_ends_by_itself_with_a_gap_says_so() -> None:
    """Without any limit no limit is blamed."""
    problem = Problem.of(small_instance())
    unproved = dataclasses.replace(dispatch.solve_problem(problem, Budget(work_limit=0)), stop_reason=None)
    assert held(problem, dataclasses.replace(unproved, status="feasible")).stop_reason == "search"
