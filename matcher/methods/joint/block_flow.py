"""One block solved exactly: the branches of one organisation against the schools of one county.

For branches b with room c_b and schools s with places u (x: pair, z: load, y: places filled):

    min  sum w_bs x_bs + sum_b k_b(z_b) - sum_s a_s(y_s),   z_b = sum_s x_bs <= c_b,   y_s = sum_b x_bs,   x in {0, 1}

w is the value of a pair, a_s what the filled places cost while empty (the first place at least as much as a later
one), k_b the minima of branches. All are vectors over the objectives, packed into one integer whose fields are wide
enough for any sum along a path of the block, so that integer comparison is comparison of vectors.

With at most one place a school this is an assignment of schools to places of branches; otherwise it is solved by
successive shortest paths. Prices p_b, q_s come from shortest distances in the residual graph; for any prices

    sum min(0, w_bs - p_b - q_s) + sum over places of b of min(0, p_b + k_b) + sum over places of s of min(0, q_s - a_s)

is a lower bound on the block, and for these it is the value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matcher.base.numbers import BoolArray, IntArray
from matcher.proof.joint_terms import Packing

#: packed integers of at most this many bits are exact in the floats of the assignment
_FLOAT_BITS = 52


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One block in packed integers (`dtype` int64, or object where they are wider).

    Attributes
    ----------
    branches : (m,) int64
    schools : (n,) int64
        With at least one place each.
    value : (m, n)
        Packed value of each pair.
    allowed : (m, n) bool
    places : (n,) int64
        Places of each school.
    gain : (u,)
        Packed cost of each place while empty, in the order (school, place).
    room, least : (m,) int64
        Most and least schools of each branch.
    bonus : int
        Packed cost of one unmet minimum.
    packing
        How the integers are packed.
    """

    branches: IntArray
    schools: IntArray
    value: np.ndarray
    allowed: BoolArray
    places: IntArray
    gain: np.ndarray
    room: IntArray
    least: IntArray
    bonus: int
    packing: Packing

    @property
    def is_assignment(self) -> bool:
        """Whether no school has two places."""
        return len(self.gain) == len(self.schools)


def optimum(block: Block) -> tuple[int, BoolArray]:
    """Return the packed optimum and (m, n) bool: the chosen pairs."""
    if block.is_assignment and block.packing.width <= _FLOAT_BITS:
        return _assign(block)
    return _augment(block)


def _assign(block: Block) -> tuple[int, BoolArray]:
    """Solve a block whose schools have one place each: schools to places of branches, a place left empty costs 0."""
    from scipy.optimize import linear_sum_assignment

    net = np.where(block.allowed, block.value - block.gain, 0)
    place_of = np.repeat(np.arange(len(block.room)), block.room)
    net = net[place_of]
    if block.least.any():
        rank = np.arange(len(place_of)) - np.repeat(np.cumsum(block.room) - block.room, block.room)
        needed = rank < block.least[place_of]
        net = np.where(block.allowed[place_of] & needed[:, None], net - block.bonus, net)
    net = np.minimum(net, 0)
    rows, columns = linear_sum_assignment(net)
    taken = net[rows, columns]
    chosen = np.zeros(block.allowed.shape, dtype=np.bool_)
    used = taken < 0
    chosen[place_of[rows[used]], columns[used]] = True
    return int(taken.sum()), chosen


def _augment(block: Block) -> tuple[int, BoolArray]:
    """Solve a block by successive shortest paths (Bellman and Ford) in Python's integers, which can't overflow."""
    m, n = block.allowed.shape
    value, gain = block.value.tolist(), block.gain.tolist()
    arcs = [[s for s in range(n) if block.allowed[b, s]] for b in range(m)]
    first = (np.cumsum(block.places) - block.places).tolist()
    room, least, places = block.room.tolist(), block.least.tolist(), block.places.tolist()
    chosen = [[False] * n for _ in range(m)]
    load, filled, total = [0] * m, [0] * n, 0
    while True:
        at_branch: list[int | None] = [
            (-block.bonus if load[b] < least[b] else 0) if load[b] < room[b] else None for b in range(m)
        ]
        at_school: list[int | None] = [None] * n
        from_school, from_branch = [-1] * m, [-1] * n
        moved = True
        while moved:
            moved = False
            for b in range(m):
                here = at_branch[b]
                if here is None:
                    continue
                for s in arcs[b]:
                    there = at_school[s]
                    if not chosen[b][s] and (there is None or here + value[b][s] < there):
                        at_school[s], from_branch[s], moved = here + value[b][s], b, True
            for b in range(m):
                for s in arcs[b]:
                    there, here = at_school[s], at_branch[b]
                    if chosen[b][s] and there is not None and (here is None or there - value[b][s] < here):
                        at_branch[b], from_school[b], moved = there - value[b][s], s, True
        ends = [
            (distance - gain[first[s] + filled[s]], s)
            for s, distance in enumerate(at_school)
            if distance is not None and filled[s] < places[s]
        ]
        if not ends or min(ends)[0] >= 0:
            break
        cost, s = min(ends)
        total += cost
        filled[s] += 1
        while True:
            b = from_branch[s]
            chosen[b][s] = True
            if from_school[b] < 0:
                load[b] += 1
                break
            s = from_school[b]
            chosen[b][s] = False
    return total, np.array(chosen, dtype=np.bool_).reshape(m, n)


def prices(block: Block, chosen: BoolArray) -> tuple[np.ndarray, np.ndarray]:
    """Return packed prices of branches and schools: shortest distances from the source in the residual graph."""
    load, filled = chosen.sum(axis=1), chosen.sum(axis=0)
    last = np.cumsum(block.places) - block.places + filled - 1
    exact = object if block.packing.width >= 60 else np.int64
    far = np.array(1 << (block.packing.width + 1), dtype=exact)
    value = block.value.astype(exact)
    start_branch = np.full(len(load), far.item(), dtype=exact)
    spare = load < block.room
    next_place = np.zeros(len(load), dtype=exact)
    next_place[load < block.least] = -block.bonus
    start_branch[spare] = next_place[spare]
    start_school = np.full(len(filled), far.item(), dtype=exact)
    start_school[filled > 0] = block.gain[last[filled > 0]]
    branch, school = start_branch, start_school
    forward = block.allowed & ~chosen
    while True:
        to_school = np.where(forward, branch[:, None] + value, far).min(axis=0)
        school_next = np.minimum(school, to_school)
        to_branch = np.where(chosen, school_next[None, :] - value, far).min(axis=1)
        branch_next = np.minimum(branch, to_branch)
        if (school_next == school).all() and (branch_next == branch).all():
            break
        branch, school = branch_next, school_next
    # what the source can't reach carries nothing: any price that leaves no reduced cost negative will do
    stranded = school >= far // 2
    school = np.where(stranded, block.gain[np.cumsum(block.places) - block.places], school)
    closed = branch >= far // 2
    reduced = np.where(block.allowed, value - school[None, :], 0).min(axis=1, initial=0)
    price: np.ndarray = np.where(closed, np.minimum(reduced, 0), -branch)
    return price, school
