"""The figure of how firm the pairs of a plan are: how many stood in how many of the drawings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from matcher.base.errors import Lang, text
from matcher.show.picture import FAINT, SCALE, TEXT, Picture, blank_figure, empty_picture, heading, ink, plain_axes

#: tenths of all drawings; the last bar is of the pairs that stood in every one
_TENTHS: Final = 10


def draw_firmness(shares: Mapping[str, Sequence[float]], drawings: int, *, lang: Lang = "en") -> Picture:
    """Draw a bar for each tenth of the drawings, counties and schools side by side."""
    pen = ink(lang)
    head = text("firm.title", pen.lang)
    if not any(shares.values()):
        return empty_picture(pen, head)
    figure, full_w, full_h = blank_figure(7.4, 4.2)
    axes = figure.add_axes((0.8 / full_w, 0.62 / full_h, 6.3 / full_w, 2.65 / full_h))
    plain_axes(axes)
    width = 0.4
    for place, (level, found) in enumerate(shares.items()):
        tenth = np.minimum((np.asarray(found, dtype=np.float64) * _TENTHS + 1e-9).astype(np.int64), _TENTHS)
        count = np.bincount(tenth, minlength=_TENTHS + 1)
        share = 100 * count / max(1, count.sum())
        at = np.arange(_TENTHS + 1) + (place - 0.5) * width
        axes.bar(at, share, width, color=SCALE[1 + place], label=text(f"summary.level.{level}", pen.lang))
        for x, y, number in zip(at.tolist(), share.tolist(), count.tolist(), strict=True):
            if number:
                axes.annotate(
                    str(number), (x, y), (0, 2), textcoords="offset points", ha="center", va="bottom",
                    fontproperties=pen.font(7.5), color=TEXT,
                )  # fmt: skip
    ticks = [f"{10 * each}–{10 * each + 9}" for each in range(_TENTHS)] + ["100"]
    axes.set_xticks(range(_TENTHS + 1), ticks)
    axes.set_xlabel(text("firm.axis", pen.lang), fontproperties=pen.font(9), color=FAINT)
    axes.set_ylabel(text("firm.share", pen.lang), fontproperties=pen.font(9), color=FAINT)
    axes.legend(loc="upper left", frameon=False, prop=pen.font(8.5), labelcolor=TEXT)
    for tick in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        tick.set_fontproperties(pen.font(8))
    heading(figure, pen, head, text("firm.note", pen.lang, drawings=drawings), 0.8)
    return Picture(figure)
