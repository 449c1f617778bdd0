"""A flow or an assignment in a child process: a deadline or a token can end it, and other threads run meanwhile.

The solvers cannot be interrupted and hold the interpreter's lock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from matcher.base.progress import Budget
from matcher.executors.child import call
from matcher.executors.frames import Arrays
from matcher.executors.starting import inside
from matcher.market import assignment
from matcher.market.face import Chosen, Face
from matcher.market.flow import least_cost
from matcher.market.input import Ints

JOB: Final = "matcher.market.jobs.flow"
#: below so many free arcs a flow ends before a child would have begun
_LARGE: Final = 200_000


def least_cost_within(
    face: Face, cost: Ints | None, missing: Ints, budget: Budget, *, numbering: Ints | None = None
) -> Chosen | None:
    """Return what `flow.least_cost` returns, or None if the budget ran out first."""
    if face.num_free >= _LARGE and budget.can_end and not inside():
        done, chosen = _called(_asked(face, cost, missing, numbering), budget)
        if done:
            return chosen
    # Also where no child can be had, or it was refused the costs: this process then says why.
    return least_cost(face, cost, missing, numbering=numbering)


def assigned_within(
    face: Face, cost: Ints | None, missing: Ints, budget: Budget, *, most_pairs_first: bool = False
) -> tuple[bool, Chosen | None]:
    """Return whether the level fits an assignment, and what `assignment.least_cost` returns, None if time ran out."""
    if face.num_free >= _LARGE and budget.can_end and not inside():
        if not assignment.suits(face, cost, missing):
            return False, None
        arrays = _asked(face, cost, missing, None)
        done, chosen = _called({**arrays, "most_pairs_first": np.array(most_pairs_first)}, budget)
        if done:
            return True, chosen
    chosen = assignment.least_cost(face, cost, missing, most_pairs_first=most_pairs_first)
    return chosen is not None, chosen


def _called(arrays: Arrays, budget: Budget) -> tuple[bool, Chosen | None]:
    """Return whether a child took the work, and what it chose, None if the budget ran out first."""
    outcome = call(JOB, arrays, budget)
    if outcome.answers[0] is not None:
        return True, outcome.answers[0]["chosen"]
    if outcome.here:
        return False, None
    if outcome.reason is not None and budget.stop_reason is None:
        budget.stop(outcome.reason)
    return True, None


def _asked(face: Face, cost: Ints | None, missing: Ints, numbering: Ints | None) -> Arrays:
    arrays = {"capacity": face.capacity, "demand": face.demand, "missing": missing}
    if face.ends is not None:
        arrays["provider"], arrays["recipient"] = face.ends
    if face.limit is not None:
        arrays["limit"] = face.limit
    if cost is not None:
        arrays["cost"] = cost
    if numbering is not None:
        arrays["numbering"] = numbering
    return arrays


def run(arrays: Arrays, tell: Callable[[Arrays], None]) -> Arrays:
    """Solve what the arrays hold."""
    capacity, demand = arrays["capacity"], arrays["demand"]
    ends = (arrays["provider"], arrays["recipient"]) if "provider" in arrays else None
    none = np.zeros(0, np.int64)
    face = Face(len(capacity), len(demand), None, ends, capacity, demand, none, arrays.get("limit"))
    if "most_pairs_first" in arrays:
        first = bool(arrays["most_pairs_first"])
        one = assignment.least_cost(face, arrays.get("cost"), arrays["missing"], most_pairs_first=first)
        assert one is not None
        return {"chosen": one}
    return {"chosen": least_cost(face, arrays.get("cost"), arrays["missing"], numbering=arrays.get("numbering"))}
