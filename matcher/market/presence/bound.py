"""A bound that anybody can recompute: prices of a head at a site in a period, in exact integers.

With any prices pi_pk the rows "V_pk = heads of the stays that cover it" are relaxed, and no plan costs less than

    sum over crews of min(0, min over its stays of size * (metres - sum of pi over the stay))
    + sum over p, k of the least of charge * children_pk and, over V from least_p to beds_p,
      charge * max(0, children_pk - ratio_p * V) + pi_pk * V

Skills and adults are left out, which can only make it lower (Geoffrion 1974).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.base.numbers import IntArray, magnitude
from matcher.market.certificate import exact_sum
from matcher.market.presence.case import NEVER, PresenceCase

_WORD: Final = 1 << 62
#: no stay is possible
CLOSED: Final = -(1 << 40)
_CHUNK: Final = 4_000_000


def bound(case: PresenceCase, price: IntArray) -> int | None:
    """Return what no plan can beat, None if the prices are too large to be counted exactly."""
    reach = case.num_periods * magnitude(price) + magnitude(case.metres) - CLOSED
    if reach * max(1, magnitude(case.size)) >= _WORD or magnitude(price) * magnitude(case.beds) >= _WORD >> 2:
        return None
    total = exact_sum(site_part(case, price)[0])
    for crews, window in windows(case, price):
        step = max(1, _CHUNK // max(1, case.num_sites))
        for begin in range(0, len(crews), step):
            some = crews[begin : begin + step]
            far = case.metres[some].astype(np.int64)
            least = np.where(far == NEVER, -CLOSED, far - window).min(axis=1, initial=0)
            total += exact_sum(case.size[some] * np.minimum(0, least))
    return total


def site_part(case: PresenceCase, price: NDArray[Any]) -> tuple[NDArray[Any], IntArray]:
    """Return the least of each site and period, (P, K), and the heads that give it."""
    children, ratio = case.children, case.ratio[:, None]
    none = case.charge * children
    best, heads = none + 0 * price, np.zeros(children.shape, np.int64)
    able = case.open & (case.least <= case.beds)[:, None]
    few = children // np.maximum(1, ratio)
    for wanted in (case.least[:, None] + 0 * few, case.beds[:, None] + 0 * few, few, few + 1):
        many = np.clip(wanted, case.least[:, None], np.maximum(case.least, case.beds)[:, None])
        cost = case.charge * np.maximum(0, children - ratio * many) + price * many
        better = able & (cost < best)
        best, heads = np.where(better, cost, best), np.where(better, many, heads)
    return best, heads


def windows(case: PresenceCase, price: NDArray[Any]) -> Iterator[tuple[IntArray, NDArray[Any]]]:
    """Yield crews of equal weeks and stay, with the greatest sum of prices over a stay at each site, (P,)."""
    for crews, starts, totals in stays(case, price):
        del starts
        yield crews, totals.max(axis=1, initial=CLOSED)


def stays(case: PresenceCase, price: NDArray[Any]) -> Iterator[tuple[IntArray, IntArray, NDArray[Any]]]:
    """Yield crews of equal weeks and stay, their first periods (n,), and the sum of prices of each stay (P, n).

    A stay that is not possible has CLOSED.
    """
    none = np.zeros((case.num_sites, 1), price.dtype)
    sums = np.concatenate([none, np.cumsum(price, axis=1)], axis=1)
    shut = np.concatenate([none.astype(np.int64), np.cumsum(~case.open, axis=1)], axis=1)
    keys = np.column_stack([case.first, case.last, case.stay])
    kinds, at = np.unique(keys, axis=0, return_inverse=True)
    for number, (first, last, stay) in enumerate(kinds.tolist()):
        last = min(last, case.num_periods - 1)
        starts = np.arange(max(0, first), last - stay + 2) if stay > 0 else np.zeros(0, np.int64)
        totals = sums[:, starts + stay] - sums[:, starts]
        closed = shut[:, starts + stay] > shut[:, starts]
        yield np.flatnonzero(at.reshape(-1) == number), starts, np.where(closed, CLOSED, totals)
