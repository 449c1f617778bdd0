"""The best places for an arrival, or for anyone who may move: what each would cost the plan, and whom it would displace.

A place is a pair. What it costs is the difference of two replannings (`matcher.replan`), one with the pair agreed on and
one without: level by level, exact where both are.

How the best are found without trying all: a county pair that displaces others loses so many kept county pairs, and so
many kept school pairs inside them, whatever else is decided. Candidates are looked at in that order, and among equals in
the order of a lower bound on the rest, until the next bound is no better than the k-th exact value.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.block_flow import Block, optimum
from matcher.blocks import Solved
from matcher.errors import Fault, InvalidInput
from matcher.events import Agreed, Event, Joins, events_of
from matcher.facts import M_PER_KM
from matcher.joint import levels_of
from matcher.model import Branch, County, Organization, School
from matcher.problem import Problem
from matcher.reassignment import Decision, Reassignment
from matcher.replanning import Case, case_of, replan
from matcher.result import Level

if TYPE_CHECKING:
    from matcher.plan import Plan

#: kind of entity -> its table, the level it is paired at, and which side it is
_KINDS = {
    "organization": ("organizations", "county", 0),
    "county": ("counties", "county", 1),
    "branch": ("branches", "school", 0),
    "school": ("schools", "school", 1),
}
Entity = str | tuple[str, str] | Organization | Branch | County | School | Event | Mapping[str, Any]
Vector = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Recommendation:
    """One place: a pair, and what the plan would be with it.

    Attributes
    ----------
    level, provider_id, recipient_id
        The pair.
    km
        How far.
    exact
        Whether every level is proved; else `levels` have bounds.
    levels
        Of the replanned plan with the pair agreed on.
    cost
        Level -> how much worse it is than replanning without this pair, in the level's exact unit (never better at the
        first level that differs).
    displaces
        Pairs of the plan at the same level that would end: (provider id, recipient id).
    """

    level: str
    provider_id: str
    recipient_id: str
    km: float
    exact: bool
    levels: tuple[Level, ...]
    cost: Mapping[str, int]
    displaces: tuple[tuple[str, str], ...]

    @property
    def event(self) -> Agreed:
        """The event that `replan` takes, after that of the arrival, to follow the recommendation."""
        return Agreed(level=self.level, provider_id=self.provider_id, recipient_id=self.recipient_id)  # type: ignore[arg-type]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values (format `matcher.recommendation/1`)."""
        return {
            "format": "matcher.recommendation/1",
            "level": self.level,
            "provider_id": self.provider_id,
            "recipient_id": self.recipient_id,
            "km": self.km,
            "exact": self.exact,
            "levels": [level.to_json() for level in self.levels],
            "cost": dict(self.cost),
            "displaces": [list(pair) for pair in self.displaces],
        }


def recommend(plan: Plan, entity: Entity, *, k: int = 5) -> tuple[Recommendation, ...]:
    """Return the k best places for `entity`, best first.

    Parameters
    ----------
    plan
        The plan as it stands.
    entity
        An arrival: a record, or an event `Joins` (an organisation with its branches, a county with its schools). Or one
        who is there: (kind, id) or "kind:id", with the kinds organization, branch, county and school.
    k
        How many; fewer where there are fewer places. A branch or school has places inside its county pair only.

    Raises
    ------
    InvalidInput
        If the entity is unknown or faulty, or k is below 1.

    Examples
    --------
    >>> import matcher
    >>> county = matcher.County(id="C1", lat=26.2, lon=105.5)
    >>> some = [matcher.Organization(id=f"U{i}", lat=26.6, lon=106.7 + i) for i in range(2)]
    >>> plan = matcher.solve(matcher.Instance(organizations=some, counties=[county]))
    >>> arrival = matcher.County(id="C2", lat=26.3, lon=107.0)
    >>> [place.provider_id for place in matcher.recommend(plan, arrival)]
    ['U1', 'U0']
    """
    if not isinstance(k, int) or isinstance(k, bool) or k < 1:
        raise InvalidInput([Fault("invalid_value", column="k", value=k, details={"reason": "an integer of 1 or more"})])
    events, kind, known = _entity(plan, entity)
    case = case_of(plan, events)
    level = _KINDS[kind][1]
    fixed = None if case.again is None else case.again.fixed()
    if case.again is None or fixed is None:
        return _by_solving(plan, case, events, kind, known, k)
    base = case.again.decide(fixed)
    if base.total is None:
        return _by_solving(plan, case, events, kind, known, k)
    places = (
        _County(case.again, base, kind, known) if level == "county" else _School(case, case.again, base, kind, known)
    )
    found = []
    for pair, total, displaced in places.best(k):
        levels = levels_of(case.problem, total, total)
        found.append(
            _recommendation(case.problem, level, pair, levels, levels_of(case.problem, base.total, None), displaced)
        )
    return tuple(found)


def _recommendation(
    problem: Problem,
    level: str,
    pair: tuple[int, int],
    levels: tuple[Level, ...],
    base: tuple[Level, ...],
    displaced: Iterable[tuple[str, str]],
) -> Recommendation:
    providers, recipients = problem.arrays.sides(level)
    metres = problem.facts.metres(level, np.array([pair[0]]), np.array([pair[1]]))[0]
    cost = {}
    for own, other in zip(levels, base, strict=True):
        if own.value is not None and other.value is not None:
            cost[own.name] = own.value - other.value if own.sense == "min" else other.value - own.value
    exact = all(each.gap == 0 and not each.conditional for each in levels)
    ids = providers.ids[pair[0]], recipients.ids[pair[1]]
    return Recommendation(
        level, *ids, int(metres) / M_PER_KM, exact, levels, MappingProxyType(cost), tuple(sorted(displaced))
    )


def _entity(plan: Plan, entity: Entity) -> tuple[tuple[Event, ...], str, str]:
    """Return the events of the arrival, and its kind and id."""
    if isinstance(entity, str):
        kind, _, known = entity.partition(":")
        return _known(plan, kind, known)
    if isinstance(entity, tuple):
        kind, known = entity
        return _known(plan, kind, known)
    for kind, record in (("organization", Organization), ("branch", Branch), ("county", County), ("school", School)):
        if isinstance(entity, record):
            return (Joins(**{_KINDS[kind][0]: (entity,)}),), kind, entity.id  # type: ignore[arg-type]
    events: tuple[Event, ...] = events_of(entity)  # type: ignore[arg-type]
    if len(events) == 1 and isinstance(events[0], Joins):
        for kind in ("organization", "county", "branch", "school"):
            rows = getattr(events[0], _KINDS[kind][0])
            if rows:
                return events, kind, rows[0].id
    raise InvalidInput([Fault("invalid_value", column="entity", value=str(entity), details={"reason": "nobody joins"})])


def _known(plan: Plan, kind: str, known: str) -> tuple[tuple[Event, ...], str, str]:
    if kind not in _KINDS:
        details = {"reason": f"one of {', '.join(_KINDS)}"}
        raise InvalidInput([Fault("invalid_value", column="kind", value=kind, details=details)])
    table = _KINDS[kind][0]
    if known not in getattr(plan.instance.arrays, table).index:
        raise InvalidInput([Fault("unknown_id", column="id", value=known, details={"target": table})])
    return (), kind, known


class _County:
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

    def best(self, k: int) -> Iterator[tuple[tuple[int, int], Vector, list[tuple[str, str]]]]:
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
        return None if fixed is None else self.again.decide(fixed).total


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


class _School:
    """Places of a branch or a school inside its county pair."""

    def __init__(self, case: Case, again: Reassignment, base: Decision, kind: str, known: str):
        self.case, self.case_again, self.base = case, again, base
        arrays = case.problem.arrays
        partner = dict(base.fixed)
        for county, organization in zip(base.counties.tolist(), base.organization_of.tolist(), strict=True):
            if organization >= 0:
                partner[county] = organization
        position = getattr(arrays, _KINDS[kind][0]).index[known]
        parent = int(getattr(arrays, _KINDS[kind][0]).parent[position])
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
                wanted = case.problem.capacity("school")[branch, 1] and case.problem.demand("school")[school, 1]
                if wanted and case.problem.allowed("school", np.array([branch]), np.array([school]))[0]:
                    self.pairs.append((branch, school))

    def best(self, k: int) -> list[tuple[tuple[int, int], Vector, list[tuple[str, str]]]]:
        """Return the k best pairs with the value of the plan and the pairs that end.

        With a pair agreed on, the best of its block is the pair and the best of what is left of the block.
        """
        if self.couple is None or self.base.total is None:
            return []
        rest = self.case_again.rest
        hard, claimed = rest.terms.num_hard, rest.terms.num_claimed
        solved = rest.blocks.solved(*self.couple)
        if solved is None:
            return []
        now = self._fields(solved, solved.total)
        found = []
        for branch, school in self.pairs:
            at = int(np.searchsorted(solved.block.branches, branch)), int(np.searchsorted(solved.block.schools, school))
            total, chosen = _agreed(solved.block, *at)
            change = [x - y for x, y in zip(self._fields(solved, total), now, strict=True)]
            if hard and change[0] > 0:
                continue  # it breaks a pin
            value = tuple(x + y for x, y in zip(self.base.total, change[hard:claimed], strict=True))
            found.append((value, (branch, school), chosen))
        found.sort(key=lambda place: place[:2])
        return [(pair, value, self._ended(chosen, self.couple)) for value, pair, chosen in found[:k]]

    def _fields(self, solved: Solved, total: int) -> list[int]:
        vector = [0] * self.case_again.rest.terms.num_components
        packing = solved.block.packing
        for component, x in zip(packing.components, packing.fields(total), strict=True):
            vector[component] = x
        return vector

    def _ended(self, now: np.ndarray, couple: tuple[int, int]) -> list[tuple[str, str]]:
        problem = self.case.problem
        previous = problem.facts.previous_pairs("school")
        arrays = problem.arrays
        inside = (arrays.branches.parent[previous[:, 0]] == couple[0]) & (
            arrays.schools.parent[previous[:, 1]] == couple[1]
        )
        kept = set(map(tuple, now.tolist()))
        gone = [pair for pair in previous[inside].tolist() if tuple(pair) not in kept]
        return [(arrays.branches.ids[branch], arrays.schools.ids[school]) for branch, school in gone]


def _agreed(block: Block, branch: int, school: int) -> tuple[int, np.ndarray]:
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


def _by_solving(
    plan: Plan, case: Case, events: tuple[Event, ...], kind: str, known: str, k: int
) -> tuple[Recommendation, ...]:
    """Return the k nearest places, each with the full replanning; for policies that can't be taken apart."""
    _, level, side = _KINDS[kind]
    problem = case.problem
    nodes = problem.arrays.sides(level)
    own = nodes[side].index[known]
    others = np.arange(len(nodes[1 - side]))
    same = np.full(len(others), own)
    provider, recipient = (same, others) if side == 0 else (others, same)
    allowed = problem.allowed(level, provider, recipient)
    allowed &= (problem.capacity(level)[provider, 1] > 0) & (problem.demand(level)[recipient, 1] > 0)
    base = replan(plan, events)
    if level == "school":
        paired = {(int(o), int(c)) for o, c in base.county_pairs}
        parents = zip(problem.arrays.branches.parent[provider], problem.arrays.schools.parent[recipient], strict=True)
        allowed &= np.array([(int(o), int(c)) in paired for o, c in parents], dtype=np.bool_)
    near = np.argsort(problem.facts.cost(level, provider, recipient) + np.where(allowed, 0, 2**50), kind="stable")
    found = []
    for at in near[: min(k, int(allowed.sum()))].tolist():
        pair = int(provider[at]), int(recipient[at])
        ids = nodes[0].ids[pair[0]], nodes[1].ids[pair[1]]
        agreed = Agreed(level=level, provider_id=ids[0], recipient_id=ids[1])  # type: ignore[arg-type]
        there = replan(plan, (*events, agreed))
        if there.status in ("optimal", "feasible"):
            kept = set(map(tuple, there.pairs(level).tolist()))
            gone = [p for p in there.problem.facts.previous_pairs(level).tolist() if tuple(p) not in kept]
            displaced = [(nodes[0].ids[p], nodes[1].ids[r]) for p, r in gone]
            found.append(_recommendation(problem, level, pair, there.levels, base.levels, displaced))
    return tuple(sorted(found, key=lambda place: tuple(place.cost.values())))
