"""Distances between the records of a programme, and which places are there already."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.geo import pair_m, within
from matcher.market.input import Ints

#: pairs looked at together
_BLOCK: Final = 1_000_000


def metres_of(providers: tuple[Any, ...], recipients: tuple[Any, ...], pairs: Ints) -> Ints:
    """Return the geodesic of each pair (k, 2) in whole metres."""
    one, other = (coordinates(side) for side in (providers, recipients))
    one, other = one[pairs[:, 0]], other[pairs[:, 1]]
    return pair_m(one[:, 0], one[:, 1], other[:, 0], other[:, 1])


def coordinates(records: tuple[Any, ...]) -> Any:
    """Return (n, 2) of (lat, lon)."""
    return np.array([(record.lat, record.lon) for record in records]).reshape(-1, 2)


def allowed_arcs(providers: Any, recipients: Any, max_km: float | None) -> tuple[Ints, Ints, Ints]:
    """Return provider, recipient and whole metres of every pair no farther than `max_km` (None: of all)."""
    if max_km is not None:
        return within(coordinates(providers), coordinates(recipients), round(1000 * max_km))
    count, people = len(providers), len(recipients)
    pairs = np.column_stack([np.repeat(np.arange(count), people), np.tile(np.arange(people), count)])
    return pairs[:, 0], pairs[:, 1], metres_of(providers, recipients, pairs)


def existing(old: Any, records: Any, table: str) -> Any:
    """Return tables in which the candidates that a plan opened are there already."""
    open_now = {old.providers[j].id for j in np.flatnonzero(old.matching.opened).tolist()}
    rows = tuple(
        row.model_copy(update={"status": "existing"}) if row.status == "candidate" and row.id in open_now else row
        for row in records[table]
    )
    return {**records, table: rows}


def metres_table(providers: Any, recipients: Any, max_km: float | None, never: int) -> NDArray[np.int32]:
    """Return whole metres (n, m) between records, `never` where it is farther than `max_km` (None: nowhere)."""
    one, other = coordinates(providers), coordinates(recipients)
    found = np.full((len(one), len(other)), never, np.int32)
    if max_km is not None:
        at, to, far = within(one, other, round(1000 * max_km))
        found[at, to] = far
        return found
    step = max(1, _BLOCK // max(1, len(other)))
    for begin in range(0, len(one), step):
        lat, lon = one[begin : begin + step].T
        found[begin : begin + step] = pair_m(lat[:, None], lon[:, None], other[:, 0], other[:, 1])
    return found
