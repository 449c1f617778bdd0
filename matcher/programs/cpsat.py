"""Solve a binary program in exact integers with CP-SAT, one worker, stopped by the budget; HiGHS cross-checks."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcher.base.numbers import IntArray
from matcher.base.progress import Budget, Progress
from matcher.programs.rows import UNBOUNDED, Linear, Rows

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

SOLVER = f"OR-Tools CP-SAT {version('ortools')}"
#: one unit of work is a thousandth of CP-SAT's deterministic time
WORK_PER_TIME = 1000
#: told a value and a bound, whether to stop
CloseEnough = Callable[[int, int], bool]
#: how often a running solver looks at the clock and the cancel token
_POLL_S = 0.05


#: rows that are set up between two looks at the clock, a few milliseconds
_ROWS_BETWEEN_LOOKS: Final = 256


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What one run of the solver found.

    Attributes
    ----------
    status
        "optimal", "feasible", "infeasible" or "unknown".
    values : (n,) int64
        The best solution, None without one.
    bound
        What no solution can beat (of the minimised function), None if nothing is known.
    """

    status: str
    values: IntArray | None
    bound: int | None


class Solver:
    """A binary program that is solved again and again with rows added.

    A large one takes seconds to set up: where `budget` ends meanwhile it stays unfinished, and nothing is said of it.
    """

    def __init__(
        self, num_columns: int, rows: Rows, skip_groups: frozenset[str] = frozenset(), budget: Budget | None = None
    ):
        from ortools.sat.python import cp_model

        self._model = cp_model.CpModel()
        self._weighted_sum = cp_model.LinearExpr.weighted_sum
        self._is_whole = True
        self._columns = [self._model.new_bool_var("") for _ in range(num_columns)]
        ends = rows.start.tolist()
        column, coef, low, high = rows.column.tolist(), rows.coef.tolist(), rows.low.tolist(), rows.high.tolist()
        for row, group in enumerate(rows.group):
            if row % _ROWS_BETWEEN_LOOKS == 0 and budget is not None and budget.stop_reason is not None:
                self._is_whole = False
                return
            if group not in skip_groups:
                part = slice(ends[row], ends[row + 1])
                self._add(column[part], coef[part], low[row], high[row])

    def _add(self, column: Sequence[int], coef: Sequence[int], low: int, high: int) -> None:
        if not len(column):
            if not low <= 0 <= high:
                self._model.add_bool_or([])
            return
        total = self._weighted_sum([self._columns[c] for c in column], list(coef))
        self._model.add_linear_constraint(total, low, high)

    def keep(self, function: Linear, at_most: int) -> None:
        """Add the row function <= at_most."""
        self._add(function.column.tolist(), function.coef.tolist(), -UNBOUNDED, at_most - function.constant)

    def close(self, columns: IntArray) -> None:
        """Set these variables to 0."""
        self._add(columns.tolist(), [1] * len(columns), 0, 0)

    def minimise(
        self,
        function: Linear | None,
        budget: Budget,
        *,
        hint: IntArray | None = None,
        closed: IntArray | None = None,
        share: float = 1.0,
        close_enough: CloseEnough | None = None,
        phase: str = "mip",
        linearization: int = 1,
    ) -> Outcome:
        """Minimise `function` (None: find any solution).

        Parameters
        ----------
        budget, share
            The limits, and how much of what is left of them this run may take.
        hint : (n,) int64
            A solution to start from.
        closed
            Variables that are 0 in this run only.
        close_enough
            Told a value and a bound, whether to stop.
        linearization
            How much of the program CP-SAT puts into its linear relaxation, 2 for all of it.
        """
        if not self._is_whole:
            return Outcome("unknown", None, None)
        from ortools.sat.python import cp_model

        model = self._model.clone()
        columns = [model.get_bool_var_from_proto_index(position) for position in range(len(self._columns))]
        if closed is not None and len(closed):
            model.add_bool_and([columns[c].negated() for c in closed.tolist()])
        if function is not None and len(function.column):
            chosen = [columns[c] for c in function.column.tolist()]
            model.minimize(cp_model.LinearExpr.weighted_sum(chosen, function.coef.tolist()))
        if hint is not None:
            for column, value in zip(columns, hint.tolist(), strict=True):
                model.add_hint(column, value)
        constant = function.constant if function is not None else 0
        solver = cp_model.CpSolver()
        solver.parameters.linearization_level = linearization
        return _run(solver, model, columns, constant, function, budget, share, close_enough, phase)


def _run(
    solver: cp_model.CpSolver,
    model: Any,
    columns: list[Any],
    constant: int,
    function: Linear | None,
    budget: Budget,
    share: float,
    close_enough: CloseEnough | None,
    phase: str,
) -> Outcome:
    from ortools.sat.python import cp_model

    if budget.stop_reason is not None:
        return Outcome("unknown", None, None)
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    if budget.time_left_s is not None:
        solver.parameters.max_time_in_seconds = max(0.01, budget.time_left_s * share)
    if budget.work_limit is not None:
        left = budget.work_limit - budget.work
        solver.parameters.max_deterministic_time = max(0.001, left * share / WORK_PER_TIME)
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_POLL_S):
            if budget.stop_reason in ("cancelled", "time"):
                solver.stop_search()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        status = solver.solve(model, _watch(solver, constant, budget, close_enough, phase))
    finally:
        done.set()
        watcher.join()
    budget.spend(math.ceil(solver.deterministic_time * WORK_PER_TIME))
    word = {cp_model.OPTIMAL: "optimal", cp_model.FEASIBLE: "feasible", cp_model.INFEASIBLE: "infeasible"}.get(
        status, "unknown"
    )
    if word == "infeasible" or status == cp_model.MODEL_INVALID:
        return Outcome(word, None, None)
    objective = function is not None and len(function.column) > 0
    bound = _safe_floor(solver.best_objective_bound) + constant if objective and word != "unknown" else None
    if word == "unknown":
        return Outcome(word, None, bound)
    values = np.array([solver.value(column) for column in columns], dtype=np.int64)
    if not objective:
        return Outcome("optimal", values, constant)
    assert function is not None
    return Outcome(word, values, function.at(values) if word == "optimal" else bound)


def _safe_floor(bound: float) -> int:
    """Round a bound on an integer from below, a little below its own rounding error."""
    return math.ceil(bound - max(1e-6, abs(bound) * 1e-12))


def _watch(
    solver: cp_model.CpSolver, constant: int, budget: Budget, close_enough: CloseEnough | None, phase: str
) -> cp_model.CpSolverSolutionCallback:
    """Return what reports each solution, and stops when the gap asked for is reached."""
    from ortools.sat.python import cp_model

    class Watch(cp_model.CpSolverSolutionCallback):
        def on_solution_callback(self) -> None:
            value = round(self.objective_value) + constant
            bound = _safe_floor(self.best_objective_bound) + constant
            budget.report(Progress(phase, value=value, bound=bound, gap=abs(value - bound)))
            if close_enough is not None and close_enough(value, bound):
                solver.stop_search()

    return Watch()


def also_infeasible(num_columns: int, rows: Rows, skip_groups: frozenset[str] = frozenset()) -> bool:
    """Return whether HiGHS, by its own way, finds no solution either."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_matrix

    kept = np.array([group not in skip_groups for group in rows.group], dtype=np.bool_)
    if num_columns == 0:
        return bool((kept & ((rows.low > 0) | (rows.high < 0))).any())
    matrix = csr_matrix((rows.coef, rows.column, rows.start), shape=(len(rows), num_columns))[kept]
    low = np.where(rows.low <= -UNBOUNDED, -np.inf, rows.low)[kept]
    high = np.where(rows.high >= UNBOUNDED, np.inf, rows.high)[kept]
    empty = np.diff(matrix.indptr) == 0
    if ((low > 0) | (high < 0))[empty].any():
        return True
    answer = milp(
        np.zeros(num_columns),
        integrality=np.ones(num_columns, dtype=np.int64),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix[~empty], low[~empty], high[~empty]) if not empty.all() else None,
    )
    return bool(answer.status == 2)
