"""The embedded example: its generator writes the same bytes, and it teaches what it is there to teach."""

import csv
import importlib.util
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from matcher.geo import pair_m
from matcher.model import Instance

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "matcher" / "data" / "example"
TABLES = ("organizations", "branches", "counties", "schools", "previous")


def generator():
    spec = importlib.util.spec_from_file_location("make_example", ROOT / "tools" / "make_example.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rows():
    return {
        name: list(csv.DictReader((FOLDER / f"{name}.csv").read_text(encoding="utf-8").splitlines())) for name in TABLES
    }


@pytest.fixture(scope="module")
def arrays(rows):
    numbers = {"lat": float, "lon": float, "children": int, "demand": int, "capacity": int, "volunteers": int}
    cleaned = {}
    for name, table in rows.items():
        cleaned[name] = [
            {
                key: (numbers[key](value) if key in numbers else value)
                for key, value in row.items()
                if value and key != "source"
            }
            for row in table
        ]
    return Instance(**cleaned).arrays


def test_the_generator_writes_the_same_bytes(tmp_path):
    generator().main(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{name}.csv" for name in TABLES)
    for name in TABLES:
        assert (tmp_path / f"{name}.csv").read_bytes() == (FOLDER / f"{name}.csv").read_bytes()


def test_every_synthetic_row_says_so(rows):
    for name in ("branches", "schools"):
        assert all(row["source"] == "synthetic" and row["name"].endswith("（合成）") for row in rows[name])
    for name in ("organizations", "counties"):
        assert all(row["source"] == "fact" for row in rows[name])


def test_the_tables_hold_together(rows, arrays):
    assert len(arrays.counties) == 54
    assert len(arrays.organizations) >= len(arrays.counties)
    assert arrays.provinces == ("湖南省",)
    assert all(len(code) == 6 and code.startswith("43") for code in arrays.counties.ids)
    for nodes in (arrays.organizations, arrays.branches, arrays.counties, arrays.schools):
        assert ((nodes.lat > 24.6) & (nodes.lat < 30.2) & (nodes.lon > 108.7) & (nodes.lon < 114.3)).all()
    assert arrays.branches.at_parent.any()
    assert arrays.schools.at_parent.any()
    in_schools = np.bincount(arrays.schools.parent, arrays.schools.children)
    assert (in_schools <= arrays.counties.children).all()
    gone = {row["provider_id"] for row in rows["previous"]} - set(arrays.organizations.ids) - set(arrays.branches.ids)
    assert gone
    assert all(known.startswith("ZY99") for known in gone)
    assert sum(row["provider_id"] in gone for row in rows["previous"]) < 0.2 * len(rows["previous"])


def school_travel(arrays, org, county, child_m=10_000):
    """Travel in metres of the best school pairs of one county pair, a child left out counted as `child_m`."""
    branches = np.repeat(
        arrays.rows_of("organizations", org), arrays.branches.maximum[arrays.rows_of("organizations", org)]
    )
    schools = arrays.rows_of("counties", county)
    ours, theirs = arrays.branches, arrays.schools
    metres = pair_m(
        theirs.lat[schools, None], theirs.lon[schools, None], ours.lat[None, branches], ours.lon[None, branches]
    )
    left_out = np.where(np.eye(len(schools), dtype=bool), theirs.children[schools, None] * child_m, 10**12)
    cost = np.hstack([metres, left_out])
    return int(cost[linear_sum_assignment(cost)].sum())


def test_deciding_both_levels_together_shows_in_the_example(arrays):
    """With last year's pairs kept, the seat's distance misses two pairs that deciding both levels together finds."""
    orgs, counties = arrays.organizations, arrays.counties
    seat = pair_m(orgs.lat[:, None], orgs.lon[:, None], counties.lat[None], counties.lon[None])
    travel = np.array([[school_travel(arrays, o, c) for c in range(len(counties))] for o in range(len(orgs))])
    kept = np.zeros_like(seat)
    previous = arrays.previous["county"]
    still = previous.provider_idx >= 0
    kept[previous.provider_idx[still], previous.recipient_idx[still]] = 10**11
    apart = dict(zip(*linear_sum_assignment(seat - kept)[::-1], strict=True))
    joint = dict(zip(*linear_sum_assignment(travel - kept)[::-1], strict=True))
    assert len(apart) == len(joint) == len(counties)
    totals = [sum(int(travel[org, county]) for county, org in plan.items()) for plan in (apart, joint)]
    assert totals[1] < 0.97 * totals[0]
    for county, org in (("431382", "QY01"), ("431222", "QY02")):
        here, best = counties.index[county], orgs.index[org]
        assert joint[here] == best
        assert apart[here] != best
        assert travel[best, here] < 0.3 * travel[apart[here], here]
        assert seat[best, here] > 0.95 * seat[apart[here], here]
