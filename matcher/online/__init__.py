"""Who comes one by one: a desk that decides at once or holds, its policies, and how well they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcher.base.public import public

if TYPE_CHECKING:
    from matcher.online.arriving import ArrivalDecision as ArrivalDecision
    from matcher.online.arriving import ArrivalEvent as ArrivalEvent
    from matcher.online.arriving import ArrivalPolicy as ArrivalPolicy
    from matcher.online.call_desk import CallDesk as CallDesk
    from matcher.online.call_desk import CallItem as CallItem
    from matcher.online.desk import ArrivalDesk as ArrivalDesk
    from matcher.online.door import arrivals as arrivals
    from matcher.online.measures import Tally as Tally
    from matcher.online.measures import bands as bands
    from matcher.online.measures import interval as interval
    from matcher.online.years import ArrivalYear as ArrivalYear
    from matcher.online.years import compare as compare
    from matcher.online.years import run_year as run_year
    from matcher.online.years import wish_year as wish_year

_HOME = {
    "ArrivalDecision": "arriving",
    "ArrivalDesk": "desk",
    "ArrivalEvent": "arriving",
    "ArrivalPolicy": "arriving",
    "ArrivalYear": "years",
    "CallDesk": "call_desk",
    "CallItem": "call_desk",
    "Tally": "measures",
    "arrivals": "door",
    "bands": "measures",
    "compare": "years",
    "interval": "measures",
    "run_year": "years",
    "wish_year": "years",
}
__all__ = sorted(_HOME)
__getattr__, __dir__ = public(__name__, _HOME)
