"""The best load of a provider and plans made of whole loads, held against enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from draws import few

import matcher
from matcher.base.progress import Budget
from matcher.market import check
from matcher.market.program import knapsack, regions
from matcher.market.program.annealing import sound
from matcher.market.program.case import ProgramCase
from matcher.market.program.insertion import inserted
from matcher.market.program.model import tidied
from matcher.market.program.prices import PriceAscent, ascend

INF = float("inf")


def draw(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Return start, gain, size, need and room of a few providers."""
    count = int(rng.integers(1, 4))
    start = np.concatenate([[0], np.cumsum(rng.integers(0, 6, count))])
    gain, size = rng.integers(-9, 6, start[-1]), rng.integers(0, 5, start[-1])
    return start, gain, size, rng.integers(0, 5, count), rng.integers(0, 9, count)


def every_load(given: tuple[np.ndarray, ...], j: int) -> dict[tuple[int, ...], int]:
    """Return what each load of a provider adds that holds its bounds."""
    start, gain, size, need, room = given
    arcs = range(start[j], start[j + 1])
    sets = itertools.chain.from_iterable(itertools.combinations(arcs, n) for n in range(len(arcs) + 1))
    return {load: int(gain[list(load)].sum()) for load in sets if need[j] <= int(size[list(load)].sum()) <= room[j]}


@pytest.mark.parametrize("seed", [*few(40, range(400))])
def test_the_best_load_is_that_of_enumeration(seed):
    given = draw(np.random.default_rng(seed))
    start, gain, size, need, room = given
    taken = np.zeros(len(gain), bool)
    worth = knapsack.loads(start, gain.astype(float), size, need, room, taken)
    exact, able = knapsack.least(start, gain, size, need, room)
    for j in range(len(room)):
        best = min(every_load(given, j).values(), default=None)
        assert worth[j] == (INF if best is None else best)
        assert able[j] == (best is not None)
        if best is None:
            continue
        assert exact[j] == best
        chosen = tuple(np.flatnonzero(taken[start[j] : start[j + 1]]) + start[j])
        assert every_load(given, j)[chosen] == best


@pytest.mark.parametrize("seed", [*few(1, (4, 1, 2, 3, 5, 6, 7, 8))])
def test_regions_bring_a_plan_down_to_the_optimum(seed):
    rng = np.random.default_rng(seed)
    size = rng.integers(2, 9, 14)
    market = matcher.Market.from_matrix(
        rng.integers(1, 60, (6, 14)),
        capacity=rng.integers(14, 24, 6),
        unmet_cost=200,
        opening_cost=rng.integers(0, 40, 6),
        least_if_open=6,
        size=size,
        resource=rng.integers(1, 9, (6, 1)),
        budget=[24],
    )
    best = matcher.match(market)
    assert (best.status, check.flaws(best)) == ("optimal", ())
    case = ProgramCase.of(market)
    simple = inserted(case)
    assert simple is not None
    plan = simple[0], tidied(case, *simple)
    ascent = PriceAscent.begin(case, 0, ())
    ascend(ascent, lambda: float(case.values(*plan)[0]), 100, Budget())
    assert ascent.best_at is not None
    assert ascent.best <= best.levels[0].value
    search = regions.RegionSearch(case, 0, (), plan[0], regions.LoadPrices(*ascent.best_at))
    everybody, nowhere = np.arange(14), np.ones(6, bool)
    assert (search.filled(everybody, ascent.u, (1, 0.1, 0.1), nowhere) == -1).all()
    found = regions.improve(search, Budget(work_limit=60), None)
    assert sound(case, *found)
    assert case.values(*found)[0] == best.levels[0].value < case.values(*plan)[0]
