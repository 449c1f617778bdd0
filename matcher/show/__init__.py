"""A plan in words and pictures: summary, explanation, figures, report, progress bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcher.base.public import public

if TYPE_CHECKING:
    from matcher.show.basis import Checkup as Checkup
    from matcher.show.basis import checkup as checkup
    from matcher.show.curve_figure import draw_curve as draw_curve
    from matcher.show.explanation import Explanation as Explanation
    from matcher.show.multiples import draw_maps as draw_maps
    from matcher.show.tradeoff_figure import draw_tradeoff as draw_tradeoff

_HOME = {
    "Checkup": "basis",
    "Explanation": "explanation",
    "checkup": "basis",
    "draw_curve": "curve_figure",
    "draw_maps": "multiples",
    "draw_tradeoff": "tradeoff_figure",
}
__all__ = sorted(_HOME)
__getattr__, __dir__ = public(__name__, _HOME)
