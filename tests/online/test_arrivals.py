"""Arrivals: decisions keep every bound, no policy beats hindsight, and a restart decides the same."""

import itertools
import json

import numpy as np
import pytest
from draws import few

import matcher
from benchmarks.programmes.streams import STREAMS
from matcher import InvalidInput, Market
from matcher.geo import pair_m
from matcher.online import ArrivalEvent, ArrivalPolicy, ArrivalYear, Tally, bands, compare, run_year, wish_year
from matcher.online.prices import Expected, SampleLoad, asked, estimated
from matcher.online.wish_fit import DAY_S, WishFit
from matcher.programmes import Member, Wish, WishCounty, example_of, plan_programme

POLICIES = {
    "greedy": {"kind": "greedy"},
    "at once": {"kind": "bid_prices", "every": 7, "hold_s": 0},
    "held": {"kind": "bid_prices", "every": 7},
    "learned": {"kind": "bid_prices", "every": 5, "until_s": 365 * 86400},
    "nothing known": {"kind": "bid_prices", "every": 6},
    "batches": {"kind": "batches", "batch_s": 3 * 86400},
    "hindsight": {"kind": "hindsight"},
}


def small_year(seed: int) -> ArrivalYear:
    """Return a year of a few arrivals at a few providers, some of whom come late."""
    rng = np.random.default_rng(seed)
    count, people = int(rng.integers(1, 4)), int(rng.integers(1, 6))
    at = np.sort(rng.integers(0, 20, people))
    due, joins = at + rng.integers(0, 9, people), rng.integers(0, 25, count) * (rng.random(count) < 0.4)
    arcs = [(j, i) for j in range(count) for i in range(people) if rng.random() < 0.7 and joins[j] <= due[i]]
    ends = np.array(arcs, np.int64).reshape(-1, 2)
    market = Market.from_arcs(
        ends[:, 0],
        ends[:, 1],
        rng.integers(0, 12, len(arcs)),
        num_providers=count,
        num_recipients=people,
        capacity=rng.integers(0, 3, count),
        unmet_cost=rng.integers(0, 15, people),
    )
    return ArrivalYear(market, at, due, joins)


def best_value(market: Market) -> int:
    """Return the greatest value of a matching, by enumeration."""
    arcs = list(zip(market.provider_idx, market.recipient_idx, market.cost[0], strict=True))
    worth, best = market.unmet_cost[0], 0
    for chosen in itertools.product([0, 1], repeat=len(arcs)):
        pairs = [arc for arc, on in zip(arcs, chosen, strict=True) if on]
        loads = np.bincount([j for j, _, _ in pairs], minlength=market.num_providers)
        if len({i for _, i, _ in pairs}) == len(pairs) and (loads <= market.capacity[:, 1]).all():
            best = max(best, sum(int(worth[i] - c) for _, i, c in pairs))
    return best


def judge(seed: int) -> None:
    """Run every policy on one small year and hold it against the bounds and the enumeration."""
    year, last = small_year(seed), small_year(seed)
    best = best_value(year.market) if year.market.num_arcs <= 11 else None
    value = year.market.unmet_cost[0][year.market.recipient_idx] - year.market.cost[0]
    worth = {(j, i): v for j, i, v in zip(year.market.provider_idx, year.market.recipient_idx, value, strict=True)}
    for name, policy in POLICIES.items():
        expected = None if name in ("learned", "nothing known") else {"market": last.market, "at": last.at}
        desk = matcher.arrivals(year.market, policy=policy, expected=expected, joined=year.joins <= 0)
        made = list(desk.follow(year.events()))
        desk.advance(max(desk.now, int(year.due.max())))
        made += desk.answered()
        assert sorted(one.who for one in made) == list(range(len(year.at)))
        pairs = [one for one in made if one.answer == "paired"]
        for one in pairs:
            assert year.at[one.who] <= one.at <= year.due[one.who]
            assert year.joins[one.provider] <= one.at
            assert one.value == worth[one.provider, one.who] > 0
        loads = np.bincount([one.provider for one in pairs], minlength=year.market.num_providers)
        assert (loads <= year.market.capacity[:, 1]).all()
        total = sum(one.value for one in pairs)
        assert total == desk.tally.value
        if best is not None:
            assert total <= best
            assert name != "hindsight" or total == best


@pytest.mark.parametrize("seed", range(25))
def test_every_policy_keeps_the_bounds_and_none_beats_hindsight(seed):
    judge(seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_five_thousand_small_streams(block):
    for seed in range(1000 + 500 * block, 1500 + 500 * block):
        judge(seed)


def cut_and_continued(year: ArrivalYear, name: str, last: ArrivalYear, cuts: list[int]) -> None:
    """Run a year whole and with the desk thrown away at each cut: the same decisions."""

    def opened(state: str | None = None):
        options = {"policy": POLICIES[name], "joined": year.joins <= 0, "state": state}
        known = None if name in ("learned", "nothing known") else {"market": last.market, "at": last.at}
        return matcher.arrivals(year.market, expected=known, **options)

    events = list(year.events())
    whole = opened()
    said = list(whole.follow(events))
    for cut in cuts:
        first = opened()
        before = list(first.follow(events[:cut]))
        second = opened(json.dumps(json.loads(first.to_json())))
        assert before + list(second.follow(events[cut:])) == said
        assert second.to_json() == whole.to_json()


@pytest.mark.parametrize("name", POLICIES)
def test_a_stream_cut_anywhere_and_continued_decides_the_same(name):
    year, last = (wish_year(seed, wishes=70, counties=7, members=12) for seed in (1, 2))
    cut_and_continued(year, name, last, [1, 40])


@pytest.mark.slow
@pytest.mark.parametrize("name", POLICIES)
def test_a_stream_cut_at_a_hundred_places_decides_the_same(name):
    year, last = (wish_year(seed, wishes=400, counties=7, members=40) for seed in (3, 4))
    cuts = np.random.default_rng(5).choice(np.arange(1, 400), 100, replace=False)
    cut_and_continued(year, name, last, sorted(cuts.tolist()))


def test_bid_prices_come_near_hindsight_and_greedy_does_not():
    place = {"wishes": 600, "counties": 7, "members": 44}
    _, found = compare({"bid": {"every": 25}, "greedy": "greedy"}, [1], years=lambda seed: wish_year(seed, **place))
    share = found[found["measure"] == "of_hindsight"].set_index("policy")["mean"]
    assert share["hindsight"] == 1
    assert share["bid"] > 0.94
    assert share["greedy"] < 0.9
    assert set(found["measure"]) >= {"coverage", "hours_mean", "aim"}


@pytest.mark.parametrize(("stream", "least"), [("rush in 12", 0.93), ("dearer later", 0.88), ("kinds in bulk", 0.95)])
def test_bid_prices_are_near_hindsight_on_other_streams_and_with_nothing_known(stream, least):
    year, *last = (STREAMS[stream](seed, 0.05) for seed in (1, 2, 3))
    best, informed, learned, greedy = (
        run_year(year, policy, known).tally.value
        for policy, known in (("hindsight", []), ("bid_prices", last), ("bid_prices", []), ("greedy", []))
    )
    assert best >= informed > least * best
    assert informed > greedy
    assert learned > greedy


def test_gifts_of_a_year_add_up_to_the_capacity_of_its_market():
    year = STREAMS["a gift in one week"](1, 0.02)
    desk = matcher.arrivals(year.begun(), policy="greedy")
    assert desk.left.sum() + year.gifts[:, 2].sum() == year.market.capacity[:, 1].sum()
    gifts = [event for event in year.events() if event.kind == "units"]
    assert sorted((one.at, one.who, one.units) for one in gifts) == sorted(map(tuple, year.gifts.tolist()))
    assert run_year(year, "hindsight").tally.value >= run_year(year, "greedy").tally.value > 0


def test_prices_prove_a_bound_near_the_optimum():
    """The dual of the assignment at the prices is above its value, and not by much."""
    year = wish_year(7, wishes=300, counties=7, members=30)
    market = year.market
    fit = matcher.arrivals(market).fit
    known = fit.expected({"market": market, "at": year.at})
    left = market.capacity[:, 1].astype(float)
    price = estimated(known, np.ones(len(known.at)), left, np.zeros(len(left)), 0.005, 2000)
    dual = left @ price + sum(max(0.0, float((v - price[p]).max(initial=0))) for p, v in map(fit.pairs, range(300)))
    value = int(market.unmet_cost[0].sum()) - matcher.match(market).objective
    assert value <= dual <= 1.02 * value


@pytest.mark.parametrize("providers", [5, 4000])
def test_what_a_sample_takes_is_that_of_the_formula_however_many_providers_there_are(providers):
    rng = np.random.default_rng(providers)
    parts = [(rng.choice(providers, n, replace=False), rng.integers(1, 900, n)) for n in (3, 1, 5, 2)]
    price, weight, tau = rng.uniform(0, 900, providers), rng.uniform(0, 3, 4), 70.0
    load, taken, bend = SampleLoad.none(providers, 0.0), np.zeros(providers), np.zeros(providers)
    for _ in range(2):
        units = load.add(Expected.of(parts), weight, price, tau)
        before = taken.sum()
        for (who, value), many in zip(parts, weight, strict=True):
            worth = np.exp((value - price[who]) / tau)
            best = worth.max()
            one = worth / worth.sum() * best / (1 + best)
            taken[who] += many * one
            bend[who] += many * one * (1 - one)
        assert units == pytest.approx(taken.sum() - before, rel=1e-4)
    np.testing.assert_allclose([load.taken, load.bend], [taken, bend], rtol=1e-3, atol=1e-6)


def test_a_margin_is_asked_only_where_there_is_a_price():
    assert [asked(np.array([0.0, 5.0]), margin).tolist() for margin in (2.0, 0.0)] == [[0, 7], [0, 5]]


def test_a_held_wish_is_paired_when_its_member_joins_or_gives():
    market = Market.from_matrix([[1, 9], [9, 1]], capacity=1, unmet_cost=5)
    desk = matcher.arrivals(market, policy="greedy", joined=[True, False])
    assert desk.assign(1, at=0, due=10).answer == "held"
    (made,) = desk.join(1, at=4)
    assert (made.who, made.provider, made.at, made.arrived) == (1, 1, 4, 0)
    assert desk.assign(1, at=5, due=10).answer == "held"
    assert [one.answer for one in desk.give(1, at=6)] == ["paired"]
    assert desk.assign(0, at=7).answer == "paired"
    assert desk.assign(0, at=8, due=9).answer == "held"
    desk.advance(9)
    assert [one.answer for one in desk.answered()] == ["declined"]
    assert desk.tally.measures()["coverage"] == 0.75


def test_who_joins_in_the_last_moment_still_counts():
    desk = matcher.arrivals(Market.from_matrix([[1]], unmet_cost=5), policy="greedy", joined=[False])
    assert desk.assign(0, at=0, due=4).answer == "held"
    assert [one.answer for one in desk.join(0, at=4)] == ["paired"]


def best_by_hand(fit: WishFit, members, wish: Wish, left, price, now: int, money, met, team) -> tuple | None:
    found = []
    for j, member in enumerate(members):
        metres = int(pair_m(*(np.array([v]) for v in (member.lat, member.lon, wish.lat, wish.lon)))[0])
        value = fit.worth_m * wish.weight - metres
        suits = not member.categories or wish.category in member.categories
        suits &= team is None or member.team_id == team
        in_time = wish.deadline is None or member.days * DAY_S <= fit.key_of(wish)[-1] - now
        fresh = (j, wish.child) not in met
        if left[j] >= 1 and suits and in_time and fresh and money[j] >= wish.cost and value > 0 and value >= price[j]:
            found.append((-(value - price[j]), j, value))
    return min(found)[1:] if found else None


@pytest.mark.parametrize("seed", few(10, range(30)))
def test_the_best_member_is_that_of_looking_at_all(seed):
    rng = np.random.default_rng(seed)
    spot = lambda: {"lat": float(rng.choice([25, 25.1, 26])), "lon": float(rng.choice([110, 110.2]))}  # noqa: E731
    members = [
        Member(
            id=f"m{j:03}",
            team_id=str(rng.choice(["s", "t"])),
            budget=float(rng.integers(0, 9)) if rng.random() < 0.5 else None,
            categories=("x",) if rng.random() < 0.3 else (),
            most=2,
            days=int(rng.integers(0, 4)),
            **spot(),
        )
        for j in range(70)
    ]
    counties = (WishCounty(id="a", team_id="s", lat=25, lon=110), WishCounty(id="b", lat=25, lon=110))
    fit = WishFit({"members": tuple(members), "counties": counties}, 120_000)
    money, met = [9e9 if member.budget is None else member.budget for member in members], set()
    left, price = np.full(70, 2.0), rng.integers(0, 120_000, 70).astype(float)
    for _ in range(20):
        county = str(rng.choice(["a", "b"]))
        day = f"2026-05-0{int(rng.integers(1, 6))}" if rng.random() < 0.5 else None
        known = {"category": str(rng.choice(["x", "y"])), "cost": float(rng.integers(0, 5)), "deadline": day}
        wish = Wish(
            id="w", child=f"c{rng.integers(3)}", county_id=county, weight=int(rng.integers(1, 3)), **known, **spot()
        )
        key, now = fit.key_of(wish), DAY_S * 739737  # 2026-05-02
        found = fit.best(key, left, price, now)
        team = "s" if county == "a" else None
        assert found == best_by_hand(fit, members, wish, left, price, now, money, met, team)
        if found is not None:
            fit.take(key, found[0])
            left[found[0]] -= 1
            money[found[0]] -= wish.cost
            met.add((found[0], wish.child))


def test_a_desk_goes_on_from_a_plan_of_wishes():
    records = example_of("wishes", 2)
    free = [member.model_copy(update={"budget": None}) for member in records["members"]]
    once = [wish.model_copy(update={"child": wish.id}) for wish in records["wishes"]]
    records = {**records, "members": free, "wishes": once}
    plan = plan_programme("wishes", records, {"day": "2026-04-20"})
    desk = matcher.arrivals(plan, expected=records, policy={"every": 5})
    given = np.bincount(plan.matching.pairs[:, 0], minlength=len(records["members"]))
    assert desk.left.tolist() == [m.most - n for m, n in zip(records["members"], given, strict=True)]
    later = [wish for wish in records["wishes"] if wish.posted > "2026-04-20"]
    for n, wish in enumerate(later):
        decision = desk.assign(wish, at=DAY_S * 739730 + n, due=DAY_S * 739740)
        assert decision.who == wish.id
    desk.join(Member(id="new", lat=26.0, lon=110.0, most=3), at=DAY_S * 739735)
    again = matcher.arrivals(plan, expected=records, policy={"every": 5}, state=desk.to_json())
    assert again.to_json() == desk.to_json()
    assert desk.tally.paired > 0


def test_no_wish_waits_for_prices_that_are_never_estimated():
    members = [Member(id=f"m{j}", lat=25 + j / 9, lon=110, most=9) for j in range(5)]
    desk = matcher.arrivals({"members": members}, policy={"every": 0})
    assert desk.assign(Wish(id="a", child="a", lat=25, lon=110), at=DAY_S * 739000, due=DAY_S * 739009).provider == "m0"


def test_one_who_comes_does_a_small_piece_of_an_estimate():
    """Whatever is expected or waits: so the time of an answer does not grow with them."""
    rng = np.random.default_rng(3)
    members = [Member(id=f"m{j}", lat=lat, lon=110, most=3) for j, lat in enumerate(rng.uniform(25, 26, 60))]
    desk = matcher.arrivals({"members": members}, policy={"every": 25})
    asked, looked = desk.fit.rough_pairs, []

    def counted(key):
        found = asked(key)
        looked[-1].append(len(found[0]))
        return found

    desk.fit.rough_pairs = counted
    for n in range(400):
        looked.append([])
        desk.assign(Wish(id=str(n), child=str(n), lat=25.5, lon=110), at=DAY_S * 739000 + n, due=DAY_S * 739009)
    one, each = desk.fit.lookup
    most = [sum(one + each * pairs for pairs in sizes[:-1]) for sizes in looked]
    assert sum(cost > 20_000 for cost in most) == 1  # the first prices of all
    assert sum(map(bool, looked)) > 100


def test_what_makes_no_sense_is_refused():
    market = Market.from_matrix([[1, 2]], unmet_cost=5)
    desk = matcher.arrivals(market)
    desk.assign(0, at=5)
    for wrong in (lambda: desk.assign(0, at=4), lambda: desk.assign(2, at=6), lambda: desk.give(7, at=6)):
        with pytest.raises(InvalidInput) as caught:
            wrong()
        assert caught.value.message("zh")
    for options in (
        {"policy": "fastest"},
        {"policy": {"kind": "greedy", "pace": 2}},
        {"state": desk.to_json(), "policy": "greedy"},
        {"state": "{}"},
    ):
        with pytest.raises(InvalidInput):
            matcher.arrivals(market, **options)
    with pytest.raises(InvalidInput) as caught:
        matcher.arrivals(Market.from_matrix([[1, 2]]))
    assert caught.value.message("zh")
    with pytest.raises(InvalidInput):
        matcher.arrivals("wishes")


def test_measures_are_of_constant_size_and_bands_hold_the_mean():
    tally = Tally()
    for waited in (0, 30, 3600, 10**7, 10**12):
        tally.note(waited, 5, 10)
    assert len(json.dumps(tally.to_json())) < 500
    assert tally.measures()["aim"] == 0.5
    frame = bands([{"policy": "p", "seed": n, "share": n / 10} for n in range(5)])
    assert frame["low"][0] < frame["mean"][0] == 0.2 < frame["high"][0]
    assert ArrivalPolicy().kind == "bid_prices"
    assert Expected.joined([Expected.of([]), Expected.of([])]).start.tolist() == [0]
    assert ArrivalEvent(0, "units", 3).units == 1
    assert run_year(wish_year(1, wishes=60, counties=4, members=8), "batches").waiting == 0
