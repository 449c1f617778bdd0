"""The best places for an arrival, or for anyone who may move: what each would cost the plan, and whom it displaces.

A place is a pair. What it costs is the difference of two replannings (`matcher.replan`), one with the pair agreed on
and one without: level by level, exact where both are.

How the best are found without trying all: a county pair that displaces others loses so many kept county pairs, and so
many kept school pairs inside them, whatever else is decided. Candidates are looked at in that order, and among equals
in the order of a lower bound on the rest, until the next bound is no better than the k-th exact value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from matcher.base.crossing import Crosses
from matcher.base.errors import Fault, InvalidInput, check_count
from matcher.base.forms import made, read_document
from matcher.base.names import PairLevel
from matcher.base.numbers import M_PER_KM
from matcher.base.progress import Budget, CancelToken, Progress, ProgressCallback
from matcher.base.result import Level
from matcher.model import Branch, County, Organization, School
from matcher.plan import Plan
from matcher.problem.claims import LAZY_ASSIGNMENT, SCOPE, exact, levels_of, plain_levels
from matcher.problem.problem import Problem
from matcher.renewal.events import Agreed, Event, Joins, events_of
from matcher.renewal.places import TABLES, CountyPlaces, SchoolPlaces
from matcher.renewal.replanning import ChangedCase, case_of, replanned

#: kind of entity -> its table, the level it is paired at, and which side it is
_KINDS: dict[str, tuple[str, PairLevel, int]] = {
    "organization": (TABLES["organization"], "county", 0),
    "county": (TABLES["county"], "county", 1),
    "branch": (TABLES["branch"], "school", 0),
    "school": (TABLES["school"], "school", 1),
}
Entity = str | tuple[str, str] | Organization | Branch | County | School | Event | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recommendation(Crosses):
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
        Level -> how much worse it is than replanning without this pair, in the level's exact unit. Where both are exact
        it is never better at the first level that differs.
    displaces
        Pairs of the plan at the same level that would end: (provider id, recipient id).
    """

    level: PairLevel
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
        return Agreed(level=self.level, provider_id=self.provider_id, recipient_id=self.recipient_id)

    def __hash__(self) -> int:
        return hash((self.level, self.provider_id, self.recipient_id, self.km, self.levels))

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

    @classmethod
    def from_json(cls, source: Mapping[str, Any] | str | bytes) -> Self:
        """Read what `to_json` wrote, as it is or as text.

        Raises
        ------
        InvalidInput
            If it is something else.
        """
        return made(cls, read_document(source, "matcher.recommendation/1"))


def recommend(
    plan: Plan,
    entity: Entity,
    *,
    k: int = 5,
    time_limit_s: float | None = None,
    work_limit: int | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> tuple[Recommendation, ...]:
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
    time_limit_s, progress, cancel
        Of the whole call; stopped, the places looked at by then, with bounds where they are not exact.
    work_limit
        Of each full solve, for policies under which replanning solves the whole (see `replan`).

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
    check_count(k, "k")
    budget = Budget(time_limit_s=time_limit_s, work_limit=work_limit, progress=progress, cancel=cancel)
    events, kind, known = _entity(plan, entity)
    case = case_of(plan, events)
    level = _KINDS[kind][1]
    fixed = None if case.again is None else case.again.fixed()
    if case.again is None or fixed is None:
        return _by_solving(plan, case, events, (kind, known), k, budget)
    base = case.again.decide(fixed)
    if base is None or base.total is None:
        return _by_solving(plan, case, events, (kind, known), k, budget)
    places = (CountyPlaces if level == "county" else SchoolPlaces)(case.again, base, kind, known)
    found = []
    for pair, total, displaced in places.best(k):
        levels, _ = levels_of(case.problem, total, exact(total, total, LAZY_ASSIGNMENT), SCOPE)
        before = plain_levels(case.problem, base.total)
        found.append(_recommendation(case.problem, level, pair, levels, before, displaced))
    return tuple(found)


def _recommendation(
    problem: Problem,
    level: PairLevel,
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
            return (Joins(**{_KINDS[kind][0]: (entity,)}),), kind, entity.id
    assert not isinstance(entity, Organization | Branch | County | School)
    events: tuple[Event, ...] = events_of(entity)
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


def _replanned(plan: Plan, events: tuple[Event, ...], budget: Budget, left: int) -> Plan:
    """Replan with one of so many parts of what is left of the time."""
    return replanned(case_of(plan, events), budget.portion(left))


def _by_solving(
    plan: Plan, case: ChangedCase, events: tuple[Event, ...], entity: tuple[str, str], k: int, budget: Budget
) -> tuple[Recommendation, ...]:
    """Return the k best places, each with the full replanning; for policies that can't be taken apart.

    The nearest are tried first, but all that are allowed are: a rule over several pairs may want a far one. Stopped
    early, the best of those tried come back.
    """
    kind, known = entity
    _, level, side = _KINDS[kind]
    problem = case.problem
    nodes = problem.arrays.sides(level)
    own = nodes[side].index[known]
    others = np.arange(len(nodes[1 - side]))
    same = np.full(len(others), own)
    provider, recipient = (same, others) if side == 0 else (others, same)
    allowed = problem.allowed(level, provider, recipient)
    allowed &= (problem.capacity(level)[provider, 1] > 0) & (problem.demand(level)[recipient, 1] > 0)
    left = k + 1
    base = _replanned(plan, events, budget, left)
    if level == "school":
        paired = {(int(o), int(c)) for o, c in base.county_pairs}
        parents = zip(problem.arrays.branches.parent[provider], problem.arrays.schools.parent[recipient], strict=True)
        allowed &= np.array([(int(o), int(c)) in paired for o, c in parents], dtype=np.bool_)
    near = np.argsort(problem.facts.cost(level, provider, recipient) + np.where(allowed, 0, 2**50), kind="stable")
    found = []
    num = int(allowed.sum())
    for done, at in enumerate(near[:num].tolist()):
        budget.report(Progress("recommend", done, num))
        if budget.stop_reason not in (None, "work"):
            break
        pair = int(provider[at]), int(recipient[at])
        ids = nodes[0].ids[pair[0]], nodes[1].ids[pair[1]]
        agreed = Agreed(level=level, provider_id=ids[0], recipient_id=ids[1])
        there = _replanned(plan, (*events, agreed), budget, max(2, left - 1 - done))
        if there.status in ("optimal", "feasible"):
            kept = set(map(tuple, there.pairs(level).tolist()))
            gone = [p for p in there.problem.facts.previous_pairs(level).tolist() if tuple(p) not in kept]
            displaced = [(nodes[0].ids[p], nodes[1].ids[r]) for p, r in gone]
            found.append(_recommendation(problem, level, pair, there.levels, base.levels, displaced))
    return tuple(sorted(found, key=lambda place: tuple(place.cost.values()))[:k])
