"""The map that can be moved and asked: Bokeh's document as plain JSON, the same for the same plan every time."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from matcher.base.names import SIDES
from matcher.show.outlines import Outlines, thinned
from matcher.show.page.knowledge import Knowledge
from matcher.show.pairmap import projection
from matcher.show.picture import FAINT, GRID, PAPER, SCALE, TEXT, thinning, top_of
from matcher.tables.arrays import Nodes

#: kind of organisation -> marker and colour: the marker alone tells them apart
_ORGANIZATIONS: Final = {
    "university": ("triangle", "#1d3557"),
    "enterprise": ("square", "#a8672a"),
    "institution": ("diamond", "#5b7a3a"),
    "organization": ("inverted_triangle", "#1d3557"),
}
#: the first height in pixels; the width is the page's
_HEIGHT: Final = 430


def live_map(known: Knowledge, outlines: Outlines | None) -> dict[str, Any] | None:
    """Return the map as JSON for `Bokeh.embed.embed_item`, where branches are, and the box that holds all, if anything.

    Names come to it on the page, from the data of the tables: they are not said twice.
    """
    from bokeh.embed import json_item
    from bokeh.models import ColumnDataSource, HoverTool, MetricLength, Range1d, ScaleBar, TapTool
    from bokeh.plotting import figure

    arrays = known.plan.problem.arrays
    nodes = {"county": arrays.counties, "organization": arrays.organizations, "school": arrays.schools}
    points = [_latlon(each) for each in (*nodes.values(), arrays.branches) if len(each)]
    if not points:
        return None
    project, (x0, x1, y0, y1) = projection(np.concatenate(points))
    # it looks beside everything until its parts have found their sizes: thousands of marks are drawn once, not thrice
    plot = figure(
        name="plot", height=_HEIGHT, sizing_mode="stretch_width", toolbar_location="above", min_border=0,
        x_range=Range1d(2 * x1 - x0, 3 * x1 - 2 * x0), y_range=Range1d(y0, y1), active_scroll="wheel_zoom",
        tools="pan,wheel_zoom,box_zoom,reset,save", background_fill_color=PAPER, outline_line_color=GRID,
        output_backend="canvas",
    )  # fmt: skip
    plot.toolbar.logo = None
    plot.axis.visible = False
    plot.grid.visible = False
    lengths = MetricLength(include=["m", "km"])  # nobody says megametres
    look = {"location": "bottom_left", "background_fill_alpha": 0.6}
    plot.add_layout(ScaleBar(range=plot.x_range, unit="km", dimensional=lengths, **look))
    if outlines is not None:
        _draw_outlines(plot, project, outlines, _box(np.concatenate(points)), (x1 - x0) / 2500)
    _draw_pairs(plot, known, project)
    sources = {kind: ColumnDataSource(_xy(project, each), name=kind) for kind, each in nodes.items() if len(each)}
    lit = ColumnDataSource({name: [] for name in ("x0", "y0", "x1", "y1")}, name="lit")
    plot.segment("x0", "y0", "x1", "y1", source=lit, line_color=TEXT, line_width=2.2)
    asked = [
        *_draw_schools(plot, known, sources),
        *_draw_organizations(plot, known, sources),
        *_draw_counties(plot, known, sources),
    ]
    ring = ColumnDataSource({"x": [], "y": []}, name="ring")
    plot.scatter("x", "y", source=ring, marker="circle", size=22, fill_color=None, line_color=TEXT, line_width=2)
    plot.add_tools(
        HoverTool(renderers=asked, tooltips=_TOOLTIP, limit=6, description=known.plain("map.hover")),
        TapTool(renderers=asked, description=known.plain("map.tap")),
    )
    for tool in plot.tools:
        name = type(tool).__name__
        if name in _TOOLS:
            tool.description = known.plain(f"map.{_TOOLS[name]}")
    for legend in plot.legend:
        legend.update(click_policy="hide", ncols=4, label_text_font_size="11px", border_line_color=None, spacing=1,
                      padding=4, margin=2, glyph_height=14, glyph_width=18, label_text_color=TEXT)  # fmt: skip
        plot.add_layout(legend, "below")
    where = {axis: at.round(2).tolist() for axis, at in _xy(project, arrays.branches).items()}
    return {"item": numbered(dict(json_item(plot))), "branches": where, "whole": [x0, x1, y0, y1]}


_TOOLTIP: Final = '<div style="max-width:22em;overflow-wrap:anywhere"><b>@label</b><br>@partner</div>'
_TOOLS: Final = {
    "PanTool": "pan", "WheelZoomTool": "wheel", "BoxZoomTool": "box", "ResetTool": "reset", "SaveTool": "save",
}  # fmt: skip


def _latlon(nodes: Nodes) -> Any:
    return np.stack([nodes.lat, nodes.lon], axis=1)


def _xy(project: Any, nodes: Nodes) -> dict[str, Any]:
    xy = project(_latlon(nodes)).astype(np.float32) if len(nodes) else np.empty((0, 2), dtype=np.float32)
    return {"x": xy[:, 0], "y": xy[:, 1]}


def _box(latlon: Any) -> tuple[float, float, float, float]:
    (south, west), (north, east) = latlon.min(axis=0), latlon.max(axis=0)
    return float(south), float(west), float(north), float(east)


def _draw_outlines(plot: Any, project: Any, outlines: Outlines, box: Any, grain: float) -> None:
    rings = [thinned(project(ring), grain).astype(np.float32) for ring in outlines.near(*box)]
    plot.multi_line(
        [ring[:, 0].round(2).tolist() for ring in rings], [ring[:, 1].round(2).tolist() for ring in rings],
        line_color=FAINT, line_width=0.7, line_alpha=0.7,
    )  # fmt: skip


def _draw_pairs(plot: Any, known: Knowledge, project: Any) -> None:
    """Draw county pairs thick and school pairs thin, near ones light and far ones dark: all of a shade are one line."""
    plan, arrays = known.plan, known.plan.problem.arrays
    km = {level: np.array([pair.km for pair in known.pairs[level]]) for level in SIDES}
    top = top_of(list(km.values()))
    for level in ("school", "county"):
        pairs = plan.pairs(level)
        if not len(pairs):
            continue
        ends = [project(_latlon(nodes)[pairs[:, side]]) for side, nodes in enumerate(arrays.sides(level))]
        strokes = np.full((len(pairs), 3, 2), np.nan, dtype=np.float32)  # from, to, and the pen lifted
        strokes[:, 0], strokes[:, 1] = ends
        shade = np.clip(km[level] / top * len(SCALE), 0, len(SCALE) - 1).astype(np.int64)
        used = np.unique(shade).tolist()
        of_shade = [strokes[shade == each].reshape(-1, 2) for each in used]
        thick, alpha = (2.2, 0.9) if level == "county" else (0.8, 0.45)
        plot.multi_line(
            [each[:, 0] for each in of_shade], [each[:, 1] for each in of_shade],
            line_color=[SCALE[each] for each in used], line_width=thick * thinning(len(pairs), 900) ** 0.5,
            line_alpha=alpha, legend_label=known.plain(f"map.{level}_line"),
        )  # fmt: skip


def _draw_schools(plot: Any, known: Knowledge, sources: dict[str, Any]) -> list[Any]:
    if "school" not in sources:
        return []
    served = np.array([bool(known.partners("school", i)) for i in range(len(known.ids["school"]))])
    small = 6 * thinning(len(served), 800) ** 0.5
    return [
        _marks(plot, known, sources["school"], chosen, f"map.{key}", marker=marker, size=size, **look)
        for key, chosen, marker, size, look in (
            ("school", served, "circle", small, {"fill_color": "#8b8f98", "line_color": None}),
            ("school_left", ~served, "x", small + 2, {"line_color": "#c4452d", "line_width": 1.3}),
        )
        if chosen.any()
    ]


def _draw_counties(plot: Any, known: Knowledge, sources: dict[str, Any]) -> list[Any]:
    if "county" not in sources:
        return []
    children = known.plan.problem.arrays.counties.children.astype(np.float64)
    size = (7 + 13 * np.sqrt(children / max(1.0, children.max()))) * thinning(len(children), 250) ** 0.5
    sources["county"].data["size"] = size.astype(np.float32)
    short = np.array([i in known.short["county"] for i in range(len(children))])
    return [
        _marks(plot, known, sources["county"], chosen, f"map.{key}", marker=marker, size="size", fill_color="#ffffff",
               line_color=TEXT, line_width=1.1)
        for key, chosen, marker in (("county", ~short, "circle"), ("county_short", short, "circle_x"))
        if chosen.any()
    ]  # fmt: skip


def _draw_organizations(plot: Any, known: Knowledge, sources: dict[str, Any]) -> list[Any]:
    if "organization" not in sources:
        return []
    kinds = np.array([record.kind or "organization" for record in known.records("organization")], dtype=object)
    paired = np.array([bool(known.partners("organization", i)) for i in range(len(kinds))])
    size = 10 * thinning(len(kinds), 300) ** 0.5
    found = []
    for kind, (marker, color) in _ORGANIZATIONS.items():
        look = {"marker": marker, "size": size, "line_color": color, "line_width": 1.0}
        for key, chosen, fill in ((kind, paired, color), (f"{kind}_idle", ~paired, None)):
            chosen = chosen & (kinds == kind)
            if chosen.any():
                word = f"map.{key}" if fill else "map.idle"
                found.append(_marks(plot, known, sources["organization"], chosen, word, kind, fill_color=fill, **look))
    return found


def _marks(plot: Any, known: Knowledge, source: Any, chosen: Any, word: str, kind: str = "", **look: Any) -> Any:
    """Draw the chosen rows of a source, which keep their positions in it."""
    from bokeh.models import CDSView, IndexFilter

    label = known.plain(word, kind=known.word(f"word.{kind}")) if kind and word == "map.idle" else known.plain(word)
    view = CDSView(filter=IndexFilter(np.flatnonzero(chosen).tolist()))
    renderer = plot.scatter("x", "y", source=source, view=view, legend_label=label, **look)
    renderer.nonselection_glyph = None  # what is chosen is ringed; the rest does not fade
    return renderer


def numbered(item: dict[str, Any]) -> dict[str, Any]:
    """Return a document with its models numbered in the order in which they stand in it.

    Bokeh numbers them through the life of a process. A model is an object with "id" and "type", a reference one with
    "id" alone; the data of a plan are in lists and entries of maps, so nobody's id is taken for one.
    """
    number: dict[str, str] = {}

    def walked(part: Any) -> Any:
        if isinstance(part, dict):
            return {
                key: number.setdefault(value, f"m{len(number)}")
                if key in ("id", "root_id") and isinstance(value, str)
                else walked(value)
                for key, value in part.items()
            }
        if isinstance(part, list | tuple):
            return [walked(each) for each in part]
        return part

    found: dict[str, Any] = walked(item)
    return found
