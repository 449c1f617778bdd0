"""The page on objectives is true: its table lists every objective with sense, unit, formula and proof as they are."""

import random
import re
from pathlib import Path

import pytest
from draws import blocks
from small_cases import random_instance

import matcher
from matcher.policy.objectives import BANDED, NAMES
from matcher.problem.problem import Problem
from matcher.problem.terms import compile_objectives

PAGE = (Path(__file__).parents[2] / "docs" / "objectives.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (max|min) \| ([\w ]+) \| (.*?) \| (certificate|solver) \|$", re.MULTILINE)
TABLE = {row[0]: row[1:] for row in ROW.findall(PAGE)}


def objective(name):
    return {"name": name, "band_km": 10} if name in BANDED else {"name": name}


def one_to_one(rng):
    instance = random_instance(rng)
    return instance.model_copy(
        update={
            "locks": (),
            "organizations": [each.model_copy(update={"capacity": (0, 1)}) for each in instance.organizations],
            "counties": [each.model_copy(update={"demand": (0, 1)}) for each in instance.counties],
        }
    )


def test_the_table_lists_every_objective_in_order():
    assert tuple(TABLE) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_sense_unit_and_proof_are_those_of_a_solved_plan(name):
    """One to one, with a policy of this objective alone, the plan's level says what the table says."""
    rng = random.Random(3)
    sense, unit, _, proof = TABLE[name]
    for _ in range(5):
        instance = one_to_one(rng)
        if any(each.capacity[0] for each in instance.branches) or any(each.demand[0] for each in instance.schools):
            continue
        plan = matcher.solve(instance, matcher.Policy(objectives=[objective(name)]))
        assert plan.status == "optimal"
        assert {(level.sense, level.unit) for level in plan.levels} == {(sense, unit)}
        assert plan.proof.kind == proof


def formulas(instance, policy, plan):
    """The value of each objective by the page's formulas, from the frames of a plan alone."""
    county = plan.county_pairings.astype({"km": float})
    school = plan.school_pairings.astype({"km": float})
    metres = {"county": (county["km"] * 1000).round().astype(int), "school": (school["km"] * 1000).round().astype(int)}
    paired, served = set(county["county_id"]), set(school["school_id"])
    n = {each.id: each.children for each in (*instance.counties, *instance.schools)}
    w = {each.id: each.demand[1] for each in (*instance.counties, *instance.schools)}
    last = {
        level: {(pair.provider_id, pair.recipient_id) for pair in instance.previous if pair.level == level}
        for level in ("county", "school")
    }
    kept = {
        "county": len(last["county"] & set(zip(county["organization_id"], county["county_id"], strict=True))),
        "school": len(last["school"] & set(zip(school["branch_id"], school["school_id"], strict=True))),
    }
    skills = {branch.id: set(branch.skills) for branch in instance.branches}
    needs = {each.id: set(each.needs) for each in instance.schools}
    load = school["branch_id"].value_counts()
    empty = {each: w[each] - (school["school_id"] == each).sum() for each in needs}
    charge = sum(
        int((policy.child_km * 1000 * n[each] / w[each]) + 0.5) * count for each, count in empty.items() if w[each]
    )
    return {
        "cover_counties": sum(n[each] for each in paired),
        "count_counties": len(paired),
        "fill_counties": len(county),
        "cover_schools": sum(n[each] for each in served),
        "count_schools": len(served),
        "fill": len(school),
        "keep_counties": kept["county"],
        "keep_schools": kept["school"],
        "convenience": metres["school"].sum()
        + charge
        + round(policy.change_cost_km * 1000) * (len(last["school"]) - kept["school"]),
        "county_travel": metres["county"].sum(),
        "school_travel": metres["school"].sum(),
        "worst_county_travel": metres["county"].max() if len(county) else 0,
        "worst_school_travel": metres["school"].max() if len(school) else 0,
        "balance": (load**2).sum(),
        "skills": sum(len(skills[b] & needs[s]) for b, s in zip(school["branch_id"], school["school_id"], strict=True)),
        "fewest_organizations": county["organization_id"].nunique(),
        "fair_county_travel": [(metres["county"] >= 10_000 * k).sum() for k in range(20, 0, -1)],
        "fair_school_travel": [(metres["school"] >= 10_000 * k).sum() for k in range(20, 0, -1)],
    }


@pytest.mark.parametrize("seeds", blocks(7, range(15)))
def test_the_formulas_give_the_values_of_random_plans(seeds):
    """Every formula, written out again from the frames, equals what the objective says of a plan."""
    for seed in seeds:
        rng = random.Random(seed)
        instance = random_instance(rng)
        policy = matcher.Policy(
            objectives=[objective(name) for name in NAMES], child_km=rng.choice([1, 2.5]), change_cost_km=3
        )
        problem = Problem.of(instance, policy)
        source = matcher.Policy(objectives=[rng.choice(["fill", "convenience", "fill_counties"])])
        pairs = matcher.solve(instance.model_copy(update={"locks": ()}), source)
        plan = matcher.Plan.from_pairs(
            instance,
            county_pairs=pairs.county_pairings[["organization_id", "county_id"]].itertuples(index=False, name=None),
            school_pairs=pairs.school_pairings[["branch_id", "school_id"]].itertuples(index=False, name=None),
            policy=policy,
        )
        expected = formulas(instance, policy, plan)
        found = {}
        for level in plan.levels:
            found.setdefault(level.name.split(">=")[0], []).append(level.value)
        for name, values in found.items():
            if name in BANDED:
                assert values == expected[name][-len(values) :]
                assert not any(expected[name][: -len(values)])
            else:
                assert values == [expected[name]], name
        assert len(compile_objectives(problem.facts, policy)) == len(plan.levels)


def test_the_code_and_the_policy_of_the_page_run():
    names = {}
    for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(code, names)
    assert set(names["first"]["level"]) <= {"cover_counties", "convenience"}
    for toml in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL):
        policy = matcher.Policy.from_toml(toml)
        assert matcher.Policy.from_toml(policy.to_toml()) == policy
        assert len(policy.objectives) == 5


def test_the_default_order_and_the_level_before_convenience_are_those_of_the_page():
    instance = matcher.example()
    names = [level.name for level in Problem.of(instance).objectives]
    listed = re.search(r"order of the programme: (.*?)\.\n", PAGE, re.DOTALL)[1]
    assert re.findall(r"`(\w+)`", listed) == names
    names.insert(3, "cover_schools")
    assert [level.name for level in Problem.of(instance, matcher.Policy(child_km=None)).objectives] == names
