"""The optimum of point markets over all pairs: against brute force, HiGHS and the solver of listed arcs."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from draws import blocks, few
from engines_alone import solve_listed, solve_points
from scipy.optimize import linprog
from scipy.sparse import coo_matrix

from matcher import Market, match
from matcher.base.progress import Budget, CancelToken
from matcher.geo import ecef, geodesic_m, pair_m
from matcher.market.arrayform import seal
from matcher.market.certificate import lower_bounds
from matcher.market.check import flaws
from matcher.market.matching import Matching
from matcher.market.points import auction as pricing_auction
from matcher.market.points import compiled as pricing_fast
from matcher.market.points import paths as pricing_paths
from matcher.market.points.tree import Tree, arc_floor_m, cheapest, kd_order, whole_floor_m

CHECKER = Path(__file__).parents[2] / "tools" / "check_certificate.py"


def small_market(rng):
    """Draw a small market with ties, shared places, empty bounds and every kind of limit."""
    P, R = rng.integers(1, 9), rng.integers(1, 9)
    kind = rng.integers(0, 4)
    span = [0.02, 1.0, 20.0, 60.0][rng.integers(0, 4)]

    def points(n):
        at = np.column_stack([rng.uniform(-span, span, n) + 30, rng.uniform(-span, span, n) + 100])
        if kind == 1:  # a coarse grid: ties and shared places
            at = np.round(at / (span / 2)) * (span / 2)
        if kind == 2:  # few places
            at = at[rng.integers(0, max(1, n // 2), n)]
        return np.clip(at, [-90, -180], [90, 180])

    reach = None if rng.random() < 0.5 else float(rng.uniform(0, 2) * span * 80)
    demand = rng.integers(0, 4, R) if rng.random() < 0.5 else 1
    a, b = points(P), points(R)
    unmet = None
    if rng.random() < 0.65:
        unmet = rng.uniform(0, 3 * span * 80, R).round(3)
        if rng.random() < 0.5:  # equal to a distance: the tie rule
            d = pair_m(a[rng.integers(0, P, R), 0], a[rng.integers(0, P, R), 1], b[:, 0], b[:, 1])
            unmet = d / 1000
    return Market.from_points(a, b, max_km=reach, capacity=rng.integers(0, 4, P), demand=demand, unmet_km=unmet)


def by_highs(market):
    """Return the values of the levels by two linear programmes in HiGHS (the constraint matrix is unimodular)."""
    p, r, cost = market.provider_idx, market.recipient_idx, market.cost[0].astype(float)
    A, P, R = len(p), market.num_providers, market.num_recipients
    arcs = np.arange(A)
    rows = np.concatenate([p, P + r, P + np.arange(R)])
    cols = np.concatenate([arcs, arcs, A + np.arange(R)])
    matrix = coo_matrix((np.ones(len(rows)), (rows, cols)), (P + R, A + R)).tocsr()
    capacity, demand = market.capacity[:, 1], market.demand[:, 1]
    limits = [(0, 1)] * A + [(0, None)] * R

    def least(objective, extra=None, most=None):
        upper = matrix[:P] if extra is None else coo_matrix(np.vstack([matrix[:P].toarray(), extra])).tocsr()
        bound = capacity if extra is None else np.append(capacity, most)
        answer = linprog(objective, upper, bound, matrix[P:], demand, limits, method="highs")
        assert answer.status == 0
        return round(answer.fun)

    metres = np.concatenate([cost, np.zeros(R)])
    missing = np.concatenate([np.zeros(A), np.ones(R)])
    if market.unmet_cost is not None:
        return (least(metres + np.concatenate([np.zeros(A), market.unmet_cost[0]])),)
    unmet = least(missing)
    return unmet, least(metres, missing, unmet)


def check(market, matching):
    """Assert what a proof claims, by the solver-free checker."""
    assert matching.status == "optimal"
    assert flaws(matching) == ()


def run_many(seed, count):
    rng = np.random.default_rng(seed)
    check_alone = standalone()
    for number in range(count):
        market = small_market(rng)
        matching = solve_points(market, Budget())
        check(market, matching)
        assert check_alone(matching.to_arrays()) is None
        values = tuple(level.value for level in matching.levels)
        if number % 4 == 0 and market.num_arcs:
            assert values == by_highs(market)
        listed = solve_listed(market, Budget(), None)
        assert values == tuple(level.value for level in listed.levels)
        assert len(matching.pairs) == len(listed.pairs)


def test_small_markets_have_the_optimum_of_two_other_solvers():
    run_many(1, 100)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_twenty_thousand_small_markets(seed):
    run_many(100 + seed, 1000)


def town_market(P=260, R=400, seed=0, **rest):
    rng = np.random.default_rng(seed)
    towns = np.column_stack([rng.uniform(25, 40, 12), rng.uniform(100, 118, 12)])
    a = towns[rng.integers(0, 4, P)] + rng.normal(size=(P, 2)) * 0.2
    b = towns[rng.integers(0, 12, R)] + rng.normal(size=(R, 2)) * 0.5
    capacity = np.random.default_rng(seed + 1).integers(1, 4, P)
    return Market.from_points(a.round(4), b.round(4), capacity=capacity, **rest)


@pytest.mark.parametrize("rest", [{}, {"max_km": 300}, {"unmet_km": 400}, {"demand": 2, "max_km": 700}])
def test_the_door_prices_many_pairs_and_finds_what_listing_finds(rest):
    market = town_market(**rest)
    matching = match(market)
    assert not market.listed
    assert matching.levels[-1].method == "pricing"
    check(market, matching)
    listed = (
        match(Market.from_arrays(market.to_arrays()), start=None)
        if market.listed
        else solve_listed(market, Budget(), None)
    )
    assert [level.value for level in matching.levels] == [level.value for level in listed.levels]


def standalone():
    """Load the standalone checker, which imports nothing of the library."""
    spec = importlib.util.spec_from_file_location("check_certificate", CHECKER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.check


#: what a market of towns may be told besides
RESTS = ({}, {"max_km": 250}, {"unmet_km": 300})


@pytest.mark.parametrize(("rest", "seed"), few(3, [(RESTS[k], (k + turn) % 3) for turn in range(3) for k in range(3)]))
def test_a_proof_with_one_thing_changed_is_refused(rest, seed):
    matching = match(town_market(120, 450, seed, **rest))
    check_alone = standalone()
    arrays = matching.to_arrays()
    assert check_alone(arrays) is None
    rng = np.random.default_rng(seed)
    for change in range(6):
        changed = {name: array.copy() for name, array in arrays.items()}
        if change < 2:  # a price of somebody who matters: a full provider or a served recipient
            side, column = (("provider", 0), ("recipient", 1))[change]
            at = rng.choice(changed["pairs"][:, column])
            changed[f"proof_{side}"][-1, at] += rng.choice([-1, 1]) * 7
        elif change < 4:  # two pairs swap their recipients
            pairs = changed["pairs"]
            provider = pairs[:, 0]
            i, j = next(
                (i, j) for i in rng.permutation(len(pairs)) for j in range(len(pairs)) if provider[i] != provider[j]
            )
            pairs[[i, j], 1] = pairs[[j, i], 1]
            changed["pairs"] = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
        else:  # a point moves by some 3 km
            side, column = (("provider", 0), ("recipient", 1))[change - 4]
            changed[f"market_{side}_latlon"][rng.choice(changed["pairs"][:, column]), 0] += 0.03
        assert check_alone(changed) is not None
        assert flaws(Matching.from_arrays(changed)) != ()
        changed["seal"] = seal(changed)  # a forger's own seal: the pairs, points and prices decide
        assert check_alone(changed) is not None
        if change >= 2:  # prices are not unique: a checker of bounds takes others that prove the same
            assert flaws(Matching.from_arrays(changed)) != ()


@pytest.mark.parametrize("seeds", blocks(40, range(150)))
def test_every_proof_with_anything_changed_is_refused_even_where_it_would_still_prove_the_same(seeds):
    """Any price, also one that nothing hangs on; any pair swapped, also for one as good; any point moved."""
    check_alone = standalone()
    for seed in seeds:
        rng = np.random.default_rng([11, seed])
        market = small_market(rng)
        matching = solve_points(market, Budget())
        arrays = matching.to_arrays()
        assert flaws(Matching.from_arrays(arrays)) == ()
        names = [name for name in arrays if name.startswith("proof_") and arrays[name].size]
        for name in (names[rng.integers(len(names))], "market_provider_latlon", "market_recipient_latlon", "pairs"):
            changed = {key: array.copy() for key, array in arrays.items()}
            if not changed[name].size:
                continue
            flat = changed[name].reshape(-1)
            at = rng.integers(len(flat))
            flat[at] += rng.choice([-1, 1]) if flat.dtype == np.int64 else (1e-5 if flat[at] < 0 else -1e-5)
            assert check_alone(changed) is not None
            if name != "pairs":
                assert "seal_broken" in {flaw.code for flaw in flaws(Matching.from_arrays(changed))}


def test_checks_of_random_proofs_by_the_standalone_checker():
    rng = np.random.default_rng(5)
    check_alone = standalone()
    for _ in range(150):
        matching = solve_points(small_market(rng), Budget())
        assert check_alone(matching.to_arrays()) is None


@pytest.mark.parametrize("kind", ["one place", "one corner", "grid", "nothing in reach", "islands", "tight", "slack"])
def test_pathological_markets_are_proved(kind):
    rng = np.random.default_rng(3)
    a, b = rng.uniform(30, 33, (240, 2)), rng.uniform(30, 33, (300, 2))
    capacity, rest = np.full(240, 2), {}
    if kind == "one place":
        a[:], b[:] = 31.0, 31.0
    if kind == "one corner":
        capacity[:] = 0
        capacity[a.sum(axis=1).argsort()[:20]] = 20
    if kind == "grid":
        a, b = np.round(a * 5) / 5, np.round(b * 5) / 5
    if kind == "nothing in reach":
        rest = {"max_km": 0}
    if kind == "islands":
        rest = {"max_km": 9}
    if kind == "tight":
        a, b, capacity = a[:240], b[:240], 1
    if kind == "slack":
        capacity = 50
    market = Market.from_points(a, b, capacity=capacity, **rest)
    matching = match(market)
    check(market, matching)
    assert standalone()(matching.to_arrays()) is None
    values = [level.value for level in solve_listed(market, Budget(), None).levels]
    assert [level.value for level in matching.levels] == values


def test_the_plain_loops_give_the_same_bytes_as_the_compiled_ones(monkeypatch):
    market = town_market(150, 350, 4, max_km=300)
    first = match(market)
    for module in (pricing_auction, pricing_paths, pricing_fast):
        for name, function in list(vars(module).items()):
            monkeypatch.setattr(module, name, getattr(function, "py_func", function))
    monkeypatch.setattr(pricing_fast, "AVAILABLE", False)
    second = match(market)
    assert np.array_equal(first.pairs, second.pairs)
    assert first.proof == second.proof


def test_a_tree_is_halved_along_its_widest_side_ties_by_position():
    rng = np.random.default_rng(9)
    for _ in range(200):
        xyz = rng.integers(-2, 3, (rng.integers(1, 60), 3)) * rng.choice([1.0, 0.1, -0.0])
        order, n = np.arange(len(xyz)), len(xyz)
        size = n
        for level in range(n.bit_length()):
            if size <= 1:
                break
            starts = [k * n >> level for k in range(1 << level)]
            for begin, end in zip(starts, [*starts[1:], n], strict=True):
                run = order[begin:end]
                axis = int(np.argmax(xyz[run].max(axis=0) - xyz[run].min(axis=0)))
                order[begin:end] = sorted(run, key=lambda at, axis=axis: (xyz[at, axis], at))
            size = -(-size // 2)
        assert np.array_equal(kd_order(xyz, leaf=1), order)


def test_the_cheapest_are_those_of_looking_at_all():
    rng = np.random.default_rng(10)
    for _ in range(200):
        a, b = (ecef(rng.uniform(28, 31, n), rng.uniform(100, 103, n)) for n in rng.integers(1, 80, 2))
        prices, limit = rng.integers(-200_000, 200_000, len(a)), rng.integers(-100_000, 300_000, len(b))
        reach, k = int(rng.integers(0, 300_000)), int(rng.integers(1, min(len(a), 9) + 1))
        bound = whole_floor_m(arc_floor_m(np.square(a[None] - b[:, None]).sum(axis=2)))
        keys = np.where((bound <= reach) & (bound + prices < limit[:, None]), bound + prices, np.iinfo(np.int64).max)
        assert np.array_equal(cheapest(Tree.build(a), prices, b, limit, reach, k)[1], np.sort(keys, axis=1)[:, :k])


def test_the_bound_on_the_geodesic_is_below_it_and_close():
    rng = np.random.default_rng(8)
    a = np.column_stack([rng.uniform(-90, 90, 50_000), rng.uniform(-180, 180, 50_000)])
    b = a + rng.normal(size=a.shape) * 10.0 ** rng.uniform(-4, 1.5, (len(a), 1))
    b[:, 0] = np.clip(b[:, 0], -90, 90)
    squared = np.square(ecef(*a.T) - ecef(*b.T)).sum(axis=1)
    exact = geodesic_m(*a.T, *b.T)
    bound = arc_floor_m(squared)
    assert (bound <= exact + 1e-6).all()
    assert (whole_floor_m(bound) <= np.rint(exact)).all()
    near = exact < 1_000_000
    assert (exact - bound)[near].max() < 25


def test_a_start_from_a_nearby_market_is_used_and_proved_anew():
    market = town_market(200, 400, 6, max_km=300)
    begun = match(market)
    moved = market.points.recipient_latlon.copy()
    moved[:20, 0] += 0.01
    nearby = Market.from_points(market.points.provider_latlon, moved, max_km=300, capacity=market.capacity)
    warm, cold = match(nearby, start=begun), match(nearby)
    check(nearby, warm)
    assert [level.value for level in warm.levels] == [level.value for level in cold.levels]


def test_a_deadline_and_a_cancel_return_a_feasible_plan_with_a_true_bound():
    market = town_market(400, 900, 8, unmet_km=2000)
    token = CancelToken()
    token.cancel()
    for stopped, reason in ((match(market, time_limit_s=0), "time"), (match(market, cancel=token), "cancelled")):
        assert (stopped.status, stopped.stop_reason) == ("feasible", reason)
        assert stopped.levels[0].bound is not None
        assert flaws(stopped) == ()


def test_the_worker_finds_what_the_caller_would():
    market = town_market(300, 500, 9, max_km=400)
    reports = []
    apart = match(market, time_limit_s=600, progress=reports.append)
    here = solve_points(market, Budget())
    assert apart.proof == here.proof
    assert np.array_equal(apart.pairs, here.pairs)
    assert reports


def test_every_bound_reported_is_one_of_the_market():
    """Also while coarse grains are solved: no bound is above the optimum, no value below it."""
    reports = []
    market = town_market(1200, 2400, 9, max_km=400, unmet_km=2000)
    optimum = match(market, progress=reports.append).levels[0].value
    told = [report for report in reports if report.bound is not None]
    assert len(reports) > len(told) > 0
    assert all(report.bound <= optimum <= report.value for report in told)
    apart = []
    match(market, time_limit_s=600, progress=apart.append)
    assert [(report.value, report.bound) for report in apart] == [(report.value, report.bound) for report in reports]


def test_a_work_limit_stops_at_the_same_plan_with_a_true_bound():
    market = town_market(300, 600, 7)
    stopped = [match(market, work_limit=3) for _ in range(2)]
    assert stopped[0].status in ("feasible", "unknown")
    assert stopped[0].stop_reason == "work"
    assert np.array_equal(stopped[0].pairs, stopped[1].pairs)
    assert flaws(stopped[0]) == ()


@pytest.mark.parametrize("kind", ["towns", "one place", "grid"])
@pytest.mark.parametrize("rest", [{}, {"unmet_km": 300}])
def test_bounds_from_the_pairs_that_matter_are_those_from_all_pairs(kind, rest):
    """Whatever the prices, right or wrong, at one level or two."""
    rng = np.random.default_rng(6)
    base = town_market(150, 200, 2)
    a, b = base.points.provider_latlon.copy(), base.points.recipient_latlon.copy()
    if kind == "one place":
        a[:], b[:] = (31.0, 108.0), (31.0, 108.0)
    if kind == "grid":
        a, b = np.round(a), np.round(b)
    market = Market.from_points(a, b, capacity=base.capacity, max_km=900, **rest)
    full = Market.from_arcs(
        market.provider_idx,
        market.recipient_idx,
        market.cost[0],
        num_providers=150,
        num_recipients=200,
        capacity=market.capacity,
        unmet_cost=None if market.unmet_cost is None else market.unmet_cost[0],
    )
    proof = match(Market.from_arrays(market.to_arrays())).proof.arrays
    rows = [[*proof[side], *([proof[f"tie_{side}"]] if rest else [])] for side in ("provider", "recipient")]
    levels = (*market.objectives, *([market.tie_objective] if rest else []))
    for noise in (0, 1, 2, 50_000):
        noisy = [np.array([row + rng.integers(-noise, noise + 1, len(row)) for row in side]) for side in rows]
        for count in (1, 2):
            cut = [side[:count] for side in noisy]
            fresh = Market.from_arrays(market.to_arrays())
            assert lower_bounds(fresh, levels[:count], *cut) == lower_bounds(full, levels[:count], *cut)


@pytest.mark.parametrize(
    ("demand", "unmet_km", "seed"), [(4, 1000.0, 0), (4, None, 0), (10, 1000.0, 0), *[(d, 1000.0, 1) for d in (5, 7)]]
)
def test_rounds_end_where_everybody_wants_several(demand, unmet_km, seed):
    """Arcs that prices rule out and in again must not go in a circle; the work limit only ends a failing test."""
    rng = np.random.default_rng(seed)
    towns = rng.uniform([28, 104], [34, 112], (12, 2))
    providers = towns[rng.integers(0, 12, 240)]
    recipients = towns[rng.integers(0, 12, 240)] + rng.normal(0, 0.05, (240, 2))
    capacity = rng.integers(1, 4, 240)
    market = Market.from_points(providers, recipients, capacity=capacity, demand=demand, unmet_km=unmet_km)
    matching = match(market, work_limit=60)
    assert matching.status == "optimal"
    assert market.arcs is not None
    assert match(market).objective == matching.objective
