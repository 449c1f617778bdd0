"""What is done by workers or by an executor comes back as it would here: same bytes, limits, a dead worker replaced."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import pandas as pd
import pytest
from small_plans import small_instance

import matcher
from matcher import CancelToken, InvalidInput, Market, Policy
from matcher.base.progress import Budget
from matcher.executors.team import call_all


class Flaky:
    """An executor that loses the worker of every task once."""

    def __init__(self):
        self.lost, self.submitted = set(), 0

    def submit(self, call, job, sent):
        self.submitted += 1
        future = Future()
        if sent not in self.lost:
            self.lost.add(sent)
            future.set_exception(BrokenProcessPool())
        else:
            future.set_result(call(job, sent))
        return future


class Closed:
    """An executor that takes nothing any more."""

    def submit(self, *given):
        raise RuntimeError("cannot schedule new futures after shutdown")


class Asleep:
    """An executor that never answers."""

    def submit(self, *given):
        return Future()


@pytest.fixture(scope="module")
def threads():
    with ThreadPoolExecutor(2) as executor:
        yield executor


@pytest.fixture(scope="module")
def example():
    return small_instance()


def ways(threads):
    return [{"executor": threads}, {"executor": Flaky()}, {"executor": Closed()}, {"workers": 2}]


def markets(count=40):
    rng = np.random.default_rng(5)
    drawn = [Market.from_matrix(rng.integers(0, 30, (4, 5)), unmet_cost=20) for _ in range(count)]
    return [
        *drawn,
        Market.from_matrix(rng.integers(0, 9, (3, 3))),
        Market.from_arcs([0], [0], [1], num_providers=1, num_recipients=2),
    ]


def test_many_markets(threads):
    given = markets()
    here = [matching.to_arrays() for matching in matcher.match_many(given)]
    for way in ways(threads):
        there = matcher.match_many(given, **way)
        assert all(found.market is market for found, market in zip(there, given, strict=True))
        for one, found in zip(here, there, strict=True):
            two = found.to_arrays()
            assert one.keys() == two.keys()
            assert all(one[name].tobytes() == two[name].tobytes() for name in one)


def test_many_plans(threads, example):
    policies = [None, Policy(max_school_km=30), Policy(stability="require")]
    here = [plan.to_json() for plan in matcher.study.solve_many(example, policies)]
    assert here == [matcher.solve(example, policy).to_json() for policy in policies]
    for way in ways(threads):
        assert [plan.to_json() for plan in matcher.study.solve_many([example], policies, **way)] == here


def test_a_tradeoff_and_the_prices_of_levels(threads, example):
    curve = matcher.tradeoff(example, values=(1, 10))
    capped = matcher.tradeoff(example, over="county_demand", values=(1, 2), work_limit=2000)
    plan = matcher.solve(example)
    prices = matcher.study.level_prices(plan)
    for way in ways(threads):
        pd.testing.assert_frame_equal(matcher.tradeoff(example, values=(1, 10), **way), curve)
        again = matcher.tradeoff(example, over="county_demand", values=(1, 2), work_limit=2000, **way)
        pd.testing.assert_frame_equal(again, capped)
        pd.testing.assert_frame_equal(matcher.study.level_prices(plan, **way), prices)


def test_curves_that_are_one_task(threads, example):
    market = Market.from_matrix([[1, 2], [3, 9]], unmet_cost=20)
    for call in (
        lambda **way: matcher.study.renewal_curve(example, points=3, **way),
        lambda **way: matcher.study.price_of_stability(example, values=(0, None), **way),
        lambda **way: matcher.study.price_of_stability(market, values=(0, None), **way),
    ):
        here = call()
        for way in ways(threads)[:3]:
            there = call(**way)
            pd.testing.assert_frame_equal(there, here)
            assert there.attrs == here.attrs


def test_what_does_not_come_in_time_is_said_to_be_unknown(example):
    plans = matcher.study.solve_many(example, [None, None], executor=Asleep(), time_limit_s=0.1)
    assert [(plan.status, plan.stop_reason) for plan in plans] == [("unknown", "time")] * 2
    token = CancelToken()
    token.cancel()
    curve = matcher.tradeoff(example, values=(1, 2), executor=Asleep(), cancel=token)
    assert curve.status.tolist() == ["unknown"] * 2
    found = matcher.match_many(markets(3), executor=Asleep(), time_limit_s=0.1)
    assert {matching.status for matching in found} <= {"feasible", "unknown", "optimal"}
    assert matcher.study.renewal_curve(example, executor=Asleep(), time_limit_s=0.1).attrs["stop_reason"] == "time"


def test_progress_is_told_here(threads, example):
    told = []
    matcher.study.solve_many(example, [None, None, None], executor=threads, progress=told.append)
    assert next(report.done for report in told if report.phase == "solve_many") == 0
    assert told[-1].of == 3


def test_an_executor_is_something_that_takes_tasks(example):
    with pytest.raises(InvalidInput):
        matcher.study.solve_many(example, executor="threads")
    with pytest.raises(InvalidInput):
        matcher.match_many([], workers=0)


def test_dask(example):
    """A cluster of processes of which one is killed in the middle."""
    distributed = pytest.importorskip("distributed")
    import os
    import signal

    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        here = [plan.to_json() for plan in matcher.study.solve_many(example, [None] * 2)]
        victim = next(iter(client.run(os.getpid).values()))
        future = client.submit(os.kill, victim, signal.SIGKILL, pure=False)
        there = matcher.study.solve_many(example, [None] * 2, executor=client)
        future.cancel()
        assert [plan.to_json() for plan in there] == here


def test_ray(example):
    """An executor of three lines over Ray's own tasks; see docs/embedding.md."""
    ray = pytest.importorskip("ray")
    ray.init(num_cpus=2, include_dashboard=False)

    class Executor:
        def submit(self, call, *given):
            return ray.remote(call).remote(*given).future()

    try:
        plans = matcher.study.solve_many(example, [None] * 2, executor=Executor())
        assert [plan.to_json() for plan in plans] == [matcher.solve(example).to_json()] * 2
    finally:
        ray.shutdown()


def test_a_job_of_another_package_is_not_run(threads):
    outcome = call_all("os", [dict], Budget(executor=threads))
    assert outcome.here
