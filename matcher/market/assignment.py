"""One-to-one levels on dense faces as a linear assignment, several times faster there than a flow."""

from __future__ import annotations

from typing import Final

import numpy as np

from matcher.base.numbers import magnitude
from matcher.market.face import Face
from matcher.market.input import Bools, Ints

#: a matrix this small is always worth it; a larger one must have a quarter of its places filled
_SMALL: Final = 1 << 14
_FILL: Final = 4
#: floats count whole numbers exactly up to here
_EXACT: Final = 1 << 53


def least_cost(face: Face, cost: Ints | None, missing: Ints, *, most_pairs_first: bool = False) -> Bools | None:
    """Return the chosen free arcs, (F,) bool, of a matching of least cost in the face, or None if it does not fit here.

    A unit left out counts `missing`, so an arc is worth ``min(cost - missing, 0)`` and every other place of the matrix
    0: a full assignment of the smaller side is then a matching of the same value, less what it has at a worth of 0. A
    minimum of 1 makes each arc there worth more than all costs together.

    Parameters
    ----------
    most_pairs_first
        Take as many pairs as can be, then least cost.
    """
    if not suits(face, cost, missing):
        return None
    row, column, shape = _places(face)
    beyond = _beyond(shape, cost, missing)
    return _assigned(face, _gains(face, cost, missing, beyond, most_pairs_first), row, column, shape)


def suits(face: Face, cost: Ints | None, missing: Ints) -> bool:
    """Whether a level fits: one to one, dense, and small enough numbers."""
    if face.limit is not None or face.num_free == 0 or face.capacity[:, 1].max() > 1 or face.demand[:, 1].max() > 1:
        return False
    shape = (face.num_providers, face.num_recipients)
    if face.ends is not None:
        degree_p, degree_r = face.count(np.arange(face.num_free))
        shape = (int(np.count_nonzero(degree_p)), int(np.count_nonzero(degree_r)))
    if shape[0] * shape[1] > max(_SMALL, _FILL * face.num_free):
        return False
    return 8 * min(shape) * _beyond(shape, cost, missing) < _EXACT


def _beyond(shape: tuple[int, int], cost: Ints | None, missing: Ints) -> int:
    """Return more than all costs together can make."""
    return 2 * min(shape) * (magnitude(missing) + (0 if cost is None else magnitude(cost))) + 1


def _places(face: Face) -> tuple[Ints | None, Ints | None, tuple[int, int]]:
    """Return row and column of each free arc in a matrix of the nodes that have any, and its shape; None for a grid."""
    if face.ends is None:
        return None, None, (face.num_providers, face.num_recipients)
    at_p, row = np.unique(face.ends[0], return_inverse=True)
    at_r, column = np.unique(face.ends[1], return_inverse=True)
    return row, column, (len(at_p), len(at_r))


def _gains(face: Face, cost: Ints | None, missing: Ints, beyond: int, most_pairs_first: bool) -> Ints:
    """Return what each free arc adds to the objective, (F,); above 0 where it may not be chosen at all."""
    closed = 1 + 4 * beyond
    node_p = np.where(face.capacity[:, 1] > 0, np.where(face.capacity[:, 0] > 0, -beyond, 0), closed)
    node_r = np.where(face.demand[:, 1] > 0, np.where(face.demand[:, 0] > 0, -beyond, 0), closed)
    if most_pairs_first:
        node_r = node_r - beyond
    # The price of a provider counts plus, of a recipient minus, in a reduced cost.
    return face.reduced(cost, node_p, missing - node_r)


def _assigned(face: Face, gains: Ints, row: Ints | None, column: Ints | None, shape: tuple[int, int]) -> Bools:
    from scipy.optimize import linear_sum_assignment

    chosen = np.zeros(len(gains), bool)
    if row is None or column is None:
        i, j = linear_sum_assignment(np.minimum(gains, 0).reshape(shape))
        arcs = i * shape[1] + j
    else:
        matrix = np.zeros(shape)
        matrix[row, column] = np.minimum(gains, 0)
        i, j = linear_sum_assignment(matrix)
        keys = row * shape[1] + column
        wanted = i * shape[1] + j
        arcs = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        arcs = arcs[keys[arcs] == wanted]
    chosen[arcs[gains[arcs] <= 0]] = True
    return chosen
