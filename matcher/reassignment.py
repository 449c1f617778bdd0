"""A changed problem, decided again from what stands of a plan (`matcher.standing` has the mathematics)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np

from matcher.arrays import IntArray
from matcher.arrays_update import sources
from matcher.joint import METHOD, SCOPE, levels_of
from matcher.joint_certificate import block_bounds, dual_value, first_sign
from matcher.problem import Problem
from matcher.result import Proof
from matcher.solution import Solution, no_pairs
from matcher.standing import KEEPS, Part, Rest, Standing, comes_apart


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """A plan of the changed problem: who stands fixed, and how the rest is matched.

    Attributes
    ----------
    fixed
        County -> organisation, of the pairs that stay or were agreed on.
    counties, organizations
        Those of the rest.
    organization_of, county_price, organization_price
        Of the rest, as `Rest.assign` returns them.
    total
        Minimised value of each objective; None if a pin is not met.
    """

    fixed: Mapping[int, int]
    counties: IntArray
    organizations: IntArray
    organization_of: IntArray
    county_price: IntArray
    organization_price: IntArray
    total: tuple[int, ...] | None


class Reassignment:
    """The changed problem with the parts that stand.

    Parameters
    ----------
    problem
        The changed problem; its `instance` descends from `standing.instance`.
    standing
        The plan's parts.
    touched_organizations, touched_counties
        Ids of those whose branches or schools, or their bounds or locks, changed.
    """

    def __init__(
        self, problem: Problem, standing: Standing, touched_organizations: set[str], touched_counties: set[str]
    ):
        self.problem, self.standing = problem, standing
        self.rest = Rest(problem)
        old, new = standing.instance.arrays, problem.arrays
        moved = {table: sources(old, new, table) for table in ("organizations", "branches", "counties", "schools")}
        pairs = np.column_stack(
            [moved["organizations"][standing.county_pairs[:, 0]], moved["counties"][standing.county_pairs[:, 1]]]
        )
        here = (pairs >= 0).all(axis=1)
        possible = here.copy()
        if here.any():
            provider, recipient = pairs[here].T
            possible[here] = (
                problem.allowed("county", provider, recipient)
                & (problem.capacity("county")[provider, 1] > 0)
                & (problem.demand("county")[recipient, 1] > 0)
            )
        self.kept = {int(c): int(o) for o, c in pairs[possible]}
        pairs_of_schools = standing.part_pairs
        self._school_pairs = np.column_stack(
            [moved["branches"][pairs_of_schools[:, 0]], moved["schools"][pairs_of_schools[:, 1]]]
        )
        touched = {new.organizations.index.get(known) for known in touched_organizations}
        touched_county = {new.counties.index.get(known) for known in touched_counties}
        self._parts: dict[tuple[int, int], Part] = {}
        self._old: dict[tuple[int, int], int] = {}
        if self._same_places(old, new):
            for position in np.flatnonzero(possible).tolist():
                organization, county = pairs[position].tolist()
                if organization not in touched and county not in touched_county:
                    self._old[organization, county] = position
        self._pins = self._pins_of_counties()

    def _same_places(self, old: object, new: object) -> bool:
        """Whether schools have as many places as before; that depends on the largest number of branches."""
        most = [int(np.diff(arrays.branches_of[0]).max(initial=0)) for arrays in (old, new)]  # type: ignore[attr-defined]
        wanted = int(self.problem.demand("school")[:, 1].max(initial=0))
        return most[0] == most[1] or min(most) >= wanted

    def _pins_of_counties(self) -> dict[int, set[tuple[int, int]]]:
        found: dict[int, set[tuple[int, int]]] = {}
        parent = self.problem.arrays.schools.parent
        for branch, school in self.problem.pins["school"].tolist():
            found.setdefault(int(parent[school]), set()).add((branch, school))
        return found

    def part(self, organization: int, county: int) -> Part:
        """Return a county pair, as it stood where nothing about it changed."""
        key = organization, county
        if key not in self._parts:
            self._parts[key] = self._carried(*key) or self.rest.part(*key)
        return self._parts[key]

    def _carried(self, organization: int, county: int) -> Part | None:
        position = self._old.get((organization, county))
        if position is None:
            return None
        old = self.standing.parts[position]
        start = self.standing.starts[position]
        pairs = self._school_pairs[start : start + len(old.school_pairs)]
        if not self.rest.terms.num_hard:
            return Part(old.value, pairs, old.branch_price, old.school_price)
        pins = self._pins.get(county, set())
        if pins and not pins <= {(branch, school) for branch, school in pairs.tolist()}:
            return None
        hard = len(pins) + ((organization, county) in self._pinned)
        branch_price, school_price = (
            np.concatenate([np.zeros((1, price.shape[1]), dtype=np.int64), price])
            for price in (old.branch_price, old.school_price)
        )
        return Part(old.value, pairs, branch_price, school_price, hard)

    @cached_property
    def _pinned(self) -> set[tuple[int, int]]:
        return {(organization, county) for organization, county in self.problem.pins["county"].tolist()}

    def fixed(self, *agreed: tuple[int, int]) -> dict[int, int] | None:
        """Return county -> organisation of the pairs that stay beside the pins and `agreed`; None if those clash."""
        wanted = dict.fromkeys([*((int(o), int(c)) for o, c in self.problem.pins["county"]), *agreed])
        by_county = {county: organization for organization, county in wanted}
        if len(by_county) < len(wanted) or len(set(by_county.values())) < len(wanted):
            return None
        if any(not self.rest.is_possible(organization, county) for organization, county in wanted):
            return None
        taken = set(by_county.values())
        stay = {c: o for c, o in self.kept.items() if c not in by_county and o not in taken}
        return stay | by_county

    def decide(self, fixed: Mapping[int, int]) -> Decision:
        """Match the rest beside the fixed pairs and add up."""
        problem, terms = self.problem, self.rest.terms
        free_county = problem.demand("county")[:, 1] > 0
        free_organization = problem.capacity("county")[:, 1] > 0
        free_county[list(fixed)] = False
        free_organization[list(fixed.values())] = False
        counties, organizations = np.flatnonzero(free_county), np.flatnonzero(free_organization)
        if not (len(counties) and len(organizations)):
            counties, organizations = counties[:0], organizations[:0]
        found = self.rest.assign(counties, organizations)
        parts = [self.part(organization, county) for county, organization in fixed.items()]
        total = np.array(terms.base[: terms.num_claimed], dtype=object) + np.array(found[3], dtype=object)
        for part in parts:
            total[terms.num_hard :] += part.value
        if terms.num_hard:
            total[0] -= sum(part.hard for part in parts)
        met = not terms.num_hard or total[0] == 0
        values = tuple(int(x) for x in total[terms.num_hard :])
        return Decision(fixed, counties, organizations, *found[:3], values if met else None)

    def solution(self, decision: Decision) -> Solution | None:
        """Return the decision with its certificate; None if it proves nothing."""
        problem, terms = self.problem, self.rest.terms
        if decision.total is None:
            return None
        keep = terms.num_hard + np.arange(len(KEEPS))
        county_price = np.zeros((terms.num_claimed, len(problem.arrays.counties)), dtype=np.int64)
        organization_price = np.zeros((terms.num_claimed, len(problem.arrays.organizations)), dtype=np.int64)
        county_price[:, decision.counties] = decision.county_price
        organization_price[:, decision.organizations] = decision.organization_price
        for county, organization in decision.fixed.items():
            part = self.part(organization, county)
            if self.kept.get(county) == organization:
                organization_price[keep[1], organization] = -1
            else:
                organization_price[keep[0], organization] = -2
            county_price[terms.num_hard :, county] = part.value
            if terms.num_hard:
                county_price[0, county] = -part.hard
            county_price[:, county] -= organization_price[:, organization]
        entries, inner = self._evaluated(decision, county_price, organization_price)
        branch_price = np.concatenate([np.zeros((terms.num_claimed, 0), np.int64), *(p for p, _ in inner)], axis=1)
        school_price = np.concatenate([np.zeros((terms.num_claimed, 0), np.int64), *(p for _, p in inner)], axis=1)
        bound = dual_value(terms, county_price, organization_price)
        if bound[terms.num_hard :] != decision.total or (terms.num_hard and bound[0] != 0):
            return None
        if not self._holds(entries, inner, county_price, organization_price):
            return None
        arrays = {
            "county_price": county_price,
            "organization_price": organization_price,
            "evaluated": entries,
            "branch_price": branch_price,
            "school_price": school_price,
        }
        proof = Proof("certificate", SCOPE, None, MappingProxyType(arrays))
        levels = levels_of(problem, decision.total, decision.total)
        return Solution("optimal", None, *self.pairs(decision), levels, proof)

    def _holds(
        self,
        entries: IntArray,
        inner: list[tuple[IntArray, IntArray]],
        county_price: IntArray,
        organization_price: IntArray,
    ) -> bool:
        """Whether no reduced cost is negative, of the pairs that were not carried over as they stood."""
        fresh = [at for at, (o, c) in enumerate(entries.tolist()) if (o, c) not in self._old]
        branch_price, school_price = (
            np.concatenate([np.zeros((self.rest.terms.num_claimed, 0), np.int64), *(inner[at][side] for at in fresh)], 1)
            for side in (0, 1)
        )
        some = entries[fresh]
        value = block_bounds(self.problem, self.rest.terms, self.rest.bounds, some, branch_price, school_price)
        reduced = value - county_price[:, some[:, 1]] - organization_price[:, some[:, 0]]
        return not (first_sign(reduced) < 0).any()

    def pairs(self, decision: Decision) -> tuple[IntArray, IntArray]:
        """Return the (k, 2) county pairs and school pairs of a decision."""
        counties = [(organization, county) for county, organization in decision.fixed.items()]
        schools = [no_pairs(), *(self.part(organization, county).school_pairs for organization, county in counties)]
        for county, organization in zip(decision.counties.tolist(), decision.organization_of.tolist(), strict=True):
            if organization >= 0:
                counties.append((organization, county))
                schools.append(self.rest.blocks.pairs(organization, county))
        county_pairs = np.array(counties, dtype=np.int64).reshape(-1, 2)
        school_pairs = np.concatenate(schools)
        county_pairs = county_pairs[np.lexsort((county_pairs[:, 0], county_pairs[:, 1]))]
        return county_pairs, school_pairs[np.lexsort((school_pairs[:, 0], school_pairs[:, 1]))]

    def _evaluated(
        self, decision: Decision, county_price: IntArray, organization_price: IntArray
    ) -> tuple[IntArray, list[tuple[IntArray, IntArray]]]:
        """Return the pairs of the certificate, ordered by county, then organisation, and their inner prices."""
        found: dict[tuple[int, int], tuple[IntArray, IntArray]] = {}
        for county, organization in decision.fixed.items():
            part = self.part(organization, county)
            found[county, organization] = part.branch_price, part.school_price
        demand = self.problem.demand("county")[:, 1]
        rest = np.setdiff1d(np.flatnonzero(demand > 0), list(decision.fixed))
        for county in rest.tolist():
            value, open_pairs = self.rest.row(county)
            reduced = value[: self.rest.terms.num_claimed] - organization_price - county_price[:, county, None]
            negative = np.flatnonzero(open_pairs & (first_sign(reduced) < 0))
            allowed = self.problem.allowed("county", negative, np.full(len(negative), county))
            for organization in negative[allowed].tolist():
                found[county, organization] = self.rest.blocks.prices(organization, county)
        order = sorted(found)
        entries = np.array([(organization, county) for county, organization in order], dtype=np.int64).reshape(-1, 2)
        return entries, [found[key] for key in order]


def reassignment_of(
    problem: Problem, standing: Standing, touched_organizations: set[str], touched_counties: set[str]
) -> Reassignment | None:
    """Return the changed problem with what stands; None if it can't be taken apart."""
    if not standing.comes_apart or not comes_apart(problem):
        return None
    return Reassignment(problem, standing, touched_organizations, touched_counties)
