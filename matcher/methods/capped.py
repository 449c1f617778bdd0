"""At most so many county pairs of last year end by choice: a price on every change, and a certificate at that price.

Let K be the cap, n the pairs that could be kept, and j the first objective that can't be at its optimum (those before
at theirs) with K changes. Any plan within the cap keeps at least n - K pairs, so for every price p >= 0

    value_j  >=  (value_j - p * kept)  +  p * (n - K)  >=  L_j(p) + p * (n - K),

where L(p) is the optimum of the problem in which objective j pays p for each kept pair: an ordinary joint problem with
its own certificate. If value_j reaches that, the levels after j are bounded by L(p) too, because a plan within the cap
that is as good at level j is optimal there as well. Objectives before j are at their optimum; the search for prices and
plans is that of the curve of changes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from matcher._version import __version__
from matcher.base.progress import Budget, StopReason
from matcher.base.result import Proof
from matcher.methods.joint.priced import Bound, PricedPairing, PricedSolver, PriceSearch, Stopped
from matcher.methods.joint.solver import solve_joint
from matcher.methods.method import Run
from matcher.methods.or_known import or_known, without_plan
from matcher.problem.claims import LAZY_ASSIGNMENT, SCOPE, exact
from matcher.problem.pairs import Pairs
from matcher.problem.problem import Problem
from matcher.problem.relaxations import without_rows
from matcher.problem.solution import Solution
from matcher.proof.capped import PRICE, at_price, cap_of, is_capped_case
from matcher.proof.hardrules import hard_violations

SOLVER = f"matcher {__version__} Lagrangian relaxation"
#: prices tried, at most
_TRIES = 8


def solve_capped(problem: Problem, budget: Budget, start: Pairs | None = None) -> Solution:
    """Return the best plan known within the cap, with its bounds and a certificate.

    Parameters
    ----------
    problem
        A capped case (`is_capped_case`).
    budget
        Limits; one unit of work is one evaluated value or one settled column.
    start
        A plan to start from, used if it keeps all rules.
    """
    solution = _solve(problem, budget, start)
    if start is not None and not hard_violations(problem, start):
        return or_known(problem, solution, start)
    return solution


def _solve(problem: Problem, budget: Budget, start: Pairs | None) -> Solution:
    wider, cap = without_rows(problem), cap_of(problem)
    assert cap is not None
    free = solve_joint(wider, budget, start=None if start is None else start.county)
    if free.status == "infeasible" or (free.has_plan and not hard_violations(problem, free.both)):
        return free
    if budget.stop_reason is not None:
        return without_plan(problem, free)
    try:
        solver = PricedSolver(wider, budget.clock(), 0, wider.keepable("county"))
        search = _first_bound(solver, cap, len(problem.objectives))
    except Stopped:
        return replace(without_plan(problem, free), stop_reason=budget.stop_reason)
    if search is None:
        return Solution.none(problem, _conflict(problem, solver), Proof("solver", SCOPE, SOLVER))
    position = solver.component - solver.terms.num_hard
    objective = problem.objectives[position]

    def close(value: int, bound: int) -> bool:
        return value == bound or (budget.gap is not None and budget.close_enough(*map(objective.shown, (value, bound))))

    with contextlib.suppress(Stopped):
        search.refine(cap, _TRIES, close, budget)
    price = search.proof(cap).price
    certified = solve_joint(at_price(wider, position, price), budget.clock())
    pairing = solver.pairing(search.best(cap).organization_of)
    plan = pairing.pairs
    if certified.stop_reason is not None:
        return replace(Solution.unproved(problem, plan, method="priced"), stop_reason=budget.stop_reason)
    if not hard_violations(problem, certified.both):
        plan = min(plan, certified.both, key=problem.minimised)
    bound = [each.minimised(level.bound or 0) for each, level in zip(wider.objectives, certified.levels, strict=True)]
    bound[position] += price * (solver.keepable - cap)
    claims = exact(bound, problem.minimised(plan), LAZY_ASSIGNMENT)
    arrays = {**certified.proof.arrays, PRICE: np.array([position, price], dtype=np.int64)}
    stop: StopReason | None = budget.stop_reason or ("gap" if budget.gap is not None else None)
    return Solution.found(problem, plan, claims, Proof("certificate", SCOPE, None, MappingProxyType(arrays)), stop)


def _first_bound(solver: PricedSolver, cap: int, num_objectives: int) -> PriceSearch | None:
    """Make the first objective that the cap binds the priced one; return plans on both sides of the cap.

    None if no plan at all changes so little.
    """
    hard = solver.terms.num_hard
    found: list[tuple[PricedPairing, Bound]] = []
    for position in range(num_objectives):
        # the fewest changes with the objectives before this one at their optimum
        solver.component = hard + position
        found.append(solver.at_price(solver.largest_price))
        if found[-1][0].changes > cap:
            break
    over = found.pop() if found[-1][0].changes > cap else None
    if not found:
        return None
    solver.component = hard + len(found) - 1
    search = PriceSearch(solver)
    search.pool.append(found[-1][0])
    search.bounds.append(found[-1][1])
    if over is None:
        search.at_price(0)
    else:  # the best at the priced level without a cap
        search.pool.append(over[0])
        search.bounds.append(Bound(0, over[0].total[solver.component]))
    return search


def _conflict(problem: Problem, solver: PricedSolver) -> Mapping[str, Any]:
    """Return the witness that no plan keeps so many pairs: the cap, and with pins or minima not the cap alone."""
    rows = [row for row in problem.rows if row.most is not None]
    groups = [{"rule": row.code, "details": dict(row.details), "least": row.least, "most": row.most} for row in rows]
    alone = len(groups) == 1 and not solver.terms.num_hard
    groups += [{"rule": name, "details": {"of": of}, "least": None, "most": None} for name, of in _hard(problem)]
    return {"kind": "conflict", "groups": groups, "irreducible": alone, "solver": SOLVER}


def _hard(problem: Problem) -> Iterator[tuple[str, str]]:
    """Yield pins and minima, as the textbook model names them."""
    for level in ("county", "school"):
        if len(problem.pins[level]):
            yield "pins", level
        for side, bounds in (("provider", problem.capacity(level)), ("recipient", problem.demand(level))):
            if bounds[:, 0].any():
                yield "minimum", f"{level}:{side}"


class _Capped:
    name = "capped"

    def fits(self, problem: Problem) -> bool:
        return is_capped_case(problem)

    def solve(self, problem: Problem, run: Run) -> Solution | None:
        return solve_capped(problem, run.budget, run.start)


METHOD = _Capped()
