"""Synthetic years of arriving wishes, and policies compared on the same years."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcher.base.numbers import BoolArray, FloatArray, IntArray
from matcher.base.progress import Budget, CancelToken, Progress, ProgressCallback
from matcher.geo import pair_m
from matcher.market.market import Market
from matcher.online.arriving import ArrivalEvent, ArrivalPolicy
from matcher.online.desk import ArrivalDesk
from matcher.online.door import arrivals
from matcher.online.measures import bands

if TYPE_CHECKING:
    import pandas as pd

_DAY: Final = 86_400
_YEAR: Final = 365
#: day of the year, days of spread, share: New Year and winter, Children's Day, the start of school, all year
_SEASONS: Final = ((20, 18, 0.2), (150, 12, 0.25), (243, 10, 0.2), (340, 15, 0.15))
_RUSH: Final = 460
#: years before that prices know
_LAST: Final = 2
#: what a category is worth in km, mean, and how often it is wished
_WORTH_KM: Final = (60, 90, 120, 180, 260)
_SHARE: Final = (0.3, 0.25, 0.2, 0.15, 0.1)


@dataclass(frozen=True, slots=True, eq=False)
class ArrivalYear:
    """A market whose recipients come one by one.

    Attributes
    ----------
    market
        Members and wishes; a pair is worth `unmet_cost - cost`.
    at, due : (R,) int64
        Second at which each comes, ascending, and by which it is answered.
    joins : (P,) int64
        Second at which each member is there.
    gifts : (G, 3) int64
        Second, member and units of capacity of the market that are given only then.
    """

    market: Market
    at: IntArray
    due: IntArray
    joins: IntArray
    gifts: IntArray = field(default_factory=lambda: np.zeros((0, 3), np.int64))

    def events(self) -> Iterator[ArrivalEvent]:
        """Yield what happens in order; who is there at 0 joins nothing."""
        late = np.flatnonzero(self.joins > 0)
        times = np.concatenate([self.joins[late], self.gifts[:, 0], self.at])
        order, first = np.argsort(times, kind="stable"), len(late) + len(self.gifts)
        for n in order.tolist():
            if n < len(late):
                yield ArrivalEvent(int(times[n]), "provider", int(late[n]))
            elif n < first:
                _, who, units = self.gifts[n - len(late)].tolist()
                yield ArrivalEvent(int(times[n]), "units", who, units=units)
            else:
                yield ArrivalEvent(int(times[n]), "recipient", n - first, int(self.due[n - first]))

    def begun(self) -> Market:
        """Return the market with the capacity that is there before anything is given."""
        if not len(self.gifts):
            return self.market
        given = np.bincount(self.gifts[:, 1], self.gifts[:, 2], self.market.num_providers).astype(np.int64)
        return Market.from_arcs(
            self.market.provider_idx,
            self.market.recipient_idx,
            self.market.cost[0],
            num_providers=self.market.num_providers,
            num_recipients=self.market.num_recipients,
            capacity=self.market.capacity[:, 1] - given,
            unmet_cost=self.market.unmet_cost[0],  # type: ignore[index]
        )


def wish_year(
    seed: int, *, wishes: int = 20_401, counties: int = 147, members: int = 1500, place: int = 2017
) -> ArrivalYear:
    """Return a synthetic year: seasons, working hours, and an hour in which 460 come at once.

    Parameters
    ----------
    seed
        Of who comes, when and with what wish.
    wishes, counties, members
        How many; a prefecture's team of members serves seven counties.
    place
        Seed of counties and members: years of one `place` have the same.
    """
    ground = np.random.default_rng([place, 1])
    team = np.arange(counties) // 7
    teams = int(team.max()) + 1
    centre = np.column_stack([ground.uniform(24, 34, teams), ground.uniform(100, 116, teams)])
    seat = centre[team] + ground.normal(0, 0.3, (counties, 2))
    weight = ground.gamma(2.0, 1.0, counties)
    home = np.sort(ground.integers(0, teams, members))
    point = centre[home] + ground.normal(0, 0.4, (members, 2))
    takes = ground.random((members, len(_WORTH_KM))) < 0.45
    takes[np.arange(members), ground.integers(0, len(_WORTH_KM), members)] = True
    capacity = ground.integers(4, 17, members)
    joins = np.where(ground.random(members) < 0.3, ground.integers(0, _YEAR * _DAY, members), 0)

    rng = np.random.default_rng([seed, 2])
    rush = min(_RUSH, wishes // 10)
    at, where = _times(rng, wishes - rush), rng.choice(counties, wishes - rush, p=weight / weight.sum())
    begin = int(rng.integers(60, 330)) * _DAY + int(rng.integers(9, 17)) * 3600
    at = np.concatenate([at, begin + rng.integers(0, 3600, rush)])
    where = np.concatenate([where, rng.choice(counties, rush, p=weight / weight.sum())])
    order = np.argsort(at, kind="stable")
    at, where = at[order], where[order]
    kind = rng.choice(len(_WORTH_KM), wishes, p=_SHARE)
    worth = np.rint(1000 * np.array(_WORTH_KM)[kind] * rng.lognormal(0, 0.3, wishes)).astype(np.int64)
    due = at + _DAY * rng.integers(3, 31, wishes)
    spot = seat[where] + rng.normal(0, 0.1, (wishes, 2))
    provider, recipient = _reach(home, team[where], takes, kind, joins, due)
    metres = pair_m(*point[provider].T, *spot[recipient].T)
    market = Market.from_arcs(
        provider,
        recipient,
        metres,
        num_providers=members,
        num_recipients=wishes,
        capacity=capacity,
        unmet_cost=worth,
    )
    return ArrivalYear(market, at, due, joins)


def _times(rng: np.random.Generator, count: int) -> IntArray:
    """Return seconds of the year: seasons over a steady rest, by day."""
    season = rng.choice(len(_SEASONS) + 1, count, p=[*(share for _, _, share in _SEASONS), 0.2])
    day = rng.uniform(0, _YEAR, count)
    for n, (middle, spread, _) in enumerate(_SEASONS):
        day = np.where(season == n, rng.normal(middle, spread, count) % _YEAR, day)
    hour: FloatArray = np.clip(rng.normal(14, 3.5, count), 0, 23.99)
    return np.floor(day).astype(np.int64) * _DAY + np.floor(3600 * hour).astype(np.int64)


def _reach(
    home: IntArray, team: IntArray, takes: BoolArray, kind: IntArray, joins: IntArray, due: IntArray
) -> tuple[IntArray, IntArray]:
    """Return the pairs of members and wishes of one team and category, where the member is there in time."""
    found = []
    for one in np.unique(team):
        mine, wanted = np.flatnonzero(home == one), np.flatnonzero(team == one)
        may = takes[np.ix_(mine, kind[wanted])] & (joins[mine][:, None] <= due[wanted])
        at = np.argwhere(may)
        found.append((mine[at[:, 0]], wanted[at[:, 1]]))
    return tuple(np.concatenate([pair[n] for pair in found]) for n in (0, 1))  # type: ignore[return-value]


def run_year(
    year: ArrivalYear, policy: ArrivalPolicy | Mapping[str, Any] | str, last: Sequence[ArrivalYear] = ()
) -> ArrivalDesk:
    """Return the desk after a whole year, nobody waiting any more; prices expect one more year like those of `last`."""
    expected = [{"market": each.market, "at": each.at} for each in last] or None
    share = 1 / max(1, len(last))
    desk = arrivals(year.begun(), policy=policy, expected=expected, weight=share, joined=year.joins <= 0)
    for _ in desk.follow(year.events()):
        pass
    desk.advance(max(desk.now, int(year.due.max(initial=0))))
    desk.answered()
    return desk


def compare(
    policies: Mapping[str, ArrivalPolicy | Mapping[str, Any] | str],
    seeds: Sequence[int],
    *,
    years: Any = wish_year,
    time_limit_s: float | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return every run of every policy on the same years, and bands over seeds.

    Parameters
    ----------
    policies
        Name -> policy; beside them "hindsight", whose value each is shared with (`of_hindsight`).
    years
        Seed to an `ArrivalYear`; prices expect those of the seeds 1,000,000 and 2,000,000 more.

    Returns
    -------
    runs, bands
        See `bands`.
    """
    import pandas as pd

    budget = Budget(time_limit_s=time_limit_s, progress=progress, cancel=cancel)
    rows: list[dict[str, Any]] = []
    for done, seed in enumerate(seeds):
        budget.report(Progress("compare", done, len(seeds)))
        if budget.stop_reason is not None:
            break
        year, last = years(seed), [years(seed + 1_000_000 * n) for n in range(1, _LAST + 1)]
        best = run_year(year, "hindsight").tally.measures()
        for name, policy in {"hindsight": "hindsight", **policies}.items():
            found = best if name == "hindsight" else run_year(year, policy, last).tally.measures()
            share = None if not best["value"] else (found["value"] or 0) / best["value"]
            rows.append({"policy": name, "seed": seed, **found, "of_hindsight": share})
    return pd.DataFrame(rows), bands(rows)
