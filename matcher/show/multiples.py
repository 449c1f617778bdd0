"""Maps of a plan in small, one a prefecture, where one map of all is too dense to name everybody."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.base.errors import Lang
from matcher.model import Instance
from matcher.show.figures import marks_and_lines
from matcher.show.labels import Labels, boxes_around, cut, write_labels
from matcher.show.outlines import Outlines
from matcher.show.pairmap import Lines, Marks, draw_legend, draw_lines, draw_marks, draw_outlines, projection
from matcher.show.picture import FAINT, GRID, PAPER, TEXT, Ink, Picture, blank_figure, heading, ink, shades_of, top_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from matcher.plan import Plan

Ints = NDArray[np.int64]

#: columns and rows of a page, and the inches of a panel: A4 upright
_ACROSS: Final = 2
_DOWN: Final = 3
_WIDE: Final = 3.55
_HIGH: Final = 3.25
#: columns of a county, among those that a table carries along, that name its prefecture
_PREFECTURE: Final = ("prefecture", "city", "地市", "市州", "所属地市", "地级市")


def draw_maps(plan: Plan, *, lang: Lang = "en", boundaries: Outlines | None = None) -> tuple[Picture, ...]:
    """Draw the pairs of each prefecture on a map of its own, six to a page, every county with its organisation.

    A prefecture is what a column of the counties says (`prefecture`, 地市), else the first four digits of the counties'
    six-digit codes, else the province.

    Parameters
    ----------
    plan
        Whose pairs.
    lang
        Language.
    boundaries
        Lines to draw below, as `matcher.files.read_boundaries` returns them.

    Raises
    ------
    MissingExtra
        If Matplotlib is not installed.

    Examples
    --------
    >>> import matcher
    >>> county = matcher.County(id="520203", lat=26.2, lon=105.5)
    >>> university = matcher.Organization(id="U1", lat=26.6, lon=106.7)
    >>> instance = matcher.Instance(organizations=[university], counties=[county])
    >>> plan = matcher.Plan.from_pairs(instance, county_pairs=[("U1", "520203")])
    >>> len(matcher.show.draw_maps(plan))
    1
    """
    pen = ink(lang, (county.name for county in plan.instance.counties))
    points, lines = marks_and_lines(plan.instance, plan.county_pairings, plan.school_pairings, pen)
    said = _said(plan, pen)
    groups = _groups(plan.instance)
    top = top_of([line.km for line in lines])
    pages = [groups[at : at + _ACROSS * _DOWN] for at in range(0, len(groups), _ACROSS * _DOWN)]
    drawn = []
    for number, page in enumerate(pages, 1):
        head = pen.say("maps_title", page=number, pages=len(pages))
        figure, full_w, full_h = blank_figure(0.4 + _ACROSS * _WIDE + 0.2, 1.0 + _DOWN * _HIGH + 0.9)
        for place, (name, counties) in enumerate(page):
            left, bottom = 0.4 + _WIDE * (place % _ACROSS), full_h - 1.0 - _HIGH * (place // _ACROSS + 1)
            corner = (left / full_w, bottom / full_h, (_WIDE - 0.15) / full_w, (_HIGH - 0.35) / full_h)
            _panel(
                figure,
                corner,
                pen.label(name, f"{place + 1}"),
                plan,
                counties,
                (points, lines),
                said,
                shades_of(top),
                boundaries,
                pen,
            )
        heading(figure, pen, head, "", 0.4)
        draw_legend(figure, points, lines, pen, (0.4 / full_w, 0.75 / full_h), columns=4)
        drawn.append(Picture(figure))
    return tuple(drawn)


def pages_of(instance: Instance) -> int:
    """Return how many pages `draw_maps` makes."""
    return math.ceil(len(_groups(instance)) / (_ACROSS * _DOWN))


def _groups(instance: Instance) -> list[tuple[str, Ints]]:
    """Return the prefectures, each with its name and the positions of its counties."""
    counties = instance.counties
    column = next((name for name in _PREFECTURE if counties and all(each.extras.get(name) for each in counties)), None)
    coded = all(len(each.id) == 6 and each.id.isascii() and each.id.isdigit() for each in counties)
    found: dict[str, list[int]] = defaultdict(list)
    for position, county in enumerate(counties):
        province = county.province or ""
        known = str(county.extras[column]) if column else county.id[:4] if coded else ""
        found[" ".join(part for part in (province, known) if part)].append(position)
    return [(name, np.array(positions)) for name, positions in sorted(found.items())]


def _said(plan: Plan, pen: Ink) -> list[str]:
    """Return the label of each county: its name, and below it those of its organisations."""
    names: dict[int, list[str]] = defaultdict(list)
    for provider, recipient in plan.county_pairs.tolist():
        organization = plan.instance.organizations[provider]
        names[recipient].append(pen.label(organization.name, organization.id))
    return [
        "\n".join(cut(each) for each in (pen.label(county.name, county.id), *names.get(position, ())))
        for position, county in enumerate(plan.instance.counties)
    ]


def _panel(
    figure: Figure,
    corner: tuple[float, float, float, float],
    name: str,
    plan: Plan,
    counties: Ints,
    shown: tuple[Sequence[Marks], Sequence[Lines]],
    said: Sequence[str],
    shades: Any,
    outlines: Outlines | None,
    pen: Ink,
) -> None:
    arrays = plan.problem.arrays
    schools = np.isin(arrays.schools.parent, counties)
    seats = np.stack([arrays.counties.lat[counties], arrays.counties.lon[counties]], axis=1)
    around = np.concatenate([seats, np.stack([arrays.schools.lat[schools], arrays.schools.lon[schools]], axis=1)])
    project, (x0, x1, y0, y1) = projection(around)
    axes = figure.add_axes(corner)
    half = max((x1 - x0) / (_WIDE - 0.15), (y1 - y0) / (_HIGH - 0.35)) / 2
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    wide, high = half * (_WIDE - 0.15), half * (_HIGH - 0.35)
    axes.set(xlim=(cx - wide, cx + wide), ylim=(cy - high, cy + high), xticks=[], yticks=[], facecolor=PAPER)
    for spine in axes.spines.values():
        spine.set(color=GRID, linewidth=0.8)
    axes.set_title(cut(name), fontproperties=pen.font(9), color=TEXT, loc="left", pad=3, parse_math=False)
    note = pen.say("panel_width", km=2 * wide)
    axes.set_title(note, fontproperties=pen.font(7), color=FAINT, loc="right", pad=3, parse_math=False)
    points, lines = shown
    if outlines is not None:
        draw_outlines(axes, outlines, project)
    draw_lines(axes, lines, project, shades)
    draw_marks(axes, points, project)
    xy = project(seats)
    order = np.argsort(-arrays.counties.children[counties], kind="stable")
    wanted = Labels([said[counties[i]] for i in order], xy[order], np.full(len(xy), 4.0), 6.5, leads=True)
    write_labels(figure, axes, wanted, pen, taken=boxes_around(axes, xy, 4.0))
