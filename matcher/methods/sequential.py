"""One level after the other, as is done without such a tool: to compare with."""

from __future__ import annotations

import numpy as np

from matcher.base.numbers import IntArray
from matcher.base.progress import Budget
from matcher.base.watch import look
from matcher.methods.greedy import unproved
from matcher.methods.joint.lazy_assignment import CLOSED, LIMB_BITS, LazyAssignment
from matcher.methods.joint.solver import JointSolver
from matcher.policy.objectives import Objective
from matcher.policy.policy import Policy
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution
from matcher.proof.joint_bounds import JointBounds
from matcher.proof.joint_terms import JointTerms, is_joint_case, packings

#: objectives that the county level alone decides
_COUNTY_OBJECTIVES = ("cover_counties", "count_counties", "fill_counties", "keep_counties", "county_travel")


def sequential(problem: Problem) -> Solution:
    """Pair counties first, by the county objectives and then least travel; branches afterwards, as well as is left.

    Each of the two steps is optimal in itself.
    """
    assert is_joint_case(problem)
    fields = {name: getattr(problem.policy, name) for name in problem.policy.model_fields_set}
    chosen = [o for o in problem.policy.objectives if o.name in _COUNTY_OBJECTIVES and o.name != "county_travel"]
    fields["objectives"] = (*chosen, Objective(name="county_travel"))
    organization_of = _least_travel(Problem.of(problem.instance, Policy(**fields)))
    pairing = JointSolver(problem, Budget()).pairing(organization_of)
    return unproved(problem, pairing.pairs, "sequential")


def _least_travel(problem: Problem) -> IntArray:
    """Return the organisation of each county, -1 for none, that is best by county objectives alone."""
    terms = JointTerms.of(problem)
    bounds = JointBounds(problem, terms)
    everyone = np.arange(len(problem.arrays.organizations), dtype=np.int64)
    counties = len(problem.arrays.counties)
    values = np.zeros((terms.num_components, counties, len(everyone)), dtype=np.int64)
    closed = np.zeros((counties, len(everyone)), dtype=np.bool_)
    for county in range(counties):
        look()
        here = np.array(county)
        cost = problem.facts.cost("county", everyone, here)
        closed[county] = ~(bounds.open_pairs(county) & problem.allowed("county", everyone, here))
        values[:, county] = bounds.county_part(county, np.where(closed[county], 0, cost))
    largest = (2 * counties + 2) * np.abs(values).max(axis=(1, 2), initial=0)
    limbs = [group.pack(values) for group in packings(range(len(values)), largest.tolist(), LIMB_BITS)]
    limbs[0][closed] = CLOSED
    assignment = LazyAssignment(limbs, lambda _row, _column: None)
    assignment.exact[:] = True
    for county in range(counties if len(everyone) else 0):
        look()
        assignment.augment(county)
    return assignment.column_of
