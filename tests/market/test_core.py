"""Assignments found in their core are plans, and good ones."""

import numpy as np
import pytest
from draws import few

from matcher import Market, match
from matcher.base.progress import Budget
from matcher.market import check
from matcher.market.program import levels
from matcher.market.program.annealing import sound
from matcher.market.program.case import ProgramCase
from matcher.market.program.core import core_plan, fits_core
from matcher.market.program.prices import PriceAscent, ascend


def assignment(seed: int, agents: int, tasks: int, **more: object) -> Market:
    """Return a generalised assignment of type D (Chu and Beasley 1997): what is cheap takes much room."""
    rng = np.random.default_rng(seed)
    size = rng.integers(1, 21, (agents, tasks))
    cost = 22 - size + rng.integers(-2, 3, (agents, tasks))
    room = (0.8 * size.sum(axis=1) / agents).astype(int)
    return Market.from_matrix(cost, capacity=room, demand=[[1, 1]] * tasks, unmet_cost=0, size=size, **more)


@pytest.mark.parametrize("seed", few(1, range(3)))
def test_a_plan_from_the_core_is_sound_and_near_the_bound_of_its_prices(seed):
    case = ProgramCase.of(assignment(seed, 3, 36))
    ascent = PriceAscent.begin(case, 0, ())
    ascend(ascent, lambda: 450.0, 100, Budget())
    found = core_plan(case, 0, (), ascent, None, Budget(work_limit=60), 1.0)
    assert found is not None
    assert sound(case, *found)
    assert ascent.best <= case.values(*found)[0] <= 1.1 * ascent.best


@pytest.mark.parametrize("seed", range(2))
def test_a_market_that_goes_by_its_core_is_solved_as_without(seed, monkeypatch):
    market, used = assignment(seed, 2, 12), []
    alone = match(market)
    monkeypatch.setattr(levels, "_FEW", 0)
    monkeypatch.setattr(levels, "core_plan", lambda *given: used.append(core_plan(*given)) or used[-1])
    monkeypatch.setattr(levels, "annealed", lambda *_given: None)
    found = match(market)
    assert used
    assert check.flaws(found) == ()
    assert (
        (found.status, found.levels[0].value)
        == (alone.status, alone.levels[0].value)
        == ("optimal", found.levels[0].bound)
    )


def test_openings_are_not_left_to_the_core():
    assert fits_core(ProgramCase.of(assignment(0, 4, 20)))
    assert not fits_core(ProgramCase.of(assignment(0, 4, 20, opening_cost=5)))
