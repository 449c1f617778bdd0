"""Recommended places against the full solve of every place."""

from __future__ import annotations

import random

import pytest
from draws import few
from joint_cases import random_case
from replan_cases import full_solve

import matcher
from matcher.renewal.events import Joins

KINDS = {
    "organization": ("organizations", "county", 0),
    "county": ("counties", "county", 1),
    "branch": ("branches", "school", 0),
    "school": ("schools", "school", 1),
}


def arrival(rng: random.Random, instance: matcher.Instance, kind: str) -> Joins | None:
    point = {"lat": rng.uniform(26, 29), "lon": rng.uniform(104, 108)}
    children = {
        table: {"children": rng.randint(0, 40)} if not rows or any(row.children is not None for row in rows) else {}
        for table, rows in (("counties", instance.counties), ("schools", instance.schools))
    }
    if kind == "organization":
        branches = [matcher.Branch(id=f"x{i}", organization_id="x") for i in range(rng.randint(0, 2))]
        return Joins(organizations=(matcher.Organization(id="x", **point),), branches=tuple(branches))
    if kind == "county":
        schools = [matcher.School(id=f"x{i}", county_id="x", **children["schools"]) for i in range(rng.randint(0, 2))]
        return Joins(counties=(matcher.County(id="x", **point, **children["counties"]),), schools=tuple(schools))
    if kind == "branch" and instance.organizations:
        owner = rng.choice(instance.organizations).id
        return Joins(branches=(matcher.Branch(id="x", organization_id=owner, **point),))
    if kind == "school" and instance.counties:
        county = rng.choice(instance.counties).id
        return Joins(schools=(matcher.School(id="x", county_id=county, **point, **children["schools"]),))
    return None


def held_against_full(seed: int) -> int:
    """Compare the places of an arrival with a full solve of every possible place; return how many there were."""
    rng = random.Random(seed)
    instance, policy = random_case(seed)
    plan = matcher.solve(instance, policy)
    kind = rng.choice(list(KINDS))
    event = arrival(rng, instance, kind)
    if plan.status != "optimal" or event is None:
        return 0
    _, level, side = KINDS[kind]
    places = matcher.recommend(plan, event, k=3)
    base = full_solve(plan, event)
    if base.status != "optimal":
        return 0
    found = []
    others = {"county": ("organizations", "counties"), "school": ("branches", "schools")}[level][1 - side]
    paired = {(p, r) for p, r in zip(base.county_pairings.organization_id, base.county_pairings.county_id, strict=True)}
    parent = {row.id: getattr(row, "organization_id", getattr(row, "county_id", "")) for t in ("branches", "schools")
              for row in getattr(base.instance, t)}  # fmt: skip
    for row in getattr(base.instance, others):
        pair = ("x", row.id) if side == 0 else (row.id, "x")
        if level == "school" and (parent[pair[0]], parent[pair[1]]) not in paired:
            continue
        agreed = {"kind": "agreed", "level": level, "provider_id": pair[0], "recipient_id": pair[1]}
        full = full_solve(plan, [event, agreed])
        if full.status == "optimal":
            signs = [1 if each.sense == "min" else -1 for each in full.levels]
            found.append((tuple(s * each.value for s, each in zip(signs, full.levels, strict=True)), pair, full))
    found.sort(key=lambda place: place[0])
    values = {pair: [each.value for each in full.levels] for _, pair, full in found}
    for place in places:
        assert place.exact
        assert [each.value for each in place.levels] == values[place.provider_id, place.recipient_id]
        followed = matcher.replan(plan, [event, place.event])
        assert [each.value for each in followed.levels] == values[place.provider_id, place.recipient_id]
    if (
        matcher.renewal.replanning.case_of(plan, event).again is not None
    ):  # where all is solved anew, only the nearest are tried
        assert [values[p.provider_id, p.recipient_id] for p in places] == [
            [each.value for each in full.levels] for _, _, full in found[:3]
        ]
    return len(places)


@pytest.mark.parametrize("first", few(1, range(0, 120, 10)))
def test_the_best_places_are_those_of_the_full_solve(first: int) -> None:
    assert sum([held_against_full(seed) for seed in range(first, first + 10)])


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 4000, 500))
def test_the_best_places_are_those_of_the_full_solve_many_times(first: int) -> None:
    assert sum([held_against_full(seed) for seed in range(first, first + 500)]) > 300


def test_a_county_that_is_there_has_its_own_place_first() -> None:
    plan = matcher.solve(matcher.example())
    row = plan.county_pairings.iloc[0]
    places = matcher.recommend(plan, f"county:{row.county_id}", k=4)
    assert (places[0].provider_id, places[0].displaces) == (row.organization_id, ())
    assert set(places[0].cost.values()) == {0}
    assert all(place.cost["keep_counties"] >= 1 for place in places[1:])
    assert places[0].to_json()["exact"]


@pytest.mark.parametrize("entity", ["town:1", ("county", "nowhere"), {"kind": "leaves", "table": "schools", "id": "S"}])
def test_nobody_known_is_refused(entity: object) -> None:
    plan = matcher.solve(matcher.example())
    with pytest.raises(matcher.InvalidInput):
        matcher.recommend(plan, entity)


def test_k_is_a_count() -> None:
    plan = matcher.Plan.from_pairs(matcher.Instance())
    with pytest.raises(matcher.InvalidInput):
        matcher.recommend(plan, "county:1", k=0)
