"""Both levels decided together: equal to a brute force over every plan, level by level, and proved each time."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from draws import few
from joint_cases import brute_force, random_case, town

from matcher import Branch, CancelToken, County, Instance, InvalidInput, Organization, Pairing, Policy, School
from matcher.base.progress import Budget
from matcher.methods.joint.solver import JointSolver, solve_joint
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution
from matcher.proof.joint_certificate import check
from matcher.proof.joint_terms import is_joint_case


def assert_proved(problem: Problem, solution: Solution, want: tuple[int, ...] | None) -> None:
    """The solution is the optimum `want`, or infeasible if None, and its certificate says so."""
    proved = check(problem, solution.proof.arrays)
    if want is None:
        assert solution.status == "infeasible"
        assert solution.witness is not None
        assert proved.unmet == solution.witness["unmet"] > 0
        assert len(solution.county_pairs) == len(solution.school_pairs) == 0
        return
    assert solution.status == "optimal"
    assert solution.stop_reason is None
    assert problem.minimised(solution.both) == want
    assert proved.bound == want
    shown = tuple(objective.shown(value) for objective, value in zip(problem.objectives, want, strict=True))
    assert tuple(level.value for level in solution.levels) == shown
    assert all(level.gap == 0 and not level.conditional for level in solution.levels)


@pytest.mark.parametrize("part", few(1, range(15)))
def test_equals_brute_force(part):
    """On random small cases with every feature the vector of levels is the least of all feasible plans."""
    statuses = set()
    for seed in range(40 * part, 40 * part + 40):
        instance, policy = random_case(seed)
        problem = Problem.of(instance, policy)
        assert is_joint_case(problem)
        solution = solve_joint(problem)
        assert_proved(problem, solution, brute_force(problem))
        statuses.add(solution.status)
    assert "optimal" in statuses


@pytest.mark.slow
@pytest.mark.parametrize("part", range(100))
def test_equals_brute_force_at_length(part):
    """The same on ten thousand further cases."""
    for seed in range(10_000 + 100 * part, 10_100 + 100 * part):
        instance, policy = random_case(seed)
        problem = Problem.of(instance, policy)
        assert_proved(problem, solve_joint(problem), brute_force(problem))


def test_narrow_fields_are_noticed(monkeypatch):
    """When prices do not fit the first packing, the wide one gives the same proved optimum."""
    import matcher.methods.joint.solver as joint

    for seed in range(60):
        instance, policy = random_case(seed)
        problem = Problem.of(instance, policy)
        want = solve_joint(problem)
        monkeypatch.setattr(joint, "LIMB_BITS", 1)  # every component in a limb of its own
        alone = solve_joint(problem)
        monkeypatch.undo()
        assert [level.value for level in alone.levels] == [level.value for level in want.levels]
        assert alone.status == want.status


def _assignment_value(problem: Problem) -> int:
    """Return the least convenience, by scipy on dense tables at both levels (one level only, demands of one)."""
    from scipy.optimize import linear_sum_assignment

    arrays, facts = problem.arrays, problem.facts
    (objective,) = problem.objectives
    room = problem.capacity("school")[:, 1]
    value = np.zeros((len(arrays.counties), len(arrays.organizations)), dtype=np.int64)
    for c in range(value.shape[0]):
        schools = arrays.rows_of("counties", c)
        for o in range(value.shape[1]):
            branches = np.repeat(arrays.rows_of("organizations", o), room[arrays.rows_of("organizations", o)])
            cost = facts.cost("school", branches[:, None], schools[None, :])
            net = np.minimum(cost - objective.school.unmet[schools], 0)
            value[c, o] = net[linear_sum_assignment(net)].sum()
    return int(objective.school.unmet.sum()) + int(value[linear_sum_assignment(value)].sum())


@pytest.mark.parametrize("seed", range(4))
def test_equals_dense_assignment(seed):
    """At a size beyond brute force the optimum equals two dense assignments by scipy."""
    problem = Problem.of(town(14, seed), Policy(objectives=["convenience"]))
    assert_proved(problem, solve_joint(problem), (_assignment_value(problem),))


def test_keeps_a_plan_of_its_own():
    """Planning an unchanged year again from the plan's own pairs gives the same pairs."""
    for seed in range(3):
        for policy in (Policy(), Policy(objectives=["convenience"]), Policy(change_cost_km=3.0, child_km=None)):
            instance = town(10, seed)
            first = solve_joint(Problem.of(instance, policy))
            arrays = instance.arrays
            pairs = []
            for level, chosen in (("county", first.county_pairs), ("school", first.school_pairs)):
                providers, recipients = arrays.sides(level)
                pairs += [
                    Pairing(level=level, provider_id=providers.ids[p], recipient_id=recipients.ids[r])
                    for p, r in chosen.tolist()
                ]
            tables = {name: getattr(instance, name) for name in ("organizations", "branches", "counties", "schools")}
            again = solve_joint(Problem.of(Instance(**tables, previous=pairs), policy))
            assert np.array_equal(again.county_pairs, first.county_pairs)
            assert np.array_equal(again.school_pairs, first.school_pairs)


def test_ties_prefer_a_pair_to_an_empty_place():
    """A school exactly as far as its children are worth is served."""
    here = {"lat": 26.0, "lon": 105.0}
    instance = Instance(
        organizations=[Organization(id="o", **here)],
        branches=[Branch(id="b", organization_id="o")],
        counties=[County(id="c", children=0, **here)],
        schools=[School(id="s", county_id="c", children=0)],
    )
    solution = solve_joint(Problem.of(instance))
    assert solution.county_pairs.tolist() == [[0, 0]]
    assert solution.school_pairs.tolist() == [[0, 0]]


@pytest.mark.parametrize("work_limit", [1, 20, 100, 400])
def test_stopped_run_promises_a_true_bound(work_limit):
    """A run stopped by work gives a feasible plan and a certified bound, the same every time."""
    problem = Problem.of(town(16))
    best = solve_joint(problem)
    stopped = solve_joint(problem, Budget(work_limit=work_limit))
    again = solve_joint(problem, Budget(work_limit=work_limit))
    assert np.array_equal(stopped.school_pairs, again.school_pairs)
    assert stopped.levels == again.levels
    values = problem.minimised(stopped.both)
    assert tuple(level.value for level in stopped.levels) == tuple(
        objective.shown(value) for objective, value in zip(problem.objectives, values, strict=True)
    )
    assert values >= problem.minimised(best.both)
    exact = True
    for level, optimum, objective in zip(stopped.levels, best.levels, problem.objectives, strict=True):
        assert level.conditional is not exact
        assert (level.bound is None) is not exact
        if exact and level.bound is not None and optimum.value is not None:
            assert objective.minimised(level.bound) <= objective.minimised(optimum.value)
        exact = exact and level.gap == 0
    assert stopped.status == ("optimal" if exact else "feasible")
    assert (stopped.stop_reason is None) is exact


def test_start_is_a_fallback():
    """Stopped at once, a run given the optimum hands it back."""
    problem = Problem.of(town(16))
    best = solve_joint(problem)
    stopped = solve_joint(problem, Budget(work_limit=40), start=best.county_pairs)
    assert problem.minimised(stopped.both) == problem.minimised(best.both)


def test_cancelled_before_it_began():
    """A cancelled run still hands back a feasible plan and says why it stopped."""
    token = CancelToken()
    token.cancel()
    problem = Problem.of(town(8))
    solution = solve_joint(problem, Budget(cancel=token))
    assert (solution.status, solution.stop_reason, solution.proof.kind) == ("feasible", "cancelled", "none")
    assert all(level.bound is None for level in solution.levels)
    best = solve_joint(problem)
    started = solve_joint(problem, Budget(cancel=token), start=best.county_pairs)
    assert np.array_equal(started.school_pairs, best.school_pairs)


def test_reports_progress():
    """Bounds and joint steps are reported, the last report complete."""
    seen = []
    solve_joint(Problem.of(town(8)), Budget(progress=seen.append))
    assert {report.phase for report in seen} == {"bounds", "joint"}
    assert seen[-1].done == seen[-1].of == 8


def test_evaluates_few_values():
    """Bounds spare most evaluations."""
    problem = Problem.of(town(24))
    solver = JointSolver(problem, Budget())
    solver.solve()
    assert len(solver._values) < 24 * 36 / 2


@pytest.mark.slow  # by default a plan of the same method is made twice by tests/test_determinism.py
def test_same_bytes_for_any_hash_seed():
    """The plan does not depend on the interpreter's hash seed or the order of rows."""
    code = (
        "import sys, random; sys.path.insert(0, 'tests')\n"
        "from joint_cases import town as town_of\n"
        "from matcher import Instance\n"
        "from matcher.methods.joint.solver import solve_joint\n"
        "from matcher.problem.problem import Problem\n"
        "town = town_of(8)\n"
        "names = ('organizations', 'branches', 'counties', 'schools', 'previous')\n"
        "tables = {n: random.Random(int(sys.argv[1])).sample(getattr(town, n), len(getattr(town, n))) for n in names}\n"
        "found = solve_joint(Problem.of(Instance(**tables)))\n"
        "arrays = found.proof.arrays\n"
        "print(found.county_pairs.tolist(), found.school_pairs.tolist(), {n: a.tolist() for n, a in arrays.items()})\n"
    )
    seen = set()
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.getcwd()}
        run = subprocess.run([sys.executable, "-c", code, seed], env=env, capture_output=True, text=True, check=True)
        seen.add(run.stdout)
    assert len(seen) == 1


@pytest.mark.parametrize(("children", "rate"), [(10**9, 10.0), (10**9, 10.0**5), (10**5, 10.0**6), (10**9, 10.0**9)])
def test_numbers_near_the_edge_are_refused_or_solved_right(children, rate):
    """Coverage worth more than 64 bits hold is refused; what fits is solved and proved."""
    here = {"lat": 26.0, "lon": 105.0}
    instance = Instance(
        organizations=[Organization(id="o", **here), Organization(id="p", lat=27.0, lon=105.0)],
        branches=[Branch(id="b", organization_id="o"), Branch(id="q", organization_id="p")],
        counties=[County(id="c", children=children, **here), County(id="d", children=children, **here)],
        schools=[School(id="s", county_id="c", children=children), School(id="t", county_id="d", children=children)],
    )
    if children * rate * 1000 > 2**50:
        with pytest.raises(InvalidInput) as caught:
            solve_joint(Problem.of(instance, Policy(child_km=rate)))
        assert {fault.code for fault in caught.value.faults} == {"cost_range"}
        return
    problem = Problem.of(instance, Policy(child_km=rate))
    solution = solve_joint(problem)
    assert_proved(problem, solution, brute_force(problem))


def test_an_absurd_speed_is_refused():
    """A speed at which a journey outlasts what stands for no travel time at all is a fault, not a plan."""
    with pytest.raises(InvalidInput):
        solve_joint(Problem.of(town(4), Policy(school_cost="min", county_cost="min", speed_kmh=1e-9)))
