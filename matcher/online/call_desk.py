"""Calls (帽子和手套) as they go: families pledge one by one, and the next school waits its turn.

How much is taken for a school, and when it will have what it asks, is that of the programme (`programmes/calls.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from pydantic import Field

from matcher.base.errors import Fault, InvalidInput
from matcher.base.fieldtypes import Id, Real, Title
from matcher.base.filling import FillTime, fill_time
from matcher.base.jsonform import read_object
from matcher.model import Record
from matcher.programmes.call_tables import CallSchool, in_turn, pieces_asked
from matcher.programmes.calls import CallsPolicy, room_for, share_failing

_FORMAT: Final = "matcher.calls/1"


class CallItem(Record):
    """So many pieces of an item a child, at one school or (None) at each."""

    item: Title
    per_child: Real = Field(default=1, gt=0, le=1000, allow_inf_nan=False)
    school_id: Id | None = None


class Taken(NamedTuple):
    """What of a pledge was taken for a school; `number` names it when it comes or fails."""

    number: int
    school: str
    item: str
    amount: int


class CallDesk:
    """Takes pledges for one school after the other; its state is JSON.

    Parameters
    ----------
    schools, items
        Who asks for what.
    policy
        See `CallsPolicy`.
    state
        What `to_json` returned: the desk goes on from there.

    Examples
    --------
    >>> from matcher.online import CallDesk, CallItem
    >>> from matcher.programmes import CallSchool
    >>> desk = CallDesk([CallSchool(id="S1", children=3)], [CallItem(item="hat")], {"failed": 0})
    >>> [taken.amount for taken in desk.pledge("family", "hat", 5, at=0)]
    [3]
    """

    def __init__(
        self,
        schools: Sequence[CallSchool],
        items: Sequence[CallItem],
        policy: CallsPolicy | Mapping[str, Any] | None = None,
        *,
        state: str | None = None,
    ) -> None:
        self.policy = policy if isinstance(policy, CallsPolicy) else CallsPolicy.model_validate(policy or {})
        self.asked: dict[str, dict[str, int]] = {
            school.id: {
                each.item: pieces_asked(school.children, each.per_child)
                for each in sorted(items, key=lambda each: (each.school_id is not None, each.item))
                if each.school_id in (None, school.id)
            }
            for school in in_turn(schools)
        }
        self.coming: dict[str, dict[str, int]] = {
            school: dict.fromkeys(wants, 0) for school, wants in self.asked.items()
        }
        self.came: dict[str, dict[str, int]] = {school: dict.fromkeys(wants, 0) for school, wants in self.asked.items()}
        self._stopped = {school.id for school in schools if school.status == "stopped"}
        self._open: dict[int, Taken] = {}
        self._number = self._failed = self._delivered = self._count = self._pieces = 0
        self._first: int | None = None
        self.now = 0
        if state is not None:
            self._restore(state)

    def share_that_fails(self) -> float:
        """Return the share of pledges that is taken to fail."""
        return share_failing(self.policy, self._failed, self._failed + self._delivered)

    def room(self, school: str, item: str) -> int:
        """Return how many pieces of an item a school may still be pledged."""
        asked = self.asked[school].get(item, 0)
        coming, came = self.coming[school].get(item, 0), self.came[school].get(item, 0)
        if school in self._stopped:
            return 0
        return room_for(self.policy, asked, came, coming, self.share_that_fails())

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
        begun = 0 if self._first is None else self.now - self._first
        return fill_time(missing, begun, self._count, self._pieces, level)

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
