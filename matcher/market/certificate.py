"""Solver-free checks of what is claimed about a market: a matching, its values, its dual prices, a Hall witness.

Sign convention. The reduced cost of a pair at a level is ``cost + provider price - recipient price``: a provider price
is what a place there is worth, a recipient price is what one more unit there is worth. Any array of prices, right or
wrong, gives a lower bound of all matchings in the lexicographic order of the levels (weak duality): the Lagrangian

    sum over pairs of x * (cost + p - q)  -  sum over providers of use * p
    + sum over recipients of use * (q - unmet)  +  sum over recipients of maximum * unmet

equals the objective at every matching, and its lexicographic minimum over ``x`` in {0, 1} and ``use`` within the
bounds is found one variable at a time. A matching whose value equals the bound at every level is optimal; nothing else
needs to hold. All sums are exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.base.numbers import magnitude
from matcher.base.watch import look
from matcher.market import opening
from matcher.market.face import arc_limits, tally
from matcher.market.input import Bools, Ints
from matcher.market.levels import MarketLevel
from matcher.market.market import Market
from matcher.market.points import scan
from matcher.market.refusals import check_flow

_WORD: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Flaw:
    """One reason why a claim does not hold: a stable code and what it is about."""

    code: str
    details: Mapping[str, Any] = field(default_factory=dict)


def exact_sum(values: Ints) -> int:
    """Return the sum of int64 values as a Python integer, whatever their size."""
    if values.size * magnitude(values) < _WORD:
        return int(values.sum())
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def exact_dot(left: Ints, right: Ints) -> int:
    """Return the sum of products of int64 values as a Python integer, whatever their size."""
    if left.size * max(1, magnitude(left)) * magnitude(right) < _WORD:
        return int(np.dot(left, right))
    return sum(a * b for a, b in zip(left.tolist(), right.tolist(), strict=True) if a and b)


# --- a matching ------------------------------------------------------------------------------------------------------


def pair_flaws(market: Market, pairs: NDArray[Any], opened: Bools | None = None) -> list[Flaw]:
    """Return why `pairs` is no matching of `market`: form, order, pairs not allowed, bounds not kept.

    Where a pair may have several units the third column of `pairs` says how many.
    `opened` (P,) says who is open where the market is no flow; see `opening.opened_by`.
    """
    columns = 2 if market.pair_limit is None else 3
    if not (isinstance(pairs, np.ndarray) and pairs.dtype == np.int64 and pairs.ndim == 2):
        return [Flaw("pairs_form")]
    if pairs.shape[1] != columns:
        return [Flaw("pairs_form")]
    provider, recipient = pairs[:, 0], pairs[:, 1]
    for side, idx, count in (
        ("provider", provider, market.num_providers),
        ("recipient", recipient, market.num_recipients),
    ):
        if len(idx) and (idx.min() < 0 or idx.max() >= count):
            return [Flaw("pair_unknown", {"side": side})]
    keys = provider * market.num_recipients + recipient
    flaws = []
    if not (keys[1:] > keys[:-1]).all():
        flaws.append(Flaw("pairs_order" if len(np.unique(keys)) == len(keys) else "pair_twice"))
    wrong = np.flatnonzero(~market.allows(pairs[:, :2]))
    flaws += [Flaw("pair_not_allowed", {"provider": int(p), "recipient": int(r)}) for p, r in pairs[wrong[:20], :2]]
    for side, idx, bounds in (("provider", provider, market.capacity), ("recipient", recipient, market.demand)):
        used = tally(idx, units_of(pairs), len(bounds))
        if market.size is not None and side == "provider":
            used = opening.loads(market, pairs)
        flaws += [Flaw("below_minimum", {"side": side, "at": int(i)}) for i in np.flatnonzero(used < bounds[:, 0])[:20]]
        flaws += [Flaw("above_maximum", {"side": side, "at": int(i)}) for i in np.flatnonzero(used > bounds[:, 1])[:20]]
    if columns == 3 and not len(wrong):
        flaws += _unit_flaws(market, pairs)
    if not market.is_flow:
        flaws += [Flaw(code, details) for code, details in opening.reasons(market, pairs, opened)]
    return flaws


def _unit_flaws(market: Market, pairs: Ints) -> list[Flaw]:
    """Return which pairs (k, 3) have no unit, or more than they may have."""
    limit = market.pair_limit
    assert limit is not None
    most = limit if limit.ndim == 0 else limit[market.positions(pairs[:, :2])]
    wrong = np.flatnonzero((pairs[:, 2] < 1) | (pairs[:, 2] > most))
    return [
        Flaw("pair_units", {"provider": int(p), "recipient": int(r), "units": int(u)}) for p, r, u in pairs[wrong[:20]]
    ]


def units_of(pairs: Ints) -> Ints | None:
    """Return the units of pairs (k, 3), None of pairs (k, 2), which have one each."""
    return pairs[:, 2] if pairs.shape[1] == 3 else None


def missing_units(market: Market, pairs: NDArray[np.int64]) -> Ints:
    """Return the units below the maximum of every recipient, (R,) int64."""
    return market.demand[:, 1] - tally(pairs[:, 1], units_of(pairs), market.num_recipients)


def values(market: Market, pairs: NDArray[np.int64], opened: Bools | None = None) -> tuple[int, ...]:
    """Return what pairs, open providers and unmet units cost at each of `market.objectives`, in exact integers."""
    cost, missing = pair_totals(market, pairs), missing_units(market, pairs)
    opened = None if market.opening_cost is None else opening.opened_by(market, pairs, opened)
    return tuple(
        (0 if level.cost_row is None else cost[level.cost_row])
        + exact_dot(level.missing, missing)
        + (0 if opened is None else opening.opening_cost(market, level.cost_row, opened))
        for level in market.objectives
    )


def pair_totals(market: Market, pairs: Ints) -> list[int]:
    """Return what pairs, (k, 2) or (k, 3) with units, cost at each cost level."""
    cost, units = market.pair_cost(pairs[:, :2]), units_of(pairs)
    return [exact_sum(level) if units is None else exact_dot(level, units) for level in cost]


# --- a certificate ---------------------------------------------------------------------------------------------------


def lower_bounds(
    market: Market, objectives: tuple[MarketLevel, ...], provider: NDArray[np.int64], recipient: NDArray[np.int64]
) -> tuple[int, ...]:
    """Return, level by level, what no matching can beat in lexicographic order, from (K, P) and (K, R) prices alone.

    A maximum beyond the size of the other side counts as that size.

    Raises
    ------
    InvalidInput
        If the market is no flow: prices alone prove nothing there (code `not_a_flow`).
    OverflowError
        If a price is so large that a reduced cost could leave 64 bits: such prices prove nothing.
    """
    check_flow(market)
    for level, p, q in zip(objectives, provider, recipient, strict=True):
        if 2 * max(magnitude(p), magnitude(q), magnitude(level.missing)) >= _WORD:
            raise OverflowError("a price leaves the exact range")
    kept = _Undecided(scan.relevant(market, objectives, provider, recipient))
    uses = [_Use(np.minimum(bounds, most)) for bounds, most in zip(_both(market), _most_partners(market), strict=True)]
    bounds = []
    for level, p, q in zip(objectives, provider, recipient, strict=True):
        look()
        missing = level.missing
        total = exact_dot(missing, market.demand[:, 1])
        total += kept.add(level.cost_row, p, q)
        total += uses[0].add(-p) + uses[1].add(q - missing)
        bounds.append(total)
    return tuple(bounds)


def _both(market: Market) -> tuple[Ints, Ints]:
    return market.capacity, market.demand


def _most_partners(market: Market) -> tuple[int, int]:
    """Return more than which nobody of a side can have: the size of the other, or all it has room for."""
    if market.pair_limit is None:
        return market.num_recipients, market.num_providers
    rooms = (min(exact_sum(bounds[:, 1]), _WORD) for bounds in (market.demand, market.capacity))
    return next(rooms), next(rooms)


class _Undecided:
    """The arcs whose reduced costs were all 0 so far, and those decided to be taken."""

    def __init__(self, market: Market):
        self.market = market
        self.grid = market.matrix is not None and market.matrix.allowed is None
        self.limit = None if market.pair_limit is None else arc_limits(market)
        self.open: Ints | None = None
        self.taken = np.zeros(0, np.int64)

    def add(self, row: int | None, p: Ints, q: Ints) -> int:
        """Add one level: return the sum of its reduced costs over the arcs taken."""
        if self.open is None and self.grid:
            market = self.market
            assert market.matrix is not None
            if row is None:
                reduced = np.subtract.outer(p, q)
            else:
                reduced = market.matrix.cost[row] - q
                reduced += p[:, None]
            reduced = reduced.reshape(-1)
        else:
            reduced = self._reduced(row, p, q, self.open)
        before = self._reduced(row, p, q, self.taken)
        negative = np.flatnonzero(reduced < 0)
        now = negative if self.open is None else self.open[negative]
        total = self._sum(before, self.taken) + self._sum(reduced[negative], now)
        level = np.flatnonzero(reduced == 0)
        self.taken = np.concatenate([self.taken, now])
        if self.open is not None or len(level) < len(reduced):
            self.open = level if self.open is None else self.open[level]
        return total

    def _sum(self, reduced: Ints, at: Ints) -> int:
        """Return the sum of reduced costs of arcs that carry all they may."""
        return exact_sum(reduced) if self.limit is None else exact_dot(reduced, self.limit[at])

    def _reduced(self, row: int | None, p: Ints, q: Ints, at: Ints | None) -> Ints:
        market = self.market
        if self.grid and at is not None:
            provider, recipient = np.divmod(at, max(1, market.num_recipients))
            prices = p[provider] - q[recipient]
            if row is not None:
                assert market.matrix is not None
                prices += market.matrix.cost[row].reshape(-1)[at]
            return prices
        every = slice(None) if at is None else at
        prices = p[market.provider_idx[every]] - q[market.recipient_idx[every]]
        return prices if row is None else prices + market.cost[row][every]


class _Use:
    """The number of partners of one side: decided at a bound by the first level that prices it."""

    def __init__(self, bounds: Ints):
        self.bounds = bounds
        self.use = np.zeros(len(bounds), np.int64)
        self.decided = np.zeros(len(bounds), bool)

    def add(self, price: Ints) -> int:
        """Add one level: return the sum of price * use."""
        now = ~self.decided & (price != 0)
        self.use = np.where(now, np.where(price < 0, self.bounds[:, 1], self.bounds[:, 0]), self.use)
        self.decided |= now
        return exact_dot(price, self.use)


# --- a witness -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HallWitness:
    """Why no matching exists: `members` of one side need more partners than all they can reach has room for.

    Attributes
    ----------
    side
        "recipient" or "provider": the side whose minima cannot be met.
    members
        (n,) int64 positions on that side.
    reach
        (m,) int64 positions on the other side of everybody whom a member may be paired with.
    needed, available
        Sum of the members' minima; sum over `reach` of the smaller of a maximum and what its pairs with members may
        have.
    """

    side: str
    members: Ints
    reach: Ints
    needed: int
    available: int

    @classmethod
    def of(cls, market: Market, side: str, members: Ints) -> HallWitness:
        """Compute the figures of a set of members."""
        ours, theirs = market.recipient_idx, market.provider_idx
        bounds, maxima = market.demand, market.capacity[:, 1]
        if side == "provider":
            ours, theirs = theirs, ours
            bounds, maxima = market.capacity, market.demand[:, 1]
        inside = np.zeros(len(bounds), bool)
        inside[members] = True
        here = np.flatnonzero(inside[ours])
        each = None if market.pair_limit is None else arc_limits(market)[here]
        links = tally(theirs[here], each, len(maxima))
        needed = sum(bounds[inside, 0].tolist())
        reach = np.flatnonzero(links)
        return cls(side, np.flatnonzero(inside), reach, needed, int(np.minimum(links, maxima).sum()))

    @property
    def holds(self) -> bool:
        """Whether the set proves that no matching exists."""
        return self.needed > self.available
