"""Cases that are no flow at the size of the programme: each level with bound and gap, compared with one to one.

python -m benchmarks.general FOLDER [--time-limit 300]
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import matcher
from benchmarks.registry import load


def two_counties(instance: matcher.Instance) -> matcher.Instance:
    """Give the 50 organisations with most branches a capacity of two, and pin the first 40 rows of last year."""
    count = np.diff(instance.arrays.branches_of[0])
    most = set(np.lexsort((np.arange(len(count)), -count))[:50].tolist())
    organizations = [
        organization.model_copy(update={"capacity": (0, 2)}) if position in most else organization
        for position, organization in enumerate(instance.organizations)
    ]
    pairs = sorted((pair.recipient_id, pair.provider_id) for pair in instance.previous if pair.level == "county")
    locks = [
        matcher.Lock(level="county", provider_id=provider, recipient_id=recipient, kind="pin", reason="benchmark")
        for recipient, provider in pairs[:40]
    ]
    return instance.model_copy(update={"organizations": organizations, "locks": locks})


def show(name: str, instance: matcher.Instance, policy: matcher.Policy, limit_s: float | None) -> None:
    begin = time.perf_counter()
    plan = matcher.solve(instance, policy, time_limit_s=limit_s)
    seconds = time.perf_counter() - begin
    share = plan.metrics.get("schools_children_share")
    print(f"{name}: {plan.status} ({plan.stop_reason}) in {seconds:.0f} s; children reached {share}", flush=True)
    for level in plan.levels:
        gap = "-" if level.relative_gap is None else f"{level.relative_gap:.3%}"
        print(f"  {level.name:16} {level.value} bound {level.bound} gap {gap}{' (conditional)' * level.conditional}")
    print("  verified:", matcher.verify(instance, plan).ok, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("instance")
    parser.add_argument("--time-limit", type=float, default=300.0)
    parser.add_argument("--only", type=int, nargs="*", default=[0, 1, 2, 3], help="which of the four cases")
    arguments = parser.parse_args()
    instance, _ = load(arguments.instance)
    fresh = instance.model_copy(update={"previous": ()})
    several = matcher.Policy(county_demand=(1, 3))
    floors = matcher.Policy(rules=[{"kind": "floor", "level": "school", "by": "province", "percent": 60}])
    limit_s: float = arguments.time_limit
    cases = (
        ("one to one, without last year", fresh, matcher.Policy(), None),
        ("one to three organisations a county, without last year", fresh, several, limit_s),
        ("one to three organisations a county", instance, several, limit_s),
        ("two counties for 50, floors of 60 %, 40 pins", two_counties(instance), floors, limit_s),
    )
    for number in arguments.only:
        show(*cases[number])


if __name__ == "__main__":
    main()
