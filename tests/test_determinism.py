"""The same input gives the same bytes: whatever the order of rows, the hash seed or the number of workers."""

import csv
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from draws import few

import matcher
from matcher.files.writing import write_tables

PROGRAM = """
import sys, matcher
source, out, workers, policy = sys.argv[1:]
plan = matcher.solve(matcher.read(source), matcher.Policy.from_json(policy), workers=int(workers))
assert plan.status == "optimal", plan.status
plan.save(out)
"""


def part(target: Path, counties: int, seed: int) -> Path:
    """Write the first counties of the example and as many organisations, rows in an order drawn from `seed`."""
    instance = matcher.example()
    kept = {"counties": instance.counties[:counties], "organizations": instance.organizations[: counties + 7]}
    ids = {table: {row.id for row in rows} for table, rows in kept.items()}
    kept["branches"] = tuple(row for row in instance.branches if row.organization_id in ids["organizations"])
    kept["schools"] = tuple(row for row in instance.schools if row.county_id in ids["counties"])
    target.mkdir()
    write_tables(matcher.Instance(**kept), target)
    for table in target.glob("*.csv"):
        with table.open(encoding="utf-8", newline="") as source:
            header, *rows = list(csv.reader(source))
        random.Random(seed).shuffle(rows)
        with table.open("w", encoding="utf-8", newline="") as copy:
            csv.writer(copy).writerows([header, *rows])
    return target


def saved_bytes(source: Path, out: Path, workers: int, hash_seed: int, policy: str) -> dict[str, bytes]:
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", PROGRAM, source, out, str(workers), policy], check=True, env=environment)
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


#: a policy and how many counties are planned
CASES = {
    "default": ("{}", 8),
    "two organisations a county": ('{"county_demand": 2, "max_school_km": 150}', 5),
    "rules": ('{"within": "province", "max_county_km": 300, "stability": "off"}', 54),
}


@pytest.mark.parametrize("case", few(1, CASES))
def test_order_hash_seed_and_workers_change_no_byte(tmp_path, case):
    policy, counties = CASES[case]
    first = saved_bytes(part(tmp_path / "tables", counties, 1), tmp_path / "first", 1, 1, policy)
    second = saved_bytes(part(tmp_path / "shuffled", counties, 7), tmp_path / "second", 2, 2, policy)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
