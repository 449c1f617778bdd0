"""The point markets of the benchmark: even and uneven supply, constant density, pathologies, real places."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: charge of a recipient who is left out, dearer than any pair, so that everybody who can be served is
UNMET_KM = 10_000
PATHOLOGICAL = ("one_place", "one_corner", "grid", "radius_0", "islands", "tight", "slack")

_SOUTH, _NORTH, _WEST, _EAST = 20.0, 45.0, 85.0, 122.0


@dataclass(frozen=True, slots=True)
class Points:
    """A point market before it is a market: (P, 2) and (R, 2) degrees, (P,) places, the reach; everybody wants one."""

    provider_latlon: Floats
    recipient_latlon: Floats
    capacity: Ints
    max_km: float | None

    @property
    def reach_m(self) -> int:
        """Whole metres beyond which nobody is paired: the reach, or the charge of being left out."""
        return round(1000 * (UNMET_KM if self.max_km is None else min(self.max_km, UNMET_KM)))


def named(name: str, data: Path | None = None) -> Points:
    """Build an instance by its name.

    ``skew-N``, ``mild-N`` with or without ``-Rkm``: N recipients in the same box whatever N, supply uneven or even.
    ``density-N-Rkm``: the box grows with N. ``parts-N-Rkm``: 18 islands of N recipients and N / 2 providers in all.
    ``sweep:KIND`` or ``sweep:KIND:R:P``: see `pathological`. ``million-50km``.
    ``programme_2017`` and ``places-500km`` come from the folder `data`.
    """
    if name in ("programme_2017", "places-500km"):
        if data is None:
            raise SystemExit(f"{name} needs --data or MATCHER_DATA")
        return _from_folder(name, data)
    if name.startswith("sweep:"):
        kind, *sizes = name.split(":")[1:]
        return pathological(kind, *map(int, sizes))
    if name == "million-50km":
        return clusters(1_000_000, 1_000_000, skew=False, max_km=50.0, most=3)
    kind, count, *reach = name.split("-")
    n, max_km = int(count), float(reach[0].removesuffix("km")) if reach else None
    if kind == "parts":
        return parts(n, max_km=max_km)
    if kind == "density":
        return constant_density(n, max_km=max_km)
    return clusters(n, 3_800 if n == 9_300 else n // 2, skew=kind == "skew", max_km=max_km)


def _from_folder(name: str, data: Path) -> Points:
    import pandas as pd

    if name == "programme_2017":
        branches, schools = (pd.read_csv(data / name / f"{table}.csv") for table in ("branches", "schools"))
        capacity = branches["capacity"].to_numpy(np.int64)
        return Points(branches[["lat", "lon"]].to_numpy(), schools[["lat", "lon"]].to_numpy(), capacity, None)
    campuses = pd.read_csv(data / "sources" / "campuses.csv")
    places = pd.read_csv(data / "sources" / "places.csv.gz", dtype={"code": str}).dropna(subset=["lat", "lon"])
    capacity = np.full(len(campuses), 40, np.int64)
    return Points(campuses[["lat", "lon"]].to_numpy(), places[["lat", "lon"]].to_numpy(), capacity, 500.0)


def clusters(
    num_recipients: int, num_providers: int, *, skew: bool, max_km: float | None, most: int = 5, seed: int = 1
) -> Points:
    """Build towns of Zipf size; with `skew` the providers stand in the big towns, the recipients in the country."""
    rng = np.random.default_rng(seed)
    num_towns = max(20, num_recipients // 100)
    towns = np.column_stack([rng.uniform(_SOUTH, _NORTH, num_towns), rng.uniform(_WEST, _EAST, num_towns)])
    size = 1.0 / np.arange(1, num_towns + 1) ** 0.8
    even = size / size.sum()
    urban = size**1.4 / (size**1.4).sum()
    rural = size**0.6 / (size**0.6).sum()
    spread = np.array([1.0, 1.2])

    def scatter(count: int, share: Floats, sigma: float, apart: float) -> Floats:
        town = rng.choice(num_towns, count, p=share)
        points = towns[town] + rng.normal(size=(count, 2)) * spread * sigma
        lone = rng.random(count) < apart
        points[lone] = np.column_stack([rng.uniform(_SOUTH, _NORTH, lone.sum()), rng.uniform(_WEST, _EAST, lone.sum())])
        return np.round(points, 5)

    providers = scatter(num_providers, urban if skew else even, 0.15, 0.0 if skew else 0.1)
    recipients = scatter(num_recipients, rural if skew else even, 0.4 if skew else 0.2, 0.2 if skew else 0.1)
    return Points(providers, recipients, rng.integers(1, most + 1, num_providers), max_km)


def constant_density(num_recipients: int, *, max_km: float | None, seed: int = 1) -> Points:
    """Build towns whose sizes are drawn alike at every scale, in a box that grows with them; supply is uneven.

    A recipient sees the same surroundings whatever the size, so time against size shows the algorithm alone. 200,000
    recipients fill the box of `clusters`.
    """
    rng = np.random.default_rng(seed)
    num_providers, num_towns = num_recipients // 2, max(1, num_recipients // 100)
    half = math.sqrt(num_recipients / 200_000) / 2
    centre = np.array([(_SOUTH + _NORTH) / 2, (_WEST + _EAST) / 2])
    reach = half * np.array([_NORTH - _SOUTH, _EAST - _WEST])
    towns = centre + rng.uniform(-reach, reach, (num_towns, 2))
    size = np.minimum((1 - rng.random(num_towns)) ** -0.8, 50.0)

    def scatter(count: int, weight: Floats, sigma: float) -> Floats:
        town = rng.choice(num_towns, count, p=weight / weight.sum())
        return np.round(towns[town] + rng.normal(size=(count, 2)) * np.array([1.0, 1.2]) * sigma, 5)

    providers, recipients = scatter(num_providers, size**1.4, 0.15), scatter(num_recipients, size**0.6, 0.4)
    return Points(providers, recipients, rng.integers(1, 6, num_providers), max_km)


def parts(num_recipients: int, *, max_km: float | None, islands: int = 18) -> Points:
    """Build islands so far apart that nobody is in reach of another, each a `constant_density` of its own."""
    each = [constant_density(num_recipients // islands, max_km=max_km, seed=seed) for seed in range(islands)]
    shift = [np.array([9.0 * (k // 6) - 9.0, 11.0 * (k % 6) - 27.5]) for k in range(islands)]
    providers = np.concatenate([one.provider_latlon + by for one, by in zip(each, shift, strict=True)])
    recipients = np.concatenate([one.recipient_latlon + by for one, by in zip(each, shift, strict=True)])
    return Points(providers, recipients, np.concatenate([one.capacity for one in each]), max_km)


def pathological(kind: str, num_recipients: int = 4_000, num_providers: int = 2_000, seed: int = 1) -> Points:
    """Build a market that is hard on pricing: ties, one far corner of supply, nothing in reach, islands."""
    if kind not in PATHOLOGICAL:
        raise SystemExit(f"{kind} is none of {', '.join(PATHOLOGICAL)}")
    rng = np.random.default_rng(seed)
    providers = np.column_stack([rng.uniform(28.0, 34.0, num_providers), rng.uniform(104.0, 112.0, num_providers)])
    recipients = np.column_stack([rng.uniform(28.0, 34.0, num_recipients), rng.uniform(104.0, 112.0, num_recipients)])
    capacity, max_km = np.full(num_providers, 3), None
    if kind == "one_place":
        providers[:], recipients[:] = (31.0, 108.0), (31.0, 108.0)
    if kind == "one_corner":
        providers = providers % 0.5 + np.array([28.0, 104.0])
    if kind == "grid":
        providers, recipients = np.round(providers * 10) / 10, np.round(recipients * 10) / 10
    if kind == "radius_0":
        max_km = 0.0
        recipients[::2] = providers[np.arange(len(recipients[::2])) % num_providers]
    if kind == "islands":
        max_km = 8.0
    if kind == "tight":
        capacity[:] = -(-num_recipients // num_providers)
    if kind == "slack":
        capacity[:] = 50
    return Points(providers, recipients, capacity, max_km)
