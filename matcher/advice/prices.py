"""The dual prices of a proven plan, ready to decide again what changes: `matcher.advice.whatif` asks them.

A plan of the one-to-one case comes with prices u of counties and v of organisations under which no (organisation,
county) has a negative reduced cost, and every pair of the plan has none at all (`proof.joint_certificate`). That is the
state of a shortest augmenting path search that has ended: costs, prices, matching. Change some costs, lower the prices
that would have a negative reduced cost now, let go of the pairs that are no longer tight, and a path or two lead back
to an optimum: exact, at every level at once, because costs are vectors over the levels.

Nothing of it is taken on trust: bounds are recomputed from the input (for pairs that the certificate lists, from its
inner prices, which bound for any prices), and the sum of the prices is compared with the value of the plan. If they
agree, every pair of the plan is worth exactly the sum of its two prices.
"""

from __future__ import annotations

from threading import RLock

import numpy as np

from matcher.base.numbers import IntArray
from matcher.base.progress import Budget
from matcher.methods.joint.lazy_assignment import CLOSED, LIMB_BITS, LazyAssignment
from matcher.methods.joint.solver import JointSolver
from matcher.plan import Plan
from matcher.problem.problem import Problem
from matcher.proof.capped import PRICE
from matcher.proof.joint_certificate import NAMES, block_bounds, first_sign, shape_fault
from matcher.proof.joint_terms import Packing, is_joint_case, packings

#: how many times the largest value a price may be; what leaves its field is noticed, and solved in full
_MARGIN = 16


class PlanPrices(JointSolver):
    """Costs, prices and matching of a plan.

    Parameters
    ----------
    plan
        Optimal, with a certificate.

    Attributes
    ----------
    groups
        How vectors over the levels are packed into limbs; the components of the tie rule are left out.
    assignment
        The search as it ended, rows are counties and columns organisations; its costs are lower bounds, exact for the
        pairs of the plan.
    vectors : (D, C) int64
        Value of each county's pair.
    base : (D,)
        Value of the plan without a pair.
    lock
        To be held while costs are changed.
    """

    def __init__(self, problem: Problem, organization_of: IntArray, groups: tuple[Packing, ...]):
        super().__init__(problem, Budget())
        self.groups = groups
        self.organization_of = organization_of
        assignment = self._assignment(groups)
        assert assignment is not None  # there is no limit
        self.assignment: LazyAssignment = assignment
        self.lock = RLock()

    @property
    def base(self) -> list[int]:
        """Value of the plan without a pair, of the levels that a certificate covers."""
        return list(self.terms.base[: self.terms.num_claimed])

    def _take(self, plan: Plan) -> bool:
        """Take the prices of the plan over; whether they prove what they should."""
        terms, state = self.terms, self.assignment
        arrays = plan.proof.arrays
        price = arrays["county_price"], arrays["organization_price"]
        if any((first_sign(each) > 0).any() for each in price):
            return False
        counties = np.flatnonzero(self.organization_of >= 0)
        paired = self.organization_of[counties]
        self.vectors: IntArray = np.zeros_like(price[0])
        self.vectors[:, counties] = price[0][:, counties] + price[1][:, paired]
        total = np.array(self.base, dtype=object) + price[0].sum(axis=1) + price[1].sum(axis=1)
        values = self.problem.minimised(plan.both)
        if tuple(total[terms.num_hard :]) != values or (terms.num_hard and total[0]):
            return False
        for known, each in zip((state.row_price, state.column_price), price, strict=True):
            for k, group in enumerate(self.groups):
                known[k] = group.pack(each)
        if any((group.pack(each[:, row]) != 0).any() for group in self.groups for each, row in self._single(price)):
            return False
        self._raise(arrays["evaluated"], arrays["branch_price"], arrays["school_price"])
        state.column_of[counties], state.row_of[paired] = paired, counties
        for k, group in enumerate(self.groups):
            state.limbs[k][counties, paired] = group.pack(self.vectors[:, counties])
        state.exact[counties, paired] = True
        return self._is_feasible()

    def _single(self, price: tuple[IntArray, IntArray]) -> list[tuple[IntArray, IntArray]]:
        """Return the prices of either side with the positions of those who have no partner."""
        rows = np.flatnonzero(self.organization_of < 0)
        columns = np.setdiff1d(np.arange(price[1].shape[1]), self.organization_of)
        return [(price[0], rows), (price[1], columns)]

    def _raise(self, evaluated: IntArray, branch_price: IntArray, school_price: IntArray) -> None:
        """Raise the bounds of the pairs that the certificate lists to what its inner prices prove."""
        if not len(evaluated):
            return
        value = block_bounds(self.problem, self.terms, self.bounds, evaluated, branch_price, school_price)
        organization, county = evaluated.T
        higher, same = np.zeros(len(evaluated), dtype=np.bool_), np.ones(len(evaluated), dtype=np.bool_)
        packed = [group.pack(value) for group in self.groups]
        for limb, new in zip(self.assignment.limbs, packed, strict=True):
            now = limb[county, organization]
            higher |= same & (new > now)
            same &= new == now
        for limb, new in zip(self.assignment.limbs, packed, strict=True):
            limb[county[higher], organization[higher]] = new[higher]

    def _is_feasible(self) -> bool:
        """Whether no reduced cost is negative; pairs that are closed have none."""
        state = self.assignment
        negative, same = np.zeros_like(state.exact), np.ones_like(state.exact)
        for limb, row, column in zip(state.limbs, state.row_price, state.column_price, strict=True):
            reduced = limb - row[:, None] - column
            negative |= same & (reduced < 0)
            same &= reduced == 0
        negative[state.limbs[0] == CLOSED] = False
        return not negative.any()

    def widths_hold(self, other: JointSolver) -> bool:
        """Whether the values of another problem fit the fields that are used here."""
        mine, others = self._largest(), other._largest()
        return len(mine) == len(others) and all(y <= 2 * x for x, y in zip(mine, others, strict=True))


def prices_of(plan: Plan) -> PlanPrices | None:
    """Return the prices of a plan; None if it has none that prove every level."""
    problem, proof = plan.problem, plan.proof
    if plan.status != "optimal" or proof.kind != "certificate" or not is_joint_case(problem):
        return None
    if PRICE in proof.arrays or not set(NAMES) <= proof.arrays.keys() or any(plan.strangers.values()):
        return None
    organization_of = np.full(len(problem.arrays.counties), -1, dtype=np.int64)
    organization_of[plan.county_pairs[:, 1]] = plan.county_pairs[:, 0]
    blank = JointSolver(problem, Budget())
    if shape_fault(problem, blank.terms, proof.arrays):
        return None
    claimed = blank.terms.num_claimed
    groups = packings(range(claimed), [_MARGIN * x for x in blank._largest()[:claimed]], LIMB_BITS)
    if any(group.width > LIMB_BITS for group in groups):
        return None
    found = PlanPrices(problem, organization_of, groups)
    return found if found._take(plan) else None
