"""Calls (帽子和手套): which school gets what families pledge, with a guard against pledging too much.

A need is q pieces of an item at a school. Of what is pledged a share f fails to come; with F pieces that failed and D
that came it is estimated as (F + a) / (F + D + b), a and b from the policy. Pledges are taken as long as those that
came and the share 1 - f of those on their way stay below q, but never so far that all of them together would pass
q * (1 + most_over): the guard against pledging too much. What is promised stays; what is left of a need is its room.
Schools have their turn by need, then children. With rank r of a school (0 first, S for nobody) and the place t of a new
pledge among n by time, pieces x of pledge t at a school of rank r have the objectives, in strict order:

    taken     least  pieces that no need has room for
    need      least  sum of r * x: the school of greatest need is filled first
    turn      least  sum of r * (n - t) * x: who pledged first gives to the first school, who pledged last may be left

This is a transportation problem, and its plan is that of taking pledges one by one (`matcher.online.CallDesk`).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count, islice
from math import ceil, floor
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import numpy as np
from pydantic import Field

from matcher.base.days import second_number
from matcher.base.display import Metric
from matcher.base.errors import Fault, InvalidInput, Lang, text
from matcher.base.fieldtypes import Real
from matcher.base.filling import fill_time
from matcher.market.input import Ints
from matcher.market.market import Market
from matcher.market.matching import Matching
from matcher.programmes.call_tables import SCHEMA, CallPledge, example, in_turn, pieces_asked
from matcher.programmes.explaining import is_kind
from matcher.programmes.programme import Programme, ProgrammePolicy
from matcher.programmes.schema import Records

if TYPE_CHECKING:
    import pandas as pd

_UNITS: Final = {"taken": "pieces", "need": "ranks", "turn": "ranks"}


class CallsPolicy(ProgrammePolicy):
    """How pledges are taken.

    Attributes
    ----------
    failed, of
        Pieces that failed and pledges in all before any was seen: the share that fails, to begin with.
    most_over
        What may be pledged and delivered at most beyond what is asked, as a share.
    """

    failed: Real = Field(default=1, ge=0)
    of: Real = Field(default=20, gt=0)
    most_over: Real = Field(default=0.2, ge=0, le=10)


def share_failing(policy: CallsPolicy, failed: int, ended: int) -> float:
    """Return the share of pledges that is taken to fail, after so many pieces that failed of those that ended."""
    return min(0.95, (failed + policy.failed) / (ended + policy.of))


def room_for(policy: CallsPolicy, asked: int, came: int, coming: int, failing: float) -> int:
    """Return how many pieces may still be pledged for a need."""
    if came >= asked:
        return 0
    wanted = ceil(round((asked - came) / (1 - failing), 9)) - coming
    most = floor(round(asked * (1 + policy.most_over), 9)) - came - coming
    return max(0, min(wanted, most))


class CallState(NamedTuple):
    """How the needs stand before new pledges are given, (P,) each; `rank` is that of the school, `failing` a share."""

    asked: Ints
    came: Ints
    coming: Ints
    room: Ints
    rank: Ints
    failing: float


def standing(records: Records, policy: CallsPolicy) -> CallState:
    """Return how the needs stand.

    Raises
    ------
    InvalidInput
        If a need names no school, or a pledge that was given names no need of its item.
    """
    needs: Any = records["needs"]
    pledges: Any = records["pledges"]
    order = in_turn(records["schools"])  # type: ignore[arg-type]
    school = {each.id: (rank, each) for rank, each in enumerate(order)}
    at = {need.id: n for n, need in enumerate(needs)}
    _judge(needs, pledges, school, at)
    came, coming = np.zeros((2, len(needs)), np.int64)
    failed = ended = 0
    for pledge in pledges:
        if pledge.status == "promised":
            coming[at[pledge.need_id]] += pledge.amount
        elif pledge.status != "new":
            came[at[pledge.need_id]] += pledge.arrived
            failed, ended = failed + pledge.amount - pledge.arrived, ended + pledge.amount
    failing = share_failing(policy, failed, ended)
    asked, room, rank = np.zeros((3, len(needs)), np.int64)
    for n, need in enumerate(needs):
        rank[n], mine = school[need.school_id]
        asked[n] = pieces_asked(mine.children, need.per_child) if need.pieces is None else need.pieces
        if mine.status == "open":
            room[n] = room_for(policy, int(asked[n]), int(came[n]), int(coming[n]), failing)
    return CallState(asked, came, coming, room, rank, failing)


def _judge(needs: Any, pledges: Any, school: Mapping[str, Any], at: Mapping[str, int]) -> None:
    faults = [
        Fault("unknown_id", "needs", column="school_id", value=need.school_id, details={"target": "schools"})
        for need in needs
        if need.school_id not in school
    ]
    faults += [
        Fault("unknown_id", "pledges", column="need_id", value=pledge.need_id, details={"target": "needs"})
        for pledge in pledges
        if pledge.status != "new" and (pledge.need_id not in at or needs[at[pledge.need_id]].item != pledge.item)
    ]
    if faults:
        raise InvalidInput(faults)


def market(records: Records, policy: CallsPolicy) -> Market:
    """Return the market of needs and pledges."""
    needs: Any = records["needs"]
    pledges: Any = records["pledges"]
    now = standing(records, policy)
    new = [n for n, pledge in enumerate(pledges) if pledge.status == "new"]
    early = np.zeros(len(pledges), np.int64)
    for place, n in enumerate(sorted(new, key=lambda n: (pledges[n].at, pledges[n].id))):
        early[n] = len(new) - place
    wanted: dict[str, list[int]] = {}
    for j in np.flatnonzero(now.room).tolist():
        wanted.setdefault(needs[j].item, []).append(j)
    arcs = sorted((j, i) for i in new for j in wanted.get(pledges[i].item, ()))
    pairs = np.array(arcs, np.int64).reshape(-1, 2)
    amount = np.array([pledge.amount if pledge.status == "new" else 0 for pledge in pledges], np.int64)
    rank, nobody = now.rank[pairs[:, 0]], len(records["schools"])
    return Market.from_arcs(
        pairs[:, 0],
        pairs[:, 1],
        np.array([np.zeros(len(pairs), np.int64), rank, rank * early[pairs[:, 1]]]),
        num_providers=len(needs),
        num_recipients=len(pledges),
        capacity=now.room,
        demand=amount,
        pair_limit=np.minimum(amount[pairs[:, 1]], now.room[pairs[:, 0]]),
        unmet_cost=np.array([np.ones(len(pledges), np.int64), np.full(len(pledges), nobody), nobody * early]),
        level_names=("taken", "need", "turn"),
    )


def _given(plan: Any) -> Ints:
    """Return pieces that a plan gives to each need, (P,)."""
    return np.bincount(plan.pairs[:, 0], plan.units, plan.market.num_providers).astype(np.int64)


def metrics(records: Records, policy: CallsPolicy, matching: Matching) -> Mapping[str, Metric]:
    """Return the numbers of a plan."""
    now = standing(records, policy)
    found: dict[str, Metric] = {
        "pieces_asked": int(now.asked.sum()),
        "pieces_came": int(now.came.sum()),
        "pieces_promised": int(now.coming.sum()),
        "share_failing": now.failing,
    }
    if not matching.has_pairs:
        return found
    room = now.room - _given(matching)
    waits = {need.school_id for need, left in zip(records["needs"], room.tolist(), strict=True) if left}  # type: ignore[attr-defined]
    return {
        **found,
        "pieces_given": int(_given(matching).sum()),
        "pieces_missing": int(room.sum()),
        "schools_filled": len(records["schools"]) - len(waits),
    }


def pairings(plan: Any) -> pd.DataFrame:
    """Return recipient_id (the pledge), provider_id (the need), school_id, item and pieces."""
    import pandas as pd

    order = np.lexsort(plan.matching.pairs.T)
    pairs = plan.matching.pairs[order]
    needs = [plan.providers[j] for j in pairs[:, 0].tolist()]
    return pd.DataFrame(
        {
            "recipient_id": [plan.recipients[i].id for i in pairs[:, 1].tolist()],
            "provider_id": [need.id for need in needs],
            "school_id": [need.school_id for need in needs],
            "item": [need.item for need in needs],
            "pieces": plan.matching.units[order],
        }
    )


def filling(plan: Any) -> pd.DataFrame:
    """Return every need in turn: what it asked and has, its room, and hours until it is filled with an interval.

    Pledges of an item fill the schools in turn, so a need waits for what those before it lack.
    """
    import pandas as pd

    now, given = standing(plan.records, plan.policy), _given(plan.matching)
    rows, before = [], dict.fromkeys((need.item for need in plan.providers), 0)
    for j in np.lexsort((np.arange(len(now.rank)), now.rank)).tolist():
        need = plan.providers[j]
        left = int(now.room[j] - given[j])
        mine = [pledge for pledge in plan.recipients if pledge.item == need.item]
        times = [second_number(pledge.at) for pledge in mine]
        before[need.item] += left
        seconds = max(times, default=0) - min(times, default=0)
        time = fill_time(before[need.item] if left else 0, seconds, len(mine), sum(each.amount for each in mine))
        hours = [None if value is None else value / 3600 for value in time[1:]]
        rows.append(
            (need.id, need.school_id, need.item, now.asked[j], now.came[j], now.coming[j], given[j], left, *hours)
        )
    columns = ["provider_id", "school_id", "item", "asked", "came", "promised", "given", "missing"]
    return pd.DataFrame(rows, columns=[*columns, "hours", "hours_low", "hours_high"])


def explain(plan: Any, kind: str, known_id: str, lang: Lang) -> str:
    """Say where a pledge goes, or how a need stands."""
    if is_kind(kind, "pledges", plan.programme) and known_id in {each.id for each in plan.recipients}:
        mine = plan.pairings[plan.pairings["recipient_id"] == known_id]
        to = ", ".join(f"{row.provider_id}: {row.pieces}" for row in mine.itertuples())
        return text("programme.calls.pledge", lang, id=known_id, to=to or "–")
    if is_kind(kind, "needs", plan.programme) and known_id in {each.id for each in plan.providers}:
        needs = filling(plan)
        row = needs[needs["provider_id"] == known_id].iloc[0]
        return text("programme.calls.need", lang, **{str(name): value for name, value in row.items()})
    raise InvalidInput([Fault("not_an_option", column="id", value=known_id, details={"known": kind})])


def renewed(old: Any, records: Records) -> Records:
    """Return the tables in which what a plan gave, and is still new there, is promised to its need.

    A pledge that goes to several needs becomes one for each, and what nobody had room for stays new: `P1`, `P1/2`.
    """
    needs: Any = records["needs"]
    here, known = {need.id for need in needs}, {pledge.sort_key()[0] for pledge in records["pledges"]}
    given: dict[str, list[tuple[str, int]]] = {}
    for row in old.pairings.itertuples():
        if row.provider_id in here:
            given.setdefault(row.recipient_id, []).append((row.provider_id, int(row.pieces)))
    pledges: list[Any] = []
    for pledge in cast("tuple[CallPledge, ...]", records["pledges"]):
        mine = given.get(pledge.id, []) if pledge.status == "new" else []
        left = pledge.amount - sum(pieces for _, pieces in mine)
        if not mine or left < 0:  # less is pledged now than was given: given anew
            pledges.append(pledge)
            continue
        parts: list[dict[str, Any]] = [{"status": "promised", "need_id": need, "amount": n} for need, n in mine]
        parts += [{"amount": left}] if left else []
        free = (name for n in count(2) if (name := f"{pledge.id}/{n}") not in known)
        names = [pledge.id, *islice(free, len(parts) - 1)]
        pledges += [pledge.model_copy(update={"id": name, **part}) for name, part in zip(names, parts, strict=True)]
    return {**records, "pledges": tuple(pledges)}


CALLS: Final = Programme(
    "calls",
    SCHEMA,
    CallsPolicy,
    "needs",
    "pledges",
    _UNITS,
    market,
    metrics,
    example,
    frames={"pairings": pairings, "opened": filling},
    explain=explain,
    renewed=renewed,
)
