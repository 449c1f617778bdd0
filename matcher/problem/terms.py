"""Objectives in integers: what each level costs a pair, a recipient without one, and a place left empty.

An additive objective is, at each level of pairing, `travel` times the cost of every chosen pair, `kept` for every pair
of last year, `pair` for every pair, `uncovered` for every recipient without a pair, and `unmet` for every place left
empty (`Terms` lists the rarer ones). Solvers minimise that sum; `shown` turns it into the number that a planner reads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from matcher.base.errors import Fault, InvalidInput
from matcher.base.names import PairLevel
from matcher.base.numbers import EXACT_UNIT, M_PER_KM, S_PER_MIN, BoolArray, IntArray
from matcher.base.result import Sense
from matcher.facts import Facts
from matcher.policy.objectives import BANDED, COVERAGE, PAYING, Objective
from matcher.policy.wishes import RowWish, SoftRow

if TYPE_CHECKING:
    from matcher.policy.policy import Policy


#: exact integers behind one unit of a cap: caps of travel are given in km or minutes
SHOWN_PER_UNIT = {"m": M_PER_KM, "s": S_PER_MIN}
#: no total may pass this, so that sums of totals stay inside 64 bits
MOST_TOTAL = 1 << 60
#: fair travel is a level for each band
MOST_BANDS = 1000
#: far below one unit of any exact integer, far above the rounding of its decimal form
ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """Cost of one level of pairing in one objective, to be minimised; all int64.

    Attributes
    ----------
    travel, kept, pair
        Times the cost of a chosen pair; added for a pair of last year; added for every pair.
    uncovered, unmet : (R,) int64
        Added for a recipient with no pair at all; added for each place left empty below the maximum.
    fit
        Times the number of the recipient's needs that the provider's skills meet.
    far
        1 is added for every pair whose cost is at least this; None for no such term.
    used
        Added for every provider with at least one pair.
    squares
        Times the square of each provider's number of pairs.
    """

    travel: int
    kept: int
    pair: int
    uncovered: IntArray
    unmet: IntArray
    fit: int = 0
    far: int | None = None
    used: int = 0
    squares: int = 0

    def of_pairs(self, cost: IntArray, was_pair: BoolArray, fit: IntArray | None = None) -> IntArray:
        """Return what each pair costs, given its travel cost, whether it was a pair last year, and its fit."""
        total: IntArray = self.travel * cost + self.kept * was_pair + self.pair
        if self.far is not None:
            total = total + (cost >= self.far)
        if self.fit and fit is not None:
            total = total + self.fit * fit
        return total

    def of_providers(self, count: IntArray) -> int:
        """Return what the providers cost, given each one's number of pairs."""
        return self.used * int((count > 0).sum()) + self.squares * int((count * count).sum())

    @property
    def is_zero(self) -> bool:
        """Whether the objective says nothing about this level of pairing."""
        return self.is_plain and not (self.travel or self.kept or self.pair or self.uncovered.any() or self.unmet.any())

    @property
    def is_plain(self) -> bool:
        """Whether only the first five terms are there, which a flow can carry."""
        return not (self.fit or self.far is not None or self.used or self.squares)


@dataclass(frozen=True, slots=True, eq=False)
class AdditiveObjective:
    """One objective over both levels of pairing: a sum, or with `worst_of` the dearest pair of that level.

    Attributes
    ----------
    name, sense, unit
        As in `Level`; `unit` is that of the exact integer.
    offset
        Value shown when the minimised sum is 0: shown = offset - sum for "max", offset + sum for "min".
    worst_of
        The level of pairing whose largest cost of a pair (0 without pairs) is minimised, instead of a sum.
    slack_percent
        How much worse than its optimum the level may become for the sake of those after it.
    cap
        The minimised value may never exceed this (a hard rule from the first level on); None for no cap.
    wishes
        Rows whose excess costs something besides.
    """

    name: str
    sense: Sense
    unit: str
    county: Terms
    school: Terms
    offset: int = 0
    worst_of: PairLevel | None = None
    slack_percent: float = 0.0
    cap: int | None = None
    wishes: tuple[SoftRow, ...] = ()

    def terms(self, level: str) -> Terms:
        """Return the terms of `level`, "county" or "school"."""
        return self.county if level == "county" else self.school

    def shown(self, minimised: int) -> int:
        """Return the number a planner reads for a minimised sum (also for a bound on it)."""
        return self.offset - minimised if self.sense == "max" else self.offset + minimised

    def minimised(self, shown: int) -> int:
        """Return the minimised sum behind a shown number."""
        return self.offset - shown if self.sense == "max" else shown - self.offset

    def allowance(self, minimised: int) -> int:
        """Return the largest minimised value that the levels after may leave, once the optimum is known."""
        thousandths = round(self.slack_percent * 1000)
        return minimised + abs(self.shown(minimised)) * thousandths // 100_000

    @property
    def is_plain(self) -> bool:
        """Whether it is a sum that a flow can carry, without slack or cap."""
        return (
            self.worst_of is None
            and self.county.is_plain
            and self.school.is_plain
            and not self.slack_percent
            and self.cap is None
            and not self.wishes
        )


def maxima(facts: Facts, policy: Policy, level: str) -> IntArray:
    """Return the most pairs each recipient of `level` wants under `policy`."""
    override = policy.county_demand if level == "county" else policy.school_demand
    recipients = facts.arrays.sides(level)[1]
    return recipients.maximum if override is None else np.full(len(recipients), override[1], dtype=np.int64)


def compile_objectives(facts: Facts, policy: Policy) -> tuple[AdditiveObjective, ...]:
    """Return the objectives of `policy` in order; without a child rate coverage comes before convenience."""
    check_range(facts, policy, MOST_TOTAL)
    compiled = [level for asked in policy.objectives for level in _compile(asked, facts, policy)]
    names = [level.name for level in compiled]
    if policy.child_rate is None and "convenience" in names and not {"cover_schools", "count_schools"} & set(names):
        first = names.index("convenience")
        compiled[first:first] = _compile(Objective(name="cover_schools"), facts, policy)
    return tuple(compiled)


#: solvers that count in floating point are exact below this
MOST_FLOAT: Final = 1 << 52


def check_range(facts: Facts, policy: Policy, most: int) -> None:
    """Refuse rates and children whose convenience could pass `most`, before anything is multiplied.

    Raises
    ------
    InvalidInput
        With the code `cost_range`.
    """
    schools = facts.arrays.schools
    total = float(schools.children.sum(dtype=np.float64)) * (policy.child_rate or 0)
    for rule in policy.rules:
        total *= max(1.0, rule.most_weight)
    total += policy.change_rate * facts.num_previous("school")
    if total > most:
        details = {"level": "convenience", "magnitude": f"{total:.3g}", "nodes": len(schools), "most": most}
        raise InvalidInput([Fault("cost_range", "policy", column="child_km", value=policy.child_km, details=details)])


def empty_place_cost(facts: Facts, policy: Policy) -> IntArray:
    """Return what convenience charges for each empty place of each school: rate * children / places."""
    schools, places = facts.arrays.schools, maxima(facts, policy, "school")
    if policy.child_rate is None:
        return np.zeros(len(schools), dtype=np.int64)
    total = schools.children * policy.child_rate
    for rule in policy.rules:
        total = rule.weigh_children(facts, total)
    wanted = np.maximum(places, 1)
    nearest: IntArray = (2 * total + wanted) // (2 * wanted) * (places > 0)  # halves up
    return nearest


def _compile(asked: Objective, facts: Facts, policy: Policy) -> list[AdditiveObjective]:
    if asked.name in BANDED:
        return _bands(asked, facts, policy)
    level = _sum(asked, facts, policy)
    if asked.where is not None:
        level = replace(level, name=f"{level.name}[{asked.where.words('en')}]")
    cap = None
    if asked.at_most is not None:
        cap = level.minimised(math.floor(asked.at_most * SHOWN_PER_UNIT.get(level.unit, 1) + ROUNDING))
    if asked.at_least is not None:
        cap = level.minimised(math.ceil(asked.at_least - ROUNDING))
    return [replace(level, slack_percent=asked.slack_percent, cap=cap, wishes=_wishes(asked.name, facts, policy))]


def _wishes(name: str, facts: Facts, policy: Policy) -> tuple[SoftRow, ...]:
    """Return what is paid in an objective, in an order that does not depend on that of the rules."""
    rules = [rule for rule in policy.rules if isinstance(rule, RowWish) and name in PAYING[rule.rated_level]]
    rules.sort(key=lambda rule: (rule.code, rule.model_dump_json()))
    return tuple(wish for rule in rules for wish in rule.wishes(facts, maxima(facts, policy, rule.rated_level)))


def _sum(asked: Objective, facts: Facts, policy: Policy) -> AdditiveObjective:
    counties, schools = facts.arrays.counties, facts.arrays.schools
    county_wants = maxima(facts, policy, "county") > 0
    school_wants = maxima(facts, policy, "school") > 0
    if asked.where is not None:
        county_wants = county_wants & asked.where.mask(facts, "counties")
        school_wants = school_wants & asked.where.mask(facts, "schools")
    no_county, no_school = _terms(len(counties)), _terms(len(schools))
    county_unit, school_unit = EXACT_UNIT[policy.county_cost], EXACT_UNIT[policy.school_cost]
    name = asked.name

    def most(unit: str, county: Terms = no_county, school: Terms = no_school, offset: int = 0) -> AdditiveObjective:
        return AdditiveObjective(name, "max", unit, county, school, offset)

    def least(unit: str, county: Terms = no_county, school: Terms = no_school, offset: int = 0) -> AdditiveObjective:
        return AdditiveObjective(name, "min", unit, county, school, offset)

    if name in COVERAGE:
        wants, nodes = (county_wants, counties) if name.endswith("counties") else (school_wants, schools)
        unit = "children" if name.startswith("cover") else name.split("_")[1]
        counted = nodes.children * wants if unit == "children" else wants.astype(np.int64)
        terms = _terms(len(nodes), uncovered=counted)
        of_county = name.endswith("counties")
        return most(unit, terms if of_county else no_county, no_school if of_county else terms, int(counted.sum()))
    if name == "fill_counties":
        return most("pairs", county=replace(no_county, pair=-1))
    if name == "fill":
        return most("pairs", school=replace(no_school, pair=-1))
    if name == "keep_counties":
        return most("pairs", county=replace(no_county, kept=-1))
    if name == "keep_schools":
        return most("pairs", school=replace(no_school, kept=-1))
    if name == "county_travel":
        return least(county_unit, county=replace(no_county, travel=1))
    if name == "school_travel":
        return least(school_unit, school=replace(no_school, travel=1))
    if name == "worst_county_travel":
        return replace(least(county_unit), worst_of="county")
    if name == "worst_school_travel":
        return replace(least(school_unit), worst_of="school")
    if name == "balance":
        return least("squared pairs", school=replace(no_school, squares=1))
    if name == "skills":
        return most("needs", school=replace(no_school, fit=-1))
    if name == "fewest_organizations":
        return least("organizations", county=replace(no_county, used=1))
    change = policy.change_rate
    convenience = replace(no_school, travel=1, kept=-change, unmet=empty_place_cost(facts, policy))
    # an ended pair costs `change`: the constant for all of last year's pairs that could be kept, less those kept
    return least(school_unit, school=convenience, offset=change * facts.num_previous("school"))


def _bands(asked: Objective, facts: Facts, policy: Policy) -> list[AdditiveObjective]:
    """Return one level for each band from the farthest down: the number of pairs that lie in it or beyond.

    Least in that order is the leximin of the pairs' bands (band k holds the costs of [k * width, (k + 1) * width)).
    """
    level: PairLevel = "county" if asked.name == "fair_county_travel" else "school"
    width, shown, suffix = asked.band_min, S_PER_MIN, "min"
    if facts.unit(level) == "km":
        width, shown, suffix = asked.band_km, M_PER_KM, "km"
    exact = max(1, round((width or 0) * shown))
    count = facts.largest_cost(level) // exact
    if count > MOST_BANDS:
        details = {"width": f"{exact / shown:g} {suffix}", "count": count, "most": MOST_BANDS}
        raise InvalidInput([Fault("too_many_bands", "policy", column=asked.name, value=width, details=details)])
    none = {"county": _terms(len(facts.arrays.counties)), "school": _terms(len(facts.arrays.schools))}
    found = []
    for band in range(max(1, count), 0, -1):
        terms = {**none, level: replace(none[level], far=band * exact)}
        name = f"{asked.name}>={band * exact / shown:g}{suffix}"
        found.append(AdditiveObjective(name, "min", "pairs", terms["county"], terms["school"]))
    return found


def _terms(recipients: int, *, uncovered: IntArray | None = None) -> Terms:
    zero = np.zeros(recipients, dtype=np.int64)
    return Terms(0, 0, 0, zero if uncovered is None else uncovered, zero)
