"""Buddies: conditions, siblings, kept pairs and stability by its definition, against enumeration."""

import itertools

import numpy as np
import pytest

from matcher import programmes
from matcher.geo import pair_m
from matcher.programmes import BuddyChild, BuddyFamily, BuddyPair, BuddyPreference, plan_programme


def draw(seed: int) -> tuple[dict, dict]:
    """Return small tables and a policy."""
    rng = np.random.default_rng(seed)
    point = lambda: {"lat": float(rng.uniform(25, 26)), "lon": float(rng.uniform(110, 111))}  # noqa: E731
    maybe = lambda value, share=0.5: value if rng.random() < share else None  # noqa: E731
    tongues = lambda: tuple(str(w) for w in rng.choice(["a", "b", "c"], int(rng.integers(0, 3)), replace=False))  # noqa: E731
    sex = lambda: maybe(str(rng.choice(["girl", "boy"])), 0.7)  # noqa: E731
    families = [
        BuddyFamily(
            id=f"f{j}",
            child_age=maybe(int(rng.integers(6, 12))),
            child_sex=sex(),
            languages=tongues(),
            most=int(rng.integers(1, 3)),
            **point(),
        )
        for j in range(int(rng.integers(1, 5)))
    ]
    children = [
        BuddyChild(
            id=f"c{i}",
            age=maybe(int(rng.integers(6, 12))),
            sex=sex(),
            languages=tongues(),
            siblings=maybe(str(rng.choice(["s", "t"])), 0.4),
            **point(),
        )
        for i in range(int(rng.integers(1, 5)))
    ]
    sides = {"family": (families, children), "child": (children, families)}
    preferences = [
        BuddyPreference(side=side, id=one.id, choice_id=other.id, rank=int(rng.integers(1, 4)))
        for side, (mine, others) in sides.items()
        for one in mine
        for other in others
        if rng.random() < 0.5
    ]
    previous = [
        BuddyPair(family_id=f.id, child_id=c.id, works=str(rng.choice(["yes", "no"])))
        for f, c in zip(families, children, strict=False)
        if rng.random() < 0.3
    ]
    names = [str(n) for n in rng.permutation(["distance", "age", "preference"])]
    policy = {
        "matching": str(rng.choice(["stable", "convenient"])),
        "sex": str(rng.choice(["any", "same"])),
        "language": bool(rng.random() < 0.5),
        "band_km": 30,
        "keep": bool(rng.random() < 0.6),
        "objectives": names[: int(rng.integers(0, 4))],
    }
    policy |= {"max_km": float(rng.integers(30, 120))} if rng.random() < 0.4 else {}
    policy |= {"age_gap": int(rng.integers(0, 4))} if rng.random() < 0.4 else {}
    return {"families": families, "children": children, "preferences": preferences, "previous": previous}, policy


def judge(seed: int) -> None:
    """Plan one drawn case and hold it against every matching there is."""
    tables, policy = draw(seed)
    families, children = tables["families"], tables["children"]
    groups: dict = {}
    for child in children:
        groups.setdefault(child.siblings or f"alone {child.id}", []).append(child)
    units = list(groups.values())
    metres = lambda f, c: int(pair_m(*(np.array([v]) for v in (f.lat, f.lon, c.lat, c.lon)))[0])  # noqa: E731

    def may(family, unit) -> bool:
        if len(unit) > family.most or metres(family, unit[0]) > 1000 * policy.get("max_km", 10**6):
            return False
        for child in unit:
            ages = [family.child_age, child.age]
            if None not in ages and abs(ages[0] - ages[1]) > policy.get("age_gap", 99):
                return False
            if policy["sex"] == "same" and {family.child_sex, child.sex} == {"girl", "boy"}:
                return False
            spoken = [set(family.languages), set(child.languages)]
            if policy["language"] and all(spoken) and not spoken[0] & spoken[1]:
                return False
        return True

    listed = {(p.side, p.id, p.choice_id): p.rank for p in tables["preferences"]}

    def rank(side, family, unit) -> int:
        keys = [(side, family.id, c.id) if side == "family" else (side, c.id, family.id) for c in unit]
        ranks = [listed[key] for key in keys if key in listed]
        return min(ranks) if ranks else max(listed.values(), default=0) + 1 + metres(family, unit[0]) // 30_000

    can = {(j, u) for j, f in enumerate(families) for u, unit in enumerate(units) if may(f, unit)}
    kept: set = set()
    where = {c.id: u for u, unit in enumerate(units) for c in unit}
    for pair in sorted(tables["previous"], key=lambda p: (p.family_id, p.child_id)) if policy["keep"] else []:
        j, u = int(pair.family_id[1:]), where[pair.child_id]
        if pair.works == "yes" and (j, u) in can and all(j != a and u != b for a, b in kept):
            kept.add((j, u))
    can = {(j, u) for j, u in can if (j, u) in kept or all(j != a and u != b for a, b in kept)}
    ranks = {side: {(j, u): rank(side, families[j], units[u]) for j, u in can} for side in ("family", "child")}

    def value(to) -> tuple:
        made = [(j, u) for u, j in enumerate(to) if j is not None]
        gaps = [(families[j].child_age, c.age) for j, u in made for c in units[u]]
        known = {
            "distance": sum(metres(families[j], units[u][0]) for j, u in made),
            "age": sum(abs(a - b) for a, b in gaps if None not in (a, b)),
            "preference": sum(ranks["family"][pair] + ranks["child"][pair] for pair in made),
        }
        left = sum(len(units[u]) for u, j in enumerate(to) if j is None)
        return (left, *(known[name] for name in policy["objectives"]))

    def stable(to) -> bool:
        has = {j: u for u, j in enumerate(to) if j is not None}
        for j, u in can:
            family_wants = j not in has or ranks["family"][j, u] < ranks["family"][j, has[j]]
            child_wants = to[u] is None or ranks["child"][j, u] < ranks["child"][to[u], u]
            if family_wants and child_wants and to[u] != j:
                return False
        return True

    options = [[None, *(j for j in range(len(families)) if (j, u) in can)] for u in range(len(units))]
    every = [to for to in itertools.product(*options) if len(s := [j for j in to if j is not None]) == len(set(s))]
    if policy["matching"] == "stable":
        every = [to for to in every if stable(to)]
    plan = plan_programme("buddies", tables, policy)
    report = plan.verify()
    assert report.ok, report.flaws
    frame = plan.pairings
    made = dict(zip(frame["recipient_id"], frame["provider_id"], strict=True))
    to = tuple(int(made[unit[0].id][1:]) if unit[0].id in made else None for unit in units)
    assert all(made.get(c.id) == made.get(unit[0].id) for unit in units for c in unit)
    assert to in every
    assert value(to) == min(map(value, every)) == tuple(level.value for level in plan.levels)
    assert len(plan.unmatched) + len(frame) == len(children)


@pytest.mark.parametrize("seed", range(25))
def test_small_plans_are_those_of_the_enumeration(seed):
    judge(seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_five_thousand_small_plans_are_those_of_the_enumeration(block):
    for seed in range(1000 + 500 * block, 1500 + 500 * block):
        judge(seed)


def test_the_year_goes_on_without_a_family_and_the_rest_stay():
    records = programmes.example_of("buddies", 1)
    policy = {"max_km": 60}
    plan = plan_programme("buddies", records, policy)
    assert plan.verify().finding == "proved"
    before = dict(zip(plan.pairings["recipient_id"], plan.pairings["provider_id"], strict=True))
    gone = plan.pairings["provider_id"][0]
    later = programmes.withdrawn(plan, families=[gone])
    again = plan_programme("buddies", later, policy)
    after = dict(zip(again.pairings["recipient_id"], again.pairings["provider_id"], strict=True))
    assert all(after[child] == family for child, family in before.items() if family != gone)
    assert gone not in after.values()
    assert "手拉手" in again.summary("zh")


def test_stable_and_convenient_are_priced_in_each_other(tmp_path):
    records = programmes.example_of("buddies", 2)
    prices = programmes.price_of_stable_buddies(records, {"max_km": 60}).set_index("matching")
    assert prices["blocking_pairs"]["stable"] == 0
    assert tuple(prices.loc["convenient", ["served", "distance"]]) <= tuple(
        prices.loc["stable", ["served", "distance"]]
    )
    plan = plan_programme("buddies", records, {"max_km": 60, "matching": "convenient"})
    assert plan.metrics["blocking_pairs"] == prices["blocking_pairs"]["convenient"]
    programmes.save_programme(plan, tmp_path / "out")
    assert programmes.load_programme(tmp_path / "out").verify().ok
