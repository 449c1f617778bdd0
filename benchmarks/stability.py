"""Stability at the size of a country, beside OR-Tools' flow, networkx and the package `matching` in the same run.

python -m benchmarks.stability                      # 9,300 x 9,300 with lists of 50; blocking pairs of 50,000 x 50,000
python -m benchmarks.stability --size 500 --csv out.csv
python -m benchmarks.stability --curve              # price of stability: cost against blocking pairs allowed

networkx (deferred acceptance is not in it, so its network simplex stands for the flow) and `matching` (Gale-Shapley,
complete lists of one to one only) run at `--peer-size`, where they can; the package `matching` is needed for that row
only.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import platform
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import ortools
from ortools.graph.python import min_cost_flow

import matcher
from matcher.stable import Preferences, best_stable, blocking_pairs, check_best, deferred_acceptance, is_stable
from matcher.study import price_of_stability

Row = tuple[str, str, int, float, str]


def ranks(side: np.ndarray, liking: np.ndarray) -> np.ndarray:
    """Return 1 for the most liked arc of each agent, 2 for the next."""
    order = np.lexsort((liking, side))
    begin = np.searchsorted(side[order], side[order])
    rank = np.empty(len(side), dtype=np.int64)
    rank[order] = np.arange(len(side)) - begin + 1
    return rank


def market(size: int, length: int, kind: str, seed: int = 1) -> tuple[Preferences, np.ndarray]:
    """Return one-to-one preferences with lists of `length` random recipients, and a random cost of each arc."""
    rng = np.random.default_rng(seed)
    p = np.repeat(np.arange(size), length)
    r = np.concatenate([np.sort(rng.choice(size, length, replace=False)) for _ in range(size)])
    liking = rng.random(len(p))
    other = {"independent": rng.random(len(p)), "opposed": 0.05 * rng.random(len(p)) - liking}[kind]
    one = np.tile([0, 1], (size, 1))
    cost = rng.integers(0, 1_000_000, size=len(p))
    return Preferences(p, r, ranks(p, liking), ranks(r, other), one, one), cost


def flow(f: Preferences, cost: np.ndarray) -> int:
    """Return the least cost of a largest matching by OR-Tools' min-cost flow, arcs added as arrays."""
    P, R = f.num_providers, f.num_recipients
    solver = min_cost_flow.SimpleMinCostFlow()
    one = np.ones(f.num_arcs, dtype=np.int64)
    solver.add_arcs_with_capacity_and_unit_cost(f.provider_idx, f.recipient_idx + P, one, cost)
    none, all_p, all_r = np.zeros(max(P, R), dtype=np.int64), np.arange(P), np.arange(R)
    solver.add_arcs_with_capacity_and_unit_cost(np.full(P, P + R), all_p, f.capacity[:, 1], none[:P])
    solver.add_arcs_with_capacity_and_unit_cost(all_r + P, np.full(R, P + R + 1), f.demand[:, 1], none[:R])
    solver.set_nodes_supplies(np.array([P + R, P + R + 1]), np.array([P, -P]))
    if solver.solve_max_flow_with_min_cost() != solver.OPTIMAL:
        raise AssertionError("the flow has a solution")
    return int(solver.optimal_cost())


def network_simplex(f: Preferences, cost: np.ndarray) -> int:
    """Return the same by networkx."""
    graph = nx.DiGraph()
    for p, r, c in zip(f.provider_idx.tolist(), f.recipient_idx.tolist(), cost.tolist(), strict=True):
        graph.add_edge(("p", p), ("r", r), capacity=1, weight=c)
    for p in range(f.num_providers):
        graph.add_edge("s", ("p", p), capacity=1, weight=0)
    for r in range(f.num_recipients):
        graph.add_edge(("r", r), "t", capacity=1, weight=0)
    return int(nx.cost_of_flow(graph, nx.max_flow_min_cost(graph, "s", "t")))


def timed(work: Callable[[], Any], runs: int) -> tuple[float, Any]:
    seconds, result = [], None
    for _ in range(runs):
        begin = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds), result


def cheapest(size: int, length: int, runs: int) -> list[Row]:
    """Time the cheapest stable matching beside the flow on the same arcs."""
    rows: list[Row] = []
    for kind in ("independent", "opposed"):
        f, cost = market(size, length, kind)
        peer, least = timed(lambda f=f, cost=cost: flow(f, cost), runs)
        seconds, best = timed(lambda f=f, cost=cost: best_stable(f, cost), runs)
        check, wrong = timed(lambda f=f, cost=cost, b=best: check_best(f, cost, None, b.pairs, b.values, b.proof), 1)
        if wrong or (len(best.pairs) == size and best.values[0] < least):
            raise AssertionError(f"the cheapest stable matching does not verify: {wrong}")
        name = f"{size} x {size}, lists of {length}, {kind}"
        rows.append((name, "OR-Tools min-cost flow", runs, peer, f"cost {least}"))
        note = f"{seconds / peer:.2f} x flow, cost {best.values[0]}, {best.num_rotations} rotations"
        rows.append((name, "cheapest stable matching", runs, seconds, note))
        rows.append((name, "its check, without a solver", 1, check, "ok"))
    return rows


def peers(size: int, length: int) -> list[Row]:
    """Time networkx, and the package `matching` on complete lists, at a size that they can take."""
    rows: list[Row] = []
    f, cost = market(size, length, "opposed")
    name = f"{size} x {size}, lists of {length}, opposed"
    seconds, best = timed(lambda: best_stable(f, cost), 3)
    rows.append((name, "cheapest stable matching", 3, seconds, f"{best.num_rotations} rotations"))
    seconds, least = timed(lambda: network_simplex(f, cost), 1)
    if least != flow(f, cost):
        raise AssertionError("networkx and OR-Tools differ")
    rows.append((name, "networkx min-cost flow", 1, seconds, ""))
    for small in (20, 50, 100, size):
        rows += gale_shapley(small)
    return rows


def gale_shapley(size: int) -> list[Row]:
    """Time deferred acceptance on complete lists beside the package `matching`."""
    f, _ = market(size, size, "independent")
    name = f"{size} x {size}, complete lists"
    seconds, mine = timed(lambda: deferred_acceptance(f), 3)
    rows: list[Row] = [(name, "deferred acceptance", 3, seconds, "")]
    if importlib.util.find_spec("matching") is None:
        return [*rows, (name, "matching: Gale-Shapley", 0, float("nan"), "the package is not installed")]
    from matching.games import StableMarriage

    suitor, reviewer = f.provider_rank.reshape(size, size), f.recipient_rank.reshape(size, size).T
    lists = [dict(enumerate(np.argsort(side, axis=1).tolist())) for side in (suitor, reviewer)]
    try:
        seconds, answer = timed(lambda: StableMarriage.create_from_dictionaries(*lists).solve(optimal="suitor"), 1)
    except RecursionError:
        return [*rows, (name, "matching: Gale-Shapley", 0, float("nan"), "stops with RecursionError")]
    if sorted((p.name, r.name) for p, r in answer.items()) != [tuple(pair) for pair in mine.tolist()]:
        raise AssertionError("the package `matching` finds another matching")
    return [*rows, (name, "matching: Gale-Shapley", 1, seconds, "the same matching")]


def scan(size: int, length: int, runs: int) -> list[Row]:
    """Time the scan for blocking pairs."""
    f, _ = market(size, length, "independent")
    arrays = [getattr(f, name) for name in Preferences.__slots__]
    stable = deferred_acceptance(f)
    moved = np.column_stack((stable[:, 0], np.roll(stable[:, 1], 1)))
    rows: list[Row] = []
    for label, pairs in (("stable", stable), ("shifted by one", moved)):
        seconds, found = timed(lambda pairs=pairs: blocking_pairs(*arrays, pairs), runs)
        if (label == "stable") != (len(found) == 0) or (label == "stable") != is_stable(f, pairs):
            raise AssertionError("blocking pairs where there are none, or none where there are some")
        rows.append((f"{size} x {size}, lists of {length}", f"blocking pairs, {label}", runs, seconds, f"{len(found)}"))
    return rows


def curve(time_limit_s: float) -> None:
    """Print cost against blocking pairs allowed, and against tolerance with cost preferences."""
    rng = np.random.default_rng(3)
    P, R, length = 400, 250, 20
    p = np.repeat(np.arange(P), length)
    r = np.concatenate([np.sort(rng.choice(R, length, replace=False)) for _ in range(P)])
    cost = rng.integers(1_000, 100_000, size=len(p))
    common = {"num_providers": P, "num_recipients": R, "unmet_cost": 200_000}
    by_rank = matcher.Market.from_arcs(
        p, r, cost, provider_rank=ranks(p, rng.random(len(p))), recipient_rank=ranks(r, rng.random(len(r))), **common
    )
    by_cost = matcher.Market.from_arcs(p, r, cost, **common)
    for name, one, over, values in (
        ("ranks", by_rank, "max_blocking", (0, 2, 5, 10, 20, None)),
        ("cost", by_cost, "max_blocking", (0, 2, 5, 10, 20, None)),
        ("cost", by_cost, "tolerance", (0, 1_000, 5_000, 20_000, None)),
    ):
        begin = time.perf_counter()
        frame = price_of_stability(one, over=over, values=values, time_limit_s=time_limit_s)
        print(f"{P} x {R}, lists of {length}, preferences by {name}: {time.perf_counter() - begin:.1f} s")
        print(frame.to_string(index=False))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=9300)
    parser.add_argument("--length", type=int, default=50)
    parser.add_argument("--peer-size", type=int, default=500)
    parser.add_argument("--scan-size", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=3, help="runs of each; the median is shown")
    parser.add_argument("--curve", action="store_true", help="only the price of stability")
    parser.add_argument("--time-limit", type=float, default=60.0, help="seconds for each point of a curve")
    parser.add_argument("--csv", type=Path, help="append the rows to this file")
    arguments = parser.parse_args()
    if arguments.curve:
        curve(arguments.time_limit)
        return
    rows = cheapest(arguments.size, min(arguments.length, arguments.size), arguments.runs)
    rows += scan(arguments.scan_size, min(30, arguments.scan_size), arguments.runs)
    rows += peers(arguments.peer_size, min(arguments.length, arguments.peer_size))
    for name, what, _, seconds, note in rows:
        print(f"{name:46} {what:28} {seconds:9.3f} s  {note}", flush=True)
    if arguments.csv:
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
        versions = f"python {platform.python_version()} numpy {np.__version__} ortools {ortools.__version__}"
        new = not arguments.csv.exists()
        with arguments.csv.open("a", encoding="utf-8", newline="") as target:
            writer = csv.writer(target)
            if new:
                writer.writerow(["market", "what", "runs", "seconds", "note", "commit", "cpu", "versions"])
            for name, what, runs, seconds, note in rows:
                cpu = platform.processor() or platform.machine()
                writer.writerow([name, what, runs, f"{seconds:.4f}", note, commit, cpu, versions])


if __name__ == "__main__":
    main()
