"""The joint problem with a price on every county pair of last year that ends: the Lagrangian of a cap on changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from matcher.base.errors import Fault, InvalidInput
from matcher.base.numbers import IntArray
from matcher.base.progress import Budget
from matcher.methods.joint.lazy_assignment import CLOSED, LazyAssignment
from matcher.methods.joint.solver import TIGHT_MARGIN, JointSolver
from matcher.problem.problem import Problem
from matcher.proof.joint_certificate import first_sign
from matcher.proof.joint_terms import Packing


@dataclass(frozen=True, slots=True, eq=False)
class PricedPairing:
    """A county pairing with its value vector (no price in it) and its number of ended pairs by choice."""

    organization_of: IntArray
    total: tuple[int, ...]
    changes: int


@dataclass(frozen=True, slots=True)
class Bound:
    """What a price proves: the priced level is at least `value - price * changes` with so many changes or fewer."""

    price: int
    value: int

    def at(self, changes: int) -> int:
        """Return the bound on the priced level with at most so many changes."""
        return self.value - self.price * changes


class Stopped(Exception):
    """The clock or the token asked to stop while a price was being solved."""


class PricedSolver(JointSolver):
    """The joint problem again and again, each time with another price on the change of a county pair.

    What one price had evaluated serves all others: `vectors` holds lower bounds on the value of every pair, and exact
    values once they are known, without any price.
    """

    def __init__(self, problem: Problem, budget: Budget, component: int, keepable: IntArray):
        super().__init__(problem, budget)
        self.component = component
        self.keepable = len(keepable)
        self.plain = self.terms
        arrays = problem.arrays
        shape = len(arrays.counties), len(arrays.organizations)
        self.kept = np.zeros(shape, dtype=np.bool_)
        self.kept[keepable[:, 1], keepable[:, 0]] = True
        self.vectors = np.zeros((self.terms.num_components, *shape), dtype=np.int64)
        self.closed = np.ones(shape, dtype=np.bool_)
        for county in range(shape[0]):
            if budget.stop_reason is not None:
                raise Stopped
            self.vectors[:, county], open_pairs = self.bounds.of_county(county)
            self.closed[county] = ~open_pairs
        self.exact = np.zeros(shape, dtype=np.bool_)

    @property
    def largest_price(self) -> int:
        """A price at which no saving at the priced level is worth one change."""
        return 2 * len(self.kept) * self._largest()[self.component] + 1

    def at_price(self, price: int) -> tuple[PricedPairing, Bound]:
        """Return the optimum where every kept pair earns `price`, and what its dual prices prove.

        Raises
        ------
        InvalidInput
            If the price and the values do not fit 64 bits together.
        Stopped
            If the budget ran out before.
        """
        kept = self.plain.county_kept.copy()
        kept[self.component] -= price
        for margin in (TIGHT_MARGIN, 2 * len(self.kept) + 2):
            self.terms = replace(self.plain, county_kept=kept)
            groups = self._pack(margin)
            self.terms = self.plain
            if groups is None:
                break
            assignment = self._priced(groups, price)
            if self._run(assignment) is not None:
                raise Stopped
            point = self.point(assignment.column_of)
            bound = self._proved(assignment, groups, price)
            first = self.component + 1
            reached = list(point.total[:first])
            reached[self.component] += price * point.changes
            if bound == reached:
                return point, Bound(price, bound[-1])
        details = {"level": self.terms.names[self.component], "magnitude": price}
        details |= {"nodes": len(self.kept), "most": 2**60}
        raise InvalidInput([Fault("cost_range", "policy", value=price, details=details)])

    def _priced(self, groups: Sequence[Packing], price: int) -> LazyAssignment:
        """Return the assignment at a price, on all that is known of the pairs."""
        limbs = [group.pack(self.vectors) for group in groups]
        bonus = [0] * len(groups)
        for k, group in enumerate(groups):
            if self.component in group.components:
                bonus[k] = price * group.weights[group.components.index(self.component)]
                limbs[k][self.kept] -= bonus[k]
        limbs[0][self.closed] = CLOSED

        def evaluate(county: int, organization: int) -> tuple[int, ...] | None:
            vector = self.value(organization, county)
            self.exact[county, organization] = True
            if vector is None:
                self.closed[county, organization] = True
                return None
            self.vectors[:, county, organization] = vector
            earned = bool(self.kept[county, organization])
            return tuple(group.weight_of(vector) - x * earned for group, x in zip(groups, bonus, strict=True))

        assignment = LazyAssignment(limbs, evaluate)
        assignment.exact = self.exact.copy()
        return assignment

    def _proved(self, assignment: LazyAssignment, groups: Sequence[Packing], price: int) -> list[int] | None:
        """Return the dual value up to the priced component; None if some reduced cost is negative."""
        county_price, organization_price = self._prices(assignment, tuple(groups))
        first = self.component + 1
        reduced = self.vectors[:first] - county_price[:first, :, None] - organization_price[:first, None, :]
        reduced[self.component][self.kept] -= price
        reduced[:, self.closed] = 0
        prices = np.concatenate([county_price, organization_price], axis=1)[:first]
        if (first_sign(reduced) < 0).any() or (first_sign(prices) > 0).any():
            return None
        value = [x + int(y) for x, y in zip(self.plain.base, prices.sum(axis=1), strict=False)]
        value[self.component] += price * self.keepable
        return value

    def point(self, organization_of: IntArray) -> PricedPairing:
        """Return a county pairing with its value."""
        total = list(self.terms.base)
        counties = np.flatnonzero(organization_of >= 0)
        for county in counties.tolist():
            vector = self.value(int(organization_of[county]), county)
            assert vector is not None
            total = [known + x for known, x in zip(total, vector, strict=True)]
        kept = int(self.kept[counties, organization_of[counties]].sum())
        return PricedPairing(organization_of.copy(), tuple(total), self.keepable - kept)


class PriceSearch:
    """Plans and bounds found at one price after the other.

    Attributes
    ----------
    pool, bounds
        Plans, and what the prices prove.
    """

    def __init__(self, solver: PricedSolver):
        self.solver = solver
        self.pool: list[PricedPairing] = []
        self.bounds: list[Bound] = []

    def at_price(self, price: int) -> PricedPairing:
        """Solve at one price and remember what was found."""
        point, bound = self.solver.at_price(price)
        self.pool.append(point)
        self.bounds.append(bound)
        return point

    def best(self, cap: int) -> PricedPairing:
        """Return the best plan within the cap."""
        return min((point for point in self.pool if point.changes <= cap), key=lambda point: point.total)

    def proof(self, cap: int) -> Bound:
        """Return the best bound within the cap."""
        return max(self.bounds, key=lambda bound: (bound.at(cap), -bound.price))

    def refine(self, cap: int, tries: int, close: Callable[[int, int], bool], budget: Budget) -> None:
        """Try prices for a cap until value and bound are close, then put pieces of the next plan into the best."""
        for _ in range(tries):
            low, high = self._around(cap)
            value = low.total[self.solver.component]
            if budget.stop_reason is not None or high is None or close(value, self.proof(cap).at(cap)):
                break
            saved = value - high.total[self.solver.component]
            price = -(-saved // (high.changes - low.changes))
            if any(bound.price == price for bound in self.bounds):
                break
            self.at_price(price)
        low, high = self._around(cap)
        if high is not None and low.changes < cap:
            self.pool.append(_mixed(self.solver, low, high, cap))

    def _around(self, cap: int) -> tuple[PricedPairing, PricedPairing | None]:
        """Return the best plan within the cap, and the one beyond it with the fewest changes."""
        component = self.solver.component
        low = min(
            (point for point in self.pool if point.changes <= cap),
            key=lambda point: (point.total[: component + 1], -point.changes),
        )
        beyond = [point for point in self.pool if point.changes > cap and point.total[component] < low.total[component]]
        return low, min(beyond, key=lambda point: (point.changes, point.total), default=None)


def _mixed(solver: PricedSolver, low: PricedPairing, high: PricedPairing, cap: int) -> PricedPairing:
    """Return `low` with pieces of `high` put in, the largest saving a change first, within the cap."""
    pieces = []
    for counties in _pieces(low.organization_of, high.organization_of):
        before, after = low.organization_of[counties], high.organization_of[counties]
        change = _difference(solver, counties, before, after)
        ended = int(solver.kept[counties[before >= 0], before[before >= 0]].sum())
        ended -= int(solver.kept[counties[after >= 0], after[after >= 0]].sum())
        if not any(change[: solver.component]) and (change[solver.component], ended) < (0, 0):
            pieces.append((change[solver.component] / max(ended, 1), ended, counties))
    chosen, changes = low.organization_of.copy(), low.changes
    for _, ended, counties in sorted(pieces, key=lambda piece: (piece[1] > 0, piece[0], piece[2].tolist())):
        if changes + ended <= cap:
            chosen[counties] = high.organization_of[counties]
            changes += ended
    return solver.point(chosen)


def _difference(solver: PricedSolver, counties: IntArray, before: IntArray, after: IntArray) -> list[int]:
    total = [0] * solver.terms.num_components
    for sign, partners in ((-1, before), (1, after)):
        for county, organization in zip(counties.tolist(), partners.tolist(), strict=True):
            if organization >= 0:
                vector = solver.value(organization, county)
                assert vector is not None
                total = [known + sign * x for known, x in zip(total, vector, strict=True)]
    return total


def _pieces(before: IntArray, after: IntArray) -> list[IntArray]:
    """Return the paths and cycles in which two county pairings differ, as counties, each in order."""
    differing = np.flatnonzero(before != after).tolist()
    owner: dict[int, int] = {}
    root = {county: county for county in differing}

    def find(county: int) -> int:
        while root[county] != county:
            root[county] = root[root[county]]
            county = root[county]
        return county

    for county in differing:
        for organization in (int(before[county]), int(after[county])):
            if organization >= 0:
                other = owner.setdefault(organization, county)
                root[find(county)] = find(other)
    groups: dict[int, list[int]] = {}
    for county in differing:
        groups.setdefault(find(county), []).append(county)
    return [np.array(group, dtype=np.int64) for group in groups.values()]
