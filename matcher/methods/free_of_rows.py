"""Rules over several pairs that turn out not to bind: the exact optimum without them, if it keeps them too."""

from __future__ import annotations

from matcher.base.reserve import Reserved
from matcher.methods.joint.solver import solve_joint
from matcher.methods.method import Run
from matcher.problem.claims import MOST_LISTED_PAIRS, num_pairs
from matcher.problem.problem import Problem
from matcher.problem.relaxations import without_rows
from matcher.problem.solution import Solution
from matcher.proof.hardrules import hard_violations
from matcher.proof.joint_terms import is_joint_case


class _FreeOfRows:
    name = "free_of_rows"

    def fits(self, problem: Problem) -> bool:
        large = num_pairs(problem) > MOST_LISTED_PAIRS
        return large and bool(problem.rows) and is_joint_case(without_rows(problem))

    def solve(self, problem: Problem, run: Run) -> Solution | None:
        """Return the optimum without those rules, with its certificate, if it keeps them; spend half the time at most.

        Where already those pairs can't be, it says so.
        """
        found = solve_joint(without_rows(problem), Reserved(run.budget, (run.budget.time_left_s or 0.0) / 2))
        if found.status == "infeasible":
            return found
        keeps = found.status == "optimal" and not hard_violations(problem, found.both)
        return found if keeps else None


METHOD = _FreeOfRows()
