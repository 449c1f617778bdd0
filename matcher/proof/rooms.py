"""How much branches and organisations can take at most, and what the school level asks of county pairing."""

from __future__ import annotations

import numpy as np

from matcher.base.numbers import IntArray
from matcher.policy.rows import ProductWeights, Row
from matcher.problem.problem import Problem


def load_rows(problem: Problem) -> list[Row]:
    """Return the rows over school pairs alone whose coefficients are products of branch and school."""
    return [
        row
        for row in problem.rows
        if isinstance(row.pairs.get("school"), ProductWeights) and len(row.pairs) == 1 and not row.covered
    ]


def implied_minima(problem: Problem) -> tuple[IntArray, IntArray]:
    """Return capacity (O, 2) and demand (C, 2) of county pairing, minima raised by what the school level implies.

    A branch or a load with a least number of schools forces its organisation into a county pair, a school that must
    have a branch its county.
    """
    capacity, demand = problem.capacity("county").copy(), problem.demand("county").copy()
    parent = problem.arrays.branches.parent
    owners = {int(owner) for owner in parent[problem.capacity("school")[:, 0] > 0]}
    for row in load_rows(problem):
        weights = row.pairs["school"]
        assert isinstance(weights, ProductWeights)
        of_row = np.unique(parent[np.flatnonzero(weights.provider)])
        if row.least and len(of_row) == 1:
            owners.add(int(of_row[0]))
    forced = np.array(sorted(owners), dtype=np.int64)
    capacity[forced, 0] = np.maximum(capacity[forced, 0], np.minimum(1, capacity[forced, 1]))
    home = np.unique(problem.arrays.schools.parent[problem.demand("school")[:, 0] > 0])
    demand[home, 0] = np.maximum(demand[home, 0], np.minimum(1, demand[home, 1]))
    return capacity, demand


def school_rooms(problem: Problem) -> tuple[IntArray, IntArray]:
    """Return how many schools each branch (B,) and each organisation (O,) can take at most, loads counted in."""
    parent = problem.arrays.branches.parent
    branch = problem.capacity("school")[:, 1].copy()
    rows = []
    for row in load_rows(problem):
        weights = row.pairs["school"]
        assert isinstance(weights, ProductWeights)
        mine = np.flatnonzero(weights.provider)
        each = int(weights.provider[mine].min(initial=1)) * int(weights.recipient.min(initial=1))
        if row.most is None or not len(mine) or each <= 0:
            continue
        if len(mine) == 1:
            branch[mine[0]] = min(int(branch[mine[0]]), max(0, row.most // each))
        elif (parent[mine] == parent[mine[0]]).all() and len(mine) == (parent == parent[mine[0]]).sum():
            rows.append((int(parent[mine[0]]), max(0, row.most // each)))
    organization = np.zeros(len(problem.arrays.organizations), dtype=np.int64)
    np.add.at(organization, parent, branch)
    for owner, most in rows:
        organization[owner] = min(int(organization[owner]), most)
    return branch, organization
