"""Errors stay themselves in another process, and say any value they are given without failing."""

from __future__ import annotations

import copy
import json
import multiprocessing
import pickle
import threading
from concurrent.futures import ProcessPoolExecutor
from types import MappingProxyType

import pytest
from draws import told

import matcher
import matcher.renewal
from matcher import InvalidInput, MatcherError, Policy
from matcher.base.errors import Fault
from matcher.base.jsonform import MOST_DEPTH, depth_of
from matcher.base.plain import plain, shown


def caught(call):
    with pytest.raises(MatcherError) as error:
        call()
    return error.value


class Loud:
    def __str__(self):
        raise RuntimeError("no")


ERRORS = {
    "one fault": lambda: caught(lambda: Policy(max_county_km=-1)),
    "many faults": lambda: caught(lambda: matcher.Instance(counties=[{"id": "a"}, {"id": 3, "lat": "x"}])),
    "a lock for a value": lambda: caught(lambda: Policy(max_county_km=threading.Lock())),
    "infeasible": lambda: caught(
        lambda: matcher.match(matcher.Market.from_matrix([[1, 2, 3]], demand=[(1, 1)] * 3)).raise_for_status()
    ),
    "witness": lambda: matcher.InfeasibleError("no", MappingProxyType({"a": (1, 2)}), "没有"),
    "unsolved": lambda: matcher.UnsolvedError("stopped"),
    "save": lambda: matcher.SaveError("save_failed", path="x", reason=OSError("full")),
    "extra": lambda: matcher.MissingExtra("openpyxl", "excel"),
    "base": lambda: MatcherError("said", 3),
}


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("cross", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy, copy.deepcopy])
def test_an_error_crosses_as_itself(name, cross):
    """Its type, its texts, its faults and its witness."""
    error = ERRORS[name]()
    again = cross(error)
    assert type(again) is type(error)
    assert again == error
    assert hash(again) == hash(error)
    assert str(again) == str(error)
    assert again.to_json() == error.to_json()
    assert again.message("zh") == error.message("zh")


def test_errors_that_say_something_else_differ():
    assert caught(lambda: Policy(child_km=-1)) != caught(lambda: Policy(child_km=-2))
    assert matcher.UnsolvedError("a") != ValueError("a")


def _bad(value):
    return Policy(child_km=value).child_km


def test_a_pool_outlives_a_bad_input():
    """The fault comes back as a fault, and the next job runs."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        bad, good = pool.submit(_bad, -1), pool.submit(_bad, 5)
        with pytest.raises(InvalidInput) as error:
            bad.result(timeout=60)
        assert [fault.column for fault in error.value.faults] == ["child_km"]
        assert good.result(timeout=60) == 5


@pytest.mark.parametrize(
    "value",
    [10**5000, -(10**5000), "x" * 10**6, "\ud83d", threading.Lock(), Loud(), [[[[10**5000]]]], b"\xff", {1: Loud()}],
    ids=lambda value: type(value).__name__,
)
def test_any_value_can_be_said(value):
    """In both languages, as JSON, in an order, and sent on."""
    error = InvalidInput([Fault("invalid_value", "t", 1, "c", value, details={"reason": value}), Fault("not_found")])
    for lang in ("en", "zh"):
        assert len(error.message(lang).encode()) < 20_000
    json.dumps(error.to_json(), ensure_ascii=False).encode()
    again = pickle.loads(pickle.dumps(error))
    assert again == error
    assert [fault.code for fault in again.faults] == ["not_found", "invalid_value"]


def test_a_value_is_shown_as_it_is_where_it_can_be():
    assert [shown(value) for value in ("a", 3, 2.5, None, [1, "b"])] == ["a", 3, 2.5, None, "[1, 'b']"]
    assert shown("x" * 201) == "x" * 200 + "…"
    assert plain({"a": ({1}, b"x"), 3: MappingProxyType({})}) == {"a": ({1}, b"x"), 3: {}}


DEEP = "[" * 100_000
READERS = {
    "policy": Policy.from_json,
    "policy of TOML": lambda source: Policy.from_toml("a=" + source),
    "instance": matcher.Instance.from_json,
    "plan": matcher.Plan.from_json,
    "events": matcher.renewal.events_from_json,
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    ("source", "codes"),
    [
        (DEEP, {"too_deep"}),
        ('{"a":' * 60 + "1" + "}" * 60, {"too_deep", "not_toml"}),
        ("[" * 60 + "]" * 60, {"too_deep"}),
        ("9" * 5000, {"not_json", "not_toml"}),
        (b"\xff\xfe\x00".decode("latin-1"), {"not_json", "not_toml"}),
        ("[1]", {"not_json", "unknown_field"}),
    ],
    ids=["deep", "objects", "lists", "digits", "noise", "no object"],
)
def test_a_text_of_another_form_is_a_fault(name, source, codes):
    error = caught(lambda: READERS[name](source))
    assert isinstance(error, InvalidInput)
    assert {fault.code for fault in error.faults} <= codes


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("source", [None, 3, {}, [], object()], ids=told)
def test_what_is_no_text_is_a_fault(name, source):
    if name != "policy of TOML":
        assert [fault.code for fault in caught(lambda: READERS[name](source)).faults] == ["wrong_type"]


@pytest.mark.parametrize("source", [None, 3, b"child_km = 3"], ids=told)
def test_toml_is_text(source):
    assert [fault.code for fault in caught(lambda: Policy.from_toml(source)).faults] == ["wrong_type"]


def nested(depth):
    content = []
    for _ in range(depth):
        content = [content]
    return content


@pytest.mark.parametrize("depth", [60, 5000])
@pytest.mark.parametrize(
    "make",
    [
        lambda deep: Policy(rules=deep),
        lambda deep: Policy(child_km=deep),
        lambda deep: Policy(self=deep),
        lambda deep: matcher.Instance(counties=deep),
        lambda deep: matcher.Instance(counties=[{"id": "a", "lat": 1, "lon": 1, "extras": {"b": deep}}]),
        lambda deep: matcher.Instance(schools=[{"id": "a", "county_id": "b", "needs": deep}]),
        lambda deep: matcher.School(id="a", county_id="b", needs=deep),
        lambda deep: matcher.County(id=deep, lat=1, lon=1),
    ],
)
def test_deep_values_are_faults(make, depth):
    """Also where they never were JSON."""
    assert isinstance(caught(lambda: make(nested(depth))), InvalidInput)


@pytest.mark.parametrize("field", ["child_km", "max_county_km", "max_blocking_pairs"])
def test_numbers_of_five_thousand_digits_are_faults(field):
    assert [fault.column for fault in caught(lambda: Policy(**{field: 10**5000})).faults] == [field]


def test_depth_is_counted_without_a_stack():
    assert [depth_of(content) for content in (3, [], [[1], {"a": [2]}])] == [0, 1, 3]
    assert depth_of(nested(10**5)) == MOST_DEPTH + 1
