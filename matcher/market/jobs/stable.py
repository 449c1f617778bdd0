"""The best stable matching of a market, found by a child process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from matcher.base.progress import Budget
from matcher.executors.child import call
from matcher.executors.frames import Arrays
from matcher.executors.pool import other_threads
from matcher.market.claims import Solved, assembled
from matcher.market.market import Market
from matcher.market.matching import Matching
from matcher.market.stable import solve_stable

JOB: Final = "matcher.market.jobs.stable"
#: below so many arcs it is found before a child could be asked
_LARGE: Final = 50_000


def stable_within(market: Market, budget: Budget, tie_seed: int | None = None) -> Matching:
    """Return what `solve_stable` returns; nothing, and why, if the budget ran out first."""
    if market.num_arcs >= _LARGE and (budget.can_end or other_threads()):
        seed = {} if tie_seed is None else {"tie_seed": np.array(tie_seed, np.int64)}
        outcome = call(JOB, {**market.to_arrays(), **seed}, budget)
        if outcome.answers[0] is not None:
            whole = {f"market_{name}": array for name, array in market.to_arrays().items()}
            return Matching.from_arrays({**outcome.answers[0], **whole}).replace(market=market)
        if not outcome.here:
            return assembled(market, Solved(stop_reason=outcome.reason))
    return solve_stable(market, budget, tie_seed)


def run(arrays: Arrays, tell: Callable[[Arrays], None]) -> Arrays:
    """Solve what the arrays hold."""
    market = Market.from_arrays({name: array for name, array in arrays.items() if name != "tie_seed"})
    seed = int(arrays["tie_seed"]) if "tie_seed" in arrays else None
    found = solve_stable(market, None, seed).to_arrays()
    return {name: array for name, array in found.items() if not name.startswith("market_")}
