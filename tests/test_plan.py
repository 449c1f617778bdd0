from __future__ import annotations

import numpy as np
import pytest
from geopy.distance import geodesic
from small_plans import COUNTY_PAIRS, small_instance, small_plan, solver_plan

import matcher
from matcher.base.errors import text
from matcher.base.names import UNMATCHED_COLUMNS
from matcher.base.violations import Violation
from matcher.outcome.changes import CAUSES, KINDS
from matcher.outcome.frames import PAIR_COLUMNS
from matcher.outcome.unmatched import REASONS, detail_parts, detail_words
from matcher.plan import Plan
from matcher.policy.objectives import NAMES


def test_frames_have_the_contracts_columns_then_the_extras() -> None:
    """Columns stand in the contract's order; what the tables carried besides comes behind, named by its side."""
    plan = small_plan()
    assert tuple(plan.county_pairings.columns) == (*PAIR_COLUMNS["county"], "organization_level")
    assert tuple(plan.school_pairings.columns) == (*PAIR_COLUMNS["school"], "school_note")
    assert tuple(plan.unmatched.columns) == UNMATCHED_COLUMNS
    assert plan.school_pairings["school_id"].tolist() == ["S1", "S2", "S3", "S4"]
    assert plan.school_pairings["school_note"].tolist()[0] == "近"


def test_kilometres_are_exact_metres_of_the_ellipsoid() -> None:
    """Every km is geopy's geodesic rounded to whole metres."""
    plan = small_plan()
    row = plan.county_pairings.iloc[0]
    assert row["km"] == round(geodesic((26.0, 106.0), (26.1, 106.1)).m) / 1000
    assert plan.county_pairings["minutes"].isna().all()


def test_kept_pairs_carry_last_years_year() -> None:
    """A kept pair lasts since last year's `since`; a new one, or one whose year is unknown, has none."""
    plan = small_plan()
    assert plan.county_pairings[["kept", "since"]].astype("object").values.tolist()[0] == [True, 2015]
    assert plan.county_pairings["since"].isna().tolist() == [False, True]
    assert plan.school_pairings["kept"].tolist() == [True, False, False, False]


def test_frames_are_the_callers_own() -> None:
    """Changing a frame does not change the plan."""
    plan = small_plan()
    frame = plan.county_pairings
    frame["km"] = 0.0
    assert (plan.county_pairings["km"] > 0).all()


def test_metrics_by_hand() -> None:
    """Coverage, travel and change as counted by hand."""
    plan = small_plan()
    metrics = plan.metrics
    km = plan.school_pairings["km"]
    expected = {
        "counties": 3,
        "counties_covered": 2,
        "counties_children": 1000,
        "counties_children_covered": 800,
        "counties_children_share": 0.8,
        "counties_places_missing": 1,
        "schools": 6,
        "schools_covered": 4,
        "schools_children_covered": 350,
        "schools_children_share": round(350 / 401, 6),
        "organizations_used": 2,
        "branches_used": 3,
        "county_pairs": 2,
        "county_kept": 1,
        "county_new": 1,
        "county_ended": 1,
        "county_ended_chosen": 1,
        "school_kept": 1,
        "school_new": 3,
        "school_ended": 2,
        "school_ended_consequent": 1,
        "school_ended_chosen": 1,
        "school_ended_forced": 0,
        "schools_at_county_seat": 1,
        "school_km_total": round(float(km.sum()), 3),
        "school_km_mean": round(float(km.mean()), 3),
        "school_km_median": round(float(km.median()), 3),
        "school_km_max": round(float(km.max()), 3),
    }
    assert {name: metrics[name] for name in expected} == expected
    assert metrics["school_km_p95"] == pytest.approx(np.percentile(km, 95), abs=0.0006)


def test_an_empty_plan_has_no_means() -> None:
    """What is not known is None, never 0 or NaN; totals of nothing are 0."""
    metrics = Plan.from_pairs(matcher.Instance()).metrics
    assert metrics["school_km_mean"] is None
    assert metrics["school_km_total"] == 0
    assert metrics["schools_share"] is None


def test_everyone_below_the_most_is_unmatched_with_a_reason() -> None:
    """Each row says who lacks how much and why, on both sides."""
    rows = small_plan().unmatched.set_index(["kind", "id"])
    assert rows["reason"].to_dict() == {
        ("county", "C3"): "not_chosen",
        ("school", "S5"): "farther_than_children_are_worth",
        ("school", "S6"): "no_county_pair",
        ("organization", "U3"): "not_chosen",
        ("branch", "B3"): "farther_than_children_are_worth",
    }
    assert rows["missing"].tolist() == [1] * 5
    assert set(rows["reason"]) <= set(REASONS)
    assert rows.loc[("school", "S5"), "detail"].startswith("nearest=B3; km=")


@pytest.mark.parametrize(
    ("policy", "name", "reason"),
    [
        ({"max_county_km": 50}, ("county", "C3"), "out_of_reach"),
        ({"within": "province"}, ("county", "C3"), "outside_province"),
        ({"child_km": None}, ("school", "S5"), "not_chosen"),
        ({"max_school_km": 20}, ("school", "S5"), "out_of_reach"),
        ({"county_cost": "min"}, ("county", "C3"), "not_listed"),
        (
            {"rules": [{"kind": "forbid", "level": "county", "recipient": {"ids": ["C3"]}}]},
            ("county", "C3"),
            "forbidden",
        ),
        ({"rules": [{"kind": "forbid", "level": "school", "provider": {"ids": "B3"}}]}, ("branch", "B3"), "forbidden"),
        ({"organization_capacity": 2, "county_demand": 1}, ("organization", "U1"), "not_chosen"),
    ],
)
def test_the_reason_follows_the_rule(policy: dict[str, object], name: tuple[str, str], reason: str) -> None:
    """The rule that alone bars everybody is the reason."""
    rows = small_plan(matcher.Policy(**policy)).unmatched.set_index(["kind", "id"])
    assert rows.loc[name, "reason"] == reason


def test_partners_full_when_all_are_served() -> None:
    """A school whose branches are all busy, and an organisation whose counties all have what they want."""
    instance = small_instance(counties=small_instance().counties[:2], schools=small_instance().schools[:4], previous=())
    pairs = (("B1", "S1"), ("B1", "S2"), ("B3", "S4"))
    policy = matcher.Policy(rules=[{"kind": "forbid", "level": "school", "provider": {"ids": "B2"}}])
    plan = Plan.from_pairs(instance, county_pairs=COUNTY_PAIRS, school_pairs=pairs, policy=policy)
    reasons = plan.unmatched.set_index(["kind", "id"])["reason"]
    assert reasons["school", "S3"] == "partners_full"
    assert reasons["organization", "U3"] == "partners_full"
    assert reasons["branch", "B3"] == "no_partner"


def test_levels_of_a_hand_made_plan_have_values_and_no_bounds() -> None:
    """Nothing is proved about a plan made by hand."""
    plan = small_plan()
    assert [level.name for level in plan.levels] == [objective.name for objective in plan.policy.objectives]
    assert all(level.bound is None and level.gap is None for level in plan.levels)
    assert plan.levels[0].value == 800
    assert plan.proof.kind == "none"
    assert plan.status == "feasible"


def test_every_objective_has_a_value() -> None:
    """Every objective that a policy may list is a level of a hand-made plan."""
    names = [name for name in NAMES if not name.startswith("fair")]
    plan = small_plan(matcher.Policy(objectives=names))
    assert [level.name for level in plan.levels] == names
    assert all(isinstance(level.value, int) for level in plan.levels)


def test_a_broken_hand_made_plan_is_not_called_feasible() -> None:
    """A hand-made plan that breaks a rule, or names strangers, is of unknown status and raises when asked."""
    crowded = small_plan(county_pairs=[*COUNTY_PAIRS, ("U1", "C3")])
    strange = small_plan(county_pairs=[*COUNTY_PAIRS, ("U9", "C3")])
    assert crowded.status == strange.status == "unknown"
    assert strange.county_pairings["organization_id"].tolist()[-1] == "U9"
    with pytest.raises(matcher.UnsolvedError):
        crowded.raise_for_status()


def test_raise_for_status() -> None:
    """A plan returns itself; an infeasible one raises with its witness."""
    plan = small_plan()
    assert plan.raise_for_status() is plan
    nothing = solver_plan(status="infeasible", county_pairs=[], school_pairs=[], witness={"kind": "hall"})
    with pytest.raises(matcher.InfeasibleError) as caught:
        nothing.raise_for_status()
    assert caught.value.witness == {"kind": "hall"}


def test_warnings_say_how_far_an_unlimited_plan_goes() -> None:
    """No reach, no limit: the plan says how far 95 % and the farthest go, and who stands at the county's seat."""
    notices = {(notice.code, notice.details.get("level")): notice for notice in small_plan().warnings}
    assert notices["unlimited_reach", "school"].details["max_km"] == small_plan().metrics["school_km_max"]
    assert notices["school_at_county_seat", None].details["count"] == 1
    limited = small_plan(matcher.Policy(max_county_km=100, max_school_km=100))
    assert "unlimited_reach" not in {notice.code for notice in limited.warnings}


def test_json_round_trip() -> None:
    """The JSON document holds the whole plan, with its input and the arrays of its proof."""
    for plan in (small_plan(), solver_plan(), small_plan(county_pairs=[("U9", "C1")], school_pairs=[])):
        assert Plan.from_json(plan.to_json()) == plan
    assert Plan.from_json(solver_plan().to_json()) != small_plan()
    with pytest.raises(matcher.InvalidInput):
        Plan.from_json("{}")
    with pytest.raises(matcher.InvalidInput):
        Plan.from_json('{"format": "matcher.plan/1"}')


def test_the_order_of_rows_and_pairs_does_not_matter() -> None:
    """The same tables and pairs in another order make an equal plan."""
    instance = small_instance()
    shuffled = matcher.Instance(
        **{name: getattr(instance, name)[::-1] for name in ("organizations", "branches", "counties", "schools")},
        previous=instance.previous[::-1],
    )
    one, other = small_plan(), small_plan(instance=shuffled, county_pairs=COUNTY_PAIRS[::-1])
    assert one == other
    assert one.to_json() == other.to_json()
    assert hash(one) == hash(other)


def test_every_code_of_a_plan_has_its_words() -> None:
    """Reasons, causes and kinds of ended pairs have a text in both languages."""
    keys = [f"reason.{reason}" for reason in REASONS] + [f"cause.{cause}" for cause in CAUSES]
    for key in (*keys, *(f"ended.{kind}" for kind in KINDS)):
        assert text(key, "en") != text(key, "zh")


def test_without_a_plan_no_rule_is_the_reason() -> None:
    """Where nothing can be planned everybody's reason is that, in the frame, the explanation and the checker's eyes."""
    instance = small_instance()
    plan = matcher.solve(instance, matcher.Policy(rules=[{"kind": "floor", "number": 10_000}]))
    assert plan.status == "infeasible"
    assert set(plan.unmatched.reason) == {"not_planned"}
    assert set(plan.unmatched.detail) == {""}
    assert "没有方案" in plan.explain("school", "S1").text("zh")
    assert matcher.verify(instance, plan).ok


def test_a_detail_is_said_in_both_languages_and_taken_apart() -> None:
    assert detail_parts("nearest=a; km=x; km=0.100") == ("a; km=x", 0.1)
    assert detail_parts("") == ("", 0.0)
    assert detail_words("nearest=B1; km=2.500", "zh") == "最近：B1，2.500 公里"
    assert detail_words("", "zh") == ""


def test_the_words_of_a_floor_are_chinese_in_chinese() -> None:
    said = Violation("floor", {"group": "all", "level": "school", "count": "children", "value": 1, "limit": 2}).text(
        "zh"
    )
    assert not any(word in said for word in ("all", "school", "children"))
