"""One level of a market, as the solver and the checker see it."""

from __future__ import annotations

from typing import NamedTuple

from matcher.market.input import Ints


class MarketLevel(NamedTuple):
    """One level as the solver and the checker see it.

    `cost_row` is the row of `Market.cost` that prices the pairs (None: all 0); `missing` (R,) int64 is the cost of
    every unit below a recipient's maximum.
    """

    name: str
    unit: str
    cost_row: int | None
    missing: Ints
