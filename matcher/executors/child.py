"""One task on a child of the pool, within a budget."""

from __future__ import annotations

from collections.abc import Callable

from matcher.base.progress import Budget
from matcher.executors.frames import Arrays
from matcher.executors.team import TeamOutcome, call_all


def call(job: str, arrays: Arrays, budget: Budget, told: Callable[[Arrays], None] | None = None) -> TeamOutcome:
    """Have one task done by a child.

    Parameters
    ----------
    job, arrays
        Module with a function `run(arrays, tell) -> arrays`, and what it is given.
    budget
        Its clock and its token are watched; Ctrl-C counts as cancelled.
    told
        Hears, in this thread, what the job tells on the way.
    """
    return call_all(job, [lambda: arrays], budget, told=None if told is None else lambda _, found: told(found))
