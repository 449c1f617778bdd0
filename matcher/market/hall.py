"""Can the minima be met? If not, a Hall set: members of one side who need more than all they can reach has room for.

Minima of both sides can be met together if those of each side can be met on their own: in Hoffman's circulation
theorem (1960) the cuts of a bipartite graph with one root speak of the minima of one side only. So each side is one
maximum flow, and a minimum cut of it is the Hall set.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from matcher.market.face import arc_limits, tally
from matcher.market.input import Ints
from matcher.market.market import Market

SIDES: Final = ("recipient", "provider")


def hall_set(market: Market) -> tuple[str, Ints] | None:
    """Return a side ("recipient" first) and the members (n,) int64 of a Hall set; None if all minima can be met."""
    for side in SIDES:
        members = _hall_set_of(market, side)
        if members is not None:
            return side, members
    return None


def _hall_set_of(market: Market, side: str) -> Ints | None:
    from ortools.graph.python.max_flow import SimpleMaxFlow

    minima = (market.demand if side == "recipient" else market.capacity)[:, 0]
    if not minima.any():
        return None
    maxima = (market.capacity if side == "recipient" else market.demand)[:, 1]
    needy, giver = market.recipient_idx, market.provider_idx
    if side == "provider":
        needy, giver = giver, needy
    concerned = np.flatnonzero(minima[needy] > 0)
    needy, giver = needy[concerned], giver[concerned]
    each = np.ones(len(needy), np.int64) if market.pair_limit is None else arc_limits(market)[concerned]
    # More than its arcs a member can never get, nor a giver give: the flow only has to see that it falls short.
    wanted = np.minimum(minima, tally(needy, each, len(minima)) + 1)
    room = np.minimum(maxima, tally(giver, each, len(maxima)))
    at_n, at_h = np.flatnonzero(wanted), np.flatnonzero(room)
    source, sink = len(minima) + len(maxima), len(minima) + len(maxima) + 1
    solver = SimpleMaxFlow()
    solver.add_arcs_with_capacity(
        np.concatenate([np.full(len(at_h), source), len(minima) + giver, at_n]).astype(np.int32),
        np.concatenate([len(minima) + at_h, needy, np.full(len(at_n), sink)]).astype(np.int32),
        np.concatenate([room[at_h], each, wanted[at_n]]),
    )
    status = solver.solve(source, sink)
    if status != solver.OPTIMAL:
        raise RuntimeError(f"the maximum flow ended with {status}")
    if solver.optimal_flow() == int(wanted.sum()):
        return None
    cut = np.asarray(solver.get_sink_side_min_cut(), np.int64)
    members = np.sort(cut[cut < len(minima)])
    return members[minima[members] > 0]
