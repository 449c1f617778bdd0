"""The two ways in which what a programme asks for is solved, read and judged: as a market, or as crews at sites."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from matcher.base.progress import Budget
from matcher.market import check
from matcher.market.certificate import Flaw
from matcher.market.input import Ints
from matcher.market.matching import Matching
from matcher.market.points.warm import hurried
from matcher.market.presence import presence
from matcher.market.presence.case import NEVER
from matcher.market.presence.presence import Presence
from matcher.market.presence.solving import solve_presence
from matcher.market.program import claims
from matcher.market.solving import match
from matcher.programmes import orders

_NEIGHBOURS: Final = 10


@dataclass(frozen=True, slots=True)
class ProgrammeEngine:
    """How a programme is solved and judged.

    Attributes
    ----------
    solve
        What was asked, the records that open, a plan to begin with (None: none) and the limits, to a result.
    read
        The path of a saved result, and what makes the market again, to the result.
    begun
        A result, and its pairs in positions of other tables with those in the result, to a plan to begin with.
    ordered
        A market under what was decided beforehand.
    alone
        How many recipients nobody may serve, whatever opens.
    flaws, finding, bounds
        Every false claim of a result; "proved" or "claimed"; the bounds that its proof proves by itself.
    """

    solve: Callable[[Any, Any, Any, dict[str, Any]], Any]
    read: Callable[[Path, Callable[[], Any]], Any]
    begun: Callable[[Any, Any, Ints, Ints], Any]
    ordered: Callable[[Any, Sequence[orders.Placed]], Any]
    alone: Callable[[Any], int]
    flaws: Callable[[Any], Sequence[Flaw]]
    finding: Callable[[Any], str]
    bounds: Callable[[Any], Sequence[int | None] | None]


def _pairs(market: Any, result: Matching, pairs: Ints, kept: Ints) -> Any:
    allowed = market.allows(pairs)
    pairs, kept = pairs[allowed], kept[allowed]
    if market.pair_limit is not None:
        units = np.ones(len(kept), np.int64) if result.units is None else result.units[kept]
        units = np.minimum(units, market.pair_limit[market.positions(pairs)])
        pairs = np.column_stack([pairs, units])[units > 0]
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def _present(case: Any, sites: Any, start: Any, limits: dict[str, Any]) -> Presence:
    budget = Budget(**limits)
    with hurried(budget):
        return solve_presence(case, neighbours(sites), budget, start)


def neighbours(records: Any) -> Ints:
    """Return (n, k): for each record itself and some others near it, the nearest first."""
    if not len(records):
        return np.zeros((0, 1), np.int64)
    lat, lon = (np.radians([getattr(record, name) for record in records]) for name in ("lat", "lon"))
    xyz = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    found = []
    for begin in range(0, len(xyz), 500):
        near = -(xyz[begin : begin + 500] @ xyz.T)
        near[np.arange(len(near)), begin + np.arange(len(near))] = -2
        found.append(np.argsort(near, axis=1, kind="stable")[:, :_NEIGHBOURS])
    return np.concatenate(found)


MARKETS: Final = ProgrammeEngine(
    lambda market, records, start, limits: match(market, start=start, **limits),
    lambda path, make: Matching.from_npz(path),
    _pairs,
    orders.of_market,
    lambda market: int((orders.in_reach(market) == 0).sum()),
    check.flaws,
    claims.finding,
    claims.proved_bounds,
)
#: as a market, among its stable matchings where the market has ranks
STABLE: Final = replace(
    MARKETS,
    solve=lambda market, records, start, limits: match(
        market, stability="off" if market.provider_rank is None else "require", start=start, **limits
    ),
)
PRESENCE: Final = ProgrammeEngine(
    _present,
    lambda path, make: Presence.from_npz(path).replace(market=make()),
    lambda case, result, pairs, kept: (pairs, result.start[kept]),
    orders.of_presence,
    lambda case: int((case.metres == NEVER).all(axis=1).sum()),
    presence.flaws,
    presence.finding,
    presence.proved_bounds,
)
