"""How a matching was found: the phases of the work with their rounds and time, and the bounds over time.

Nothing here is a claim, and times differ from run to run: equality, hash and saved bytes of a matching leave it out.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from typing import Any

from matcher.base.crossing import Crosses
from matcher.base.progress import Progress


@dataclass(frozen=True, slots=True)
class Phase(Crosses):
    """Work of one kind without a break.

    Attributes
    ----------
    name
        As in `Progress.phase`: "level:cost", "price", "components" and so on.
    rounds
        How many reports it gave: one a level of listed arcs, one a round of pricing all pairs of points.
    began_s, seconds
        When it began, counted from the call, and how long it took.
    """

    name: str
    rounds: int
    began_s: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Bounds(Crosses):
    """Value and bound of the level in work, in whole units, at one moment; None where there was none yet."""

    at_s: float
    value: int | None
    bound: int | None


@dataclass(frozen=True, slots=True)
class Statistics(Crosses):
    """How a matching was found, see `Matching.statistics`.

    Attributes
    ----------
    seconds
        From the call of `match` to its return.
    rounds
        Rounds of all phases together.
    phases
        In order; empty where the work gave no report.
    bounds
        Each change of value or bound, in order: of many points after every round, else none.
    """

    seconds: float
    rounds: int
    phases: tuple[Phase, ...]
    bounds: tuple[Bounds, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the statistics as plain JSON values."""
        return {"format": "matcher.statistics/1", **asdict(self)}


class Recorder:
    """Keeps the reports of one run; `statistics` says what was seen up to now."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._phases: list[Phase] = []
        self._bounds: list[Bounds] = []

    def take(self, report: Progress) -> None:
        """Take one report."""
        now = self._close()
        last = self._phases[-1] if self._phases else None
        if last is None or last.name != report.phase:
            self._phases.append(Phase(report.phase, 1, now, 0.0))
        else:
            self._phases[-1] = replace(last, rounds=last.rounds + 1)
        known = report.value, report.bound
        if known != (None, None) and (not self._bounds or known != (self._bounds[-1].value, self._bounds[-1].bound)):
            self._bounds.append(Bounds(now, *known))

    def _close(self) -> float:
        """Return the time since the call, up to which the last phase lasts."""
        now = time.perf_counter() - self._began
        if self._phases:
            self._phases[-1] = replace(self._phases[-1], seconds=now - self._phases[-1].began_s)
        return now

    @property
    def statistics(self) -> Statistics:
        """What was seen, the last phase up to this moment."""
        now = self._close()
        return Statistics(now, sum(phase.rounds for phase in self._phases), tuple(self._phases), tuple(self._bounds))
