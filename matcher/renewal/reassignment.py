"""A changed problem, decided again from what stands of a plan (`matcher.renewal.standing` has the mathematics)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from matcher.base.numbers import BoolArray, IntArray
from matcher.base.result import Proof
from matcher.problem.claims import LAZY_ASSIGNMENT, SCOPE, exact
from matcher.problem.pairs import Pairs, no_pairs
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution
from matcher.proof.joint_certificate import block_bounds, dual_value, first_sign
from matcher.renewal.standing import KEEPS, Rest, Standing, StandingPair, comes_apart
from matcher.tables.arrays import Arrays
from matcher.tables.update import sources


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


class _Entry(NamedTuple):
    """A pair of the certificate: where its part stood, None if it did not, and then its inner prices if known."""

    county: int
    organization: int
    position: int | None
    prices: tuple[IntArray, IntArray] | None

    @property
    def pair(self) -> tuple[int, int]:
        return self.organization, self.county


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
        possible: BoolArray = np.array(here)
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
        self._parts: dict[tuple[int, int], StandingPair] = {}
        self._old: dict[tuple[int, int], int] = {}
        if self._same_places(old, new):
            for position in np.flatnonzero(possible).tolist():
                organization, county = pairs[position].tolist()
                if organization not in touched and county not in touched_county:
                    self._old[organization, county] = position
        self._pins = self._pins_of_counties()

    def _same_places(self, old: Arrays, new: Arrays) -> bool:
        """Whether schools have as many places as before; that depends on the largest number of branches."""
        most = [int(np.diff(arrays.branches_of[0]).max(initial=0)) for arrays in (old, new)]
        wanted = int(self.problem.demand("school")[:, 1].max(initial=0))
        return most[0] == most[1] or min(most) >= wanted

    def _pins_of_counties(self) -> dict[int, set[tuple[int, int]]]:
        found: dict[int, set[tuple[int, int]]] = {}
        parent = self.problem.arrays.schools.parent
        for branch, school in self.problem.pins["school"].tolist():
            found.setdefault(int(parent[school]), set()).add((branch, school))
        return found

    def part(self, organization: int, county: int) -> StandingPair:
        """Return a county pair, as it stood where nothing about it changed."""
        key = organization, county
        if key not in self._parts:
            position = self.carried(*key)
            if position is None:
                self._parts[key] = self.rest.part(*key)
            else:
                old = self.standing.parts[position]
                pad = np.zeros((self.rest.terms.num_hard, 1), dtype=np.int64)
                branch_price, school_price = (
                    np.concatenate([np.repeat(pad, price.shape[1], axis=1), price])
                    for price in (old.branch_price, old.school_price)
                )
                hard = len(self._pins.get(county, ())) + (key in self._pinned)
                self._parts[key] = StandingPair(old.value, self._pairs_of(position), branch_price, school_price, hard)
        return self._parts[key]

    def carried(self, organization: int, county: int) -> int | None:
        """Return the position of the pair's part in the standing plan if nothing about it changed, else None."""
        position = self._old.get((organization, county))
        if position is None or county not in self._pins:
            return position
        pairs = {(branch, school) for branch, school in self._pairs_of(position).tolist()}
        return position if self._pins[county] <= pairs else None

    def _pairs_of(self, position: int) -> IntArray:
        start = self.standing.starts[0]
        pairs: IntArray = self._school_pairs[start[position] : start[position + 1]]
        return pairs

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

    def decide(self, fixed: Mapping[int, int]) -> Decision | None:
        """Match the rest beside the fixed pairs and add up; None if numbers are too large for it."""
        problem, terms = self.problem, self.rest.terms
        free_county = problem.demand("county")[:, 1] > 0
        free_organization = problem.capacity("county")[:, 1] > 0
        free_county[list(fixed)] = False
        free_organization[list(fixed.values())] = False
        counties, organizations = np.flatnonzero(free_county), np.flatnonzero(free_organization)
        if not (len(counties) and len(organizations)):
            counties, organizations = counties[:0], organizations[:0]
        found = self.rest.assign(counties, organizations)
        if found is None:
            return None
        total = np.array(terms.base[: terms.num_claimed], dtype=object) + np.array(found[3], dtype=object)
        positions = []
        for county, organization in fixed.items():
            position = self.carried(organization, county)
            if position is None:
                total[terms.num_hard :] += self.part(organization, county).value
                hard = self.part(organization, county).hard
            else:
                positions.append(position)
                hard = len(self._pins.get(county, ())) + ((organization, county) in self._pinned)
            if hard:
                total[0] -= hard
        # a value stays far below 2**53, and so do these sums below 2**63
        if positions:
            total[terms.num_hard :] += self.standing.values[positions].sum(axis=0)
        met = not terms.num_hard or total[0] == 0
        values = tuple(int(x) for x in total[terms.num_hard :])
        return Decision(fixed, counties, organizations, *found[:3], values if met else None)

    def solution(self, decision: Decision | None) -> Solution | None:
        """Return the decision with its certificate; None if it proves nothing."""
        problem, terms = self.problem, self.rest.terms
        if decision is None or decision.total is None:
            return None
        keep = terms.num_hard + np.arange(len(KEEPS))
        county_price = np.zeros((terms.num_claimed, len(problem.arrays.counties)), dtype=np.int64)
        organization_price = np.zeros((terms.num_claimed, len(problem.arrays.organizations)), dtype=np.int64)
        county_price[:, decision.counties] = decision.county_price
        organization_price[:, decision.organizations] = decision.organization_price
        for county, organization in decision.fixed.items():
            if self.kept.get(county) == organization:
                organization_price[keep[1], organization] = -1
            else:
                organization_price[keep[0], organization] = -2
        counties = np.array(list(decision.fixed), dtype=np.int64)
        organizations = np.array(list(decision.fixed.values()), dtype=np.int64)
        positions = [self.carried(o, c) for c, o in decision.fixed.items()]
        stands = np.array([position is not None for position in positions], dtype=np.bool_)
        known = [position for position in positions if position is not None]
        if known:
            county_price[terms.num_hard :, counties[stands]] = self.standing.values[known].T
        for county, organization in zip(counties[~stands].tolist(), organizations[~stands].tolist(), strict=True):
            county_price[terms.num_hard :, county] = self.part(organization, county).value
            if terms.num_hard:
                county_price[0, county] = -self.part(organization, county).hard
        if terms.num_hard:
            for county, organization in zip(counties[stands].tolist(), organizations[stands].tolist(), strict=True):
                hard = len(self._pins.get(county, ())) + ((organization, county) in self._pinned)
                county_price[0, county] = -hard
        county_price[:, counties] -= organization_price[:, organizations]
        entries = self._evaluated(decision, county_price, organization_price)
        bound = dual_value(terms, county_price, organization_price)
        if bound[terms.num_hard :] != decision.total or (terms.num_hard and bound[0] != 0):
            return None
        if not self._holds(entries, county_price, organization_price):
            return None
        branch_price, school_price = self._inner(entries)
        rows = np.array([entry[:2] for entry in entries], dtype=np.int64).reshape(-1, 2)
        arrays = {
            "county_price": county_price,
            "organization_price": organization_price,
            "evaluated": rows[:, ::-1].copy(),
            "branch_price": branch_price,
            "school_price": school_price,
        }
        proof = Proof("certificate", SCOPE, None, MappingProxyType(arrays))
        claims = exact(decision.total, decision.total, LAZY_ASSIGNMENT)
        return Solution.found(problem, self.pairs(decision), claims, proof)

    def _inner(self, entries: list[_Entry]) -> tuple[IntArray, IntArray]:
        """Return the branch prices and the school prices of entries, one after the other."""
        num_hard = self.rest.terms.num_hard
        found: tuple[list[IntArray], list[IntArray]] = [], []
        at = 0
        while at < len(entries):
            first = entries[at].position
            end = at + 1
            if first is None:
                for side, prices in enumerate(entries[at].prices or self.rest.blocks.prices(*entries[at].pair)):
                    found[side].append(prices)
            else:
                # a run of parts that stood one after the other is one slice
                while end < len(entries) and entries[end].position == first + end - at:
                    end += 1
                for side in (0, 1):
                    start = self.standing.starts[1 + side]
                    prices = self.standing.prices[side][:, start[first] : start[first + end - at]]
                    pad = np.zeros((num_hard, prices.shape[1]), dtype=np.int64)
                    found[side].append(np.concatenate([pad, prices]) if num_hard else prices)
            at = end
        empty = np.zeros((self.rest.terms.num_claimed, 0), dtype=np.int64)
        return np.concatenate([empty, *found[0]], axis=1), np.concatenate([empty, *found[1]], axis=1)

    def _holds(self, entries: list[_Entry], county_price: IntArray, organization_price: IntArray) -> bool:
        """Whether no reduced cost is negative, of the pairs that were not carried over as they stood."""
        fresh = [entry for entry in entries if entry.position is None]
        some = np.array([entry.pair for entry in fresh], dtype=np.int64).reshape(-1, 2)
        value = block_bounds(self.problem, self.rest.terms, self.rest.bounds, some, *self._inner(fresh))
        reduced = value - county_price[:, some[:, 1]] - organization_price[:, some[:, 0]]
        return not (first_sign(reduced) < 0).any()

    def pairs(self, decision: Decision) -> Pairs:
        """Return the pairs of a decision."""
        counties = [(organization, county) for county, organization in decision.fixed.items()]
        schools = [no_pairs()]
        for organization, county in counties:
            position = self.carried(organization, county)
            schools.append(
                self.part(organization, county).school_pairs if position is None else self._pairs_of(position)
            )
        for county, organization in zip(decision.counties.tolist(), decision.organization_of.tolist(), strict=True):
            if organization >= 0:
                counties.append((organization, county))
                schools.append(self.rest.blocks.pairs(organization, county))
        county_pairs = np.array(counties, dtype=np.int64).reshape(-1, 2)
        return Pairs(county_pairs, np.concatenate(schools)).in_order()

    def _evaluated(self, decision: Decision, county_price: IntArray, organization_price: IntArray) -> list[_Entry]:
        """Return the pairs of the certificate with their inner prices, ordered by county, then organisation."""
        found: dict[tuple[int, int], _Entry] = {}
        for county, organization in decision.fixed.items():
            position = self.carried(organization, county)
            prices = None
            if position is None:
                part = self.part(organization, county)
                prices = part.branch_price, part.school_price
            found[county, organization] = _Entry(county, organization, position, prices)
        demand = self.problem.demand("county")[:, 1]
        rest = np.setdiff1d(np.flatnonzero(demand > 0), list(decision.fixed))
        for county in rest.tolist():
            value, open_pairs = self.rest.row(county)
            reduced = value[: self.rest.terms.num_claimed] - organization_price - county_price[:, county, None]
            negative = np.flatnonzero(open_pairs & (first_sign(reduced) < 0))
            allowed = self.problem.allowed("county", negative, np.full(len(negative), county))
            for organization in negative[allowed].tolist():
                found[county, organization] = _Entry(county, organization, None, None)
        return [found[key] for key in sorted(found)]


def reassignment_of(
    problem: Problem, standing: Standing, touched_organizations: set[str], touched_counties: set[str]
) -> Reassignment | None:
    """Return the changed problem with what stands; None if it can't be taken apart."""
    if not standing.comes_apart or not comes_apart(problem):
        return None
    return Reassignment(problem, standing, touched_organizations, touched_counties)
