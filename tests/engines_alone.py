"""One engine of the market at a time, whatever `match` would choose."""

from __future__ import annotations

from matcher.market import listed
from matcher.market.claims import assembled
from matcher.market.points import sites


def solve_listed(market, budget, start=None):
    """Solve over listed arcs."""
    return assembled(market, listed.solve(market, budget, start))


def solve_points(market, budget, start=None):
    """Solve by pricing all pairs, in this process."""
    return assembled(market, sites.solve(market, budget, start))
