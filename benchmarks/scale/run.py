"""Compare matcher with the solvers people would pick instead, each in a process of its own.

    python -m benchmarks.scale.run skew-9300 --peers matcher scipy lapx ortools pylmcf --csv out.csv
    python -m benchmarks.scale.run programme_2017 --data DATA --peers matcher scipy lapx ortools pylmcf
    python -m benchmarks.scale.run places-500km --data DATA
    python -m benchmarks.scale.run skew-200000-300km --peers matcher ortools16
    python -m benchmarks.scale.run million-50km --limit 2700
    python -m benchmarks.scale.run parts-54000-100km --peers matcher matcher2 ortools
    python -m benchmarks.scale.run sweep --peers matcher ortools
    python -m benchmarks.scale.run sizes --peers all --csv sizes.csv --figure sizes.png

DATA is the folder that holds `programme_2017/` and `sources/` (or set MATCHER_DATA). Times are seconds from points to
the objective, what a peer is given made by itself; a run under two minutes is repeated and the median shown. Memory is
the peak above what the imports and the points take, that of a child process added. A peer is stopped at --limit seconds
or --memory GiB and reported so, and not tried on larger sizes after that. Compiled code is kept from a run that is not
counted. Objectives must be equal, or the run fails.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.scale.figure import draw, growth_exponents
from benchmarks.scale.instances import PATHOLOGICAL, named
from benchmarks.scale.peers import PEERS

FIELDS = (
    *("instance", "recipients", "providers", "peer", "status", "value", "seconds", "ratio", "peak_mib", "runs"),
    *("commit", "cpu", "cores", "python", "versions"),
)
DEFAULT_PEERS = ("matcher", "scipy", "lapx", "ortools", "pylmcf")
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 200_000)
_SIZES_REACH = "100km"
_ROOT = Path(__file__).resolve().parents[2]
_SHORT_S = 120.0  # a run under two minutes is repeated
_WARM = "skew-600"
_PACKAGES = ("numpy", "scipy", "ortools", "numba", "lapx", "pylmcf", "highspy", "POT", "networkx", "pulp", "spopt")


def child(name: str, peer: str, data: Path | None, memory_gib: float) -> dict[str, Any]:
    """Run one peer once, in this process, and return what it took."""
    for module in ("pyproj", "pandas", "scipy.spatial", "matcher.geo", *PEERS[peer].imports):
        importlib.import_module(module)
    points = named(name, data)
    most = int(memory_gib * 2**30)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    before = _peak_kib(resource.RUSAGE_SELF)
    begin = time.perf_counter()
    value = PEERS[peer].solve(points)
    seconds = time.perf_counter() - begin
    peak = _peak_kib(resource.RUSAGE_SELF) - before
    # A worker process imports what this one did, so its peak above that is its own; both may be there at once.
    peak += max(0, _peak_kib(resource.RUSAGE_CHILDREN) - before)
    sizes = {"recipients": len(points.recipient_latlon), "providers": len(points.provider_latlon)}
    return {"value": value, "seconds": seconds, "peak_mib": peak / 1024, **sizes}


def _peak_kib(who: int) -> int:
    peak = resource.getrusage(who).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def measure(name: str, peer: str, options: argparse.Namespace) -> dict[str, Any]:
    """Run a peer in fresh processes, again while a run takes under two minutes; return the medians."""
    runs: list[dict[str, Any]] = []
    row = {"instance": name, "peer": peer}
    while len(runs) < options.repeat:
        command = [sys.executable, "-m", "benchmarks.scale.run", name, "--child", peer]
        command += ["--memory", str(options.memory)] + (["--data", str(options.data.resolve())] if options.data else [])
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=options.limit, check=False, cwd=_ROOT
            )
        except subprocess.TimeoutExpired:
            return {**row, "status": f"stopped at {options.limit:.0f} s"}
        if done.returncode:
            return {**row, "status": _why_ended(done, options.memory)}
        runs.append(json.loads(done.stdout.splitlines()[-1]))
        if done.stderr.startswith('{"flow_s"'):
            runs[-1]["seconds"] = json.loads(done.stderr.splitlines()[0])["flow_s"]
        if runs[-1]["seconds"] >= _SHORT_S:
            break
    if len({run["value"] for run in runs}) != 1:
        raise AssertionError(f"{peer} gives several values for {name}")
    middle = {key: statistics.median(run[key] for run in runs) for key in ("seconds", "peak_mib")}
    return {**row, **runs[0], **middle, "status": "ok", "runs": len(runs)}


def _why_ended(done: subprocess.CompletedProcess[str], memory_gib: float) -> str:
    said = done.stderr.strip().splitlines()
    if done.returncode < 0 or any("MemoryError" in line or "bad_alloc" in line for line in said[-3:]):
        return f"stopped at {memory_gib:g} GiB"
    return (said or [f"ended with {done.returncode}"])[-1][:120]


def compare(names: Sequence[str], options: argparse.Namespace) -> Iterator[list[dict[str, Any]]]:
    """Measure every peer, print each row at once and require equal objectives; yield the rows of each instance."""
    place = {"commit": _commit(), "cpu": _cpu(), "cores": os.cpu_count(), "python": platform.python_version()}
    place["versions"] = " ".join(f"{name} {version}" for name in _PACKAGES if (version := _version(name)))
    stopped: set[str] = set()
    if "matcher" in options.peers:
        measure(_WARM, "matcher", options)
    for name in names:
        here = []
        for peer in options.peers:
            if peer in stopped:
                here.append({"instance": name, "peer": peer, "status": "stopped at a smaller size"})
                continue
            here.append(measure(name, peer, options))
            if name.startswith("density-") and here[-1]["status"].startswith("stopped"):
                stopped.add(peer)
            _show(here[-1])
        values = {row["value"] for row in here if row.get("value") is not None}
        if len(values) > 1:
            raise AssertionError(f"the objectives of {name} differ: {values}")
        ours = next((row["seconds"] for row in here if row["peer"] == "matcher" and row["status"] == "ok"), None)
        for row in here:
            if ours is not None and row["status"] == "ok":
                row["ratio"] = round(row["seconds"] / ours, 3)
        yield [{**row, **place} for row in here]


def _show(row: dict[str, Any]) -> None:
    figures = f"{row['seconds']:10.2f} s {row['peak_mib']:9.0f} MiB" if row["status"] == "ok" else row["status"]
    print(f"{row['instance']:24} {row['peer']:10} {figures}  {row.get('value') or ''}", flush=True)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _commit() -> str:
    said = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return said.stdout.strip()


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    found = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return found[0] if found else platform.processor() or platform.machine()


def write_csv(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Append the rows to a CSV file, with a header if it is new."""
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS)
        if file.tell() == 0:
            writer.writeheader()
        for row in rows:
            shown = {key: round(value, 3) if isinstance(value, float) else value for key, value in row.items()}
            writer.writerow({key: shown.get(key, "") for key in FIELDS})


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("instance", help="a name of benchmarks/scale/instances.py, `sweep`, or `sizes`")
    parser.add_argument("--peers", nargs="+", default=DEFAULT_PEERS, choices=[*PEERS, "all"], metavar="PEER")
    parser.add_argument("--repeat", type=int, default=3, help="runs of what takes under two minutes")
    parser.add_argument("--limit", type=float, default=600, help="seconds until a peer is stopped")
    parser.add_argument("--memory", type=float, default=24, help="GiB a peer may have")
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="of `sizes`: recipients of the last")
    parser.add_argument("--data", type=Path, default=os.environ.get("MATCHER_DATA"))
    parser.add_argument("--csv", type=Path, help="append the rows to this file")
    parser.add_argument("--figure", type=Path, help="draw the rows with sizes into this file")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if "all" in options.peers:
        options.peers = [peer for peer in PEERS if peer not in ("matcher2", "ortools16")]
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what the command line asks for."""
    options = _options(arguments)
    if options.child:
        print(json.dumps(child(options.instance, options.child, options.data, options.memory)))
        return
    names = [options.instance]
    if options.instance == "sweep":
        names = [f"sweep:{kind}" for kind in PATHOLOGICAL]
    if options.instance == "sizes":
        names = [f"density-{size}-{_SIZES_REACH}" for size in SIZES if size <= options.largest]
    rows: list[dict[str, Any]] = []
    for here in compare(names, options):
        rows += here
        if options.csv:  # at once: a run of hours may be ended before its last instance
            write_csv(options.csv, here)
    for peer, exponent in growth_exponents(rows).items():
        print(f"growth exponent of {peer}, from 10,000 recipients on: {exponent:.2f}")
    if options.figure:
        draw(rows, options.figure)


if __name__ == "__main__":
    main()
