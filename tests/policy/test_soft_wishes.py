"""Wishes at a rate, rows over several pairs, and columns that are compared, against enumeration of every plan."""

from __future__ import annotations

import random
from typing import Any

import pytest
from draws import few
from enumeration import Enumeration, agree
from small_cases import KINDS, random_instance
from small_plans import small_instance

import matcher
from matcher import InvalidInput, Policy
from matcher.facts import Facts
from matcher.policy.fitting import faults_of_policy
from matcher.policy.rules import Selector
from matcher.words.catalogue import LANGS


def random_wishes(rng: random.Random) -> list[dict[str, Any]]:
    """One to three wishes, soft or hard."""
    level = rng.choice(["county", "school"])
    km = rng.choice([0.5, 3, 12, 40])
    rate = rng.choice([{}, {"km": km}, {"km": km}])
    compared = {"where": {"children": f">={rng.randint(2, 6)}"}}
    possible: list[dict[str, Any]] = [
        {"kind": "prefer", "level": level, "within": "province", "km": km},
        {"kind": "prefer", "level": "county", "provider": {"kinds": [rng.choice(KINDS)]}, "km": km},
        {"kind": "prefer", "level": "school", "provider": {"ids": ["B0"]}, "recipient": compared, "km": km},
        {"kind": "partners", "level": "school", "by": rng.choice(["key", "county", "all"]), **rate},
        {"kind": "partners", "level": "school", "provider": {"ids": ["B0", "B1"]}, **rate},
        {"kind": "partners", "level": "county", "provider": {"ids": ["O0", "O1"]}, **rate},
        {"kind": "partners", "level": "county", "by": "province", "most": rng.randint(1, 2), **rate},
        {"kind": "kind_balance", "most": rng.randint(0, 1), **rate},
        {"kind": "kind_balance", "by": "neighbours", "near_km": 25, "kinds": list(KINDS[:2]), **rate},
        {"kind": "reach", "level": level, "max_km": rng.choice([10, 20]), "beyond": rng.randint(1, 2)},
        {"kind": "forbid", "level": "school", "provider": {"ids": ["B1"]}, "recipient": compared},
    ]
    return rng.sample(possible, rng.randint(1, 3))


def random_case(seed: int) -> tuple[matcher.Instance, Policy]:
    """A small instance under wishes; every second one to one, so that a flow can carry them."""
    rng = random.Random(seed)
    fields: dict[str, Any] = {"child_km": rng.choice([1, 3.3, 10]), "change_cost_km": rng.choice([0, 7])}
    if rng.random() < 0.5:
        fields |= {"county_demand": 1, "organization_capacity": 1}
    if rng.random() < 0.5:
        names = ["county_travel", "school_travel", "cover_schools", "cover_counties", "convenience"]
        names += ["worst_county_travel", "fewest_organizations"]
        chosen = {*rng.sample(names, 3), "county_travel", "convenience"} - {"cover_counties"}
        fields["objectives"] = ["cover_counties", *sorted(chosen)]
    return random_instance(rng), Policy(rules=random_wishes(rng), **fields)


def check(seed: int) -> str:
    """Solve the case of `seed` both ways; return how it ended."""
    instance, policy = random_case(seed)
    if any(fault.code == "selects_nobody" for fault in faults_of_policy(policy, Facts(instance, policy.travel))):
        return "refused"
    plan = matcher.solve(instance, policy)
    oracle = Enumeration(instance, policy)
    best = oracle.best()
    report = matcher.verify(instance, plan, policy)
    assert report.ok, (seed, report)
    if best is None:
        assert plan.status == "infeasible", (seed, plan.status)
        return "infeasible"
    assert plan.status == "optimal", (seed, plan.status, plan.witness)
    agree(oracle, best, plan.levels, seed)
    assert report.finding == "proved" or plan.proof.kind == "solver", (seed, report.finding)
    return str(plan.proof.kind)


@pytest.mark.parametrize("seeds", few(1, [range(8), *(range(first, first + 20) for first in range(0, 2000, 20))]))
def test_equals_enumeration(seeds: range) -> None:
    """Each level has the value of the best plan; preferences alone keep the certificate of a flow."""
    ends = [check(seed) for seed in seeds]
    assert ends.count("solver") > len(seeds) // 5
    assert ends.count("certificate") > 0


def test_a_rate_is_paid_in_the_unit_and_the_objectives_of_its_level() -> None:
    """Else the rule would bind nobody without a word."""
    wish = {"kind": "prefer", "level": "county", "within": "province", "km": 5}
    for fields, column in (
        ({"county_cost": "min"}, "rules.0.min"),
        ({"objectives": ["cover_counties", "convenience"]}, "rules.0"),
    ):
        with pytest.raises(InvalidInput) as caught:
            Policy(rules=[wish], **fields)
        assert [fault.column for fault in caught.value.faults] == [column]
        assert all(fault.message(lang) for fault in caught.value.faults for lang in LANGS)


@pytest.mark.parametrize("rule", [{"km": 5}, {"within": "province"}, {"within": "province", "km": True}])
def test_a_preference_that_says_nothing_is_refused(rule: dict[str, Any]) -> None:
    """For everybody, without a rate, with true for a number."""
    with pytest.raises(InvalidInput):
        Policy(rules=[{"kind": "prefer", "level": "county", **rule}])


def test_the_way_of_a_pair_outside_stays_its_way() -> None:
    """Only what counts is farther: kilometres of pairs and metrics are those of the map."""
    wish = {"kind": "prefer", "level": "county", "provider": {"ids": "U3"}, "km": 1}
    free, wished = (matcher.solve(small_instance(), Policy(rules=rules)) for rules in ([], [wish]))
    assert free.county_pairings["km"].sum() == pytest.approx(wished.county_pairings["km"].sum())
    outside = int((wished.county_pairings["organization_id"] != "U3").sum())
    travel = [{level.name: level.value for level in plan.levels}["county_travel"] for plan in (free, wished)]
    assert travel[1] - travel[0] == 1000 * outside > 0


def test_a_broken_row_is_named_by_the_check() -> None:
    """Each of the rows over several pairs, in both languages."""
    rules = [
        {"kind": "partners", "level": "school", "by": "county"},
        {"kind": "reach", "level": "school", "max_km": 1, "beyond": 1},
        {"kind": "kind_balance", "by": "all", "most": 0},
    ]
    plan = matcher.Plan.from_pairs(
        small_instance(),
        county_pairs=[("U1", "C1"), ("U2", "C2")],
        school_pairs=[("B1", "S1"), ("B2", "S2"), ("B3", "S4")],
    )
    report = matcher.verify(plan.instance, plan, Policy(rules=rules))
    codes = {violation.code for violation in report.violations}
    assert {"partners", "far_pairs", "kind_balance"} <= codes
    assert all(report.summary(lang) for lang in LANGS)


def test_a_wish_is_paid_only_where_it_is_broken() -> None:
    """One branch a county where the rate is worth it; none without."""
    wish = {"kind": "partners", "level": "school", "by": "county", "km": 5000}
    free, wished = (matcher.solve(small_instance(previous=()), Policy(rules=rules)) for rules in ([], [wish]))
    used = [plan.school_pairings.groupby("county_id")["branch_id"].nunique().max() for plan in (free, wished)]
    assert used[0] > used[1] == 1


def test_selectors_compare() -> None:
    """Signs of either width, own columns and ours; a row without a number is not meant."""
    instance = small_instance()
    facts = matcher.solve(instance, Policy()).problem.facts
    chosen = Selector(where={"children": "≥ 80"}).mask(facts, "schools")
    assert [school.id for school, is_in in zip(instance.schools, chosen, strict=True) if is_in] == ["S1", "S2", "S4"]
    assert Selector(where={"note": "!=近"}).count(facts, "schools") == 5
    assert Selector(where={"儿童数": "＜60"}).count(facts, "schools") == 2
