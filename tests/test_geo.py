"""matcher.geo against geopy, brute force and the arithmetic of datums."""

import math
import threading

import numpy as np
import pytest
from geopy.distance import geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import geo
from matcher.base.errors import InvalidInput


def on_sphere(rng, n):
    """Points uniform on the globe."""
    return np.stack([np.degrees(np.arcsin(rng.uniform(-1, 1, n))), rng.uniform(-180, 180, n)], axis=1)


def in_china(rng, n, decimals=None):
    points = np.stack([rng.uniform(18, 53, n), rng.uniform(74, 134, n)], axis=1)
    return points if decimals is None else points.round(decimals)


def all_pairs(query, base):
    return geo.pair_m(query[:, None, 0], query[:, None, 1], base[None, :, 0], base[None, :, 1])


SPECIAL = [
    (0.0, 0.0, 0.0, 0.0),
    (26.57, 106.71, 26.57, 106.71),
    (0.0, 0.0, 0.0, 180.0),
    (0.0, 0.0, 0.5, 179.7),
    (30.0, 20.0, -30.0, -160.0),
    (30.0, 20.0, -29.999, -160.001),
    (90.0, 0.0, -90.0, 0.0),
    (90.0, 10.0, 90.0, -77.0),
    (90.0, 10.0, 45.0, 100.0),
    (0.0, 179.9999, 0.0, -179.9999),
    (52.0, 180.0, 52.0, -180.0),
    (-17.0, 179.0, -16.0, -179.0),
    (26.57, 106.71, 26.57 + 1e-9, 106.71),
    (0.0, 106.0, 0.0, 107.0),
]


# --- distances ------------------------------------------------------------------------------------------------------


def test_geodesic_equals_geopy_to_a_millimetre():
    rng = np.random.default_rng(1)
    rows = np.concatenate([np.hstack([on_sphere(rng, 1500), on_sphere(rng, 1500)]), np.array(SPECIAL)])
    near = in_china(rng, 500)
    rows = np.concatenate([rows, np.hstack([near, near + rng.normal(0, 1e-3, near.shape)])])
    ours = geo.geodesic_m(*rows.T)
    theirs = np.array([geodesic((a, b), (c, d)).meters for a, b, c, d in rows])
    assert np.abs(ours - theirs).max() < 1e-3


def test_geodesic_broadcasts_and_keeps_the_shape():
    rng = np.random.default_rng(2)
    p, q = on_sphere(rng, 7), on_sphere(rng, 5)
    block = geo.geodesic_m(p[:, None, 0], p[:, None, 1], q[None, :, 0], q[None, :, 1])
    assert block.shape == (7, 5)
    assert block.dtype == np.float64
    for i in range(7):
        for j in range(5):
            assert block[i, j] == geo.geodesic_m(p[i, 0], p[i, 1], q[j, 0], q[j, 1])
    assert geo.geodesic_m(1.0, 2.0, 3.0, 4.0).shape == ()
    assert geo.pair_m([], [], [], []).shape == (0,)


def test_geodesic_does_not_depend_on_chunks_nor_change_its_arguments(monkeypatch):
    rng = np.random.default_rng(3)
    p, q = on_sphere(rng, 1000), on_sphere(rng, 1000)
    before = p.copy(), q.copy()
    whole = geo.geodesic_m(p[:, 0], p[:, 1], q[:, 0], q[:, 1])
    matrix = geo.geodesic_m(p[:40, None, 0], p[:40, None, 1], q[None, :30, 0], q[None, :30, 1])
    monkeypatch.setattr(geo, "_CHUNK", 7)
    assert np.array_equal(whole, geo.geodesic_m(p[:, 0], p[:, 1], q[:, 0], q[:, 1]))
    assert np.array_equal(matrix, geo.geodesic_m(p[:40, None, 0], p[:40, None, 1], q[None, :30, 0], q[None, :30, 1]))
    assert np.array_equal(p, before[0])
    assert np.array_equal(q, before[1])


def test_geodesic_from_many_threads_at_once():
    rng = np.random.default_rng(4)
    p, q = on_sphere(rng, 20_000), on_sphere(rng, 20_000)
    want = geo.geodesic_m(p[:, 0], p[:, 1], q[:, 0], q[:, 1])
    same: list[bool] = []

    def work():
        same.append(np.array_equal(want, geo.geodesic_m(p[:, 0], p[:, 1], q[:, 0], q[:, 1])))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert same == [True] * 8


def test_pair_m_is_the_same_both_ways():
    rng = np.random.default_rng(5)
    p, q = on_sphere(rng, 20_000), on_sphere(rng, 20_000)
    assert np.array_equal(geo.pair_m(*p.T, *q.T), geo.pair_m(*q.T, *p.T))
    assert geo.pair_m(26.0, 106.0, 26.0, 106.0) == 0
    assert geo.pair_m(26.0, 106.0, 27.0, 106.0).dtype == np.int64


@pytest.mark.parametrize("bad", [math.nan, math.inf, 91.0, -1e30])
def test_a_latitude_that_is_none_is_a_fault_never_a_number(bad):
    with pytest.raises(InvalidInput, match="position 1"):
        geo.pair_m([26.0, bad], [106.0, 106.0], 26.0, 107.0)


def test_chord_floor_is_never_above_the_cost_of_a_pair():
    rng = np.random.default_rng(6)
    n = 60_000
    start = on_sphere(rng, n)
    scale = 10.0 ** rng.uniform(-9, 1, (n, 1))
    near = np.clip(start + rng.normal(0, 1, (n, 2)) * scale, [-90, -180], [90, 180])
    antipode = np.stack([-start[:, 0], start[:, 1] - np.sign(start[:, 1]) * 180], axis=1)
    antipode = np.clip(antipode + rng.normal(0, 1, (n, 2)) * scale, [-90, -180], [90, 180])
    same = start + 0.0
    for other in (on_sphere(rng, n), near, antipode, same):
        bound = geo.chord_floor_m(geo.ecef(*start.T), geo.ecef(*other.T))
        assert bound.dtype == np.int64
        assert (bound >= 0).all()
        assert (bound <= geo.pair_m(*start.T, *other.T)).all()


@settings(max_examples=300)
@given(*[st.floats(-90, 90), st.floats(-180, 180)] * 2)
def test_chord_floor_holds_on_whatever_hypothesis_finds(lat1, lon1, lat2, lon2):
    bound = geo.chord_floor_m(geo.ecef(lat1, lon1), geo.ecef(lat2, lon2))
    assert 0 <= bound <= geo.pair_m(lat1, lon1, lat2, lon2)


def test_chord_is_tight_at_short_range():
    rng = np.random.default_rng(7)
    p = in_china(rng, 1000)
    q = p + rng.normal(0, 0.5, p.shape)
    exact, chord = geo.geodesic_m(*p.T, *q.T), geo.chord_m(geo.ecef(*p.T), geo.ecef(*q.T))
    assert (chord <= exact + 1e-6).all()
    assert (chord >= exact * 0.9995).all()


def test_ecef_of_known_points():
    xyz = geo.ecef([0, 0, 90, -90], [0, 90, 0, 0])
    want = [[6378137, 0, 0], [0, 6378137, 0], [0, 0, 6356752.314245], [0, 0, -6356752.314245]]
    assert np.allclose(xyz, want, atol=1e-6)


# --- datums ---------------------------------------------------------------------------------------------------------


def reference_gcj02(lat, lon):
    """The public formula as it is commonly written down, one point at a time."""
    if not (72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271):
        return lat, lon
    x, y, pi = lon - 105.0, lat - 35.0, math.pi
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    d_lat += (20.0 * math.sin(6.0 * x * pi) + 20.0 * math.sin(2.0 * x * pi)) * 2.0 / 3.0
    d_lat += (20.0 * math.sin(y * pi) + 40.0 * math.sin(y / 3.0 * pi)) * 2.0 / 3.0
    d_lat += (160.0 * math.sin(y / 12.0 * pi) + 320 * math.sin(y * pi / 30.0)) * 2.0 / 3.0
    d_lon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    d_lon += (20.0 * math.sin(6.0 * x * pi) + 20.0 * math.sin(2.0 * x * pi)) * 2.0 / 3.0
    d_lon += (20.0 * math.sin(x * pi) + 40.0 * math.sin(x / 3.0 * pi)) * 2.0 / 3.0
    d_lon += (150.0 * math.sin(x / 12.0 * pi) + 300.0 * math.sin(x / 30.0 * pi)) * 2.0 / 3.0
    a, ee = 6378245.0, 0.00669342162296594323
    rad = lat / 180.0 * pi
    magic = 1 - ee * math.sin(rad) ** 2
    d_lat = d_lat * 180.0 / ((a * (1 - ee)) / (magic * math.sqrt(magic)) * pi)
    d_lon = d_lon * 180.0 / (a / math.sqrt(magic) * math.cos(rad) * pi)
    return lat + d_lat, lon + d_lon


def reference_bd09(lat, lon):
    x_pi = math.pi * 3000.0 / 180.0
    z = math.sqrt(lon * lon + lat * lat) + 0.00002 * math.sin(lat * x_pi)
    theta = math.atan2(lat, lon) + 0.000003 * math.cos(lon * x_pi)
    return z * math.sin(theta) + 0.006, z * math.cos(theta) + 0.0065


def test_forward_datums_equal_the_public_formulas():
    rng = np.random.default_rng(8)
    points = np.concatenate([in_china(rng, 300), on_sphere(rng, 300)])
    gcj = np.stack(geo.from_wgs84(*points.T, "gcj02"), axis=1)
    bd = np.stack(geo.from_wgs84(*points.T, "bd09"), axis=1)
    want = np.array([reference_gcj02(*p) for p in points])
    assert np.abs(gcj - want).max() < 1e-12
    assert np.abs(bd - np.array([reference_bd09(*p) for p in want])).max() < 1e-12


@pytest.mark.parametrize(("datum", "least", "most"), [("gcj02", 200, 900), ("bd09", 700, 2000)])
def test_datums_move_points_as_far_as_they_are_known_to(datum, least, most):
    points = in_china(np.random.default_rng(9), 2000)
    moved = geo.geodesic_m(*points.T, *geo.from_wgs84(*points.T, datum))
    assert least < np.median(moved)
    assert moved.max() < most


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
def test_round_trips_are_exact_to_a_micrometre_both_ways(datum):
    rng = np.random.default_rng(10)
    edge = np.array([[35.0, 105.0], [35.0, 105.0 + 1e-9], [35.0, 105.0 - 1e-7], [18.2, 109.5], [53.4, 123.4]])
    points = np.concatenate([in_china(rng, 20_000), edge])
    there = geo.from_wgs84(*points.T, datum)
    assert geo.geodesic_m(*points.T, *geo.to_wgs84(*there, datum)).max() < 1e-6
    back = geo.to_wgs84(*points.T, datum)
    assert geo.geodesic_m(*points.T, *geo.from_wgs84(*back, datum)).max() < 1e-6


def test_outside_china_gcj02_is_wgs84():
    lat, lon = [48.85, 40.7, -33.9], [2.35, -74.0, 151.2]
    for convert in (geo.to_wgs84, geo.from_wgs84):
        assert np.array_equal(convert(lat, lon, "gcj02"), (lat, lon))


def test_a_point_just_inside_the_box_comes_back_though_shifted_out_of_it():
    lat, lon = np.array([30.0]), np.array([137.8346])
    there = geo.from_wgs84(lat, lon, "gcj02")
    assert there[1][0] > 137.8347
    assert geo.geodesic_m(lat, lon, *geo.to_wgs84(*there, "gcj02")).max() < 1e-6


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_point_is_converted_the_same_alone_and_among_others(datum):
    points = in_china(np.random.default_rng(11), 1001)
    whole = np.stack(geo.to_wgs84(*points.T, datum), axis=1)
    alone = np.array([np.ravel(geo.to_wgs84([lat], [lon], datum)) for lat, lon in points[:200]])
    # NumPy's vector and scalar loops may round the last bit of a sine differently, never more.
    assert np.abs(whole[:200] - alone).max() < 1e-13


@pytest.mark.parametrize("convert", [geo.to_wgs84, geo.from_wgs84])
def test_an_unknown_datum_is_a_fault(convert):
    with pytest.raises(InvalidInput) as caught:
        convert([26.0], [106.0], "gps")
    assert [fault.code for fault in caught.value.faults] == ["unknown_datum"]


# --- neighbours -----------------------------------------------------------------------------------------------------


def clouds():
    """Point sets that have broken neighbour searches: ties, one place, a grid, poles, the date line, islands."""
    rng = np.random.default_rng(12)
    grid = np.stack(np.meshgrid(26.0 + np.arange(8) * 0.01, 106.0 + np.arange(8) * 0.01), axis=-1).reshape(-1, 2)
    line = np.stack([rng.uniform(-20, 20, 60), np.where(rng.random(60) < 0.5, 179.5, -179.5)], axis=1)
    poles = np.stack([np.where(rng.random(60) < 0.5, 89.9, -89.9), rng.uniform(-180, 180, 60)], axis=1)
    coarse = in_china(rng, 150, decimals=0)
    return {
        "globe": (on_sphere(rng, 90), on_sphere(rng, 120)),
        "china": (in_china(rng, 90), in_china(rng, 120)),
        "ties": (coarse, in_china(rng, 150, decimals=0)),
        "one place": (np.full((40, 2), 30.0), np.full((50, 2), 30.0)),
        "two places": (np.full((40, 2), 30.0), np.repeat([[30.0, 30.0], [31.0, 31.0]], 25, axis=0)),
        "grid": (grid, grid),
        "date line": (line[:30], line[30:]),
        "poles": (poles[:30], poles[30:]),
        "antipodes": (coarse[:40], np.stack([-coarse[:40, 0], coarse[:40, 1] - 180], axis=1)),
        "centimetres": (26.0 + rng.integers(0, 9, (50, 2)) * 1e-7, 26.0 + rng.integers(0, 9, (60, 2)) * 1e-7),
        "one": (on_sphere(rng, 1), on_sphere(rng, 1)),
    }


CLOUDS = clouds()


@pytest.mark.parametrize("name", CLOUDS)
@pytest.mark.parametrize("k", [1, 3, 20, 1000])
def test_nearest_equals_brute_force(name, k):
    query, base = CLOUDS[name]
    cost = all_pairs(query, base)
    order = np.argsort(cost, axis=1, kind="stable")[:, :k]
    idx, metres = geo.nearest(query, base, k)
    assert idx.dtype == metres.dtype == np.int64
    assert np.array_equal(idx, order)
    assert np.array_equal(metres, np.take_along_axis(cost, order, axis=1))


@pytest.mark.parametrize("name", CLOUDS)
def test_within_equals_brute_force_to_the_metre(name):
    query, base = CLOUDS[name]
    cost = all_pairs(query, base)
    for max_m in [0, 1, int(cost.min()), *np.quantile(cost, [0.01, 0.3, 0.7]).astype(int), int(cost.max())]:
        for limit in {max_m, max_m - 1}:
            q, b = np.nonzero(cost <= limit)
            got = geo.within(query, base, limit)
            assert all(column.dtype == np.int64 for column in got)
            assert np.array_equal(got, [q, b, cost[q, b]])
            parts = list(geo.iter_within(query, base, limit, most=13))
            assert all(len(part[0]) <= max(13, len(base)) for part in parts)
            assert np.array_equal(np.concatenate([np.stack(part) for part in parts] or [np.empty((3, 0))], axis=1), got)


def test_searches_do_not_depend_on_chunks(monkeypatch):
    rng = np.random.default_rng(13)
    query, base = in_china(rng, 400, decimals=1), in_china(rng, 500, decimals=1)
    whole = geo.nearest(query, base, 5), geo.within(query, base, 300_000)
    monkeypatch.setattr(geo, "_CHUNK", 11)
    monkeypatch.setattr(geo, "_MAX_PAIRS", 50)
    assert np.array_equal(whole[0], geo.nearest(query, base, 5))
    assert np.array_equal(whole[1], geo.within(query, base, 300_000))


def test_searches_of_nothing():
    none, one = np.empty((0, 2)), np.array([[26.0, 106.0]])
    assert geo.nearest(none, one, 3)[0].shape == (0, 1)
    assert geo.nearest(one, none, 3)[0].shape == (1, 0)
    assert geo.nearest(one, one, 0)[0].shape == (1, 0)
    for query, base, limit in [(none, one, 5), (one, none, 5), (one, one, -1)]:
        assert [column.shape for column in geo.within(query, base, limit)] == [(0,)] * 3


@pytest.mark.parametrize("points", [[[91.0, 0.0]], [[0.0, 181.0]], [[math.nan, 0.0]], [[0.0, math.inf]]])
def test_points_that_are_none_are_faults(points):
    for call in (lambda: geo.kd_order(points), lambda: geo.nearest(points, [[0, 0]], 1)):
        with pytest.raises(InvalidInput) as caught:
            call()
        assert [fault.code for fault in caught.value.faults] == ["points_range"]
    with pytest.raises(InvalidInput, match="shape"):
        geo.as_latlon([1.0, 2.0, 3.0])
    with pytest.raises(InvalidInput, match="shape"):
        geo.as_latlon([["a", "b"]])


def test_kd_order_is_a_permutation_that_puts_near_points_side_by_side():
    rng = np.random.default_rng(14)
    points = in_china(rng, 3000)
    order = geo.kd_order(points)
    assert np.array_equal(np.sort(order), np.arange(3000))
    assert np.array_equal(order, geo.kd_order(points))
    walk = geo.geodesic_m(*points[order[:-1]].T, *points[order[1:]].T).mean()
    assert walk < 0.1 * geo.geodesic_m(*points[:-1].T, *points[1:].T).mean()
    same = np.full((50, 2), 30.0)
    assert np.array_equal(geo.kd_order(same), np.arange(50))
    assert geo.kd_order(np.empty((0, 2))).shape == (0,)
