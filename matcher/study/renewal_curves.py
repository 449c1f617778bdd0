"""Next year's plan from this year's: the input to plan again from, and what every change would buy.

The curve. Let k be the number of county pairs of last year that end by choice. For a cap on k the least value of the
priced level (the first objective in km or minutes, among plans that are best at the levels before it) is a flow with
one side constraint. Its Lagrangian, a price of so many metres on each change, is an ordinary joint problem, solved
exactly;

    value of the cap K  >=  L(price) - price * K      for every price,

and the plan found at that price is optimal for its own number of changes. Between two such plans the pieces in which
they differ (paths and cycles of county pairs) are exchanged one by one, the best gain a change first: the repair.
Plans are carried forward: what is possible with fewer changes is possible with more.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from matcher.base.errors import Fault, InvalidInput
from matcher.base.numbers import M_PER_KM, S_PER_MIN
from matcher.base.progress import Budget, CancelToken, Progress, ProgressCallback
from matcher.methods.joint.priced import PricedPairing, PricedSolver, PriceSearch, Stopped
from matcher.methods.joint.solver import JointSolver
from matcher.model import Instance
from matcher.outcome.metrics import metrics_of
from matcher.policy.policy import Policy
from matcher.problem.problem import Problem
from matcher.proof.joint_terms import is_joint_case
from matcher.proof.witness import bounds_witness
from matcher.study.elsewhere import curve_there

if TYPE_CHECKING:
    import pandas as pd


#: prices tried for each point, at most
_TRIES = 3
#: a point whose relative gap is below this is left as it is
_CLOSE = 5e-4
_KEEPS = ("keep_counties", "keep_schools")
_COLUMNS = ("max_changes", "county_changes", "county_kept", "value", "bound", "gap", "relative_gap")
#: metrics of a point that are carried into the frame, and their columns
_METRICS = {
    "counties_children_covered": "county_children_covered",
    "schools_children_covered": "school_children_covered",
    "schools_children_share": "school_children_share",
    "county_km_total": "county_km",
    "school_km_total": "school_km",
    "school_kept": "school_kept",
    "school_ended_forced": "school_ended_forced",
    "school_ended_consequent": "school_ended_consequent",
    "school_ended_chosen": "school_ended_chosen",
}


def renewal_curve(
    instance: Instance,
    policy: Policy | None = None,
    *,
    points: int = 9,
    time_limit_s: float | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
    executor: Any = None,
) -> pd.DataFrame:
    """Return what more changes of county pairs would buy: one row a largest number of changes.

    The objectives are those of `policy` without its two levels of keeping; the priced level is the first of them in km
    or minutes. The levels before it (coverage) are at their optimum in every row, so the first row is the fewest
    changes that full coverage allows, and the last one what planning from nothing would do.

    Parameters
    ----------
    instance, policy
        What to plan, with the pairs of last year.
    points
        Rows, evenly spaced between the two ends; at least 2 (fewer where there are fewer numbers in between).
    time_limit_s, progress, cancel
        Of the whole call: stopped, the curve has the points found by then with the bounds known by then, none at all if
        there is none.
    executor
        Anything with `submit` as in `concurrent.futures`: the curve is one task of it, since all points share one
        search; the result is the same. Progress is not told from there.

    Returns
    -------
    pandas.DataFrame
        max_changes; county_changes (pairs ended by choice, never more), county_kept; value, bound and gap of the priced
        level in its exact unit, relative_gap; price_km (or price_min: what a change more would save here, at most);
        children covered and km at both levels, and what became of the school pairs. `attrs["level"]` names the priced
        level. Where no plan meets the minima and pins there are no rows, `attrs["status"]` is "infeasible" and
        `attrs["witness"]` says why, as far as one level alone shows it.

    Raises
    ------
    InvalidInput
        If the policy is not one to one without rules over several pairs, demands stability, or has no level in km or
        minutes.
    """
    budget = Budget(time_limit_s=time_limit_s, progress=progress, cancel=cancel, executor=executor)
    import pandas as pd

    policy = Policy() if policy is None else policy
    if executor is not None:
        there = curve_there("renewal_curve", instance, policy, {"points": points}, budget)
        if there is not None:
            return there
    objectives = tuple(each for each in policy.objectives if each.name not in _KEEPS)
    if not objectives:
        raise InvalidInput([Fault("no_priced_level", "policy", column="objectives")])
    if policy.asks_stability:
        known = {"known": "off, report"}  # the curve's plans are those of no demand
        raise InvalidInput(
            [Fault("not_an_option", "policy", column="stability", value=policy.stability, details=known)]
        )
    problem = Problem.of(instance, policy.model_copy(update={"objectives": objectives, "stability": "off"}))
    travel = [position for position, objective in enumerate(problem.objectives) if objective.unit in ("m", "s")]
    if not travel or not is_joint_case(problem):
        raise InvalidInput([Fault("no_priced_level", "policy", column="objectives")])
    keepable = problem.keepable("county")
    num_hard = int(JointSolver(problem, budget).terms.num_hard)
    try:
        solver = PricedSolver(problem, budget, travel[0] + num_hard, keepable)
        asked = _points(solver, points, budget)
    except Stopped:
        frame = pd.DataFrame()
        frame.attrs["stop_reason"] = budget.stop_reason
        return frame
    objective = problem.objectives[travel[0]]
    per_unit = M_PER_KM if objective.unit == "m" else S_PER_MIN
    rows: list[dict[str, Any]] = []
    if num_hard and any(point.total[0] for _, point, _, _ in asked):  # some minimum or pin can't be met
        frame = pd.DataFrame({name: [] for name in (*_COLUMNS, *_METRICS.values())})
        frame.attrs.update({"status": "infeasible", "witness": bounds_witness(problem)})
        return frame
    for largest, point, bound, price in asked:
        value = objective.shown(point.total[solver.component])
        least = objective.shown(bound)
        row: dict[str, Any] = {
            "max_changes": largest,
            "county_changes": point.changes,
            "county_kept": solver.keepable - point.changes,
            "value": value,
            "bound": least,
            "gap": abs(value - least),
            "relative_gap": abs(value - least) / max(1, abs(value)),
            f"price_{'km' if per_unit == M_PER_KM else 'min'}": None if price is None else price / per_unit,
        }
        pairing = solver.pairing(point.organization_of)
        metrics = metrics_of(problem, pairing.pairs)
        rows.append(row | {column: metrics[name] for name, column in _METRICS.items()})
    frame = pd.DataFrame(rows)
    frame.attrs.update({"over": "max_changes", "curve": "renewal"})
    if budget.stop_reason is not None:
        frame.attrs["stop_reason"] = budget.stop_reason
    frame.attrs.update({"level": objective.name, "unit": objective.unit, "keepable": solver.keepable})
    return frame


def _points(solver: PricedSolver, points: int, budget: Budget) -> list[tuple[int, PricedPairing, int, int | None]]:
    """Return for each cap the best plan known, the bound, and the price at which the bound holds (None at the end)."""
    search = PriceSearch(solver)
    fewest, most = search.at_price(solver.largest_price), search.at_price(0)
    span = most.changes - fewest.changes
    count = min(max(2, points), span + 1)
    caps = sorted({fewest.changes + span * i // max(1, count - 1) for i in range(count)})
    for done, cap in enumerate(caps):
        budget.report(Progress("renewal_curve", done, len(caps)))
        with contextlib.suppress(Stopped):
            search.refine(cap, _TRIES, lambda value, bound: value - bound <= _CLOSE * abs(value), budget)
    found = []
    for cap in caps:
        best, proof = search.best(cap), search.proof(cap)
        # the last row is optimal without any cap, whatever later levels chose
        bound = max(proof.at(cap), search.bounds[1].value) if cap == caps[-1] else proof.at(cap)
        found.append((cap, best, bound, proof.price if proof.price < solver.largest_price else None))
    return found
