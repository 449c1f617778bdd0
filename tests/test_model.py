"""Records are checked at the door, and an instance is always whole."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import matcher
from matcher.model import RECORDS


def test_a_copy_with_other_tables_forgets_what_was_computed():
    """What an instance computed once must not live on in a copy that differs."""
    county = matcher.County(id="C", lat=1, lon=2)
    organization = matcher.Organization(id="O", lat=1, lon=2)
    pair = matcher.Pairing(level="county", provider_id="O", recipient_id="C")
    instance = matcher.Instance(organizations=[organization], counties=[county], previous=[pair])
    assert len(instance.arrays.previous["county"]) == 1
    digest = instance.digest
    copy = instance.model_copy(update={"previous": ()})
    assert len(copy.arrays.previous["county"]) == 0
    assert copy.digest != digest
    with pytest.raises(matcher.InvalidInput):
        instance.model_copy(update={"counties": ()})


def test_row_order_never_matters():
    """The same rows in any order are the same instance, with the same digest and JSON."""
    instance = matcher.example()
    shuffled = matcher.Instance(
        organizations=instance.organizations[::-1],
        branches=instance.branches[::-1],
        counties=instance.counties[::-1],
        schools=instance.schools[::-1],
        previous=instance.previous[::-1],
    )
    assert shuffled == instance
    assert shuffled.digest == instance.digest
    assert matcher.Instance.from_json(shuffled.to_json()) == instance


def test_an_instance_has_a_json_schema():
    """The schema of the JSON form is a schema, and an instance's JSON keeps to it."""
    import jsonschema

    schema = matcher.Instance.model_json_schema(mode="serialization")
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(matcher.example().to_json()), schema)


def test_bounds_are_one_number_or_two():
    """One number d means (0, d)."""
    assert matcher.County(id="C", lat=0, lon=0, demand=3).demand == (0, 3)
    assert matcher.County(id="C", lat=0, lon=0, demand=(1, 3)).demand == (1, 3)


def test_faults_of_records_and_of_the_whole_come_together():
    """One bad number does not hide an unknown id elsewhere."""
    with pytest.raises(matcher.InvalidInput) as caught:
        matcher.Instance(
            organizations=[{"id": "O", "lat": 100, "lon": 0}],
            branches=[{"id": "B", "organization_id": "X"}],
        )
    assert {fault.code for fault in caught.value.faults} >= {"unknown_id"}
    assert len(caught.value.faults) == 2


def junk(depth: int = 2) -> st.SearchStrategy[Any]:
    """Draw values of every JSON kind, and records whose fields hold them."""
    plain = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4), st.sampled_from(["U1", "1"])
    )
    fields = ["id", "name", "lat", "lon", "capacity", "demand", "children", "skills", "extras", "level", "side", "rank"]
    fields += ["organization_id", "county_id", "provider_id", "recipient_id", "choice_id", "kind", "table", "old_id"]
    inner = plain if depth == 0 else st.one_of(plain, junk(depth - 1))
    return st.one_of(plain, st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(fields), inner, max_size=8))


@given(st.dictionaries(st.sampled_from([*RECORDS, "other", "format"]), junk(), max_size=5))
@settings(max_examples=80)
def test_nonsense_is_refused_with_faults(tables):
    """Whatever is given for the tables makes an instance or a list of faults that can be said, and no other error."""
    refused = []
    try:
        matcher.Instance(**tables)
    except matcher.InvalidInput as error:
        refused.append(error)
    for error in refused:
        assert error.faults
        assert error.message("zh")
        json.dumps(error.to_json(), allow_nan=False)


def test_what_is_worth_knowing_is_noticed():
    """Missing children, pairs of last year with strangers and gaps in preferences are notices of the instance."""
    names = ["O1", "O2", "O3", "O4", "O5", "O6"]
    instance = matcher.Instance(
        organizations=[{"id": name, "lat": 1, "lon": 2} for name in names],
        counties=[{"id": "C", "lat": 1, "lon": 2}],
        previous=[{"level": "county", "provider_id": name, "recipient_id": "C"} for name in [*names[:5], "gone"]],
        preferences=[
            {"level": "county", "side": "recipient", "id": "C", "choice_id": name, "rank": rank}
            for name, rank in zip(names, (1, 2, 2, 4, 6), strict=False)
        ],
    )
    assert [notice.code for notice in instance.notices] == ["assumed_children", "previous_stranger", "preference_gaps"]
    for notice in instance.notices:
        assert matcher.base.Notice.from_json(json.loads(json.dumps(notice.to_json()))) == notice
        assert notice.text("en") != notice.text("zh")


def test_a_school_without_a_point_is_marked():
    """It stands at its county's seat, and says so."""
    county = matcher.County(id="C", lat=1, lon=2, children=1)
    school = matcher.School(id="S", county_id="C", children=1, coord_precision="village")
    instance = matcher.Instance(counties=[county], schools=[school])
    assert instance.schools[0].coord_precision == "county_seat"
    assert instance.arrays.schools.at_parent.tolist() == [True]


@pytest.mark.parametrize("bad", ["U\x001", "U\n1", "\u200bU1", "", "   ", "x" * 40_000])
def test_ids_that_can_not_be_seen_are_refused(bad):
    """An id holds no control characters and nothing without width, and is not empty."""
    with pytest.raises(matcher.InvalidInput):
        matcher.Instance(organizations=[{"id": bad, "lat": 1, "lon": 2}])
    assert matcher.Organization(id=" Ｕ１ ", lat=1, lon=2).id == "U1"
