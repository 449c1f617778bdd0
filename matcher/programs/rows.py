"""Rows and linear functions of a binary program, in integers."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.base.numbers import IntArray

#: above any sum in a model, below int64
UNBOUNDED = 2**60


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows `low <= sum of coef * variable <= high` in compressed form; all int64.

    Attributes
    ----------
    start : (n + 1,)
        Entries of row i are `start[i]:start[i + 1]` of `column` and `coef`.
    low, high : (n,)
        The bounds, -UNBOUNDED and UNBOUNDED for none.
    group
        What each row belongs to, for the search of an irreducible set: "" for the model itself.
    """

    start: IntArray
    column: IntArray
    coef: IntArray
    low: IntArray
    high: IntArray
    group: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.low)


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """A linear function: constant + sum of coef * variable."""

    column: IntArray
    coef: IntArray
    constant: int = 0

    def at(self, values: IntArray) -> int:
        """Return its value at 0/1 `values`."""
        return self.constant + int((self.coef * values[self.column]).sum())
