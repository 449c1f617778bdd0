"""The figure of a curve of `matcher.tradeoff`: one number of the plans against another, a dot a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.base.errors import Fault, InvalidInput, Lang, text
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
)
from matcher.words.catalogue import has_text

if TYPE_CHECKING:
    import pandas as pd

    from matcher.plan import Plan

Floats = NDArray[np.float64]

#: marks and colours of the plans beside the curve, one after the other
_MARKS: Final = ("D", "s", "^", "v", "P", "X")
_OTHERS: Final = ("#b4532a", "#94195f", "#4b6cae")


def draw_tradeoff(
    curve: pd.DataFrame,
    *,
    beside: Mapping[str, Plan] | None = None,
    x: str = "school_km_mean",
    y: str = "schools_children_share",
    lang: Lang = "en",
    title: str | None = None,
) -> Picture:
    """Draw a curve of `matcher.tradeoff`: a dot a value, hollow where it is not proven optimal.

    Parameters
    ----------
    curve
        What `matcher.tradeoff` returned.
    beside
        Other plans of the same instance, marked with their names: last year's, a hand-made one, a baseline.
    x, y
        Columns of `curve`; shares are shown in percent.
    lang, title
        Language, and a heading in place of the usual one.

    Raises
    ------
    InvalidInput
        If `curve` is no such frame, or has no such column of numbers.
    MissingExtra
        If Matplotlib is not installed.
    """
    over = curve.attrs.get("over", "")
    faults = [
        Fault("not_an_option", column=name, value=column, details={"known": ", ".join(map(str, curve.columns))})
        for name, column in (("over", over), ("x", x), ("y", y))
        if column not in curve.columns or curve[column].dtype == object
    ]
    if faults:
        raise InvalidInput(faults)
    others = {} if beside is None else dict(beside)
    pen = ink(lang, others)
    head = text("curve.title", pen.lang, over=over) if title is None else title
    across, up = _shown(curve, x), _shown(curve, y)
    there = np.isfinite(across) & np.isfinite(up)
    if not there.any():
        return empty_picture(pen, head)
    figure, full_w, full_h = blank_figure(7.4, 4.6)
    axes = figure.add_axes((0.8 / full_w, 0.62 / full_h, 6.3 / full_w, 3.05 / full_h))
    plain_axes(axes)
    axes.plot(across[there], up[there], color=SCALE[1], linewidth=1.4, zorder=2)
    proven = curve["status"].to_numpy() == "optimal"
    for chosen, face in ((there & proven, SCALE[2]), (there & ~proven, "#ffffff")):
        axes.scatter(across[chosen], up[chosen], s=34, facecolor=face, edgecolor=SCALE[2], linewidth=1.3, zorder=3)
    labels = [_label(value, pen) for value in curve[over]]
    for row in np.flatnonzero(there).tolist():
        axes.annotate(
            labels[row], (across[row], up[row]), (0, 7), textcoords="offset points", ha="center", va="bottom",
            fontproperties=pen.font(8.5), color=TEXT, parse_math=False,
        )  # fmt: skip
    for position, (name, plan) in enumerate(others.items()):
        at = [_scaled(np.array([np.nan if (known := plan.metrics[c]) is None else known]), c)[0] for c in (x, y)]
        mark, color = _MARKS[position % len(_MARKS)], _OTHERS[position % len(_OTHERS)]
        axes.scatter(
            at[0], at[1], s=42, marker=mark, facecolor="#ffffff", edgecolor=color, linewidth=1.4, zorder=3, label=name
        )
    if others:
        axes.legend(loc="lower right", frameon=False, prop=pen.font(8.5), labelcolor=TEXT, handletextpad=0.3)
    axes.margins(x=0.07, y=0.16)
    axes.set_xlabel(_axis(x, pen), fontproperties=pen.font(9), color=FAINT)
    axes.set_ylabel(_axis(y, pen), fontproperties=pen.font(9), color=FAINT)
    for tick in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        tick.set_fontproperties(pen.font(8.5))
    notes = [text("curve.dots", pen.lang, over=over)]
    if not proven[there].all():
        notes.append(text("curve.open", pen.lang))
    heading(figure, pen, head, "  ·  ".join(notes), 0.8)
    return Picture(figure)


def _shown(curve: pd.DataFrame, column: str) -> Floats:
    return _scaled(curve[column].to_numpy(dtype=np.float64, na_value=np.nan), column)


def _scaled(values: Floats, column: str) -> Floats:
    """Return shares in percent, all else as it is."""
    return values * 100 if column.endswith("_share") else values


def _label(value: Any, pen: Ink) -> str:
    import pandas as pd

    return text("curve.none", pen.lang) if pd.isna(value) else f"{value:g}"


def _axis(column: str, pen: Ink) -> str:
    key = f"curve.{column}"
    return text(key, pen.lang) if has_text(key) else column
