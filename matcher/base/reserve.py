"""A budget that ends a little before another one, so that something can still be made of what was found."""

from __future__ import annotations

from matcher.base.progress import Budget, Progress, StopReason


class Reserved(Budget):
    """What is left of `whole` but for its last `reserve_s` seconds; work is charged to the whole."""

    __slots__ = ("_reserve_s", "_whole")

    def __init__(self, whole: Budget, reserve_s: float):
        super().__init__(work_limit=whole.work_limit, gap=whole.gap, workers=whole.workers, executor=whole.executor)
        self._whole, self._reserve_s = whole, reserve_s

    def spend(self, units: int = 1) -> None:
        """Add `units` of work to the account of the whole."""
        self._whole.spend(units)

    def waits(self, grace_s: float) -> bool:
        """Whether the whole still waits."""
        return self._whole.waits(grace_s)

    def stop(self, reason: StopReason) -> None:
        """End the whole."""
        self._whole.stop(reason)

    @property
    def can_end(self) -> bool:
        """Whether the clock or a token may ask the whole to stop."""
        return self._whole.can_end

    @property
    def time_left_s(self) -> float | None:
        """Seconds until the search has to end (never negative), None without a deadline."""
        left = self._whole.time_left_s
        return None if left is None else max(0.0, left - self._reserve_s)

    @property
    def stop_reason(self) -> StopReason | None:
        """Why the search must stop now, or None."""
        return self._whole.stop_reason or ("time" if self.time_left_s == 0.0 else None)

    def report(self, progress: Progress) -> None:
        """Hand one report to the whole."""
        self._whole.report(progress)
