"""Fuzz of what proves: proofs, pairs, levels and witnesses changed at random and resealed pass for nothing false.

A changed proof may still prove what it proved, since prices are not unique. So a forgery counts as found out unless the
checker accepts a claim that is untrue: a best value that is not the best, or that nothing exists where something does.
"""

from __future__ import annotations

import dataclasses
import random
from functools import cache
from typing import Any

import numpy as np
import pytest
from draws import few
from small_cases import random_instance, random_policy
from test_check_alone import CHECK
from test_market_ties import tied_market
from test_pair_limit import drawn

import matcher
from matcher import Market, Matching, match
from matcher.base.result import Level, Proof
from matcher.market.certificate import values
from matcher.market.check import flaws
from matcher.plan import Plan

#: mutations of one block; 80 blocks of markets and 40 of plans make 100,000
_MARKETS, _PLANS = 1000, 500
_BIG = (1 << 31, 1 << 40, 1 << 60, (1 << 62) - 1, (1 << 63) - 1)


def bent(array: np.ndarray, rng: random.Random) -> np.ndarray:
    """One number, a row or all of an array changed, by a little or by a lot; or its shape."""
    array = array.copy()
    if array.dtype.kind not in "iu" or not array.size:
        return np.ones(2, np.int64) if rng.random() < 0.5 else array
    step = rng.choice((1, -1, 7, -1000, *_BIG, *(-big for big in _BIG)))
    at = tuple(rng.randrange(size) for size in array.shape)
    kind = rng.random()
    with np.errstate(over="ignore"):
        if kind < 0.6:
            array[at] = np.int64(step) if rng.random() < 0.3 else array[at] + np.int64(step)
        elif kind < 0.75:
            array[at[0]] = array[at[0]] + np.int64(step)
        elif kind < 0.85:
            array = array * 0 + np.int64(step)
        elif kind < 0.95:
            array = np.delete(array, at[0], axis=0)
        else:
            array = array[::-1].copy()
    return array


def other_proof(proof: Proof, rng: random.Random) -> Proof:
    """One array bent, dropped or added; or another kind, scope or solver."""
    arrays = dict(proof.arrays)
    kind = rng.random()
    if arrays and kind < 0.7:
        name = rng.choice(sorted(arrays))
        arrays[name] = bent(arrays[name], rng)
    elif arrays and kind < 0.8:
        del arrays[rng.choice(sorted(arrays))]
    elif kind < 0.9:
        arrays[rng.choice(("provider", "hall_recipient", "short_provider", "order_provider", "bound_of"))] = np.array(
            [1]
        )
    scope = rng.choice(("all_pairs", "hall_set", "stable_matchings", "both_levels", "")) if rng.random() < 0.2 else None
    kinds: tuple[Any, ...] = ("certificate", "solver", "none")
    return Proof(
        rng.choice(kinds) if rng.random() < 0.2 else proof.kind,
        proof.scope if scope is None else scope,
        rng.choice((None, "me")) if rng.random() < 0.2 else proof.solver,
        arrays,
    )


def retold(levels: tuple[Level, ...], told: tuple[int, ...] | None, rng: random.Random) -> tuple[Level, ...]:
    """Levels that agree with themselves: values as given or a little off, bounds at them, no gap."""
    found = []
    for position, level in enumerate(levels):
        value = None if told is None else told[position] + (rng.choice((0, 0, 0, 1, -1)))
        bound = value if rng.random() < 0.9 else level.bound
        gap = None if value is None or bound is None else abs(value - bound)
        found.append(dataclasses.replace(level, value=value, bound=bound, gap=gap, conditional=False))
    return tuple(found)


# --- matchings -------------------------------------------------------------------------------------------------------


@cache
def matchings() -> tuple[Matching, ...]:
    """Proved ones of every kind: arcs and matrices, several units, minima that can't be met, stable ones, ties."""
    found = [match(drawn(np.random.default_rng(seed))) for seed in range(40)]
    rng = np.random.default_rng(1)
    for _ in range(20):
        cost = rng.integers(0, 9, rng.integers(1, 6, 2))
        found.append(match(Market.from_matrix(cost, demand=2, unmet_cost=int(rng.integers(0, 9)))))
        found.append(match(Market.from_matrix(rng.permutation(cost.size).reshape(cost.shape)), stability="require"))
        found.append(match(tied_market(rng, minima=True), stability="require"))
    found.append(match(Market.from_matrix([[1, 1]], demand=[(1, 1), (1, 1)])))
    return tuple(found)


def other_pairs(matching: Matching, rng: random.Random) -> Matching:
    """Fewer pairs, other pairs, other units."""
    rows = matching.with_units.tolist()
    kind = rng.random()
    market = matching.market
    if rows and kind < 0.4:
        rows.pop(rng.randrange(len(rows)))
    elif kind < 0.7 and market.num_providers and market.num_recipients:
        new = [rng.randrange(market.num_providers), rng.randrange(market.num_recipients)]
        rows.append(new if matching.units is None else [*new, rng.randint(1, 3)])
    elif rows and matching.units is not None:
        rows[rng.randrange(len(rows))][2] += rng.choice((1, -1, 5))
    elif rows:
        rows[rng.randrange(len(rows))][1] = rng.randrange(market.num_recipients)
    table = np.array(sorted(rows), np.int64).reshape(len(rows), 2 if matching.units is None else 3)
    return matching.replace(pairs=table[:, :2].copy(), units=None if matching.units is None else table[:, 2].copy())


def forged_matching(matching: Matching, rng: random.Random) -> Matching:
    forged = matching
    if rng.random() < 0.5:
        forged = other_pairs(forged, rng)
    if rng.random() < 0.6:
        forged = forged.replace(proof=other_proof(forged.proof, rng))
    if rng.random() < 0.2:
        forged = forged.replace(status=rng.choice(("optimal", "infeasible", "feasible")))
    if forged.status == "infeasible":
        none = np.zeros((0, 2), np.int64)
        forged = forged.replace(pairs=none, units=None if forged.units is None else none[:, 0].copy())
    told: tuple[int, ...] | None = None
    if forged.status != "infeasible":
        try:
            told = values(forged.market, forged.with_units)
        except (IndexError, ValueError):
            told = tuple(0 for _ in forged.levels)
    return forged.replace(levels=retold(forged.levels, told, rng))


def is_true(matching: Matching, forged: Matching) -> bool:
    """Whether what a forged matching claims holds all the same: the best values, or nothing where there is none."""
    if forged.status == "infeasible":
        return matching.status == "infeasible"
    best = tuple(level.value for level in matching.levels)
    if matching.status != "optimal":
        return forged.status != "optimal" and matching.status != "infeasible"
    return tuple(level.value for level in forged.levels) >= best


def passes_alone(matching: Matching) -> bool:
    """Whether the checker of one file accepts it; what it stumbles over is no proof to its command either."""
    try:
        return CHECK(matching.to_arrays()) is None
    except (IndexError, ValueError, TypeError, KeyError):
        return False


@pytest.mark.parametrize("block", few(1, range(80)))
def test_no_forged_matching_is_taken_for_proved(block: int) -> None:
    """Read back from its own sealed bytes, it is refused, or what it says is true; the checker alone agrees."""
    rng = random.Random(block)
    found = matchings()
    for _ in range(_MARKETS if block else _MARKETS // 10):
        matching = rng.choice(found)
        forged = forged_matching(matching, rng)
        try:
            forged = Matching.from_arrays(forged.to_arrays())
        except matcher.InvalidInput:
            continue  # no door lets it in
        if forged.proof.kind == "solver" and not flaws(forged):
            continue  # a solver's word, and said to be one
        if not flaws(forged):
            assert is_true(matching, forged), (block, matching, forged, forged.proof)
        if passes_alone(forged):
            assert is_true(matching, forged), (block, matching, forged, forged.proof)


# --- plans -----------------------------------------------------------------------------------------------------------


@cache
def plans() -> tuple[Plan, ...]:
    """Small plans of every method, some infeasible."""
    found = []
    for seed in range(24):
        rng = random.Random(seed)
        instance, policy = random_instance(rng), random_policy(rng)
        one = {"county_demand": (0, 1), "organization_capacity": (0, 1)} if seed % 2 else {}
        try:
            found.append(matcher.solve(instance, policy.model_copy(update=one), work_limit=300))
        except matcher.InvalidInput:
            continue  # a rule that binds nobody
    return tuple(found)


def forged_plan(plan: Plan, rng: random.Random) -> Plan:
    changes: dict[str, Any] = {}
    if rng.random() < 0.5:
        level = rng.choice(("county_pairs", "school_pairs"))
        pairs = getattr(plan, level)
        keep = np.array([rng.random() < 0.8 for _ in range(len(pairs))], bool)
        changes[level] = pairs[keep]
    if rng.random() < 0.6:
        changes["proof"] = other_proof(plan.proof, rng)
    if rng.random() < 0.3:
        changes["status"] = rng.choice(("optimal", "feasible", "infeasible"))
    status = changes.get("status", plan.status)
    if status == "infeasible":
        none = np.zeros((0, 2), np.int64)
        kinds = ("conflict", "floor", "bounds", "joint_requirements", "no_stable_plan")
        witness = {"kind": rng.choice(kinds), "groups": [], "unmet": rng.randint(0, 3), "side": "recipient", "ids": []}
        changes |= {"county_pairs": none, "school_pairs": none, "witness": plan.witness or witness}
    elif plan.witness is not None:
        changes["witness"] = None
    changes["stop_reason"] = None if status in ("optimal", "infeasible") else "search"
    forged = dataclasses.replace(plan, **changes)
    told = None
    if status != "infeasible":
        found = plan.problem.minimised(forged.both)
        told = tuple(each.shown(value) for each, value in zip(plan.problem.objectives, found, strict=True))
    return dataclasses.replace(forged, levels=retold(forged.levels, told, rng))


@pytest.mark.parametrize("block", few(1, range(40)))
def test_no_forged_plan_is_taken_for_proved(block: int) -> None:
    """ "Proved" is only said of a plan as good as the best, or of no plan where there is none."""
    rng = random.Random(block)
    for _ in range(_PLANS if block else 16):
        plan = rng.choice(plans())
        forged = forged_plan(plan, rng)
        report = matcher.verify(plan.instance, forged)
        if report.finding != "proved":
            continue
        if forged.status == "infeasible":
            assert plan.status in ("infeasible", "unknown"), block
        elif forged.status == "optimal" and plan.status == "optimal":
            assert [level.value for level in forged.levels] == [level.value for level in plan.levels], block
