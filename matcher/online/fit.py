"""What suits whom: the pairs of one who comes, and the best of them at given prices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from matcher.base.errors import Fault, InvalidInput
from matcher.base.numbers import FloatArray, IntArray
from matcher.market.market import Market
from matcher.market.refusals import check_flow
from matcher.online.prices import Expected, asked


class Fit(Protocol):
    """What a desk must know of the two sides; `key` stands for one who comes, and is plain JSON in a saved state."""

    @property
    def num_providers(self) -> int:
        """Number of providers that are known, P."""

    @property
    def total(self) -> int | None:
        """How many come in all, where that is known."""

    def capacity(self) -> IntArray:
        """Return how many each provider takes at the beginning, (P,)."""

    def key_of(self, who: Any) -> Any:
        """Return the key of one who comes, checked."""

    def name_of(self, key: Any) -> Any:
        """Return what decisions call it."""

    def worth(self, key: Any) -> int:
        """Return what it would be worth at best."""

    def pairs(self, key: Any) -> tuple[IntArray, IntArray]:
        """Return its providers in order of position, and what each pair is worth, more than 0."""

    def rough_pairs(self, key: Any) -> tuple[IntArray, IntArray]:
        """Return about what `pairs` does, fast: for prices."""

    @property
    def lookup(self) -> tuple[int, int]:
        """How long `rough_pairs` takes, for itself and for each pair: in pairs of a sample that are at hand."""

    def best(
        self, key: Any, left: FloatArray, price: FloatArray, now: int, margin: float = 0.0
    ) -> tuple[int, int] | None:
        """Return the provider with something left of greatest value less price, 0 or more, and the value.

        What is asked of it is its price with the margin: see `asked`.
        """

    def provider_name(self, position: int) -> Any:
        """Return what decisions call a provider."""

    def take(self, key: Any, provider: int) -> None:
        """Note that the pair was made."""

    def suited(self, position: int) -> Callable[[Any], bool]:
        """Return what tells a key for which a provider may do."""

    def join(self, who: Any) -> int:
        """Take a provider that joins; return its position."""

    def position_of(self, provider: Any) -> int:
        """Return the position of a provider that is known."""

    def expected(self, sample: Any) -> Expected:
        """Return a sample of what may come as pairs."""

    def to_json(self) -> dict[str, Any]:
        """Return what has changed since the beginning."""

    def restore(self, state: dict[str, Any]) -> None:
        """Take what `to_json` returned."""


class MarketFit:
    """The recipients of a market come one by one, named by position; a pair is worth `unmet_cost - cost`."""

    def __init__(self, market: Market) -> None:
        check_flow(market)
        if market.unmet_cost is None or market.num_levels != 1 or market.has_minima:
            details = {"expected": "one level, unmet_cost, no minima"}
            raise InvalidInput([Fault("arrivals_market", column="market", details=details)])
        self.market = market
        order = np.lexsort((market.provider_idx, market.recipient_idx))
        value = (market.unmet_cost[0][market.recipient_idx] - market.cost[0])[order]
        order, value = order[value > 0], value[value > 0]
        self.provider, self.value = market.provider_idx[order], value
        self.start = np.searchsorted(market.recipient_idx[order], np.arange(market.num_recipients + 1))
        self._worth = market.unmet_cost[0]

    @property
    def num_providers(self) -> int:
        """Number of providers, P."""
        return self.market.num_providers

    @property
    def total(self) -> int | None:
        """Number of recipients: each comes once."""
        return self.market.num_recipients

    def capacity(self) -> IntArray:
        """Return the largest number of partners of each provider, (P,)."""
        return self.market.capacity[:, 1]

    def key_of(self, who: Any) -> int:
        """Return a position in range."""
        if not isinstance(who, int | np.integer) or not 0 <= who < self.market.num_recipients:
            raise InvalidInput([Fault("not_an_option", column="recipient", value=who, details={"known": "positions"})])
        return int(who)

    def name_of(self, key: int) -> int:
        """Return the position."""
        return key

    def worth(self, key: int) -> int:
        """Return what it costs to leave one unit unmet."""
        return int(self._worth[key])

    def pairs(self, key: int) -> tuple[IntArray, IntArray]:
        """Return providers and values."""
        span = slice(self.start[key], self.start[key + 1])
        return self.provider[span], self.value[span]

    def rough_pairs(self, key: int) -> tuple[IntArray, IntArray]:
        """Return providers and values."""
        return self.pairs(key)

    @property
    def lookup(self) -> tuple[int, int]:
        """They are at hand."""
        return 100, 1

    def best(
        self, key: int, left: FloatArray, price: FloatArray, now: int, margin: float = 0.0
    ) -> tuple[int, int] | None:
        """Return the best provider at these prices; ties go to the lower position."""
        provider, value = self.pairs(key)
        if not len(provider):
            return None
        gain = np.where(left[provider] >= 1, value - asked(price[provider], margin), -1.0)
        at = int(gain.argmax())
        return (int(provider[at]), int(value[at])) if gain[at] >= 0 else None

    def provider_name(self, position: int) -> int:
        """Return the position."""
        return position

    def take(self, key: int, provider: int) -> None:
        """Nothing beside the capacity changes."""

    def suited(self, position: int) -> Callable[[int], bool]:
        """Return whether a recipient has a pair with the provider."""
        ends = np.searchsorted(self.market.provider_idx, [position, position + 1])
        return set(self.market.recipient_idx[slice(*ends)].tolist()).__contains__

    def join(self, who: Any) -> int:
        """Return the position: every provider of a market is known from the beginning."""
        return self.position_of(who)

    def position_of(self, provider: Any) -> int:
        """Return the position itself."""
        if not isinstance(provider, int | np.integer) or not 0 <= provider < self.num_providers:
            known = {"known": "positions"}
            raise InvalidInput([Fault("not_an_option", column="provider", value=provider, details=known)])
        return int(provider)

    def expected(self, sample: Any) -> Expected:
        """Return a sample: a mapping of `market` (with the same providers) and `at` (R,), or several of them."""
        if not isinstance(sample, Mapping):
            return Expected.joined([self.expected(each) for each in sample])
        other = MarketFit(sample["market"])
        at = np.asarray(sample["at"], np.int64)
        if other.num_providers != self.num_providers or at.shape != (other.market.num_recipients,):
            details = {"shape": at.shape, "expected": (other.market.num_recipients,)}
            raise InvalidInput([Fault("array_shape", column="expected", details=details)])
        order = np.argsort(at, kind="stable")
        parts = [other.pairs(int(i)) for i in order]
        sizes = [len(provider) for provider, _ in parts]
        start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        provider, value = (np.concatenate([part[n] for part in parts] or [np.zeros(0, np.int64)]) for n in (0, 1))
        return Expected(at[order], start, provider, value)

    def to_json(self) -> dict[str, Any]:
        """Return nothing: a market does not change."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Take nothing."""
