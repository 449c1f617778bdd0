"""Statistics of a matching: what the work did when; no claim, and no part of what is equal or saved."""

import json
import pickle

import numpy as np

import matcher
from matcher.market.statistics import Statistics


def points(n: int = 300) -> matcher.Market:
    return matcher.Market.from_points(*np.random.default_rng(0).uniform([22, 100], [40, 118], (2, n, 2)), unmet_km=300)


def test_levels_of_listed_arcs_are_its_phases() -> None:
    """One round a level, in order, each within the time of the whole."""
    market = matcher.Market.from_matrix(np.arange(18).reshape(2, 3, 3), unmet_cost=None)
    found = matcher.match(market).statistics
    assert isinstance(found, Statistics)
    assert [phase.name for phase in found.phases] == ["level:unmet", "level:cost_1", "level:cost_2"]
    assert found.rounds == 3
    assert found.bounds == ()
    assert sum(phase.seconds for phase in found.phases) <= found.seconds


def test_rounds_of_points_tell_their_bounds_over_time() -> None:
    """Bounds only rise, to where the value comes down to them."""
    matching = matcher.match(points())
    found = matching.statistics
    assert found is not None
    assert [phase.name for phase in found.phases] == ["price"]
    assert found.rounds >= len(found.bounds) > 1
    assert [at.at_s for at in found.bounds] == sorted(at.at_s for at in found.bounds)
    assert [at.bound for at in found.bounds] == sorted(at.bound for at in found.bounds)
    assert found.bounds[-1].value == found.bounds[-1].bound == int(matching.levels[0].value)


def test_the_callers_callback_still_hears_everything() -> None:
    heard: list[matcher.base.Progress] = []
    found = matcher.match(points(), progress=heard.append).statistics
    assert len(heard) == found.rounds


def test_statistics_are_no_part_of_what_is_equal_or_saved() -> None:
    one, other = matcher.match(points()), matcher.match(points())
    assert one.statistics != other.statistics
    assert one == other
    assert one.to_bytes() == other.to_bytes()
    assert matcher.Matching.from_bytes(one.to_bytes()).statistics is None
    assert pickle.loads(pickle.dumps(one)).statistics == one.statistics
    assert json.loads(json.dumps(one.statistics.to_json()))["rounds"] == one.statistics.rounds
