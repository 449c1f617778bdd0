"""Bid prices: what a unit of each provider is worth to those who are still expected.

With values v_ij, capacities c_j and w arrivals for each of a sample, a recipient i of g_i = max over j of v_ij - p_j is
taken with probability a_i = 1 / (1 + exp(-g_i / tau)), by provider j with the share exp((v_ij - p_j) / tau) of all of
its providers. The prices p >= 0 are such that each provider with a price above 0 is taken c_j times by the sample: for
tau = 0 the dual prices of its assignment. The smoothing tau is the noise of what is expected: who comes is only like
the sample. Each step is Newton's on the diagonal, halved: the Hessian is near an M-matrix, so the steps of all
coordinates together do not run away. No price is above the greatest value of its provider, or nobody would be taken
where values are alike. An arrival is given to the provider of greatest v - p >= 0, where a_i is a half (bid-price
control: Talluri, van Ryzin 1998; prices learned as it goes: Agrawal, Wang, Ye 2014).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np

from matcher.base.numbers import FloatArray, IntArray

#: of tau: smaller moves change no price that matters
LEAST_MOVE: Final = 0.02
#: rounds above which prices are taken to start from nowhere
MANY: Final = 20


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
        start = np.array([0, *itertools.accumulate(len(provider) for provider, _ in parts)], np.int64)
        provider, value = (
            np.concatenate([part[n] for part in parts]) if parts else np.zeros(0, np.int64) for n in (0, 1)
        )
        return cls(np.zeros(len(parts), np.int64), start, provider, value)

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

    def first_after(self, now: int) -> int:
        """Return the first who comes later than `now`."""
        return int(np.searchsorted(self.at, now, side="right"))

    def part(self, first: int, end: int, step: int = 1) -> Expected:
        """Return who is in a range of positions, or every so many of them."""
        chosen = np.arange(first, end, step)
        if step > 1:
            sizes = self.start[chosen + 1] - self.start[chosen]
            start = np.concatenate([[0], np.cumsum(sizes)])
            arc = np.repeat(self.start[chosen] - start[:-1], sizes) + np.arange(start[-1])
            return Expected(self.at[chosen], start, self.provider[arc], self.value[arc])
        span = slice(self.start[first], self.start[end])
        start = self.start[first : end + 1] - span.start
        return Expected(self.at[first:end], start, self.provider[span], self.value[span])

    def and_open(self, others: list[tuple[IntArray, IntArray]]) -> Expected:
        """Return it with those who wait already, given as providers and values of each, before all."""
        if not others:
            return self
        sizes = np.array([len(provider) for provider, _ in others], np.int64)
        start = np.concatenate([[0], np.cumsum(sizes), int(sizes.sum()) + self.start[1:]])
        at = np.concatenate([np.full(len(others), np.iinfo(np.int64).min), self.at])
        provider = np.concatenate([*(provider for provider, _ in others), self.provider])
        return Expected(at, start, provider, np.concatenate([*(value for _, value in others), self.value]))


@dataclass(slots=True, eq=False)
class SampleLoad:
    """What a sample takes of each provider at given prices, added up in pieces.

    Attributes
    ----------
    taken, bend, most : (P,) float64
        Units taken, how fast they fall as the price rises (times tau), and the greatest value of a pair.
    count, total, apart
        Number of pairs, sum of their values, and of the distances from `middle`.
    """

    taken: FloatArray
    bend: FloatArray
    most: FloatArray
    middle: float
    count: int = 0
    total: float = 0.0
    apart: float = 0.0

    @classmethod
    def none(cls, providers: int, middle: float) -> SampleLoad:
        """Return a load to which nothing was added."""
        return cls(np.zeros(providers), np.zeros(providers), np.zeros(providers), middle)

    def add(self, piece: Expected, weight: FloatArray, price: FloatArray, tau: float) -> float:
        """Add a piece of the sample, with so many (n,) for each of it; return how many units of all it takes."""
        some = piece.start[1:] > piece.start[:-1]
        start = piece.start[:-1][some]
        if not len(start):
            return 0.0
        # in single precision: prices are good to a thousandth of tau, and this is half of the time
        provider, value = piece.provider, piece.value.astype(np.float32)
        sizes = np.diff(np.append(start, len(provider)))
        worth = (value - price[provider].astype(np.float32)) / np.float32(tau)
        top = np.maximum.reduceat(worth, start)
        share = np.exp(worth - np.repeat(top, sizes))
        one = weight[some].astype(np.float32) / (np.add.reduceat(share, start) * (1 + np.exp(np.minimum(-top, 60))))
        rest = share * np.repeat(one / np.maximum(weight[some], 1e-9), sizes)
        share *= np.repeat(one, sizes)
        _plus(self.taken, provider, share)
        _plus(self.bend, provider, share * (1 - rest))
        np.maximum.at(self.most, provider, piece.value.astype(float))  # of one type, as in `_plus`
        self.count += len(value)
        self.total += float(value.sum(dtype=float))
        self.apart += float(np.abs(value - np.float32(self.middle)).sum(dtype=float))
        return float(share.sum(dtype=float))

    def moved(self, left: FloatArray, price: FloatArray, tau: float) -> FloatArray:
        """Return the prices after a step towards those at which what is left is taken."""
        step = np.clip((self.taken - left) * tau / (self.bend + 1e-3), -2 * tau, 2 * tau)
        return np.minimum(self.most, np.maximum(0, price + 0.5 * step))


def asked(price: FloatArray, margin: float) -> FloatArray:
    """Return what is asked at some prices: with the margin of whom there is more demand than there are units."""
    return price if not margin else price + margin * (price > 0)


def _plus(total: FloatArray, at: IntArray, what: FloatArray) -> None:
    """Add to places of a total, which may be long where few are added."""
    if 4 * len(at) < len(total):
        np.add.at(total, at, what.astype(float))  # of one type: else a hundred times slower
    else:
        total += np.bincount(at, what, len(total))


def estimated(
    expected: Expected, weight: FloatArray, left: FloatArray, price: FloatArray, smoothing: float, rounds: int
) -> FloatArray:
    """Return the prices (P,) of what is left of each provider, from the present ones on; no unit left has no price.

    From a wide tau on where many rounds are allowed, so that prices need not be near yet.
    """
    if not len(expected.value):
        return np.zeros(len(left))
    middle = float(expected.value.mean())
    least = max(1.0, smoothing * float(np.abs(expected.value - middle).mean()))
    tau = max(least, 0.1 * middle) if rounds > MANY else least
    for _ in range(rounds):
        load = SampleLoad.none(len(left), middle)
        load.add(expected, weight, price, tau)
        before, price = price, load.moved(left, price, tau)
        if tau == least and float(np.abs(price - before).max(initial=0)) < LEAST_MOVE * tau:
            break
        tau = max(least, 0.85 * tau)
    return price
