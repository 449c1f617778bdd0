"""Plans that meet floors of coverage, and how much of one floor can be covered at all, by the exact one-to-one way.

Without its rows, and with at most one partner a county and an organisation, a problem is one that
`matcher.methods.joint.solver` decides exactly. Coverage put before all other levels there gives a plan to start from;
where the problem itself is one to one, it also proves what no plan can cover.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from matcher.base.numbers import IntArray
from matcher.base.progress import Budget
from matcher.methods.joint.solver import solve_joint
from matcher.policy.rows import Row
from matcher.problem.problem import Problem
from matcher.problem.relaxations import without_rows
from matcher.problem.solution import Solution
from matcher.problem.terms import AdditiveObjective, Terms
from matcher.proof.joint_terms import is_joint_case


def is_floor(row: Row) -> bool:
    """Whether the row only asks that so much is covered."""
    return row.least is not None and row.most is None and not row.pairs and not row.distinct


def most_covered(problem: Problem, floors: Sequence[Row], budget: Budget) -> Solution | None:
    """Return the one-to-one plan that covers most of what `floors` count together, None if that is no joint case.

    Its first level is that coverage. Rules over several pairs are left out, so the plan may break them.
    """
    wider = without_rows(problem.with_stability("off"))
    county, school = (_covering(problem, floors, level) for level in ("county", "school"))
    everything = int(county.uncovered.sum()) + int(school.uncovered.sum())
    first = AdditiveObjective("covered", "max", "units", county, school, offset=everything)
    plain = tuple(objective for objective in wider.objectives if objective.is_plain)
    joint = _OneToOne(wider.instance, wider.policy, wider.facts, wider.rules, (first, *plain))
    return solve_joint(joint, budget) if is_joint_case(joint) else None


def _covering(problem: Problem, floors: Sequence[Row], level: str) -> Terms:
    """Return terms that charge what stays uncovered of all floors."""
    nothing = np.zeros(len(problem.arrays.sides(level)[1]), dtype=np.int64)
    uncovered = sum((row.covered[level] for row in floors if level in row.covered), nothing)
    return Terms(0, 0, 0, uncovered, nothing)


@dataclass(frozen=True)
class _OneToOne(Problem):
    """A problem with at most one partner a county and an organisation."""

    def capacity(self, level: str) -> IntArray:
        """Return least and most pairs of each provider."""
        return _at_most_one(super().capacity(level), level)

    def demand(self, level: str) -> IntArray:
        """Return least and most pairs of each recipient."""
        return _at_most_one(super().demand(level), level)


def _at_most_one(bounds: IntArray, level: str) -> IntArray:
    return np.minimum(bounds, 1) if level == "county" else bounds
