"""Time the phases of one plan apart, with named peers in the same run, and peak memory above the imports.

python -m benchmarks.run smoke                  # a synthetic instance of benchmarks/registry.py
python -m benchmarks.run path/to/folder         # any folder in the contract's table form
python -m benchmarks.run country --csv out.csv  # append the rows to a CSV with commit, CPU and versions
"""

from __future__ import annotations

import argparse
import csv
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import ortools
import pydantic
from scipy.optimize import linear_sum_assignment

import matcher
from benchmarks.registry import load
from matcher import geo
from matcher.files import write_tables
from matcher.study import baselines


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(work: Callable[[], Any], runs: int) -> tuple[float, Any]:
    """Return the median seconds of `runs` runs, and the last result."""
    seconds, result = [], None
    for _ in range(runs):
        begin = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds), result


class _Site(pydantic.BaseModel):
    """The least that a reader must check: an id and, where there are some, coordinates."""

    id: str
    lat: float
    lon: float


class _Pair(pydantic.BaseModel):
    level: str
    provider_id: str
    recipient_id: str


def plain_read(folder: Path) -> int:
    """Read the tables as anyone would: csv and pydantic, no cross-checks."""
    count = 0
    for table in sorted(folder.glob("*.csv")):
        model = _Pair if table.stem == "previous" else _Site
        with table.open(encoding="utf-8", newline="") as lines:
            count += len(pydantic.TypeAdapter(list[model]).validate_python(list(csv.DictReader(lines))))
    return count


def county_costs(instance: matcher.Instance) -> np.ndarray:
    """Return the dense (counties, organisations) metres."""
    counties = np.array([(county.lat, county.lon) for county in instance.counties])[:, None]
    organizations = np.array([(organization.lat, organization.lon) for organization in instance.organizations])
    return geo.pair_m(counties[..., 0], counties[..., 1], organizations[:, 0], organizations[:, 1])


def small_calls(calls: int = 1000) -> tuple[float, str]:
    """Return the median seconds of matching 50 x 50, fresh costs each time, and p99 and memory growth in words."""
    draw = np.random.default_rng(1)
    seconds = []
    matcher.match(matcher.Market.from_matrix(draw.integers(0, 1000, (50, 50))))  # the first call loads modules
    before = peak_mb()
    for _ in range(calls):
        cost = draw.integers(0, 1000, (50, 50))
        begin = time.perf_counter()
        matcher.match(matcher.Market.from_matrix(cost))
        seconds.append(time.perf_counter() - begin)
    p99 = float(np.quantile(seconds, 0.99))
    return statistics.median(seconds), f"p99 {p99 * 1000:.1f} ms over {calls} calls, {peak_mb() - before:.1f} MB more"


def phases(name: str, runs: int) -> list[tuple[str, str, float, float | None, str]]:
    """Return rows (phase, peer, seconds, ratio to the peer, note)."""
    rows: list[tuple[str, str, float, float | None, str]] = []
    instance, folder = load(name)
    with tempfile.TemporaryDirectory() as scratch:
        if folder is None:
            folder = Path(scratch)
            write_tables(instance, folder)
        peer, _ = timed(lambda: plain_read(folder), runs)
        seconds, instance = timed(lambda: matcher.read(folder), runs)
    rows.append(("read and validate", "csv + pydantic", seconds, seconds / peer, repr(instance)))

    seconds, costs = timed(lambda: county_costs(instance), 1)
    rows.append(("county costs, all pairs", "", seconds, None, f"{costs.size} pairs"))
    peer, solution = timed(lambda: linear_sum_assignment(costs), runs)
    market = matcher.Market.from_matrix(costs.T)
    seconds, matching = timed(lambda: matcher.match(market), runs)
    if len(matching.pairs) == min(costs.shape) and matching.cost != int(costs[solution].sum()):
        raise AssertionError("the county level differs from scipy's optimum")
    rows.append(("county level alone, with certificate", "scipy dense assignment", seconds, seconds / peer, ""))

    seconds, note = small_calls()
    rows.append(("match 50 x 50, one call", "", seconds, None, note))

    seconds, plan = timed(lambda: matcher.solve(instance), 1)
    shown = ", ".join(f"{level.name} {level.value} {level.unit}" for level in plan.levels)
    rows.append(
        ("both levels, to the proof", "scipy dense assignment", seconds, seconds / peer, f"{plan.status}: {shown}")
    )
    seconds, report = timed(lambda: matcher.verify(instance, plan), 1)
    if not report.ok:
        raise AssertionError([violation.text() for violation in report.violations])
    rows.append(("check the plan and its certificate", "", seconds, None, "ok"))
    seconds, by_hand = timed(lambda: baselines(instance), 1)
    shown = "; ".join(
        f"{name}: " + ", ".join(f"{level.name} {level.value} {level.unit}" for level in other.levels)
        for name, other in by_hand.items()
    )
    rows.append(("both baselines by hand", "", seconds, None, shown))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("instance", help="a name of benchmarks/registry.py, or a folder of tables")
    parser.add_argument("--runs", type=int, default=3, help="runs of the short phases; the median is shown")
    parser.add_argument("--csv", type=Path, help="append the rows to this file")
    arguments = parser.parse_args()
    imported_mb = peak_mb()
    rows = phases(arguments.instance, arguments.runs)
    memory_mb = peak_mb() - imported_mb
    for phase, peer, seconds, ratio, note in rows:
        against = f"{ratio:7.1f} x {peer}" if ratio is not None else ""
        print(f"{phase:38} {seconds:9.3f} s  {against:34} {note}")
    print(f"{'peak memory above the imports':38} {memory_mb:9.0f} MB")
    if arguments.csv:
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
        versions = f"python {platform.python_version()} numpy {np.__version__} ortools {ortools.__version__}"
        new = not arguments.csv.exists()
        with arguments.csv.open("a", encoding="utf-8", newline="") as target:
            writer = csv.writer(target)
            if new:
                writer.writerow(
                    ["instance", "phase", "peer", "seconds", "ratio", "memory_mb", "commit", "cpu", "versions"]
                )
            for phase, peer, seconds, ratio, _ in rows:
                place = (commit, platform.processor() or platform.machine(), versions)
                writer.writerow([arguments.instance, phase, peer, f"{seconds:.4f}", ratio, f"{memory_mb:.0f}", *place])
    sys.stdout.flush()


if __name__ == "__main__":
    main()
