"""Time and memory against size, and how fast the time grows."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

_FROM = 10_000  # below it, what a call costs whatever its size hides the growth


def growth_exponents(rows: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Return, for each peer with two sizes from 10,000 on, the slope of log seconds over log recipients."""
    found = {}
    for peer, (size, seconds, _) in curves(rows).items():
        far = size >= _FROM
        if far.sum() >= 2:
            found[peer] = float(np.polyfit(np.log(size[far]), np.log(seconds[far]), 1)[0])
    return found


def curves(rows: Iterable[Mapping[str, Any]]) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return recipients, seconds and peak MiB of each peer over the sizes it finished, in order of size."""
    points: dict[str, list[tuple[float, float, float]]] = {}
    for row in rows:
        if row["status"] == "ok" and row["instance"].startswith("density-"):
            figures = (float(row["recipients"]), float(row["seconds"]), float(row["peak_mib"]))
            points.setdefault(row["peer"], []).append(figures)
    return {peer: tuple(np.array(sorted(rows)).T) for peer, rows in points.items()}  # type: ignore[misc]


def draw(rows: Iterable[Mapping[str, Any]], path: Path) -> None:
    """Draw both curves of every peer, log-log, into one file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.5), layout="constrained")
    time_axes, memory_axes = figure.subplots(1, 2)
    exponents = growth_exponents(rows := list(rows))
    for peer, (size, seconds, peak) in curves(rows).items():
        label = f"{peer} (n^{exponents[peer]:.2f})" if peer in exponents else peer
        wide = 2.5 if peer == "matcher" else 1.2
        time_axes.plot(size, seconds, "o-", label=label, linewidth=wide, markersize=4)
        memory_axes.plot(size, np.maximum(peak, 1), "o-", label=peer, linewidth=wide, markersize=4)
    for axes, what in ((time_axes, "seconds to the optimum"), (memory_axes, "peak MiB above imports")):
        axes.set(xscale="log", yscale="log", xlabel="recipients (half as many providers)", ylabel=what)
        axes.grid(visible=True, which="both", alpha=0.2)
    if curves(rows):
        time_axes.legend(fontsize="small")
    figure.savefig(path, dpi=130)


def main() -> None:
    """Draw a CSV file that `benchmarks.scale.run` wrote: `python -m benchmarks.scale.figure sizes.csv sizes.png`."""
    with Path(sys.argv[1]).open(newline="", encoding="utf-8") as file:
        draw(csv.DictReader(file), Path(sys.argv[2]))


if __name__ == "__main__":
    main()
