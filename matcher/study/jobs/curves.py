"""A curve whose points depend on each other, found as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from matcher.executors.frames import Arrays
from matcher.study.framing import frame_arrays, what_of
from matcher.study.renewal_curves import renewal_curve
from matcher.study.stability_prices import price_of_stability

_CURVES: Final[dict[str, Callable[..., Any]]] = {
    "renewal_curve": renewal_curve,
    "price_of_stability": price_of_stability,
}


def run(arrays: Arrays, tell: Callable[[Arrays], None]) -> Arrays:
    """Find the curve that the arrays ask for."""
    what, policy, said = what_of(arrays)
    limits = {"time_limit_s": said["time_limit_s"]}
    if said["work_limit"] is not None:
        limits["work_limit"] = said["work_limit"]
    return frame_arrays(_CURVES[said["curve"]](what, policy, **said["options"], **limits))
