"""The prices of a desk: estimated in small pieces, one with each who comes, so that nobody waits for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Final

import numpy as np

from matcher.base.numbers import BoolArray, FloatArray, IntArray
from matcher.online.arriving import ArrivalPolicy, Waiting
from matcher.online.fit import Fit
from matcher.online.prices import LEAST_MOVE, Expected, SampleLoad, estimated

_COLD, _WARM = 150, 12
#: who came so far, as a sample of who will come
_SAMPLE: Final = 2000
#: of them: as few tell nothing
_FEW: Final = 50
#: of tau: what one taken beyond what was foreseen adds to the margin
_PUSH: Final = 0.2
#: pairs in a piece, or what takes as long
_PIECE: Final = 20_000
#: of those who wait, at most so many are counted, each for several
_WAITING: Final = 256
#: pairs of an even part of what is expected, from which prices start
_ROUGH: Final = 150_000
_WORD: Final = (1 << 64) - 1


@dataclass(slots=True)
class Round:
    """One round of an estimate: who waits (by number) and who is expected, up to `row`, at prices that stand still.

    `late` counts pairs with providers who are still to join; of `weighed` who came, `accepted` would be taken.
    """

    waiting: list[int]
    each: float
    sampled: int
    first: int
    weight: float
    load: SampleLoad
    row: int = 0
    late: int = 0
    weighed: float = 0.0
    accepted: float = 0.0


@dataclass(slots=True)
class Coming:
    """A sample of who came, from which those who will come are guessed."""

    keys: list[Any] = field(default_factory=list)
    first: int = 0

    def note(self, key: Any, at: int, count: int) -> None:
        """Keep an even sample (Vitter 1985), by numbers that a restart repeats."""
        self.first = at if count == 1 else self.first
        if len(self.keys) < _SAMPLE:
            self.keys.append(key)
            return
        place = _scattered(count) % count
        if place < _SAMPLE:
            self.keys[place] = key


class Pricing:
    """Estimates prices anew every so many arrivals, in rounds, a piece of a round at a time.

    Attributes
    ----------
    price : (P,) float64
        In the unit of the values.
    margin
        What is asked above a price, of whom there is more demand than there are units.
    """

    def __init__(self, fit: Fit, policy: ArrivalPolicy, expected: Expected | None, weight: float) -> None:
        self.fit, self.policy, self._expected, self._weight = fit, policy, expected, weight
        self.price: FloatArray = np.zeros(fit.num_providers)
        self._coming = Coming()
        self._since = -1  # arrivals since an estimate was begun; below 0: there is none
        self._rounds = 0
        self._tau = self._middle = 0.0
        self.margin = 0.0
        self._rate: float | None = None  # of those who came, how many would be taken
        self._thin = 1.0  # of those who came, the share that stands for demand of who is there now
        self._round: Round | None = None

    # --- who is expected ----------------------------------------------------------------------------------------------

    def still_to_come(self, now: int, came: int) -> float:
        """Return how many are still to come after those who came, as the policy, the market or the year tells."""
        until = self.policy.until_s
        if until is None and self.fit.total is not None:
            return max(0, self.fit.total - came)
        until = _year_end(now) if until is None else until
        first = self._coming.first
        return came / (now - first) * max(0, until - now) if now > first else 0.0

    def knows_too_little(self, now: int, came: int) -> bool:
        """Return whether there is no price yet though many will come: who can wait does better to."""
        learns = self._expected is None and self.policy.every > 0
        return learns and self._since < 0 and self.still_to_come(now, came) > _FEW

    def _noise(self, weight: float) -> float:
        """Return the smoothing: the wider the more each of a sample stands for."""
        return min(0.5, self.policy.smoothing * max(1.0, float(weight**0.5)))

    def _pace(self, came: int) -> int:
        known = self.policy.every
        return known if self._expected is not None else min(known, max(_FEW // 2, came // 5))

    def decided(self, taken: bool) -> None:
        """Learn from whether one who came was taken at once.

        Prices follow their sample, and the best of many prices that err is one that errs on the low side: of who comes
        more are taken than of the sample. A margin on all prices makes up for it.
        """
        if self._rate is not None and self._expected is None:
            self.margin = max(0.0, self.margin + _PUSH * self._tau * (taken - self._rate))

    # --- estimates ----------------------------------------------------------------------------------------------------

    def open(self, left: FloatArray, coming: FloatArray) -> None:
        """Set prices before anybody comes, where it is known who is expected."""
        if self._expected is not None and len(self._expected.at) and self.policy.every:
            self.whole(left, coming, {}, int(self._expected.at[0]) - 1, 0)

    def came(
        self, key: Any, left: FloatArray, coming: FloatArray, held: Mapping[int, Waiting], now: int, count: int
    ) -> bool:
        """Note one who came, and do a piece of the estimate that is under way; return whether prices moved."""
        if self._expected is None:
            self._coming.note(key, now, count)
        if not self.policy.every:
            return False
        if count == 1 and self._expected is not None and self._expected.first_after(now) > len(self._expected.at) // 10:
            return self.whole(left, coming, held, now, count)  # what was expected before the stream began does not come
        if self._since < 0:
            return (self._expected is not None or len(self._coming.keys) >= _FEW) and self.whole(
                left, coming, held, now, count
            )
        self._since += 1
        if not self._rounds and self._since >= self._pace(count):
            self._rounds, self._since = _WARM, 0
        return bool(self._rounds) and self._piece(left, coming, held, now, count)

    def whole(self, left: FloatArray, coming: FloatArray, held: Mapping[int, Waiting], now: int, count: int) -> bool:
        """Estimate prices at once, with all rounds; return whether they moved."""
        room = left + coming
        cold, self._since, self._rounds, self._round = self._since < 0, 0, 0, None
        all_of = self._begun(held, now, count)
        keyed = len(all_of.waiting) + all_of.sampled
        rest = 0 if self._expected is None else len(self._expected.at) - all_of.first
        if not keyed + rest or not (all_of.weight or all_of.waiting):
            self.price = np.zeros(len(room))
            return True
        if cold and rest and (many := int(self._expected.start[-1]) // _ROUGH) > 1:  # type: ignore[union-attr]
            few = self._expected.part(all_of.first, len(self._expected.at), many)  # type: ignore[union-attr]
            weights = np.full(len(few.at), many * self._weight)
            self.price = estimated(few, weights, room, self.price, self._noise(all_of.weight), _COLD)
            cold = False
        parts, weights, _ = self._rows(all_of, held, None)
        known = Expected.of(parts)
        if rest:
            later = self._expected.part(all_of.first, len(self._expected.at))  # type: ignore[union-attr]
            known, weights = later.and_open(parts), np.concatenate([weights, np.full(rest, self._weight)])
        self.price = estimated(known, weights, room, self.price, self._noise(all_of.weight), _COLD if cold else _WARM)
        self._middle = float(known.value.mean()) if len(known.value) else 0.0
        apart = float(np.abs(known.value - self._middle).mean()) if len(known.value) else 0.0
        self._tau = max(1.0, self._noise(all_of.weight) * apart)
        self._seen(int(np.count_nonzero(coming[known.provider])), len(known.provider), coming)
        return True

    def _begun(self, held: Mapping[int, Waiting], now: int, count: int) -> Round:
        step = -(-len(held) // _WAITING) or 1
        waiting = list(held)[::step]
        each = len(held) / len(waiting) if waiting else 1.0
        load = SampleLoad.none(len(self.price), self._middle)
        if self._expected is not None:
            return Round(waiting, each, 0, self._expected.first_after(now), self._weight, load)
        sampled, coming = len(self._coming.keys), self.still_to_come(now, count)
        return Round(waiting, each, sampled, 0, self._thin * coming / max(1, sampled), load)

    def _piece(self, left: FloatArray, coming: FloatArray, held: Mapping[int, Waiting], now: int, count: int) -> bool:
        """Do a piece of a round; return whether it was the last, and prices moved."""
        now_on = self._round = self._round or self._begun(held, now, count)
        keyed = len(now_on.waiting) + now_on.sampled
        if now_on.row < keyed:
            sampled = now_on.row >= len(now_on.waiting)
            parts, weight, now_on.row = self._rows(now_on, held, _PIECE)
            known = Expected.of(parts)
            taken = now_on.load.add(known, weight, self.price, self._tau)
            if sampled:
                now_on.weighed += float(weight.sum())
                now_on.accepted += taken
            now_on.late += int(np.count_nonzero(coming[known.provider]))
        elif self._expected is not None:
            first, start = now_on.first + now_on.row - keyed, self._expected.start
            end = max(first + 1, int(np.searchsorted(start, start[min(first, len(start) - 1)] + _PIECE)))
            end = min(end, len(self._expected.at))
            if first < end:
                weight = np.full(end - first, now_on.weight)
                now_on.load.add(self._expected.part(first, end), weight, self.price, self._tau)
            now_on.row = keyed + end - now_on.first
        rest = 0 if self._expected is None else len(self._expected.at) - now_on.first
        if now_on.row < keyed + rest:
            return False
        self._moved(now_on, left, coming)
        return True

    def _rows(
        self, now_on: Round, held: Mapping[int, Waiting], most: int | None
    ) -> tuple[list[tuple[IntArray, IntArray]], FloatArray, int]:
        """Return those who wait or came from the row on, how many each stands for, and the next row.

        No more of them than may be looked up in the time of `most` pairs; None: all.
        """
        waits, row, parts, weights, looked = now_on.waiting, now_on.row, [], [], 0
        one, each = self.fit.lookup
        while row < len(waits) + now_on.sampled and (most is None or looked < most):
            if row >= len(waits):
                parts.append(self.fit.rough_pairs(self._coming.keys[row - len(waits)]))
                weights.append(now_on.weight)
            elif waits[row] in held:
                parts.append(self.fit.rough_pairs(held[waits[row]].key))
                weights.append(now_on.each)
            row, looked = row + 1, looked + one + (each * len(parts[-1][0]) if parts else 0)
        return parts, np.array(weights, float), row

    def _moved(self, done: Round, left: FloatArray, coming: FloatArray) -> None:
        """Take the step that a round ends with."""
        self._round, self._rounds, load = None, self._rounds - 1, done.load
        before, self.price = self.price, load.moved(left + coming, self.price, self._tau)
        self._seen(done.late, load.count, coming)
        self._rate = done.accepted / done.weighed if done.weighed > 0 else None
        if float(np.abs(self.price - before).max(initial=0)) < LEAST_MOVE * self._tau:
            self._rounds = 0
        if load.count:
            self._middle = load.total / load.count
            self._tau = max(1.0, self._noise(done.weight) * load.apart / load.count)

    def _seen(self, late: int, pairs: int, coming: FloatArray) -> None:
        """Learn which share of those who came stands for demand of who is there now.

        Who came could not be given to members who were still to join, as those who will come can. Where pairs with them
        are as rare among all pairs as they are not among members, so much of the demand goes elsewhere.
        """
        there = np.count_nonzero(coming == 0) / max(1, len(coming))
        self._thin = min(1.0, there * pairs / (pairs - late)) if late < pairs else 1.0

    # --- who joins, and across a restart ------------------------------------------------------------------------------

    def joined(self, position: int, as_others: BoolArray | None) -> None:
        """Give one who joins the mean price of `others`: what is left of it says nothing yet."""
        if position >= len(self.price):
            more = position + 1 - len(self.price)
            self.price = np.append(self.price, np.zeros(more))
            if self._round is not None:
                for name in ("taken", "bend", "most"):
                    setattr(self._round.load, name, np.append(getattr(self._round.load, name), np.zeros(more)))
        if as_others is not None:
            self.price[position] = float(self.price[as_others].mean()) if as_others.any() else 0.0

    def to_json(self) -> dict[str, Any]:
        """Return all that an estimate goes on from."""
        state: dict[str, Any] = {
            "since": self._since,
            "rounds": self._rounds,
            "tau": self._tau,
            "middle": self._middle,
            "thin": self._thin,
            "margin": self.margin,
            "rate": self._rate,
            "first": self._coming.first,
            "sample": self._coming.keys,
            "round": None,
        }
        if self._round is not None:
            load = {name: getattr(self._round.load, name).tolist() for name in ("taken", "bend", "most")}
            load |= {name: getattr(self._round.load, name) for name in ("middle", "count", "total", "apart")}
            state["round"] = {**asdict(self._round), "load": load}
        return state

    def restore(self, state: Mapping[str, Any], price: FloatArray) -> None:
        """Take what `to_json` returned, and the prices."""
        self.price = price
        self._since, self._rounds = state["since"], state["rounds"]
        self._tau, self._middle, self._thin = state["tau"], state["middle"], state["thin"]
        self.margin, self._rate = state["margin"], state["rate"]
        self._coming = Coming(state["sample"], state["first"])
        known = state["round"]
        if known is not None:
            arrays = {name: np.array(known["load"][name], float) for name in ("taken", "bend", "most")}
            self._round = Round(**{**known, "load": SampleLoad(**{**known["load"], **arrays})})


def _year_end(now: int) -> int:
    """Return the second at which the year ends, days counted as `date.toordinal` counts them."""
    day = max(1, now // 86_400)
    return 86_400 * date(date.fromordinal(min(day, date.max.toordinal() - 366)).year + 1, 1, 1).toordinal()


def _scattered(number: int) -> int:
    """Return a number of 64 bits that looks drawn (splitmix64: Steele, Lea, Flood 2014)."""
    mixed = (number * 0x9E3779B97F4A7C15) & _WORD
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _WORD
    return mixed ^ (mixed >> 31)
