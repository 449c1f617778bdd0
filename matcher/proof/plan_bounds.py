r"""Bounds of a plan of both levels that anybody recomputes from multipliers, in exact integers, without a solver.

A plan that keeps the values of the levels before has at level l at least

.. math:: L(w, m, p, \alpha, q) - \sum_{k < l} w_k V_k,

where w weighs the levels (1 for l, nothing for those after), m >= 0 the rows of rules, and V_k is what the plan leaves
of level k. L is the least of the weighed sum over a wider problem in which everything stands alone: places of schools
have prices p >= 0, which makes each (organisation, county) worth at most b(o, c) (`matcher.proof.priced_places`);
organisations and counties have prices alpha and q, so that the worth of all pairs chosen is at most

.. math:: \sum_{o, c} \max(0, b - \alpha_o + q_c) + \sum_o \max_n \alpha_o n + \sum_c \max_n (f_c(n) - q_c n)

over the numbers n of partners that the bounds allow, with f_c(n) what n partners save of what a county without, or
short of them costs. Whatever the multipliers, that is a bound; those of the search make it a good one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.base.numbers import S_PER_MIN, UNKNOWN_COST, BoolArray, IntArray, magnitude
from matcher.base.result import Level
from matcher.problem.problem import Problem
from matcher.proof.mix import Mixer, can_mix
from matcher.proof.priced_places import PricedPlaces
from matcher.proof.rooms import implied_minima

#: arrays of a proof: (L,) whether a level has multipliers, then those of each, (L, ...)
NAMES: Final = ("bound_of", "bound_weight", "bound_row", "bound_place", "bound_organization", "bound_county")
#: floats count whole numbers exactly up to 2**53, integers up to 2**63: what is added stays well below
_MOST_FLOAT: Final = 1 << 51
_MOST_INT: Final = 1 << 60


@dataclass(frozen=True, slots=True, eq=False)
class Multipliers:
    """What one bound is recomputed from, all int64.

    Attributes
    ----------
    weight : (L,)
        Of each level.
    row : (number of rows,)
        Of each row of the rules, 0 or more.
    place : (p,)
        Price of each place of a school, 0 or more, in the order of `Places`.
    organization, county : (O,), (C,)
        Prices of partners.
    """

    weight: IntArray
    row: IntArray
    place: IntArray
    organization: IntArray
    county: IntArray


def stored(problem: Problem, known: Mapping[int, Multipliers]) -> dict[str, IntArray]:
    """Return the multipliers of some levels as arrays of a proof; nothing if there are none."""
    if not known:
        return {}
    levels = len(problem.objectives)
    arrays: dict[str, IntArray] = {"bound_of": np.zeros(levels, np.int64)}
    arrays["bound_of"][list(known)] = 1
    for name, attribute in zip(NAMES[1:], Multipliers.__slots__, strict=True):
        some = {position: getattr(each, attribute) for position, each in known.items()}
        table = np.zeros((levels, len(next(iter(some.values())))), np.int64)
        for position, row in some.items():
            table[position] = row
        arrays[name] = table
    if not arrays["bound_row"].any():  # so that they also serve a problem with more rules
        arrays["bound_row"] = arrays["bound_row"][:, :0]
    return arrays


def proved_bounds(problem: Problem, levels: Sequence[Level], arrays: Mapping[str, NDArray[Any]]) -> list[int | None]:
    """Return for each level what the arrays prove no plan can beat, as minimised, given the values before; None if not.

    Raises
    ------
    ValueError
        If the arrays have not the form of multipliers of this problem.
    """
    found: list[int | None] = [None] * len(problem.objectives)
    if not any(name in arrays for name in NAMES):
        return found
    priced = PricedPlaces(problem)
    known = _read(problem, arrays, len(priced.places.school))
    mixer = Mixer(problem)
    for position, multipliers in known.items():
        left = _left(problem, levels[:position])
        if left is None:
            continue
        bound = bound_of(problem, position, multipliers, priced, mixer)
        if bound is not None:
            found[position] = bound - sum(w * v for w, v in zip(multipliers.weight.tolist(), left, strict=False))
    return found


def _read(problem: Problem, arrays: Mapping[str, NDArray[Any]], places: int) -> dict[int, Multipliers]:
    levels, rows = len(problem.objectives), len(problem.rows)
    if "bound_row" in arrays and arrays["bound_row"].shape == (levels, 0):
        rows = 0
    sides = len(problem.arrays.organizations), len(problem.arrays.counties)
    shapes = ((levels,), (levels, levels), (levels, rows), (levels, places), (levels, sides[0]), (levels, sides[1]))
    for name, shape in zip(NAMES, shapes, strict=True):
        array = arrays.get(name)
        if array is None or array.dtype != np.int64 or array.shape != shape:
            raise ValueError(name)
    given = np.flatnonzero(arrays["bound_of"]).tolist()
    return {position: Multipliers(*(arrays[name][position] for name in NAMES[1:])) for position in given}


def _left(problem: Problem, before: Sequence[Level]) -> list[int] | None:
    """Return the largest minimised value that the plan leaves of each level before; None if one is not known."""
    left = []
    for objective, level in zip(problem.objectives, before, strict=False):
        if level.value is None:
            return None
        value = objective.minimised(level.value)
        closed = level.bound is not None and value <= objective.allowance(objective.minimised(level.bound))
        left.append(objective.allowance(value) if closed else value)
    return left


def bound_of(
    problem: Problem, position: int, multipliers: Multipliers, priced: PricedPlaces, mixer: Mixer
) -> int | None:
    """Return what no weighed sum is below; None where the multipliers prove nothing, or leave the exact range."""
    weights = multipliers.weight.tolist()
    if weights[position] != 1 or min(weights) < 0 or any(weights[position + 1 :]):
        return None
    rows = {index: value for index, value in enumerate(multipliers.row.tolist()) if value}
    if any(value < 0 or not can_mix(problem.rows[index]) for index, value in rows.items()):
        return None
    if multipliers.place.min(initial=0) < 0 or not _in_range(problem, weights, rows, multipliers, priced):
        return None
    mix = mixer.mix(weights, rows)
    cost = priced.pair_cost(mix)
    gain = priced.places.gain(mix) - multipliers.place
    worth = priced.priced(cost, gain.astype(np.float64)) - mix.county_pair
    later = mix.unmet["county"]
    most = worth_bound(problem, worth, (later + mix.uncovered["county"], later), multipliers)
    bound: int = mix.constant + priced.empty(mix) - sum(multipliers.place.tolist()) - most
    return bound


def worth_bound(problem: Problem, worth: IntArray, saved: tuple[IntArray, IntArray], multipliers: Multipliers) -> int:
    """Return what no county pairing is worth more than, whatever the prices of partners.

    Parameters
    ----------
    worth : (O, C) int64
        Of each pair.
    saved : (C,) int64 twice
        What the first partner of a county saves, and each later one.
    """
    capacity, demand = implied_minima(problem)
    allowed, pinned = county_pairs_of(problem)
    left = worth - multipliers.organization[:, None] + multipliers.county
    total = int(left[pinned].sum(dtype=object))
    total += _exact(np.maximum(left, 0)[allowed & ~pinned])
    for price, (least, most) in zip(multipliers.organization.tolist(), capacity.tolist(), strict=True):
        total += price * (most if price > 0 else least)
    columns = zip(multipliers.county.tolist(), *(part.tolist() for part in (*saved, demand)), strict=True)
    for price, first, later, (least, most) in columns:
        ends = {least, most, *({min(1, most)} if least <= 1 else ())}
        total += max((first + later * (n - 1) if n else 0) - price * n for n in ends)
    return total


def county_pairs_of(problem: Problem) -> tuple[BoolArray, BoolArray]:
    """Return (O, C) bool twice: which county pairs may be, and which must."""
    every = np.arange(len(problem.arrays.organizations))[:, None], np.arange(len(problem.arrays.counties))[None, :]
    pinned = np.zeros((every[0].size, every[1].size), dtype=np.bool_)
    pinned[problem.pins["county"][:, 0], problem.pins["county"][:, 1]] = True
    return problem.allowed("county", *every), pinned


def _exact(values: IntArray) -> int:
    """Return the sum of integers of 0 or more and below 2**62, whatever their number."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def _in_range(
    problem: Problem, weights: list[int], rows: Mapping[int, int], multipliers: Multipliers, priced: PricedPlaces
) -> bool:
    """Whether nothing that is computed from the multipliers can leave the exact range of a float or an integer."""
    far = {level: _farthest(problem, level) for level in ("county", "school")}
    each = dict.fromkeys(far, 0)
    for weight, objective in zip(weights, problem.objectives, strict=True):
        for level, longest in far.items():
            terms = objective.terms(level)
            rest = abs(terms.kept) + abs(terms.pair) + abs(terms.squares) + abs(terms.used) + (terms.far is not None)
            rest += abs(terms.fit) * int(problem.facts.num_needs.max(initial=0)) if level == "school" else 0
            largest = magnitude(terms.uncovered) + magnitude(terms.unmet) + abs(terms.travel) * longest
            each[level] += weight * (largest + rest)
    for index, value in rows.items():
        row = problem.rows[index]
        parts = [magnitude(part) for part in row.covered.values()] + [part.largest for part in row.pairs.values()]
        for level in each:
            each[level] += value * sum(parts)
    of_place = each["school"] + magnitude(multipliers.place)
    block = of_place * int(np.diff(priced.places.start).max(initial=1))
    prices = magnitude(multipliers.organization) + magnitude(multipliers.county)
    nodes = len(multipliers.county) + len(problem.arrays.schools) + len(multipliers.place)
    if of_place + int(UNKNOWN_COST) >= _MOST_FLOAT or block >= _MOST_FLOAT:
        return False
    return block + each["county"] + prices < _MOST_INT and (each["county"] + each["school"]) * nodes < _MOST_INT


def _farthest(problem: Problem, level: str) -> int:
    """Return more than the cost of any pair of a level that may be; one without a known cost may not."""
    metres = 1 << 25
    more = problem.facts.most_surcharge(level)
    if problem.facts.unit(level) == "km":
        return metres + more
    listed = max((row.minutes for row in problem.instance.travel_times if row.level == level), default=0.0)
    travel = problem.facts.travel
    estimate = 0.0 if travel.speed_kmh is None else metres * travel.detour_factor * 3.6 / travel.speed_kmh
    return int(max(listed * S_PER_MIN, estimate)) + 1 + more
