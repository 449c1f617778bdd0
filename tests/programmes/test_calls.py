"""Calls: what families pledge against enumeration, and against taking pledges one by one."""

import datetime as dt
import itertools
from collections import Counter

import numpy as np
import pytest

from matcher import InvalidInput, programmes
from matcher.base.days import iso_moment, second_number
from matcher.cli import main
from matcher.online import CallDesk, CallItem
from matcher.programmes import CallNeed, CallPledge, CallSchool, plan_programme

NOON = dt.datetime(2026, 1, 5, 12)


def draw(seed: int, given: bool = True) -> tuple[dict, dict]:
    """Return small tables and a policy; with pledges that were given before, if so asked."""
    rng = np.random.default_rng(seed)
    schools = [
        CallSchool(
            id=f"s{n}",
            children=int(rng.integers(0, 4)),
            need=float(rng.integers(0, 2)),
            status="stopped" if rng.random() < 0.1 else "open",
        )
        for n in range(int(rng.integers(1, 4)))
    ]
    needs = [
        CallNeed(
            id=f"{school.id}-{item}",
            school_id=school.id,
            item=item,
            per_child=float(rng.choice([0.5, 1, 2])),
            pieces=int(rng.integers(0, 4)) if given and rng.random() < 0.3 else None,
        )
        for school in schools
        for item in ("hat", "gloves")
        if rng.random() < 0.7
    ] or [CallNeed(id="only", school_id="s0", item="hat")]
    pledges = []
    for n in range(int(rng.integers(1, 6))):
        at, amount = NOON + dt.timedelta(seconds=int(rng.integers(0, 9))), int(rng.integers(1, 4))
        pledge = CallPledge(id=f"p{n}", item=str(rng.choice(["hat", "gloves"])), amount=amount, at=at)
        mine = [need.id for need in needs if need.item == pledge.item]
        if given and mine and rng.random() < 0.4:
            status = str(rng.choice(["promised", "came", "failed"]))
            some = int(rng.integers(0, 5)) if rng.random() < 0.5 else None
            pledge = pledge.model_copy(update={"status": status, "need_id": str(rng.choice(mine)), "pieces": some})
        pledges.append(pledge)
    policy = {"failed": float(rng.integers(0, 3)), "of": 10.0, "most_over": float(rng.choice([0, 0.2, 1]))}
    return {"schools": schools, "needs": needs, "pledges": pledges}, policy


def rooms(tables: dict, policy: dict) -> dict[str, int]:
    """Return the room of every need: one more piece again and again, while the guard lets it."""
    ended = [pledge for pledge in tables["pledges"] if pledge.status in ("came", "failed")]
    arrived = {
        pledge.id: 0
        if pledge.status == "failed"
        else min(pledge.amount, pledge.pieces or 0)
        if pledge.pieces is not None
        else pledge.amount
        for pledge in ended
    }
    pieces = sum(pledge.amount for pledge in ended)
    fails = min(0.95, (pieces - sum(arrived.values()) + policy["failed"]) / (pieces + policy["of"]))
    school, found = {each.id: each for each in tables["schools"]}, {}
    for need in tables["needs"]:
        mine = [pledge for pledge in tables["pledges"] if pledge.need_id == need.id]
        came = sum(arrived.get(pledge.id, 0) for pledge in mine)
        coming = sum(pledge.amount for pledge in mine if pledge.status == "promised")
        children = school[need.school_id].children
        asked = int(np.ceil(children * need.per_child)) if need.pieces is None else need.pieces
        room = 0
        while (
            school[need.school_id].status == "open"
            and came < asked
            and (coming + room) * (1 - fails) < asked - came - 1e-9
            and came + coming + room + 1 <= asked * (1 + policy["most_over"]) + 1e-9
        ):
            room += 1
        found[need.id] = room
    return found


def best(tables: dict, policy: dict) -> tuple:
    """Return the least values of the objectives, by all ways to give every piece of every new pledge."""
    room, needs = rooms(tables, policy), {need.id: need for need in tables["needs"]}
    order = sorted(tables["schools"], key=lambda s: (-s.need, -s.children, s.id))
    rank = {school.id: n for n, school in enumerate(order)}
    new = sorted((p for p in tables["pledges"] if p.status == "new"), key=lambda p: (p.at, p.id))
    options = [
        list(
            itertools.combinations_with_replacement(
                [None, *(n.id for n in tables["needs"] if n.item == pledge.item)], pledge.amount
            )
        )
        for pledge in new
    ]
    found = None
    for ways in itertools.product(*options):
        load = Counter(to for way in ways for to in way if to is not None)
        if any(count > room[to] for to, count in load.items()):
            continue
        at = [[len(order) if to is None else rank[needs[to].school_id] for to in way] for way in ways]
        value = (
            sum(to is None for way in ways for to in way),
            sum(map(sum, at)),
            sum((len(new) - t) * sum(mine) for t, mine in enumerate(at)),
        )
        found = value if found is None else min(found, value)
    return found


def judge(seed: int) -> None:
    """Hold one plan against the enumeration, and another against the desk that takes pledges one by one."""
    tables, policy = draw(seed)
    plan = plan_programme("calls", tables, policy)
    assert plan.status == "optimal"
    assert plan.verify().finding == "proved"
    assert tuple(level.value for level in plan.levels) == best(tables, policy)
    tables, policy = draw(seed, given=False)
    plan = plan_programme("calls", tables, policy)
    items = [CallItem(item=n.item, per_child=n.per_child, school_id=n.school_id) for n in tables["needs"]]
    desk, taken = CallDesk(tables["schools"], items, policy), {}
    for pledge in sorted(tables["pledges"], key=lambda pledge: (pledge.at, pledge.id)):
        for one in desk.pledge(pledge.id, pledge.item, pledge.amount, at=second_number(pledge.at)):
            taken[pledge.id, one.school, one.item] = one.amount
    made = plan.pairings
    assert (
        dict(zip(zip(made["recipient_id"], made["school_id"], made["item"], strict=True), made["pieces"], strict=True))
        == taken
    )
    left = plan.opened.set_index(["school_id", "item"])["missing"].to_dict()
    assert left == {(n.school_id, n.item): desk.room(n.school_id, n.item) for n in tables["needs"]}


@pytest.mark.parametrize("seed", range(20))
def test_small_plans_are_those_of_the_enumeration_and_of_the_desk(seed):
    judge(seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_five_thousand_small_plans_are_those_of_the_enumeration_and_of_the_desk(block):
    for seed in range(1000 + 500 * block, 1500 + 500 * block):
        judge(seed)


def test_the_example_goes_through_every_door(tmp_path):
    records = programmes.example_of("calls")
    plan = plan_programme("calls", records)
    assert plan.metrics["schools_filled"] >= 1
    assert plan.unmatched.empty
    first = plan.opened.iloc[0]
    assert first["missing"] == 0
    assert first["asked"] <= first["came"] + first["promised"] + first["given"] <= 1.2 * first["asked"]
    hours = plan.opened["hours"]
    assert (plan.opened["hours_low"] <= hours).all()
    assert "学校" in plan.summary("zh")
    assert plan.explain("pledge", "P100").startswith("P100")
    assert "尚缺" in plan.explain("need", first["provider_id"], "zh")
    with pytest.raises(InvalidInput):
        plan.explain("school", "none")
    programmes.save_programme(plan, tmp_path / "out")
    assert programmes.verify_programme(tmp_path / "out").finding == "proved"
    assert main(["verify", "--programme", "calls", str(tmp_path / "out" / "input"), str(tmp_path / "out")]) == 0
    assert main(["template", "--programme", "calls", str(tmp_path / "empty.xlsx"), "--lang", "zh"]) == 0


def test_chinese_tables_are_read_and_what_names_nothing_is_refused(tmp_path):
    (tmp_path / "学校.csv").write_text("学校编号,儿童数,需求程度,状态\nS,3,2,进行中\n", encoding="utf-8")
    (tmp_path / "需求.csv").write_text("需求编号,学校编号,物品,人均件数\nS-帽,S,帽子,1\n", encoding="utf-8")
    rows = [
        "认捐编号,物品,数量,时间,状态,需求编号",
        "a,帽子,2,2026年1月5日 10:31,新登记,",
        "b,帽子,1,2026/1/5 9:00,已承诺,S-帽",
    ]
    (tmp_path / "认捐.csv").write_text("\n".join(rows), encoding="utf-8")
    records = programmes.read_records("calls", tmp_path)
    assert [pledge.at for pledge in records["pledges"]] == ["2026-01-05T10:31:00", "2026-01-05T09:00:00"]
    assert plan_programme("calls", records).pairings["pieces"].tolist() == [2]
    (other,) = [pledge for pledge in records["pledges"] if pledge.id == "b"]
    for wrong in (
        {"pledges": [other.model_copy(update={"need_id": "none"})]},
        {"needs": [CallNeed(id="n", school_id="none", item="hat")], "pledges": []},
    ):
        with pytest.raises(InvalidInput) as caught:
            plan_programme("calls", {**records, **wrong})
        assert caught.value.message("zh")


@pytest.mark.parametrize(
    "written", ["2026-1-5 10:31", "2026/1/5T10:31:00.000", "2026年1月5日 10:31", NOON.replace(hour=10, minute=31)]
)
def test_moments_are_read_as_people_write_them(written):
    assert iso_moment(written) == "2026-01-05T10:31:00"
    assert second_number(iso_moment(written)) - second_number(iso_moment("20260105")) == 37860
    for wrong in ("10:31", "2026-01-05 25:00", "2026-02-30 10:00", "", None, 5):
        with pytest.raises(ValueError, match="give a"):
            iso_moment(wrong)
