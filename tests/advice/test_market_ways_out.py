"""Ways out of markets: the conflict is irreducible, the fewest units are given up, and each way has a matching."""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
from draws import few

from matcher import CancelToken, InfeasibleError, InvalidInput, Market, match
from matcher.market import check
from matcher.market.demands import LEAST, NUMBERS, STABILITY, MarketDemand, demands_of, without
from matcher.market.preferences import blocking
from matcher.market.ways_out import MarketWaysOut


def contradicting(rng: np.random.Generator) -> Market:
    shape = rng.integers(1, 5, 2)
    allowed = rng.random(shape) < 0.6
    bounds = []
    for size in shape:
        least = np.where(rng.random(size) < 0.6, rng.integers(0, 3, size), 0)
        bounds.append(np.column_stack([least, least + rng.integers(0, 2, size)]))
    return Market.from_matrix(rng.integers(0, 9, shape), allowed=allowed, capacity=bounds[0], demand=bounds[1])


def is_met(market: Market, capacity: np.ndarray, demand: np.ndarray) -> bool:
    return match(replace(market, capacity=capacity, demand=demand)).status == "optimal"


def fewest(market: Market, most: int) -> int:
    """The least number of units to give up, by trying every way to lower the minima."""
    minima = np.concatenate([market.capacity[:, 0], market.demand[:, 0]])
    ways = sorted(product(*(range(least + 1) for least in minima.tolist())), key=sum)
    for way in ways:
        if sum(way) >= most:
            break
        left = minima - np.array(way)
        capacity = np.column_stack([left[: len(market.capacity)], market.capacity[:, 1]])
        demand = np.column_stack([left[len(market.capacity) :], market.demand[:, 1]])
        if is_met(market, capacity, demand):
            return sum(way)
    return most


def held(seed: int) -> bool:
    market = contradicting(np.random.default_rng(seed))
    matching = match(market)
    found = matching.repairs()
    if matching.status == "optimal":
        assert found.conflict == ()
        assert found.repairs == ()
        return False
    bounds = {"provider": market.capacity, "recipient": market.demand}
    free = {side: np.column_stack([np.zeros(len(b), np.int64), b[:, 1]]) for side, b in bounds.items()}

    def met(members: set[int]) -> bool:
        asked = {side: b.copy() for side, b in free.items()}
        asked[side][list(members), 0] = bounds[side][list(members), 0]
        return is_met(market, asked["provider"], asked["recipient"])

    (side,) = {{"demand": "recipient", "capacity": "provider"}[demand.kind] for demand in found.conflict}
    conflict = {demand.position for demand in found.conflict}
    assert found.irreducible
    assert not met(conflict)
    assert all(met(conflict - {member}) for member in conflict)
    assert found.repairs
    for repair in found.repairs:
        assert match(repair.apply(market)).status == "optimal"
        assert repair.given_up == found.repairs[0].given_up
        assert repair.text("en") != repair.text("zh")
    assert fewest(market, found.repairs[0].given_up) == found.repairs[0].given_up
    return True


@pytest.mark.parametrize("first", few(1, range(0, 4000, 20)))
def test_ways_out_of_random_markets(first: int) -> None:
    assert sum(held(seed) for seed in range(first, first + 20)) > 2


def test_units_of_one_pair_count() -> None:
    market = Market.from_matrix([[1, 1]], capacity=3, demand=[(2, 2), (2, 2)], pair_limit=2)
    (way, *_) = match(market).repairs().repairs
    assert way.given_up == 1
    assert match(way.apply(market)).status == "optimal"


# --- beyond a flow, and where stability is required -------------------------------------------------------------------


class EveryPlan:
    """All sets of pairs and of open providers of a small market, each with what it has of everything."""

    def __init__(self, market: Market, stable: bool):
        pairs = np.column_stack([market.arcs.provider_idx, market.arcs.recipient_idx])
        count, people = market.num_providers, market.num_recipients
        on = np.array(list(product((False, True), repeat=len(pairs))), bool).reshape(2 ** len(pairs), len(pairs))
        opened = np.array(list(product((False, True), repeat=count)), bool)
        size = np.ones(people, int) if market.size is None else market.size
        self.has = np.zeros((len(on), count, people), int)
        for at, (j, i) in enumerate(pairs.tolist()):
            self.has[:, j, i] = on[:, at]
        self.has = np.repeat(self.has, len(opened), axis=0)
        self.opened = np.tile(opened, (len(on), 1))
        self.load = (self.has * size).sum(axis=2)
        # whom a pair blocks depends on what is room, which no demand changes
        whole = [not len(blocking(market, pairs[chosen])) for chosen in on] if stable else [True] * len(on)
        self.stable = np.repeat(whole, len(opened))

    def fits(self, market: Market, stable: bool) -> bool:
        """Whether any of them keeps all that the market asks."""
        has, opened, load = self.has, self.opened, self.load
        served = has.sum(axis=1)
        good = self.stable.copy() if stable else np.ones(len(has), bool)
        good &= ((market.capacity[:, 0] <= load) & (load <= market.capacity[:, 1])).all(axis=1)
        good &= ((market.demand[:, 0] <= served) & (served <= market.demand[:, 1])).all(axis=1)
        good &= (opened | (has.sum(axis=2) == 0)).all(axis=1)
        if market.must_open is not None:
            good &= (opened | ~market.must_open).all(axis=1)
        if market.closed is not None:
            good &= ~(opened & market.closed).any(axis=1)
        if market.least_if_open is not None:
            good &= (~opened | (load >= market.least_if_open)).all(axis=1)
        if market.most_pairs is not None:
            good &= (has.sum(axis=2) <= market.most_pairs).all(axis=1)
        for group, (least, most) in enumerate(() if market.group_open is None else market.group_open.tolist()):
            number = opened[:, market.group == group].sum(axis=1)
            good &= (least <= number) & (number <= most)
        if market.budget is not None:
            used = opened @ market.resource
            good &= ((market.budget[:, 0] <= used) & (used <= market.budget[:, 1])).all(axis=1)
        for one, other in combinations(range(market.num_recipients), 2):
            if market.together is not None and market.together[one] == market.together[other] >= 0:
                good &= (has[:, :, one] == has[:, :, other]).all(axis=1)
            if market.apart is not None and market.apart[one] == market.apart[other] >= 0:
                good &= ~(has[:, :, one] & has[:, :, other]).any(axis=1)
        return bool(good.any())


def judged(market: Market, stable: bool) -> MarketWaysOut | None:
    """Judge the ways out of a market by enumeration; None if it has a matching."""
    matching = match(market, stability="require" if stable else "off")
    if matching.status != "infeasible":
        return None
    found = matching.repairs(3)
    everything = demands_of(market, stable=stable)

    fits = EveryPlan(market, stable).fits

    def without_these(given_up: Iterable[MarketDemand]) -> bool:
        given = set(given_up)
        return fits(without(market, given), stable and STABILITY not in given)

    assert found.irreducible
    conflict = set(found.conflict)
    assert not without_these(set(everything) - conflict)
    assert all(without_these(set(everything) - conflict | {demand}) for demand in conflict)
    sizes = [len(repair.demands) for repair in found.repairs]
    assert sizes
    assert sizes == sorted(sizes)
    assert found.repairs[0].cheapest
    for size in range(sizes[0]):
        assert not any(without_these(given_up) for given_up in combinations(everything, size))
    for repair in found.repairs:
        assert fits(repair.apply(market), stable and not repair.gives_up_stability)
        assert repair.text("en") != repair.text("zh")
        for demand in repair.demands:  # eased no farther than needed
            number = demand.number_in(repair.changes)
            if number is not None:
                step = 1 if demand.kind in LEAST else -1
                fields = {name: array.copy() for name, array in repair.changes.items()}
                field, column = NUMBERS[demand.kind]
                fields[field][demand.position if column is None else (demand.position, column)] += step
                assert not fits(replace(market, **fields), stable and not repair.gives_up_stability)
    return found


def over_demanding(seed: int) -> Market:
    """A market beyond a flow that asks for more than there is as often as not."""
    rng = np.random.default_rng(seed)
    count, people = (int(n) for n in rng.integers(1, 4, 2))
    arcs = [(j, i) for j in range(count) for i in range(people) if rng.random() < 0.8][:6]
    must = rng.random(count) < 0.3
    options = {
        "least_if_open": rng.integers(0, 4, count),
        "must_open": must,
        "closed": (rng.random(count) < 0.3) & ~must,
        "size": rng.integers(0, 3, people),
        "most_pairs": rng.integers(0, 3, count),
        "apart": rng.integers(-1, 2, people).clip(max=people - 1),
    }
    beyond: dict[str, object] = {name: value for name, value in options.items() if rng.random() < 0.5}
    if rng.random() < 0.4:
        beyond = {name: value for name, value in beyond.items() if name not in ("most_pairs", "apart")}
        beyond["together"] = rng.integers(-1, 2, people).clip(max=people - 1)
    if rng.random() < 0.5:
        beyond |= {"group": rng.integers(-1, 2, count), "group_open": np.sort(rng.integers(0, 3, (2, 2)), axis=1)}
    if rng.random() < 0.5:
        beyond |= {"resource": rng.integers(0, 5, (count, 2)), "budget": np.sort(rng.integers(0, 7, (2, 2)), axis=1)}
    if not beyond:
        beyond["must_open"] = must
    ends = np.array(arcs, np.int64).reshape(-1, 2)
    return Market.from_arcs(
        ends[:, 0],
        ends[:, 1],
        rng.integers(0, 9, len(arcs)),
        num_providers=count,
        num_recipients=people,
        capacity=np.sort(rng.integers(0, 4, (count, 2)), axis=1) * [rng.random() < 0.4, 1],
        demand=np.sort(rng.integers(0, 3, (people, 2)), axis=1),
        **beyond,
    )


def hardly_stable(seed: int) -> Market:
    """A market of ranks, with ties or without, whose minima a stable matching may miss."""
    rng = np.random.default_rng(seed)
    count, people = (int(n) for n in rng.integers(1, 4, 2))
    most = 3 if seed % 2 else 9
    ranks = {
        f"{side}_rank": rng.integers(1, most, (count, people))
        if seed % 2
        else rng.random((count, people)).argsort(axis)
        for side, axis in (("provider", 1), ("recipient", 0))
    }
    return Market.from_matrix(
        rng.integers(0, 9, (count, people)),
        allowed=rng.random((count, people)) < 0.7,
        capacity=np.sort(rng.integers(0, 3, (count, 2)), axis=1) * [rng.random() < 0.6, 1],
        demand=np.sort(rng.integers(0, 3, (people, 2)), axis=1),
        **ranks,
    )


@pytest.mark.parametrize("seeds", few(1, [range(4), *(range(first, first + 10) for first in range(0, 2400, 10))]))
def test_ways_out_of_random_markets_beyond_a_flow(seeds: range) -> None:
    assert sum(judged(over_demanding(seed), stable=False) is not None for seed in seeds) > 1


@pytest.mark.parametrize("first", few(1, range(0, 2400, 20)))
def test_ways_out_of_random_markets_that_must_be_stable(first: int) -> None:
    assert sum(judged(hardly_stable(seed), stable=True) is not None for seed in range(first, first + 20)) > 0


def test_a_budget_is_raised_as_far_as_needed() -> None:
    market = Market.from_matrix([[1], [2]], demand=[(1, 1)], resource=[[7], [9]], budget=[5])
    found = match(market).repairs()
    assert {demand.kind for demand in found.conflict} == {"demand", "budget_most"}
    raised = next(way for way in found.repairs if way.demands[0].kind == "budget_most")
    assert raised.apply(market).budget.tolist() == [[0, 7]]
    assert str(raised) == "give up 1: at most 5 of budget 0 is used (now 7)"
    assert str(raised) in str(found)


def test_who_stability_leaves_short_is_named_with_it() -> None:
    """Both prefer one provider, who prefers the second: the first, who must have somebody, reaches nobody else."""
    market = Market.from_matrix([[1, 1]], demand=[(1, 1), (0, 1)], provider_rank=[[2, 1]], recipient_rank=[[1, 1]])
    matching = match(market, stability="require")
    found = matching.repairs()
    assert [demand.kind for demand in found.conflict] == ["stability", "demand"]
    assert [way.gives_up_stability for way in found.repairs] == [True, False]
    with pytest.raises(InfeasibleError) as caught:
        matching.raise_for_status()
    again = pickle.loads(pickle.dumps(caught.value)).repairs()
    assert [str(way) for way in again.repairs] == [str(way) for way in found.repairs]
    assert match(found.repairs[1].apply(market), stability="require").status == "optimal"


def test_ties_and_too_few_places_are_no_matter_of_stability_alone() -> None:
    market = Market.from_matrix([[1, 1]], demand=[(1, 1), (1, 1)], provider_rank=[[1, 1]], recipient_rank=[[1, 1]])
    matching = match(market, stability="require")
    assert matching.witness is not None
    assert check.flaws(matching) == ()
    assert {demand.kind for demand in matching.repairs().conflict} == {"demand"}


def test_a_limit_leaves_what_is_not_known_open() -> None:
    stop = CancelToken()
    stop.cancel()
    found = match(Market.from_matrix([[1]], demand=[(1, 1)], closed=[True])).repairs(cancel=stop)
    assert not found.irreducible
    assert found.repairs == ()


@pytest.mark.parametrize("k", [0, True, "3", 1.5])
def test_a_number_of_ways_that_is_none_is_refused(k: object) -> None:
    with pytest.raises(InvalidInput):
        match(Market.from_matrix([[1, 1]], demand=[(1, 1), (1, 1)])).repairs(k)  # type: ignore[arg-type]


def test_names_stay_text_in_what_is_shown() -> None:
    pd = pytest.importorskip("pandas")
    names = "<script>window.hit=1</script>", "$x{<b>\u202e" + "长" * 1000
    frame = pd.DataFrame({"provider": [names[0]], "recipient": [names[1]], "cost": [1]})
    found = match(Market.from_frame(frame, demand={names[1]: (1, 1)}, closed=[True])).repairs()
    assert all(name in found.text("zh") for name in names)
    shown = found._repr_html_()
    assert "<script" not in shown
    assert "<b>" not in shown
