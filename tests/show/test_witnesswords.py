"""Why there is no plan, in words that name who and how many, in both languages."""

from __future__ import annotations

from typing import Any

import pytest
from small_plans import small_instance

import matcher
from matcher.show.witnesswords import witness_words
from matcher.words.catalogue import catalogue

PIN = {"kind": "pin", "level": "county", "provider_id": "U1", "recipient_id": "C1"}
FLOOR = {"kind": "floor", "level": "school", "percent": 100}
CAPS = [{"name": "cover_schools", "at_least": 350}, {"name": "school_travel", "at_most": 1}]


@pytest.mark.parametrize(
    ("fields", "kind", "words"),
    [
        ({"county_demand": (2, 2)}, "hall", ["3 counties", "C1, C2, C3", "6", "3"]),
        ({"organization_capacity": (2, 2)}, "hall", ["3 organisations", "U1, U2, U3", "6", "3"]),
        ({"rules": [PIN, PIN | {"recipient_id": "C2"}]}, "pins", ["U1", "2", "1"]),
        ({"rules": [PIN, {"kind": "forbid", "level": "county"}]}, "pin_forbidden", ["U1", "C1"]),
        ({"school_demand": (1, 1), "branch_capacity": 9}, "joint_requirements", ["minima"]),
        ({"max_school_km": 100, "rules": [FLOOR]}, "floor", ["coverage floor"]),
        ({"county_demand": 2, "objectives": CAPS}, "conflict", ["cover_schools", "school_travel"]),
    ],
    ids=lambda value: str(value)[:40],
)
def test_the_reason_names_who_and_how_many(fields, kind, words):
    """The summary and the error say it; the checker recomputes what they say."""
    instance = small_instance(previous=[])
    plan = matcher.solve(instance, matcher.Policy(**fields))
    assert plan.status == "infeasible"
    assert plan.witness is not None
    assert plan.witness["kind"] == kind
    assert matcher.verify(instance, plan).ok
    with pytest.raises(matcher.InfeasibleError) as caught:
        plan.raise_for_status()
    for word in words:
        assert word in plan.summary()
        assert word in str(caught.value)
    for lang in ("en", "zh"):
        assert "=" not in plan.summary(lang).split("\n")[1]


def _rows() -> list[dict[str, Any]]:
    group = {"group": "甲省", "level": "school", "count": "children"}
    return [
        {"rule": "floor", "details": group, "least": 5, "most": None},
        {"rule": "load", "details": {"table": "branches", "id": "B1", "count": "schools"}, "least": 2, "most": None},
        {"rule": "children_per_volunteer", "details": {"id": "B1", "volunteers": 3}, "least": None, "most": 60},
        {"rule": "wanted_kind", "details": {"id": "C1", "kinds": "enterprise"}, "least": 1, "most": None},
        {"rule": "max_changes", "details": {"level": "county", "most": 3}, "least": 2, "most": None},
        {"rule": "far_pairs", "details": {"level": "school"}, "least": None, "most": 2},
        {"rule": "partners", "details": {"level": "county", "group": "甲省"}, "least": None, "most": 2},
        {"rule": "kind_balance", "details": {"group": "甲省", "kind": "a", "other": "b"}, "least": None, "most": 1},
        {"rule": "cap", "details": {"of": "convenience"}, "least": None, "most": None},
        {"rule": "pins", "details": {"of": "county"}, "least": None, "most": None},
        {"rule": "minimum", "details": {"of": "county:recipient"}, "least": None, "most": None},
    ]


def test_every_requirement_of_a_conflict_has_words():
    """No kind of row shows as raw data."""
    rows = _rows()
    known = {key.removeprefix("witness.group.") for key in catalogue() if key.startswith("witness.group.")}
    assert known == {row["rule"] for row in rows}
    for irreducible in (True, False):
        for lang in ("en", "zh"):
            said = witness_words({"kind": "conflict", "groups": rows, "irreducible": irreducible}, lang)
            assert "=" not in said


@pytest.mark.parametrize("reason", ["minimum", "pin_unstable", "pins_apart"])
def test_a_market_without_a_stable_plan_has_words(reason):
    """And a witness of a kind that nobody knows is shown as it is."""
    witness = {"kind": "no_stable_plan", "level": "county", "reason": reason, "pairs": [["U1", "C1"]]}
    assert "stable" in witness_words(witness, "en")
    assert "稳定" in witness_words(witness, "zh")
    assert "kind = other" in witness_words({"kind": "other", "ids": ["x"]}, "en")
