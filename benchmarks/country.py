"""Plan the whole country one to one: every county, every university and large employer, every place as a school.

    python -m benchmarks.country SOURCES --reach province
    python -m benchmarks.country SOURCES --reach 500 --time-limit 600

SOURCES holds counties.csv, universities.csv, enterprises.csv, campuses.csv and places.csv.gz. Names and places are
real; children, capacities and the branches beyond known campuses are drawn from a hash of the row's id.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import resource
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

import matcher

NUM_ORGANIZATIONS = 4275


def draw(key: str, salt: str) -> float:
    """Return a number in [0, 1) that depends on key and salt alone."""
    return int.from_bytes(hashlib.sha256(f"{salt}|{key}".encode()).digest()[:7], "big") / 2**56


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    path = folder / name
    with (
        gzip.open(path, "rt", encoding="utf-8", newline="")
        if name.endswith(".gz")
        else path.open(encoding="utf-8", newline="") as file
    ):
        return list(csv.DictReader(file))


def build(folder: Path) -> matcher.Instance:
    """Return 2,847 counties, 4,275 organisations with a few branches each, and every place as a school."""
    counties = [row for row in rows(folder, "counties.csv") if row["kind"] != "city_without_counties"]
    for row in counties:
        if not row["lat"]:  # a few new counties have no known seat yet: the middle of their neighbours stands in
            near = [other for other in counties if other["lat"] and other["city"] == row["city"]]
            near = near or [other for other in counties if other["lat"] and other["province"] == row["province"]]
            for axis in ("lat", "lon"):
                row[axis] = f"{sum(float(other[axis]) for other in near) / len(near):.5f}"
    known = {row["adcode"] for row in counties}
    schools = rows(folder, "places.csv.gz")
    seats = np.array([(row["lat"], row["lon"]) for row in counties], dtype=np.float64)
    for row in schools:
        row["county"] = row["code"][:6]
        if row["county"] not in known:  # towns of cities without counties, and of counties recoded since
            apart = seats - (float(row["lat"]), float(row["lon"]))
            row["county"] = counties[int(np.square(apart).sum(axis=1).argmin())]["adcode"]
    children = {row["code"]: 5 + int(draw(row["code"], "children") ** 2 * 120) for row in schools}
    total: dict[str, int] = defaultdict(int)
    for row in schools:
        total[row["county"]] += children[row["code"]]
    campuses = defaultdict(list)
    for row in rows(folder, "campuses.csv"):
        campuses[row["university_id"]].append((row["lat"], row["lon"]))
    owners = [(row["id"], "university", row) for row in rows(folder, "universities.csv")]
    employers = [row for row in rows(folder, "enterprises.csv") if int(row["min_staff"]) >= 1000]
    employers.sort(key=lambda row: draw(row["id"], "org"))
    owners += [(row["id"], "enterprise", row) for row in employers[: NUM_ORGANIZATIONS - len(owners)]]
    branches = []
    for owner, _, row in owners:
        sites = campuses[owner][:4] or [(row["lat"], row["lon"])]
        sites += [(row["lat"], row["lon"])] * int(1 + draw(owner, "branches") * 2)
        for k, (lat, lon) in enumerate(sites):
            key = f"{owner}-{k}"
            capacity = 2 + int(draw(key, "cap") * 5)
            branches.append({"id": key, "organization_id": owner, "lat": lat, "lon": lon, "capacity": capacity})
    return matcher.Instance(
        organizations=[
            {"id": owner, "kind": kind, "province": row["province"], "lat": row["lat"], "lon": row["lon"]}
            for owner, kind, row in owners
        ],
        branches=branches,
        counties=[
            {
                "id": row["adcode"],
                "name": row["name"],
                "province": row["province"],
                "lat": row["lat"],
                "lon": row["lon"],
                "children": total[row["adcode"]],
            }
            for row in counties
        ],
        schools=[
            {
                "id": row["code"],
                "county_id": row["county"],
                "lat": row["lat"],
                "lon": row["lon"],
                "children": children[row["code"]],
            }
            for row in schools
        ],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", type=Path)
    parser.add_argument("--reach", default="province", help='"province", or km across provinces')
    parser.add_argument("--time-limit", type=float, default=600.0)
    arguments = parser.parse_args()
    start = time.perf_counter()
    instance = build(arguments.sources)
    built = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    reach = arguments.reach
    policy = matcher.Policy(within="province") if reach == "province" else matcher.Policy(max_county_km=float(reach))
    plan = matcher.solve(instance, policy, time_limit_s=arguments.time_limit, progress=show)
    solved = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    report = matcher.verify(instance, plan)
    verified = time.perf_counter()
    reasons = plan.unmatched["reason"].value_counts().to_dict()
    listed = time.perf_counter()
    result = {
        "instance": repr(instance),
        "reach": reach,
        "status": plan.status,
        "stop_reason": plan.stop_reason,
        "levels": [level.to_json() for level in plan.levels],
        "counties_paired": len(plan.county_pairs),
        "schools_served": len(plan.school_pairs),
        "certificate_mb": round(sum(array.nbytes for array in plan.proof.arrays.values()) / 2**20, 1),
        "build_s": round(built - start, 1),
        "solve_s": round(solved - built, 1),
        "verify_s": round(verified - solved, 1),
        "verified": report.ok,
        "unmatched_s": round(listed - verified, 1),
        "unmatched": reasons,
        "peak_mb": peak,
        "peak_mb_after_verify": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "peak_mb_before_solve": before,
    }
    print(json.dumps(result, ensure_ascii=False, indent=1))


def show(report: matcher.base.Progress) -> None:
    if report.done % 512 == 0 or report.done == report.of:
        print(f"{report.phase} {report.done} of {report.of}", flush=True)


if __name__ == "__main__":
    main()
