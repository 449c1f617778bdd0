"""The checker of saved matchings that imports nothing of the library: what it proves is true, whoever made the file."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from draws import few
from oracles import brute_force
from strategies import random_case

from matcher import Market, match
from matcher.market.arrayform import seal

CHECKER = Path(__file__).parents[2] / "tools" / "check_certificate.py"


def loaded() -> Any:
    spec = importlib.util.spec_from_file_location("check_certificate", CHECKER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CHECK = loaded().check
RNG = np.random.default_rng(0)
POINTS = RNG.uniform([25, 104], [28, 108], (50, 2))


def markets() -> dict[str, Market]:
    return {
        "matrix": Market.from_matrix([[4, 1, 3], [2, 0, 5]], capacity=2),
        "barred": Market.from_matrix([[4, 1], [2, 0]], allowed=[[True, False], [True, True]], unmet_cost=3),
        "arcs": Market.from_arrays(
            Market.from_arcs([0, 1], [0, 1], [[3, 4], [1, 0]], num_providers=2, num_recipients=2).to_arrays()
        ),
        "few points": Market.from_points(POINTS[:3], POINTS[3:5]),
        "minima": Market.from_points(POINTS[:2], POINTS[2:4], capacity=[(1, 1), (1, 1)]),
        "reach": Market.from_points(POINTS, POINTS[::-1] + 0.1, max_km=60),
        "charge": Market.from_points(POINTS, POINTS[::-1] + 0.1, unmet_km=20, demand=2),
        "impossible": Market.from_matrix([[1, 1]], demand=[(1, 1), (1, 1)]),
        "several units": Market.from_matrix([[4, 1, 3], [2, 0, 5]], capacity=9, demand=4, pair_limit=3),
        "units of points": Market.from_points(
            POINTS, POINTS[::-1] + 0.1, max_km=60, capacity=5, demand=4, pair_limit=2
        ),
        "too few units": Market.from_matrix([[1, 1]], demand=[(3, 3), (1, 1)], capacity=9, pair_limit=[[2, 4]]),
        "nobody": Market.from_matrix(np.zeros((0, 3))),
    }


@pytest.mark.parametrize("name", markets())
def test_every_market_that_is_certified_can_be_checked_alone(name: str, tmp_path: Path) -> None:
    market = markets()[name]
    matching = match(market)
    assert matching.status in ("optimal", "infeasible")
    assert CHECK(matching.to_arrays()) is None


def test_the_command_says_it(tmp_path: Path) -> None:
    """Exit code 0 for a proof, 1 for anything else."""
    file = tmp_path / "m.npz"
    match(markets()["matrix"]).to_npz(file)
    for content, code in ((file.read_bytes(), 0), (b"nothing", 1)):
        file.write_bytes(content)
        run = subprocess.run([sys.executable, CHECKER, file], capture_output=True, text=True, check=False)
        assert run.returncode == code
        assert not run.stderr


def forged(arrays: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Return arrays with lies that agree with each other: other pairs, other prices, values and bounds to match."""
    lie = {name: array.copy() for name, array in arrays.items()}
    for _ in range(rng.integers(1, 4)):
        name = str(rng.choice([name for name in lie if name.startswith("proof_") or name == "pairs"]))
        array = lie[name]
        kind = rng.integers(5)
        if kind == 0 and array.ndim == 2 and len(array):
            lie[name] = np.delete(array, rng.integers(len(array)), axis=0)
        elif kind == 1 and name == "pairs":
            more = rng.integers(0, 4, (1, 2))
            lie[name] = np.unique(np.concatenate([array, more]), axis=0)
        elif array.size:
            step = rng.choice([-1, 1, 2**31, 2**40, 2**59, -(2**62), 2**63 - 1])
            at = rng.integers(array.size) if kind < 4 else slice(None)
            with np.errstate(over="ignore"):
                array.reshape(-1)[at] = array.reshape(-1)[at] + step
    status = rng.choice(["optimal", "infeasible"], p=[0.8, 0.2])
    lie["status"] = np.array(status)
    return lie


@pytest.mark.parametrize(("first", "count"), few(1, [(0, 20), *((first, 50) for first in range(0, 100_000, 500))]))
def test_no_forgery_is_accepted(first: int, count: int) -> None:
    """Self-consistent lies, sealed again: what passes has the best value of all matchings."""
    rng = np.random.default_rng(first)
    for seed in range(first // 10, first // 10 + count):
        case = random_case(np.random.default_rng(seed))
        best = brute_force(case)
        arrays = match(case.market()).to_arrays()
        for _ in range(10):
            lie = forged(arrays, rng)
            claimed = claimed_values(case, lie["pairs"])
            for name in ("level_value", "level_bound"):
                lie[name] = np.array([str(value) for value in claimed], np.str_)
            lie["seal"] = seal(lie)
            try:
                accepted = CHECK(lie) is None
            except (IndexError, ValueError, TypeError, KeyError):
                accepted = False  # the command calls that no proof
            if accepted and str(lie["status"]) == "infeasible":
                assert best is None or not best.pairs
            elif accepted:
                assert lie["pairs"].tolist() in best.pairs, seed


def claimed_values(case: Any, pairs: Any) -> list[int]:
    """Return what the pairs would come to, in the words of the market's levels."""
    market = case.market()
    pairs = np.asarray(pairs).reshape(-1, 2)
    inside = (pairs >= 0).all() and (pairs < [market.num_providers, market.num_recipients]).all()
    if not inside or not market.allows(pairs).all():
        return [0] * len(market.objectives)
    short = market.demand[:, 1] - np.bincount(pairs[:, 1], minlength=market.num_recipients)
    cost = market.pair_cost(pairs)
    return [
        (0 if each.cost_row is None else int(cost[each.cost_row].sum())) + int((short * each.missing).sum())
        for each in market.objectives
    ]


def test_prices_near_the_end_of_64_bits_prove_nothing() -> None:
    """The empty matching of 50 x 50 points with prices that would wrap."""
    arrays = match(Market.from_points(POINTS, POINTS[::-1])).to_arrays()
    for large in (2**40, 2**61, 2**62, 2**63 - 1):
        lie = dict(arrays)
        lie["pairs"] = np.zeros((0, 2), np.int64)
        lie["proof_provider"] = np.zeros((2, 50), np.int64)
        lie["proof_recipient"] = np.array([[large] * 50, [-(10**9)] * 50])
        lie["level_value"] = lie["level_bound"] = np.array(["50", "0"])
        lie["seal"] = seal(lie)
        assert CHECK(lie) is not None
