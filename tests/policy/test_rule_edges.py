"""Rules at their edges: groups without members, partners that take no pairs, orders of rules, damaged files."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from draws import few
from small_plans import small_instance, small_plan

import matcher


@pytest.mark.parametrize("by", ["province", "county", "all", "team"])
@pytest.mark.parametrize("count", ["recipients", "children"])
def test_a_group_in_which_nobody_is_counted_binds_nothing_and_is_told(by: str, count: str) -> None:
    """Neither a province that only organisations name, nor a county left out by `of`."""
    at = {"lat": 26.0, "lon": 105.0}
    instance = matcher.Instance(
        organizations=[matcher.Organization(id="o", province="A", **at)],
        counties=[matcher.County(id=f"c{i}", province="B", children=5, **at) for i in range(2)],
        branches=[matcher.Branch(id="b", organization_id="o", **at)],
        schools=[matcher.School(id=f"s{i}", county_id=f"c{i}", children=i, extras={"team": f"t{i}"}) for i in range(2)],
    )
    of = {"all": {"ids": ["s0"]}, "county": {"parents": ["c1"]}}.get(by, {"ids": ["s1"]})
    count = "children" if by == "all" else count  # s0 has none of them, but is itself a school
    rule = {"kind": "floor", "level": "school", "by": by, "count": count, "number": 1, "of": of}
    plan = matcher.solve(instance, matcher.Policy(rules=[rule]))
    assert plan.status == "optimal"
    assert [notice.details["level"] for notice in plan.warnings if notice.code == "floor_counts_nobody"] == ["school"]
    assert matcher.verify(instance, plan).ok
    assert plan.metrics["schools_covered"] == 1
    counties = matcher.Policy(rules=[{"kind": "floor", "level": "county", "by": "province", "number": 1}])
    assert matcher.solve(instance, counties).status == "optimal"


@pytest.mark.parametrize("side", ["organization", "county"])
def test_a_pair_whose_partner_takes_no_pairs_any_more_is_no_change_by_choice(side: str) -> None:
    """The rule, the classes of ended pairs and the checker agree."""
    at = {"lat": 26.0, "lon": 105.0}
    gone = {"organization": {"capacity": 0}, "county": {"demand": 0}}
    instance = matcher.Instance(
        organizations=[
            matcher.Organization(id="o1", **at, **(gone[side] if side == "organization" else {})),
            matcher.Organization(id="o2", **at),
        ],
        counties=[
            matcher.County(id="c1", **at, **(gone[side] if side == "county" else {})),
            matcher.County(id="c2", **at),
        ],
        branches=[matcher.Branch(id="b", organization_id="o1", **at)],
        schools=[matcher.School(id="s", county_id="c1", **at)],
        previous=[
            {"level": "county", "provider_id": "o1", "recipient_id": "c1"},
            {"level": "school", "provider_id": "b", "recipient_id": "s"},
        ],
    )
    rules = [{"kind": "max_changes", "level": level, "most": 0} for level in ("county", "school")]
    plan = matcher.solve(instance, matcher.Policy(rules=rules))
    assert plan.status == "optimal"
    assert (plan.metrics["county_ended_forced"], plan.metrics["county_ended_chosen"]) == (1, 0)
    assert matcher.verify(instance, plan).ok


def test_the_order_of_rules_changes_nothing_that_is_said() -> None:
    """Plan, reasons of what is unmatched, and what the checker finds."""
    rules = [
        {"kind": "within"},
        {"kind": "forbid", "level": "county", "provider": {"ids": ["U1", "U2"]}},
        {"kind": "reach", "level": "county", "max_km": 1},
    ]
    said = set()
    for order in permutations(rules):
        policy = matcher.Policy(rules=list(order))
        plan = matcher.solve(small_instance(), policy)
        hand = small_plan()
        report = matcher.verify(small_instance(), hand, policy)
        said.add((tuple(plan.unmatched["reason"]), tuple(sorted(map(str, report.violations)))))
    assert len(said) == 1


@pytest.mark.parametrize("shift", few(1, range(3)))
def test_any_damage_to_a_proof_is_named(tmp_path: Path, shift: int) -> None:
    """Whatever byte is bad, the checker answers with a report."""
    plan = matcher.solve(small_instance())
    proof = plan.save(tmp_path / "out") / "proof.npz"
    good = proof.read_bytes()
    for at in range(7 * shift, len(good), max(1, len(good) // 20)):
        proof.write_bytes(good[:at] + bytes([good[at] ^ 255]) + good[at + 1 :])
        assert not matcher.verify(small_instance(), tmp_path / "out").ok


@pytest.mark.parametrize("name", ["'=1", "'-c", "''+x", "=1", "'plain", "'"])
def test_an_id_that_a_spreadsheet_would_run_comes_back_from_every_form(name: str, tmp_path: Path) -> None:
    """However many apostrophes it begins with of its own."""
    known: dict[str, Any] = {"lat": 26, "lon": 105}
    instance = matcher.Instance(
        organizations=[matcher.Organization(id=name, **known)], counties=[matcher.County(id=name, **known)]
    )
    plan = matcher.solve(instance)
    assert len(plan.county_pairings) == 1
    for out in ("plan.xlsx", "out"):
        assert matcher.verify(instance, plan.save(tmp_path / out)).codes == ()
