"""What the tests of the programmes share: drawn points, distances, and what must hold of every plan."""

import numpy as np

from matcher.geo import pair_m


def point(rng: np.random.Generator, spread: float = 1.0) -> dict:
    """Return a drawn latitude and longitude."""
    return {"lat": float(rng.uniform(25, 25 + spread)), "lon": float(rng.uniform(110, 110 + spread))}


def metres_between(providers: list, recipients: list) -> dict[tuple[int, int], int]:
    """Return the whole metres of every (provider, recipient)."""
    return {
        (j, i): int(pair_m(*(np.array([v]) for v in (p.lat, p.lon, r.lat, r.lon)))[0])
        for j, p in enumerate(providers)
        for i, r in enumerate(recipients)
    }


def objectives(rng: np.random.Generator, names: list[str], least: int, most: int) -> list[str]:
    """Return some of the names in a drawn order."""
    return [str(name) for name in rng.permutation(names)[: int(rng.integers(least, most + 1))]]


def hold(plan, value: tuple | None) -> None:
    """Hold a plan against the best vector of values, None if nothing is feasible."""
    report = plan.verify()
    assert report.ok, report.flaws
    if value is None:
        assert plan.status == "infeasible"
        return
    assert plan.status == "optimal"
    levels = plan.levels[: len(value)]
    assert tuple(level.value for level in levels) == value
    assert tuple(level.bound for level in levels) == value
    assert "child" in plan.summary("en")
    assert "儿童" in plan.summary("zh")
