"""Levels and solutions as several methods claim them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matcher.base.result import Level, Proof
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution, no_pairs

LAZY_ASSIGNMENT = "lazy_assignment"
SCOPE = "both_levels"
#: pairs of one level that the textbook model may list; with more, CP-SAT hardly moves
MOST_LISTED_PAIRS = 20_000


def num_pairs(problem: Problem) -> int:
    """Return an upper bound on the pairs of either level that the textbook model would have."""
    sides = (problem.arrays.sides(level) for level in ("county", "school"))
    return max(len(providers) * len(recipients) for providers, recipients in sides)


def levels_of(problem: Problem, value: tuple[int, ...], bound: tuple[int, ...] | None) -> tuple[Level, ...]:
    """Return the levels of a plan under a lexicographic bound: after the first gap nothing is bounded."""
    levels, exact = [], bound is not None
    for objective, attained, least in zip(problem.objectives, value, bound or value, strict=True):
        shown = objective.shown(least) if exact else None
        levels.append(
            Level.of(
                objective.name,
                objective.sense,
                objective.unit,
                objective.shown(attained),
                shown,
                conditional=not exact,
                method=LAZY_ASSIGNMENT,
                scope=SCOPE,
            )
        )
        exact = exact and attained == least
    return tuple(levels)


def infeasible(problem: Problem, witness: Mapping[str, Any], proof: Proof) -> Solution:
    """Return the solution that says why there is none."""
    levels = tuple(
        Level.of(objective.name, objective.sense, objective.unit, None, None) for objective in problem.objectives
    )
    return Solution("infeasible", None, no_pairs(), no_pairs(), levels, proof, witness)
