"""Linear rows: what a rule that is no flow demands of a plan, over chosen pairs and covered recipients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from matcher.base.numbers import BoolArray, IntArray, magnitude


class PairWeights(Protocol):
    """The coefficient of every possible pair of one level of pairing."""

    def of(self, provider_idx: IntArray, recipient_idx: IntArray) -> IntArray:
        """Return the coefficients of pairs; positions broadcast against each other."""
        ...

    @property
    def largest(self) -> int:
        """The largest absolute coefficient."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class ProductWeights:
    """The coefficient of a pair is `provider[p] * recipient[r]`, both int64."""

    provider: IntArray
    recipient: IntArray

    def of(self, provider_idx: IntArray, recipient_idx: IntArray) -> IntArray:
        """Return the coefficients of pairs."""
        product: IntArray = self.provider[provider_idx] * self.recipient[recipient_idx]
        return product

    @property
    def largest(self) -> int:
        """The largest absolute coefficient."""
        return magnitude(self.provider) * magnitude(self.recipient)


@dataclass(frozen=True, slots=True, eq=False)
class CountedPairs:
    """The pairs that are `counted` have the coefficient 1, all others 0."""

    counted: Callable[[IntArray, IntArray], BoolArray]

    def of(self, provider_idx: IntArray, recipient_idx: IntArray) -> IntArray:
        """Return the coefficients of pairs."""
        found: IntArray = self.counted(provider_idx, recipient_idx).astype(np.int64)
        return found

    @property
    def largest(self) -> int:
        """The largest absolute coefficient."""
        return 1


@dataclass(frozen=True, slots=True, eq=False)
class ListedWeights:
    """The pairs of `pairs` (k, 2) have the coefficient `weight` each time they are listed, all others 0."""

    pairs: IntArray
    weight: int

    def of(self, provider_idx: IntArray, recipient_idx: IntArray) -> IntArray:
        """Return the coefficients of pairs."""
        provider_idx, recipient_idx = np.asarray(provider_idx), np.asarray(recipient_idx)
        if not len(self.pairs):
            return np.zeros(np.broadcast(provider_idx, recipient_idx).shape, dtype=np.int64)
        width = 1 + max(int(self.pairs[:, 1].max()), int(recipient_idx.max(initial=0)))
        keys, times = np.unique(self.pairs[:, 0] * width + self.pairs[:, 1], return_counts=True)
        wanted = provider_idx * width + recipient_idx
        position = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        found: IntArray = np.where(keys[position] == wanted, self.weight * times[position], 0)
        return found

    @property
    def largest(self) -> int:
        """The largest absolute coefficient of a pair that is listed once."""
        return abs(self.weight)


@dataclass(frozen=True, slots=True, eq=False)
class DistinctProviders:
    """How many different providers of (P,) `provider` have a pair with any recipient of (R,) `recipient`."""

    provider: BoolArray
    recipient: BoolArray

    def count(self, pairs: IntArray) -> int:
        """Return how many they are among (k, 2) pairs."""
        counted = self.provider[pairs[:, 0]] & self.recipient[pairs[:, 1]]
        return len(np.unique(pairs[counted, 0]))


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One linear row: least <= sum over chosen pairs and covered recipients <= most.

    Attributes
    ----------
    code, details
        What is broken where the row is: the code of a `Violation` and what its text fills in, besides `value` and
        `limit`.
    least, most
        The bounds, None for none.
    pairs
        Level of pairing -> coefficients of its pairs.
    covered
        Level of pairing -> (R,) int64 coefficient of each recipient with at least one pair.
    distinct
        Level of pairing -> providers that count once each, however many of their pairs are meant.
    """

    code: str
    details: Mapping[str, Any]
    least: int | None = None
    most: int | None = None
    pairs: Mapping[str, PairWeights] = field(default_factory=lambda: MappingProxyType({}))
    covered: Mapping[str, IntArray] = field(default_factory=lambda: MappingProxyType({}))
    distinct: Mapping[str, DistinctProviders] = field(default_factory=lambda: MappingProxyType({}))

    def value(self, chosen: Mapping[str, IntArray]) -> int:
        """Return the row's sum for a plan: level -> (k, 2) positions."""
        total = 0
        for level, weights in self.pairs.items():
            pairs = chosen[level]
            total += int(weights.of(pairs[:, 0], pairs[:, 1]).sum())
        for level, weight in self.covered.items():
            total += int(weight[np.unique(chosen[level][:, 1])].sum())
        return total + sum(counted.count(chosen[level]) for level, counted in self.distinct.items())

    def broken(self, value: int) -> int | None:
        """Return the bound that `value` breaks, None if it keeps both."""
        if self.least is not None and value < self.least:
            return self.least
        return self.most if self.most is not None and value > self.most else None
