"""Next year's plan from this year's: nothing changes without a reason, and the curve of changes holds what it says."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from draws import few
from small_plans import part_of_example, small_year

import matcher
from matcher.policy.keep import Keep
from matcher.policy.objectives import Objective
from matcher.policy.rules import Selector
from matcher.problem.problem import Problem


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_planning_an_unchanged_year_again_changes_nothing(tmp_path: Path) -> None:
    first = matcher.solve(part_of_example())
    second = matcher.solve(matcher.next_year(first, year=2019))
    third = matcher.solve(matcher.next_year(second, year=2019))
    found = matcher.diff(first, second)
    assert (len(found.new), len(found.ended)) == (0, 0)
    assert files(second.save(tmp_path / "a")) == files(third.save(tmp_path / "b"))
    again = matcher.solve(first.instance, start=first)
    assert files(first.save(tmp_path / "c")) == files(again.save(tmp_path / "d"))


def test_next_year_carries_the_years() -> None:
    instance = small_year(1)
    plan = matcher.solve(instance)
    years = {(p.provider_id, p.recipient_id): p.since for p in instance.previous}
    for pair in matcher.next_year(plan, year=2020).previous:
        if pair.level == "county":
            assert pair.since == years.get((pair.provider_id, pair.recipient_id), 2020)


@pytest.mark.parametrize("seed", few(1, range(15)))
def test_the_curve_against_every_plan(seed: int) -> None:
    """For each largest number of changes no plan is below the bound, and the value is that of a plan within it."""
    instance = small_year(seed)
    frame = matcher.study.renewal_curve(instance, points=9)
    policy = matcher.Policy(objectives=["cover_counties", "convenience", "county_travel"])
    best: dict[int, tuple[int, ...]] = {}
    for chosen in product(range(-1, 5), repeat=4):
        used = [o for o in chosen if o >= 0]
        if len(set(used)) < len(used):
            continue
        pins = [
            matcher.Lock(level="county", provider_id=f"o{o}", recipient_id=f"c{c}", kind="pin")
            for c, o in enumerate(chosen)
            if o >= 0
        ]
        if len(pins) < 4:  # full coverage is possible here, so it comes first
            continue
        plan = matcher.solve(with_locks(instance, pins), policy)
        changes = plan.metrics["county_ended_chosen"]
        value = tuple(level.value for level in plan.levels[1:2])
        best[changes] = min(best.get(changes, value), value)
    for row in frame.itertuples():
        least = min(value for changes, value in best.items() if changes <= row.max_changes)[0]
        assert row.bound <= least <= row.value
        assert row.county_changes <= row.max_changes
        assert row.gap == row.value - row.bound
    assert frame.value.is_monotonic_decreasing
    assert frame.gap.iloc[0] == frame.gap.iloc[-1] == 0
    assert frame.bound.iloc[0] == best[min(best)][0]


def with_locks(instance: matcher.Instance, locks: list[matcher.Lock]) -> matcher.Instance:
    return instance.model_copy(update={"locks": tuple(locks)})


def test_the_curve_names_what_it_can_not_price() -> None:
    with pytest.raises(matcher.InvalidInput):
        matcher.study.renewal_curve(small_year(0), matcher.Policy(objectives=["cover_counties"]))
    with pytest.raises(matcher.InvalidInput):
        matcher.study.renewal_curve(small_year(0), matcher.Policy(objectives=["keep_counties"]))
    with pytest.raises(matcher.InvalidInput):
        matcher.study.renewal_curve(small_year(0), matcher.Policy(organization_capacity=2))


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        (Keep(), {0, 1, 2, 3}),
        (Keep(min_years=8, year=2020), {0, 1, 2}),
        (Keep(min_years=10, year=2020), {0}),
        (Keep(recipient=Selector(ids=("c2", "c3"))), {2, 3}),
        (Keep(level="school"), set()),
    ],
)
def test_locks_by_age_and_by_group(rule: Keep, kept: set[int]) -> None:
    instance = small_year(2)
    policy = matcher.Policy(objectives=["county_travel"], rules=[rule])
    problem = Problem.of(instance, policy)
    assert {int(c) for _, c in problem.pins["county"]} == kept
    plan = matcher.solve(instance, policy)
    assert plan.status == "optimal"
    assert matcher.verify(instance, plan).ok
    pairs = set(zip(plan.county_pairings.organization_id, plan.county_pairings.county_id, strict=True))
    assert {(p.provider_id, p.recipient_id) for p in instance.previous if int(p.recipient_id[1]) in kept} <= pairs
    assert policy == matcher.Policy.from_toml(policy.to_toml())
    assert all(rule.sentence(lang) for lang in ("en", "zh"))


def test_a_lock_by_group_lets_go_of_what_is_not_possible() -> None:
    instance = small_year(2)
    first = instance.previous[0]
    refused = with_locks(
        instance,
        [matcher.Lock(level="county", provider_id=first.provider_id, recipient_id=first.recipient_id, kind="forbid")],
    )
    plan = matcher.solve(refused, matcher.Policy(rules=[Keep()]))
    assert plan.status == "optimal"
    assert plan.metrics["county_ended_forced"] == 1
    other = [(pair.provider_id, pair.recipient_id) for pair in instance.previous[1:2]]
    by_hand = matcher.Plan.from_pairs(refused, county_pairs=other, policy=matcher.Policy(rules=[Keep()]))
    assert matcher.verify(refused, by_hand).codes == ("pin_missing",)


def test_an_age_needs_a_year() -> None:
    with pytest.raises(ValueError, match="min_years needs year"):
        Keep(min_years=2)


def test_keeping_comes_out_of_the_objectives_of_the_curve() -> None:
    policy = matcher.Policy(objectives=[Objective(name="keep_counties"), Objective(name="county_travel")])
    frame = matcher.study.renewal_curve(small_year(3), policy)
    assert frame.attrs["level"] == "county_travel"
