"""What the checker says of proofs: certificates, witnesses, and what `solve` returns."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from small_plans import small_instance, small_plan

import matcher
from matcher.base.result import Proof
from matcher.outcome.claims import Claims
from matcher.plan import Plan


def certified() -> Plan:
    """The optimum of the small instance with its certificate."""
    plan = matcher.solve(small_instance())
    assert plan.status == "optimal"
    assert plan.proof.kind == "certificate"
    return plan


def with_arrays(claims: Claims, **arrays: Any) -> Claims:
    assert claims.proof is not None
    proof = Proof("certificate", claims.proof.scope, None, MappingProxyType({**claims.proof.arrays, **arrays}))
    return dataclasses.replace(claims, proof=proof)


def test_a_certificate_is_checked_price_by_price() -> None:
    """Any single dual price that is worse by one no longer proves the optimum."""
    claims = Claims.of(certified())
    assert claims.proof is not None
    assert matcher.verify(small_instance(), claims).ok
    refused = 0
    for name in ("county_price", "organization_price"):
        array = claims.proof.arrays[name]
        for place in np.ndindex(array.shape):
            for step in (-1, 1):
                changed = array.copy()
                changed[place] += step
                report = matcher.verify(small_instance(), with_arrays(claims, **{name: changed}))
                assert report.codes in ((), ("certificate_false",))
                refused += not report.ok
    assert refused >= claims.proof.arrays["county_price"].size


@pytest.mark.parametrize("name", ["county_price", "organization_price", "evaluated", "branch_price", "school_price"])
def test_a_certificate_with_a_part_missing_or_misshapen_is_refused(name: str) -> None:
    """Arrays that are not there, cut short, or of another kind prove nothing."""
    claims = Claims.of(certified())
    assert claims.proof is not None
    rest = {key: array for key, array in claims.proof.arrays.items() if key != name}
    without = dataclasses.replace(claims, proof=Proof("certificate", "both_levels", None, MappingProxyType(rest)))
    assert matcher.verify(small_instance(), without).codes == ("certificate_false",)
    for bad in (claims.proof.arrays[name][:-1], claims.proof.arrays[name].astype(np.float64)):
        assert matcher.verify(small_instance(), with_arrays(claims, **{name: bad})).codes == ("certificate_false",)


def test_a_worse_plan_with_the_certificate_of_the_optimum_is_refused() -> None:
    """A plan that is not optimal can't borrow the proof: values that match its pairs don't match the bound."""
    best = certified()
    worse = small_plan(county_pairs=[("U1", "C2"), ("U2", "C1")], school_pairs=[])
    levels = tuple(dataclasses.replace(level, bound=level.value, gap=0) for level in worse.levels)
    claims = dataclasses.replace(Claims.of(worse), status="optimal", levels=levels, proof=best.proof)
    assert matcher.verify(small_instance(), claims).codes == ("certificate_false",)


@pytest.mark.parametrize(
    "policy",
    [
        {"county_demand": [1, 1], "max_county_km": 100},
        {"county_demand": [1, 1], "organization_capacity": [0, 2], "max_county_km": 100},
        {
            "rules": [{"kind": "pin", "level": "county", "provider_id": "U1", "recipient_id": "C3"}],
            "max_county_km": 100,
        },
        {"rules": [{"kind": "floor", "level": "school", "count": "children", "percent": 100}], "max_school_km": 100},
    ],
)
def test_infeasible_plans_are_judged_by_their_witness(policy: dict[str, Any]) -> None:
    """A true witness verifies; one that is changed, or a plan that has none, does not."""
    plan = matcher.solve(small_instance(), matcher.Policy(**policy))
    assert plan.status == "infeasible"
    claims = Claims.of(plan)
    assert matcher.verify(small_instance(), claims).ok
    false = {name: value + 1 if isinstance(value, int) else value for name, value in dict(plan.witness or {}).items()}
    false |= {"groups": []} if "groups" in false else {}
    false |= {"recipient_id": "C1"} if "recipient_id" in false else {}
    assert matcher.verify(small_instance(), dataclasses.replace(claims, witness=false)).codes == ("witness_false",)
    assert "witness_false" in matcher.verify(small_instance(), dataclasses.replace(claims, witness={"kind": "x"})).codes
    assert "witness_missing" in matcher.verify(small_instance(), dataclasses.replace(claims, witness=None)).codes


@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"organization_capacity": 2},
        {"county_demand": 2},
        {"child_km": None},
        {"objectives": ["cover_counties", {"name": "school_travel", "slack_percent": 5}, "fill"]},
        {"within": "province"},
        {"max_school_km": 50},
        {"stability": "require"},
        {"stability": "off"},
    ],
)
def test_what_solve_returns_verifies(policy: dict[str, Any], tmp_path: Path) -> None:
    """Every solved plan keeps the rules and says only what is true, also after saving and loading."""
    plan = matcher.solve(small_instance(), matcher.Policy(**policy))
    assert matcher.verify(small_instance(), plan).codes == ()
    assert matcher.load_plan(plan.save(tmp_path / "out")) == plan
    assert matcher.verify(small_instance(), tmp_path / "out").codes == ()
