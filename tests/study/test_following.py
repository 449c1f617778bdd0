"""What follows the data or says that it can't: resolutions of costs, places to recommend, curves of changes."""

from __future__ import annotations

import numpy as np
import pytest
from small_plans import small_instance

import matcher
from matcher import InvalidInput, Market
from matcher.study import renewal_curve


@pytest.mark.parametrize(
    ("largest", "resolution"), [(4e-7, 1e-13), (0.5, 1e-7), (12.345, 1e-6), (1e6 + 0.5, 1e-6), (1e10 + 0.5, 1e-2)]
)
def test_the_default_resolution_follows_the_largest_cost(largest: float, resolution: float) -> None:
    """Small costs do not all round to 0, and large ones are counted as finely as is exact."""
    market = Market.from_matrix([[largest, largest / 4], [largest / 4, largest]])
    assert market.resolution == resolution
    matching = matcher.match(market)
    assert matching.pairs.tolist() == [[0, 1], [1, 0]]
    assert matching.cost == pytest.approx(largest / 2, rel=1e-5)


def test_whole_numbers_stay_whole() -> None:
    assert Market.from_matrix([[3.0, 1e14]]).resolution == 1
    assert Market.from_matrix(np.zeros((1, 2))).resolution == 1


def test_a_place_beyond_the_nearest_is_found_where_a_rule_wants_it() -> None:
    """The nearest is forbidden by a rule over several pairs; and a better one is not left out for being far."""
    instance = matcher.Instance(
        organizations=[
            matcher.Organization(id="far", lat=26, lon=107, kind="university"),
            matcher.Organization(id="near", lat=26, lon=105.2, kind="enterprise"),
        ],
        counties=[matcher.County(id="c1", lat=26, lon=107)],
    )
    wanted = {"kind": "wanted_kind", "kinds": ["university"], "least": 1, "of": {"ids": ["c2"]}}
    barred = {"kind": "forbid", "level": "county", "provider": {"ids": ["near"]}, "recipient": {"ids": ["c1"]}}
    # the rule names a county that is still to come, which only a plan that is there may do
    plan = matcher.Plan.from_pairs(
        instance, county_pairs=[("far", "c1")], policy=matcher.Policy(rules=[wanted, barred])
    )
    new = matcher.County(id="c2", lat=26, lon=105)
    for k in (1, 2):
        assert [place.provider_id for place in matcher.recommend(plan, new, k=k)] == ["far"]


@pytest.mark.parametrize("demand", [{"stability": "require"}, {"stability": "limit", "max_blocking_pairs": 1}])
def test_a_curve_of_changes_refuses_what_it_can_not_heed(demand: dict[str, object]) -> None:
    with pytest.raises(InvalidInput) as caught:
        renewal_curve(small_instance(), matcher.Policy(**demand))
    assert [fault.code for fault in caught.value.faults] == ["not_an_option"]


def test_a_curve_of_what_has_no_plan_has_no_points() -> None:
    policy = matcher.Policy(county_demand=(1, 1), organization_capacity=(1, 1), max_county_km=100)
    assert matcher.solve(small_instance(), policy).status == "infeasible"
    curve = renewal_curve(small_instance(), policy)
    assert len(curve) == 0
    assert "value" in curve
    assert curve.attrs["status"] == "infeasible"
    assert curve.attrs["witness"]["kind"] == "hall"
