"""Wishes as they arrive: bid prices beside greedy, batches and hindsight; speed of a decision; a long stream.

python -m benchmarks.programmes.arrivals year --seeds 0-19 --csv runs.csv
python -m benchmarks.programmes.arrivals streams --size 0.15 --seeds 1-2
python -m benchmarks.programmes.arrivals speed
python -m benchmarks.programmes.arrivals long --arrivals 2500000 --state state.json    (again and again, it goes on)

`year`: 20,401 wishes of 147 synthetic counties over a year with seasons and an hour of 460; prices know two years that
are drawn like it, never itself. Runs that the CSV has already are not repeated. `streams`: the share of
hindsight on the streams of `streams.py`, mean and worst, with two years like it as `expected`, with nothing expected,
and greedily.
"""

from __future__ import annotations

import argparse
import csv
import os
import resource
import sys
import time
from pathlib import Path

import numpy as np

import matcher
from benchmarks.programmes.streams import STREAMS
from matcher.online import ArrivalEvent, bands, compare, run_year, wish_year
from matcher.programmes import Member, Wish

POLICIES = {"bid_prices": "bid_prices", "greedy": "greedy"}
BATCHES = {"batches": {"kind": "batches", "batch_s": 7 * 86_400}}


def _seeds(options: argparse.Namespace) -> range:
    first, _, last = options.seeds.partition("-")
    return range(int(first), int(last or first) + 1)


def year(options: argparse.Namespace) -> None:
    """Print how near each policy comes to hindsight, and the other measures with bands."""
    path = Path(options.csv)
    rows = list(csv.DictReader(path.open(encoding="utf-8"))) if path.exists() else []
    done = {int(row["seed"]) for row in rows}
    for seed in [seed for seed in _seeds(options) if seed not in done]:
        began = time.perf_counter()
        runs, _ = compare(POLICIES | (BATCHES if options.batches else {}), [seed])
        new = runs.to_dict("records")
        with path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(new[0]))
            if not rows:
                writer.writeheader()
            writer.writerows(new)
        rows += new
        print(f"seed {seed}: {time.perf_counter() - began:.0f} s", flush=True)
    whole = [{name: cell if name == "policy" else float(cell) for name, cell in row.items()} for row in rows]
    print(bands(whole).round(4).to_string(index=False))


def streams(options: argparse.Namespace) -> None:
    """Print the share of hindsight's value on each stream: mean and worst over seeds."""
    for name in options.only or STREAMS:
        shares: dict[str, list[float]] = {"expected": [], "nothing known": [], "greedy": []}
        for seed in _seeds(options):
            one, *last = (STREAMS[name](seed + 1_000_000 * n, options.size) for n in range(3))
            market = one.market
            best = int(market.unmet_cost[0].sum()) - matcher.match(market).objective
            policies = {"expected": ("bid_prices", last), "nothing known": ("bid_prices", []), "greedy": ("greedy", [])}
            for how, (policy, known) in policies.items():
                shares[how].append((run_year(one, policy, known).tally.value) / best)
        said = "  ".join(f"{how} {np.mean(share):.4f} ({min(share):.4f})" for how, share in shares.items())
        print(f"{name:<20}{said}", flush=True)


def speed(options: argparse.Namespace) -> None:
    """Print milliseconds of `assign` with 20,000 members open, prices learned or known, and 20,000 wishes waiting."""
    rng = np.random.default_rng(1)
    spots = np.column_stack([rng.uniform(24, 34, options.open), rng.uniform(100, 116, options.open)])
    members = [Member(id=f"m{j}", lat=lat, lon=lon, most=10**6) for j, (lat, lon) in enumerate(spots)]
    begin = 86_400 * 739_000

    def wish(n: int, **known: str) -> Wish:
        return Wish(id=str(n), child=str(n), lat=rng.uniform(24, 34), lon=rng.uniform(100, 116), **known)

    last = [wish(n, posted=f"2025-{1 + n % 12:02}-{1 + n % 28:02}") for n in range(2000)]
    for name, sides, known in (
        ("members open, nothing known", members, None),
        ("members open, a year known", members, last),
        ("wishes waiting", members[:1000], None),
    ):
        desk = matcher.arrivals({"members": sides}, expected=known)
        waits = options.open if name == "wishes waiting" else 0
        if waits:
            desk.left[:] = 0
        taken, busy = [], []
        for n in range(waits + options.calls):
            each = wish(n)
            began, used = time.perf_counter(), time.thread_time()
            desk.assign(each, at=begin + 600 * n, due=begin + 10**9)
            if n >= waits:
                taken.append(1000 * (time.perf_counter() - began))
                busy.append(1000 * (time.thread_time() - used))
        (p50, p99), own = np.quantile(taken, [0.5, 0.99]), np.quantile(busy, [0.5, 0.99])
        said = f"{options.open} {name}: p50 {p50:.2f} ms, p99 {p99:.2f} ms, most {max(taken):.2f} ms"
        print(f"{said}; of this thread alone {own[0]:.2f} and {own[1]:.2f} ms; {desk.waiting} held", flush=True)


def long(options: argparse.Namespace) -> None:
    """Follow a stream without end: members give again every day; print memory as it goes."""
    small = wish_year(5, wishes=2000, counties=14, members=200)
    people, count = small.market.num_recipients, small.market.num_providers
    path = Path(options.state)
    state = path.read_text(encoding="utf-8") if path.exists() else None
    policy = {"kind": "bid_prices", "every": 20_000, "hold_s": 60, "until_s": 10**12}
    desk = matcher.arrivals(small.market, policy=policy, state=state)
    began, start = time.perf_counter(), desk.tally.arrived
    for n in range(start, start + options.arrivals):
        if n % 2000 == 0:
            for one in desk.follow(ArrivalEvent(n, "units", j, units=8) for j in range(count) if desk.left[j] < 8):
                del one
        desk.assign(n * 7919 % people, at=n, due=n + 60)
        desk.answered()
        if (n + 1) % 100_000 == 0:
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            rate = (n + 1 - start) / (time.perf_counter() - began)
            print(
                f"{n + 1:>12,} arrived, {desk.waiting} wait, {memory:.0f} MB at most, {rate:,.0f} a second", flush=True
            )
    part = path.with_suffix(".part")
    part.write_text(desk.to_json(), encoding="utf-8")
    os.replace(part, path)
    print(f"state of {path.stat().st_size:,} bytes;", desk.tally.measures())


def main(argv: list[str] | None = None) -> int:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("year")
    one.add_argument("--seeds", default="0-19")
    one.add_argument("--csv", default="arrivals.csv")
    one.add_argument("--batches", action="store_true", help="weekly batches beside, which take longest")
    other = commands.add_parser("streams")
    other.add_argument("--seeds", default="1-2")
    other.add_argument("--size", type=float, default=1.0, help="share of the full size")
    other.add_argument("--only", action="append", choices=list(STREAMS))
    two = commands.add_parser("speed")
    two.add_argument("--open", type=int, default=20_000)
    two.add_argument("--calls", type=int, default=2000)
    three = commands.add_parser("long")
    three.add_argument("--arrivals", type=int, default=10_000_000)
    three.add_argument("--state", default="arrivals.json")
    options = parser.parse_args(argv)
    {"year": year, "streams": streams, "speed": speed, "long": long}[options.command](options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
