"""What would help most: every effect is that of planning again with the change made."""

from __future__ import annotations

import pytest

import matcher


def held(plan: matcher.Plan) -> None:
    found = plan.levers()
    gains = [lever.children for lever in found]
    assert gains == sorted(gains, reverse=True)
    for lever in found:
        if not lever.exact:
            continue
        solved = matcher.solve(*lever.apply(plan.instance, plan.policy))
        assert [level.after for level in lever.effect.levels] == [level.value for level in solved.levels]
        covered = solved.metrics["schools_children_covered"]
        assert lever.effect.children[1] - lever.effect.children[0] == lever.children
        if lever.effect.levels[-1].name != "convenience":  # else equal plans may reach other children
            assert lever.children <= covered


def ledger() -> matcher.Instance:
    """A county is paired; a second organisation stands idle beside a school that nobody serves."""
    counties = [matcher.County(id="C1", lat=26, lon=106, children=400)]
    organizations = [matcher.Organization(id=f"U{i}", lat=26, lon=105 + i) for i in (1, 2)]
    branches = [matcher.Branch(id=f"B{i}", organization_id=f"U{i}") for i in (1, 2)]
    schools = [matcher.School(id=f"S{j}", county_id="C1", children=100) for j in range(2)]
    return matcher.Instance(organizations=organizations, branches=branches, counties=counties, schools=schools)


def test_idle_organisations_make_demand_the_first_lever() -> None:
    plan = matcher.solve(ledger())
    assert "Idle while 1 schools" in plan.summary()
    assert "What would help most" not in plan.summary()
    first = plan.levers()[0]
    # a second organisation for every county, or for one of them, takes the idle one to the schools left out
    assert first.change.kind in ("sets", "more")
    assert first.children == 100
    assert "What would help most" in plan.summary()
    assert "最见效的改动" in plan.summary("zh")
    solved = matcher.solve(*plan.known_levers[0].apply(plan.instance, plan.policy))
    assert [level.after for level in first.effect.levels] == [level.value for level in solved.levels]


def test_a_pin_that_hurts_is_a_lever() -> None:
    pin = matcher.Lock(level="county", provider_id="U3", recipient_id="C1", kind="forbid")
    school = matcher.School(id="S", county_id="C1", children=100, lat=26, lon=105)
    branch = matcher.Branch(id="B", organization_id="U3")
    instance = matcher.Instance(
        organizations=[matcher.Organization(id="U3", lat=26, lon=105)],
        branches=[branch],
        counties=[matcher.County(id="C1", lat=26, lon=105)],
        schools=[school],
        locks=[pin],
    )
    plan = matcher.solve(instance, matcher.Policy(max_school_km=1))
    found = plan.levers()
    assert [lever.change.kind for lever in found] == ["unlocked"]
    assert found[0].children == 100


@pytest.mark.slow
def test_all_levers_of_the_ledger() -> None:
    held(matcher.solve(ledger()))


@pytest.mark.slow
@pytest.mark.parametrize("fields", [{"max_school_km": 120, "max_county_km": 150}, {"within": "province"}])
def test_levers_of_the_example(fields: dict[str, object]) -> None:
    held(matcher.solve(matcher.example(), matcher.Policy(**fields)))
