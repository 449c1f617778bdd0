"""What a level cost those below it is the difference to the best plan without it, found by enumeration too."""

import random

import pytest
from draws import few
from enumeration import Enumeration
from small_cases import random_instance, random_policy
from small_plans import part_of_example

import matcher
from matcher.study.level_costs import objective_of


@pytest.mark.parametrize(("seed", "wanted"), few(1, [(11, 3), (12, 5)]))
def test_prices_equal_enumeration(seed, wanted):
    """For random policies the values without each level are the best of all plans under the rest of the levels."""
    rng = random.Random(seed)
    costly = 0
    while costly < wanted:
        instance, policy = random_instance(rng), random_policy(rng)
        if len(policy.objectives) < 2 or any(
            each.slack_percent or each.name.startswith("fair") for each in policy.objectives
        ):
            continue
        plan = matcher.solve(instance, policy)
        if plan.status != "optimal":
            continue
        listed = Enumeration(instance, policy).objectives()
        prices = matcher.study.level_prices(plan)
        assert prices["proved"].all()
        assert prices["level"].drop_duplicates().tolist() == [level.name for level in plan.levels[:-1]]
        for number, left_out in enumerate(plan.levels[:-1]):
            rest = [objective for k, objective in enumerate(listed) if k != number]
            known = Enumeration(instance, policy)
            known.objectives = lambda rest=rest: rest
            best = [value for value, _ in known.best()]
            part = prices[prices["level"] == left_out.name]
            assert part["without"].tolist() == best[number:]
            assert part["value"].tolist() == [level.value for level in plan.levels[number + 1 :]]
            worse = [
                value - other if level.sense == "min" else other - value
                for level, value, other in zip(plan.levels[number + 1 :], part["value"], part["without"], strict=True)
            ]
            assert part["cost"].tolist() == worse
            first = next((k for k, cost in enumerate(worse) if cost), None)
            assert [k for k, here in enumerate(part["first"]) if here] == ([] if first is None else [first])
            assert first is None or worse[first] > 0
            costly += first is not None


def crossing():
    """Two counties where covering the one with more children drives the branch far."""
    return matcher.Instance(
        organizations=[matcher.Organization(id="O", lat=30, lon=105)],
        branches=[matcher.Branch(id="B", organization_id="O")],
        counties=[
            matcher.County(id="near", lat=30, lon=105.1, children=1),
            matcher.County(id="far", lat=30, lon=108, children=2),
        ],
        schools=[
            matcher.School(id="S1", county_id="near", children=30),
            matcher.School(id="S2", county_id="far", children=40),
        ],
    )


def test_the_summary_shows_prices_only_where_they_were_computed():
    policy = matcher.Policy(objectives=["cover_counties", "convenience", "county_travel"])
    plan = matcher.solve(crossing(), policy)
    prices = matcher.study.level_prices(plan)
    row = prices[prices["first"]].iloc[0]
    assert (row["level"], row["below"], row["unit"]) == ("cover_counties", "convenience", "m")
    assert row["cost"] == row["value"] - row["without"] > 0
    shown = f"{row['cost'] / 1000:,.3f} km"
    assert shown in plan.summary(prices=prices)
    assert shown not in plan.summary()
    assert f"{row['cost'] / 1000:,.3f}" in plan.summary("zh", prices=prices)
    assert "nothing" in plan.summary(prices=prices)


def test_a_level_is_left_out_with_its_cap_and_a_fair_travel_as_a_whole():
    objectives = [{"name": "count_schools", "at_least": 1}, {"name": "fair_school_travel", "band_km": 50}]
    plan = matcher.solve(crossing(), matcher.Policy(objectives=[*objectives, "school_travel"]))
    prices = matcher.study.level_prices(plan)
    assert prices["level"].drop_duplicates().tolist() == ["count_schools", "fair_school_travel"]
    assert prices[prices["level"] == "count_schools"]["without"].iloc[-1] == 0
    assert prices[prices["level"] == "fair_school_travel"]["below"].tolist() == ["school_travel"]
    assert objective_of("cover_schools[pop = a>=b]") == "cover_schools[pop = a>=b]"


def test_what_was_stopped_is_not_proved():
    plan = matcher.solve(part_of_example())
    prices = matcher.study.level_prices(plan, levels=["keep_counties"], work_limit=0)
    assert prices["level"].drop_duplicates().tolist() == ["keep_counties"]
    assert not prices["proved"].any()
    cancel = matcher.CancelToken()
    cancel.cancel()
    reports = []
    matcher.study.level_prices(plan, levels=["keep_counties"], cancel=cancel, progress=reports.append)
    assert [(p.done, p.of) for p in reports if p.phase == "level_prices"] == [(0, 1)]


def test_faults():
    plan = matcher.solve(crossing())
    with pytest.raises(matcher.InvalidInput, match="not_an_option"):
        matcher.study.level_prices(plan, levels=["county_travel"])
    with pytest.raises(matcher.InvalidInput, match="limit_negative"):
        matcher.study.level_prices(plan, gap=-1)
    impossible = matcher.solve(crossing(), matcher.Policy(county_demand=(1, 1)))
    with pytest.raises(matcher.InfeasibleError):
        matcher.study.level_prices(impossible)
    single = matcher.solve(crossing(), matcher.Policy(objectives=["cover_schools"]))
    assert len(matcher.study.level_prices(single)) == 0
    assert single.summary(prices=matcher.study.level_prices(single)) == single.summary()
