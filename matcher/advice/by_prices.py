"""Answers from the prices of a plan: a pair forced or forbidden, somebody with more places or fewer, or gone."""

from __future__ import annotations

import numpy as np

from matcher.advice.answers import answer, at_positions
from matcher.advice.changes import Change, More, applied
from matcher.advice.deciding import Decided
from matcher.advice.effects import WhatIf
from matcher.advice.inside import forbidden_value, forced_value
from matcher.advice.prices import PlanPrices, prices_of
from matcher.base.numbers import IntArray
from matcher.base.progress import Budget
from matcher.methods.joint.solver import JointSolver
from matcher.plan import Plan
from matcher.problem.claims import LAZY_ASSIGNMENT, NOTHING, SCOPE, exact, levels_of
from matcher.problem.pairs import Pairs, no_pairs
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution
from matcher.proof.joint_terms import is_joint_case
from matcher.renewal.events import Agreed, Joins, Leaves, Refused, Takes

#: where a plan remembers its prices: it never changes
_MEMORY = "_prices"
_PARENT = {"branches": ("organizations", "organization_id"), "schools": ("counties", "county_id")}


def is_locked(plan: Plan, change: Agreed | Refused) -> bool:
    """Whether the table of locks speaks of the pair: then the change takes that lock away."""
    meant = change.level, change.provider_id, change.recipient_id
    return any((lock.level, lock.provider_id, lock.recipient_id) == meant for lock in plan.instance.locks)


def known_prices(plan: Plan) -> PlanPrices | None:
    """Return the prices of a plan, remembered on it; None if it has none."""
    if _MEMORY not in plan.__dict__:
        plan.__dict__[_MEMORY] = prices_of(plan)
    found: PlanPrices | None = plan.__dict__[_MEMORY]
    return found


def by_prices(plan: Plan, change: Change) -> WhatIf | None:
    """Return the answer by the prices of the plan; None if they do not have it."""
    if isinstance(change, Agreed | Refused):
        prices = None if is_locked(plan, change) else known_prices(plan)
        if prices is None:
            return None
        return _forced(plan, prices, change) if isinstance(change, Agreed) else _forbidden(plan, prices, change)
    if isinstance(change, Takes | More | Leaves | Joins):
        prices = known_prices(plan)
        return None if prices is None else _otherwise(plan, prices, change)
    return None


def _positions(plan: Plan, change: Agreed | Refused) -> tuple[int, int]:
    providers, recipients = plan.problem.arrays.sides(change.level)
    return providers.index[change.provider_id], recipients.index[change.recipient_id]


def _forced(plan: Plan, prices: PlanPrices, change: Agreed) -> WhatIf | None:
    problem = plan.problem
    provider, recipient = _positions(plan, change)
    organization, county, inner = provider, recipient, None
    if change.level == "school":
        organization = int(problem.arrays.branches.parent[provider])
        county = int(problem.arrays.schools.parent[recipient])
    with prices.lock:
        vector = prices.value(organization, county)
        if vector is not None and change.level == "school":
            inner = forced_value(prices, organization, county, provider, recipient)
            vector = None if inner is None else inner[0]
        if vector is None:
            return _infeasible(plan, change)
        decided = Decided(prices)
        with decided.changing():
            decided.fix(organization, county, vector)
            decided.search()
            return _told(plan, change, decided, {} if inner is None else {(organization, county): inner[1]})


def _forbidden(plan: Plan, prices: PlanPrices, change: Refused) -> WhatIf | None:
    problem = plan.problem
    provider, recipient = _positions(plan, change)
    organization, county, vector, pairs = provider, recipient, None, no_pairs()
    with prices.lock:
        if change.level == "school":
            organization = int(problem.arrays.branches.parent[provider])
            county = int(problem.arrays.schools.parent[recipient])
            vector, pairs = forbidden_value(prices, organization, county, provider, recipient)
        decided = Decided(prices)
        with decided.changing():
            decided.set(organization, county, vector)
            decided.search()
            return _told(plan, change, decided, {(organization, county): pairs})


def _otherwise(plan: Plan, prices: PlanPrices, change: Takes | More | Leaves | Joins) -> WhatIf | None:
    """Return the answer where somebody's inside is otherwise, None if it is no one-to-one case any more."""
    instance, policy = applied(plan.instance, plan.policy, change)
    problem = Problem.of(instance, policy)
    if isinstance(change, Leaves) and change.table == "organizations":
        return _without(plan, prices, change, problem)
    same = all(
        getattr(plan.problem.arrays, table).ids == getattr(problem.arrays, table).ids
        for table in ("organizations", "counties")
    )
    if not same or not is_joint_case(problem) or len(problem.objectives) != len(plan.problem.objectives):
        return None
    organizations, counties = _touched(plan, problem, change)
    other = JointSolver(problem, Budget())
    if other.terms.num_hard != prices.terms.num_hard or other.terms.names != prices.terms.names:
        return None
    if not prices.widths_hold(other):
        return None
    decided = Decided(prices, other, organizations, counties)
    with decided.changing():
        decided.take_over()
        decided.search()
        return _told(plan, change, decided, {}, problem)


def _without(plan: Plan, prices: PlanPrices, change: Leaves, problem: Problem) -> WhatIf | None:
    """Return the answer where an organisation leaves of which no pin and no minimum speaks."""
    if prices.terms.num_hard:
        return None
    decided = Decided(prices)
    with decided.changing():
        decided.close_organization(plan.problem.arrays.organizations.index[change.id])
        decided.search()
        return _told(plan, change, decided, {}, problem)


def _touched(
    plan: Plan, problem: Problem, change: Takes | More | Leaves | Joins
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the positions of organisations and counties whose values the change may change."""
    found: dict[str, set[int]] = {"organizations": set(), "counties": set()}
    named: list[tuple[str, str]] = []
    if isinstance(change, Joins):
        for table in ("branches", "schools"):
            above, field = _PARENT[table]
            named += [(above, getattr(row, field)) for row in getattr(change, table)]
    else:
        named = [(change.table, change.id)]
    for table, known in named:
        if table in _PARENT:
            nodes = getattr(plan.problem.arrays, table)
            found[_PARENT[table][0]].add(int(nodes.parent[nodes.index[known]]))
        else:
            found[table].add(getattr(problem.arrays, table).index[known])
    return tuple(sorted(found["organizations"])), tuple(sorted(found["counties"]))


def _infeasible(plan: Plan, change: Change) -> WhatIf:
    witness = {"kind": "pin_forbidden"}
    return answer(plan, (change,), Solution.none(plan.problem, witness, plan.proof), "prices")


def _told(
    plan: Plan,
    change: Change,
    decided: Decided,
    inside: dict[tuple[int, int], IntArray],
    problem: Problem | None = None,
) -> WhatIf | None:
    """Return what was decided; None if it is not proved."""
    prices, problem = decided.prices, problem or plan.problem
    if decided.total is None:
        return None
    hard = prices.terms.num_hard
    if hard and decided.total[0] > 0:
        return _infeasible(plan, change)
    values = decided.total[hard:]
    levels, _ = levels_of(problem, values, exact(values, values, LAZY_ASSIGNMENT), SCOPE)
    pairs = _pairs(plan, problem, decided, inside)
    return answer(plan, (change,), Solution(problem, "optimal", None, *pairs, levels, NOTHING), "prices")


def _pairs(plan: Plan, problem: Problem, decided: Decided, inside: dict[tuple[int, int], IntArray]) -> Pairs:
    """Return the pairs that were decided; a county pair that stands keeps the plan's own school pairs."""
    prices, other = decided.prices, decided.other
    organization_of = decided.organization_of.copy()
    for county, organization in decided.fixed.items():
        organization_of[county] = organization
    counties = np.flatnonzero(organization_of >= 0)
    before = prices.organization_of
    stands = (organization_of == before) & (before >= 0)
    for county in counties.tolist():
        key = int(organization_of[county]), county
        if key in inside or (
            other is not None and (key[0] in decided.columns_changed or county in decided.rows_changed)
        ):
            stands[county] = False
    own = plan.school_pairs
    kept = own[stands[plan.problem.arrays.schools.parent[own[:, 1]]]]
    schools = [at_positions(plan.problem, problem, "school", kept)]
    for county in counties[~stands[counties]].tolist():
        key = int(organization_of[county]), county
        changed = other is not None and (key[0] in decided.columns_changed or county in decided.rows_changed)
        if key in inside:
            schools.append(inside[key])
        elif changed and other is not None:
            schools.append(other.blocks.pairs(*key))
        else:
            schools.append(at_positions(plan.problem, problem, "school", prices.blocks.pairs(*key)))
    county_pairs = np.column_stack([organization_of[counties], counties])
    county_pairs = at_positions(plan.problem, problem, "county", county_pairs)
    return Pairs(county_pairs, np.concatenate(schools)).in_order()
