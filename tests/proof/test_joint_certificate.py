"""The checker's side of the proof: it accepts true certificates only, and needs no solver."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from joint_cases import random_case

from matcher.methods.joint.solver import solve_joint
from matcher.problem.problem import Problem
from matcher.proof.joint_bounds import JointBounds, arc_floor_m
from matcher.proof.joint_certificate import NAMES, check
from matcher.proof.joint_terms import JointTerms


def _cases(count: int):
    seed = 0
    while count:
        instance, policy = random_case(seed)
        seed += 1
        problem = Problem.of(instance, policy)
        solution = solve_joint(problem)
        if solution.status == "optimal" and len(solution.county_pairs):
            count -= 1
            yield seed - 1, problem, solution


def test_imports_no_solver():
    """The certificate is checked without loading scipy or OR-Tools."""
    code = "import sys, matcher.proof.joint_certificate\nprint([m for m in ('ortools', 'scipy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_changed_price_never_proves_more():
    """Raising any price by one is refused or proves no more than the optimum."""
    refused = 0
    for _, problem, solution in _cases(3):
        optimum = problem.minimised(solution.both)
        for name in ("county_price", "organization_price", "branch_price", "school_price"):
            for position in np.ndindex(solution.proof.arrays[name].shape):
                for step in (-1, 1):
                    arrays = {key: array.copy() for key, array in solution.proof.arrays.items()}
                    arrays[name][position] += step
                    proved = check(problem, arrays)
                    refused += proved.bound is None
                    if proved.bound is not None:
                        assert (-proved.unmet, *proved.bound) <= (0, *optimum) or proved.unmet < 0
    assert refused > 50


def test_an_entry_left_out_is_noticed():
    """Without the inner prices of a pair that needs them nothing is proved."""
    noticed = 0
    for _, problem, solution in _cases(40):
        arrays = dict(solution.proof.arrays)
        if not len(arrays["evaluated"]):
            continue
        terms = JointTerms.of(problem)
        empty = np.zeros((terms.num_claimed, 0), dtype=np.int64)
        arrays.update(evaluated=np.zeros((0, 2), dtype=np.int64), branch_price=empty, school_price=empty)
        assert check(problem, arrays).fault == "pair_not_proved"
        noticed += 1
    assert noticed > 10


@pytest.mark.parametrize(
    ("name", "change", "fault"),
    [
        ("county_price", lambda a: a[:, :-1], "array_shape"),
        ("county_price", lambda a: a.astype(np.float64), "array_missing"),
        ("organization_price", lambda a: a + 2**60, "price_too_large"),
        ("school_price", lambda a: np.concatenate([a, a], axis=1), "array_shape"),
        ("branch_price", lambda a: a[0], "array_shape"),
        ("evaluated", lambda a: a[::-1].copy(), "order"),
        ("evaluated", lambda a: a + 100, "unknown_position"),
        ("evaluated", lambda a: a.reshape(-1), "array_shape"),
    ],
)
def test_arrays_of_another_shape_are_refused(name, change, fault):
    """Arrays that are no certificate of the problem are refused before anything is computed with them."""
    for _, problem, solution in _cases(60):
        if len(solution.proof.arrays["evaluated"]) < 2 or not solution.proof.arrays["branch_price"].size:
            continue
        arrays = dict(solution.proof.arrays)
        arrays[name] = change(arrays[name])
        assert check(problem, arrays).fault == fault
        return
    raise AssertionError("no case with two evaluated pairs")


def test_each_array_is_needed():
    """A certificate without one of its arrays is none."""
    _, problem, solution = next(_cases(1))
    for name in NAMES:
        assert check(problem, {k: v for k, v in solution.proof.arrays.items() if k != name}).fault == "array_missing"


def test_another_problem_is_not_proved():
    """The prices of one policy prove no more than is true under another."""
    weaker = 0
    for seed, problem, solution in _cases(40):
        instance, policy = random_case(seed)
        fields = {name: getattr(policy, name) for name in policy.model_fields_set}
        fields["child_km"] = 1 if policy.child_km is None else policy.child_km / 2
        other = Problem.of(instance, type(policy)(**fields))
        if len(other.objectives) != len(problem.objectives):
            continue
        best = solve_joint(other)
        proved = check(other, solution.proof.arrays)
        optimum = other.minimised(best.both)
        if proved.bound is not None and best.status == "optimal":
            assert proved.bound <= optimum or proved.unmet < 0
        weaker += proved.bound != optimum
    assert weaker > 0


def test_arc_floor_is_below_the_geodesic():
    """The bound on distance from a chord never exceeds the rounded geodesic, and is close below 1,000 km."""
    from matcher.geo import ecef, pair_m

    rng = np.random.default_rng(5)
    for scale, slack in ((1e-4, 1), (0.01, 1), (0.1, 1), (1.0, 1), (8.0, 60), (90.0, 10**6)):
        lat, lon = rng.uniform(-89, 89, 20_000), rng.uniform(-180, 180, 20_000)
        lat2, lon2 = np.clip(lat + rng.uniform(-scale, scale, lat.shape), -90, 90), lon + rng.uniform(-scale, scale)
        floor = arc_floor_m(np.square(ecef(lat, lon) - ecef(lat2, lon2)).sum(axis=1))
        metres = pair_m(lat, lon, lat2, lon2)
        assert (floor <= metres).all()
        assert (metres - floor).max() <= slack


def test_bounds_never_exceed_exact_values():
    """The recomputed bound of every allowed pair is lexicographically at most its exact value."""
    from matcher.methods.joint.blocks import Blocks

    compared = 0
    for seed in range(60):
        instance, policy = random_case(seed)
        problem = Problem.of(instance, policy)
        terms = JointTerms.of(problem)
        bounds = JointBounds(problem, terms)
        blocks = Blocks(problem, terms, bounds)
        for county in range(len(problem.arrays.counties)):
            lower, open_pairs = bounds.of_county(county)
            for organization in range(len(problem.arrays.organizations)):
                value = blocks.value(organization, county)
                if value is not None:
                    assert open_pairs[organization]
                    assert lower[:, organization].tolist() <= value
                    compared += 1
    assert compared > 100
