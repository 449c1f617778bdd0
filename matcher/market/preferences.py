"""Whom each side of a market prefers, and which pairs block a matching."""

from __future__ import annotations

from typing import Final

import numpy as np

from matcher.market.input import Ints
from matcher.market.market import Market
from matcher.market.points import nearest
from matcher.market.refusals import check_single
from matcher.stable.preferences import Preferences, blocking_pairs

#: over what a claim of `stability="require"` holds: without ties; with ties, over those stable when ties go to the
#: lower position, or by the order stored in the proof; over all weakly stable ones, where it is a solver's word or a
#: Hall set
SCOPE: Final = "stable_matchings"
SCOPE_TIES: Final = "stable_matchings_ties_by_position"
SCOPE_ORDER: Final = "stable_matchings_ties_by_order"
SCOPE_WEAK: Final = "weakly_stable_matchings"
SCOPES: Final = (SCOPE, SCOPE_TIES, SCOPE_ORDER, SCOPE_WEAK)


def preferences_of(market: Market) -> Preferences:
    """Return whom each side of a market prefers: its ranks, or the cost of the first level where it gives none."""
    check_single(market)
    cost = market.cost[0]
    return Preferences(
        market.provider_idx,
        market.recipient_idx,
        cost if market.provider_rank is None else market.provider_rank,
        cost if market.recipient_rank is None else market.recipient_rank,
        market.capacity,
        market.demand,
    )


def objectives_of(market: Market) -> tuple[Ints, Ints]:
    """Return (L, A) cost of the pairs and (L, R) cost of what is unmet, for every objective of a market."""
    none = np.zeros(market.num_arcs, dtype=np.int64)
    rows = [none if each.cost_row is None else market.cost[each.cost_row] for each in market.objectives]
    return np.vstack(rows), np.vstack([each.missing for each in market.objectives])


def blocking(market: Market, pairs: Ints) -> Ints:
    """Return the pairs that block a matching of a market, (b, 2) int64 in order of (provider, recipient)."""
    check_single(market)
    if market.points is not None and not market.listed:
        return nearest.blocking(market, pairs)
    known = preferences_of(market)
    return blocking_pairs(
        known.provider_idx,
        known.recipient_idx,
        known.provider_rank,
        known.recipient_rank,
        known.capacity,
        known.demand,
        pairs,
    )
