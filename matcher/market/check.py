"""All that a matching claims, checked from the market, the pairs and the arrays of the proof alone: no solver."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.base.progress import CancelToken, ProgressCallback
from matcher.base.watch import within
from matcher.market import stable as matching_stable
from matcher.market.certificate import Flaw, exact_sum, lower_bounds, missing_units, pair_flaws, values
from matcher.market.input import Ints
from matcher.market.matching import Matching
from matcher.market.preferences import SCOPES, blocking
from matcher.market.program import claims as program_claims


def flaws(
    matching: Matching,
    *,
    time_limit_s: float | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> tuple[Flaw, ...]:
    """Return every reason why what a matching claims does not hold; an empty tuple if all of it holds.

    Recomputed from the market, the pairs and the arrays of the proof: form and bounds of the pairs, the value of every
    level, the bound of every level from the prices, optimality, or the Hall set of an infeasible market. A matching
    that was read from changed arrays has a flaw even if what they say now would hold. Stopped by `time_limit_s` or
    `cancel` it raises `StoppedError`: half a check is none.
    """
    with within(time_limit_s, progress, cancel):
        return _found(matching)


def _found(matching: Matching) -> tuple[Flaw, ...]:
    market, levels = matching.market, matching.levels
    names = [level.name for level in market.objectives]
    if [level.name for level in levels] != names or any(level.sense != "min" for level in levels):
        return (Flaw("levels_other"),)
    stable = matching.proof.scope in SCOPES
    if matching.status == "infeasible":
        return tuple(_witness_flaws(matching, stable))
    found: list[Flaw] = [] if matching.intact else [Flaw("seal_broken")]
    values_here: tuple[int, ...] | None = None
    bounds: tuple[int | None, ...]
    if matching.has_pairs:
        if (matching.units is None) != (market.pair_limit is None):
            return (*found, Flaw("pairs_form"))
        wrong = pair_flaws(market, matching.with_units, matching.opened)
        found += wrong
        if wrong:
            return tuple(found)
        values_here = values(market, matching.with_units, matching.opened)
        listed = matching.blocking
        if (listed is not None and market.pair_limit is not None) or (
            listed is not None and not np.array_equal(listed, blocking(market, matching.pairs))
        ):
            found.append(Flaw("blocking_pairs"))
    elif matching.status != "unknown" or len(matching.pairs):
        found.append(Flaw("status_unknown", {"status": matching.status}))
    if not market.is_flow:
        return (*found, *program_claims.flaws(matching, values_here))
    if stable:
        found += [Flaw(code, details) for code, details in matching_stable.stable_flaws(matching)]
        bounds, tied = tuple(level.bound for level in levels), True
    else:
        bounds, tied = _proved_bounds(matching, found)
    exact = True
    for number, level in enumerate(levels):
        at = {"level": level.name}
        value = None if values_here is None else values_here[number]
        if level.value != value:
            found.append(Flaw("level_value", {**at, "claimed": level.value, "found": value}))
        bound = bounds[number] if number < len(bounds) and exact else None
        if level.bound != bound:
            found.append(Flaw("level_bound", {**at, "claimed": level.bound, "found": bound}))
        if level.gap != (None if value is None or bound is None else abs(value - bound)):
            found.append(Flaw("level_gap", at))
        if level.conditional == exact:
            found.append(Flaw("level_conditional", at))
        exact = exact and value is not None and value == bound
    if (matching.status == "optimal") != (exact and tied):
        found.append(Flaw("status_not_proved", {"status": matching.status}))
    if (matching.stop_reason is None) != (matching.status == "optimal"):
        found.append(Flaw("stop_reason"))
    return tuple(found)


def _proved_bounds(matching: Matching, found: list[Flaw]) -> tuple[tuple[int, ...], bool]:
    """Return the bound of each level that the proof's prices cover, and whether the tie rule is proved too."""
    market, arrays, tie = matching.market, matching.proof.arrays, matching.market.tie_objective
    if not arrays and matching.proof.kind == "none":
        return (), tie is None
    levels = market.objectives
    sizes = (market.num_providers, market.num_recipients)
    rows = [
        _formed(arrays.get(name), (None, size)) for name, size in zip(("provider", "recipient"), sizes, strict=True)
    ]
    ends = [
        _formed(arrays.get(f"tie_{name}"), (size,)) for name, size in zip(("provider", "recipient"), sizes, strict=True)
    ]
    known = {"provider", "recipient", "tie_provider", "tie_recipient"}
    p, q, tie_p, tie_q = *rows, *ends
    wrong = p is None or q is None or len(p) != len(q) or len(p) > len(levels)
    wrong |= matching.proof.kind != "certificate" or not arrays.keys() <= known
    wrong |= (tie_p is None) != ("tie_provider" not in arrays) or (tie_q is None) != ("tie_recipient" not in arrays)
    if wrong or p is None or q is None:
        found.append(Flaw("proof_form"))
        return (), False
    count = len(p)
    tied = tie is None
    if tie is not None and tie_p is not None and tie_q is not None and count == len(levels):
        levels, p, q, tied = (*levels, tie), np.vstack([p, tie_p]), np.vstack([q, tie_q]), True
    try:
        bounds = lower_bounds(market, levels[: len(p)], p, q)
    except OverflowError:
        found.append(Flaw("price_range"))
        return (), False
    if len(p) > count and matching.has_pairs:
        tied = bounds[-1] == exact_sum(missing_units(market, matching.with_units))
    return bounds[:count], tied


def _formed(array: NDArray[Any] | None, shape: tuple[int | None, ...]) -> Ints | None:
    """Return an int64 array of the shape (None: any length), or None."""
    if array is None or array.dtype != np.int64 or array.ndim != len(shape):
        return None
    return array if all(want in (None, have) for want, have in zip(shape, array.shape, strict=True)) else None


def _witness_flaws(matching: Matching, stable: bool) -> list[Flaw]:
    found = [] if matching.intact else [Flaw("seal_broken")]
    if stable:
        found += [Flaw(code, details) for code, details in matching_stable.stable_flaws(matching)]
    elif not matching.market.is_flow:
        # that nothing keeps every bound of a program is its solver's word
        found += [] if matching.proof.kind == "solver" else [Flaw("proof_kind", {"claimed": matching.proof.kind})]
    elif matching.witness is None or not matching.witness.holds:
        found += [Flaw("witness", {"side": None if matching.witness is None else matching.witness.side})]
    if len(matching.pairs) or any(level.value is not None or level.bound is not None for level in matching.levels):
        found.append(Flaw("values_without_plan"))
    return found
