"""The same input gives the same bytes: whatever the order of rows, the hash seed or the number of workers."""

import csv
import os
import random
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

EXAMPLE = Path(str(files("matcher"))) / "data" / "example"
PROGRAM = """
import sys, matcher
source, out, workers, policy = sys.argv[1:]
plan = matcher.solve(matcher.read(source), matcher.Policy.from_json(policy), workers=int(workers))
assert plan.status == "optimal", plan.status
plan.save(out)
"""


def shuffled(target: Path, seed: int) -> Path:
    target.mkdir()
    for table in EXAMPLE.glob("*.csv"):
        with table.open(encoding="utf-8", newline="") as source:
            header, *rows = list(csv.reader(source))
        random.Random(seed).shuffle(rows)
        with (target / table.name).open("w", encoding="utf-8", newline="") as copy:
            csv.writer(copy).writerows([header, *rows])
    return target


def saved_bytes(source: Path, out: Path, workers: int, hash_seed: int, policy: str) -> dict[str, bytes]:
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", PROGRAM, source, out, str(workers), policy], check=True, env=environment)
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    "policy",
    [
        "{}",
        '{"within": "province", "max_county_km": 300, "stability": "off"}',
        '{"county_demand": 2, "objectives": ["cover_counties", "county_travel"]}',
    ],
    ids=["default", "rules", "two organisations a county"],
)
def test_order_hash_seed_and_workers_change_no_byte(tmp_path, policy):
    first = saved_bytes(EXAMPLE, tmp_path / "first", 1, 1, policy)
    second = saved_bytes(shuffled(tmp_path / "tables", 7), tmp_path / "second", 2, 2, policy)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
