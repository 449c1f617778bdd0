"""Children of the pool are killed at random moments: an answer comes within the limit and verifies; none is left."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from draws import few

import matcher
from matcher import Market
from matcher.executors.pool import pool
from matcher.market import check

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
LIMIT_S = 2.0
#: how late on a machine that is busy with other tests; benchmarks.embedding measures it on a quiet one
LATE_S = 8.0


def market(seed: int) -> Market:
    rng = np.random.default_rng(seed)
    return Market.from_matrix(rng.integers(0, 1000, (300, 300)), capacity=2, unmet_cost=900)


def matched(seed: int) -> Any:
    return matcher.match(market(seed), time_limit_s=LIMIT_S, workers=2)


def solved(seed: int) -> Any:
    policy = matcher.Policy(stability="limit", max_blocking_pairs=seed % 3)
    return matcher.solve(SMALL, policy, time_limit_s=LIMIT_S)


def curved(seed: int) -> Any:
    return matcher.tradeoff(SMALL, values=(1, 2 + seed % 3, 10), workers=2, time_limit_s=LIMIT_S)


def holds(found: Any) -> bool:
    """Whether an answer is what it says it is."""
    if isinstance(found, matcher.Matching):
        return found.status in ("optimal", "feasible") and check.flaws(found) == ()
    if isinstance(found, matcher.Plan):
        return found.status != "infeasible" and matcher.verify(SMALL, found).ok
    return set(found["status"]) <= {"optimal", "feasible", "unknown"} and (found["status"] == "optimal").any()


def some() -> matcher.Instance:
    """Return the first twenty counties of the example."""
    whole = matcher.example()
    counties, organizations = whole.counties[:20], whole.organizations[:24]
    ids = {row.id for row in (*counties, *organizations)}
    branches = tuple(row for row in whole.branches if row.organization_id in ids)
    schools = tuple(row for row in whole.schools if row.county_id in ids)
    return matcher.Instance(organizations=organizations, counties=counties, branches=branches, schools=schools)


SMALL = some()


def killing(stop: threading.Event, draw: random.Random) -> None:
    """Kill a child at a random moment, once."""
    while not stop.wait(draw.uniform(0.0, 0.15)):
        alive = pool().processes()
        if alive:
            os.kill(draw.choice(list(alive)), signal.SIGKILL)
            return


@pytest.mark.parametrize("seed", few(1, range(34)))
@pytest.mark.parametrize("call", [matched, solved, curved])
def test_a_killed_child_costs_a_retry(call: Callable[[int], Any], seed: int) -> None:
    stop = threading.Event()
    killer = threading.Thread(target=killing, args=(stop, random.Random(seed)))
    begin = time.monotonic()
    killer.start()
    try:
        found = call(seed)
        took = time.monotonic() - begin
    finally:
        stop.set()
        killer.join()
    assert took < LIMIT_S + LATE_S
    assert holds(found)


def test_none_is_left_at_work() -> None:
    for process in pool().processes():
        os.kill(process, signal.SIGKILL)
    end = time.monotonic() + 10
    while pool().processes() and time.monotonic() < end:
        time.sleep(0.02)
    assert not pool().processes()
