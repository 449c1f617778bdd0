"""What is asked: crews, sites, periods, and what a plan costs.

With x_o = 1 if a crew takes its stay o (a site and a first period; all of its stay lies in the periods when the crew
can and the site is open), and V_pk the heads of the crews present at site p in period k:

    minimise    sum of size * metres over the stays + charge * sum of lost_pk
    subject to  each crew takes at most one stay
                V_pk <= beds_p
                where anybody is present: V_pk >= least_p, at least so many adults, and for each need of the site
                somebody with the skill
                lost_pk = children_pk - min(children_pk, ratio_p * V_pk)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.base.numbers import BoolArray, IntArray
from matcher.market.certificate import Flaw

#: a distance that stands for "may not"
NEVER: Final = -1
_MOST_LISTED: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class PresenceCase:
    """Crews, sites and periods in arrays.

    Attributes
    ----------
    metres : (T, P) int32
        What a head of each crew travels to each site; NEVER where it may not go.
    size, adults : (T,) int64
        Heads of each crew, and how many of them are adults.
    first, last, stay : (T,) int64
        First and last period in which a crew can, and how many in a row it stays.
    skill, need : (T, S), (P, S) bool
    children : (P, K) int64
        Who is to be looked after in each period; 0 where the site is not open.
    open : (P, K) bool
    beds, least, ratio : (P,) int64
        Most heads, least heads while anybody is there, and most children a head.
    least_adults : int
    charge : int
        What a child costs that is not looked after for a period, in metres of a head.
    """

    metres: NDArray[np.int32]
    size: IntArray
    adults: IntArray
    first: IntArray
    last: IntArray
    stay: IntArray
    skill: BoolArray
    need: BoolArray
    children: IntArray
    open: BoolArray
    beds: IntArray
    least: IntArray
    ratio: IntArray
    least_adults: int
    charge: int

    @property
    def num_crews(self) -> int:
        """Number of crews, T."""
        return len(self.size)

    @property
    def num_sites(self) -> int:
        """Number of sites, P."""
        return len(self.beds)

    @property
    def num_periods(self) -> int:
        """Number of periods, K."""
        return int(self.children.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class Present:
    """Who is where and when in a plan: heads and adults (P, K), and heads with each skill (P, K, S)."""

    heads: IntArray
    adults: IntArray
    skilled: IntArray

    @classmethod
    def of(cls, case: PresenceCase, pairs: IntArray, start: IntArray) -> Present:
        """Count those present for pairs (k, 2) of site and crew with these first periods (k,)."""
        shape = (case.num_sites, case.num_periods)
        heads, adults = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        skilled = np.zeros((*shape, case.need.shape[1]), np.int64)
        site, crew = pairs[:, 0], pairs[:, 1]
        for period in range(case.num_periods):
            here = (start <= period) & (period < start + case.stay[crew])
            np.add.at(heads[:, period], site[here], case.size[crew[here]])
            np.add.at(adults[:, period], site[here], case.adults[crew[here]])
            np.add.at(skilled[:, period], site[here], case.skill[crew[here]])
        return cls(heads, adults, skilled)

    def safe(self, case: PresenceCase) -> dict[str, BoolArray]:
        """Return for each rule of those who are present whether it is kept, (P, K) bool; nobody breaks none."""
        nobody = self.heads == 0
        met = (self.skilled > 0) | ~case.need[:, None, :]
        return {
            "team_below_least": nobody | (self.heads >= case.least[:, None]),
            "adult_alone": nobody | (self.adults >= case.least_adults),
            "need_unmet": nobody | np.asarray(met.all(axis=2)),
            "beds_exceeded": self.heads <= case.beds[:, None],
        }

    def looked_after(self, case: PresenceCase) -> IntArray:
        """Return how many children are looked after, (P, K)."""
        after: IntArray = np.minimum(case.children, case.ratio[:, None] * self.heads)
        return after


def value(case: PresenceCase, pairs: IntArray, start: IntArray) -> int:
    """Return what a plan costs, in exact integers."""
    site, crew = pairs[:, 0], pairs[:, 1]
    travel = int(sum((case.size[crew] * case.metres[crew, site].astype(np.int64)).tolist()))
    lost = case.children - Present.of(case, pairs, start).looked_after(case)
    return travel + case.charge * int(lost.sum())


def plan_flaws(case: PresenceCase, pairs: Any, start: Any) -> list[Flaw]:
    """Return every rule that a plan breaks: form, weeks, beds, and who is present with the children."""
    formed = all(isinstance(a, np.ndarray) and a.dtype == np.int64 for a in (pairs, start))
    if not formed or pairs.ndim != 2 or pairs.shape[1] != 2 or start.shape != (len(pairs),):
        return [Flaw("pairs_form")]
    site, crew = pairs[:, 0], pairs[:, 1]
    sizes = ((site, case.num_sites), (crew, case.num_crews), (start, case.num_periods))
    if any(len(at) and (at.min() < 0 or at.max() >= count) for at, count in sizes):
        return [Flaw("pair_unknown")]
    if len(np.unique(crew)) < len(crew):
        return [Flaw("pair_twice")]
    found = [
        Flaw("pair_not_allowed", {"site": int(p), "crew": int(t)})
        for p, t in pairs[case.metres[crew, site] == NEVER][:_MOST_LISTED]
    ]
    end = start + case.stay[crew]
    wrong = (start < case.first[crew]) | (end > np.minimum(case.last[crew] + 1, case.num_periods))
    for period in range(case.num_periods):
        wrong |= (start <= period) & (period < end) & ~case.open[site, period]
    found += [Flaw("stay_outside_weeks", {"crew": int(t)}) for t in crew[wrong][:_MOST_LISTED]]
    for code, kept in Present.of(case, pairs, start).safe(case).items():
        found += [Flaw(code, {"site": int(p), "week": int(k)}) for p, k in np.argwhere(~kept)[:_MOST_LISTED]]
    return found
