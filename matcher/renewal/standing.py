"""What stands of a plan when something changes: its pairs as pairs to keep, each with its exact value and prices.

Replanning keeps first: the two first objectives count the pairs of the plan that stay, county pairs before school
pairs, and the plan's own objectives follow in their order. Two pairs of one matching never stand in each other's way,
so every county pair that is still possible stays, and what is left is a matching of the counties without a partner and
the organisations without one. That is exact, and it has a certificate without any search (a: keep_counties, b:
keep_schools, one component each; w: value vectors):

- an organisation whose pair stays has the price -1 in b and 0 elsewhere, one put to a county by agreement -2 in a, one
  that is left over its price in the matching of the rest;
- a county with a fixed partner has the price w - (price of the partner), any other its price in that matching.

Where a county could take another's organisation, its reduced cost is positive in a or b, whatever comes after.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from matcher.base.numbers import BoolArray, IntArray
from matcher.base.progress import Budget
from matcher.methods.joint.lazy_assignment import CLOSED, LazyAssignment
from matcher.methods.joint.solver import JointSolver
from matcher.model import Instance
from matcher.policy.keep import Keep
from matcher.policy.objectives import Objective
from matcher.policy.policy import Policy
from matcher.policy.rules import Pin
from matcher.problem.pairs import Pairs, pair_keys
from matcher.problem.problem import Problem
from matcher.proof.joint_terms import Packing, is_joint_case
from matcher.tables.update import with_tables

#: reason of the locks that `frozen` makes, by which the next replanning knows to drop them
FROZEN = "frozen"
KEEPS = ("keep_counties", "keep_schools")


@dataclass(frozen=True, slots=True, eq=False)
class StandingPair:
    """A county pair with the best school pairs inside it.

    Attributes
    ----------
    value : (L,) int64
        What the pair changes in each objective, minimised.
    school_pairs : (k, 2) int64
        Positions, by school, then branch.
    branch_price, school_price : (L, m), (L, n) int64
        Prices of the organisation's branches and of the county's schools with places.
    hard
        Pins that the pair and its school pairs meet.
    """

    value: IntArray
    school_pairs: IntArray
    branch_price: IntArray
    school_price: IntArray
    hard: int = 0


@dataclass(frozen=True, eq=False)
class Standing:
    """A plan to replan from.

    Attributes
    ----------
    instance
        The plan's input with the plan's pairs as those of last year.
    policy
        The plan's policy with keeping first.
    county_pairs : (k, 2) int64
        The plan's county pairs.
    parts
        Of each of them, in order; none if the plan can't be taken apart.
    """

    instance: Instance
    policy: Policy
    county_pairs: IntArray
    parts: tuple[StandingPair, ...]

    @property
    def comes_apart(self) -> bool:
        """Whether every county pair has its part."""
        return len(self.parts) == len(self.county_pairs)

    @cached_property
    def part_pairs(self) -> IntArray:
        """(k, 2) the school pairs of all parts, one part after the other."""
        return np.concatenate([np.zeros((0, 2), dtype=np.int64), *(part.school_pairs for part in self.parts)])

    @cached_property
    def values(self) -> IntArray:
        """(k, L) the value of each part; there must be one."""
        return np.array([part.value for part in self.parts], dtype=np.int64).reshape(len(self.parts), -1)

    @cached_property
    def prices(self) -> tuple[IntArray, IntArray]:
        """(L, ...) the branch prices and the school prices of all parts, one part after the other."""
        empty = np.zeros((self.values.shape[1], 0), dtype=np.int64)
        return (
            np.concatenate([empty, *(part.branch_price for part in self.parts)], axis=1),
            np.concatenate([empty, *(part.school_price for part in self.parts)], axis=1),
        )

    @cached_property
    def starts(self) -> tuple[list[int], list[int], list[int]]:
        """Where each part begins in `part_pairs` and in the two `prices`, and where the last one ends."""
        sizes = np.array(
            [(len(p.school_pairs), p.branch_price.shape[1], p.school_price.shape[1]) for p in self.parts],
            dtype=np.int64,
        ).reshape(-1, 3)
        begin = np.concatenate([np.zeros((1, 3), dtype=np.int64), np.cumsum(sizes, axis=0)])
        return begin[:, 0].tolist(), begin[:, 1].tolist(), begin[:, 2].tolist()


def keep_first(policy: Policy, frozen: Iterable[Pin | Keep] = ()) -> Policy:
    """Return the policy that replanning follows: keeping first, then the objectives of `policy`; `frozen` stays."""
    rest = tuple(each for each in policy.objectives if each.name not in KEEPS)
    rules = tuple(rule for rule in policy.rules if getattr(rule, "reason", "") != FROZEN)
    objectives = (*(Objective(name=name) for name in KEEPS), *rest)
    return policy.model_copy(update={"objectives": objectives, "rules": (*rules, *frozen)})


def comes_apart(problem: Problem) -> bool:
    """Whether replanning `problem` comes down to the county pairs that stay and a matching of the rest."""
    bounds = [
        problem.capacity(level)[:, 0].any() or problem.demand(level)[:, 0].any() for level in ("county", "school")
    ]
    first = tuple(objective.name for objective in problem.objectives[:2])
    return first == KEEPS and not any(bounds) and is_joint_case(problem)


def standing_of(instance: Instance, problem: Problem, pairs: Pairs) -> Standing:
    """Return what stands of a plan over `problem`; `instance` has the plan's pairs as those of last year."""
    policy = keep_first(problem.policy)
    # what pins ask for is judged anew each time: the parts are free of them
    free = policy.model_copy(update={"rules": tuple(r for r in policy.rules if not isinstance(r, Pin | Keep))})
    without_pins = with_tables(instance, locks=[lock for lock in instance.locks if lock.kind != "pin"])
    without_pins.__dict__["arrays"] = instance.arrays
    plain = Problem.of(without_pins, free)
    arrays = instance.arrays
    width = max(1, len(arrays.counties))
    above = arrays.branches.parent[pairs.school[:, 0]] * width + arrays.schools.parent[pairs.school[:, 1]]
    inside = np.isin(above, pair_keys(pairs.county, width)).all()
    one_to_one = all(len(np.unique(pairs.county[:, side])) == len(pairs.county) for side in (0, 1))
    parts: list[StandingPair] = []
    if inside and one_to_one and comes_apart(plain):
        rest = Rest(plain)
        parts = [rest.part(organization, county) for organization, county in pairs.county.tolist()]
    return Standing(instance, policy, pairs.county, tuple(parts))


Matched = tuple[IntArray, IntArray, IntArray, list[int]]


class Rest(JointSolver):
    """The joint engine over some counties and some organisations, and parts for the others.

    Parameters
    ----------
    problem
        One that `comes_apart`.
    """

    def __init__(self, problem: Problem):
        super().__init__(problem, Budget())
        self._counties = np.zeros(0, dtype=np.int64)
        self._organizations = np.zeros(0, dtype=np.int64)
        self._rows: dict[int, tuple[IntArray, BoolArray]] = {}
        self._groups: dict[int, tuple[Packing, ...] | None] = {}

    def is_possible(self, organization: int, county: int) -> bool:
        """Whether the two may be paired."""
        return self.blocks.is_allowed(organization, county)

    def part(self, organization: int, county: int) -> StandingPair:
        """Return a county pair, evaluated; it must be possible."""
        vector = self.value(organization, county)
        assert vector is not None
        first, last = self.terms.num_hard, self.terms.num_claimed
        branch_price, school_price = self.blocks.prices(organization, county)
        return StandingPair(
            np.array(vector[first:last], dtype=np.int64),
            self.blocks.pairs(organization, county),
            branch_price,
            school_price,
            -vector[0] if first else 0,
        )

    def row(self, county: int) -> tuple[IntArray, BoolArray]:
        """Return (D, O) lower bounds on the value vectors of `county`, and (O,) which pairs may be allowed."""
        if county not in self._rows:
            self._rows[county] = self.bounds.of_county(county)
        return self._rows[county]

    def assign(self, counties: IntArray, organizations: IntArray) -> Matched | None:
        """Match some counties and some organisations with each other alone.

        Returns
        -------
        tuple or None
            (n,) organisation of each of the counties, -1 where there is none; (D, n) and (D, m) prices of the claimed
            components; the sum of the value vectors of the pairs, claimed components. None if numbers are too large.
        """
        claimed = self.terms.num_claimed
        if not (len(counties) and len(organizations)):
            nothing = np.zeros((claimed, len(counties)), np.int64), np.zeros((claimed, len(organizations)), np.int64)
            return np.full(len(counties), -1), *nothing, [0] * claimed
        self._counties, self._organizations = counties, organizations
        for margin in (8, 2 * len(counties) + 2):
            if margin not in self._groups:
                self._groups[margin] = self._pack(margin)
            groups = self._groups[margin]
            if groups is None:
                break
            assignment = self._assignment(groups)
            self._run(assignment)
            county_price, organization_price = self._prices(assignment, groups)
            taken = assignment.column_of
            found = np.where(taken >= 0, organizations[taken], -1)
            total = [0] * claimed
            for county, organization in zip(counties.tolist(), found.tolist(), strict=True):
                if organization >= 0:
                    vector = self.value(organization, county) or []
                    total = [known + x for known, x in zip(total, vector, strict=False)]
            dual = [int(x) for x in county_price.sum(axis=1) + organization_price.sum(axis=1)]
            if dual == total:
                return found, county_price, organization_price, total
        return None

    def _assignment(self, groups: tuple[Packing, ...]) -> LazyAssignment:
        counties, organizations = self._counties, self._organizations
        limbs = [np.empty((len(counties), len(organizations)), dtype=np.int64) for _ in groups]
        for row, county in enumerate(counties.tolist()):
            value, open_pairs = self.row(county)
            for limb, group in zip(limbs, groups, strict=True):
                limb[row] = group.pack(value[:, organizations])
            limbs[0][row, ~open_pairs[organizations]] = CLOSED

        def evaluate(row: int, column: int) -> tuple[int, ...] | None:
            vector = self.value(int(organizations[column]), int(counties[row]), may=True)
            return None if vector is None else tuple(group.weight_of(vector) for group in groups)

        return LazyAssignment(limbs, evaluate)
