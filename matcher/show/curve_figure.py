"""A curve as a figure: one panel a column of a frame, over another column, in the look of the other figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcher.base.display import title as objective_title
from matcher.base.errors import Fault, InvalidInput, Lang, text
from matcher.show.picture import (
    FAINT,
    SCALE,
    TEXT,
    Floats,
    Ink,
    Picture,
    blank_figure,
    empty_picture,
    heading,
    ink,
    plain_axes,
)
from matcher.words.catalogue import has_text

if TYPE_CHECKING:
    import pandas as pd

#: exact units and what they are shown in: name of the text, how many of the exact unit make one
_SHOWN: Final = {"m": ("km", 1000.0), "s": ("min", 60.0)}
#: columns drawn of each curve, as far as the frame has them, after the level that the curve is about
_PANELS: Final = {
    "renewal": ("school_children_covered", "school_km", "county_km", "school_kept"),
    "stability": ("schools_children_covered", "school_km_total", "county_km_total", "blocking_pairs"),
}
_PANEL, _TOP, _LEFT, _WIDTH = 1.75, 1.0, 1.15, 5.9


def draw_curve(
    frame: pd.DataFrame,
    over: str | None = None,
    columns: Mapping[str, str] | None = None,
    *,
    title: str | None = None,
    lang: Lang = "en",
) -> Picture:
    """Draw what a curve trades, one panel below the other; bounds are dashed.

    Parameters
    ----------
    frame
        What `matcher.study.renewal_curve` or `price_of_stability` returned; with `over` and `columns` any frame.
    over
        The column along the bottom; that of the curve by default. A missing value stands last, as "none".
    columns
        Column -> its heading, one panel each; what the curve is about by default. Beside a column NAME_value or "value"
        the bound is drawn where the frame has it.
    title
        A heading in place of the usual one.

    Raises
    ------
    InvalidInput
        If the frame has no such column, or `over` and `columns` are needed and not given.
    MissingExtra
        If Matplotlib is not installed.

    Examples
    --------
    >>> import matcher
    >>> market = matcher.Market.from_matrix([[1, 2], [3, 9]], unmet_cost=20)
    >>> matcher.show.draw_curve(matcher.study.price_of_stability(market, values=(0, None))).png()[1:4]
    b'PNG'
    """
    kind = frame.attrs.get("curve", "")
    over = frame.attrs.get("over") if over is None else over
    wide = _wide(frame, over) if columns is None and "level" in frame.columns and over in frame.columns else frame
    pen = ink(lang, [*(columns or {}).values(), title or ""])
    panels = _panels(wide, kind, pen.lang) if columns is None else dict(columns)
    wanted = [("over", over), *(("columns", name) for name in panels)]
    faults = [
        Fault("not_an_option", column=field, value=name, details={"known": ", ".join(map(str, wide.columns))})
        for field, name in wanted
        if name not in wide.columns
    ]
    if faults or not panels:
        raise InvalidInput(faults or [Fault("missing_value", column="columns")])
    assert over is not None
    head = text(f"curve.title.{kind}", pen.lang) if kind and title is None else title or ""
    numbers = {name: wide[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in panels}
    if not any(np.isfinite(values).any() for values in numbers.values()):
        return empty_picture(pen, head)
    figure, full_w, full_h = blank_figure(7.4, _TOP + _PANEL * len(panels) + 0.25)
    limits = wide[over].to_numpy(dtype=np.float64, na_value=np.nan)
    # limits of very different size, and "none" beside them, stand evenly
    x = np.arange(len(limits), dtype=np.float64) if kind == "stability" else limits
    for row, (name, said) in enumerate(panels.items()):
        bottom = full_h - _TOP - _PANEL * (row + 1) + 0.55
        axes = figure.add_axes((_LEFT / full_w, bottom / full_h, _WIDTH / full_w, (_PANEL - 0.8) / full_h))
        plain_axes(axes)
        by = _unit(wide, name)[1]
        bound = _bound_of(wide, name)
        if bound is not None:
            axes.plot(x, bound / by, color=FAINT, linewidth=1.1, linestyle=(0, (3, 2)))
        axes.plot(x, numbers[name] / by, color=SCALE[-1], marker="o", markersize=3.5, linewidth=1.4)
        axes.set_title(said, fontproperties=pen.font(9.5), color=TEXT, loc="left", pad=5, parse_math=False)
        axes.margins(y=0.14)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
        axes.locator_params(axis="y", nbins=4, integer=True)
        if kind == "stability":
            axes.set_xticks(x, labels=_labels(limits, pen))
        else:
            axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
        for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
            label.set_fontproperties(pen.font(8))
        if row == len(panels) - 1:
            key = f"curve.{over}"
            said_over = text(key, pen.lang) if has_text(key) else over
            axes.set_xlabel(said_over, fontproperties=pen.font(9), color=FAINT)
    dashed = any(_bound_of(wide, name) is not None for name in panels)
    heading(figure, pen, head, text("curve.dashed", pen.lang) if dashed else "", 0.7)
    return Picture(figure)


def _wide(frame: pd.DataFrame, over: str | None) -> pd.DataFrame:
    """Return the frame of a market, one row a limit and level, as one row a limit."""
    import pandas as pd

    order = frame[over].drop_duplicates().tolist()
    found: dict[str, Any] = {str(over): order}
    names = frame["level"].drop_duplicates().tolist()
    for name in names:
        part = frame[frame["level"] == name]
        for column in ("value", "bound"):
            found[f"{name}_{column}"] = part[column].tolist()
    first = frame[frame["level"] == names[0]] if names else frame
    found["blocking_pairs"] = first["blocking_pairs"].tolist()
    wide = pd.DataFrame(found).convert_dtypes()
    units = dict(zip(frame["level"], frame["unit"], strict=True))
    wide.attrs.update(frame.attrs | {"units": units, "levels": names})
    return wide


def _panels(frame: pd.DataFrame, kind: str, lang: str) -> dict[str, str]:
    """Return the columns that a curve is about, with their headings."""
    panels: dict[str, str] = {}
    if kind == "renewal":
        panels["value"] = _level(frame.attrs["level"], frame, "value", lang)
    elif kind == "stability":
        units: Mapping[str, str] = frame.attrs.get("units", {})
        names = frame.attrs.get("levels") or [name for name, unit in units.items() if unit in _SHOWN][:1]
        panels |= {f"{name}_value": _level(name, frame, f"{name}_value", lang) for name in names}
    panels |= {name: text(f"curve.{name}", lang) for name in _PANELS.get(kind, ()) if name in frame.columns}
    return panels


def _level(name: str, frame: pd.DataFrame, column: str, lang: str) -> str:
    known, unit = f"curve.level.{name}", _unit(frame, column)[0]
    said = objective_title(name, lang) if has_text(f"objective.{name}") else name
    said = text(known, lang) if has_text(known) else said
    return text("curve.in_unit", lang, said=said, unit=_in_words(unit, lang)) if unit else said


def _in_words(unit: str, lang: str) -> str:
    key = f"curve.unit.{unit}"
    return text(key, lang) if has_text(key) else unit


def _unit(frame: pd.DataFrame, column: str) -> tuple[str, float]:
    """Return the unit that a level is shown in, and how many of its exact unit make one; "" and 1 for all else."""
    units: Mapping[str, str] = frame.attrs.get("units", {})
    exact = frame.attrs.get("unit", "") if column == "value" else units.get(column.removesuffix("_value"), "")
    return _SHOWN.get(exact, (exact, 1.0)) if column.endswith("value") else ("", 1.0)


def _bound_of(frame: pd.DataFrame, column: str) -> Floats | None:
    """Return the bounds beside a column, None where there are none at all."""
    name = f"{column.removesuffix('value')}bound" if column.endswith("value") else f"{column}_bound"
    if name not in frame.columns:
        return None
    bound: Floats = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return bound if np.isfinite(bound).any() else None


def _labels(limits: Floats, pen: Ink) -> Sequence[str]:
    return [f"{value:,.10g}" if np.isfinite(value) else text("curve.none", pen.lang) for value in limits.tolist()]
