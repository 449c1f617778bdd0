"""How fast a large workbook with a few faults is read and reported, beside plain calamine and pydantic.

    python -m benchmarks.reading [ROWS] [RUNS]

Builds a workbook with ROWS schools (200,000 by default) and five faults in a temporary folder, then times, in turns,
`matcher.read` up to its complete list of faults and what anyone would write: calamine and a pydantic model a table, no
cross-checks. Prints both and their ratio; the medians of RUNS runs each (3 by default).
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pydantic
from python_calamine import CalamineWorkbook

import matcher

COUNTIES = 1000
FAULTS = ("unreadable latitude", "negative children", "unknown county", "repeated id", "half a place")


class Organization(pydantic.BaseModel):
    id: str
    name: str
    lat: float
    lon: float


class Branch(pydantic.BaseModel):
    id: str
    name: str
    organization_id: str
    capacity: int


class County(pydantic.BaseModel):
    id: str
    name: str
    lat: float
    lon: float
    children: int


class School(pydantic.BaseModel):
    id: str
    name: str
    county_id: str
    lat: float
    lon: float
    children: int
    demand: int
    needs: str


MODELS = {"organizations": Organization, "branches": Branch, "counties": County, "schools": School}


def schools(rows: int) -> list[list[Any]]:
    """Return the schools, five of them faulty."""
    made: list[list[Any]] = [
        [
            f"S{n:06d}",
            f"第{n}小学",
            f"C{n % COUNTIES:04d}",
            26 + n % COUNTIES / COUNTIES,
            106.5,
            20 + n % 300,
            1,
            "体育;科普",
        ]
        for n in range(rows)
    ]
    at = [rows * share // 10 for share in (1, 3, 5, 7, 9)]
    made[at[0]][3], made[at[1]][5], made[at[2]][2] = "north", -1, "nowhere"
    made[at[3]][0], made[at[4]][6] = "S000001", 2.5
    return made


def build(path: Path, rows: int) -> None:
    """Write the workbook."""
    workbook = openpyxl.Workbook(write_only=True)
    content = {
        "organizations": [["U1", "甲大学", 26.5, 106.5]],
        "branches": [["B1", "甲团委", "U1", 3]],
        "counties": [[f"C{n:04d}", f"县{n}", 26 + n / COUNTIES, 106.4, 5] for n in range(COUNTIES)],
        "schools": schools(rows),
    }
    for name, table in content.items():
        sheet = workbook.create_sheet(name)
        sheet.append(list(MODELS[name].model_fields))
        for row in table:
            sheet.append(row)
    workbook.save(path)


def plain(path: Path) -> int:
    """Read the workbook as anyone would; return how many faults pydantic found."""
    workbook, faults = CalamineWorkbook.from_path(str(path)), 0
    for name, model in MODELS.items():
        header, *rows = workbook.get_sheet_by_name(name).to_python()
        try:
            pydantic.TypeAdapter(list[model]).validate_python([dict(zip(header, row, strict=True)) for row in rows])
        except pydantic.ValidationError as error:
            faults += error.error_count()
    return faults


def ours(path: Path) -> int:
    """Read the workbook; return how many faults were reported."""
    try:
        matcher.read(path)
    except matcher.InvalidInput as error:
        return len(error.faults)
    return 0


def timed(work: Callable[[Path], int], path: Path) -> tuple[float, int]:
    """Return the seconds that `work` takes, and its result."""
    begin = time.perf_counter()
    found = work(path)
    return time.perf_counter() - begin, found


def main(rows: int, runs: int) -> None:
    """Build, read in turns, print."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.xlsx"
        build(path, rows)
        seconds: dict[str, list[float]] = {"plain": [], "matcher": []}
        for _ in range(runs):
            seconds["plain"].append(timed(plain, path)[0])
            second, found = timed(ours, path)
            seconds["matcher"].append(second)
            assert found == len(FAULTS), found
    peer, mine = (statistics.median(seconds[name]) for name in ("plain", "matcher"))
    print(
        f"{rows:,} rows, {len(FAULTS)} faults: {mine:.2f} s; calamine + pydantic {peer:.2f} s; ratio {mine / peer:.2f}"
    )


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [200_000, 3][len(given) :]))
