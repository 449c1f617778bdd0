"""Labels beside points that hide neither each other nor the points: close by where there is room, else on a leader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from matcher.show.picture import FAINT, PAPER, TEXT, Ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

#: directions of a label from its point: right and left first, then around
_AROUND: Final = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
#: and those between them, for labels on leaders
_BETWEEN: Final = ((1, 0.5), (-1, 0.5), (1, -0.5), (-1, -0.5), (0.5, 1), (-0.5, 1), (0.5, -1), (-0.5, -1))
#: how far a label may stand from its point, in points; beyond the first on a leader
_AWAY: Final = (0.0, 7.0, 14.0, 22.0, 32.0, 44.0, 58.0, 76.0, 98.0)
#: characters of a name that a label shows
LONGEST: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Labels wanted on a map, the most important first.

    Attributes
    ----------
    texts
        n texts; "" for none.
    xy : (n, 2) float64
        Their points, in the units of the axes.
    reach : (n,) float64
        Radius of each point's mark, in points.
    size
        Of the letters, in points.
    leads
        Whether a label may stand off its point, on a leader.
    """

    texts: Sequence[str]
    xy: Floats
    reach: Floats
    size: float = 8.0
    leads: bool = False


def write_labels(
    figure: Figure, axes: Axes, wanted: Labels, ink: Ink, *, taken: Floats | None = None, most: int | None = None
) -> Floats:
    """Write as many of the labels as have room, `most` of them; return the boxes that are taken now, (m, 4) pixels.

    `taken` are boxes that must stay free: marks, and labels written before.
    """
    from matplotlib.patheffects import withStroke

    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    scale = figure.dpi / 72
    pixels = axes.transData.transform(wanted.xy) if len(wanted.xy) else np.zeros((0, 2))
    frame, halo = axes.get_window_extent(renderer), [withStroke(linewidth=2.2, foreground=PAPER)]
    boxes = np.zeros((0, 4)) if taken is None else taken
    written, rings = 0, _AWAY if wanted.leads else _AWAY[:1]
    for i, said in enumerate(wanted.texts):
        if written == most or not said:
            continue
        shown = "\n".join(cut(part) for part in said.split("\n"))
        note = axes.annotate(
            shown, tuple(wanted.xy[i]), (0, 0), textcoords="offset points", ha="center", va="center",
            fontproperties=ink.font(wanted.size), color=TEXT, linespacing=1.05, zorder=30, path_effects=halo,
            parse_math=False,
        )  # fmt: skip
        extent = note.get_window_extent(renderer)
        half = np.array([extent.width / 2, extent.height / 2])
        centres = _centres(pixels[i], half, wanted.reach[i] * scale, [away * scale for away in rings])
        found = _free(centres, half, boxes, (frame.x0, frame.y0, frame.x1, frame.y1))
        if found is None:
            note.remove()
            continue
        centre = centres[found]
        note.set_position(tuple((centre - pixels[i]) / scale))
        boxes = np.concatenate([boxes, [[*(centre - half), *(centre + half)]]])
        written += 1
        if found >= len(_AROUND):
            _lead(axes, pixels[i], centre, half)
    return boxes


def cut(name: str) -> str:
    """Return a name short enough for a label."""
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"


def _centres(point: Floats, half: Floats, reach: float, rings: Sequence[float]) -> Floats:
    """Return where the middle of a label may stand, nearest first, (n, 2) pixels."""
    found = []
    for ring in rings:
        for dx, dy in (*_AROUND, *_BETWEEN) if ring else _AROUND:
            away = (reach + ring) * (1.0 if dx == 0 or dy == 0 else 0.75)
            found.append(point + np.array([dx, dy]) * (half + away))
    return np.array(found)


def _free(centres: Floats, half: Floats, boxes: Floats, frame: tuple[float, float, float, float]) -> int | None:
    """Return the first of the places that lies in the frame and meets no box."""
    low, high = centres - half, centres + half
    inside = (low >= frame[:2]).all(axis=1) & (high <= frame[2:]).all(axis=1)
    meets = (
        (low[:, None, 0] < boxes[None, :, 2])
        & (high[:, None, 0] > boxes[None, :, 0])
        & (low[:, None, 1] < boxes[None, :, 3])
        & (high[:, None, 1] > boxes[None, :, 1])
    )
    places = np.flatnonzero(inside & ~meets.any(axis=1))
    return int(places[0]) if len(places) else None


def _lead(axes: Axes, point: Floats, centre: Floats, half: Floats) -> None:
    """Draw a thin line from a point to the nearest edge of its label."""
    edge = np.clip(point, centre - half, centre + half)
    (x0, y0), (x1, y1) = axes.transData.inverted().transform([point, edge])
    axes.plot([x0, x1], [y0, y1], color=FAINT, linewidth=0.5, zorder=29, scalex=False, scaley=False)


def boxes_around(axes: Axes, xy: Floats, reach: float) -> Floats:
    """Return the boxes of marks of `reach` pixels, (n, 4)."""
    pixels = axes.transData.transform(xy) if len(xy) else np.zeros((0, 2))
    return np.concatenate([pixels - reach, pixels + reach], axis=1)
