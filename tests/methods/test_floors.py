"""Floors of coverage and rules over several pairs, beyond the size of the textbook model."""

from __future__ import annotations

from typing import Any

import pytest
from draws import few

import matcher


@pytest.fixture(scope="module")
def example() -> matcher.Instance:
    return matcher.example()


@pytest.fixture(scope="module")
def most(example: matcher.Instance) -> int:
    """Return how many children any plan can cover."""
    plan = matcher.solve(example, matcher.Policy(objectives=["cover_schools"]))
    assert plan.status == "optimal"
    assert plan.levels[0].value is not None
    return plan.levels[0].value


def floor(percent: float, **more: Any) -> matcher.Policy:
    return matcher.Policy(rules=[{"kind": "floor", "percent": percent, **more}])


@pytest.mark.parametrize("by", few(1, ["county", "province", "all"]))
def test_a_floor_that_can_be_met_is_met(example: matcher.Instance, by: str) -> None:
    """Also one that the search alone would not find."""
    plan = matcher.solve(example, floor(60 if by == "county" else 97, **({} if by == "all" else {"by": by})))
    assert plan.status in ("optimal", "feasible")
    assert matcher.verify(example, plan).ok


@pytest.mark.slow
def test_a_floor_just_met_and_just_missed(example: matcher.Instance, most: int) -> None:
    """The witness says what the best plan covers, and at that number there is a plan."""
    children = sum(school.children for school in example.schools)
    rule = {"kind": "floor", "percent": 100 * most / children - 1e-9}
    # one objective takes half the time of the default five
    met = matcher.solve(example, matcher.Policy(rules=[rule], objectives=["county_travel"]))
    assert met.metrics["schools_children_covered"] == most
    assert matcher.verify(example, met).ok
    missed = matcher.solve(example, floor(100 * (most + 1) / children))
    assert missed.status == "infeasible"
    assert missed.witness is not None
    assert (missed.witness["needed"], missed.witness["bound"]) == (most + 1, most)
    assert matcher.verify(example, missed).ok


@pytest.mark.parametrize(
    "rule", [{"kind": "load", "most": 15}, {"kind": "floor", "percent": 50}], ids=lambda r: r["kind"]
)
def test_a_rule_that_does_not_bind_leaves_the_certified_optimum(
    example: matcher.Instance, rule: dict[str, Any]
) -> None:
    """The plan without the rule keeps it: the same pairs, with the same certificate."""
    plan, free = matcher.solve(example, matcher.Policy(rules=[rule])), matcher.solve(example)
    assert (plan.status, plan.proof.kind) == ("optimal", "certificate")
    assert plan.school_pairings.equals(free.school_pairings)
    assert matcher.verify(example, plan).ok
