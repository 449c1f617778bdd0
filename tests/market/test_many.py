"""Thousands of small markets at once find what `match` finds one by one."""

import numpy as np

from matcher import Market, match
from matcher.base.progress import CancelToken
from matcher.market.check import flaws
from matcher.market.many import match_many


def draw(rng, number):
    P, R = (6, 4) if number % 3 else (3, 5)
    cost = rng.integers(0, 4 if number % 2 else 1000, (P, R))
    unmet = [None, 3, rng.integers(0, 900, R)][number % 5 % 3]
    return Market.from_matrix(cost, unmet_cost=unmet, capacity=2 if number % 11 == 0 else 1)


def test_many_markets_have_the_values_of_match_and_full_proofs():
    rng = np.random.default_rng(0)
    markets = [draw(rng, number) for number in range(120)]
    for market, answer in zip(markets, match_many(markets), strict=True):
        alone = match(market)
        assert answer.status == "optimal"
        assert flaws(answer) == ()
        assert [level.value for level in answer.levels] == [level.value for level in alone.levels]
        assert len(answer.pairs) == len(alone.pairs)
    plain = [answer for answer in match_many(markets) if answer.levels[0].method == "assignment"]
    assert len(plain) > 90


def test_negative_and_huge_costs_are_exact():
    rng = np.random.default_rng(1)
    markets = [Market.from_matrix(rng.integers(-(10**k), 10**k, (5, 5))) for k in range(1, 15)]
    for market, answer in zip(markets, match_many(markets), strict=True):
        assert flaws(answer) == ()
        assert answer.cost == match(market).cost


def test_cancelled_markets_come_back_unsolved():
    token = CancelToken()
    token.cancel()
    answers = match_many([Market.from_matrix([[1, 2], [3, 4]])] * 3, cancel=token)
    assert {answer.stop_reason for answer in answers} == {"cancelled"}
