"""Second opinions that share no code with the library: brute force, and weak duality by definition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matcher import Market


@dataclass
class Case:
    """A small market as given, before the library saw it; bounds are (n, 2), costs (L, A), unmet (L, R) or None."""

    num_providers: int
    num_recipients: int
    arcs: list[tuple[int, int]]
    cost: np.ndarray
    capacity: np.ndarray
    demand: np.ndarray
    unmet: np.ndarray | None

    def market(self, order=None):
        """The same market from arcs, in any order."""
        order = np.arange(len(self.arcs)) if order is None else order
        ends = np.array(self.arcs, np.int64).reshape(-1, 2)[order]
        return Market.from_arcs(
            ends[:, 0],
            ends[:, 1],
            self.cost[:, order],
            num_providers=self.num_providers,
            num_recipients=self.num_recipients,
            capacity=self.capacity,
            demand=self.demand,
            unmet_cost=self.unmet,
        )

    def matrix_market(self):
        """The same market from a matrix, with a mask only if a pair is not allowed."""
        shape = (self.num_providers, self.num_recipients)
        cost, allowed = np.full((len(self.cost), *shape), 77, np.int64), np.zeros(shape, bool)
        for number, (p, r) in enumerate(self.arcs):
            cost[:, p, r] = self.cost[:, number]
            allowed[p, r] = True
        return Market.from_matrix(
            cost,
            allowed=None if allowed.all() else allowed,
            capacity=self.capacity,
            demand=self.demand,
            unmet_cost=self.unmet,
        )

    def incidence(self):
        """Arcs by nodes: (A, P) and (A, R)."""
        ends = np.array(self.arcs, np.int64).reshape(-1, 2)
        return (
            (ends[:, :1] == np.arange(self.num_providers)).astype(np.int64),
            (ends[:, 1:] == np.arange(self.num_recipients)).astype(np.int64),
        )

    def objectives(self):
        """(pair cost (A,), cost of a missing unit (R,)) of every level, as the definition says."""
        if self.unmet is not None:
            return list(zip(self.cost, self.unmet, strict=True))
        zero, none = np.zeros(len(self.arcs), np.int64), np.zeros(self.num_recipients, np.int64)
        return [(zero, none + 1), *((level, none) for level in self.cost)]


@dataclass
class Best:
    """All that brute force knows: the best value of every level, the most pairs with it, every such set of pairs."""

    values: tuple[int, ...]
    num_pairs: int
    pairs: list[list[list[int]]]


def brute_force(case: Case) -> Best | None:
    """Try every subset of the arcs; None if none keeps the bounds."""
    count = len(case.arcs)
    assert count <= 16
    chosen = (np.arange(1 << count)[:, None] >> np.arange(count)) & 1
    at_p, at_r = case.incidence()
    use_p, use_r = chosen @ at_p, chosen @ at_r
    good = ((use_p >= case.capacity[:, 0]) & (use_p <= case.capacity[:, 1])).all(axis=1)
    good &= ((use_r >= case.demand[:, 0]) & (use_r <= case.demand[:, 1])).all(axis=1)
    if not good.any():
        return None
    chosen, missing = chosen[good], case.demand[:, 1] - use_r[good]
    keys = [chosen @ level + missing @ unmet for level, unmet in case.objectives()]
    left, best = np.arange(len(chosen)), []
    for key in [*keys, -chosen.sum(axis=1)]:
        best.append(int(key[left].min()))
        left = left[key[left] == best[-1]]
    sets = [sorted([list(case.arcs[a]) for a in np.flatnonzero(row)]) for row in chosen[left]]
    return Best(tuple(best[:-1]), -best[-1], sets)


def dual_bounds(case: Case, provider, recipient, *, tie: bool) -> tuple[int, ...]:
    """The lexicographic minimum of the Lagrangian, one variable at a time, in Python integers.

    Nobody uses more partners than the other side has, whatever the maximum says.
    """
    objectives = case.objectives()
    if tie:
        objectives.append((np.zeros(len(case.arcs), np.int64), np.ones(case.num_recipients, np.int64)))
    objectives = objectives[: len(provider)]
    total = [0] * len(objectives)

    def add(choices):
        for level, number in enumerate(min(choices)):
            total[level] += number

    nothing = tuple(0 for _ in objectives)
    for number, (p, r) in enumerate(case.arcs):
        reduced = [
            int(cost[number]) + int(provider[level][p]) - int(recipient[level][r])
            for level, (cost, _) in enumerate(objectives)
        ]
        add([nothing, tuple(reduced)])
    for p, bounds in enumerate(case.capacity.tolist()):
        uses = [min(bound, case.num_recipients) for bound in bounds]
        add([tuple(-int(row[p]) * use for row in provider) for use in uses])
    for r, bounds in enumerate(case.demand.tolist()):
        missing = [int(unmet[r]) for _, unmet in objectives]
        charged = [
            tuple(int(row[r]) * use + unmet * (bounds[1] - use) for row, unmet in zip(recipient, missing, strict=True))
            for use in (min(bound, case.num_providers) for bound in bounds)
        ]
        add(charged)
    return tuple(total)
