"""Plans of generalised assignments from a core: the few arcs of each recipient that prices speak for, given to HiGHS.

At good prices of recipients and rooms a best plan uses hardly any arc but the first few in order of reduced cost (the
core of Balas and Zemel 1980, for assignments as in Posta, Ferland, Michelon 2012). What HiGHS finds there is a plan of
the whole case; it bounds nothing.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from matcher.base.progress import Budget
from matcher.market.input import Bools, Ints
from matcher.market.program.bound import needs
from matcher.market.program.case import ProgramCase
from matcher.market.program.model import Sheet, level_of
from matcher.market.program.prices import PriceAscent
from matcher.programs import highs
from matcher.programs.rows import UNBOUNDED

#: arcs of each recipient in the core, one more of few, and recipients beyond which HiGHS would gain too little
_EACH: Final = 3
_FEW: Final = 200
_MOST: Final = 2_000
#: nodes where no clock runs
_NODES: Final = 500


def fits_core(case: ProgramCase) -> bool:
    """Whether everybody goes to one provider, only rooms limit who takes whom, and nothing is decided about opening."""
    opens = case.opening.any() or needs(case).any() or (case.group >= 0).any() or case.resource.any()
    one = bool((case.demand[:, 1] <= 1).all()) and not case.counts_pairs
    return one and not opens and case.num_recipients <= _MOST


def core_plan(
    case: ProgramCase,
    level: int,
    kept: tuple[int, ...],
    ascent: PriceAscent,
    plan: Ints | None,
    budget: Budget,
    share: float,
) -> tuple[Ints, Bools] | None:
    """Return arcs and open providers of the best plan found in so much of the time left, None if there is none.

    Parameters
    ----------
    kept
        Values of the levels before, which the plan keeps.
    ascent
        Prices that have been raised.
    plan
        Arcs that belong to the core in any case, None without a plan.
    """
    priced, (u, _, mu) = ascent.case, ascent.best_at or (ascent.u, ascent.v, ascent.mu)
    reduced = priced.cost[level] + mu @ priced.cost[:level] - u[priced.recipient]
    reduced = reduced + ascent.room_prices()[priced.provider] * priced.size
    order = np.lexsort((reduced, priced.recipient))
    start = np.searchsorted(priced.recipient[order], np.arange(priced.num_recipients + 1))
    each = _EACH + (priced.num_recipients <= _FEW)
    first = order[np.arange(len(order)) - np.repeat(start[:-1], np.diff(start)) < each]
    inside = case.arcs_at(priced, first)
    at = np.unique(inside if plan is None else np.concatenate([inside, plan]))
    at = at[~case.closed[case.provider[at]]]
    few = case.only(at)
    # opening costs nothing and binds nobody: neither its columns nor its rows are needed
    sheet, arc, capacity = Sheet(), np.arange(len(at)), case.capacity[:, 1]
    sheet.block(few.recipient, arc, 1, case.demand[:, 0], case.demand[:, 1], case.num_recipients)
    sheet.block(few.provider, arc, few.size, -UNBOUNDED, capacity, case.num_providers)
    rows = tuple((level_of(few, k), value) for k, value in enumerate(kept))
    if budget.time_left_s is None and budget.work_limit is None:
        budget = Budget(work_limit=_NODES)
    found = highs.minimise(len(at), sheet.rows(), level_of(few, level), budget, kept=rows, share=share)
    if found.values is None:
        return None
    arcs = at[np.flatnonzero(found.values)]
    opened = case.must_open.copy()
    opened[case.provider[arcs]] = True
    return arcs, opened
