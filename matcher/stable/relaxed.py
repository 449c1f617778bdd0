"""Nearly stable matchings: at most B blocking pairs, or none that gains more than a tolerance, by levels, with bounds.

The program stands in `matcher.stable.program`; CP-SAT solves it, and one unit of work is a thousandth of its
deterministic time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from matcher.base.numbers import IntArray
from matcher.base.progress import Budget, StopReason
from matcher.base.result import Level, LevelClaim, Proof, Status, in_order
from matcher.programs.cpsat import SOLVER, Solver
from matcher.programs.rows import Linear
from matcher.stable.preferences import Preferences, as_pairs, blocking_arcs
from matcher.stable.program import Program, cost_function, program
from matcher.stable.proof import places_short, total_cost

SCOPE = "matchings_in_limit"


@dataclass(frozen=True, slots=True, eq=False)
class RelaxedMatching:
    """The best matching found under a relaxed demand of stability, with a bound for each level.

    Attributes
    ----------
    status
        "optimal" if every level is proved, "feasible", "infeasible" or "unknown".
    stop_reason
        Why the search ended early, None if it did not.
    pairs
        (k, 2) int64: provider and recipient, in order; empty without a matching.
    levels
        One `Level` a cost level; before them "blocking_pairs" if their number was to be made least.
    blocking
        (b, 2) int64: the pairs that block by more than the tolerance.
    proof
        Kind "solver" or "none": the bounds are CP-SAT's claim.
    reason, witness
        If infeasible: "bounds" if no matching keeps the bounds and pins at all; "max_blocking" if none of those has so
        few blocking pairs, with `fewest`, the `Level` of the smallest number.
    """

    status: Status
    stop_reason: StopReason | None
    pairs: IntArray
    levels: tuple[Level, ...]
    blocking: IntArray
    proof: Proof
    reason: Literal["bounds", "max_blocking"] | None = None
    witness: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, eq=False)
class _Objective:
    name: str
    unit: str
    function: Linear


def nearly_stable(
    preferences: Preferences,
    cost: NDArray[Any],
    unmet_cost: NDArray[Any] | None = None,
    *,
    max_blocking: int | None = None,
    tolerance: int = 0,
    fewest: bool = False,
    pins: NDArray[Any] | Sequence[Sequence[int]] = (),
    level_names: Sequence[str] | None = None,
    units: Sequence[str] | None = None,
    start: NDArray[Any] | None = None,
    known: int | None = None,
    budget: Budget | None = None,
) -> RelaxedMatching:
    """Find the least-cost matching with few blocking pairs, by levels in strict order.

    Parameters
    ----------
    cost, unmet_cost, pins
        As for `matcher.stable.best.best_stable`.
    max_blocking
        B, at most so many blocking pairs; None for any number. With ties in the preferences, 0 means weakly stable.
    tolerance
        A pair blocks only if both ends gain more than this, in the unit of the ranks; a free place is an infinite gain.
    fewest
        Make the number of blocking pairs least before any cost.
    level_names, units
        Names of the cost levels, by default `cost`, or `cost_1`, `cost_2`, ...; their units.
    start
        (k, 2) int: a matching to start from; one that keeps everything is never answered by less.
    known
        What no matching of the market beats at the first cost level, if that is known otherwise.
    budget
        Limits, progress and cancelling.

    Raises
    ------
    OverflowError
        If the coefficients of one level sum to 2**60 or more.
    """
    cost = np.atleast_2d(np.asarray(cost, dtype=np.int64))
    names = tuple(level_names or (["cost"] if len(cost) == 1 else [f"cost_{i + 1}" for i in range(len(cost))]))
    unmet = [None] * len(cost) if unmet_cost is None else list(np.atleast_2d(np.asarray(unmet_cost, dtype=np.int64)))
    pins, budget = as_pairs(pins), budget or Budget()
    model = program(preferences, max_blocking=max_blocking, tolerance=tolerance, fewest=fewest, pins=pins)
    objectives = [_Objective("blocking_pairs", "pairs", model.num_blocking())] if fewest else []
    for name, unit, level, missing in zip(names, units or [""] * len(cost), cost, unmet, strict=True):
        objectives.append(_Objective(name, unit, cost_function(preferences, level, missing)))
    run = _Run(model, budget, None if fewest else known)
    hint = None if start is None else preferences.arcs_of(start)
    if hint is not None and _keeps(preferences, hint, max_blocking, tolerance, pins):
        run.arcs = np.sort(hint)
    run.levels_in_order(objectives, None if hint is None else hint[hint >= 0])
    answer = run.answer(objectives)
    if answer.status == "infeasible":
        return _with_reason(answer, preferences, max_blocking, tolerance, pins, budget)
    if run.arcs is not None:
        _check(preferences, cost, unmet_cost, answer, max_blocking)
    return answer


def _keeps(preferences: Preferences, arcs: IntArray, limit: int | None, tolerance: int, pins: IntArray) -> bool:
    """Whether arcs, -1 for what is none, are a matching within all bounds, pins and the limit of blocking pairs."""
    if len(arcs) and (arcs.min() < 0 or len(np.unique(arcs)) < len(arcs)):
        return False
    pairs = preferences.pairs_of(arcs)
    taken = np.bincount(pairs[:, 0], minlength=preferences.num_providers)
    served = np.bincount(pairs[:, 1], minlength=preferences.num_recipients)
    few = limit is None or int(blocking_arcs(preferences, pairs, tolerance=tolerance).sum()) <= limit
    return (
        few
        and bool((taken <= preferences.capacity[:, 1]).all() and (served <= preferences.demand[:, 1]).all())
        and not any(len(places_short(preferences, arcs, side)[0]) for side in ("provider", "recipient"))
        and bool(np.isin(preferences.arcs_of(pins), arcs).all())
    )


def _with_reason(
    answer: RelaxedMatching,
    preferences: Preferences,
    max_blocking: int | None,
    tolerance: int,
    pins: IntArray,
    budget: Budget,
) -> RelaxedMatching:
    """Say why there is no matching: the bounds and pins alone, or the limit, and then the fewest blocking pairs."""
    none = np.empty((0, preferences.num_arcs), dtype=np.int64)
    reason: Literal["bounds", "max_blocking"] = "bounds"
    witness: dict[str, Any] = {}
    if max_blocking is not None:
        least = nearly_stable(preferences, none, fewest=True, tolerance=tolerance, pins=pins, budget=budget)
        if least.status != "infeasible":
            reason, witness = "max_blocking", {"fewest": least.levels[0]}
    return RelaxedMatching(
        answer.status,
        None,
        answer.pairs,
        answer.levels,
        answer.blocking,
        answer.proof,
        reason,
        MappingProxyType(witness),
    )


def _check(
    preferences: Preferences,
    cost: IntArray,
    unmet_cost: NDArray[Any] | None,
    answer: RelaxedMatching,
    limit: int | None,
) -> None:
    """Recompute cost, bounds and blocking pairs of what the solver found."""
    arcs = preferences.arcs_of(answer.pairs)
    holds = (
        _keeps(preferences, arcs, None, 0, as_pairs(()))
        and tuple(level.value for level in answer.levels)[-len(cost) or len(answer.levels) :]
        == total_cost(preferences, cost, unmet_cost, answer.pairs)
        and (limit is None or len(answer.blocking) <= limit)
    )
    if not holds:
        raise RuntimeError("the solver's matching does not keep what it claims")


class _Run:
    """One search, level after level; what is found is kept whatever stops it."""

    def __init__(self, model: Program, budget: Budget, known: int | None = None):
        self.model, self.budget, self.known = model, budget, known
        self.arcs: IntArray | None = None
        self.infeasible = False
        self.bounds: list[int | None] = []
        self.stop_reason: StopReason | None = None

    def levels_in_order(self, objectives: Sequence[_Objective], start: IntArray | None) -> None:
        """Minimise each level from the arcs of a start, then keep its value as a constraint."""
        preferences = self.model.preferences
        solver = Solver(self.model.num_columns, self.model.rows, budget=self.budget)
        hint = None if start is None else self.model.values_of(start)
        for objective in objectives:
            outcome = solver.minimise(
                objective.function,
                self.budget,
                hint=hint,
                close_enough=lambda value, bound: (
                    self.budget.gap is not None and self.budget.close_enough(value, bound)
                ),
                phase=f"level:{objective.name}",
                linearization=2,
            )
            bound, self.known = _better(outcome.bound, self.known), None
            if outcome.status == "infeasible":
                if self.arcs is not None:
                    raise RuntimeError("the solver calls a program infeasible that has a solution")
                self.infeasible = True
                return
            self.bounds.append(bound)
            if outcome.values is not None:
                found = np.flatnonzero(outcome.values[: preferences.num_arcs])
                if self.arcs is None or self._value(objective, found) <= self._value(objective, self.arcs):
                    self.arcs = found
            if self.arcs is None:
                self.stop_reason = self._stopped()
                return
            hint = self.model.values_of(self.arcs)
            value = objective.function.at(hint)
            if bound != value:
                close = bound is not None and self.budget.close_enough(value, bound)
                self.stop_reason = "gap" if close else self._stopped()
                if not close:
                    return
            solver.keep(objective.function, value)

    def _value(self, objective: _Objective, arcs: IntArray) -> int:
        return objective.function.at(self.model.values_of(arcs))

    def _stopped(self) -> StopReason:
        # the solver may return a little before its limit
        if self.budget.stop_reason is not None or self.budget.time_left_s is not None:
            return self.budget.stop_reason or "time"
        return "search" if self.budget.work_limit is None else "work"

    def answer(self, objectives: Sequence[_Objective]) -> RelaxedMatching:
        """Return what was found, with a level for every objective."""
        preferences = self.model.preferences
        values = None if self.arcs is None else self.model.values_of(self.arcs)
        bounds = self.bounds + [None] * (len(objectives) - len(self.bounds))
        claims = [
            LevelClaim(each.name, "min", each.unit, None if values is None else each.function.at(values), bound, "mip")
            for each, bound in zip(objectives, bounds, strict=True)
        ]
        status: Status = "infeasible" if self.infeasible else "unknown"
        if values is not None:
            status = "optimal" if all(claim.is_closed for claim in claims) else "feasible"
        is_claimed = self.infeasible or any(bound is not None for bound in bounds)
        arcs = np.empty(0, dtype=np.int64) if self.arcs is None else self.arcs
        pairs = preferences.pairs_of(arcs)
        blocking = np.flatnonzero(blocking_arcs(preferences, pairs, tolerance=self.model.tolerance))
        return RelaxedMatching(
            status=status,
            stop_reason=self.stop_reason,
            pairs=pairs,
            levels=in_order(claims, SCOPE),
            blocking=preferences.pairs_of(blocking if values is not None else arcs),
            proof=Proof("solver", SCOPE, SOLVER) if is_claimed else Proof("none", SCOPE),
        )


def _better(bound: int | None, known: int | None) -> int | None:
    """Return the higher of two lower bounds, None for none."""
    return max((each for each in (bound, known) if each is not None), default=None)
