"""A county pairing in about a second at any size: the nearest organisation with room, most urgent counties first."""

from __future__ import annotations

import numpy as np

from matcher.base.numbers import IntArray
from matcher.problem.problem import Problem
from matcher.proof.rooms import implied_minima


def nearest_organizations(problem: Problem) -> IntArray:
    """Return (k, 2) county pairs: pins, then minima of both sides, then one pair a county and round as far as it goes.

    Greedy, so that minima may stay open where a plan exists. Ties go by id.
    """
    arrays = problem.arrays
    capacity, demand = implied_minima(problem)
    everyone = np.arange(len(arrays.organizations), dtype=np.int64)
    room, wants = capacity[:, 1].copy(), demand[:, 1].copy()
    chosen: set[tuple[int, int]] = set()

    def put(organization: int, county: int) -> None:
        chosen.add((organization, county))
        room[organization] -= 1
        wants[county] -= 1

    for organization, county in problem.pins["county"].tolist():
        put(organization, county)
    least = capacity[:, 0]
    load = np.bincount([o for o, _ in chosen], minlength=len(everyone)).astype(np.int64)
    urgent = everyone[least > load]
    for organization in urgent.tolist():
        there = np.flatnonzero(wants > 0)
        for county in _by_cost(problem, np.full(len(there), organization), there, 1).tolist():
            if load[organization] < least[organization] and (organization, county) not in chosen:
                put(organization, county)
                load[organization] += 1
    order = np.lexsort((np.arange(len(wants)), -arrays.counties.children))
    for turn in range(int(demand[:, 1].max(initial=0))):
        for county in order[wants[order] > 0].tolist():
            if demand[county, 1] - wants[county] > turn:
                continue
            here = everyone[room > 0]
            mine = _by_cost(problem, here, np.full(len(here), county), 0).tolist()
            near = next((organization for organization in mine if (organization, county) not in chosen), None)
            if near is not None:
                put(near, county)
    return np.array(sorted(chosen), dtype=np.int64).reshape(-1, 2)


def _by_cost(problem: Problem, organization: IntArray, county: IntArray, side: int) -> IntArray:
    """Return the counties (side 1) or organisations (side 0) of allowed pairs, about the cheapest first."""
    may = problem.may_allow("county", organization, county)
    organization, county = organization[may], county[may]
    order = np.argsort(problem.facts.cost_floor("county", organization, county), kind="stable")
    organization, county = organization[order], county[order]
    allowed = problem.allowed("county", organization, county)
    found: IntArray = (county if side else organization)[allowed]
    return found
