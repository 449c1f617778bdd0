"""Plan who helps whom at the scale of a country.

The public names; each is loaded when first used, so that `import matcher` is light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from matcher._version import __version__ as __version__

if TYPE_CHECKING:
    from matcher.base.errors import Fault as Fault
    from matcher.base.errors import InfeasibleError as InfeasibleError
    from matcher.base.errors import InvalidInput as InvalidInput
    from matcher.base.errors import MatcherError as MatcherError
    from matcher.base.errors import MissingExtra as MissingExtra
    from matcher.base.errors import SaveError as SaveError
    from matcher.base.errors import UnsolvedError as UnsolvedError
    from matcher.base.notices import Notice as Notice
    from matcher.base.progress import CancelToken as CancelToken
    from matcher.base.progress import Progress as Progress
    from matcher.base.result import Level as Level
    from matcher.base.result import Proof as Proof
    from matcher.base.violations import Violation as Violation
    from matcher.checking.checker import Report as Report
    from matcher.checking.checker import verify as verify
    from matcher.files.examples import example as example
    from matcher.files.reading import read as read
    from matcher.files.roads import road_times as road_times
    from matcher.files.roads import with_roads as with_roads
    from matcher.files.templates import template as template
    from matcher.market.many import match_many as match_many
    from matcher.market.market import Market as Market
    from matcher.market.matching import Matching as Matching
    from matcher.market.solving import match as match
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
    from matcher.plan import Plan as Plan
    from matcher.plan import load_plan as load_plan
    from matcher.policy.policy import Policy as Policy
    from matcher.renewal.events import events_from_json as events_from_json
    from matcher.renewal.events import events_to_json as events_to_json
    from matcher.renewal.recommending import recommend as recommend
    from matcher.renewal.replanning import replan as replan
    from matcher.renewal.year import next_year as next_year
    from matcher.show.curve_figure import draw_curve as draw_curve
    from matcher.show.explain import Explanation as Explanation
    from matcher.show.progressbar import ProgressBar as ProgressBar
    from matcher.show.tradeoff_figure import draw_tradeoff as draw_tradeoff
    from matcher.solver import solve as solve
    from matcher.study.differences import Diff as Diff
    from matcher.study.differences import diff as diff
    from matcher.study.level_costs import level_prices as level_prices
    from matcher.study.many import solve_many as solve_many
    from matcher.study.renewal_curves import renewal_curve as renewal_curve
    from matcher.study.stability_prices import price_of_stability as price_of_stability
    from matcher.study.stability_prices import relaxed_match as relaxed_match
    from matcher.study.tradeoffs import tradeoff as tradeoff

#: public name -> module that defines it
_HOME = {
    "Branch": "model",
    "CancelToken": "base.progress",
    "County": "model",
    "Diff": "study.differences",
    "Explanation": "show.explain",
    "Fault": "base.errors",
    "InfeasibleError": "base.errors",
    "Instance": "model",
    "InvalidInput": "base.errors",
    "Level": "base.result",
    "Lock": "model",
    "Market": "market.market",
    "MatcherError": "base.errors",
    "Matching": "market.matching",
    "MissingExtra": "base.errors",
    "Notice": "base.notices",
    "Organization": "model",
    "Pairing": "model",
    "Plan": "plan",
    "Policy": "policy.policy",
    "Preference": "model",
    "Progress": "base.progress",
    "ProgressBar": "show.progressbar",
    "Proof": "base.result",
    "Report": "checking.checker",
    "SaveError": "base.errors",
    "School": "model",
    "Successor": "model",
    "TravelTime": "model",
    "UnsolvedError": "base.errors",
    "Violation": "base.violations",
    "diff": "study.differences",
    "events_from_json": "renewal.events",
    "events_to_json": "renewal.events",
    "next_year": "renewal.year",
    "recommend": "renewal.recommending",
    "renewal_curve": "study.renewal_curves",
    "replan": "renewal.replanning",
    "draw_curve": "show.curve_figure",
    "draw_tradeoff": "show.tradeoff_figure",
    "example": "files.examples",
    "level_prices": "study.level_costs",
    "load_plan": "plan",
    "match": "market.solving",
    "match_many": "market.many",
    "price_of_stability": "study.stability_prices",
    "read": "files.reading",
    "relaxed_match": "study.stability_prices",
    "road_times": "files.roads",
    "solve": "solver",
    "solve_many": "study.many",
    "template": "files.templates",
    "tradeoff": "study.tradeoffs",
    "verify": "checking.checker",
    "with_roads": "files.roads",
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
