"""A plan to begin with: recipients one after the other, each where it costs least among those with room."""

from __future__ import annotations

import numpy as np

from matcher.base.numbers import FloatArray
from matcher.market.input import Bools, Ints
from matcher.market.program.bound import needs
from matcher.market.program.case import ProgramCase


def inserted(case: ProgramCase) -> tuple[Ints, Bools] | None:
    """Return arcs and open providers (P,) of a plan, None if this simple way ends in none.

    Who gains most for its size comes first; providers that stay below their least are closed again, and their
    recipients tried elsewhere. Least numbers in groups and least uses of budgets are not looked at.
    """
    worth = _lexicographic(case)
    order = np.lexsort((worth, case.recipient))
    start = np.searchsorted(case.recipient[order], np.arange(case.num_recipients + 1))
    best = np.zeros(case.num_recipients)
    there = start[1:] > start[:-1]
    best[there] = worth[order[start[:-1][there]]]
    turn = np.lexsort((-case.largest, best / np.maximum(1, case.largest)))
    state = _State(case)
    for _ in range(3):
        for i in turn.tolist():
            state.serve(i, order[start[i] : start[i + 1]], worth)
        if not state.closed_short():
            break
    arcs = np.array(sorted(state.chosen), np.int64)
    short = np.bincount(case.recipient[arcs], minlength=case.num_recipients) < case.demand[:, 0]
    if short.any() or (state.opened & (state.load < needs(case))).any():
        return None
    return arcs, state.opened


def _lexicographic(case: ProgramCase) -> FloatArray:
    """Return one number an arc that orders them as the levels do, up to rounding: what it saves is negative."""
    mixed = np.zeros(len(case.provider))
    for k in reversed(range(case.num_levels)):
        gain = case.cost[k] - case.missing[k][case.recipient]
        mixed = gain + mixed / (2.0 * np.abs(mixed).max(initial=0) + 1)
    return mixed


class _State:
    """The plan so far."""

    def __init__(self, case: ProgramCase) -> None:
        self.case = case
        self.opened = case.must_open | (case.capacity[:, 0] > 0)
        self.load = np.zeros(case.num_providers, np.int64)
        self.given_up = case.closed.copy()
        self.count = np.zeros(case.num_recipients, np.int64)
        self.pairs = np.zeros(case.num_providers, np.int64)
        self.labels: set[tuple[int, int]] = set()
        self.chosen: set[int] = set()

    def serve(self, i: int, arcs: Ints, worth: FloatArray) -> None:
        """Give a recipient what it wants, as far as there is room."""
        case = self.case
        for arc in arcs.tolist():
            if self.count[i] >= case.demand[i, 1] or (worth[arc] >= 0 and self.count[i] >= case.demand[i, 0]):
                return
            j, size = int(case.provider[arc]), int(case.size[arc])
            room = self.load[j] + size <= case.capacity[j, 1] and self.pairs[j] < case.most_pairs[j]
            room = room and (case.apart[i] < 0 or (j, int(case.apart[i])) not in self.labels)
            if room and arc not in self.chosen and not self.given_up[j] and (self.opened[j] or self._may_open(j)):
                self.opened[j] = True
                self.load[j] += size
                self.count[i] += 1
                self.pairs[j] += 1
                self.labels.add((j, int(case.apart[i])))
                self.chosen.add(arc)

    def _may_open(self, j: int) -> bool:
        case, group = self.case, self.case.group[j]
        if group >= 0 and (self.opened & (case.group == group)).sum() >= case.group_open[group, 1]:
            return False
        return bool((case.resource[self.opened].sum(axis=0) + case.resource[j] <= case.budget[:, 1]).all())

    def closed_short(self) -> bool:
        """Close those that may close and have too little; return whether there were any."""
        case = self.case
        must = case.must_open | (case.capacity[:, 0] > 0)
        short = self.opened & ~must & (self.load < needs(case))
        for arc in [arc for arc in self.chosen if short[case.provider[arc]]]:
            self.chosen.remove(arc)
            self.count[case.recipient[arc]] -= 1
        self.load[short], self.pairs[short] = 0, 0
        self.labels = {(j, label) for j, label in self.labels if not short[j]}
        self.opened &= ~short
        self.given_up |= short
        return bool(short.any())
