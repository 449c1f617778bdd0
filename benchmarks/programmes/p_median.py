"""p-median as the OR-Library made its instances, beside spopt with its default solver and a plan made by hand.

python -m benchmarks.programmes.p_median --most-nodes 200 --limit 300 --csv out.csv
python -m benchmarks.programmes.p_median --most-nodes 900 --only matcher

The instances are drawn by the rule of Beasley (1985): a random connected graph of n nodes and n * n / 50 edges with
lengths from 1 to 100, distances by shortest paths. The hand's plan opens sites one after the other, each where it saves
most. Nothing of spopt's result is used but its value.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time

import numpy as np
from scipy.sparse.csgraph import shortest_path

import matcher
from matcher.market import flaws

SIZES = [(100, 5), (100, 10), (100, 33), (200, 5), (200, 20), (200, 67), (300, 5), (300, 10), (300, 100), (400, 5)]
SIZES += [(400, 133), (500, 167), (600, 200), (700, 140), (700, 70), (800, 80), (900, 10), (900, 90)]
COLUMNS = ("nodes", "sites", "method", "seconds", "value", "bound", "proof")


def distances(nodes: int, seed: int) -> np.ndarray:
    """Return the distances of a drawn graph, (n, n) int64."""
    rng = np.random.default_rng(seed)
    ring = rng.permutation(nodes)
    one = np.concatenate([ring, rng.integers(0, nodes, nodes * nodes // 50)])
    other = np.concatenate([np.roll(ring, 1), rng.integers(0, nodes, nodes * nodes // 50)])
    length = np.full((nodes, nodes), np.inf)
    np.minimum.at(length, (one, other), rng.integers(1, 101, len(one)).astype(float))
    length = np.minimum(length, length.T)
    np.fill_diagonal(length, 0)
    return shortest_path(np.where(np.isinf(length), 0, length), directed=False).astype(np.int64)


def ours(cost: np.ndarray, sites: int, limit: float) -> tuple:
    nodes = len(cost)
    market = matcher.Market.from_matrix(
        cost,
        capacity=nodes,
        demand=[[1, 1]] * nodes,
        unmet_cost=0,
        group=[0] * nodes,
        group_open=[[sites, sites]],
    )
    found = matcher.match(market, time_limit_s=limit)
    assert not flaws(found)
    return found.levels[0].value, found.levels[0].bound, found.proof.kind


def by_hand(cost: np.ndarray, sites: int) -> tuple:
    nearest = np.full(len(cost), cost.max() * 2)
    for _ in range(sites):
        nearest = np.minimum(nearest, cost[np.minimum(cost, nearest).sum(axis=1).argmin()])
    return int(nearest.sum()), None, "none"


def by_spopt(cost: np.ndarray, sites: int, limit: float) -> tuple:
    import pulp
    from spopt.locate import PMedian

    model = PMedian.from_cost_matrix(cost, np.ones(len(cost)), p_facilities=sites)
    model.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=limit))
    value = round(pulp.value(model.problem.objective))
    return value, value if model.problem.sol_status == pulp.LpSolutionOptimal else None, "solver"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most-nodes", type=int, default=200)
    parser.add_argument("--limit", type=float, default=300)
    parser.add_argument("--only", choices=("matcher", "spopt", "by hand"))
    parser.add_argument("--csv")
    options = parser.parse_args()
    ours(distances(100, 1), 5, options.limit)  # loops are compiled once, after an installation
    rows = []
    for nodes, sites in SIZES:
        if nodes > options.most_nodes:
            continue
        cost = distances(nodes, nodes + sites)
        for name, work in (
            ("matcher", lambda c=cost, s=sites: ours(c, s, options.limit)),
            ("spopt", lambda c=cost, s=sites: by_spopt(c, s, options.limit)),
            ("by hand", lambda c=cost, s=sites: by_hand(c, s)),
        ):
            if options.only not in (None, name):
                continue
            begun = time.perf_counter()
            found = work()
            rows.append((nodes, sites, name, round(time.perf_counter() - begun, 2), *found))
            print(*rows[-1], flush=True)
    if options.csv:
        with open(options.csv, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([COLUMNS, *rows])


if __name__ == "__main__":
    sys.exit(main())
