from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_plans import COUNTY_PAIRS, SCHOOL_PAIRS, small_instance, small_plan

import matcher
from matcher.outcome.changes import CAUSES, KINDS, classify
from matcher.plan import Plan


def ended(plan: Plan, level: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Return kind and cause of each ended pair."""
    changes = classify(plan.problem, plan.both)[level]
    pairs = zip(changes.ended.provider_id, changes.ended.recipient_id, strict=True)
    return {
        pair: (KINDS[kind], CAUSES[cause])
        for pair, kind, cause in zip(pairs, changes.kind.tolist(), changes.cause.tolist(), strict=True)
    }


PREVIOUS = [
    {"level": "county", "provider_id": "U1", "recipient_id": "C1", "since": 2015},
    {"level": "county", "provider_id": "U2", "recipient_id": "C3"},
    {"level": "school", "provider_id": "B1", "recipient_id": "S1"},
    {"level": "school", "provider_id": "B2", "recipient_id": "S2"},
    {"level": "school", "provider_id": "B3", "recipient_id": "S6"},
    {"level": "school", "provider_id": "OLD", "recipient_id": "S6"},
]


def test_each_kind_of_ended_pair() -> None:
    """Forced: a partner is gone or the pair not allowed; consequent: its county pair ended; chosen: the rest."""
    plan = small_plan(instance=small_instance(previous=PREVIOUS))
    assert ended(plan, "county") == {("U2", "C3"): ("chosen", "chosen")}
    assert ended(plan, "school") == {
        ("B2", "S2"): ("chosen", "chosen"),
        ("B3", "S6"): ("consequent", "county_pair_ended"),
        ("OLD", "S6"): ("forced", "partner_gone"),
    }
    near = matcher.Policy(max_county_km=200, max_school_km=200)
    strict = small_plan(near, instance=small_instance(previous=PREVIOUS))
    assert ended(strict, "county") == {("U2", "C3"): ("forced", "not_allowed")}
    assert ended(strict, "school")["B3", "S6"] == ("forced", "not_allowed")


def test_a_partner_that_takes_nobody_any_more_forces_the_end() -> None:
    """Capacity or demand of 0 ends a pair by force."""
    branches = [branch.model_dump() for branch in small_instance().branches]
    branches[1]["capacity"] = 0
    instance = small_instance(previous=PREVIOUS, branches=branches)
    plan = small_plan(instance=instance, school_pairs=[("B1", "S1")])
    assert ended(plan, "school")["B2", "S2"] == ("forced", "no_capacity")


def test_successors_keep_a_pair_alive() -> None:
    """A pair of a county that was recoded is kept under its new code, and counted once."""
    previous = [
        {"level": "county", "provider_id": "U1", "recipient_id": "C1-old", "since": 2012},
        {"level": "county", "provider_id": "U1", "recipient_id": "C1", "since": 2014},
    ]
    successors = [{"table": "counties", "old_id": "C1-old", "new_id": "C1"}]
    plan = small_plan(instance=small_instance(previous=previous, successors=successors))
    assert plan.metrics["county_kept"] == 1
    assert plan.metrics["county_ended"] == 0
    assert plan.county_pairings["since"].tolist()[0] == 2012


def test_diff_of_a_plan_with_itself_is_empty() -> None:
    """Nothing is new, ended or changed."""
    found = matcher.diff(small_plan(), small_plan())
    assert len(found.kept) == 6
    assert not len(found.new) + len(found.ended) + len(found.changed)
    assert not any(number for name, number in found.counts.items() if not name.endswith("kept"))


def test_diff_names_who_is_affected() -> None:
    """Schools whose branch differs are listed with km before and after, children, and why."""
    new = small_plan(school_pairs=[("B1", "S1"), ("B2", "S2"), ("B1", "S3"), ("B3", "S5")])
    found = matcher.diff(small_plan(), new)
    changed = found.changed.set_index("recipient_id")
    assert changed.index.tolist() == ["S2", "S3", "S4", "S5"]
    assert changed.loc["S2", ["old_provider_ids", "new_provider_ids", "kind"]].tolist() == ["B1", "B2", "chosen"]
    assert changed.loc["S4", "new_provider_ids"] == ""
    assert np.isnan(changed.loc["S4", "new_km"])
    assert changed.loc["S5", "kind"] == ""
    assert found.counts["school_children_affected"] == 80 + 60 + 90 + 1
    assert found.counts["school_kept"] == 1
    assert "3 new" in found.summary()
    assert "新增 3" in found.summary("zh")
    json.dumps(found.to_json(), allow_nan=False)


def test_diff_over_two_inputs_judges_by_the_new_one() -> None:
    """What the new input no longer has, or no longer allows, ended by force."""
    instance = small_instance(organizations=small_instance().organizations[:2])
    old = small_plan(county_pairs=[*COUNTY_PAIRS, ("U3", "C3")])
    found = matcher.diff(old, small_plan(instance=instance))
    assert found.ended[["provider_id", "kind", "cause"]].values.tolist() == [["U3", "forced", "partner_gone"]]
    renamed = [county.model_dump() | {"id": county.id.replace("C2", "K2")} for county in instance.counties]
    schools = [school.model_dump() | {"county_id": school.county_id.replace("C2", "K2")} for school in instance.schools]
    recoded = small_instance(
        counties=renamed,
        schools=schools,
        previous=(),
        successors=[{"table": "counties", "old_id": "C2", "new_id": "K2"}],
    )
    same = matcher.diff(
        small_plan(), Plan.from_pairs(recoded, county_pairs=[("U1", "C1"), ("U2", "K2")], school_pairs=SCHOOL_PAIRS)
    )
    assert same.counts["county_kept"] == 2
    assert same.counts["county_ended"] == same.counts["county_changed"] == 0


chosen = st.lists(st.tuples(st.sampled_from(["U1", "U2", "U3"]), st.sampled_from(["C1", "C2", "C3"])), unique=True)
served = st.lists(
    st.tuples(st.sampled_from(["B1", "B2", "B3"]), st.sampled_from(["S1", "S2", "S3", "S4", "S5", "S6"])), unique=True
)


@settings(max_examples=25)
@given(chosen, served, chosen, served)
def test_kept_and_ended_add_up(old_county: list, old_school: list, new_county: list, new_school: list) -> None:
    """Earlier pairs are kept or ended; pairs of the plan are kept or new; the kinds add up to the ended."""
    adds_up(old_county, old_school, new_county, new_school)


@pytest.mark.slow
@settings(max_examples=300)
@given(chosen, served, chosen, served)
def test_kept_and_ended_add_up_many_times(
    old_county: list, old_school: list, new_county: list, new_school: list
) -> None:
    adds_up(old_county, old_school, new_county, new_school)


def adds_up(old_county: list, old_school: list, new_county: list, new_school: list) -> None:
    old = small_plan(county_pairs=old_county, school_pairs=old_school)
    new = small_plan(county_pairs=new_county, school_pairs=new_school)
    counts = matcher.diff(old, new).counts
    for level, before, after in (("county", old_county, new_county), ("school", old_school, new_school)):
        assert counts[f"{level}_kept"] == len(set(before) & set(after))
        assert counts[f"{level}_kept"] + counts[f"{level}_ended"] == len(before)
        assert counts[f"{level}_kept"] + counts[f"{level}_new"] == len(after)
        assert counts[f"{level}_ended"] == sum(counts[f"{level}_ended_{kind}"] for kind in KINDS)
