"""Minimum-cost matching of rows and columns whose costs are lower bounds until they are asked for.

Shortest augmenting paths (Jonker and Volgenant, Computing 38 (1987), in the form of Crouse, IEEE TAES 52 (2016)), one
row after the other, over costs that are vectors of packed integers ("limbs") compared from the first one down. A row
may stay without a column at cost 0.

Costs are evaluated when they are about to decide a step: an entry that would settle a column is made exact first, and
the search goes on with what it found. Exact costs are never below their bounds, so the dual prices stay feasible for
everything not evaluated, and at the end they prove the matching optimal over all entries, evaluated or not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from matcher.base.numbers import BoolArray, IntArray

#: costs, prices and distances stay below 2**58 each, so sums of three of them below 2**59.6
LIMB_BITS = 59
#: first limb of an entry that is not allowed: above every such sum, whatever prices are taken off
CLOSED = np.int64(2**61)
#: distance of a column that is not reached or settled; taking _SETTLED off its price keeps a settled one there
_FAR = np.int64(3 * 2**60)
_SETTLED = np.int64(2**62)

Vector = tuple[int, ...]


class LazyAssignment:
    """The state of the search: costs, prices and matching.

    Parameters
    ----------
    limbs
        K arrays (R, C) int64: packed costs, or lower bounds on them; changed in place.
    evaluate
        Returns the exact limbs of an entry, None if it is not allowed.

    Attributes
    ----------
    exact : (R, C) bool
        Which entries have been evaluated.
    lower
        (row, column) -> the limbs of the lower bound, of every evaluated entry that is allowed.
    row_price, column_price
        K arrays each: never positive, 0 where unmatched.
    column_of, row_of
        Partners, -1 where there is none.
    """

    def __init__(self, limbs: Sequence[IntArray], evaluate: Callable[[int, int], Vector | None]):
        self.limbs = list(limbs)
        self._evaluate = evaluate
        rows, columns = self.limbs[0].shape
        self.exact: BoolArray = np.zeros((rows, columns), dtype=np.bool_)
        self.row_price = [np.zeros(rows, dtype=np.int64) for _ in self.limbs]
        self.column_price = [np.zeros(columns, dtype=np.int64) for _ in self.limbs]
        self.column_of = np.full(rows, -1, dtype=np.int64)
        self.row_of = np.full(columns, -1, dtype=np.int64)
        self.lower: dict[tuple[int, int], Vector] = {}
        self.num_evaluated = 0
        self.num_settled = 0

    def evaluate(self, row: int, column: int) -> None:
        """Make one entry exact."""
        lower = tuple(int(limb[row, column]) for limb in self.limbs)
        vector = self._evaluate(row, column)
        self.exact[row, column] = True
        self.num_evaluated += 1
        if vector is None:
            self.limbs[0][row, column] = CLOSED
            return
        self.lower[row, column] = lower
        for limb, x in zip(self.limbs, vector, strict=True):
            limb[row, column] = x

    def augment(self, row: int) -> None:
        """Match `row`, or leave a row unmatched, along the cheapest path, and keep the prices feasible."""
        size = len(self.limbs)
        columns = len(self.row_of)
        distance = [np.full(columns, _FAR, dtype=np.int64) for _ in range(size)]
        price = [self.column_price[0].copy(), *self.column_price[1:]]
        path = np.full(columns, -1, dtype=np.int64)
        scanned: list[int] = []
        bases: list[Vector] = []
        settled: list[int] = []
        settled_at: list[Vector] = []
        reached: Vector = (0,) * size
        best_empty: Vector | None = None
        empty_row, sink, here = -1, -1, row
        while True:
            base = tuple(reached[k] - int(self.row_price[k][here]) for k in range(size))
            scanned.append(here)
            bases.append(base)
            if best_empty is None or base < best_empty:
                best_empty, empty_row = base, here
            self._relax(here, base, price, distance, path)
            column, value = self._nearest(distance)
            while value <= best_empty and not self.exact[path[column], column]:
                self.evaluate(int(path[column]), column)
                self._refresh(column, scanned, bases, price, distance, path)
                column, value = self._nearest(distance)
            if best_empty < value:
                reached = best_empty
                break
            reached = value
            self.num_settled += 1
            if self.row_of[column] < 0:
                sink = column
                break
            settled.append(column)
            settled_at.append(value)
            price[0][column] = -_SETTLED
            distance[0][column] = _FAR
            here = int(self.row_of[column])
        self._update_prices(row, scanned, settled, settled_at, reached)
        self._flip(row, sink, empty_row, path)

    def _relax(self, row: int, base: Vector, price: list[IntArray], distance: list[IntArray], path: IntArray) -> None:
        """Shorten the distances that go on from `row`."""
        first = self.limbs[0][row] - price[0]
        first += base[0]
        if len(self.limbs) == 1:
            better = (first < distance[0]).nonzero()[0]
            distance[0][better] = first[better]
            path[better] = row
            return
        near = (first <= distance[0]).nonzero()[0]
        if not len(near):
            return
        found = [first[near]]
        found += [self.limbs[k][row, near] - price[k][near] + base[k] for k in range(1, len(self.limbs))]
        better = found[0] < distance[0][near]
        tied = ~better
        for k in range(1, len(self.limbs)):
            known = distance[k][near]
            better |= tied & (found[k] < known)
            tied &= found[k] == known
        chosen = near[better]
        for k in range(len(self.limbs)):
            distance[k][chosen] = found[k][better]
        path[chosen] = row

    def _nearest(self, distance: list[IntArray]) -> tuple[int, Vector]:
        """Return the open column with the least distance (the first of equals) and that distance."""
        least = distance[0].min()
        near = (distance[0] == least).nonzero()[0]
        for k in range(1, len(distance)):
            if len(near) == 1:
                break
            tail = distance[k][near]
            near = near[tail == tail.min()]
        column = int(near[0])
        return column, tuple(int(limb[column]) for limb in distance)

    def _refresh(
        self,
        column: int,
        scanned: list[int],
        bases: list[Vector],
        price: list[IntArray],
        distance: list[IntArray],
        path: IntArray,
    ) -> None:
        """Find the distance of `column` again after one of its entries rose."""
        rows = np.array(scanned)
        offset = np.array(bases)
        found = [self.limbs[k][rows, column] + offset[:, k] - price[k][column] for k in range(len(self.limbs))]
        near = np.arange(len(rows))
        for limb in found:
            tail = limb[near]
            near = near[tail == tail.min()]
        best = int(near[0])
        path[column] = rows[best]
        for k, limb in enumerate(found):
            distance[k][column] = limb[best]

    def _update_prices(
        self, row: int, scanned: list[int], settled: list[int], settled_at: list[Vector], reached: Vector
    ) -> None:
        for k, total in enumerate(reached):
            self.row_price[k][row] += total
            if settled:
                step = total - np.array([at[k] for at in settled_at], dtype=np.int64)
                self.column_price[k][settled] -= step
                self.row_price[k][scanned[1:]] += step

    def _flip(self, row: int, sink: int, empty_row: int, path: IntArray) -> None:
        if sink < 0:
            sink = int(self.column_of[empty_row])
            self.column_of[empty_row] = -1
            if empty_row == row:
                return
        while True:
            here = int(path[sink])
            before = int(self.column_of[here])
            self.column_of[here], self.row_of[sink] = sink, here
            if here == row:
                return
            sink = before

    def dual_rows(self, rows: IntArray) -> list[IntArray]:
        """Return K feasible row prices of rows that were never augmented: the least reduced cost of each, at most 0."""
        found = [np.zeros(len(rows), dtype=np.int64) for _ in self.limbs]
        for position, row in enumerate(rows.tolist()):
            reduced = [limb[row] - price for limb, price in zip(self.limbs, self.column_price, strict=True)]
            least = min(self._nearest(reduced)[1], (0,) * len(self.limbs))
            for k, x in enumerate(least):
                found[k][position] = x
        return found
