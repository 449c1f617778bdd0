"""Stable matchings under ties: what is claimed, over which order, and what is never claimed."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from draws import blocks

import matcher
from matcher import Market, Matching, match
from matcher.base.progress import Budget
from matcher.base.result import Proof
from matcher.market.check import flaws
from matcher.market.preferences import blocking
from matcher.market.stable import SCOPE_ORDER, SCOPE_WEAK, solve_stable


def tied_market(rng: np.random.Generator, *, minima: bool) -> Market:
    """At most 4 x 4, ranks of 1 or 2, places of 0 to 2."""
    P, R = rng.integers(1, 5, 2)
    here = rng.random((P, R)) < 0.7
    p, r = np.nonzero(here)
    options: dict[str, Any] = {}
    for name, count in (("capacity", P), ("demand", R)):
        most = rng.integers(0, 3, count)
        least = rng.integers(0, most + 1) if minima and rng.random() < 0.5 else np.zeros(count, int)
        options[name] = np.column_stack([least, most])
    if rng.random() < 0.5:
        options["unmet_cost"] = int(rng.integers(0, 9))
    ranks = {f"{side}_rank": rng.integers(1, 3, len(p)) for side in ("provider", "recipient")}
    return Market.from_arcs(p, r, rng.integers(0, 9, len(p)), num_providers=P, num_recipients=R, **options, **ranks)


def best_weakly_stable(market: Market) -> tuple[int, ...] | None:
    """The best values over all weakly stable matchings within all bounds, by trying every set of arcs."""
    ends = np.column_stack([market.provider_idx, market.recipient_idx])
    best = None
    for bits in product((False, True), repeat=len(ends)):
        pairs = ends[np.array(bits, bool)]
        used = [
            np.bincount(pairs[:, side], minlength=n)
            for side, n in enumerate((len(market.capacity), len(market.demand)))
        ]
        bounds = (market.capacity, market.demand)
        if any(((u < b[:, 0]) | (u > b[:, 1])).any() for u, b in zip(used, bounds, strict=True)):
            continue
        if len(blocking(market, pairs)):
            continue
        value = matcher.market.certificate.values(market, pairs)
        best = value if best is None else min(best, value)
    return best


def hold(seeds: range, *, minima: bool) -> None:
    for seed in seeds:
        market = tied_market(np.random.default_rng(seed), minima=minima)
        if market.num_arcs > 11:
            continue
        best = best_weakly_stable(market)
        found = match(market, stability="require")
        assert not flaws(found), seed
        assert Matching.from_bytes(found.to_bytes()) == found
        if best is None:
            assert found.status == "infeasible", seed
            with pytest.raises(matcher.InfeasibleError):
                found.raise_for_status()
            continue
        assert found.status == "optimal", seed
        values = tuple(level.value for level in found.levels)
        if found.proof.scope == SCOPE_ORDER:  # one that meets the minima; the best of its order
            assert values >= best, seed
        else:
            assert values == best, seed


@pytest.mark.parametrize("seeds", blocks(10, range(25)))
def test_the_best_weakly_stable_matching_of_small_markets_is_found(seeds: range) -> None:
    """Against all sets of arcs: infeasible only where there is none, and nothing better where it says so."""
    hold(seeds, minima=False)
    hold(seeds, minima=True)


@pytest.mark.slow
def test_ties_hold_over_many_markets() -> None:
    """The same over thousands."""
    hold(range(100, 4000), minima=True)
    hold(range(100, 2000), minima=False)


def one_sided() -> Market:
    """p0 takes r0 or r1 alike, p1 only r0, r0 likes p0 best: by position one is served, at best both."""
    ranks = {"provider_rank": [1, 1, 1], "recipient_rank": [1, 1, 2]}
    return Market.from_arcs([0, 0, 1], [0, 1, 0], [0, 0, 0], num_providers=2, num_recipients=2, **ranks)


def chains(count: int, **options: Any) -> Market:
    """Many such markets beside each other, too many arcs for the program."""
    p, r = (np.add.outer(2 * np.arange(count), ends).ravel() for ends in ([0, 0, 1], [0, 1, 0]))
    ranks = {"provider_rank": np.ones(3 * count, int), "recipient_rank": np.tile([1, 1, 2], count)}
    return Market.from_arcs(p, r, 0 * p, num_providers=2 * count, num_recipients=2 * count, **ranks, **options)


def test_a_larger_matching_is_found_or_its_absence_told() -> None:
    """Found where the market is small; where it is not, the matching says that it was not looked for."""
    both = match(one_sided(), stability="require")
    assert (both.pairs.tolist(), both.proof.kind, both.proof.scope) == ([[0, 1], [1, 0]], "solver", SCOPE_WEAK)
    assert not both.notices
    large = match(chains(300), stability="require")
    assert len(large.pairs) == 300
    assert [notice.code for notice in large.notices] == ["ties_broken"]
    assert all(notice.text("zh") for notice in large.notices)


def test_minima_are_met_by_another_order_without_a_program() -> None:
    """Who goes short wins the ties; the proof stores the order, and no other order passes for it."""
    market = chains(12_000, demand=np.ones((24_000, 2), int))
    found = match(market, stability="require")
    assert (found.status, found.proof.scope, len(found.pairs)) == ("optimal", SCOPE_ORDER, 24_000)
    assert not flaws(found)
    arrays = dict(found.proof.arrays)
    arrays["order_provider"] = -arrays["order_provider"]
    forged = found.replace(proof=Proof("certificate", SCOPE_ORDER, None, arrays))
    assert [flaw.code for flaw in flaws(forged)]


def test_a_lottery_is_drawn_from_its_seed() -> None:
    """The same seed, the same matching; over seeds everybody of equals wins about as often."""
    market = Market.from_matrix(np.zeros((1, 4), int), capacity=1)
    winners = [int(match(market, stability="require", tie_seed=seed).pairs[0, 1]) for seed in range(200)]
    assert np.bincount(winners, minlength=4).min() > 25
    again = match(market, stability="require", tie_seed=7)
    assert again == match(market, stability="require", tie_seed=7)
    assert not flaws(again)
    for wrong in ({"tie_seed": -1}, {"tie_seed": 1.5}, {"tie_seed": True}):
        with pytest.raises(matcher.InvalidInput):
            match(market, stability="require", **wrong)
    with pytest.raises(matcher.InvalidInput):
        match(market, tie_seed=1)


def test_a_weak_claim_about_strict_preferences_is_refused() -> None:
    """Where there is a certificate, a solver's word is none."""
    market = Market.from_matrix([[4, 1], [2, 3]])
    found = match(market, stability="require")
    assert [flaw.code for flaw in flaws(found.replace(proof=Proof("solver", SCOPE_WEAK, "me")))]
    tied = match(one_sided(), stability="require")
    empty = tied.replace(pairs=np.zeros((0, 2), np.int64))
    assert [flaw.code for flaw in flaws(empty)]


def test_what_was_not_decided_is_unknown() -> None:
    """Without work left nothing is said of minima that the order of positions misses."""
    market = Market.from_arcs(
        [0, 0, 1],
        [0, 1, 0],
        [0, 0, 0],
        num_providers=2,
        num_recipients=2,
        demand=[(1, 1), (1, 1)],
        provider_rank=[1, 1, 1],
        recipient_rank=[1, 1, 2],
    )
    budget = Budget(work_limit=0)
    found = solve_stable(market, budget)
    assert (found.status, found.stop_reason) == ("unknown", "work")
    assert not flaws(found)


def test_a_relaxed_match_without_work_returns_the_stable_matching() -> None:
    """It starts from the plan of `require`, and its bound is that of the market without stability at least."""
    rng = np.random.default_rng(3)
    market = Market.from_matrix(rng.integers(1, 4, (30, 30)))
    found = matcher.study.relaxed_match(market, max_blocking=0, work_limit=1)
    assert found.status in ("optimal", "feasible")
    assert len(found.pairs) == 30
    assert found.levels[0].bound == 0
