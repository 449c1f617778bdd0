"""Both levels decided together, beside what is done without: one level after the other, and nearest first.

    python -m benchmarks.joint FOLDER                        # with and without last year, and the baselines
    python -m benchmarks.joint FOLDER --curve                # coverage against travel over child_km
    python -m benchmarks.joint FOLDER --rule '{"within": "province"}'

FOLDER is any instance in the contract's table form. Each row: seconds from the loaded instance to the proof, that time
over one dense scipy assignment of counties and organisations in the same run, seconds of the independent check.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

import matcher
import matcher.files.reading
from matcher.methods.greedy import greedy
from matcher.methods.joint.solver import solve_joint
from matcher.methods.sequential import sequential
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution
from matcher.proof.joint_certificate import check
from matcher.proof.joint_terms import is_joint_case

COLUMNS = (
    *("run", "status", "proof", "counties", "children_pct", "mean_km", "p95_km", "school_pairs"),
    *("convenience_km", "solve_s", "times_scipy", "check_s"),
)
RATES: tuple[float | None, ...] = (1, 2, 3, 5, 10, 20, None)


def dense_s(problem: Problem) -> float:
    """Return the median seconds of one dense assignment on whole metres."""
    arrays = problem.arrays
    everyone, counties = np.arange(len(arrays.organizations)), np.arange(len(arrays.counties))
    metres = problem.facts.metres("county", everyone[None, :], counties[:, None])
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        linear_sum_assignment(metres)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def measure(
    name: str, instance: matcher.Instance, policy: matcher.Policy, method: Callable[[Problem], Solution], unit_s: float
) -> dict[str, Any]:
    """Solve once and return a row of the table."""
    start = time.perf_counter()
    problem = Problem.of(instance, policy)
    solution = method(problem)
    solved = time.perf_counter()
    proof = "none"
    if solution.proof.kind == "certificate":
        bound = check(problem, solution.proof.arrays).bound
        values = problem.minimised(solution.county_pairs, solution.school_pairs)
        proof = "checked" if bound == values else "bound"
    checked = time.perf_counter()
    children = problem.arrays.schools.children
    school = solution.school_pairs[:, 1]
    km = problem.facts.metres("school", solution.school_pairs[:, 0], school) / 1000
    convenience = [level.value for level in solution.levels if level.name == "convenience"]
    return {
        "run": name,
        "status": solution.status,
        "proof": proof,
        "counties": len(solution.county_pairs),
        "children_pct": round(100 * float(children[np.unique(school)].sum() / max(children.sum(), 1)), 2),
        "mean_km": round(float(km.mean()), 1) if len(km) else None,
        "p95_km": round(float(np.percentile(km, 95)), 1) if len(km) else None,
        "school_pairs": len(school),
        "convenience_km": None if not convenience or convenience[0] is None else convenience[0] / 1000,
        "solve_s": round(solved - start, 2),
        "times_scipy": round((solved - start) / unit_s, 1),
        "check_s": round(checked - solved, 2),
    }


def show(row: dict[str, Any]) -> None:
    print("\t".join(str(row[column]) for column in COLUMNS), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--datum", default="wgs84")
    parser.add_argument("--curve", action="store_true", help="coverage against travel over child_km")
    parser.add_argument("--rule", default="{}", help="fields of the policy as JSON")
    arguments = parser.parse_args()
    instance = matcher.files.reading.read(arguments.folder, datum=arguments.datum)
    fields = json.loads(arguments.rule)
    tables = {name: getattr(instance, name) for name in ("organizations", "branches", "counties", "schools")}
    fresh = matcher.Instance(**tables)
    problem = Problem.of(instance, matcher.Policy(**fields))
    if not is_joint_case(problem):
        sys.exit("not one organisation a county: see benchmarks.run")
    unit_s = dense_s(problem)
    print(f"# {instance!r}; one dense scipy assignment: {1000 * unit_s:.0f} ms", flush=True)
    print("\t".join(COLUMNS))
    if arguments.curve:
        for rate in RATES:
            policy = matcher.Policy(**{**fields, "child_km": rate})
            show(measure(f"joint child_km={rate}", fresh, policy, solve_joint, unit_s))
        return
    policy = matcher.Policy(**fields)
    show(measure("joint, last year kept", instance, policy, solve_joint, unit_s))
    for method in (solve_joint, sequential, greedy):
        name = "joint" if method is solve_joint else method.__name__
        show(measure(f"{name}, no last year", fresh, policy, method, unit_s))


if __name__ == "__main__":
    main()
