"""Figures of a plan: pairs on a map, how far they are, and who is reached.

`draw_map`, `draw_histogram` and `draw_coverage` take an instance and the frames of a plan; the functions under them
take arrays.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.base.errors import Lang
from matcher.show.outlines import Outlines
from matcher.show.pairmap import Lines, Marks, pair_map
from matcher.show.picture import (
    FAINT,
    SCALE,
    TEXT,
    Ink,
    Picture,
    blank_figure,
    empty_picture,
    heading,
    ink,
    plain_axes,
    round_up,
    set_ticks,
    shades_of,
    top_of,
)

if TYPE_CHECKING:
    import pandas as pd

    from matcher.model import Instance
    from matcher.tables.arrays import Nodes

Floats = NDArray[np.float64]

_LEFT_OUT: Final = "#e3ddd0"


def draw_map(
    instance: Instance,
    county_pairings: pd.DataFrame,
    school_pairings: pd.DataFrame,
    *,
    lang: Lang = "en",
    title: str | None = None,
    outlines: Outlines | None = None,
) -> Picture:
    """Draw the pairs of a plan on a map.

    Parameters
    ----------
    instance
        What the plan was made from.
    county_pairings, school_pairings
        Frames with the columns county_id, organization_id, km and school_id, branch_id, km.
    lang, title
        Language, and a heading in place of the usual one.
    outlines
        Boundaries to draw below the pairs.

    Raises
    ------
    MissingExtra
        If Matplotlib is not installed.
    """
    pen = ink(lang, (county.name for county in instance.counties))
    points, lines = marks_and_lines(instance, county_pairings, school_pairings, pen)
    notes = [
        pen.say(f"{line.level}_pairs", count=len(line.km), median=float(np.median(line.km)))
        for line in reversed(lines)
        if len(line.km)
    ]
    head = pen.say("map_title") if title is None else title
    return pair_map(points, lines, ink=pen, title=head, note="  ·  ".join(notes), outlines=outlines)


def marks_and_lines(
    instance: Instance, county_pairings: pd.DataFrame, school_pairings: pd.DataFrame, pen: Ink
) -> tuple[list[Marks], list[Lines]]:
    """Return what a map shows: points by kind, with labels for counties and paired organisations, and pairs."""
    known = instance.arrays
    orgs = _positions(county_pairings, "organization_id", known.organizations)
    counties = _positions(county_pairings, "county_id", known.counties)
    branches = _positions(school_pairings, "branch_id", known.branches)
    schools = _positions(school_pairings, "school_id", known.schools)
    kinds = np.array([record.kind or "organization" for record in instance.organizations], dtype=object)
    served = np.zeros(len(known.schools), dtype=np.bool_)
    served[schools] = True
    points = [
        Marks("school", _latlon(known.schools, served)),
        Marks("school_left", _latlon(known.schools, ~served)),
        Marks("branch", _latlon(known.branches, np.unique(branches))),
        Marks(
            "county",
            _latlon(known.counties, slice(None)),
            tuple(pen.label(county.name, county.id) for county in instance.counties),
            known.counties.children.astype(np.float64),
        ),
    ]
    used = np.unique(orgs)
    points += [
        Marks(
            kind,
            _latlon(known.organizations, used[kinds[used] == kind]),
            tuple(
                pen.label(instance.organizations[i].name, known.organizations.ids[i])
                for i in used[kinds[used] == kind].tolist()
            ),
        )
        for kind in ("organization", "institution", "enterprise", "university")
    ]
    lines = [
        Lines("school", _latlon(known.branches, branches), _latlon(known.schools, schools), _km(school_pairings)),
        Lines("county", _latlon(known.organizations, orgs), _latlon(known.counties, counties), _km(county_pairings)),
    ]
    return points, lines


def draw_histogram(
    county_pairings: pd.DataFrame, school_pairings: pd.DataFrame, *, lang: Lang = "en", title: str | None = None
) -> Picture:
    """Draw how far the pairs of a plan are; the frames are those of `draw_map`.

    Raises
    ------
    MissingExtra
        If Matplotlib is not installed.
    """
    pen = ink(lang)
    km = {"county_line": _km(county_pairings), "school_line": _km(school_pairings)}
    panels = {f"{pen.say(key)} · {len(values):,}": values for key, values in km.items()}
    return km_histogram(panels, ink=pen, title=pen.say("histogram_title") if title is None else title)


def draw_coverage(
    instance: Instance, school_pairings: pd.DataFrame, *, lang: Lang = "en", title: str | None = None
) -> Picture:
    """Draw the children in schools that the plan reaches, by province; within one province, by county.

    Raises
    ------
    MissingExtra
        If Matplotlib is not installed.
    """
    known = instance.arrays
    served = np.zeros(len(known.schools), dtype=np.bool_)
    served[_positions(school_pairings, "school_id", known.schools)] = True
    if len(known.provinces) > 1:
        pen, key = ink(lang, known.provinces), "coverage_province"
        names = [pen.label(name, f"{i + 1}") for i, name in enumerate(known.provinces)] + [pen.say("unknown")]
        group = known.schools.province % len(names)  # unknown is -1: the last
    else:
        pen, key = ink(lang, (county.name for county in instance.counties)), "coverage_county"
        names = [pen.label(county.name, county.id) for county in instance.counties]
        group = known.schools.parent
    total = np.bincount(group, known.schools.children, len(names))
    covered = np.bincount(group, known.schools.children * served, len(names))
    some = np.flatnonzero(np.bincount(group, minlength=len(names)))
    return coverage_bars(
        [names[i] for i in some],
        covered[some],
        total[some],
        ink=pen,
        title=pen.say(key) if title is None else title,
    )


def _positions(frame: pd.DataFrame, column: str, nodes: Nodes) -> NDArray[np.int64]:
    return np.array([nodes.index[known] for known in frame[column]], dtype=np.int64)


def _latlon(nodes: Nodes, chosen: Any) -> Floats:
    return np.stack([nodes.lat[chosen], nodes.lon[chosen]], axis=1)


def _km(frame: pd.DataFrame) -> Floats:
    return frame["km"].to_numpy(dtype=np.float64)


# --- from arrays ----------------------------------------------------------------------------------------------------


def km_histogram(km: Mapping[str, Floats], *, ink: Ink, title: str = "") -> Picture:
    """Draw how far the pairs are: one panel for each name, with the median and the 95th percentile marked."""
    panels = {name: np.asarray(values, dtype=np.float64) for name, values in km.items()}
    figure, full_w, full_h = blank_figure(7.4, 0.6 + 2.35 * max(1, len(panels)))
    top = max([float(values.max()) for values in panels.values() if len(values)] or [1.0])
    width = round_up(top / 36)
    edges = np.arange(math.floor(top / width) + 2) * width
    shades = shades_of(top_of(panels.values()))
    for row, (name, values) in enumerate(panels.items()):
        below = full_h - 0.6 - 2.35 * (row + 1)
        axes = figure.add_axes((0.7 / full_w, (below + 0.62) / full_h, 6.4 / full_w, 1.45 / full_h))
        plain_axes(axes)
        counts, _ = np.histogram(values, edges)
        axes.bar(edges[:-1], counts, width=0.92 * width, align="edge", color=shades.to_rgba(edges[:-1] + width / 2))
        axes.set_xlim(0, edges[-1])
        axes.set_ylim(0, max(1.0, 1.28 * float(counts.max())))
        set_ticks(axes.xaxis, float(edges[-1]), 8, ink)
        set_ticks(axes.yaxis, 1.28 * float(counts.max()), 4, ink)
        axes.set_title(name, fontproperties=ink.font(9.5), color=TEXT, loc="left", pad=6, parse_math=False)
        axes.set_ylabel(ink.say("pairs"), fontproperties=ink.font(8.5), color=FAINT)
        if not len(values):
            axes.text(0.5, 0.5, ink.say("no_pairs"), transform=axes.transAxes, ha="center", fontproperties=ink.font(9))
            continue
        for share, key, height in ((50, "median", 0.97), (95, "p95", 0.82)):
            at = float(np.percentile(values, share))
            axes.axvline(at, ymax=height, color=TEXT, linewidth=0.9, linestyle=(0, (3, 2)))
            right = at > 0.75 * edges[-1]
            axes.annotate(
                ink.say(key, value=at), (at, height), (-5 if right else 5, 0), xycoords=("data", "axes fraction"),
                textcoords="offset points", ha="right" if right else "left", va="top",
                fontproperties=ink.font(8.5), color=TEXT, parse_math=False,
            )  # fmt: skip
        if row == len(panels) - 1:
            axes.set_xlabel(ink.say("pair_km"), fontproperties=ink.font(8.5), color=FAINT)
    heading(figure, ink, title, "", 0.7)
    return Picture(figure)


def coverage_bars(
    names: Sequence[str], covered: NDArray[Any], total: NDArray[Any], *, ink: Ink, title: str = "", most: int = 60
) -> Picture:
    """Draw one bar for each name: `total` children, of them `covered`; beyond `most` names the rest in one line."""
    from matplotlib.patches import Patch

    covered, total = np.asarray(covered, dtype=np.int64), np.asarray(total, dtype=np.int64)
    if not len(total):
        return empty_picture(ink, title)
    order = np.argsort(-total, kind="stable")
    shown, rest = (order, order[:0]) if len(order) <= most else (order[: most - 1], order[most - 1 :])
    labels = [names[i] for i in shown]
    shares = [_share(int(covered[i]), int(total[i])) for i in shown]
    if len(rest):
        labels.append(ink.say("others", count=len(rest)))
        shares.append(_share(int(covered[rest].sum()), int(total[rest].sum())))
    figure, full_w, full_h = blank_figure(7.4, 1.5 + 0.235 * len(labels))
    axes = figure.add_axes((1.75 / full_w, 0.55 / full_h, 4.75 / full_w, (full_h - 1.5) / full_h))
    plain_axes(axes, grid="x")
    axes.barh(np.arange(len(shown)), total[shown], height=0.68, color=_LEFT_OUT)
    axes.barh(np.arange(len(shown)), covered[shown], height=0.68, color=SCALE[1])
    top = max(1.0, float(total[shown].max()))
    axes.set(xlim=(0, top), ylim=(len(labels) - 0.4, -0.6))
    axes.set_yticks(range(len(labels)), labels, fontproperties=ink.font(8.5), color=TEXT, parse_math=False)
    set_ticks(axes.xaxis, top, 6, ink)
    for row, share in enumerate(shares):
        axes.annotate(
            share, (1.0, row), (8, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center",
            fontproperties=ink.font(8.5), color=TEXT, annotation_clip=False, parse_math=False,
        )  # fmt: skip
    axes.set_xlabel(ink.say("children"), fontproperties=ink.font(8.5), color=FAINT)
    figure.legend(
        handles=[Patch(color=SCALE[1], label=ink.say("covered")), Patch(color=_LEFT_OUT, label=ink.say("left_out"))],
        loc="upper right", bbox_to_anchor=(6.5 / full_w, 1 - 0.52 / full_h), ncols=2, frameon=False,
        prop=ink.font(8.5), labelcolor=TEXT, handlelength=1.0, handleheight=0.9, borderpad=0, borderaxespad=0,
    )  # fmt: skip
    done, every = int(covered.sum()), int(total.sum())
    note = ink.say("total", covered=done, total=every, share=_share(done, every))
    heading(figure, ink, title, note, 0.35)
    return Picture(figure)


def _share(part: int, whole: int) -> str:
    """Return a percentage that is never rounded up: 100 % means all."""
    return f"{part * 1000 // whole / 10:.1f} %" if whole else "–"
