"""The binary program of nearly stable matchings.

x_a = 1 if arc a is chosen; each agent keeps its bounds. For an agent with room for c partners and its list in order of
rank, s_k = 1 only if it is full and every partner stands among the first k: c s_k <= (sum of x over the first k). With
k(a) the number of its entries ranked at most rank(a) + tolerance,

    x_a + s_{p, k(a)} + s_{r, k(a)} + b_a >= 1      for every arc a = (p, r)

says that a is chosen, or one of its ends would not gain by it, or it blocks (b_a = 1). Where c = 1, s_k is written out
as that sum. Blocking pairs are bounded by sum b <= B. All this holds with ties and minima just as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.base.numbers import IntArray
from matcher.programs.rows import UNBOUNDED, Linear, Rows
from matcher.stable.preferences import Preferences, blocking_arcs


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Rows over x_a (columns 0..A-1), b_a (A..2A-1 if `has_blocks`) and the s_k.

    Attributes
    ----------
    full_row, full_column, full_size
        (S,) int64: for each s_k the row that defines it, its column, and c.
    """

    preferences: Preferences
    tolerance: int
    rows: Rows
    num_columns: int
    has_blocks: bool
    full_row: IntArray
    full_column: IntArray
    full_size: IntArray

    def values_of(self, arcs: IntArray) -> IntArray:
        """Return (n,) int64: all variables at a matching."""
        values = np.zeros(self.num_columns, dtype=np.int64)
        values[arcs] = 1
        if self.has_blocks:
            A = self.preferences.num_arcs
            values[A : 2 * A] = blocking_arcs(
                self.preferences, self.preferences.pairs_of(arcs), tolerance=self.tolerance
            )
        total = np.concatenate(([0], np.cumsum(values[self.rows.column] * (self.rows.coef > 0))))
        filled = total[self.rows.start[self.full_row + 1]] - total[self.rows.start[self.full_row]]
        values[self.full_column] = filled >= self.full_size
        return values

    def num_blocking(self) -> Linear:
        """Return the number of blocking pairs as a function of the variables."""
        A = self.preferences.num_arcs
        return Linear(np.arange(A, 2 * A), np.ones(A, dtype=np.int64))


def cost_function(preferences: Preferences, cost: IntArray, missing: NDArray[np.int64] | None) -> Linear:
    """Return one level as a function of x; what is unmet is the cost of all places less that of those filled.

    Parameters
    ----------
    cost, missing
        (A,) int64 and (R,) int64 or None.

    Raises
    ------
    OverflowError
        If the coefficients sum to 2**60 or more.
    """
    sizes = [max(-int(part.min(initial=0)), int(part.max(initial=0))) for part in (cost, missing) if part is not None]
    constant = 0 if missing is None else int((preferences.demand[:, 1].astype(object) * missing).sum())
    if sum(sizes) * (len(cost) + 1) + abs(constant) >= UNBOUNDED:
        raise OverflowError("the coefficients of one level sum to 2**60 or more")
    coef = cost if missing is None else cost - missing[preferences.recipient_idx]
    return Linear(np.arange(len(cost)), coef, constant)


class _Made:
    """Rows and variables in the making."""

    def __init__(self, num_columns: int):
        self.num_columns = num_columns
        self.start: list[int] = [0]
        self.column: list[int] = []
        self.coef: list[int] = []
        self.low: list[int] = []
        self.high: list[int] = []
        self.full: list[tuple[int, int, int]] = []

    def add(self, columns: Sequence[int], low: int, high: int = UNBOUNDED, coef: Sequence[int] | None = None) -> None:
        """Add low <= sum of coef * variable <= high; the coefficients are 1 by default."""
        self.column += columns
        self.coef += [1] * len(columns) if coef is None else coef
        self.start.append(len(self.column))
        self.low.append(low)
        self.high.append(high)

    def rows(self) -> Rows:
        """Return all rows."""
        return Rows(
            start=np.array(self.start, dtype=np.int64),
            column=np.array(self.column, dtype=np.int64),
            coef=np.array(self.coef, dtype=np.int64),
            low=np.array(self.low, dtype=np.int64),
            high=np.array(self.high, dtype=np.int64),
            group=("",) * len(self.low),
        )

    def add_full(self, x: list[int], k: int, size: int) -> int:
        """Add the s_k of an agent with list `x` and `size` places, return its column."""
        s = self.num_columns
        self.num_columns += 1
        self.full.append((len(self.low), s, size))
        self.add([*x[:k], s], 0, coef=[1] * k + [-size])
        if k < len(x):
            self.add([x[k], s], 0, 1)
        return s


def program(
    preferences: Preferences, *, max_blocking: int | None, tolerance: int, fewest: bool, pins: IntArray
) -> Program:
    """Build the program.

    Parameters
    ----------
    max_blocking
        B, None for no limit.
    fewest
        Whether the number of blocking pairs is to be made least, so that they are counted whatever the limit.
    pins
        (k, 2) int64: pairs that must be chosen; one that is no arc makes the program infeasible.
    """
    A = preferences.num_arcs
    counted = fewest or max_blocking is not None
    has_blocks = fewest or (counted and max_blocking != 0)
    made = _Made(2 * A if has_blocks else A)
    provider = _side(
        made, preferences.provider_idx, preferences.provider_rank, preferences.capacity, tolerance, counted
    )
    recipient = _side(
        made, preferences.recipient_idx, preferences.recipient_rank, preferences.demand, tolerance, counted
    )
    if counted:
        for a in range(A):
            # the arc itself may stand in the sums of its ends; once is enough
            ends = sorted({a, *provider[a], *recipient[a]})
            made.add([*ends, A + a] if has_blocks else ends, 1)
    if has_blocks and max_blocking is not None:
        made.add(range(A, 2 * A), 0, max_blocking)
    for arc in preferences.arcs_of(pins).tolist():
        made.add([arc] if arc >= 0 else [], 1)
    full = np.array(made.full, dtype=np.int64).reshape(-1, 3)
    return Program(
        preferences, tolerance, made.rows(), made.num_columns, has_blocks, full[:, 0], full[:, 1], full[:, 2]
    )


def _side(
    made: _Made, side: IntArray, rank: IntArray, bounds: IntArray, tolerance: int, counted: bool
) -> list[list[int]]:
    """Bound the partners of one side; return for each arc the variables of which one is 1 if its end would not gain."""
    order = np.lexsort((rank, side))
    starts = np.searchsorted(side[order], np.arange(len(bounds) + 1)).tolist()
    content: list[list[int]] = [[] for _ in range(len(side))]
    for agent, (least, most) in enumerate(bounds.tolist()):
        arcs = order[starts[agent] : starts[agent + 1]]
        x = arcs.tolist()
        if least or len(x) > most:
            made.add(x, least, most)
        if not counted or not x:
            continue
        behind = rank[arcs] - rank[arcs[0]]
        # no more than the list is long, so that no tolerance, however large, leaves int64
        reach = behind + np.minimum(min(tolerance, int(behind[-1])), behind[-1] - behind)
        upto = np.searchsorted(behind, reach, side="right").tolist()
        full: dict[int, list[int]] = {}
        before = None
        for k in sorted(set(upto)):
            if most == 1:
                full[k] = x[:k]
                continue
            s = made.add_full(x, k, most)
            if before is not None:
                made.add([s, before], 0, 1, coef=[1, -1])
            before, full[k] = s, [s]
        for arc, k in zip(x, upto, strict=True):
            content[arc] = full[k]
    return content
