"""From what a solver found to a `Matching` that claims only what its prices prove."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.base.progress import StopReason
from matcher.base.result import Level, LevelClaim, Proof, Status, in_order
from matcher.market import certificate
from matcher.market.input import Ints
from matcher.market.levels import MarketLevel
from matcher.market.market import Market
from matcher.market.matching import Matching

SCOPE: Final = "all_pairs"


@dataclass(slots=True)
class Solved:
    """What an engine found: pairs, and for each proved level its prices and method.

    Attributes
    ----------
    pairs
        (k, 2) pairs in order, (k, 3) with their units where a pair may have several; None if there are none.
    provider, recipient
        Prices (P,) and (R,) of each level, in order, the tie rule last.
    methods
        How each level was solved.
    stop_reason
        Why the work was stopped, None if it was not.
    hall
        Side and members of a Hall set, where the minima cannot be met.
    settled
        Whether no pair has a negative reduced cost, so that the bound is a plain sum of prices: what the stopped
        pricing of many points hands over, whose pairs are not looked at again.
    claimed
        The matching itself with its claims, where they are more than prices of a flow can prove.
    """

    pairs: Ints | None = None
    provider: list[Ints] = field(default_factory=list)
    recipient: list[Ints] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    stop_reason: StopReason | None = None
    hall: tuple[str, Ints] | None = None
    settled: bool = False
    claimed: Matching | None = None


def infeasible(market: Market, side: str, members: Ints) -> Matching:
    """Return the answer that no matching meets the minima, proved by a Hall set of one side."""
    proof = Proof("certificate", "hall_set", None, {f"hall_{side}": _frozen(members)})
    levels = claim_levels(market, None, (), [], proof.scope)
    pairs, units = _apart(market, None)
    return Matching(market, pairs, "infeasible", None, levels, proof, units=units)


def assembled(market: Market, solved: Solved) -> Matching:
    """Return the matching with only those claims that the prices prove."""
    if solved.claimed is not None:
        return solved.claimed
    if solved.hall is not None:
        return infeasible(market, *solved.hall)
    if solved.settled and _is_plain(market, solved):
        return _plain_sum(market, solved)
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
    bounds = certificate.lower_bounds(market, objectives[:proved], *stacked) if proved else ()
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
    proof = Proof("certificate", SCOPE, None, arrays) if proved else Proof("none")
    claims = claim_levels(market, values, bounds[: len(levels)], solved.methods, proof.scope)
    stop = None if status == "optimal" else solved.stop_reason
    chosen, units = _apart(market, pairs)
    return Matching(market, chosen, status, stop, claims, proof, units=units)


def _apart(market: Market, pairs: Ints | None) -> tuple[Ints, Ints | None]:
    """Return pairs (k, 2), and their units where a pair may have several."""
    if pairs is None:
        pairs = np.zeros((0, 2 if market.pair_limit is None else 3), np.int64)
    if market.pair_limit is None:
        return _frozen(pairs), None
    return _frozen(np.ascontiguousarray(pairs[:, :2])), _frozen(pairs[:, 2].copy())


def _is_plain(market: Market, solved: Solved) -> bool:
    """Whether a bound is the sum of the prices of one level, each unit counted once."""
    one_level = market.unmet_cost is not None and len(solved.provider) == 1
    return one_level and solved.pairs is not None and int(market.demand[:, 1].max(initial=0)) <= 1


def _plain_sum(market: Market, solved: Solved) -> Matching:
    """Return the matching of stopped work without pricing all pairs again."""
    assert solved.pairs is not None
    p, u = solved.provider[0], solved.recipient[0]
    uses = np.minimum(market.capacity[:, 1], market.num_recipients)
    bound = certificate.exact_dot(u, market.demand[:, 1]) - certificate.exact_dot(p, uses)
    values = certificate.values(market, solved.pairs)
    levels = claim_levels(market, values, (bound,), solved.methods, SCOPE)
    proof = Proof("certificate", SCOPE, None, {"provider": p[None], "recipient": u[None]})
    return Matching(market, _frozen(solved.pairs), "feasible", solved.stop_reason, levels, proof)


def claim_levels(
    market: Market,
    values: tuple[int, ...] | None,
    bounds: tuple[int, ...],
    methods: list[str],
    scope: str,
) -> tuple[Level, ...]:
    """Return one claim a level; after a level with a gap nothing is claimed of the later ones."""
    claims: list[LevelClaim] = []
    for number, level in enumerate(market.objectives):
        value = None if values is None else values[number]
        is_bounded = number < len(bounds) and all(claim.is_closed for claim in claims)
        method = methods[number] if number < len(methods) else "none"
        bound = bounds[number] if is_bounded else None
        claims.append(LevelClaim(level.name, "min", _unit(market, level), value, bound, method))
    return in_order(claims, scope)


def _unit(market: Market, level: MarketLevel) -> str:
    if level.unit or market.resolution == 1:
        return level.unit
    return f"{market.resolution!r}"


def _frozen(array: NDArray[Any]) -> Any:
    array.flags.writeable = False
    return array
