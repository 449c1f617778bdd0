"""A flow in a child process, so that a deadline or a cancel token can end it, and other threads run meanwhile.

The solver cannot be interrupted and holds the interpreter's lock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from matcher.base.progress import Budget
from matcher.executors.child import call
from matcher.executors.frames import Arrays
from matcher.market.face import Face
from matcher.market.flow import least_cost
from matcher.market.input import Bools, Ints

JOB: Final = "matcher.market.jobs.flow"
#: below so many free arcs a flow ends before a child would have begun
_LARGE: Final = 200_000


def least_cost_within(
    face: Face, cost: Ints | None, missing: Ints, budget: Budget, *, numbering: Ints | None = None
) -> Bools | None:
    """Return what `flow.least_cost` returns, or None if the budget ran out first."""
    if face.num_free >= _LARGE and budget.can_end:
        outcome = call(JOB, _asked(face, cost, missing, numbering), budget)
        if outcome.answers[0] is not None:
            return outcome.answers[0]["chosen"]
        if not outcome.here:
            if outcome.reason is not None and budget.stop_reason is None:
                budget.stop(outcome.reason)
            return None
    # Also where no child can be had, or it was refused the costs: this process then says why.
    return least_cost(face, cost, missing, numbering=numbering)


def _asked(face: Face, cost: Ints | None, missing: Ints, numbering: Ints | None) -> Arrays:
    provider, recipient = face.ends_of(np.arange(face.num_free))
    arrays = {
        "provider": provider,
        "recipient": recipient,
        "capacity": face.capacity,
        "demand": face.demand,
        "missing": missing,
    }
    if cost is not None:
        arrays["cost"] = cost
    if numbering is not None:
        arrays["numbering"] = numbering
    return arrays


def run(arrays: Arrays, tell: Callable[[Arrays], None]) -> Arrays:
    """Solve what the arrays hold."""
    capacity, demand = arrays["capacity"], arrays["demand"]
    ends = (arrays["provider"], arrays["recipient"])
    face = Face(len(capacity), len(demand), None, ends, capacity, demand, np.zeros(0, np.int64))
    return {"chosen": least_cost(face, arrays.get("cost"), arrays["missing"], numbering=arrays.get("numbering"))}
