"""County pairing and school pairing decided together, one organisation a county: exact, with a certificate.

The value of an (organisation, county) is the optimum of the organisation's branches against the county's schools
(`blocks`); the plan is a minimum-cost matching over these values. They are evaluated only where a cheap lower bound
(`joint_bounds`) does not decide (`lazy_assignment`). One unit of work is one evaluated value or one settled column.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from matcher.base.errors import Fault, InvalidInput
from matcher.base.numbers import IntArray
from matcher.base.progress import Budget, Progress, StopReason
from matcher.base.reserve import Reserved
from matcher.base.result import Proof
from matcher.methods.greedy import greedy, unproved
from matcher.methods.joint.blocks import Blocks
from matcher.methods.joint.lazy_assignment import CLOSED, LIMB_BITS, LazyAssignment
from matcher.methods.method import Run
from matcher.problem.claims import LAZY_ASSIGNMENT, SCOPE, Claim, exact
from matcher.problem.pairs import Pairs, no_pairs
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution
from matcher.proof.joint_bounds import JointBounds, farthest
from matcher.proof.joint_certificate import block_bounds, dual_value, first_sign, undecided
from matcher.proof.joint_terms import JointTerms, Packing, is_joint_case, packings

#: how many times the largest value a price may be before fields overlap; the wide one can't be exceeded
TIGHT_MARGIN = 4
#: bits of a limb that holds one component alone
_WIDEST = LIMB_BITS
#: what is left of the time when the search ends, so that a plan can be made of what was found
_RESERVE_S, _RESERVE_SHARE = 1.0, 0.25
#: how long after a stop the plan is still improved
_GRACE_S = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class JointPairing:
    """A decision at county level with its value: organisation of each county, -1 where there is none."""

    organization_of: IntArray
    pairs: Pairs
    total: tuple[int, ...]


class JointSolver:
    """One run over one problem.

    Parameters
    ----------
    problem
        A joint case (`joint_terms.is_joint_case`).
    budget
        Limits, progress, cancel.
    start : (k, 2) int64
        County pairs of a plan to fall back on when stopped.
    """

    def __init__(self, problem: Problem, budget: Budget, start: IntArray | None = None):
        self.problem, self.budget, self.start = problem, budget, start
        self.terms = JointTerms.of(problem)
        self.bounds = JointBounds(problem, self.terms)
        self.blocks = Blocks(problem, self.terms, self.bounds)
        self._values: dict[tuple[int, int], list[int] | None] = {}

    def solve(self) -> Solution:
        """Return the optimum with its certificate, or the best plan known with a bound when stopped."""
        counties = len(self.problem.arrays.counties)
        for margin in (TIGHT_MARGIN, 2 * counties + 2):
            groups = self._pack(margin)
            if groups is None:
                break
            assignment = self._assignment(groups)
            if assignment is None:
                return self._before_bounds()
            stop = self._run(assignment)
            solution = self._solution(assignment, groups, stop)
            if solution is not None:
                return solution
        # children, rates or capacities so large that a component of a price would not fit 64 bits
        largest = self._largest()
        level = self.terms.names[largest.index(max(largest))]
        most = (1 << _WIDEST) // (2 * TIGHT_MARGIN)
        details = {"level": level, "magnitude": max(largest), "nodes": counties, "most": most}
        raise InvalidInput([Fault("cost_range", "policy", column=level, value=max(largest), details=details)])

    def _largest(self) -> list[int]:
        """Return for each component the largest magnitude that a value, or a bound on it, can have."""
        terms = self.terms
        units = int(np.diff(terms.unit_start).max(initial=0))
        most_cost = {level: farthest(self.problem, level) for level in ("county", "school")}
        largest = []
        for c in range(terms.num_components):
            at_county = int(np.abs(terms.county_gain[c]).max(initial=0)) + abs(int(terms.county_pair[c]))
            at_county += abs(int(terms.county_kept[c])) + abs(int(terms.county_travel[c])) * most_cost["county"]
            at_school = int(np.abs(terms.unit_gain[c]).max(initial=0)) + abs(int(terms.school_pair[c]))
            at_school += abs(int(terms.school_kept[c])) + abs(int(terms.school_travel[c])) * most_cost["school"]
            if terms.num_hard and c == 0:
                at_county += 2 + int(self.bounds.branch_minima.max(initial=0))
                at_school += 2
            largest.append(at_county + units * at_school)
        return largest

    def _pack(self, margin: int) -> tuple[Packing, ...] | None:
        """Return the limbs, with room for `margin` times the largest of each component; None if one is too wide."""
        groups = packings(range(self.terms.num_components), [margin * x for x in self._largest()], LIMB_BITS)
        return groups if all(group.width <= _WIDEST for group in groups) else None

    def _assignment(self, groups: tuple[Packing, ...]) -> LazyAssignment | None:
        """Return the assignment on lower bounds; None if the run was stopped before they were there."""
        arrays = self.problem.arrays
        shape = len(arrays.counties), len(arrays.organizations)
        limbs = [np.empty(shape, dtype=np.int64) for _ in groups]
        for county in range(shape[0]):
            if county % 64 == 0:
                if self.budget.stop_reason is not None:
                    return None
                self.budget.report(Progress("bounds", county, shape[0]))
            value, open_pairs = self.bounds.of_county(county)
            for limb, group in zip(limbs, groups, strict=True):
                limb[county] = group.pack(value)
            limbs[0][county, ~open_pairs] = CLOSED

        def evaluate(county: int, organization: int) -> tuple[int, ...] | None:
            vector = self.value(organization, county, may=True)
            return None if vector is None else tuple(group.weight_of(vector) for group in groups)

        return LazyAssignment(limbs, evaluate)

    def value(self, organization: int, county: int, *, may: bool = False) -> list[int] | None:
        """Return the exact value vector of a pair, remembered; `may` as in `Blocks.value`."""
        key = organization, county
        if key not in self._values:
            self.budget.spend()
            self._values[key] = self.blocks.value(organization, county, may=may)
        return self._values[key]

    def _run(self, assignment: LazyAssignment) -> StopReason | None:
        counties, organizations = assignment.limbs[0].shape
        if not organizations:
            return None
        searching = Reserved(self.budget, min(_RESERVE_S, _RESERVE_SHARE * (self.budget.time_left_s or 0.0)))
        for county in range(counties):
            if searching.stop_reason is not None:
                self._close_prices(assignment, np.arange(county, counties))
                return searching.stop_reason
            settled = assignment.num_settled
            assignment.augment(county)
            self.budget.spend(assignment.num_settled - settled)
            if county % 16 == 15 or county == counties - 1:
                self.budget.report(Progress("joint", county + 1, counties))
        return None

    def _before_bounds(self) -> Solution:
        """Return what a run stopped at once has: the greedy plan or the one it started from, and no bound."""
        known = greedy(self.problem, self.budget)
        if self.start is not None:
            pairing = self.pairing(self._known_pairs(self.start))
            better = self.terms.num_hard == 0 or pairing.total[0] == 0
            values = self.problem.minimised(known.both)
            if better and (
                known.status == "unknown" or pairing.total[self.terms.num_hard : self.terms.num_claimed] < values
            ):
                known = unproved(self.problem, pairing.pairs, LAZY_ASSIGNMENT)
        return replace(known, stop_reason=self.budget.stop_reason)

    def _close_prices(self, assignment: LazyAssignment, rows: IntArray) -> None:
        """Give rows that were never augmented prices that keep every reduced cost >= 0."""
        for price, found in zip(assignment.row_price, assignment.dual_rows(rows), strict=True):
            price[rows] = found

    def _fallback(self, assignment: LazyAssignment) -> JointPairing:
        """Return the best plan at hand of a run that was stopped."""
        done = assignment.column_of.copy()
        taken = assignment.row_of >= 0
        for county in np.flatnonzero(done < 0).tolist():
            cost = np.where(taken, CLOSED, assignment.limbs[0][county])
            near = np.flatnonzero(cost == cost.min()) if len(cost) else np.zeros(0, dtype=np.int64)
            for limb in assignment.limbs[1:]:
                near = near[limb[county, near] == limb[county, near].min(initial=CLOSED)]
            if not self.budget.waits(_GRACE_S):
                break
            if len(near) and cost[near[0]] < CLOSED and self._improves(int(near[0]), county):
                done[county], taken[near[0]] = near[0], True
        found = [self.pairing(done)]
        if self.start is not None:
            found.append(self.pairing(self._known_pairs(self.start)))
        return min(found, key=lambda pairing: pairing.total)

    def _improves(self, organization: int, county: int) -> bool:
        vector = self.value(organization, county)
        return vector is not None and vector < [0] * len(vector)

    def _known_pairs(self, pairs: IntArray) -> IntArray:
        """Return the organisation of each county in `pairs`, as far as the rules allow."""
        organization_of = np.full(len(self.problem.arrays.counties), -1, dtype=np.int64)
        taken: set[int] = set()
        for organization, county in pairs.tolist():
            free = organization_of[county] < 0 and organization not in taken
            if not self.budget.waits(_GRACE_S):
                break
            if free and self.value(organization, county) is not None:
                organization_of[county] = organization
                taken.add(organization)
        return organization_of

    def _solution(
        self, assignment: LazyAssignment, groups: tuple[Packing, ...], stop: StopReason | None
    ) -> Solution | None:
        """Return the solution with its certificate; None if the prices did not fit their fields."""
        terms = self.terms
        county_price, organization_price = self._prices(assignment, groups)
        arrays = self._certificate(assignment, groups, county_price, organization_price)
        if arrays is None:
            return None
        bound = dual_value(terms, county_price, organization_price)
        pairing = self.pairing(assignment.column_of) if stop is None else self._fallback(assignment)
        proof = Proof("certificate", SCOPE, None, MappingProxyType(arrays))
        if terms.num_hard and bound[0] > 0:
            witness = MappingProxyType({"kind": "joint_requirements", "unmet": bound[0]})
            return Solution.none(self.problem, witness, proof, claims=self._unsolved(None))
        if stop is None and pairing.total[: terms.num_claimed] != bound:
            return None
        if terms.num_hard and pairing.total[0] > 0:
            return Solution.unknown(self.problem, stop, claims=self._unsolved(bound), proof=proof)
        claims = self._unsolved(None)
        if not terms.num_hard or bound[0] == 0:
            claims = exact(bound[terms.num_hard :], pairing.total[terms.num_hard : terms.num_claimed], LAZY_ASSIGNMENT)
        return Solution.found(self.problem, pairing.pairs, claims, proof, stop)

    def _unsolved(self, bound: tuple[int, ...] | None) -> list[Claim]:
        """Return the claims where there is no plan: a bound on the first level at most."""
        first = None if bound is None or bound[0] != 0 else bound[self.terms.num_hard]
        return [Claim(None if position else first, LAZY_ASSIGNMENT) for position in range(len(self.problem.objectives))]

    def _prices(self, assignment: LazyAssignment, groups: tuple[Packing, ...]) -> tuple[IntArray, IntArray]:
        """Return (D, C) and (D, O) prices of the claimed components."""
        found = []
        for prices in (assignment.row_price, assignment.column_price):
            out = np.zeros((self.terms.num_components, len(prices[0])), dtype=np.int64)
            for group, packed in zip(groups, prices, strict=True):
                group.unpack(packed, out)
            found.append(out[: self.terms.num_claimed])
        return found[0], found[1]

    def _certificate(
        self,
        assignment: LazyAssignment,
        groups: tuple[Packing, ...],
        county_price: IntArray,
        organization_price: IntArray,
    ) -> dict[str, IntArray] | None:
        """Return the arrays of the certificate; None if they prove nothing."""
        problem, terms = self.problem, self.terms
        evaluated = self._needed(assignment, groups, county_price, organization_price)
        inner = [self.blocks.prices(o, c) for o, c in evaluated.tolist()]
        empty = np.zeros((terms.num_claimed, 0), dtype=np.int64)
        branch_price = np.concatenate([empty, *(prices[0] for prices in inner)], axis=1)
        school_price = np.concatenate([empty, *(prices[1] for prices in inner)], axis=1)
        value = block_bounds(problem, terms, self.bounds, evaluated, branch_price, school_price)
        reduced = value - county_price[:, evaluated[:, 1]] - organization_price[:, evaluated[:, 0]]
        if (first_sign(reduced) < 0).any():
            return None
        return {
            "county_price": county_price,
            "organization_price": organization_price,
            "evaluated": evaluated,
            "branch_price": branch_price,
            "school_price": school_price,
        }

    def _needed(
        self,
        assignment: LazyAssignment,
        groups: tuple[Packing, ...],
        county_price: IntArray,
        organization_price: IntArray,
    ) -> IntArray:
        """Return (E, 2) the (organisation, county) whose bounds alone do not prove them, in the certificate's order.

        The search has left no reduced cost negative, so only evaluated entries can be among them. That is known in
        packed integers; where a component could have left its field, all bounds are computed again and compared.
        """
        terms = self.terms
        fits = not terms.num_hard
        half = {c: 1 << bits >> 1 for group in groups for c, bits in zip(group.components, group.bits, strict=True)}
        for c, most in enumerate(self._largest()[: terms.num_claimed]):
            used = int(np.abs(county_price[c]).max(initial=0)) + int(np.abs(organization_price[c]).max(initial=0))
            fits = fits and most + used < max(half[c], 1)
        if not fits:
            return undecided(self.problem, terms, self.bounds, county_price, organization_price)
        entries = sorted(assignment.lower)
        if not entries:
            return no_pairs()
        county, organization = np.array(entries, dtype=np.int64).T
        packed = np.array([assignment.lower[entry] for entry in entries], dtype=np.int64).T
        lower = np.zeros((terms.num_components, len(entries)), dtype=np.int64)
        for group, limb in zip(groups, packed, strict=True):
            group.unpack(limb, lower)
        reduced = lower[: terms.num_claimed] - county_price[:, county] - organization_price[:, organization]
        needed = first_sign(reduced) < 0
        return np.column_stack([organization, county])[needed]

    def pairing(self, organization_of: IntArray) -> JointPairing:
        """Return the plan of a county pairing, with the best school pairs inside it."""
        terms = self.terms
        counties = np.flatnonzero(organization_of >= 0)
        county_pairs = np.column_stack([organization_of[counties], counties]).astype(np.int64)
        total = list(terms.base)
        schools = [no_pairs()]
        for organization, county in county_pairs.tolist():
            vector = self.value(organization, county)
            assert vector is not None
            total = [known + x for known, x in zip(total, vector, strict=True)]
            schools.append(self.blocks.pairs(organization, county))
        return JointPairing(organization_of, Pairs(county_pairs, np.concatenate(schools)).in_order(), tuple(total))


def solve_joint(problem: Problem, budget: Budget | None = None, *, start: IntArray | None = None) -> Solution:
    """Return the joint optimum of `problem` with its certificate.

    Parameters
    ----------
    problem
        A joint case (`joint_terms.is_joint_case`).
    budget
        Limits, progress, cancel; none if None. A run that is not stopped ends with the optimum, which meets any `gap`.
    start : (k, 2) int64
        County pairs of a plan to fall back on when stopped.
    """
    return JointSolver(problem, Budget() if budget is None else budget, start).solve()


class _Joint:
    name = "joint"

    def fits(self, problem: Problem) -> bool:
        return is_joint_case(problem)

    def solve(self, problem: Problem, run: Run) -> Solution | None:
        return solve_joint(problem, run.budget, start=None if run.start is None else run.start[0])


METHOD = _Joint()
