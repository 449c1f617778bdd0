"""From what a solver found to a `Matching` that claims only what its prices prove."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.base.progress import StopReason
from matcher.base.result import Level, Proof, Status
from matcher.market import certificate
from matcher.market.input import Ints
from matcher.market.market import Market, Objective
from matcher.market.matching import Matching

SCOPE: Final = "all_pairs"


@dataclass(slots=True)
class Solved:
    """What was found: pairs, and for each proved level its prices and method."""

    pairs: Ints | None = None
    provider: list[Ints] = field(default_factory=list)
    recipient: list[Ints] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    stop_reason: StopReason | None = None


def infeasible(market: Market, side: str, members: Ints) -> Matching:
    """Return the answer that no matching meets the minima, proved by a Hall set of one side."""
    proof = Proof("certificate", "hall_set", None, {f"hall_{side}": _frozen(members)})
    return Matching(market, np.zeros((0, 2), np.int64), "infeasible", None, claim_levels(market, None, (), []), proof)


def assembled(market: Market, solved: Solved) -> Matching:
    """Return the matching with only those claims that the prices prove."""
    levels, tie = market.objectives, market.tie_objective
    proved = len(solved.provider)
    names = ("provider", "recipient")
    rows = (solved.provider, solved.recipient)
    sizes = (market.num_providers, market.num_recipients)
    stacked = [np.array(row, np.int64).reshape(proved, size) for row, size in zip(rows, sizes, strict=True)]
    arrays = {name: _frozen(array[: len(levels)]) for name, array in zip(names, stacked, strict=True)}
    if proved > len(levels):
        arrays.update({f"tie_{name}": _frozen(array[-1]) for name, array in zip(names, stacked, strict=True)})
    objectives = levels if tie is None else (*levels, tie)
    bounds = certificate.lower_bounds(market, objectives[:proved], *stacked)
    pairs = solved.pairs
    status: Status = "unknown"
    values: tuple[int, ...] | None = None
    if pairs is not None:
        flaws = certificate.pair_flaws(market, pairs)
        if flaws:
            raise RuntimeError(f"the solver returned no matching: {flaws[:3]}")
        values = certificate.values(market, pairs)
        all_values = (
            values if tie is None else (*values, certificate.exact_sum(certificate.missing_units(market, pairs)))
        )
        status = "optimal" if all_values == bounds else "feasible"
    claims = claim_levels(market, values, bounds[: len(levels)], solved.methods)
    proof = Proof("certificate", SCOPE, None, arrays) if proved else Proof("none")
    none = np.zeros((0, 2), np.int64)
    stop = None if status == "optimal" else solved.stop_reason
    return Matching(market, none if pairs is None else _frozen(pairs), status, stop, claims, proof)


def claim_levels(
    market: Market,
    values: tuple[int, ...] | None,
    bounds: tuple[int, ...],
    methods: list[str],
    scope: str = "all allowed pairs",
) -> tuple[Level, ...]:
    """Return one claim a level; after a level with a gap nothing is claimed of the later ones."""
    claims = []
    conditional = False
    for number, level in enumerate(market.objectives):
        value = None if values is None else values[number]
        bound = bounds[number] if number < len(bounds) and not conditional else None
        method = methods[number] if number < len(methods) else "none"
        rest: dict[str, Any] = {"conditional": conditional, "method": method, "scope": scope}
        claims.append(Level.of(level.name, "min", _unit(market, level), value, bound, **rest))
        conditional = conditional or value is None or value != bound
    return tuple(claims)


def _unit(market: Market, level: Objective) -> str:
    if level.unit or market.resolution == 1:
        return level.unit
    return f"{market.resolution!r}"


def _frozen(array: NDArray[Any]) -> Any:
    array.flags.writeable = False
    return array
