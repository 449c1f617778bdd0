"""Holiday service: every small plan against enumeration, every safety rule by name, tables, folders, commands."""

import itertools
import time
import types

import numpy as np
import pytest
from draws import few
from programme_cases import metres_between, point

from matcher import InvalidInput, programmes
from matcher.cli import main
from matcher.programmes import (
    HolidayTeam,
    HolidayVolunteer,
    Point,
    engines,
    example_of,
    holiday,
    load_programme,
    places,
    plan_programme,
    read_records,
    save_programme,
)

WEEKS = 3


def draw(seed: int) -> tuple[dict, dict]:
    """Return small tables and a policy."""
    rng = np.random.default_rng(seed)

    def weeks() -> dict:
        first, last = sorted(int(n) for n in rng.integers(1, WEEKS + 1, 2))
        return {"first_week": first, "last_week": last}

    def knows() -> dict:
        return {"skills": ["music"] if rng.random() < 0.4 else [], "languages": ["苗语"] if rng.random() < 0.3 else []}

    points = [
        Point(
            id=f"p{j}",
            **point(rng, 3),
            children=int(rng.integers(0, 40)),
            **weeks(),
            beds=int(rng.integers(0, 14)),
            least_team=int(rng.integers(0, 6)) if rng.random() < 0.5 else None,
            ratio=int(rng.integers(2, 9)) if rng.random() < 0.5 else None,
            needs=[str(rng.choice(["music", "苗语"]))] if rng.random() < 0.3 else [],
        )
        for j in range(int(rng.integers(1, 3)))
    ]
    teams = [
        HolidayTeam(
            id=f"t{k}",
            **point(rng, 3),
            size=int(rng.integers(0, 8)),
            adults=int(rng.integers(0, 8)) if rng.random() < 0.3 else None,
            **weeks(),
            stay_weeks=int(rng.integers(1, 3)),
            **knows(),
        )
        for k in range(int(rng.integers(0, 4)))
    ]
    people = [
        HolidayVolunteer(id=f"v{k}", **point(rng, 3), **weeks(), **knows(), adult=str(rng.choice(["yes", "no"])))
        for k in range(int(rng.integers(0, 3)))
    ]
    options = {
        "least_team": int(rng.integers(2, 5)),
        "children_per_volunteer": int(rng.integers(2, 9)),
        "max_km": float(rng.integers(50, 300)),
        "missing_km": float(rng.choice([1.0, 10.0, 100.0])),
    }
    policy = {name: value for name, value in options.items() if rng.random() < 0.5}
    return {"points": points, "teams": teams, "volunteers": people}, policy


def best(tables: dict, policy: dict) -> int:
    """Return the least burden over every way to send the crews."""
    points, crews = tables["points"], [*tables["teams"], *tables["volunteers"]]
    metres = metres_between(crews, points)
    options = [[None, *stays(crew, k, points, metres, policy)] for k, crew in enumerate(crews)]
    return min(
        found for to in itertools.product(*options) if (found := burden(points, crews, to, metres, policy)) is not None
    )


def stays(crew, k: int, points: list, metres: dict, policy: dict) -> list[tuple[int, range]]:
    """Return every point and weeks where a crew could stay."""
    length = crew.stay_weeks or crew.last_week - crew.first_week + 1
    return [
        (j, range(first, first + length))
        for j, place in enumerate(points)
        for first in range(max(crew.first_week, place.first_week), min(crew.last_week, place.last_week) - length + 2)
        if crew.size and metres[k, j] <= 1000 * policy.get("max_km", 10**5)
    ]


def burden(points: list, crews: list, to: tuple, metres: dict, policy: dict) -> int | None:
    """Return what a plan costs in metres, None if it breaks a rule."""
    charge = round(1000 * policy.get("missing_km", 100))
    total = sum(crews[k].size * metres[k, stay[0]] for k, stay in enumerate(to) if stay is not None)
    for j, place in enumerate(points):
        for week in range(place.first_week, place.last_week + 1):
            there = [crews[k] for k, stay in enumerate(to) if stay is not None and stay[0] == j and week in stay[1]]
            heads = sum(crew.size for crew in there)
            least = policy.get("least_team", 2) if place.least_team is None else place.least_team
            adults = sum(crew.size if crew.adults is None else min(crew.adults, crew.size) for crew in there)
            if heads > place.beds or (there and (heads < max(2, least) or adults < 2)):
                return None
            if there and any(not any(need in (*c.skills, *c.languages) for c in there) for need in place.needs):
                return None
            ratio = place.ratio or policy.get("children_per_volunteer", 8)
            total += charge * max(0, place.children - ratio * heads)
    return total


def judge(seed: int) -> None:
    """Plan one drawn case and hold it against the enumeration."""
    tables, policy = draw(seed)
    plan = plan_programme("holiday", tables, policy)
    report = plan.verify()
    assert report.ok, report.flaws
    assert plan.status == "optimal"
    (level,) = plan.levels
    assert level.value == level.bound == best(tables, policy)
    own = plan.programme.engine.bounds(plan.matching)[0]
    assert own <= level.value
    assert plan.metrics["child_weeks"] - plan.metrics["child_weeks_looked_after"] == plan.unmatched["missing"].sum()


@pytest.mark.parametrize("seed", range(10))
def test_small_plans_are_those_of_the_enumeration(seed):
    judge(seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_two_thousand_small_plans_are_those_of_the_enumeration(block):
    for seed in range(1000 + 200 * block, 1200 + 200 * block):
        judge(seed)


def one_point(**changes) -> dict:
    """Return a point that asks for everything, and two crews who give it."""
    asks = {"children": 40, "beds": 9, "least_team": 4, "needs": ["music"], "first_week": 1, "last_week": 2}
    where = {"lat": 25.0, "lon": 110.0}
    stay = {"first_week": 1, "last_week": 2, "stay_weeks": 2}
    crew = {"size": 4, "adults": 3, "skills": ["music"]} | changes.pop("crew", {})
    points = [Point(id="p", **where, **(asks | changes))]
    teams = [HolidayTeam(id="a", **where, **stay, **crew), HolidayTeam(id="b", **where, **stay, size=1)]
    return {"points": points, "teams": teams}


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("team_below_least", {"least_team": 6}),
        ("adult_alone", {"crew": {"adults": 0}}),
        ("need_unmet", {"needs": ["music", "苗语"]}),
        ("beds_exceeded", {"beds": 4}),
        ("stay_outside_weeks", {"last_week": 1}),
    ],
)
def test_every_safety_rule_is_named_where_a_plan_breaks_it(code, change):
    plan = plan_programme("holiday", one_point())
    assert len(plan.pairings) == 2
    broken = plan.programme.schema.from_records(one_point(**change))
    case = plan.programme.market(broken, plan.policy)
    again = plan.matching.replace(market=case)
    assert code in {flaw.code for flaw in plan.programme.engine.flaws(again)}
    assert not plan.verify(broken).ok


def test_no_volunteer_has_more_children_than_the_ratio():
    plan = plan_programme("holiday", one_point(children=90))
    assert plan.metrics["children_per_volunteer"] == 8
    weeks = plan.frame("weeks")
    assert (weeks["looked_after"] <= 8 * weeks["volunteers"]).all()
    assert plan.metrics["volunteer_hours"] == weeks["hours"].sum()


@pytest.fixture(scope="module")
def stopped():
    return plan_programme("holiday", programmes.example_of("holiday", 2), {"max_km": 200}, work_limit=10)


def test_a_plan_stopped_early_keeps_every_rule_and_survives_its_folder(stopped, tmp_path):
    assert (stopped.status, stopped.stop_reason) == ("feasible", "work")
    assert stopped.verify().ok
    save_programme(stopped, tmp_path / "out")
    again = load_programme(tmp_path / "out")
    assert (again.levels, again.metrics, again.verify().ok) == (stopped.levels, stopped.metrics, True)
    assert (tmp_path / "out" / "weeks.csv").exists()
    assert again.pairings.equals(stopped.pairings)


def test_the_plan_is_the_same_for_any_order_of_the_rows_and_next_year_starts_from_it(stopped):
    turned = {name: rows[::-1] for name, rows in stopped.records.items()}
    again = plan_programme("holiday", turned, {"max_km": 200}, work_limit=40)
    assert again.pairings.equals(stopped.pairings)
    after = plan_programme("holiday", turned, {"max_km": 200}, work_limit=1, start=stopped)
    assert after.levels[0].value <= stopped.levels[0].value


def test_a_bound_above_what_the_prices_prove_is_false(stopped):
    (level,) = stopped.levels
    lying = stopped.matching.replace(levels=(type(level)(**(level.to_json() | {"bound": level.value, "gap": 0})),))
    assert {flaw.code for flaw in stopped.programme.engine.flaws(lying)} >= {"status_not_proved"}


def test_chinese_tables_are_read_planned_and_explained_on_the_command_line(tmp_path, capsys):
    (tmp_path / "服务点.csv").write_text(
        "编号,纬度,经度,儿童数,开始周,结束周,床位数,需求\np,25,110,40,1,2,9,书法\n", encoding="utf-8"
    )
    (tmp_path / "实践队.csv").write_text(
        "编号,纬度,经度,人数,开始周,结束周,驻点周数,特长\nt,25,110.1,5,1,3,2,书法;音乐\n", encoding="utf-8"
    )
    (tmp_path / "志愿者.csv").write_text("编号,纬度,经度,开始周,结束周,成年\nv,25,110,1,1,否\n", encoding="utf-8")
    records = read_records("holiday", tmp_path)
    assert records["volunteers"][0].adults == 0
    common = ["--programme", "holiday", "--lang", "zh"]
    assert main(["plan", str(tmp_path), "-o", str(tmp_path / "out"), *common]) == 0
    assert "七彩假期" in capsys.readouterr().out
    assert main(["verify", str(tmp_path), str(tmp_path / "out"), *common]) == 0
    for name in ("point:p", "team:t", "volunteer:v"):
        assert main(["explain", str(tmp_path / "out"), name, *common]) == 0
    assert "驻 p" in capsys.readouterr().out
    with pytest.raises(InvalidInput):
        load_programme(tmp_path / "out").explain("team", "nobody")


def test_the_time_of_the_distances_is_taken_off_the_limit(monkeypatch):
    left: list[float] = []

    class Seen(Exception):
        pass

    def slow(*given):
        time.sleep(0.05)
        return plain(*given)

    def solve(case, neighbours, budget, start):
        left.append(budget.time_left_s)
        raise Seen

    plain = holiday.metres_table
    monkeypatch.setattr(holiday, "metres_table", slow)
    monkeypatch.setattr(engines, "solve_presence", solve)
    with pytest.raises(Seen):
        plan_programme("holiday", example_of("holiday"), time_limit_s=60)
    assert left[0] < 60 - 0.05


@pytest.mark.parametrize("seed", few(5, range(100)))
def test_the_table_of_distances_is_that_of_the_pairs(seed, monkeypatch):
    monkeypatch.setattr(places, "_BLOCK", 7)
    rng = np.random.default_rng(seed)
    sides = [
        [types.SimpleNamespace(lat=a, lon=b) for a, b in rng.uniform(20, 40, (int(rng.integers(0, 6)), 2))]
        for _ in range(2)
    ]
    max_km = None if seed % 2 else float(rng.uniform(300, 1500))
    expected = np.full((len(sides[0]), len(sides[1])), -1)
    at, to, far = places.allowed_arcs(*sides, max_km)
    expected[at, to] = far
    assert (places.metres_table(*sides, max_km, -1) == expected).all()
