"""Stable matchings of a market: the best one by the levels, and the check of that claim (the check uses no solver).

Without ties the best stable matching is exact and certified. Under ties what is claimed is the best of those that are
stable for one order that breaks them, and the proof says which: by position, or by the ranks that it stores. Another
order may serve more, or meet minima that this one misses; which order is best is NP-hard to say. So a small market is
also given to the program over all weakly stable matchings (`matcher.stable.relaxed`), and "infeasible" is only said
when it holds for the ties as given.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from matcher.base.errors import Fault, InvalidInput
from matcher.base.progress import Budget, StopReason
from matcher.base.result import Proof, Status
from matcher.market.claims import Solved, assembled, claim_levels
from matcher.market.hall import hall_set
from matcher.market.input import Ints
from matcher.market.market import Market
from matcher.market.matching import Matching
from matcher.market.preferences import (
    SCOPE,
    SCOPE_ORDER,
    SCOPE_TIES,
    SCOPE_WEAK,
    blocking,
    objectives_of,
    preferences_of,
)
from matcher.market.refusals import check_flow, check_single
from matcher.programs.cpsat import SOLVER
from matcher.stable.best import StableMatching, best_stable
from matcher.stable.orders import lottery, promoting, refines, shortfall
from matcher.stable.preferences import Preferences
from matcher.stable.proof import check_best, places_short
from matcher.stable.relaxed import RelaxedMatching, nearly_stable
from matcher.stable.rotations import find_rotations

#: up to so many arcs the program looks whether other weakly stable matchings are better, for so many units of work
_SMALL: Final = 600
_LOOK: Final = 500
#: up to so many arcs it decides whether any meets the minima, for so many units where nobody set a limit
_DECIDED: Final = 20_000
_DECIDE: Final = 30_000


def solve_stable(market: Market, budget: Budget | None = None, tie_seed: int | None = None) -> Matching:
    """Return the stable matching that is best by the levels, or the proof that none meets the minima.

    Parameters
    ----------
    budget
        Of the search beyond one order of ties.
    tie_seed
        Draws the order that breaks ties; None: the lower position wins them.

    Raises
    ------
    InvalidInput
        If the costs are too large to be added exactly (code `cost_range`), or the market is no flow.
    """
    check_flow(market)
    check_single(market)
    known, budget = preferences_of(market), Budget() if budget is None else budget
    ties = known.has_ties()
    order = lottery(known, tie_seed) if ties and tie_seed is not None else None
    best = _best(market, known if order is None else order)
    if best.status == "infeasible":
        return _other_orders(market, known, budget) if ties else _impossible(market, best)
    found = _claimed(market, best, order, SCOPE_TIES if ties else SCOPE)
    if ties and order is None and market.num_arcs <= _SMALL and budget.stop_reason is None:
        return _or_weakly_stable(market, known, found, budget)
    return found


def _best(market: Market, preferences: Preferences) -> StableMatching:
    try:
        return best_stable(preferences, market.cost, market.unmet_cost)
    except OverflowError:
        nodes = market.num_providers + market.num_recipients
        details = {"level": 1, "magnitude": "2**62", "nodes": nodes, "most": "2**62"}
        raise InvalidInput([Fault("cost_range", column="cost", details=details)]) from None


def _impossible(market: Market, best: StableMatching) -> Matching:
    """Return that every stable matching leaves the same members below their minima."""
    side, short = best.witness["side"], np.asarray(best.witness["positions"], np.int64)
    proof = Proof("certificate", SCOPE, None, {f"short_{side}": short})
    return _nothing(market, "infeasible", proof)


def _nothing(market: Market, status: Status, proof: Proof, stop: StopReason | None = None) -> Matching:
    none = np.zeros((0, 2), np.int64)
    return Matching(market, none, status, stop, claim_levels(market, None, (), [], proof.scope), proof)


def _claimed(market: Market, best: StableMatching, order: Preferences | None, scope: str) -> Matching:
    values = best.values
    if market.unmet_cost is None:
        values = (int(market.demand[:, 1].sum(dtype=object)) - len(best.pairs), *values)
    arrays = {f"stable_{name}": array for name, array in best.proof.items()}
    if order is not None:
        scope = SCOPE_ORDER
        arrays |= {"order_provider": order.provider_rank, "order_recipient": order.recipient_rank}
    levels = claim_levels(market, values, values, ["rotations"] * len(values), scope)
    return Matching(market, best.pairs, "optimal", None, levels, Proof("certificate", scope, None, arrays))


# --- beyond one order of ties -----------------------------------------------------------------------------------------


def _or_weakly_stable(market: Market, known: Preferences, found: Matching, budget: Budget) -> Matching:
    """Return a weakly stable matching of a small market that is better than `found`, or `found` if there is none.

    Where the program proves that there is none, the proof of `found` names the solver beside the certificate.
    """
    near = _program(market, known, found.pairs, budget, _LOOK)
    values = tuple(level.value for level in found.levels)
    if near is None or not len(near.levels) or near.levels[0].value is None:
        return found
    here = tuple(level.value for level in near.levels)
    if here != values:
        return _weak(market, near)
    if near.status != "optimal":
        return found
    proof = found.proof
    return found.replace(proof=Proof(proof.kind, proof.scope, SOLVER, proof.arrays))


def _other_orders(market: Market, known: Preferences, budget: Budget) -> Matching:
    """Return a matching that is stable for another order of the ties, for the ties as given, or that there is none."""
    short = hall_set(market)
    if short is not None:
        proof = assembled(market, Solved(hall=short)).proof
        return _nothing(market, "infeasible", Proof(proof.kind, SCOPE_WEAK, None, proof.arrays))
    for order, pairs in promoting(known):
        if budget.stop_reason is not None:
            break
        if not shortfall(known, pairs):
            return _claimed(market, _best(market, order), order, SCOPE_ORDER)
    near = _program(market, known, None, budget, _DECIDE) if market.num_arcs <= _DECIDED else None
    if near is not None and near.status != "unknown":
        return _weak(market, near)
    return _nothing(market, "unknown", Proof("none", SCOPE_WEAK), budget.stop_reason or "search")


def _program(
    market: Market, known: Preferences, start: Ints | None, budget: Budget, work: int
) -> RelaxedMatching | None:
    """Return what the program over all weakly stable matchings finds; None if there is no work left for it."""
    if budget.stop_reason is not None:
        return None
    limit = budget.clock()
    limit.work_limit = work if budget.work_limit is None else min(work, budget.work_limit - budget.work)
    try:
        near = nearly_stable(known, *objectives_of(market), max_blocking=0, start=start, budget=limit)
    except OverflowError:
        return None
    budget.spend(limit.work)
    return near


def _weak(market: Market, near: RelaxedMatching) -> Matching:
    proof = Proof("solver", SCOPE_WEAK, SOLVER)
    if near.status == "infeasible":
        return _nothing(market, "infeasible", proof)
    values = tuple(level.value for level in near.levels if level.value is not None)
    bounds = tuple(level.bound for level in near.levels if level.bound is not None)
    levels = claim_levels(market, values, bounds, ["mip"] * len(values), SCOPE_WEAK)
    optimal = bounds == values
    return Matching(
        market, near.pairs, "optimal" if optimal else "feasible", None if optimal else near.stop_reason, levels, proof
    )


# --- the check --------------------------------------------------------------------------------------------------------


def stable_flaws(matching: Matching) -> list[tuple[str, dict[str, Any]]]:
    """Return the code and details of every reason why a claim about stable matchings does not hold."""
    market, arrays, scope = matching.market, matching.proof.arrays, matching.proof.scope
    if market.pair_limit is not None or not market.is_flow:
        return [("proof_scope", {})]
    known = preferences_of(market)
    if (scope != SCOPE) != known.has_ties():
        return [("proof_scope", {})]
    if scope == SCOPE_WEAK:
        return _weak_flaws(matching)
    if scope == SCOPE_ORDER:
        ranks = [arrays.get(f"order_{side}", np.zeros(0)) for side in ("provider", "recipient")]
        if not refines(known, *ranks):
            return [("stable_order", {})]
        bounds = known.capacity, known.demand
        known = Preferences(known.provider_idx, known.recipient_idx, ranks[0], ranks[1], *bounds)
    if matching.status == "infeasible":
        return _short_flaws(matching, known)
    found: list[tuple[str, dict[str, Any]]] = [
        ("level_bound", {"level": level.name})
        for level in matching.levels
        if level.value is None or level.bound != level.value or level.gap != 0 or level.conditional
    ]
    values = tuple(level.value for level in matching.levels if level.value is not None)
    if market.unmet_cost is None:
        values = values[1:]
    proof = {name[7:]: array for name, array in arrays.items() if name.startswith("stable_")}
    wrong = check_best(known, market.cost, market.unmet_cost, matching.pairs, values, proof)
    return found + [(f"stable_{code}", {}) for code in wrong]


def _short_flaws(matching: Matching, known: Preferences) -> list[tuple[str, dict[str, Any]]]:
    """Return why it is not shown that no stable matching of a strict market meets the minima."""
    if matching.proof.scope != SCOPE:
        return [("proof_scope", {})]
    lattice = find_rotations(known)
    for side in ("provider", "recipient"):
        claimed = matching.proof.arrays.get(f"short_{side}")
        if claimed is not None and len(claimed):
            short = places_short(known, lattice.first, side)[0]
            return [] if np.isin(claimed, short).all() else [("witness", {"side": side})]
    return [("witness", {})]


def _weak_flaws(matching: Matching) -> list[tuple[str, dict[str, Any]]]:
    """Return what is wrong beside the bounds, which are the solver's word: no certificate of this class is known."""
    if matching.status == "infeasible" and matching.witness is not None:
        return [] if matching.witness.holds else [("witness", {"side": matching.witness.side})]
    if matching.proof.kind != ("none" if matching.status == "unknown" else "solver") or matching.proof.arrays:
        return [("proof_form", {})]
    if matching.has_pairs and len(blocking(matching.market, matching.pairs)):
        return [("stable_blocking_pair", {})]
    return [
        ("level_bound", {"level": level.name})
        for level in matching.levels[:1]
        if level.value is not None and level.bound is not None and level.bound > level.value
    ]
