"""Siting by prices, swaps, fixing and the radius form, against enumeration and the textbook program."""

import numpy as np
import pytest
from draws import few
from scipy.optimize import Bounds, LinearConstraint, milp
from test_program import draw, least

from matcher import Market, match
from matcher.market import check
from matcher.market.program import levels


def judge(seed: int) -> None:
    """Solve one drawn market without loads by the ways of large ones, and hold it against the enumeration."""
    rng = np.random.default_rng(seed)
    market, given = draw(rng)
    count, people = market.num_providers, market.num_recipients
    for name in ("least_if_open", "size"):
        given.pop(name, None)
    if seed % 3:
        given["capacity"] = np.tile([0, 9], (count, 1))
        given["demand"] = np.minimum(given["demand"], 1)
    given.setdefault("opening_cost", rng.integers(0, 9, (len(given["cost"]), count)))
    ends = np.array(given["arcs"], np.int64).reshape(-1, 2)
    rest = {name: value for name, value in given.items() if name not in ("arcs", "cost")}
    again = Market.from_arcs(ends[:, 0], ends[:, 1], given["cost"], num_providers=count, num_recipients=people, **rest)
    best = least(given, count, people)
    found = match(again)
    assert check.flaws(found) == ()
    if best is None:
        assert found.status == "infeasible"
        return
    assert found.status == "optimal"
    assert tuple(level.value for level in found.levels) == best == tuple(level.bound for level in found.levels)


@pytest.fixture(autouse=True)
def no_small_case(monkeypatch):
    monkeypatch.setattr(levels, "MOST_EXACT", 0)


@pytest.mark.parametrize("seed", few(4, range(20)))
def test_small_sitings_are_solved_as_by_enumeration(seed):
    judge(seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_thousands_of_small_sitings_are_solved_as_by_enumeration(block):
    for seed in range(1000 + 300 * block, 1300 + 300 * block):
        judge(seed)


def textbook(cost: np.ndarray, opening: np.ndarray, most: int) -> int:
    """Return the least cost of serving everybody from at most so many sites, as a textbook writes it."""
    count, people = cost.shape
    pairs = count * people
    rows, low, high = [], [], []
    for i in range(people):
        row = np.zeros(pairs + count)
        row[i:pairs:people] = 1
        rows.append(row), low.append(1), high.append(1)
    for j in range(count):
        for i in range(people):
            row = np.zeros(pairs + count)
            row[j * people + i], row[pairs + j] = 1, -1
            rows.append(row), low.append(-np.inf), high.append(0)
    rows.append(np.append(np.zeros(pairs), np.ones(count))), low.append(0), high.append(most)
    found = milp(
        np.append(cost.reshape(-1), opening),
        integrality=np.ones(pairs + count, np.int64),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(np.array(rows), low, high),
    )
    return round(found.fun)


@pytest.mark.parametrize("seed", range(4))
def test_points_with_opening_costs_cost_what_the_textbook_program_says(seed):
    rng = np.random.default_rng(seed)
    sites, places = rng.uniform(25, 26, (12, 2)), rng.uniform(25, 26, (30, 2))
    children = rng.integers(1, 50, 30)
    metres = Market.from_points(sites, places).cost[0].reshape(12, 30) * children
    opening = rng.integers(0, 300_000, 12)
    market = Market.from_matrix(
        metres, capacity=30, demand=[[1, 1]] * 30, unmet_cost=0, opening_cost=opening, group=[0] * 12, group_open=[4]
    )
    found = match(market)
    assert found.status == "optimal"
    assert check.flaws(found) == ()
    assert found.levels[0].value == textbook(metres, opening, 4)


def test_the_same_work_gives_the_same_plan_and_a_true_bound():
    rng = np.random.default_rng(1)
    cost = rng.integers(0, 1000, (25, 40))
    market = Market.from_matrix(cost, capacity=40, unmet_cost=2000, group=[0] * 25, group_open=[[6, 6]])
    one, other = (match(market, work_limit=25) for _ in range(2))
    assert one.status == "feasible"
    assert check.flaws(one) == ()
    assert np.array_equal(one.pairs, other.pairs)
    assert one.levels == other.levels
    best = match(market)
    assert one.levels[0].bound <= best.levels[0].value <= one.levels[0].value
