"""The curve over child_km on a folder of tables, beside what is done without such a tool, at the same values.

python -m benchmarks.curve FOLDER                  # without the folder's previous.csv
python -m benchmarks.curve FOLDER --previous       # with it
python -m benchmarks.curve FOLDER --csv docs/benchmarks/child_km.csv

No times: the values are exact whatever the machine. Every plan of the curve is proved, and never worse than the two
baselines, which is asserted: "sequential" pairs counties by distance and then branches, each step at its own optimum;
"greedy" gives each county, most children first, its nearest free organisation, and each school its nearest free branch.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

import numpy as np
import ortools
import pandas as pd

import matcher
from matcher.study import CHILD_KM_VALUES, baselines, point

METRICS = (
    "schools_children_share",
    "schools_share",
    "counties_share",
    "school_km_mean",
    "school_km_median",
    "school_km_p95",
    "school_km_total",
    "county_km_mean",
    "convenience_value",
)


def said(progress: matcher.base.Progress) -> None:
    if progress.phase == "tradeoff":
        print(f"value {progress.done + 1} of {progress.of}", flush=True)


def rows(instance: matcher.Instance) -> list[dict[str, Any]]:
    """Return one row for each way and value."""
    curve = matcher.tradeoff(instance, over="child_km", values=CHILD_KM_VALUES, progress=said).to_dict("records")
    found = [{"way": "together", **row} for row in curve]
    by_hand = [baselines(instance, matcher.Policy(child_km=value)) for value in CHILD_KM_VALUES]
    for name in by_hand[0]:
        for value, best, made in zip(CHILD_KM_VALUES, curve, by_hand, strict=True):
            plan, problem = made[name], made[name].problem
            proved = [objective.minimised(int(best[f"{objective.name}_value"])) for objective in problem.objectives]
            attained = list(problem.minimised(plan.both))
            if best["status"] != "optimal" or attained < proved:
                raise AssertionError(f"child_km {value}: {name} {attained} beats {proved}")
            found.append({"way": name, "child_km": value, **point(plan)})
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="tables in the form that matcher.read reads")
    parser.add_argument("--previous", action="store_true", help="keep last year's pairs")
    parser.add_argument("--csv", type=Path, help="write the table to this file")
    arguments = parser.parse_args()
    instance = matcher.read(arguments.folder)
    if not arguments.previous:
        instance = instance.model_copy(update={"previous": ()})
    table = [[row["way"], _shown(row["child_km"]), row["status"], *map(row.get, METRICS)] for row in rows(instance)]
    head = ["way", "child_km", "status", *METRICS]
    for row in (head, *table):
        print(*row, sep="  ")
    if arguments.csv:
        option = " --previous" if arguments.previous else ""
        versions = f"matcher {matcher.__version__}, numpy {np.__version__}, ortools {ortools.__version__}"
        with arguments.csv.open("w", encoding="utf-8", newline="") as target:
            target.write(
                f"# python -m benchmarks.curve {arguments.folder.name}{option} --csv docs/benchmarks/child_km.csv\n"
            )
            target.write(f"# {instance!r}; {versions}\n")
            csv.writer(target, lineterminator="\n").writerows([head, *table])


def _shown(value: float | None) -> str:
    return "none" if pd.isna(value) else f"{value:g}"


if __name__ == "__main__":
    main()
