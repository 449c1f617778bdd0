"""One level of pairing, or one block of it, as a market with preferences and costs: what stable plans are made from.

No solver is used here: the checker relies on this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from matcher.base.numbers import IntArray
from matcher.problem.problem import Problem
from matcher.problem.terms import AdditiveObjective
from matcher.proof.blocking import sides_of
from matcher.stable.preferences import Preferences

SCOPE = "stable_plans"
#: some ranks are equal: the claim is about the order that breaks ties by position
SCOPE_TIES = "stable_plans_ties_broken"


@dataclass(frozen=True, slots=True, eq=False)
class PreferenceBlock:
    """One level of pairing, or one block of it, as preferences with costs.

    Attributes
    ----------
    providers, recipients
        Positions in the instance of the market's rows.
    preferences
        Over the market's own rows.
    cost : (L, A) int64
        Of each arc in each objective.
    pins : (k, 2) int64
        Pinned pairs, the market's own rows.
    """

    providers: IntArray
    recipients: IntArray
    preferences: Preferences
    cost: IntArray
    pins: IntArray

    def positions(self, pairs: IntArray) -> IntArray:
        """Return pairs of the market's rows as (k, 2) positions in the instance."""
        return np.column_stack([self.providers[pairs[:, 0]], self.recipients[pairs[:, 1]]])


def market_of(problem: Problem, level: str, providers: IntArray, recipients: IntArray) -> PreferenceBlock:
    """Return the market of some rows of `level`: the pairs that are allowed and both sides accept."""
    facts, width = problem.facts, max(1, len(problem.arrays.sides(level)[1]))
    row, column = np.broadcast_arrays(np.arange(len(providers))[:, None], np.arange(len(recipients))[None, :])
    provider, recipient = providers[row], recipients[column]
    allowed = problem.allowed(level, provider, recipient)
    row, column, provider, recipient = (array[allowed] for array in (row, column, provider, recipient))
    cost = facts.cost(level, provider, recipient)
    keys = provider * np.int64(width) + recipient
    first, second = sides_of(problem, level)
    provider_rank, accepted = first.rank(keys, provider, cost)
    recipient_rank, too = second.rank(keys, recipient, cost)
    both = accepted & too
    row, column, provider, recipient, cost = (array[both] for array in (row, column, provider, recipient, cost))
    preferences = Preferences(
        row,
        column,
        provider_rank[both],
        recipient_rank[both],
        problem.capacity(level)[providers],
        problem.demand(level)[recipients],
    )
    was_pair, fit = facts.was_pair(level, provider, recipient), facts.fit(level, provider, recipient)
    costs = [objective.terms(level).of_pairs(cost, was_pair, fit) for objective in sums(problem)]
    pins = problem.pins[level]
    here = np.isin(pins[:, 0], providers) & np.isin(pins[:, 1], recipients)
    local = np.column_stack([np.searchsorted(providers, pins[here, 0]), np.searchsorted(recipients, pins[here, 1])])
    return PreferenceBlock(
        providers, recipients, preferences, np.array(costs, dtype=np.int64).reshape(len(costs), len(cost)), local
    )


def pins_first(market: PreferenceBlock) -> PreferenceBlock:
    """Return the market with pinned pairs first among equals: what is stable there is stable for the ties as given."""
    own = market.preferences
    pinned = np.zeros(own.num_arcs + 1, dtype=np.int64)
    pinned[own.arcs_of(market.pins)] = 1  # a pin that is no arc falls on the last entry
    provider_rank, recipient_rank = (2 * rank + 1 - pinned[:-1] for rank in (own.provider_rank, own.recipient_rank))
    preferences = Preferences(
        own.provider_idx, own.recipient_idx, provider_rank, recipient_rank, own.capacity, own.demand
    )
    return PreferenceBlock(market.providers, market.recipients, preferences, market.cost, market.pins)


def sums(problem: Problem) -> tuple[AdditiveObjective, ...]:
    """Return the leading objectives that are sums over pairs and over places left empty, up to the first slack."""
    found = []
    for objective in problem.objectives:
        terms = objective.county, objective.school
        if objective.worst_of is not None or objective.wishes or any(t.used or t.squares for t in terms):
            break
        found.append(objective)
        if objective.slack_percent:
            break
    return tuple(found)


def school_part(problem: Problem, market: PreferenceBlock, pairs: IntArray) -> tuple[int, ...]:
    """Return one value an objective: what school pairs change against leaving the market's schools empty."""
    served = np.bincount(pairs[:, 1], minlength=len(market.recipients))
    arcs = market.preferences.arcs_of(pairs)
    found = []
    for position, objective in enumerate(sums(problem)):
        terms = objective.school
        gain = (terms.unmet[market.recipients] * served).sum() + terms.uncovered[market.recipients][served > 0].sum()
        found.append(int(market.cost[position, arcs].sum()) - int(gain))
    return tuple(found)


def whole(problem: Problem, level: str) -> tuple[IntArray, IntArray]:
    """Return the positions of all providers and of all recipients of `level`."""
    providers, recipients = problem.arrays.sides(level)
    return np.arange(len(providers)), np.arange(len(recipients))


def with_blocks(market: PreferenceBlock, blocks: Mapping[int, tuple[str, tuple[int, ...]]]) -> IntArray:
    """Return (1 + L, A): first whether the pair's school market has no stable pairing, then the cost of the pair."""
    cost = np.concatenate([np.zeros((1, market.cost.shape[1]), dtype=np.int64), market.cost])
    for arc, (status, value) in blocks.items():
        cost[0, arc] = status == "infeasible"
        cost[1:, arc] += np.array(value, dtype=np.int64)  # empty where no objective is a sum
    return cost


def schools_inside(problem: Problem, county_pairs: IntArray) -> PreferenceBlock:
    """Return the school market inside given county pairs."""
    market = market_of(problem, "school", *whole(problem, "school"))
    arrays, preferences = problem.arrays, market.preferences
    width = max(1, len(arrays.counties))
    above = arrays.branches.parent[preferences.provider_idx] * width + arrays.schools.parent[preferences.recipient_idx]
    kept = np.isin(above, county_pairs[:, 0] * width + county_pairs[:, 1])
    only = Preferences(
        preferences.provider_idx[kept],
        preferences.recipient_idx[kept],
        preferences.provider_rank[kept],
        preferences.recipient_rank[kept],
        preferences.capacity,
        preferences.demand,
    )
    return PreferenceBlock(market.providers, market.recipients, only, market.cost[:, kept], market.pins)


def without_partner(problem: Problem, county_pairs: IntArray) -> dict[str, Any] | None:
    """Return the branches, or else the schools, that need a pair and have nobody in a county pairing; None if none."""
    arrays = problem.arrays
    for side, nodes, bounds, partners, parents in (
        ("provider", arrays.branches, problem.capacity("school"), county_pairs[:, 0], len(arrays.organizations)),
        ("recipient", arrays.schools, problem.demand("school"), county_pairs[:, 1], len(arrays.counties)),
    ):
        has = np.zeros(parents, dtype=np.bool_)
        has[partners] = True
        alone = np.flatnonzero((bounds[:, 0] > 0) & ~has[nodes.parent])
        if len(alone):
            ids, minimum = [nodes.ids[row] for row in alone.tolist()], bounds[alone, 0].tolist()
            found = {"ids": ids, "found": [0] * len(ids), "minimum": minimum}
            return {"level": "school", "reason": "no_county_pair", "side": side, **found}
    return None
