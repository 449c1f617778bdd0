"""A market in the formats of other solvers: DIMACS minimum-cost flow and free MPS.

Both say the one-level problem: minimise the cost of the pairs plus `unmet_cost` for each unit below a maximum. A market
that first serves as many units as it can has two levels and no such form; give it an `unmet_cost`.

Sources: DIMACS, "The first DIMACS international algorithm implementation challenge: problem definitions and
specifications" (1990-91); the free MPS format as read by HiGHS, CBC and SCIP.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from matcher.base.disk import regular_bytes
from matcher.base.errors import Fault, InvalidInput
from matcher.market.face import arc_limits
from matcher.market.input import Ints
from matcher.market.market import Market
from matcher.market.refusals import check_flow


def to_dimacs(market: Market, path: str | Path) -> None:
    """Write the market as a DIMACS minimum-cost flow problem (``p min``).

    Nodes 1 to P are the providers, P + 1 to P + R the recipients, the last one takes what is left over and hands out
    what is unmet. The optimum of the problem is the value of the market's level.

    Raises
    ------
    InvalidInput
        If the market is no flow, has no `unmet_cost` or more than one level.
    """
    unmet = _single(market)
    P, R = market.num_providers, market.num_recipients
    root = P + R + 1
    capacity, demand = market.capacity, market.demand
    rows = [
        f"c one unit of cost is {market.resolution!r} {market.unit}".rstrip(),
        f"p min {root} {market.num_arcs + P + R}",
    ]
    supply = np.concatenate([capacity[:, 1], -demand[:, 1]])
    rows += [f"n {node + 1} {units}" for node, units in enumerate(supply.tolist()) if units]
    rows += [f"n {root} {-int(supply.sum())}"] if supply.sum() else []
    ends = (market.provider_idx.tolist(), market.recipient_idx.tolist(), market.cost[0].tolist())
    limits = arc_limits(market).tolist() if market.pair_limit is not None else [1] * market.num_arcs
    rows += [f"a {p + 1} {P + 1 + r} 0 {most} {cost}" for p, r, cost, most in zip(*ends, limits, strict=True)]
    spare = (capacity[:, 1] - capacity[:, 0]).tolist()
    rows += [f"a {p + 1} {root} 0 {units} 0" for p, units in enumerate(spare)]
    short = (demand[:, 1] - demand[:, 0]).tolist()
    rows += [f"a {root} {P + 1 + r} 0 {units} {int(unmet[r])}" for r, units in enumerate(short)]
    Path(path).write_text("\n".join(rows) + "\n", encoding="ascii")


def to_mps(market: Market, path: str | Path) -> None:
    """Write the market as a linear programme in free MPS; its basic optima are whole.

    Columns ``x_p_r`` are the pairs and ``m_r`` the missing units; rows ``p_i`` and ``r_j`` the bounds of both sides.

    Raises
    ------
    InvalidInput
        If the market is no flow, has no `unmet_cost` or more than one level.
    """
    unmet = _single(market)
    capacity, demand = market.capacity.tolist(), market.demand.tolist()
    rows = ["NAME market", "ROWS", " N cost"]
    rows += [f" L p_{p}" for p in range(len(capacity))]
    rows += [f" E r_{r}" for r in range(len(demand))]
    rows.append("COLUMNS")
    ends = (market.provider_idx.tolist(), market.recipient_idx.tolist(), market.cost[0].tolist())
    for p, r, cost in zip(*ends, strict=True):
        rows.append(f" x_{p}_{r} cost {cost} p_{p} 1")
        rows.append(f" x_{p}_{r} r_{r} 1")
    rows += [f" m_{r} cost {int(unmet[r])} r_{r} 1" for r in range(len(demand))]
    rows.append("RHS")
    rows += [f" rhs p_{p} {most}" for p, (_, most) in enumerate(capacity)]
    rows += [f" rhs r_{r} {most}" for r, (_, most) in enumerate(demand)]
    rows.append("RANGES")
    rows += [f" range p_{p} {most - least}" for p, (least, most) in enumerate(capacity) if least]
    rows.append("BOUNDS")
    limits = arc_limits(market).tolist() if market.pair_limit is not None else [1] * market.num_arcs
    rows += [f" UP bound x_{p}_{r} {most}" for p, r, most in zip(*ends[:2], limits, strict=True)]
    rows += [f" UP bound m_{r} {most - least}" for r, (least, most) in enumerate(demand)]
    rows.append("ENDATA")
    Path(path).write_text("\n".join(rows) + "\n", encoding="ascii")


def read_dimacs(path: str | Path) -> Market:
    """Read a market from a DIMACS file: an assignment (``p asn``), or a flow (``p min``) between two sides.

    Of a flow every arc must lead from a node with a supply to one with a demand; where any may carry more than one unit
    the market has a `pair_limit`; all supplies must be shipped. What `to_dimacs` wrote is read back as it was,
    its last node being the root. An assignment is one of all its nodes.

    Raises
    ------
    InvalidInput
        If the file is of another form.
    """
    kind, nodes, supply, arcs = "", 0, np.zeros(0, np.int64), []
    sources: list[int] = []
    try:
        content = regular_bytes(path)
        for line in content.decode("ascii").splitlines():
            word, *rest = line.split() or ("c",)
            if word == "p":
                kind, nodes = rest[0], int(rest[1])
                if nodes > len(content):  # each takes part in a line, or has no part in it
                    raise ValueError(f"{nodes} nodes")
                supply = np.zeros(nodes, np.int64)
            elif word == "n" and kind == "asn":
                sources.append(int(rest[0]) - 1)
            elif word == "n":
                supply[int(rest[0]) - 1] = int(rest[1])
            elif word == "a":
                arcs.append([int(number) for number in rest])
        table = np.array(arcs, np.int64).reshape(len(arcs), 3 if kind == "asn" else 5)
    except (ValueError, IndexError, OverflowError, UnicodeDecodeError) as error:
        raise _other(str(error)) from None
    if kind == "asn":
        supply[:] = -1
        supply[sources] = 1
        tail, head, cost = table.T
        table = np.column_stack([tail, head, np.zeros(len(table), np.int64), np.ones(len(table), np.int64), cost])
    elif kind != "min":
        raise _other(f"p {kind}")
    if len(table) and (table[:, :2].min() < 1 or table[:, :2].max() > nodes or table[:, 2].any()):
        raise _other("arcs")
    return _of_flow(supply, table)


def _of_flow(supply: Ints, table: Ints) -> Market:
    """Return the market of a flow; `table` has tail, head, least, most and cost of each arc, nodes from 1."""
    tail, head, most, cost = table[:, 0] - 1, table[:, 1] - 1, table[:, 3], table[:, 4]
    root = len(supply) - 1
    rooted = bool(len(table)) and bool((tail == root).any() and (head == root).any())
    giver, taker = np.zeros(len(supply), bool), np.zeros(len(supply), bool)
    giver[tail], taker[head] = True, True
    if rooted:
        giver[root] = taker[root] = False
    giver |= (supply > 0) & ~taker
    taker |= (supply < 0) & ~giver
    number = np.zeros(len(supply), np.int64)
    number[giver], number[taker] = np.arange(giver.sum()), np.arange(taker.sum())
    if rooted:
        giver[root] = taker[root] = False
    pair = giver[tail] & taker[head]
    spare, short = giver[tail] & (head == root) & rooted, (tail == root) & taker[head] & rooted
    bound = np.minimum(supply[tail], -supply[head])
    wrong = (giver & taker).any() or not (pair | spare | short).all()
    if wrong or (cost[spare] != 0).any():
        raise _other("arcs")
    limit = np.maximum(np.minimum(bound, most), 0)[pair]
    capacity, demand = (np.repeat(np.maximum(s * supply[at], 0)[:, None], 2, 1) for s, at in ((1, giver), (-1, taker)))
    np.subtract.at(capacity[:, 0], number[tail[spare]], most[spare])
    np.subtract.at(demand[:, 0], number[head[short]], most[short])
    unmet = np.zeros(len(demand), np.int64)
    unmet[number[head[short]]] = cost[short]
    return Market.from_arcs(
        number[tail[pair]],
        number[head[pair]],
        cost[pair],
        num_providers=len(capacity),
        num_recipients=len(demand),
        capacity=capacity,
        demand=demand,
        unmet_cost=unmet,
        pair_limit=limit if (limit > 1).any() else None,
    )


def _other(found: str) -> InvalidInput:
    return InvalidInput([Fault("array_format", value=found, details={"expected": "DIMACS p min or p asn"})])


def _single(market: Market) -> Ints:
    """Return the (R,) charges of the only level."""
    check_flow(market)
    if market.unmet_cost is None or market.num_levels != 1:
        details = {"shape": (market.num_levels,), "expected": "one level with unmet_cost"}
        raise InvalidInput([Fault("array_shape", column="unmet_cost", details=details)])
    unmet: Ints = market.unmet_cost[0]
    return unmet
