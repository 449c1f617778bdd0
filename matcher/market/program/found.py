"""What is known of a program while its levels are solved, and the matching that claims no more."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from matcher.base.numbers import IntArray
from matcher.base.progress import Budget
from matcher.base.result import Proof, Status
from matcher.market.input import Bools, Ints
from matcher.market.market import Market
from matcher.market.matching import Matching
from matcher.market.program import bound, claims
from matcher.market.program.case import ProgramCase
from matcher.market.program.model import tidied
from matcher.market.program.prices import stacked


@dataclass(slots=True)
class Found:
    """What is known so far: the best plan, and for each level done its bound, method and multipliers."""

    arcs: Ints | None = None
    opened: Bools | None = None
    bounds: list[int | None] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    rows: list[tuple[IntArray, IntArray, IntArray]] = field(default_factory=list)
    solvers: set[str] = field(default_factory=set)
    infeasible: bool = False


def matching_of(market: Market, case: ProgramCase, found: Found, budget: Budget) -> Matching:
    """Return what was found as a matching that claims no more."""
    solver = ", ".join(sorted(found.solvers)) or None
    none = np.zeros((0, 2), np.int64)
    if found.infeasible:
        levels = claims.levels(market, None, (), ())
        return Matching(market, none, "infeasible", None, levels, Proof("solver", claims.SCOPE, solver))
    pairs, values, opened = none, None, None
    if found.arcs is not None and found.opened is not None:
        opened = tidied(case, found.arcs, found.opened)
        pairs, values = case.pairs_of(found.arcs), case.values(found.arcs, opened)
    kept = () if values is None else values
    proved = bound.recomputed(case, stacked(found.rows, case), kept)
    # a level that improved one before it has made the multipliers say more
    both = [[b for b in two if b is not None] for two in zip(found.bounds, proved, strict=True)]
    bounds = tuple(max(two, default=None) for two in both)
    levels = claims.levels(market, values, bounds, tuple(found.methods))
    closed = len(found.bounds) == len(levels) and all(level.gap == 0 for level in levels)
    status: Status = "unknown" if values is None else "optimal" if closed else "feasible"
    stop = None if status == "optimal" else budget.stop_reason or ("gap" if budget.gap is not None else "search")
    arrays = {f"program_{name}": array for name, array in stacked(found.rows, case)._asdict().items()}
    own = len(proved) == len(levels) and all(b == level.bound for b, level in zip(proved, levels, strict=True))
    proof = Proof("certificate" if own else "solver", claims.SCOPE, None if own else solver, arrays)
    for array in (pairs, opened, *arrays.values()):
        if array is not None:
            array.flags.writeable = False
    return Matching(market, pairs, status, stop, levels, proof, opened=opened)
