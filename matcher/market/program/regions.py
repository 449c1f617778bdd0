"""Plans with sizes, improved region by region: whole loads of some providers are listed, and HiGHS chooses among them.

A large neighbourhood search (Shaw 1998) over the columns of column generation (Barnhart and others 1998): with the
prices of the bound most loads cannot be part of a good plan, so few are left to choose from, and the linear relaxation
of the choice is close. Recipients may be covered twice; the dearer pair is dropped. What a budget is worth counts in
every region, so that one may save what another needs more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from matcher.base.numbers import BoolArray, FloatArray, IntArray
from matcher.base.progress import Budget
from matcher.market.input import Bools, Ints
from matcher.market.points.compiled import of_one_kind
from matcher.market.program import knapsack
from matcher.market.program.bound import needs
from matcher.market.program.case import ProgramCase
from matcher.market.program.model import Sheet, tidied
from matcher.programs import highs
from matcher.programs.rows import UNBOUNDED, Linear

#: recipients of the first region: so many by the mean number in a load; loads listed for it, in all and of one
_FIRST: Final = 600
_LEAST_FIRST: Final = 60
_MOST_FIRST: Final = 300
_LOADS: Final = 3500
_EACH: Final = 150
#: how long one region may take, in seconds, or in nodes where no clock ends the run
_SECONDS: Final = 8.0
_NODES: Final = 100
_ROUNDS: Final = 60
#: rounds without any gain after which it ends
_IDLE: Final = 60
#: how much less likely a region is drawn again after nothing was gained there
_HOPE: Final = 0.5


class LoadPrices(NamedTuple):
    """What a recipient (R,) and a unit of a budget (B,) are worth, and earlier levels weigh (level,)."""

    u: FloatArray
    v: FloatArray
    mu: FloatArray


def improve(
    case: ProgramCase,
    level: int,
    kept: tuple[int, ...],
    plan: tuple[Ints, Bools],
    prices: LoadPrices,
    budget: Budget,
    seconds: float | None,
) -> tuple[Ints, Bools]:
    """Return a plan that keeps the values of earlier levels and is no worse at this one; each region is one of work."""
    search = _Search(case, level, kept, plan[0], prices)
    clock = budget if seconds is None else Budget(time_limit_s=seconds)
    rng = np.random.default_rng(level)
    size, idle, rounds = search.first_size(), 0, 0
    while budget.stop_reason is None and clock.stop_reason is None and idle < _IDLE:
        if seconds is None and rounds >= _ROUNDS:
            break
        rounds += 1
        budget.spend()
        left = clock.time_left_s
        here = Budget(work_limit=_NODES) if left is None else Budget(time_limit_s=min(_SECONDS, left))
        status, gained = search.round(rng, int(size), here)
        idle = 0 if gained else idle + 1
        size = min(size * (1.1 if status == "optimal" else 0.8), float(case.num_recipients))
        size = max(size, 10.0)
    arcs = np.sort(search.best[search.best >= 0])
    locked = case.must_open | (case.capacity[:, 0] > 0)
    opened = locked.copy()
    opened[case.provider[arcs]] = True
    return arcs, tidied(case, arcs, opened)


@dataclass(slots=True)
class _Region:
    """Free recipients and providers (positions), loads of the latter as (owner, arcs), and what others leave."""

    recipients: Ints
    providers: Ints
    loads: list[tuple[int, Ints]]


class _Search:
    """The plan so far, as the arc of each recipient (R,), -1 for none."""

    def __init__(self, case: ProgramCase, level: int, kept: tuple[int, ...], arcs: Ints, prices: LoadPrices) -> None:
        self.case, self.level, self.kept = case, level, kept
        self.at = np.full(case.num_recipients, -1)
        self.at[case.recipient[arcs]] = arcs
        self.locked = case.must_open | (case.capacity[:, 0] > 0)
        self.start, self.size, self.need, self.room = of_one_kind(
            case.start, case.size, needs(case), case.capacity[:, 1]
        )
        self.v = prices.v
        # what opens adds, prices of budgets and of earlier levels included
        self.fixed = case.opening[level] + case.resource @ prices.v + prices.mu @ case.opening[:level]
        self.fixed[self.locked] = 0
        self.gain = case.cost[level] + prices.mu @ case.cost[:level] - prices.u[case.recipient]
        self.near = np.lexsort((self.gain, case.recipient))
        self.first = np.searchsorted(case.recipient[self.near], np.arange(case.num_recipients + 1))
        self.best, self.value = self.at.copy(), self.whole()
        taken = np.zeros(len(self.gain), bool)
        least = self.fixed + knapsack.loads(self.start, self.gain, self.size, self.need, self.room, taken)
        self.least = np.where(self.locked, least, np.minimum(0, least))
        self.hope = np.ones(case.num_recipients)

    def first_size(self) -> float:
        """Return how many recipients the first region has: the more, the fewer a load has."""
        owner = self.case.provider[self.at[self.at >= 0]]
        held = len(owner) / max(1, len(np.unique(owner)))
        return float(np.clip(_FIRST / max(1.0, held), _LEAST_FIRST, _MOST_FIRST))

    def whole(self) -> int:
        """Return the value of the plan at this level, its budgets not priced."""
        arcs = self.at[self.at >= 0]
        return self.case.values(arcs, self.opened())[self.level]

    def opened(self) -> BoolArray:
        opened = self.locked.copy()
        opened[self.case.provider[self.at[self.at >= 0]]] = True
        return opened

    def round(self, rng: np.random.Generator, size: int, budget: Budget) -> tuple[str, bool]:
        """Choose anew in one region; return how the solver ended, and whether the best plan gained."""
        region = self.region(rng, size)
        self.hope[region.recipients] *= _HOPE
        if not region.loads:
            return "optimal", False
        status, chosen = self.choose(region, budget)
        if chosen is None:
            return status, False
        self.take(region, chosen)
        value = self.whole()
        if value >= self.value:
            return status, False
        self.best, self.value = self.at.copy(), value
        self.hope[region.recipients] = 1
        return status, True

    def drawn(self, rng: np.random.Generator) -> int:
        """Return a recipient, likelier where the plan loses most against the bound and nothing was tried in vain."""
        case, served = self.case, np.flatnonzero(self.at >= 0)
        owner = case.provider[self.at[served]]
        load = np.bincount(owner, self.gain[self.at[served]], case.num_providers)
        loss = np.where(self.opened(), self.fixed + load, 0) - self.least
        weight = np.full(case.num_recipients, float(np.abs(loss).mean()) + 1)
        weight[served] = np.maximum(0, loss[owner]) + 0.1 * weight[served]
        weight = np.nan_to_num(weight * self.hope, posinf=0.0) + 1e-9
        return int(rng.choice(case.num_recipients, p=weight / weight.sum()))

    def region(self, rng: np.random.Generator, size: int) -> _Region:
        """Return recipients around a drawn one, and the providers that have no others."""
        case = self.case
        members: dict[int, list[int]] = {}
        for r in np.flatnonzero(self.at >= 0).tolist():
            members.setdefault(int(case.provider[self.at[r]]), []).append(r)
        inside: dict[int, None] = {self.drawn(rng): None}
        seen: set[int] = set()
        queue, n = list(inside), 0
        while n < len(queue) and len(inside) < size:
            r = queue[n]
            n += 1
            around = self.near[self.first[r] : min(self.first[r + 1], self.first[r] + 8)]
            for j in case.provider[around].tolist():
                if j in seen:
                    continue
                seen.add(j)
                for other in members.get(j, ()):
                    if other not in inside:
                        inside[other] = None
                        queue.append(other)
            for other in self.waiting(seen, inside) if n % 10 == 0 else ():
                inside[other] = None
                queue.append(other)
        free = np.zeros(case.num_recipients, bool)
        free[list(inside)] = True
        open_to = np.ones(case.num_providers, bool)
        busy = self.at[(self.at >= 0) & ~free]
        open_to[case.provider[busy]] = False
        open_to &= ~case.closed
        recipients = np.flatnonzero(free)
        use = np.flatnonzero(free[case.recipient] & open_to[case.provider])
        return _Region(recipients, np.unique(case.provider[use]), self.loads(use, recipients))

    def waiting(self, seen: set[int], inside: dict[int, None]) -> list[int]:
        """Return some recipients without a pair that could go to these providers."""
        none = np.flatnonzero(self.at < 0)
        found = []
        for r in none.tolist():
            ends = self.case.provider[self.near[self.first[r] : self.first[r + 1]]]
            if r not in inside and any(j in seen for j in ends[:8].tolist()):
                found.append(r)
        return found[:20]

    def loads(self, use: Ints, recipients: Ints) -> list[tuple[int, Ints]]:
        """Return loads over these arcs whose reduced cost is least, those of the present plan among them."""
        case = self.case
        few = np.searchsorted(case.provider[use], np.arange(case.num_providers + 1))
        gain, size = self.gain[use], case.size[use]
        taken = np.zeros(len(use), bool)
        best = self.fixed + knapsack.loads(few, gain, size, self.need, self.room, taken)
        now = self.at[recipients]
        now = np.sort(now[now >= 0])
        found = {}
        owners, begin = np.unique(case.provider[now], return_index=True)
        for j, arcs in zip(owners.tolist(), np.split(now, begin[1:]), strict=True) if len(now) else ():
            found[j, arcs.tobytes()] = arcs
        usual = float(np.median(np.abs(self.gain[now]))) if len(now) else 1.0
        each = max(_EACH, 2 * _LOADS // max(1, len(np.unique(case.provider[use]))))
        limit, low, high, listed = 0.05 * usual + 1, 0.0, np.inf, None
        for _ in range(14):
            listed = knapsack.listed(few, gain, size, self.need, self.room, self.fixed, best, limit, each, _LOADS)
            if _LOADS // 2 <= len(listed[0]) < _LOADS:
                break
            # a list that is full has nothing of the providers that come last
            low, high = (low, limit) if len(listed[0]) >= _LOADS else (limit, high)
            limit = 2 * limit if np.isinf(high) else (low + high) / 2
        assert listed is not None
        for j, first, last in zip(listed[0].tolist(), listed[1][:-1].tolist(), listed[1][1:].tolist(), strict=True):
            arcs = np.sort(use[listed[2][first:last]])
            found.setdefault((j, arcs.tobytes()), arcs)
        return [(j, arcs) for (j, _), arcs in found.items()]

    def choose(self, region: _Region, budget: Budget) -> tuple[str, list[int] | None]:
        """Return which loads of a region are best together, None if no better plan is known."""
        case, level = self.case, self.level
        count, people = len(region.loads), len(region.recipients)
        owner = np.array([j for j, _ in region.loads])
        arcs = np.concatenate([arcs for _, arcs in region.loads])
        column = np.repeat(np.arange(count), [len(arcs) for _, arcs in region.loads])
        slack = count + np.arange(people)
        place = np.searchsorted(region.recipients, case.recipient[arcs])
        may = case.demand[region.recipients]
        sheet = Sheet()
        sheet.block(
            np.concatenate([place, np.arange(people)]),
            np.concatenate([column, slack]),
            1,
            may[:, 1],
            UNBOUNDED,
            people,
        )
        sheet.block(np.arange(people), slack, 1, 0, (may[:, 0] == 0).astype(np.int64), people)
        rank = np.searchsorted(region.providers, owner)
        must = (self.locked & (self.need > 0))[region.providers].astype(np.int64)
        sheet.block(rank, np.arange(count), 1, must, 1, len(region.providers))
        self.limits(sheet, region, owner)
        costs = [self.costs(k, owner, arcs, column, region.recipients, count) for k in range(level + 1)]
        before = [int(cost @ self.columns(region)) for cost in costs]
        for cost, was, spare in zip(costs[:level], before[:level], self.spare(), strict=True):
            at = np.flatnonzero(cost)
            sheet.block(np.zeros(len(at), np.int64), at, cost[at], -UNBOUNDED, was + spare, 1)
        price = np.zeros(count + people, np.int64)
        price[:count] = np.where(self.locked[owner], 0, np.rint(case.resource[owner] @ self.v)).astype(np.int64)
        aim = costs[level] + price
        at = np.flatnonzero(aim)
        outcome = highs.minimise(count + people, sheet.rows(), Linear(at, aim[at]), budget, relax=slack)
        if outcome.values is None or int(aim @ outcome.values) > int(aim @ self.columns(region)):
            return outcome.status, None
        return outcome.status, np.flatnonzero(outcome.values[:count]).tolist()

    def limits(self, sheet: Sheet, region: _Region, owner: Ints) -> None:
        """Write what budgets and groups leave to a region; locked providers are counted with the others."""
        case = self.case
        others = self.opened()
        others[region.providers] &= self.locked[region.providers]
        free = np.flatnonzero(~self.locked[owner])
        row, at = np.nonzero(case.resource[owner[free]].T)
        left = case.budget[:, 1] - case.resource[others].sum(axis=0)
        sheet.block(row, free[at], case.resource[owner[free[at]], row], -UNBOUNDED, left, len(left))
        counts = np.bincount(case.group[others & (case.group >= 0)], minlength=len(case.group_open))
        grouped = free[case.group[owner[free]] >= 0]
        left = case.group_open[:, 1] - counts
        sheet.block(case.group[owner[grouped]], grouped, 1, -UNBOUNDED, left, len(left))

    def costs(self, level: int, owner: Ints, arcs: Ints, column: Ints, people: Ints, count: int) -> IntArray:
        """Return what each column of a region costs at a level."""
        case = self.case
        found = np.zeros(count + len(people), np.int64)
        np.add.at(found, column, case.cost[level][arcs])
        found[:count] += np.where(self.locked[owner], 0, case.opening[level][owner])
        found[count:] = case.missing[level][people] * case.demand[people, 1]
        return found

    def columns(self, region: _Region) -> IntArray:
        """Return the present plan as values of the columns of a region."""
        count = len(region.loads)
        values = np.zeros(count + len(region.recipients), np.int64)
        held = np.bincount(self.case.provider[self.at[self.at >= 0]], minlength=self.case.num_providers)
        for n, (j, arcs) in enumerate(region.loads):
            values[n] = len(arcs) == held[j] and bool((self.at[self.case.recipient[arcs]] == arcs).all())
        values[count:] = self.at[region.recipients] < 0
        return values

    def spare(self) -> list[int]:
        """Return by how much the plan is below what is kept, at each earlier level."""
        values = self.case.values(self.at[self.at >= 0], self.opened())
        return [most - value for most, value in zip(self.kept, values, strict=False)]

    def take(self, region: _Region, chosen: list[int]) -> None:
        """Put the chosen loads into the plan; who is covered twice keeps the cheaper pair where rooms allow."""
        case, level = self.case, self.level
        self.at[region.recipients] = -1
        load = np.zeros(case.num_providers, np.int64)
        for n in chosen:
            j, arcs = region.loads[n]
            load[j] = int(case.size[arcs].sum())
        for n in chosen:
            for arc in region.loads[n][1].tolist():
                r = int(case.recipient[arc])
                other = int(self.at[r])
                if other < 0:
                    self.at[r] = arc
                    continue
                dear, cheap = (arc, other) if case.cost[level][arc] >= case.cost[level][other] else (other, arc)
                if load[case.provider[dear]] - case.size[dear] < self.need[case.provider[dear]]:
                    dear, cheap = cheap, dear
                load[case.provider[dear]] -= case.size[dear]
                self.at[r] = cheap
