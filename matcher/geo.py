"""Where things stand: kilometres on the ellipsoid, datums, and who is near whom.

One number is the cost of a pair in the whole package: `pair_m`, the geodesic on the WGS-84 ellipsoid in whole metres.
Everything that searches or prunes uses the straight chord between earth-centred coordinates, which is never longer
than the geodesic, so nothing near enough can be missed and no fudge factor is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Literal, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matcher.base.errors import Fault, InvalidInput
from matcher.base.numbers import FloatArray as Floats
from matcher.base.numbers import IntArray as Ints
from matcher.base.numbers import holds_booleans

__all__ = [
    "chord_m",
    "ecef",
    "from_wgs84",
    "geodesic_m",
    "iter_within",
    "kd_order",
    "nearest",
    "pair_m",
    "sites",
    "to_wgs84",
    "within",
]

Datum = Literal["wgs84", "gcj02", "bd09"]

DATUMS: Final = ("wgs84", "gcj02", "bd09")

#: WGS-84: equatorial radius in metres and first eccentricity squared
_A: Final = 6378137.0
_E2: Final = (2 - 1 / 298.257223563) / 298.257223563
#: far above the rounding error of a chord (about 4e-9 m), far below anything that a whole metre can show
_SLACK_M: Final = 1e-6
#: geodesics computed at a time, and pairs that a search holds at a time
_CHUNK, _MAX_PAIRS = 1 << 18, 1 << 21
#: no chord is longer than the equator's diameter
_MAX_CHORD_M: Final = 2 * _A + 1


def as_latlon(points: ArrayLike, table: str | None = None) -> Floats:
    """Return `points` as an (n, 2) float64 array of (lat, lon) in degrees, checked.

    Raises
    ------
    InvalidInput
        If the shape is another, or a latitude is not within -90..90 or a longitude not within -180..180 (NaN is not).
    """
    try:
        if holds_booleans(points):  # true and false are no degrees
            raise TypeError
        array = np.array(points, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        raise InvalidInput([Fault("points_shape", table=table, details={"shape": "?"})]) from None
    if array.size == 0:
        return np.empty((0, 2))
    if array.ndim != 2 or array.shape[1] != 2:
        raise InvalidInput([Fault("points_shape", table=table, details={"shape": array.shape})])
    if not (good := (np.abs(array) <= (90.0, 180.0)).all(axis=1)).all():
        faults = [
            Fault("points_range", table=table, value=tuple(array[i].tolist()), details={"position": int(i)})
            for i in np.flatnonzero(~good)
        ]
        raise InvalidInput(faults)
    return array


# --- distances ------------------------------------------------------------------------------------------------------


def geodesic_m(lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike) -> Floats:
    """Return the length of the geodesic on the WGS-84 ellipsoid in metres.

    The arguments, in degrees, broadcast against each other; the result has their common shape. Each value depends on
    its own pair alone.

    Raises
    ------
    InvalidInput
        If a latitude is not within -90..90 or a number is not finite.

    Notes
    -----
    C. F. F. Karney, "Algorithms for geodesics", J. Geodesy 87 (2013), sections 4 and 5, as implemented in PROJ.
    """
    from pyproj import Geod

    # A Geod of its own for every call: no object is shared between threads.
    geod = Geod(ellps="WGS84")
    arrays = np.broadcast_arrays(*(np.asarray(x, dtype=np.float64) for x in (lat1, lon1, lat2, lon2)))
    out = np.empty(arrays[0].shape)
    flat = out.reshape(-1)
    columns = [array.reshape(-1) if array.flags.c_contiguous else array.flat for array in arrays]
    for start in range(0, flat.size, _CHUNK):
        stop = min(start + _CHUNK, flat.size)
        a, b, c, d = (np.array(column[start:stop], dtype=np.float64) for column in columns)
        flat[start:stop] = geod.inv(b, a, d, c, inplace=True)[2]
        bad = ~np.isfinite(flat[start:stop])
        if bad.any():
            i = start + int(np.flatnonzero(bad)[0])
            value = tuple(float(column[i]) for column in columns)
            raise InvalidInput([Fault("points_range", value=value, details={"position": i})])
    return out


def pair_m(lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike) -> Ints:
    """Return `geodesic_m` rounded to whole metres (half to even), int64: the cost of a pair everywhere."""
    return np.rint(geodesic_m(lat1, lon1, lat2, lon2)).astype(np.int64)


def ecef(lat: ArrayLike, lon: ArrayLike) -> Floats:
    """Return earth-centred WGS-84 coordinates in metres, (n, 3), of points on the ellipsoid given in degrees."""
    phi, lam = np.radians(np.asarray(lat, dtype=np.float64)), np.radians(np.asarray(lon, dtype=np.float64))
    sin_phi = np.sin(phi)
    normal = _A / np.sqrt(1.0 - _E2 * sin_phi * sin_phi)
    across = normal * np.cos(phi)
    return np.stack([across * np.cos(lam), across * np.sin(lam), normal * (1.0 - _E2) * sin_phi], axis=-1)


def chord_m(xyz1: Floats, xyz2: Floats) -> Floats:
    """Return the straight distance in metres between earth-centred points, (..., 3) each, broadcast."""
    difference = np.asarray(xyz1, dtype=np.float64) - np.asarray(xyz2, dtype=np.float64)
    return cast(Floats, np.sqrt(np.square(difference).sum(axis=-1)))


def chord_floor_m(xyz1: Floats, xyz2: Floats) -> Ints:
    """Return a lower bound on `pair_m` in whole metres, int64, from earth-centred points, (..., 3) each, broadcast.

    A chord is never longer than the geodesic over the same points and an integer below the geodesic is never above the
    geodesic rounded; a millionth of a metre is taken off for the rounding of the chord itself.
    """
    return np.floor(np.maximum(chord_m(xyz1, xyz2) - _SLACK_M, 0.0)).astype(np.int64)


# --- datums ---------------------------------------------------------------------------------------------------------


def to_wgs84(lat: ArrayLike, lon: ArrayLike, datum: str) -> tuple[Floats, Floats]:
    """Return (lat, lon) in WGS-84 degrees of points given in `datum`, float64 arrays of the same shape.

    Raises
    ------
    InvalidInput
        If `datum` is none of "wgs84", "gcj02", "bd09".

    Notes
    -----
    The forward formulas of GCJ-02 and BD-09 are the public ones; the way back solves them by fixed-point iteration
    (each step shrinks the error at least 30 times), so that a round trip is exact to far below a millimetre. A point
    outside the box that GCJ-02 covers is not shifted; within a kilometre of that box's edge, far out at sea or abroad,
    the published formula maps two points onto one and the way back takes the one inside.
    """
    y, x = _columns(lat, lon, datum)
    if datum == "bd09":
        y, x = _invert(_gcj02_to_bd09, y, x)
    if datum in ("gcj02", "bd09"):
        inner_y, inner_x = _invert(_shift_gcj02, y, x)
        inside = _in_gcj02_box(inner_y, inner_x)
        y, x = np.where(inside, inner_y, y), np.where(inside, inner_x, x)
    return y, x


def from_wgs84(lat: ArrayLike, lon: ArrayLike, datum: str) -> tuple[Floats, Floats]:
    """Return (lat, lon) in `datum` of points given in WGS-84 degrees; the inverse of `to_wgs84`.

    Raises
    ------
    InvalidInput
        If `datum` is none of "wgs84", "gcj02", "bd09".
    """
    y, x = _columns(lat, lon, datum)
    if datum in ("gcj02", "bd09"):
        shifted_y, shifted_x = _shift_gcj02(y, x)
        inside = _in_gcj02_box(y, x)
        y, x = np.where(inside, shifted_y, y), np.where(inside, shifted_x, x)
    if datum == "bd09":
        y, x = _gcj02_to_bd09(y, x)
    return y, x


def _columns(lat: ArrayLike, lon: ArrayLike, datum: str) -> tuple[Floats, Floats]:
    if datum not in DATUMS:
        raise InvalidInput([Fault("unknown_datum", value=datum, details={"known": ", ".join(DATUMS)})])
    y, x = np.broadcast_arrays(np.asarray(lat, dtype=np.float64), np.asarray(lon, dtype=np.float64))
    return y.copy(), x.copy()


def _invert(forward: Callable[[Floats, Floats], tuple[Floats, Floats]], y: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Solve forward(v, u) = (y, x).

    Always the same number of steps: with a stopping rule over the whole array a point's result would depend on the
    other rows.
    """
    v, u = y.copy(), x.copy()
    for _ in range(12):
        fv, fu = forward(v, u)
        v, u = v + (y - fv), u + (x - fu)
    return v, u


def _in_gcj02_box(lat: Floats, lon: Floats) -> NDArray[np.bool_]:
    return (lon >= 72.004) & (lon <= 137.8347) & (lat >= 0.8293) & (lat <= 55.8271)


def _shift_gcj02(lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
    """Return GCJ-02 of WGS-84 by the public formula (Krasovsky 1940 axis and eccentricity)."""
    a, e2 = 6378245.0, 0.00669342162296594323
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    wave = 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (wave + 20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi * y / 3.0)) * 2.0 / 3.0
    north += (160.0 * np.sin(np.pi * y / 12.0) + 320.0 * np.sin(np.pi * y / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (wave + 20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi * x / 3.0)) * 2.0 / 3.0
    east += (150.0 * np.sin(np.pi * x / 12.0) + 300.0 * np.sin(np.pi * x / 30.0)) * 2.0 / 3.0
    phi = np.radians(lat)
    magic = 1.0 - e2 * np.sin(phi) ** 2
    radius_north = a * (1.0 - e2) / (magic * np.sqrt(magic))
    radius_east = a / np.sqrt(magic) * np.cos(phi)
    return lat + np.degrees(north / radius_north), lon + np.degrees(east / radius_east)


def _gcj02_to_bd09(lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
    """Return BD-09 of GCJ-02 by the public formula."""
    turn = np.pi * 3000.0 / 180.0
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * turn)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * turn)
    return radius * np.sin(angle) + 0.006, radius * np.cos(angle) + 0.0065


# --- neighbours -----------------------------------------------------------------------------------------------------


def sites(latlon: Floats) -> tuple[Floats, Ints]:
    """Return the distinct points of `latlon`, (m, 2), and for each of its n rows the position among them, (n,).

    Many units share an address; searching distinct points only keeps ties from making a search quadratic.
    """
    key = latlon[:, 0] + 1j * latlon[:, 1]
    distinct, site = np.unique(key, return_inverse=True)
    return np.stack([distinct.real, distinct.imag], axis=1), site.astype(np.int64)


def kd_order(latlon: ArrayLike) -> Ints:
    """Return a permutation, (n,) int64, that numbers points along a k-d tree: near points get near numbers.

    OR-Tools' min-cost flow runs up to 2.7 times faster on nodes numbered so. Points of one place keep their order.
    """
    from scipy.spatial import cKDTree

    points = as_latlon(latlon)
    if not len(points):
        return np.empty(0, dtype=np.int64)
    places, site = sites(points)
    rank = np.empty(len(places), dtype=np.int64)
    rank[cKDTree(ecef(places[:, 0], places[:, 1]), leafsize=2).indices] = np.arange(len(places))
    return np.argsort(rank[site], kind="stable").astype(np.int64)


def nearest(query_latlon: ArrayLike, base_latlon: ArrayLike, k: int) -> tuple[Ints, Ints]:
    """Return the `k` base points nearest to each query point, exactly.

    Parameters
    ----------
    query_latlon, base_latlon
        (n, 2) and (m, 2), WGS-84 degrees.
    k
        How many; no more than m are returned.

    Returns
    -------
    base_idx, metres
        (n, min(k, m)) int64 each, every row in the order of (`pair_m`, base position).
    """
    from scipy.spatial import cKDTree

    query, base = as_latlon(query_latlon), as_latlon(base_latlon)
    k = min(k, len(base))
    if k < 1 or not len(query):
        return np.empty((len(query), max(k, 0)), dtype=np.int64), np.empty((len(query), max(k, 0)), dtype=np.int64)
    places, place_of = sites(query)
    towns, town_of = sites(base)
    members = np.argsort(town_of, kind="stable")
    first = np.searchsorted(town_of[members], np.arange(len(towns) + 1))
    most = min(k, int(np.diff(first).max()))
    tree = cKDTree(ecef(towns[:, 0], towns[:, 1]))
    xyz = ecef(places[:, 0], places[:, 1])
    idx = np.empty((len(places), k), dtype=np.int64)
    metres = np.empty((len(places), k), dtype=np.int64)

    todo, width = np.arange(len(places)), min(k + 4, len(towns))
    while todo.size:
        unsafe = []
        step = max(1, _MAX_PAIRS // (width * most))
        for start in range(0, todo.size, step):
            rows = todo[start : start + step]
            found = tree.query(xyz[rows], k=np.arange(1, width + 1))
            chord, town = np.asarray(found[0], dtype=np.float64), np.asarray(found[1], dtype=np.int64)
            cost = pair_m(places[rows, :1], places[rows, 1:], towns[town, 0], towns[town, 1])
            found_idx, found_m = _first_members(town, cost, members, first, k)
            # Every town not looked at has a chord of at least the longest one seen: safe once that rounds above the
            # worst of the k kept, ties included.
            safe = (width == len(towns)) | (chord[:, -1] > found_m[:, -1] + 0.5 + _SLACK_M)
            idx[rows[safe]], metres[rows[safe]] = found_idx[safe], found_m[safe]
            unsafe.append(rows[~safe])
        todo, width = np.concatenate(unsafe), min(2 * width, len(towns))
    return idx[place_of], metres[place_of]


def _first_members(town: Ints, cost: Ints, members: Ints, first: Ints, k: int) -> tuple[Ints, Ints]:
    """Return for each row the first k members, by (cost, member), of the towns listed in it, and their costs.

    Parameters
    ----------
    town, cost
        (n, w): towns of each row and their metres.
    members, first
        Base positions grouped by town, and where each group begins.
    """
    n, width = town.shape
    # More than k of one town never count; the lowest positions of a group come first.
    sizes = np.minimum(first[town + 1] - first[town], k).reshape(-1)
    row = np.repeat(np.repeat(np.arange(n), width), sizes)
    within_group = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    member = members[np.repeat(first[town].reshape(-1), sizes) + within_group]
    metres = np.repeat(cost.reshape(-1), sizes)
    order = np.lexsort((member, metres, row))
    begins = np.searchsorted(row, np.arange(n))
    take = order[begins[:, None] + np.arange(k)]
    return member[take], metres[take]


def within(query_latlon: ArrayLike, base_latlon: ArrayLike, max_m: int) -> tuple[Ints, Ints, Ints]:
    """Return exactly the pairs with `pair_m` <= `max_m`.

    Parameters
    ----------
    query_latlon, base_latlon
        (n, 2) and (m, 2), WGS-84 degrees.
    max_m
        Whole metres, inclusive.

    Returns
    -------
    query_idx, base_idx, metres
        (a,) int64 each, in the order of (query_idx, base_idx).
    """
    parts = list(iter_within(query_latlon, base_latlon, max_m))
    if not parts:
        empty = np.empty(0, dtype=np.int64)
        return empty, empty.copy(), empty.copy()
    q, b, m = (np.concatenate(column) for column in zip(*parts, strict=True))
    return q, b, m


def iter_within(
    query_latlon: ArrayLike, base_latlon: ArrayLike, max_m: int, *, most: int = _MAX_PAIRS
) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Yield the pairs of `within` in the same order, in parts of about `most` pairs (one query point is never split).

    The memory in use is that of one part.
    """
    from scipy.spatial import cKDTree

    query, base = as_latlon(query_latlon), as_latlon(base_latlon)
    if max_m < 0 or not len(query) or not len(base):
        return
    radius = min(float(max_m) + 0.5 + _SLACK_M, _MAX_CHORD_M)
    xyz, base_xyz = ecef(query[:, 0], query[:, 1]), ecef(base[:, 0], base[:, 1])
    tree = cKDTree(base_xyz)
    counts = np.concatenate(
        [
            tree.query_ball_point(xyz[start : start + _CHUNK], radius, return_length=True)
            for start in range(0, len(query), _CHUNK)
        ]
    )
    ends = np.cumsum(counts)
    start = 0
    while start < len(query):
        taken = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, taken + most, side="right")))
        found = cKDTree(xyz[start:stop]).sparse_distance_matrix(tree, radius, output_type="ndarray")
        q, b = found["i"].astype(np.int64), found["j"].astype(np.int64)
        order = np.argsort(q * len(base) + b)
        q, b = q[order] + start, b[order]
        metres = pair_m(query[q, 0], query[q, 1], base[b, 0], base[b, 1])
        near = metres <= max_m
        if near.any():
            yield q[near], b[near], metres[near]
        start = stop
