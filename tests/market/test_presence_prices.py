"""Prices of crews at sites that look at few sites first, held against the textbook program."""

from __future__ import annotations

import numpy as np
import pytest
from draws import few

from matcher.base.progress import Budget
from matcher.market.presence import bound, solving
from matcher.market.presence.case import NEVER, PresenceCase
from matcher.market.presence.small import solve_small


def drawn(seed: int) -> PresenceCase:
    rng = np.random.default_rng(seed)
    crews, sites, weeks = int(rng.integers(0, 7)), int(rng.integers(1, 4)), 3
    metres = rng.integers(0, 9000, (crews, sites)).astype(np.int32)
    return PresenceCase(
        metres=np.where(rng.random(metres.shape) < 0.2, np.int32(NEVER), metres),
        size=rng.integers(1, 9, crews),
        adults=rng.integers(0, 5, crews),
        first=rng.integers(0, 2, crews),
        last=rng.integers(1, weeks, crews),
        stay=rng.integers(1, 3, crews),
        skill=rng.random((crews, 1)) < 0.7,
        need=rng.random((sites, 1)) < 0.3,
        children=rng.integers(0, 60, (sites, weeks)),
        open=np.ones((sites, weeks), bool),
        beds=rng.integers(5, 20, sites),
        least=rng.integers(2, 5, sites),
        ratio=np.full(sites, 8),
        least_adults=2,
        charge=2000,
    )


@pytest.mark.parametrize("near", [1, 200])
@pytest.mark.parametrize("seed", [*few(8, range(300))])
def test_prices_prove_no_more_than_is_true_and_no_less_than_none(seed, near, monkeypatch):
    monkeypatch.setattr(solving, "_NEAR", near)
    case = drawn(seed)
    none = np.zeros((0, 2), np.int64), np.zeros(0, np.int64)
    found = solve_small(case, none, Budget())
    assert found is not None
    best = found[1]
    assert best is not None
    price = solving.climb(case, case.charge * int(case.children.sum()), Budget(), Budget(), 40)
    proved, nothing = bound.bound(case, price), bound.bound(case, np.zeros_like(price))
    assert proved is not None
    assert nothing is not None
    assert nothing <= proved <= best
