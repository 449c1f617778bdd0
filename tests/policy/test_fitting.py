"""A policy beside an instance: names stand for ids, and what nobody has is a fault with the nearest right one."""

from __future__ import annotations

from typing import Any

import pytest

import matcher
from matcher import InvalidInput, Policy
from matcher.policy.fitting import named
from matcher.words.catalogue import LANGS


def instance() -> matcher.Instance:
    """Return two counties with columns of their own, one organisation with a branch, two schools."""
    at = {"lat": 26.0, "lon": 105.0}
    county = {"province": "贵州省", "children": 5, **at}
    return matcher.Instance(
        organizations=[{"id": "U1", "name": "贵州大学", "kind": "university", "province": "贵州省", **at}],
        branches=[{"id": "B1", "name": "文学院团支部", "organization_id": "U1", "capacity": 2}],
        counties=[
            {"id": "C1", "name": "关岭布依族苗族自治县", "extras": {"市（州）": "安顺市"}, **county},
            {"id": "C2", "name": "水城区", "extras": {"市（州）": "六盘水市"}, **county},
        ],
        schools=[
            {"id": f"S{i}", "name": name, "county_id": f"C{i}", "children": 9, "extras": {"学段": stage}}
            for i, (name, stage) in enumerate([("一中", "初中"), ("二小", "小学")], 1)
        ],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "code", "nearest"),
    [
        ({"kind": "forbid", "level": "school", "recipient": {"where": {"市（州）": "安顺市"}}}, "no_such_column", None),
        ({"kind": "forbid", "level": "school", "recipient": {"where": {"学段 ": "初中"}}}, "no_such_column", "学段"),
        ({"kind": "forbid", "level": "school", "recipient": {"where": {"学段": "小学校"}}}, "no_such_value", "小学"),
        ({"kind": "forbid", "level": "county", "recipient": {"where": {"省份": "贵州省"}}}, "no_such_column", None),
        ({"kind": "forbid", "level": "school", "recipient": {"ids": "二小学"}}, "unknown_id", "S2 二小"),
        ({"kind": "forbid", "level": "county", "recipient": {"ids": "水城县城"}}, "unknown_id", None),
        ({"kind": "forbid", "level": "county", "provider": {"provinces": "貴州省"}}, "no_such_province", "贵州省"),
        ({"kind": "forbid", "level": "county", "provider": {"provinces": "湖南"}}, "no_such_province", None),
        ({"kind": "forbid", "level": "county", "provider": {"kinds": "医院"}}, "not_a_choice", None),
        ({"kind": "forbid", "level": "county", "provider": {"kinds": "企业"}}, "selects_nobody", None),
        ({"kind": "forbid", "level": "county", "recipient": {"kinds": "高校"}}, "selector_not_of_table", None),
        ({"kind": "forbid", "level": "county", "recipient": {"parents": "U1"}}, "selector_not_of_table", None),
        ({"kind": "floor", "by": "市（州）", "percent": 9}, "no_such_column", None),
        ({"kind": "partners", "level": "school", "by": "市（州）", "km": 9}, "no_such_column", None),
        ({"kind": "kind_balance", "by": "学段"}, "no_such_column", None),
        ({"kind": "kind_balance", "kinds": ["高校", "医院"]}, "not_a_choice", None),
        ({"kind": "forbid", "level": "school", "recipient": {"where": {"学段": ">=3"}}}, "not_compared", None),
        ({"kind": "forbid", "level": "school", "recipient": {"where": {"学段": "!=小"}}}, "no_such_value", "小学"),
        ({"kind": "forbid", "level": "school", "recipient": {"where": {"儿童数": ">=10"}}}, "selects_nobody", None),
        ({"kind": "within", "provinces": ["贵洲省"]}, "no_such_province", "贵州省"),
    ],
    ids=str,
)
def test_a_rule_that_binds_nobody_or_everybody_is_a_fault(rule: Any, code: str, nearest: str | None) -> None:
    """Each with its place in the policy, and the nearest right one where something is like it."""
    with pytest.raises(InvalidInput) as caught:
        matcher.solve(instance(), Policy(rules=[rule]))
    (fault,) = caught.value.faults
    assert (fault.code, fault.table) == (code, "policy")
    if nearest is not None:
        assert fault.details["nearest"] == nearest
    for lang in LANGS:
        assert "{" not in fault.message(lang) + fault.mend(lang)


def test_names_stand_for_ids() -> None:
    """In selectors, parents and pins; provinces and kinds in any of their forms. The plan keeps ids."""
    rules = [
        {"kind": "pin", "level": "county", "provider_id": "贵州大学", "recipient_id": "关岭县"},
        {
            "kind": "forbid",
            "level": "school",
            "provider": {"ids": "贵州大学文学院团支部"},
            "recipient": {"parents": "水城"},
        },
        {"kind": "wanted_kind", "kinds": "高校", "of": {"ids": ["水城区"]}},
        {"kind": "within", "provinces": "贵州"},
    ]
    plan = matcher.solve(instance(), Policy(rules=rules, within=["贵州"]))
    pin, forbid, wanted, within = plan.policy.rules
    assert (pin.provider_id, pin.recipient_id) == ("U1", "C1")
    assert (forbid.provider.ids, forbid.recipient.parents) == (("B1",), ("C2",))
    assert (wanted.kinds, wanted.of.ids, within.provinces) == (("university",), ("C2",), ("贵州省",))
    assert plan.policy.within == ("贵州省",)
    assert plan.county_pairings["county_id"].tolist() == ["C1"]
    assert matcher.verify(instance(), plan, Policy(rules=rules, within=["贵州"])).ok
    assert named(plan.policy, instance()) is plan.policy


def test_every_sentence_says_how_many_rows_it_binds() -> None:
    """In the policy's summary beside an instance, and in the plan's; without an instance nothing is counted."""
    rules = [
        {"kind": "floor", "by": "学段", "number": 1},
        {"kind": "load", "most": 2},
        {"kind": "priority", "of": {"ids": ["一中"]}, "factor": 2},
        {"kind": "max_changes", "level": "school", "most": 0},
    ]
    policy = Policy(rules=rules, max_county_km=300)
    plan = matcher.solve(instance(), policy)
    said = plan.policy.summary("zh", instance()).splitlines()[2:]
    counts = ["2 个区县", "2 所学校、2 个组", "1 个支部", "1 所学校", "0 对上年结对"]
    assert [line.partition("【涉及：")[2] for line in said] == [f"{count}】" for count in counts]
    for lang in LANGS:
        assert all(line in plan.summary(lang) for line in plan.policy.sentences(lang, instance())[2:])
    assert "涉及" not in policy.summary("zh")
