"""How long work reports, and how it is told to stop: one protocol for the whole package.

A solver receives one `Budget`. It calls `spend` for the work it did, `report` where a person would want to see
something move, and looks at `stop_reason` wherever it could return what it has.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from numbers import Integral, Real
from typing import Any, Literal, Self

from matcher.base import told
from matcher.base.errors import Fault, InvalidInput, wrong_kind
from matcher.base.forms import made, read_document

#: why a search ended before everything was proved; "search": by itself, with all its steps done
StopReason = Literal["time", "work", "gap", "cancelled", "search", "worker_died"]


@dataclass(frozen=True, slots=True)
class Progress:
    """One report of long work.

    Attributes
    ----------
    phase
        What is being done, a stable word such as "read", "arcs", "level:convenience", "price".
    done, of
        Steps done and, where known, steps in all.
    value, bound, gap
        Value of the best plan so far on the level in work, its bound, |value - bound|; None where there is none yet.
    """

    phase: str
    done: int = 0
    of: int | None = None
    value: int | None = None
    bound: int | None = None
    gap: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        return {"format": "matcher.progress/1", **asdict(self)}

    @classmethod
    def from_json(cls, source: Mapping[str, Any] | str | bytes) -> Self:
        """Read what `to_json` wrote, as it is or as text.

        Raises
        ------
        InvalidInput
            If it is something else.
        """
        return made(cls, read_document(source, "matcher.progress/1"))


ProgressCallback = Callable[[Progress], None]


class CancelToken:
    """Set from any thread to ask running work to stop with the best it has."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._event.is_set()


class Budget:
    """The limits of one run and the account of what was spent.

    Parameters
    ----------
    time_limit_s
        Stop after so many seconds of wall clock; not reproducible.
    work_limit
        Stop after so many units of work; reproducible. One unit is about one shortest-path step, one priced block or
        one evaluated inner problem; each solver documents its own unit.
    gap
        Stop a level once |value - bound| <= gap * max(1, |value|).
    progress, cancel
        Where to report, and a token that asks to stop.
    workers
        How many processes may work at once.
    executor
        Where independent tasks are done instead: anything with a `submit` as in `concurrent.futures`.

    Raises
    ------
    InvalidInput
        If a limit is negative or not a number, or `progress` or `cancel` is something else.
    """

    __slots__ = (
        "_cancel",
        "_deadline",
        "_phase",
        "_progress",
        "_seen_s",
        "_stopped",
        "_whole",
        "executor",
        "gap",
        "work",
        "work_limit",
        "workers",
    )

    def __init__(
        self,
        *,
        time_limit_s: float | None = None,
        work_limit: int | None = None,
        gap: float | None = None,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
        workers: int = 1,
        executor: Any = None,
    ):
        faults = [
            *_limit_faults("time_limit_s", time_limit_s, Real),
            *_limit_faults("work_limit", work_limit, Integral),
            *_limit_faults("gap", gap, Real),
        ]
        if progress is not None and not callable(progress):
            faults.append(wrong_kind(progress, "callable", "progress"))
        if cancel is not None and not hasattr(cancel, "cancelled"):
            faults.append(wrong_kind(cancel, "CancelToken", "cancel"))
        if executor is not None and not callable(getattr(executor, "submit", None)):
            faults.append(wrong_kind(executor, "executor", "executor"))
        if faults:
            raise InvalidInput(faults)
        self._deadline = None if time_limit_s is None else time.monotonic() + time_limit_s
        self._cancel = cancel
        self._progress = progress
        self._phase = ""
        self.work_limit = work_limit
        self.gap = gap
        self.work = 0
        self.workers = workers
        self.executor = executor
        self._stopped: StopReason | None = None
        self._seen_s: float | None = None
        self._whole: Budget | None = None

    def spend(self, units: int = 1) -> None:
        """Add `units` of work to the account."""
        self.work += units

    @property
    def time_left_s(self) -> float | None:
        """Seconds until the deadline (never negative), None without one."""
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    @property
    def stop_reason(self) -> StopReason | None:
        """Why the work must stop now, or None."""
        if self._cancel is not None and self._cancel.cancelled:
            if self._seen_s is None:
                self._seen_s = time.monotonic()
            return "cancelled"
        if self._stopped is not None:
            return self._stopped
        if self.work_limit is not None and self.work >= self.work_limit:
            return "work"
        if self._deadline is not None and time.monotonic() >= self._deadline:
            return "time"
        return None

    @property
    def can_end(self) -> bool:
        """Whether the clock or a token may ask the work to stop while one long step runs."""
        return self._deadline is not None or self._cancel is not None

    def waits(self, grace_s: float) -> bool:
        """Whether less than so many seconds have passed since the clock or the token asked the work to stop.

        For what makes a plan of what was found: it may take a moment, and does without the rest after that.
        """
        return self.patience_s(grace_s) > 0

    def patience_s(self, grace_s: float) -> float:
        """Return how much is left of `grace_s` seconds after the clock or the token asked the work to stop.

        Of one of several tasks no more than is left for the whole call.
        """
        if self._seen_s is None and self._cancel is not None and self._cancel.cancelled:
            self._seen_s = time.monotonic()
        asked = [when for when in (self._seen_s, self._deadline) if when is not None]
        left = min(asked) + grace_s - time.monotonic() if asked else grace_s
        return max(0.0, left if self._whole is None else min(left, self._whole.patience_s(grace_s)))

    def portion(self, of: int) -> Budget:
        """Return a budget for one of `of` tasks still to do: its part of the time, its own account of work."""
        left = self.time_left_s
        part = Budget(
            time_limit_s=None if left is None else left / max(1, of),
            work_limit=self.work_limit,
            gap=self.gap,
            progress=self._progress,
            cancel=self._cancel,
        )
        part._whole = self
        return part

    def clock(self) -> Budget:
        """Return a budget with the same deadline and token, and no other limit."""
        return Budget(time_limit_s=self.time_left_s, progress=self._progress, cancel=self._cancel)

    def stop(self, reason: StopReason) -> None:
        """End the work for a reason that neither the clock nor the token knows: an interrupt, a worker that ended."""
        self._stopped = reason

    def close_enough(self, value: int, bound: int) -> bool:
        """Whether the gap asked for is reached (an exact match always is)."""
        return value == bound or (self.gap is not None and abs(value - bound) <= self.gap * max(1, abs(value)))

    def hear(self, listener: ProgressCallback) -> None:
        """Let `listener` have every report too, before the caller's callback."""
        caller = self._progress

        def both(progress: Progress) -> None:
            listener(progress)
            if caller is not None:
                caller(progress)

        self._progress = both

    def report(self, progress: Progress) -> None:
        """Hand one report to the caller's callback, if there is one."""
        if progress.phase != self._phase:
            self._phase = progress.phase
            told.info("stage", phase=progress.phase)
        if self._progress is not None:
            self._progress(progress)


def check_workers(workers: Any) -> None:
    """Refuse a number of workers that is none.

    Raises
    ------
    InvalidInput
        If `workers` is no whole number, or below 1.
    """
    if not isinstance(workers, Integral) or isinstance(workers, bool):
        raise InvalidInput([wrong_kind(workers, "int", "workers")])
    if int(workers) < 1:
        details = {"reason": ">= 1", "why": "greater_than_equal", "ge": 1}
        raise InvalidInput([Fault("invalid_value", column="workers", value=workers, details=details)])


def _limit_faults(column: str, value: Any, kind: Any) -> list[Fault]:
    if value is None:
        return []
    if not isinstance(value, kind) or isinstance(value, bool):
        return [wrong_kind(value, "int" if kind is Integral else "float", column)]
    return [] if value >= 0 else [Fault("limit_negative", column=column, value=value)]
