"""What `verify` says in one word: proved, claimed or false; and that no lie is proved."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from draws import few
from small_plans import small_instance

import matcher
from matcher.base.result import Level, Proof
from matcher.plan import Plan
from matcher.stable.closure import Implications, Network

CHANGES = {"kind": "max_changes", "level": "county", "most": 0}
POLICIES: dict[str, dict[str, Any]] = {
    "joint": {},
    "capped": {"objectives": ["cover_counties", "convenience"], "rules": [CHANGES]},
    "stable": {"stability": "require"},
    "general": {"county_demand": 2},
    "nothing": {"county_demand": [1, 1], "max_county_km": 100},
    "floor": {"rules": [{"kind": "floor", "percent": 100}], "max_school_km": 100},
    "conflict": {"rules": [CHANGES, {"kind": "pin", "level": "county", "provider_id": "U3", "recipient_id": "C3"}]},
}
FINDINGS = {"general": "claimed", "conflict": "claimed"}


def solved(name: str) -> Plan:
    return matcher.solve(small_instance(), matcher.Policy(**POLICIES[name]))


@pytest.mark.parametrize("name", POLICIES)
def test_what_was_recomputed_is_told_from_what_was_claimed(name: str) -> None:
    """Certificates and witnesses in the bounds are proved, a solver's word is claimed."""
    report = matcher.verify(small_instance(), solved(name))
    assert report.ok
    assert report.finding == FINDINGS.get(name, "proved")
    assert report.to_json()["finding"] == report.finding
    for lang, word in (("en", {"proved": "Proved", "claimed": "Claimed"}), ("zh", {"proved": "已证明"})):
        assert report.summary(lang).startswith(word.get(report.finding, ""))  # type: ignore[arg-type]


def test_a_plan_made_by_hand_proves_nothing_of_other_plans() -> None:
    report = matcher.verify(small_instance(), Plan.from_pairs(small_instance(), county_pairs=[("U1", "C1")]))
    assert (report.ok, report.finding) == (True, "claimed")


def optimal_by_word(plan: Plan, solver: str | None = "my word") -> Plan:
    levels = tuple(
        Level.proved(each.name, each.sense, each.unit, each.value or 0, "mip", "both_levels") for each in plan.levels
    )
    kind: Any = "certificate" if solver is None else "solver"
    proof = Proof(kind, "both_levels", solver, plan.proof.arrays)
    return dataclasses.replace(plan, status="optimal", stop_reason=None, levels=levels, proof=proof)


@pytest.mark.parametrize("name", ["joint", "capped"])
def test_a_bare_word_is_no_proof_where_there_are_prices(name: str) -> None:
    """The empty plan, and the true optimum too."""
    policy = matcher.Policy(**POLICIES[name])
    for plan in (Plan.from_pairs(small_instance(), policy=policy), solved(name)):
        assert "certificate_missing" in matcher.verify(small_instance(), optimal_by_word(plan)).codes


@pytest.mark.parametrize("price", [2**61, 2**62, 2**63 - 1, -1])
def test_a_price_on_changes_that_could_wrap_proves_nothing(price: int) -> None:
    plan = solved("capped")
    arrays = {**plan.proof.arrays, "change_price": np.array([0, price], dtype=np.int64)}
    worse = Plan.from_pairs(small_instance(), county_pairs=[("U1", "C1")], policy=plan.policy)
    lie = dataclasses.replace(worse, proof=Proof("certificate", "both_levels", None, MappingProxyType(arrays)))
    assert matcher.verify(small_instance(), optimal_by_word(lie, None)).finding == "false"


@pytest.mark.parametrize(
    "witness",
    [
        {"kind": "conflict", "groups": ["no such rule"]},
        {"kind": "conflict", "groups": []},
        {"kind": "conflict", "groups": [{"rule": "pins", "details": {"of": "county"}, "least": None, "most": None}]},
        {"kind": "conflict", "groups": [{"rule": "load", "details": {}, "least": None, "most": 1}]},
        {"kind": "floor", "row": 0, "needed": 1, "bound": 0, "rule": "floor", "details": {}},
        {"kind": "no_stable_plan", "level": "county", "reason": "minimum"},
        {"kind": "joint_requirements", "unmet": 1},
        {"kind": "hall", "level": "county", "side": "recipient", "ids": ["C1"], "needed": 2, "available": 1},
    ],
)
@pytest.mark.parametrize("name", ["joint", "capped", "general", "stable"])
def test_a_made_up_reason_does_not_make_a_problem_impossible(name: str, witness: dict[str, Any]) -> None:
    plan = solved(name)
    assert plan.status in ("optimal", "feasible")
    none = tuple(Level(each.name, each.sense, each.unit, None, None) for each in plan.levels)
    empty = Plan.from_pairs(small_instance(), policy=plan.policy)
    proof = Proof("solver", "both_levels", "my word")
    lie = dataclasses.replace(empty, status="infeasible", levels=none, witness=witness, proof=proof)
    assert matcher.verify(small_instance(), lie).finding == "false"


def test_a_named_set_that_a_plan_keeps_is_no_conflict() -> None:
    """What is named must do without what is not named."""
    plan = solved("conflict")
    assert plan.status == "infeasible"
    assert plan.witness is not None
    groups = [group for group in plan.witness["groups"] if group["rule"] != "pins"]
    assert len(groups) < len(plan.witness["groups"])
    fewer = dataclasses.replace(plan, witness={**plan.witness, "groups": groups})
    assert matcher.verify(small_instance(), plan).finding == "claimed"
    assert matcher.verify(small_instance(), fewer).finding == "false"


def test_a_flow_that_would_wrap_is_no_flow() -> None:
    """What comes into a node is summed without a width."""
    none = np.zeros(0, dtype=np.int64)
    arcs = np.zeros(4, dtype=np.int64)
    network = Network.of(Implications(1, none, none), np.array([-(2**61)], dtype=np.int64))
    wide = dataclasses.replace(network, tail=arcs + 1, head=arcs, capacity=np.full(4, 2**62, dtype=np.int64))
    assert not wide.carries(np.full(4, 2**62, dtype=np.int64))


@pytest.mark.parametrize("number", [1.0, True, np.int64(3), float("inf")])
def test_levels_are_whole_numbers(number: Any) -> None:
    plan = solved("joint")
    levels = (dataclasses.replace(plan.levels[0], bound=number), *plan.levels[1:])
    assert "level_inexact" in matcher.verify(small_instance(), dataclasses.replace(plan, levels=levels)).codes


def lie_of(plan: Plan, rng: np.random.Generator) -> Plan:
    """Return another plan with claims that agree with each other, and with parts of the proof of this one changed."""
    keep = [rng.random(len(pairs)) < 0.7 for pairs in (plan.both)]
    kept = [pairs[chosen] for pairs, chosen in zip(plan.both, keep, strict=True)]
    providers = [plan.problem.arrays.sides(level) for level in ("county", "school")]
    ids = [
        [(nodes[0].ids[p], nodes[1].ids[r]) for p, r in pairs.tolist()]
        for nodes, pairs in zip(providers, kept, strict=True)
    ]
    hand = Plan.from_pairs(plan.instance, county_pairs=ids[0], school_pairs=ids[1], policy=plan.policy)
    arrays = {name: array.copy() for name, array in plan.proof.arrays.items()}
    for _ in range(rng.integers(0, 4)):
        name = str(rng.choice(sorted(arrays))) if arrays else ""
        if name and arrays[name].size:
            step = rng.choice([-1, 1, 7, 2**31, 2**59, -(2**61), 2**63 - 1])
            at = rng.integers(arrays[name].size) if rng.random() < 0.7 else slice(None)
            arrays[name].reshape(-1)[at] += step
    hand = dataclasses.replace(hand, proof=Proof("certificate", plan.proof.scope, None, MappingProxyType(arrays)))
    scope = {"scope": plan.proof.scope}
    if rng.random() < 0.2:
        none = tuple(Level(each.name, each.sense, each.unit, None, None) for each in plan.levels)
        empty = Plan.from_pairs(plan.instance, policy=plan.policy)
        groups = [{"rule": str(rng.choice(["pins", "max_changes", "cap"])), "details": {"of": "county"}}]
        witness = {"kind": str(rng.choice(["hall", "conflict", "joint_requirements"])), "groups": groups, "unmet": 1}
        return dataclasses.replace(empty, status="infeasible", levels=none, witness=witness, proof=hand.proof)
    lie = optimal_by_word(hand, None)
    return dataclasses.replace(lie, proof=Proof("certificate", scope["scope"], None, hand.proof.arrays))


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("seed", few(1, range(401)))
def test_no_mutation_is_proved(seed: int) -> None:
    """Some lies a draw, a hundred thousand in all: what is called proved has the values of the true optimum."""
    rng = np.random.default_rng(seed)
    for name in ("joint", "capped", "stable"):
        plan = BEST.setdefault(name, solved(name))
        assert plan.status == "optimal"
        best = plan.problem.minimised(plan.both)
        for _ in range(84 if seed else 9):
            lie = lie_of(plan, rng)
            if matcher.verify(plan.instance, lie).finding == "proved":
                assert lie.status == "optimal"
                assert plan.problem.minimised(lie.both) == best


BEST: dict[str, Plan] = {}


def test_ties_are_no_reason_to_call_a_pin_impossible() -> None:
    """All distances tie: a weakly stable plan keeps the pin, though the order that breaks ties does not."""
    at = {"lat": 26, "lon": 105}
    lock = {"level": "county", "provider_id": "o2", "recipient_id": "c1", "kind": "pin"}
    instance = matcher.Instance(
        organizations=[matcher.Organization(id=f"o{i}", **at) for i in (1, 2)],
        counties=[matcher.County(id="c1", **at)],
        locks=[lock],
    )
    plan = matcher.solve(instance, matcher.Policy(stability="require"))
    assert plan.status == "optimal"
    assert plan.county_pairings["organization_id"].tolist() == ["o2"]
    report = matcher.verify(instance, plan)
    assert report.ok
    none = tuple(Level(each.name, each.sense, each.unit, None, None) for each in plan.levels)
    empty = Plan.from_pairs(instance, policy=plan.policy)
    witness = {"kind": "no_stable_plan", "level": "county", "reason": "pin_unstable", "pairs": [["o2", "c1"]]}
    lie = dataclasses.replace(empty, status="infeasible", levels=none, witness=witness)
    assert matcher.verify(instance, lie).finding == "false"
