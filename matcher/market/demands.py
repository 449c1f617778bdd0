"""What a matching must keep beyond the room that there is, taken apart so that each can be left out alone.

Room (the most that a capacity or a demand allows, the pairs allowed, sizes) is no demand: without the demands the
matching without a pair keeps it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from matcher.base.crossing import Crosses
from matcher.base.errors import text
from matcher.base.numbers import IntArray
from matcher.market.market import Market

#: kinds of demands that a number says: the field of the market, its column where it has two, and which way it is eased
LEAST: Final[Mapping[str, tuple[str, int | None]]] = {
    "demand": ("demand", 0),
    "capacity": ("capacity", 0),
    "least_if_open": ("least_if_open", None),
    "group_least": ("group_open", 0),
    "budget_least": ("budget", 0),
}
MOST: Final[Mapping[str, tuple[str, int | None]]] = {
    "group_most": ("group_open", 1),
    "budget_most": ("budget", 1),
    "most_pairs": ("most_pairs", None),
}
NUMBERS: Final = {**LEAST, **MOST}
#: those that are kept or not: what the field holds once it is given up
FLAGS: Final[Mapping[str, Any]] = {"must_open": False, "closed": False, "together": -1, "apart": -1}
_OF_PROVIDERS: Final = ("capacity", "least_if_open", "most_pairs", "must_open", "closed")


@dataclass(frozen=True, slots=True)
class MarketDemand(Crosses):
    """One thing that a matching must keep.

    Attributes
    ----------
    kind
        "demand" and "capacity" (the minimum of a recipient and of a provider), "least_if_open", "must_open", "closed",
        "most_pairs" (of a provider), "group_least" and "group_most", "budget_least" and "budget_most", "together" and
        "apart" (of a label), or "stability".
    position
        Of whom: the recipient, provider, group, budget or label; 0 for stability.
    number
        What it demands, where that is a number.
    name
        What the market calls a member, else its position.
    """

    kind: str
    position: int
    number: int = 0
    name: str = ""

    def text(self, lang: str = "en") -> str:
        """Say it."""
        return text(f"market.demand.{self.kind}", lang, who=self.name, number=self.number)

    def number_in(self, changes: Mapping[str, Any]) -> int | None:
        """Return the number that it becomes in changed fields of the market; None if it is no number or unchanged."""
        field, column = NUMBERS.get(self.kind, (self.kind, None))
        if self.kind not in NUMBERS or field not in changes:
            return None
        return int(changes[field][self.position if column is None else (self.position, column)])

    def __str__(self) -> str:
        return self.text()


STABILITY: Final = MarketDemand("stability", 0)


def demands_of(market: Market, *, stable: bool = False) -> tuple[MarketDemand, ...]:
    """Return everything that can be demanded too much of a market, stability first if it is demanded."""
    return (*([STABILITY] if stable else []), *_numbers(market), *_flags(market))


def minima_of(market: Market, side: str, members: IntArray) -> tuple[MarketDemand, ...]:
    """Return the minima of members of a side, "recipient" or "provider"."""
    kind = "demand" if side == "recipient" else "capacity"
    least = getattr(market, kind)[:, 0]
    return tuple(MarketDemand(kind, at, int(least[at]), _name(market, kind, at)) for at in members.tolist())


def _numbers(market: Market) -> Iterator[MarketDemand]:
    for kind in NUMBERS:
        numbers = _column(market, kind)
        if numbers is not None:
            # a most that nothing can exceed demands nothing
            asks = numbers > 0 if kind in LEAST else numbers < ceilings(market, kind)
            for at in np.flatnonzero(asks).tolist():
                yield MarketDemand(kind, at, int(numbers[at]), _name(market, kind, at))


def _flags(market: Market) -> Iterator[MarketDemand]:
    for kind, free in FLAGS.items():
        values = getattr(market, kind)
        if values is not None:
            held = np.unique(values[values >= 0]) if free == -1 else np.flatnonzero(values)
            for at in held.tolist():
                yield MarketDemand(kind, at, 0, _name(market, kind, at))


def _column(market: Market, kind: str) -> IntArray | None:
    field, column = NUMBERS[kind]
    values: IntArray | None = getattr(market, field)
    return values if values is None or column is None else values[:, column]


def ceilings(market: Market, kind: str) -> IntArray:
    """Return the numbers above which a most demands nothing."""
    if kind == "group_most":
        assert market.group is not None
        assert market.group_open is not None
        return np.bincount(market.group[market.group >= 0], minlength=len(market.group_open))
    if kind == "budget_most":
        assert market.resource is not None
        total: IntArray = market.resource.sum(axis=0)
        return total
    return np.bincount(market.provider_idx, minlength=market.num_providers)


def _name(market: Market, kind: str, at: int) -> str:
    side = 1 if kind == "demand" else 0 if kind in _OF_PROVIDERS else None
    return str(at) if side is None or market.ids is None else str(market.ids[side][at])


def without(market: Market, left_out: Collection[MarketDemand]) -> Market:
    """Return the market with some demands left out; stability is none of its fields."""
    return eased(market, dict.fromkeys(left_out))


def eased(market: Market, to: Mapping[MarketDemand, int | None]) -> Market:
    """Return the market with each of some demands at another number, or given up (None)."""
    return replace(market, **changes_of(market, to))


def changes_of(market: Market, to: Mapping[MarketDemand, int | None]) -> dict[str, Any]:
    """Return the fields of the market that become others, read-only."""
    fields: dict[str, Any] = {}
    for demand, number in to.items():
        if demand.kind == "stability":
            continue
        field, column = NUMBERS.get(demand.kind, (demand.kind, None))
        values = fields.setdefault(field, getattr(market, field).copy())
        if demand.kind in FLAGS:
            at: Any = values == demand.position if FLAGS[demand.kind] == -1 else demand.position
            values[at] = FLAGS[demand.kind]
            continue
        if number is None:
            number = 0 if demand.kind in LEAST else int(ceilings(market, demand.kind)[demand.position])
        values[demand.position if column is None else (demand.position, column)] = number
    for values in fields.values():
        values.setflags(write=False)
    return fields
