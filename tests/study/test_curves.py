"""A curve is what `solve` says at each value; what is not known is missing; faults are refused before any work."""

import json
import random
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from draws import few
from enumeration import Enumeration
from small_cases import random_instance, random_policy
from small_plans import part_of_example

import matcher
from matcher.problem.problem import Problem
from matcher.study import tradeoffs as curves


def fresh():
    return part_of_example().model_copy(update={"previous": ()})


@pytest.fixture(scope="module")
def small():
    """Six counties of the example with their schools, and the organisations nearest by id."""
    return part_of_example(6, 8).model_copy(update={"previous": ()})


def test_a_curve_over_child_km_is_what_solve_says_at_each_value(small):
    """Every row has the levels and the metrics of the plan that `solve` makes, None among the values last."""
    frame = matcher.tradeoff(small, over="child_km", values=(10, None, 1, 10))
    assert frame["child_km"].tolist()[:2] == [1, 10]
    assert frame["child_km"].iloc[2] is pd.NA
    for row, value in enumerate((1, 10, None)):
        plan = matcher.solve(small, matcher.Policy(child_km=value))
        for name, number in plan.metrics.items():
            if name in frame:
                shown = frame[name].iloc[row]
                assert number is None if shown is pd.NA else shown == number, name
        for level in plan.levels:
            found = [frame[f"{level.name}_{part}"].iloc[row] for part in ("value", "bound", "gap", "status")]
            assert found == [level.value, level.bound, 0, "proved"]
            assert frame.attrs["units"][level.name] == level.unit
        assert frame[["status", "stop_reason", "proof"]].iloc[row].tolist() == ["optimal", None, "certificate"]
    assert frame["cover_schools_value"].isna().tolist() == [True, True, False]
    assert frame.attrs["over"] == "child_km"


def test_the_default_values_are_those_of_the_documentation():
    frame = matcher.tradeoff(fresh())
    assert frame["child_km"].tolist()[:6] == list(curves.CHILD_KM_VALUES[:6])
    assert len(frame) == len(curves.CHILD_KM_VALUES)
    # a higher rate never serves fewer children: c children at the rate r cost r c, which is monotone in r
    assert frame["schools_children_covered"].is_monotonic_increasing


def test_least_convenience_is_concave_in_the_rate():
    """The least of functions that are straight lines in the rate is concave; a wrong optimum shows as a dent."""
    instance = part_of_example()
    policy = matcher.Policy(objectives=["convenience"])
    frame = matcher.tradeoff(instance, policy, over="child_km", values=(0.5, 1, 2, 4, 7, 12, 30))
    x, y = frame["child_km"].tolist(), frame["convenience_value"].tolist()
    slopes = [Fraction(y[i + 1] - y[i]) / Fraction(x[i + 1] - x[i]) for i in range(len(x) - 1)]
    assert slopes == sorted(slopes, reverse=True)


def numbers_of(policy):
    """Every kind of number that a curve can be drawn over, with values to try."""
    found = {
        "max_school_km": (15, 30, None),
        "max_county_km": (20, None),
        "county_demand": (1, 2),
        "organization_capacity": (1, None),
    }
    names = [objective.name for objective in policy.objectives]
    if "convenience" in names:
        found |= {"child_km": (1, 4, None), "change_cost_km": (0, 9.5)}
    for position, rule in enumerate(policy.rules):
        if rule.kind == "floor":
            found[f"rules.{position}.percent"] = (0, 50)
        if rule.kind in ("load", "max_changes") and rule.most is not None:
            found[f"rules.{position}.most"] = (1, 2)
    if "school_travel" in names:
        found[f"objectives.{names.index('school_travel')}.at_most"] = (30, None)
    return found


@pytest.mark.parametrize("seed", few(1, [20, 7, *range(5)]))  # a quick one first
def test_small_curves_over_any_number_equal_enumeration(seed):
    """Rates, caps, and numbers of rules and objectives: the levels of each row are the best of all plans."""
    rng = random.Random(seed)
    seen = dict.fromkeys(("child_km", "max_school_km", "county_demand", "change_cost_km", "rules", "objectives"), 0)
    while min(seen.values()) < 1:
        instance, policy = random_instance(rng), random_policy(rng)
        if any(each.slack_percent or each.name.startswith("fair") for each in policy.objectives):
            continue
        choices = numbers_of(policy)
        over = min(choices, key=lambda name: (seen.get(name.split(".")[0], 99), rng.random()))
        seen[over.split(".")[0]] = seen.get(over.split(".")[0], 0) + 1
        frame = matcher.tradeoff(instance, policy, over=over, values=choices[over])
        for row, value in enumerate(choices[over]):
            here = curves.varied(policy, over, value)
            best = Enumeration(instance, here).best()
            assert frame["status"].iloc[row] == ("infeasible" if best is None else "optimal")
            names = [objective.name for objective in Problem.of(instance, here).objectives]
            found = [frame[f"{name}_value"].iloc[row] for name in names]
            if best is None:
                assert all(number is pd.NA for number in found)
                assert frame["schools_covered"].iloc[row] is pd.NA
            else:
                assert found == [level for level, _ in best]


def test_a_number_that_is_varied_is_the_only_thing_that_changes():
    policy = matcher.Policy(
        objectives=["cover_schools", {"name": "school_travel", "at_most": 90, "slack_percent": 2}],
        rules=[{"kind": "floor", "by": "province", "percent": 10}, {"kind": "reach", "level": "school", "max_km": 50}],
        max_county_km=400,
    )
    for over, value in (
        ("max_county_km", 200.0),
        ("max_county_km", None),
        ("rules.0.percent", 30.0),
        ("rules.0.number", 4),
        ("rules.1.max_km", 60.0),
        ("objectives.1.at_most", None),
        ("objectives.1.slack_percent", 0.0),
        ("branch_capacity", 2),
    ):
        changed, before = (json.loads(each.model_dump_json()) for each in (curves.varied(policy, over, value), policy))
        *path, last = [int(part) if part.isdigit() else part for part in over.split(".")]
        for step in path:
            changed, before = changed[step], before[step]
        assert changed.pop(last) == value
        before.pop(last)
        assert changed == before


@pytest.mark.parametrize(
    ("over", "policy"),
    [
        ("within", {}),
        ("child_min", {}),
        ("child_km", {"school_cost": "min", "speed_kmh": 60}),
        ("child_km", {"objectives": ["cover_schools", "school_travel"]}),
        ("rules.0.percent", {}),
        ("rules.0.level", {"rules": [{"kind": "reach", "level": "school", "max_km": 9}]}),
        ("objectives.0.name", {}),
        ("objectives.9.at_most", {}),
    ],
)
def test_a_number_without_effect_is_refused(small, over, policy):
    """A flat curve over a number that nothing reads would be a silent wrong answer."""
    with pytest.raises(matcher.InvalidInput, match="not_an_option"):
        matcher.tradeoff(small, matcher.Policy(**policy), over=over, values=(1, 2))


@pytest.mark.parametrize("values", [None, (), ("ten",), (True,), (-1,), (float("nan"),)])
def test_faulty_values_are_refused(small, values):
    with pytest.raises(matcher.InvalidInput):
        matcher.tradeoff(small, over="max_school_km", values=values)
    with pytest.raises(matcher.InvalidInput, match="limit_negative"):
        matcher.tradeoff(small, values=(1,), work_limit=-1)


def test_numpy_numbers_are_numbers(small):
    frame = matcher.tradeoff(small, over="branch_capacity", values=np.array([2, 1]))
    assert frame["branch_capacity"].tolist() == [1, 2]


def test_a_stopped_search_starts_from_the_best_plan_known(small):
    """With hardly any work, what a tighter cap found is still feasible under a looser one and is not lost."""
    frame = matcher.tradeoff(small, over="max_school_km", values=(300, None), work_limit=10**9)
    start = matcher.solve(small, matcher.Policy(max_school_km=300))
    problem = Problem.of(small, matcher.Policy())
    known = curves.best_start(problem, [start, matcher.solve(small, matcher.Policy(max_school_km=20))])
    assert known[0].tolist() == start.county_pairs.tolist()
    assert curves.best_start(Problem.of(small, matcher.Policy(max_school_km=1)), [start]) is None
    stopped = matcher.tradeoff(small, values=(10,), work_limit=1)
    assert stopped["status"].tolist() == ["feasible"]
    assert stopped["stop_reason"].tolist() == ["work"]
    assert stopped["convenience_status"].tolist() == ["gap"]
    assert stopped["convenience_bound"].iloc[0] <= matcher.solve(small).levels[3].value
    assert stopped["county_travel_status"].tolist() == ["open"]
    assert frame["status"].tolist() == ["optimal", "optimal"]


def test_shared_facts_are_those_of_each_value(small):
    """No policy of a curve changes how travel is counted, so that its facts can be shared."""
    policy = matcher.Policy(school_cost="min", county_cost="min", speed_kmh=50, detour_factor=1.2)
    frame = matcher.tradeoff(small, policy, over="child_min", values=(2, 9))
    for row, value in enumerate((2, 9)):
        plan = matcher.solve(small, policy.model_copy(update={"child_min": value}))
        assert [frame[f"{level.name}_value"].iloc[row] for level in plan.levels] == [each.value for each in plan.levels]
        assert frame["school_min_mean"].iloc[row] == plan.metrics["school_min_mean"]


def test_progress_names_the_curve_and_the_same_call_gives_the_same_frame(small):
    reports = []
    first = matcher.tradeoff(small, values=(1, None), progress=reports.append)
    assert [(p.done, p.of) for p in reports if p.phase == "tradeoff"] == [(0, 2), (1, 2)]
    pd.testing.assert_frame_equal(first, matcher.tradeoff(small, values=(None, 1)))


def test_the_figure_shows_every_value_and_the_plans_beside_it(small):
    """A dot with a label for each value, hollow where nothing is proved; a mark for each other plan."""
    curve = matcher.tradeoff(small, values=(1, 10, None))
    curve.loc[1, "status"] = "feasible"
    other = matcher.Plan.from_pairs(small, county_pairs=[("O1", "C1")])
    picture = matcher.show.draw_tradeoff(curve, beside={"by hand": matcher.solve(small), "empty": other}, lang="zh")
    axes = picture.figure.axes[0]
    assert [each.get_text() for each in axes.texts] == ["1", "10", "不限"]
    line = axes.lines[0].get_xydata()
    assert line[:, 0].tolist() == curve["school_km_mean"].tolist()
    assert np.allclose(line[:, 1], curve["schools_children_share"].to_numpy(float) * 100)
    assert [each.get_text() for each in axes.get_legend().get_texts()] == ["by hand", "empty"]
    words = " ".join(each.get_text() for each in picture.figure.texts)
    assert "child_km" in words
    assert "空心点" in words
    assert (
        picture.png()
        == matcher.show.draw_tradeoff(curve, beside={"by hand": matcher.solve(small), "empty": other}, lang="zh").png()
    )


def test_a_figure_of_nothing_says_so_and_of_no_curve_is_refused(small):
    nothing = matcher.tradeoff(small, over="max_county_km", values=(0, 1))
    assert matcher.show.draw_tradeoff(nothing).png().startswith(b"\x89PNG")
    with pytest.raises(matcher.InvalidInput, match="not_an_option"):
        matcher.show.draw_tradeoff(pd.DataFrame({"a": [1]}))
    with pytest.raises(matcher.InvalidInput, match="not_an_option"):
        matcher.show.draw_tradeoff(nothing, y="status")
