"""Experts: skills, hours, modes, rounds and projects, against enumeration."""

import itertools

import numpy as np
import pytest

from matcher import programmes
from matcher.geo import pair_m
from matcher.programmes import Expert, ExpertCase, plan_programme

SKILLS = ("x", "y", "z")


def draw(seed: int) -> tuple[dict, dict]:
    """Return small tables and a policy."""
    rng = np.random.default_rng(seed)
    point = lambda: {"lat": float(rng.uniform(25, 26)), "lon": float(rng.uniform(110, 111))}  # noqa: E731
    maybe = lambda value, share=0.5: value if rng.random() < share else None  # noqa: E731
    some = lambda words, share: tuple(word for word in words if rng.random() < share)  # noqa: E731
    experts = [
        Expert(
            id=f"e{j}",
            kind=str(rng.choice(["desk", "round", "project"])),
            skills=some(SKILLS, 0.7),
            hours=int(rng.integers(0, 7)),
            modes=some(("phone", "onsite"), 0.4),
            reach_km=maybe(float(rng.integers(20, 90))),
            cost=maybe(float(rng.integers(0, 9))),
            least=int(rng.integers(0, 4)) if rng.random() < 0.5 else 0,
            **point(),
        )
        for j in range(int(rng.integers(1, 4)))
    ]
    cases = [
        ExpertCase(
            id=f"c{i}",
            needs=some(SKILLS, 0.3),
            prefers=some(SKILLS, 0.3),
            hours=int(rng.integers(1, 4)),
            modes=some(("phone", "onsite"), 0.4),
            urgency=int(rng.integers(0, 4)),
            **point(),
        )
        for i in range(int(rng.integers(1, 6)))
    ]
    names = [str(n) for n in rng.permutation(["prefers", "distance", "offers", "cost"])]
    policy: dict = {"objectives": names[: int(rng.integers(0, 5))]}
    policy |= {"max_km": float(rng.integers(20, 120))} if rng.random() < 0.4 else {}
    policy |= {"budget": float(rng.integers(0, 12))} if rng.random() < 0.4 else {}
    return {"experts": experts, "cases": cases}, policy


def way(expert: Expert, case: ExpertCase, metres: int, policy: dict) -> int | None:
    """Return the metres of the shortest way, None if there is none."""
    if not set(case.needs) <= set(expert.skills):
        return None
    near = metres <= 1000 * policy.get("max_km", 10**6) and metres <= 1000 * (expert.reach_km or 10**6)
    modes = [set(each.modes) or {"phone", "onsite"} for each in (expert, case)]
    both = modes[0] & modes[1]
    if expert.kind == "round":
        return 2 * metres if near and "onsite" in both else None
    if "phone" in both:
        return 0
    return metres if near and "onsite" in both else None


def best(tables: dict, policy: dict) -> tuple:
    """Return the best vector of values over every way to take the cases; what has no case does not take place."""
    experts, cases = tables["experts"], tables["cases"]
    metres = lambda e, c: int(pair_m(*(np.array([v]) for v in (e.lat, e.lon, c.lat, c.lon)))[0])  # noqa: E731
    ways = {(j, i): way(e, c, metres(e, c), policy) for j, e in enumerate(experts) for i, c in enumerate(cases)}
    options = [[None, *(j for j in range(len(experts)) if ways[j, i] is not None)] for i in range(len(cases))]
    found = None
    for to in itertools.product(*options):
        load = [sum(c.hours for c, t in zip(cases, to, strict=True) if t == j) for j in range(len(experts))]
        opened = [j for j, e in enumerate(experts) if j in to and e.kind != "desk"]
        cost = sum(round(100 * (experts[j].cost or 0)) for j in opened)
        if any(load[j] > e.hours for j, e in enumerate(experts)) or any(load[j] < experts[j].least for j in opened):
            continue
        if cost > 100 * policy.get("budget", 10**6):
            continue
        made = [(t, i) for i, t in enumerate(to) if t is not None]
        values = {
            "prefers": sum(len(set(cases[i].prefers) - set(experts[j].skills)) for j, i in made),
            "distance": sum(ways[pair] for pair in made),
            "offers": len(opened),
            "cost": cost,
        }
        left = sum(c.urgency for c, t in zip(cases, to, strict=True) if t is None)
        value = (left, *(values[name] for name in policy["objectives"]))
        found = value if found is None else min(found, value)
    assert found is not None
    return found


def judge(seed: int) -> None:
    """Plan one drawn case and hold it against the enumeration."""
    tables, policy = draw(seed)
    plan = plan_programme("experts", tables, policy)
    report = plan.verify()
    assert report.ok, report.flaws
    assert plan.status == "optimal"
    assert tuple(level.value for level in plan.levels) == best(tables, policy)
    assert len(plan.pairings) == len(plan.matching.pairs)


@pytest.mark.parametrize("seed", range(20))
def test_small_plans_are_those_of_the_enumeration(seed):
    judge(seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_five_thousand_small_plans_are_those_of_the_enumeration(block):
    for seed in range(1000 + 500 * block, 1500 + 500 * block):
        judge(seed)


def test_the_example_is_planned_with_its_ways(tmp_path):
    records = programmes.example_of("experts", 1)
    plan = plan_programme("experts", records, {"max_km": 80}, work_limit=1)
    assert plan.verify().ok
    assert set(plan.pairings["mode"]) <= {"phone", "onsite", "round"}
    assert "专家" in plan.summary("zh")
    programmes.save_programme(plan, tmp_path / "out")
    assert programmes.load_programme(tmp_path / "out").verify().ok


def test_chinese_words_are_read(tmp_path):
    (tmp_path / "专家.csv").write_text("编号,方式,纬度,经度,专长,时数\ne,巡回,25,110,心理;法律,8\n", encoding="utf-8")
    (tmp_path / "个案.csv").write_text("编号,纬度,经度,所需专长,服务方式\nc,25,110,心理,现场\n", encoding="utf-8")
    plan = plan_programme("experts", programmes.read_records("experts", tmp_path))
    assert plan.pairings["mode"].tolist() == ["round"]
