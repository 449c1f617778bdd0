"""The compiled loops made ready before anybody waits for them: `matcher warm-up`.

numba compiles a loop when it first runs and keeps the result on disk; that takes half a minute or more, once for each
installation. A mark beside the kept code says that all loops are there, for this version of everything that matters.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import logging
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from matcher.base.disk import private_cache
from matcher.base.progress import Budget
from matcher.executors.frames import Arrays
from matcher.executors.pool import pool
from matcher.market.market import Market
from matcher.market.points import sites
from matcher.market.points.compiled import AVAILABLE

JOB: Final = "matcher.market.points.warm"
_HERE: Final = Path(__file__).resolve().parent
_LOG: Final = logging.getLogger("matcher")


def is_ready() -> bool:
    """Whether running the loops compiles nothing any more; also where there is nothing to compile."""
    return not AVAILABLE or any(place.joinpath(_mark()).exists() for place in _places())


def warm_up() -> float:
    """Compile all loops, keep them on disk, and return how many seconds that took."""
    begun = time.perf_counter()
    if AVAILABLE and not is_ready():
        _LOG.info("compiling the loops for markets of points, once for this installation")
        for market in _markets():
            sites.solve(market, Budget(), None)
        for place in _places():
            with contextlib.suppress(OSError):
                place.joinpath(_mark()).touch()
                break
    return time.perf_counter() - begun


def begin() -> None:
    """Have a child compile the loops while this process goes on; nobody waits for it and no limit ends it."""
    if not is_ready() and pool().begin(JOB):
        _LOG.warning("the loops for markets of points are being compiled; `matcher warm-up` does it beforehand")


def run(arrays: Arrays, tell: Callable[[Arrays], None]) -> Arrays:
    """Compile in a child."""
    return {"seconds": np.array(warm_up())}


def _markets() -> Iterator[Market]:
    """Yield small markets that run every loop: towns with and without a charge, a reach and several units."""
    rng = np.random.default_rng(0)
    town = rng.uniform(0, 6, (12, 2)) + np.array([26.0, 104.0])
    a, b = (town[rng.integers(0, 12, n)] + rng.normal(size=(n, 2)) * 0.2 for n in (150, 400))
    capacity = rng.integers(0, 5, 150)
    kinds: tuple[dict[str, Any], ...] = (
        {"unmet_km": 200.0},
        {},
        {"max_km": 150.0},
        {"unmet_km": 90.0, "demand": 2},
    )
    for rest in kinds:
        yield Market.from_points(a, b, capacity=capacity, **rest)


def _mark() -> str:
    """Return the name of the mark: it changes with whatever would have the loops compiled again."""
    known = [importlib.metadata.version("numba"), sys.version, platform.machine(), np.__version__]
    known += [f"{path.name} {path.stat().st_mtime_ns}" for path in sorted(_HERE.glob("*.py"))]
    return f"ready-{hashlib.sha256(chr(10).join(known).encode()).hexdigest()[:20]}"


def _places() -> list[Path]:
    """Return where the mark may be: where numba keeps its code by order, beside the loops, or in a cache of our own."""
    ordered = os.environ.get("NUMBA_CACHE_DIR")
    own = private_cache()
    places = [Path(ordered)] if ordered else [_HERE / "__pycache__"]
    return [*places, *([own] if own is not None else [])]
