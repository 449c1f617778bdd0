"""The desk where people arrive: each is answered at once or held for a while, by the rule that was chosen."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import numpy as np

from matcher.base.errors import Fault, InvalidInput
from matcher.base.jsonform import read_object
from matcher.base.numbers import FloatArray, IntArray
from matcher.market.market import Market
from matcher.market.solving import match
from matcher.online.arriving import ArrivalDecision, ArrivalEvent, ArrivalPolicy, Waiting
from matcher.online.fit import Fit
from matcher.online.measures import Tally
from matcher.online.prices import Expected, estimated

_FORMAT: Final = "matcher.arrivals/1"
_COLD, _WARM = 150, 12
#: who came so far, as a sample of who will come
_SAMPLE: Final = 2000
_WORD: Final = (1 << 64) - 1


class ArrivalDesk:
    """Decides who comes, one at a time; see `matcher.arrivals`.

    Attributes
    ----------
    left : (P,) float64
        Units that each provider still takes.
    price : (P,) float64
        Bid prices, in the unit of the values.
    now
        Time of the last event, in seconds.
    tally
        Measures so far.
    """

    def __init__(
        self, fit: Fit, policy: ArrivalPolicy, expected: Expected | None, weight: float, joined: Any = None
    ) -> None:
        self.fit, self.policy = fit, policy
        self._expected, self._weight = expected, weight
        self.left: FloatArray = fit.capacity().astype(float)
        self._coming: FloatArray = np.zeros(len(self.left))  # of those who are known but not there yet
        if joined is not None:
            away = ~np.asarray(joined, bool)
            self._coming[away], self.left[away] = self.left[away], 0
        self.price: FloatArray = np.zeros(len(self.left))
        self.now = -(1 << 62)
        self.tally = Tally()
        self._held: dict[int, Waiting] = {}
        self._turns: list[tuple[int, int]] = []
        self._number = 0
        self._batch: int | None = None
        self._since = -1  # no prices yet
        self._sample: list[Any] = []
        self._first = 0
        self._answers: list[ArrivalDecision] = []
        self._planned: dict[int, int] | None = None

    # --- what comes ---------------------------------------------------------------------------------------------------

    def assign(self, who: Any, at: int, due: int | None = None) -> ArrivalDecision:
        """Decide one who comes at a time (whole seconds, never before the last), or hold them until `due` at most.

        What is decided meanwhile of those held before is given by `answered`.

        Raises
        ------
        InvalidInput
            If time runs back, or nobody of that name can come.
        """
        key = self.fit.key_of(who)
        self.advance(at)
        self.tally.arrived += 1
        if self.policy.kind == "bid_prices":
            self._remember(key, at)
            self._since += self._since >= 0
            if self._since < 0 or (self.policy.every and self._since >= self.policy.every):
                self.refresh()
        one = Waiting(key, at, self._last(at, due))
        if self.policy.kind != "batches":
            found = self._choice(one)
            if found is not None:
                return self._pair(one, *found)
        if one.due <= at:
            return self._decline(one)
        self._number += 1
        self._held[self._number] = one
        heapq.heappush(self._turns, (one.due, self._number))
        if self._batch is None and self.policy.kind == "batches":
            self._batch = at + self.policy.batch_s
        elif self._batch is None and self.policy.kind == "bid_prices" and self.policy.every:
            self._batch = at + self.policy.refresh_s
        return ArrivalDecision(self.fit.name_of(key), "held", None, 0, at, at)

    def join(self, provider: Any, at: int, units: int | None = None) -> list[ArrivalDecision]:
        """Take a provider that joins with its capacity, and decide who was waiting for it."""
        self._pass(at, at - 1)
        position = self.fit.join(provider)
        while len(self.left) < self.fit.num_providers:
            self.left, self.price = np.append(self.left, 0.0), np.append(self.price, 0.0)
            self._coming = np.append(self._coming, 0.0)
        return self._gives(position, int(self.fit.capacity()[position]) if units is None else units)

    def give(self, provider: Any, at: int, units: int = 1) -> list[ArrivalDecision]:
        """Take units that a provider gives beside its capacity, and decide who was waiting for them."""
        self._pass(at, at - 1)
        return self._gives(self.fit.position_of(provider), units)

    def _gives(self, position: int, units: int) -> list[ArrivalDecision]:
        known, self._coming[position] = self._coming[position] > 0, 0
        if self.left[position] < 1 and not known:
            # the price of who had nothing to give says nothing of who has: as the others, until the next estimate
            others = self.left >= 1
            self.price[position] = float(self.price[others].mean()) if others.any() else 0.0
        self.left[position] += units
        return [] if self.policy.kind == "batches" else self._decide_held(self.fit.suited(position))

    def follow(self, events: Iterable[ArrivalEvent]) -> Iterator[ArrivalDecision]:
        """Yield every final decision of a stream, whose end declines nobody who still waits."""
        for event in events:
            if event.kind == "recipient":
                decision = self.assign(event.who, event.at, event.due)
                yield from self.answered()
                if decision.answer != "held":
                    yield decision
            else:
                done = (
                    self.join(event.who, event.at)
                    if event.kind == "provider"
                    else self.give(event.who, event.at, event.units)
                )
                yield from self.answered()
                yield from done

    def advance(self, at: int) -> None:
        """Let time pass: batches are matched, and those whose time is over are decided for good."""
        self._pass(at, at)

    def _pass(self, at: int, done: int) -> None:
        """Let time pass, and do what falls due until `done`: who joins at the last moment still counts."""
        if isinstance(at, bool) or not isinstance(at, int | np.integer) or at < self.now:
            raise InvalidInput([Fault("time_runs_back", column="at", value=at, details={"now": self.now})])
        while True:
            turn = self._turns[0][0] if self._turns else None
            if self._batch is not None and self._batch <= done and (turn is None or self._batch <= turn):
                self.now = max(self.now, self._batch)
                if self.policy.kind == "batches":
                    self._match_batch()
                else:
                    self.refresh()
            elif turn is not None and turn <= done:
                self.now = max(self.now, turn)
                one = self._held.pop(heapq.heappop(self._turns)[1], None)
                if one is not None:
                    found = self._choice(one)
                    self._answers.append(self._decline(one) if found is None else self._pair(one, *found))
            else:
                break
        self.now = int(at)

    def answered(self) -> list[ArrivalDecision]:
        """Return what was decided of those who were held, since last asked."""
        answers, self._answers = self._answers, []
        return answers

    @property
    def waiting(self) -> int:
        """How many are held."""
        return len(self._held)

    # --- how it is decided --------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Estimate prices anew from what is left, who waits and what is expected; decide who waits by them."""
        rounds = _COLD if self._since < 0 else _WARM
        self._since = 0
        # while nobody waits, prices may stay as they are until somebody comes
        self._batch = self.now + self.policy.refresh_s if self.policy.every and self._held else None
        later, weight = self._later()
        if later is None:
            return
        waiting = [self.fit.pairs(one.key) for one in self._held.values()]
        known = later.and_open(waiting)
        weights = np.concatenate([np.ones(len(waiting)), np.full(len(later.at), weight)])
        room = self.left + self._coming
        self.price = estimated(known, weights, room, self.price, self.policy.smoothing, rounds)
        self._answers += self._decide_held()

    def _later(self) -> tuple[Expected | None, float]:
        """Return who is still expected, and how many for each of them."""
        if self._expected is not None:
            return self._expected.after(self.now), self._weight
        until, sample = self.policy.until_s, self._sample
        if until is None or until <= self.now or not sample or self.now <= self._first:
            return None, 0.0
        coming = self.tally.arrived / (self.now - self._first) * (until - self.now)
        return Expected.of([self.fit.pairs(key) for key in sample]), coming / len(sample)

    def _remember(self, key: Any, at: int) -> None:
        """Keep an even sample of who came (Vitter 1985), by numbers that a restart repeats."""
        if self._expected is not None or self.policy.until_s is None:
            return
        count = self.tally.arrived
        self._first = at if count == 1 else self._first
        if len(self._sample) < _SAMPLE:
            self._sample.append(key)
            return
        place = _scattered(count) % count
        if place < _SAMPLE:
            self._sample[place] = key

    def _last(self, at: int, due: int | None) -> int:
        ends = [
            end for end in (due, None if self.policy.hold_s is None else at + self.policy.hold_s) if end is not None
        ]
        return max(at, min(ends, default=at))

    def _choice(self, one: Waiting) -> tuple[int, int] | None:
        if self.policy.kind == "hindsight":
            return self._as_planned(one.key)
        return self.fit.best(one.key, self.left, self.price, self.now)

    def _as_planned(self, key: Any) -> tuple[int, int] | None:
        if self._planned is None:
            market: Market = self.fit.market  # type: ignore[attr-defined]
            self._planned = {i: j for j, i in match(market).pairs.tolist()}
        position = self._planned.get(key)
        if position is None or self.left[position] < 1:
            return None
        provider, value = self.fit.pairs(key)
        at = np.flatnonzero(provider == position)
        return (position, int(value[at[0]])) if len(at) else None  # a pair that is worth nothing

    def _pair(self, one: Waiting, position: int, value: int) -> ArrivalDecision:
        self.left[position] -= 1
        self.fit.take(one.key, position)
        self.tally.note(self.now - one.arrived, value, self.fit.worth(one.key))
        who, provider = self.fit.name_of(one.key), self.fit.provider_name(position)
        return ArrivalDecision(who, "paired", provider, value, one.arrived, self.now)

    def _decline(self, one: Waiting) -> ArrivalDecision:
        self.tally.declined += 1
        return ArrivalDecision(self.fit.name_of(one.key), "declined", None, 0, one.arrived, self.now)

    def _decide_held(self, looked_at: Callable[[Any], bool] | None = None) -> list[ArrivalDecision]:
        """Look at everybody who waits, or those whose key is to be looked at, in the order in which they came."""
        made = []
        for number, one in [item for item in self._held.items() if looked_at is None or looked_at(item[1].key)]:
            found = self._choice(one)
            if found is not None:
                del self._held[number]
                made.append(self._pair(one, *found))
        return made

    def _match_batch(self) -> None:
        """Match everybody who waits at once, for the greatest value."""
        self._batch = None
        held = list(self._held.items())
        parts = [self.fit.pairs(one.key) for _, one in held]
        sizes = [len(provider) for provider, _ in parts]
        if sum(sizes):
            provider, value = (np.concatenate([part[n] for part in parts]) for n in (0, 1))
            for row, position in self._matched(provider, np.repeat(np.arange(len(held)), sizes), value, len(held)):
                number, one = held[row]
                known = parts[row]
                del self._held[number]
                worth = int(known[1][np.searchsorted(known[0], position)])
                self._answers.append(self._pair(one, position, worth))
        if self._held:
            self._batch = self.now + self.policy.batch_s

    def _matched(self, provider: IntArray, row: IntArray, value: IntArray, count: int) -> list[tuple[int, int]]:
        top = int(value.max())
        market = Market.from_arcs(
            provider,
            row,
            top - value,
            num_providers=len(self.left),
            num_recipients=count,
            capacity=self.left.astype(np.int64),
            unmet_cost=top,
        )
        return sorted((i, j) for j, i in match(market).pairs.tolist())

    # --- across a restart ---------------------------------------------------------------------------------------------

    def to_json(self) -> str:
        """Return the state as JSON: `matcher.arrivals(..., state=...)` goes on from it with the same decisions."""
        changed = np.flatnonzero((self.left != 0) | (self.price != 0) | (self._coming != 0)).tolist()
        state = {
            "format": _FORMAT,
            "policy": self.policy.model_dump(mode="json"),
            "now": self.now,
            "since": self._since,
            "batch": self._batch,
            "number": self._number,
            "providers": [[j, self.left[j], self.price[j], self._coming[j]] for j in changed],
            "held": [[number, *one] for number, one in self._held.items()],
            "answers": [list(answer) for answer in self._answers],
            "tally": self.tally.to_json(),
            "first": self._first,
            "sample": self._sample,
            "fit": self.fit.to_json(),
        }
        return json.dumps(state, ensure_ascii=False)

    def restore(self, text: str) -> None:
        """Take a state that `to_json` wrote.

        Raises
        ------
        InvalidInput
            If it is none, or that of another policy or of other providers.
        """
        state = read_object(text, "state")
        if state.get("format") != _FORMAT:
            details = {"expected": _FORMAT}
            raise InvalidInput([Fault("array_format", "state", value=state.get("format"), details=details)])
        if state["policy"] != self.policy.model_dump(mode="json"):
            known = {"known": json.dumps(self.policy.model_dump(mode="json"))}
            raise InvalidInput([Fault("not_an_option", "state", column="policy", value=state["policy"], details=known)])
        self.fit.restore(state["fit"])
        self.left, self.price = np.zeros(self.fit.num_providers), np.zeros(self.fit.num_providers)
        self._coming = np.zeros(self.fit.num_providers)
        for position, *known in state["providers"]:
            self.left[position], self.price[position], self._coming[position] = known
        self.now, self._since, self._batch = state["now"], state["since"], state["batch"]
        self._number, self.tally = state["number"], Tally(**state["tally"])
        self._first, self._sample = state["first"], state["sample"]
        self._answers = [ArrivalDecision(*answer) for answer in state["answers"]]
        self._held = {number: Waiting(*one) for number, *one in state["held"]}
        self._turns = [(one.due, number) for number, one in self._held.items()]
        heapq.heapify(self._turns)


def _scattered(number: int) -> int:
    """Return a number of 64 bits that looks drawn (splitmix64: Steele, Lea, Flood 2014)."""
    mixed = (number * 0x9E3779B97F4A7C15) & _WORD
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _WORD
    return mixed ^ (mixed >> 31)
