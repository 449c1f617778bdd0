"""Every compiled loop run once, so that its code is kept on disk: `matcher warm-up`, or a child that nobody waits for.

`LOOPS` is the list of what has compiled loops: whoever adds some puts a small run of them there.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from matcher.base.progress import Budget
from matcher.executors.frames import Arrays
from matcher.market.market import Market
from matcher.market.points import sites, warm
from matcher.market.points.compiled import AVAILABLE
from matcher.market.presence.case import PresenceCase
from matcher.market.presence.search import PresenceSearch, greedy, improve
from matcher.market.program import regions
from matcher.market.program.annealing import annealed
from matcher.market.program.branching import Branching, SiteAscent, SiteTables
from matcher.market.program.case import ProgramCase
from matcher.market.program.swaps import Near

_LOG: Final = logging.getLogger("matcher")


def warm_up() -> float:
    """Compile all loops, keep them on disk, and return how many seconds that took."""
    begun = time.perf_counter()
    if AVAILABLE and not warm.is_ready():
        _LOG.info("compiling the loops of markets, once for this installation")
        for loops in LOOPS:
            loops()
        for place in warm.places():
            with contextlib.suppress(OSError):
                place.joinpath(warm.mark()).touch()
                break
    return time.perf_counter() - begun


def run(arrays: Arrays, tell: Callable[[Arrays], None]) -> Arrays:
    """Compile in a child."""
    return {"seconds": np.array(warm_up())}


def points() -> None:
    """Price towns with and without a charge, with a reach and several units."""
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
        sites.solve(Market.from_points(a, b, capacity=capacity, **rest), Budget(), None)


def sizes() -> None:
    """Anneal groups that stay whole, with providers that open, and price their whole loads."""
    rng = np.random.default_rng(0)
    market = Market.from_matrix(
        rng.integers(0, 99, (6, 20)),
        capacity=12,
        unmet_cost=200,
        size=rng.integers(1, 5, 20),
        opening_cost=np.full(6, 50),
        least_if_open=np.full(6, 2),
    )
    case = ProgramCase.of(market)
    annealed(case, None, None, np.zeros(case.num_providers), Budget(work_limit=2), None)
    prices = regions.LoadPrices(np.full(case.num_recipients, 60.0), np.zeros(0), np.zeros(0))
    search = regions.RegionSearch(case, 0, (), np.zeros(0, np.int64), prices)
    regions.improve(search, Budget(work_limit=2), None)


def siting() -> None:
    """Site among more points than prices alone decide."""
    rng = np.random.default_rng(0)
    case = ProgramCase.of(
        Market.from_matrix(
            rng.integers(0, 99, (15, 30)), capacity=30, unmet_cost=200, group=np.zeros(15, int), group_open=[[4, 4]]
        )
    )
    tables = SiteTables.of(Near.of(case, 999))
    root = SiteAscent(tables, tables.state(case.closed, case.must_open), np.zeros(30), np.zeros(0), np.zeros(15))
    root.climb(20, 2000.0, np.inf)
    Branching(root, 6000, Budget()).search(3, None)


def presence() -> None:
    """Send crews to sites by weeks, and move them once or twice."""
    rng = np.random.default_rng(0)
    crews, places, weeks = 12, 5, 4
    case = PresenceCase(
        metres=rng.integers(0, 9000, (crews, places)).astype(np.int32),
        size=np.full(crews, 5),
        adults=np.full(crews, 3),
        first=np.zeros(crews, np.int64),
        last=np.full(crews, weeks - 1),
        stay=rng.integers(1, 3, crews),
        skill=rng.random((crews, 2)) < 0.8,
        need=rng.random((places, 2)) < 0.3,
        children=rng.integers(5, 60, (places, weeks)),
        open=np.ones((places, weeks), bool),
        beds=np.full(places, 20),
        least=np.full(places, 4),
        ratio=np.full(places, 8),
        least_adults=2,
        charge=20_000,
    )
    search = PresenceSearch(case, np.ones((places, weeks), np.int64))
    greedy(search, Budget())
    improve(search, np.tile(np.arange(places), (places, 1)), Budget(), 20)


#: everything that has compiled loops
LOOPS: Final[tuple[Callable[[], None], ...]] = (points, sizes, siting, presence)
