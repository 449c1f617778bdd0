"""Work that has nothing to hand back before it is done, such as reading and checking: it ends with an error when asked.

A door opens `within` its budget, and whatever runs below calls `look` where it could end. A budget belongs to the
context that opened it (a thread, or a task of an event loop), so that nothing else sees it, and no signature between
the door and the loops has to carry it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from matcher.base.errors import StoppedError
from matcher.base.progress import Budget, CancelToken, Progress, ProgressCallback

_BUDGET: Final[ContextVar[Budget | None]] = ContextVar("matcher_budget", default=None)


@contextmanager
def within(
    time_limit_s: float | None, progress: ProgressCallback | None = None, cancel: CancelToken | None = None
) -> Iterator[None]:
    """Let `look` hold what runs inside to these limits; without any, to those of whoever called.

    Raises
    ------
    InvalidInput
        If a limit is negative or not a number, or `progress` or `cancel` is something else.
    StoppedError
        If they are reached.
    """
    if time_limit_s is None and progress is None and cancel is None:
        yield
        return
    token = _BUDGET.set(Budget(time_limit_s=time_limit_s, progress=progress, cancel=cancel))
    try:
        look()
        yield
    finally:
        _BUDGET.reset(token)


def look(phase: str | None = None, done: int = 0, of: int | None = None) -> None:
    """End the work if it was asked to stop; with a phase, report how far it is.

    Raises
    ------
    StoppedError
        If the time is over, or the token was set.
    """
    budget = _BUDGET.get()
    if budget is None:
        return
    reason = budget.stop_reason
    if reason is not None:
        raise StoppedError(reason)
    if phase is not None:
        budget.report(Progress(phase, done, of))
