"""Plan who helps whom at the scale of a country.

The public names; each is loaded when first used, so that `import matcher` is light.
"""

from __future__ import annotations

import importlib
import warnings
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
    from matcher.base.progress import CancelToken as CancelToken
    from matcher.base.result import Level as Level
    from matcher.base.result import Proof as Proof
    from matcher.checking.checker import verify as verify
    from matcher.checking.report import Report as Report
    from matcher.files.examples import example as example
    from matcher.files.reading import read as read
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
    from matcher.online.door import arrivals as arrivals
    from matcher.plan import Plan as Plan
    from matcher.plan import load_plan as load_plan
    from matcher.policy.policy import Policy as Policy
    from matcher.renewal.recommending import recommend as recommend
    from matcher.renewal.replanning import replan as replan
    from matcher.renewal.year import next_year as next_year
    from matcher.show.progressbar import ProgressBar as ProgressBar
    from matcher.solver import solve as solve
    from matcher.study.differences import diff as diff
    from matcher.study.tradeoffs import tradeoff as tradeoff

#: public name -> module that defines it
_HOME = {
    "Branch": "model",
    "CancelToken": "base.progress",
    "County": "model",
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
    "Organization": "model",
    "Pairing": "model",
    "Plan": "plan",
    "Policy": "policy.policy",
    "Preference": "model",
    "ProgressBar": "show.progressbar",
    "Proof": "base.result",
    "Report": "checking.report",
    "SaveError": "base.errors",
    "School": "model",
    "Successor": "model",
    "TravelTime": "model",
    "UnsolvedError": "base.errors",
    "diff": "study.differences",
    "next_year": "renewal.year",
    "recommend": "renewal.recommending",
    "replan": "renewal.replanning",
    "example": "files.examples",
    "load_plan": "plan",
    "match": "market.solving",
    "match_many": "market.many",
    "read": "files.reading",
    "solve": "solver",
    "template": "files.templates",
    "tradeoff": "study.tradeoffs",
    "verify": "checking.checker",
}

#: names that stood here before, or are looked for here -> the package that has them
_MOVED = {
    "solve_many": "study",
    "Diff": "study",
    "Explanation": "show",
    "Notice": "base",
    "Progress": "base",
    "Violation": "policy",
    "draw_curve": "show",
    "draw_tradeoff": "show",
    "events_from_json": "renewal",
    "events_to_json": "renewal",
    "level_prices": "study",
    "price_of_stability": "study",
    "relaxed_match": "study",
    "renewal_curve": "study",
    "road_times": "files",
    "with_roads": "files",
}
#: names of a package that are called from here too, beside the forty
_CALLED = {"arrivals": "online"}
#: names that are asked for here and live in a package: they load without a word, and do not count among the forty
_ALSO = {"robustness": "study"}
#: packages with names of their own
_PACKAGES = (
    "advice",
    "base",
    "files",
    "geo",
    "market",
    "online",
    "policy",
    "programmes",
    "renewal",
    "show",
    "stable",
    "study",
)

__all__ = sorted([*_HOME, "__version__"])


def __getattr__(name: str) -> Any:
    if name in _HOME:
        globals()[name] = value = getattr(importlib.import_module(f"matcher.{_HOME[name]}"), name)
        return value
    if name in _ALSO:
        return getattr(importlib.import_module(f"matcher.{_ALSO[name]}"), name)
    if name in _PACKAGES:
        return importlib.import_module(f"matcher.{name}")
    if name in _CALLED:
        globals()[name] = value = getattr(importlib.import_module(f"matcher.{_CALLED[name]}"), name)
        return value
    if name in _MOVED:
        place = f"matcher.{_MOVED[name]}"
        warnings.warn(f"matcher.{name} is {place}.{name} now", DeprecationWarning, stacklevel=2)
        return getattr(importlib.import_module(place), name)
    raise AttributeError(f"module 'matcher' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_CALLED, *_PACKAGES])
