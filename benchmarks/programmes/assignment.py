"""Generalised assignments of the types C, D and E of the literature, beside a plan made by hand and HiGHS.

    python -m benchmarks.programmes.assignment --type D --agents 20 --tasks 400 --limit 30

Types as in Chu and Beasley (1997) and Laguna et al. (1995): C has sizes from 5 to 25 and costs from 10 to 50, in D what
is cheap takes much room, in E it does so in proportion. By hand: the task with most to lose first, each where it costs
least and has room. HiGHS: the textbook form by SciPy. Without --only the three run one after the other.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import matcher
from matcher.market import flaws


def drawn(kind: str, agents: int, tasks: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return cost and size (agents, tasks) and the room of each agent."""
    rng = np.random.default_rng(seed)
    if kind == "C":
        size, cost = rng.integers(5, 26, (agents, tasks)), rng.integers(10, 51, (agents, tasks))
    elif kind == "D":
        size = rng.integers(1, 101, (agents, tasks))
        cost = 111 - size + rng.integers(-10, 11, (agents, tasks))
    else:
        size = (1 - 10 * np.log(1 - rng.random((agents, tasks)))).astype(int)
        cost = np.maximum(1, 1000 / size - 10 * rng.random((agents, tasks))).astype(int)
    return cost, size, np.maximum((0.8 * size.sum(axis=1) / agents).astype(int), size.max(axis=1))


def ours(cost: np.ndarray, size: np.ndarray, room: np.ndarray, limit: float) -> tuple:
    market = matcher.Market.from_matrix(cost, capacity=room, demand=[[1, 1]] * cost.shape[1], unmet_cost=0, size=size)
    found = matcher.match(market, time_limit_s=limit)
    assert not flaws(found)
    return found.levels[0].value, found.levels[0].bound, found.levels[0].relative_gap, found.proof.kind


def by_hand(cost: np.ndarray, size: np.ndarray, room: np.ndarray, limit: float) -> tuple:
    del limit
    two = np.sort(cost, axis=0)[:2]
    left, total = room.copy(), 0
    for i in np.argsort(two[0] - two[1], kind="stable").tolist():
        fits = np.flatnonzero(size[:, i] <= left)
        if not len(fits):
            return None, None, None, "none"
        j = fits[cost[fits, i].argmin()]
        left[j] -= size[j, i]
        total += int(cost[j, i])
    return total, None, None, "none"


def by_highs(cost: np.ndarray, size: np.ndarray, room: np.ndarray, limit: float) -> tuple:
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    agents, tasks = cost.shape
    at = np.arange(agents * tasks)
    one = csr_array((np.ones(len(at)), (at % tasks, at)))
    loads = csr_array((size.ravel().astype(float), (at // tasks, at)))
    rows = [LinearConstraint(one, 1, 1), LinearConstraint(loads, -np.inf, room)]
    options = {"time_limit": limit, "mip_rel_gap": 0}
    found = milp(cost.ravel(), integrality=np.ones(len(at)), bounds=Bounds(0, 1), constraints=rows, options=options)
    value = None if found.fun is None else round(found.fun)
    bound = None if found.mip_dual_bound is None else int(np.ceil(found.mip_dual_bound - 1e-6))
    return value, bound, None if value is None or bound is None else (value - bound) / value, "solver"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--type", choices="CDE", default="D")
    parser.add_argument("--agents", type=int, default=20)
    parser.add_argument("--tasks", type=int, default=400)
    parser.add_argument("--limit", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=("matcher", "by hand", "HiGHS"))
    options = parser.parse_args()
    case = drawn(options.type, options.agents, options.tasks, options.seed)
    ours(*drawn("C", 5, 70, 0), 1)  # loops are compiled once, after an installation
    for name, work in (("matcher", ours), ("by hand", by_hand), ("HiGHS", by_highs)):
        if options.only in (None, name):
            begun, spent = time.perf_counter(), time.process_time()
            found = work(*case, options.limit)
            clock = round(time.perf_counter() - begun, 1), round(time.process_time() - spent, 1)
            print(options.type, f"{options.agents} x {options.tasks}", name, *clock, *found, flush=True)


if __name__ == "__main__":
    main()
