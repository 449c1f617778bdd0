"""A level of a plan without pairs is told by one notice that says what emptied it."""

from __future__ import annotations

from typing import Any

import pytest

import matcher
from matcher.plan import Plan


def instance(**changes: Any) -> matcher.Instance:
    tables: dict[str, Any] = {
        "organizations": [{"id": "o", "lat": 26, "lon": 105, "province": "湖南"}],
        "counties": [{"id": "c", "lat": 26, "lon": 105.1, "province": "贵州"}],
        "branches": [{"id": "b", "organization_id": "o"}],
        "schools": [{"id": "s", "county_id": "c"}],
    }
    return matcher.Instance(**(tables | changes))


def emptied(plan: Plan) -> list[matcher.base.Notice]:
    return [notice for notice in plan.warnings if notice.code.startswith("emptied")]


CASES: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "names of provinces never meet": ({}, {"within": "province"}, "emptied_by_rule", "贵州"),
    "minutes without times": ({}, {"max_county_min": 60}, "emptied_by_rule", "travel_times"),
    "only listed times": (
        {},
        {"county_cost": "min", "objectives": ["cover_counties"]},
        "emptied_by_rule",
        "travel_times",
    ),
    "no counties": ({"counties": [], "schools": []}, {}, "emptied_by_table", "counties"),
    "nobody wants any": ({}, {"county_demand": 0}, "emptied_by_bounds", "counties"),
    "no objective asks for pairs": ({}, {"objectives": ["county_travel"]}, "emptied_by_objectives", "1"),
    "no branches": ({"branches": []}, {}, "", ""),
    "schools too far": ({}, {"max_school_km": 0}, "emptied_by_rule", "school"),
    "schools not worth it": ({}, {"child_km": 0.01}, "emptied_by_objectives", "school"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_emptied_a_plan_is_told_once(case: str) -> None:
    """One notice, in both languages, that the checker recomputes; a plan read back has it too."""
    changes, policy, code, word = CASES[case]
    given = instance(**changes)
    plan = matcher.solve(given, matcher.Policy(**policy))
    assert plan.status == "optimal"
    assert [notice.code for notice in emptied(plan)] == ([code] if code else [])
    for notice in emptied(plan):
        assert word in notice.text("en")
        assert notice.text("zh") in plan.summary("zh")
    assert matcher.verify(given, plan).finding == "proved"
    assert Plan.from_json(plan.to_json()) == plan


def test_rules_that_only_together_forbid_all_are_named_together() -> None:
    """Each leaves a pair, both leave none."""
    rules = [
        {"kind": "forbid", "level": "county", "provider": {"ids": ["o"]}},
        {"kind": "forbid", "level": "county", "provider": {"ids": ["p"]}},
    ]
    two = instance(organizations=[{"id": i, "lat": 26, "lon": 105} for i in "op"])
    (notice,) = emptied(matcher.solve(two, matcher.Policy(rules=rules)))
    assert notice.code == "emptied_by_rules"
    assert all(f"between {name}" in notice.text() for name in "op")


def test_without_a_plan_or_with_pairs_nothing_is_said_to_be_empty() -> None:
    """An infeasible plan has another reason; a plan with pairs of each level has none; a concealed notice is found."""
    none = matcher.solve(instance(), matcher.Policy(within="province", county_demand=(1, 1)))
    assert none.status == "infeasible"
    assert not emptied(none)
    assert not emptied(matcher.solve(instance()))
    assert not emptied(Plan.from_pairs(matcher.Instance()))
