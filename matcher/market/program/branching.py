"""Siting proved by branching on sites, each node bounded by its own prices (Christofides and Beasley 1982).

A node says of some sites that they are open and of others that they are closed. Its prices start from those of the node
above, are rounded to whole numbers, and what is decided by them (a node is dropped, a site settled) is decided in exact
integers. The node of least bound comes first.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np

from matcher.base.numbers import BoolArray, FloatArray, IntArray, magnitude
from matcher.base.progress import Budget, Progress
from matcher.market.points.compiled import of_one_kind
from matcher.market.program import site_prices
from matcher.market.program.case import NO_MOST
from matcher.market.program.swaps import Near

SOLVER: Final = "matcher (branching on prices)"
#: finest fraction of a unit in which prices are kept, and what sums in whole numbers may reach
_FINEST: Final = 1 << 12
_WORD: Final = 1 << 61
#: steps of a node: at most, before a step is halved, the first and the least step
_ROUNDS: Final = 200
_PATIENCE: Final = 8
_FIRST: Final = 0.5
_LEAST: Final = 0.02
_REPORT: Final = 200


@dataclass(slots=True, eq=False)
class SiteTables:
    """What the loops of `site_prices` need of a siting of one level, whole numbers throughout.

    Attributes
    ----------
    arcs
        (start (R + 1,), provider, cost), the arcs of each recipient in order of cost.
    limit : (R,)
        No price passes it: the first arc that was left out, or what a missing unit costs; NO_MOST without either.
    away : (R,)
        At least what a recipient without an open site costs.
    scale
        How many parts of a unit prices are kept in.
    """

    near: Near
    arcs: tuple[IntArray, IntArray, IntArray]
    groups: tuple[IntArray, IntArray]
    limit: IntArray
    away: IntArray
    scale: int

    @classmethod
    def of(cls, near: Near, open_to: BoolArray | None = None) -> SiteTables:
        """Return the tables of a siting, perhaps without the arcs of some sites (`open_to` (P,) False)."""
        case = near.case
        use = np.ones(len(near.cost), bool) if open_to is None else open_to[near.provider]
        recipient = near.recipient[use]
        start = np.searchsorted(recipient, np.arange(case.num_recipients + 1))
        asked, must = case.demand[:, 1] > 0, case.demand[:, 0] > 0
        limit = np.where(asked, np.where(must, near.limit, np.minimum(near.limit, case.missing[0])), 0)
        away = np.where(asked, np.minimum(near.away, near.limit), 0)
        largest = magnitude(near.cost) + magnitude(case.missing[0]) + 1
        reach = 8 * (largest * (case.num_recipients + 1) + magnitude(case.opening[0]) * (case.num_providers + 1))
        scale = _FINEST
        while scale > 1 and reach * scale >= _WORD:
            scale //= 2
        arcs = of_one_kind(start, near.provider[use], near.cost[use])
        return cls(near, arcs, of_one_kind(case.group, case.group_open), limit, away, scale)  # type: ignore[arg-type]

    @property
    def sites(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """(opening, resource, budget) in floating point."""
        case = self.near.case
        return of_one_kind(case.opening[0].astype(float), case.resource.astype(float), case.budget.astype(float))  # type: ignore[return-value]

    def state(self, closed: BoolArray, must: BoolArray) -> IntArray:
        """Return 1 for sites that are open, -1 for closed ones, 0 for the others, (P,)."""
        return np.where(closed, -1, np.where(must, 1, 0)).astype(np.int64)


class Seen(NamedTuple):
    """The relaxation at whole prices: `scale` times its value, `scale` times rho (P,), and who is chosen (P,)."""

    value: int
    rho: IntArray
    chosen: BoolArray


@dataclass(slots=True, eq=False)
class SiteAscent:
    """Prices of one node on their way up."""

    tables: SiteTables
    state: IntArray
    u: FloatArray
    v: FloatArray
    often: FloatArray
    step: float = 1.5
    patience: int = 30
    least: float = 1e-3
    best: float = -np.inf
    steps: int = 0
    constant: int = field(init=False)
    _now: tuple[FloatArray, FloatArray] = field(init=False)
    _last: tuple[FloatArray, FloatArray] = field(init=False)
    _pace: FloatArray = field(init=False)
    _sites: Any = field(init=False)
    _limit: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        self.constant = self.tables.near.case.constant[0]
        self._now = (self.u.copy(), self.v.copy())
        self._last = (np.zeros_like(self.u), np.zeros_like(self.v))
        self._pace = np.array([self.step, 0.0, self.patience, self.least, -np.inf])
        self._sites = self.tables.sites
        self._limit = np.where(self.tables.limit >= NO_MOST, np.inf, self.tables.limit.astype(float))

    @property
    def tired(self) -> bool:
        """Whether the steps have become too small to gain anything."""
        return bool(self._pace[0] < self.least)

    def climb(self, rounds: int, upper: float, enough: float) -> bool:
        """Climb for so many steps; False if the groups leave no choice."""
        aim = (float(upper - self.constant), float(enough - self.constant))
        prices = (*self._now, self.u, self.v, *self._last)
        tables = self.tables
        done = site_prices.climb(
            tables.arcs,
            tables.groups,
            self._sites,
            self.state,
            self._limit,
            prices,
            self.often,
            rounds,
            aim,
            self._pace,
        )
        self.best = float(self._pace[4]) + self.constant
        self.steps += max(0, int(done))
        return bool(done >= 0)

    def whole(self) -> tuple[IntArray, IntArray]:
        """Return the best prices in parts of a unit, (R,) and (B,)."""
        tables, case = self.tables, self.tables.near.case
        ceiling = np.where(tables.limit >= NO_MOST, _WORD, np.minimum(tables.limit, NO_MOST // tables.scale))
        most = 2.0 * magnitude(tables.near.cost) + magnitude(tables.near.away) + 1
        u = np.rint(np.clip(self.u, -most, most) * tables.scale).astype(np.int64)
        u = np.where(tables.limit >= NO_MOST, u, np.minimum(u, ceiling * tables.scale))
        v = np.rint(np.nan_to_num(self.v) * tables.scale)
        if float(np.abs(v).sum()) * (magnitude(case.resource) + 1) * (case.num_providers + 1) >= _WORD / 8:
            v = np.zeros_like(v)
        return u, v.astype(np.int64)

    def seen(self) -> Seen | None:
        """Return the relaxation at the best prices in whole numbers; None if the groups leave no choice."""
        tables, case = self.tables, self.tables.near.case
        u, v = self.whole()
        rho = case.opening[0] * tables.scale + case.resource @ v
        chosen = np.zeros(len(rho), bool)
        site_prices.weigh(tables.arcs, u, np.int64(tables.scale), rho)
        if not site_prices.choose(tables.groups, self.state, rho, chosen):
            return None
        value = sum(u.tolist()) + int(rho[chosen].sum()) + tables.scale * self.constant
        for price, (least, most) in zip(v.tolist(), case.budget.tolist(), strict=True):
            value -= price * (most if price > 0 else least)
        return Seen(value, rho, chosen)


class Branched(NamedTuple):
    """The best sites found (P,), None if none is better than what was known; the bound; whether the search ended."""

    opened: BoolArray | None
    bound: int
    ended: bool


@dataclass(slots=True, eq=False)
class _Node:
    state: IntArray
    u: FloatArray
    v: FloatArray
    often: FloatArray


class Branching:
    """A search over sites, the best plan known worth `best`.

    Attributes
    ----------
    state : (P,)
        Which sites are open (1) or closed (-1) in every better plan, by the prices of the root.
    """

    def __init__(self, root: SiteAscent, best: int, budget: Budget) -> None:
        tables = root.tables
        self.tables, self.best, self.budget = tables, best, budget
        self.opened: BoolArray | None = None
        self.constant = tables.near.case.constant[0]
        self.state = root.state
        self._open: list[tuple[int, int, _Node]] = []
        self._unsettled: int | None = None
        self._number = 0
        self._look(root)
        # most of the arcs lead to sites that are closed by now
        self.tables = SiteTables.of(tables.near, self.state >= 0)

    def search(self, nodes: int, seconds: float | None) -> Branched:
        """Look at so many more nodes, for so long."""
        clock = self.budget if seconds is None else Budget(time_limit_s=seconds)
        last = self._number + nodes
        while self._open and self._number < last:
            bound = self.bound
            if self.budget.stop_reason is not None or clock.stop_reason is not None:
                break
            if self.budget.close_enough(self.best, bound):
                break
            least, _, node = heapq.heappop(self._open)
            if least >= self.best:
                continue
            self.budget.spend()
            if self._number % _REPORT == 0:
                self.budget.report(Progress("branch", self._number, value=self.best, bound=bound))
            self._branch(node, least)
        return Branched(self.opened, self.bound, not self._open)

    @property
    def bound(self) -> int:
        """What no plan can beat."""
        known = [self.best, *(node[0] for node in self._open[:1])]
        return min(known if self._unsettled is None else [*known, self._unsettled])

    def _branch(self, node: _Node, least: int) -> None:
        free = np.flatnonzero(node.state == 0)
        site = int(free[np.argmin(np.abs(node.often[free] - 0.5))])
        for way in (1, -1):
            state = node.state.copy()
            state[site] = way
            ascent = SiteAscent(
                self.tables,
                state,
                node.u.copy(),
                node.v.copy(),
                node.often.copy(),
                _FIRST,
                _PATIENCE,
                _LEAST,
            )
            if not ascent.climb(_ROUNDS, self.best, self.best - 1 + 1e-3):
                continue
            self._look(ascent, least)

    def _look(self, ascent: SiteAscent, least: int | None = None) -> None:
        """Take a node whose prices are up: settle what they settle, and keep it unless they close it."""
        state, scale = ascent.state, self.tables.scale
        while True:
            seen = ascent.seen()
            if seen is None or not self._may_keep_budgets(state):
                return
            self._try(seen.chosen)
            if seen.value > (self.best - 1) * scale:
                return
            if not site_prices.settle(
                self.tables.groups, state, seen.rho, seen.chosen, (self.best - 1) * scale - seen.value
            ):
                break
        bound = -(-seen.value // scale)
        bound = bound if least is None else max(bound, least)
        if not (state == 0).any():
            self._leaf(state == 1)
            return
        self._number += 1
        node = _Node(state, ascent.u, ascent.v, ascent.often)
        heapq.heappush(self._open, (bound, -self._number, node))

    def _leaf(self, opened: BoolArray) -> None:
        """Take a node in which everything is decided."""
        if self._allowed(opened) and not self._try(opened):
            # arcs that were left out may serve somebody for less than is known here
            value = self._value(opened)
            if value < self.best:
                self._unsettled = value if self._unsettled is None else min(value, self._unsettled)

    def _value(self, opened: BoolArray) -> int:
        case = self.tables.near.case
        total = site_prices.costs(self.tables.arcs, opened, self.tables.away)
        return int(total) + int(case.opening[0][opened].sum()) + self.constant

    def _try(self, opened: BoolArray) -> bool:
        """Keep a set of sites if it is better than the best and serves everybody by known arcs."""
        if not self._allowed(opened) or self._value(opened) >= self.best:
            return False
        case = self.tables.near.case
        total = int(site_prices.costs(self.tables.arcs, opened, self.tables.near.away))
        value = total + int(case.opening[0][opened].sum()) + self.constant
        if value >= self.best:
            return False
        self.best, self.opened = value, opened.copy()
        return True

    def _allowed(self, opened: BoolArray) -> bool:
        case = self.tables.near.case
        spent = case.resource[opened].sum(axis=0)
        return bool(((spent >= case.budget[:, 0]) & (spent <= case.budget[:, 1])).all())

    def _may_keep_budgets(self, state: IntArray) -> bool:
        """Whether the sites that are decided leave every budget a chance."""
        case = self.tables.near.case
        if not len(case.budget):
            return True
        sure = case.resource[state == 1].sum(axis=0)
        rest = case.resource[state == 0]
        low, high = sure + np.minimum(rest, 0).sum(axis=0), sure + np.maximum(rest, 0).sum(axis=0)
        return bool(((low <= case.budget[:, 1]) & (high >= case.budget[:, 0])).all())
