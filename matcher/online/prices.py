"""Bid prices: what a unit of each provider is worth to those who are still expected.

With values v_ij, capacities c_j and w arrivals for each of a sample, the prices p >= 0 minimise the smoothed dual

    sum of c_j * p_j + w * sum over i of tau * log(1 + sum over j of exp((v_ij - p_j) / tau))

whose limit for tau = 0 is the dual of the assignment of the whole sample. The smoothing is the noise of what is
expected: who comes is only like the sample. Each step is Newton's on the diagonal, halved: the Hessian is an M-matrix,
so the steps of all coordinates together do not run away. An arrival is given to the provider of greatest v - p >= 0
(bid-price control: Talluri, van Ryzin 1998; prices learned as it goes: Agrawal, Wang, Ye 2014).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from matcher.base.numbers import FloatArray, IntArray

#: of tau: smaller moves change no price that matters
_LEAST_MOVE: Final = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """What may come, as pairs: those of recipient i stand at `start[i]` to `start[i + 1]`.

    Attributes
    ----------
    at : (n,) int64
        When each comes, ascending.
    start, provider, value : (n + 1,), (A,), (A,)
        The pairs of each and what they are worth.
    """

    at: IntArray
    start: IntArray
    provider: IntArray
    value: IntArray

    @classmethod
    def of(cls, parts: list[tuple[IntArray, IntArray]]) -> Expected:
        """Return a sample of which no time is known, given as providers and values of each."""
        nobody = np.zeros(0, np.int64)
        return cls(nobody, np.zeros(1, np.int64), nobody, nobody).and_open(parts)

    @classmethod
    def joined(cls, samples: list[Expected]) -> Expected:
        """Return several samples as one, in order of time."""
        at = np.concatenate([each.at for each in samples])
        order = np.argsort(at, kind="stable")
        size = np.concatenate([np.diff(each.start) for each in samples])
        first = np.cumsum(size) - size
        start = np.concatenate([[0], np.cumsum(size[order])])
        arc = np.repeat(first[order] - start[:-1], size[order]) + np.arange(start[-1])
        provider, value = (
            np.concatenate([getattr(each, name) for each in samples])[arc] for name in ("provider", "value")
        )
        return cls(at[order], start, provider, value)

    def after(self, now: int) -> Expected:
        """Return the part that comes later than `now`."""
        first = int(np.searchsorted(self.at, now, side="right"))
        begin = self.start[first]
        return Expected(self.at[first:], self.start[first:] - begin, self.provider[begin:], self.value[begin:])

    def and_open(self, others: list[tuple[IntArray, IntArray]]) -> Expected:
        """Return it with those who wait already, given as providers and values of each, before all."""
        if not others:
            return self
        sizes = np.array([len(provider) for provider, _ in others], np.int64)
        start = np.concatenate([[0], np.cumsum(sizes), int(sizes.sum()) + self.start[1:]])
        at = np.concatenate([np.full(len(others), np.iinfo(np.int64).min), self.at])
        provider = np.concatenate([*(provider for provider, _ in others), self.provider])
        return Expected(at, start, provider, np.concatenate([*(value for _, value in others), self.value]))


def estimated(
    expected: Expected, weight: FloatArray, left: FloatArray, price: FloatArray, smoothing: float, rounds: int
) -> FloatArray:
    """Return the prices (P,) of what is left of each provider, from the present ones on; no unit left has no price."""
    some = expected.start[1:] > expected.start[:-1]
    start, many = expected.start[:-1][some], weight[some]
    if not len(start):
        return np.zeros(len(left))
    # in single precision: prices are good to a thousandth of tau, and this is half of the time
    provider, value = expected.provider, expected.value.astype(np.float32)
    sizes = np.diff(np.append(start, len(provider)))
    each = np.repeat(many.astype(np.float32), sizes)
    tau = max(1.0, smoothing * float(np.abs(expected.value).mean()))
    price = price.copy()
    for _ in range(rounds):
        worth = (value - price.astype(np.float32)[provider]) / np.float32(tau)
        top = np.maximum(np.maximum.reduceat(worth, start), 0)
        share = np.exp(worth - np.repeat(top, sizes))
        share /= np.repeat(np.add.reduceat(share, start) + np.exp(-top), sizes)
        load = np.bincount(provider, each * share, len(left))
        bend = np.bincount(provider, each * share * (1 - share), len(left)) / tau
        step = np.clip((load - left) / (bend + 1e-3 / tau), -2 * tau, 2 * tau)
        moved = np.maximum(0, price + 0.5 * step)
        change = float(np.abs(moved - price).max(initial=0))
        price = moved
        if change < _LEAST_MOVE * tau:
            break
    return price
