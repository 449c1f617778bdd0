"""A first matching of points at once, and prices with a finite bound, for when the work is stopped early."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Final

import numpy as np

from matcher.geo import ecef
from matcher.market.claims import Solved
from matcher.market.market import Market
from matcher.market.points.scan import FARTHEST_M
from matcher.market.points.tree import arc_floor_m, whole_floor_m

NEAREST: Final = 4


class Opening:
    """The first matching, found by a thread of its own so that Ctrl-C and deadlines need not wait for it."""

    def __init__(self, market: Market, find: Callable[[], Iterable[Solved]]):
        self._best = unpaired(market)
        self._fault: Exception | None = None
        self._thread = threading.Thread(target=self._run, args=(find,), daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # the system has no thread left for us
            self._run(find)

    def _run(self, find: Callable[[], Iterable[Solved]]) -> None:
        try:
            for found in find():
                self._best = found
        except Exception as fault:  # raised again in the caller's thread
            self._fault = fault

    def result(self, patience_s: float | None) -> Solved:
        """Return the first matching, the empty one if it is not there after so many seconds."""
        if self._thread.ident is not None:
            self._thread.join(patience_s)
        if self._fault is not None:
            raise self._fault
        return self._best


def unpaired(market: Market) -> Solved:
    """Return the empty matching, none where there are minima, and prices with a finite bound."""
    none = None if market.has_minima else np.zeros((0, 2 if market.pair_limit is None else 3), np.int64)
    prices = [np.zeros(market.num_providers, np.int64)], [np.zeros(market.num_recipients, np.int64)]
    return Solved(none, *prices, ["none"])


def nearest_first(market: Market, nearest: int = NEAREST) -> Solved:
    """Return a feasible matching of the `nearest` of everybody, the nearest first, and prices with a finite bound."""
    from scipy.spatial import cKDTree

    points = market.points
    assert points is not None
    capacity, demand = market.capacity[:, 1].copy(), market.demand[:, 1]
    xyz_p, xyz_r = (ecef(*side.T) for side in (points.provider_latlon, points.recipient_latlon))
    reach = FARTHEST_M if points.max_m is None else points.max_m
    unmet = None if market.unmet_cost is None else market.unmet_cost[0]
    limit = np.full(market.num_recipients, FARTHEST_M + 1) if unmet is None else unmet + 1
    chord, near = cKDTree(xyz_p).query(xyz_r, range(1, min(nearest, len(capacity)) + 1), distance_upper_bound=reach + 1)
    there = np.isfinite(chord)
    near = np.where(there, near, -1)
    far = np.where(there, whole_floor_m(arc_floor_m(np.square(np.where(there, chord, 0)))), FARTHEST_M)
    order = np.argsort(far[:, 0], kind="stable")
    wanted = demand[order].copy()
    pairs = [np.zeros((0, 2), np.int64)]
    for rank in range(near.shape[1]):
        choice = near[order, rank]
        asks = np.flatnonzero((choice >= 0) & (wanted > 0))
        asks = asks[np.argsort(choice[asks], kind="stable")]
        turn = np.arange(len(asks)) - np.searchsorted(choice[asks], choice[asks], side="left")
        asks = asks[turn < capacity[choice[asks]]]
        np.subtract.at(capacity, choice[asks], 1)
        wanted[asks] -= 1
        pairs.append(np.column_stack([choice[asks], order[asks]]))
    found = np.concatenate(pairs)
    cost = market.pair_cost(found)[0]
    most = limit[found[:, 1]] if unmet is not None else cost + 1
    found = found[(cost <= reach) & (cost < most)]
    found = found[np.lexsort((found[:, 1], found[:, 0]))]
    zero = np.zeros(len(capacity), np.int64)
    price = (
        np.zeros(len(demand), np.int64) if unmet is None else np.minimum(np.where(there[:, 0], far[:, 0], unmet), unmet)
    )
    return Solved(found, [zero], [price], ["nearest"])
