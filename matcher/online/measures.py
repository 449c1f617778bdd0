"""How well it went, with bands over seeds: timeliness (及时性), coverage (覆盖率), aim (针对性); in constant memory."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

#: upper ends of the classes of waiting times, in seconds: a quarter more each, from a minute to three years
_CLASSES: Final = tuple(round(60 * 1.25**n) for n in range(64))
_RESAMPLES: Final = 2000


@dataclass(slots=True)
class Tally:
    """Counts of what was decided; waiting times as a histogram, so that it never grows.

    Attributes
    ----------
    arrived, paired, declined
        How many came, and what became of those who were answered; the others wait.
    at_once
        Paired in the moment they came.
    value, worth
        Sum of what the pairs are worth, and of what they would be worth at best.
    waited_s, waits
        Sum of the seconds until the pair was made, and the number of pairs in each class of them.
    """

    arrived: int = 0
    paired: int = 0
    declined: int = 0
    at_once: int = 0
    value: int = 0
    worth: int = 0
    waited_s: int = 0
    waits: list[int] = field(default_factory=lambda: [0] * (len(_CLASSES) + 1))

    def note(self, waited_s: int, value: int, worth: int) -> None:
        """Count one pair."""
        self.paired += 1
        self.at_once += waited_s == 0
        self.value += value
        self.worth += worth
        self.waited_s += waited_s
        self.waits[bisect_left(_CLASSES, waited_s)] += 1

    def measures(self) -> dict[str, float | int | None]:
        """Return the measures: hours until a pair is made, shares of who came, and how much of the best a pair is."""
        none = None if not self.paired else 1
        return {
            "arrived": self.arrived,
            "paired": self.paired,
            "value": self.value,
            "coverage": None if not self.arrived else self.paired / self.arrived,
            "at_once": none and self.at_once / self.paired,
            "hours_mean": none and self.waited_s / self.paired / 3600,
            "hours_p95": none and self._quantile(0.95),
            "aim": none and self.value / max(1, self.worth),
        }

    def _quantile(self, share: float) -> float:
        """Return the upper end of the class that holds a quantile, in hours."""
        at = int(np.searchsorted(np.cumsum(self.waits), share * self.paired))
        waited = self.waits[0] == self.paired and self.waited_s == 0
        return 0.0 if waited else _CLASSES[min(at, len(_CLASSES) - 1)] / 3600

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def bands(rows: Sequence[Mapping[str, Any]], by: str = "policy", level: float = 0.95) -> pd.DataFrame:
    """Return mean and bootstrap interval of every measure over seeds, and its least and greatest.

    Parameters
    ----------
    rows
        A mapping a run: its `by`, its `seed`, and numbers.
    level
        Of the interval: percentiles of the means of 2,000 resamples of the seeds, drawn from a fixed seed.
    """
    import pandas as pd

    found = []
    for name in dict.fromkeys(row[by] for row in rows):
        mine = [row for row in rows if row[by] == name]
        for measure in (key for key in mine[0] if key not in (by, "seed")):
            values = np.array([row[measure] for row in mine if row[measure] is not None], float)
            if len(values):
                low, high = interval(values, level)
                found.append((name, measure, len(values), values.mean(), low, high, values.min(), values.max()))
    return pd.DataFrame(found, columns=[by, "measure", "seeds", "mean", "low", "high", "least", "greatest"])


def interval(values: Any, level: float = 0.95) -> tuple[float, float]:
    """Return the bootstrap interval of a mean (Efron 1979, percentiles), from a fixed seed."""
    values = np.asarray(values, float)
    draws = np.random.default_rng(2017).integers(0, len(values), (_RESAMPLES, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
