"""What was decided beforehand, heeded by every programme: pairs made or not made, providers open or closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from matcher.base.errors import Fault, InvalidInput
from matcher.market.build import Arcs
from matcher.market.input import Bools, Ints
from matcher.market.market import Market
from matcher.market.presence.case import NEVER, PresenceCase
from matcher.programmes.columns import Order


class Placed(NamedTuple):
    """Orders in positions: kind, provider, and recipients (none for an order that names none)."""

    kind: str
    provider: int
    recipients: tuple[int, ...]


def placed(orders: Sequence[Order], providers: Sequence[Any], recipients: Sequence[Any], tables: Any) -> list[Placed]:
    """Return orders in positions of the two sides; `tables` are the names of both for faults.

    Raises
    ------
    InvalidInput
        For every id that is unknown, and every order that names too much or too little.
    """
    at = {record.id: number for number, record in enumerate(providers)}
    ends: dict[str, list[int]] = {}
    for number, record in enumerate(recipients):
        ends.setdefault(record.sort_key()[0], []).append(number)
    faults, found = [], []
    for order in orders:
        of_pair = order.kind in ("force", "forbid")
        if order.provider_id not in at:
            faults.append(_unknown("provider_id", order.provider_id, tables[0]))
        if of_pair and order.recipient_id is None:
            faults.append(Fault("missing_value", "orders", column="recipient_id"))
        elif of_pair and order.recipient_id not in ends:
            faults.append(_unknown("recipient_id", order.recipient_id, tables[1]))
        if not of_pair and order.recipient_id is not None:
            details = {"known": "force, forbid"}
            faults.append(Fault("not_an_option", "orders", column="kind", value=order.kind, details=details))
        if not faults:
            people = tuple(ends[order.recipient_id]) if of_pair and order.recipient_id else ()
            found.append(Placed(order.kind, at[order.provider_id], people))
    if faults:
        raise InvalidInput(faults)
    return found


def _unknown(column: str, value: Any, target: str) -> Fault:
    return Fault("unknown_id", "orders", column=column, value=value, details={"target": target})


def of_market(market: Market, orders: Sequence[Placed]) -> Market:
    """Return the market under orders: a forced recipient has this partner only, and must have it."""
    if not orders:
        return market
    keep: Bools = np.ones(market.num_arcs, bool)
    least = market.demand[:, 0].copy()
    none = np.zeros(market.num_providers, bool)
    must, shut = ((none if each is None else each).copy() for each in (market.must_open, market.closed))
    for kind, provider, people in orders:
        mine, theirs = market.provider_idx == provider, np.isin(market.recipient_idx, people)
        if kind == "force":
            keep &= ~theirs | mine
            least[list(people)] = np.maximum(1, least[list(people)])
        elif kind == "forbid":
            keep &= ~(theirs & mine)
        elif kind == "close":
            keep &= ~mine
            must[provider], shut[provider] = False, True
        else:
            must[provider], shut[provider] = True, False
    _refuse_open(market, orders)
    fields: dict[str, Any] = {} if market.is_flow else {"must_open": must, "closed": shut}
    fields["demand"] = np.column_stack([least, np.maximum(least, market.demand[:, 1])])
    if market.pair_limit is not None and market.pair_limit.ndim:
        fields["pair_limit"] = market.pair_limit[keep]
    if market.size is not None and market.size.ndim == 2:  # one a pair
        fields["size"] = market.size[:, keep]
    columns: list[Any] = [None if column is None else column[..., keep] for column in market.arcs]
    arcs = Arcs(*columns)
    for array in (*fields.values(), *arcs):
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    return replace(market, matrix=None, points=None, _arcs=arcs, **fields)


def _refuse_open(market: Market, orders: Sequence[Placed]) -> None:
    """Refuse to open where nothing opens."""
    if market.is_flow and any(order.kind == "open" for order in orders):
        raise InvalidInput([Fault("not_an_option", "orders", column="kind", value="open", details={"known": _FLOW})])


_FLOW = "force, forbid, close"


def of_presence(case: PresenceCase, orders: Sequence[Placed]) -> PresenceCase:
    """Return the case under orders: pairs that are not made, and sites to which nobody goes.

    Raises
    ------
    InvalidInput
        For what can't be ordered here: nobody is made to go, since whether a stay is safe depends on who else comes.
    """
    metres = case.metres.copy()
    for kind, provider, people in orders:
        if kind not in ("forbid", "close"):
            details = {"known": "forbid, close"}
            raise InvalidInput([Fault("not_an_option", "orders", column="kind", value=kind, details=details)])
        metres[list(people) if kind == "forbid" else slice(None), provider] = NEVER
    return replace(case, metres=metres)


def in_reach(market: Market) -> Ints:
    """Return how many providers each recipient may have, (R,)."""
    return np.bincount(market.recipient_idx, minlength=market.num_recipients)
