"""Plan who helps whom at the scale of a country.

The public names; each is loaded when first used, so that `import matcher` is light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from matcher._version import __version__ as __version__

if TYPE_CHECKING:
    from matcher.checker import Report as Report
    from matcher.checker import verify as verify
    from matcher.curves import tradeoff as tradeoff
    from matcher.drawing.curve_figure import draw_curve as draw_curve
    from matcher.drawing.tradeoff_figure import draw_tradeoff as draw_tradeoff
    from matcher.embedded import example as example
    from matcher.errors import Fault as Fault
    from matcher.errors import InfeasibleError as InfeasibleError
    from matcher.errors import InvalidInput as InvalidInput
    from matcher.errors import MatcherError as MatcherError
    from matcher.errors import MissingExtra as MissingExtra
    from matcher.errors import SaveError as SaveError
    from matcher.errors import UnsolvedError as UnsolvedError
    from matcher.explain import Explanation as Explanation
    from matcher.levelprices import level_prices as level_prices
    from matcher.market import Market as Market
    from matcher.markets.many import match_many as match_many
    from matcher.markets.matching_solver import match as match
    from matcher.matching import Matching as Matching
    from matcher.model import Branch as Branch
    from matcher.model import County as County
    from matcher.model import Instance as Instance
    from matcher.model import Lock as Lock
    from matcher.model import Organization as Organization
    from matcher.model import Pairing as Pairing
    from matcher.model import Preference as Preference
    from matcher.model import School as School
    from matcher.model import Successor as Successor
    from matcher.model import TravelTime as TravelTime
    from matcher.notices import Notice as Notice
    from matcher.plan import Plan as Plan
    from matcher.plans.changes import Diff as Diff
    from matcher.plans.changes import diff as diff
    from matcher.policy import Policy as Policy
    from matcher.preference.stability_price import price_of_stability as price_of_stability
    from matcher.preference.stability_price import relaxed_match as relaxed_match
    from matcher.progress import CancelToken as CancelToken
    from matcher.progress import Progress as Progress
    from matcher.progressbar import ProgressBar as ProgressBar
    from matcher.renewals.events import events_from_json as events_from_json
    from matcher.renewals.events import events_to_json as events_to_json
    from matcher.renewals.recommending import recommend as recommend
    from matcher.renewals.renewal import next_year as next_year
    from matcher.renewals.renewal import renewal_curve as renewal_curve
    from matcher.renewals.replanning import replan as replan
    from matcher.result import Level as Level
    from matcher.result import Proof as Proof
    from matcher.roads import road_times as road_times
    from matcher.roads import with_roads as with_roads
    from matcher.rules import Violation as Violation
    from matcher.saving import load_plan as load_plan
    from matcher.solver import solve as solve
    from matcher.tables import read as read
    from matcher.tabular.template_out import template as template

#: public name -> module that defines it
_HOME = {
    "Branch": "model",
    "CancelToken": "progress",
    "County": "model",
    "Diff": "plans.changes",
    "Explanation": "explain",
    "Fault": "errors",
    "InfeasibleError": "errors",
    "Instance": "model",
    "InvalidInput": "errors",
    "Level": "result",
    "Lock": "model",
    "Market": "market",
    "MatcherError": "errors",
    "Matching": "matching",
    "MissingExtra": "errors",
    "Notice": "notices",
    "Organization": "model",
    "Pairing": "model",
    "Plan": "plan",
    "Policy": "policy",
    "Preference": "model",
    "Progress": "progress",
    "ProgressBar": "progressbar",
    "Proof": "result",
    "Report": "checker",
    "SaveError": "errors",
    "School": "model",
    "Successor": "model",
    "TravelTime": "model",
    "UnsolvedError": "errors",
    "Violation": "rules",
    "diff": "plans.changes",
    "events_from_json": "renewals.events",
    "events_to_json": "renewals.events",
    "next_year": "renewals.renewal",
    "recommend": "renewals.recommending",
    "renewal_curve": "renewals.renewal",
    "replan": "renewals.replanning",
    "draw_curve": "drawing.curve_figure",
    "draw_tradeoff": "drawing.tradeoff_figure",
    "example": "embedded",
    "level_prices": "levelprices",
    "load_plan": "saving",
    "match": "markets.matching_solver",
    "match_many": "markets.many",
    "price_of_stability": "preference.stability_price",
    "read": "tables",
    "relaxed_match": "preference.stability_price",
    "road_times": "roads",
    "solve": "solver",
    "template": "tabular.template_out",
    "tradeoff": "curves",
    "verify": "checker",
    "with_roads": "roads",
}

__all__ = sorted([*_HOME, "__version__"])


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'matcher' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"matcher.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
