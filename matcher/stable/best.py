"""The best stable matching by cost levels in strict order: rotations, then a least-weight closed set of them.

Every stable matching of a strict market fills the same places (Roth 1986), so what is left unmet costs the same in all,
and minima are met by every stable matching or by none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from matcher.base.numbers import BoolArray, IntArray
from matcher.stable.closure import Implications, Network
from matcher.stable.preferences import Preferences
from matcher.stable.proof import Pins, pin_rotations, places_short, total_cost
from matcher.stable.rotations import Lattice, find_rotations

#: why there is no stable matching of the kind asked for
Reason = Literal["minimum", "pin_unstable", "pins_apart"]


@dataclass(frozen=True, slots=True, eq=False)
class StableMatching:
    """The best stable matching, or why there is none.

    Attributes
    ----------
    status
        "optimal": least cost among all stable matchings, level by level; "infeasible": no stable matching will do.
        Under ties both hold for the order that breaks them by the position of the partner.
    pairs
        (k, 2) int64: provider and recipient, in order; empty if infeasible.
    values
        One exact integer a level: cost of the pairs and of what is unmet; empty if infeasible.
    ties_broken
        Whether someone ranks two partners equally, so that the claim is about the order that breaks the ties.
    reason, witness
        None and empty if optimal. "minimum": `side`, `positions` of those below their minimum in every stable matching,
        `found` and `minimum` of each. "pin_unstable": `pairs` that are in no stable matching. "pins_apart": two `pairs`
        that are never in the same one.
    proof
        Arrays by which `matcher.stable.proof.check_best` verifies the claim.
    num_rotations
        Rotations of the market; the number of stable matchings is at least one more.
    """

    status: Literal["optimal", "infeasible"]
    pairs: IntArray
    values: tuple[int, ...]
    ties_broken: bool
    reason: Reason | None = None
    witness: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    proof: Mapping[str, IntArray] = field(default_factory=lambda: MappingProxyType({}))
    num_rotations: int = 0


def best_stable(
    preferences: Preferences,
    cost: NDArray[Any],
    unmet_cost: NDArray[Any] | None = None,
    *,
    pins: NDArray[Any] | Sequence[Sequence[int]] = (),
) -> StableMatching:
    """Find the stable matching of least cost, by levels in strict order; exact.

    Where several are least at all levels, the one that is best for the providers is returned.

    Parameters
    ----------
    cost
        (L, A) or (A,) int64: cost of each arc by level; `kept_cost` as a level comes close to an earlier matching.
    unmet_cost
        (L, R) int64: cost of each missing partner below the recipient's maximum; None for 0.
    pins
        (k, 2) int: pairs that must be in the matching. A pair that must not be in it is no arc at all.

    Returns
    -------
    StableMatching

    Raises
    ------
    OverflowError
        If the changes of cost of one level sum to 2**62 or more.
    """
    cost = np.atleast_2d(np.asarray(cost, dtype=np.int64))
    lattice = find_rotations(preferences)
    ties = lattice.ties_broken
    none = np.empty((0, 2), dtype=np.int64)

    def infeasible(reason: Reason, **witness: Any) -> StableMatching:
        frozen = MappingProxyType(witness)
        return StableMatching("infeasible", none, (), ties, reason, frozen, num_rotations=lattice.num_rotations)

    for side in ("provider", "recipient"):
        short, found, minimum = places_short(preferences, lattice.first, side)
        if len(short):
            return infeasible("minimum", side=side, positions=short, found=found, minimum=minimum)
    forced = pin_rotations(preferences, lattice, np.asarray(pins, dtype=np.int64).reshape(-1, 2))
    if len(forced.unstable):
        return infeasible("pin_unstable", pairs=forced.unstable)
    implications = Implications.of(
        lattice.num_rotations, lattice.before, lattice.after, forced.rotations_in, forced.rotations_out
    )
    if not implications.holds(_smallest(implications)):
        return infeasible("pins_apart", pairs=_pins_apart(lattice, forced))
    chosen, flows = least_closed_set(implications, [lattice.weights(level) for level in cost])
    pairs = preferences.pairs_of(lattice.matching(chosen))
    proof = {"rotations": chosen.astype(np.int64)} | {f"flow_{i}": flow for i, flow in enumerate(flows)}
    return StableMatching(
        "optimal",
        pairs,
        total_cost(preferences, cost, unmet_cost, pairs),
        ties,
        proof=MappingProxyType(proof),
        num_rotations=lattice.num_rotations,
    )


def kept_cost(preferences: Preferences, earlier: NDArray[Any]) -> IntArray:
    """Return (A,) int64: -1 for the arcs of an earlier matching, 0 else; its least total keeps the most pairs."""
    cost = np.zeros(preferences.num_arcs, dtype=np.int64)
    arcs = preferences.arcs_of(earlier)
    cost[arcs[arcs >= 0]] = -1
    return cost


def least_closed_set(implications: Implications, weights: Sequence[IntArray]) -> tuple[BoolArray, list[IntArray]]:
    """Find the set of least weight, level by level, and the flows that prove it; the smallest of several such sets.

    Parameters
    ----------
    implications
        Such that some set obeys them.
    weights
        One (K,) int64 a level.

    Returns
    -------
    chosen, flows
        (K,) bool, and one flow a level as `matcher.stable.closure.is_least` wants them.
    """
    flows = []
    for weight in weights:
        flow = np.empty(0, dtype=np.int64)
        if weight.any():
            network = Network.of(implications, weight)
            flow = _largest_flow(network)
            implications = network.left_free(flow)
        flows.append(flow)
    return _smallest(implications), flows


def _largest_flow(network: Network) -> IntArray:
    from ortools.graph.python import max_flow

    solver = max_flow.SimpleMaxFlow()
    arcs = solver.add_arcs_with_capacity(network.tail, network.head, network.capacity)
    status = solver.solve(network.size, network.size + 1)
    if status != solver.OPTIMAL:
        raise RuntimeError(f"the flow solver answered {status} to a network that has a largest flow")
    return np.asarray(solver.flows(arcs), dtype=np.int64)


def _smallest(implications: Implications) -> BoolArray:
    """Return (K,) bool: what s brings with it."""
    reached = _brings(implications.size + 2, implications.tail, implications.head, implications.size)
    return reached[: implications.size]


def _brings(size: int, tail: IntArray, head: IntArray, start: int) -> BoolArray:
    """Return (size,) bool: the nodes that `start` implies, itself included."""
    order = np.argsort(tail, kind="stable")
    begins = np.searchsorted(tail[order], np.arange(size + 1)).tolist()
    heads = head[order].tolist()
    reached = np.zeros(size, dtype=np.bool_)
    reached[start] = True
    waiting = [start]
    while waiting:
        node = waiting.pop()
        for other in heads[begins[node] : begins[node + 1]]:
            if not reached[other]:
                reached[other] = True
                waiting.append(other)
    return reached


def _pins_apart(lattice: Lattice, forced: Pins) -> IntArray:
    """Return (2, 2) int64: two pins that no stable matching has both of."""
    for rotation, pair in zip(forced.rotations_in, forced.pairs_in, strict=True):
        brought = _brings(lattice.num_rotations, lattice.after, lattice.before, int(rotation))
        clash = np.flatnonzero(brought[forced.rotations_out])
        if len(clash):
            return np.vstack((pair, forced.pairs_out[clash[0]]))
    raise RuntimeError("some pin brings a rotation that takes another one out")
