"""Instances that benchmarks run on: synthetic ones that anyone has, and any folder in the contract's table form."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np

import matcher

#: name -> builder of a synthetic instance at that size
Builder = Callable[[], matcher.Instance]

_CENTRE_LATLON = (27.0, 107.0)
_KM_PER_DEGREE = 111.2


def synthetic(
    num_counties: int, num_organizations: int, num_branches: int, num_schools: int, *, seed: int = 1
) -> matcher.Instance:
    """Build a province of clustered towns, with branches far more urban than schools, and a plausible last year."""
    draw = np.random.default_rng(seed)
    extent = math.sqrt(num_counties) * 40 / _KM_PER_DEGREE  # one county every 40 km, about as in the south-west
    seats = draw.uniform(-extent / 2, extent / 2, (num_counties, 2)) + _CENTRE_LATLON
    cities = seats[draw.choice(num_counties, max(1, num_counties // 12), replace=False)]
    homes = cities[draw.integers(len(cities), size=num_organizations)] + draw.normal(0, 0.1, (num_organizations, 2))
    owner = np.concatenate(
        [np.arange(num_organizations), draw.integers(num_organizations, size=num_branches - num_organizations)]
    )
    sites = homes[owner] + draw.normal(0, 0.03, (num_branches, 2)) * (draw.random((num_branches, 1)) < 0.3)
    county = draw.integers(num_counties, size=num_schools)
    schools = seats[county] + draw.normal(0, 0.15, (num_schools, 2)) * (draw.random((num_schools, 1)) < 0.6)
    children = 20 + (draw.random(num_schools) ** 2 * 380).astype(int)
    totals = np.bincount(county, weights=children, minlength=num_counties).astype(int)
    partner = draw.permutation(num_organizations)[: min(num_counties, num_organizations)]

    def point(latlon: np.ndarray) -> dict[str, float]:
        return {"lat": round(float(latlon[0]), 5), "lon": round(float(latlon[1]), 5)}

    return matcher.Instance(
        organizations=[{"id": f"O{i:05d}", "kind": "university", **point(p)} for i, p in enumerate(homes)],
        branches=[
            {"id": f"B{i:06d}", "organization_id": f"O{o:05d}", "capacity": int(c), **point(p)}
            for i, (o, c, p) in enumerate(zip(owner, draw.integers(2, 5, num_branches), sites, strict=True))
        ],
        counties=[
            {"id": f"C{i:05d}", "children": int(n), **point(p)}
            for i, (n, p) in enumerate(zip(totals, seats, strict=True))
        ],
        schools=[
            {"id": f"S{i:06d}", "county_id": f"C{c:05d}", "children": int(n), **point(p)}
            for i, (c, n, p) in enumerate(zip(county, children, schools, strict=True))
        ],
        previous=[
            {"level": "county", "provider_id": f"O{o:05d}", "recipient_id": f"C{c:05d}", "since": 2016}
            for c, o in enumerate(partner)
            if draw.random() < 0.85
        ],
    )


REGISTRY: dict[str, Builder] = {
    "smoke": lambda: synthetic(6, 9, 24, 40),
    "province": lambda: synthetic(66, 90, 260, 630),
    "country": lambda: synthetic(774, 1251, 3800, 9300),
}


def load(name: str) -> tuple[matcher.Instance, Path | None]:
    """Return a registered instance, or that of a folder, with the folder."""
    if name in REGISTRY:
        return REGISTRY[name](), None
    return matcher.read(name), Path(name)
