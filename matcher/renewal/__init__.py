"""The year: events, replan, recommend, next_year."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcher.base.public import public

if TYPE_CHECKING:
    from matcher.renewal.events import Agreed as Agreed
    from matcher.renewal.events import Event as Event
    from matcher.renewal.events import Joins as Joins
    from matcher.renewal.events import Leaves as Leaves
    from matcher.renewal.events import Refused as Refused
    from matcher.renewal.events import Takes as Takes
    from matcher.renewal.events import events_from_json as events_from_json
    from matcher.renewal.events import events_of as events_of
    from matcher.renewal.events import events_to_json as events_to_json
    from matcher.renewal.recommending import Recommendation as Recommendation
    from matcher.renewal.replanning import changed_instance as changed_instance
    from matcher.renewal.standing import FROZEN as FROZEN
    from matcher.renewal.standing import keep_first as keep_first

_HOME = {
    "FROZEN": "standing",
    "changed_instance": "replanning",
    "events_of": "events",
    "keep_first": "standing",
    "Agreed": "events",
    "Event": "events",
    "Joins": "events",
    "Leaves": "events",
    "Recommendation": "recommending",
    "Refused": "events",
    "Takes": "events",
    "events_from_json": "events",
    "events_to_json": "events",
}
__all__ = sorted(_HOME)
__getattr__, __dir__ = public(__name__, _HOME)
