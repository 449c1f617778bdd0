"""The numbers that programmes share: who is served, how far a child goes, and the county that is served least."""

from __future__ import annotations

from typing import Any

import numpy as np

from matcher.base.display import Metric
from matcher.market.input import Ints
from matcher.programmes.places import metres_of


def served(providers: Any, recipients: Any, pairs: Ints, reach_km: float | None = None) -> dict[str, Metric]:
    """Return the numbers of pairs (k, 2) between records with coordinates, recipients with children; km of a child."""
    children = np.array([record.children for record in recipients], np.int64)
    metres = metres_of(providers, recipients, pairs)
    weight = children[pairs[:, 1]]
    order = np.argsort(metres, kind="stable")
    share = np.cumsum(weight[order]) / max(1, weight.sum())
    at = [int(np.searchsorted(share, q)) for q in (0.5, 0.95)] if len(pairs) else []
    km = [float(metres[order[min(a, len(order) - 1)]]) / 1000 for a in at]
    near = metres <= (np.inf if reach_km is None else 1000 * reach_km)
    return {
        "children": int(children.sum()),
        "children_served": int(weight.sum()),
        "children_within": None if reach_km is None else int(weight[near].sum()),
        "km_mean": float((weight * metres).sum() / max(1, weight.sum()) / 1000),
        "km_median": km[0] if km else None,
        "km_p95": km[1] if km else None,
        "km_max": float(metres.max(initial=0)) / 1000,
        "least_county_share": least_share(recipients, children, pairs[near, 1]),
    }


def least_share(recipients: Any, children: Ints, done: Ints) -> float | None:
    """Return the least share of a county's children among those `done` (positions); None without counties."""
    there = np.zeros(len(children), np.int64)
    there[done] = children[done]
    return share_by_county(recipients, children, there)


def share_by_county(records: Any, wanted: Ints, given: Ints) -> float | None:
    """Return the least share of what a county wants that it is given; None without counties."""
    counties = sorted({record.county_id for record in records if record.county_id})
    if not counties:
        return None
    place = {county: n for n, county in enumerate(counties)}
    at = np.array([place.get(record.county_id, len(counties)) for record in records])
    total, part = (np.bincount(at, amount, len(counties) + 1)[:-1] for amount in (wanted, given))
    return float((part[total > 0] / total[total > 0]).min(initial=1.0))


def near(rng: np.random.Generator, county: Any) -> dict[str, Any]:
    """Return a drawn point some kilometres from a county seat, for synthetic records."""
    return {"lat": round(county.lat + rng.normal(0, 0.1), 5), "lon": round(county.lon + rng.normal(0, 0.1), 5)}
