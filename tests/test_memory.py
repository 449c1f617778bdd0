"""A process that goes on for ever: after thousands of calls it holds no more memory, files or children."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import gc, json, os, sys
sys.path.insert(0, sys.argv[1])
import numpy as np
import matcher
from small_plans import small_instance

instance = small_instance()
plan = matcher.solve(instance)
arrival = matcher.County(id="new", lat=26.3, lon=106.2, children=90)
leaves = [{"kind": "leaves", "table": "organizations", "id": "U1"}]
rng = np.random.default_rng(0)

def once(number):
    market = matcher.Market.from_matrix(rng.integers(0, 99, (6, 8)), capacity=2)
    assert matcher.match(market, time_limit_s=60 if number % 50 == 0 else None).status == "optimal"
    if number % 10 == 0:
        matcher.solve(instance, matcher.Policy(county_demand=(0, 1 + number % 2)))
        matcher.replan(plan, leaves)
        matcher.recommend(plan, arrival)

def now():
    gc.collect()
    pages = int(open("/proc/self/statm").read().split()[1])
    children = open(f"/proc/self/task/{os.getpid()}/children").read().split()
    return pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir("/proc/self/fd")), len(children)

for number in range(int(sys.argv[2])):
    once(number)
before = now()
for number in range(int(sys.argv[3])):
    once(number)
print(json.dumps([before, now()]))
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
@pytest.mark.parametrize(("warm", "calls"), [(30, 30), pytest.param(500, 2000, marks=pytest.mark.slow)])
def test_nothing_is_held_after_many_calls(warm: int, calls: int) -> None:
    """2,000 matches, and 200 each of solve, replan and recommend."""
    given = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent), str(warm), str(calls)]
    done = subprocess.run(given, capture_output=True, text=True, check=True)
    (bytes_before, *rest_before), (bytes_after, *rest_after) = json.loads(done.stdout)
    assert rest_after == rest_before
    assert bytes_after - bytes_before < 2 * 2**20, (bytes_before, bytes_after)
