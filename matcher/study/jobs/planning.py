"""One instance planned under one policy, wherever it is done; instance and policy cross as JSON, the rest as arrays."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from numpy.typing import NDArray

from matcher.base.progress import Budget
from matcher.base.result import Level, Proof
from matcher.executors.frames import Arrays
from matcher.methods.dispatch import solve_problem
from matcher.model import Instance
from matcher.policy.objectives import BANDED
from matcher.policy.policy import Policy
from matcher.problem.pairs import Pairs
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution
from matcher.study.framing import text_array, text_of

JOB: Final = "matcher.study.jobs.planning"
_PAIRS: Final = ("county_pairs", "school_pairs")
_LIMITS: Final = ("time_limit_s", "work_limit", "gap")


def asked(problem: Problem, budget: Budget, start: Pairs | None, without: str | None = None) -> Arrays:
    """Return what a worker is given: the problem, its limits, pairs to start from, and an objective to leave out."""
    limits = dict(zip(_LIMITS, (budget.time_left_s, budget.work_limit, budget.gap), strict=True))
    said = json.dumps({"limits": limits, "without": without})
    arrays: dict[str, NDArray[Any]] = {
        "instance": text_array(problem.instance.to_json()),
        "policy": text_array(problem.policy.to_json()),
        "said": text_array(said),
    }
    if start is not None:
        arrays["county_pairs"], arrays["school_pairs"] = start
    return arrays


def run(arrays: Arrays, tell: Callable[[Arrays], None]) -> Arrays:
    """Solve what the arrays hold."""
    said = json.loads(text_of(arrays["said"]))
    policy = Policy.from_json(text_of(arrays["policy"]))
    problem = without(Problem.of(Instance.from_json(text_of(arrays["instance"])), policy), said["without"])
    start = Pairs(*(arrays[name] for name in _PAIRS)) if _PAIRS[0] in arrays else None
    return packed(solve_problem(problem, Budget(**said["limits"]), start=start))


def without(problem: Problem, name: str | None) -> Problem:
    """Return the problem without one of its objectives, by the name that the policy gives it."""
    if name is None:
        return problem
    kept = tuple(objective for objective in problem.objectives if objective_of(objective.name) != name)
    return replace(problem, objectives=kept)


def objective_of(level: str) -> str:
    """Return the objective that a level belongs to: its own name, or that of the fair travel it is a band of."""
    base = level.split(">=")[0]
    return base if base in BANDED else level


def packed(solution: Solution) -> Arrays:
    """Return a solution as arrays."""
    said = {
        "status": solution.status,
        "stop_reason": solution.stop_reason,
        "levels": [level.to_json() for level in solution.levels],
        "proof": [solution.proof.kind, solution.proof.scope, solution.proof.solver],
        "witness": None if solution.witness is None else dict(solution.witness),
    }
    return {
        "said": text_array(json.dumps(said)),
        **dict(zip(_PAIRS, solution.both, strict=True)),
        **{f"proof_{name}": array for name, array in solution.proof.arrays.items()},
    }


def unpacked(problem: Problem, arrays: Arrays) -> Solution:
    """Return what `packed` made arrays of, as a solution of a problem."""
    said = json.loads(text_of(arrays["said"]))
    kind, scope, solver = said["proof"]
    proof = {name[6:]: array for name, array in arrays.items() if name.startswith("proof_")}
    for array in (*proof.values(), *(arrays[name] for name in _PAIRS)):
        array.flags.writeable = False
    return Solution(
        problem,
        said["status"],
        said["stop_reason"],
        arrays[_PAIRS[0]],
        arrays[_PAIRS[1]],
        tuple(map(Level.from_json, said["levels"])),
        Proof(kind, scope, solver, proof),
        said["witness"],
    )
