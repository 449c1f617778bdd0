"""What can be claimed of the best stable matching, and its check without a solver.

The check finds the rotations again (no solver is needed for that), reads the claimed matching as a closed set of them,
and verifies one flow a level in exact integers (`matcher.stable.closure.is_least`). Stability itself is checked
from the definition, by `matcher.stable.preferences.is_stable`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.base.numbers import IntArray
from matcher.stable.closure import Implications, is_least
from matcher.stable.preferences import Preferences, as_pairs, is_stable
from matcher.stable.rotations import Lattice, find_rotations


@dataclass(frozen=True, slots=True, eq=False)
class Pins:
    """What pinned pairs ask of the rotations.

    Attributes
    ----------
    rotations_in, pairs_in
        (i,) and (i, 2) int64: rotations that put a pinned pair into the matching, and the pairs.
    rotations_out, pairs_out
        (o,) and (o, 2) int64: rotations that take one out, and the pairs.
    unstable
        (u, 2) int64: pinned pairs that are in no stable matching.
    """

    rotations_in: IntArray
    pairs_in: IntArray
    rotations_out: IntArray
    pairs_out: IntArray
    unstable: IntArray


def pin_rotations(preferences: Preferences, lattice: Lattice, pairs: NDArray[Any]) -> Pins:
    """Translate pinned pairs, (k, 2) int, into rotations that must or must not be carried out."""
    pairs = as_pairs(pairs)
    arcs = preferences.arcs_of(pairs)
    gained_by = np.full(preferences.num_arcs + 1, -1, dtype=np.int64)
    lost_by = gained_by.copy()
    gained_by[lattice.gained] = lattice.rotation_of()
    lost_by[lattice.lost] = lattice.rotation_of()
    gained, lost = gained_by[arcs], lost_by[arcs]
    has_in, has_out = gained >= 0, lost >= 0
    never = ~has_in & ~np.isin(arcs, lattice.first)
    return Pins(gained[has_in], pairs[has_in], lost[has_out], pairs[has_out], pairs[never])


def places_short(preferences: Preferences, arcs: IntArray, side: str) -> tuple[IntArray, IntArray, IntArray]:
    """Return who of one side has fewer partners than its minimum, how many it has, and the minimum."""
    of, bounds = (
        (preferences.provider_idx, preferences.capacity)
        if side == "provider"
        else (preferences.recipient_idx, preferences.demand)
    )
    count = np.bincount(of[arcs], minlength=len(bounds))
    short = np.flatnonzero(count < bounds[:, 0])
    return short, count[short], bounds[short, 0]


def total_cost(
    preferences: Preferences, cost: NDArray[Any], unmet_cost: NDArray[Any] | None, pairs: NDArray[Any]
) -> tuple[int, ...]:
    """Return one exact integer a level: cost of the pairs plus cost of what is unmet.

    Parameters
    ----------
    cost
        (L, A) int64.
    unmet_cost
        (L, R) int64, or None for 0.
    pairs
        (k, 2) int, all of them arcs.
    """
    pairs = as_pairs(pairs)
    arcs = preferences.arcs_of(pairs)
    served = np.bincount(pairs[:, 1], minlength=preferences.num_recipients)
    unmet = (preferences.demand[:, 1] - served).astype(object)
    values = []
    for level in range(len(cost)):
        total = sum(cost[level, arcs].tolist())
        values.append(total if unmet_cost is None else total + int((unmet * unmet_cost[level]).sum()))
    return tuple(values)


def check_best(
    preferences: Preferences,
    cost: NDArray[Any],
    unmet_cost: NDArray[Any] | None,
    pairs: NDArray[Any],
    values: tuple[int, ...],
    proof: Mapping[str, NDArray[Any]],
    *,
    pins: NDArray[Any] | Sequence[Sequence[int]] = (),
) -> list[str]:
    """Check the claim that a matching is stable, meets the minima and pins, and costs least, level by level.

    Parameters
    ----------
    preferences, cost, unmet_cost, pins
        The input, as for `matcher.stable.best.best_stable`.
    pairs, values, proof
        The claim, as in `matcher.stable.best.StableMatching`.

    Returns
    -------
    list of str
        A code for each thing that does not hold, empty if the claim is proved: "blocking_pair", "minimum", "pin",
        "value", "proof".
    """
    cost = np.atleast_2d(np.asarray(cost, dtype=np.int64))
    pairs, pins = as_pairs(pairs), as_pairs(pins)
    if not is_stable(preferences, pairs):
        return ["blocking_pair"]
    arcs = np.sort(preferences.arcs_of(pairs))
    wrong = []
    if any(len(places_short(preferences, arcs, side)[0]) for side in ("provider", "recipient")):
        wrong.append("minimum")
    if not np.isin(preferences.arcs_of(pins), arcs).all():
        wrong.append("pin")
    if total_cost(preferences, cost, unmet_cost, pairs) != tuple(values):
        wrong.append("value")
    if not wrong and not _proved(preferences, cost, arcs, proof, pins):
        wrong.append("proof")
    return wrong


def _proved(
    preferences: Preferences, cost: IntArray, arcs: IntArray, proof: Mapping[str, NDArray[Any]], pins: IntArray
) -> bool:
    lattice = find_rotations(preferences)
    names = {"rotations", *(f"flow_{level}" for level in range(len(cost)))}
    if set(proof) != names or proof["rotations"].shape != (lattice.num_rotations,):
        return False
    chosen = np.asarray(proof["rotations"], dtype=np.bool_)
    forced = pin_rotations(preferences, lattice, pins)
    implications = Implications.of(
        lattice.num_rotations, lattice.before, lattice.after, forced.rotations_in, forced.rotations_out
    )
    return np.array_equal(lattice.matching(chosen), arcs) and is_least(
        implications,
        [lattice.weights(level) for level in cost],
        chosen,
        [np.asarray(proof[f"flow_{level}"], dtype=np.int64) for level in range(len(cost))],
    )
