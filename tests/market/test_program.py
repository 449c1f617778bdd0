"""Markets that are more than a flow, against the enumeration of every plan."""

import dataclasses
import itertools

import numpy as np
import pytest
from draws import few

import matcher
from matcher import InvalidInput, Market, Matching, match
from matcher.market import check
from matcher.market.beyond import FIELDS
from matcher.market.certificate import pair_flaws
from matcher.market.program import levels as program_levels


def draw(rng: np.random.Generator) -> tuple[Market, dict]:
    """Return a small market with some of the fields, and what it was made from."""
    count, people, levels = int(rng.integers(1, 4)), int(rng.integers(1, 5)), int(rng.integers(1, 3))
    arcs = [(j, i) for j in range(count) for i in range(people) if rng.random() < 0.8][:8]
    given: dict = {
        "arcs": arcs,
        "cost": rng.integers(-2 if rng.random() < 0.3 else 0, 12, (levels, len(arcs))),
        "capacity": np.sort(rng.integers(0, 5, (count, 2)), axis=1) * [rng.random() < 0.2, 1],
        "demand": np.sort(rng.integers(0, 3, (people, 2)), axis=1) * [rng.random() < 0.4, 1],
        "unmet_cost": rng.integers(0, 15, (levels, people)) if rng.random() < 0.6 else None,
    }
    must = rng.random(count) < 0.2
    options = {
        "opening_cost": rng.integers(0, 10, (levels, count)),
        "least_if_open": rng.integers(0, 4, count),
        "group": rng.integers(-1, 2, count),
        "must_open": must,
        "closed": (rng.random(count) < 0.2) & ~must,
        "size": rng.integers(0, 4, people),
        "together": rng.integers(-1, 2, people).clip(max=people - 1),
        "resource": rng.integers(0, 5, (count, 2)),
    }
    beyond = {name: value for name, value in options.items() if rng.random() < 0.4}
    if not beyond:
        beyond["opening_cost"] = options["opening_cost"]
    if "group" in beyond:
        beyond["group_open"] = np.sort(rng.integers(0, 3, (2, 2)), axis=1)
    if "size" in beyond and rng.random() < 0.4:
        beyond["size"] = rng.integers(0, 4, (1, len(arcs)))  # one a pair
    if "resource" in beyond:
        beyond["budget"] = np.column_stack([rng.integers(0, 3, 2) * (rng.random() < 0.3), rng.integers(3, 9, 2)])
    ends = np.array(arcs, np.int64).reshape(-1, 2)
    rest = {"capacity": given["capacity"], "demand": given["demand"], "unmet_cost": given["unmet_cost"]}
    sizes = {"num_providers": count, "num_recipients": people}
    return Market.from_arcs(ends[:, 0], ends[:, 1], given["cost"], **sizes, **rest, **beyond), given | beyond


def least(given: dict, count: int, people: int) -> tuple[int, ...] | None:
    """Return the best vector of level values over all sets of arcs and of open providers, None if there is none."""
    arcs, best = given["arcs"], None
    size = np.asarray(given.get("size", np.ones(people, int)))
    takes = {arc: int(size[0, at] if size.ndim == 2 else size[arc[1]]) for at, arc in enumerate(arcs)}
    levels = len(given["cost"])
    for chosen in itertools.product([0, 1], repeat=len(arcs)):
        pairs = [arc for arc, on in zip(arcs, chosen, strict=True) if on]
        has = [sum(i == k for _, i in pairs) for k in range(people)]
        load = [sum(takes[j, i] for j, i in pairs if j == k) for k in range(count)]
        if any(not lo <= n <= hi for n, (lo, hi) in zip(has, given["demand"], strict=True)):
            continue
        if any(not lo <= n <= hi for n, (lo, hi) in zip(load, given["capacity"], strict=True)):
            continue
        if any(n > most for n, most in zip(_partners(pairs, count), given.get("most_pairs", ()), strict=False)):
            continue
        if "apart" in given and _twice(pairs, given["apart"]):
            continue
        if "together" in given:
            partners = [frozenset(j for j, i in pairs if i == k) for k in range(people)]
            label = given["together"]
            if any(label[a] == label[b] >= 0 and partners[a] != partners[b] for a in range(people) for b in range(a)):
                continue
        for opened in itertools.product([0, 1], repeat=count):
            if not _may_open(given, pairs, load, opened):
                continue
            paid = [int(given["cost"][k] @ np.array(chosen, int)) if arcs else 0 for k in range(levels)]
            if "opening_cost" in given:
                paid = [p + int(given["opening_cost"][k] @ np.array(opened)) for k, p in enumerate(paid)]
            lost = given["demand"][:, 1] - has
            if given["unmet_cost"] is None:
                value = (int(lost.sum()), *paid)
            else:
                value = tuple(p + int(given["unmet_cost"][k] @ lost) for k, p in enumerate(paid))
            best = value if best is None else min(best, value)
    return best


def _partners(pairs: list, count: int) -> list[int]:
    return [sum(j == k for j, _ in pairs) for k in range(count)]


def _twice(pairs: list, label: np.ndarray) -> bool:
    held = [(j, label[i]) for j, i in pairs if label[i] >= 0]
    return len(set(held)) < len(held)


def _may_open(given: dict, pairs: list, load: list, opened: tuple) -> bool:
    if any(not opened[j] for j, _ in pairs):
        return False
    for j, on in enumerate(opened):
        if on and (("closed" in given and given["closed"][j]) or load[j] < given.get("least_if_open", [0] * 9)[j]):
            return False
        if not on and ("must_open" in given and given["must_open"][j]):
            return False
    for g, (lo, hi) in enumerate(given.get("group_open", ())):
        if not lo <= sum(on for j, on in enumerate(opened) if given["group"][j] == g) <= hi:
            return False
    used = np.array(opened) @ given["resource"] if "resource" in given else ()
    return all(lo <= n <= hi for n, (lo, hi) in zip(used, given.get("budget", ()), strict=True))


def judge(seed: int) -> None:
    """Solve one drawn market and hold it against the enumeration."""
    market, given = draw(np.random.default_rng(seed))
    best = least(given, market.num_providers, market.num_recipients)
    found = match(market)
    assert check.flaws(found) == ()
    if best is None:
        assert found.status == "infeasible"
        return
    assert found.status == "optimal"
    assert tuple(level.value for level in found.levels) == best
    assert tuple(level.bound for level in found.levels) == best


@pytest.mark.parametrize("seed", few(17, range(25)))
def test_every_subset_of_the_fields_is_solved_as_by_enumeration(seed):
    judge(seed)


def draw_counted(seed: int) -> tuple[Market, dict]:
    """Return a drawn market where recipients are counted, or not two of a label go to one provider."""
    rng = np.random.default_rng([seed, 1])
    market, given = draw(rng)
    people = market.num_recipients
    more: dict = {"most_pairs": rng.integers(0, 3, market.num_providers), "apart": rng.integers(-1, 2, people)}
    more["apart"] = more["apart"].clip(max=people - 1)
    more = {name: value for name, value in more.items() if rng.random() < 0.7}
    given = {name: value for name, value in given.items() if name != "together"} | more
    ends = np.array(given["arcs"], np.int64).reshape(-1, 2)
    rest = {name: value for name, value in given.items() if name not in ("arcs", "cost")}
    sizes = {"num_providers": market.num_providers, "num_recipients": people}
    return Market.from_arcs(ends[:, 0], ends[:, 1], given["cost"], **sizes, **rest), given


def judge_counted(seed: int) -> None:
    market, given = draw_counted(seed)
    best = least(given, market.num_providers, market.num_recipients)
    found = match(market)
    assert check.flaws(found) == ()
    assert (found.status == "infeasible") == (best is None)
    if best is not None:
        assert tuple(level.value for level in found.levels) == best
        assert tuple(level.bound for level in found.levels) == best


@pytest.mark.parametrize("seed", range(15))
def test_recipients_that_are_counted_are_solved_as_by_enumeration(seed):
    judge_counted(seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_five_thousand_markets_that_count_are_solved_as_by_enumeration(block):
    for seed in range(1000 + 500 * block, 1500 + 500 * block):
        judge_counted(seed)


def test_what_counts_recipients_is_held_and_found_when_broken():
    market = Market.from_matrix([[1, 1, 1], [9, 9, 9]], capacity=3, unmet_cost=20, most_pairs=[2, 1], apart=[0, 0, -1])
    found = match(market)
    assert found.levels[0].value == 11
    assert found.proof.kind == "certificate"
    broken = [flaw.code for flaw in pair_flaws(market, np.array([[0, 0], [0, 1], [0, 2]]), np.array([True, False]))]
    assert broken == ["most_pairs", "not_apart"]


def test_a_market_without_any_pair_is_solved_too():
    judge(1153)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_ten_thousand_markets_are_solved_as_by_enumeration(block):
    for seed in range(1000 + 500 * block, 1500 + 500 * block):
        judge(seed)


@pytest.mark.parametrize("seed", range(12))
def test_a_market_beyond_a_flow_and_its_matching_survive_their_arrays(seed):
    market, _ = draw(np.random.default_rng(seed))
    again = Market.from_arrays(market.to_arrays())
    assert not again.is_flow
    for name in FIELDS:
        one, other = getattr(market, name), getattr(again, name)
        assert (one is None) == (other is None)
        assert one is None or np.array_equal(one, other)
    found = match(market)
    read = Matching.from_arrays(found.to_arrays())
    assert check.flaws(read) == ()
    assert read.levels == found.levels


def test_a_falsified_bound_or_opening_is_found():
    market = Market.from_matrix([[4, 1], [2, 3]], capacity=2, opening_cost=[3, 2], unmet_cost=9)
    found = match(market)
    assert check.flaws(found) == ()
    level = found.levels[0]
    higher = dataclasses.replace(level, bound=level.value + 1, gap=1)
    assert check.flaws(found.replace(levels=(higher,)))
    assert check.flaws(found.replace(opened=~found.opened))
    assert [flaw.code for flaw in pair_flaws(market, found.pairs, np.zeros(2, bool))] == ["pair_at_closed"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"opening_cost": [1, 2, 3]}, "array_shape"),
        ({"opening_cost": -1}, "bound_negative"),
        ({"opening_cost": float("nan")}, "cost_not_finite"),
        ({"least_if_open": [-1, 0]}, "bound_negative"),
        ({"group": [0, 0]}, "field_alone"),
        ({"group_open": [[0, 1]]}, "field_alone"),
        ({"group": [0, 1], "group_open": [[0, 1]]}, "label_range"),
        ({"group": [0, 0], "group_open": [[2, 1]]}, "bound_order"),
        ({"must_open": [True, False], "closed": [True, False]}, "open_and_closed"),
        ({"closed": [1, 0]}, "array_type"),
        ({"size": [1, 2, 3]}, "array_shape"),
        ({"size": [0.5, 1]}, "bound_not_whole"),
        ({"together": [-2, 0]}, "label_range"),
        ({"apart": [2, 0]}, "label_range"),
        ({"apart": [0, 0], "together": [0, 0]}, "fields_exclude"),
        ({"most_pairs": [-1, 0]}, "bound_negative"),
        ({"resource": [[1], [2]]}, "field_alone"),
        ({"resource": [[1], [2]], "budget": [3, 4]}, "array_shape"),
    ],
)
def test_every_fault_of_a_field_is_named_at_the_door(fields, code):
    with pytest.raises(InvalidInput) as caught:
        Market.from_matrix([[1, 2], [3, 4]], **fields)
    assert code in [fault.code for fault in caught.value.faults]
    assert caught.value.message("zh")
    assert all(fault.mend("zh") for fault in caught.value.faults)


def test_stability_is_refused_where_the_market_is_no_flow():
    market = Market.from_matrix([[1, 2], [3, 4]], opening_cost=1)
    with pytest.raises(InvalidInput, match="opening_cost"):
        match(market, stability="report")


def test_an_unknown_field_is_no_argument():
    with pytest.raises(TypeError, match="opening_costs"):
        Market.from_matrix([[1]], opening_costs=1)


def test_what_cannot_be_kept_is_infeasible_by_the_solvers_word():
    market = Market.from_matrix([[1, 2]], capacity=2, least_if_open=3, must_open=[True])
    found = match(market)
    assert (found.status, found.proof.kind) == ("infeasible", "solver")
    assert check.flaws(found) == ()
    with pytest.raises(matcher.InfeasibleError):
        found.raise_for_status()


@pytest.mark.parametrize("allowed", [None, [[True, False, True], [True, True, True]]])
def test_a_size_may_be_that_of_a_pair(allowed):
    cost, size = [[1, 2, 3], [9, 9, 9]], [[4, 1, 2], [1, 1, 3]]
    market = Market.from_matrix(cost, allowed=allowed, capacity=[2, 9], unmet_cost=20, size=size)
    found = match(market)
    assert found.pairs.tolist() == ([[0, 2], [1, 0], [1, 1]] if allowed else [[0, 1], [1, 0], [1, 2]])
    assert check.flaws(found) == ()
    again = Market.from_arrays(market.to_arrays())
    assert np.array_equal(again.size, market.size)
    provider, recipient = (part[::-1] for part in np.nonzero(np.ones((2, 3), bool) if allowed is None else allowed))
    listed = {"num_providers": 2, "num_recipients": 3, "capacity": [2, 9], "unmet_cost": 20}
    by_arc = np.array(size)[provider, recipient]
    other = Market.from_arcs(provider, recipient, np.array(cost)[provider, recipient], **listed, size=by_arc)
    assert match(other).pairs.tolist() == found.pairs.tolist()
    too_much = [flaw.code for flaw in pair_flaws(market, np.array([[0, 0], [1, 1]]), np.array([True, True]))]
    assert too_much == ["above_maximum"]


def test_work_that_is_stopped_claims_no_optimum():
    market = Market.from_matrix(np.arange(12).reshape(3, 4), capacity=4, opening_cost=5)
    found = match(market, work_limit=0)
    assert (found.status, found.stop_reason) == ("unknown", "work")
    assert check.flaws(found) == ()


@pytest.mark.parametrize("seed", [*few(8, range(400))])
def test_annealed_plans_keep_every_bound_and_claim_no_more_than_they_prove(seed, monkeypatch):
    """Where nothing but annealing and prices is allowed, values and bounds lie on both sides of the optimum."""
    monkeypatch.setattr(program_levels, "MOST_EXACT", 0)
    monkeypatch.setattr(program_levels, "_MOST_TRIED", 0)
    market, given = draw(np.random.default_rng(seed))
    best = least(given, market.num_providers, market.num_recipients)
    found = match(market, work_limit=10)
    assert check.flaws(found) == ()
    if best is None:
        assert found.status in ("infeasible", "unknown")
        return
    if found.has_pairs:
        assert tuple(level.value for level in found.levels) >= best
    if found.levels[0].bound is not None:
        assert found.levels[0].bound <= best[0]
