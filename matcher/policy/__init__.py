"""What a planner wants, as data: objectives asked for, rules, the policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcher.base.public import public

if TYPE_CHECKING:
    from matcher.base.violations import Violation as Violation
    from matcher.policy.coverage import ChildrenPerVolunteer as ChildrenPerVolunteer
    from matcher.policy.coverage import Floor as Floor
    from matcher.policy.coverage import Load as Load
    from matcher.policy.coverage import MaxChanges as MaxChanges
    from matcher.policy.coverage import Priority as Priority
    from matcher.policy.coverage import Skills as Skills
    from matcher.policy.coverage import WantedKind as WantedKind
    from matcher.policy.keep import Keep as Keep
    from matcher.policy.objectives import Objective as Objective
    from matcher.policy.policy import Policy as Policy
    from matcher.policy.rules import Forbid as Forbid
    from matcher.policy.rules import Listed as Listed
    from matcher.policy.rules import Locks as Locks
    from matcher.policy.rules import Pin as Pin
    from matcher.policy.rules import Reach as Reach
    from matcher.policy.rules import Selector as Selector
    from matcher.policy.rules import Within as Within
    from matcher.policy.wishes import KindBalance as KindBalance
    from matcher.policy.wishes import Partners as Partners
    from matcher.policy.wishes import Prefer as Prefer

_HOME = {
    "ChildrenPerVolunteer": "coverage",
    "Floor": "coverage",
    "Forbid": "rules",
    "Keep": "keep",
    "KindBalance": "wishes",
    "Listed": "rules",
    "Load": "coverage",
    "Locks": "rules",
    "MaxChanges": "coverage",
    "Objective": "objectives",
    "Partners": "wishes",
    "Pin": "rules",
    "Policy": "policy",
    "Prefer": "wishes",
    "Priority": "coverage",
    "Reach": "rules",
    "Selector": "rules",
    "Skills": "coverage",
    "Violation": "matcher.base.violations",
    "WantedKind": "coverage",
    "Within": "rules",
}
__all__ = sorted(_HOME)
__getattr__, __dir__ = public(__name__, _HOME)
