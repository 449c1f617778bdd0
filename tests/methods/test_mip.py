"""The general case against enumeration of every plan."""

from __future__ import annotations

import random

import numpy as np
import pytest
from draws import few
from enumeration import Enumeration, agree
from small_cases import random_instance, random_policy

from matcher.base.progress import Budget
from matcher.methods import impossible, textbook
from matcher.methods.dispatch import again
from matcher.methods.method import Run
from matcher.problem.problem import Problem
from matcher.programs.cpsat import Solver
from matcher.programs.rows import Rows
from matcher.proof.witness import judged


def check_against_enumeration(seed: int) -> str:
    """Solve the case of `seed` both ways; return how it ended."""
    rng = random.Random(seed)
    instance, policy = random_instance(rng), random_policy(rng)
    problem = Problem.of(instance, policy)
    oracle = Enumeration(instance, policy)
    best = oracle.best()
    run = Run(Budget(), None, again)
    solution = impossible.METHOD.solve(problem, run) or textbook.METHOD.solve(problem, run)
    if best is None:
        assert solution.status == "infeasible", (seed, solution.status)
        assert solution.witness is not None
        assert judged(problem, solution.witness) != "false", (seed, solution.witness)
        return str(solution.witness["kind"])
    assert solution.status == "optimal", (seed, solution.status, solution.witness)
    assert not problem.violations(solution.both), seed
    agree(oracle, best, solution.levels, seed)
    return "optimal"


@pytest.mark.parametrize("seeds", few(1, [range(12), *(range(first, first + 25) for first in range(0, 1000, 25))]))
def test_equals_enumeration(seeds: range) -> None:
    """Level by level the value of the best plan, and a witness that recomputes where there is none."""
    ends = [check_against_enumeration(seed) for seed in seeds]
    assert ends.count("optimal") > len(seeds) // 5


@pytest.mark.slow
@pytest.mark.parametrize("block", range(100))
def test_equals_enumeration_ten_thousand_times(block: int) -> None:
    """The same over 10,000 instances."""
    for seed in range(10_000 + block * 100, 10_000 + block * 100 + 100):
        check_against_enumeration(seed)


def test_a_program_whose_time_ends_while_it_is_set_up_says_nothing() -> None:
    """Never infeasible or optimal by the rows that happened to be there."""
    at_once = np.array([1, 0])  # one variable that is 1, and 0
    rows = Rows(np.array([0, 1, 2]), np.zeros(2, np.int64), np.ones(2, np.int64), at_once, at_once, ("", ""))
    ended = Budget(time_limit_s=0)
    assert ended.stop_reason == "time"
    assert Solver(1, rows, budget=Budget()).minimise(None, Budget()).status == "infeasible"
    assert Solver(1, rows, budget=ended).minimise(None, Budget()).status == "unknown"
