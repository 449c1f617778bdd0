"""What a caller may get wrong: one clear error with a code that names the slip, never a traceback from deep inside."""

from __future__ import annotations

import math
import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from small_plans import COUNTY_PAIRS, SCHOOL_PAIRS, small_instance, small_plan

import matcher
from matcher import InvalidInput, Market, Plan, Policy


def _codes(call: Any) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        call()
    for lang in ("en", "zh"):
        assert caught.value.message(lang)
    return [fault.code for fault in caught.value.faults]


@pytest.mark.parametrize(
    "limit",
    [
        {"time_limit_s": "1"},
        {"work_limit": "1"},
        {"work_limit": 1.5},
        {"gap": "a"},
        {"progress": 3},
        {"cancel": 3},
        {"cancel": threading.Event()},
        {"workers": "a"},
        {"workers": 1.5},
        {"workers": True},
    ],
    # by kind, since an event tells its address and workers must agree on the names of tests
    ids=lambda limit: "-".join(f"{name}-{type(value).__name__}" for name, value in limit.items()),
)
def test_a_limit_of_a_wrong_type_is_a_fault(limit):
    """`solve` and `match` refuse it by name, before any work."""
    market = Market.from_matrix(np.eye(3))
    assert _codes(lambda: matcher.solve(small_instance(), **limit)) == ["wrong_type"]
    assert _codes(lambda: matcher.match(market, **limit)) == ["wrong_type"]


@pytest.mark.parametrize("limit", [{"time_limit_s": -1}, {"work_limit": -1}, {"gap": math.nan}], ids=str)
def test_a_limit_below_zero_is_a_fault(limit):
    """Also where it is not a number at all."""
    assert _codes(lambda: matcher.match(Market.from_matrix(np.eye(3)), **limit)) == ["limit_negative"]


@pytest.mark.parametrize("workers", [0, -1])
def test_workers_below_one_are_a_fault(workers):
    """`match` looks at them as `solve` does."""
    assert _codes(lambda: matcher.solve(small_instance(), workers=workers)) == ["invalid_value"]
    assert _codes(lambda: matcher.match(Market.from_matrix(np.eye(3)), workers=workers)) == ["invalid_value"]


def test_numbers_of_numpy_are_numbers():
    """Limits may come out of an array."""
    limits = {"time_limit_s": np.float32(60), "work_limit": np.int64(10**6), "gap": np.float64(0)}
    assert matcher.solve(small_instance(), workers=np.int64(1), **limits).status == "optimal"
    assert matcher.match(Market.from_matrix(np.eye(3)), workers=np.int64(2), **limits).status == "optimal"


def test_a_thing_of_another_kind_is_a_fault():
    """An instance, a policy, a plan, a market: the error names the argument and what it must be."""
    instance, plan = small_instance(), small_plan()
    calls = [
        lambda: matcher.solve(3),
        lambda: matcher.solve(instance, {"child_km": 3}),
        lambda: matcher.solve(instance, start="plan"),
        lambda: matcher.match([[1, 2]]),
        lambda: matcher.verify(3, plan),
        lambda: matcher.verify(instance, 3),
        lambda: matcher.verify(instance, plan, "policy.toml"),
        lambda: matcher.diff(plan, 3),
        lambda: matcher.diff(None, plan),
        lambda: Plan.from_pairs({}, county_pairs=[]),
        lambda: matcher.replan(None, []),
        lambda: matcher.replan(plan, 3),
        lambda: matcher.recommend(3, matcher.Organization(id="U9", lat=26, lon=106)),
        lambda: matcher.recommend(plan, 3),
        lambda: matcher.tradeoff(instance, values=5),
        lambda: matcher.match_many([3]),
    ]
    for call in calls:
        assert _codes(call) == ["wrong_type"]


# --- policies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"county_demand": (2, 1)}, "minimum_above_maximum"),
        ({"branch_capacity": (3, 0)}, "minimum_above_maximum"),
        ({"within": ()}, "invalid_value"),
        ({"rules": [{"kind": "reach", "level": "county"}]}, "invalid_value"),
        ({"child_km": 1e300}, "invalid_value"),
        ({"change_cost_km": 1e300}, "invalid_value"),
        ({"max_county_km": 1e300}, "invalid_value"),
        ({"speed_kmh": 1e-300}, "invalid_value"),
        ({"detour_factor": 1e300}, "invalid_value"),
        ({"objectives": [{"name": "county_travel", "at_most": 1e300}]}, "invalid_value"),
    ],
    ids=str,
)
def test_a_policy_that_means_nothing_is_a_fault(fields, code):
    """Bounds upside down, a reach without a limit, numbers beyond any use."""
    assert _codes(lambda: Policy(**fields)) == [code]


def test_a_wrong_within_is_one_fault_in_plain_words():
    """No name of a validator's inside stands in the message."""
    with pytest.raises(InvalidInput) as caught:
        Policy(within=3)
    assert {fault.column for fault in caught.value.faults} == {"within"}
    assert "function" not in str(caught.value)


def test_a_reason_is_given_in_either_language():
    """What pydantic finds wrong is said in Chinese too."""
    for fields in (
        {"child_km": -1},
        {"child_km": "far"},
        {"child_km": math.inf},
        {"stability": "maybe"},
        {"objectives": 3},
        {"county_demand": (1, 2, 3)},
        {"county_demand": -1},
        {"max_county_km": None, "detour_factor": 0.5},
        {"rules": [{"kind": "nothing"}]},
        {"rules": [{}]},
        {"within": 3},
    ):
        with pytest.raises(InvalidInput) as caught:
            Policy(**fields)
        assert "Input should" not in caught.value.message("zh")
        assert "Input should" not in caught.value.message("en")


def test_a_pin_of_somebody_unknown_is_a_fault():
    """A pair that must be there needs both partners in the input, as in the table `locks`."""
    instance = small_instance()
    pins = [
        {"kind": "pin", "level": "county", "provider_id": "U9", "recipient_id": "C1"},
        {"kind": "pin", "level": "school", "provider_id": "B1", "recipient_id": "S99"},
    ]
    assert _codes(lambda: matcher.solve(instance, Policy(rules=pins))) == ["unknown_id", "unknown_id"]


def test_names_in_a_policy_that_nobody_bears_are_faults():
    """A slip in a province or id would otherwise quietly forbid everything, or nothing."""
    instance = small_instance()
    forbid = {"kind": "forbid", "level": "county", "provider": {"ids": "U9"}, "recipient": {"provinces": "甲省"}}
    policy = Policy(within=("甲省", "申省"), rules=[forbid])
    assert _codes(lambda: matcher.solve(instance, policy)) == ["unknown_id", "no_such_province"]
    plan = Plan.from_pairs(instance, county_pairs=[], school_pairs=[], policy=policy)  # a plan made by hand is told
    said = [notice for notice in plan.warnings if notice.code.startswith("policy_")]
    assert [(notice.code, notice.details["names"]) for notice in said] == [
        ("policy_unknown_id", "U9"),
        ("policy_unknown_province", "申省"),
    ]
    assert all(notice.text(lang) for notice in said for lang in ("en", "zh"))


@pytest.mark.parametrize("county_demand", [1, 2])
@pytest.mark.parametrize(("children", "child_km"), [(10**9, 10**6), (10**9, 10**12), (10**6, 10**12)])
def test_children_beyond_exact_counting_are_refused(children, child_km, county_demand):
    """A total that would leave 64 bits is refused, never wrapped."""
    schools = [{"id": f"S{i}", "county_id": "C1", "children": children} for i in range(6)]
    instance = small_instance(schools=schools, previous=[])
    policy = Policy(child_km=child_km, county_demand=county_demand)
    assert _codes(lambda: matcher.solve(instance, policy)) == ["cost_range"]


def test_more_bands_than_anybody_reads_are_refused():
    """Each band is a level of its own: a width of a metre would make a million of them."""
    objective = {"name": "fair_county_travel", "band_km": 0.001}
    assert _codes(lambda: matcher.solve(small_instance(), Policy(objectives=[objective]))) == ["too_many_bands"]


# --- plans made by hand -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_pairs_may_come_as_frames(frame):
    """Columns count by name, in any order; a plan's own frames are such."""
    instance, plan = small_instance(), small_plan()
    county = frame({"county_id": [c for _, c in COUNTY_PAIRS], "organization_id": [o for o, _ in COUNTY_PAIRS]})
    school = frame({"school_id": [s for _, s in SCHOOL_PAIRS], "branch_id": [b for b, _ in SCHOOL_PAIRS]})
    assert Plan.from_pairs(instance, county_pairs=county, school_pairs=school) == plan
    again = Plan.from_pairs(instance, county_pairs=plan.county_pairings, school_pairs=plan.school_pairings)
    assert again == plan


@pytest.mark.parametrize(
    "pairs",
    [
        3,
        ["U1"],
        [("U1",)],
        [("U1", "C1", "C2")],
        [3],
        [(1, 2)],
        {"U1": "C1"},
        [{"organization_id": "U1", "county_id": "C1"}],
        "U1",
        pd.DataFrame({"a": ["U1"], "b": ["C1"]}),
        pl.DataFrame({"organization_id": ["U1"]}),
    ],
    ids=lambda pairs: f"{type(pairs).__name__}-{str(pairs)[:20]}",
)
def test_pairs_of_another_form_are_faults(pairs):
    """A text of two letters is no pair of ids either."""
    assert set(_codes(lambda: Plan.from_pairs(small_instance(), county_pairs=pairs))) == {"not_a_pair"}


def test_no_pairs_may_be_given_as_none():
    """`None` is no pairs."""
    assert Plan.from_pairs(small_instance(), county_pairs=None) == Plan.from_pairs(small_instance())


def test_a_hand_made_plan_is_told_what_it_breaks_and_nothing_else():
    """Also where it has no pair that is known: its levels are true, its faults are the ids or the minima."""
    instance = small_instance()
    plan = Plan.from_pairs(instance, county_pairs=[("U1", "C9")])
    assert matcher.verify(instance, plan).codes == ("unknown_id",)
    empty = Plan.from_pairs(instance, policy=Policy(county_demand=(1, 1)))
    assert empty.status == "unknown"
    assert matcher.verify(instance, empty).codes == ("below_demand",)


# --- records and markets ----------------------------------------------------------------------------------------------


def test_a_faulty_record_is_invalid_input():
    """A record made by hand raises the package's own error, with all its faults."""
    with pytest.raises(InvalidInput) as caught:
        matcher.County(id="", lat=91, lon="x", foo=1)
    assert [fault.column for fault in caught.value.faults] == ["foo", "id", "lat", "lon"]


def test_a_frame_for_a_list_of_records_is_pointed_to_from_frames():
    """Not one fault for each name of a column."""
    frame = pd.DataFrame({"id": ["C1"], "lat": [26.0], "lon": [106.0]})
    with pytest.raises(InvalidInput) as caught:
        matcher.Instance(counties=frame)
    assert [fault.code for fault in caught.value.faults] == ["not_records"]
    assert "from_frames" in str(caught.value)


def test_a_template_is_a_workbook(tmp_path):
    """A workbook under the name of a CSV file opens nowhere."""
    assert _codes(lambda: matcher.template(tmp_path / "tables.csv")) == ["not_a_workbook_name"]
    assert not [*tmp_path.iterdir()]


def test_without_a_matching_there_are_no_blocking_pairs_to_list():
    """What does not exist is None, as the cost and the unmet units are."""
    matching = matcher.match(Market.from_matrix(np.eye(2), demand=[(2, 2), (1, 1)]))
    assert matching.status == "infeasible"
    assert matching.blocking_pairs() is None


def test_the_door_of_a_market_says_what_is_wrong_once():
    """One fault for one datum, and words that fit a single number."""
    assert _codes(lambda: Market.from_points([(26, 106)], [(26, 106)], datum="x")) == ["unknown_datum"]
    with pytest.raises(InvalidInput, match="level_names is of the type str"):
        Market.from_matrix(np.eye(2), level_names="a")
    with pytest.raises(InvalidInput) as caught:
        Market.from_matrix(np.eye(2), capacity=1.5)
    assert "()" not in str(caught.value)


def test_an_exception_of_the_callback_comes_through():
    """Whoever reports gets its own error back, and the next run is as good as ever."""

    def fail(_progress: matcher.base.Progress) -> None:
        raise KeyError("mine")

    for policy in (Policy(), Policy(county_demand=2), Policy(stability="require")):
        with pytest.raises(KeyError, match="mine"):
            matcher.solve(small_instance(), policy, progress=fail)
        assert matcher.solve(small_instance(), policy).status == "optimal"


def test_any_object_that_says_cancelled_is_a_token():
    """The protocol is one attribute."""
    token = SimpleNamespace(cancelled=True)
    assert matcher.solve(small_instance(), cancel=token).stop_reason == "cancelled"


def test_a_language_without_texts_is_a_fault():
    """Never English instead without a word."""
    plan = small_plan()
    for call in (lambda: plan.summary("fr"), lambda: plan.warnings[0].text("fr"), lambda: plan.policy.sentences("fr")):
        assert _codes(call) == ["invalid_value"]
