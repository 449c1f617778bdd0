"""The exact value of one (organisation, county): the organisation's branches against the county's schools.

`Blocks` gathers the coefficients of a block from the problem, has it solved (`block_flow`), and remembers it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matcher.base.numbers import BoolArray, IntArray
from matcher.geo import pair_m
from matcher.methods.joint.block_flow import Block, optimum, prices
from matcher.policy.rules import Rule
from matcher.problem.problem import Problem
from matcher.proof.joint_bounds import JointBounds, farthest
from matcher.proof.joint_terms import JointTerms, Packing, has_school_rules

#: blocks that are remembered with their pairs
_REMEMBERED = 1 << 17


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """The schools of a county with places, and their gains packed for blocks without pairs of last year or pins."""

    schools: IntArray
    places: IntArray
    units: slice
    packing: Packing
    gain: np.ndarray
    travel: int
    pair: int


@dataclass(frozen=True, slots=True, eq=False)
class SolvedBlock:
    """A block with its optimum; `total` is packed, `chosen` (m, n) bool."""

    block: Block
    total: int
    chosen: BoolArray


class Blocks:
    """Exact values, pairs and prices of blocks, on demand.

    Parameters
    ----------
    problem, terms
        The problem, and its value vectors.
    bounds
        The lower bounds, which know the county's part of a value.
    """

    def __init__(self, problem: Problem, terms: JointTerms, bounds: JointBounds):
        self.problem, self.terms, self.bounds = problem, terms, bounds
        facts, arrays = problem.facts, problem.arrays
        self._plain = not has_school_rules(problem)
        self._in_km = facts.is_geodesic("county") and facts.is_geodesic("school")
        self._was_pair = facts.num_previous("school") > 0
        #: whether the county rules are exact where they are cheap
        self._sure = all(type(rule).may_allow is Rule.may_allow for rule in problem.rules)
        county_of_pin = arrays.schools.parent[terms.pins["school"][:, 1]]
        self._pinned = {int(c): terms.pins["school"][county_of_pin == c] for c in np.unique(county_of_pin)}
        coefficients = [terms.school_travel, terms.school_kept, terms.school_pair, np.abs(terms.unit_gain).sum(axis=1)]
        in_schools = np.column_stack(coefficients) != 0
        in_schools[: terms.num_hard] = True
        self._components = tuple(int(c) for c in np.flatnonzero(in_schools.any(axis=1)))
        self._farthest = farthest(problem, "school")
        self._sides: dict[int, _Side] = {}
        self._sites: dict[int, tuple[np.ndarray, np.ndarray, IntArray]] = {}
        self._solved: dict[tuple[int, int], SolvedBlock | None] = {}

    def is_allowed(self, organization: int, county: int) -> bool:
        """Whether organisation and county may be paired."""
        if not (self.terms.county_open[county] and self.terms.organization_open[organization]):
            return False
        return bool(self.problem.allowed("county", np.array([organization]), np.array([county]))[0])

    def value(self, organization: int, county: int, *, may: bool = False) -> list[int] | None:
        """Return the value vector of the pair, exact; None if it is not allowed.

        `may` says that `JointBounds.open_pairs` holds for the pair.
        """
        if not (may and self._sure) and not self.is_allowed(organization, county):
            return None
        cost, school_cost = self._costs(organization, county)
        vector = self.bounds.county_value(organization, county, cost)
        solved = self.solved(organization, county, school_cost)
        if solved is not None:
            packing = solved.block.packing
            for component, x in zip(packing.components, packing.fields(solved.total), strict=True):
                vector[component] += x
        return vector

    def pairs(self, organization: int, county: int) -> IntArray:
        """Return (k, 2) int64: the (branch, school) pairs of an optimum of the block, by school, then branch."""
        solved = self.solved(organization, county)
        if solved is None:
            return np.zeros((0, 2), dtype=np.int64)
        school, branch = np.nonzero(solved.chosen.T)
        return np.column_stack([solved.block.branches[branch], solved.block.schools[school]])

    def prices(self, organization: int, county: int) -> tuple[IntArray, IntArray]:
        """Return (D, m) prices of the organisation's branches and (D, n) of the county's schools with places.

        Only the components that a certificate covers are kept.
        """
        side = self._side(county)
        size, claimed = self.terms.num_components, self.terms.num_claimed
        branches = self.problem.arrays.rows_of("organizations", organization)
        branch_price = np.zeros((size, len(branches)), dtype=np.int64)
        school_price = np.zeros((size, len(side.schools)), dtype=np.int64)
        solved = self.solved(organization, county)
        if solved is not None:
            packing = solved.block.packing
            for packed, out in zip(prices(solved.block, solved.chosen), (branch_price, school_price), strict=True):
                if packed.dtype == np.int64:
                    packing.unpack(packed, out)
                    continue
                for position, price in enumerate(packed.tolist()):
                    out[list(packing.components), position] = packing.fields(price)
        elif len(side.schools):
            # without a branch every place stays empty: priced at what the first one costs
            first = np.searchsorted(self.terms.unit_school[side.units], side.schools)
            school_price = self.terms.unit_gain[:, side.units][:, first]
        return branch_price[:claimed], school_price[:claimed]

    def _side(self, county: int) -> _Side:
        if county not in self._sides:
            terms = self.terms
            units = slice(int(terms.unit_start[county]), int(terms.unit_start[county + 1]))
            schools, places = np.unique(terms.unit_school[units], return_counts=True)
            widest = int(np.diff(self.problem.arrays.branches_of[0]).max(initial=0))
            packing = self._packing(county, self._farthest, widest, [])
            self._sides[county] = _Side(
                schools,
                places,
                units,
                packing,
                self._packed_gain(packing, units),
                packing.weight_of(terms.school_travel),
                packing.weight_of(terms.school_pair),
            )
        return self._sides[county]

    def _packed_gain(self, packing: Packing, units: slice) -> np.ndarray:
        exact = np.int64 if packing.width < 62 else object
        gain = np.zeros(units.stop - units.start, dtype=exact)
        for component, weight in zip(packing.components, packing.weights, strict=True):
            if self.terms.unit_gain[component, units].any():
                gain = gain + self.terms.unit_gain[component, units].astype(exact) * weight
        return gain

    def _costs(self, organization: int, county: int) -> tuple[int, IntArray | None]:
        """Return the cost of the pair and, where one call gives both, (m, n) those of its branches and schools."""
        facts, arrays = self.problem.facts, self.problem.arrays
        if not self._in_km:
            return int(facts.cost("county", np.array([organization]), np.array([county]))[0]), None
        if organization not in self._sites:
            rows = arrays.rows_of("organizations", organization)
            points = np.column_stack([arrays.branches.lat[rows], arrays.branches.lon[rows]])
            distinct, site = np.unique(points, axis=0, return_inverse=True)
            self._sites[organization] = distinct[:, 0], distinct[:, 1], site.reshape(-1)
        lat, lon, site = self._sites[organization]
        schools = self._side(county).schools
        home, there = arrays.organizations, arrays.counties
        k, n = len(lat), len(schools)
        metres = pair_m(
            np.append(np.repeat(lat, n), home.lat[organization]),
            np.append(np.repeat(lon, n), home.lon[organization]),
            np.append(np.tile(arrays.schools.lat[schools], k), there.lat[county]),
            np.append(np.tile(arrays.schools.lon[schools], k), there.lon[county]),
        )
        return int(metres[-1]), metres[:-1].reshape(k, n)[site]

    def solved(self, organization: int, county: int, cost: IntArray | None = None) -> SolvedBlock | None:
        """Return the block with its optimum; None if there is nothing to decide. `cost` saves its computation."""
        key = organization, county
        if key in self._solved:
            return self._solved[key]
        block = self._block(organization, county, cost)
        solved = None if block is None else SolvedBlock(block, *optimum(block))
        if len(self._solved) < _REMEMBERED:
            self._solved[key] = solved
        return solved

    def _block(self, organization: int, county: int, cost: IntArray | None) -> Block | None:
        terms, problem = self.terms, self.problem
        branches, side = problem.arrays.rows_of("organizations", organization), self._side(county)
        schools = side.schools
        if not len(branches) or not len(schools):
            return None
        branch, school = branches[:, None], schools[None, :]
        if cost is None:
            cost = problem.facts.cost("school", branch, school)
        allowed = np.ones(cost.shape, dtype=np.bool_) if self._plain else problem.allowed("school", branch, school)
        extra = self._extra(branches, schools, county)
        if extra:
            packing = self._packing(county, int(cost.max(where=allowed, initial=0)), len(branches), extra)
            gain = self._packed_gain(packing, side.units)
            travel, pair = packing.weight_of(terms.school_travel), packing.weight_of(terms.school_pair)
        else:
            packing, gain, travel, pair = side.packing, side.gain, side.travel, side.pair
        exact = np.int64 if packing.width < 62 else object
        # a pair that is not allowed may cost more than the fields hold
        value = (cost if self._plain else np.where(allowed, cost, 0)).astype(exact) * travel + pair
        for coefficients, where in extra:
            value = value + where.astype(exact) * packing.weight_of(coefficients)
        bonus = packing.weights[0] if terms.num_hard else 0
        room = np.minimum(terms.branch_max[branches], len(gain))
        least = np.minimum(terms.branch_min[branches], len(gain))
        return Block(branches, schools, value, allowed, side.places, gain, room, least, bonus, packing)

    def _extra(self, branches: IntArray, schools: IntArray, county: int) -> list[tuple[IntArray, BoolArray]]:
        """Return what pairs of last year and pins add, and where."""
        extra: list[tuple[IntArray, BoolArray]] = []
        if self._was_pair:
            was_pair = self.problem.facts.was_pair("school", branches[:, None], schools[None, :])
            if was_pair.any():
                extra.append((self.terms.school_kept, was_pair))
        if county in self._pinned:
            pins = self._pinned[county]
            pinned = ((branches[:, None, None] == pins[:, 0]) & (schools[None, :, None] == pins[:, 1])).any(axis=2)
            if pinned.any():
                hard = np.zeros(self.terms.num_components, dtype=np.int64)
                hard[0] = -1
                extra.append((hard, pinned))
        return extra

    def _packing(
        self, county: int, most_cost: int, num_branches: int, extra: list[tuple[IntArray, BoolArray]]
    ) -> Packing:
        """Return fields wide enough for any sum along a path through a block of the county."""
        terms = self.terms
        units = slice(int(terms.unit_start[county]), int(terms.unit_start[county + 1]))
        length = num_branches + 2 * (units.stop - units.start) + 2
        bits = []
        for c in self._components:
            most = int(np.abs(terms.unit_gain[c, units]).max(initial=0)) + abs(int(terms.school_pair[c]))
            most += most_cost * abs(int(terms.school_travel[c])) + sum(abs(int(kept[c])) for kept, _ in extra)
            if terms.num_hard and c == 0:
                most += 1
            bits.append((most * length).bit_length() + 1 if most else 0)
        return Packing(self._components, tuple(bits))
