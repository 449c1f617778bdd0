"""The map of pairs: lines coloured by km over points by kind.

Drawn from points and lines alone, in Albers' equal-area projection fitted to the data: no borders, no tiles, no
network.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from matcher.show.labels import Labels, boxes_around, write_labels
from matcher.show.outlines import Outlines, thinned
from matcher.show.picture import (
    FAINT,
    GRID,
    PAPER,
    SCALE,
    TEXT,
    Ink,
    Picture,
    blank_figure,
    empty_picture,
    heading,
    round_up,
    shades_of,
    thinning,
    top_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
#: degrees (n, 2) -> km (n, 2)
Projection = Callable[[Floats], Floats]

#: counties up to which each gets its label, on a leader where there is no room beside it
FEW: Final = 110
#: of more counties: how many of the largest are tried, and how many labelled
_MOST_TRIED: Final = 150
_MOST_DENSE: Final = 60
#: kinds of points that no label may hide
_KEPT_FREE: Final = frozenset({"county", "university", "enterprise", "institution", "organization"})
#: kind of point -> marker, area, face, edge, drawing order
_MARKS: Final[Mapping[str, tuple[str, float, str, str, int]]] = {
    "school": (".", 16, "#8b8f98", "none", 3),
    "branch": ("^", 9, "#6d83a8", "none", 4),
    "school_left": ("x", 16, "#c4452d", "none", 5),
    "county": ("o", 20, "#ffffff", "#26292f", 6),
    "organization": ("^", 30, "#1d3557", "#ffffff", 7),
    "institution": ("D", 20, "#5b7a3a", "#ffffff", 8),
    "enterprise": ("s", 22, "#a8672a", "#ffffff", 9),
    "university": ("^", 32, "#1d3557", "#ffffff", 10),
}


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Points of one kind on a map.

    Attributes
    ----------
    kind
        A key of the marks: "county", "school", "school_left", "branch", "university", "enterprise", ...
    latlon : (n, 2) float64
        WGS-84 degrees.
    labels
        n texts to write beside the largest, or none.
    size : (n,) float64
        What the marks' area shows; None for marks of one size.
    """

    kind: str
    latlon: Floats
    labels: tuple[str, ...] = ()
    size: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Pairs of one level on a map, k of them.

    Attributes
    ----------
    level
        "county" or "school".
    start, end : (k, 2) float64
        Provider and recipient, WGS-84 degrees.
    km : (k,) float64
        What the colour shows.
    """

    level: Literal["county", "school"]
    start: Floats
    end: Floats
    km: Floats


def pair_map(
    points: Sequence[Marks],
    lines: Sequence[Lines],
    *,
    ink: Ink,
    title: str = "",
    note: str = "",
    outlines: Outlines | None = None,
) -> Picture:
    """Draw pairs as lines coloured by km under points by kind, with graticule, scale bar and boundaries if given."""
    groups = [group for group in points if len(group.latlon)]
    if not groups:
        return empty_picture(ink, title)
    project, (x0, x1, y0, y1) = projection(np.concatenate([group.latlon for group in groups]))
    width = min(7.6, 8.6 * (x1 - x0) / (y1 - y0))
    height = width * (y1 - y0) / (x1 - x0)
    figure, full_w, full_h = blank_figure(0.55 + width + 2.45, 0.85 + height + 0.45)
    axes = figure.add_axes((0.55 / full_w, 0.45 / full_h, width / full_w, height / full_h))
    axes.set(xlim=(x0, x1), ylim=(y0, y1), xticks=[], yticks=[], facecolor=PAPER)
    for spine in axes.spines.values():
        spine.set(color=GRID, linewidth=0.8)
    _graticule(axes, project, np.concatenate([group.latlon for group in groups]), ink)
    _scale_bar(axes, x1 - x0, ink)

    drawn = [line for line in lines if len(line.km)]
    top = top_of([line.km for line in drawn])
    shades = shades_of(top)
    if outlines is not None:
        draw_outlines(axes, outlines, project)
    draw_lines(axes, drawn, project, shades)
    draw_marks(axes, groups, project)
    heading(figure, ink, title, note, 0.55)
    left, panel = (0.55 + width + 0.3) / full_w, 1.85 / full_w
    bottom = draw_legend(figure, groups, drawn, ink, (left, (0.45 + height) / full_h))
    if drawn:
        most = max(float(line.km.max()) for line in drawn)
        place = (left, bottom - 0.55 / full_h, panel, 0.11 / full_h)
        bar = figure.colorbar(
            shades, cax=figure.add_axes(place), orientation="horizontal", extend="max" if most > top else "neither"
        )
        bar.outline.set_visible(False)
        bar.ax.tick_params(length=0, pad=3, colors=FAINT)
        bar.set_ticks([0, top / 2, top], labels=[f"{tick:g}" for tick in (0, top / 2, top)], fontproperties=ink.font(8))
        bar.ax.set_title(ink.say("pair_km"), fontproperties=ink.font(8.5), color=TEXT, loc="left", pad=5)
    _write(figure, axes, groups, project, ink)
    return Picture(figure)


def draw_outlines(axes: Axes, outlines: Outlines, project: Projection) -> None:
    """Draw boundaries as thin lines below everything else."""
    from matplotlib.collections import LineCollection

    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    rings = [thinned(project(ring), (x1 - x0) / 1500) for ring in outlines.rings]
    seen = [
        ring
        for ring in rings
        if ring[:, 0].max() >= x0 and ring[:, 0].min() <= x1 and ring[:, 1].max() >= y0 and ring[:, 1].min() <= y1
    ]
    axes.add_collection(LineCollection(seen, colors=FAINT, linewidths=0.5, alpha=0.7, zorder=0.5), autolim=False)


def draw_lines(axes: Axes, lines: Sequence[Lines], project: Projection, shades: Any) -> None:
    """Draw pairs, near ones first; county pairs thick."""
    from matplotlib.collections import LineCollection

    for line in lines:
        order = np.argsort(line.km, kind="stable")
        ends = np.stack([project(line.start[order]), project(line.end[order])], axis=1)
        thick = 1.5 if line.level == "county" else 0.8
        axes.add_collection(
            LineCollection(
                list(ends),
                colors=shades.to_rgba(line.km[order]),
                linewidths=thick * math.sqrt(thinning(len(line.km), 400)),
                alpha=0.95 if line.level == "county" else 0.6,
                capstyle="round",
                zorder=2 if line.level == "county" else 1,
            ),
            autolim=False,
        )


def draw_marks(axes: Axes, groups: Sequence[Marks], project: Projection) -> None:
    """Draw the points of each kind with its own mark."""
    for group in groups:
        marker, _, face, edge, zorder = _MARKS[group.kind]
        x, y = project(group.latlon).T
        axes.scatter(
            x,
            y,
            s=_areas(group),
            marker=marker,
            c=face,
            edgecolors=None if edge == "none" else edge,
            linewidths=0.9 if marker == "x" else 0.0 if edge == "none" else 0.7 if len(x) < 300 else 0.5,
            zorder=zorder,
        )


def _write(figure: Figure, axes: Axes, groups: Sequence[Marks], project: Projection, ink: Ink) -> None:
    """Label the counties, then the others, the largest first, where nothing is hidden by it."""
    named = [group for group in groups if group.labels]
    few = sum(len(group.labels) for group in named if group.kind == "county") <= FEW
    named.sort(key=lambda group: group.kind != "county")
    marks = [boxes_around(axes, project(group.latlon), 4.0) for group in groups if group.kind in _KEPT_FREE]
    taken = np.concatenate(marks) if marks else np.zeros((0, 4))
    for group in named:
        if group.kind != "county" and not few:
            continue
        size = np.zeros(len(group.latlon)) if group.size is None else group.size
        order = np.argsort(-size, kind="stable")[: None if few else _MOST_TRIED]
        wanted = Labels(
            [group.labels[i] for i in order], project(group.latlon[order]),
            np.sqrt(_areas(group)[order]) / 2 + 2.0, 7.0 if group.kind == "county" else 6.0, leads=few,
        )  # fmt: skip
        taken = write_labels(figure, axes, wanted, ink, taken=taken, most=None if few else _MOST_DENSE)


def _areas(group: Marks) -> Floats:
    """Return the areas of the marks in square points, (n,)."""
    area = _MARKS[group.kind][1]
    areas = np.full(len(group.latlon), float(area))
    if group.size is not None:
        areas = 10 + 120 * group.size / max(1.0, float(group.size.max()))
    return areas * thinning(len(areas), 100 if group.size is not None else 250)


def projection(latlon: Floats) -> tuple[Any, tuple[float, float, float, float]]:
    """Return Albers' equal-area conic fitted to the points, degrees (n, 2) -> km (n, 2), and the frame around them.

    Snyder, "Map Projections: A Working Manual" (1987), equations 14-1 to 14-6, on a sphere.
    """
    (south, west), (north, east) = latlon.min(axis=0), latlon.max(axis=0)
    one, two = np.sin(np.radians([south + (north - south) / 6, north - (north - south) / 6]))
    n = (one + two) / 2
    n = n if abs(n) > 0.02 else 0.02  # close to the equator the cone opens to a cylinder
    c, middle, radius = 1 - one * one + 2 * n * one, (west + east) / 2, 6371.0088

    def project(points: Floats) -> Floats:
        rho = radius * np.sqrt(np.maximum(c - 2 * n * np.sin(np.radians(points[:, 0])), 0.0)) / n
        theta = n * np.radians(points[:, 1] - middle)
        return np.stack([rho * np.sin(theta), -rho * np.cos(theta)], axis=1)

    x, y = project(latlon).T
    half_w, half_h = max(10.0, 0.53 * float(np.ptp(x))), max(10.0, 0.53 * float(np.ptp(y)))
    # neither a ribbon nor a tower
    half_w, half_h = max(half_w, 0.55 * half_h), max(half_h, 0.5 * half_w)
    cx, cy = float(x.min() + x.max()) / 2, float(y.min() + y.max()) / 2
    return project, (cx - half_w, cx + half_w, cy - half_h, cy + half_h)


def _graticule(axes: Axes, project: Any, latlon: Floats, ink: Ink) -> None:
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    (south, west), (north, east) = latlon.min(axis=0), latlon.max(axis=0)
    span = max(north - south, (east - west) * math.cos(math.radians((south + north) / 2)), 0.2)
    step = next((s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20) if span / s <= 5), 30)
    font, along = ink.font(7.5), np.linspace(-1.0, 2.0, 181)
    for lon in np.arange(math.floor((west - span) / step), math.ceil((east + span) / step) + 1) * step:
        x, y = project(np.stack([np.clip(south + along * span, -90, 90), np.full(181, lon)], axis=1)).T
        axes.plot(x, y, color=GRID, linewidth=0.7, zorder=0)
        at = float(np.interp(y0, y, x))
        if x0 <= at <= x1 and y[0] <= y0 <= y[-1]:
            axes.annotate(
                _degrees(lon, "EW"), (at, y0), (0, -5), textcoords="offset points", ha="center", va="top",
                fontproperties=font, color=FAINT, annotation_clip=False, parse_math=False,
            )  # fmt: skip
    for lat in np.arange(math.floor((south - span) / step), math.ceil((north + span) / step) + 1) * step:
        if abs(lat) > 90:
            continue
        x, y = project(np.stack([np.full(181, lat), (west + east) / 2 + (along - 0.5) * 2 * span], axis=1)).T
        axes.plot(x, y, color=GRID, linewidth=0.7, zorder=0)
        at = float(np.interp(x0, x, y))
        if y0 <= at <= y1 and x[0] <= x0 <= x[-1]:
            axes.annotate(
                _degrees(lat, "NS"), (x0, at), (-5, 0), textcoords="offset points", ha="right", va="center",
                fontproperties=font, color=FAINT, annotation_clip=False, parse_math=False,
            )  # fmt: skip


def _degrees(value: float, sides: str) -> str:
    side = sides[0] if value > 0 else sides[1] if value < 0 else ""
    return f"{abs(round(float(value), 6)):g}°{side}"


def _scale_bar(axes: Axes, span_km: float, ink: Ink) -> None:
    from matplotlib.patheffects import withStroke

    length = round_up(span_km / 9)
    (x0, _), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    x, y, tick = x0 + 0.03 * span_km, y0 + 0.03 * (y1 - y0), 0.006 * (y1 - y0)
    halo = [withStroke(linewidth=3, foreground=PAPER)]
    axes.plot([x, x, x + length, x + length], [y + tick, y, y, y + tick], color=TEXT, linewidth=1.1, zorder=20)
    axes.text(
        x + length / 2, y + 1.6 * tick, f"{length:g} {ink.say('km')}", ha="center", va="bottom",
        fontproperties=ink.font(8), color=TEXT, zorder=20, path_effects=halo, parse_math=False,
    )  # fmt: skip


def draw_legend(
    figure: Figure,
    groups: Sequence[Marks],
    lines: Sequence[Lines],
    ink: Ink,
    corner: tuple[float, float],
    columns: int = 1,
) -> float:
    """Draw the legend with its upper left at `corner` and return where it ends, in the figure's units."""
    from matplotlib.lines import Line2D

    handles = []
    for group in sorted((each for each in groups if len(each.latlon)), key=lambda group: -_MARKS[group.kind][4]):
        marker, area, face, edge, _ = _MARKS[group.kind]
        handles.append(
            Line2D(
                [], [], linestyle="none", marker=marker, markersize=max(4.0, math.sqrt(area) * 1.15), color=face,
                markeredgecolor=face if edge == "none" else edge, markeredgewidth=1.0 if marker == "x" else 0.7,
                label=ink.say(group.kind),
            )
        )  # fmt: skip
    for line in reversed(lines):
        thick, name = (1.8, "county_line") if line.level == "county" else (0.9, "school_line")
        handles.append(Line2D([], [], color=SCALE[2], linewidth=thick, solid_capstyle="round", label=ink.say(name)))
    legend = figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=corner, frameon=False, prop=ink.font(8.5),
        labelcolor=TEXT, borderpad=0, borderaxespad=0, handletextpad=0.7, labelspacing=0.75, ncols=columns,
    )  # fmt: skip
    box = legend.get_window_extent(figure.canvas.get_renderer())  # type: ignore[attr-defined]
    return float(box.y0 / figure.bbox.height)
