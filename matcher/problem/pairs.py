"""Pairs of positions: in order, as keys, from ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from matcher.base.numbers import IntArray
from matcher.problem.problem import Problem

Pairs = Iterable[Sequence[str]]

#: (provider_id, recipient_id) with an id that the instance does not have
StrangerPair = tuple[str, str]


def positions_of(problem: Problem, level: str, pairs: Pairs) -> tuple[IntArray, tuple[StrangerPair, ...]]:
    """Return pairs of ids as ordered (k, 2) positions, and apart those with an id that the instance does not have."""
    providers, recipients = problem.arrays.sides(level)
    known: list[tuple[int, int]] = []
    strangers: list[StrangerPair] = []
    for provider_id, recipient_id in pairs:
        provider, recipient = providers.index.get(provider_id), recipients.index.get(recipient_id)
        if provider is None or recipient is None:
            strangers.append((str(provider_id), str(recipient_id)))
        else:
            known.append((provider, recipient))
    return ordered(known), tuple(sorted(strangers, key=lambda pair: (pair[1], pair[0])))  # type: ignore[arg-type]


def pair_keys(pairs: IntArray, num_recipients: int) -> IntArray:
    """Return one number a pair: provider * R + recipient."""
    return pairs[:, 0] * np.int64(max(1, num_recipients)) + pairs[:, 1]


def ordered(pairs: IntArray) -> IntArray:
    """Return (k, 2) pairs ordered by recipient, then provider, read-only."""
    pairs = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    pairs = pairs[np.lexsort((pairs[:, 0], pairs[:, 1]))]
    pairs.setflags(write=False)
    return pairs


def last_year(problem: Problem) -> tuple[IntArray, IntArray]:
    """Return the county pairs and school pairs of last year that can stand together: within capacity, in order."""
    county = _within(problem, "county", problem.keepable("county"))
    school, arrays = problem.keepable("school"), problem.arrays
    above = np.column_stack([arrays.branches.parent[school[:, 0]], arrays.schools.parent[school[:, 1]]])
    width = len(arrays.counties)
    together = np.isin(pair_keys(above, width), pair_keys(county, width))
    return ordered(county), ordered(_within(problem, "school", school[together]))


def _within(problem: Problem, level: str, pairs: IntArray) -> IntArray:
    """Return the pairs that fit, each looked at in turn."""
    room = problem.capacity(level)[:, 1].copy(), problem.demand(level)[:, 1].copy()
    found = []
    for provider, recipient in pairs.tolist():
        if room[0][provider] > 0 and room[1][recipient] > 0:
            room[0][provider] -= 1
            room[1][recipient] -= 1
            found.append((provider, recipient))
    return np.array(found, dtype=np.int64).reshape(-1, 2)
