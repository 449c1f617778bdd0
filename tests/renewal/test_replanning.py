"""Replanning against the full solve of the same question, level by level."""

from __future__ import annotations

import random

import pytest
from draws import few
from joint_cases import random_case
from replan_cases import full_solve, random_events

import matcher
from matcher.policy.keep import Keep
from matcher.policy.rules import Selector
from matcher.renewal.replanning import case_of


def values(plan: matcher.Plan) -> list[int | None]:
    return [level.value for level in plan.levels]


def held_against_full(seed: int) -> bool:
    """Replan a random case and compare; return whether it was taken apart."""
    rng = random.Random(seed)
    instance, policy = random_case(seed)
    plan = matcher.solve(instance, policy)
    if plan.status != "optimal":
        return False
    events = random_events(rng, matcher.next_year(plan), rng.randint(0, 3))
    frozen = [Keep(level=rng.choice(("county", "school")))] if rng.random() < 0.2 else []
    again = matcher.replan(plan, events, frozen=frozen)
    full = full_solve(plan, events, [rule.model_copy(update={"reason": "frozen"}) for rule in frozen])
    assert again.status == full.status
    assert values(again) == values(full)
    assert again.instance == full.instance
    report = matcher.verify(full.instance, again)
    assert report.ok, report.summary()
    return case_of(plan, events, frozen).again is not None


@pytest.mark.parametrize("first", few(3, range(0, 120, 10)))
def test_replanning_equals_the_full_solve(first: int) -> None:
    assert sum(held_against_full(seed) for seed in range(first, first + 10))


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 6000, 500))
def test_replanning_equals_the_full_solve_many_times(first: int) -> None:
    assert sum(held_against_full(seed) for seed in range(first, first + 500)) > 100


@pytest.fixture(scope="module")
def plan() -> matcher.Plan:
    return matcher.solve(matcher.example())


def test_without_changes_nothing_moves(plan: matcher.Plan) -> None:
    again = matcher.replan(plan)
    found = matcher.diff(plan, again)
    assert len(found.new) == len(found.ended) == 0
    assert again.status == "optimal"
    assert matcher.verify(again.instance, again).ok


def test_only_what_the_leaver_had_moves(plan: matcher.Plan) -> None:
    gone = plan.county_pairings.organization_id[0]
    again = matcher.replan(plan, {"kind": "leaves", "table": "organizations", "id": gone})
    ended = matcher.diff(plan, again).ended
    assert set(ended.kind) == {"forced"}
    assert matcher.verify(again.instance, again).ok
    thrice = matcher.replan(matcher.replan(again))
    assert values(thrice)[2:] == values(again)[2:]
    assert len(matcher.diff(again, thrice).ended) == 0


def test_frozen_pairs_stay(plan: matcher.Plan) -> None:
    row = plan.county_pairings.iloc[0]
    other = next(o.id for o in plan.instance.organizations if o.id != row.organization_id)
    agreed = {"kind": "agreed", "level": "county", "provider_id": other, "recipient_id": row.county_id}
    assert matcher.replan(plan, agreed).status == "optimal"
    frozen = matcher.replan(plan, agreed, frozen=[("county", row.organization_id, row.county_id)])
    assert frozen.status == "infeasible"
    region = Keep(level="county", recipient=Selector(ids=(row.county_id,)))
    assert matcher.replan(plan, agreed, frozen=[region]).status == "infeasible"
    assert matcher.replan(frozen, frozen=()).policy.rules == ()


def test_the_input_of_a_replanned_plan_can_be_read_again(tmp_path, plan: matcher.Plan) -> None:
    gone = {"kind": "leaves", "table": "organizations", "id": plan.county_pairings.organization_id[0]}
    again = matcher.replan(plan, gone)
    assert matcher.load_plan(again.save(tmp_path / "out")) == again


@pytest.mark.parametrize("frozen", [[("county", "nobody", "C")], [("town", "a", "b")], ["U1"]])
def test_what_can_not_be_frozen_is_refused(plan: matcher.Plan, frozen: list) -> None:
    with pytest.raises(matcher.InvalidInput):
        matcher.replan(plan, frozen=frozen)
