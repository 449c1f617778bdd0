"""A plan that defends itself: what a change would cost, why not another, the best levers, the ways out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcher.base.public import public

if TYPE_CHECKING:
    from matcher.advice.changes import Drops as Drops
    from matcher.advice.changes import Farther as Farther
    from matcher.advice.changes import Lowers as Lowers
    from matcher.advice.changes import More as More
    from matcher.advice.changes import Sets as Sets
    from matcher.advice.changes import Unlocked as Unlocked
    from matcher.advice.changes import applied as applied
    from matcher.advice.demands import Demand as Demand
    from matcher.advice.effects import LevelEffect as LevelEffect
    from matcher.advice.effects import WhatIf as WhatIf
    from matcher.advice.levers import Lever as Lever
    from matcher.advice.repairs import Repair as Repair
    from matcher.advice.repairs import WaysOut as WaysOut

_HOME = {
    "Demand": "demands",
    "Lowers": "changes",
    "Repair": "repairs",
    "WaysOut": "repairs",
    "Drops": "changes",
    "Farther": "changes",
    "LevelEffect": "effects",
    "Lever": "levers",
    "More": "changes",
    "Sets": "changes",
    "Unlocked": "changes",
    "WhatIf": "effects",
    "applied": "changes",
}
__all__ = sorted(_HOME)
__getattr__, __dir__ = public(__name__, _HOME)
