"""Relaxation and search for large cases, held on small ones against the textbook model."""

from __future__ import annotations

import itertools
import random
import threading
from typing import Any

import numpy as np
import pytest
from draws import blocks, few
from small_cases import random_instance, random_policy

import matcher
from matcher.base.progress import Budget
from matcher.methods.decomposition.columns import SetProgram
from matcher.methods.decomposition.decompose import Decomposition
from matcher.methods.decomposition.improve import Search
from matcher.methods.decomposition.incumbent import measured
from matcher.methods.decomposition.large import solve_large
from matcher.methods.decomposition.pricing_sets import SetPricing
from matcher.methods.decomposition.relax import Relaxation
from matcher.methods.textbook import solve_textbook
from matcher.problem.problem import Problem
from matcher.proof.hardrules import hard_violations


def compare(seed: int) -> str:
    """Solve the case of `seed` both ways; no bound may cut off the optimum and no plan may break a rule."""
    rng = random.Random(seed)
    problem = Problem.of(random_instance(rng), random_policy(rng))
    exact = solve_textbook(problem, Budget())
    found = solve_large(problem, Budget())
    if found.status == "infeasible":
        assert exact.status == "infeasible", seed
        return "infeasible"
    if found.status == "unknown":
        return "missed" if exact.status == "optimal" else "unknown"
    assert exact.status == "optimal", seed
    assert not hard_violations(problem, found.both), seed
    for objective, best, level in zip(problem.objectives, exact.levels, found.levels, strict=True):
        assert None not in (best.bound, level.value, level.bound)
        optimum, value = objective.minimised(best.bound), objective.minimised(level.value)
        assert objective.minimised(level.bound) <= optimum <= value, (seed, level, best)
        if value > objective.allowance(optimum):
            assert found.status == "feasible", seed
            assert level.gap != 0, (seed, level)
            return "gap"  # the levels after it hold given this one's value only
        if value > objective.allowance(objective.minimised(level.bound)):
            assert found.status == "feasible", seed
            return "unproven"
    return "optimal value"


@pytest.mark.parametrize("seeds", blocks(20, range(60)))
def test_the_best_set_of_a_county_is_found_by_listing_them_all(seeds: range) -> None:
    """At any prices the least cost of a set is that of the best of all sets, and any cut search gives a bound on it."""
    num_sets = 0
    for seed in seeds:
        rng = random.Random(seed)
        problem = Problem.of(random_instance(rng), matcher.Policy(county_demand=(rng.randint(0, 1), 2)))
        work = Decomposition(problem, Budget())
        work.prepare()
        last = [objective.name for objective in problem.objectives].index("convenience")
        mix = work.mix(work.weights(last, 10**9))
        cost = work.relaxation.pair_cost(mix)
        assert cost is not None
        search = Search(problem, work.relaxation, mix, work.relaxation.worth(mix), Budget())
        pricing = SetPricing(problem, work.relaxation, mix, cost, search)
        draw = np.random.default_rng(seed)
        price = draw.integers(0, 30_000, len(pricing.capacity))
        pricing.start_from(draw.integers(0, 20_000, len(pricing.place_price)).astype(np.float64))
        allowed = work.relaxation.transport.allowed
        for county in range(len(pricing.low)):
            owners = [owner for owner in np.flatnonzero(allowed[:, county]).tolist() if pricing.capacity[owner]]
            sets = [some for size in range(3) for some in itertools.combinations(owners, size)]
            complete = [some for some in sets if pricing.is_complete(county, some)]
            if not complete:
                continue
            num_sets += len(complete)
            best = min(search.value(county, some) + int(price[list(some)].sum()) for some in complete)
            assert pricing.least(county, price, 0, Budget())[0] <= best, (seed, county)
            assert pricing.least(county, price, 10**6, Budget()) == (best, best), (seed, county)
    assert num_sets > 5 * len(seeds)


@pytest.mark.parametrize("seeds", blocks(8, range(25)))
def test_whole_sets_never_cut_off_a_plan(seeds: range) -> None:
    """The bound of the program over sets, and what its plans cost, stand on either side of the textbook optimum."""
    for seed in seeds:
        rng = random.Random(seed)
        instance = random_instance(rng).model_copy(update={"locks": ()})
        problem = Problem.of(instance, matcher.Policy(objectives=["convenience"], county_demand=(0, 2)))
        exact = solve_textbook(problem, Budget())
        if exact.status != "optimal":
            continue
        work = Decomposition(problem, Budget())
        work.offer(measured(problem, exact.both))
        work.prepare()
        mix = work.mix([1])
        cost = work.relaxation.pair_cost(mix)
        assert cost is not None
        search = Search(problem, work.relaxation, mix, work.relaxation.worth(mix), Budget())
        pricing = SetPricing(problem, work.relaxation, mix, cost, search)
        program = SetProgram(pricing, np.zeros(len(pricing.capacity), dtype=np.int64))
        optimum = problem.objectives[0].minimised(exact.levels[0].value)
        kept = pricing.keep(exact.county_pairs)
        if (problem.capacity("county")[:, 1] <= 1).all() and not (problem.capacity("school")[:, 0]).any():
            assert kept <= optimum, seed
        for _ in range(4):
            assert program.step(100, Budget())
            program.refine(Budget())
            assert program.bound is not None
            assert program.bound <= optimum, seed
            program.move(kept)


@pytest.mark.parametrize("block", few(1, range(300)))
def test_bounds_hold_and_plans_keep_the_rules(block: int) -> None:
    ends = [compare(seed) for seed in range(block * 8, block * 8 + 8)]
    assert ends.count("optimal value") > 0, ends
    assert ends.count("missed") < 5, ends


def test_workers_share_the_relaxation_and_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of rows on several threads: the same worth, bound and pairs."""
    monkeypatch.setattr("matcher.proof.priced_places._ROWS", 1)
    names = set()
    fill = Relaxation._fill

    def watched(*arguments: Any) -> None:
        names.add(threading.current_thread().name)
        fill(*arguments)

    monkeypatch.setattr(Relaxation, "_fill", watched)
    for seed in range(20):
        rng = random.Random(seed)
        problem = Problem.of(random_instance(rng), matcher.Policy(county_demand=(0, 2)))
        found = []
        for workers in (1, 2):
            work = Decomposition(problem, Budget(workers=workers))
            work.prepare()
            mix = work.mix(work.weights(work.main, 10**9))
            found.append(work.evaluate(mix, work.relaxation.pair_cost(mix), work.no_price))
        one, two = found
        assert (one.bound, one.worth.tolist()) == (two.bound, two.worth.tolist())
        assert np.array_equal(one.county_pairs, two.county_pairs)
    assert len(names) > 1
