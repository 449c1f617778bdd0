"""Events: their JSON, what they do to an instance, what they refuse, and the arrays that are carried over."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
from joint_cases import random_case
from replan_cases import random_events

import matcher
from matcher.renewal.events import FORMAT, Joins, Leaves, Refused, Takes, changed, events_of
from matcher.renewal.replanning import changed_instance
from matcher.tables.arrays import Arrays


@pytest.mark.parametrize("seed", range(60))
def test_arrays_carried_over_are_those_of_the_new_instance(seed: int) -> None:
    instance, _ = random_case(seed)
    events = events_of(random_events(random.Random(seed), instance, 3))
    new = changed_instance(instance, events)
    whole = Arrays.of(new)
    for table in ("organizations", "branches", "counties", "schools"):
        for name in type(whole.branches).__slots__:
            own, true = getattr(getattr(new.arrays, table), name), getattr(getattr(whole, table), name)
            assert np.array_equal(own, true) if isinstance(true, np.ndarray) else dict(own) == dict(true) \
                if name == "index" else own == true  # fmt: skip
    for level in ("county", "school"):
        own, true = new.arrays.previous[level], whole.previous[level]
        assert np.array_equal(own.provider_idx, true.provider_idx)
        assert np.array_equal(own.recipient_idx, true.recipient_idx)
        assert own.provider_id == true.provider_id
    assert new.arrays.provinces == whole.provinces
    assert all(np.array_equal(a, b) for a, b in zip(new.arrays.schools_of, whole.schools_of, strict=True))
    fresh = matcher.Instance.from_json(new.to_json())
    assert fresh == new
    assert fresh.notices == new.notices


def test_events_to_json_and_back() -> None:
    events = events_of(
        [
            {"kind": "leaves", "table": "organizations", "id": "U1"},
            {"kind": "takes", "table": "branches", "id": "B1", "pairs": 3},
            {"kind": "refused", "level": "county", "provider_id": "U1", "recipient_id": "C1", "reason": "太远"},
            {"kind": "joins", "schools": [{"id": "S", "county_id": "C1", "children": 3}]},
        ]
    )
    text = matcher.renewal.events_to_json(events)
    assert json.loads(text)["format"] == FORMAT
    assert matcher.renewal.events_from_json(text) == events


@pytest.mark.parametrize("text", ["nonsense", "[]", '{"format": "matcher.renewals.events/9", "events": []}'])
def test_json_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(matcher.InvalidInput):
        matcher.renewal.events_from_json(text)


@pytest.fixture
def instance() -> matcher.Instance:
    return matcher.Instance(
        organizations=[{"id": "U1", "lat": 26, "lon": 105}, {"id": "U2", "lat": 27, "lon": 105}],
        branches=[{"id": "B1", "organization_id": "U1"}, {"id": "B2", "organization_id": "U2"}],
        counties=[{"id": "C1", "lat": 26.1, "lon": 105}],
        schools=[{"id": "S1", "county_id": "C1", "children": 5}],
        preferences=[{"level": "county", "side": "recipient", "id": "C1", "choice_id": "U1", "rank": 1}],
        locks=[{"level": "school", "provider_id": "B1", "recipient_id": "S1", "kind": "pin"}],
        travel_times=[{"level": "county", "origin_id": "U1", "destination_id": "C1", "minutes": 5}],
    )


def test_who_leaves_takes_everything_along(instance: matcher.Instance) -> None:
    left = changed(instance, [Leaves(table="organizations", id="U1")])
    assert [row.id for row in left.branches] == ["B2"]
    assert left.locks == left.preferences == left.travel_times == ()
    assert changed(instance, [Leaves(table="counties", id="C1")]).schools == ()


def test_a_refusal_takes_the_place_of_an_agreement(instance: matcher.Instance) -> None:
    event = Refused(level="school", provider_id="B1", recipient_id="S1")
    assert [lock.kind for lock in changed(instance, [event]).locks] == ["forbid"]
    assert changed(instance, [Takes(table="branches", id="B1", pairs=4)]).branches[0].capacity == (0, 4)


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"kind": "leaves", "table": "schools", "id": "nobody"}, "unknown_id"),
        ({"kind": "refused", "level": "county", "provider_id": "U1", "recipient_id": "nowhere"}, "unknown_id"),
        ({"kind": "joins", "branches": [{"id": "B9", "organization_id": "nobody"}]}, "unknown_id"),
        ({"kind": "joins", "branches": [{"id": "B1", "organization_id": "U1"}]}, "id_taken"),
        ({"kind": "joins", "schools": [{"id": "S9", "county_id": "C1"}]}, "missing_value"),
        ({"kind": "joins", "schools": [{"id": "S9", "county_id": "C1", "children": 1, "lat": 3}]}, "half_coordinates"),
        ({"kind": "joins"}, "invalid_value"),
        ({"kind": "takes", "table": "schools", "id": "S1", "pairs": [3, 1]}, "invalid_value"),
        ({"kind": "vanishes"}, "invalid_value"),
    ],
)
def test_what_does_not_fit_is_refused(instance: matcher.Instance, event: dict, code: str) -> None:
    with pytest.raises(matcher.InvalidInput) as caught:
        changed(instance, events_of(event))
    assert {fault.code for fault in caught.value.faults} == {code}
    assert all(fault.table for fault in caught.value.faults)
    assert str(caught.value)


def test_an_arrival_without_coordinates_is_marked(instance: matcher.Instance) -> None:
    school = matcher.School(id="S2", county_id="C1", children=4)
    new = changed(instance, [Joins(schools=(school,))])
    assert new.schools[1].coord_precision == "county_seat"
    assert matcher.Instance.from_json(new.to_json()) == new
