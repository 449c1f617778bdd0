"""The optimal face of a level: what the levels after it may still choose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matcher.market.input import Bools, Ints
from matcher.market.market import Market


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
    """

    num_providers: int
    num_recipients: int
    arcs: Ints | None
    ends: tuple[Ints, Ints] | None
    capacity: Ints
    demand: Ints
    taken: Ints

    @classmethod
    def whole(cls, market: Market) -> Face:
        """Return the face of all matchings of `market`."""
        grid = market.matrix is not None and market.matrix.allowed is None
        ends = None if grid else (market.provider_idx, market.recipient_idx)
        bounds = (market.capacity, market.demand)
        return cls(market.num_providers, market.num_recipients, None, ends, *bounds, np.zeros(0, np.int64))

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

    def used(self, chosen: Bools) -> tuple[Ints, Ints]:
        """Return the number of chosen free arcs at each provider (P,) and each recipient (R,)."""
        return self.count(np.flatnonzero(chosen))

    def count(self, at: Ints) -> tuple[Ints, Ints]:
        """Return how many of the free arcs at these positions each provider (P,) and each recipient (R,) has."""
        provider, recipient = self.ends_of(at)
        return (
            np.bincount(provider, minlength=self.num_providers),
            np.bincount(recipient, minlength=self.num_recipients),
        )

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

    def restrict(self, reduced: Ints, missing: Ints, prices: tuple[Ints, Ints], chosen: Bools) -> tuple[Face, Ints]:
        """Return the optimal face of a level, and the positions here of the arcs that are free in it.

        By complementary slackness the optimal matchings are those that agree with `chosen` wherever the reduced cost is
        not 0, and with its number of partners wherever a price shows that a bound binds.
        """
        stay = np.flatnonzero(reduced == 0)
        taken_at = np.flatnonzero(chosen)
        fixed = taken_at[reduced[taken_at] != 0]
        taken_p, taken_r = self.count(fixed)
        used_p, used_r = self.used(chosen)
        capacity = _narrowed(self.capacity, taken_p, used_p, prices[0] != 0)
        demand = _narrowed(self.demand, taken_r, used_r, prices[1] != missing)
        bounds = (capacity, demand)
        if len(stay) == self.num_free:
            return Face(self.num_providers, self.num_recipients, self.arcs, self.ends, *bounds, self.taken), stay
        positions = stay if self.arcs is None else self.arcs[stay]
        taken = fixed if self.arcs is None else self.arcs[fixed]
        face = Face(
            self.num_providers,
            self.num_recipients,
            positions,
            self.ends_of(stay),
            *bounds,
            np.concatenate([self.taken, taken]),
        )
        return face, stay


def _narrowed(bounds: Ints, taken: Ints, used: Ints, binding: Bools) -> Ints:
    """Return the bounds less what is taken; where a bound binds, the number used is the only one left."""
    narrowed = np.where(binding[:, None], used[:, None], bounds)
    narrowed -= taken[:, None]
    return narrowed
