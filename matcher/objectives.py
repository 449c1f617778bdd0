"""Objectives in integers: what each level costs a pair, a recipient without one, and a place left empty.

An additive objective is, at each level of pairing, `travel` times the cost of every chosen pair, `kept` for every pair
of last year, `pair` for every pair, `uncovered` for every recipient without a pair, and `unmet` for every place left
empty. Solvers minimise that sum; `shown` turns it into the number that a planner reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from matcher.arrays import BoolArray, IntArray
from matcher.facts import EXACT_UNIT, Facts
from matcher.result import Sense

if TYPE_CHECKING:
    from matcher.policy import Policy

ObjectiveName = Literal[
    "cover_counties",
    "count_counties",
    "fill_counties",
    "cover_schools",
    "count_schools",
    "fill",
    "keep_counties",
    "keep_schools",
    "convenience",
    "county_travel",
    "school_travel",
]
NAMES: tuple[ObjectiveName, ...] = get_args(ObjectiveName)


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """Cost of one level of pairing in one objective, to be minimised; all int64.

    Attributes
    ----------
    travel, kept, pair
        Times the cost of a chosen pair; added for a pair of last year; added for every pair.
    uncovered, unmet : (R,) int64
        Added for a recipient with no pair at all; added for each place left empty below the maximum.
    """

    travel: int
    kept: int
    pair: int
    uncovered: IntArray
    unmet: IntArray

    def of_pairs(self, cost: IntArray, was_pair: BoolArray) -> IntArray:
        """Return what each pair costs, given its travel cost and whether it was a pair last year."""
        return self.travel * cost + self.kept * was_pair + self.pair

    @property
    def is_zero(self) -> bool:
        """Whether the objective says nothing about this level of pairing."""
        return not (self.travel or self.kept or self.pair or self.uncovered.any() or self.unmet.any())


@dataclass(frozen=True, slots=True, eq=False)
class AdditiveObjective:
    """One additive objective over both levels of pairing.

    Attributes
    ----------
    name, sense, unit
        As in `Level`; `unit` is that of the exact integer.
    offset
        Value shown when the minimised sum is 0: shown = offset - sum for "max", offset + sum for "min".
    """

    name: str
    sense: Sense
    unit: str
    county: Terms
    school: Terms
    offset: int = 0

    def terms(self, level: str) -> Terms:
        """Return the terms of `level`, "county" or "school"."""
        return self.county if level == "county" else self.school

    def shown(self, minimised: int) -> int:
        """Return the number a planner reads for a minimised sum (also for a bound on it)."""
        return self.offset - minimised if self.sense == "max" else self.offset + minimised

    def minimised(self, shown: int) -> int:
        """Return the minimised sum behind a shown number."""
        return self.offset - shown if self.sense == "max" else shown - self.offset


def maxima(facts: Facts, policy: Policy, level: str) -> IntArray:
    """Return the most pairs each recipient of `level` wants under `policy`."""
    override = policy.county_demand if level == "county" else policy.school_demand
    recipients = facts.arrays.sides(level)[1]
    return recipients.maximum if override is None else np.full(len(recipients), override[1], dtype=np.int64)


def compile_objectives(facts: Facts, policy: Policy) -> tuple[AdditiveObjective, ...]:
    """Return the objectives of `policy` in order; without a child rate coverage comes before convenience."""
    names = [objective.name for objective in policy.objectives]
    if policy.child_rate is None and "convenience" in names and not {"cover_schools", "count_schools"} & set(names):
        names.insert(names.index("convenience"), "cover_schools")
    return tuple(_compile(name, facts, policy) for name in names)


def empty_place_cost(facts: Facts, policy: Policy) -> IntArray:
    """Return what convenience charges for each empty place of each school: rate * children / places."""
    schools, places = facts.arrays.schools, maxima(facts, policy, "school")
    if policy.child_rate is None:
        return np.zeros(len(schools), dtype=np.int64)
    total = schools.children * policy.child_rate
    wanted = np.maximum(places, 1)
    nearest: IntArray = (2 * total + wanted) // (2 * wanted) * (places > 0)  # halves up
    return nearest


def _compile(name: ObjectiveName, facts: Facts, policy: Policy) -> AdditiveObjective:
    counties, schools = facts.arrays.counties, facts.arrays.schools
    county_places, school_places = maxima(facts, policy, "county"), maxima(facts, policy, "school")

    def terms(
        recipients: int,
        *,
        travel: int = 0,
        kept: int = 0,
        pair: int = 0,
        uncovered: IntArray | None = None,
        unmet: IntArray | None = None,
    ) -> Terms:
        zero = np.zeros(recipients, dtype=np.int64)
        return Terms(travel, kept, pair, zero if uncovered is None else uncovered, zero if unmet is None else unmet)

    no_county, no_school = terms(len(counties)), terms(len(schools))
    wanting_counties, wanting_schools = county_places > 0, school_places > 0
    if name == "cover_counties":
        uncovered = counties.children * wanting_counties
        county = terms(len(counties), uncovered=uncovered)
        return AdditiveObjective(name, "max", "children", county, no_school, int(uncovered.sum()))
    if name == "count_counties":
        county = terms(len(counties), uncovered=wanting_counties.astype(np.int64))
        return AdditiveObjective(name, "max", "counties", county, no_school, int(wanting_counties.sum()))
    if name == "fill_counties":
        return AdditiveObjective(name, "max", "pairs", terms(len(counties), pair=-1), no_school)
    if name == "cover_schools":
        uncovered = schools.children * wanting_schools
        school = terms(len(schools), uncovered=uncovered)
        return AdditiveObjective(name, "max", "children", no_county, school, int(uncovered.sum()))
    if name == "count_schools":
        school = terms(len(schools), uncovered=wanting_schools.astype(np.int64))
        return AdditiveObjective(name, "max", "schools", no_county, school, int(wanting_schools.sum()))
    if name == "fill":
        return AdditiveObjective(name, "max", "pairs", no_county, terms(len(schools), pair=-1))
    if name == "keep_counties":
        return AdditiveObjective(name, "max", "pairs", terms(len(counties), kept=-1), no_school)
    if name == "keep_schools":
        return AdditiveObjective(name, "max", "pairs", no_county, terms(len(schools), kept=-1))
    if name == "county_travel":
        unit = EXACT_UNIT[policy.county_cost]
        return AdditiveObjective(name, "min", unit, terms(len(counties), travel=1), no_school)
    if name == "school_travel":
        unit = EXACT_UNIT[policy.school_cost]
        return AdditiveObjective(name, "min", unit, no_county, terms(len(schools), travel=1))
    change = policy.change_rate
    school = terms(len(schools), travel=1, kept=-change, unmet=empty_place_cost(facts, policy))
    # an ended pair costs `change`: the constant for all of last year's pairs that could be kept, less those kept
    keepable = facts.num_previous("school")
    return AdditiveObjective(name, "min", EXACT_UNIT[policy.school_cost], no_county, school, change * keepable)
