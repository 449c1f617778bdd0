"""Ways out of infeasible plans: the conflict is irreducible, the first way out is cheapest, each gives a plan."""

from __future__ import annotations

import copy
import pickle
import random
from itertools import combinations

import pytest
from draws import few
from small_cases import random_instance

import matcher
from matcher.advice import WaysOut
from matcher.advice.demands import demands_of, without


def contradicting(rng: random.Random) -> tuple[matcher.Instance, matcher.Policy]:
    """A random instance with demands of every kind, more than it can bear as often as not."""
    instance = random_instance(rng)
    locks, minima = list(instance.locks), {}
    for _ in range(rng.randint(0, 3)):
        level, (p, r) = rng.choice([("county", ("organizations", "counties")), ("school", ("branches", "schools"))])
        pair = {"provider_id": rng.choice(getattr(instance, p)).id, "recipient_id": rng.choice(getattr(instance, r)).id}
        if all((lock.level, lock.provider_id, lock.recipient_id) != (level, *pair.values()) for lock in locks):
            locks.append(matcher.Lock(level=level, kind=rng.choice(["pin", "pin", "forbid"]), **pair))
    for table, field in (("counties", "demand"), ("schools", "demand"), ("organizations", "capacity")):
        minima[table] = [
            row.model_copy(update={field: (min(1, getattr(row, field)[1]), getattr(row, field)[1])})
            if rng.random() < 0.25
            else row
            for row in getattr(instance, table)
        ]
    fields = {"max_school_km": rng.choice([None, 12]), "max_county_km": rng.choice([None, None, 9.0])}
    fields["within"] = rng.choice([None, None, "province"])
    rules = [
        {"kind": "floor", "level": rng.choice(["county", "school"]), "percent": rng.choice([60, 100])},
        {"kind": "load", "table": "branches", "most": 1},
        {"kind": "forbid", "level": "school", "recipient": {"ids": ["S0"]}},
    ]
    objectives = rng.choice([["count_schools"], [{"name": "county_travel", "at_most": 5}, "count_schools"]])
    policy = matcher.Policy(objectives=objectives, rules=rng.sample(rules, rng.randint(0, 2)), **fields)
    return matcher.Instance(**(dict(instance) | {"locks": locks} | minima)), policy


def has_plan(instance: matcher.Instance, policy: matcher.Policy) -> bool:
    status = matcher.solve(instance, policy).status
    assert status in ("optimal", "infeasible")
    return status == "optimal"


def held(instance: matcher.Instance, policy: matcher.Policy) -> WaysOut | None:
    """Judge the ways out of an infeasible case by solves; None if it is feasible."""
    plan = matcher.solve(instance, policy)
    if plan.status != "infeasible":
        return None
    found = plan.repairs(3)
    everything = demands_of(instance, policy)
    assert found.irreducible
    assert not has_plan(*without(instance, policy, set(everything) - set(found.conflict)))
    for demand in found.conflict:
        kept = set(found.conflict) - {demand}
        assert has_plan(*without(instance, policy, set(everything) - kept)), demand
    sizes = [len(repair.demands) for repair in found.repairs]
    assert sizes == sorted(sizes)
    assert found.repairs
    assert found.repairs[0].cheapest
    for size in range(sizes[0]):
        for given_up in combinations(everything, size):
            assert not has_plan(*without(instance, policy, given_up)), given_up
    for repair in found.repairs:
        assert has_plan(*repair.apply(instance, policy)), repair
    assert found.text("en")
    assert found.text("zh")
    return found


@pytest.mark.parametrize("first", few(1, range(0, 40, 2)))
def test_ways_out_of_random_cases(first: int) -> None:
    found = [held(*contradicting(random.Random(seed))) for seed in range(first, first + 2)]
    assert len(found) == 2


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 5000, 50))
def test_ways_out_of_many_random_cases(first: int) -> None:
    found = [held(*contradicting(random.Random(seed))) for seed in range(first, first + 50)]
    assert sum(each is not None for each in found) > 10


def test_a_single_floor_is_lowered_to_what_can_be_reached() -> None:
    schools = [matcher.School(id=f"S{i}", county_id="C1", children=10 * i, lat=26, lon=105) for i in (1, 2, 3)]
    instance = matcher.Instance(
        organizations=[matcher.Organization(id="U1", lat=26, lon=105)],
        branches=[matcher.Branch(id="B1", organization_id="U1", capacity=2)],
        counties=[matcher.County(id="C1", lat=26, lon=105)],
        schools=schools,
    )
    policy = matcher.Policy(rules=[{"kind": "floor", "level": "school", "percent": 100}])
    (repair,) = matcher.solve(instance, policy).repairs().repairs
    assert [change.kind for change in repair.changes] == ["lowers"]
    assert repair.changes[0].number == 50
    assert has_plan(*repair.apply(instance, policy))


def test_a_plan_that_is_there_needs_no_way_out() -> None:
    found = matcher.solve(matcher.example()).repairs()
    assert (found.conflict, found.repairs) == ((), ())


def crowded() -> matcher.Plan:
    """Two counties that want somebody each, and one organisation."""
    counties = [matcher.County(id=f"C{i}", lat=26, lon=105 + i, demand=(1, 1)) for i in (1, 2)]
    organization = matcher.Organization(id="U1", lat=26, lon=105)
    return matcher.solve(matcher.Instance(organizations=[organization], counties=counties))


@pytest.mark.parametrize("cross", [lambda error: error, lambda error: pickle.loads(pickle.dumps(error)), copy.deepcopy])
def test_the_error_of_an_infeasible_plan_leads_to_its_ways_out(cross) -> None:
    plan = crowded()
    with pytest.raises(matcher.InfeasibleError) as caught:
        plan.raise_for_status()
    error = cross(caught.value)
    assert error == caught.value
    found = error.repairs(2, time_limit_s=60)
    assert found == plan.repairs(2)
    for repair in found.repairs:
        assert has_plan(*repair.apply(plan.instance, plan.policy))


def test_the_error_of_an_infeasible_market_leads_to_its_ways_out() -> None:
    market = matcher.Market.from_matrix([[1, 1]], demand=[(1, 1), (1, 1)])
    with pytest.raises(matcher.InfeasibleError) as caught:
        matcher.match(market).raise_for_status()
    again = pickle.loads(pickle.dumps(caught.value))
    assert again == caught.value
    assert [way.given_up for way in again.repairs(1).repairs] == [1]
    assert matcher.match(again.repairs(1).repairs[0].apply(market)).status == "optimal"


def test_an_error_of_nothing_knows_no_way_out() -> None:
    assert matcher.InfeasibleError("no").repairs() is None
