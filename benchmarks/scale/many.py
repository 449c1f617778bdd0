"""Thousands of small markets: `match_many` against Python loops over raw OR-Tools objects.

    python -m benchmarks.scale.many --csv many.csv

Every way gets the same integer matrices and must return the pairs of each; the sums of their costs must agree. The rate
of `match_many` is shown with and without making the markets, which checks and copies every matrix. Each figure is the
median of rounds in which all ways take turns, so that a busy machine slows all of them alike.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from benchmarks.scale.run import write_csv
from matcher import Market, match_many

Ints = NDArray[np.int64]


def arc_by_arc(costs: Ints) -> int:
    """Solve one flow a matrix, its arcs added and its flows read one by one."""
    total = 0
    for cost in costs:
        P, R = cost.shape
        rows, source, flow = cost.tolist(), P + R, SimpleMinCostFlow()
        for p in range(P):
            for r in range(R):
                flow.add_arc_with_capacity_and_unit_cost(p, P + r, 1, rows[p][r])
        for p in range(P):
            flow.add_arc_with_capacity_and_unit_cost(source, p, 1, 0)
        for r in range(R):
            flow.set_node_supply(P + r, -1)
        flow.set_node_supply(source, R)
        if flow.solve() != flow.OPTIMAL:
            raise AssertionError("OR-Tools found no optimum")
        pairs = [(flow.tail(arc), flow.head(arc) - P) for arc in range(P * R) if flow.flow(arc)]
        total += sum(rows[p][r] for p, r in pairs)
    return total


def arrays_of_arcs(costs: Ints) -> int:
    """Solve one flow a matrix, its arcs added and its flows read as arrays that are prepared once."""
    P, R = costs.shape[1:]
    tail = np.concatenate([np.repeat(np.arange(P), R), np.full(P, P + R)]).astype(np.int32)
    head = np.concatenate([np.tile(P + np.arange(R), P), np.arange(P)]).astype(np.int32)
    most, nodes, arcs = np.ones(len(tail), np.int64), np.arange(P + R + 1, dtype=np.int32), np.arange(P * R)
    supply, free = np.concatenate([np.zeros(P), np.full(R, -1), [R]]).astype(np.int64), np.zeros(P, np.int64)
    total = 0
    for cost in costs:
        flow = SimpleMinCostFlow()
        flow.add_arcs_with_capacity_and_unit_cost(tail, head, most, np.concatenate([cost.ravel(), free]))
        flow.set_nodes_supplies(nodes, supply)
        if flow.solve() != flow.OPTIMAL:
            raise AssertionError("OR-Tools found no optimum")
        pairs = np.column_stack(np.divmod(np.flatnonzero(flow.flows(arcs)), R))
        total += int(cost[pairs[:, 0], pairs[:, 1]].sum())
    return total


def solved(markets: Sequence[Market]) -> int:
    """Solve all markets at once, each with its proof."""
    matchings = match_many(markets)
    if any(matching.status != "optimal" for matching in matchings):
        raise AssertionError("match_many left a market unproved")
    return sum(matching.levels[-1].value or 0 for matching in matchings)


def compare(number: int, shape: tuple[int, int], rounds: int) -> dict[str, float]:
    """Return the median seconds of every way to solve `number` random markets of one shape (providers, recipients)."""
    costs = np.random.default_rng(1).integers(0, 1000, (number, *shape))
    markets = [Market.from_matrix(cost) for cost in costs]
    ways: dict[str, Callable[[], int]] = {
        "match_many": lambda: solved(markets),
        "match_many, markets made": lambda: solved([Market.from_matrix(cost) for cost in costs]),
        "OR-Tools, arc by arc": lambda: arc_by_arc(costs),
        "OR-Tools, arrays": lambda: arrays_of_arcs(costs),
    }
    solved(markets[:10])  # the first call loads modules
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    totals = set()
    for _ in range(rounds):
        for name, way in ways.items():
            begin = time.perf_counter()
            totals.add(way())
            seconds[name].append(time.perf_counter() - begin)
    if len(totals) != 1:
        raise AssertionError(f"the totals differ: {totals}")
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print microseconds a market and the ratios to `match_many`, and append them to a CSV file if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=10_000)
    parser.add_argument("--shape", type=int, nargs=2, default=(30, 10), metavar=("PROVIDERS", "RECIPIENTS"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--csv", type=Path)
    options = parser.parse_args(arguments)
    taken = compare(options.number, tuple(options.shape), options.rounds)
    base = taken["match_many"]
    for name, seconds in taken.items():
        print(f"{name:26} {seconds / options.number * 1e6:8.1f} us a market {seconds / base:6.1f} x match_many")
    if options.csv:
        providers, recipients = options.shape
        here = {"instance": f"many-{options.number}", "recipients": recipients, "providers": providers, "status": "ok"}
        ratios = {name: {"seconds": seconds, "ratio": seconds / base} for name, seconds in taken.items()}
        write_csv(options.csv, [{**here, "peer": name, "runs": options.rounds, **row} for name, row in ratios.items()])


if __name__ == "__main__":
    main()
