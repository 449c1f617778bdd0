"""Markets that fall apart: no arc joins two parts, and solving them apart changes neither values nor proofs."""

import numpy as np
import pytest
from draws import few
from engines_alone import solve_listed, solve_points

from matcher import CancelToken, Market, match
from matcher.base.progress import Budget
from matcher.executors.pool import pool
from matcher.market import parts
from matcher.market.check import flaws
from matcher.market.points import warm


@pytest.fixture(autouse=True)
def small_parts_too(monkeypatch):
    for name, value in (("_FEW_ARCS", 0), ("_PACK", 2), ("_WORTH_NODES", 0), ("_WORTH_ARCS", 0)):
        monkeypatch.setattr(parts, name, value)


def blocks(rng, count=4, **rest):
    """Draw a market of listed arcs in `count` blocks whose positions are mixed."""
    P, R = 3 * count, 4 * count
    provider, recipient = rng.permutation(P), rng.permutation(R)
    p, r = np.nonzero(provider[:, None] % count == recipient[None, :] % count)
    keep = rng.random(len(p)) < 0.7
    p, r = p[keep], r[keep]
    cost = rng.integers(0, 9, (rest.pop("levels", 1), len(p)))
    bounds = {"capacity": rng.integers(0, 3, P), "demand": rng.integers(0, 3, R)} | rest
    return Market.from_arcs(p, r, cost, num_providers=P, num_recipients=R, **bounds)


def islands(seed=0, count=3, sizes=(240, 420), **rest):
    """Draw points on islands hundreds of kilometres apart, in mixed order."""
    rng = np.random.default_rng(seed)
    centre = np.column_stack([np.full(count, 30.0), 95.0 + 8.0 * np.arange(count)])
    a, b = (
        centre[rng.integers(0, count, n)] + rng.normal(size=(n, 2)) * wide
        for n, wide in zip(sizes, (0.4, 0.6), strict=True)
    )
    return Market.from_points(a, b, max_km=90, capacity=rng.integers(0, 4, sizes[0]), **rest)


@pytest.mark.parametrize("rest", [{}, {"unmet_cost": 5}, {"levels": 2}, {"levels": 2, "unmet_cost": 6}])
def test_listed_parts_have_the_values_of_the_whole(rest):
    rng = np.random.default_rng(1)
    taken_apart = 0
    for _ in range(40):
        market = blocks(rng, **dict(rest))
        apart = match(market)
        whole = solve_listed(market, Budget(), None)
        assert flaws(apart) == ()
        assert apart.status == "optimal"
        assert [level.value for level in apart.levels] == [level.value for level in whole.levels]
        assert len(apart.pairs) == len(whole.pairs)
        taken_apart += len(parts.parts_of(market)) > 1
    assert taken_apart == 40


def test_no_arc_joins_two_parts_and_nobody_is_lost():
    market = blocks(np.random.default_rng(2))
    found = parts.parts_of(market)
    of_p, of_r = np.full(market.num_providers, -1), np.full(market.num_recipients, -1)
    for number, part in enumerate(found):
        of_p[part.provider], of_r[part.recipient] = number, number
    assert (of_p >= 0).all()
    assert (of_r >= 0).all()
    assert np.array_equal(of_p[market.provider_idx], of_r[market.recipient_idx])


def test_pairs_in_reach_never_join_two_parts_of_points():
    for seed in range(5):
        market = islands(seed)
        found = parts.parts_of(market)
        assert len(found) > 1
        of_p, of_r = np.zeros(market.num_providers), np.zeros(market.num_recipients)
        for number, part in enumerate(found):
            of_p[part.provider], of_r[part.recipient] = number, number
        assert np.array_equal(of_p[market.provider_idx], of_r[market.recipient_idx])


@pytest.mark.parametrize("rest", few(1, [{"unmet_km": 70, "sizes": (120, 210)}, {"unmet_km": 70}, {}, {"demand": 2}]))
def test_islands_have_the_values_of_the_whole(rest):
    market = islands(**rest)
    apart, whole = match(market), solve_points(market, Budget())
    assert len(parts.parts_of(market)) > 1
    assert flaws(apart) == ()
    assert apart.status == "optimal"
    assert [level.value for level in apart.levels] == [level.value for level in whole.levels]


@pytest.mark.parametrize("market", [islands(unmet_km=200), blocks(np.random.default_rng(4), levels=2)])
def test_two_workers_give_the_bytes_of_one(market):
    one, two = match(market, workers=1).to_arrays(), match(market, workers=2).to_arrays()
    limited = match(market, time_limit_s=600).to_arrays()
    assert one.keys() == two.keys()
    assert all(one[name].tobytes() == two[name].tobytes() == limited[name].tobytes() for name in one)


def test_a_part_that_cannot_meet_its_minima_is_the_witness_of_the_whole():
    rng = np.random.default_rng(3)
    found = 0
    for number in range(30):
        demand = np.column_stack([rng.integers(0, 2, 16), np.full(16, 2)])
        market = blocks(rng, demand=demand)
        apart = match(market, workers=2 if number == 0 else 1)
        assert flaws(apart) == ()
        assert apart.status == solve_listed(market, Budget(), None).status
        found += apart.status == "infeasible"
    assert 0 < found < 30


@pytest.mark.parametrize("market", [islands(unmet_km=200), islands(), blocks(np.random.default_rng(4))])
def test_parts_not_reached_still_have_a_plan_and_a_true_bound(market):
    token = CancelToken()
    token.cancel()
    for stopped, reason in ((match(market, time_limit_s=0), "time"), (match(market, cancel=token), "cancelled")):
        assert (stopped.status, stopped.stop_reason) == ("feasible", reason)
        assert flaws(stopped) == ()
        assert stopped.levels[0].bound is not None


def test_a_work_limit_holds_for_each_part_and_is_reproducible():
    market = islands(unmet_km=200)
    stopped = [match(market, work_limit=2, workers=workers) for workers in (1, 2)]
    assert flaws(stopped[0]) == ()
    assert stopped[0].stop_reason in ("work", None)
    assert np.array_equal(stopped[0].pairs, stopped[1].pairs)


def test_progress_counts_the_parts():
    reports = []
    match(islands(unmet_km=200), progress=reports.append)
    told = [report for report in reports if report.phase == "components"]
    assert told[-1].done == told[-1].of == len(parts.parts_of(islands(unmet_km=200)))


def test_an_interrupt_ends_the_workers_and_keeps_a_plan(monkeypatch):
    monkeypatch.setattr(warm, "begin", lambda: None)  # one that compiles loops goes on
    before = [child for child in pool()._all if child not in pool()._idle]

    def interrupt(report):
        raise KeyboardInterrupt

    stopped = match(islands(unmet_km=200), time_limit_s=600, progress=interrupt)
    assert (stopped.status, stopped.stop_reason) == ("feasible", "cancelled")
    assert flaws(stopped) == ()
    busy = [child for child in pool()._all if child.alive and child not in (*before, *pool()._idle)]
    assert not busy
