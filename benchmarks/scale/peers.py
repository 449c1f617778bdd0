"""The solvers that people would pick, each on the same market: points in, the least metres out.

Peers for dense matrices get all pairs of whole metres, what is out of reach at the charge of being left out; peers for
graphs get the pairs in reach as arcs, listed with SciPy's k-d tree where there is a reach. Making either is part of
their time. Everything runs on the defaults that its own documentation shows first.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.scale.instances import UNMET_KM, Floats, Ints, Points

_CHARGE = UNMET_KM * 1000
_ROWS = 256  # recipients whose arcs are listed at once


@dataclass(frozen=True, slots=True)
class Peer:
    """One solver: what to import before the clock starts, and how to get the least metres (None: it proves none)."""

    solve: Callable[[Points], int | None]
    imports: tuple[str, ...]


class Arcs(NamedTuple):
    """Candidate arcs of a point market: recipient and provider (int32 spares the peers memory), metres, each (A,)."""

    recipient: NDArray[np.int32]
    provider: NDArray[np.int32]
    metres: Ints


class Network(NamedTuple):
    """A min-cost flow: recipients 0 to R - 1 supply a unit each, then the providers, last a sink that takes all."""

    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    most: Ints
    cost: Ints
    supply: Ints


# --- what the peers are given ----------------------------------------------------------------------------------------


def matrix(points: Points) -> Ints:
    """Return the whole metres of all pairs, (R, P)."""
    from pyproj import Geod

    geod = Geod(ellps="WGS84")
    a, b = points.provider_latlon, points.recipient_latlon
    out = np.empty((len(b), len(a)), np.int64)
    for row, (lat, lon) in enumerate(b):
        out[row] = np.rint(geod.inv(a[:, 1], a[:, 0], np.full(len(a), lon), np.full(len(a), lat))[2])
    return out


def charged(points: Points) -> Floats:
    """Return the matrix with the charge of being left out at every pair that is not allowed."""
    cost = matrix(points)
    cost[cost > points.reach_m] = _CHARGE
    return cost.astype(np.float64)


def padded(points: Points) -> Floats:
    """Return one column for each place of a provider, and one at the charge for each recipient who may find none."""
    cost = np.repeat(charged(points), points.capacity, axis=1)
    lack = max(0, len(cost) - cost.shape[1])
    return np.hstack([cost, np.full((len(cost), lack), float(_CHARGE))]) if lack else cost


def arcs_in_reach(points: Points) -> Arcs:
    """List the pairs in reach, as anyone would: all of them without a reach, by a k-d tree with one."""
    if points.max_km is None:
        cost = matrix(points)
        r, p = np.nonzero(cost <= points.reach_m)
        return Arcs(r.astype(np.int32), p.astype(np.int32), cost[r, p])
    from pyproj import Geod
    from scipy.spatial import cKDTree

    from matcher.geo import ecef

    a, b = points.provider_latlon, points.recipient_latlon
    xyz, tree = ecef(*b.T), cKDTree(ecef(*a.T))
    parts = []
    for first in range(0, len(b), _ROWS):
        near = tree.query_ball_point(xyz[first : first + _ROWS], points.reach_m + 1.0)
        r = np.repeat(np.arange(first, first + len(near)), [len(row) for row in near])
        p = np.concatenate([np.array(row, np.int64) for row in near])
        d = np.rint(Geod(ellps="WGS84").inv(b[r, 1], b[r, 0], a[p, 1], a[p, 0])[2]).astype(np.int64)
        keep = d <= points.reach_m
        parts.append((r[keep].astype(np.int32), p[keep].astype(np.int32), d[keep]))
    return Arcs(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def network(points: Points, arcs: Arcs) -> Network:
    """Return the flow on these arcs, with an arc at the charge from every recipient to the sink."""
    R, P = len(points.recipient_latlon), len(points.provider_latlon)
    one = np.ones(R, np.int64)
    return Network(
        np.concatenate([arcs.recipient, np.arange(R + P, dtype=np.int32)]),
        np.concatenate([np.int32(R) + arcs.provider, np.full(R + P, R + P, np.int32)]),
        np.concatenate([np.ones(len(arcs.metres), np.int64), one, points.capacity]),
        np.concatenate([arcs.metres, _CHARGE * one, np.zeros(P, np.int64)]),
        np.concatenate([one, np.zeros(P, np.int64), [-R]]),
    )


# --- the peers -------------------------------------------------------------------------------------------------------


def solve_matcher(points: Points, workers: int = 1) -> int | None:
    """Solve by this library; the value is proved over all pairs."""
    from matcher import Market, match

    market = Market.from_points(
        points.provider_latlon,
        points.recipient_latlon,
        capacity=points.capacity,
        max_km=points.max_km,
        unmet_km=UNMET_KM,
    )
    matching = match(market, workers=workers)
    if matching.status != "optimal":
        raise AssertionError(f"matcher ended {matching.status}")
    return matching.levels[0].value


def solve_scipy(points: Points) -> int | None:
    """Solve by SciPy's dense assignment, a row a recipient, a column a place."""
    from scipy.optimize import linear_sum_assignment

    cost = padded(points)
    return int(cost[linear_sum_assignment(cost)].sum())


def solve_lapx(points: Points) -> int | None:
    """Solve by Jonker and Volgenant's algorithm in lapx, on the same matrix."""
    import lap

    return round(lap.lapjv(padded(points), extend_cost=True)[0])


def solve_ortools(points: Points) -> int | None:
    """Solve by OR-Tools' min-cost flow on all arcs in reach."""
    return _ortools(network(points, arcs_in_reach(points)))


def _ortools(net: Network) -> int:
    from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

    solver = SimpleMinCostFlow()
    solver.add_arcs_with_capacity_and_unit_cost(net.tail, net.head, net.most, net.cost)
    solver.set_nodes_supplies(np.arange(len(net.supply), dtype=np.int32), net.supply)
    if solver.solve() != solver.OPTIMAL:
        raise AssertionError("OR-Tools found no optimum")
    return int(solver.optimal_cost())


def solve_ortools16(points: Points) -> int | None:
    """Time one OR-Tools flow alone on the 16 nearest arcs, nodes numbered along a k-d tree: it proves nothing."""
    from pyproj import Geod
    from scipy.spatial import cKDTree

    from matcher.geo import ecef

    a, b = points.provider_latlon, points.recipient_latlon
    xyz_a, xyz_b = ecef(*a.T), ecef(*b.T)
    near = min(16, len(a))
    p = cKDTree(xyz_a).query(xyz_b, near)[1].ravel()
    r = np.repeat(np.arange(len(b)), near)
    d = np.rint(Geod(ellps="WGS84").inv(b[r, 1], b[r, 0], a[p, 1], a[p, 0])[2]).astype(np.int64)
    keep = d <= points.reach_m
    net = network(points, Arcs(r[keep].astype(np.int32), p[keep].astype(np.int32), d[keep]))
    order = cKDTree(np.concatenate([xyz_b, xyz_a]), leafsize=2).indices
    number = np.empty(len(order) + 1, np.int32)
    number[np.append(order, len(order))] = np.arange(len(order) + 1)
    supply = np.empty_like(net.supply)
    supply[number] = net.supply
    begin = time.perf_counter()
    _ortools(net._replace(tail=number[net.tail], head=number[net.head], supply=supply))
    print(json.dumps({"flow_s": time.perf_counter() - begin}), file=sys.stderr)
    return None


def solve_pylmcf(points: Points) -> int | None:
    """Solve by LEMON's network simplex, on all arcs in reach."""
    import pylmcf

    net = network(points, arcs_in_reach(points))
    order = np.lexsort((net.head, net.tail))  # its own condition
    graph = pylmcf.Graph(len(net.supply), net.tail[order].astype(np.int64), net.head[order].astype(np.int64))
    graph.set_node_supply(net.supply)
    graph.set_edge_capacities(net.most[order])
    graph.set_edge_costs(net.cost[order])
    graph.solve()
    return int(graph.total_cost())


def solve_highs(points: Points) -> int | None:
    """Solve the flow as a linear programme by HiGHS."""
    import highspy

    net = network(points, arcs_in_reach(points))
    A, N = len(net.tail), len(net.supply)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = A, N
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = net.cost.astype(float), np.zeros(A), net.most.astype(float)
    lp.row_lower_ = lp.row_upper_ = net.supply.astype(float)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = np.arange(0, 2 * A + 1, 2)
    lp.a_matrix_.index_ = np.column_stack([net.tail, net.head]).ravel()
    lp.a_matrix_.value_ = np.tile([1.0, -1.0], A)
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.passModel(lp)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise AssertionError("HiGHS found no optimum")
    return round(solver.getInfo().objective_function_value)


def solve_networkx(points: Points) -> int | None:
    """Solve by networkx' network simplex, on all arcs in reach."""
    import networkx as nx

    net = network(points, arcs_in_reach(points))
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from((node, {"demand": -units}) for node, units in enumerate(net.supply.tolist()))
    rows = zip(net.tail.tolist(), net.head.tolist(), net.most.tolist(), net.cost.tolist(), strict=True)
    graph.add_edges_from((tail, head, {"capacity": most, "weight": cost}) for tail, head, most, cost in rows)
    return int(nx.network_simplex(graph)[0])


def solve_pulp(points: Points) -> int | None:
    """Solve as a linear programme written in PuLP, by CBC."""
    import pulp

    arcs = arcs_in_reach(points)
    problem = pulp.LpProblem()
    pair = [pulp.LpVariable(f"x{k}", 0, 1) for k in range(len(arcs.metres))]
    left = [pulp.LpVariable(f"m{r}", 0, 1) for r in range(len(points.recipient_latlon))]
    at_r: list[list[pulp.LpVariable]] = [[unit] for unit in left]
    at_p: list[list[pulp.LpVariable]] = [[] for _ in points.capacity]
    for x, r, p in zip(pair, arcs.recipient.tolist(), arcs.provider.tolist(), strict=True):
        at_r[r].append(x)
        at_p[p].append(x)
    problem += pulp.lpDot(arcs.metres.tolist(), pair) + _CHARGE * pulp.lpSum(left)
    for row in at_r:
        problem += pulp.lpSum(row) == 1
    for row, most in zip(at_p, points.capacity.tolist(), strict=True):
        problem += pulp.lpSum(row) <= most
    problem.solve(pulp.PULP_CBC_CMD(msg=False))
    return round(pulp.value(problem.objective))


def solve_pot(points: Points) -> int | None:
    """Solve as optimal transport by POT's network simplex, on all pairs; whatever is out of balance is dummy mass."""
    import ot

    cost = charged(points)
    room, want = points.capacity.astype(float), np.ones(len(cost))
    # Beside the providers one more at the charge for those left out; beside the recipients one for places left empty.
    cost = np.hstack([cost, np.full((len(cost), 1), float(_CHARGE))])
    cost = np.vstack([cost, np.zeros((1, cost.shape[1]))])
    spare = room.sum()
    room, want = np.append(room, want.sum()), np.append(want, spare)
    return round(float(ot.emd2(want, room, cost, numItermax=10**8)))


def solve_spopt(points: Points) -> int | None:
    """Solve as spopt's p-median with capacities and every site open, by CBC; a last site at the charge takes the rest.

    Only its constructor from a matrix serves: the one from geography measures on the plane, and degrees as if metres.
    """
    import pulp
    from spopt.locate import PMedian

    cost = charged(points)
    R, P = cost.shape
    cost = np.hstack([cost, np.full((R, 1), float(_CHARGE))])
    room = np.append(points.capacity, R)
    model = PMedian.from_cost_matrix(cost, np.ones(R), p_facilities=P + 1, facility_capacities=room)
    model.solve(pulp.PULP_CBC_CMD(msg=False), results=False)
    return round(pulp.value(model.problem.objective))


# the loops of points import their compiler when first run, which is no part of solving
_OURS = ("matcher.market.solving", "matcher.market.points.compiled", "numba")

#: the last two are not peers: this library on two processes, and a flow on near arcs that proves nothing
PEERS = {
    "matcher": Peer(solve_matcher, _OURS),
    "scipy": Peer(solve_scipy, ("scipy.optimize",)),
    "lapx": Peer(solve_lapx, ("lap",)),
    "ortools": Peer(solve_ortools, ("ortools.graph.python.min_cost_flow",)),
    "pylmcf": Peer(solve_pylmcf, ("pylmcf",)),
    "highs": Peer(solve_highs, ("highspy",)),
    "pot": Peer(solve_pot, ("ot",)),
    "networkx": Peer(solve_networkx, ("networkx",)),
    "pulp": Peer(solve_pulp, ("pulp",)),
    "spopt": Peer(solve_spopt, ("spopt.locate", "pulp")),
    "matcher2": Peer(partial(solve_matcher, workers=2), _OURS),
    "ortools16": Peer(solve_ortools16, ("ortools.graph.python.min_cost_flow",)),
}
