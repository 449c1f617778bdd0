"""Orders that break ties: by a key of the partner, by a lottery, and in favour of those who were left out.

A matching that is stable for any order that refines the ranks is weakly stable for the ranks as given, and different
orders fill different places (Manlove et al. 2002). Which one fills most is NP-hard to say; to let those who went short
win their ties the next time is the idea of Király's two-thirds approximation ("Better and simpler approximation
algorithms for the stable marriage problem", 2011), here for capacities on both sides and over several rounds.

No solver is used here: the checker relies on `refines`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.base.numbers import BoolArray, IntArray
from matcher.stable.preferences import Preferences
from matcher.stable.rotations import deferred_acceptance, recipient_best

#: rounds of letting those who went short win their ties
_ROUNDS: Final = 12


def broken_by(preferences: Preferences, provider_key: NDArray[Any], recipient_key: NDArray[Any]) -> Preferences:
    """Return strict preferences: every tie goes to the partner of the lower key, then to the lower position.

    Parameters
    ----------
    provider_key, recipient_key
        (P,) and (R,): of each provider in the eyes of recipients that are indifferent, and the other way round.
    """
    f = preferences
    sides = (
        (f.provider_idx, f.provider_rank, recipient_key[f.recipient_idx], f.recipient_idx),
        (f.recipient_idx, f.recipient_rank, provider_key[f.provider_idx], f.provider_idx),
    )
    ranks = []
    for side, rank, key, partner in sides:
        place = np.empty(f.num_arcs, np.int64)
        place[np.lexsort((partner, key, rank, side))] = np.arange(f.num_arcs)
        ranks.append(place)
    return Preferences(f.provider_idx, f.recipient_idx, ranks[0], ranks[1], f.capacity, f.demand)


def refines(preferences: Preferences, provider_rank: NDArray[Any], recipient_rank: NDArray[Any]) -> bool:
    """Whether ranks (A,) of each arc leave no tie and never turn round what `preferences` say."""
    sides = (
        (preferences.provider_idx, preferences.provider_rank, provider_rank),
        (preferences.recipient_idx, preferences.recipient_rank, recipient_rank),
    )
    for side, rank, strict in sides:
        if strict.shape != rank.shape or strict.dtype != np.int64:
            return False
        order = np.lexsort((strict, side))
        same = np.diff(side[order]) == 0
        if ((np.diff(strict[order]) <= 0) & same).any() or ((np.diff(rank[order]) < 0) & same).any():
            return False
    return True


def lottery(preferences: Preferences, seed: int) -> Preferences:
    """Return strict preferences in which each side has drawn one number a member, and the lower one wins every tie."""
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(size) for size in (preferences.num_providers, preferences.num_recipients)]
    return broken_by(preferences, *drawn)


def promoting(preferences: Preferences) -> Iterator[tuple[Preferences, IntArray]]:
    """Yield strict orders with their provider-best or recipient-best stable matching, (k, 2) pairs each.

    The first breaks ties by position; in each of the next, those win their ties who missed a minimum, or else a
    partner, most often so far. It ends when nobody goes short, or after some rounds.
    """
    keys = [np.zeros(len(bounds), np.int64) for bounds in (preferences.capacity, preferences.demand)]
    before: set[bytes] = set()
    for number in range(_ROUNDS):
        order = broken_by(preferences, *keys)
        pairs = (deferred_acceptance if number % 2 == 0 else recipient_best)(order)
        yield order, pairs
        gone = _short(preferences, pairs)
        if not any(short.any() for short in gone):
            return
        for key, short in zip(keys, gone, strict=True):
            key -= short
        state = keys[0].tobytes() + keys[1].tobytes()
        if state in before:
            return
        before.add(state)


def shortfall(preferences: Preferences, pairs: IntArray) -> int:
    """Return how many partners are missing below minima, over both sides."""
    lacking = (bounds[:, 0] - count for bounds, count in _counts(preferences, pairs))
    return sum(int(np.maximum(each, 0).sum()) for each in lacking)


def _short(preferences: Preferences, pairs: IntArray) -> list[BoolArray]:
    """Return who of each side is below its minimum; where nobody is, who is below its maximum and has an arc unused."""
    counts = _counts(preferences, pairs)
    below = [count < bounds[:, 0] for bounds, count in counts]
    if any(short.any() for short in below):
        return below
    sides = (preferences.provider_idx, preferences.recipient_idx)
    return [
        count < np.minimum(bounds[:, 1], np.bincount(side, minlength=len(bounds)))
        for side, (bounds, count) in zip(sides, counts, strict=True)
    ]


def _counts(preferences: Preferences, pairs: IntArray) -> list[tuple[IntArray, IntArray]]:
    """Return the bounds of each side and how many partners each of its members has."""
    return [
        (bounds, np.bincount(pairs[:, side], minlength=len(bounds)))
        for side, bounds in enumerate((preferences.capacity, preferences.demand))
    ]
