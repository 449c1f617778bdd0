"""What a matching of a program claims, level by level, and the check of it without a solver."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from matcher.base.result import Level, LevelClaim, Proof, Status, in_order
from matcher.market.certificate import Flaw, pair_flaws
from matcher.market.certificate import values as market_values
from matcher.market.input import Bools, Ints
from matcher.market.market import Market
from matcher.market.matching import Matching
from matcher.market.program.bound import LevelMultipliers, recomputed
from matcher.market.program.case import ProgramCase

SCOPE: Final = "program"


def levels(
    market: Market, values: tuple[int, ...] | None, bounds: tuple[int | None, ...], methods: tuple[str, ...]
) -> tuple[Level, ...]:
    """Return one claim a level; after one with a gap the later ones hold given its value."""
    claims = []
    for number, level in enumerate(market.objectives):
        value = None if values is None else values[number]
        bound = bounds[number] if number < len(bounds) else None
        method = methods[number] if number < len(methods) else "none"
        unit = level.unit or ("" if market.resolution == 1 else repr(market.resolution))
        claims.append(LevelClaim(level.name, "min", unit, value, bound, method))
    return in_order(claims, SCOPE)


def proved_bounds(matching: Matching) -> tuple[int | None, ...] | None:
    """Return the bound of each level that the multipliers in the proof prove by themselves; None if they are malformed.

    Anybody can recompute them: see `matcher.market.program.bound`.
    """
    case, arrays = ProgramCase.of(matching.market), matching.proof.arrays
    if not arrays:
        return ()
    found = [arrays.get(f"program_{name}") for name in LevelMultipliers._fields]
    sizes = (case.num_levels, case.num_recipients, len(case.budget))
    rows = []
    for array, size in zip(found, sizes, strict=True):
        if array is None or array.dtype != np.int64 or array.ndim != 2 or array.shape[1] != size:
            return None
        rows.append(array)
    if len({len(row) for row in rows}) != 1 or len(rows[0]) > case.num_levels or len(arrays) != len(rows):
        return None
    kept = tuple(level.value for level in matching.levels)
    known = kept[: kept.index(None)] if None in kept else kept
    return recomputed(case, LevelMultipliers(*rows), known)  # type: ignore[arg-type]


def flaws(matching: Matching, values: tuple[int, ...] | None) -> list[Flaw]:
    """Return what does not hold of the claims; `values` are those of the pairs, recomputed.

    A bound above what the multipliers prove is the solver's word: it is no flaw, and the proof says "solver".
    """
    proved = proved_bounds(matching)
    if proved is None:
        return [Flaw("proof_form")]
    found, exact, own = [], True, len(proved) == len(matching.levels)
    for number, level in enumerate(matching.levels):
        at = {"level": level.name}
        value = None if values is None else values[number]
        mine = proved[number] if number < len(proved) else None
        if level.value != value:
            found.append(Flaw("level_value", {**at, "claimed": level.value, "found": value}))
        bound = level.bound
        if (bound is None and mine is not None) or (bound is not None and mine is not None and bound < mine):
            found.append(Flaw("level_bound", {**at, "claimed": bound, "found": mine}))
        if bound is not None and value is not None and bound > value:
            found.append(Flaw("level_bound", {**at, "claimed": bound, "found": value}))
        if level.gap != (None if value is None or bound is None else abs(value - bound)):
            found.append(Flaw("level_gap", at))
        if level.conditional == exact:
            found.append(Flaw("level_conditional", at))
        own = own and bound == mine
        exact = exact and level.gap == 0
    if (matching.status == "optimal") != exact:
        found.append(Flaw("status_not_proved", {"status": matching.status}))
    if (matching.stop_reason is None) != (matching.status == "optimal"):
        found.append(Flaw("stop_reason"))
    if (matching.proof.kind == "certificate") != own:
        found.append(Flaw("proof_kind", {"claimed": matching.proof.kind}))
    return found


def restated(matching: Matching, pairs: Ints, opened: Bools) -> Matching:
    """Return other pairs of the same program with what the multipliers of `matching` prove for them.

    Status "feasible", or "unknown" without pairs where the pairs break a bound.
    """
    market, case = matching.market, ProgramCase.of(matching.market)
    if pair_flaws(market, pairs, opened):
        none = np.zeros((0, 2), np.int64)
        return matching.replace(
            pairs=none,
            opened=None,
            status="unknown",
            stop_reason="search",
            levels=levels(market, None, (), ()),
            proof=Proof("none"),
        )
    values = market_values(market, pairs, opened)
    arrays = matching.proof.arrays
    known = [arrays.get(f"program_{name}") for name in LevelMultipliers._fields]
    bounds = recomputed(case, LevelMultipliers(*known), values) if None not in known else ()  # type: ignore[arg-type]
    said = levels(market, values, bounds, tuple(level.method for level in matching.levels))
    own = len(bounds) == len(said)
    closed = own and all(level.gap == 0 for level in said)
    proof = Proof("certificate" if own else "solver", SCOPE, None if own else matching.proof.solver, arrays)
    status: Status = "optimal" if closed else "feasible"
    return matching.replace(
        pairs=pairs, opened=opened, status=status, stop_reason=None if closed else "search", levels=said, proof=proof
    )


def finding(matching: Matching) -> Literal["proved", "claimed"]:
    """Say whether everything that a matching without flaws claims was recomputed, or a bound is a solver's word."""
    return "proved" if matching.proof.kind == "certificate" else "claimed"
