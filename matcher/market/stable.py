"""Stable matchings of a market: the best one by the levels, and the check of that claim (the check uses no solver)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from matcher.base.errors import Fault, InvalidInput
from matcher.base.result import Proof
from matcher.market.claims import claim_levels
from matcher.market.market import Market, check_flow
from matcher.market.matching import Matching
from matcher.market.preferences import preferences_of
from matcher.stable.best import best_stable
from matcher.stable.proof import check_best, places_short
from matcher.stable.rotations import find_rotations

#: over what a claim of `stability="require"` holds; with ties, over those stable when ties go to the lower position
SCOPE: Final = "stable_matchings"
SCOPE_TIES: Final = "stable_matchings_ties_by_position"
SCOPES: Final = (SCOPE, SCOPE_TIES)


def solve_stable(market: Market) -> Matching:
    """Return the stable matching that is best by the levels, or the proof that none meets the minima.

    Under ties the claim is about the order that breaks them by position, and the scope of the proof says so.

    Raises
    ------
    InvalidInput
        If the costs are too large to be added exactly (code `cost_range`), or the market is no flow.
    """
    check_flow(market)
    try:
        best = best_stable(preferences_of(market), market.cost, market.unmet_cost)
    except OverflowError:
        nodes = market.num_providers + market.num_recipients
        details = {"level": 1, "magnitude": "2**62", "nodes": nodes, "most": "2**62"}
        raise InvalidInput([Fault("cost_range", column="cost", details=details)]) from None
    scope = SCOPE_TIES if best.ties_broken else SCOPE
    none = np.zeros((0, 2), np.int64)
    if best.status == "infeasible":
        side, short = best.witness["side"], np.asarray(best.witness["positions"], np.int64)
        proof = Proof("certificate", scope, None, {f"short_{side}": short})
        return Matching(market, none, "infeasible", None, claim_levels(market, None, (), [], scope), proof)
    values = best.values
    if market.unmet_cost is None:
        values = (int(market.demand[:, 1].sum(dtype=object)) - len(best.pairs), *values)
    levels = claim_levels(market, values, values, ["rotations"] * len(values), scope)
    proof = Proof("certificate", scope, None, {f"stable_{name}": array for name, array in best.proof.items()})
    return Matching(market, best.pairs, "optimal", None, levels, proof)


def stable_flaws(matching: Matching) -> list[tuple[str, dict[str, Any]]]:
    """Return the code and details of every reason why a claim about stable matchings does not hold."""
    market, arrays = matching.market, matching.proof.arrays
    known = preferences_of(market)
    if (matching.proof.scope == SCOPE_TIES) != known.has_ties():
        return [("proof_scope", {})]
    if matching.status == "infeasible":
        lattice = find_rotations(known)
        for side in ("provider", "recipient"):
            claimed = arrays.get(f"short_{side}")
            if claimed is not None and len(claimed):
                short = places_short(known, lattice.first, side)[0]
                return [] if np.isin(claimed, short).all() else [("witness", {"side": side})]
        return [("witness", {})]
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
