"""How long a Poisson stream takes to bring so many pieces."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple


class FillTime(NamedTuple):
    """Seconds until so many that are missing have come: expected, and an interval; None while nothing is known."""

    missing: int
    expected_s: float | None
    low_s: float | None
    high_s: float | None


def fill_time(missing: int, seconds: int, count: int, pieces: int, level: float = 0.9) -> FillTime:
    """Return in how many seconds so many come, if they come as `count` with `pieces` did in `seconds`.

    With n gaps in a time t, and k more wanted at the mean amount, the time until the k-th is t / n * k on average, and
    between that times the quantiles of F(2k, 2n) with the probability asked (the ratio of two gamma times of one rate).
    """
    if not missing:
        return FillTime(0, 0.0, 0.0, 0.0)
    if not seconds or count < 2:
        return FillTime(missing, None, None, None)
    from scipy.stats import f

    n = count - 1
    k = max(1, ceil(missing / (pieces / count)))
    expected = seconds / n * k
    low, high = (expected * float(f.ppf(q, 2 * k, 2 * n)) for q in ((1 - level) / 2, (1 + level) / 2))
    return FillTime(missing, expected, low, high)
