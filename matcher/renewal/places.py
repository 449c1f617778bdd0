"""Places of one entity in the order of what they cost the plan: county pairs by bounds, school pairs inside a block."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from matcher.methods.joint.block_flow import Block, optimum
from matcher.methods.joint.blocks import SolvedBlock
from matcher.renewal.reassignment import Decision, Reassignment

#: kind of entity -> its table
TABLES = {"organization": "organizations", "county": "counties", "branch": "branches", "school": "schools"}
Vector = tuple[int, ...]
#: a pair of positions, the value of the plan with it, and the pairs that end, as ids
Place = tuple[tuple[int, int], Vector, list[tuple[str, str]]]


class CountyPlaces:
    """Places of an organisation or a county, in the order of their exact values."""

    def __init__(self, again: Reassignment, base: Decision, kind: str, known: str):
        self.again, self.base = again, base
        arrays = again.problem.arrays
        self.kept_at = {organization: county for county, organization in again.kept.items()}
        fixed_pins = {(int(o), int(c)) for o, c in again.problem.pins["county"]}
        pinned = {o for o, _ in fixed_pins}, {c for _, c in fixed_pins}
        organizations = np.flatnonzero(again.problem.capacity("county")[:, 1] > 0)
        counties = np.flatnonzero(again.problem.demand("county")[:, 1] > 0)
        if kind == "organization":
            organizations = np.array([arrays.organizations.index[known]])
        else:
            counties = np.array([arrays.counties.index[known]])
        self.by_row = kind == "county"
        row, column = np.meshgrid(organizations, counties, indexing="ij")
        pairs = np.column_stack([row.reshape(-1), column.reshape(-1)])
        allowed = again.problem.allowed("county", pairs[:, 0], pairs[:, 1])
        allowed &= (again.problem.capacity("county")[pairs[:, 0], 1] > 0) & (
            again.problem.demand("county")[pairs[:, 1], 1] > 0
        )
        self.pairs = [
            (o, c)
            for o, c in pairs[allowed].tolist()
            if (o, c) in fixed_pins or (o not in pinned[0] and c not in pinned[1])
        ]

    def lost(self, organization: int, county: int) -> list[tuple[int, int]]:
        """Return the kept pairs that end with the pair."""
        found = []
        if self.again.kept.get(county, organization) != organization:
            found.append((self.again.kept[county], county))
        other = self.kept_at.get(organization, county)
        if other != county:
            found.append((organization, other))
        return found

    def best(self, k: int) -> Iterator[Place]:
        """Yield the k best pairs with the value of the plan and the pairs that end."""
        nodes = self.again.problem.arrays
        for pair, total in _least(self._bounds(), self._value, k):
            named = [(nodes.organizations.ids[o], nodes.counties.ids[c]) for o, c in self.lost(*pair)]
            yield pair, total, named

    def _bounds(self) -> Iterator[tuple[Vector, tuple[int, int]]]:
        """Yield every pair with a lower bound on its value, group by group: what is certainly lost comes first."""
        groups: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for pair in self.pairs:
            lost = self.lost(*pair)
            schools = sum(int(self._part_value(*each)[1]) for each in lost)
            groups.setdefault((len(lost), -schools), []).append(pair)
        hard = self.again.rest.terms.num_hard
        claimed = slice(hard, self.again.rest.terms.num_claimed)
        whole = np.array(self.again.rest.terms.base[claimed], dtype=object)
        for county, organization in self.again.kept.items():
            whole += self._part_value(organization, county)
        for key in sorted(groups):
            found = []
            for organization, county in groups[key]:
                least = whole.copy()
                for each in self.lost(organization, county):
                    least -= self._part_value(*each)
                if self.again.kept.get(county) != organization:
                    least += self._pair_bound(organization, county)[claimed]
                for other in self._left(organization, county):
                    least += self._row_bound(other)
                found.append((tuple(int(x) for x in least), (organization, county)))
            yield from sorted(found)

    def _part_value(self, organization: int, county: int) -> Any:
        position = self.again.carried(organization, county)
        return self.again.part(organization, county).value if position is None else self.again.standing.values[position]

    def _left(self, organization: int, county: int) -> set[int]:
        """Return the counties that have no kept partner beside the pair."""
        left = set(self.base.counties.tolist()) - {county}
        return left | {c for _, c in self.lost(organization, county) if c != county}

    def _pair_bound(self, organization: int, county: int) -> Any:
        if self.by_row:
            return self.again.rest.row(county)[0][:, organization].astype(object)
        vector = self.again.rest.value(organization, county)
        assert vector is not None
        return np.array(vector, dtype=object)

    def _row_bound(self, county: int) -> Any:
        """Return the least that a county without a kept partner can bring, 0 or better."""
        terms = self.again.rest.terms
        value, open_pairs = self.again.rest.row(county)
        columns = value[terms.num_hard : terms.num_claimed, open_pairs].T
        columns = columns[np.lexsort(columns.T[::-1])][:1].astype(object)
        zero = [0] * (terms.num_claimed - terms.num_hard)
        return np.array(min([zero, *columns.tolist()]), dtype=object)

    def _value(self, pair: tuple[int, int]) -> Vector | None:
        fixed = self.again.fixed(pair)
        decision = None if fixed is None else self.again.decide(fixed)
        return None if decision is None else decision.total


def _least(
    bounds: Iterator[tuple[Vector, tuple[int, int]]], value: Callable[[tuple[int, int]], Vector | None], k: int
) -> Iterator[tuple[tuple[int, int], Vector]]:
    """Yield the k pairs of least value (ties by position), given all pairs in the order of lower bounds on it."""
    exact: list[tuple[Vector, tuple[int, int]]] = []
    waiting = next(bounds, None)
    for _ in range(k):
        while waiting is not None and (not exact or waiting[0] <= exact[0][0]):
            total = value(waiting[1])
            if total is not None:
                heapq.heappush(exact, (total, waiting[1]))
            waiting = next(bounds, None)
        if not exact:
            return
        total, pair = heapq.heappop(exact)
        yield pair, total


class SchoolPlaces:
    """Places of a branch or a school inside its county pair."""

    def __init__(self, again: Reassignment, base: Decision, kind: str, known: str):
        self.again, self.base = again, base
        arrays = again.problem.arrays
        rest = zip(base.counties.tolist(), base.organization_of.tolist(), strict=True)
        partner = {**base.fixed, **{county: organization for county, organization in rest if organization >= 0}}
        position = getattr(arrays, TABLES[kind]).index[known]
        parent = int(getattr(arrays, TABLES[kind]).parent[position])
        couples = [(o, c) for c, o in partner.items() if parent == (c if kind == "school" else o)]
        self.couple = couples[0] if couples else None
        self.pairs: list[tuple[int, int]] = []
        if self.couple is None:
            return
        branches, schools = np.array([position]), np.array([position])
        if kind == "school":
            branches = arrays.rows_of("organizations", self.couple[0])
        else:
            schools = arrays.rows_of("counties", self.couple[1])
        for branch in branches.tolist():
            for school in schools.tolist():
                wanted = again.problem.capacity("school")[branch, 1] and again.problem.demand("school")[school, 1]
                if wanted and again.problem.allowed("school", np.array([branch]), np.array([school]))[0]:
                    self.pairs.append((branch, school))

    def best(self, k: int) -> list[Place]:
        """Return the k best pairs with the value of the plan and the pairs that end.

        With a pair agreed on, the best of its block is the pair and the best of what is left of the block.
        """
        if self.couple is None or self.base.total is None:
            return []
        rest = self.again.rest
        hard, claimed = rest.terms.num_hard, rest.terms.num_claimed
        solved = rest.blocks.solved(*self.couple)
        if solved is None:
            return []
        now = self._fields(solved, solved.total)
        found = []
        for branch, school in self.pairs:
            at = int(np.searchsorted(solved.block.branches, branch)), int(np.searchsorted(solved.block.schools, school))
            total, chosen = agreed_block(solved.block, *at)
            change = [x - y for x, y in zip(self._fields(solved, total), now, strict=True)]
            if hard and change[0] > 0:
                continue  # it breaks a pin
            value = tuple(x + y for x, y in zip(self.base.total, change[hard:claimed], strict=True))
            found.append((value, (branch, school), chosen))
        found.sort(key=lambda place: place[:2])
        return [(pair, value, self._ended(chosen, self.couple)) for value, pair, chosen in found[:k]]

    def _fields(self, solved: SolvedBlock, total: int) -> list[int]:
        vector = [0] * self.again.rest.terms.num_components
        packing = solved.block.packing
        for component, x in zip(packing.components, packing.fields(total), strict=True):
            vector[component] = x
        return vector

    def _ended(self, now: np.ndarray, couple: tuple[int, int]) -> list[tuple[str, str]]:
        problem = self.again.problem
        previous = problem.facts.previous_pairs("school")
        arrays = problem.arrays
        inside = (arrays.branches.parent[previous[:, 0]] == couple[0]) & (
            arrays.schools.parent[previous[:, 1]] == couple[1]
        )
        kept = set(map(tuple, now.tolist()))
        gone = [pair for pair in previous[inside].tolist() if tuple(pair) not in kept]
        return [(arrays.branches.ids[branch], arrays.schools.ids[school]) for branch, school in gone]


def agreed_block(block: Block, branch: int, school: int) -> tuple[int, np.ndarray]:
    """Return the packed optimum of a block with one pair agreed on (rows of the block), and its (k, 2) pairs."""
    own = slice(int(block.places[:school].sum()), int(block.places[: school + 1].sum()))
    places, room, least, allowed = block.places.copy(), block.room.copy(), block.least.copy(), block.allowed.copy()
    first = int(block.gain[own.start])
    places[school] -= 1
    bonus = block.bonus if least[branch] > 0 else 0
    room[branch] -= 1
    least[branch] = max(0, least[branch] - 1)
    allowed[branch, school] = False
    left = np.flatnonzero(places > 0)
    rest = replace(
        block,
        schools=block.schools[left],
        value=block.value[:, left],
        allowed=allowed[:, left],
        places=places[left],
        gain=np.delete(block.gain, own.start),
        room=room,
        least=least,
    )
    total, chosen = optimum(rest) if len(left) else (0, np.zeros((len(room), 0), dtype=np.bool_))
    rows, columns = np.nonzero(chosen)
    pairs = np.column_stack([block.branches[rows], rest.schools[columns]])
    pairs = np.concatenate([pairs, [[block.branches[branch], block.schools[school]]]])
    return int(total) + int(block.value[branch, school]) - first - bonus, pairs
