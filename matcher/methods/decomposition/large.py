"""Both levels of pairing where the textbook model is too large, level by level.

A level's bound comes from the relaxation with the levels before as weights (any weights give a true bound), its value
from the best plan found. The first level that this does not prove gets the ascent of prices and the search again; the
levels after it are conditional on its value. A plan put together quickly stands in until there is a better one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from matcher.base.progress import Budget, Progress
from matcher.base.result import Proof
from matcher.methods.decomposition.decompose import SEARCH_COST, SOLVER, Decomposition
from matcher.methods.decomposition.floors import is_floor, most_covered
from matcher.methods.decomposition.incumbent import measured, plain_bound
from matcher.methods.decomposition.quick import nearest_organizations
from matcher.methods.decomposition.relax import Ascent
from matcher.methods.decomposition.worst import lower_worst
from matcher.methods.method import Run
from matcher.policy.rows import Row
from matcher.problem.claims import SCOPE, Claim, within_gap
from matcher.problem.pairs import Pairs
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution
from matcher.problem.terms import MOST_FLOAT, check_range
from matcher.proof.mix import can_mix
from matcher.proof.plan_bounds import stored
from matcher.proof.priced_places import OutOfTime

#: evaluations for the bound on a floor that no plan was found for
_FLOOR_STEPS = 40
#: weights tried for a level with slack
_SLACK_TRIES = 8


def solve_large(problem: Problem, budget: Budget, start: Pairs | None = None) -> Solution:
    """Solve by relaxation and search; a feasible plan with a bound on every level, or why there is none.

    One unit of work is one organisation priced over all counties, one moved in a search, or one set of organisations
    looked at. Without any limit it ends after a fixed number of steps.
    """
    work = Decomposition(problem, budget)
    if start is not None:
        work.offer(measured(problem, start))
    county_pairs = nearest_organizations(problem)
    work.offer(work.filled(work.quick_mix(), county_pairs))
    bounds = [plain_bound(problem, objective) for objective in problem.objectives]
    assert work.best is not None
    try:
        work.prepare()
        search = work.search()
        work.keep_rows()
        if work.best.broken:
            _cover_first(work)
        if work.best.broken:
            return _without_plan(work)
        if work.is_weighed:
            search = work.search(work.best.pairs.county)
    except OutOfTime:
        return _solution(work, bounds) if not work.best.broken else _without_plan(work)
    skip: set[int] = set()
    for position, objective in enumerate(problem.objectives):
        budget.report(Progress(f"level:{objective.name}", position, len(problem.objectives)))
        if objective.worst_of is not None:
            bound = lower_worst(work, position, frozenset(skip))
        else:
            bound = work.bound(position, frozenset(skip))
            if bound < work.best.values[position] and not skip:
                bound = max(bound, work.ascend(position, frozenset(skip), search))
        value = work.best.values[position]
        bounds[position] = min(bound, value)
        closed = value <= objective.allowance(bounds[position])
        if not closed:
            skip.add(position)
        # the optimum lies between bound and value: what it allows is at least the one and at most the other
        work.kept.append(objective.allowance(value) if closed else value)
        if closed:
            work.closed[position] = max(value, objective.allowance(bounds[position]))
        if objective.worst_of is not None:
            work.limit(objective.worst_of, work.kept[-1])
        if closed and work.closed[position] > value and position + 1 < len(problem.objectives):
            _use_slack(work, position)
    return _solution(work, bounds)


def _cover_first(work: Decomposition) -> None:
    """Offer the plan that covers most of what the floors ask for."""
    floors = [row for row in work.problem.rows if is_floor(row)]
    found = most_covered(work.problem, floors, work.searching) if floors else None
    if found is not None and found.has_plan:
        work.offer(measured(work.problem, found.both))


def _use_slack(work: Decomposition, position: int) -> None:
    """Weigh a level with slack as lightly as its allowance bears, for the sake of those after it."""
    assert work.best is not None
    low, high = 0, max(1, work.weights(work.main, SEARCH_COST)[position])
    for turn in range(_SLACK_TRIES):
        if work.searching.stop_reason is not None or high - low <= 1:
            break
        work.light[position] = round((max(low, 1) * high) ** 0.5) if turn else 0
        work.search(work.best.pairs.county)
        assert work.last is not None
        if work.last.values[position] > work.closed[position]:
            low = work.light[position]
        else:
            high = work.light[position]
    work.light[position] = high


def _without_plan(work: Decomposition) -> Solution:
    """Return that no plan is known, or why there is none."""
    assert work.best is not None
    witness = _floor_witness(work) if hasattr(work, "relaxation") else None
    if witness is not None:
        return Solution.none(work.problem, witness, Proof("solver", scope=SCOPE, solver=SOLVER))
    return Solution.unknown(work.problem, work.budget.stop_reason, proof=Proof("none", scope=SCOPE))


def _solution(work: Decomposition, bounds: list[int]) -> Solution:
    assert work.best is not None
    claims = []
    for objective, minimised, known in zip(work.problem.objectives, work.best.values, bounds, strict=True):
        bound = min(known, minimised)
        method = "threshold" if objective.worst_of is not None else "relaxation"
        claims.append(Claim(bound, method, minimised <= objective.allowance(bound)))
    within = within_gap(work.problem, work.best.values, claims, work.budget)
    stop = work.budget.stop_reason or ("gap" if within else None)
    proof = Proof("solver", SCOPE, SOLVER, stored(work.problem, work.multipliers_of))
    return Solution.found(work.problem, work.best.pairs, claims, proof, stop)


def _floor_witness(work: Decomposition) -> dict[str, Any] | None:
    """Return the first broken row with a least value that provably no plan reaches."""
    assert work.best is not None
    chosen = work.best.pairs._asdict()
    nothing = [0] * len(work.problem.objectives)
    for index, row in enumerate(work.problem.rows):
        reached = row.value(chosen)
        if not can_mix(row) or row.least is None or reached >= row.least:
            continue
        bound = _exact_floor(work, row)
        if bound is not None and bound < row.least:
            return _witness(index, row, reached, bound)
        mix = work.mix(nothing, {index: 1})
        cost = work.relaxation.pair_cost(mix)
        ascent = Ascent(work.no_price.astype(np.float64))
        for _ in range(_FLOOR_STEPS):
            if not work.has_time(2.0):
                return None
            price = ascent.price.astype(np.int64)
            ascent.tell(work.evaluate(mix, cost, price, roughly=True), row.least - reached)
            assert ascent.best is not None
            if ascent.best.bound > 0:
                break
        assert ascent.best_price is not None
        bound = work.evaluate(mix, cost, ascent.best_price.astype(np.int64)).bound
        if bound > 0:
            return _witness(index, row, reached, row.least - bound)
    return None


def _exact_floor(work: Decomposition, row: Row) -> int | None:
    """Return the most that any plan covers of a floor, where that can be decided exactly in the time left."""
    if not (is_floor(row) and work.problem.is_one_to_one):
        return None
    found = most_covered(work.problem, [row], work.searching)
    return None if found is None or not found.has_plan else found.levels[0].bound


def _witness(index: int, row: Row, reached: int, bound: int) -> dict[str, Any]:
    """Return that no plan brings a row above `bound`."""
    numbers = {"needed": row.least, "reached": reached, "bound": bound}
    details = {"rule": row.code, "details": dict(row.details), "least": row.least, "most": row.most}
    return {"kind": "floor", "row": index, **details, **numbers, "solver": SOLVER}


class _Large:
    name = "decomposition"

    def fits(self, problem: Problem) -> bool:
        return not problem.policy.asks_stability

    def solve(self, problem: Problem, run: Run) -> Solution | None:
        check_range(problem.facts, problem.policy, MOST_FLOAT)
        return solve_large(problem, run.budget, run.start)


METHOD = _Large()
