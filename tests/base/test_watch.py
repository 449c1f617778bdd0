"""Reading and checking keep limits too: what has nothing to hand back ends with an error of its own."""

from __future__ import annotations

import copy
import inspect
import pickle
import threading
from collections.abc import Callable
from typing import Any

import pytest
from small_plans import small_instance, small_plan

import matcher
import matcher.files
import matcher.market
import matcher.online
import matcher.programmes
import matcher.study
from matcher import CancelToken
from matcher.base import Progress, StoppedError
from matcher.base.watch import look, within

#: every public call that may take over a second
LONG = {
    "read": matcher.read,
    "load_plan": matcher.load_plan,
    "verify": matcher.verify,
    "diff": matcher.diff,
    "solve": matcher.solve,
    "replan": matcher.replan,
    "recommend": matcher.recommend,
    "tradeoff": matcher.tradeoff,
    "match": matcher.match,
    "match_many": matcher.match_many,
    "flaws": matcher.market.flaws,
    "road_times": matcher.files.road_times,
    "with_roads": matcher.files.with_roads,
    "compare": matcher.online.compare,
    "read_records": matcher.programmes.read_records,
    "load_programme": matcher.programmes.load_programme,
    "plan_programme": matcher.programmes.plan_programme,
    "verify_programme": matcher.programmes.verify_programme,
    **{
        name: getattr(matcher.study, name)
        for name in ("solve_many", "level_prices", "renewal_curve", "price_of_stability", "relaxed_match")
    },
    **{name: getattr(matcher.study, name) for name in ("robustness", "run_study", "baselines")},
}


@pytest.mark.parametrize("name", sorted(LONG))
def test_every_long_call_takes_limits(name: str) -> None:
    parameters = inspect.signature(LONG[name]).parameters
    for keyword in ("time_limit_s", "progress", "cancel"):
        assert parameters[keyword].kind is inspect.Parameter.KEYWORD_ONLY
        assert parameters[keyword].default is None


@pytest.fixture(scope="module")
def calls(tmp_path_factory: Any) -> dict[str, Callable[..., Any]]:
    folder = tmp_path_factory.mktemp("watch")
    plan = small_plan()
    (folder / "tables").mkdir()
    matcher.files.write_tables(plan.instance, folder / "tables")
    matcher.files.write_workbook(plan.instance, folder / "tables.xlsx")
    plan.save(folder / "plan")
    matching = matcher.match(matcher.Market.from_matrix([[1, 2], [2, 1]]))
    return {
        "read": lambda **limits: matcher.read(folder / "tables", **limits),
        "read a workbook": lambda **limits: matcher.read(folder / "tables.xlsx", **limits),
        "load_plan": lambda **limits: matcher.load_plan(folder / "plan", **limits),
        "verify": lambda **limits: matcher.verify(plan.instance, plan, **limits),
        "verify a folder": lambda **limits: matcher.verify(plan.instance, folder / "plan", **limits),
        "diff": lambda **limits: matcher.diff(plan, plan, **limits),
        "baselines": lambda **limits: sorted(matcher.study.baselines(small_instance(), **limits)),
        "flaws": lambda **limits: matcher.market.flaws(matching, **limits),
    }


NAMES = ("read", "read a workbook", "load_plan", "verify", "verify a folder", "diff", "baselines", "flaws")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_stopped_is_an_error(calls: dict[str, Callable[..., Any]], name: str) -> None:
    token = CancelToken()
    token.cancel()
    for limits, reason in (({"time_limit_s": 0}, "time"), ({"cancel": token}, "cancelled")):
        with pytest.raises(StoppedError) as caught:
            calls[name](**limits)
        assert caught.value.reason == reason
    assert calls[name](time_limit_s=60, cancel=CancelToken()) == calls[name]()


@pytest.mark.parametrize("name", ["read", "verify", "verify a folder"])
def test_a_token_set_on_the_way_ends_the_call(calls: dict[str, Callable[..., Any]], name: str) -> None:
    """Set by its own report of progress: nothing more is reported after that."""
    token, told = CancelToken(), list[Progress]()

    def progress(report: Progress) -> None:
        told.append(report)
        token.cancel()

    with pytest.raises(StoppedError):
        calls[name](progress=progress, cancel=token)
    assert len(told) == 1


def test_progress_comes_to_its_end(calls: dict[str, Callable[..., Any]]) -> None:
    for name in ("read", "verify"):
        told: list[Progress] = []
        calls[name](progress=told.append)
        assert [each.done for each in told] == sorted(each.done for each in told)
        assert told[-1].done == told[-1].of


def test_a_limit_is_of_its_own_thread_and_call() -> None:
    """Nothing of it is seen beside it, or left behind it."""
    seen: list[Any] = []
    with within(60.0):
        with pytest.raises(StoppedError), within(0.0):
            look()
        look()
        other = threading.Thread(target=lambda: seen.append(look()))
        other.start()
        other.join()
    assert seen == [None]
    look()


def test_the_error_says_why_and_crosses() -> None:
    error = StoppedError("time")
    assert isinstance(error, matcher.UnsolvedError)
    for again in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert again == error
        assert again.reason == "time"
        assert again.message("zh") == error.message("zh") != error.message("en")


def test_a_faulty_limit_is_a_fault(calls: dict[str, Callable[..., Any]]) -> None:
    for limits in ({"time_limit_s": -1}, {"cancel": 3}, {"progress": "bar"}):
        for name in ("read", "verify", "flaws"):
            with pytest.raises(matcher.InvalidInput):
                calls[name](**limits)
