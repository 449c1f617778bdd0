"""Rooms: villages whole, least children, hours, money, staff and volunteers, against enumeration; tables and doors."""

import itertools

import numpy as np
import pytest
from programme_cases import hold, metres_between, objectives, point
from scipy.optimize import linear_sum_assignment

from matcher import InvalidInput, programmes
from matcher.cli import main
from matcher.programmes import Room, Team, Village, load_programme, plan_programme, read_records, save_programme
from matcher.programmes.staffing import sets_of


def draw(seed: int) -> tuple[dict, dict]:
    """Return small tables and a policy."""
    rng = np.random.default_rng(seed)
    rooms = [
        Room(
            id=f"r{j}",
            **point(rng),
            seats=int(rng.integers(0, 40)),
            least=int(rng.integers(0, 12)) if rng.random() < 0.4 else 0,
            cost=round(float(rng.uniform(0, 5)), 1),
            staff=int(rng.integers(0, 3)),
            volunteers=int(rng.integers(0, 5)) if rng.random() < 0.4 else None,
            opens=int(rng.integers(8, 18)),
            closes=int(rng.integers(17, 22)),
            status=str(rng.choice(["candidate", "existing", "closed"], p=[0.8, 0.1, 0.1])),
        )
        for j in range(int(rng.integers(1, 4)))
    ]
    villages = [
        Village(
            id=f"v{i}",
            **point(rng),
            children=int(rng.integers(0, 20)),
            from_hour=int(rng.integers(10, 18)) if rng.random() < 0.3 else None,
            until_hour=int(rng.integers(18, 22)) if rng.random() < 0.3 else None,
        )
        for i in range(int(rng.integers(1, 6)))
    ]
    teams = [
        Team(
            id=f"t{k}",
            **point(rng),
            volunteers=int(rng.integers(0, 8)),
            from_hour=int(rng.integers(0, 12)),
            until_hour=int(rng.integers(18, 25)),
        )
        for k in range(int(rng.integers(0, 3)))
    ]
    options = {
        "budget": float(rng.integers(1, 9)),
        "staff": int(rng.integers(0, 5)),
        "most_rooms": int(rng.integers(0, 3)),
        "max_km": float(rng.integers(20, 120)),
        "max_team_km": float(rng.integers(20, 120)),
        "children_per_volunteer": int(rng.integers(3, 10)),
    }
    policy = {name: value for name, value in options.items() if rng.random() < 0.4}
    policy["objectives"] = objectives(rng, ["distance", "fewest_rooms", "cost"], 0, 2)
    return {"rooms": rooms, "villages": villages, "teams": teams}, policy


def needed(room: Room, policy: dict) -> int:
    """Return the volunteers of a room."""
    asked = -(-room.seats // policy.get("children_per_volunteer", 8)) if room.volunteers is None else room.volunteers
    return max(2, asked)


def travel(tables: dict, policy: dict, opened: list[int]) -> int | None:
    """Return the least metres of volunteers who staff these rooms, None if nobody can."""
    rooms, teams = tables["rooms"], tables["teams"]
    if not teams:
        return 0
    metres = metres_between(teams, rooms)
    far = 10**12
    seats = [j for j in opened for _ in range(needed(rooms[j], policy))]
    people = [k for k, team in enumerate(teams) for _ in range(team.volunteers)]
    cost = np.full((len(people), len(seats)), far)
    for (a, k), (b, j) in itertools.product(enumerate(people), enumerate(seats)):
        there = teams[k].from_hour <= rooms[j].opens and rooms[j].closes <= teams[k].until_hour
        if there and metres[k, j] <= 1000 * policy.get("max_team_km", 10**5):
            cost[a, b] = metres[k, j]
    if len(people) < len(seats):
        return None
    total = int(cost[linear_sum_assignment(cost)].sum())
    return total if total < far else None


def best(tables: dict, policy: dict) -> tuple | None:
    """Return the best vector of values over all ways to send the villages; a room opens if anybody comes."""
    rooms, villages = tables["rooms"], tables["villages"]
    metres = metres_between(rooms, villages)
    options = [
        [
            None,
            *(
                j
                for j, room in enumerate(rooms)
                if room.status != "closed" and may(room, village, metres[j, i], policy)
            ),
        ]
        for i, village in enumerate(villages)
    ]
    found = None
    for to in itertools.product(*options):
        load = [sum(v.children for v, t in zip(villages, to, strict=True) if t == j) for j in range(len(rooms))]
        opened = [j for j, room in enumerate(rooms) if j in to or room.status == "existing"]
        if any(not rooms[j].least <= load[j] <= rooms[j].seats for j in opened):
            continue
        cost = sum(round(100 * rooms[j].cost) for j in opened if rooms[j].status != "existing")
        if cost > round(100 * policy.get("budget", 999)) or len(opened) > policy.get("most_rooms", 9):
            continue
        if sum(rooms[j].staff for j in opened) > policy.get("staff", 99):
            continue
        left = sum(village.children for village, t in zip(villages, to, strict=True) if t is None)
        values = {
            "distance": sum(villages[i].children * metres[t, i] for i, t in enumerate(to) if t is not None),
            "fewest_rooms": len(opened),
            "cost": cost,
        }
        value = (left, *(values[name] for name in policy["objectives"]))
        if (found is None or value < found) and travel(tables, policy, opened) is not None:
            found = value
    return found


def may(room: Room, village: Village, metres: int, policy: dict) -> bool:
    """Return whether a village may come to a room."""
    if metres > 1000 * policy.get("max_km", 10**5):
        return False
    early = village.from_hour is None or room.opens <= village.from_hour
    return early and (village.until_hour is None or village.until_hour <= room.closes)


def judge(seed: int) -> None:
    """Plan one drawn case and hold it against the enumeration."""
    tables, policy = draw(seed)
    plan = plan_programme("rooms", tables, policy)
    hold(plan, best(tables, policy))
    if plan.status == "optimal" and tables["teams"]:
        opened = np.flatnonzero(plan.matching.opened).tolist()
        rows = {name: list(plan.records[name]) for name in tables}
        assert [level.value for level in plan.levels[-2:]] == [0, travel(rows, policy, opened)]


@pytest.mark.parametrize("seed", range(20))
def test_small_plans_are_those_of_the_enumeration(seed):
    judge(seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_two_thousand_small_plans_are_those_of_the_enumeration(block):
    for seed in range(1000 + 200 * block, 1200 + 200 * block):
        judge(seed)


def few_teams() -> tuple[dict, dict]:
    """Return rooms of two valleys, one of which has volunteers for one room only."""
    at = [{"lat": 25 + 3 * (j // 2), "lon": 110.0 + 0.01 * (j % 2)} for j in range(4)]
    rooms = [Room(id=f"r{j}", **where, seats=16, cost=1.0) for j, where in enumerate(at)]
    villages = [Village(id=f"v{j}", **where, children=16) for j, where in enumerate(at)]
    teams = [Team(id="a", **at[0], volunteers=3), Team(id="b", **at[2], volunteers=9)]
    return {"rooms": rooms, "villages": villages, "teams": teams}, {"max_km": 50, "max_team_km": 50}


def test_volunteers_who_are_missing_in_one_valley_are_found_by_a_set_and_the_set_is_checked():
    tables, policy = few_teams()
    plan = plan_programme("rooms", tables, policy)
    assert plan.levels[0].value == 16
    assert plan.verify().ok
    assert len(sets_of(plan.matching.market, plan.programme.market(plan.records, plan.policy))) == 2
    more = (plan.records["teams"][0].model_copy(update={"volunteers": 2}), plan.records["teams"][1])
    assert plan.verify({**plan.records, "teams": more}).flaws


def test_a_room_whose_volunteers_are_taken_away_does_not_verify():
    tables, policy = few_teams()
    plan = plan_programme("rooms", tables, policy)
    fewer = plan.helpers.replace(pairs=plan.helpers.pairs[1:])
    assert not type(plan)(plan.programme, plan.records, plan.policy, plan.matching, fewer).verify().ok
    assert not type(plan)(plan.programme, plan.records, plan.policy, plan.matching, None).verify().ok


def test_a_plan_stopped_at_once_keeps_every_rule_and_survives_its_folder(tmp_path):
    records = programmes.example_of("rooms", 2)
    plan = plan_programme("rooms", records, {"budget": 150, "max_km": 30}, work_limit=1)
    assert plan.status == "feasible"
    assert plan.verify().ok
    save_programme(plan, tmp_path / "out")
    again = load_programme(tmp_path / "out")
    assert (again.levels, again.metrics, again.verify().ok) == (plan.levels, plan.metrics, True)
    assert again.staff.equals(plan.staff)
    assert plan.staff["volunteers"].sum() == plan.metrics["volunteers_needed"]
    assert plan.metrics["cost"] <= 150


def test_chinese_tables_are_read_planned_and_explained_on_the_command_line(tmp_path, capsys):
    (tmp_path / "房间.csv").write_text("编号,纬度,经度,座位数,费用(万元)\nr,25,110,30,5\n", encoding="utf-8")
    (tmp_path / "村庄.csv").write_text("编号,纬度,经度,儿童数\nv,25,110.1,20\n", encoding="utf-8")
    (tmp_path / "志愿队.csv").write_text("编号,纬度,经度,志愿者数\nt,25.1,110,9\n", encoding="utf-8")
    records = read_records("rooms", tmp_path)
    assert plan_programme("rooms", records).metrics["children_served"] == 20
    common = ["--programme", "rooms", "--lang", "zh"]
    assert main(["plan", str(tmp_path), "-o", str(tmp_path / "out"), *common]) == 0
    assert "希望家园" in capsys.readouterr().out
    assert main(["explain", str(tmp_path / "out"), "room:r", *common]) == 0
    assert "派出 4 名志愿者" in capsys.readouterr().out
    with pytest.raises(InvalidInput):
        plan_programme("rooms", records, {"objectives": ["distance", "distance"]})
    (tmp_path / "房间.csv").write_text("编号,纬度,经度,座位数,开门时间\nr,25,110,x,25\n", encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        read_records("rooms", tmp_path)
    assert {fault.code for fault in caught.value.faults} >= {"not_a_number"}
