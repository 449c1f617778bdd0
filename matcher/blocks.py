"""The exact value of one (organisation, county): the organisation's branches against the county's schools.

Model of a block, for branches b with room c_b and schools s with places u (x: pair, z: load, y: places filled):

    min  sum w_bs x_bs + sum_b k_b(z_b) - sum_s a_s(y_s),   z_b = sum_s x_bs <= c_b,   y_s = sum_b x_bs,   x in {0, 1}

w is the value of a pair, a_s what the filled places cost while empty (the first place at least as much as a later
one), k_b the minima of branches. All are vectors over the objectives, packed into one integer whose fields are wide
enough for any sum along a path of the block, so that integer comparison is comparison of vectors.

With at most one place a school this is an assignment of schools to places of branches; otherwise it is solved by
successive shortest paths. Prices p_b, q_s come from shortest distances in the residual graph; for any prices

    sum min(0, w_bs - p_b - q_s) + sum over places of b of min(0, p_b + k_b) + sum over places of s of min(0, q_s - a_s)

is a lower bound on the block, and for these it is the value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matcher.arrays import BoolArray, IntArray
from matcher.joint_bounds import JointBounds
from matcher.joint_terms import JointTerms, Packing, has_school_rules
from matcher.problem import Problem

#: packed integers below this many bits are exact in the floats of the assignment
_FLOAT_BITS = 51


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One block in packed integers (`dtype` int64, or object where they are wider).

    Attributes
    ----------
    branches : (m,) int64
    schools : (n,) int64
        With at least one place each.
    value : (m, n)
        Packed value of each pair.
    allowed : (m, n) bool
    places : (n,) int64
        Places of each school.
    gain : (u,)
        Packed cost of each place while empty, in the order (school, place).
    room, least : (m,) int64
        Most and least schools of each branch.
    bonus : int
        Packed cost of one unmet minimum.
    packing
        How the integers are packed.
    """

    branches: IntArray
    schools: IntArray
    value: np.ndarray
    allowed: BoolArray
    places: IntArray
    gain: np.ndarray
    room: IntArray
    least: IntArray
    bonus: int
    packing: Packing

    @property
    def is_assignment(self) -> bool:
        """Whether no school has two places."""
        return len(self.gain) == len(self.schools)


class Blocks:
    """Exact values, pairs and prices of blocks, on demand.

    Parameters
    ----------
    problem, terms
        The problem, and its value vectors.
    bounds
        The lower bounds, which also give the county's part of a value.
    """

    def __init__(self, problem: Problem, terms: JointTerms, bounds: JointBounds):
        self.problem, self.terms, self.bounds = problem, terms, bounds
        self._plain = not has_school_rules(problem)
        self._was_pair = problem.facts.num_previous("school") > 0
        schools = problem.arrays.schools.parent[terms.pins["school"][:, 1]]
        self._pinned = {int(c): terms.pins["school"][schools == c] for c in np.unique(schools)}
        school_only = np.abs(np.column_stack([terms.school_travel, terms.school_kept, terms.school_pair])).any(axis=1)
        school_only |= np.abs(terms.unit_gain).max(axis=1, initial=0) > 0
        school_only[: terms.num_hard] = True
        self._components = tuple(int(c) for c in np.flatnonzero(school_only))
        self._largest_gain = self._largest_of_counties()
        parents = problem.arrays.schools.parent
        self._schools = {}
        self._places = {}
        for county in range(len(terms.unit_start) - 1):
            units = terms.unit_school[terms.unit_start[county] : terms.unit_start[county + 1]]
            self._schools[county], self._places[county] = np.unique(units, return_counts=True)
        assert len(parents) == len(problem.arrays.schools)

    def _largest_of_counties(self) -> IntArray:
        """(D, C) largest unit gain in each county."""
        terms = self.terms
        counties = len(terms.unit_start) - 1
        largest = np.zeros((terms.num_components, counties), dtype=np.int64)
        owner = np.repeat(np.arange(counties), np.diff(terms.unit_start))
        for c in range(terms.num_components):
            np.maximum.at(largest[c], owner, np.abs(terms.unit_gain[c]))
        return largest

    def is_allowed(self, organization: int, county: int) -> bool:
        """Whether organisation and county may be paired."""
        o, c = np.array([organization]), np.array([county])
        return bool(
            self.terms.county_open[county]
            and self.terms.organization_open[organization]
            and self.problem.allowed("county", o, c)[0]
        )

    def value(self, organization: int, county: int) -> list[int] | None:
        """Return the value vector of the pair, exact; None if it is not allowed."""
        if not self.is_allowed(organization, county):
            return None
        o, c = np.array([organization]), np.array([county])
        cost = self.problem.facts.cost("county", o, c)
        every = np.zeros(len(self.problem.arrays.organizations), dtype=np.int64)
        every[organization] = cost[0]
        vector = [int(x) for x in self._county_value(organization, county, int(cost[0]))]
        block = self.block(organization, county)
        if block is not None:
            total = _optimum(block)[0]
            for component, x in zip(block.packing.components, _fields(block.packing, total), strict=True):
                vector[component] += x
        return vector

    def _county_value(self, organization: int, county: int, cost: int) -> IntArray:
        terms = self.terms
        value = terms.county_pair + terms.county_travel * cost - terms.county_gain[:, county]
        o, c = np.array([organization]), np.array([county])
        if self.problem.facts.was_pair("county", o, c)[0]:
            value = value + terms.county_kept
        if terms.num_hard:
            pins = terms.pins["county"]
            value[0] -= terms.organization_min[organization]
            value[0] -= int(((pins[:, 0] == organization) & (pins[:, 1] == county)).any())
        return value

    def pairs(self, organization: int, county: int) -> IntArray:
        """Return (k, 2) int64: the (branch, school) pairs of an optimum of the block, by school, then branch."""
        block = self.block(organization, county)
        if block is None:
            return np.zeros((0, 2), dtype=np.int64)
        school, branch = np.nonzero(_optimum(block)[1].T)
        return np.column_stack([block.branches[branch], block.schools[school]])

    def prices(self, organization: int, county: int) -> tuple[IntArray, IntArray]:
        """Return (D, m) prices of the organisation's branches and (D, n) of the county's schools with places.

        Only the components that a certificate covers are kept.
        """
        branches = self.problem.arrays.rows_of("organizations", organization)
        branch_price = np.zeros((self.terms.num_components, len(branches)), dtype=np.int64)
        school_price = np.zeros((self.terms.num_components, len(self._schools[county])), dtype=np.int64)
        block = self.block(organization, county)
        if block is None and len(self._schools[county]):
            # without a branch every place stays empty: priced at what the first one costs
            units = slice(int(self.terms.unit_start[county]), int(self.terms.unit_start[county + 1]))
            first = np.searchsorted(self.terms.unit_school[units], self._schools[county])
            school_price = self.terms.unit_gain[:, units][:, first]
        if block is not None:
            packed_branch, packed_school = _prices(block, _optimum(block)[1])
            for packed, out in ((packed_branch, branch_price), (packed_school, school_price)):
                for position, price in enumerate(packed.tolist()):
                    for component, x in zip(block.packing.components, _fields(block.packing, price), strict=True):
                        out[component, position] = x
        claimed = self.terms.num_claimed
        return branch_price[:claimed], school_price[:claimed]

    def block(self, organization: int, county: int) -> Block | None:
        """Return the block in packed integers, None if there is nothing to decide."""
        terms, problem = self.terms, self.problem
        branches, schools = problem.arrays.rows_of("organizations", organization), self._schools[county]
        if not len(branches) or not len(schools):
            return None
        branch, school = branches[:, None], schools[None, :]
        cost = problem.facts.cost("school", branch, school)
        allowed = np.ones(cost.shape, dtype=np.bool_) if self._plain else problem.allowed("school", branch, school)
        extra: list[tuple[IntArray, BoolArray]] = []
        if self._was_pair:
            was_pair = problem.facts.was_pair("school", branch, school)
            if was_pair.any():
                extra.append((terms.school_kept, was_pair))
        if county in self._pinned:
            pins = self._pinned[county]
            pinned = ((branch[:, :, None] == pins[:, 0]) & (school[:, :, None] == pins[:, 1])).any(axis=2)
            if pinned.any():
                hard = np.zeros(terms.num_components, dtype=np.int64)
                hard[0] = -1
                extra.append((hard, pinned))
        packing = self._packing(county, int(cost.max(where=allowed, initial=0)), len(branches), len(schools), extra)
        exact = np.int64 if packing.width < 62 else object
        start, stop = terms.unit_start[county], terms.unit_start[county + 1]
        gain = np.zeros(stop - start, dtype=exact)
        for component, weight in zip(packing.components, packing.weights, strict=True):
            if terms.unit_gain[component, start:stop].any():
                gain = gain + terms.unit_gain[component, start:stop].astype(exact) * weight
        value = cost.astype(exact) * packing.weight_of(terms.school_travel) + packing.weight_of(terms.school_pair)
        for coefficients, where in extra:
            value = value + where.astype(exact) * packing.weight_of(coefficients)
        bonus = packing.weights[0] if terms.num_hard else 0
        most = len(gain)
        room, least = np.minimum(terms.branch_max[branches], most), np.minimum(terms.branch_min[branches], most)
        return Block(branches, schools, value, allowed, self._places[county], gain, room, least, bonus, packing)

    def _packing(
        self, county: int, farthest: int, m: int, n: int, extra: list[tuple[IntArray, BoolArray]]
    ) -> Packing:
        """Return fields wide enough for any sum along a path through the block."""
        terms = self.terms
        length = m + n + 2 + int(terms.unit_start[county + 1] - terms.unit_start[county])
        bits = []
        for c in self._components:
            most = int(self._largest_gain[c, county]) + abs(int(terms.school_pair[c]))
            most += farthest * abs(int(terms.school_travel[c])) + sum(abs(int(kept[c])) for kept, _ in extra)
            if terms.num_hard and c == 0:
                most += 1
            bits.append((most * length).bit_length() + 1)
        return Packing(self._components, tuple(bits))


def _fields(packing: Packing, packed: int) -> list[int]:
    """Return the fields of one packed integer."""
    out = []
    for bits in reversed(packing.bits):
        half = 1 << (bits - 1)
        field = ((packed + half) & ((1 << bits) - 1)) - half
        out.append(field)
        packed = (packed - field) >> bits
    return out[::-1]


def _optimum(block: Block) -> tuple[int, BoolArray]:
    """Return the packed optimum and (m, n) bool: the chosen pairs."""
    if block.is_assignment and block.packing.width <= _FLOAT_BITS:
        return _assign(block)
    return _augment(block)


def _assign(block: Block) -> tuple[int, BoolArray]:
    """Solve a block whose schools have one place each: schools to places of branches, a place left empty costs 0."""
    from scipy.optimize import linear_sum_assignment

    net = np.where(block.allowed, block.value - block.gain, 0)
    place_of = np.repeat(np.arange(len(block.room)), block.room)
    net = net[place_of]
    if block.least.any():
        rank = np.arange(len(place_of)) - np.repeat(np.cumsum(block.room) - block.room, block.room)
        needed = rank < block.least[place_of]
        net = np.where(block.allowed[place_of] & needed[:, None], net - block.bonus, net)
    net = np.minimum(net, 0)
    rows, columns = linear_sum_assignment(net)
    taken = net[rows, columns]
    chosen = np.zeros(block.allowed.shape, dtype=np.bool_)
    used = taken < 0
    chosen[place_of[rows[used]], columns[used]] = True
    return int(taken.sum()), chosen


def _augment(block: Block) -> tuple[int, BoolArray]:
    """Solve a block by successive shortest paths (Bellman and Ford) in Python's integers, which can't overflow."""
    m, n = block.allowed.shape
    value, gain = block.value.tolist(), block.gain.tolist()
    arcs = [[s for s in range(n) if block.allowed[b, s]] for b in range(m)]
    first = (np.cumsum(block.places) - block.places).tolist()
    room, least, places = block.room.tolist(), block.least.tolist(), block.places.tolist()
    chosen = [[False] * n for _ in range(m)]
    load, filled, total = [0] * m, [0] * n, 0
    while True:
        at_branch: list[int | None] = [
            (-block.bonus if load[b] < least[b] else 0) if load[b] < room[b] else None for b in range(m)
        ]
        at_school: list[int | None] = [None] * n
        from_school, from_branch = [-1] * m, [-1] * n
        moved = True
        while moved:
            moved = False
            for b in range(m):
                here = at_branch[b]
                if here is None:
                    continue
                for s in arcs[b]:
                    there = at_school[s]
                    if not chosen[b][s] and (there is None or here + value[b][s] < there):
                        at_school[s], from_branch[s], moved = here + value[b][s], b, True
            for b in range(m):
                for s in arcs[b]:
                    there, here = at_school[s], at_branch[b]
                    if chosen[b][s] and there is not None and (here is None or there - value[b][s] < here):
                        at_branch[b], from_school[b], moved = there - value[b][s], s, True
        ends = [
            (distance - gain[first[s] + filled[s]], s)
            for s, distance in enumerate(at_school)
            if distance is not None and filled[s] < places[s]
        ]
        if not ends or min(ends)[0] >= 0:
            break
        cost, s = min(ends)
        total += cost
        filled[s] += 1
        while True:
            b = from_branch[s]
            chosen[b][s] = True
            if from_school[b] < 0:
                load[b] += 1
                break
            s = from_school[b]
            chosen[b][s] = False
    return total, np.array(chosen, dtype=np.bool_).reshape(m, n)


def _prices(block: Block, chosen: BoolArray) -> tuple[np.ndarray, np.ndarray]:
    """Return packed prices of branches and schools: shortest distances from the source in the residual graph."""
    load, filled = chosen.sum(axis=1), chosen.sum(axis=0)
    last = np.cumsum(block.places) - block.places + filled - 1
    exact = object if block.packing.width >= 60 else np.int64
    far = np.array(1 << (block.packing.width + 1), dtype=exact)
    value = block.value.astype(exact)
    start_branch = np.full(len(load), far.item(), dtype=exact)
    spare = load < block.room
    next_place = np.zeros(len(load), dtype=exact)
    next_place[load < block.least] = -block.bonus
    start_branch[spare] = next_place[spare]
    start_school = np.full(len(filled), far.item(), dtype=exact)
    start_school[filled > 0] = block.gain[last[filled > 0]]
    branch, school = start_branch, start_school
    forward = block.allowed & ~chosen
    while True:
        to_school = np.where(forward, branch[:, None] + value, far).min(axis=0)
        school_next = np.minimum(school, to_school)
        to_branch = np.where(chosen, school_next[None, :] - value, far).min(axis=1)
        branch_next = np.minimum(branch, to_branch)
        if (school_next == school).all() and (branch_next == branch).all():
            break
        branch, school = branch_next, school_next
    # what the source can't reach carries nothing: any price that leaves no reduced cost negative will do
    stranded = school >= far // 2
    school = np.where(stranded, block.gain[np.cumsum(block.places) - block.places], school)
    closed = branch >= far // 2
    reduced = np.where(block.allowed, value - school[None, :], 0).min(axis=1, initial=0)
    price: np.ndarray = np.where(closed, np.minimum(reduced, 0), -branch)
    return price, school
