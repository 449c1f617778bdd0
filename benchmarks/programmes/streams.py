"""Streams of wishes as different people would draw them, to hold policies of arrivals against.

Each is a function of a seed, and of the share of the full size, to an `ArrivalYear`; years of one stream have the same
counties and members, so that other seeds may stand for the years before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from matcher import Market
from matcher.online import ArrivalYear, wish_year

_DAY: Final = 86_400
_YEAR: Final = 365 * _DAY


@dataclass(frozen=True, slots=True)
class Shape:
    """What a stream is like; the defaults are a plain year with a rush over all counties.

    Attributes
    ----------
    rush_counties
        How many counties the hour of 460 comes from; 0: all.
    late
        Share of the members who join during the year.
    places
        Places as a share of the wishes.
    tail
        Exponent of the Pareto law of members' places; 0: all alike.
    kinds
        Categories.
    spread
        Of what wishes are worth, as the sigma of a lognormal law.
    flat
        What is added to each worth, in mean worths: makes differences small.
    given
        Share of the places that are given in one week of the year only.
    hold_days
        Longest time until a wish must be answered; 0: at once.
    turn
        How much more wishes are worth at the end of the year than at its beginning.
    """

    rush_counties: int = 0
    late: float = 0.0
    places: float = 0.7
    tail: float = 0.0
    kinds: int = 5
    spread: float = 0.5
    flat: float = 0.0
    given: float = 0.0
    hold_days: int = 14
    turn: float = 0.0


def county_year(seed: int, size: float = 1.0, shape: Shape = Shape()) -> ArrivalYear:
    """Return a year of 20,401 wishes in 147 counties: a plane in km, teams of seven counties, and 1,500 members."""
    wishes, counties = round(20_401 * size), max(7, round(147 * size))
    members = max(10, round(1500 * size))
    ground, rng = np.random.default_rng([17, counties]), np.random.default_rng([seed, 9])
    seat = ground.uniform(0, 1000 * np.sqrt(size), (counties, 2))
    team = np.argsort(np.argsort(seat[:, 0])) // 7
    many = ground.exponential(1.0, counties) + 0.1
    home = ground.integers(0, counties, members)
    spot = seat[home] + ground.normal(0, 15, (members, 2))
    takes = ground.random((members, shape.kinds)) < 2 / max(2, shape.kinds)
    takes[np.arange(members), ground.integers(0, shape.kinds, members)] = True
    heavy = ground.pareto(shape.tail, members) + 1 if shape.tail else ground.uniform(0.5, 1.5, members)
    capacity = np.maximum(1, np.rint(heavy * shape.places * wishes / heavy.sum())).astype(np.int64)
    joins = np.where(ground.random(members) < shape.late, ground.integers(1, _YEAR, members), 0)

    rush = min(460, wishes // 10)
    season = np.where(rng.random(wishes - rush) < 0.5, rng.normal(0.41, 0.04, wishes - rush), rng.random(wishes - rush))
    begin = rng.uniform(0.1, 0.9) * _YEAR
    at = np.concatenate([(season % 1) * _YEAR, begin + rng.uniform(0, 3600, rush)]).astype(np.int64)
    where = rng.choice(counties, wishes, p=many / many.sum())
    few = rng.choice(counties, min(shape.rush_counties or counties, counties), replace=False)
    where[wishes - rush :] = rng.choice(few, rush)
    order = np.argsort(at, kind="stable")
    at, where = at[order], where[order]
    kind = rng.integers(0, shape.kinds, wishes)
    worth = (rng.lognormal(0, shape.spread, wishes) + shape.flat) * 150_000 * (1 + shape.turn * at / _YEAR)
    point = seat[where] + rng.normal(0, 10, (wishes, 2))
    due = at + rng.integers(0, shape.hold_days * _DAY + 1, wishes)
    j, i = np.nonzero((team[home][:, None] == team[where]) & takes[:, kind] & (joins[:, None] <= due))
    metres = np.rint(1000 * np.hypot(*(spot[j] - point[i]).T)).astype(np.int64)
    market = Market.from_arcs(
        j,
        i,
        metres,
        num_providers=members,
        num_recipients=wishes,
        capacity=capacity,
        unmet_cost=np.rint(worth).astype(np.int64),
    )
    year = ArrivalYear(market, at, due, joins)
    if not shape.given:
        return year
    gift = np.rint(capacity * shape.given).astype(np.int64)
    week = rng.uniform(0.2, 0.8) * _YEAR
    return replace(
        year, gifts=np.column_stack([rng.integers(week, week + 7 * _DAY, members), np.arange(members), gift])
    )


def dense_year(seed: int, size: float = 1.0) -> ArrivalYear:
    """Return 10,000 arrivals at 100 providers, each pair of a value of its own, all decided at once."""
    ground, rng = np.random.default_rng(23), np.random.default_rng([seed, 11])
    people, count = round(10_000 * size), max(5, round(100 * size))
    capacity = ground.integers(20, 80, count)
    good = ground.uniform(0, 500, count)
    values = rng.integers(1, 1000, (count, people)) + np.rint(good)[:, None].astype(np.int64)
    at = np.sort(rng.integers(0, _YEAR, people))
    market = Market.from_matrix(2000 - values, capacity=capacity, unmet_cost=2000)
    return ArrivalYear(market, at, at, np.zeros(count, np.int64))


def class_year(seed: int, size: float = 1.0) -> ArrivalYear:
    """Return 8 kinds of gifts in bulk and 20,000 arrivals who value a kind highly, and two others less."""
    rng = np.random.default_rng([seed, 13])
    people, count = round(20_000 * size), 8
    capacity = np.rint(people * np.array([0.02, 0.05, 0.05, 0.08, 0.1, 0.1, 0.15, 0.2])).astype(np.int64)
    at = np.sort(rng.integers(0, _YEAR, people))
    first = rng.choice(count, people)
    other = (first[:, None] + rng.integers(1, 4, (people, 2))) % count
    j = np.concatenate([first, other.ravel()])
    i = np.concatenate([np.arange(people), np.repeat(np.arange(people), 2)])
    value = np.concatenate([rng.integers(600, 1000, people), rng.integers(200, 700, 2 * people)])
    _, keep = np.unique(j * people + i, return_index=True)
    market = Market.from_arcs(
        j[keep],
        i[keep],
        1000 - value[keep],
        num_providers=count,
        num_recipients=people,
        capacity=capacity,
        unmet_cost=1000,
    )
    return ArrivalYear(market, at, at + rng.integers(0, 2 * _DAY, people), np.zeros(count, np.int64))


def _shaped(**options: float) -> Callable[[int, float], ArrivalYear]:
    return lambda seed, size=1.0: county_year(seed, size, Shape(**options))  # type: ignore[arg-type]


def _shipped(seed: int, size: float = 1.0) -> ArrivalYear:
    counties = max(7, round(147 * size))
    return wish_year(seed, wishes=round(20_401 * size), counties=counties, members=round(1500 * size))


STREAMS: Final[dict[str, Callable[[int, float], ArrivalYear]]] = {
    "shipped": _shipped,
    "rush over all": _shaped(),
    "rush in 12": _shaped(rush_counties=12),
    "rush in 1": _shaped(rush_counties=1),
    "late members": _shaped(late=0.7, rush_counties=12),
    "heavy tails": _shaped(tail=1.2, spread=1.2),
    "two kinds": _shaped(kinds=2, rush_counties=3),
    "scarce": _shaped(places=0.15, rush_counties=12),
    "plenty": _shaped(places=1.3, rush_counties=12),
    "alike": _shaped(flat=20.0, spread=0.3),
    "a gift in one week": _shaped(given=0.6, rush_counties=12),
    "at once": _shaped(hold_days=0, rush_counties=12),
    "dearer later": _shaped(turn=1.0),
    "dense": dense_year,
    "kinds in bulk": class_year,
}
