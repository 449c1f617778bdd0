"""A budget that ends a little before another one, so that something can still be made of what was found."""

from __future__ import annotations

from matcher.base.progress import Budget, Progress, StopReason


class Reserved(Budget):
    """What is left of `whole` but for its last `reserve_s` seconds; work is charged to the whole."""

    __slots__ = ("_of", "_reserve_s")

    def __init__(self, whole: Budget, reserve_s: float):
        super().__init__(work_limit=whole.work_limit, gap=whole.gap, workers=whole.workers, executor=whole.executor)
        self._whole = self._of = whole
        self._reserve_s = reserve_s

    def spend(self, units: int = 1) -> None:
        """Add `units` of work to the account of the whole."""
        self._of.spend(units)

    def stop(self, reason: StopReason) -> None:
        """End the whole."""
        self._of.stop(reason)

    @property
    def can_end(self) -> bool:
        """Whether the clock or a token may ask the whole to stop."""
        return self._of.can_end

    @property
    def time_left_s(self) -> float | None:
        """Seconds until the search has to end (never negative), None without a deadline."""
        left = self._of.time_left_s
        return None if left is None else max(0.0, left - self._reserve_s)

    @property
    def stop_reason(self) -> StopReason | None:
        """Why the search must stop now, or None."""
        return self._of.stop_reason or ("time" if self.time_left_s == 0.0 else None)

    def report(self, progress: Progress) -> None:
        """Hand one report to the whole."""
        self._of.report(progress)
