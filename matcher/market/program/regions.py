"""Plans with sizes, improved region by region: the providers of a region give up their loads, and a dive fills them.

A large neighbourhood search (Shaw 1998) whose repair is the dive into the relaxation (see `dive`): at prices near the
best most of a region goes where it has to, and the few that are left are priced anew. The first region is the whole.
What a budget is worth counts in every region, so that one may save what another needs more.
"""

from __future__ import annotations

import time
from typing import Any, Final, NamedTuple

import numpy as np

from matcher.base.numbers import BoolArray, FloatArray, IntArray
from matcher.base.progress import Budget
from matcher.market.input import Bools, Ints
from matcher.market.points.compiled import of_one_kind
from matcher.market.program import knapsack
from matcher.market.program.bound import needs
from matcher.market.program.case import ProgramCase
from matcher.market.program.dive import dive
from matcher.market.program.model import tidied

#: arcs of each recipient that are looked at, and the first of them to find who is near
_ARCS: Final = 60
_NEAR: Final = 8
#: steps before the first are sent for good, and pace of the prices in the whole
_FIRST: Final = 30
_WHOLE: Final = (6, 3e-3, 0.05)
#: how many looks at all loads a dive into the whole takes
_LOOKS: Final = 150
#: drawn for each region so that no two are alike: recipients, steps between those that are sent, pace of the prices,
#: share that is sent, noise of the prices
_SIZE: Final = (40.0, 250.0)
_STEPS: Final = (6.0, 20.0)
_PACE: Final = (1e-3, 6e-3)
_SHARE: Final = (0.015, 0.08)
_NOISE: Final = (3e-3, 0.05)
#: how often some providers of a region are shut, and how many
_SHUT: Final = (0.3, 0.1)
#: regions where no clock ends the run, and those without any gain after which it ends
_ROUNDS: Final = 200
_IDLE: Final = 3000
#: regions after which a plan that breaks a bound gives way to one that does not
_PATIENCE: Final = 400
#: how much of the loss against the bound a plan may lose again to go on from (record to record, Dueck 1993)
_LOOSE: Final = 0.01
#: how much less likely a region is drawn again after nothing was gained there
_HOPE: Final = 0.7
#: how likely any recipient is drawn, against those where the plan loses
_ANY: Final = 0.02


class LoadPrices(NamedTuple):
    """What a recipient (R,) and a unit of a budget (B,) are worth, and earlier levels weigh (level,)."""

    u: FloatArray
    v: FloatArray
    mu: FloatArray


class _Worth(NamedTuple):
    """What a plan is worth, in strict order: units over kept levels, units below a least load, its priced value."""

    over: int
    short: int
    priced: float


class RegionSearch:
    """The plan so far, as the arc of each recipient (R,), -1 for none, and the best that keeps every bound."""

    def __init__(self, case: ProgramCase, level: int, kept: tuple[int, ...], arcs: Ints, prices: LoadPrices) -> None:
        self.case, self.level, self.kept, self.u, self.mu = case, level, kept, prices.u, prices.mu
        self.locked = case.must_open | (case.capacity[:, 0] > 0)
        self.need, self.room = needs(case), case.capacity[:, 1]
        grouped = case.group[:, None] == np.arange(len(case.group_open))
        self.limits = np.hstack([case.resource, grouped.astype(np.int64)])
        self.most = np.concatenate([case.budget[:, 1], case.group_open[:, 1]])
        self.v = np.concatenate([prices.v, np.zeros(len(case.group_open))])
        # prices of budgets and of earlier levels included
        self.cost = case.cost[level] + prices.mu @ case.cost[:level]
        missing = case.missing[level] + prices.mu @ case.missing[:level]
        self.missing = np.where(case.demand[:, 0] > 0, np.inf, missing).astype(float)
        self.fixed = case.opening[level] + self.limits @ self.v + prices.mu @ case.opening[:level]
        self.gain = self.cost - prices.u[case.recipient]
        self.wanted = case.demand[:, 1] > 0
        self.top = self._top()
        self.near = np.where(self.top[:, :_NEAR] < 0, -1, case.provider[self.top[:, :_NEAR]]).tolist()
        self.limited = bool(self.limits.any())
        self.at = np.full(case.num_recipients, -1)
        self.at[case.recipient[arcs]] = arcs
        self.worth, self.value = self.valued(self.at)
        self.best, self.sound = self.at, (*self.worth[:2], self.value)
        self.hope = np.ones(case.num_recipients)
        begun = time.perf_counter()
        self.least = self._least()
        self._look_s = time.perf_counter() - begun
        self.record = self.worth
        self.floor = float(np.minimum(self.u, self.missing)[self.wanted].sum() + self.least.sum())

    def _top(self) -> IntArray:
        """Return the arcs of each recipient that are cheapest at these prices, (R, some), -1: no more."""
        case = self.case
        order = np.lexsort((self.gain, case.recipient))
        # what costs half as much again as its recipient is worth is in no good load
        likely = ~case.closed[case.provider] & (self.gain < 0.5 * np.abs(self.u)[case.recipient])
        order = order[likely[order]]
        first = np.searchsorted(case.recipient[order], np.arange(case.num_recipients + 1))
        rank = np.arange(len(order)) - np.repeat(first[:-1], np.diff(first))
        top = np.full((case.num_recipients, _ARCS), -1)
        few = rank < _ARCS
        top[case.recipient[order[few]], rank[few]] = order[few]
        return top

    def _least(self) -> FloatArray:
        """Return what each provider adds to the bound, (P,)."""
        case = self.case
        kinds = of_one_kind(case.start, self.gain, case.size, self.need, self.room, np.zeros(len(self.gain), bool))
        least: FloatArray = self.fixed + knapsack.loads(*kinds)
        return np.where(self.locked, least, np.minimum(0, least))

    def opened(self, at: IntArray) -> BoolArray:
        """Return who is open in a plan, (P,)."""
        opened = self.locked.copy()
        opened[self.case.provider[at[at >= 0]]] = True
        return opened

    def load(self, arcs: IntArray) -> IntArray:
        """Return how much each provider has, (P,)."""
        load = np.zeros(self.case.num_providers, np.int64)
        np.add.at(load, self.case.provider[arcs], self.case.size[arcs])
        return load

    def valued(self, at: IntArray) -> tuple[_Worth, int]:
        """Return what a plan is worth, and its value at this level."""
        case, arcs, opened = self.case, at[at >= 0], self.opened(at)
        *earlier, value = case.values(arcs, opened)[: self.level + 1]
        over = sum(max(0, has - most) for has, most in zip(earlier, self.kept, strict=False))
        over += int(np.count_nonzero((at < 0) & (case.demand[:, 0] > 0)))
        short = int(np.maximum(0, self.need - self.load(arcs))[opened].sum())
        priced = value + float(self.mu @ earlier) + float(self.v @ self.limits[opened].sum(axis=0))
        return _Worth(over, short, priced), value

    def may_dive(self, left_s: float | None) -> bool:
        """Whether a dive into the whole ends in time, as far as one look at all loads tells."""
        return left_s is None or 2 * _LOOKS * self._look_s <= left_s

    def whole(self) -> bool:
        """Begin with a dive into the whole if that is better but for what is to be mended; return whether it is."""
        at = self.filled(np.flatnonzero(self.wanted), self.u, _WHOLE, np.zeros(self.case.num_providers, bool))
        worth, value = self.valued(at)
        if worth.priced >= self.worth.priced:
            return False
        self.take(at, worth, value)
        return True

    def back(self) -> None:
        """Return to the best plan that keeps every bound."""
        self.at = self.best
        self.worth, self.value = self.valued(self.at)
        self.record = self.worth

    def take(self, at: IntArray, worth: _Worth, value: int) -> None:
        """Go on from a plan."""
        self.at, self.worth, self.value = at, worth, value
        self.record = min(self.record, worth)
        if (*worth[:2], value) < self.sound:
            self.best, self.sound = at, (*worth[:2], value)

    def round(self, rng: np.random.Generator) -> bool:
        """Choose anew in one region; return whether the plan gained."""
        size, steps, pace, share, noise = (
            float(np.exp(rng.uniform(*np.log(ends)))) for ends in (_SIZE, _STEPS, _PACE, _SHARE, _NOISE)
        )
        region = self.region(rng, int(min(size, 0.8 * len(self.at))))
        u = self.u[region] * (1 + rng.normal(0, noise, len(region)))
        shut = rng.random(self.case.num_providers) < _SHUT[1] * (rng.random() < _SHUT[0])
        at = self.filled(region, u, (int(steps), pace, share), shut)
        worth, value = self.valued(at)
        self.hope[region] = 1 if worth < self.worth else self.hope[region] * _HOPE
        gained = worth < self.record
        loose = _LOOSE * max(0.0, self.record.priced - self.floor)
        if worth <= self.worth or (worth[:2] <= self.record[:2] and worth.priced < self.record.priced + loose):
            self.take(at, worth, value)
        return gained

    def drawn(self, rng: np.random.Generator) -> int:
        """Return a recipient, likelier where the plan loses most against the bound and nothing was tried in vain."""
        case, served = self.case, np.flatnonzero(self.at >= 0)
        owner = case.provider[self.at[served]]
        gains = np.bincount(owner, self.gain[self.at[served]], case.num_providers)
        loss = np.where(self.opened(self.at), self.fixed + gains, 0) - self.least
        loss = np.maximum(0, np.nan_to_num(loss, posinf=0.0, neginf=0.0))
        weight = np.zeros(case.num_recipients)
        weight[served] = loss[owner]
        most = float(weight.max(initial=0)) + 1
        short = self.load(self.at[served]) < self.need
        weight[served] += 5 * most * short[owner]
        weight[(self.at < 0) & self.wanted] = 5 * most
        weight = np.where(self.wanted, weight * self.hope + _ANY * weight.mean() + 1e-9, 0.0)
        return int(rng.choice(case.num_recipients, p=weight / weight.sum()))

    def region(self, rng: np.random.Generator, size: int) -> IntArray:
        """Return recipients around a drawn one, with all that its providers have, ascending."""
        case = self.case
        served = np.flatnonzero(self.at >= 0)
        owner = case.provider[self.at[served]]
        order = np.argsort(owner, kind="stable")
        first = np.searchsorted(owner[order], np.arange(case.num_providers + 1)).tolist()
        members = served[order].tolist()
        # apart from each other, one may save what the other needs of a budget
        queue = [self.drawn(rng) for _ in range(1 + int(rng.integers(0, 4)) * self.limited)]
        queue = list(dict.fromkeys(queue))
        inside, seen, n = set(queue), {-1}, 0
        while n < len(queue) and len(queue) < size:
            for j in self.near[queue[n]]:
                if j in seen:
                    continue
                seen.add(j)
                fresh = [r for r in members[first[j] : first[j + 1]] if r not in inside]
                inside.update(fresh)
                queue += fresh
            n += 1
        for r in np.flatnonzero((self.at < 0) & self.wanted)[:size].tolist():
            if not seen.isdisjoint(j for j in self.near[r] if j >= 0):
                inside.add(r)
        return np.array(sorted(inside))

    def filled(self, region: IntArray, u: FloatArray, how: tuple[int, float, float], shut: BoolArray) -> IntArray:
        """Return the plan with a dive into a region: recipients that wait, and their prices.

        `how`: steps, pace and share of the dive; nobody more goes to providers that are `shut`.
        """
        case = self.case
        at = self.at.copy()
        before, at[region] = at[region], -1
        opened, room = self.opened(at), self.room - self.load(at[at >= 0])
        arcs = np.unique(np.concatenate([self.top[region].ravel(), before]))
        arcs = arcs[arcs >= 0]
        arcs = arcs[(case.size[arcs] <= room[case.provider[arcs]]) & ~shut[case.provider[arcs]]]
        if not len(arcs):
            return at
        places, owner = np.unique(case.provider[arcs], return_inverse=True)
        first = np.searchsorted(owner, np.arange(len(places) + 1))
        left = self.most - self.limits[opened].sum(axis=0)
        recipient, load = np.searchsorted(region, case.recipient[arcs]), (self.room - room)[places]
        problem: Any = of_one_kind(
            *(first, recipient, owner, self.cost[arcs].astype(float), case.size[arcs]),
            *(self.missing[region], self.fixed[places], self.limits[places]),
        )
        state: Any = of_one_kind(
            *(u.copy(), opened[places], room[places], self.need[places] - load, left.astype(np.int64)),
            *(np.ones(len(region), bool), np.full(len(region), -1), np.zeros(len(arcs))),
        )
        dive(problem, state, _FIRST, *how)
        at[region] = np.where(state[6] >= 0, arcs[state[6]], -1)
        return at


def improve(
    search: RegionSearch, budget: Budget, seconds: float | None, aim: float = -np.inf, *, mends: bool = False
) -> tuple[Ints, Bools]:
    """Return a plan that keeps the values of earlier levels and is no worse at this one; each region is one of work.

    Nothing is looked for once the value has come down to `aim`, or, if it `mends`, once every bound is kept.
    """
    clock = budget if seconds is None else Budget(time_limit_s=seconds)
    rng = np.random.default_rng(search.level)
    idle, rounds, dives = 0, 0, search.may_dive(None if seconds is None else clock.time_left_s)
    while budget.stop_reason is None and clock.stop_reason is None and idle < _IDLE:
        whole = search.worth[:2] == (0, 0)
        if (whole and (mends or search.value <= aim)) or (seconds is None and rounds >= _ROUNDS):
            break
        budget.spend()
        gained = search.whole() if dives and not rounds else search.round(rng)
        rounds += 1
        idle = 0 if gained else idle + 1
        if rounds == _PATIENCE and not whole and search.sound[:2] == (0, 0):
            search.back()
    arcs = np.sort(search.best[search.best >= 0])
    return arcs, tidied(search.case, arcs, search.opened(search.best))
