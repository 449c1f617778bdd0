"""Preferences of both sides: which pairs block a matching, and the two extreme stable matchings.

A market in which every provider p takes up to `capacity[p]` recipients, every recipient r up to `demand[r]` providers,
and each side ranks the partners that it accepts (its candidate arcs). A pair outside a matching *blocks* it if it is a
candidate arc and each of the two has a free place or strictly prefers the other to its worst partner. A matching
without a blocking pair is *stable* (pairwise stability under responsive preferences; under ties, weak stability).

Ties are broken, wherever a strict order is needed, by the position of the partner: the lower position is preferred. A
matching that is stable for the broken order is weakly stable for the order as given.

No solver is used here: the checker relies on this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.base.numbers import BoolArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Preferences:
    """Candidate arcs with the rank of each partner in the other's eyes, and the bounds of both sides.

    Attributes
    ----------
    provider_idx, recipient_idx
        (A,) int64, sorted by (provider, recipient), each pair once.
    provider_rank, recipient_rank
        (A,) int64: rank of the recipient in the provider's eyes, and of the provider in the recipient's; less is
        better, equal is a tie. A cost serves as a rank. Absolute values below 2**62.
    capacity, demand
        (P, 2) and (R, 2) int64: least and largest number of partners.

    Raises
    ------
    ValueError
        If the arcs are not in order or shapes do not fit; a market checks its input before it comes here.
    """

    provider_idx: IntArray
    recipient_idx: IntArray
    provider_rank: IntArray
    recipient_rank: IntArray
    capacity: IntArray
    demand: IntArray

    def __post_init__(self) -> None:
        for name in self.__slots__:
            array = np.ascontiguousarray(getattr(self, name), dtype=np.int64).view()
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        arcs = {len(getattr(self, name)) for name in self.__slots__[:4]}
        if len(arcs) != 1 or self.capacity.shape[1:] != (2,) or self.demand.shape[1:] != (2,):
            raise ValueError("arcs must have one length and bounds be (n, 2) arrays of minimum and maximum")
        if self.num_arcs and (
            self.provider_idx.min() < 0
            or self.provider_idx.max() >= self.num_providers
            or self.recipient_idx.min() < 0
            or self.recipient_idx.max() >= self.num_recipients
            or not (np.diff(self.arc_keys()) > 0).all()
        ):
            raise ValueError("arcs must lie inside the market, sorted by (provider, recipient), each once")

    @property
    def num_arcs(self) -> int:
        """Number of candidate arcs A."""
        return len(self.provider_idx)

    @property
    def num_providers(self) -> int:
        """Number of providers P."""
        return len(self.capacity)

    @property
    def num_recipients(self) -> int:
        """Number of recipients R."""
        return len(self.demand)

    def arc_keys(self) -> IntArray:
        """Return (A,) int64: one increasing number an arc, provider * R + recipient."""
        return self.provider_idx * np.int64(max(1, self.num_recipients)) + self.recipient_idx

    def arcs_of(self, pairs: NDArray[Any]) -> IntArray:
        """Return (k,) int64: the arc of each pair, -1 where the pair is no candidate arc."""
        pairs = as_pairs(pairs)
        keys = self.arc_keys()
        wanted = pairs[:, 0] * np.int64(max(1, self.num_recipients)) + pairs[:, 1]
        inside = (pairs >= 0).all(axis=1) & (pairs < (self.num_providers, self.num_recipients)).all(axis=1)
        if not len(keys):
            return np.full(len(pairs), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(inside & (keys[at] == wanted), at, -1)

    def pairs_of(self, arcs: NDArray[Any]) -> IntArray:
        """Return (k, 2) int64: provider and recipient of each arc, in order."""
        arcs = np.sort(np.asarray(arcs, dtype=np.int64))
        return np.column_stack((self.provider_idx[arcs], self.recipient_idx[arcs]))

    def flipped(self) -> Preferences:
        """Return the same market with the sides exchanged."""
        order = np.lexsort((self.provider_idx, self.recipient_idx))
        return Preferences(
            self.recipient_idx[order],
            self.provider_idx[order],
            self.recipient_rank[order],
            self.provider_rank[order],
            self.demand,
            self.capacity,
        )

    def has_ties(self) -> bool:
        """Whether anyone ranks two partners equally."""
        sides = ((self.provider_idx, self.provider_rank), (self.recipient_idx, self.recipient_rank))
        return any(tied(side, rank, np.lexsort((rank, side))) for side, rank in sides)


def distinct(values: IntArray) -> IntArray:
    """Return the distinct values in order; NumPy's hashing `unique` is several times slower on large integers."""
    values = np.sort(values)
    return values[np.concatenate(([True], np.diff(values) != 0))] if len(values) else values


def tied(side: IntArray, rank: IntArray, order: IntArray) -> bool:
    """Whether one agent of `side` has equal ranks; `order` sorts the arcs by (side, rank)."""
    return bool(((np.diff(side[order]) == 0) & (np.diff(rank[order]) == 0)).any())


def as_pairs(pairs: Any) -> IntArray:
    """Return pairs as a (k, 2) int64 array."""
    return np.asarray(pairs, dtype=np.int64).reshape(-1, 2)


def blocking_pairs(
    provider_idx: NDArray[Any],
    recipient_idx: NDArray[Any],
    provider_rank: NDArray[Any],
    recipient_rank: NDArray[Any],
    capacity: NDArray[Any],
    demand: NDArray[Any],
    pairs: NDArray[Any],
    *,
    tolerance: int = 0,
) -> IntArray:
    """Return the candidate arcs that block a matching, sorted by (provider, recipient).

    Parameters
    ----------
    provider_idx, recipient_idx, provider_rank, recipient_rank, capacity, demand
        As in `Preferences`.
    pairs
        (k, 2) int: the matching. A pair that is no candidate arc takes a place on both sides, and both prefer every
        partner they accept to it by more than any tolerance; a pair given twice counts once.
    tolerance
        With costs as ranks: a side moves only if it gains more than this; a free place counts as infinite gain.

    Returns
    -------
    (b, 2) int64
        Provider and recipient of each blocking pair.
    """
    preferences = Preferences(
        np.asarray(provider_idx),
        np.asarray(recipient_idx),
        np.asarray(provider_rank),
        np.asarray(recipient_rank),
        np.asarray(capacity),
        np.asarray(demand),
    )
    return preferences.pairs_of(np.flatnonzero(blocking_arcs(preferences, pairs, tolerance=tolerance)))


def blocking_arcs(preferences: Preferences, pairs: NDArray[Any], *, tolerance: int = 0) -> BoolArray:
    """Return (A,) bool: which candidate arcs block the matching (see `blocking_pairs`)."""
    pairs = np.unique(as_pairs(pairs), axis=0)
    arcs = preferences.arcs_of(pairs)
    matched = np.zeros(preferences.num_arcs, dtype=np.bool_)
    matched[arcs[arcs >= 0]] = True
    wants_recipient = _wants(
        preferences.provider_idx, preferences.provider_rank, preferences.capacity, matched, pairs[:, 0], arcs, tolerance
    )
    wants_provider = _wants(
        preferences.recipient_idx, preferences.recipient_rank, preferences.demand, matched, pairs[:, 1], arcs, tolerance
    )
    return ~matched & wants_recipient & wants_provider


def _wants(
    side: IntArray,
    rank: IntArray,
    bounds: IntArray,
    matched: BoolArray,
    partners_side: IntArray,
    arcs: IntArray,
    tolerance: int,
) -> BoolArray:
    """Return (A,) bool: whether this side would take the arc's partner, in a free place or instead of its worst."""
    inside = (partners_side >= 0) & (partners_side < len(bounds))
    count = np.bincount(partners_side[inside], minlength=len(bounds))
    most = bounds[:, 1]
    free = count < most
    # an unaccepted partner is worse than any accepted one, by more than any tolerance
    stuck_with_stranger = np.zeros(len(bounds), dtype=np.bool_)
    stuck_with_stranger[partners_side[inside & (arcs < 0)]] = True
    has_partner = np.zeros(len(bounds), dtype=np.bool_)
    has_partner[side[matched]] = True
    worst = np.full(len(bounds), np.iinfo(np.int64).min, dtype=np.int64)
    np.maximum.at(worst, side[matched], rank[matched])
    worst[~has_partner] = 0
    gains = has_partner[side] & (worst[side] - rank > tolerance)
    return np.asarray((most[side] > 0) & (free[side] | stuck_with_stranger[side] | gains), dtype=np.bool_)


def is_stable(preferences: Preferences, pairs: NDArray[Any]) -> bool:
    """Whether the pairs are candidate arcs within all maxima and no pair blocks them; minima are not looked at."""
    pairs = as_pairs(pairs)
    if len(np.unique(pairs, axis=0)) != len(pairs) or (preferences.arcs_of(pairs) < 0).any():
        return False
    taken = np.bincount(pairs[:, 0], minlength=preferences.num_providers)
    served = np.bincount(pairs[:, 1], minlength=preferences.num_recipients)
    within = (taken <= preferences.capacity[:, 1]).all() and (served <= preferences.demand[:, 1]).all()
    return bool(within) and not blocking_arcs(preferences, pairs).any()
