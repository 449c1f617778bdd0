"""Some costs changed: the matching decided again from the prices of a plan, and everything put back afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from matcher.advice.prices import PlanPrices
from matcher.base.numbers import BoolArray, IntArray
from matcher.methods.joint.lazy_assignment import CLOSED, LazyAssignment, Vector
from matcher.methods.joint.solver import JointSolver


class Decided:
    """What a plan becomes.

    Parameters
    ----------
    prices
        Of the plan; nothing of it but exact costs is left changed.
    other
        The changed problem, whose organisations and counties are those of the plan; None if no problem changed.
    organizations, counties
        Positions of those whose values `other` has otherwise.

    Attributes
    ----------
    organization_of : (C,) int64
        Organisation of each county, -1 where there is none.
    total
        Minimised value of each component, hard requirements first; None if the search proves nothing.
    """

    def __init__(
        self,
        prices: PlanPrices,
        other: JointSolver | None = None,
        organizations: IntArray | tuple[int, ...] = (),
        counties: IntArray | tuple[int, ...] = (),
    ):
        self.prices, self.other = prices, other
        self.columns_changed, self.rows_changed = set(map(int, organizations)), set(map(int, counties))
        state = prices.assignment
        self._saved: list[tuple[Any, list[IntArray], BoolArray]] = []
        self._fixed: dict[int, tuple[int, list[int]]] = {}
        self._own: dict[tuple[int, int], list[int]] = {}
        self.rows = LazyAssignment(state.limbs, self._limbs_of)
        self.rows.exact = state.exact
        self.rows.row_price = [price.copy() for price in state.row_price]
        self.rows.column_price = [price.copy() for price in state.column_price]
        self.rows.column_of, self.rows.row_of = state.column_of.copy(), state.row_of.copy()
        self.columns = LazyAssignment([limb.T for limb in state.limbs], lambda o, c: self._limbs_of(c, o))
        self.columns.exact = state.exact.T
        self.columns.row_price, self.columns.column_price = self.rows.column_price, self.rows.row_price
        self.columns.column_of, self.columns.row_of = self.rows.row_of, self.rows.column_of
        self.organization_of = self.rows.column_of
        self.total: list[int] | None = None

    def value(self, organization: int, county: int) -> list[int] | None:
        """Return the exact value vector of a pair in the changed problem, all its components."""
        if (county, organization) in self._own:
            return self._own[county, organization]
        if self.other is not None and (organization in self.columns_changed or county in self.rows_changed):
            return self.other.value(organization, county)
        return self.prices.value(organization, county)

    def _limbs_of(self, county: int, organization: int) -> Vector | None:
        vector = self.value(organization, county)
        return None if vector is None else tuple(group.weight_of(vector) for group in self.prices.groups)

    def _save(self, where: Any) -> None:
        limbs = [limb[where].copy() for limb in self.rows.limbs]
        self._saved.append((where, limbs, self.rows.exact[where].copy()))

    @contextmanager
    def changing(self) -> Iterator[Decided]:
        """Hold the costs while they are changed, and put them back."""
        with self.prices.lock:
            try:
                yield self
            finally:
                for where, limbs, exact in reversed(self._saved):
                    for limb, before in zip(self.rows.limbs, limbs, strict=True):
                        limb[where] = before
                    self.rows.exact[where] = exact

    def fix(self, organization: int, county: int, vector: list[int]) -> None:
        """Take a pair, worth `vector`, as given, and both out of the search."""
        self._fixed[county] = organization, vector
        self._close(np.s_[county, :])
        self._close(np.s_[:, organization])
        self._let_go(county, int(self.rows.column_of[county]))
        self._let_go(int(self.rows.row_of[organization]), organization)
        for row, column in zip(self.rows.row_price, self.rows.column_price, strict=True):
            row[county] = column[organization] = 0

    def close_organization(self, organization: int) -> None:
        """Pair an organisation with nobody."""
        self._close(np.s_[:, organization])
        self._let_go(int(self.rows.row_of[organization]), organization)
        for price in self.rows.column_price:
            price[organization] = 0

    def set(self, organization: int, county: int, vector: list[int] | None) -> None:
        """Give one pair another value; None if it is not allowed. It may only be worse than before."""
        self._save(np.s_[county, organization : organization + 1])
        self.rows.exact[county, organization] = True
        if vector is None:
            self.rows.limbs[0][county, organization] = CLOSED
        else:
            self._own[county, organization] = vector
            for limb, group in zip(self.rows.limbs, self.prices.groups, strict=True):
                limb[county, organization] = group.weight_of(vector)
        if self.rows.column_of[county] == organization:
            self._let_go(county, organization)

    def take_over(self) -> None:
        """Put the bounds of the changed problem in, and make the prices fit them."""
        assert self.other is not None
        for county in sorted(self.rows_changed):
            self._put(np.s_[county, :], *self.other.bounds.of_county(county))
        for organization in sorted(self.columns_changed):
            self._put(np.s_[:, organization], *self.other.bounds.of_organization(organization))
        affected = [
            c for c, o in enumerate(self.rows.column_of.tolist()) if c in self.rows_changed or o in self.columns_changed
        ]
        for county in affected:
            organization = int(self.rows.column_of[county])
            if organization >= 0:
                self.rows.evaluate(county, organization)
        for county in sorted(self.rows_changed):
            self._lower(self.rows, county)
        for organization in sorted(self.columns_changed):
            self._lower(self.columns, organization)
        for county in affected:
            organization = int(self.rows.column_of[county])
            if organization >= 0 and any(
                limb[county, organization] != row[county] + column[organization]
                for limb, row, column in zip(self.rows.limbs, self.rows.row_price, self.rows.column_price, strict=True)
            ):
                self._let_go(county, organization)

    def search(self) -> None:
        """Decide: every row and column that was let go finds a partner, or the price 0."""
        for side in (self.rows, self.columns):
            priced = np.any(side.row_price, axis=0)
            for row in np.flatnonzero((side.column_of < 0) & priced).tolist():
                side.augment(row)
        self.total = self._total()

    @property
    def fixed(self) -> dict[int, int]:
        """County -> organisation of the pairs taken as given."""
        return {county: organization for county, (organization, _) in self._fixed.items()}

    def _total(self) -> list[int] | None:
        """Return the value of the matching if the prices prove it, else None."""
        claimed = self.prices.terms.num_claimed
        terms = self.prices.terms if self.other is None else self.other.terms
        total = list(terms.base[:claimed])
        for _, vector in self._fixed.values():
            total = [known + x for known, x in zip(total, vector, strict=False)]
        dual = np.array(total, dtype=object)
        for prices in (self.rows.row_price, self.rows.column_price):
            out = np.zeros((self.prices.terms.num_components, len(prices[0])), dtype=np.int64)
            for group, packed in zip(self.prices.groups, prices, strict=True):
                group.unpack(packed, out)
            dual = dual + out[:claimed].sum(axis=1)
        before = self.prices.organization_of
        same = (self.organization_of == before) & (before >= 0)
        same[list(self.rows_changed)] = False
        same[np.isin(self.organization_of, list(self.columns_changed))] = False
        same[[county for county, _ in self._own]] = False
        total = [x + int(y) for x, y in zip(total, self.prices.vectors[:, same].sum(axis=1), strict=True)]
        for county in np.flatnonzero((self.organization_of >= 0) & ~same).tolist():
            found = self.value(int(self.organization_of[county]), county)
            if found is None:
                return None
            total = [known + x for known, x in zip(total, found, strict=False)]
        return total if total == [int(x) for x in dual] else None

    def _close(self, where: Any) -> None:
        self._save(where)
        self.rows.limbs[0][where] = CLOSED

    def _let_go(self, county: int, organization: int) -> None:
        if county >= 0 and organization >= 0:
            self.rows.column_of[county] = self.rows.row_of[organization] = -1

    def _put(self, where: Any, value: IntArray, open_pairs: BoolArray) -> None:
        self._save(where)
        for limb, group in zip(self.rows.limbs, self.prices.groups, strict=True):
            limb[where] = group.pack(value)
        self.rows.limbs[0][where][~open_pairs] = CLOSED
        self.rows.exact[where] = False

    @staticmethod
    def _lower(side: LazyAssignment, row: int) -> None:
        """Lower the price of a row until none of its reduced costs is negative."""
        reduced = [
            limb[row] - price - own[row]
            for limb, price, own in zip(side.limbs, side.column_price, side.row_price, strict=True)
        ]
        least = side._nearest(reduced)[1] if len(reduced[0]) else (0,)
        if least < (0,) * len(least):
            for price, x in zip(side.row_price, least, strict=True):
                price[row] += x
