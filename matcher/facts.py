"""What is known of a possible pair: its cost, whether it was a pair last year, and bounds that are cheap to compute."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from matcher.base.names import SIDES, PairLevel
from matcher.base.numbers import S_PER_MIN, UNKNOWN_COST, BoolArray, CostUnit, IntArray
from matcher.geo import chord_floor_m, ecef, pair_m
from matcher.tables.arrays import Arrays

if TYPE_CHECKING:
    from matcher.model import Instance

#: pairs looked at in one go
_CHUNK = 1 << 20


class Surcharge(Protocol):
    """What makes pairs of one level less convenient than their way alone."""

    @property
    def level(self) -> PairLevel:
        """The level of pairing."""

    @property
    def most(self) -> int:
        """The most that it adds to a pair, in whole metres or seconds."""

    def of(self, facts: Facts, provider_idx: IntArray, recipient_idx: IntArray) -> IntArray:
        """Return what it adds to the cost of each pair, not negative (positions broadcast)."""


@dataclass(frozen=True)
class Travel:
    """How the cost of a pair is counted.

    Attributes
    ----------
    county, school
        "km" (whole metres on the ellipsoid) or "min" (whole seconds) at each level of pairing.
    speed_kmh, detour_factor
        Where no travel time is listed: metres * detour_factor at speed_kmh; without a speed the pair is not allowed.
    surcharges
        What is added to the way of some pairs.
    """

    county: CostUnit = "km"
    school: CostUnit = "km"
    speed_kmh: float | None = None
    detour_factor: float = 1.0
    surcharges: tuple[Surcharge, ...] = ()


class Facts:
    """The facts of every possible pair of an instance, computed when asked for, always in exact integers.

    All methods take positions (int64 arrays that broadcast against each other) and return arrays of the broadcast
    shape. `level` is "county" (organisation, county) or "school" (branch, school).
    """

    def __init__(self, instance: Instance, travel: Travel = Travel()):
        self.instance = instance
        self.arrays: Arrays = instance.arrays
        self.travel = travel
        #: (table, selector as JSON) -> which rows it selects; filled by `rules.Selector`
        self.masks: dict[tuple[str, str], BoolArray] = {}
        #: level -> a bound on the cost of its pairs; filled by `joint_bounds.farthest`
        self.farthest: dict[str, int] = {}

    def unit(self, level: str) -> CostUnit:
        """Return what the cost of a pair is counted in at `level`."""
        return self.travel.county if level == "county" else self.travel.school

    def is_geodesic(self, level: str) -> bool:
        """Whether the cost of a pair of `level` is its distance alone."""
        return self.unit(level) == "km" and not self.most_surcharge(level)

    def most_surcharge(self, level: str) -> int:
        """Return the most that surcharges add to a pair of `level`."""
        return sum(each.most for each in self.travel.surcharges if each.level == level)

    def _with_surcharges(self, level: str, way: IntArray, provider_idx: IntArray, recipient_idx: IntArray) -> IntArray:
        for each in self.travel.surcharges:
            if each.level == level:
                way = way + np.where(way < UNKNOWN_COST, each.of(self, provider_idx, recipient_idx), 0)
        return way

    def metres(self, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> IntArray:
        """Return geodesic distances in whole metres."""
        providers, recipients = self.arrays.sides(level)
        return pair_m(
            providers.lat[provider_idx],
            providers.lon[provider_idx],
            recipients.lat[recipient_idx],
            recipients.lon[recipient_idx],
        )

    def metres_floor(self, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> IntArray:
        """Return a lower bound on `metres`, five times cheaper: the chord through the earth."""
        provider_xyz, recipient_xyz = self._ecef[level]
        return chord_floor_m(provider_xyz[provider_idx], recipient_xyz[recipient_idx])

    def seconds(self, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> tuple[IntArray, BoolArray]:
        """Return travel times in whole seconds, and where they are estimated; `UNKNOWN_COST` where there is none."""
        provider_idx, recipient_idx = np.broadcast_arrays(provider_idx, recipient_idx)
        keys, listed = self._listed_times[level]
        position, known = self._find(keys, level, provider_idx, recipient_idx)
        if self.travel.speed_kmh is None:
            estimate = np.full(provider_idx.shape, UNKNOWN_COST)
        else:
            estimate = self._estimate(self.metres(level, provider_idx, recipient_idx))
        seconds = np.where(known, listed[position] if len(listed) else 0, estimate)
        return seconds, ~known & (self.travel.speed_kmh is not None)

    def cost(self, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> IntArray:
        """Return the cost of each pair: metres or seconds, whichever the level counts, with its surcharges."""
        if self.unit(level) == "km":
            way = self.metres(level, provider_idx, recipient_idx)
        else:
            way = self.seconds(level, provider_idx, recipient_idx)[0]
        return self._with_surcharges(level, way, provider_idx, recipient_idx)

    def cost_floor(self, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> IntArray:
        """Return a cheap lower bound on `cost`."""
        if self.unit(level) == "km":
            floor = self.metres_floor(level, provider_idx, recipient_idx)
            return self._with_surcharges(level, floor, provider_idx, recipient_idx)
        if self.travel.speed_kmh is None:
            return self.cost(level, provider_idx, recipient_idx)
        keys, listed = self._listed_times[level]
        position, known = self._find(keys, level, provider_idx, recipient_idx)
        estimate = self._estimate(self.metres_floor(level, provider_idx, recipient_idx))
        floor = np.where(known, listed[position] if len(listed) else 0, estimate)
        return self._with_surcharges(level, floor, provider_idx, recipient_idx)

    def was_pair(self, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> BoolArray:
        """Return whether each pair was one last year (successors followed)."""
        return self._find(self._previous_keys[level], level, provider_idx, recipient_idx)[1]

    def num_previous(self, level: str) -> int:
        """Return how many pairs of last year have both partners still."""
        return len(self._previous_keys[level])

    def previous_pairs(self, level: str) -> IntArray:
        """Return (k, 2): last year's pairs of `level` whose partners are both still there, distinct, in order."""
        return np.column_stack(np.divmod(self._previous_keys[level], max(1, len(self.arrays.sides(level)[1]))))

    def since(self, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> IntArray:
        """Return the year since which each pair lasts, 0 if it is new or unknown."""
        position, known = self._find(self._previous_keys[level], level, provider_idx, recipient_idx)
        years = self._previous_since[level]
        return np.where(known, years[position] if len(years) else 0, 0)

    def fit(self, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> IntArray:
        """Return how many of the recipient's needs the provider's skills meet; 0 at county level."""
        if level == "county":
            return np.zeros(np.broadcast(provider_idx, recipient_idx).shape, dtype=np.int64)
        skills, needs = self._skills
        met: IntArray = (skills[provider_idx] & needs[recipient_idx]).sum(axis=-1, dtype=np.int64)
        return met

    @cached_property
    def num_needs(self) -> IntArray:
        """(S,) int64: how many needs each school has."""
        needs: IntArray = self._skills[1].sum(axis=1, dtype=np.int64)
        return needs

    def largest_cost(self, level: str) -> int:
        """Return the largest cost that any pair of `level` has, 0 if none has one."""
        providers, recipients = self.arrays.sides(level)
        if not (len(providers) and len(recipients)):
            return 0
        everyone = np.arange(len(recipients))[None, :]
        largest = 0
        for start in range(0, len(providers), step := max(1, _CHUNK // len(recipients))):
            some = np.arange(start, min(start + step, len(providers)))[:, None]
            cost = self.cost(level, some, everyone)
            largest = max(largest, int(cost.max(initial=0, where=cost < UNKNOWN_COST)))
        return largest

    @cached_property
    def _skills(self) -> tuple[BoolArray, BoolArray]:
        """Skills of each branch and needs of each school over the words of either, in order."""
        rows = [branch.skills for branch in self.instance.branches], [school.needs for school in self.instance.schools]
        words = {word: column for column, word in enumerate(sorted({w for side in rows for row in side for w in row}))}
        found = [np.zeros((len(side), len(words)), dtype=np.bool_) for side in rows]
        for side, table in zip(rows, found, strict=True):
            for position, row in enumerate(side):
                table[position, [words[word] for word in row]] = True
        return found[0], found[1]

    def is_forbidden(self, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> BoolArray:
        """Return whether the table `locks` forbids each pair."""
        return self._find(self._forbidden_keys[level], level, provider_idx, recipient_idx)[1]

    @cached_property
    def pinned(self) -> tuple[tuple[str, int, int], ...]:
        """The pairs that the table `locks` pins: (level, provider position, recipient position)."""
        return tuple(self._locked("pin"))

    def _locked(self, kind: str) -> Iterator[tuple[str, int, int]]:
        for lock in self.instance.locks:
            if lock.kind == kind:
                providers, recipients = self.arrays.sides(lock.level)
                yield lock.level, providers.index[lock.provider_id], recipients.index[lock.recipient_id]

    @cached_property
    def _forbidden_keys(self) -> dict[str, IntArray]:
        found = {}
        for level in SIDES:
            pairs = np.array([pair[1:] for pair in self._locked("forbid") if pair[0] == level], dtype=np.int64)
            found[level] = np.sort(self._key(level, *pairs.reshape(-1, 2).T))
        return found

    def _estimate(self, metres: IntArray) -> IntArray:
        """Return seconds for metres: monotone, so that a floor of metres gives a floor of seconds."""
        assert self.travel.speed_kmh is not None
        seconds: IntArray = np.rint(metres * (self.travel.detour_factor * 3.6 / self.travel.speed_kmh)).astype(np.int64)
        return seconds

    def _find(
        self, keys: IntArray, level: str, provider_idx: IntArray, recipient_idx: IntArray
    ) -> tuple[IntArray, BoolArray]:
        """Return the position of each pair in sorted `keys`, and whether it is there."""
        wanted = self._key(level, provider_idx, recipient_idx)
        if not len(keys):
            return np.zeros(wanted.shape, dtype=np.int64), np.zeros(wanted.shape, dtype=np.bool_)
        position = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return position, keys[position] == wanted

    def _key(self, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> IntArray:
        return np.asarray(provider_idx, dtype=np.int64) * len(self.arrays.sides(level)[1]) + recipient_idx

    @cached_property
    def _ecef(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        found = {}
        for level in SIDES:
            providers, recipients = self.arrays.sides(level)
            found[level] = ecef(providers.lat, providers.lon), ecef(recipients.lat, recipients.lon)
        return found

    @cached_property
    def _listed_times(self) -> dict[str, tuple[IntArray, IntArray]]:
        found = {}
        for level in SIDES:
            providers, recipients = self.arrays.sides(level)
            rows = [row for row in self.instance.travel_times if row.level == level]
            keys = self._key(
                level,
                np.array([providers.index[row.origin_id] for row in rows], dtype=np.int64),
                np.array([recipients.index[row.destination_id] for row in rows], dtype=np.int64),
            )
            seconds = np.rint(np.array([row.minutes for row in rows], dtype=np.float64) * S_PER_MIN).astype(np.int64)
            order = np.argsort(keys)
            found[level] = keys[order], seconds[order]
        return found

    @cached_property
    def _previous_keys(self) -> dict[str, IntArray]:
        return {level: keys for level, (keys, _) in self._previous.items()}

    @cached_property
    def _previous_since(self) -> dict[str, IntArray]:
        return {level: since for level, (_, since) in self._previous.items()}

    @cached_property
    def _previous(self) -> dict[str, tuple[IntArray, IntArray]]:
        """Sorted distinct keys of last year's pairs that both still exist, with the oldest known year of each."""
        found = {}
        for level in SIDES:
            pairs = self.arrays.previous[level]
            here = (pairs.provider_idx >= 0) & (pairs.recipient_idx >= 0)
            keys = self._key(level, pairs.provider_idx[here], pairs.recipient_idx[here])
            since = pairs.since[here]
            order = np.lexsort((np.where(since == 0, np.iinfo(np.int64).max, since), keys))
            distinct, first = np.unique(keys[order], return_index=True)
            found[level] = distinct, since[order][first]
        return found
