"""Nearest first, as is done by hand: a feasible plan at once, and one to compare with; it proves nothing."""

from __future__ import annotations

import numpy as np

from matcher.base.numbers import IntArray
from matcher.base.result import Level, Proof
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution, no_pairs
from matcher.proof.hardrules import hard_violations


def greedy(problem: Problem) -> Solution:
    """Give each county, most children first, its nearest free organisation; then each school its nearest free branch.

    Pinned pairs come first; a pair that the objectives would rather do without is not made; ties go by id.
    """
    county_pairs = _nearest_organizations(problem)
    schools = [no_pairs()]
    for organization, county in county_pairs.tolist():
        schools.append(_nearest_branches(problem, organization, county))
    school_pairs = np.concatenate(schools)
    school_pairs = school_pairs[np.lexsort((school_pairs[:, 0], school_pairs[:, 1]))]
    return unproved(problem, county_pairs, school_pairs, "greedy")


def _nearest_organizations(problem: Problem) -> IntArray:
    arrays = problem.arrays
    everyone = np.arange(len(arrays.organizations), dtype=np.int64)
    free = problem.capacity("county")[:, 1] > 0
    wants = problem.demand("county")[:, 1] > 0
    organization_of = np.full(len(wants), -1, dtype=np.int64)
    for organization, county in problem.pins["county"].tolist():
        if free[organization] and wants[county]:
            organization_of[county], free[organization], wants[county] = organization, False, False
    order = np.lexsort((np.arange(len(wants)), -arrays.counties.children))
    for county in order[wants[order]].tolist():
        here = np.array(county)
        near = everyone[free & problem.may_allow("county", everyone, here)]
        cost = problem.facts.cost("county", near, here)
        for candidate in np.argsort(cost, kind="stable").tolist():
            pair = near[candidate : candidate + 1], np.array([county])
            if problem.allowed("county", *pair)[0]:
                if _is_better(problem, "county", *pair, empty=True):
                    organization_of[county], free[near[candidate]] = near[candidate], False
                break
    paired = np.flatnonzero(organization_of >= 0)
    return np.column_stack([organization_of[paired], paired]).astype(np.int64)


def _nearest_branches(problem: Problem, organization: int, county: int) -> IntArray:
    arrays = problem.arrays
    branches = arrays.rows_of("organizations", organization)
    schools = arrays.rows_of("counties", county)
    if not (len(branches) and len(schools)):
        return no_pairs()
    room = problem.capacity("school")[branches, 1].copy()
    places = problem.demand("school")[schools, 1].copy()
    cost = problem.facts.cost("school", branches[:, None], schools[None, :])
    possible = problem.allowed("school", branches[:, None], schools[None, :])
    taken = np.zeros(cost.shape, dtype=np.bool_)
    pinned = {(branch, school) for branch, school in problem.pins["school"].tolist()}
    for row, branch in enumerate(branches.tolist()):
        for column, school in enumerate(schools.tolist()):
            if (branch, school) in pinned:
                taken[row, column] = True
                room[row] -= 1
                places[column] -= 1
    for s in np.lexsort((schools, -arrays.schools.children[schools])).tolist():
        for b in np.argsort(cost[:, s], kind="stable").tolist():
            if places[s] <= 0 or taken[b, s] or not possible[b, s] or room[b] <= 0:
                continue
            if not _is_better(problem, "school", branches[b : b + 1], schools[s : s + 1], empty=not taken[:, s].any()):
                break
            taken[b, s] = True
            room[b] -= 1
            places[s] -= 1
    rows, columns = np.nonzero(taken)
    return np.column_stack([branches[rows], schools[columns]])


def _is_better(problem: Problem, level: str, provider: IntArray, recipient: IntArray, *, empty: bool) -> bool:
    """Whether the pair is worth at least as much as its place left empty, compared level by level."""
    cost = problem.facts.cost(level, provider, recipient)
    was_pair = problem.facts.was_pair(level, provider, recipient)
    value = []
    for objective in problem.objectives:
        terms = objective.terms(level)
        saved = int(terms.unmet[recipient[0]]) + (int(terms.uncovered[recipient[0]]) if empty else 0)
        value.append(int(terms.of_pairs(cost, was_pair)[0]) - saved)
    return value <= [0] * len(value)


def unproved(problem: Problem, county_pairs: IntArray, school_pairs: IntArray, method: str) -> Solution:
    """Return a solution that claims nothing but its values; "unknown" if the pairs break a hard rule."""
    proof = Proof("none", "one_level_after_the_other")
    if hard_violations(problem, county_pairs, school_pairs):
        levels = tuple(Level.of(o.name, o.sense, o.unit, None, None, method=method) for o in problem.objectives)
        return Solution("unknown", None, no_pairs(), no_pairs(), levels, proof)
    values = problem.minimised(county_pairs, school_pairs)
    levels = tuple(
        Level.of(o.name, o.sense, o.unit, o.shown(value), None, method=method)
        for o, value in zip(problem.objectives, values, strict=True)
    )
    return Solution("feasible", None, county_pairs, school_pairs, levels, proof)
