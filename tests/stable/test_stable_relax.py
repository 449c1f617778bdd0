"""Nearly stable matchings equal the best of all matchings with so few blocking pairs."""

import numpy as np
import pytest
from stable_oracles import all_matchings, cost_of, count_blocking, irving_leather, random_preferences

from matcher.base.progress import Budget, CancelToken
from matcher.stable.best import best_stable
from matcher.stable.preferences import Preferences, is_stable
from matcher.stable.relaxed import nearly_stable


def check_against_enumeration(rng):
    f = random_preferences(rng, ties=rng.random() < 0.5, minima=rng.random() < 0.5, max_arcs=10)
    L = int(rng.integers(1, 3))
    cost = rng.integers(-3, 9, size=(L, f.num_arcs))
    unmet = rng.integers(0, 5, size=(L, f.num_recipients))
    limit = [None, 0, 1, 2][int(rng.integers(0, 4))]
    tolerance = int(rng.integers(0, 3)) if rng.random() < 0.4 else 0
    fewest = rng.random() < 0.3
    arcs = rng.permutation(f.num_arcs)[:1] if rng.random() < 0.2 else np.empty(0, dtype=np.int64)
    found = nearly_stable(
        f, cost, unmet, max_blocking=limit, tolerance=tolerance, fewest=fewest, pins=f.pairs_of(arcs)
    )  # fmt: skip
    sets = all_matchings(f)
    sets = sets[sets[:, arcs].all(axis=1)]
    blocking = count_blocking(f, sets, tolerance)
    in_limit = blocking <= (limit if limit is not None else f.num_arcs)
    if not in_limit.any():
        assert found.status == "infeasible"
        assert found.reason == ("max_blocking" if len(sets) else "bounds")
        if len(sets):
            assert found.witness["fewest"].value == found.witness["fewest"].bound == blocking.min()
        return
    totals = cost_of(f, sets, cost, unmet)
    if fewest:
        totals = np.column_stack((blocking, totals))
    best = min(tuple(row) for row in totals[in_limit].tolist())
    assert found.status == "optimal"
    assert tuple(level.value for level in found.levels) == tuple(level.bound for level in found.levels) == best
    chosen = np.zeros((1, f.num_arcs), dtype=bool)
    chosen[0, f.arcs_of(found.pairs)] = True
    assert len(found.blocking) == count_blocking(f, chosen, tolerance)[0]
    assert found.proof.kind == "solver"


def test_nearly_stable_equals_enumeration():
    """Fewest blocking pairs, at most B of them, tolerance, ties, minima, capacities, pins, one or two levels."""
    rng = np.random.default_rng(13)
    for _ in range(60):
        check_against_enumeration(rng)


@pytest.mark.slow
def test_nearly_stable_equals_enumeration_on_5000_markets():
    """The same on 5,000 markets."""
    rng = np.random.default_rng(130_000)
    for _ in range(5000):
        check_against_enumeration(rng)


def test_no_blocking_pair_at_all_equals_the_rotations():
    """Strict preferences and B = 0: the program and the closed sets of rotations find the same value."""
    rng = np.random.default_rng(14)
    for _ in range(20):
        f = random_preferences(rng, max_side=12, max_arcs=60)
        cost = rng.integers(0, 100, size=f.num_arcs)
        found = nearly_stable(f, cost, max_blocking=0)
        assert found.levels[0].value == best_stable(f, cost).values[0]
        assert is_stable(f, found.pairs)


def conflict():
    """A market with real choices, so that the search takes some work."""
    f = irving_leather(8)
    return f, np.random.default_rng(15).integers(0, 1000, size=f.num_arcs)


def test_a_start_is_kept_when_the_search_is_stopped():
    """With hardly any work allowed the start comes back, with a bound or none, and is not called optimal."""
    f, cost = conflict()
    start = best_stable(f, -cost).pairs
    found = nearly_stable(f, cost, max_blocking=3, start=start, budget=Budget(work_limit=1))
    assert found.status in ("feasible", "unknown")
    assert found.stop_reason == "work"
    for level in found.levels:
        assert level.gap is None or level.gap > 0


def test_a_cancelled_search_says_so():
    """Cancelled before it begins: nothing is found and nothing is claimed."""
    f, cost = conflict()
    token = CancelToken()
    token.cancel()
    found = nearly_stable(f, cost, max_blocking=3, budget=Budget(cancel=token))
    assert (found.status, found.stop_reason, found.proof.kind) == ("unknown", "cancelled", "none")
    assert len(found.pairs) == len(found.blocking) == 0
    assert found.levels[0].value is None


def test_the_same_search_gives_the_same_pairs():
    """Twice the same input, twice the same matching and bounds, also with a work limit."""
    f, cost = conflict()
    runs = [nearly_stable(f, cost, max_blocking=2, budget=Budget(work_limit=limit)) for limit in (None, None, 20, 20)]
    for one, other in (runs[:2], runs[2:]):
        assert np.array_equal(one.pairs, other.pairs)
        assert one.levels == other.levels
    assert runs[0].status == "optimal"


def test_a_gap_asked_for_is_not_called_optimal():
    """If the search stops at the gap, value and bound differ and the reason is the gap."""
    f, cost = conflict()
    found = nearly_stable(f, np.vstack((cost, cost[::-1])), max_blocking=4, budget=Budget(gap=0.9))
    level = found.levels[0]
    if level.gap:
        assert (found.status, found.stop_reason) == ("feasible", "gap")
        assert found.levels[1].conditional
    else:
        assert found.status in ("optimal", "feasible")
    assert level.gap <= 0.9 * max(1, abs(level.value))


def test_costs_past_the_range_are_refused():
    """Coefficients that sum past 2**60 raise before the solver sees them."""
    f = Preferences([0], [0], [1], [1], [[0, 1]], [[0, 1]])
    with pytest.raises(OverflowError):
        nearly_stable(f, np.array([2**60]), max_blocking=0)
    assert nearly_stable(f, np.array([2**57]), max_blocking=0).levels[0].value == 2**57
