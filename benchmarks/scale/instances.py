"""The synthetic point markets of the benchmark: clusters with even or uneven supply, at constant density."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Points:
    """A point market before it is a market."""

    provider_latlon: NDArray[np.float64]
    recipient_latlon: NDArray[np.float64]
    capacity: NDArray[np.int64]
    max_km: float | None


def clusters(
    num_recipients: int, num_providers: int, *, skew: bool, max_km: float | None, most: int = 5, seed: int = 1
) -> Points:
    """Build towns of Zipf size; with `skew` the providers stand in the big towns, the recipients in the country."""
    rng = np.random.default_rng(seed)
    num_towns = max(20, num_recipients // 100)
    towns = np.column_stack([rng.uniform(20.0, 45.0, num_towns), rng.uniform(85.0, 122.0, num_towns)])
    size = 1.0 / np.arange(1, num_towns + 1) ** 0.8
    even = size / size.sum()
    urban = size**1.4 / (size**1.4).sum()
    rural = size**0.6 / (size**0.6).sum()
    spread = np.array([1.0, 1.2])

    def scatter(count: int, share: NDArray[np.float64], sigma: float, apart: float) -> NDArray[np.float64]:
        town = rng.choice(num_towns, count, p=share)
        points = towns[town] + rng.normal(size=(count, 2)) * spread * sigma
        lone = rng.random(count) < apart
        points[lone] = np.column_stack([rng.uniform(20.0, 45.0, lone.sum()), rng.uniform(85.0, 122.0, lone.sum())])
        return np.round(points, 5)

    providers = scatter(num_providers, urban if skew else even, 0.15, 0.0 if skew else 0.1)
    recipients = scatter(num_recipients, rural if skew else even, 0.4 if skew else 0.2, 0.2 if skew else 0.1)
    return Points(providers, recipients, rng.integers(1, most + 1, num_providers), max_km)


PATHOLOGICAL = ("one_place", "one_corner", "grid", "radius_0", "islands", "tight", "slack")


def pathological(kind: str, num_recipients: int = 4_000, num_providers: int = 2_000, seed: int = 1) -> Points:
    """Build a market that is hard on pricing: ties, one far corner of supply, nothing in reach, islands."""
    rng = np.random.default_rng(seed)
    providers = np.column_stack([rng.uniform(28.0, 34.0, num_providers), rng.uniform(104.0, 112.0, num_providers)])
    recipients = np.column_stack([rng.uniform(28.0, 34.0, num_recipients), rng.uniform(104.0, 112.0, num_recipients)])
    capacity, max_km = np.full(num_providers, 3), None
    if kind == "one_place":
        providers[:], recipients[:] = (31.0, 108.0), (31.0, 108.0)
    if kind == "one_corner":
        providers = 28.0 + providers % 0.5 + np.array([0.0, 76.0])
    if kind == "grid":
        providers, recipients = np.round(providers * 10) / 10, np.round(recipients * 10) / 10
    if kind == "radius_0":
        max_km = 0.0
        recipients[::2] = providers
    if kind == "islands":
        max_km = 8.0
    if kind == "tight":
        capacity[:] = 2
    if kind == "slack":
        capacity[:] = 50
    return Points(providers, recipients, capacity, max_km)
