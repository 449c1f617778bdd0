from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from small_plans import COUNTY_PAIRS, SCHOOL_PAIRS, small_instance, small_plan, solver_plan

import matcher
from matcher.base.notices import Notice
from matcher.base.result import Proof
from matcher.outcome.claims import Claims
from matcher.plan import Plan

LOCKS = (
    {"level": "school", "provider_id": "B3", "recipient_id": "S4", "kind": "forbid", "reason": "x"},
    {"level": "school", "provider_id": "B2", "recipient_id": "S1", "kind": "pin", "reason": "y"},
)


def cell(claims: Claims, level: str, column: str, row: int, value: Any) -> Claims:
    """Return claims with one value of one row changed."""
    columns = {name: list(values) for name, values in claims.rows[level].items()}
    columns[column][row] = value
    return dataclasses.replace(claims, rows={**claims.rows, level: columns})


def level(claims: Claims, position: int, **changes: Any) -> Claims:
    levels = list(claims.levels or ())
    levels[position] = dataclasses.replace(levels[position], **changes)
    return dataclasses.replace(claims, levels=tuple(levels))


def metric(claims: Claims, **changes: Any) -> Claims:
    return dataclasses.replace(claims, metrics={**(claims.metrics or {}), **changes})


def unmatched(claims: Claims, column: str, row: int, value: Any) -> Claims:
    columns = {name: list(values) for name, values in (claims.unmatched or {}).items()}
    columns[column][row] = value
    return dataclasses.replace(claims, unmatched=columns)


def without_row(claims: Claims, name: str) -> Claims:
    columns = claims.rows[name]
    return dataclasses.replace(claims, rows={**claims.rows, name: {k: list(v)[1:] for k, v in columns.items()}})


def without_metric(claims: Claims) -> Claims:
    return dataclasses.replace(claims, metrics={k: v for k, v in (claims.metrics or {}).items() if k != "schools"})


#: the true claims of an optimal plan, one thing changed, and the code that must come of it
MUTATIONS: dict[str, tuple[Callable[[Claims], Claims], str]] = {
    "unknown county": (lambda c: cell(c, "county", "county_id", 0, "C9"), "unknown_id"),
    "unknown organisation": (lambda c: cell(c, "county", "organization_id", 0, "U9"), "unknown_id"),
    "unknown school": (lambda c: cell(c, "school", "school_id", 0, "S9"), "unknown_id"),
    "unknown branch": (lambda c: cell(c, "school", "branch_id", 0, "B9"), "unknown_id"),
    "county pair of another": (lambda c: cell(c, "county", "organization_id", 0, "U3"), "county_not_paired"),
    "organisation twice": (lambda c: cell(c, "county", "organization_id", 0, "U2"), "over_capacity"),
    "branch over capacity": (lambda c: cell(c, "school", "branch_id", 0, "B2"), "over_capacity"),
    "school over demand": (lambda c: cell(c, "school", "school_id", 1, "S1"), "over_demand"),
    "the same pair twice": (lambda c: cell(c, "school", "school_id", 1, "S1"), "repeated_pair"),
    "branch of another county": (lambda c: cell(c, "school", "branch_id", 3, "B1"), "county_not_paired"),
    "a county pair missing": (lambda c: without_row(c, "county"), "county_not_paired"),
    "a school pair missing": (lambda c: without_row(c, "school"), "metric_differs"),
    "wrong county of a school": (lambda c: cell(c, "school", "county_id", 0, "C2"), "wrong_county"),
    "wrong organisation of a branch": (lambda c: cell(c, "school", "organization_id", 0, "U2"), "wrong_organization"),
    "a metre more at county level": (
        lambda c: cell(c, "county", "km", 0, round(c.rows["county"]["km"][0] + 0.001, 3)),
        "km_differs",
    ),
    "a metre less at school level": (
        lambda c: cell(c, "school", "km", 2, round(c.rows["school"]["km"][2] - 0.001, 3)),
        "km_differs",
    ),
    "no km": (lambda c: cell(c, "school", "km", 2, None), "km_differs"),
    "minutes out of nowhere": (lambda c: cell(c, "school", "minutes", 2, 12.0), "minutes_differ"),
    "kept that is new": (lambda c: cell(c, "school", "kept", 1, True), "kept_differs"),
    "new that is kept": (lambda c: cell(c, "county", "kept", 0, False), "kept_differs"),
    "since another year": (lambda c: cell(c, "county", "since", 0, 2014), "since_differs"),
    "since out of nowhere": (lambda c: cell(c, "school", "since", 3, 2014), "since_differs"),
    "a metric off by one": (lambda c: metric(c, schools_covered=5), "metric_differs"),
    "a total off by a metre": (
        lambda c: metric(c, school_km_total=c.metrics["school_km_total"] + 0.001),
        "metric_differs",
    ),
    "blocking pairs concealed": (lambda c: metric(c, school_blocking_pairs=-1), "metric_differs"),
    "forced for chosen": (lambda c: metric(c, school_ended_forced=1, school_ended_chosen=0), "metric_differs"),
    "a metric missing": (without_metric, "metric_missing"),
    "a metric made up": (lambda c: metric(c, happiness=1), "metric_unknown"),
    "a level off by one": (lambda c: level(c, 0, value=801, bound=801), "level_value"),
    "a level without value": (lambda c: level(c, 0, value=None, gap=None), "level_value"),
    "a level left out": (lambda c: dataclasses.replace(c, levels=(c.levels or ())[1:]), "levels_differ"),
    "levels in another order": (lambda c: dataclasses.replace(c, levels=(c.levels or ())[::-1]), "levels_differ"),
    "a level in another unit": (lambda c: level(c, 3, unit="km"), "level_unit"),
    "a level in another sense": (lambda c: level(c, 3, sense="max"), "level_unit"),
    "a bound worse than the value": (lambda c: level(c, 0, bound=799, gap=1), "bound_beaten"),
    "a gap concealed": (lambda c: level(c, 0, bound=1000), "level_gap"),
    "optimal with a gap": (lambda c: level(c, 4, bound=0, gap=c.levels[4].value), "status_unproved"),
    "a bound after a gap": (lambda c: level(c, 0, bound=1000, gap=200), "level_unconditional"),
    "optimal on a condition": (lambda c: level(c, 4, conditional=True), "status_unproved"),
    "optimal without proof": (lambda c: dataclasses.replace(c, proof=Proof("none")), "status_unproved"),
    "a bound without proof": (lambda c: dataclasses.replace(c, proof=Proof("none")), "bound_without_proof"),
    "a solver without name": (
        lambda c: dataclasses.replace(c, proof=Proof("solver", "both_levels", None)),
        "solver_unnamed",
    ),
    "a proof over nothing known": (
        lambda c: dataclasses.replace(c, proof=Proof("solver", "the_moon", "X 1")),
        "proof_scope",
    ),
    "a certificate by a solver": (
        lambda c: dataclasses.replace(c, proof=Proof("certificate", "both_levels", "X 1")),
        "solver_named",
    ),
    "a proof of no kind": (lambda c: dataclasses.replace(c, proof=Proof("oracle", "both_levels")), "proof_kind"),
    "a certificate of nothing": (
        lambda c: dataclasses.replace(c, proof=Proof("certificate", "both_levels")),
        "certificate_false",
    ),
    "optimal one level after the other": (
        lambda c: dataclasses.replace(c, proof=Proof("solver", "one_level_after_the_other", "X 1")),
        "status_scope",
    ),
    "optimal but stopped": (lambda c: dataclasses.replace(c, stop_reason="time"), "status_stopped"),
    "a status of no kind": (lambda c: dataclasses.replace(c, status="fine"), "status_unknown_word"),
    "a stop reason of no kind": (lambda c: dataclasses.replace(c, stop_reason="tea"), "stop_reason_unknown"),
    "infeasible with a plan": (lambda c: dataclasses.replace(c, status="infeasible"), "status_not_infeasible"),
    "infeasible without witness": (lambda c: dataclasses.replace(c, status="infeasible"), "witness_missing"),
    "a witness of nothing": (lambda c: dataclasses.replace(c, witness={}), "witness_needless"),
    "unmatched left out": (
        lambda c: dataclasses.replace(c, unmatched={k: list(v)[1:] for k, v in (c.unmatched or {}).items()}),
        "unmatched_row_missing",
    ),
    "unmatched twice": (
        lambda c: dataclasses.replace(c, unmatched={k: [*v, v[0]] for k, v in (c.unmatched or {}).items()}),
        "unmatched_repeated",
    ),
    "unmatched though served": (lambda c: unmatched(c, "id", 1, "S1"), "unmatched_row_false"),
    "another reason": (lambda c: unmatched(c, "reason", 1, "partners_full"), "unmatched_reason_differs"),
    "another number missing": (lambda c: unmatched(c, "missing", 1, 2), "unmatched_missing_differs"),
    "another detail": (lambda c: unmatched(c, "detail", 1, ""), "unmatched_detail_differs"),
    "a warning concealed": (lambda c: dataclasses.replace(c, warnings=(c.warnings or ())[1:]), "warning_missing"),
    "a warning made up": (
        lambda c: dataclasses.replace(c, warnings=(*(c.warnings or ()), Notice("school_at_county_seat", {"count": 7}))),
        "warning_false",
    ),
    "another input": (lambda c: dataclasses.replace(c, digest="0" * 64), "input_differs"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_every_single_mutation_is_refused_with_its_code(name: str) -> None:
    """One thing changed in true claims is found, and said in both languages."""
    mutate, code = MUTATIONS[name]
    claims = Claims.of(solver_plan())
    assert matcher.verify(small_instance(), claims).ok
    report = matcher.verify(small_instance(), mutate(claims))
    assert not report.ok
    assert code in report.codes
    for violation in report.violations:
        assert violation.text("en") != violation.text("zh")


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ({"max_school_km": 10}, "out_of_reach"),
        ({"max_county_km": 1}, "out_of_reach"),
        ({"within": ["乙省"]}, "outside_province"),
        ({"school_cost": "min"}, "not_listed"),
        ({"rules": [{"kind": "forbid", "level": "school", "provider": {"ids": "B1"}}]}, "forbidden_pair"),
        ({"rules": [{"kind": "pin", "level": "school", "provider_id": "B2", "recipient_id": "S1"}]}, "pin_missing"),
        ({"rules": [{"kind": "pin", "level": "school", "provider_id": "B3", "recipient_id": "S6"}]}, "pin_missing"),
        ({"organization_capacity": 0}, "over_capacity"),
        ({"branch_capacity": [2, 2]}, "below_minimum"),
        ({"county_demand": [1, 1]}, "below_demand"),
        ({"school_demand": 0}, "over_demand"),
        ({"stability": "require"}, "blocking_pair"),
    ],
)
def test_a_plan_is_judged_by_the_policy_that_is_asked_about(policy: dict[str, Any], code: str) -> None:
    """Rules are those of the given policy; a hand-made plan under that policy itself is refused alike."""
    strict = matcher.Policy(**policy)
    assert code in matcher.verify(small_instance(), small_plan(), strict).codes
    own = small_plan(strict)
    assert code in matcher.verify(small_instance(), own).codes
    assert own.status == "unknown"


def test_locks_of_the_input_hold() -> None:
    """A forbidden pair in the plan and a pinned pair missing from it are both found."""
    instance = small_instance(locks=LOCKS)
    assert {"forbidden_pair", "pin_missing"} <= set(matcher.verify(instance, small_plan(instance=instance)).codes)


def test_a_plan_of_another_input_is_judged_by_the_one_given() -> None:
    """An organisation that the input given does not have is a stranger there."""
    smaller = small_instance(organizations=small_instance().organizations[:2])
    report = matcher.verify(smaller, small_plan(county_pairs=[*COUNTY_PAIRS, ("U3", "C3")]))
    assert {"unknown_id", "input_differs"} <= set(report.codes)


def test_hand_made_plans_are_judged() -> None:
    """Every kind of broken hand-made plan is refused, a good one is not."""
    instance = small_instance()
    assert matcher.verify(instance, small_plan()).ok
    assert matcher.verify(instance, small_plan(county_pairs=[], school_pairs=[])).ok
    for pairs, code in (
        ({"county_pairs": [("U1", "C1")]}, "county_not_paired"),
        ({"school_pairs": [*SCHOOL_PAIRS, ("B2", "S3")]}, "repeated_pair"),
        ({"county_pairs": [*COUNTY_PAIRS, ("U9", "C3")]}, "unknown_id"),
        ({"county_pairs": [*COUNTY_PAIRS, ("U3", "C1")]}, "over_demand"),
        ({"school_pairs": [*SCHOOL_PAIRS, ("B3", "S6")]}, "county_not_paired"),
    ):
        assert code in matcher.verify(instance, small_plan(**pairs)).codes


def test_reports_say_themselves() -> None:
    """A report has a text in both languages and plain JSON values."""
    good = matcher.verify(small_instance(), small_plan())
    bad = matcher.verify(small_instance(), small_plan(county_pairs=[]))
    assert "方案" in good.summary("zh")
    assert str(bad).count("\n") == len(bad.violations)
    assert bad.to_json()["violations"][0]["code"] == "county_not_paired"
    assert "not paired" in bad._repr_html_()


def test_the_checker_loads_no_solver(tmp_path: Path) -> None:
    """Judging saved plans, their certificates and their witnesses leaves every solver out of the process."""
    policies: list[dict[str, Any]] = [
        {},
        {"stability": "require"},
        {"stability": "require", "branch_capacity": [1, 1]},
        {"stability": "limit", "max_blocking_pairs": 1},
        {"stability": "tolerance", "stability_km": 10},
        {"objectives": ["county_travel"], "rules": [{"kind": "max_changes", "most": 0}]},
        {"county_demand": 2},
        {"county_demand": [1, 1], "max_county_km": 100},
        {"county_demand": [1, 1], "organization_capacity": [0, 2], "max_county_km": 100},
    ]
    for number, policy in enumerate(policies):
        matcher.solve(small_instance(), matcher.Policy(**policy)).save(tmp_path / str(number))
    code = (
        "import sys, matcher, matcher.checking.checker\n"
        "for folder in sys.argv[1:]:\n"
        "    report = matcher.verify(matcher.read(folder + '/input'), folder)\n"
        "    assert report.ok, (folder, report)\n"
        "    bad = [m for m in sys.modules if m.startswith(('ortools', 'scipy.optimize', 'highspy', 'networkx'))]\n"
        "    assert not bad, (folder, bad)\n"
    )
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", code, *(str(tmp_path / str(number)) for number in range(len(policies)))]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_preferences_of_the_table_decide_who_blocks() -> None:
    """Who lists anyone accepts only those; the others prefer by cost."""
    lists = [
        {"level": "school", "side": "recipient", "id": "S3", "choice_id": "B1", "rank": 1},
        {"level": "school", "side": "recipient", "id": "S3", "choice_id": "B2", "rank": 2},
        {"level": "school", "side": "provider", "id": "B1", "choice_id": "S3", "rank": 1},
        {"level": "school", "side": "provider", "id": "B1", "choice_id": "S1", "rank": 2},
        {"level": "school", "side": "provider", "id": "B1", "choice_id": "S2", "rank": 3},
    ]
    from matcher.proof.blocking import blocking

    plan = small_plan(instance=small_instance(preferences=lists))
    branches, schools = plan.problem.arrays.sides("school")
    found = blocking(plan.problem, "school", plan.both)
    names = {(branches.ids[b], schools.ids[s]) for b, s in found.tolist()}
    assert ("B1", "S3") in names
    assert ("B3", "S5") in names  # a free place on both sides
    assert plan.metrics["school_blocking_pairs"] == len(names)


def brute_blocking(plan: Plan) -> int:
    """Count the pairs of counties that block by cost, one by one."""
    problem = plan.problem
    pairs = plan.county_pairs.tolist()
    organizations, counties = problem.arrays.sides("county")
    count = 0
    for p in range(len(organizations)):
        for r in range(len(counties)):
            cost = int(problem.facts.metres("county", *map(_one, (p, r)))[0])
            mine = [int(problem.facts.metres("county", *map(_one, pair))[0]) for pair in pairs if pair[0] == p]
            theirs = [int(problem.facts.metres("county", *map(_one, pair))[0]) for pair in pairs if pair[1] == r]
            wants = [not costs or max(costs) > cost for costs in (mine, theirs)]
            count += [p, r] not in pairs and all(wants)
    return count


def _one(value: int) -> Any:
    return np.array([value])


@pytest.mark.parametrize("pairs", [COUNTY_PAIRS, (), (("U2", "C1"), ("U1", "C2")), (("U3", "C1"), ("U1", "C3"))])
def test_blocking_county_pairs_equal_a_scan_one_by_one(pairs: Any) -> None:
    """The pruned scan of county pairs finds what looking at every pair finds."""
    plan = small_plan(county_pairs=pairs, school_pairs=())
    assert plan.metrics["county_blocking_pairs"] == brute_blocking(plan)


def test_claims_do_not_share_the_plans_mappings() -> None:
    """The claims of a plan are read-only views or copies."""
    assert isinstance(Claims.of(small_plan()).metrics, MappingProxyType)
