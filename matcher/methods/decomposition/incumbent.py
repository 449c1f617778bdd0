"""Plans that a search holds on to, and what can be said of a level before anything is solved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matcher.base.names import SIDES
from matcher.base.numbers import S_PER_MIN
from matcher.facts import Facts
from matcher.problem.pairs import Pairs, pair_keys
from matcher.problem.problem import Problem
from matcher.problem.terms import AdditiveObjective
from matcher.proof.joint_bounds import farthest


@dataclass(frozen=True, slots=True, eq=False)
class Incumbent:
    """A plan: pairs of both levels, its exact minimised values, and by how much it breaks hard rules."""

    pairs: Pairs
    values: tuple[int, ...]
    broken: int


def measured(problem: Problem, pairs: Pairs) -> Incumbent:
    """Measure a plan."""
    pairs = pairs.in_order()
    return Incumbent(pairs, problem.minimised(pairs), broken(problem, pairs))


def broken(problem: Problem, pairs: Pairs) -> int:
    """Return by how much a plan misses bounds, pins, rules, rows and caps in all; 0 if it keeps everything."""
    arrays, school = problem.arrays, pairs.school
    above = np.column_stack([arrays.branches.parent[school[:, 0]], arrays.schools.parent[school[:, 1]]])
    width = len(arrays.counties)
    paired = np.isin(pair_keys(above, width), pair_keys(pairs.county, width))
    missed = int((~paired).sum())
    for level, chosen in zip(SIDES, pairs, strict=True):
        for side, limits in enumerate((problem.capacity(level), problem.demand(level))):
            count = np.bincount(chosen[:, side], minlength=len(limits))
            missed += int(np.maximum(0, limits[:, 0] - count).sum() + np.maximum(0, count - limits[:, 1]).sum())
        missed += int((~problem.allowed(level, chosen[:, 0], chosen[:, 1])).sum())
        have = {(int(p), int(r)) for p, r in chosen}
        missed += sum((int(p), int(r)) not in have for p, r in problem.pins[level])
    for violation in problem.violations(pairs):
        missed += abs(int(violation.details["value"]) - int(violation.details["limit"]))
    return missed


def plain_bound(problem: Problem, objective: AdditiveObjective) -> int:
    """Return a bound on a level that needs no search: every gain that its terms allow, no cost that they charge."""
    if objective.worst_of is not None:
        return 0
    total = 0
    for level in ("county", "school"):
        terms, pairs = objective.terms(level), 0
        capacity, demand = problem.capacity(level)[:, 1], problem.demand(level)[:, 1]
        pairs = int(min(capacity.sum(), demand.sum()))
        total += min(0, terms.pair) * pairs + min(0, terms.kept) * min(pairs, problem.facts.num_previous(level))
        total += min(0, terms.travel) * pairs
        if terms.fit < 0 and level == "school":
            total += terms.fit * int((problem.facts.num_needs * demand).sum())
        total += int(np.minimum(0, terms.uncovered).sum()) + int((np.minimum(0, terms.unmet) * demand).sum())
        # who wants nobody stays without a pair
        total += int(np.maximum(0, terms.uncovered)[demand == 0].sum())
    return total


def far(problem: Problem, level: str) -> int:
    """Return about the largest cost that a pair of `level` can have, quickly."""
    if problem.facts.unit(level) == "km":
        return farthest(problem, level)
    more = problem.facts.most_surcharge(level)
    listed = max((row.minutes for row in problem.instance.travel_times if row.level == level), default=0.0)
    travel = problem.facts.travel
    if travel.speed_kmh is None:
        return round(listed * S_PER_MIN) + 1 + more
    everywhere = Problem(problem.instance, problem.policy, Facts(problem.instance), (), ())
    estimate = farthest(everywhere, level) * travel.detour_factor * 3.6 / travel.speed_kmh
    return int(max(listed * S_PER_MIN, estimate)) + 1 + more
