"""A bound on a program that anybody can recompute: the recipients' rows relaxed with multipliers, in exact integers.

Let ``u_i`` price a unit of recipient i and ``v_b`` a unit of budget b (positive: of its most, negative: of its least).
Then no plan costs less than

    sum of u_i * most_i + sum of min(0, missing_i - u_i) * (most_i - least_i)
    - sum of v_b * (most_b if v_b > 0 else least_b) + the best choice of providers by rho_j

    rho_j = opening_j + v * resource_j + the least sum of (cost_ij - u_i) over what j alone may take

The last is a knapsack. For any rate t its value is at least ``sum of min(0, cost_ij - u_i - t * size_i) + t * room``
where room is the capacity if t < 0 and the least load if t > 0; the best t is the rate of the item where the room
ends (Dantzig 1957). A rate a / b is kept in whole numbers and the value of each knapsack rounded up: the program is in
integers. Where sizes differ the best load itself is found instead (see `knapsack`), unless rooms are too large for
that. Where recipients are counted (`most_pairs`, `apart`) the least sum over so many, one a label, bounds it too,
and the greater of the two is taken. The choice of providers is separable by groups. Earlier levels that are kept enter
with a weight each, and their kept values are taken off again. Any multipliers give a true bound (Geoffrion 1974); no
solver is needed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matcher.base.numbers import BoolArray, FloatArray, IntArray, magnitude
from matcher.market.certificate import exact_dot, exact_sum
from matcher.market.program import knapsack
from matcher.market.program.case import ProgramCase

_WORD = 1 << 62


class Single(NamedTuple):
    """One function to be minimised: `cost` (A,), `opening` (P,), `missing` (R,), and a constant, all in integers."""

    cost: IntArray
    opening: IntArray
    missing: IntArray
    constant: int

    @classmethod
    def mixed(cls, case: ProgramCase, weights: IntArray) -> Single:
        """Return the sum of the first levels, each times its weight.

        Raises
        ------
        OverflowError
            If a term could leave 64 bits.
        """
        count = len(weights)
        for rows in (case.cost[:count], case.opening[:count], case.missing[:count]):
            if sum(magnitude(row) * abs(int(w)) for row, w in zip(rows, weights, strict=True)) >= _WORD >> 3:
                raise OverflowError("a weight leaves the exact range")
        constant = sum(int(w) * c for w, c in zip(weights, case.constant, strict=False))
        parts = (weights @ case.cost[:count], weights @ case.opening[:count], weights @ case.missing[:count])
        return cls(*parts, constant)


def bound(case: ProgramCase, single: Single, u: IntArray, v: IntArray) -> int | None:
    """Return what no plan can beat, None if the multipliers say nothing.

    Raises
    ------
    OverflowError
        If a multiplier is so large that a sum could leave 64 bits.
    """
    reach = magnitude(single.cost) + magnitude(u)
    if 4 * reach * max(1, magnitude(case.size)) * (case.num_recipients + 1) >= _WORD:
        raise OverflowError("a multiplier leaves the exact range")
    if magnitude(v) * max(1, magnitude(case.resource)) * max(1, len(v)) >= _WORD >> 2:
        raise OverflowError("a multiplier leaves the exact range")
    if (case.demand[:, 0] > case.demand[:, 1]).any():
        return None
    total = single.constant + exact_dot(u, case.demand[:, 1])
    total += exact_dot(np.minimum(0, single.missing - u), case.demand[:, 1] - case.demand[:, 0])
    total -= sum(
        p * (most if p > 0 else least) for p, (least, most) in zip(v.tolist(), case.budget.tolist(), strict=True)
    )
    gain = single.cost - u[case.recipient]
    rho, able = knapsacks(case, gain)
    if case.counts_pairs:
        rho = np.maximum(rho, counted(case, gain)[0])
    elif (case.size > 1).any():
        whole = knapsack.least(case.start, gain, case.size, needs(case), case.capacity[:, 1])
        rho, able = (rho, able) if whole is None else whole
    rho += single.opening + case.resource @ v
    chosen = choice(case, rho, able)
    return None if chosen is None else total + exact_sum(rho[chosen])


def needs(case: ProgramCase) -> IntArray:
    """Return the least load of each open provider, (P,)."""
    return np.maximum(case.least, case.capacity[:, 0])


def critical(case: ProgramCase, gain: IntArray | FloatArray) -> tuple[IntArray, BoolArray]:
    """Return the arc at which each provider's room ends (P,), -1 where it does not bind, and who can open at all."""
    arc, able = np.full(case.num_providers, -1), np.ones(case.num_providers, bool)
    taken = gain < 0
    load = np.zeros(case.num_providers, np.int64)
    np.add.at(load, case.provider[taken], case.size[taken])
    need, room = needs(case), case.capacity[:, 1]
    able &= need <= room
    for tight, target in ((load > room, room), (load < need, need)):
        if not tight.any():
            continue
        inside = tight[case.provider] & (case.size > 0)
        # where the room binds, what gains fills it alone
        here = np.flatnonzero(inside & taken if target is room else inside)
        size = case.size[here]
        order = np.lexsort((gain[here] / size, case.provider[here]))
        here, size = here[order], size[order]
        owner = case.provider[here]
        running = np.cumsum(size)
        start = np.searchsorted(owner, np.arange(case.num_providers))
        before = np.concatenate([[0], running])[start]
        within = running - before[owner]
        past = within > target[owner] if target is room else within >= target[owner]
        first = np.flatnonzero(past)
        owners, at = np.unique(owner[first], return_index=True)
        arc[owners] = here[first[at]]
        if target is need:
            able[tight] &= arc[tight] >= 0
    return arc, able


def knapsacks(case: ProgramCase, gain: IntArray) -> tuple[IntArray, BoolArray]:
    """Return at most what each provider's best load adds, (P,), rounded up to an integer, and who can open at all."""
    arc, able = critical(case, gain)
    if not len(gain):
        return np.zeros(case.num_providers, np.int64), able
    bound_by = arc >= 0
    above = np.where(bound_by, gain[arc], 0)
    below = np.where(bound_by, case.size[arc], 1)
    room = np.where(above < 0, case.capacity[:, 1], needs(case))
    owner = case.provider
    value = above * room
    net = below[owner] * gain - above[owner] * case.size
    some = np.flatnonzero(net < 0)
    np.add.at(value, owner[some], net[some])
    return -(-value // below), able


def counted(case: ProgramCase, gain: NDArray[Any]) -> tuple[NDArray[Any], BoolArray]:
    """Return the least sum (P,) of gains over at most `most_pairs` arcs, one of a label, and those arcs (A,) bool."""
    taken = np.zeros(len(gain), bool)
    value = np.zeros(case.num_providers, gain.dtype)
    some = np.flatnonzero(gain < 0)
    if len(some):
        label = case.apart[case.recipient[some]]
        # who has no label stands alone
        label = np.where(label < 0, case.num_recipients + some, label)
        order = np.lexsort((gain[some], label, case.provider[some]))
        owner, label = case.provider[some][order], label[order]
        first = np.concatenate([[True], (owner[1:] != owner[:-1]) | (label[1:] != label[:-1])])
        some = some[order[first]]
        some = some[np.lexsort((gain[some], case.provider[some]))]
        owner = case.provider[some]
        rank = np.arange(len(some)) - np.searchsorted(owner, owner)
        some = some[rank < case.most_pairs[owner]]
        taken[some] = True
        np.add.at(value, case.provider[some], gain[some])
    return value, taken


def choice(case: ProgramCase, rho: IntArray | FloatArray, able: BoolArray) -> BoolArray | None:
    """Return the providers (P,) whose sum of `rho` is least under groups, must_open and closed; None if there is none.

    Ties are broken by position.
    """
    chosen = case.must_open | (case.capacity[:, 0] > 0)
    free = able & ~case.closed & ~chosen
    if (chosen & (case.closed | ~able)).any():
        return None
    chosen = chosen | (free & (case.group < 0) & (rho < 0))
    for number, (least, most) in enumerate(case.group_open.tolist()):
        inside = np.flatnonzero(free & (case.group == number))
        already = int(np.count_nonzero(chosen & (case.group == number)))
        least, most = max(0, least - already), most - already
        if most < 0 or least > len(inside):
            return None
        order = inside[np.argsort(rho[inside], kind="stable")]
        take = min(max(least, int(np.count_nonzero(rho[inside] < 0))), most)
        chosen[order[:take]] = True
    return chosen


class LevelMultipliers(NamedTuple):
    """The certificate of the first levels: what `bound` needs for each.

    `weights` (k, K): the weight of every level in the mix that bounds level k, its own (> 0) on the diagonal, 0 after
    it; `recipient` (k, R) and `budget` (k, B). All int64.
    """

    weights: IntArray
    recipient: IntArray
    budget: IntArray


def recomputed(case: ProgramCase, found: LevelMultipliers, kept: tuple[int, ...]) -> tuple[int | None, ...]:
    """Return the bound of each level that has multipliers, given the values at which the levels before it are kept."""
    bounds: list[int | None] = []
    for number, (weights, u, v) in enumerate(zip(*found, strict=True)):
        own, earlier = int(weights[number]), weights[:number].tolist()
        if own <= 0 or min(earlier, default=0) < 0 or weights[number + 1 :].any() or len(kept) < number:
            bounds.append(None)
            continue
        try:
            total = bound(case, Single.mixed(case, weights[: number + 1]), u, v)
        except OverflowError:
            total = None
        if total is None:
            bounds.append(None)
            continue
        total -= sum(w * value for w, value in zip(earlier, kept, strict=False))
        bounds.append(-(-total // own))
    return tuple(bounds)
