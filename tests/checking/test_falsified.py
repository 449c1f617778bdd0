"""Each claim on stability, locks, caps and counts of changes, falsified by one, is refused by the checker."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from draws import blocks, few
from small_plans import part_of_example
from stable_plans import random_market

import matcher
from matcher.outcome.claims import Claims
from matcher.policy.keep import Keep
from matcher.policy.objectives import Objective
from matcher.policy.policy import MaxChanges
from matcher.renewal.events import events_of
from matcher.renewal.replanning import changed_instance

KINDS = ("kept", "new", "ended", "ended_forced", "ended_consequent", "ended_chosen")


@pytest.fixture(scope="module")
def renewed() -> matcher.Plan:
    """A plan with every kind of change at both levels: one organisation left, and keeping is no objective."""
    instance = part_of_example(28, 40)
    first = next(pair for pair in instance.previous if pair.level == "county")
    gone = {"kind": "leaves", "table": "organizations", "id": first.provider_id}
    changed = changed_instance(instance, events_of(gone))
    objectives = ["cover_counties", "convenience", "county_travel"]
    plan = matcher.solve(changed, matcher.Policy(objectives=objectives, rules=[MaxChanges(most=3)]))
    assert plan.metrics["county_ended_chosen"] == 3
    return plan


def refused(plan: matcher.Plan, **changes: Any) -> set[str]:
    claims = dataclasses.replace(Claims.of(plan), **changes)
    report = matcher.verify(plan.instance, claims)
    assert not report.ok
    return set(report.codes)


def broken(report: matcher.Report) -> set[str]:
    """Which rules are broken; that the plan is then no feasible one follows."""
    return set(report.codes) - {"status_not_feasible"}


def test_the_plan_has_every_kind_of_change(renewed: matcher.Plan) -> None:
    assert matcher.verify(renewed.instance, renewed).ok
    for level in ("county", "school"):
        counts = {kind: renewed.metrics[f"{level}_{kind}"] for kind in KINDS}
        wanted = [kind for kind in KINDS if not (level == "county" and kind == "ended_consequent")]
        assert all(counts[kind] > 0 for kind in wanted), counts
        assert counts["ended"] == counts["ended_forced"] + counts["ended_consequent"] + counts["ended_chosen"]


@pytest.mark.parametrize("by", [1, -1])
@pytest.mark.parametrize("kind", [*KINDS, "blocking_pairs"])
@pytest.mark.parametrize("level", ["county", "school"])
def test_a_count_of_changes_or_of_blocking_pairs_off_by_one(
    renewed: matcher.Plan, level: str, kind: str, by: int
) -> None:
    name = f"{level}_{kind}"
    metrics = {**renewed.metrics, name: renewed.metrics[name] + by}
    assert refused(renewed, metrics=metrics) == {"metric_differs"}


@pytest.mark.parametrize(
    ("one", "other"),
    [("ended_forced", "ended_chosen"), ("ended_chosen", "ended_consequent"), ("kept", "ended_chosen"), ("kept", "new")],
)
def test_one_pair_counted_as_another_kind(renewed: matcher.Plan, one: str, other: str) -> None:
    """The sums still add up, and yet it is found."""
    metrics = dict(renewed.metrics)
    metrics[f"school_{one}"] -= 1
    metrics[f"school_{other}"] += 1
    assert refused(renewed, metrics=metrics) == {"metric_differs"}


@pytest.mark.parametrize("level", ["county", "school"])
def test_one_kept_pair_called_new_or_one_year_off(renewed: matcher.Plan, level: str) -> None:
    rows = Claims.of(renewed).rows
    at = rows[level]["kept"].index(True)
    for column, false in (("kept", False), ("since", (rows[level]["since"][at] or 2000) + 1)):
        values = list(rows[level][column])
        values[at] = false
        codes = refused(renewed, rows={**rows, level: {**rows[level], column: values}})
        assert codes == {f"{column}_differs"}


def test_a_cap_on_changes_one_lower(renewed: matcher.Plan) -> None:
    tight = renewed.policy.model_copy(update={"rules": (MaxChanges(most=2),)})
    assert set(matcher.verify(renewed.instance, renewed, tight).codes) >= {"max_changes"}
    assert matcher.verify(renewed.instance, renewed, renewed.policy).ok


def test_a_cap_on_a_level_one_lower() -> None:
    """One metre less than the plan travels, one child more than it reaches: both refused; as it is: kept."""
    instance = part_of_example()
    plan = matcher.solve(instance, matcher.Policy(objectives=["cover_counties", "county_travel"]))
    covered, metres = (level.value for level in plan.levels)
    for at_least, at_most, ok in ((covered, metres, True), (covered + 1, metres, False), (covered, metres - 1, False)):
        objectives = [
            Objective(name="cover_counties", at_least=at_least),
            Objective(name="county_travel", at_most=at_most / 1000),
        ]
        report = matcher.verify(instance, plan, matcher.Policy(objectives=objectives))
        assert report.ok is ok
        assert ok or broken(report) == {"cap"}


def test_a_floor_one_higher() -> None:
    instance = part_of_example()
    plan = matcher.solve(instance)
    reached = plan.metrics["counties_children_covered"]
    for number, ok in ((reached, True), (reached + 1, False)):
        floor = {"kind": "floor", "level": "county", "count": "children", "number": number}
        report = matcher.verify(instance, plan, matcher.Policy(rules=[floor]))
        assert report.ok is ok
        assert ok or broken(report) == {"floor"}


def test_a_lock_that_one_pair_breaks() -> None:
    """A pin, a pin by age, a forbidden pair: with the pair exchanged, each is refused."""
    instance = part_of_example()
    plan = matcher.solve(instance)
    kept = next(p for p in instance.previous if p.level == "county" and p.provider_id in
                set(plan.county_pairings.organization_id[plan.county_pairings.kept]))  # fmt: skip
    pair = {"level": "county", "provider_id": kept.provider_id, "recipient_id": kept.recipient_id}
    by_age = Keep(min_years=0, year=2030, recipient={"ids": [kept.recipient_id]})
    without = plan.county_pairings.county_id != kept.recipient_id
    county_pairs = plan.county_pairings[["organization_id", "county_id"]]
    for rules, pairs, code in (
        ([{"kind": "pin", **pair}], county_pairs[without], "pin_missing"),
        ([by_age], county_pairs[without], "pin_missing"),
    ):
        policy = matcher.Policy(rules=rules)
        whole = matcher.Plan.from_pairs(instance, county_pairs=county_pairs, policy=policy)
        assert matcher.verify(instance, whole).ok
        fewer = matcher.Plan.from_pairs(instance, county_pairs=pairs, policy=policy)
        assert matcher.verify(instance, fewer).codes == (code,)
    locked = instance.model_copy(update={"locks": (matcher.Lock(**pair, kind="forbid"),)})
    by_hand = matcher.Plan.from_pairs(locked, county_pairs=county_pairs)
    assert matcher.verify(locked, by_hand).codes == ("forbidden_pair",)


@pytest.mark.parametrize("seed", few(3, range(6)))
def test_a_limit_on_blocking_pairs_one_lower(seed: int) -> None:
    instance = random_market(seed, lists=False)
    plan = matcher.solve(instance, matcher.Policy(objectives=["county_travel", "school_travel"]))
    count = sum(plan.metrics[f"{level}_blocking_pairs"] for level in ("county", "school"))
    assert count > 0  # nobody is paired: least travel
    for most, ok in ((count, True), (count - 1, False)):
        policy = plan.policy.model_copy(update={"stability": "limit", "max_blocking_pairs": most})
        report = matcher.verify(instance, plan, policy)
        assert report.ok is ok
        assert ok or broken(report) == {"too_many_blocking_pairs"}


@pytest.mark.parametrize("seeds", blocks(16, range(40)))
def test_a_tolerance_one_metre_lower(seeds: range) -> None:
    """Stable pairs with the counties moved on by one: the least tolerance that such a plan keeps, and a metre less."""
    seen = 0
    for seed in seeds:
        instance = random_market(seed, lists=False)
        stable = matcher.solve(instance, matcher.Policy(stability="require"))
        pairs = np.column_stack([stable.county_pairs[:, 0], np.roll(stable.county_pairs[:, 1], 1)])
        organizations, counties = stable.problem.arrays.sides("county")
        named = [(organizations.ids[o], counties.ids[c]) for o, c in pairs.tolist()]
        moved = matcher.Plan.from_pairs(instance, county_pairs=named)
        gains = gain_of_blocking(moved)
        if not gains or gains[-1] > 10**8:
            continue
        seen += 1
        for metres, ok in ((gains[-1], True), (gains[-1] - 1, False)):
            fields = {"stability": "tolerance", "stability_km": metres / 1000, "branch_capacity": 0}
            report = matcher.verify(instance, moved, moved.policy.model_copy(update=fields))
            assert report.ok is ok
            assert ok or broken(report) == {"blocking_pair"}
    assert seen > len(seeds) // 8


def gain_of_blocking(plan: matcher.Plan) -> list[int]:
    """Return what the side that gains less gains by each blocking county pair, in order, without the library's scan."""
    problem = plan.problem
    shape = len(plan.instance.organizations), len(plan.instance.counties)
    cost = problem.facts.metres("county", np.arange(shape[0])[:, None], np.arange(shape[1])[None, :])
    free = 10**9
    stands = [np.full(size, free) for size in shape]
    for o, c in plan.county_pairs.tolist():
        stands[0][o] = stands[1][c] = cost[o, c]
    gain = np.minimum(stands[0][:, None], stands[1][None, :]) - cost
    return sorted(gain[gain > 0].tolist())


@pytest.mark.parametrize("seeds", blocks(12, range(40)))
def test_a_stable_plan_with_two_partners_exchanged(seeds: range) -> None:
    seen = 0
    for seed in seeds:
        instance = random_market(seed)
        plan = matcher.solve(instance, matcher.Policy(stability="require"))
        if len(plan.county_pairs) < 2:
            continue
        pairs = plan.county_pairs.copy()
        pairs[[0, 1], 0] = pairs[[1, 0], 0]
        exchanged = dataclasses.replace(plan, county_pairs=pairs, school_pairs=plan.school_pairs[:0])
        codes = set(matcher.verify(instance, exchanged).codes)
        seen += bool(codes & {"blocking_pair", "unaccepted_pair"})
        assert codes
    assert seen > len(seeds) // 6
