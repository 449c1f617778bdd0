"""How soon every long call returns when it is told to: the table of docs/embedding.md.

`python -m benchmarks.embedding [--busy 2] [--only solve] [--markdown]` runs each call under each limit, and with a
token that is set after a second, and prints the time of return, the status and the gap of the first level.
"""

from __future__ import annotations

import argparse
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import matcher
from matcher import CancelToken, Market, Policy

LIMITS = (0.1, 1.0, 3.0)
CANCEL_S = 1.0


def towns(providers: int, recipients: int) -> Market:
    """Return points around towns, with a charge for whoever is left out."""
    rng = np.random.default_rng(0)
    centre = rng.uniform(0, 8, (30, 2)) + np.array([25.0, 103.0])
    ends = (centre[rng.integers(0, 30, n)] + rng.normal(size=(n, 2)) * 0.2 for n in (providers, recipients))
    return Market.from_points(*ends, unmet_km=200.0)


def skewed(count: int) -> Market:
    """Return listed arcs with long chains, which a flow with costs takes a while for."""
    rng = np.random.default_rng(0)
    ends = rng.integers(0, count, (2, 12 * count)) ** 2 // count
    keys = np.unique(ends[0] * count + ends[1])
    cost, sizes = rng.integers(0, 10**6, len(keys)), {"num_providers": count, "num_recipients": count}
    return Market.from_arcs(keys // count, keys % count, cost, unmet_cost=10**7, **sizes)


def calls() -> dict[str, Callable[..., Any]]:
    """Return every long call, by name; each takes `time_limit_s` and `cancel`."""
    example = matcher.example()
    plan = matcher.solve(example)
    several = Policy(organization_capacity=2)
    rng = np.random.default_rng(1)
    dense = Market.from_matrix(rng.integers(0, 10**6, (1500, 1500)), unmet_cost=10**6)
    small = [Market.from_matrix(rng.integers(0, 99, (40, 40))) for _ in range(3000)]
    far, chains = towns(6000, 9000), skewed(60_000)
    county = f"county:{example.counties[0].id}"
    return {
        "solve": lambda **limits: matcher.solve(example, **limits),
        "solve, two counties each": lambda **limits: matcher.solve(example, several, **limits),
        "solve, few blocking pairs": lambda **limits: matcher.solve(
            example, Policy(stability="limit", max_blocking_pairs=3), **limits
        ),
        "solve_many": lambda **limits: matcher.study.solve_many(example, [None, several], **limits),
        "replan": lambda **limits: matcher.replan(plan, [], **limits),
        "recommend": lambda **limits: matcher.recommend(plan, county, **limits),
        "tradeoff": lambda **limits: matcher.tradeoff(example, **limits),
        "level_prices": lambda **limits: matcher.study.level_prices(plan, **limits),
        "renewal_curve": lambda **limits: matcher.study.renewal_curve(example, **limits),
        "price_of_stability": lambda **limits: matcher.study.price_of_stability(example, values=(0, 5, None), **limits),
        "match, points": lambda **limits: matcher.match(far, **limits),
        "match, listed": lambda **limits: matcher.match(chains, **limits),
        "match, dense": lambda **limits: matcher.match(dense, **limits),
        "match, stable": lambda **limits: matcher.match(dense, stability="require", **limits),
        "match_many": lambda **limits: matcher.match_many(small, **limits),
    }


def told(found: Any) -> str:
    """Return status, reason and gap of what came back."""
    if hasattr(found, "levels"):
        gaps = [level.gap for level in found.levels]
        gap = "" if not gaps else f", gap {'none' if gaps[0] is None else gaps[0]}"
        return f"{found.status}{f' ({found.stop_reason})' if found.stop_reason else ''}{gap}"
    if hasattr(found, "attrs"):
        return f"{len(found)} rows"
    return f"{len(found)} found"


def _spin() -> None:
    while True:
        pass


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Keep so many processes busy meanwhile."""
    others = [multiprocessing.Process(target=_spin, daemon=True) for _ in range(count)]
    for each in others:
        each.start()
    try:
        yield
    finally:
        for each in others:
            each.kill()
            each.join()


def measured(call: Callable[..., Any], limit: float | None) -> tuple[float, str]:
    """Return how long a call took under a limit, or with a token set after a second, and what it said."""
    token = CancelToken()
    timer = threading.Timer(CANCEL_S, token.cancel)
    begun = time.perf_counter()
    if limit is None:
        timer.start()
        found = call(cancel=token)
    else:
        found = call(time_limit_s=limit)
    took = time.perf_counter() - begun
    timer.cancel()
    return took, told(found)


def main() -> None:
    """Print one line for each call and limit."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--busy", type=int, default=0, help="processes that keep the machine busy meanwhile")
    arguments.add_argument("--only", default="", help="only calls whose name contains this")
    options = arguments.parse_args()
    print(f"| call | limit | returned after, {options.busy} busy processes beside | answer |\n|---|---|---|---|")
    for name, call in calls().items():
        if options.only not in name:
            continue
        for limit in (*LIMITS, None):
            with busy(options.busy):
                took, answer = measured(call, limit)
            asked = f"cancel after {CANCEL_S:g} s" if limit is None else f"{limit:g} s"
            print(f"| {name} | {asked} | {took:.2f} s | {answer} |", flush=True)


if __name__ == "__main__":
    main()
