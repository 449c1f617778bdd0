"""What is written as JSON is read back equal, and anything else is a fault."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_plans import part_of_example, small_instance, small_plan

import matcher
import matcher.advice
import matcher.base
import matcher.renewal
import matcher.show
import matcher.study
from matcher import Fault, InvalidInput
from matcher.base import Progress, StoppedError, error_from_json

#: name -> who reads it
READERS: dict[str, Callable[[Any], Any]] = {
    "report": matcher.Report.from_json,
    "diff": matcher.study.Diff.from_json,
    "recommendation": matcher.renewal.Recommendation.from_json,
    "explanation": matcher.show.Explanation.from_json,
    "what_if": matcher.advice.WhatIf.from_json,
    "progress": Progress.from_json,
    "error": error_from_json,
}


@pytest.fixture(scope="module")
def written() -> dict[str, list[Any]]:
    full = matcher.solve(part_of_example())
    none = matcher.solve(small_instance(), matcher.Policy(county_demand=(9, 9)))
    false = matcher.Plan.from_pairs(small_instance(), county_pairs=[("U1", "nobody")])
    leaves = [{"kind": "leaves", "table": "organizations", "id": full.county_pairings.organization_id.iloc[0]}]
    arrival = matcher.County(id="new", lat=27.5, lon=110.0, children=900)
    shortest = {"kind": "sets", "field": "max_county_km", "value": 1}
    return {
        "report": [matcher.verify(each.instance, each) for each in (full, none, false, small_plan())],
        "diff": [matcher.diff(full, matcher.replan(full, leaves)), matcher.diff(full, full)],
        "recommendation": list(matcher.recommend(full, arrival, k=2)),
        "explanation": [full.explain("school", "S018"), full.explain("branch", "B001"), none.explain("county", "C1")],
        "what_if": [full.what_if(leaves), none.what_if({"kind": "sets", "field": "child_km"}), full.what_if(shortest)],
        "progress": [Progress("read"), Progress("x", 1, 2, 3, 4, 1)],
        "error": errors(none),
    }


def errors(none: matcher.Plan) -> list[matcher.MatcherError]:
    """Errors of every kind, with details and values of every kind."""
    found: list[matcher.MatcherError] = [StoppedError("time"), matcher.MissingExtra("numba", "fast")]
    calls: list[Callable[[], Any]] = [
        none.raise_for_status,
        lambda: small_plan().save("plan.csv"),
        lambda: matcher.Policy(child_km=-1),
        lambda: matcher.Policy(objectives=["nothing"], max_county_km="far"),
        lambda: matcher.Market.from_matrix([[None]]),
        lambda: matcher.Market.from_matrix([[1.0, float("nan")]], capacity=[[1, 2, 3]]),
        lambda: matcher.Instance.from_json('{"counties": [{"id": 3}]}'),
        lambda: matcher.solve(small_instance(), matcher.Policy(), workers=0),
        lambda: matcher.solve(small_instance(), time_limit_s=object()),  # type: ignore[arg-type]
        lambda: matcher.read("nowhere"),
    ]
    for call in calls:
        with pytest.raises(matcher.MatcherError) as caught:
            call()
        found.append(caught.value)
    found.append(InvalidInput([Fault("invalid_value", "schools", 3, "lat", (1, 2), details={"reason": {"a": [1]}})]))
    return found


@pytest.mark.parametrize("name", sorted(READERS))
def test_what_is_written_is_read_back_equal(written: dict[str, list[Any]], name: str) -> None:
    for each in written[name]:
        content = each.to_json()
        for source in (json.dumps(content), json.dumps(content).encode(), json.loads(json.dumps(content)), content):
            again = READERS[name](source)
            assert type(again) is type(each)
            assert json.loads(json.dumps(again.to_json())) == json.loads(json.dumps(content))
            if name == "error":
                assert [again.message(lang) for lang in ("en", "zh")] == [each.message(lang) for lang in ("en", "zh")]
            else:
                assert again == each
                assert copy.deepcopy(again) == pickle.loads(pickle.dumps(again)) == each


@pytest.mark.parametrize("name", sorted(READERS))
@pytest.mark.parametrize("source", [None, 3, b"\xff", "", "[]", "{}", "[" * 99999, {"format": "matcher.plan/1"}, {}])
def test_what_is_something_else_is_a_fault(name: str, source: Any) -> None:
    with pytest.raises(InvalidInput):
        READERS[name](source)


def test_a_number_of_five_thousand_digits_is_a_fault() -> None:
    for source in ({"done": 10**5000}, {"done": 1, "of": 10**5000}):
        with pytest.raises(InvalidInput):
            Progress.from_json({"format": "matcher.progress/1", "phase": "x", **source})


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def hold_against_mutations(content: Any, read: Callable[[Any], Any], data: Any) -> None:
    """Replace, remove or add something anywhere: it is read, or refused, and what is read is written again."""
    content = json.loads(json.dumps(content))
    for _ in range(data.draw(st.integers(1, 3))):
        here = content
        while isinstance(here, dict | list) and here:
            at = data.draw(st.sampled_from(sorted(here) if isinstance(here, dict) else range(len(here))))
            if not isinstance(here[at], dict | list) or data.draw(st.booleans()):
                break
            here = here[at]
        if not here:
            break
        if data.draw(st.booleans()):
            here[at] = data.draw(ODD)
        elif isinstance(here, dict):
            del here[at]
            here |= data.draw(st.dictionaries(st.text(max_size=3), ODD, max_size=1))
        else:
            here.insert(at, data.draw(ODD))
    with suppress(InvalidInput):
        found = read(content)
        assert found.to_json()


@pytest.mark.parametrize("name", sorted(READERS))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_anything_is_read_or_refused(written: dict[str, list[Any]], name: str, data: Any) -> None:
    each = data.draw(st.sampled_from(written[name]))
    hold_against_mutations(each.to_json(), READERS[name], data)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(READERS))
@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_anything_is_read_or_refused_many(written: dict[str, list[Any]], name: str, data: Any) -> None:
    each = data.draw(st.sampled_from(written[name]))
    hold_against_mutations(each.to_json(), READERS[name], data)
