"""Which pairs block a plan: preferences compiled from the table, or from cost, at both levels of pairing.

A side that lists anyone in `preferences` accepts only those it lists, in the order of their ranks; a side that lists
none prefers by cost. A school pair can block only inside a chosen county pairing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.base.names import SIDES
from matcher.base.numbers import M_PER_KM, BoolArray, IntArray
from matcher.problem.pairs import Pairs, pair_keys
from matcher.problem.problem import Problem
from matcher.stable.preferences import blocking_pairs

if TYPE_CHECKING:
    import pandas as pd

#: pairs looked at in one go
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One side of a level: who has a list, and the listed pairs by sorted key (provider * R + recipient)."""

    has_list: BoolArray
    keys: IntArray
    ranks: IntArray

    def rank(self, keys: IntArray, agent: IntArray, cost: IntArray) -> tuple[IntArray, BoolArray]:
        """Return the rank of each pair in the eyes of its `agent` and whether the agent accepts it."""
        if not len(self.keys):
            return cost, np.ones(len(keys), dtype=np.bool_)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        listed = self.keys[at] == keys
        return np.where(self.has_list[agent], self.ranks[at], cost), listed | ~self.has_list[agent]


def blocking(problem: Problem, level: str, pairs: Pairs, *, tolerance: int = 0) -> IntArray:
    """Return (b, 2) positions of the pairs of `level` that block the plan, ordered by (provider, recipient).

    Parameters
    ----------
    pairs
        The plan.
    tolerance
        A pair blocks only if both sides gain more than this, in whole metres or seconds; a free place is an infinite
        gain. For sides that prefer by cost only.
    """
    chosen = np.unique(pairs.of(level), axis=0)
    sides = sides_of(problem, level)
    capacity, demand = problem.capacity(level), problem.demand(level)
    is_county = level == "county"
    found = _county_candidates(problem, chosen, sides) if is_county else _school_candidates(problem, pairs.county)
    num_recipients = max(1, len(demand))
    keys = np.unique(np.concatenate([found, pair_keys(chosen, num_recipients)]))
    provider_idx, recipient_idx = keys // num_recipients, keys % num_recipients
    allowed = problem.allowed(level, provider_idx, recipient_idx)
    keys, provider_idx, recipient_idx = keys[allowed], provider_idx[allowed], recipient_idx[allowed]
    cost = problem.facts.cost(level, provider_idx, recipient_idx)
    provider_rank, first = sides[0].rank(keys, provider_idx, cost)
    recipient_rank, second = sides[1].rank(keys, recipient_idx, cost)
    both = first & second
    return blocking_pairs(
        provider_idx[both],
        recipient_idx[both],
        provider_rank[both],
        recipient_rank[both],
        capacity,
        demand,
        chosen,
        tolerance=tolerance,
    )


def blocking_frame(problem: Problem, pairs: Pairs) -> pd.DataFrame:
    """Return the pairs that block at both levels, county pairs first, with what each side would leave.

    The columns: level, provider_id, recipient_id, km; provider_km and recipient_km, how far the partner is that the
    side would leave (of several the farthest), missing where it has a free place.
    """
    import pandas as pd

    parts = []
    for level, chosen in zip(SIDES, pairs, strict=True):
        found = blocking(problem, level, pairs)
        metres = problem.facts.metres(level, chosen[:, 0], chosen[:, 1])
        nodes = problem.arrays.sides(level)
        columns: dict[str, Any] = {"level": [level] * len(found)}
        for side, name in enumerate(("provider", "recipient")):
            columns[f"{name}_id"] = [nodes[side].ids[row] for row in found[:, side].tolist()]
        columns["km"] = problem.facts.metres(level, found[:, 0], found[:, 1]) / M_PER_KM
        for side, bounds in enumerate((problem.capacity(level), problem.demand(level))):
            worst = np.zeros(len(bounds))
            np.maximum.at(worst, chosen[:, side], metres / M_PER_KM)
            worst[np.bincount(chosen[:, side], minlength=len(bounds)) < bounds[:, 1]] = np.nan
            columns[f"{('provider', 'recipient')[side]}_km"] = worst[found[:, side]]
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def unaccepted(problem: Problem, level: str, pairs: IntArray) -> IntArray:
    """Return (k, 2) the pairs of `level` in which a side has a list and the other does not stand on it."""
    keys = pairs[:, 0] * np.int64(max(1, len(problem.arrays.sides(level)[1]))) + pairs[:, 1]
    accepted = np.ones(len(pairs), dtype=np.bool_)
    for position, side in enumerate(sides_of(problem, level)):
        accepted &= side.rank(keys, pairs[:, position], keys)[1]
    return pairs[~accepted]


def sides_of(problem: Problem, level: str) -> tuple[Side, Side]:
    """Return the preference lists of the providers and of the recipients of `level`."""
    providers, recipients = problem.arrays.sides(level)
    lists: dict[str, list[tuple[int, int]]] = {"provider": [], "recipient": []}
    has_list = {"provider": np.zeros(len(providers), np.bool_), "recipient": np.zeros(len(recipients), np.bool_)}
    for row in problem.instance.preferences:
        if row.level == level:
            provider_id, recipient_id = (row.id, row.choice_id) if row.side == "provider" else (row.choice_id, row.id)
            provider, recipient = providers.index[provider_id], recipients.index[recipient_id]
            lists[row.side].append((provider * len(recipients) + recipient, row.rank))
            has_list[row.side][provider if row.side == "provider" else recipient] = True

    def side(name: str) -> Side:
        table = np.array(sorted(lists[name]), dtype=np.int64).reshape(-1, 2)
        return Side(has_list[name], table[:, 0], table[:, 1])

    return side("provider"), side("recipient")


def _county_candidates(problem: Problem, pairs: IntArray, sides: tuple[Side, Side]) -> IntArray:
    """Return the sorted keys of every pair that could block: both sides might gain, judged by a floor of the cost."""
    capacity, demand = problem.capacity("county"), problem.demand("county")
    num_providers, num_recipients = len(capacity), len(demand)
    cost = problem.facts.cost("county", pairs[:, 0], pairs[:, 1])
    limits = [
        _most_worth(len(bounds), agent, bounds[:, 1], cost, side.has_list)
        for bounds, agent, side in ((capacity, pairs[:, 0], sides[0]), (demand, pairs[:, 1], sides[1]))
    ]
    wanting = np.flatnonzero(limits[0] >= 0), np.flatnonzero(limits[1] >= 0)
    step = max(1, _CHUNK // max(1, num_recipients))
    found = [np.zeros(0, dtype=np.int64)]
    for start in range(0, num_providers, step):
        rows = wanting[0][(wanting[0] >= start) & (wanting[0] < start + step)][:, None]
        columns = wanting[1][None, :]
        floor = problem.facts.cost_floor("county", rows, columns)
        near = (floor <= limits[0][rows]) & (floor <= limits[1][columns])
        row, column = np.nonzero(near)
        found.append(rows[row, 0] * num_recipients + columns[0, column])
    return np.concatenate(found)


def _most_worth(size: int, agent: IntArray, most: IntArray, cost: IntArray, has_list: BoolArray) -> IntArray:
    """Return for each agent the largest cost of a pair that it might still want, -1 for none at all."""
    limit = np.full(size, -1, dtype=np.int64)
    np.maximum.at(limit, agent, cost)
    unbounded = np.iinfo(np.int64).max
    limit[(np.bincount(agent, minlength=size) < most) | has_list] = unbounded
    limit[most == 0] = -1
    return limit


def _school_candidates(problem: Problem, county_pairs: IntArray) -> IntArray:
    """Return the keys of every branch and school inside a chosen county pairing."""
    arrays = problem.arrays
    found = [np.zeros(0, dtype=np.int64)]
    for organization, county in np.unique(county_pairs, axis=0).tolist():
        branches, schools = arrays.rows_of("organizations", organization), arrays.rows_of("counties", county)
        found.append((branches[:, None] * np.int64(len(arrays.schools)) + schools[None, :]).reshape(-1))
    return np.concatenate(found)
