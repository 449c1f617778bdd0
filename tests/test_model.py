"""Records are checked at the door, and an instance is always whole."""

import pytest

import matcher


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
    import json

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
