"""Calls (帽子和手套): schools ask for so many of each item a child, families pledge, and the next school waits.

A school i of c_i children asks for q = c_i * per_child of each item. Of what is pledged a share f fails to come; with F
pieces that failed and D that came it is estimated as (F + a) / (F + D + b), a and b from the policy. A pledge is taken
as long as those delivered and the share 1 - f of those on their way stay below q, but never so far that all of them
together would pass q * (1 + most_over): the guard against pledging too much. What is left of it goes to the next school
that wants the item. A school that is filled, or stopped, passes the call on.

Pledges are taken to come as a Poisson stream. With n of them in a time t, and k more wanted at the mean amount, the
time until the k-th is t / n * k on average, and between t * k / n times the quantiles of F(2k, 2n) with the probability
asked (the ratio of two gamma times of one rate).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import ceil, floor
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from matcher.base.errors import Fault, InvalidInput
from matcher.base.fieldtypes import Count, Id, Title
from matcher.base.jsonform import read_object
from matcher.model import Entity, Record

_FORMAT: Final = "matcher.calls/1"


class CallSchool(Entity):
    """A school that a call is for; the one with the greatest need comes first."""

    children: Count
    need: float = Field(default=0, allow_inf_nan=False)


class CallItem(Record):
    """So many pieces of an item a child, at one school or (None) at each."""

    item: Title
    per_child: float = Field(default=1, gt=0, le=1000, allow_inf_nan=False)
    school_id: Id | None = None


class CallPolicy(BaseModel):
    """How pledges are taken.

    Attributes
    ----------
    failed, of
        Pieces that failed and pledges in all before any was seen: the share that fails, to begin with.
    most_over
        What may be pledged and delivered at most beyond what is asked, as a share.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    failed: float = Field(default=1, ge=0)
    of: float = Field(default=20, gt=0)
    most_over: float = Field(default=0.2, ge=0, le=10)


class Taken(NamedTuple):
    """What of a pledge was taken for a school; `number` names it when it comes or fails."""

    number: int
    school: str
    item: str
    amount: int


class FillTime(NamedTuple):
    """Seconds until a school has what it asks of an item: expected, and an interval; None before any pledge came."""

    missing: int
    expected_s: float | None
    low_s: float | None
    high_s: float | None


class CallDesk:
    """Takes pledges for one school after the other; its state is JSON.

    Parameters
    ----------
    schools, items
        Who asks for what.
    policy
        See `CallPolicy`.
    state
        What `to_json` returned: the desk goes on from there.

    Examples
    --------
    >>> from matcher.online import CallDesk, CallItem, CallSchool
    >>> desk = CallDesk([CallSchool(id="S1", children=3)], [CallItem(item="hat")], {"failed": 0})
    >>> [taken.amount for taken in desk.pledge("family", "hat", 5, at=0)]
    [3]
    """

    def __init__(
        self,
        schools: Sequence[CallSchool],
        items: Sequence[CallItem],
        policy: CallPolicy | Mapping[str, Any] | None = None,
        *,
        state: str | None = None,
    ) -> None:
        self.policy = policy if isinstance(policy, CallPolicy) else CallPolicy.model_validate(policy or {})
        order = sorted(schools, key=lambda school: (-school.need, -school.children, school.id))
        self.asked: dict[str, dict[str, int]] = {
            school.id: {
                each.item: ceil(round(school.children * each.per_child, 9))
                for each in sorted(items, key=lambda each: (each.school_id is not None, each.item))
                if each.school_id in (None, school.id)
            }
            for school in order
        }
        self.coming: dict[str, dict[str, int]] = {
            school: dict.fromkeys(wants, 0) for school, wants in self.asked.items()
        }
        self.came: dict[str, dict[str, int]] = {school: dict.fromkeys(wants, 0) for school, wants in self.asked.items()}
        self._stopped: set[str] = set()
        self._open: dict[int, Taken] = {}
        self._number = self._failed = self._delivered = self._count = self._pieces = 0
        self._first: int | None = None
        self.now = 0
        if state is not None:
            self._restore(state)

    def share_that_fails(self) -> float:
        """Return the share of pledges that is taken to fail."""
        failed, of = self._failed + self.policy.failed, self._failed + self._delivered + self.policy.of
        return min(0.95, failed / of)

    def room(self, school: str, item: str) -> int:
        """Return how many pieces of an item a school may still be pledged."""
        asked = self.asked[school].get(item, 0)
        coming, came = self.coming[school].get(item, 0), self.came[school].get(item, 0)
        if school in self._stopped or came >= asked:
            return 0
        wanted = ceil(round((asked - came) / (1 - self.share_that_fails()), 9)) - coming
        most = floor(round(asked * (1 + self.policy.most_over), 9)) - came - coming
        return max(0, min(wanted, most))

    def pledge(self, family: str, item: str, amount: int, at: int) -> list[Taken]:
        """Take a pledge for the first school that wants the item, the rest for the next; the rest of all is not taken.

        Raises
        ------
        InvalidInput
            If time runs back, or the amount is no whole number above 0.
        """
        if isinstance(at, bool) or not isinstance(at, int) or (self._first is not None and at < self.now):
            raise InvalidInput([Fault("time_runs_back", column="at", value=at, details={"now": self.now})])
        if isinstance(amount, bool) or not isinstance(amount, int) or amount < 1:
            raise InvalidInput(
                [Fault("not_an_option", column="amount", value=amount, details={"known": "1, 2, 3, ..."})]
            )
        del family  # whoever pledges: no name is kept
        self._first = at if self._first is None else self._first
        self.now, self._count, self._pieces = at, self._count + 1, self._pieces + amount
        taken = []
        for school in self.asked:
            some = min(amount, self.room(school, item))
            if some:
                self._number += 1
                taken.append(Taken(self._number, school, item, some))
                self._open[self._number] = taken[-1]
                self.coming[school][item] += some
                amount -= some
            if not amount:
                break
        return taken

    def deliver(self, number: int, amount: int | None = None) -> None:
        """Note that a pledge came, whole or only `amount` of it; the rest failed."""
        one = self._closed(number)
        came = one.amount if amount is None else max(0, min(amount, one.amount))
        self.came[one.school][one.item] += came
        self._delivered += came
        self._failed += one.amount - came

    def fail(self, number: int) -> None:
        """Note that a pledge will not come: its room is free again."""
        self.deliver(number, 0)

    def _closed(self, number: int) -> Taken:
        if number not in self._open:
            raise InvalidInput(
                [Fault("not_an_option", column="pledge", value=number, details={"known": "open pledges"})]
            )
        one = self._open.pop(number)
        self.coming[one.school][one.item] -= one.amount
        return one

    def stop(self, school: str) -> None:
        """Stop the call for a school: it is passed on to the next."""
        if school not in self.asked:
            raise InvalidInput([Fault("not_an_option", column="school", value=school, details={"known": "schools"})])
        self._stopped.add(school)

    def current(self) -> str | None:
        """Return the school that the call is for now; None if every school has what it asks, or is stopped."""
        return next((school for school, wants in self.asked.items() if any(self.room(school, i) for i in wants)), None)

    def time_to_fill(self, school: str, item: str, level: float = 0.9) -> FillTime:
        """Return in how many seconds a school may be pledged all it asks of an item, if pledges come as they did."""
        missing = self.room(school, item)
        begun = None if self._first is None else self.now - self._first
        if not missing:
            return FillTime(0, 0.0, 0.0, 0.0)
        if not begun or self._count < 2:
            return FillTime(missing, None, None, None)
        from scipy.stats import f

        n = self._count - 1  # gaps between pledges
        k = max(1, ceil(missing / (self._pieces / self._count)))
        expected = begun / n * k
        low, high = (expected * float(f.ppf(q, 2 * k, 2 * n)) for q in ((1 - level) / 2, (1 + level) / 2))
        return FillTime(missing, expected, low, high)

    def to_json(self) -> str:
        """Return the state as JSON."""
        state = {
            "format": _FORMAT,
            "coming": self.coming,
            "came": self.came,
            "stopped": sorted(self._stopped),
            "open": [list(one) for one in self._open.values()],
            "counts": [self._number, self._failed, self._delivered, self._count, self._pieces],
            "first": self._first,
            "now": self.now,
        }
        return json.dumps(state, ensure_ascii=False)

    def _restore(self, text: str) -> None:
        state = read_object(text, "state")
        same = {school: sorted(wants) for school, wants in self.asked.items()}
        if state.get("format") != _FORMAT or {s: sorted(w) for s, w in state["coming"].items()} != same:
            details = {"expected": _FORMAT}
            raise InvalidInput([Fault("array_format", "state", value=state.get("format"), details=details)])
        self.coming, self.came = state["coming"], state["came"]
        self._stopped = set(state["stopped"])
        self._open = {number: Taken(number, *rest) for number, *rest in state["open"]}
        self._number, self._failed, self._delivered, self._count, self._pieces = state["counts"]
        self._first, self.now = state["first"], state["now"]
