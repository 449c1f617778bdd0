"""What a market accepts, keeps exactly, and refuses with every fault at once."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from geopy.distance import geodesic
from strategies import random_case

from matcher import InvalidInput, Market, match
from matcher.words.catalogue import catalogue


def codes(error):
    return sorted(fault.code for fault in error.value.faults)


def assert_same(market, other):
    first, second = market.to_arrays(), other.to_arrays()
    assert first.keys() == second.keys()
    for name, array in first.items():
        assert np.array_equal(array, second[name]), name
        assert array.dtype == second[name].dtype


# --- exactness -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["b", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"])
def test_every_integer_type_is_kept_exactly(dtype):
    values = np.array([[1, 0], [0, 1]]).astype(dtype)
    market = Market.from_matrix(values)
    assert market.cost.dtype == np.int64
    assert market.cost.tolist() == [[1, 0, 0, 1]]
    assert market.resolution == 1


def test_integers_beyond_the_exact_floats_are_kept():
    market = Market.from_matrix([[2**53 + 1, 2**53]])
    assert match(market).cost == 2**53
    assert match(Market.from_matrix([[2**53 + 1]])).cost == 2**53 + 1


def test_python_integers_decimals_and_nullable_columns_are_read():
    assert Market.from_matrix(np.array([[1, 2]], object)).cost.tolist() == [[1, 2]]
    assert Market.from_matrix([[Decimal("1.5"), Decimal(2)]]).cost.tolist() == [[1_500_000, 2_000_000]]
    column = pd.array([1, 0, 2], dtype="Int64")
    assert Market.from_arcs(column, [0, 0, 0], column, num_providers=3, num_recipients=1).cost.tolist() == [[0, 1, 2]]


def test_floats_are_rounded_to_the_stated_resolution():
    assert Market.from_matrix([[1.0, 2.0]]).resolution == 1.0
    market = Market.from_matrix([[0.1, 0.30000049, 1e6]])
    assert (market.resolution, market.cost.tolist()) == (1e-6, [[100_000, 300_000, 10**12]])
    market = Market.from_matrix([[0.1, 2.5, 3.5]], resolution=1, unmet_cost=[9, 9, 1.5])
    assert market.cost.tolist() == [[0, 2, 4]]
    assert market.unmet_cost.tolist() == [[9, 9, 2]]
    assert Market.from_matrix([[1000, 1500, 2501]], resolution=1000).cost.tolist() == [[1, 2, 3]]
    assert Market.from_matrix([[7]], resolution=0.001).cost.tolist() == [[7000]]
    assert Market.from_matrix([[0.7]], resolution=0.25).cost.tolist() == [[3]]


def test_what_is_unmet_is_counted_in_the_unit_of_the_cost():
    market = Market.from_matrix([[0.5, 1]], unmet_cost=3)
    assert market.unmet_cost.tolist() == [[3_000_000, 3_000_000]]


def test_one_number_and_one_each_hold_for_every_level():
    cost = np.zeros((2, 1, 3))
    assert Market.from_matrix(cost, unmet_cost=4).unmet_cost.tolist() == [[4, 4, 4]] * 2
    assert Market.from_matrix(cost, unmet_cost=[1, 2, 3]).unmet_cost.tolist() == [[1, 2, 3]] * 2
    assert Market.from_matrix(cost, unmet_cost=[[1, 2, 3], [4, 5, 6]]).unmet_cost[1].tolist() == [4, 5, 6]


def test_bounds_in_every_form():
    market = Market.from_matrix(np.zeros((2, 3)), capacity=[4, 5], demand=[(0, 1), (2, 2), (1, 3)])
    assert market.capacity.tolist() == [[0, 4], [0, 5]]
    assert market.demand.tolist() == [[0, 1], [2, 2], [1, 3]]
    assert Market.from_matrix(np.zeros((2, 2)), capacity=[[0, 1], [1, 2]]).capacity.tolist() == [[0, 1], [1, 2]]
    assert Market.from_matrix(np.zeros((2, 2)), capacity=2.0).capacity.tolist() == [[0, 2]] * 2


# --- form ------------------------------------------------------------------------------------------------------------


def test_arcs_are_put_in_order_with_all_that_belongs_to_them():
    market = Market.from_arcs(
        [1, 0, 1],
        [0, 1, 1],
        [[3, 1, 2], [6, 4, 5]],
        num_providers=2,
        num_recipients=2,
        provider_rank=[1, 7, 2],
        recipient_rank=[5, 8, 9],
        level_names=("km", "change"),
    )
    assert market.provider_idx.tolist() == [0, 1, 1]
    assert market.recipient_idx.tolist() == [1, 0, 1]
    assert market.cost.tolist() == [[1, 3, 2], [4, 6, 5]]
    assert (market.provider_rank.tolist(), market.recipient_rank.tolist()) == ([7, 1, 2], [8, 5, 9])
    assert [objective.name for objective in market.objectives] == ["unmet", "km", "change"]


def test_matrix_and_arcs_are_the_same_market():
    for seed in range(100):
        case = random_case(np.random.default_rng(seed))
        arcs, matrix = case.market(), case.matrix_market()
        for name in ("provider_idx", "recipient_idx", "cost", "capacity", "demand"):
            assert getattr(arcs, name).tolist() == getattr(matrix, name).tolist()
        assert arcs.num_arcs == matrix.num_arcs == len(case.arcs)
        every = np.argwhere(np.ones((case.num_providers, case.num_recipients), bool))
        assert arcs.allows(every).tolist() == matrix.allows(every).tolist()
        listed = np.array(sorted(case.arcs), np.int64).reshape(-1, 2)
        assert arcs.pair_cost(listed).tolist() == matrix.pair_cost(listed).tolist() == arcs.cost.tolist()


def test_a_market_does_not_change_with_what_it_was_made_from():
    cost, capacity, at = np.array([[1, 2], [3, 4]]), np.array([1, 1]), np.array([0, 1])
    markets = [
        Market.from_matrix(cost, capacity=capacity),
        Market.from_arcs(at, at, cost[0], num_providers=2, num_recipients=2, capacity=capacity),
    ]
    before = [market.to_arrays() for market in markets]
    before = [{name: array.copy() for name, array in arrays.items()} for arrays in before]
    cost[:], capacity[:], at[:] = 9, 9, 0
    for market, arrays in zip(markets, before, strict=True):
        assert all(np.array_equal(array, market.to_arrays()[name]) for name, array in arrays.items())
        for array in (market.cost, market.capacity, market.demand, market.provider_idx):
            assert not array.flags.writeable


def test_the_array_form_keeps_everything(tmp_path):
    markets = [
        Market.from_matrix([[0.5, 1], [2, 3]], unmet_cost=2, provider_rank=[[1, 2], [1, 2]]),
        Market.from_matrix([[5, 1]], allowed=[[True, False]], level_names=["km"]),
        Market.from_arcs([0], [1], [[2], [3]], num_providers=1, num_recipients=2, recipient_rank=[4]),
        Market.from_points([[26.5, 106.7]], [[26.6, 106.8], [27, 107]], max_km=80, unmet_km=[10, 20.5]),
        Market.from_points([[26.5, 106.7]], [[26.6, 106.8]], max_km=0.5),
        Market.from_matrix(np.zeros((0, 2))),
    ]
    for market in markets:
        market.to_npz(tmp_path / "market.npz")
        again = Market.from_npz(tmp_path / "market.npz")
        assert_same(market, again)
        assert match(again).pairs.tolist() == match(market).pairs.tolist()
    arrays = markets[0].to_arrays()
    assert all(array.dtype != object for array in arrays.values())
    for broken in ({"format": np.array("matcher.market/9")}, {}, {"format": arrays["format"]}):
        with pytest.raises(InvalidInput) as error:
            Market.from_arrays(broken)
        assert codes(error) == ["array_format"]
    with pytest.raises(InvalidInput):
        Market.from_arrays({**arrays, "capacity": np.array([[2, 1], [0, 1]])})


def test_a_market_shows_itself():
    assert repr(Market.from_matrix(np.zeros((2, 3)))) == "<Market 2 providers x 3 recipients, 6 arcs, 1 level(s)>"
    assert repr(Market.from_points([[1, 2]], [])) == "<Market 1 providers x 0 recipients, points, 1 level(s)>"


# --- faults ----------------------------------------------------------------------------------------------------------


def test_every_fault_is_named_at_once_with_its_place():
    with pytest.raises(InvalidInput) as error:
        Market.from_matrix(
            [[1.5, np.nan], [np.inf, 2]],
            capacity=[-1, 1.5],
            demand=[(2, 1), (0, 1)],
            unmet_cost=[1, np.nan],
            provider_rank=[[1, 2]],
            level_names=("a", "b"),
            resolution=-1,
        )
    assert codes(error) == sorted(
        ["cost_not_finite"] * 3
        + ["bound_negative", "bound_not_whole", "bound_order", "array_shape", "array_shape", "number_positive"]
    )
    places = {(fault.code, fault.column, fault.details.get("position")) for fault in error.value.faults}
    assert ("cost_not_finite", "cost", (0, 0, 1)) in places
    assert ("bound_order", "demand", 0) in places
    with pytest.raises(InvalidInput) as error:
        Market.from_arcs(
            [0, 3, 0, 0, -1], [0, 0, 0, 0, 1], [1, 2, 3, 4, 5], num_providers=2, num_recipients=2, unmet_cost="x"
        )
    assert codes(error) == ["array_type", "index_range", "index_range"]
    with pytest.raises(InvalidInput) as error:
        Market.from_arcs([0, 1, 0, 0], [0, 0, 0, 0], [1, 2, 3, 4], num_providers=2, num_recipients=2, demand=-1)
    assert codes(error) == ["bound_negative", "bound_negative", "duplicate_arc", "duplicate_arc"]
    assert [f.details["position"] for f in error.value.faults if f.code == "duplicate_arc"] == [2, 3]


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: Market.from_matrix([1, 2]), "array_shape"),
        (lambda: Market.from_matrix([[1, 2], [3]]), "array_type"),
        (lambda: Market.from_matrix([["a"]]), "array_type"),
        (lambda: Market.from_matrix([[1j]]), "array_type"),
        (lambda: Market.from_matrix([[None]]), "cost_not_finite"),
        (lambda: Market.from_matrix(np.array([["2020-01-01"]], "M8[D]")), "array_type"),
        (lambda: Market.from_matrix(np.zeros((0, 2, 2))), "array_shape"),
        (lambda: Market.from_matrix([[1]], allowed=[[0.5]]), "not_a_mask"),
        (lambda: Market.from_matrix([[1]], allowed=[[True, False]]), "array_shape"),
        (lambda: Market.from_matrix([[1]], unmet_cost=[1, 2]), "array_shape"),
        (lambda: Market.from_matrix([[1]], capacity=[[1, 2, 3]]), "array_shape"),
        (lambda: Market.from_matrix([[1]], level_names="a"), "wrong_type"),
        (lambda: Market.from_matrix([[1]], resolution=0), "number_positive"),
        (lambda: Market.from_matrix([[1]], resolution=np.nan), "number_positive"),
        (lambda: Market.from_matrix([[1e300, 0.5]]), "integer_range"),
        (lambda: Market.from_matrix([[2.0**60]]), "integer_range"),
        (lambda: Market.from_matrix(np.array([[2**63]], np.uint64)), "integer_range"),
        (lambda: Market.from_matrix([[2**70]]), "array_type"),
        (lambda: Market.from_matrix([[2**61]], resolution=0.5), "cost_range"),
        (lambda: Market.from_matrix([[2**62]], resolution=0.1), "integer_range"),
        (lambda: Market.from_arcs([0], [0, 0], [1], num_providers=1, num_recipients=1), "array_shape"),
        (lambda: Market.from_arcs([0], [0], [1, 2], num_providers=1, num_recipients=1), "array_shape"),
        (lambda: Market.from_arcs([[0]], [0], [1], num_providers=1, num_recipients=1), "array_shape"),
        (lambda: Market.from_arcs([0.5], [0], [1], num_providers=1, num_recipients=1), "bound_not_whole"),
        (lambda: Market.from_arcs([0], [0], [1], num_providers=-1, num_recipients=1), "number_negative"),
        (lambda: Market.from_arcs([0], [0], [1], num_providers=[1], num_recipients=1), "array_shape"),
        (lambda: Market.from_arcs([], [], [], num_providers=2**31, num_recipients=1), "integer_range"),
        (lambda: Market.from_points([[1, 2]], [[91, 0]]), "points_range"),
        (lambda: Market.from_points([[1, 2]], [[1, 2]], max_km=-1), "number_negative"),
        (lambda: Market.from_points([[1, 2]], [[1, 2]], max_km=np.nan), "number_negative"),
        (lambda: Market.from_points([[1, 2]], [[1, 2]], unmet_km=np.inf), "cost_not_finite"),
        (lambda: Market.from_points([[1, 2]], [[1, 2]], datum="mars"), "unknown_datum"),
    ],
)
def test_each_fault_has_its_code(make, code):
    with pytest.raises(InvalidInput) as error:
        make()
    assert code in codes(error)
    assert all(fault.message(lang) and fault.mend(lang) for fault in error.value.faults for lang in ("en", "zh"))


def test_a_million_faults_are_counted_not_listed():
    with pytest.raises(InvalidInput) as error:
        Market.from_matrix(np.full((300, 300), np.nan))
    assert len(error.value.faults) == 1001
    assert [f.details["count"] for f in error.value.faults if f.code == "many_faults"] == [89_000]


def test_what_is_not_allowed_may_be_anything():
    market = Market.from_matrix([[np.nan, 1], [2, np.inf]], allowed=[[0, 1], [1, 0]])
    assert market.cost.tolist() == [[1, 2]]


def test_the_texts_are_in_the_catalogue():
    assert "fault.cost_range" in catalogue()


# --- points ----------------------------------------------------------------------------------------------------------


def test_points_cost_the_whole_metres_of_the_geodesic():
    rng = np.random.default_rng(4)
    providers, recipients = rng.uniform((20, 100), (30, 115), (6, 2)), rng.uniform((20, 100), (30, 115), (7, 2))
    market = Market.from_points(providers, recipients, unmet_km=400.25)
    expected = [[round(geodesic(p, r).m) for r in recipients] for p in providers]
    assert market.cost.reshape(6, 7).tolist() == expected
    assert (market.unit, market.unmet_cost.tolist()) == ("m", [[400_250] * 7])
    same = match(Market.from_matrix(expected, unmet_cost=400_250))
    matching = match(market)
    assert (matching.pairs.tolist(), matching.cost) == (same.pairs.tolist(), same.cost)
    assert matching.levels[0].unit == "m"


def test_the_reach_is_inclusive_in_whole_metres():
    ends = ([[26.0, 106.0]], [[26.3, 106.4], [27.0, 107.0]])
    far = round(geodesic(ends[0][0], ends[1][0]).m)
    for max_km, count in ((far / 1000, 1), ((far - 1) / 1000, 0), ((far + 0.9) / 1000, 1), (None, 2), (np.inf, 2)):
        market = Market.from_points(*ends, max_km=max_km)
        assert market.num_arcs == count
        assert market.allows(np.array([[0, 0]])).tolist() == [count > 0]
    assert Market.from_points(*ends, max_km=1.001).points.max_m == 1001


def test_points_of_another_datum_are_converted():
    here = [[26.5, 106.7]]
    market = Market.from_points(here, here, datum="gcj02")
    moved = geodesic(here[0], market.points.provider_latlon[0]).m
    assert 100 < moved < 1000
    assert market.cost.tolist() == [[0]]


def test_costs_that_lose_their_order_by_rounding_are_told() -> None:
    """Equal after rounding though different: a notice that crosses in arrays; noise of floats is none."""
    rough = Market.from_matrix([[1e10, 0.5], [0.5 + 3e-4, 2e10]])
    (notice,) = rough.notices
    assert (notice.code, notice.details["count"]) == ("costs_merged", 1)
    assert all("0.1" in notice.text(lang) for lang in ("en", "zh"))
    assert Market.from_arrays(rough.to_arrays()) == rough
    assert "1 costs" in match(rough)._repr_html_()
    for exact in ([[0.1 + 0.2, 0.3]], [[4e-7, 1e-7]], [[3, 4]], [[1.5, 1.5]]):
        assert not Market.from_matrix(exact).notices
    assert Market.from_matrix([[0.1, 0.12]], resolution=0.1).notices
