"""Who works in what opens: a second market, of helpers and the places that open providers have for them.

Which providers can be staffed together is a matter of Hall's condition: for a set S of them,

    sum of need_j * y_j over S  <=  helpers of all teams that reach any of S

holds in every plan. So the first market is solved with such rows as budgets; if the flow of helpers falls short, the
set that proves it becomes one more row, and the first market is solved again (Benders 1962). The rows are recomputed
from the tables by whoever checks: of a set only its members are taken from the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from matcher.base.display import Metric
from matcher.base.progress import Budget
from matcher.base.result import Level
from matcher.market import check
from matcher.market.certificate import Flaw
from matcher.market.input import Bools, Ints
from matcher.market.market import Market
from matcher.market.matching import Matching
from matcher.market.program.claims import restated
from matcher.market.solving import match
from matcher.programmes.places import coordinates, metres_of
from matcher.programmes.schema import Records

_ROUNDS: Final = 40
_SHARE: Final = 0.6
LEVELS: Final = ("helpers_missing", "helper_distance")


@dataclass(frozen=True, slots=True)
class Staffing:
    """How the open providers of a programme are staffed.

    Attributes
    ----------
    table, providers
        The table of those who help, each with `volunteers` and coordinates, and of those who open.
    need
        How many each provider has while it is open, (P,) int64.
    reach
        Whether each team may be sent to each provider, (T, P) bool.
    """

    table: str
    providers: str
    need: Callable[[Records, Any], Ints]
    reach: Callable[[Records, Any], Bools]

    def supply(self, records: Records) -> Ints:
        """Return how many helpers each team has, (T,) int64."""
        teams: Any = records[self.table]
        return np.array([team.volunteers for team in teams], np.int64)


def with_sets(staffing: Staffing, records: Records, policy: Any, market: Market, sets: Sequence[Bools]) -> Market:
    """Return the first market with one row for each set of providers (P,)."""
    need, reach, supply = staffing.need(records, policy), staffing.reach(records, policy), staffing.supply(records)
    uses = [need * members for members in sets]
    rooms = [(0, int(supply[reach[:, members].any(axis=1)].sum())) for members in sets]
    parts = ([], []) if market.resource is None or market.budget is None else ([market.resource], [market.budget])
    resource = np.ascontiguousarray(np.hstack([*parts[0], np.column_stack(uses)]))
    budget = np.vstack([*parts[1], np.array(rooms, np.int64)])
    for array in (resource, budget):
        array.flags.writeable = False
    return replace(market, resource=resource, budget=budget)


def sets_of(market: Market, base: Market) -> list[Bools]:
    """Return the sets whose rows a market has beyond those of the base."""
    known = 0 if base.resource is None else base.resource.shape[1]
    return [] if market.resource is None else [column > 0 for column in market.resource.T[known:]]


def staffed(staffing: Staffing, records: Records, policy: Any, matching: Matching) -> tuple[Market, Ints]:
    """Return the market of teams and places in the open providers, and the provider of each place."""
    need = staffing.need(records, policy)
    at = np.flatnonzero(matching.opened) if matching.opened is not None else np.zeros(0, np.int64)
    owner = np.repeat(at, need[at])
    supply, reach = staffing.supply(records), staffing.reach(records, policy)[:, owner]
    teams: Any = records[staffing.table]
    rooms: Any = records[staffing.providers]
    if reach.all():
        ends = coordinates(teams), coordinates(rooms)[owner]
        return Market.from_points(*ends, capacity=supply), owner
    pairs = np.argwhere(reach)
    metres = metres_of(teams, rooms, np.column_stack([pairs[:, 0], owner[pairs[:, 1]]]))
    team, place = pairs[:, 0], pairs[:, 1]
    listed = Market.from_arcs(team, place, metres, num_providers=len(teams), num_recipients=len(owner), capacity=supply)
    return listed, owner


def solved(
    staffing: Staffing, records: Records, policy: Any, market: Market, start: Any, limits: dict[str, Any]
) -> tuple[Matching, Matching]:
    """Return what opens and who works there: every open provider has all that it needs.

    Each round of the first market has `work_limit` for itself.
    """
    need, reach, supply = staffing.need(records, policy), staffing.reach(records, policy), staffing.supply(records)
    budget = Budget(**limits)
    sets = [need > 0, *_hopeless(need, reach, supply)]
    for number in range(_ROUNDS):
        left = budget.time_left_s
        ours = limits | ({} if left is None else {"time_limit_s": _SHARE * left})
        opening = match(with_sets(staffing, records, policy, market, sets), start=start, **ours)
        if not opening.has_pairs:
            return opening, _nobody(staffing, records, policy, opening)
        helpers, owner = staffed(staffing, records, policy, opening)
        sent = match(helpers, **{name: each for name, each in limits.items() if name in ("progress", "cancel")})
        short = owner[np.flatnonzero(sent.unmet)] if sent.unmet is not None else owner
        if not len(short):
            return opening, sent
        if budget.stop_reason is not None or number + 1 == _ROUNDS:
            break
        sets.append(_hall(np.unique(short), sent.pairs, owner, reach) & (need > 0))
        start = None
    return _without(staffing, records, policy, opening, np.unique(short))


def levels_of(helpers: Matching | None) -> tuple[Level, ...]:
    """Return what the market of helpers says of itself, given who is open."""
    if helpers is None:
        return ()
    units = ("helpers", "m")
    return tuple(
        replace(level, name=name, unit=unit, conditional=True)
        for level, name, unit in zip(helpers.levels, LEVELS, units, strict=True)
    )


def metrics_of(helpers: Matching) -> dict[str, Metric]:
    """Return how many are sent and how far they go."""
    if not helpers.has_pairs:
        return {}
    metres = helpers.market.pair_cost(helpers.pairs)[0]
    mean = float(metres.mean()) / 1000 if len(metres) else None
    return {"helpers_sent": len(metres), "helper_km_mean": mean}


def sent(
    staffing: Staffing, records: Records, policy: Any, matching: Matching, helpers: Matching
) -> list[tuple[str, str, int, float]]:
    """Return who is sent where, one row a provider and team: ids, number, kilometres."""
    _, owner = staffed(staffing, records, policy, matching)
    if not helpers.has_pairs or not len(helpers.pairs):
        return []
    pairs = np.column_stack([owner[helpers.pairs[:, 1]], helpers.pairs[:, 0]])
    rows, counts = np.unique(pairs, axis=0, return_counts=True)
    teams, rooms = records[staffing.table], records[staffing.providers]
    metres = metres_of(teams, rooms, rows[:, ::-1])
    ids = [(rooms[j].sort_key()[0], teams[t].sort_key()[0]) for j, t in rows.tolist()]
    return [(*two, n, m / 1000) for two, n, m in zip(ids, counts.tolist(), metres.tolist(), strict=True)]


def flaws(
    staffing: Staffing, records: Records, policy: Any, matching: Matching, helpers: Matching | None
) -> list[Flaw]:
    """Return why what is said of the helpers does not hold, recomputed from the tables."""
    if helpers is None:
        return [Flaw("helpers_missing")]
    again = helpers.replace(market=staffed(staffing, records, policy, matching)[0])
    found = list(check.flaws(again))
    if not found and matching.has_pairs and again.unmet is not None and again.unmet.any():
        found.append(Flaw("helpers_missing", {"helpers": int(again.unmet.sum())}))
    return found


def _hopeless(need: Ints, reach: Bools, supply: Ints) -> list[Bools]:
    """Return each provider that can never be staffed as a set of its own."""
    alone = np.flatnonzero(supply @ reach < need)
    return [np.arange(len(need)) == j for j in alone.tolist()]


def _hall(short: Ints, pairs: Ints, owner: Ints, reach: Bools) -> Bools:
    """Return the providers (P,) who need more than all teams in their reach have, starting from those who fell short.

    As many helpers as can be are sent, so whoever is sent to others by a team in reach belongs to the set.
    """
    members = np.zeros(reach.shape[1], bool)
    members[short] = True
    while True:
        teams: Bools = np.asarray(reach[:, members].any(axis=1))
        theirs = pairs[teams[pairs[:, 0]], 1]
        wider = members.copy()
        wider[owner[theirs]] = True
        if (wider == members).all():
            return members
        members = wider


def _without(
    staffing: Staffing, records: Records, policy: Any, opening: Matching, short: Ints
) -> tuple[Matching, Matching]:
    """Return the plan without those who fall short; nobody's plan if one of them has to be open."""
    assert opening.opened is not None
    opened = opening.opened.copy()
    opened[short] = False
    pairs = opening.pairs[opened[opening.pairs[:, 0]]]
    found = restated(opening, pairs, opened)
    helpers, _ = staffed(staffing, records, policy, found)
    return found, match(helpers)


def _nobody(staffing: Staffing, records: Records, policy: Any, opening: Matching) -> Matching:
    return match(staffed(staffing, records, policy, opening)[0])
