"""The proof of the one-to-one case over both levels of pairing, checked in exact integers and without any solver.

The certificate holds, one component for each objective (before them one for unmet minima and pins, if there are any):

- `county_price` u (D, C) and `organization_price` v (D, O);
- `evaluated` (E, 2): (organisation, county) positions, by county, then organisation, each once;
- `branch_price` (D, ...) and `school_price` (D, ...): for each of them the prices of the organisation's branches and of
  the county's schools that want a branch, one block after the other.

If for every allowed (organisation, county) a lower bound on its value vector less u and v is lexicographically >= 0,
then no plan is lexicographically below base + sum min(0, u) + sum min(0, v). For pairs that are not evaluated the
bound is recomputed from the input (`joint_bounds`), for evaluated ones it is the Lagrangian bound of their inner
prices, which holds for any prices (`block_flow` has the formula).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from matcher.base.numbers import BoolArray, IntArray
from matcher.base.watch import look
from matcher.problem.problem import Problem
from matcher.proof.joint_bounds import JointBounds
from matcher.proof.joint_terms import JointTerms

NAMES = ("county_price", "organization_price", "evaluated", "branch_price", "school_price")
#: prices times the terms of one block must stay below this: then no sum can leave 64 bits
_LARGEST_SUM = 2**60
#: pairs of branch and school that are computed at a time
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class JointCheck:
    """What a certificate proves.

    Attributes
    ----------
    bound
        Lexicographic lower bound on the minimised objectives of any feasible plan; None if nothing is proved.
    unmet
        Lower bound on the number of minima and pins that no plan can meet together; below 0 nothing is proved of the
        objectives.
    fault
        Why nothing is proved, a stable word; "" otherwise.
    """

    bound: tuple[int, ...] | None
    unmet: int = 0
    fault: str = ""


def check(problem: Problem, arrays: Mapping[str, Any]) -> JointCheck:
    """Return what the certificate `arrays` proves about `problem`, recomputed from the input."""
    terms = JointTerms.of(problem)
    fault = shape_fault(problem, terms, arrays)
    if fault:
        return JointCheck(None, fault=fault)
    bounds = JointBounds(problem, terms)
    county_price, organization_price = arrays["county_price"], arrays["organization_price"]
    evaluated = arrays["evaluated"]
    open_entries = undecided(problem, terms, bounds, county_price, organization_price)
    width = len(problem.arrays.counties)
    unknown = ~np.isin(open_entries[:, 0] * width + open_entries[:, 1], evaluated[:, 0] * width + evaluated[:, 1])
    if unknown.any():
        return JointCheck(None, fault="pair_not_proved")
    value = block_bounds(problem, terms, bounds, evaluated, arrays["branch_price"], arrays["school_price"])
    reduced = value - county_price[:, evaluated[:, 1]] - organization_price[:, evaluated[:, 0]]
    if (first_sign(reduced) < 0).any():
        return JointCheck(None, fault="negative_reduced_cost")
    total = dual_value(terms, county_price, organization_price)
    return JointCheck(total[terms.num_hard :], total[0] if terms.num_hard else 0)


def dual_value(terms: JointTerms, county_price: IntArray, organization_price: IntArray) -> tuple[int, ...]:
    """Return base + sum min(0, u) + sum min(0, v), exact."""
    total = list(terms.base[: terms.num_claimed])
    for price in (county_price, organization_price):
        useful = price[:, first_sign(price) < 0]
        for c in range(len(total)):
            total[c] += sum(useful[c].tolist())
    return tuple(total)


def first_sign(vectors: IntArray) -> IntArray:
    """Return (n,) the sign of the first component of each column that is not 0 (0 if all are)."""
    sign = np.zeros(vectors.shape[1:], dtype=np.int64)
    for component in vectors:
        sign = np.where(sign == 0, np.sign(component), sign)
    return sign


def undecided(
    problem: Problem, terms: JointTerms, bounds: JointBounds, county_price: IntArray, organization_price: IntArray
) -> IntArray:
    """Return (k, 2) the allowed (organisation, county) whose recomputed bound leaves a negative reduced cost."""
    claimed = terms.num_claimed
    found = [np.zeros((0, 2), dtype=np.int64)]
    for county in range(county_price.shape[1]):
        look()
        value, open_pairs = bounds.of_county(county)
        reduced = value[:claimed] - organization_price - county_price[:, county, None]
        negative = np.flatnonzero(open_pairs & (first_sign(reduced) < 0))
        if len(negative):
            here = np.full(len(negative), county, dtype=np.int64)
            allowed = problem.allowed("county", negative, here)
            found.append(np.column_stack([negative[allowed], here[allowed]]))
    return np.concatenate(found)


def block_bounds(
    problem: Problem,
    terms: JointTerms,
    bounds: JointBounds,
    entries: IntArray,
    branch_price: IntArray,
    school_price: IntArray,
) -> IntArray:
    """Return (D, E) the bound that inner prices give on each (organisation, county) of `entries`."""
    value = np.zeros((terms.num_claimed, len(entries)), dtype=np.int64)
    sizes = block_sizes(problem, terms, entries)
    branch_begin = np.concatenate([[0], np.cumsum(sizes[:, 0])])
    school_begin = np.concatenate([[0], np.cumsum(sizes[:, 1])])
    pairs = np.cumsum(sizes[:, 0] * sizes[:, 1])
    start = 0
    while start < len(entries):
        look()
        done = pairs[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(pairs, done + _CHUNK, side="right")))
        value[:, start:stop] = _some_bounds(
            problem,
            terms,
            entries[start:stop],
            branch_price[:, branch_begin[start] : branch_begin[stop]],
            school_price[:, school_begin[start] : school_begin[stop]],
        )
        start = stop
    return value + _county_parts(problem, terms, entries)


def block_sizes(problem: Problem, terms: JointTerms, entries: IntArray) -> IntArray:
    """Return (E, 2): branches of the organisation, and schools with places of the county, of each entry."""
    branches = np.diff(problem.arrays.branches_of[0])
    first = _first_units(terms)
    wanting = np.bincount(
        problem.arrays.schools.parent[terms.unit_school[first]], minlength=len(problem.arrays.counties)
    )
    return np.column_stack([branches[entries[:, 0]], wanting[entries[:, 1]]]).astype(np.int64)


def _first_units(terms: JointTerms) -> IntArray:
    """Return the position of the first unit of each school that has one."""
    unit = terms.unit_school
    return np.flatnonzero(np.append(True, unit[1:] != unit[:-1])) if len(unit) else np.zeros(0, dtype=np.int64)


def _county_parts(problem: Problem, terms: JointTerms, entries: IntArray) -> IntArray:
    organization, county = entries[:, 0], entries[:, 1]
    facts = problem.facts
    cost = facts.cost("county", organization, county)
    value = terms.county_pair[:, None] + terms.county_travel[:, None] * cost - terms.county_gain[:, county]
    value = value + terms.county_kept[:, None] * facts.was_pair("county", organization, county)
    if terms.num_hard:
        value[0] -= terms.organization_min[organization]
        value[0] -= _is_pinned(terms.pins["county"], organization, county, len(problem.arrays.counties))
    return value[: terms.num_claimed]


def _is_pinned(pins: IntArray, provider: IntArray, recipient: IntArray, width: int) -> BoolArray:
    return np.isin(provider * width + recipient, pins[:, 0] * width + pins[:, 1])


def _some_bounds(
    problem: Problem, terms: JointTerms, entries: IntArray, branch_price: IntArray, school_price: IntArray
) -> IntArray:
    arrays, claimed = problem.arrays, terms.num_claimed
    first_unit = _first_units(terms)
    wanting = terms.unit_school[first_unit]
    school_start = np.searchsorted(arrays.schools.parent[wanting], np.arange(len(arrays.counties) + 1))
    sizes = block_sizes(problem, terms, entries)
    m, n = sizes[:, 0], sizes[:, 1]
    # branches and schools of each entry, one entry after the other
    branch_entry, branch_rank = _ragged(m)
    school_entry, school_rank = _ragged(n)
    branch = arrays.branches_of[1][arrays.branches_of[0][entries[branch_entry, 0]] + branch_rank]
    school_position = school_start[entries[school_entry, 1]] + school_rank
    school = wanting[school_position]
    # their pairs
    pair_entry, pair_rank = _ragged(m * n)
    width = np.maximum(n[pair_entry], 1)
    of_branch = (np.cumsum(m) - m)[pair_entry] + pair_rank // width
    of_school = (np.cumsum(n) - n)[pair_entry] + pair_rank % width
    b, s = branch[of_branch], school[of_school]
    value = terms.school_pair[:claimed, None] + terms.school_travel[:claimed, None] * problem.facts.cost("school", b, s)
    value = value + terms.school_kept[:claimed, None] * problem.facts.was_pair("school", b, s)
    if terms.num_hard:
        value[0] -= _is_pinned(terms.pins["school"], b, s, len(arrays.schools))
    reduced = value - branch_price[:, of_branch] - school_price[:, of_school]
    useful = (first_sign(reduced) < 0) & problem.allowed("school", b, s)
    total = _sum_by(np.where(useful, reduced, 0), m * n)
    # places of branches: those below the minimum save one unmet minimum each
    units = np.diff(terms.unit_start)[entries[branch_entry, 1]]
    room, least = np.minimum(terms.branch_max[branch], units), np.minimum(terms.branch_min[branch], units)
    needed = branch_price.copy()
    if terms.num_hard:
        needed[0] -= 1
    free = np.where(first_sign(branch_price) < 0, branch_price, 0) * (room - least)
    total += _sum_by(free + np.where(first_sign(needed) < 0, needed, 0) * least, m)
    # places of schools
    places = np.diff(np.append(first_unit, len(terms.unit_school)))[school_position]
    unit_of, unit_rank = _ragged(places)
    unit = first_unit[school_position[unit_of]] + unit_rank
    left = school_price[:, unit_of] - terms.unit_gain[:claimed, unit]
    by_school = _sum_by(np.where(first_sign(left) < 0, left, 0), places)
    return total + _sum_by(by_school, n)


def _ragged(sizes: IntArray) -> tuple[IntArray, IntArray]:
    """Return for each member of consecutive groups its group and its position in it."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    return group, np.arange(len(group)) - np.repeat(np.cumsum(sizes) - sizes, sizes)


def _sum_by(values: IntArray, sizes: IntArray) -> IntArray:
    """Return (D, G) sums of (D, n) values over consecutive groups."""
    running = np.zeros((values.shape[0], values.shape[1] + 1), dtype=np.int64)
    np.cumsum(values, axis=1, out=running[:, 1:])
    ends = np.cumsum(sizes)
    return running[:, ends] - running[:, ends - sizes]


def shape_fault(problem: Problem, terms: JointTerms, arrays: Mapping[str, Any]) -> str:
    """Return why the arrays are no certificate of this problem at all, "" if they are."""
    if any(not isinstance(arrays.get(name), np.ndarray) or arrays[name].dtype != np.int64 for name in NAMES):
        return "array_missing"
    claimed = terms.num_claimed
    evaluated = arrays["evaluated"]
    counties, organizations = len(problem.arrays.counties), len(problem.arrays.organizations)
    if evaluated.ndim != 2 or evaluated.shape[1] != 2:
        return "array_shape"
    limits = np.array([organizations, counties])
    if (evaluated < 0).any() or (evaluated >= limits).any():
        return "unknown_position"
    if (np.diff(evaluated[:, 1] * organizations + evaluated[:, 0]) <= 0).any():
        return "order"
    every = block_sizes(problem, terms, evaluated)
    sizes = every.sum(axis=0)
    units = np.diff(terms.unit_start)[evaluated[:, 1]]
    largest = _LARGEST_SUM // (1 + 4 * int((every[:, 0] * (every[:, 1] + units) + units).max(initial=0)))
    wanted: Sequence[tuple[str, int]] = (
        ("county_price", counties),
        ("organization_price", organizations),
        ("branch_price", int(sizes[0])),
        ("school_price", int(sizes[1])),
    )
    for name, length in wanted:
        if arrays[name].shape != (claimed, length):
            return "array_shape"
        if arrays[name].size and (arrays[name].max() > largest or arrays[name].min() < -largest):
            return "price_too_large"
    return ""
