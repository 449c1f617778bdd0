"""Pairs of positions: in order, as keys, from ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from matcher.base.numbers import IntArray
from matcher.tables.arrays import Arrays

IdPairs = Iterable[Sequence[str]]

#: (provider_id, recipient_id) with an id that the instance does not have
StrangerPair = tuple[str, str]


def no_pairs() -> IntArray:
    """Return a (0, 2) array of positions."""
    return np.zeros((0, 2), dtype=np.int64)


class Pairs(NamedTuple):
    """The pairs of both levels as positions.

    Attributes
    ----------
    county : (k, 2) int64
        (organisation, county).
    school : (k, 2) int64
        (branch, school).
    """

    county: IntArray
    school: IntArray

    def of(self, level: str) -> IntArray:
        """Return the pairs of `level`, "county" or "school"."""
        return self.county if level == "county" else self.school

    def in_order(self) -> Pairs:
        """Return the same pairs as `ordered` has them."""
        return Pairs(ordered(self.county), ordered(self.school))


def positions_of(arrays: Arrays, level: str, pairs: IdPairs) -> tuple[IntArray, tuple[StrangerPair, ...]]:
    """Return pairs of ids as ordered (k, 2) positions, and apart those with an id that the instance does not have."""
    providers, recipients = arrays.sides(level)
    known: list[tuple[int, int]] = []
    strangers: list[StrangerPair] = []
    for provider_id, recipient_id in pairs:
        provider, recipient = providers.index.get(provider_id), recipients.index.get(recipient_id)
        if provider is None or recipient is None:
            strangers.append((str(provider_id), str(recipient_id)))
        else:
            known.append((provider, recipient))
    return ordered(known), tuple(sorted(strangers, key=lambda pair: (pair[1], pair[0])))  # type: ignore[arg-type]


def pair_keys(pairs: IntArray, num_recipients: int) -> IntArray:
    """Return one number a pair: provider * R + recipient."""
    return pairs[:, 0] * np.int64(max(1, num_recipients)) + pairs[:, 1]


def ordered(pairs: IntArray) -> IntArray:
    """Return (k, 2) pairs ordered by recipient, then provider, read-only."""
    pairs = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    pairs = pairs[np.lexsort((pairs[:, 0], pairs[:, 1]))]
    pairs.setflags(write=False)
    return pairs
