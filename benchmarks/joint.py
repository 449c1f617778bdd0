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
from matcher import geo
from matcher.study import baselines

COLUMNS = (
    *("run", "status", "proof", "counties", "children_pct", "mean_km", "p95_km", "school_pairs"),
    *("convenience_km", "solve_s", "times_scipy", "check_s"),
)
RATES: tuple[float | None, ...] = (1, 2, 3, 5, 10, 20, None)


def dense_s(instance: matcher.Instance) -> float:
    """Return the median seconds of one dense assignment on whole metres."""
    counties = np.array([(county.lat, county.lon) for county in instance.counties])[:, None]
    organizations = np.array([(organization.lat, organization.lon) for organization in instance.organizations])
    metres = geo.pair_m(counties[..., 0], counties[..., 1], organizations[:, 0], organizations[:, 1])
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        linear_sum_assignment(metres)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def measure(name: str, make: Callable[[], matcher.Plan], unit_s: float) -> dict[str, Any]:
    """Solve once and return a row of the table."""
    start = time.perf_counter()
    plan = make()
    solved = time.perf_counter()
    report = matcher.verify(plan.instance, plan)
    checked = time.perf_counter()
    if not report.ok:
        sys.exit(report.summary())
    metrics = plan.metrics
    convenience = [level.value for level in plan.levels if level.name == "convenience"]
    return {
        "run": name,
        "status": plan.status,
        "proof": "checked" if plan.proof.kind == "certificate" else "none",
        "counties": len(plan.county_pairs),
        "children_pct": round(100 * float(metrics["schools_children_share"] or 0), 2),
        "mean_km": metrics["school_km_mean"],
        "p95_km": metrics["school_km_p95"],
        "school_pairs": len(plan.school_pairs),
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
    instance = matcher.read(arguments.folder, datum=arguments.datum)
    fields = json.loads(arguments.rule)
    fresh = instance.model_copy(update={"previous": ()})
    unit_s = dense_s(instance)
    print(f"# {instance!r}; one dense scipy assignment: {1000 * unit_s:.0f} ms", flush=True)
    print("\t".join(COLUMNS))
    if arguments.curve:
        for rate in RATES:
            policy = matcher.Policy(**{**fields, "child_km": rate})
            show(measure(f"joint child_km={rate}", lambda policy=policy: matcher.solve(fresh, policy), unit_s))
        return
    policy = matcher.Policy(**fields)
    show(measure("joint, last year kept", lambda: matcher.solve(instance, policy), unit_s))
    show(measure("joint, no last year", lambda: matcher.solve(fresh, policy), unit_s))
    for name, plan in baselines(fresh, policy).items():
        show(measure(f"{name}, no last year", lambda plan=plan: plan, unit_s))


if __name__ == "__main__":
    main()
