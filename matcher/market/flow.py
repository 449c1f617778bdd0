"""One level of a market as a flow: what earlier levels left open, and its least-cost solution by OR-Tools.

The network of a level: an arc from each provider to each recipient it may serve (capacity 1, the cost of the pair), an
arc from the root to each provider and from each recipient back to the root, carrying the number of partners within the
bounds; the latter costs minus what a missing unit is charged. A circulation of least cost is a matching of least cost.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from matcher.base.errors import Fault, InvalidInput
from matcher.base.numbers import magnitude
from matcher.market.face import Chosen, Face
from matcher.market.input import Ints
from matcher.market.prices import dual_prices

#: OR-Tools scales costs by the number of nodes and refuses what comes near this
_SOLVER_RANGE: Final = 1 << 61


def least_cost(
    face: Face,
    cost: Ints | None,
    missing: Ints,
    *,
    provider_cost: Ints | None = None,
    numbering: Ints | None = None,
) -> Chosen:
    """Return what a matching of least cost in the face, which must not be empty, chooses of the free arcs, (F,).

    Parameters
    ----------
    cost
        (F,) int64 or None for 0.
    missing
        (R,) int64: charged for each unit below the maximum; the same everywhere as paying minus it for each unit used.
    provider_cost
        (P,) int64: cost of each unit that a provider gives; None for 0.
    numbering
        (P + R,) int64: in which order the nodes are numbered; the flow runs faster when neighbours have near numbers.

    Raises
    ------
    InvalidInput
        If the costs are too large for exact work at this size (code `cost_range`).
    """
    chosen = _solved(face, cost, missing, provider_cost, numbering)
    if chosen is None:
        chosen = _least_cost_coarse_first(face, cost, missing, provider_cost, numbering)
    return chosen


def _solved(
    face: Face, cost: Ints | None, missing: Ints, provider_cost: Ints | None, numbering: Ints | None
) -> Chosen | None:
    """Ask OR-Tools once; None if it refuses the range of the costs."""
    from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

    num_free = face.num_free
    if num_free == 0:
        return np.zeros(0, bool if face.limit is None else np.int64)
    provider, recipient = face.ends_of(np.arange(num_free))
    degree_p, degree_r = face.room
    active = np.flatnonzero(np.concatenate([degree_p, degree_r]))
    number = np.zeros(face.num_providers + face.num_recipients, np.int32)
    if numbering is not None:
        active = active[np.argsort(numbering[active], kind="stable")]
    number[active] = np.arange(len(active), dtype=np.int32)
    root = len(active)
    at_p, at_r = np.flatnonzero(degree_p), np.flatnonzero(degree_r)
    # A minimum may be negative after arcs were taken, and a maximum beyond the arcs there are means nothing here.
    least_p, least_r = (np.maximum(b[at, 0], 0) for b, at in ((face.capacity, at_p), (face.demand, at_r)))
    room_p = np.minimum(face.capacity[at_p, 1], degree_p[at_p]) - least_p
    room_r = np.minimum(face.demand[at_r, 1], degree_r[at_r]) - least_r
    node_p, node_r = number[at_p], number[face.num_providers + at_r]
    tails = np.concatenate([number[provider], np.full(len(at_p), root, np.int32), node_r])
    heads = np.concatenate([number[face.num_providers + recipient], node_p, np.full(len(at_r), root, np.int32)])
    each = np.ones(num_free, np.int64) if face.limit is None else face.limit
    capacities = np.concatenate([each, room_p, room_r])
    costs = np.concatenate(
        [
            np.zeros(num_free, np.int64) if cost is None else cost,
            np.zeros(len(at_p), np.int64) if provider_cost is None else provider_cost[at_p],
            -missing[at_r],
        ]
    )
    supplies = np.zeros(root + 1, np.int64)
    supplies[node_p] = least_p
    supplies[node_r] = -least_r
    supplies[root] = -supplies.sum()
    solver = SimpleMinCostFlow()
    solver.add_arcs_with_capacity_and_unit_cost(tails, heads, capacities, costs)
    solver.set_nodes_supplies(np.arange(root + 1, dtype=np.int32), supplies)
    status = solver.solve()
    if status == solver.BAD_COST_RANGE:
        return None
    if status != solver.OPTIMAL:
        # Asking for flows now would end the process.
        raise RuntimeError(f"the flow of a feasible level ended with {status}")
    flows: NDArray[np.int64] = solver.flows(np.arange(num_free, dtype=np.int32))
    return flows > 0 if face.limit is None else flows


def _least_cost_coarse_first(
    face: Face, cost: Ints | None, missing: Ints, provider_cost: Ints | None, numbering: Ints | None
) -> Chosen:
    """Solve costs beyond the solver's range: first coarse ones, then what the coarse prices leave undecided.

    With costs in units of ``2**k`` the optimum violates the exact optimality conditions by less than ``2**k`` an arc,
    so no cycle of the exact residual graph gains more than ``n * 2**k``, and an arc whose reduced cost is larger stays
    as it is: reduced costs may be clamped there without changing the optimal matchings.
    """
    nodes = face.num_providers + face.num_recipients + 3
    pair = np.zeros(face.num_free, np.int64) if cost is None else cost
    give = np.zeros(face.num_providers, np.int64) if provider_cost is None else provider_cost
    largest = max(magnitude(pair), magnitude(give), magnitude(missing))
    shift = max(1, (largest * nodes * nodes // _SOLVER_RANGE).bit_length() + 1)
    coarse = (pair >> shift, missing >> shift, give >> shift)
    first = _solved(face, coarse[0], coarse[1], coarse[2], numbering)
    most = nodes << (shift + 1)
    if first is None or most * nodes * nodes >= 4 * _SOLVER_RANGE:
        details = {"level": 1, "magnitude": largest, "nodes": nodes, "most": _SOLVER_RANGE // nodes**2}
        raise InvalidInput([Fault("cost_range", column="cost", value=largest, details=details)])
    price_p, price_r = (p << shift for p in dual_prices(face, coarse[0], coarse[1], first, provider_cost=coarse[2]))
    clamped = np.clip(face.reduced(pair, price_p, price_r), -most, most)
    chosen = _solved(
        face, clamped, np.clip(missing - price_r, -most, most), np.clip(give - price_p, -most, most), numbering
    )
    if chosen is None:
        raise RuntimeError("the flow refused costs within its range")
    return chosen


def most_pairs(face: Face, chosen: Chosen) -> Chosen:
    """Return what a matching with most units in a face chooses of its free arcs, (F,), from one that keeps its bounds.

    A maximum flow in the residual network of `chosen`, about ten times faster than a flow with costs.
    """
    from ortools.graph.python.max_flow import SimpleMaxFlow

    num_free = face.num_free
    provider, recipient = face.ends_of(np.arange(num_free))
    recipient = recipient + face.num_providers
    used_p, used_r = face.used(chosen)
    degree_p, degree_r = face.room
    room_p = np.minimum(face.capacity[:, 1], degree_p) - used_p
    room_r = np.minimum(face.demand[:, 1], degree_r) - used_r
    at_p, at_r = np.flatnonzero(room_p > 0), np.flatnonzero(room_r > 0)
    if len(at_p) == 0 or len(at_r) == 0:
        return chosen
    source = face.num_providers + face.num_recipients
    on, off = (np.flatnonzero(here) for here in (~face.full(chosen), face.some(chosen)))
    units = chosen.astype(np.int64)
    room = (1 if face.limit is None else face.limit) - units
    solver = SimpleMaxFlow()
    solver.add_arcs_with_capacity(
        np.concatenate([provider[on], recipient[off], np.full(len(at_p), source), face.num_providers + at_r]).astype(
            np.int32
        ),
        np.concatenate([recipient[on], provider[off], at_p, np.full(len(at_r), source + 1)]).astype(np.int32),
        np.concatenate([room[on], units[off], room_p[at_p], room_r[at_r]]),
    )
    status = solver.solve(source, source + 1)
    if status != solver.OPTIMAL:
        raise RuntimeError(f"the maximum flow ended with {status}")
    flows: Ints = solver.flows(np.arange(len(on) + len(off), dtype=np.int32))
    units[on] += flows[: len(on)]
    units[off] -= flows[len(on) :]
    return units > 0 if face.limit is None else units
