"""Nearest first, as is done by hand: a feasible plan at once, and one to compare with; it proves nothing."""

from __future__ import annotations

from typing import Final

import numpy as np

from matcher.base.numbers import BoolArray, IntArray
from matcher.base.progress import Budget
from matcher.base.result import Proof
from matcher.base.watch import look
from matcher.problem.pairs import Pairs, no_pairs
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution
from matcher.proof.hardrules import hard_violations

#: how long after a stop the plan is still made
_GRACE_S: Final = 0.25
#: so many partners with the least lower bound are measured before any other
_FEW: Final = 8


def greedy(problem: Problem, budget: Budget | None = None) -> Solution:
    """Give each county, most children first, its nearest free organisation; then each school its nearest free branch.

    Pinned pairs come first; a pair that the objectives would rather do without is not made; ties go by id. A moment
    after the clock or the token of `budget` asked to stop, the rest is left unpaired.
    """
    budget = Budget() if budget is None else budget
    county_pairs = _nearest_organizations(problem, budget)
    schools = [no_pairs()]
    for organization, county in county_pairs.tolist():
        if not budget.waits(_GRACE_S) and not problem.pins["school"].size:
            break
        look()
        schools.append(_nearest_branches(problem, organization, county))
    return unproved(problem, Pairs(county_pairs, np.concatenate(schools)), "greedy")


def _nearest_organizations(problem: Problem, budget: Budget) -> IntArray:
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
        look()
        if not budget.waits(_GRACE_S):
            break
        here = np.array(county)
        near = everyone[free & problem.may_allow("county", everyone, here)]
        candidate = _nearest(problem, near, county)
        if candidate is not None:
            pair = np.array([[candidate]]), np.array([[county]])
            if _worth(problem, "county", *pair)[1][0, 0]:
                organization_of[county], free[candidate] = candidate, False
    paired = np.flatnonzero(organization_of >= 0)
    return np.column_stack([organization_of[paired], paired]).astype(np.int64)


def _nearest(problem: Problem, near: IntArray, county: int) -> int | None:
    """Return the nearest of `near` that may have the county, the first of equals; distances are measured for few."""
    here = np.array(county)
    floor = problem.facts.cost_floor("county", near, here)
    while len(near):
        few = near
        if len(near) > _FEW:
            some = np.argpartition(floor, _FEW)[:_FEW]
            least = int(problem.facts.cost("county", near[some], here).min())
            few = near[floor <= least]
        cost = problem.facts.cost("county", few, here)
        candidate = int(few[np.argmin(cost)])
        if problem.allowed("county", np.array([candidate]), np.array([county]))[0]:
            return candidate
        keep = near != candidate
        near, floor = near[keep], floor[keep]
    return None


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
    further, first = _worth(problem, "school", branches[:, None], schools[None, :], cost)
    taken = np.zeros(cost.shape, dtype=np.bool_)
    pinned = {(branch, school) for branch, school in problem.pins["school"].tolist()}
    for row, branch in enumerate(branches.tolist() if pinned else ()):
        for column, school in enumerate(schools.tolist()):
            if (branch, school) in pinned:
                taken[row, column] = True
                room[row] -= 1
                places[column] -= 1
    for s in np.lexsort((schools, -arrays.schools.children[schools])).tolist():
        for b in np.argsort(cost[:, s], kind="stable").tolist():
            if places[s] <= 0 or taken[b, s] or not possible[b, s] or room[b] <= 0:
                continue
            if not (further if taken[:, s].any() else first)[b, s]:
                break
            taken[b, s] = True
            room[b] -= 1
            places[s] -= 1
    rows, columns = np.nonzero(taken)
    return np.column_stack([branches[rows], schools[columns]])


def _worth(
    problem: Problem, level: str, provider: IntArray, recipient: IntArray, cost: IntArray | None = None
) -> tuple[BoolArray, BoolArray]:
    """Return where a pair is worth at least as much as its place left empty, compared level by level.

    The first array is for a recipient that has a pair already, the second for one that has none.
    """
    cost = problem.facts.cost(level, provider, recipient) if cost is None else cost
    was_pair = problem.facts.was_pair(level, provider, recipient)
    worth = [np.ones(cost.shape, np.bool_), np.ones(cost.shape, np.bool_)]
    tied = [np.ones(cost.shape, np.bool_), np.ones(cost.shape, np.bool_)]
    for objective in problem.objectives:
        terms = objective.terms(level)
        value = terms.of_pairs(cost, was_pair) - terms.unmet[recipient]
        for kind, rest in enumerate((value, value - terms.uncovered[recipient])):
            worth[kind] &= ~tied[kind] | (rest <= 0)
            tied[kind] &= rest == 0
    return worth[0], worth[1]


def unproved(problem: Problem, pairs: Pairs, method: str) -> Solution:
    """Return a solution that claims nothing but its values; "unknown" if the pairs break a hard rule."""
    proof = Proof("none", "one_level_after_the_other")
    if hard_violations(problem, pairs):
        return Solution.unknown(problem, "search", proof=proof, method=method)
    return Solution.unproved(problem, pairs, proof, method)
