"""What the bounds, pins and allowed pairs of one level alone make impossible, before anything large is built."""

from __future__ import annotations

from matcher.base.result import Proof
from matcher.methods.method import Run
from matcher.problem.claims import SCOPE
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution
from matcher.proof.witness import bounds_witness


class _Impossible:
    name = "impossible"

    def fits(self, problem: Problem) -> bool:
        return True

    def solve(self, problem: Problem, run: Run) -> Solution | None:
        witness = bounds_witness(problem)
        return None if witness is None else Solution.none(problem, witness, Proof("certificate", SCOPE))


METHOD = _Impossible()
