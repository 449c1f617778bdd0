"""A whole curve as one task of an executor, for curves whose points depend on each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from matcher.base.progress import Budget
from matcher.executors.team import call_all
from matcher.market.market import Market
from matcher.model import Instance
from matcher.policy.policy import Policy
from matcher.study.framing import as_arrays, frame_of

if TYPE_CHECKING:
    import pandas as pd

JOB: Final = "matcher.study.jobs.curves"


def curve_there(
    name: str, what: Market | Instance, policy: Policy | None, options: dict[str, Any], budget: Budget
) -> pd.DataFrame | None:
    """Return the curve that an executor found; None if it is to be found here after all.

    A curve that is not there when the budget runs out is a curve without points.
    """
    said = {"curve": name, "options": options, "work_limit": budget.work_limit}
    outcome = call_all(JOB, [lambda: as_arrays(what, policy, {**said, "time_limit_s": budget.time_left_s})], budget)
    if outcome.answers[0] is not None:
        return frame_of(outcome.answers[0])
    if outcome.reason is None:
        return None
    import pandas as pd

    frame = pd.DataFrame()
    frame.attrs["stop_reason"] = outcome.reason
    return frame
