"""LevelMultipliers for `bound`: a subgradient ascent in floating point, rounded to integers at the end.

The step is Polyak's, halved when nothing is gained for a while (Held, Wolfe, Crowder 1974), along directions that keep
part of the last one (Camerini, Fratta, Maffioli 1975). What comes out proves what `bound` says it proves, whatever
happened here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from matcher.base.numbers import BoolArray, FloatArray, IntArray, magnitude
from matcher.base.progress import Budget
from matcher.market.points.compiled import of_one_kind
from matcher.market.program import bound as exact
from matcher.market.program import knapsack
from matcher.market.program.bound import LevelMultipliers
from matcher.market.program.case import NO_MOST, ProgramCase

_HALVE_AFTER: Final = 15
_LEAST_STEP: Final = 1e-4
_AGAIN: Final = 0.5
_MEMORY: Final = 0.3
#: finest fraction of a unit in which multipliers are kept
_FINEST: Final = 1 << 12


class RelaxedProgram(NamedTuple):
    """The relaxation at some multipliers: its value, `rho` (P,), who is chosen (P,), and the subgradients."""

    value: float
    rho: FloatArray
    chosen: BoolArray
    u: FloatArray
    v: FloatArray
    mu: FloatArray


@dataclass(slots=True, eq=False)
class PriceAscent:
    """LevelMultipliers on their way up for one level, those before it kept at their values."""

    case: ProgramCase
    level: int
    kept: tuple[int, ...]
    u: FloatArray
    v: FloatArray
    mu: FloatArray
    best: float = -np.inf
    step: float = 1.5
    best_at: tuple[FloatArray, FloatArray, FloatArray] | None = None
    limit: IntArray | None = None
    restarts: int = 0
    _waiting: int = 0
    _last: tuple[FloatArray, FloatArray, FloatArray] | None = None
    _plain: bool = field(init=False)
    _whole: bool = field(init=False)
    _loads: tuple[IntArray, ...] = field(init=False)
    _cost: FloatArray = field(init=False)
    _scale: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        case = self.case
        total = np.zeros(case.num_providers, np.int64)
        np.add.at(total, case.provider, case.size)
        free = not (exact.needs(case).any() or case.counts_pairs)
        self._plain = free and bool((total <= case.capacity[:, 1]).all())
        self._whole = not self._plain and knapsack.is_worth_it(case.size, case.capacity[:, 1], case.counts_pairs)
        self._loads = of_one_kind(case.start, case.size, exact.needs(case), case.capacity[:, 1])
        self._cost = case.cost[self.level].astype(float)
        typical = [float(np.abs(row).mean()) if row.size else 1.0 for row in case.cost[: self.level]]
        self._scale = np.maximum(1.0, np.array(typical))

    @classmethod
    def thinned(cls, case: ProgramCase, level: int, kept: tuple[int, ...], most: int) -> PriceAscent:
        """Start with about `most` arcs, the cheapest of each recipient; no price passes those that are left out."""
        if len(case.provider) <= most or (level and bool((case.cost[:level] < 0).any())):
            return cls.begin(case, level, kept)
        each = max(12, most // max(1, case.num_recipients))
        order = np.lexsort((*reversed(case.cost[level:]), case.recipient))
        ends = np.searchsorted(case.recipient[order], np.arange(case.num_recipients + 1))
        rank = np.arange(len(order)) - np.repeat(ends[:-1], np.diff(ends))
        limit = np.full(case.num_recipients, NO_MOST)
        cut = np.flatnonzero(np.diff(ends) > each)
        limit[cut] = case.cost[level][order[ends[cut] + each]]
        if (limit[cut] <= case.cost[level][order[ends[cut]]]).any():
            return cls.begin(case, level, kept)  # what is left out is as cheap as what is not
        at = np.sort(order[rank < each])
        found = cls.begin(case.only(at), level, kept)
        found.u, found.limit = np.minimum(found.u, limit), limit
        return found

    @classmethod
    def begin(cls, case: ProgramCase, level: int, kept: tuple[int, ...]) -> PriceAscent:
        """Start from the price at which each recipient is indifferent between its two cheapest arcs."""
        big = 2.0 * magnitude(case.cost[level]) + 1
        order = np.lexsort((case.cost[level], case.recipient))
        start = np.searchsorted(case.recipient[order], np.arange(case.num_recipients + 1))
        second = np.minimum(start[:-1] + 1, start[1:] - 1)
        u = np.full(case.num_recipients, big)
        there = start[1:] > start[:-1]
        u[there] = case.cost[level][order][second[there]]
        optional = case.demand[:, 0] < case.demand[:, 1]
        u[optional] = np.minimum(u[optional], case.missing[level][optional])
        return cls(case, level, kept, u, np.zeros(len(case.budget)), np.zeros(level))

    def relaxed(self) -> RelaxedProgram | None:
        """Return the relaxation at the present multipliers, None if nobody may be chosen as the bounds ask."""
        case, level = self.case, self.level
        mixed = self._cost if not level else self._cost + self.mu @ case.cost[:level]
        gain = mixed - self.u[case.recipient]
        some, taken = np.flatnonzero(gain < 0), None
        rho: FloatArray = case.opening[level] + case.resource @ self.v + self.mu @ case.opening[:level]
        able = np.ones(case.num_providers, bool)
        if self._plain:
            worth: FloatArray = np.bincount(case.provider[some], gain[some], case.num_providers).astype(float)
        else:
            worth, taken, able = self._knapsacks(gain)
            some = np.flatnonzero(taken)
        rho = rho + worth
        chosen = exact.choice(case, rho, able)
        if chosen is None:
            return None
        missing = case.missing[level] + self.mu @ case.missing[:level]
        most, span = case.demand[:, 1], case.demand[:, 1] - case.demand[:, 0]
        lost = np.where(missing < self.u, span, 0)
        share = chosen[case.provider[some]].astype(float)
        if taken is not None:
            share *= taken[some]
        used = np.bincount(case.recipient[some], share, minlength=case.num_recipients)
        least, room = case.budget[:, 0], case.budget[:, 1]
        spent = case.resource[chosen].sum(axis=0)
        value = case.constant[level] + self.u @ most + np.minimum(0, missing - self.u) @ span + rho[chosen].sum()
        value -= (self.v * np.where(self.v > 0, room, least)).sum()
        over = np.where(self.v > 0, spent - room, np.where(self.v < 0, spent - least, 0))
        over = np.where(self.v == 0, np.maximum(spent - room, 0) + np.minimum(spent - least, 0), over)
        gradient_mu = np.zeros(level)
        for k in range(level):
            reached = case.cost[k][some] @ share + case.opening[k] @ chosen + case.missing[k] @ lost + case.constant[k]
            gradient_mu[k] = reached - self.kept[k]
            value += self.mu[k] * (case.constant[k] - self.kept[k])
        return RelaxedProgram(
            float(value), rho, chosen, (most - lost - used).astype(float), over.astype(float), gradient_mu
        )

    def _knapsacks(self, gain: FloatArray) -> tuple[FloatArray, FloatArray, BoolArray]:
        case = self.case
        if self._whole:
            taken = np.zeros(len(gain), bool)
            start, size, need, room = self._loads
            worth = knapsack.loads(start, gain, size, need, room, taken)
            able = np.isfinite(worth)
            return np.where(able, worth, 0.0), taken.astype(float), able
        arc, able = exact.critical(case, gain)
        if not len(gain):
            return np.zeros(case.num_providers), gain, able
        tight = arc >= 0
        size = case.size
        rate = np.where(tight, gain[arc] / np.maximum(1, size[arc]), 0.0)
        room = np.where(rate < 0, case.capacity[:, 1], exact.needs(case)).astype(float)
        net = gain - rate[case.provider] * size
        net[arc[tight]] = 0
        worth = np.bincount(case.provider, np.minimum(0, net), minlength=case.num_providers) + rate * room
        taken = (net < 0).astype(float)
        load = np.bincount(case.provider, taken * size, minlength=case.num_providers)
        taken[arc[tight]] = np.clip(((room - load) / np.maximum(1, size[arc]))[tight], 0, 1)
        if case.counts_pairs:
            other, chosen = exact.counted(case, gain)
            better = other > worth
            worth = np.where(better, other, worth)
            taken = np.where(better[case.provider], chosen, taken)
        return worth, taken, able

    def climb(self, upper: float) -> RelaxedProgram | None:
        """Look once and step once; return what was seen."""
        seen = self.relaxed()
        if seen is None:
            return None
        if seen.value > self.best + 1e-9 * abs(self.best if np.isfinite(self.best) else 0):
            self.best, self._waiting = seen.value, 0
            self.best_at = (self.u.copy(), self.v.copy(), self.mu.copy())
        else:
            self._waiting += 1
            if self._waiting >= _HALVE_AFTER:
                self.step, self._waiting = self.step / 2, 0
                if self.step < _LEAST_STEP and self.restarts:
                    self.step, self.restarts = _AGAIN, self.restarts - 1
                if self.best_at is not None:
                    self.u, self.v, self.mu = (part.copy() for part in self.best_at)
                    self._last = None
        scale_v = np.maximum(1.0, self.case.budget[:, 1] / np.sqrt(max(1, self.case.num_recipients)))
        scale_m = self._scale
        gradient = (seen.u, seen.v / scale_v, seen.mu / scale_m)
        if self._last is not None:
            gradient = tuple(g + _MEMORY * b for g, b in zip(gradient, self._last, strict=True))
        self._last = gradient
        norm = sum(float(g @ g) for g in gradient)
        if norm > 0:
            length = self.step * max(upper - seen.value, 1e-3 * max(1.0, abs(upper)) * self.step) / norm
            self.u = self.u + length * gradient[0]
            if self.limit is not None:
                self.u = np.minimum(self.u, self.limit)
            self.v = self._signed(self.v + length * gradient[1] / scale_v)
            self.mu = np.maximum(0, self.mu + length * gradient[2] / scale_m)
        return seen

    def _signed(self, v: FloatArray) -> FloatArray:
        """Return prices of budgets; a least of 0 asks for nothing."""
        return np.where(self.case.budget[:, 0] <= 0, np.maximum(0, v), v)

    def room_prices(self) -> FloatArray:
        """Return what a unit of each provider's room is worth, (P,), 0 where it does not bind."""
        case, (u, _, mu) = self.case, self.best_at or (self.u, self.v, self.mu)
        gain = case.cost[self.level] + mu @ case.cost[: self.level] - u[case.recipient]
        if not len(gain):
            return np.zeros(case.num_providers)
        arc, _ = exact.critical(case, gain)
        rate = gain[arc] / np.maximum(1, case.size[arc])
        return np.where(arc >= 0, np.maximum(0.0, -rate), 0.0)

    @property
    def looks_at_loads(self) -> bool:
        """Whether each step finds the best whole load of every provider."""
        return self._whole

    def tired(self) -> bool:
        """Whether the steps have become too small to gain anything."""
        return self.step < _LEAST_STEP

    def rounded(self) -> tuple[IntArray, IntArray, IntArray]:
        """Return weights (K,), u (R,) and v (B,) in integers, as fine as the exact range allows."""
        u, v, mu = self.best_at or (self.u, self.v, self.mu)
        case = self.case
        reach = float(magnitude(case.cost[self.level]) + np.abs(u).max(initial=0) + magnitude(case.missing[self.level]))
        reach += float(mu @ [magnitude(row) for row in case.cost[: self.level]])
        reach = 8 * (reach + 1) * max(1, magnitude(case.size)) * (case.num_recipients + 1)
        own = _FINEST
        while own > 1 and reach * own >= 2.0**62:
            own //= 2
        weights = np.zeros(case.num_levels, np.int64)
        weights[: self.level] = np.rint(mu * own)
        weights[self.level] = own
        # what has run away proves nothing, and `bound` says so
        u, v = (np.clip(np.nan_to_num(np.rint(part * own)), -(2.0**61), 2.0**61) for part in (u, v))
        return weights, u.astype(np.int64), v.astype(np.int64)


def ascend(
    ascent: PriceAscent,
    upper: Callable[[], float],
    rounds: int,
    budget: Budget,
    seen: Callable[[RelaxedProgram], None] | None = None,
) -> None:
    """Climb for so many rounds, or until nothing is gained or `upper` is reached; each round is a unit of work."""
    for _ in range(rounds):
        if (
            ascent.tired()
            or budget.stop_reason is not None
            or ascent.best > upper() - 1e-6 * max(1, abs(upper())) * 1e-3
        ):
            return
        budget.spend()
        found = ascent.climb(upper())
        if found is None:
            return
        if seen is not None:
            seen(found)


def stacked(rows: list[tuple[IntArray, IntArray, IntArray]], case: ProgramCase) -> LevelMultipliers:
    """Return the multipliers of the first levels as one certificate."""
    sizes = (case.num_levels, case.num_recipients, len(case.budget))
    parts = [np.array([row[i] for row in rows], np.int64).reshape(len(rows), size) for i, size in enumerate(sizes)]
    return LevelMultipliers(*parts)
