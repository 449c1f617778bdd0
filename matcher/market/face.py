"""The optimal face of a level: what the levels after it may still choose."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from matcher.market.input import Bools, Ints
from matcher.market.market import Market

#: what is chosen of free arcs: whether, or how many units
Chosen = Bools | Ints


@dataclass(frozen=True, slots=True)
class Face:
    """The matchings that earlier levels left open: free arcs, and the bounds that the free arcs alone must keep.

    Attributes
    ----------
    num_providers, num_recipients
        P and R of the market.
    arcs
        (F,) int64: positions of the free arcs among the market's arcs; None: all of them.
    ends
        (F,) int64 twice: provider and recipient of each free arc, in their order; None: all pairs are free.
    capacity, demand
        (P, 2) and (R, 2) int64: bounds on the number of free arcs chosen, a minimum may be negative.
    taken
        (T,) int64: positions of the arcs that every matching of the face has.
    limit
        (F,) int64: how many units each free arc may carry; None: one each. What is chosen of the free arcs is then a
        number of units for each (F,), else a bool.
    taken_units
        (T,) int64: units of each arc in `taken`; None: one each.
    """

    num_providers: int
    num_recipients: int
    arcs: Ints | None
    ends: tuple[Ints, Ints] | None
    capacity: Ints
    demand: Ints
    taken: Ints
    limit: Ints | None = None
    taken_units: Ints | None = None

    @classmethod
    def whole(cls, market: Market) -> Face:
        """Return the face of all matchings of `market`."""
        grid = market.matrix is not None and market.matrix.allowed is None
        ends = None if grid else (market.provider_idx, market.recipient_idx)
        bounds = (market.capacity, market.demand)
        none = np.zeros(0, np.int64)
        limit = None if market.pair_limit is None else arc_limits(market)
        units = None if limit is None else none
        return cls(market.num_providers, market.num_recipients, None, ends, *bounds, none, limit, units)

    @property
    def num_free(self) -> int:
        """Number of free arcs, F."""
        return self.num_providers * self.num_recipients if self.ends is None else len(self.ends[0])

    def ends_of(self, at: Ints) -> tuple[Ints, Ints]:
        """Return provider and recipient of the free arcs at these positions."""
        if self.ends is None:
            provider, recipient = np.divmod(at, self.num_recipients) if len(at) else (at, at)
            return provider, recipient
        return self.ends[0][at], self.ends[1][at]

    def full(self, chosen: Chosen) -> Bools:
        """Return (F,) bool: the free arcs that carry all they may."""
        return chosen.astype(bool) if self.limit is None else chosen >= self.limit

    def some(self, chosen: Chosen) -> Bools:
        """Return (F,) bool: the free arcs that carry anything."""
        return chosen > 0

    @property
    def room(self) -> tuple[Ints, Ints]:
        """How much the free arcs of each provider (P,) and each recipient (R,) may carry in all."""
        return self.count(np.arange(self.num_free), self.limit)

    def used(self, chosen: Chosen) -> tuple[Ints, Ints]:
        """Return the units of the free arcs at each provider (P,) and each recipient (R,)."""
        at = np.flatnonzero(chosen)
        return self.count(at, None if self.limit is None else chosen[at].astype(np.int64))

    def count(self, at: Ints, units: Ints | None = None) -> tuple[Ints, Ints]:
        """Return how many of the free arcs at these positions each provider (P,) and each recipient (R,) has.

        With `units` of each, how many units.
        """
        provider, recipient = self.ends_of(at)
        return tally(provider, units, self.num_providers), tally(recipient, units, self.num_recipients)

    def reduced(self, cost: Ints | None, provider_price: Ints, recipient_price: Ints) -> Ints:
        """Return cost + provider price - recipient price of every free arc, (F,) int64."""
        if self.ends is None:
            shape = (self.num_providers, self.num_recipients)
            if cost is None:
                return (provider_price[:, None] - recipient_price).reshape(-1)
            grid = cost.reshape(shape) - recipient_price
            grid += provider_price[:, None]
            return grid.reshape(-1)
        price = provider_price[self.ends[0]] - recipient_price[self.ends[1]]
        return price if cost is None else price + cost

    def restrict(self, reduced: Ints, missing: Ints, prices: tuple[Ints, Ints], chosen: Chosen) -> tuple[Face, Ints]:
        """Return the optimal face of a level, and the positions here of the arcs that are free in it.

        By complementary slackness the optimal matchings are those that agree with `chosen` wherever the reduced cost is
        not 0, and with its number of partners wherever a price shows that a bound binds.
        """
        stay = np.flatnonzero(reduced == 0)
        taken_at = np.flatnonzero(chosen)
        fixed = taken_at[reduced[taken_at] != 0]
        units = None if self.limit is None else chosen[fixed].astype(np.int64)
        taken_p, taken_r = self.count(fixed, units)
        used_p, used_r = self.used(chosen)
        capacity = _narrowed(self.capacity, taken_p, used_p, prices[0] != 0)
        demand = _narrowed(self.demand, taken_r, used_r, prices[1] != missing)
        if len(stay) == self.num_free:
            return replace(self, capacity=capacity, demand=demand), stay
        positions = stay if self.arcs is None else self.arcs[stay]
        taken = fixed if self.arcs is None else self.arcs[fixed]
        face = Face(
            self.num_providers,
            self.num_recipients,
            positions,
            self.ends_of(stay),
            capacity,
            demand,
            np.concatenate([self.taken, taken]),
            None if self.limit is None else self.limit[stay],
            None if units is None or self.taken_units is None else np.concatenate([self.taken_units, units]),
        )
        return face, stay


def arc_limits(market: Market) -> Ints:
    """Return how many units each candidate arc may carry, (A,) int64, never more than both its ends have room for."""
    limit = np.broadcast_to(1 if market.pair_limit is None else market.pair_limit, (market.num_arcs,))
    ends = market.capacity[market.provider_idx, 1], market.demand[market.recipient_idx, 1]
    least: Ints = np.minimum(limit, np.minimum(*ends))
    return least


def tally(idx: Ints, units: Ints | None, size: int) -> Ints:
    """Return how often each position below `size` occurs in `idx`, or how many units (k,) it has there."""
    if units is None:
        return np.bincount(idx, minlength=size)
    total = np.zeros(size, np.int64)
    np.add.at(total, idx, units)
    return total


def _narrowed(bounds: Ints, taken: Ints, used: Ints, binding: Bools) -> Ints:
    """Return the bounds less what is taken; where a bound binds, the number used is the only one left."""
    narrowed = np.where(binding[:, None], used[:, None], bounds)
    narrowed -= taken[:, None]
    return narrowed
