"""Plans: crews placed one after the other where they gain most, then regions torn down and built again.

The second is a large neighbourhood search (Shaw 1998; Schrimpf et al. 2000): the crews of some neighbouring sites
are taken away and placed again in a drawn order; what is worse than before is undone, but for a little at first.
A head counts for no more than a multiple of its price, or the first crews would go far away to the emptiest sites.
While crews are placed, a team that is still too small for its site counts for half; whoever is left where a rule is
broken is taken away at the end of each round, so every plan that is kept keeps every rule.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from matcher.base.numbers import IntArray
from matcher.base.progress import Budget
from matcher.market.points.compiled import of_one_kind
from matcher.market.presence import loops
from matcher.market.presence.case import NEVER, PresenceCase

_NEAREST: Final = 60
_IDLE: Final = 12
_CAPS: Final = (1.0, 1.2, 2.0, 1e9)
_SPREADS: Final = (0.2, 1.0, 4.0)
_SLACK: Final = 0.002


class PresenceSearch:
    """A plan that is worked on, in the arrays of `loops`."""

    def __init__(self, case: PresenceCase, price: IntArray) -> None:
        self.case = case
        crews, sites, weeks, skills = case.num_crews, case.num_sites, case.num_periods, case.need.shape[1]
        far = np.where(case.metres == NEVER, np.iinfo(np.int32).max, case.metres)
        count = min(_NEAREST, sites)
        near = np.argpartition(far, count - 1, axis=1)[:, :count] if count else np.zeros((crews, 0), np.int64)
        metres = np.take_along_axis(far, near, axis=1)
        order = np.lexsort((near, metres), axis=1)
        self.near = np.take_along_axis(near, order, axis=1).astype(np.int64)
        metres = np.take_along_axis(metres, order, axis=1).astype(np.int64)
        self.metres = np.where(metres == np.iinfo(np.int32).max, -1, metres)
        info = np.column_stack([case.size, case.adults, case.first, case.last, case.stay])
        places = np.column_stack([case.beds, case.least, case.ratio])
        scalars = np.array([case.charge, case.least_adults], np.int64)
        worth = np.maximum(price, 0).astype(float)
        skill = case.skill.astype(np.int64)
        self.arrays: Any = of_one_kind(
            *(info, places, skill, case.need, case.children, case.open, scalars),
            *(self.near, self.metres, worth, case.metres),
        )
        self.where = np.full((crews, 2), -1, np.int64)
        self.state: Any = (
            self.where,
            np.zeros((sites, weeks, 2 + skills), np.int64),
            np.full((crews, 2), -1, np.int64),
            np.full(sites, -1, np.int64),
        )
        self.marks: Any = (
            np.full(sites, -1, np.int64),
            np.zeros(sites),
            np.zeros(sites + 1, np.int64),
            np.full(crews, -1, np.int64),
            np.zeros((crews + 1, 3), np.int64),
            np.zeros(3, np.int64),
        )
        self.draw = np.array([12345], np.int64)

    def reset(self, plan: tuple[IntArray, IntArray]) -> None:
        """Put exactly these crews where they are in a plan."""
        for crew in np.flatnonzero(self.where[:, 0] >= 0).tolist():
            loops.take(self.arrays, crew, *self.state)
        for (site, crew), start in zip(plan[0].tolist(), plan[1].tolist(), strict=True):
            loops.put(self.arrays, crew, site, start, *self.state)

    def plan(self) -> tuple[IntArray, IntArray]:
        """Return pairs (k, 2) of site and crew, and first periods (k,)."""
        crews = np.flatnonzero(self.where[:, 0] >= 0)
        return np.column_stack([self.where[crews, 0], crews]), self.where[crews, 1].copy()


def greedy(search: PresenceSearch, budget: Budget) -> None:
    """Place the large crews first, then once more whoever was taken away."""
    case = search.case
    order = np.lexsort((np.arange(case.num_crews), -case.size * case.stay))
    for cap in (*_CAPS[1:], _CAPS[-1]):
        for crew in order[search.where[order, 0] < 0].tolist():
            if budget.stop_reason is not None:
                break
            site, start = loops.best_stay(search.arrays, crew, cap, 0.0, search.state[1], search.draw)
            if site >= 0:
                loops.put(search.arrays, crew, site, start, *search.state)
    search.marks[5][2] += 1
    for site in range(case.num_sites):
        search.marks[5][:2] = 0
        loops.settle(search.arrays, site, search.state, search.arrays[10], search.marks)


def improve(search: PresenceSearch, neighbours: IntArray, budget: Budget, rounds: int) -> None:
    """Tear down and build again so many times; each round is a unit of work."""
    case = search.case
    rng = np.random.default_rng(0)
    idle_of = _idle_by_site(search)
    change, least, best = 0.0, 0.0, search.plan()
    left = budget.time_left_s
    for number in range(rounds if case.num_sites else 0):
        if budget.stop_reason is not None:
            break
        budget.spend()
        now = budget.time_left_s
        done = number / rounds if left is None or now is None else max(number / rounds, 1 - now / max(left, 1e-9))
        centre = int(rng.integers(case.num_sites))
        region = neighbours[centre, : int(rng.integers(1, neighbours.shape[1] + 1))]
        near = idle_of[centre]
        idle = near[search.where[near, 0] < 0][:_IDLE]
        how = float(rng.choice(_CAPS)), float(rng.choice(_SPREADS))
        slack = _SLACK * max(0.0, 1 - 1.3 * done)
        change += loops.one_round(search.arrays, search.state, region, idle, slack, *how, search.marks, search.draw)
        if change < least - 0.5:
            least = change
            if slack > 0:
                best = search.plan()
    if change > least + 0.5:
        search.reset(best)


def _idle_by_site(search: PresenceSearch) -> list[IntArray]:
    """Return for each site the crews that have it among their nearest, the nearest crews first."""
    case = search.case
    crew = np.repeat(np.arange(case.num_crews), search.near.shape[1])
    site, metres = search.near.reshape(-1), search.metres.reshape(-1)
    order = np.lexsort((crew, metres, site))
    order = order[metres[order] >= 0]
    ends = np.searchsorted(site[order], np.arange(case.num_sites + 1))
    return [crew[order[ends[p] : ends[p + 1]]] for p in range(case.num_sites)]
