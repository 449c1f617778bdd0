"""How matrices, arcs and points become the parts of a market, checked and in canonical order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matcher import geo
from matcher.base.errors import InvalidInput
from matcher.base.notices import Notice
from matcher.base.numbers import magnitude
from matcher.market import beyond as more
from matcher.market import input as door
from matcher.market.input import Bools, Faults, Ints

#: nodes are numbered in 32 bits by the flow solver
_MOST_NODES: Final = 2**31 - 16


class Arcs(NamedTuple):
    """Candidate arcs in order of (provider, recipient), each once.

    `provider_idx`, `recipient_idx` (A,), `cost` (L, A); `provider_rank`, `recipient_rank` (A,) or None: the rank of the
    recipient in the provider's eyes and of the provider in the recipient's, 1 the best, equal ranks ties. All int64.
    """

    provider_idx: Ints
    recipient_idx: Ints
    cost: Ints
    provider_rank: Ints | None = None
    recipient_rank: Ints | None = None


class Matrix(NamedTuple):
    """All pairs as matrices: `cost` (L, P, R) int64, `allowed` (P, R) bool or None if every pair is, ranks (P, R)."""

    cost: Ints
    allowed: Bools | None = None
    provider_rank: Ints | None = None
    recipient_rank: Ints | None = None


class Points(NamedTuple):
    """Where both sides stand: (n, 2) float64 of (lat, lon) in degrees WGS-84, and the reach in metres or None."""

    provider_latlon: NDArray[np.float64]
    recipient_latlon: NDArray[np.float64]
    max_m: int | None


def frozen(array: NDArray[Any] | None) -> Any:
    """Return a read-only view (None stays None), so that nobody can change a market under a proof."""
    if array is None:
        return None
    view = array.view()
    view.flags.writeable = False
    return view


class Common(NamedTuple):
    """The arguments that every constructor shares, as given."""

    capacity: ArrayLike
    demand: ArrayLike
    unmet_cost: ArrayLike | None
    level_names: Sequence[str] | None
    resolution: float | None
    beyond: Mapping[str, Any] = MappingProxyType({})
    pair_limit: ArrayLike | None = None


def from_matrix(
    cost: ArrayLike,
    allowed: ArrayLike | None,
    ranks: tuple[ArrayLike | None, ArrayLike | None],
    common: Common,
) -> dict[str, Any]:
    """Return the fields of a market of all pairs of a matrix; see `Market.from_matrix`."""
    faults = Faults()
    raw = door.numbers(np.ma.getdata(cost) if np.ma.isMaskedArray(cost) else cost, "cost", faults)
    if raw is not None and raw.ndim not in (2, 3):
        faults.add("array_shape", "cost", shape=raw.shape, expected="(P, R) or (L, P, R)")
        raw = None
    if raw is None:
        faults.stop()
    assert raw is not None
    cube = raw if raw.ndim == 3 else raw[None]
    shape = cube.shape[1:]
    mask = None
    if np.ma.isMaskedArray(cost):
        masked = np.ma.getmaskarray(cost)
        open_ = ~(masked.any(axis=0) if masked.ndim == 3 else masked)
        allowed = open_ if allowed is None else open_ & _mask(allowed, shape, faults)
    if isinstance(allowed, str) and allowed == "finite":
        allowed = np.isfinite(cube).all(axis=0)
    if allowed is not None:
        mask = _mask(allowed, shape, faults)
        cube = np.where(mask, cube, np.zeros((), cube.dtype))
    rank_p = _ranks(ranks[0], shape, "provider_rank", faults)
    rank_r = _ranks(ranks[1], shape, "recipient_rank", faults)
    fields, values = _shared(cube, shape[0], shape[1], common, faults, shape)
    faults.stop()
    # The caller may go on writing to the array that he gave.
    values = np.array(values, order="C") if mask is None else np.ascontiguousarray(values)
    if fields["pair_limit"] is not None and fields["pair_limit"].ndim:
        fields["pair_limit"] = fields["pair_limit"].reshape(-1)
    if mask is not None:
        _rearrange(fields, np.flatnonzero(mask))
    fields["matrix"] = Matrix(frozen(values), frozen(mask), frozen(rank_p), frozen(rank_r))
    return fields


def from_arcs(
    provider_idx: ArrayLike,
    recipient_idx: ArrayLike,
    cost: ArrayLike,
    sizes: tuple[int, int],
    ranks: tuple[ArrayLike | None, ArrayLike | None],
    common: Common,
) -> dict[str, Any]:
    """Return the fields of a market of listed pairs; see `Market.from_arcs`."""
    faults = Faults()
    num_providers = door.size(sizes[0], "num_providers", faults)
    num_recipients = door.size(sizes[1], "num_recipients", faults)
    provider = door.indices(provider_idx, num_providers, "provider_idx", faults)
    recipient = door.indices(recipient_idx, num_recipients, "recipient_idx", faults)
    order = None
    if len(provider) != len(recipient):
        faults.add("array_shape", "recipient_idx", shape=recipient.shape, expected=f"({len(provider)},)")
    elif not faults.found:
        order = _order(provider, recipient, num_recipients, faults)
    raw = door.numbers(cost, "cost", faults)
    cube = np.zeros((1, 0), np.int64) if raw is None else raw
    if cube.size == 0:
        cube = np.zeros((cube.shape[0] if cube.ndim == 2 and cube.shape[0] else 1, 0), np.int64)
    elif cube.ndim == 1:
        cube = cube[None]
    if raw is not None and (cube.ndim != 2 or cube.shape[1] != len(provider)):
        faults.add("array_shape", "cost", shape=cube.shape, expected=f"({len(provider)},) or (L, {len(provider)})")
        cube = np.zeros((1, 0), np.int64)
    rank_p = _ranks(ranks[0], provider.shape, "provider_rank", faults)
    rank_r = _ranks(ranks[1], provider.shape, "recipient_rank", faults)
    fields, values = _shared(cube, num_providers, num_recipients, common, faults, provider.shape)
    faults.stop()
    if order is not None:
        provider, recipient, values = provider[order], recipient[order], values[:, order]
        rank_p, rank_r = (None if rank is None else rank[order] for rank in (rank_p, rank_r))
        _rearrange(fields, order)
    else:
        provider, recipient, values = provider.copy(), recipient.copy(), values.copy()
    values = np.ascontiguousarray(values)
    fields["_arcs"] = Arcs(*(frozen(array) for array in (provider, recipient, values, rank_p, rank_r)))
    return fields


def _rearrange(fields: dict[str, Any], at: Ints) -> None:
    """Put what is said of single pairs in the order of the arcs."""
    limit, size = fields["pair_limit"], fields.get("size")
    if limit is not None and limit.ndim:
        fields["pair_limit"] = frozen(limit[at])
    if size is not None and size.ndim == 2:
        fields["size"] = frozen(size[:, at])


def _order(provider: Ints, recipient: Ints, num_recipients: int, faults: Faults) -> Ints | None:
    """Return the order of arcs by (provider, recipient), None if they are in it; note what is listed twice."""
    keys = provider * num_recipients + recipient
    if (keys[1:] > keys[:-1]).all():
        return None
    order = np.argsort(keys, kind="stable")
    door.repeated(keys[order], order, num_recipients, faults)
    return order


def from_points(
    provider_latlon: ArrayLike,
    recipient_latlon: ArrayLike,
    max_km: float | None,
    datum: str,
    common: Common,
) -> dict[str, Any]:
    """Return the fields of a market of points; see `Market.from_points`."""
    faults = Faults()
    points = [
        _wgs84(latlon, name, datum, faults)
        for latlon, name in ((provider_latlon, "provider_latlon"), (recipient_latlon, "recipient_latlon"))
    ]
    max_m = None
    if max_km is not None:
        if not max_km >= 0:
            faults.add("number_negative", "max_km", max_km)
        elif math.isfinite(max_km):
            max_m = door.metres(max_km, floor=True)
    faults.stop()
    unmet = None if common.unmet_cost is None else door.numbers(common.unmet_cost, "unmet_km", faults)
    if unmet is not None:
        unmet = door.quantised(np.atleast_1d(unmet.astype(np.float64)), 1e-3, "unmet_km", faults)
        unmet = unmet[0] if unmet.shape == (1,) else unmet
    # No two points on earth are farther apart than half the equator, about 20,038 km.
    longest = np.array([[0, 20_040_000]], np.int64)
    common = common._replace(unmet_cost=unmet, level_names=common.level_names or ("distance",), resolution=1.0)
    fields, _ = _shared(longest, len(points[0]), len(points[1]), common, faults, ())
    faults.stop()
    fields["points"] = Points(frozen(points[0]), frozen(points[1]), max_m)
    fields["unit"] = "m"
    return fields


def _shared(
    raw: NDArray[Any],
    num_providers: int,
    num_recipients: int,
    common: Common,
    faults: Faults,
    pairs: tuple[int, ...],
) -> tuple[dict[str, Any], Ints]:
    """Return the fields that all markets have, and the costs (L first) as integers; `pairs` is the shape of a level."""
    num_levels = len(raw)
    if num_providers + num_recipients > _MOST_NODES:
        faults.add("integer_range", "num_providers", num_providers + num_recipients, position=0)
        faults.stop()
    unmet = None if common.unmet_cost is None else door.numbers(common.unmet_cost, "unmet_cost", faults)
    if door.labelled(common.unmet_cost):
        faults.add("array_type", "unmet_cost", kind=door.LABELS)
    resolution = common.resolution
    if resolution is not None and not (resolution > 0 and math.isfinite(resolution)):
        faults.add("number_positive", "resolution", resolution)
        resolution = None
    beyond = more.given(common.beyond, faults)
    opening = door.numbers(beyond["opening_cost"], "opening_cost", faults) if "opening_cost" in beyond else None
    resolution = door.resolution_of(resolution, raw, unmet, opening)
    values = door.quantised(raw, resolution, "cost", faults)
    if num_levels == 0:
        faults.add("array_shape", "cost", shape=raw.shape, expected="at least one level")
    missing = None
    largest = [magnitude(level) for level in values]
    if unmet is not None:
        shapes = ((), (num_recipients,), (num_levels, num_recipients))
        if unmet.shape not in shapes:
            faults.add("array_shape", "unmet_cost", shape=unmet.shape, expected=f"(), {shapes[1]} or {shapes[2]}")
        else:
            whole = door.quantised(unmet, resolution, "unmet_cost", faults)
            missing = np.empty((num_levels, num_recipients), np.int64)
            missing[:] = whole
            largest = [top + magnitude(level) for top, level in zip(largest, missing, strict=True)]
    extra = more.checked(beyond, num_providers, num_recipients, pairs, faults)
    if opening is not None:
        extra["opening_cost"], tops = more.opening(opening, (num_levels, num_providers), resolution, faults)
        largest = [top + more_top for top, more_top in zip(largest, tops, strict=True)]
    door.check_range(largest, num_providers, num_recipients, faults)
    names = common.level_names
    if isinstance(names, str):
        faults.add("wrong_type", "level_names", found="str", expected="list of str")
        names = None
    if names is None:
        names = ("cost",) if num_levels == 1 else tuple(f"cost_{i + 1}" for i in range(num_levels))
    elif len(names) != num_levels or isinstance(names, str):
        faults.add("array_shape", "level_names", shape=(len(names),), expected=f"({num_levels},)")
    lost = sum(door.merged(given, level) for given, level in zip(raw, values, strict=True))
    details = {"count": lost, "resolution": resolution}
    fields = {
        "num_providers": num_providers,
        "num_recipients": num_recipients,
        "capacity": frozen(door.bounds(common.capacity, num_providers, "capacity", faults)),
        "demand": frozen(door.bounds(common.demand, num_recipients, "demand", faults)),
        "unmet_cost": frozen(missing),
        "pair_limit": frozen(_pair_limit(common, pairs, bool(beyond), faults)),
        "level_names": tuple(str(name) for name in names),
        "resolution": resolution,
        "notices": (Notice("costs_merged", details),) if lost else (),
        **{name: frozen(array) for name, array in extra.items()},
    }
    return fields, values


def _pair_limit(common: Common, shape: tuple[int, ...], is_program: bool, faults: Faults) -> Ints | None:
    """Return how many units a pair may have, one number or an array of the shape; None for one."""
    if common.pair_limit is None:
        return None
    array = door.whole(common.pair_limit, "pair_limit", faults)
    if array is None:
        return None
    if array.shape not in ((), shape):
        faults.add("array_shape", "pair_limit", shape=array.shape, expected="()" if not shape else f"() or {shape}")
        return None
    faults.add_where("bound_negative", "pair_limit", array, array < 0)
    if is_program:
        faults.add("pair_limit_of_program", "pair_limit")
    return array.copy()


def _mask(allowed: ArrayLike, shape: tuple[int, ...], faults: Faults) -> Bools:
    mask = np.array(allowed)
    if mask.dtype.kind != "b" and not (mask.dtype.kind in "iu" and mask.size and 0 <= mask.min() <= mask.max() <= 1):
        faults.add("not_a_mask", "allowed", kind=str(mask.dtype))
        return np.ones(shape, bool)
    if mask.shape != shape:
        faults.add("array_shape", "allowed", shape=mask.shape, expected=shape)
        return np.ones(shape, bool)
    return mask.astype(bool)


def _ranks(rank: ArrayLike | None, shape: tuple[int, ...], name: str, faults: Faults) -> Ints | None:
    if rank is None:
        return None
    array = door.whole(rank, name, faults)
    if array is not None and array.size == 0 and 0 in shape:
        array = array.reshape(shape)
    if array is not None and array.shape != shape:
        faults.add("array_shape", name, shape=array.shape, expected=shape)
        return None
    return None if array is None else array.copy()


def _wgs84(latlon: ArrayLike, name: str, datum: str, faults: Faults) -> NDArray[np.float64]:
    try:
        points = geo.as_latlon(latlon, name)
        return np.column_stack(geo.to_wgs84(points[:, 0], points[:, 1], datum))
    except InvalidInput as error:
        # An unknown datum is found on both sides, and told once; each row that is faulty is one of its own.
        faults.found.extend(fault for fault in error.faults if fault.table is not None or fault not in faults.found)
        return np.zeros((0, 2))


def listed(matrix: Matrix) -> Arcs:
    """List the allowed pairs of a matrix as arcs."""
    levels, num_providers, num_recipients = matrix.cost.shape
    if matrix.allowed is None:
        provider = np.repeat(np.arange(num_providers), num_recipients)
        recipient = np.tile(np.arange(num_recipients), num_providers)
        cost = matrix.cost.reshape(levels, -1)
        ranks = [None if rank is None else rank.reshape(-1) for rank in matrix[2:]]
    else:
        provider, recipient = np.nonzero(matrix.allowed)
        cost = matrix.cost[:, matrix.allowed]
        ranks = [None if rank is None else rank[matrix.allowed] for rank in matrix[2:]]
    return Arcs(*(frozen(array) for array in (provider, recipient, cost, *ranks)))


def distances(points: Points, pairs: Ints) -> Ints:
    """Return the geodesic of each pair (k, 2) in whole metres, (k,) int64."""
    one, other = points.provider_latlon[pairs[:, 0]], points.recipient_latlon[pairs[:, 1]]
    return geo.pair_m(one[:, 0], one[:, 1], other[:, 0], other[:, 1])


def in_reach(points: Points) -> Arcs:
    """List the pairs of points within reach as arcs, with their distances in metres."""
    num_providers, num_recipients = len(points.provider_latlon), len(points.recipient_latlon)
    if points.max_m is None:
        provider = np.repeat(np.arange(num_providers), num_recipients)
        recipient = np.tile(np.arange(num_recipients), num_providers)
        cost = distances(points, np.column_stack([provider, recipient]))
    else:
        provider, recipient, cost = geo.within(points.provider_latlon, points.recipient_latlon, points.max_m)
    return Arcs(frozen(provider), frozen(recipient), frozen(cost[None]))
