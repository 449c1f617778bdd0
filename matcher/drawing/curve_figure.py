"""A curve as a figure: one panel a column of a frame, over another column, in the look of the other figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from matcher.drawing.picture import FAINT, SCALE, TEXT, Picture, blank_figure, heading, ink, plain_axes
from matcher.errors import Lang

if TYPE_CHECKING:
    import pandas as pd


def draw_curve(
    frame: pd.DataFrame, over: str, columns: Mapping[str, str], *, title: str = "", lang: Lang = "en"
) -> Picture:
    """Draw columns of a frame over one of them.

    Parameters
    ----------
    frame
        Such as `matcher.renewal_curve` returns.
    over
        The column along the bottom.
    columns
        Column -> its heading, one panel each; a column NAME_bound or, for "value", the column "bound" is drawn beside
        it as a line of dashes.

    Raises
    ------
    MissingExtra
        If Matplotlib is not installed.
    """
    pen = ink(lang, [title, *columns.values()])
    height = 1.0 + 2.1 * max(1, len(columns))
    figure, full_w, full_h = blank_figure(7.4, height)
    x = frame[over].to_numpy(dtype=np.float64)
    for row, (name, said) in enumerate(columns.items()):
        below = full_h - 0.6 - 2.1 * (row + 1)
        axes = figure.add_axes((1.1 / full_w, (below + 0.5) / full_h, 6.0 / full_w, 1.3 / full_h))
        plain_axes(axes)
        axes.plot(x, frame[name].to_numpy(dtype=np.float64), color=SCALE[-1], marker="o", markersize=3.5, linewidth=1.4)
        bound = "bound" if name == "value" else f"{name}_bound"
        if bound in frame:
            axes.plot(x, frame[bound].to_numpy(dtype=np.float64), color=FAINT, linewidth=1.0, linestyle=(0, (3, 2)))
        axes.set_title(said, fontproperties=pen.font(9.5), color=TEXT, loc="left", pad=6)
        for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
            label.set_fontproperties(pen.font(8))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.4g}")
        if row == len(columns) - 1:
            axes.set_xlabel(over, fontproperties=pen.font(8.5), color=FAINT)
    heading(figure, pen, title, "", 0.7)
    return Picture(figure)
