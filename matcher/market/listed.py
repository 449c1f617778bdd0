"""The levels of a market solved exactly one after the other, each with its dual prices.

A level is solved on the optimal face of those before it, which complementary slackness describes without a big weight:
an arc with a non-zero reduced cost stays as it is, and so does the number of partners where a price shows that a bound
binds (see `flow.Face`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matcher.base.progress import Budget, Progress
from matcher.geo import kd_order
from matcher.market import flow
from matcher.market.claims import Solved
from matcher.market.face import Chosen, Face
from matcher.market.greedy import greedy
from matcher.market.hall import hall_set
from matcher.market.input import Ints
from matcher.market.jobs.flow import assigned_within, least_cost_within
from matcher.market.levels import MarketLevel
from matcher.market.market import Market
from matcher.market.prices import NotOptimal, dual_prices

#: of a first matching, one after the other: so many pairs are there at once, and so many in the end
_ROUNDS: Final = (1, 16)


def solve(market: Market, budget: Budget, start: Ints | None, watch: Callable[[Solved], None] | None = None) -> Solved:
    """Solve a market whose candidate arcs can be listed; `start` is returned if the work stops before there is more.

    `watch` is shown what there is, with a bound of the level in work, after every level but the last.
    """
    if market.has_minima and budget.stop_reason is None:
        short = hall_set(market)
        if short is not None:
            return Solved(hall=short)
    solved = _levels_in_order(market, budget, watch)
    if solved.pairs is None:
        solved.pairs = start if start is not None else greedy(market)
    return solved


def at_once(market: Market, start: Ints | None) -> Iterator[Solved]:
    """Yield what can be had without solving anything: soon with few pairs, then with more; see `solve`."""
    solved = _levels_in_order(market, Budget(work_limit=0), None)
    for rounds in _ROUNDS if start is None and market.matrix is None else _ROUNDS[-1:]:
        yield replace(solved, pairs=greedy(market, rounds) if start is None else start)


def _levels_in_order(market: Market, budget: Budget, watch: Callable[[Solved], None] | None) -> Solved:
    """Solve every level on the optimal face of those before it, and the tie rule last."""
    levels, tie = market.objectives, market.tie_objective
    solved = Solved()
    face, known = Face.whole(market), 0
    chosen: Chosen = np.zeros(0, bool)
    for number, level in enumerate(levels if tie is None else (*levels, tie)):
        # The tie rule is part of what the last level promises, and cheap on what is left by then.
        if level is not tie:
            solved.stop_reason = budget.stop_reason
            if solved.stop_reason is not None:
                _bound_what_is_left(market, face, level, solved)
                return solved
            if watch is not None and number:
                here = Solved(solved.pairs, [*solved.provider], [*solved.recipient], [*solved.methods])
                _bound_what_is_left(market, face, level, here)
                watch(here)
        budget.report(Progress(f"level:{level.name}", number, len(levels)))
        cost = _cost_on(market, face, level)
        stands = _still_best(face, level, chosen) if cost is None and number >= max(known, 1) else None
        if stands is None:
            if number >= known:
                following = levels[number + 1] if number + 1 < len(levels) else None
                found = _solved(market, face, level, following, number, chosen, budget)
                if found is None:
                    solved.stop_reason = budget.stop_reason
                    _bound_what_is_left(market, face, level, solved)
                    return solved
                chosen, method, known = found
            stands = dual_prices(face, cost, level.missing, chosen)
        p, q = stands
        reduced = face.reduced(cost, p, q)
        face, free = face.restrict(reduced, level.missing, (p, q), chosen)
        chosen = chosen[free]
        solved.pairs = _pairs(market, face, chosen)
        solved.provider.append(p)
        solved.recipient.append(q)
        solved.methods.append(method)
        budget.spend()
    return solved


def _still_best(face: Face, level: MarketLevel, chosen: Chosen) -> tuple[Ints, Ints] | None:
    """Return prices that prove what was chosen before best at a level without pair costs, None if it is not.

    Without pair costs no cycle of arcs alone gains anything, so the test costs one search and always ends.
    """
    try:
        return dual_prices(face, None, level.missing, chosen)
    except NotOptimal:
        return None


def _cost_on(market: Market, face: Face, level: MarketLevel) -> Ints | None:
    """Return the cost of the free arcs of a face at a level, (F,); None if all are 0."""
    if level.cost_row is None:
        return None
    row: Ints = (market.cost if market.matrix is None else _flat(market))[level.cost_row]
    return row if face.arcs is None else row[face.arcs]


def _flat(market: Market) -> NDArray[np.int64]:
    assert market.matrix is not None
    if market.matrix.allowed is not None:
        return market.cost
    return market.matrix.cost.reshape(market.num_levels, -1)


def _solved(
    market: Market,
    face: Face,
    level: MarketLevel,
    following: MarketLevel | None,
    number: int,
    chosen: Chosen,
    budget: Budget,
) -> tuple[Chosen, str, int] | None:
    """Return the arcs chosen in a face by an optimal matching, the method, and the first level it may not be best at.

    `chosen` are those of the level before. None if the budget ran out first.
    """
    cost = _cost_on(market, face, level)
    if number == 0 and market.unmet_cost is None and following is not None:
        both = (_cost_on(market, face, following), following.missing)
        fits, chosen_now = assigned_within(face, *both, budget, most_pairs_first=True)
        if fits:
            return None if chosen_now is None else (chosen_now, "assignment", 2)
    if cost is None and (number > 0 or not market.has_minima):
        nothing = np.zeros(face.num_free, bool if face.limit is None else np.int64)
        return flow.most_pairs(face, chosen if number > 0 else nothing), "flow", number + 1
    fits, one = assigned_within(face, cost, level.missing, budget)
    if fits:
        return None if one is None else (one, "assignment", number + 1)
    numbering = None
    if market.points is not None:
        order = kd_order(np.concatenate(market.points[:2]))
        numbering = np.empty(len(order), np.int64)
        numbering[order] = np.arange(len(order))
    least = least_cost_within(face, cost, level.missing, budget, numbering=numbering)
    return None if least is None else (least, "flow", number + 1)


def _pairs(market: Market, face: Face, chosen: Chosen) -> Ints:
    """Return the pairs of a matching of a face, (k, 2) in order, or (k, 3) with units where they may have several."""
    free = np.flatnonzero(chosen)
    at = np.concatenate([face.taken, free if face.arcs is None else face.arcs[free]])
    if face.taken_units is not None:
        units, order = np.concatenate([face.taken_units, chosen[free]]), np.argsort(at)
        return np.column_stack([market.provider_idx[at], market.recipient_idx[at], units])[order]
    at.sort()
    if market.matrix is not None and market.matrix.allowed is None:
        return np.column_stack(np.divmod(at, max(1, market.num_recipients)))
    return np.column_stack([market.provider_idx[at], market.recipient_idx[at]])


def _bound_what_is_left(market: Market, face: Face, level: MarketLevel, solved: Solved) -> None:
    """Bound a level that was not solved: every recipient at its cheapest, places free of charge."""
    cheapest = level.missing.copy()
    cost = _cost_on(market, face, level)
    if face.ends is None and cost is not None and market.num_providers:
        grid = cost.reshape(market.num_providers, market.num_recipients)
        solved.provider.append(np.zeros(market.num_providers, np.int64))
        solved.recipient.append(np.minimum(cheapest, grid.min(axis=0)))
        solved.methods.append("none")
        return
    at = np.arange(face.num_free)
    if len(at):
        np.minimum.at(cheapest, face.ends_of(at)[1], np.zeros(len(at), np.int64) if cost is None else cost)
    solved.provider.append(np.zeros(market.num_providers, np.int64))
    solved.recipient.append(cheapest)
    solved.methods.append("none")
