"""The textbook program of a small case, for CP-SAT: a variable a stay, one a site and period, bits of what is lost.

minimise    sum of size * metres * x + charge * sum of lost
subject to  sum of x <= 1                                      every crew
            least * y <= heads <= beds * y                     every site and period
            least_adults * y <= adults,   y <= sum of x with the skill, for each need
            lost + ratio * heads >= children,   x <= y         where lost = sum of 2^b * z_b
"""

from __future__ import annotations

import numpy as np

from matcher.base.numbers import IntArray
from matcher.base.progress import Budget
from matcher.market.presence.case import NEVER, PresenceCase
from matcher.programs import cpsat
from matcher.programs.rows import UNBOUNDED, Linear, Rows


def _listed(case: PresenceCase) -> list[tuple[int, int, int]]:
    """Return every stay that is possible: crew, site, first period."""
    found = []
    for crew, site in np.argwhere(case.metres != NEVER).tolist():
        stay, last = int(case.stay[crew]), min(int(case.last[crew]), case.num_periods - 1)
        if stay < 1:
            continue
        found += [
            (crew, site, k)
            for k in range(int(case.first[crew]), last - stay + 2)
            if case.open[site, k : k + stay].all() and case.size[crew] <= case.beds[site]
        ]
    return found


def num_stays(case: PresenceCase) -> int:
    """Return at most how many stays are possible."""
    weeks = np.maximum(0, np.minimum(case.last, case.num_periods - 1) - case.first - case.stay + 2)
    return int((weeks * (case.metres != NEVER).sum(axis=1)).sum())


def solve_small(
    case: PresenceCase, start: tuple[IntArray, IntArray], budget: Budget
) -> tuple[tuple[IntArray, IntArray], int | None] | None:
    """Return pairs and first periods of the best plan, and the bound that CP-SAT claims; None without a plan."""
    stays = _listed(case)
    model = _Model(case, stays)
    hint = model.columns_of(start)
    outcome = cpsat.Solver(model.count, model.rows(), budget=budget).minimise(
        model.function(), budget, hint=hint, close_enough=budget.close_enough
    )
    if outcome.values is None:
        return None
    chosen = [stays[n] for n in np.flatnonzero(outcome.values[: len(stays)]).tolist()]
    pairs = np.array([(site, crew) for crew, site, _ in chosen], np.int64).reshape(-1, 2)
    return (pairs, np.array([k for _, _, k in chosen], np.int64)), outcome.bound


class _Model:
    """Columns and rows, written one after the other."""

    def __init__(self, case: PresenceCase, stays: list[tuple[int, int, int]]) -> None:
        self.case, self.stays = case, stays
        weeks = [tuple(key) for key in np.argwhere(case.open).tolist()]
        self.opens = {key: len(stays) + n for n, key in enumerate(weeks)}
        self.count = len(stays) + len(weeks)
        self.bits: dict[tuple[int, ...], list[tuple[int, int]]] = {}
        for key in weeks:
            bits = int(case.children[key]).bit_length()
            self.bits[key] = [(self.count + b, 1 << b) for b in range(bits)]
            self.count += bits
        self.lines: list[tuple[list[tuple[int, int]], int, int]] = []
        self._write()

    def _write(self) -> None:
        case = self.case
        there: dict[tuple[int, ...], list[tuple[int, int]]] = {key: [] for key in self.opens}
        of_crew: dict[int, list[tuple[int, int]]] = {}
        for n, (crew, site, first) in enumerate(self.stays):
            of_crew.setdefault(crew, []).append((n, 1))
            for k in range(first, first + int(case.stay[crew])):
                there[site, k].append((n, crew))
                self.lines.append(([(n, 1), (self.opens[site, k], -1)], -UNBOUNDED, 0))
        self.lines += [(line, 0, 1) for line in of_crew.values()]
        for key, who in there.items():
            site, y = key[0], self.opens[key]
            heads = [(n, int(case.size[t])) for n, t in who]
            self.lines.append(([*heads, (y, -int(case.least[site]))], 0, UNBOUNDED))
            self.lines.append(([*heads, (y, -int(case.beds[site]))], -UNBOUNDED, 0))
            adults = [(n, int(case.adults[t])) for n, t in who]
            self.lines.append(([*adults, (y, -case.least_adults)], 0, UNBOUNDED))
            for skill in np.flatnonzero(case.need[site]).tolist():
                able = [(n, int(case.skill[t, skill])) for n, t in who]
                self.lines.append(([*able, (y, -1)], 0, UNBOUNDED))
            ratio = int(case.ratio[site])
            cover = [*self.bits[key], *((n, ratio * heads_of) for n, heads_of in heads)]
            self.lines.append((cover, int(case.children[key]), UNBOUNDED))

    def rows(self) -> Rows:
        """Return the rows."""
        counts = np.array([len(line) for line, _, _ in self.lines], np.int64)
        flat = np.array([entry for line, _, _ in self.lines for entry in line], np.int64).reshape(-1, 2)
        low, high = (np.array([line[i] for line in self.lines], np.int64) for i in (1, 2))
        start = np.concatenate([[0], np.cumsum(counts)])
        return Rows(start, flat[:, 0].copy(), flat[:, 1].copy(), low, high, ("",) * len(counts))

    def function(self) -> Linear:
        """Return what is minimised."""
        case = self.case
        cost = [(n, int(case.size[t]) * int(case.metres[t, p])) for n, (t, p, _) in enumerate(self.stays)]
        cost += [(z, case.charge * power) for bits in self.bits.values() for z, power in bits]
        column, coef = np.array(cost, np.int64).reshape(-1, 2).T
        shut = int(case.children[~case.open].sum())
        return Linear(column[coef != 0], coef[coef != 0], case.charge * shut)

    def columns_of(self, plan: tuple[IntArray, IntArray]) -> IntArray:
        """Return a plan as values of the columns."""
        case, values = self.case, np.zeros(self.count, np.int64)
        index = {stay: n for n, stay in enumerate(self.stays)}
        heads: dict[tuple[int, ...], int] = {}
        for (site, crew), first in zip(plan[0].tolist(), plan[1].tolist(), strict=True):
            values[index[crew, site, first]] = 1
            for k in range(first, first + int(case.stay[crew])):
                values[self.opens[site, k]] = 1
                heads[site, k] = heads.get((site, k), 0) + int(case.size[crew])
        for key, bits in self.bits.items():
            lost = max(0, int(case.children[key]) - int(case.ratio[key[0]]) * heads.get(key, 0))
            for column, power in bits:
                values[column] = lost // power % 2
        return values
