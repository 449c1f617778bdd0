"""One limit for a whole call: what is made of a stopped search is made in a moment, however many tasks there were."""

from __future__ import annotations

import time

import numpy as np

from matcher import CancelToken, Market
from matcher.base.progress import Budget
from matcher.base.reserve import Reserved
from matcher.market import listed
from matcher.market.certificate import pair_flaws


def test_no_task_waits_longer_than_the_whole():
    """Each task of a call that ran out of time had a moment of its own to be late by."""
    whole = Budget(time_limit_s=0.0)
    task = whole.portion(3)
    assert task.waits(10.0)
    assert 9.0 < task.patience_s(10.0) <= 10.0
    time.sleep(0.02)
    assert not whole.waits(0.01)
    assert not whole.portion(1).waits(0.01)  # begun after that: it is late already
    assert not Reserved(whole.portion(1), 0.1).waits(0.01)


def test_a_token_is_seen_by_the_first_who_waits():
    token = CancelToken()
    whole = Budget(cancel=token)
    assert whole.portion(2).waits(0.01)
    token.cancel()
    assert whole.portion(2).waits(0.01)
    time.sleep(0.02)
    assert not whole.portion(2).waits(0.01)
    assert Budget().waits(0.0001)


def test_a_first_matching_is_there_soon_and_grows():
    """One round of the cheapest pairs, then all of them, each with the bound of every recipient at its cheapest."""
    rng = np.random.default_rng(0)
    ends = np.unique(rng.integers(0, 40, (200, 2)), axis=0).T
    market = Market.from_arcs(
        *ends, rng.integers(0, 9, len(ends[0])), num_providers=40, num_recipients=40, unmet_cost=9
    )
    few, more = listed.at_once(market, None)
    assert few.pairs is not None
    assert more.pairs is not None
    assert len(few.pairs) <= len(more.pairs)
    assert not pair_flaws(market, few.pairs)
    assert not pair_flaws(market, more.pairs)
    (given,) = {len(found.pairs) for found in listed.at_once(market, few.pairs) if found.pairs is not None}
    assert given == len(few.pairs)


def test_the_bound_of_a_matrix_is_that_of_its_arcs():
    cost = np.random.default_rng(0).integers(-5, 9, (6, 7))
    p, r = np.indices(cost.shape).reshape(2, -1)
    arcs = Market.from_arcs(p, r, cost.reshape(-1), num_providers=6, num_recipients=7, unmet_cost=4)
    bounds = [next(listed.at_once(each, None)) for each in (Market.from_matrix(cost, unmet_cost=4), arcs)]
    assert np.array_equal(bounds[0].recipient[0], bounds[1].recipient[0])
    assert np.array_equal(bounds[0].provider[0], bounds[1].provider[0])
