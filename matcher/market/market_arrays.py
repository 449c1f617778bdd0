"""A market as plain arrays and back through its own door."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matcher.base.notices import noted, reading_notices
from matcher.market import build
from matcher.market.beyond import FIELDS
from matcher.market.build import Arcs, Matrix
from matcher.market.naming import Ids

if TYPE_CHECKING:
    from matcher.market.market import Market


def written(market: Market, form: str, parts: Mapping[str, Arcs | Matrix | None]) -> dict[str, NDArray[Any]]:
    """Return a market as arrays; `parts` are its listed arcs or its matrix by name, unless it is one of points."""
    arrays: dict[str, NDArray[Any]] = {
        "format": np.array(form),
        "size": np.array([market.num_providers, market.num_recipients], np.int64),
        "capacity": market.capacity,
        "demand": market.demand,
        "level_names": np.array(market.level_names, np.str_),
        "resolution": np.array(market.resolution),
        "unit": np.array(market.unit),
    }
    if market.unmet_cost is not None:
        arrays["unmet_cost"] = market.unmet_cost
    if market.ids is not None:
        arrays["provider_ids"], arrays["recipient_ids"] = market.ids
    if market.pair_limit is not None:
        arrays["pair_limit"] = market.pair_limit
    if market.notices:
        arrays["notices"] = np.array(json.dumps(noted(market.notices), sort_keys=True))
    arrays.update({f"beyond_{name}": getattr(market, name) for name in FIELDS if getattr(market, name) is not None})
    if market.points is not None:
        arrays["provider_latlon"], arrays["recipient_latlon"] = market.points[:2]
        arrays["max_m"] = np.array([] if market.points.max_m is None else [market.points.max_m], np.int64)
        return arrays
    for prefix, part in parts.items():
        listed = {} if part is None else part._asdict()
        arrays.update({f"{prefix}_{name}": array for name, array in listed.items() if array is not None})
    return arrays


def read(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Return the fields of the market that `written` made arrays of, each checked again."""
    names = tuple(str(name) for name in arrays["level_names"])
    beyond = {name: arrays[f"beyond_{name}"] for name in FIELDS if f"beyond_{name}" in arrays}
    bounds = (arrays["capacity"], arrays["demand"])
    if "size" in beyond and beyond["size"].ndim == 2:
        beyond["size"] = _gridded(arrays, beyond["size"][0])[None]
    limit = arrays.get("pair_limit")
    limit = limit if limit is None or not limit.ndim else _gridded(arrays, limit)
    common = build.Common(*bounds, arrays.get("unmet_cost"), names, 1.0, beyond, limit)
    extra: dict[str, Any] = {"ids": _ids(arrays)}
    extra["notices"] = reading_notices(json.loads(str(arrays["notices"]))) if "notices" in arrays else ()
    if "provider_latlon" in arrays:
        ends = (arrays["provider_latlon"], arrays["recipient_latlon"])
        common = common._replace(unmet_cost=None)
        fields = build.from_points(*ends, None, "wgs84", common)
        max_m = arrays["max_m"]
        fields["points"] = fields["points"]._replace(max_m=int(max_m[0]) if len(max_m) else None)
        unmet = arrays.get("unmet_cost")
        fields["unmet_cost"] = None if unmet is None else build.frozen(unmet.astype(np.int64).copy())
        return {**fields, **extra}
    if "matrix_cost" in arrays:
        ranks = (arrays.get("matrix_provider_rank"), arrays.get("matrix_recipient_rank"))
        fields = build.from_matrix(arrays["matrix_cost"], arrays.get("matrix_allowed"), ranks, common)
    else:
        ranks = (arrays.get("arcs_provider_rank"), arrays.get("arcs_recipient_rank"))
        sizes = (int(arrays["size"][0]), int(arrays["size"][1]))
        index = (arrays["arcs_provider_idx"], arrays["arcs_recipient_idx"])
        fields = build.from_arcs(*index, arrays["arcs_cost"], sizes, ranks, common)
    return {**fields, "resolution": float(arrays["resolution"]), "unit": str(arrays["unit"]), **extra}


def _ids(arrays: Mapping[str, NDArray[Any]]) -> Ids | None:
    if "provider_ids" not in arrays:
        return None
    ids = Ids(arrays["provider_ids"], arrays["recipient_ids"])
    for names, size in zip(ids, arrays["size"].tolist(), strict=True):
        if names.shape != (size,) or names.dtype.kind not in "iU":
            raise ValueError(f"ids: {names.dtype} {names.shape}")
    return Ids(*(build.frozen(names) for names in ids))


def _gridded(arrays: Mapping[str, NDArray[Any]], values: NDArray[Any]) -> NDArray[Any]:
    """Return what is said of single pairs as the door of the market takes it: of a matrix (P, R), 0 if not allowed."""
    if "matrix_cost" not in arrays:
        return values
    grid = np.zeros(arrays["matrix_cost"].shape[1:], np.int64)
    allowed = arrays.get("matrix_allowed")
    grid[np.ones(grid.shape, bool) if allowed is None else allowed] = values
    return grid
