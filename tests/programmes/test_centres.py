"""Centres: tables in both languages, plans against enumeration, verify, save and load, the command line."""

import itertools
import json

import numpy as np
import pytest
from programme_cases import hold, metres_between, objectives, point

from matcher import InvalidInput, programmes
from matcher.cli import main
from matcher.programmes import Place, Site, load_programme, plan_programme, save_programme, verify_programme

KINDS = ("village", "community")


def draw(seed: int) -> tuple[dict, dict]:
    """Return small tables and a policy."""
    rng = np.random.default_rng(seed)
    count, people = int(rng.integers(1, 6)), int(rng.integers(1, 7))
    places = [
        Place(id=f"p{i}", **point(rng, 0.6), children=int(rng.integers(0, 30)), county_id="c") for i in range(people)
    ]
    sized = rng.random() < 0.3
    sites = [
        Site(
            id=f"s{j}",
            **point(rng, 0.6),
            kind=str(rng.choice(KINDS)) if rng.random() < 0.8 else None,
            capacity=int(rng.integers(5, 60)) if sized and rng.random() < 0.8 else None,
            cost=round(float(rng.uniform(0, 9)), 1),
            status=str(rng.choice(["candidate", "existing", "closed"], p=[0.7, 0.15, 0.15])),
        )
        for j in range(count)
    ]
    policy: dict = {"reach_km": float(rng.integers(5, 40))}
    if rng.random() < 0.6:
        policy["sites"] = sorted(int(n) for n in rng.integers(0, count + 1, 2))
    if rng.random() < 0.4 and {site.kind for site in sites} & set(KINDS):
        kind = next(site.kind for site in sites if site.kind)
        policy["by_kind"] = {kind: sorted(int(n) for n in rng.integers(0, 3, 2))}
    if rng.random() < 0.4:
        policy["budget"] = float(rng.integers(3, 25))
    if rng.random() < 0.4:
        policy["max_km"] = float(rng.integers(5, 60))
    policy["objectives"] = objectives(rng, ["children_within", "distance", "fewest_sites", "cost"], 1, 3)
    return {"places": places, "sites": sites}, policy


def best(tables: dict, policy: dict) -> tuple | None:
    """Return the best vector of values by enumeration of open sites and of assignments."""
    places, sites = tables["places"], tables["sites"]
    metres = metres_between(sites, places)
    may_miss = "max_km" in policy or any(site.capacity is not None for site in sites)
    far = round(policy.get("max_km", 10**6) * 1000)
    reach = policy["reach_km"] * 1000
    found = None
    for opened in itertools.product([0, 1], repeat=len(sites)):
        if not allowed(sites, policy, opened):
            continue
        choices = [
            [j for j, on in enumerate(opened) if on and metres[j, i] <= far] + ([None] if may_miss else [])
            for i in range(len(places))
        ]
        for to in itertools.product(*choices):
            load = [sum(places[i].children for i, t in enumerate(to) if t == j) for j in range(len(sites))]
            if any(s.capacity is not None and n > s.capacity for n, s in zip(load, sites, strict=True)):
                continue
            children = [place.children for place in places]
            values = {
                "served": sum(w for w, t in zip(children, to, strict=True) if t is None),
                "children_within": sum(
                    w for i, (w, t) in enumerate(zip(children, to, strict=True)) if t is None or metres[t, i] > reach
                ),
                "distance": sum(
                    w * metres[t, i] for i, (w, t) in enumerate(zip(children, to, strict=True)) if t is not None
                ),
                "fewest_sites": sum(opened),
                "cost": sum(
                    round(100 * s.cost) for s, on in zip(sites, opened, strict=True) if on and s.status != "existing"
                ),
            }
            names = (["served"] if may_miss else []) + policy["objectives"]
            value = tuple(values[name] for name in names)
            found = value if found is None else min(found, value)
    return found


def allowed(sites: list, policy: dict, opened: tuple) -> bool:
    """Return whether these sites may be the open ones."""
    for site, on in zip(sites, opened, strict=True):
        if (site.status == "existing" and not on) or (site.status == "closed" and on):
            return False
    least, most = policy.get("sites", (0, 99))
    money = sum(round(100 * s.cost) for s, on in zip(sites, opened, strict=True) if on and s.status != "existing")
    if not least <= sum(opened) <= most or money > round(100 * policy.get("budget", 10**6)):
        return False
    return all(
        low <= sum(on for s, on in zip(sites, opened, strict=True) if s.kind == kind) <= high
        for kind, (low, high) in policy.get("by_kind", {}).items()
    )


def judge(seed: int) -> None:
    """Plan one drawn case and hold it against the enumeration."""
    tables, policy = draw(seed)
    hold(plan_programme("centres", tables, policy), best(tables, policy))


@pytest.mark.parametrize("seed", range(25))
def test_small_plans_are_those_of_the_enumeration(seed):
    judge(seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_two_thousand_small_plans_are_those_of_the_enumeration(block):
    for seed in range(1000 + 200 * block, 1200 + 200 * block):
        judge(seed)


@pytest.fixture(scope="module")
def planned():
    records = programmes.example_of("centres", 1)
    few = {"places": records["places"][:60], "sites": records["sites"][:30]}
    return plan_programme("centres", few, {"sites": [5, 5]})


def test_a_plan_survives_its_folder_and_verifies_there(planned, tmp_path):
    save_programme(planned, tmp_path / "out")
    again = load_programme(tmp_path / "out")
    assert again.levels == planned.levels
    assert again.metrics == planned.metrics
    assert again.pairings.equals(planned.pairings)
    report = verify_programme(tmp_path / "out")
    assert (report.ok, report.finding) == (True, planned.verify().finding)
    first = {path.name: path.read_bytes() for path in (tmp_path / "out").glob("*.csv")}
    save_programme(again, tmp_path / "out")
    assert first == {path.name: path.read_bytes() for path in (tmp_path / "out").glob("*.csv")}


def test_the_plan_is_the_same_for_any_order_of_the_rows(planned):
    turned = {name: rows[::-1] for name, rows in planned.records.items()}
    again = plan_programme("centres", turned, {"sites": [5, 5]})
    assert again.pairings.equals(planned.pairings)
    assert again.levels == planned.levels


def test_another_table_makes_a_plan_false(planned):
    place, *others = planned.records["places"]
    changed = {**planned.records, "places": (place.model_copy(update={"children": place.children + 1}), *others)}
    report = planned.verify(changed)
    assert (report.ok, report.finding) == (False, "false")
    assert report.summary("zh")


def test_frames_and_explanations_speak_in_ids(planned):
    assert list(planned.pairings.columns) == ["recipient_id", "provider_id", "children", "km"]
    assert len(planned.opened) == 5
    assert planned.unmatched.empty
    for lang in ("en", "zh"):
        assert planned.records["places"][0].id in planned.explain("place", planned.records["places"][0].id, lang)
        assert planned.explain("site", planned.opened["provider_id"][0], lang)
    with pytest.raises(InvalidInput):
        planned.explain("site", "nobody")


def test_next_year_starts_from_the_plan(planned):
    again = plan_programme("centres", planned.records, {"sites": [5, 5]}, start=planned, work_limit=1)
    assert again.status in ("optimal", "feasible")
    assert again.levels[0].value <= planned.levels[0].value


def test_chinese_tables_are_read_and_every_fault_is_named(tmp_path):
    (tmp_path / "需求点.csv").write_text("编号,纬度,经度,儿童数\na,25,110,7\nb,25.1,110,x\n", encoding="utf-8")
    (tmp_path / "候选点.csv").write_text("编号,纬度,经度,状态\ns,25,110,已有\ns,25,110,拆了\n", encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        programmes.read_records("centres", tmp_path)
    found = {(fault.table, fault.code) for fault in caught.value.faults}
    assert ("places", "not_a_number") in found
    assert ("sites", "not_a_choice") in found
    assert caught.value.message("zh")


@pytest.mark.parametrize(
    "policy",
    [
        {"objectives": ["children_within"]},
        {"by_kind": {"palace": 1}},
        {"objectives": []},
        {"site": 3},
        {"sites": [3, 1]},
    ],
)
def test_a_policy_that_says_nothing_is_refused(policy, planned):
    with pytest.raises(InvalidInput) as caught:
        plan_programme("centres", planned.records, policy)
    assert caught.value.message("zh")


def test_the_command_line_plans_verifies_and_explains(planned, tmp_path, capsys):
    source = tmp_path / "tables"
    source.mkdir()
    for name, content in planned.programme.schema.files(planned.records).items():
        (source / name).write_bytes(content)
    (tmp_path / "policy.toml").write_text("sites = [5, 5]\n", encoding="utf-8")
    out = str(tmp_path / "out")
    common = ["--programme", "centres", "--lang", "zh"]
    asked = ["plan", str(source), "--policy", str(tmp_path / "policy.toml"), "-o", out]
    assert main([*asked, *common]) == 0
    assert "青年之家" in capsys.readouterr().out
    assert main(["verify", str(source), out, *common, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"]
    assert main(["explain", out, f"place:{planned.records['places'][0].id}", *common]) == 0
    assert main(["template", str(tmp_path / "empty.xlsx"), *common]) == 0
    assert main(["plan", str(source), "-o", out, "--programme", "castles"]) == 2
