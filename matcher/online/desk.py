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
from matcher.online.prices import Expected
from matcher.online.pricing import Pricing

_FORMAT: Final = "matcher.arrivals/2"
#: of those who wait, so many are looked at with each who comes
_LOOKS: Final = 3


class ArrivalDesk:
    """Decides who comes, one at a time; see `matcher.arrivals`.

    Attributes
    ----------
    left : (P,) float64
        Units that each provider still takes.
    now
        Time of the last event, in seconds.
    tally
        Measures so far.
    """

    def __init__(
        self, fit: Fit, policy: ArrivalPolicy, expected: Expected | None, weight: float, joined: Any = None
    ) -> None:
        self.fit, self.policy = fit, policy
        self._pricing = Pricing(fit, policy, expected, weight)
        self.left: FloatArray = fit.capacity().astype(float)
        self._coming: FloatArray = np.zeros(len(self.left))  # of those who are known but not there yet
        if joined is not None:
            away = ~np.asarray(joined, bool)
            self._coming[away], self.left[away] = self.left[away], 0
        self.now = -(1 << 62)
        self.tally = Tally()
        self._held: dict[int, Waiting] = {}
        self._turns: list[tuple[int, int]] = []
        self._number = 0
        self._batch: int | None = None
        self._looks: list[int] = []  # who waits and is still to be looked at, the last first
        self._answers: list[ArrivalDecision] = []
        self._planned: dict[int, int] | None = None

    @property
    def price(self) -> FloatArray:
        """Bid prices (P,), in the unit of the values."""
        return self._pricing.price

    def open(self) -> None:
        """Set prices before anybody comes."""
        if self.policy.kind == "bid_prices":
            self._pricing.open(self.left, self._coming)

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
        self._pass(at, at)
        self.tally.arrived += 1
        if self.policy.kind == "bid_prices":
            self._a_little(key)
        one = Waiting(key, at, self._last(at, due))
        if self.policy.kind != "batches" and not (one.due > at and self._too_early()):
            found = self._choice(one)
            if self.policy.kind == "bid_prices":
                self._pricing.decided(found is not None)
            if found is not None:
                return self._pair(one, *found)
        if one.due <= at:
            return self._decline(one)
        self._number += 1
        self._held[self._number] = one
        heapq.heappush(self._turns, (one.due, self._number))
        if self._batch is None and self.policy.kind == "batches":
            self._batch = at + self.policy.batch_s
        return ArrivalDecision(self.fit.name_of(key), "held", None, 0, at, at)

    def join(self, provider: Any, at: int, units: int | None = None) -> list[ArrivalDecision]:
        """Take a provider that joins with its capacity, and decide who was waiting for it."""
        self._pass(at, at - 1)
        position = self.fit.join(provider)
        while len(self.left) < self.fit.num_providers:
            self.left, self._coming = np.append(self.left, 0.0), np.append(self._coming, 0.0)
        self._pricing.joined(position, None)
        return self._gives(position, int(self.fit.capacity()[position]) if units is None else units)

    def give(self, provider: Any, at: int, units: int = 1) -> list[ArrivalDecision]:
        """Take units that a provider gives beside its capacity, and decide who was waiting for them."""
        self._pass(at, at - 1)
        return self._gives(self.fit.position_of(provider), units)

    def _gives(self, position: int, units: int) -> list[ArrivalDecision]:
        known, self._coming[position] = self._coming[position] > 0, 0
        if self.left[position] < 1 and not known:
            # the price of who had nothing to give says nothing of who has: as the others, until the next estimate
            self._pricing.joined(position, self.left >= 1)
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
        """Let time pass: batches are matched, and those whose time is over are decided for good.

        While nobody comes but some wait, prices are estimated anew every `refresh_s`.
        """
        if self.policy.kind == "bid_prices" and self.policy.every:
            while self._held and self.now + self.policy.refresh_s <= at:
                self._pass(self.now + self.policy.refresh_s, self.now + self.policy.refresh_s)
                self.refresh()
        self._pass(at, at)

    def _pass(self, at: int, done: int) -> None:
        """Let time pass, and do what falls due until `done`: who joins at the last moment still counts."""
        if isinstance(at, bool) or not isinstance(at, int | np.integer) or at < self.now:
            raise InvalidInput([Fault("time_runs_back", column="at", value=at, details={"now": self.now})])
        while True:
            turn = self._turns[0][0] if self._turns else None
            if self._batch is not None and self._batch <= done and (turn is None or self._batch <= turn):
                self.now = max(self.now, self._batch)
                self._match_batch()
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
        self._looks = []
        self._pricing.whole(self.left, self._coming, self._held, self.now, self.tally.arrived)
        self._answers += self._decide_held()

    def _a_little(self, key: Any) -> None:
        """Do a piece of what must be estimated, and look at a few of those who wait."""
        moved = self._pricing.came(key, self.left, self._coming, self._held, self.now, self.tally.arrived)
        if moved and not self._looks:
            self._looks = list(self._held)[::-1]
        some = [self._looks.pop() for _ in range(min(_LOOKS, len(self._looks)))]
        self._answers += self._decide(number for number in some if number in self._held)

    def _too_early(self) -> bool:
        """Return whether who can wait should, since prices say nothing yet."""
        return self.policy.kind == "bid_prices" and self._pricing.knows_too_little(self.now, self.tally.arrived)

    def _last(self, at: int, due: int | None) -> int:
        ends = [
            end for end in (due, None if self.policy.hold_s is None else at + self.policy.hold_s) if end is not None
        ]
        return max(at, min(ends, default=at))

    def _choice(self, one: Waiting) -> tuple[int, int] | None:
        if self.policy.kind == "hindsight":
            return self._as_planned(one.key)
        return self.fit.best(one.key, self.left, self._pricing.price, self.now, self._pricing.margin)

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
        some = self._held.items()
        return self._decide([number for number, one in some if looked_at is None or looked_at(one.key)])

    def _decide(self, numbers: Iterable[int]) -> list[ArrivalDecision]:
        """Pair whom of some who wait there is somebody for."""
        made = []
        for number in numbers:
            found = self._choice(self._held[number])
            if found is not None:
                made.append(self._pair(self._held.pop(number), *found))
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
            "looks": self._looks,
            "pricing": self._pricing.to_json(),
            "batch": self._batch,
            "number": self._number,
            "providers": [[j, self.left[j], self.price[j], self._coming[j]] for j in changed],
            "held": [[number, *one] for number, one in self._held.items()],
            "answers": [list(answer) for answer in self._answers],
            "tally": self.tally.to_json(),
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
        self.left, self._coming, price = (np.zeros(self.fit.num_providers) for _ in range(3))
        for position, *known in state["providers"]:
            self.left[position], price[position], self._coming[position] = known
        self._pricing.restore(state["pricing"], price)
        self.now, self._looks, self._batch = state["now"], state["looks"], state["batch"]
        self._number, self.tally = state["number"], Tally(**state["tally"])
        self._answers = [ArrivalDecision(*answer) for answer in state["answers"]]
        self._held = {number: Waiting(*one) for number, *one in state["held"]}
        self._turns = [(one.due, number) for number, one in self._held.items()]
        heapq.heapify(self._turns)
