"""Solve a binary program with HiGHS: the better engine where a linear relaxation does most of the work.

HiGHS counts in floating point, so a solution is rounded and held against every row in integers before it is given out,
and a bound is rounded to the safe side of its tolerances.
"""

from __future__ import annotations

import math
from importlib.metadata import version
from typing import Any, Final

import numpy as np

from matcher.base.numbers import FloatArray, IntArray
from matcher.base.progress import Budget
from matcher.programs.cpsat import Outcome
from matcher.programs.rows import UNBOUNDED, Linear, Rows

SOLVER: Final = f"HiGHS (SciPy {version('scipy')})"
#: a bound is trusted to so much of its size, and an optimum within as much of its bound is one
_TRUST: Final = 1e-7


def minimise(
    num_columns: int,
    rows: Rows,
    function: Linear,
    budget: Budget,
    *,
    kept: tuple[tuple[Linear, int], ...] = (),
    share: float = 1.0,
    relax: IntArray | None = None,
) -> Outcome:
    """Minimise `function` over 0/1 columns.

    Parameters
    ----------
    kept
        Further rows, each a function and its greatest value.
    budget, share
        The limits, and how much of the time left this run may take. A node of the search is one unit of work.
    relax : (k,) int64
        Columns that need not be made integer by branching: they are integer where all others are.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array, vstack

    if budget.stop_reason is not None:
        return Outcome("unknown", None, None)
    matrix = csr_array((rows.coef.astype(float), rows.column, rows.start), shape=(len(rows), num_columns))
    low = np.where(rows.low <= -UNBOUNDED, -np.inf, rows.low.astype(float))
    high = np.where(rows.high >= UNBOUNDED, np.inf, rows.high.astype(float))
    for row, most in kept:
        scale = max(1.0, float(np.abs(row.coef).max(initial=1)))
        data = (row.coef / scale, (np.zeros(len(row.column), np.int64), row.column))
        matrix = vstack([matrix, csr_array(data, shape=(1, num_columns))], format="csr")
        low, high = np.append(low, -np.inf), np.append(high, (most - row.constant) / scale)
    cost = np.zeros(num_columns)
    np.add.at(cost, function.column, function.coef)
    whole = np.ones(num_columns, np.int64)
    if relax is not None:
        whole[relax] = 0
    options: Any = {"mip_rel_gap": 0.0 if budget.gap is None else budget.gap}
    if budget.time_left_s is not None:
        options["time_limit"] = max(0.05, budget.time_left_s * share)
    if budget.work_limit is not None:
        options["node_limit"] = max(1, int((budget.work_limit - budget.work) * share))
    constraint = LinearConstraint(matrix, low, high) if matrix.shape[0] else None
    answer = milp(cost, integrality=whole, bounds=Bounds(0, 1), constraints=constraint, options=options)
    budget.spend(1 + int(getattr(answer, "mip_node_count", 0) or 0))
    if answer.status == 2:
        return Outcome("infeasible", None, None)
    bound = _bound(getattr(answer, "mip_dual_bound", None), function.constant)
    if answer.x is None:
        return Outcome("unknown", None, bound)
    values = np.rint(answer.x).astype(np.int64)
    exact: IntArray = csr_array((rows.coef, rows.column, rows.start), shape=(len(rows), num_columns)) @ values  # type: ignore[assignment]
    broken = (exact < rows.low).any() or (exact > rows.high).any()
    if broken or any(row.at(values) > most for row, most in kept):
        return Outcome("unknown", None, bound)
    value = function.at(values)
    near = bound is not None and value - bound <= max(0, math.floor(_TRUST * abs(value)))
    if answer.status == 0 and near:
        return Outcome("optimal", values, value)
    return Outcome("feasible", values, bound)


def _bound(given: float | None, constant: int) -> int | None:
    if given is None or not math.isfinite(given):
        return None
    return math.ceil(given - max(1e-6, abs(given) * _TRUST)) + constant


def relaxed(
    num_columns: int, rows: Rows, function: Linear, budget: Budget, *, share: float = 1.0
) -> tuple[FloatArray, FloatArray] | None:
    """Return dual prices of the rows and values of the columns of the relaxation between 0 and 1; None if it has none.

    Prices of a relaxation in floating point prove nothing by themselves; what they are used for has to.
    """
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, vstack

    if budget.stop_reason is not None or not len(rows):
        return None
    matrix = csr_array((rows.coef.astype(float), rows.column, rows.start), shape=(len(rows), num_columns))
    equal = rows.low == rows.high
    most, least = (~equal) & (rows.high < UNBOUNDED), (~equal) & (rows.low > -UNBOUNDED)
    cost = np.zeros(num_columns)
    np.add.at(cost, function.column, function.coef)
    scale = max(1.0, float(np.abs(cost).max(initial=0)) / 1e4)
    options: Any = {} if budget.time_left_s is None else {"time_limit": max(0.05, budget.time_left_s * share)}
    found = linprog(
        cost / scale,
        A_ub=vstack([matrix[most], -matrix[least]], format="csr"),
        b_ub=np.concatenate([rows.high[most], -rows.low[least]]).astype(float),
        A_eq=matrix[equal] if equal.any() else None,
        b_eq=rows.low[equal].astype(float) if equal.any() else None,
        bounds=(0, 1),
        method="highs",
        options=options,
    )
    if found.status != 0:
        return None
    price = np.zeros(len(rows))
    split = int(np.count_nonzero(most))
    price[most] = found.ineqlin.marginals[:split]
    price[least] -= found.ineqlin.marginals[split:]
    if equal.any():
        price[equal] = found.eqlin.marginals
    return price * scale, np.asarray(found.x)
