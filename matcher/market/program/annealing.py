"""Plans of programs with sizes, improved by annealing (Kirkpatrick, Gelatt, Vecchi 1983) over three kinds of moves.

A recipient goes elsewhere; it takes another's room, who goes where it came from or elsewhere (a chain of ejections as
in Yagiura, Ibaraki, Glover 2004, cut after the second link); a provider closes for another. All levels count at once,
each weighing more than any one move can gain at those after it; what is below a least load is charged, and repaired at
the end. A plan is taken if it is better in the strict order of the levels.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from matcher.base.numbers import FloatArray
from matcher.base.progress import Budget
from matcher.market.input import Bools, Ints
from matcher.market.points.compiled import of_one_kind
from matcher.market.program import steps
from matcher.market.program.bound import needs
from matcher.market.program.case import ProgramCase
from matcher.market.program.model import tidied

_MOST_PAIRS: Final = 30_000_000
_CHUNKS: Final = 60
_CHUNK_STEPS: Final = 60_000
#: moves before the clock is looked at
_SLICE: Final = 20_000
#: the first heat against what a recipient costs; HOT: where the plan to begin with is good but far from others as good
COOL: Final = 0.001
HOT: Final = 0.05
_COOLED: Final = 5e-3


def fits_annealing(case: ProgramCase) -> bool:
    """Whether everybody wants one provider at most and only sizes, openings and budgets limit who takes whom."""
    one = bool((case.demand[:, 1] <= 1).all()) and not case.counts_pairs
    lists = case.num_providers * max(1, case.num_recipients) <= _MOST_PAIRS
    return one and lists and bool((case.group_open[:, 0] == 0).all() and (case.budget[:, 0] == 0).all())


def annealed(
    case: ProgramCase,
    arcs: Ints | None,
    linear: Ints | None,
    room: FloatArray,
    budget: Budget,
    seconds: float | None,
    first_heat: float = COOL,
) -> tuple[Ints, Bools] | None:
    """Return arcs and open providers of the best plan found, None if there is none.

    Parameters
    ----------
    arcs
        The plan to begin with where there is no linear program; None: nobody is served.
    linear
        Arcs that a linear program uses, the most used first: whoever fits starts there.
    room
        What a unit of each provider's room is worth, (P,): a place is looked for first where cost and this are low.
    seconds
        How long at most; each slice of moves is a unit of work.
    first_heat
        As a share of what a recipient costs in the middle.
    """
    mixed, missing, opening = _mixed(case)
    tables, state = _tables(case, mixed, missing, opening, room), _state(case)
    for arc in [] if arcs is None else arcs.tolist():
        state[9][0] += steps.add(tables, state, int(case.recipient[arc]), arc)
    other = _state(case)
    for arc in [] if linear is None else linear.tolist():
        r = int(case.recipient[arc])
        if other[0][r] < 0 and steps.fits(tables, other, r, arc):
            other[9][0] += steps.add(tables, other, r, arc)
    _filled(case, tables, other)
    if linear is not None:
        state = other
    clock = budget if seconds is None else Budget(time_limit_s=seconds)
    used = np.abs(case.cost[-1])
    heat = first_heat * float(np.median(used[used > 0])) if used.any() else 1.0
    cool = _COOLED ** (1 / _CHUNKS)
    best, least = state[0].copy(), float(state[9][0])
    chunk, spent = 0, 0
    whole = clock.time_left_s
    while chunk < _CHUNKS and budget.stop_reason is None and clock.stop_reason is None:
        steps.anneal(tables, state, heat * cool**chunk, _SLICE, 0.02 if _opens(case) else 0.0)
        budget.spend()
        spent += 1
        if state[9][0] < least - 1e-6 * abs(least):
            best, least = state[0].copy(), float(state[9][0])
        left = clock.time_left_s
        if whole is None or left is None:
            chunk = spent * _SLICE // _CHUNK_STEPS
        else:
            chunk = int(_CHUNKS * (1 - left / max(whole, 1e-9)))
    return _repaired(case, tables, best)


def _opens(case: ProgramCase) -> bool:
    limits = bool((case.group >= 0).any()) or bool(case.resource.any()) or bool(needs(case).any())
    return limits or bool(case.opening.any())


def _mixed(case: ProgramCase) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return one cost (A,), charge of who is missing (R,) and opening cost (P,) for all levels."""
    cost, missing, opening = (np.zeros(len(part[0])) for part in (case.cost, case.missing, case.opening))
    for k in reversed(range(case.num_levels)):
        each = [part[k][part[k] != 0] for part in (case.cost, case.missing, case.opening)]
        step = min((float(np.abs(part).min()) for part in each if len(part)), default=1.0)
        gain = sum(float(np.abs(part).max(initial=0)) for part in (cost, missing, opening))
        weight = (2 * gain + 1) / step if gain else 1.0
        cost, missing, opening = (
            part + weight * row[k]
            for part, row in ((cost, case.cost), (missing, case.missing), (opening, case.opening))
        )
    return cost, missing, opening


def _tables(case: ProgramCase, cost: FloatArray, missing: FloatArray, opening: FloatArray, room: FloatArray) -> Any:
    must = case.demand[:, 0] > 0
    net = cost - missing[case.recipient]
    top = float(np.abs(net).max(initial=1.0))
    net = net - np.where(must[case.recipient], 4 * top, 0.0)
    order = np.lexsort((net + room[case.provider] * case.size, case.recipient))
    order = order[case.demand[case.recipient[order], 1] > 0]
    first = np.searchsorted(case.recipient[order], np.arange(case.num_recipients + 1))
    arc_of = np.full((case.num_providers, case.num_recipients), -1, np.int32)
    arc_of[case.provider[order], case.recipient[order]] = order
    locked = case.must_open | (case.capacity[:, 0] > 0)
    charge = float((np.abs(net) / np.maximum(1, case.size)).max(initial=1.0))
    return of_one_kind(
        *(first, order, case.provider, net, case.size, case.capacity[:, 1], needs(case), opening, locked),
        *(case.closed, case.group, case.group_open[:, 1], case.resource),
        *(case.budget[:, 1], arc_of, must, np.array([charge])),
    )


def _state(case: ProgramCase) -> Any:
    locked = case.must_open | (case.capacity[:, 0] > 0)
    counts = np.bincount(case.group[locked & (case.group >= 0)], minlength=len(case.group_open))
    return (
        np.full(case.num_recipients, -1, np.int64),
        np.zeros(case.num_providers, np.int64),
        np.zeros(case.num_providers, np.int64),
        np.zeros((case.num_providers, case.num_recipients), np.int32),
        np.zeros(case.num_recipients, np.int64),
        counts.astype(np.int64),
        np.array(case.resource[locked].sum(axis=0), np.int64),
        np.array([4711], np.int64),
        np.zeros((max(1, case.num_recipients), 2), np.int64),
        np.zeros(1),
    )


def _repaired(case: ProgramCase, tables: Any, at: Ints) -> tuple[Ints, Bools] | None:
    """Close who is below its least, and serve its recipients where there is room."""
    state = _state(case)
    for r in np.flatnonzero(at >= 0).tolist():
        steps.add(tables, state, r, int(at[r]))
    need, locked = needs(case), tables[8]
    short = (state[2] > 0) & ~locked & (state[1] < need)
    served = np.flatnonzero(state[0] >= 0)
    out = served[short[case.provider[state[0][served]]]]
    for r in out.tolist():
        steps.drop(tables, state, r)
    _filled(case, tables, state)
    if (state[0] < 0)[case.demand[:, 0] > 0].any():
        return None
    opened = locked | (state[2] > 0)
    arcs = np.sort(state[0][state[0] >= 0])
    return arcs, tidied(case, arcs, opened)


def sound(case: ProgramCase, arcs: Ints, opened: Bools) -> bool:
    """Whether a plan keeps every bound of the case."""
    load = np.bincount(case.provider[arcs], case.size[arcs], case.num_providers)
    wanted = np.bincount(case.recipient[arcs], minlength=case.num_recipients)
    used = case.resource[opened].sum(axis=0)
    counts = np.bincount(case.group[opened & (case.group >= 0)], minlength=len(case.group_open))
    return bool(
        (load[opened] >= needs(case)[opened]).all()
        and (load <= np.where(opened, case.capacity[:, 1], 0)).all()
        and ((wanted >= case.demand[:, 0]) & (wanted <= case.demand[:, 1])).all()
        and ((used >= case.budget[:, 0]) & (used <= case.budget[:, 1])).all()
        and ((counts >= case.group_open[:, 0]) & (counts <= case.group_open[:, 1])).all()
        and not (opened & case.closed).any()
        and not (case.must_open & ~opened).any()
    )


def _filled(case: ProgramCase, tables: Any, state: Any) -> None:
    """Serve who is not served where that gains and an open provider has room, the largest first."""
    left = np.flatnonzero(state[0] < 0)
    for r in left[np.argsort(-case.largest[left], kind="stable")].tolist():
        for arc in tables[1][tables[0][r] : tables[0][r + 1]].tolist():
            j = int(case.provider[arc])
            is_open = state[2][j] > 0 or tables[8][j]
            if tables[3][arc] < 0 and is_open and steps.fits(tables, state, r, arc):
                state[9][0] += steps.add(tables, state, r, arc)
                break
