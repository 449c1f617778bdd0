"""Boundaries that a planner brings along: rings of points, drawn under a map and never fetched."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """Boundaries as lines.

    Attributes
    ----------
    rings
        Each (n, 2) float64: lat, lon in WGS-84 degrees.
    """

    rings: tuple[Floats, ...]

    def near(self, south: float, west: float, north: float, east: float) -> tuple[Floats, ...]:
        """Return the rings that meet a box."""
        return tuple(
            ring
            for ring in self.rings
            if ring[:, 0].max() >= south
            and ring[:, 0].min() <= north
            and ring[:, 1].max() >= west
            and ring[:, 1].min() <= east
        )


def thinned(xy: Floats, grain: float) -> Floats:
    """Return a line with its points on a grid of `grain` and those left out that repeat the one before."""
    if len(xy) < 3:
        return xy
    cells = np.round(xy / grain)
    keep = np.concatenate([[True], (np.diff(cells, axis=0) != 0).any(axis=1)])
    keep[-1] = True
    found: Floats = xy[keep]
    return found
