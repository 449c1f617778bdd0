"""Points of many shapes: all pairs priced against all pairs listed, side by side, each proved.

    python -m benchmarks.scale.shapes --small            # a few minutes: just beyond what is always listed
    python -m benchmarks.scale.shapes --csv shapes.csv   # the table of docs/benchmarks.md is what it prints

Forty shapes of points, each at its sizes, at every demand and every charge for a missing unit. `match` prices the
pairs; the listed way lists them all (within five million) and solves the flow over them with its prices. Both are timed
in seconds of this process's own work, so that others on the machine count little, and must agree at every level. What
is asked: pricing costs no more than twice the better of the two ways. A work limit only ends what would never end.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher import Market, match

Floats = NDArray[np.float64]
Draw = Callable[[int, np.random.Generator], Floats]

FIELDS = (
    *("shape", "providers", "recipients", "demand", "unmet_km", "status", "rounds"),
    *("priced_s", "listed_s", "ratio"),
)
SIZES = ((500, 500), (2_000, 100), (150, 1_500))
SMALL_SIZES = ((250, 250), (900, 60), (60, 900))
DEMANDS = (1, 4, 10)
CHARGES = (60.0, 1_000.0, None)
#: pairs beyond which nobody would list
MOST_LISTED = 5_000_000
#: rounds that no market of this table comes near
_ROUNDS = 400
_SOUTH, _WEST, _SPAN = 28.0, 104.0, 6.0
#: below so many seconds a ratio says nothing
_SHORT_S = 0.05


def _even(n: int, rng: np.random.Generator) -> Floats:
    return rng.uniform(0, 1, (n, 2))


def _towns(n: int, rng: np.random.Generator, *, towns: int = 12, spread: float = 0.01) -> Floats:
    centres = np.random.default_rng(7).uniform(0, 1, (towns, 2))
    return centres[rng.integers(0, towns, n)] + rng.normal(0, 1, (n, 2)) * spread


def _exactly_towns(n: int, rng: np.random.Generator) -> Floats:
    return _towns(n, rng, spread=0.0)


def _capital(n: int, rng: np.random.Generator) -> Floats:
    return np.where(rng.random((n, 1)) < 0.7, 0.5 + rng.normal(0, 0.02, (n, 2)), _even(n, rng))


def _corner(n: int, rng: np.random.Generator) -> Floats:
    return _even(n, rng) / 20


def _line(n: int, rng: np.random.Generator) -> Floats:
    return np.column_stack([np.full(n, 0.5), np.linspace(0, 1, n)])


def _grid(n: int, rng: np.random.Generator) -> Floats:
    return np.round(_even(n, rng) * 15) / 15


def _ring(n: int, rng: np.random.Generator) -> Floats:
    angle = rng.uniform(0, 2 * np.pi, n)
    return 0.5 + 0.5 * np.column_stack([np.sin(angle), np.cos(angle)])


def _place(n: int, rng: np.random.Generator) -> Floats:
    return np.full((n, 2), 0.5)


def _far(n: int, rng: np.random.Generator) -> Floats:
    return _even(n, rng) + np.array([0.0, 9.0])


#: where providers and where recipients stand; every pair of them is a shape
PROVIDERS: dict[str, Draw] = {
    "even": _even,
    "towns": _towns,
    "exact_towns": _exactly_towns,
    "corner": _corner,
    "line": _line,
    "place": _place,
    "ocean": _far,
    "grid": _grid,
}
RECIPIENTS: dict[str, Draw] = {
    "even": _even,
    "towns": _towns,
    "capital": _capital,
    "line": _line,
    "place": _place,
}
SHAPES = tuple(f"{a}-{b}" for a in PROVIDERS for b in RECIPIENTS)


def market(shape: str, sizes: tuple[int, int], demand: int, unmet_km: float | None, *, seed: int = 1) -> Market:
    """Return the market of one row of the table; providers take one to three each."""
    rng = np.random.default_rng(seed)
    ends = [
        np.array([_SOUTH, _WEST]) + _SPAN * draw(n, rng)
        for draw, n in zip((PROVIDERS[shape.split("-")[0]], RECIPIENTS[shape.split("-")[1]]), sizes, strict=True)
    ]
    return Market.from_points(*ends, capacity=rng.integers(1, 4, sizes[0]), demand=demand, unmet_km=unmet_km)


def measure(shape: str, sizes: tuple[int, int], demand: int, unmet_km: float | None) -> dict[str, Any]:
    """Solve a market both ways and return its row.

    Raises
    ------
    AssertionError
        If the two ways do not agree, or one does not prove what it found.
    """
    rounds: list[int] = []
    points = market(shape, sizes, demand, unmet_km)
    begin = time.process_time()
    priced = match(points, work_limit=_ROUNDS, progress=lambda report: rounds.append(report.done))
    priced_s = time.process_time() - begin
    listed_s = float("nan")
    if sizes[0] * sizes[1] <= MOST_LISTED:
        points = market(shape, sizes, demand, unmet_km)
        begin = time.process_time()
        assert points.num_arcs == sizes[0] * sizes[1]
        listed = match(points)
        listed_s = time.process_time() - begin
        assert priced.objective == listed.objective, (shape, sizes, demand, unmet_km)
    assert priced.status == "optimal", (shape, sizes, demand, unmet_km, priced)
    row = (shape, *sizes, demand, unmet_km, priced.status, max(rounds, default=0), priced_s, listed_s)
    return dict(zip(FIELDS, (*row, priced_s / min(priced_s, listed_s)), strict=True))


def sweep(sizes: Sequence[tuple[int, int]], shapes: Sequence[str] = SHAPES) -> Iterator[dict[str, Any]]:
    """Measure every shape at every size, demand and charge, after one run that compiles."""
    measure(SHAPES[0], SMALL_SIZES[0], 1, None)
    for shape in shapes:
        for size in sizes:
            for demand in DEMANDS:
                for unmet_km in CHARGES:
                    yield measure(shape, size, demand, unmet_km)


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return one line a shape in Markdown: the worst over its markets, and the sums."""
    lines = [
        "| providers-recipients | markets | rounds, most | priced, s in all | listed, s in all | worst ratio |",
        "|---|---|---|---|---|---|",
    ]
    for shape in dict.fromkeys(row["shape"] for row in rows):
        here = [row for row in rows if row["shape"] == shape]
        long = [row["ratio"] for row in here if row["priced_s"] >= _SHORT_S]
        figures = (max(row["rounds"] for row in here), *(sum(row[k] for row in here) for k in ("priced_s", "listed_s")))
        worst = f"{max(long, default=1.0):.1f}"
        lines.append(f"| {shape} | {len(here)} | {figures[0]} | {figures[1]:.1f} | {figures[2]:.1f} | {worst} |")
    return "\n".join(lines)


def read(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a file that a sweep wrote."""
    with path.open(newline="", encoding="utf-8") as file:
        numbers = {"rounds": int, "priced_s": float, "listed_s": float, "ratio": float}
        return [{**row, **{name: of(row[name]) for name, of in numbers.items()}} for row in csv.DictReader(file)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the sweep, write its rows, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="sizes just beyond what is always listed")
    parser.add_argument("--shapes", nargs="+", default=SHAPES, choices=SHAPES, metavar="SHAPE")
    parser.add_argument("--csv", type=Path, help="write the rows to this file")
    parser.add_argument("--table", nargs="+", type=Path, metavar="CSV", help="only print the table of rows written")
    options = parser.parse_args(arguments)
    rows = [] if options.table is None else [row for path in options.table for row in read(path)]
    for row in () if options.table else sweep(SMALL_SIZES if options.small else SIZES, options.shapes):
        rows.append(row)
        if options.csv:
            with options.csv.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, FIELDS)
                writer.writeheader()
                writer.writerows(rows)
    print(table(rows))
    print(f"\nworst ratio of all: {max(row['ratio'] for row in rows if row['priced_s'] >= _SHORT_S):.2f}")


if __name__ == "__main__":
    main()
