"""Second opinions that share no code with the library: brute force on what was given, networkx, scipy, HiGHS."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Case:
    """A small market as given, before the library saw it; bounds are (n, 2) lists, costs (L, A)."""

    num_providers: int
    num_recipients: int
    arcs: list[tuple[int, int]]
    cost: np.ndarray
    capacity: np.ndarray
    demand: np.ndarray
    unmet: np.ndarray | None  # (L, R)

    def market(self, order=None, unmet=None):
        import matcher

        order = np.arange(len(self.arcs)) if order is None else order
        ends = np.array(self.arcs, np.int64).reshape(-1, 2)[order]
        return matcher.Market.from_arcs(
            ends[:, 0],
            ends[:, 1],
            self.cost[:, order],
            num_providers=self.num_providers,
            num_recipients=self.num_recipients,
            capacity=self.capacity,
            demand=self.demand,
            unmet_cost=self.unmet if unmet is None else unmet,
        )

    def incidence(self):
        """Arcs by nodes: (A, P) and (A, R)."""
        ends = np.array(self.arcs, np.int64).reshape(-1, 2)
        return (
            (ends[:, :1] == np.arange(self.num_providers)).astype(np.int64),
            (ends[:, 1:] == np.arange(self.num_recipients)).astype(np.int64),
        )


@dataclass
class Best:
    """All that brute force knows: the best value of every level, the most pairs with it, every optimal set of pairs."""

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
    chosen, use_r = chosen[good], use_r[good]
    missing = case.demand[:, 1] - use_r
    columns = []
    if case.unmet is None:
        columns.append(missing.sum(axis=1))
        columns += [chosen @ level for level in case.cost]
    else:
        columns += [chosen @ level + missing @ unmet for level, unmet in zip(case.cost, case.unmet, strict=True)]
    keys = [*columns, -chosen.sum(axis=1)]
    left = np.arange(len(chosen))
    best = []
    for key in keys:
        best.append(int(key[left].min()))
        left = left[key[left] == best[-1]]
    sets = [sorted([list(case.arcs[a]) for a in np.flatnonzero(row)]) for row in chosen[left]]
    return Best(tuple(best[:-1]), -best[-1], sets)
