"""A cheap lower bound on the value vector of every (organisation, county), recomputed from the input alone.

Relaxation: every place of every school takes the nearest branch of the organisation that might be allowed, by a lower
bound on its cost, as if that branch were free; of these gains the organisation takes the best ones, as many as its
branches have places. A gain is compared as a vector, so the bound holds in the order of the objectives. No solver is
used here: the solver prunes with this bound and the checker recomputes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from matcher.base.errors import Fault, InvalidInput
from matcher.base.numbers import BoolArray, FloatArray, IntArray
from matcher.geo import ecef
from matcher.problem.problem import Problem
from matcher.proof.joint_terms import JointTerms, Packing, has_school_rules, packings

#: lower bounds of distance stay below this many metres (or seconds); a cell without any branch holds it
NO_BRANCH = np.int64(2**40)
#: bits of a packed gain
_LIMIT = 62
#: taken off a chord for its rounding, in metres (see `geo.chord_floor_m`)
_SLACK_M = 1e-6
#: a^2 / b of WGS-84, rounded up: a larger radius gives a lower bound
_LARGEST_RADIUS_M = 6399593.7


def arc_floor_m(square: FloatArray) -> IntArray:
    """Return a lower bound on `geo.pair_m` in whole metres, from the squared chord in square metres.

    No curve on the ellipsoid bends less than a circle of its largest radius of curvature R = a^2 / b, and the ellipsoid
    lies inside the ball of that radius that touches it at any of its points (Blaschke's rolling theorem). For half the
    squared chord f(t) along a geodesic from its start both give f'' <= 1 - f / R^2, so the chord is at most
    2 R sin(t / 2 R): the geodesic is at least 2 R asin(chord / 2 R), of which the first terms of the series are taken.
    """
    x2 = square * (1.0 / (4.0 * _LARGEST_RADIUS_M**2))
    metres = np.sqrt(square)
    metres *= 1.0 + x2 * (1.0 / 6.0 + x2 * (3.0 / 40.0 + x2 * (5.0 / 112.0)))
    return np.floor(np.maximum(metres - _SLACK_M, 0.0)).astype(np.int64)


def farthest(problem: Problem, level: str) -> int:
    """Return an upper bound on the cost of any allowed pair of `level`.

    In metres: no geodesic is longer than 1.6 chords (pi / 2 on a sphere, a / b more on the ellipsoid).

    Raises
    ------
    InvalidInput
        If a declared speed is so low that an estimate of travel time reaches what stands for "no travel time".
    """
    known = problem.facts.farthest
    if level not in known:
        known[level] = _farthest(problem, level)
    return known[level]


def _farthest(problem: Problem, level: str) -> int:
    providers, recipients = problem.arrays.sides(level)
    points = ecef(np.concatenate([providers.lat, recipients.lat]), np.concatenate([providers.lon, recipients.lon]))
    if not len(points):
        return 1
    metres = int(1.6 * float(np.sqrt(np.square(points.max(axis=0) - points.min(axis=0)).sum()))) + 1
    if problem.facts.unit(level) == "km":
        return metres + problem.facts.most_surcharge(level)
    travel = problem.facts.travel
    if travel.speed_kmh is not None and metres * travel.detour_factor * 3.6 / travel.speed_kmh >= NO_BRANCH / 2:
        reason = f"{metres} m: >= 2**39 s"
        details = {"reason": reason}
        raise InvalidInput([Fault("invalid_value", "policy", None, "speed_kmh", travel.speed_kmh, details=details)])
    return int(NO_BRANCH)


class JointBounds:
    """Lower bounds on the value vectors of all (organisation, county), one county at a time.

    Parameters
    ----------
    problem, terms
        The problem, and its value vectors.
    """

    def __init__(self, problem: Problem, terms: JointTerms):
        self.problem, self.terms = problem, terms
        arrays = problem.arrays
        self._arrays = arrays
        start, order = arrays.branches_of
        self._branches = order
        self._owners = np.flatnonzero(np.diff(start) > 0)
        self._begin = start[self._owners]
        self._plain = not has_school_rules(problem) and problem.facts.is_geodesic("school")
        self._organizations = np.arange(len(arrays.organizations), dtype=np.int64)
        self._groups = self._pack_gains()
        self._unit_keys = [group.pack(terms.unit_gain - terms.school_pair[:, None]) for group in self._groups]
        self._travel = [group.weight_of(terms.school_travel) for group in self._groups]

    def _pack_gains(self) -> tuple[Packing, ...]:
        """Group the components that schools have a say in; sums over one county fit their fields."""
        terms = self.terms
        units = int(np.diff(terms.unit_start).max(initial=0)) + 1
        components, largest = [], []
        most_cost = farthest(self.problem, "school")
        for c in range(terms.num_components):
            gain = int(np.abs(terms.unit_gain[c]).max(initial=0)) + abs(int(terms.school_pair[c]))
            gain += abs(int(terms.school_kept[c])) + (1 if terms.num_hard and c == 0 else 0)
            gain += most_cost * abs(int(terms.school_travel[c]))
            if gain:
                components.append(c)
                largest.append(gain * units)
        groups = packings(components, largest, _LIMIT)
        if any(group.width > _LIMIT for group in groups):
            wide = max(largest)
            details = {"level": terms.names[components[largest.index(wide)]], "magnitude": wide, "nodes": units}
            raise InvalidInput(
                [Fault("cost_range", "policy", value=wide, details={**details, "most": 2 ** (_LIMIT - 1)})]
            )
        return groups

    @cached_property
    def _seats(self) -> tuple[tuple[np.ndarray, ...], np.ndarray, IntArray]:
        """Earth-centred coordinates of the distinct points of each organisation's branches, and where they begin."""
        branches = self._arrays.branches
        owner = branches.parent[self._branches]
        points = np.column_stack([owner, branches.lat[self._branches], branches.lon[self._branches]])
        distinct = np.unique(points, axis=0)
        xyz = ecef(distinct[:, 1], distinct[:, 2])
        begin = np.searchsorted(distinct[:, 0], self._owners)
        schools = self._arrays.schools
        return (xyz[:, 0].copy(), xyz[:, 1].copy(), xyz[:, 2].copy()), ecef(schools.lat, schools.lon), begin

    def school_floor(self, county: int) -> IntArray:
        """Return (n, O) int64: a lower bound on the least cost of each school of `county` to each organisation.

        The least is over the branches that might be allowed; `NO_BRANCH` where there is none.
        """
        schools = self._arrays.rows_of("counties", county)
        floor = np.full((len(schools), len(self._organizations)), NO_BRANCH, dtype=np.int64)
        if not len(schools) or not len(self._owners):
            return floor
        if self._plain:
            seats, school_xyz, begin = self._seats
            square = np.zeros((len(schools), len(seats[0])))
            for axis in range(3):
                difference = seats[axis] - school_xyz[schools, axis][:, None]
                square += np.square(difference, out=difference)
            floor[:, self._owners] = arc_floor_m(np.minimum.reduceat(square, begin, axis=1))
            return floor
        branch, school = self._branches[None, :], schools[:, None]
        cost = self.problem.facts.cost_floor("school", branch, school)
        cost = np.where(self.problem.may_allow("school", branch, school), cost, NO_BRANCH)
        floor[:, self._owners] = np.minimum(np.minimum.reduceat(cost, self._begin, axis=1), NO_BRANCH)
        return floor

    @cached_property
    def _school_rows(self) -> tuple[tuple[IntArray, IntArray, IntArray], ...]:
        """What pairs of last year and pins at schools gain, those pairs by county, and where each county begins."""
        terms, arrays = self.terms, self._arrays
        kept = np.maximum(-terms.school_kept, 0)
        hard = np.zeros(terms.num_components, dtype=np.int64)
        if terms.num_hard:
            hard[0] = 1
        found = []
        for gain, rows in ((kept, self.problem.facts.previous_pairs("school")), (hard, terms.pins["school"])):
            rows = rows if gain.any() else rows[:0]
            county = arrays.schools.parent[rows[:, 1]]
            order = np.lexsort((rows[:, 1], rows[:, 0], county))
            begin = np.searchsorted(county[order], np.arange(len(arrays.counties) + 1))
            found.append((gain, rows[order], begin))
        return tuple(found)

    def _sparse(self, county: int) -> tuple[IntArray, IntArray, IntArray] | None:
        """(organisation, unit, component gain column) of pairs of last year and pins at the county's schools."""
        terms, arrays = self.terms, self._arrays
        found: list[tuple[int, int, IntArray]] = []
        units = terms.unit_school[terms.unit_start[county] : terms.unit_start[county + 1]]
        for gain, pairs, begin in self._school_rows:
            rows = pairs[begin[county] : begin[county + 1]]
            used: dict[tuple[int, int], int] = {}
            first = np.searchsorted(units, rows[:, 1])
            for (branch, school), at in zip(rows.tolist(), first.tolist(), strict=True):
                owner = int(arrays.branches.parent[branch])
                place = used.get((owner, school), 0)
                unit = at + place
                if unit < len(units) and units[unit] == school:
                    used[owner, school] = place + 1
                    found.append((owner, unit, gain))
        if not found:
            return None
        return (
            np.array([row[0] for row in found], dtype=np.int64),
            np.array([row[1] for row in found], dtype=np.int64),
            np.array([row[2] for row in found], dtype=np.int64).T,
        )

    @cached_property
    def _room(self) -> IntArray:
        """(O,) places of all branches of each organisation, bounded to stay far from overflow."""
        owner = self._arrays.branches.parent
        most = np.minimum(self.terms.branch_max, len(self.terms.unit_school))
        return np.bincount(owner, weights=most, minlength=len(self._organizations)).astype(np.int64)

    @cached_property
    def branch_minima(self) -> IntArray:
        """(O,) minima of all branches of each organisation, bounded to stay far from overflow."""
        owner = self._arrays.branches.parent
        least = np.minimum(self.terms.branch_min, len(self.terms.unit_school))
        return np.bincount(owner, weights=least, minlength=len(self._organizations)).astype(np.int64)

    @cached_property
    def _county_sparse(self) -> dict[str, dict[int, IntArray]]:
        """Organisations paired with each county last year, and pinned to it."""
        found = {}
        for name, rows in (("kept", self.problem.facts.previous_pairs("county")), ("pin", self.terms.pins["county"])):
            rows = rows[np.lexsort((rows[:, 0], rows[:, 1]))]
            counties, begin = np.unique(rows[:, 1], return_index=True)
            ends = [*begin.tolist(), len(rows)]
            found[name] = {c: rows[ends[i] : ends[i + 1], 0] for i, c in enumerate(counties.tolist())}
        return found

    def open_pairs(self, county: int) -> BoolArray:
        """Return (O,) bool: a superset of the organisations that may be paired with `county`."""
        if not self.terms.county_open[county]:
            return np.zeros(len(self._organizations), dtype=np.bool_)
        may = self.problem.may_allow("county", self._organizations, np.array(county))
        open_pairs: BoolArray = may & self.terms.organization_open
        return open_pairs

    def county_part(self, county: int, cost: IntArray) -> IntArray:
        """Return (D, O): value vectors of pairing `county` with each organisation, its schools left aside.

        `cost` (O,) is that of the pairs at county level, or a lower bound on it.
        """
        terms = self.terms
        value = terms.county_pair[:, None] + terms.county_travel[:, None] * cost - terms.county_gain[:, county, None]
        kept = self._county_sparse["kept"].get(county)
        if kept is not None:
            value[:, kept] += terms.county_kept[:, None]
        if terms.num_hard:
            value[0] -= terms.organization_min
            value[0, self._county_sparse["pin"].get(county, np.zeros(0, dtype=np.int64))] -= 1
        return value

    def county_value(self, organization: int, county: int, cost: int) -> list[int]:
        """Return the value vector of one pair, its schools left aside; `cost` is that of the pair."""
        terms = self.terms
        value = terms.county_pair + terms.county_travel * cost - terms.county_gain[:, county]
        if organization in self._county_sparse["kept"].get(county, ()):
            value += terms.county_kept
        if terms.num_hard:
            value[0] -= terms.organization_min[organization]
            value[0] -= organization in self._county_sparse["pin"].get(county, ())
        found: list[int] = value.tolist()
        return found

    def of_county(self, county: int) -> tuple[IntArray, BoolArray]:
        """Return (D, O) lower bounds on the value vectors of `county`, and (O,) which pairs may be allowed at all."""
        floor = self.problem.facts.cost_floor("county", self._organizations, np.array(county))
        open_pairs = self.open_pairs(county)
        value = self.county_part(county, np.where(open_pairs, floor, 0))
        gains = np.zeros_like(value)
        for group, total in zip(self._groups, self._gains(county), strict=True):
            group.unpack(total, gains)
        value -= gains
        if self.terms.num_hard:
            value[0] -= self.branch_minima
        return value, open_pairs

    def of_organization(self, organization: int) -> tuple[IntArray, BoolArray]:
        """Return (D, C) lower bounds on the value vectors of `organization`, and (C,) which pairs may be allowed.

        What `of_county` says of this organisation at each county.
        """
        terms, counties = self.terms, np.arange(len(self._arrays.counties))
        own = np.full(len(counties), organization)
        may = self.problem.may_allow("county", own, counties)
        open_pairs: BoolArray = may & terms.county_open & bool(terms.organization_open[organization])
        cost = np.where(open_pairs, self.problem.facts.cost_floor("county", own, counties), 0)
        value = terms.county_pair[:, None] + terms.county_travel[:, None] * cost - terms.county_gain
        kept, pinned = (
            [county for county, near in self._county_sparse[name].items() if organization in near]
            for name in ("kept", "pin")
        )
        value[:, kept] += terms.county_kept[:, None]
        if terms.num_hard:
            value[0] -= terms.organization_min[organization] + self.branch_minima[organization]
            value[0, pinned] -= 1
        gains = np.zeros_like(value)
        for group, total in zip(self._groups, self._gains_of(organization), strict=True):
            group.unpack(total, gains)
        return value - gains, open_pairs

    def _gains_of(self, organization: int) -> Iterator[IntArray]:
        """Yield for each group of components (C,) the largest packed gain of each county's schools."""
        terms = self.terms
        start, size = terms.unit_start, len(terms.unit_school)
        county = np.repeat(np.arange(len(start) - 1), np.diff(start))
        floor = self._floor_of(organization)[terms.unit_school]
        nowhere = floor == NO_BRANCH
        floor = np.where(nowhere, 0, floor)
        near = [rows[self._arrays.branches.parent[rows[:, 0]] == organization, 1] for _, rows, _ in self._school_rows]
        for group, unit_key, travel in zip(self._groups, self._unit_keys, self._travel, strict=True):
            key = unit_key - travel * floor
            for at in np.unique(self._arrays.schools.parent[np.concatenate(near)]).tolist():
                sparse = self._sparse(at)
                if sparse is not None:
                    owner, unit, gain = sparse
                    mine = owner == organization
                    np.add.at(key, start[at] + unit[mine], group.pack(gain[:, mine]))
            key[nowhere] = 0
            np.maximum(key, 0, out=key)
            order = np.lexsort((-key, county))
            taken = np.arange(size) - start[county] < self._room[organization]
            running = np.concatenate([[0], np.cumsum(np.where(taken, key[order], 0))])
            yield running[start[1:]] - running[start[:-1]]

    def _floor_of(self, organization: int) -> IntArray:
        """Return (S,) a lower bound on the least cost of each school to the organisation, `NO_BRANCH` for nobody."""
        branches = self._arrays.rows_of("organizations", organization)
        schools = np.arange(len(self._arrays.schools))
        if not len(branches):
            return np.full(len(schools), NO_BRANCH)
        if self._plain:
            seats, school_xyz, begin = self._seats
            at = int(np.searchsorted(self._owners, organization))
            stop = int(begin[at + 1]) if at + 1 < len(begin) else len(seats[0])
            mine = np.column_stack(seats)[int(begin[at]) : stop]
            return arc_floor_m(np.square(mine[:, None] - school_xyz[None]).sum(axis=2).min(axis=0))
        branch, school = branches[:, None], schools[None, :]
        cost = self.problem.facts.cost_floor("school", branch, school)
        cost = np.where(self.problem.may_allow("school", branch, school), cost, NO_BRANCH)
        least: IntArray = np.minimum(cost.min(axis=0), NO_BRANCH)
        return least

    def _gains(self, county: int) -> Iterator[IntArray]:
        """Yield for each group of components (O,) the largest packed gain of the county's schools."""
        terms = self.terms
        start, stop = int(terms.unit_start[county]), int(terms.unit_start[county + 1])
        if start == stop:
            for _ in self._groups:
                yield np.zeros(len(self._organizations), dtype=np.int64)
            return
        schools = self._arrays.rows_of("counties", county)
        row = np.searchsorted(schools, terms.unit_school[start:stop])
        floor = self.school_floor(county)
        if not np.array_equal(row, np.arange(len(schools))):
            floor = floor[row]
        nowhere = (floor == NO_BRANCH).T
        floor = np.where(nowhere, 0, floor.T)
        sparse = self._sparse(county)
        for group, unit_key, travel in zip(self._groups, self._unit_keys, self._travel, strict=True):
            # units in columns: the best of each organisation are then sorted along contiguous memory
            key = unit_key[start:stop] - travel * floor
            if sparse is not None:
                owner, unit, gain = sparse
                np.add.at(key, (owner, unit), group.pack(gain))  # nobody near: cleared below
            key[nowhere] = 0
            np.maximum(key, 0, out=key)
            total = key.sum(axis=1)
            short = np.flatnonzero(np.count_nonzero(key, axis=1) > self._room)
            if len(short):
                ordered = -np.sort(-key[short], axis=1)
                taken = np.arange(ordered.shape[1]) < self._room[short, None]
                total[short] = np.where(taken, ordered, 0).sum(axis=1)
            yield total
