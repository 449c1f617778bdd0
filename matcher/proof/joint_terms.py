"""The one-to-one problem as value vectors: one component a level, compared from the first component down.

What an (organisation, county) pair is worth depends on nothing but itself once counties and organisations are one to
one: leaving both without a partner is the zero, the value vector of the pair is what choosing it changes. Components:

- `requirements`, only if there are minima or pins: how many of them are unmet (feasible plans leave none);
- one component for each objective, in order;
- `pairs`, more first, and `kept`, more first: the documented rule for ties, never part of a claim.

All components are integers to be minimised. Value vectors under addition and the order of their first difference are an
ordered group, which is all that the assignment algorithm and its certificate need.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from matcher.base.numbers import IntArray
from matcher.problem.problem import Problem

REQUIREMENTS, PAIRS, KEPT = "requirements", "pairs", "kept"


@dataclass(frozen=True, slots=True)
class Packing:
    """Consecutive components in one integer, first component highest, each in a signed field of its own width.

    Attributes
    ----------
    components
        Which components, ascending.
    bits
        Width of each field; a value x fits if -2**(bits - 1) <= x < 2**(bits - 1). 0 for a component that is always 0.
    """

    components: tuple[int, ...]
    bits: tuple[int, ...]

    @property
    def weights(self) -> tuple[int, ...]:
        """What one unit of each component weighs in the packed integer."""
        return tuple(1 << sum(self.bits[position + 1 :]) for position in range(len(self.bits)))

    @property
    def width(self) -> int:
        """Bits of the packed integer, sign included."""
        return sum(self.bits)

    def weight_of(self, values: Sequence[int] | IntArray) -> int:
        """Return the packed integer of one vector over all components of the problem."""
        weights = self.weights
        return sum(weight * int(values[c]) for c, weight in zip(self.components, weights, strict=True))

    def fields(self, packed: int) -> list[int]:
        """Return the fields of one packed integer."""
        found = []
        for bits in reversed(self.bits):
            half = 1 << bits >> 1
            field = ((packed + half) & ((1 << bits) - 1)) - half
            found.append(field)
            packed = (packed - field) >> bits
        return found[::-1]

    def pack(self, values: IntArray) -> IntArray:
        """Return (...) packed integers of a (D, ...) array of vectors."""
        total: IntArray = np.zeros(values.shape[1:], dtype=np.int64)
        for component, weight in zip(self.components, self.weights, strict=True):
            if values[component].any():
                total += values[component] * weight
        return total

    def unpack(self, packed: IntArray, out: IntArray) -> None:
        """Write the fields of `packed` into their rows of the (D, ...) array `out`; exact while every field fits."""
        rest = np.array(packed)
        for component, bits in zip(reversed(self.components), reversed(self.bits), strict=True):
            if not bits:
                out[component] = 0
                continue
            half = 1 << (bits - 1)
            field = ((rest + half) & ((1 << bits) - 1)) - half
            out[component] = field
            rest = (rest - field) >> bits


def packings(components: Sequence[int], largest: Sequence[int], limit: int) -> tuple[Packing, ...]:
    """Split components into packed integers of at most `limit` bits (a component that is wider stands alone).

    Parameters
    ----------
    components
        Positions of the components, ascending.
    largest
        For each of them, the largest magnitude that its field must hold.
    limit
        Bits of one packed integer.
    """
    found: list[tuple[list[int], list[int]]] = []
    for component, most in zip(components, largest, strict=True):
        bits = int(most).bit_length() + 1 if most else 0
        if not found or sum(found[-1][1]) + bits > limit:
            found.append(([], []))
        found[-1][0].append(component)
        found[-1][1].append(bits)
    return tuple(Packing(tuple(parts), tuple(bits)) for parts, bits in found)


@dataclass(frozen=True, slots=True, eq=False)
class JointTerms:
    """Every coefficient of the value vectors, D components; C counties, O organisations, B branches, U units.

    A unit is one place of a school; units stand in the order (county, school, place).

    Attributes
    ----------
    names
        Of the components.
    num_hard
        1 if the first component counts unmet minima and pins, else 0.
    num_claimed
        Components that a certificate covers: all but the two of the tie rule.
    county_travel, county_kept, county_pair, school_travel, school_kept, school_pair : (D,) int64
        Added for a pair: times its cost, if it was a pair last year, always.
    county_gain : (D, C) int64
        What a county without an organisation costs at county level.
    organization_min : (O,) int64
        1 where an organisation must have a county.
    unit_school : (U,) int64
        School of each unit.
    unit_start : (C + 1,) int64
        Units of county c are `unit_start[c]:unit_start[c + 1]`.
    unit_gain : (D, U) int64
        What the unit costs while empty.
    branch_max, branch_min : (B,) int64
        Most and least schools of each branch.
    places : (C,) int64
        Most schools' places in the county, as many as its units.
    base
        Value vector of the plan without a pair.
    county_open, organization_open : (C,), (O,) bool
        Whether the row may have a partner at all.
    pins
        Pinned pairs of each level, as in `Problem.pins`.
    """

    names: tuple[str, ...]
    num_hard: int
    num_claimed: int
    county_travel: IntArray
    county_kept: IntArray
    county_pair: IntArray
    school_travel: IntArray
    school_kept: IntArray
    school_pair: IntArray
    county_gain: IntArray
    organization_min: IntArray
    unit_school: IntArray
    unit_start: IntArray
    unit_gain: IntArray
    branch_max: IntArray
    branch_min: IntArray
    base: tuple[int, ...]
    county_open: np.ndarray
    organization_open: np.ndarray
    pins: dict[str, IntArray]

    @property
    def num_components(self) -> int:
        """How many components a value vector has."""
        return len(self.names)

    @classmethod
    def of(cls, problem: Problem) -> JointTerms:
        """Compile the value vectors of `problem`, which must be a joint case (`is_joint_case`)."""
        arrays = problem.arrays
        organization, county = problem.capacity("county"), problem.demand("county")
        branch, school = problem.capacity("school"), problem.demand("school")
        pins = problem.pins
        hard_sum = int(organization[:, 0].sum() + county[:, 0].sum() + branch[:, 0].sum() + school[:, 0].sum())
        hard_sum += len(pins["county"]) + len(pins["school"])
        num_hard = int(hard_sum > 0)
        names = [REQUIREMENTS] * num_hard + [objective.name for objective in problem.objectives]
        num_claimed = len(names)
        num_previous = {level: problem.facts.num_previous(level) for level in ("county", "school")}
        names.append(PAIRS)
        if any(num_previous.values()) and not {"keep_counties", "keep_schools"} <= set(names):
            names.append(KEPT)
        size = len(names)

        def coefficients(level: str, field: str) -> IntArray:
            found = np.zeros(size, dtype=np.int64)
            if field == "kept" and not num_previous[level]:
                return found
            for position, objective in enumerate(problem.objectives):
                found[num_hard + position] = getattr(objective.terms(level), field)
            if field == "pair":
                found[num_claimed] = -1
            if field == "kept" and size > num_claimed + 1:
                found[num_claimed + 1] = -1
            return found

        # a school can't have more pairs than one organisation has branches
        widest = int(np.diff(arrays.branches_of[0]).max(initial=0))
        places = np.minimum(school[:, 1], widest)
        by_county = arrays.schools_of[1]
        unit_school = np.repeat(by_county, places[by_county])
        units_of_county = np.bincount(arrays.schools.parent[unit_school], minlength=len(county))
        unit_start = np.concatenate([[0], np.cumsum(units_of_county)]).astype(np.int64)
        first = np.ones(len(unit_school), dtype=np.bool_)
        first[1:] = unit_school[1:] != unit_school[:-1]
        begins = np.flatnonzero(first)
        place = np.arange(len(unit_school)) - np.repeat(begins, np.diff(np.append(begins, len(unit_school))))
        county_gain = np.zeros((size, len(county)), dtype=np.int64)
        unit_gain = np.zeros((size, len(unit_school)), dtype=np.int64)
        base = [0] * size
        for position, objective in enumerate(problem.objectives, num_hard):
            at_county, at_school = objective.county, objective.school
            wanted = np.minimum(county[:, 1], 1)
            county_gain[position] = at_county.uncovered + at_county.unmet * wanted
            unit_gain[position] = at_school.unmet[unit_school] + at_school.uncovered[unit_school] * first
            base[position] = int(county_gain[position].sum()) + int(at_school.uncovered.sum())
            base[position] += int((at_school.unmet * school[:, 1]).sum())
        if num_hard:
            base[0] = hard_sum
            county_gain[0] = county[:, 0]
            unit_gain[0] = place < school[unit_school, 0]
        return cls(
            tuple(names),
            num_hard,
            num_claimed,
            coefficients("county", "travel"),
            coefficients("county", "kept"),
            coefficients("county", "pair"),
            coefficients("school", "travel"),
            coefficients("school", "kept"),
            coefficients("school", "pair"),
            county_gain,
            organization[:, 0].copy(),
            unit_school,
            unit_start,
            unit_gain,
            branch[:, 1].copy(),
            branch[:, 0].copy(),
            tuple(base),
            county[:, 1] > 0,
            organization[:, 1] > 0,
            pins,
        )


def is_joint_case(problem: Problem) -> bool:
    """Whether county and school pairing can be decided together by one assignment over blocks.

    That is: no county with two organisations and no organisation with two counties, every objective a sum over pairs,
    places and recipients without slack or cap, no rule that is a linear row over several of them, and no demand for
    stability.
    """
    return problem.is_one_to_one and problem.is_plain and not problem.policy.asks_stability


def has_school_rules(problem: Problem) -> bool:
    """Whether any rule forbids a pair of branch and school."""
    return any(rule.forbids(problem.facts, "school") for rule in problem.rules)
