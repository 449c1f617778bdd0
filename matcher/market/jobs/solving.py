"""A market, or a part of one, solved by a child process; it tells what it has after every bound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.base.progress import Budget, Progress
from matcher.executors.frames import Arrays
from matcher.market import listed
from matcher.market.claims import Solved
from matcher.market.input import Ints
from matcher.market.market import Market
from matcher.market.matching import Matching
from matcher.market.points import sites

JOB: Final = "matcher.market.jobs.solving"
_SIDES: Final = ("provider", "recipient")


def asked(market: Market, budget: Budget, start: Matching | Ints | None = None, *, tells: bool = False) -> Arrays:
    """Return what a child is given: the market, the limits that need no clock, and a start."""
    arrays = {f"market_{name}": array for name, array in market.to_arrays().items()}
    arrays["limits"] = np.array([-1 if budget.work_limit is None else budget.work_limit], np.int64)
    arrays["gap"] = np.array([np.nan if budget.gap is None else budget.gap])
    arrays["tells"] = np.array(tells)
    if isinstance(start, Matching):
        arrays.update({f"start_{name}": array for name, array in start.to_arrays().items()})
    return arrays


def solve_here(market: Market, budget: Budget) -> Solved:
    """Solve a market that does not fall apart in this process."""
    return sites.solve(market, budget, None) if sites.suits(market) else listed.solve(market, budget, None)


def packed(solved: Solved) -> dict[str, NDArray[Any]]:
    """Return what was found as arrays."""
    arrays: dict[str, NDArray[Any]] = {
        "stop": np.array(solved.stop_reason or ""),
        "methods": np.array(solved.methods, np.str_),
    }
    if solved.pairs is not None:
        arrays["pairs"] = solved.pairs
    for level, (p, q) in enumerate(zip(solved.provider, solved.recipient, strict=True)):
        arrays[f"provider_{level}"], arrays[f"recipient_{level}"] = p, q
    if solved.hall is not None:
        arrays[f"hall_{solved.hall[0]}"] = solved.hall[1]
    return arrays


def unpacked(arrays: Arrays) -> Solved:
    """Return what `packed` made arrays of."""
    for side in _SIDES:
        if f"hall_{side}" in arrays:
            return Solved(hall=(side, arrays[f"hall_{side}"]))
    count = sum(name.startswith("provider_") for name in arrays)
    rows = [[arrays[f"{side}_{level}"] for level in range(count)] for side in _SIDES]
    stop: Any = str(arrays["stop"]) or None
    return Solved(arrays.get("pairs"), rows[0], rows[1], [str(name) for name in arrays["methods"]], stop)


def progress_of(arrays: Arrays) -> Progress | None:
    """Return the report that was told, None if something else was."""
    if "progress" not in arrays:
        return None
    done, *known = (int(x) for x in arrays["progress"])
    return Progress("price", done, None, *((*known, known[0] - known[1]) if known else ()))


def run(arrays: Arrays, tell: Callable[[Arrays], None]) -> Arrays:
    """Solve what the arrays hold."""
    market = Market.from_arrays({name[7:]: array for name, array in arrays.items() if name.startswith("market_")})
    started = {name[6:]: array for name, array in arrays.items() if name.startswith("start_")}
    start = Matching.from_arrays(started) if started else None
    work, gap = int(arrays["limits"][0]), float(arrays["gap"][0])
    limits: dict[str, Any] = {"work_limit": None if work < 0 else work, "gap": None if np.isnan(gap) else gap}
    if not arrays["tells"]:
        return packed(solve_here(market, Budget(**limits)))

    def progress(report: Progress) -> None:
        known = [number for number in (report.value, report.bound) if number is not None]
        tell({"progress": np.array([report.done, *known], np.int64)})

    def watch(found: Solved) -> None:
        tell(packed(found))

    if not sites.suits(market):
        return packed(listed.solve(market, Budget(**limits), None, watch))
    return packed(sites.solve(market, Budget(progress=progress, **limits), start, watch))
