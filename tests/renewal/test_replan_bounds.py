"""Answers of a search that was stopped: every bound holds against the full solve of the same question."""

from __future__ import annotations

import random

import pytest
from draws import few
from replan_cases import full_solve, random_events

import matcher


def shared(seed: int, size: int = 9) -> matcher.Instance:
    """A case with two counties an organisation, which can't be taken apart."""
    rng = random.Random(seed)

    def point() -> dict[str, float]:
        return {"lat": rng.uniform(26, 29), "lon": rng.uniform(104, 108)}

    organizations = [matcher.Organization(id=f"o{i}", capacity=2, **point()) for i in range(size)]
    counties = [matcher.County(id=f"c{i}", children=rng.randint(1, 99), **point()) for i in range(size)]
    branches = [
        matcher.Branch(id=f"b{i}{j}", organization_id=f"o{i}", capacity=2, **point())
        for i in range(size)
        for j in range(2)
    ]
    schools = [
        matcher.School(id=f"s{i}{j}", county_id=f"c{i}", children=rng.randint(1, 40), **point())
        for i in range(size)
        for j in range(3)
    ]
    return matcher.Instance(organizations=organizations, branches=branches, counties=counties, schools=schools)


def held(answer: matcher.Plan, best: matcher.Plan) -> int:
    """Check each bound that holds given what both plans have reached before; return how many leave a gap."""
    open_gaps = 0
    for mine, full in zip(answer.levels, best.levels, strict=True):
        sign = 1 if mine.sense == "min" else -1
        if mine.bound is not None:
            assert sign * mine.bound <= sign * full.value
            open_gaps += mine.gap != 0
        if mine.value != full.value:
            assert sign * mine.value > sign * full.value
            break
    return open_gaps


@pytest.mark.parametrize("seed", few(1, (2, 3, 7, 0, 1, 4, 5, 6)))  # the quick ones first
def test_bounds_of_a_stopped_replanning_hold(seed: int) -> None:
    rng = random.Random(seed)
    plan = matcher.solve(shared(seed))
    events = random_events(rng, matcher.next_year(plan), 2)
    best = full_solve(plan, events)
    assert best.status == "optimal"
    for work in (1, 3, 8):
        again = matcher.replan(plan, events, work_limit=work)
        assert again.status in ("optimal", "feasible", "unknown")
        assert again.status == "optimal" or again.stop_reason == "work"
        if again.status != "unknown":
            held(again, best)
            assert matcher.verify(again.instance, again).ok


def test_a_stopped_replanning_is_no_worse_than_what_stands() -> None:
    plan = matcher.solve(shared(2))
    again = matcher.replan(plan, work_limit=1)
    assert [level.value for level in again.levels[:2]] == [len(plan.county_pairs), len(plan.school_pairs)]
    assert again.levels[1].bound is None
    assert again.levels[2].bound is None
    assert matcher.verify(again.instance, again).ok


@pytest.fixture(scope="module")
def large() -> matcher.Plan:
    """A plan that no full solve proves in reasonable time."""
    policy = matcher.Policy(organization_capacity=2, objectives=["convenience", "county_travel"])
    return matcher.solve(matcher.example(), policy, work_limit=300)


def test_a_bound_with_a_gap_holds_against_every_plan_known(large: matcher.Plan) -> None:
    gone = {"kind": "leaves", "table": "organizations", "id": large.county_pairings.organization_id[0]}
    again = matcher.replan(large, gone, work_limit=30)
    assert again.status == "feasible"
    longer = matcher.replan(large, gone, work_limit=3000)
    assert again.levels[2].gap > 0
    assert again.levels[3].conditional
    for mine, other in zip(again.levels[:3], longer.levels[:3], strict=True):
        assert mine.bound <= other.value if mine.sense == "min" else mine.bound >= other.value
    assert matcher.verify(again.instance, again).ok


@pytest.mark.slow
def test_places_of_a_stopped_search_are_marked(large: matcher.Plan) -> None:
    county = large.county_pairings.county_id[0]
    places = matcher.recommend(large, f"county:{county}", k=2, work_limit=30)
    assert len(places) == 2
    assert not any(place.exact for place in places)
    for place in places:
        followed = matcher.replan(large, place.event, work_limit=3000)
        assert place.levels[0].bound >= followed.levels[0].value
        if place.levels[0].value == followed.levels[0].value:
            assert place.levels[1].bound >= followed.levels[1].value


def test_places_of_a_small_case_are_exact_where_all_was_proved() -> None:
    plan = matcher.solve(shared(2, size=4))
    places = matcher.recommend(plan, "county:c1", k=3)
    assert all(place.exact for place in places)
    for place in places:
        best = full_solve(plan, place.event)
        assert [level.value for level in place.levels] == [level.value for level in best.levels]
    stopped = matcher.recommend(plan, "county:c1", k=3, work_limit=1)
    assert not all(place.exact for place in stopped)
