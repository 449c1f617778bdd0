"""The numbers of a plan, recomputed from the input and the chosen pairs alone: `Plan.metrics`.

Names are flat: `counties_*` and `schools_*` count recipients and children, `county_*` and `school_*` describe the
pairs of a level. Kilometres and minutes are rounded to 3 digits, shares to 6; a mean over no pairs is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from matcher.base.display import Metric
from matcher.base.names import AT_SEAT, SIDES
from matcher.base.numbers import M_PER_KM, S_PER_MIN, UNKNOWN_COST, IntArray
from matcher.outcome.changes import classify
from matcher.problem.pairs import Pairs
from matcher.problem.problem import Problem
from matcher.proof.blocking import blocking

_P95: Final = 95


def metrics_of(problem: Problem, pairs: Pairs) -> dict[str, Metric]:
    """Return every number of a plan.

    Parameters
    ----------
    pairs
        The plan.
    """
    found: dict[str, Metric] = {}
    changes = classify(problem, pairs)
    for level, chosen in zip(SIDES, pairs, strict=True):
        found |= _coverage(problem, level, chosen)
        found |= _travel(problem, level, chosen)
        found |= {f"{level}_{name}": number for name, number in changes[level].counts().items()}
        if problem.policy.stability != "off":
            found[f"{level}_blocking_pairs"] = len(blocking(problem, level, pairs))
    found["schools_at_county_seat"] = schools_at_county_seat(problem)
    return found


def schools_at_county_seat(problem: Problem) -> int:
    """Return how many schools stand at their county's seat: without coordinates, or marked so by the user."""
    at_seat = [school.coord_precision == AT_SEAT for school in problem.instance.schools]
    return int((np.array(at_seat, dtype=np.bool_) | problem.arrays.schools.at_parent).sum())


def share(part: int, whole: int) -> float | None:
    """Return part / whole to 6 digits, None of nothing."""
    return round(part / whole, 6) if whole else None


def _coverage(problem: Problem, level: str, pairs: IntArray) -> dict[str, Metric]:
    provider_table, recipient_table = SIDES[level]
    providers, recipients = problem.arrays.sides(level)
    count = np.bincount(pairs[:, 1], minlength=len(recipients))
    covered = count > 0
    children, reached = int(recipients.children.sum()), int(recipients.children[covered].sum())
    places = int(problem.demand(level)[:, 1].sum())
    missing = int(np.maximum(problem.demand(level)[:, 1] - count, 0).sum())
    return {
        recipient_table: len(recipients),
        f"{recipient_table}_covered": int(covered.sum()),
        f"{recipient_table}_share": share(int(covered.sum()), len(recipients)),
        f"{recipient_table}_children": children,
        f"{recipient_table}_children_covered": reached,
        f"{recipient_table}_children_share": share(reached, children),
        f"{recipient_table}_places": places,
        f"{recipient_table}_places_missing": missing,
        provider_table: len(providers),
        f"{provider_table}_used": len(np.unique(pairs[:, 0])),
        f"{level}_pairs": len(pairs),
    }


def _travel(problem: Problem, level: str, pairs: IntArray) -> dict[str, Metric]:
    metres = problem.facts.metres(level, pairs[:, 0], pairs[:, 1])
    found = {f"{level}_km_{name}": number for name, number in spread(metres, M_PER_KM).items()}
    if problem.facts.unit(level) == "min":
        seconds = problem.facts.seconds(level, pairs[:, 0], pairs[:, 1])[0]
        known = seconds[seconds < UNKNOWN_COST]
        found |= {f"{level}_min_{name}": number for name, number in spread(known, S_PER_MIN).items()}
    return found


def spread(exact: IntArray, per_unit: int) -> Mapping[str, Metric]:
    """Return mean, median, 95th percentile (linear between neighbours), largest and total of exact integers."""
    if not len(exact):
        return {"mean": None, "median": None, "p95": None, "max": None, "total": 0.0}
    total = int(exact.sum())

    def shown(value: float) -> float:
        return round(float(value) / per_unit, 3)

    return {
        "mean": shown(total / len(exact)),
        "median": shown(float(np.median(exact))),
        "p95": shown(float(np.percentile(exact, _P95))),
        "max": shown(int(exact.max())),
        "total": shown(total),
    }


def idle(problem: Problem, pairs: Pairs) -> dict[str, int]:
    """Return organisations without a county, free places of branches, and schools that want a branch more."""
    arrays = problem.arrays
    taken = np.bincount(pairs.county[:, 0], minlength=len(arrays.organizations))
    load = np.bincount(pairs.school[:, 0], minlength=len(arrays.branches))
    have = np.bincount(pairs.school[:, 1], minlength=len(arrays.schools))
    return {
        "organizations": int(((taken == 0) & (problem.capacity("county")[:, 1] > 0)).sum()),
        "places": int(np.maximum(problem.capacity("school")[:, 1] - load, 0).sum()),
        "schools": int((have < problem.demand("school")[:, 1]).sum()),
    }
