"""Oracles for stability: the definition written out pair by pair, and full enumeration of small markets."""

from __future__ import annotations

from itertools import product

import numpy as np

from matcher.stable.preferences import Preferences


def random_preferences(rng, *, max_side=4, max_arcs=12, ties=False, minima=False, max_bound=3) -> Preferences:
    """A random small market: incomplete lists, capacities on both sides, ties and minima on request."""
    P, R = (int(n) for n in rng.integers(1, max_side + 1, size=2))
    cells = rng.permutation(P * R)[: int(rng.integers(0, min(max_arcs, P * R) + 1))]
    if rng.random() < 0.6:
        cells = rng.permutation(P * R)[:max_arcs]
    cells.sort()
    p, r = cells // R, cells % R
    ranks = [_ranks(rng, side, len(cells), ties) for side in (p, r)]
    top = int(rng.integers(1, max_bound + 1))
    bounds = []
    for size in (P, R):
        most = rng.integers(0 if rng.random() < 0.2 else 1, top + 1, size=size)
        least = rng.integers(0, most + 1) if minima else np.zeros(size, dtype=np.int64)
        bounds.append(np.column_stack((least, most)))
    return Preferences(p, r, *ranks, *bounds)


def _ranks(rng, side, A, ties):
    if ties:
        return rng.integers(1, 4, size=A)
    rank = np.zeros(A, dtype=np.int64)
    for agent in np.unique(side):
        mine = np.flatnonzero(side == agent)
        rank[mine] = rng.permutation(len(mine)) + 1
    return rank


def strict(preferences: Preferences) -> Preferences:
    """The order that the rule makes of ties: by rank, then by the position of the partner."""
    p, r = preferences.provider_idx, preferences.recipient_idx
    big = 1 + max(preferences.num_providers, preferences.num_recipients)
    return Preferences(
        p, r, preferences.provider_rank * big + r, preferences.recipient_rank * big + p,
        preferences.capacity, preferences.demand,
    )  # fmt: skip


def blocking_by_definition(f: Preferences, pairs, tolerance=0) -> list[tuple[int, int]]:
    """Every pair that blocks, read off the definition one pair at a time."""
    matched = {(int(p), int(r)) for p, r in pairs}
    arcs = list(zip(f.provider_idx.tolist(), f.recipient_idx.tolist(), strict=True))
    of_p = dict(zip(arcs, f.provider_rank.tolist(), strict=True))
    of_r = dict(zip(arcs, f.recipient_rank.tolist(), strict=True))
    found = []
    for p, r in arcs:
        if (p, r) in matched or f.capacity[p, 1] == 0 or f.demand[r, 1] == 0:
            continue
        mine = [pair for pair in matched if pair[0] == p]
        theirs = [pair for pair in matched if pair[1] == r]
        p_wants = len(mine) < f.capacity[p, 1] or any(
            pair not in of_p or of_p[pair] - of_p[p, r] > tolerance for pair in mine
        )
        r_wants = len(theirs) < f.demand[r, 1] or any(
            pair not in of_r or of_r[pair] - of_r[p, r] > tolerance for pair in theirs
        )
        if p_wants and r_wants:
            found.append((p, r))
    return found


def all_matchings(f: Preferences, *, minima=True) -> np.ndarray:
    """(n, A) bool: every set of arcs within the bounds."""
    A = f.num_arcs
    sets = (np.arange(2**A)[:, None] >> np.arange(A)) & 1
    for side, bounds in ((f.provider_idx, f.capacity), (f.recipient_idx, f.demand)):
        for agent, (least, most) in enumerate(bounds):
            count = sets[:, side == agent].sum(axis=1)
            sets = sets[(count <= most) & (count >= (least if minima else 0))]
    return sets.astype(bool)


def count_blocking(f: Preferences, sets: np.ndarray, tolerance=0) -> np.ndarray:
    """(n,) int: blocking pairs of each set of arcs, by counting who stands at least as high."""
    blocking = np.zeros(len(sets), dtype=np.int64)
    for a in range(f.num_arcs):
        content = np.zeros(len(sets), dtype=bool)
        sides = ((f.provider_idx, f.provider_rank, f.capacity), (f.recipient_idx, f.recipient_rank, f.demand))
        for side, rank, bounds in sides:
            rivals = (side == side[a]) & (rank <= rank[a] + tolerance)
            rivals[a] = False
            content |= sets[:, rivals].sum(axis=1) >= bounds[side[a], 1]
        blocking += ~content & ~sets[:, a]
    return blocking


def irving_leather(size: int) -> Preferences:
    """The one-to-one markets of size 1, 2, 4, 8 with 1, 2, 10, 268 stable matchings (Irving and Leather 1986)."""
    men = women = np.zeros((1, 1), dtype=np.int64)
    while len(men) < size:
        n = len(men)
        men = np.block([[men, men + n], [men + n, men]])
        women = np.block([[women + n, women], [women, women + n]])
    rank_p, rank_r = np.argsort(men, axis=1), np.argsort(women, axis=1)
    p, r = (np.array(x) for x in zip(*product(range(size), repeat=2), strict=True))
    one = np.tile([0, 1], (size, 1))
    return Preferences(p, r, rank_p[p, r], rank_r[r, p], one, one)


def closed_sets(lattice):
    """Yield every closed set of rotations, (K,) bool."""
    K = lattice.num_rotations
    needs = [lattice.before[lattice.after == k] for k in range(K)]

    def extend(k, chosen):
        if k == K:
            yield chosen.copy()
            return
        yield from extend(k + 1, chosen)
        if chosen[needs[k]].all():
            chosen[k] = True
            yield from extend(k + 1, chosen)
            chosen[k] = False

    yield from extend(0, np.zeros(K, dtype=bool))


def cost_of(f, sets, cost, unmet):
    """(n, L): total of each set of arcs at each level."""
    served = np.column_stack([sets[:, f.recipient_idx == r].sum(axis=1) for r in range(f.num_recipients)])
    return sets @ cost.T + (f.demand[:, 1] - served) @ unmet.T
