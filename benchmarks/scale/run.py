"""Compare matcher with the solvers people would pick instead, each in a process of its own.

    python benchmarks/scale/run.py skew-9300 --peers matcher scipy lapx ortools pylmcf --repeat 3 --csv out.csv
    python benchmarks/scale/run.py programme_2017 --data DATA --peers matcher scipy lapx ortools pylmcf --repeat 3
    python benchmarks/scale/run.py places-500km --data DATA --peers matcher
    python benchmarks/scale/run.py skew-200000-300km --peers matcher ortools16
    python benchmarks/scale/run.py million-50km --peers matcher --limit 2700
    python benchmarks/scale/run.py sweep --peers matcher ortools

DATA is the folder that holds `programme_2017/` and `sources/` (or set MATCHER_DATA). Peers get the full matrix of whole
metres, and the time to make it is part of theirs; matcher gets the points. Times are seconds from points to the
objective; memory is the peak above what the imports take. A peer is stopped at --limit seconds or 24 GiB and reported
so. Objectives must be equal, or the run fails.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
UNMET_KM = 10_000  # dearer than any pair, so that everybody who can be served is


def instance(name: str, data: Path | None):
    """Return provider and recipient points, capacity and max_km of a named instance."""
    sys.path.insert(0, str(HERE))
    from instances import clusters, pathological

    if name == "programme_2017":
        import pandas as pd

        branches, schools = (pd.read_csv(data / name / f"{t}.csv") for t in ("branches", "schools"))
        return (
            branches[["lat", "lon"]].to_numpy(),
            schools[["lat", "lon"]].to_numpy(),
            branches["capacity"].to_numpy(),
            None,
        )
    if name == "places-500km":
        import pandas as pd

        campuses = pd.read_csv(data / "sources" / "campuses.csv")
        places = pd.read_csv(data / "sources" / "places.csv.gz", dtype={"code": str}).dropna(subset=["lat", "lon"])
        return campuses[["lat", "lon"]].to_numpy(), places[["lat", "lon"]].to_numpy(), np.full(len(campuses), 40), 500.0
    if name == "million-50km":
        m = clusters(1_000_000, 1_000_000, skew=False, max_km=50.0, most=3)
    elif name.startswith("sweep:"):
        m = pathological(name[6:])
    else:
        kind, count, *reach = name.split("-")
        n = int(count)
        max_km = float(reach[0].removesuffix("km")) if reach else None
        m = clusters(n, 3_800 if n == 9_300 else n // 2, skew=kind == "skew", max_km=max_km)
    return m.provider_latlon, m.recipient_latlon, m.capacity, m.max_km


def matrix(a, b, max_km):
    """Whole metres of all pairs (R, P), and which are in reach."""
    from pyproj import Geod

    geod = Geod(ellps="WGS84")
    out = np.empty((len(b), len(a)), np.int64)
    for i, (lat, lon) in enumerate(b):
        out[i] = np.rint(geod.inv(a[:, 1], a[:, 0], np.full(len(a), lon), np.full(len(a), lat))[2])
    return out


def charged(cost, max_km):
    """Forbid what is out of reach by the charge of a missing unit."""
    cost[cost > (UNMET_KM * 1000 if max_km is None else max_km * 1000)] = UNMET_KM * 1000
    return cost


def solve_matcher(a, b, capacity, max_km):
    from matcher import Market, match

    matching = match(Market.from_points(a, b, capacity=capacity, max_km=max_km, unmet_km=UNMET_KM))
    assert matching.status == "optimal"
    return matching.levels[0].value


def padded(a, b, capacity, max_km):
    """One column for each place, and free columns at the charge where places are fewer than recipients."""
    cost = np.repeat(charged(matrix(a, b, max_km), max_km).astype(np.float64), capacity, axis=1)
    lack = max(0, len(b) - cost.shape[1])
    return np.hstack([cost, np.full((len(b), lack), UNMET_KM * 1000.0)]) if lack else cost


def solve_scipy(a, b, capacity, max_km):
    from scipy.optimize import linear_sum_assignment

    cost = padded(a, b, capacity, max_km)
    return int(cost[linear_sum_assignment(cost)].sum())


def solve_lapx(a, b, capacity, max_km):
    import lap

    return round(lap.lapjv(padded(a, b, capacity, max_km), extend_cost=True)[0])


def arcs_of_all(a, b, max_km):
    cost = matrix(a, b, max_km)
    r, p = np.nonzero(cost <= (UNMET_KM * 1000 if max_km is None else max_km * 1000))
    return r.astype(np.int32), p.astype(np.int32), cost[r, p]


def flow_arrays(a, b, capacity, arcs):
    r, p, d = arcs
    R, P = len(b), len(a)
    tail = np.concatenate([r, np.arange(R, dtype=np.int32), R + np.arange(P, dtype=np.int32)])
    head = np.concatenate([R + p, np.full(R + P, R + P, np.int32)])
    most = np.concatenate([np.ones(len(d), np.int64), np.ones(R, np.int64), capacity])
    cost = np.concatenate([d, np.full(R, UNMET_KM * 1000), np.zeros(P, np.int64)])
    supply = np.concatenate([np.ones(R, np.int64), np.zeros(P, np.int64), [-R]])
    return tail, head, most, cost, supply


def solve_ortools(a, b, capacity, max_km, arcs=None, number=None):
    from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

    tail, head, most, cost, supply = flow_arrays(a, b, capacity, arcs or arcs_of_all(a, b, max_km))
    if number is not None:
        tail, head = number[tail], number[head]
    solver = SimpleMinCostFlow()
    solver.add_arcs_with_capacity_and_unit_cost(tail, head, most, cost)
    solver.set_nodes_supplies(np.arange(len(supply)) if number is None else number, supply)
    assert solver.solve() == solver.OPTIMAL
    return solver.optimal_cost()


def solve_ortools16(a, b, capacity, max_km):
    """One flow on the 16 nearest arcs, nodes numbered along a k-d tree: proves nothing about the other pairs."""
    from pyproj import Geod
    from scipy.spatial import cKDTree

    from matcher.geo import ecef

    xyz_a, xyz_b = ecef(*a.T), ecef(*b.T)
    p = cKDTree(xyz_a).query(xyz_b, 16)[1].ravel()
    r = np.repeat(np.arange(len(b)), 16)
    d = np.rint(Geod(ellps="WGS84").inv(b[r, 1], b[r, 0], a[p, 1], a[p, 0])[2]).astype(np.int64)
    near = d <= (UNMET_KM if max_km is None else max_km) * 1000
    order = cKDTree(np.concatenate([xyz_b, xyz_a]), leafsize=2).indices
    number = np.empty(len(order) + 1, np.int64)
    number[np.append(order, len(order))] = np.arange(len(order) + 1)
    begin = time.perf_counter()
    solve_ortools(a, b, capacity, max_km, (r[near], p[near], d[near]), number)
    print(json.dumps({"flow_s": time.perf_counter() - begin}), file=sys.stderr)
    return


def solve_pylmcf(a, b, capacity, max_km):
    import pylmcf

    tail, head, most, cost, supply = flow_arrays(a, b, capacity, arcs_of_all(a, b, max_km))
    order = np.lexsort((head, tail))  # its own condition
    tail, head, most, cost = tail[order], head[order], most[order], cost[order]
    graph = pylmcf.Graph(len(supply), tail.astype(np.int64), head.astype(np.int64))
    graph.set_node_supply(supply)
    graph.set_edge_capacities(most)
    graph.set_edge_costs(cost)
    graph.solve()
    return int(graph.total_cost())


def solve_highs(a, b, capacity, max_km):
    from scipy.optimize import linprog
    from scipy.sparse import coo_matrix

    tail, head, most, cost, supply = flow_arrays(a, b, capacity, arcs_of_all(a, b, max_km))
    k = np.arange(len(tail))
    rows = coo_matrix((np.r_[np.ones(len(k)), -np.ones(len(k))], (np.r_[tail, head], np.r_[k, k])))
    return round(
        linprog(cost, A_eq=rows.tocsr(), b_eq=supply, bounds=np.column_stack([0 * most, most]), method="highs").fun
    )


def solve_networkx(a, b, capacity, max_km):
    import networkx as nx

    tail, head, most, cost, supply = flow_arrays(a, b, capacity, arcs_of_all(a, b, max_km))
    graph = nx.DiGraph()
    graph.add_nodes_from((i, {"demand": -int(s)}) for i, s in enumerate(supply))
    rows = zip(tail.tolist(), head.tolist(), most.tolist(), cost.tolist(), strict=True)
    graph.add_edges_from((t, h, {"capacity": m, "weight": c}) for t, h, m, c in rows)
    return nx.network_simplex(graph)[0]


def solve_pulp(a, b, capacity, max_km):
    import pulp

    r, p, d = arcs_of_all(a, b, max_km)
    problem = pulp.LpProblem()
    x = [pulp.LpVariable(f"x{k}", 0, 1) for k in range(len(d))]
    m = [pulp.LpVariable(f"m{k}", 0, 1) for k in range(len(b))]
    problem += pulp.lpDot(d.tolist(), x) + UNMET_KM * 1000 * pulp.lpSum(m)
    for i in range(len(b)):
        problem += pulp.lpSum(x[k] for k in np.flatnonzero(r == i)) + m[i] == 1
    for j in range(len(a)):
        problem += pulp.lpSum(x[k] for k in np.flatnonzero(p == j)) <= int(capacity[j])
    problem.solve(pulp.PULP_CBC_CMD(msg=False))
    return round(pulp.value(problem.objective))


def solve_pot(a, b, capacity, max_km):
    import ot

    cost = charged(matrix(a, b, max_km), max_km).astype(np.float64)
    room, want = capacity.astype(float), np.ones(len(b))
    slack = room.sum() - want.sum()
    if slack < 0:
        room, cost = np.append(room, -slack), np.hstack([cost, np.full((len(b), 1), UNMET_KM * 1000.0)])
    elif slack > 0:
        want, cost = np.append(want, slack), np.vstack([cost, np.zeros(cost.shape[1])])
    return round(ot.emd2(want, room, cost, numItermax=10**8))


def child(name: str, peer: str, data: Path | None) -> None:
    """Run one peer once and print what it took."""
    imports = {
        "scipy": "scipy.optimize",
        "lapx": "lap",
        "pylmcf": "pylmcf",
        "networkx": "networkx",
        "pulp": "pulp",
        "pot": "ot",
    }
    for module in (
        "pyproj",
        "pandas",
        "scipy.spatial",
        "matcher",
        imports.get(peer, "ortools.graph.python.min_cost_flow"),
    ):
        __import__(module)
    a, b, capacity, max_km = instance(name, data)
    resource.setrlimit(resource.RLIMIT_AS, (24 << 30, 24 << 30))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    value = globals()[f"solve_{peer}"](a, b, capacity, max_km)
    took = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    peak = max(peak, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss - before)
    print(json.dumps({"value": value, "seconds": took, "peak_mib": peak / 1024, "size": [len(b), len(a)]}))


def measure(name: str, peer: str, args) -> dict:
    """Run a peer several times in fresh processes; the median."""
    runs = []
    for _ in range(args.repeat):
        command = [sys.executable, __file__, name, "--child", peer] + (["--data", str(args.data)] if args.data else [])
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=args.limit, check=False)
        except subprocess.TimeoutExpired:
            return {"instance": name, "peer": peer, "status": f"stopped at {args.limit:.0f} s"}
        if done.returncode:
            said = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]  # killed: no memory left
            return {"instance": name, "peer": peer, "status": said[-1][:120]}
        runs.append(json.loads(done.stdout.splitlines()[-1]))
        if done.stderr.startswith('{"flow_s"'):
            runs[-1]["seconds"] = json.loads(done.stderr.splitlines()[0])["flow_s"]
    values = {run["value"] for run in runs}
    assert len(values) == 1, f"{peer} gives {values}"
    middle = {key: statistics.median(run[key] for run in runs) for key in ("seconds", "peak_mib")}
    return {"instance": name, "peer": peer, "status": "ok", "value": runs[0]["value"], **middle}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("instance")
    parser.add_argument("--peers", nargs="+", default=["matcher", "scipy", "lapx", "ortools", "pylmcf"])
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--limit", type=float, default=600)
    parser.add_argument("--data", type=Path, default=os.environ.get("MATCHER_DATA"))
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--child")
    args = parser.parse_args()
    args.data = None if args.data is None else Path(args.data)
    if args.child:
        child(args.instance, args.child, args.data)
        return
    sys.path.insert(0, str(HERE))
    from instances import PATHOLOGICAL

    names = [f"sweep:{kind}" for kind in PATHOLOGICAL] if args.instance == "sweep" else [args.instance]
    rows = []
    place = {
        "cpu": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }
    for name in names:
        for peer in args.peers:
            rows.append({**measure(name, peer, args), **place})
            print(
                {key: round(value, 2) if isinstance(value, float) else value for key, value in rows[-1].items()},
                flush=True,
            )
    for name in names:
        found = {row["value"] for row in rows if row["instance"] == name and row.get("value") is not None}
        assert len(found) <= 1, f"the objectives of {name} differ: {found}"
    if args.csv:
        fields = ["instance", "peer", "status", "value", "seconds", "peak_mib", "cpu", "cores", "python"]
        with args.csv.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fields)
            if file.tell() == 0:
                writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
