"""`match` under its limits, and its starts."""

import json
import shutil
import sys
import threading

import numpy as np
import pytest
from strategies import middle_market

from matcher import CancelToken, InvalidInput, Market, UnsolvedError, match
from matcher.market import engines
from matcher.market.certificate import pair_flaws
from matcher.market.check import flaws
from matcher.market.jobs import flow as flow_worker
from matcher.market.jobs import stable as stable_job


@pytest.mark.parametrize("unmet", [None, 400])
def test_a_work_limit_returns_the_finished_levels_and_true_bounds(unmet):
    market = middle_market(unmet_cost=unmet)
    full = match(market)
    previous = None
    for limit in range(len(full.levels) + 1):
        part = match(market, work_limit=limit)
        assert flaws(part) == ()
        assert pair_flaws(market, part.pairs) == []
        values = tuple(level.value for level in part.levels)
        assert values[:limit] == tuple(level.value for level in full.levels[:limit])
        assert all(level.gap == 0 for level in part.levels[:limit])
        if limit < len(full.levels):
            assert (part.status, part.stop_reason) == ("feasible", "work")
            at = part.levels[limit]
            assert at.bound <= full.levels[limit].value <= at.value
            assert not at.conditional
            later = part.levels[limit + 1 :]
            assert all(level.conditional and level.bound is None for level in later) or at.gap == 0
        else:
            assert (part.status, part.stop_reason) == ("optimal", None)
        assert previous is None or values >= tuple(level.value for level in full.levels)
        previous = values
        assert match(market, work_limit=limit).to_arrays()["pairs"].tobytes() == part.to_arrays()["pairs"].tobytes()


def test_cancel_and_time_stop_with_something_feasible():
    token = CancelToken()
    token.cancel()
    stopped = match(middle_market(unmet_cost=300), cancel=token)
    assert (stopped.status, stopped.stop_reason) == ("feasible", "cancelled")
    assert len(stopped.pairs) > 0
    assert flaws(stopped) == ()
    assert match(middle_market(), time_limit_s=0).stop_reason == "time"


def sparse_market(count):
    """A skewed market with long chains; a flow with costs takes a while."""
    rng = np.random.default_rng(0)
    provider, recipient = rng.integers(0, count, (2, 12 * count)) ** 2 // count
    keys = np.unique(provider * count + recipient)
    cost = rng.integers(0, 10**6, len(keys))
    sizes = {"num_providers": count, "num_recipients": count}
    return Market.from_arcs(keys // count, keys % count, cost, unmet_cost=10**7, **sizes)


def test_a_child_process_gives_the_same_bytes_and_can_be_ended(monkeypatch):
    market = sparse_market(300)
    alone = match(market)
    monkeypatch.setattr(flow_worker, "_LARGE", 0)
    apart = match(market, time_limit_s=600)
    assert flaws(apart) == ()
    assert {name: array.tobytes() for name, array in apart.to_arrays().items()} == {
        name: array.tobytes() for name, array in alone.to_arrays().items()
    }
    market = sparse_market(30_000)
    stopped = match(market, time_limit_s=0.3)
    assert (stopped.status, stopped.stop_reason) == ("feasible", "time")
    assert flaws(stopped) == ()
    assert stopped.levels[0].bound <= stopped.levels[0].value
    token = CancelToken()
    threading.Timer(0.3, token.cancel).start()
    assert match(market, cancel=token).stop_reason == "cancelled"


@pytest.mark.parametrize("rest", [{}, {"stability": "require"}])
def test_a_market_solved_by_a_child_has_the_same_bytes(monkeypatch, rest):
    market = middle_market(unmet_cost=400)
    alone = match(market, **rest).to_arrays()
    monkeypatch.setattr(engines, "_LARGE", 0)
    monkeypatch.setattr(stable_job, "_LARGE", 0)
    there = match(market, cancel=CancelToken(), **rest)
    assert there.market is market
    assert {name: array.tobytes() for name, array in there.to_arrays().items()} == {
        name: array.tobytes() for name, array in alone.items()
    }
    stopped = match(market, time_limit_s=0, **rest)
    assert stopped.stop_reason == "time"
    assert flaws(stopped) == ()


def test_other_threads_run_while_a_child_works(monkeypatch):
    """Without any limit, where there are other threads."""
    asked = []
    solve = engines.solve_listed_apart
    monkeypatch.setattr(engines, "solve_listed_apart", lambda *given: asked.append(True) or solve(*given))
    monkeypatch.setattr(engines, "_LARGE", 0)
    market = middle_market(unmet_cost=400)
    waiting = threading.Event()
    other = threading.Thread(target=waiting.wait)
    other.start()
    match(market)
    waiting.set()
    other.join()
    assert asked


def test_without_a_child_process_the_work_is_done_here(monkeypatch):
    monkeypatch.setattr(flow_worker, "_LARGE", 0)
    for nothing in (None, "", "/no/such/python", shutil.which("false")):
        monkeypatch.setattr(sys, "executable", nothing)
        assert match(sparse_market(50), time_limit_s=600).status == "optimal"


def test_stopped_before_the_minima_were_looked_at_is_unknown():
    market = middle_market(demand=[(1, 1)] + [(0, 1)] * 39)
    stopped = match(market, work_limit=0)
    assert (stopped.status, stopped.stop_reason) == ("unknown", "work")
    assert flaws(stopped) == ()
    with pytest.raises(UnsolvedError):
        stopped.raise_for_status()
    given = match(market, work_limit=0, start=match(market).pairs)
    assert (given.status, given.levels[0].value) == ("feasible", 10)
    assert flaws(given) == ()


def test_progress_names_the_levels():
    seen = []
    match(middle_market(unmet_cost=3), progress=seen.append)
    assert [report.phase for report in seen][:3] == ["level:cost_1", "level:cost_2", "level:cost_3"]
    assert json.dumps([report.to_json() for report in seen])


# --- a start ---------------------------------------------------------------------------------------------------------


def test_a_matching_that_is_still_optimal_is_kept():
    """Every pair costs the same, so another solution would do as well: the start stays."""
    cost = np.ones((6, 6), int)
    begun = match(Market.from_matrix(cost, unmet_cost=4))
    turned = begun.replace(pairs=np.array([[i, (i + 1) % 6] for i in range(6)]))
    assert flaws(turned) == ()
    again = match(Market.from_matrix(cost, unmet_cost=4), start=turned)
    assert again.pairs.tolist() == turned.pairs.tolist()
    assert (again.status, again.levels[0].method) == ("optimal", "start")
    changed = match(Market.from_matrix(cost - np.eye(6, dtype=int), unmet_cost=4), start=turned)
    assert changed.pairs.tolist() == [[i, i] for i in range(6)]
    other = match(Market.from_matrix(np.ones((5, 6), int), unmet_cost=4), start=turned)
    assert other.status == "optimal"


def test_a_faulty_start_names_every_pair():
    market = Market.from_matrix([[1, 2], [3, 4]], allowed=[[True, True], [True, False]])
    with pytest.raises(InvalidInput) as error:
        match(market, start=[[0, 0], [1, 1], [0, 0], [2, 0], [-1, 0]])
    assert [(fault.code, fault.details["position"]) for fault in error.value.faults] == [
        ("start_pair", 4),
        ("start_pair", 2),
        ("start_pair", 1),
        ("start_pair", 3),
    ]
    with pytest.raises(InvalidInput):
        match(market, start=[[0.5, 0]])
    assert match(market, start=np.zeros((0, 2))).status == "optimal"


def test_options_are_checked():
    with pytest.raises(InvalidInput):
        match(Market.from_matrix([[1]]), stability="always")
    with pytest.raises(InvalidInput):
        match(Market.from_matrix([[1]]), time_limit_s=-1)


# --- stability -------------------------------------------------------------------------------------------------------
