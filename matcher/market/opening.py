"""Which providers are open, and whether a matching keeps what a market asks beyond a flow: exact, without a solver."""

from __future__ import annotations

from typing import Any

import numpy as np

from matcher.market.input import Bools, Ints
from matcher.market.market import Market

#: a reason why a matching is none: a stable code and what it is about
Reason = tuple[str, dict[str, Any]]
_MOST_LISTED = 20


def opened_by(market: Market, pairs: Ints, opened: Bools | None) -> Bools:
    """Return which providers are open (P,): `opened`, or without it those with a pair and those that must be."""
    if opened is not None:
        return opened
    found = np.zeros(market.num_providers, bool) if market.must_open is None else market.must_open.copy()
    found[pairs[:, 0]] = True
    return found


def loads(market: Market, pairs: Ints) -> Ints:
    """Return the capacity that each provider uses, (P,) int64."""
    used = np.zeros(market.num_providers, np.int64)
    np.add.at(used, pairs[:, 0], pair_sizes(market, pairs))
    return used


def pair_sizes(market: Market, pairs: Ints) -> Ints:
    """Return the capacity that each pair (k, 2) takes, (k,) int64."""
    if market.size is None:
        return np.ones(len(pairs), np.int64)
    if market.size.ndim == 1:
        return market.size[pairs[:, 1]]
    at = market.positions(pairs)
    return np.where(at >= 0, market.size[0, at] if market.size.shape[1] else 0, 0)


def arc_sizes(market: Market) -> Ints:
    """Return the capacity that each candidate arc takes, (A,) int64."""
    if market.size is None:
        return np.ones(market.num_arcs, np.int64)
    return market.size[market.recipient_idx] if market.size.ndim == 1 else market.size[0]


def opening_cost(market: Market, cost_row: int | None, opened: Bools) -> int:
    """Return what the open providers cost at a level."""
    if cost_row is None or market.opening_cost is None:
        return 0
    return sum(market.opening_cost[cost_row][opened].tolist())


def reasons(market: Market, pairs: Ints, given: Bools | None) -> list[Reason]:
    """Return why the pairs and the open providers break what the market asks beyond capacity and demand."""
    if given is not None and (given.shape != (market.num_providers,) or given.dtype != np.bool_):
        return [("opened_form", {})]
    opened, used = opened_by(market, pairs, given), loads(market, pairs)
    served = np.bincount(pairs[:, 0], minlength=market.num_providers) > 0
    wrong: list[tuple[str, Bools]] = [("pair_at_closed", served & ~opened)]
    if market.must_open is not None:
        wrong.append(("not_opened", market.must_open & ~opened))
    if market.closed is not None:
        wrong.append(("opened_closed", market.closed & opened))
    if market.least_if_open is not None:
        wrong.append(("below_least_if_open", opened & (used < market.least_if_open)))
    if market.most_pairs is not None:
        wrong.append(("most_pairs", np.bincount(pairs[:, 0], minlength=market.num_providers) > market.most_pairs))
    found: list[Reason] = [
        (code, {"provider": i}) for code, where in wrong for i in np.flatnonzero(where)[:_MOST_LISTED].tolist()
    ]
    if market.group is not None and market.group_open is not None:
        counts = np.bincount(market.group[opened & (market.group >= 0)], minlength=len(market.group_open))
        found += _outside("group_open", counts, market.group_open)
    if market.resource is not None and market.budget is not None:
        found += _outside("budget", market.resource[opened].sum(axis=0), market.budget)
    return found + _split(market, pairs) + _not_apart(market, pairs)


def _outside(code: str, used: Ints, bounds: Ints) -> list[Reason]:
    bad = np.flatnonzero((used < bounds[:, 0]) | (used > bounds[:, 1]))
    return [(code, {"at": i, "used": int(used[i])}) for i in bad[:_MOST_LISTED].tolist()]


def _not_apart(market: Market, pairs: Ints) -> list[Reason]:
    """Return the labels of which a provider has more than one recipient."""
    if market.apart is None:
        return []
    label = market.apart[pairs[:, 1]]
    held, counts = np.unique(np.column_stack([pairs[:, 0], label])[label >= 0], axis=0, return_counts=True)
    return [("not_apart", {"provider": j, "label": i}) for j, i in held[counts > 1][:_MOST_LISTED].tolist()]


def _split(market: Market, pairs: Ints) -> list[Reason]:
    """Return the labels whose recipients do not have the same partners."""
    if market.together is None:
        return []
    label = market.together[pairs[:, 1]]
    members = np.bincount(market.together[market.together >= 0])
    keys, counts = np.unique(pairs[label >= 0, 0] * len(members) + label[label >= 0], return_counts=True)
    broken = np.unique((keys % max(1, len(members)))[counts != members[keys % max(1, len(members))]])
    return [("not_together", {"label": i}) for i in broken[:_MOST_LISTED].tolist()]
