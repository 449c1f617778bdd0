"""Why somebody is paired as it is, what else it could have, and why it lacks what it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcher.base.errors import Fault, InvalidInput
from matcher.base.names import KIND_OF_TABLE, SIDES
from matcher.base.numbers import EXACT_UNIT, M_PER_KM, S_PER_MIN, UNKNOWN_COST, BoolArray, IntArray
from matcher.base.suggest import Suggester
from matcher.outcome.unmatched import detail_parts, is_planned, why
from matcher.problem.terms import empty_place_cost
from matcher.show.explanation import Alternative, Explanation, Nearby, Partner, State, called

if TYPE_CHECKING:
    from matcher.plan import Plan

#: kind -> level of pairing and side (0 provider, 1 recipient)
PLACE: Final = {
    KIND_OF_TABLE[table]: (level, side) for level, tables in SIDES.items() for side, table in enumerate(tables)
}
_MOST_ALTERNATIVES: Final = 5
_MOST_ELSEWHERE: Final = 3


def explain(plan: Plan, kind: str, id: str) -> Explanation:  # noqa: A002 - the contract's name
    """Explain one organisation, branch, county or school of `plan`.

    Raises
    ------
    InvalidInput
        If `kind` is none of the four, or the instance has no such id.
    """
    if not isinstance(kind, str) or kind not in PLACE:
        raise InvalidInput([Fault("unknown_kind", column="kind", value=kind, details={"known": ", ".join(PLACE)})])
    level, side = PLACE[kind]
    problem = plan.problem
    nodes = problem.arrays.sides(level)[side]
    if not isinstance(id, str) or id not in nodes.index:
        table = SIDES[level][side]
        nearest = Suggester(getattr(plan.instance, table)).nearest(str(id))
        details = {"target": table, **({"nearest": nearest} if nearest else {})}
        raise InvalidInput([Fault("unknown_id", column="id", value=id, details=details)])
    position = nodes.index[id]
    pairs = plan.pairs(level)
    mine = pairs[pairs[:, side] == position][:, 1 - side]
    order, cost = _by_cost(plan, level, side, position, np.unique(mine))
    bounds = problem.demand(level) if side == 1 else problem.capacity(level)
    missing = max(0, int(bounds[position, 1]) - len(mine))
    reason, detail = ("", "")
    num_pairs = len(plan.county_pairs) + len(plan.school_pairs)
    if missing and not is_planned(plan.status, num_pairs, (each.value for each in plan.levels)):
        reason = "not_planned"
    elif missing:
        reason, detail = why(problem, level, side, position, plan.both)
    worth = None
    unit = problem.facts.unit("school")
    if kind == "school" and problem.policy.child_rate is not None:
        exact = M_PER_KM if EXACT_UNIT[unit] == "m" else S_PER_MIN
        worth = float(empty_place_cost(problem.facts, problem.policy)[position]) / exact
    around = _Around(plan, level, side, position, mine, cost)
    more = around.missing(reason, detail) if missing and reason != "not_planned" else {}
    return Explanation(
        kind,
        id,
        _name(plan, level, side, position),
        _partners(plan, level, side, position, mine, cost),
        len(order),
        missing,
        reason,
        detail,
        worth,
        unit,
        _alternatives(around, [other for other in order.tolist() if other not in set(mine.tolist())]),
        **more,
    )


def _by_cost(plan: Plan, level: str, side: int, position: int, also: IntArray) -> tuple[IntArray, IntArray]:
    """Return every partner that the rules allow (and those in `also`), cheapest first, and the cost of everybody."""
    others = np.arange(len(plan.problem.arrays.sides(level)[1 - side]))
    arcs = _arcs(side, position, others)
    cost = plan.problem.facts.cost(level, *arcs)
    allowed = plan.problem.allowed(level, *arcs) & (cost < UNKNOWN_COST) & _allowed_above(plan, level, arcs)
    allowed[also] = True
    found = others[allowed]
    return found[np.lexsort((found, cost[found]))], cost


def _allowed_above(plan: Plan, level: str, arcs: tuple[IntArray, IntArray]) -> BoolArray:
    """Return whether the rules allow the county pair that each school pair would stand on."""
    if level == "county":
        return np.ones(len(arcs[0]), dtype=np.bool_)
    arrays = plan.problem.arrays
    return plan.problem.allowed("county", arrays.branches.parent[arcs[0]], arrays.schools.parent[arcs[1]])


def _arcs(side: int, position: int, others: IntArray) -> tuple[IntArray, IntArray]:
    mine = np.full(len(others), position, dtype=np.int64)
    return (others, mine) if side == 1 else (mine, others)


def _partners(plan: Plan, level: str, side: int, position: int, mine: IntArray, cost: IntArray) -> tuple[Partner, ...]:
    order, _ = _by_cost(plan, level, side, position, np.unique(mine))
    facts = plan.problem.facts
    mine = mine[np.lexsort((mine, cost[mine]))]
    arcs = _arcs(side, position, mine)
    metres, kept, since = (ask(level, *arcs) for ask in (facts.metres, facts.was_pair, facts.since))
    nodes = plan.problem.arrays.sides(level)[1 - side]
    return tuple(
        Partner(
            nodes.ids[other],
            _name(plan, level, 1 - side, other),
            int(metres[at]) / M_PER_KM,
            1 + int((cost[order] < cost[other]).sum()),
            bool(kept[at]),
            int(since[at]) or None,
        )
        for at, other in enumerate(mine.tolist())
    )


class _Around:
    """Whom somebody could be paired with, and how each of them stands."""

    def __init__(self, plan: Plan, level: str, side: int, position: int, mine: IntArray, cost: IntArray):
        self.plan, self.level, self.side, self.position, self.mine = plan, level, side, position, mine
        self.cost = cost
        self.pairs = plan.pairs(level)
        self.own, self.nodes = plan.problem.arrays.sides(level)[side], plan.problem.arrays.sides(level)[1 - side]
        problem = plan.problem
        self.most = (problem.capacity(level) if side == 1 else problem.demand(level))[:, 1]

    def partners(self, other: int) -> list[int]:
        """Return whom another is paired with."""
        found: list[int] = self.pairs[self.pairs[:, 1 - self.side] == other][:, self.side].tolist()
        return found

    def state(self, other: int) -> State:
        """Return how another stands."""
        if self.most[other] == 0:
            return "closed"
        if not self.is_here(other):
            return "elsewhere"
        return "free" if len(self.partners(other)) < self.most[other] else "taken"

    def is_here(self, other: int) -> bool:
        """Whether the pair would stand on a county pair of the plan, if it needs one."""
        if self.level == "county":
            return True
        parents = [int(self.nodes.parent[other]), int(self.own.parent[self.position])]
        return bool((self.plan.county_pairs == (parents if self.side == 1 else parents[::-1])).all(axis=1).any())

    def parents(self, nodes: Any, at: int, side: int) -> tuple[str, ...]:
        """Return whom the parent of a branch (`side` 0) or school (1) is paired with, names with ids."""
        parent, pairs = int(nodes.parent[at]), self.plan.county_pairs
        others = pairs[pairs[:, side] == parent][:, 1 - side].tolist()
        known = self.plan.problem.arrays.sides("county")[1 - side].ids
        return tuple(called(known[each], _name(self.plan, "county", 1 - side, each)) for each in others)

    def elsewhere(self, other: int) -> tuple[str, ...]:
        """Return whom the parent of another is paired with."""
        return () if self.level == "county" else self.parents(self.nodes, other, 1 - self.side)

    def named(self, other: int) -> str:
        """Return another's name with its id."""
        return called(self.nodes.ids[other], _name(self.plan, self.level, 1 - self.side, other))

    def missing(self, reason: str, detail: str) -> dict[str, Any]:
        """Return what an explanation says of somebody who lacks a partner."""
        problem, level, side = self.plan.problem, self.level, self.side
        others = np.setdiff1d(np.arange(len(self.nodes)), self.mine)
        found: dict[str, Any] = {}
        if level == "school":
            table = SIDES["county"][side]
            parent = int(self.own.parent[self.position])
            found["own"] = called(getattr(problem.arrays, table).ids[parent], _name(self.plan, "county", side, parent))
            found["parents"] = self.parents(self.own, self.position, side)
        known, km = detail_parts(detail)
        if known:
            found["closest"] = self.named(self.nodes.index[known]), km
        if reason == "farther_than_children_are_worth" and side == 1:
            found["rate"] = self.rate()
        arcs = _arcs(side, self.position, others)
        metres = problem.facts.metres(level, *arcs)
        possible = problem.allowed(level, *arcs) & (self.cost[others] < UNKNOWN_COST) & (self.most[others] > 0)
        allowed = possible & _allowed_above(self.plan, level, arcs)
        for name, mask in (("nearest", np.ones(len(others), dtype=np.bool_)), ("nearest_allowed", allowed)):
            if mask.any():
                at = int(np.lexsort((others, np.where(mask, metres, np.iinfo(np.int64).max)))[0])
                found[name] = self.nearby(int(others[at]), int(metres[at]), bool(allowed[at]), bool(possible[at]))
        return found

    def nearby(self, other: int, metres: int, allowed: bool, possible: bool) -> Nearby:
        """Return another as the nearest."""
        state: str = self.state(other)
        if not allowed and state != "closed":
            state = "barred_above" if possible else "barred"
        names = [
            called(self.own.ids[each], _name(self.plan, self.level, self.side, each)) for each in self.partners(other)
        ]
        far = metres / M_PER_KM
        name = _name(self.plan, self.level, 1 - self.side, other)
        return Nearby(self.nodes.ids[other], name, far, allowed, state, tuple(names), self.elsewhere(other))

    def rate(self) -> tuple[str, float, float] | None:
        """Return the cheapest allowed branch here, from which rate on it is worth the way, and the rate now."""
        problem = self.plan.problem
        worth = int(empty_place_cost(problem.facts, problem.policy)[self.position])
        here = [other for other in range(len(self.nodes)) if self.is_here(other) and self.most[other]]
        here = [other for other in here if other not in set(self.mine.tolist())]
        arcs = _arcs(1, self.position, np.array(here, dtype=np.int64))
        allowed = problem.allowed("school", *arcs) & (self.cost[here] < UNKNOWN_COST)
        now = problem.policy.child_rate
        if not worth or not now or not allowed.any():
            return None
        kept = problem.facts.was_pair("school", *arcs) * problem.policy.change_rate
        net = np.where(allowed, self.cost[here] - kept, np.iinfo(np.int64).max)
        at = int(np.lexsort((np.array(here), net))[0])
        exact = M_PER_KM if EXACT_UNIT[problem.facts.unit("school")] == "m" else S_PER_MIN
        return self.named(here[at]), int(net[at]) / worth * now / exact, now / exact


def _alternatives(around: _Around, others: list[int]) -> tuple[Alternative, ...]:
    here = [other for other in others if around.is_here(other)]
    elsewhere = [other for other in others if other not in set(here)]
    plan, level, side = around.plan, around.level, around.side
    shown = np.array(here[:_MOST_ALTERNATIVES] + elsewhere[:_MOST_ELSEWHERE], dtype=np.int64)
    metres = plan.problem.facts.metres(level, *_arcs(side, around.position, shown))
    found = []
    for other, far in zip(shown.tolist(), metres.tolist(), strict=True):
        partners = around.partners(other)
        ids = tuple(around.own.ids[partner] for partner in partners)
        names = tuple(_name(plan, level, side, partner) for partner in partners)
        name, state = _name(plan, level, 1 - side, other), around.state(other)
        parents = around.elsewhere(other) if state == "elsewhere" else ()
        found.append(Alternative(around.nodes.ids[other], name, far / M_PER_KM, state, ids, names, parents))
    return tuple(found)


def _name(plan: Plan, level: str, side: int, position: int) -> str:
    name: str = getattr(plan.instance, SIDES[level][side])[position].name
    return name
