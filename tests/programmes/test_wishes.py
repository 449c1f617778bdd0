"""Wishes: budgets, categories, deadlines, counts and children not met twice, against enumeration."""

import datetime as dt
import itertools

import numpy as np
import pytest

import matcher
from matcher import InvalidInput, programmes
from matcher.geo import pair_m
from matcher.market.program import claims
from matcher.programmes import Granted, Member, Wish, WishCounty, plan_programme


def draw(seed: int) -> tuple[dict, dict]:
    """Return small tables and a policy."""
    rng = np.random.default_rng(seed)
    point = lambda: {"lat": float(rng.uniform(25, 26)), "lon": float(rng.uniform(110, 111))}  # noqa: E731
    maybe = lambda value, share=0.5: value if rng.random() < share else None  # noqa: E731
    day = lambda: (dt.date(2026, 5, 1) + dt.timedelta(days=int(rng.integers(-9, 9)))).isoformat()  # noqa: E731
    teams = rng.random() < 0.5
    wishes = [
        Wish(
            id=f"w{i}",
            child=f"c{int(rng.integers(4))}",
            county_id=maybe(str(rng.choice(["a", "b"]))),
            category=maybe(str(rng.choice(["x", "y"]))),
            cost=float(rng.integers(0, 30)) / 4,
            posted=maybe(day()),
            deadline=maybe(day()),
            weight=int(rng.integers(0, 3)),
            **point(),
        )
        for i in range(int(rng.integers(1, 6)))
    ]
    members = [
        Member(
            id=f"m{j}",
            team_id=maybe(str(rng.choice(["s", "t"]))) if teams else None,
            budget=maybe(float(rng.integers(0, 60)) / 4),
            most=int(rng.integers(0, 4)),
            categories=maybe(("x",), 0.3) or (),
            days=int(rng.integers(0, 5)),
            **point(),
        )
        for j in range(int(rng.integers(1, 4)))
    ]
    tables: dict = {"wishes": wishes, "members": members}
    if teams:
        tables["counties"] = [WishCounty(id=c, team_id=maybe(t), **point()) for c, t in (("a", "s"), ("b", "t"))]
    if rng.random() < 0.4:
        tables["granted"] = [Granted(member_id="m0", child="c0"), Granted(member_id="m1", child="c1")]
    policy: dict = {"objectives": [str(n) for n in rng.permutation(["waiting", "distance", "cost"])]}
    policy["objectives"] = policy["objectives"][: int(rng.integers(0, 4))]
    if rng.random() < 0.6:
        policy["day"] = "2026-05-01"
    if rng.random() < 0.3:
        policy["max_km"] = float(rng.integers(20, 120))
    return tables, policy


def may(member: Member, wish: Wish, tables: dict, policy: dict, metres: int) -> bool:
    """Return whether a member may take up a wish."""
    team = {county.id: county.team_id for county in tables.get("counties", ())}.get(wish.county_id)
    if team and member.team_id != team:
        return False
    if member.categories and wish.category not in member.categories:
        return False
    if any((each.member_id, each.child) == (member.id, wish.child) for each in tables.get("granted", ())):
        return False
    if "day" in policy:
        today = dt.date.fromisoformat(policy["day"])
        if wish.posted and dt.date.fromisoformat(wish.posted) > today:
            return False
        if wish.deadline and (dt.date.fromisoformat(wish.deadline) - today).days < member.days:
            return False
    return metres <= 1000 * policy.get("max_km", 10**5)


def best(tables: dict, policy: dict) -> tuple:
    """Return the best vector of values over every way to give the wishes."""
    wishes, members = tables["wishes"], tables["members"]
    metres = {
        (j, i): int(pair_m(*(np.array([v]) for v in (m.lat, m.lon, w.lat, w.lon)))[0])
        for j, m in enumerate(members)
        for i, w in enumerate(wishes)
    }
    dated = [dt.date.fromisoformat(w.posted) for w in wishes if w.posted]
    today = dt.date.fromisoformat(policy["day"]) if "day" in policy else max(dated, default=None)
    waits = [max(0, (today - dt.date.fromisoformat(w.posted)).days) if w.posted else 0 for w in wishes]
    options = [
        [None, *(j for j, m in enumerate(members) if may(m, w, tables, policy, metres[j, i]))]
        for i, w in enumerate(wishes)
    ]
    found = None
    for to in itertools.product(*options):
        for j, member in enumerate(members):
            mine = [w for w, t in zip(wishes, to, strict=True) if t == j]
            if len(mine) > member.most or len({w.child for w in mine}) < len(mine):
                break
            if member.budget is not None and sum(w.cost for w in mine) > member.budget:
                break
        else:
            values = {
                "waiting": sum(wait for wait, t in zip(waits, to, strict=True) if t is None),
                "distance": sum(metres[t, i] for i, t in enumerate(to) if t is not None),
                "cost": sum(round(100 * w.cost) for w, t in zip(wishes, to, strict=True) if t is not None),
            }
            left = sum(w.weight for w, t in zip(wishes, to, strict=True) if t is None)
            value = (left, *(values[name] for name in policy["objectives"]))
            found = value if found is None else min(found, value)
    assert found is not None
    return found


def judge(seed: int) -> None:
    """Plan one drawn case and hold it against the enumeration."""
    tables, policy = draw(seed)
    plan = plan_programme("wishes", tables, policy)
    report = plan.verify()
    assert report.ok, report.flaws
    assert plan.status == "optimal"
    assert tuple(level.value for level in plan.levels) == best(tables, policy)
    assert tuple(level.bound for level in plan.levels) == tuple(level.value for level in plan.levels)


@pytest.mark.parametrize("seed", range(20))
def test_small_plans_are_those_of_the_enumeration(seed):
    judge(seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_five_thousand_small_plans_are_those_of_the_enumeration(block):
    for seed in range(1000 + 500 * block, 1500 + 500 * block):
        judge(seed)


def test_how_few_wishes_can_be_left_over_is_proved_by_multipliers_where_members_are_counted():
    """Of 390 wishes 42 at least: the members take no more, and anybody can recompute it."""
    records = programmes.example_of("wishes", 0)
    plan = plan_programme("wishes", records, work_limit=1)
    assert claims.proved_bounds(plan.matching)[0] == 42 <= len(plan.unmatched)
    assert len(records["wishes"]) == 390


def test_the_teams_of_counties_come_from_the_county_pairing():
    records = programmes.example_of("wishes", 1)
    pairing = matcher.solve(programmes.team_instance(records))
    paired = programmes.with_teams(records, pairing.county_pairings)
    teams = {county.id: county.team_id for county in paired["counties"]}
    assert set(teams.values()) <= {team.id for team in records["teams"]} | {None}
    plan = plan_programme("wishes", paired, {"day": "2026-05-20", "objectives": ["waiting"]}, work_limit=1)
    assert plan.verify().ok
    member = {member.id: member for member in paired["members"]}
    wish = {wish.id: wish for wish in paired["wishes"]}
    assert len(plan.pairings)
    for wish_id, member_id in zip(plan.pairings["recipient_id"], plan.pairings["provider_id"], strict=True):
        assert member[member_id].team_id == teams[wish[wish_id].county_id]
    assert "微心愿" in plan.summary("zh")


def test_without_budgets_that_bind_the_market_is_a_flow_with_a_certificate():
    records = programmes.example_of("wishes", 3)
    free = [member.model_copy(update={"budget": None}) for member in records["members"]]
    once = [wish.model_copy(update={"child": wish.id}) for wish in records["wishes"]]
    plan = plan_programme("wishes", {**records, "members": free, "wishes": once})
    assert plan.matching.market.is_flow
    assert (plan.status, plan.verify().finding) == ("optimal", "proved")


def test_days_are_read_as_people_write_them(tmp_path):
    rows = "编号,儿童,纬度,经度,费用,类别,发布日期,截止日期\nw,小明,25,110,30,书,2026年4月1日,2026/5/3\n"
    (tmp_path / "微心愿.csv").write_text(rows, encoding="utf-8")
    (tmp_path / "青联委员.csv").write_text("编号,纬度,经度,预算,认领类别\nm,25,110,50,书;衣\n", encoding="utf-8")
    records = programmes.read_records("wishes", tmp_path)
    assert (records["wishes"][0].posted, records["wishes"][0].deadline) == ("2026-04-01", "2026-05-03")
    assert plan_programme("wishes", records, {"day": "2026-05-03"}).metrics["wishes_granted"] == 1
    assert plan_programme("wishes", records, {"day": "20260504"}).metrics["wishes_granted"] == 0
    with pytest.raises(InvalidInput):
        plan_programme("wishes", records, {"day": "2026-13-01"})
