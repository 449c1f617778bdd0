"""The price of stability of whole plans: from the stable plan to the one that planning without that demand gives.

A row binds a share of the counties, those with most children first, to their partners in the best stable plan and
decides everything else freely. No plan whatsoever is better than the free one, so its value bounds them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.errors import Fault, InvalidInput
from matcher.policy import Policy
from matcher.problem import Problem
from matcher.rules import Pin
from matcher.solver import solve

if TYPE_CHECKING:
    import pandas as pd

    from matcher.model import Instance

_METRICS = (
    "county_blocking_pairs",
    "school_blocking_pairs",
    "counties_children_covered",
    "schools_children_covered",
    "county_km_total",
    "school_km_total",
)


def stability_curve(
    instance: Instance, policy: Policy | None = None, *, shares: Sequence[float] = (1.0, 0.75, 0.5, 0.25, 0.0)
) -> pd.DataFrame:
    """Return what stability costs a plan: one row for the stable plan, then one for each share of bound counties.

    Parameters
    ----------
    instance, policy
        What to plan; the policy's own `stability` is left aside.
    shares
        Shares of the counties of the stable plan that keep their partner in it, from 0 to 1; 0 is the free plan.

    Returns
    -------
    pandas.DataFrame
        stability ("require" or "report"), share, status; value, bound and gap of each objective that the free plan
        proves, as NAME, NAME_bound, NAME_gap (the bound holds given the levels before are at their bounds); counted
        blocking pairs at both levels, children covered and km.

    Raises
    ------
    InvalidInput
        If a share is not from 0 to 1, or there is no stable plan to compare with.
    """
    import pandas as pd

    wrong = [share for share in shares if not 0 <= share <= 1]
    if wrong:
        raise InvalidInput([Fault("invalid_value", column="shares", value=wrong[0], details={"reason": "from 0 to 1"})])
    policy = Policy() if policy is None else policy
    free_policy = policy.model_copy(update={"stability": "report"})
    stable = solve(instance, policy.model_copy(update={"stability": "require"}))
    stable.raise_for_status()
    free = solve(instance, free_policy)
    rows = [_row("require", 1.0, stable, free)]
    children = Problem.of(instance, policy).arrays.counties.children[stable.county_pairs[:, 1]]
    order = stable.county_pairs[np.lexsort((stable.county_pairs[:, 1], -children))]
    arrays = stable.instance.arrays
    for share in shares:
        bound = order[: round(share * len(order))]
        pins = [
            Pin(
                level="county",
                provider_id=arrays.organizations.ids[organization],
                recipient_id=arrays.counties.ids[county],
                reason="stable",
            )
            for organization, county in bound.tolist()
        ]
        same = not pins
        plan = free if same else solve(instance, free_policy.model_copy(update={"rules": (*policy.rules, *pins)}))
        rows.append(_row("report", share, plan, free))
    return pd.DataFrame(rows)


def _row(stability: str, share: float, plan: Any, free: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"stability": stability, "share": share, "status": plan.status}
    equal = True
    for level, best in zip(plan.levels, free.levels, strict=True):
        bound = best.bound if equal else None
        row[level.name] = level.value
        row[f"{level.name}_bound"] = bound
        row[f"{level.name}_gap"] = None if bound is None or level.value is None else abs(level.value - bound)
        equal = equal and level.value == best.bound
    return row | {name: plan.metrics[name] for name in _METRICS}
