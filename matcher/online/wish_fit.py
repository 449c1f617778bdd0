"""Wishes that come one by one: which members suit each, and which of them is best at given prices."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import numpy as np

from matcher.base.days import day_number
from matcher.base.errors import Fault, InvalidInput, check_kind
from matcher.base.numbers import BoolArray, FloatArray, IntArray
from matcher.geo import ecef, pair_m
from matcher.online.prices import Expected, asked
from matcher.programmes.schema import Records
from matcher.programmes.wish_tables import Member, Wish

DAY_S: Final = 86_400
_NO_LIMIT: Final = 1 << 60
#: places of a key, which is a list of plain values so that a state can hold it
_ID, _CHILD, _COUNTY, _KIND, _LAT, _LON, _CENTS, _WEIGHT, _DEADLINE = range(9)
#: so many geodesics are computed at once
_BLOCK: Final = 8
#: of a chord, for its rounding
_SLACK_M: Final = 1e-3
#: grants that are remembered so that nobody is given the same child twice; the oldest are forgotten
_MOST_MET: Final = 200_000


class WishFit:
    """Members as providers; times are seconds, day 0 the day before 1 January of year 1 (`date.toordinal`).

    A pair is worth `worth_m` times the weight of the wish, less the whole metres between the two.
    """

    def __init__(self, records: Records, worth_m: int, granted: Iterable[tuple[int, Wish]] = ()) -> None:
        self.worth_m = worth_m
        self.team_of = {county.id: county.team_id for county in records.get("counties", ())}  # type: ignore[attr-defined]
        self._members: list[Member] = []
        self._at: dict[str, int] = {}
        self._given = len(records["members"])
        for member in records["members"]:
            self._add(member)  # type: ignore[arg-type]
        self._arrays()
        self._met: OrderedDict[tuple[int, str], None] = OrderedDict()
        for each in records.get("granted", ()):
            if each.member_id in self._at:  # type: ignore[attr-defined]
                self._met[self._at[each.member_id], each.child] = None  # type: ignore[attr-defined]
        self._most = np.array([member.most for member in self._members], np.int64)
        for position, wish in granted:
            self._most[position] -= 1
            self.take(self.key_of(wish), position)

    def _add(self, member: Member) -> None:
        if member.id in self._at:
            raise InvalidInput(
                [Fault("repeated_id", "members", column="id", value=member.id, details={"first_row": "?"})]
            )
        self._at[member.id] = len(self._members)
        self._members.append(member)

    def _arrays(self) -> None:
        """Set the arrays of the members, and forget what was kept of them."""
        members = self._members
        self._lat, self._lon = (np.array([getattr(m, name) for m in members], float) for name in ("lat", "lon"))
        self._xyz = ecef(self._lat, self._lon)
        self._money = np.array([_NO_LIMIT if m.budget is None else round(100 * m.budget) for m in members], np.int64)
        self._days = DAY_S * np.array([m.days for m in members], np.int64)
        self._suits: dict[tuple[str | None, str | None], tuple[IntArray, Any]] = {}

    @property
    def num_providers(self) -> int:
        """Number of members, P."""
        return len(self._members)

    @property
    def total(self) -> int | None:
        """Nothing: wishes go on coming."""
        return None

    def capacity(self) -> IntArray:
        """Return how many wishes each member takes, less what it was given before the beginning."""
        return np.concatenate([self._most, [m.most for m in self._members[len(self._most) :]]]).astype(np.int64)

    def key_of(self, who: Any) -> list[Any]:
        """Return the key of a wish."""
        check_kind(who, Wish, "wish")
        cents = round(100 * who.cost)
        due = None if who.deadline is None else DAY_S * day_number(who.deadline)
        return [who.id, who.child, who.county_id, who.category, who.lat, who.lon, cents, who.weight, due]

    def name_of(self, key: list[Any]) -> str:
        """Return the id of the wish."""
        return str(key[_ID])

    def provider_name(self, position: int) -> str:
        """Return the id of the member."""
        return self._members[position].id

    def worth(self, key: list[Any]) -> int:
        """Return what the wish is worth next door."""
        return int(self.worth_m * key[_WEIGHT])

    def _candidates(self, key: list[Any]) -> tuple[IntArray, FloatArray]:
        """Return the members of the wish's team and category from south to north, and where they are, (3, n)."""
        team = self.team_of.get(key[_COUNTY]) or None
        known = self._suits.get((team, key[_KIND]))
        if known is None:
            suits = [
                (not m.categories or key[_KIND] in m.categories) and (team is None or m.team_id == team)
                for m in self._members
            ]
            some = np.flatnonzero(suits)
            some = some[np.argsort(self._xyz[some, 2], kind="stable")]
            known = self._suits[team, key[_KIND]] = some, np.ascontiguousarray(self._xyz[some].T)
        return known

    def _near(self, key: list[Any], within: float) -> tuple[IntArray, FloatArray]:
        """Return the members of its team and category whose chord to it is not above `within` metres, and the chords.

        All in the belt of latitude are looked at: where many are near that is faster than a tree.
        """
        some, (x, y, z) = self._candidates(key)
        spot = ecef(key[_LAT], key[_LON])
        belt = slice(*np.searchsorted(z, [spot[2] - within, spot[2] + within]))
        square = (x[belt] - spot[0]) ** 2 + (y[belt] - spot[1]) ** 2 + (z[belt] - spot[2]) ** 2
        near = np.flatnonzero(square <= within * within)
        return some[belt][near], np.sqrt(square[near])

    def _may(self, key: list[Any], some: IntArray, now: int) -> BoolArray:
        may: BoolArray = self._money[some] >= key[_CENTS]
        return may if key[_DEADLINE] is None else may & (self._days[some] <= key[_DEADLINE] - now)

    def _metres(self, key: list[Any], some: IntArray) -> IntArray:
        return pair_m(self._lat[some], self._lon[some], np.full(len(some), key[_LAT]), np.full(len(some), key[_LON]))

    def pairs(self, key: list[Any]) -> tuple[IntArray, IntArray]:
        """Return the members that suit the wish whatever is left of them, and what each pair is worth."""
        some = np.sort(self._near(key, self.worth(key) + 1)[0])
        value = self.worth(key) - self._metres(key, some)
        return some[value > 0], value[value > 0]

    def rough_pairs(self, key: list[Any]) -> tuple[IntArray, IntArray]:
        """Return the members near enough by the chord, and what each pair is worth by it."""
        worth = self.worth(key)
        some, chord = self._near(key, worth)
        value = worth - np.rint(chord).astype(np.int64)
        good = np.flatnonzero(value > 0)
        return (some, value) if len(good) == len(some) else (some[good], value[good])

    @property
    def lookup(self) -> tuple[int, int]:
        """A look at all of a belt, told high: prices may come late, an answer may not."""
        return 3000, 8

    def best(
        self, key: list[Any], left: FloatArray, price: FloatArray, now: int, margin: float = 0.0
    ) -> tuple[int, int] | None:
        """Return the best member at these prices, ties to the lower position.

        Members are looked at from the most promising on, until the chord, a bound from below on the geodesic, leaves
        no other a chance: prices are never below 0.
        """
        worth = self.worth(key)
        some, chord = self._near(key, worth + _SLACK_M)
        wanted = asked(price[some], margin)
        hope = worth - np.floor(np.maximum(0, chord - _SLACK_M)) - wanted
        may = np.flatnonzero((hope >= 0) & (left[some] >= 1))
        may = may[self._may(key, some[may], now)]
        best: tuple[float, int, int] | None = None
        while len(may):
            block = may[np.argpartition(-hope[may], _BLOCK)[:_BLOCK]] if len(may) > _BLOCK else may
            best = self._better(best, key, some[block], wanted[block])
            hope[block] = -1
            may = may[hope[may] >= (0 if best is None else -best[0])]
        return None if best is None else best[1:]

    def _better(
        self, best: tuple[float, int, int] | None, key: list[Any], some: IntArray, price: FloatArray
    ) -> tuple[float, int, int] | None:
        """Return the best of what was best and some members at their prices: (price - value, position, value)."""
        value = self.worth(key) - self._metres(key, some)
        for position, worth, cost in zip(some.tolist(), value.tolist(), price.tolist(), strict=True):
            gain = worth - cost
            if worth > 0 and gain >= 0 and (position, key[_CHILD]) not in self._met:
                best = min(best or (1.0, 0, 0), (-gain, position, worth))
        return best

    def take(self, key: list[Any], provider: int) -> None:
        """Note what is spent, and whom the member knows now."""
        if self._money[provider] < _NO_LIMIT:
            self._money[provider] -= key[_CENTS]
        self._met[provider, key[_CHILD]] = None
        while len(self._met) > _MOST_MET:
            self._met.popitem(last=False)

    def suited(self, position: int) -> Callable[[list[Any]], bool]:
        """Return whether a wish is of the member's categories and team."""
        member = self._members[position]

        def may(key: list[Any]) -> bool:
            team = self.team_of.get(key[_COUNTY])
            return (not member.categories or key[_KIND] in member.categories) and (not team or member.team_id == team)

        return may

    def join(self, who: Any) -> int:
        """Take a member that joins."""
        check_kind(who, Member, "member")
        self._add(who)
        money = self._money
        self._arrays()
        self._money[: len(money)] = money
        return len(self._members) - 1

    def position_of(self, provider: Any) -> int:
        """Return the position of a member by its id."""
        if provider not in self._at:
            raise InvalidInput([Fault("not_an_option", column="member", value=provider, details={"known": "members"})])
        return self._at[provider]

    def expected(self, sample: Any) -> Expected:
        """Return wishes, or the tables of a programme that hold them, as pairs at the days on which they are posted."""
        wishes = sample["wishes"] if isinstance(sample, Mapping) else sample
        wishes = sorted((wish for wish in wishes if wish.posted), key=lambda wish: (wish.posted, wish.id))
        parts = [self.rough_pairs(self.key_of(wish)) for wish in wishes]
        start = np.concatenate([[0], np.cumsum([len(provider) for provider, _ in parts])]).astype(np.int64)
        provider, value = (np.concatenate([part[n] for part in parts] or [np.zeros(0, np.int64)]) for n in (0, 1))
        at = np.array([DAY_S * day_number(wish.posted) for wish in wishes], np.int64)
        return Expected(at, start, provider, value)

    def to_json(self) -> dict[str, Any]:
        """Return who joined, what money is left, and who was given whom."""
        return {
            "joined": [member.model_dump(mode="json") for member in self._members[self._given :]],
            "money": self._money.tolist(),
            "met": [list(each) for each in self._met],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take what `to_json` returned."""
        for member in state["joined"]:
            self._add(Member.model_validate(member))
        self._arrays()
        if len(state["money"]) != len(self._members):
            details = {"shape": (len(state["money"]),), "expected": (len(self._members),)}
            raise InvalidInput([Fault("array_shape", "state", column="members", details=details)])
        self._money = np.array(state["money"], np.int64)
        self._met = OrderedDict.fromkeys((j, child) for j, child in state["met"])
