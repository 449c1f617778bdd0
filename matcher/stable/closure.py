"""Least-weight closed sets, level by level: the networks, and the check of their cuts.

Given implications v => u (v may be chosen only with u) and weights w, a chosen set of least weight is a minimum cut
(Picard 1976): an arc s -> v of capacity -w_v for every w_v < 0, v -> t of capacity w_v for every w_v > 0, and v -> u
without limit for every implication; the chosen set is the side of s, and

    weight of the set = (sum of the negative weights) + (capacity of the cut).

Any flow from s to t bounds every cut from below, so a flow as large as the cut proves the set least. The sets of least
weight are exactly those closed under the arcs that the flow leaves free (Picard and Queyranne 1980): these arcs are the
implications of the next level. So levels in strict order need no big weights and stay in int64.

No solver is used here: the checker relies on this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from matcher.base.numbers import BoolArray, IntArray
from matcher.stable.preferences import distinct

#: all capacities of one level together must stay below this
LARGEST_TOTAL = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class Implications:
    """Which choices bring which others: nodes 0..K-1, K for s (always chosen), K + 1 for t (never chosen).

    Attributes
    ----------
    size
        K.
    tail, head
        (E,) int64: `tail` is chosen only with `head`.
    """

    size: int
    tail: IntArray
    head: IntArray

    @classmethod
    def of(
        cls, size: int, before: IntArray, after: IntArray, forced_in: IntArray, forced_out: IntArray
    ) -> Implications:
        """Return the implications of an order and of members that must or must not be chosen."""
        tail = np.concatenate((after, np.full(len(forced_in), size), forced_out))
        head = np.concatenate((before, forced_in, np.full(len(forced_out), size + 1)))
        return cls(size, tail.astype(np.int64), head.astype(np.int64))

    def holds(self, chosen: BoolArray) -> bool:
        """Whether the chosen set, (K,) bool, obeys every implication."""
        inside = np.concatenate((chosen, [True, False]))
        return not bool((inside[self.tail] & ~inside[self.head]).any())


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """The flow network of one level: the implications first, then s -> v, then v -> t, both by v.

    Attributes
    ----------
    size
        K; s is node K, t is K + 1.
    tail, head, capacity
        (M,) int64.
    base
        Sum of the negative weights.
    """

    size: int
    tail: IntArray
    head: IntArray
    capacity: IntArray
    base: int

    @classmethod
    def of(cls, implications: Implications, weights: IntArray) -> Network:
        """Build the network of one level.

        Raises
        ------
        OverflowError
            If the weights sum to 2**62 or more in absolute value.
        """
        K = implications.size
        total = int(np.abs(weights.astype(object)).sum()) if K else 0
        if total >= LARGEST_TOTAL:
            raise OverflowError("the weights of one level sum to 2**62 or more")
        gain, loss = np.flatnonzero(weights < 0), np.flatnonzero(weights > 0)
        unlimited = np.full(len(implications.tail), total + 1, dtype=np.int64)
        return cls(
            size=K,
            tail=np.concatenate((implications.tail, np.full(len(gain), K), loss)),
            head=np.concatenate((implications.head, gain, np.full(len(loss), K + 1))),
            capacity=np.concatenate((unlimited, -weights[gain], weights[loss])),
            base=int(weights[gain].sum()),
        )

    def carries(self, flow: IntArray) -> bool:
        """Whether the flow keeps to the capacities and, at every node but s and t, what comes in goes out."""
        if flow.shape != self.capacity.shape or (flow < 0).any() or (flow > self.capacity).any():
            return False
        # in two halves of 31 bits each, put together without a width: what comes in may sum past 64 bits
        halves = []
        for part in (flow >> 31, flow & 0x7FFFFFFF):
            balance = np.zeros(self.size + 2, dtype=np.int64)
            np.add.at(balance, self.head, part)
            np.subtract.at(balance, self.tail, part)
            halves.append(balance[: self.size].astype(object))
        return not ((halves[0] << 31) + halves[1]).any()

    def value(self, flow: IntArray) -> int:
        """Return what a flow carries from s to t."""
        source = self.size
        leaving: list[int] = flow[self.tail == source].tolist()
        coming: list[int] = flow[self.head == source].tolist()
        return sum(leaving) - sum(coming)

    def left_free(self, flow: IntArray) -> Implications:
        """Return the implications that every set of least weight obeys, from a largest flow."""
        forward, backward = flow < self.capacity, flow > 0
        tail = np.concatenate((self.tail[forward], self.head[backward]))
        head = np.concatenate((self.head[forward], self.tail[backward]))
        s, t = self.size, self.size + 1
        says_something = (head != s) & (tail != t)
        keys = distinct(tail[says_something] * np.int64(self.size + 2) + head[says_something])
        return Implications(self.size, keys // (self.size + 2), keys % (self.size + 2))


def is_least(
    implications: Implications, weights: Sequence[IntArray], chosen: BoolArray, flows: Sequence[IntArray]
) -> bool:
    """Check in exact integers that a set is least, level by level, by one flow a level.

    Parameters
    ----------
    weights
        One (K,) int64 a level.
    chosen
        (K,) bool.
    flows
        One (M,) int64 a level, in the order of `Network`; empty for a level whose weights are all 0.
    """
    if len(flows) != len(weights) or not implications.holds(chosen):
        return False
    for weight, flow in zip(weights, flows, strict=True):
        if not weight.any():
            continue
        network = Network.of(implications, weight)
        if not network.carries(flow) or int(weight[chosen].sum()) != network.base + network.value(flow):
            return False
        implications = network.left_free(flow)
    return True
