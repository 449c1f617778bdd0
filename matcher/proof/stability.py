"""The certificate of the best stable plan, and the witness that there is none, judged without any solver.

The rotations of every market are found again from the input; that no stable pairing of a market is better than the
claimed one is read off a flow (`matcher.stable.proof`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from matcher.base.numbers import IntArray
from matcher.base.result import Level, Proof
from matcher.problem.pairs import Pairs, no_pairs
from matcher.problem.problem import Problem
from matcher.proof.preference_blocks import (
    SCOPE,
    PreferenceBlock,
    market_of,
    school_part,
    schools_inside,
    sums,
    whole,
    with_blocks,
    without_partner,
)
from matcher.stable.closure import Implications
from matcher.stable.proof import check_best, pin_rotations, places_short
from matcher.stable.rotations import find_rotations


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """Parts of a certificate by block."""

    arrays: Mapping[str, Any] = field(default_factory=dict)

    def part(self, name: str, block: int) -> IntArray:
        start = self.arrays[f"block_{name}_start"]
        part: IntArray = self.arrays[f"block_{name}"][start[block] : start[block + 1]]
        return part


def check_stable(problem: Problem, levels: Sequence[Level], proof: Proof, pairs: Pairs) -> str:
    """Check that a plan is the best stable one, without a solver; return why not, a stable word, or "".

    The rotations are found again from the input; that no stable pairing of a market is better than the claimed one is
    read off a flow (`matcher.stable.proof`).
    """
    bounded = [position for position, level in enumerate(levels) if level.bound is not None]
    if any(position >= len(sums(problem)) or levels[position].gap != 0 for position in bounded):
        return "bound"
    try:
        return _check(problem, _Parts(proof.arrays), proof.scope, pairs)
    except (KeyError, IndexError, ValueError, TypeError):
        return "array_shape"


def _check(problem: Problem, proof: _Parts, scope: str, pairs: Pairs) -> str:
    if not problem.is_one_to_one:
        return "not_one_to_one"
    market = market_of(problem, "county", *whole(problem, "county"))
    lattice = find_rotations(market.preferences)
    ties = lattice.ties_broken
    arcs = np.unique(np.concatenate([lattice.first, lattice.gained]))
    by_organization = pairs.county[np.lexsort((pairs.county[:, 1], pairs.county[:, 0]))]
    chosen = set(market.preferences.arcs_of(by_organization).tolist())
    values: dict[int, tuple[str, tuple[int, ...]]] = {}
    schools = [no_pairs()]
    for number, arc in enumerate(arcs.tolist()):
        organization, county = (
            int(side[arc]) for side in (market.preferences.provider_idx, market.preferences.recipient_idx)
        )
        rows = problem.arrays.rows_of("organizations", organization), problem.arrays.rows_of("counties", county)
        block = market_of(problem, "school", *rows)
        own = proof.part("pairs", number).reshape(-1, 2)
        ties |= block.preferences.has_ties()
        names = ("rotations", *(f"flow_{level}" for level in range(len(block.cost))))
        value = _pair_costs(block, own)
        flaws = check_best(
            block.preferences, block.cost, None, own, value, {n: proof.part(n, number) for n in names}, pins=block.pins
        )
        if flaws:
            return f"block_{flaws[0]}"
        values[arc] = "optimal", school_part(problem, block, own)
        if arc in chosen:
            schools.append(block.positions(own))
    cost = with_blocks(market, values)
    names = ("rotations", *(f"flow_{level}" for level in range(len(cost))))
    claimed = {name: proof.arrays[f"county_{name}"] for name in names}
    value = _pair_costs(
        PreferenceBlock(market.providers, market.recipients, market.preferences, cost, market.pins), by_organization
    )
    flaws = check_best(market.preferences, cost, None, by_organization, value, claimed, pins=market.pins)
    if flaws:
        return f"county_{flaws[0]}"
    if ties and scope == SCOPE:
        return "ties"
    # the plan may pair schools otherwise than the certificate, as long as it is worth the same: values are compared
    own = np.concatenate(schools)
    same = problem.minimised(Pairs(pairs.county, own))[: len(sums(problem))]
    return "" if problem.minimised(pairs)[: len(same)] == same else "value"


def _pair_costs(market: PreferenceBlock, pairs: IntArray) -> tuple[int, ...]:
    arcs = market.preferences.arcs_of(pairs)
    if (arcs < 0).any():
        raise ValueError("a pair that is no arc")
    return tuple(int(row[arcs].sum()) for row in market.cost)


def recomputes_none(problem: Problem, witness: Mapping[str, Any], arrays: Mapping[str, IntArray]) -> bool:
    """Whether the witness shows that no plan is stable: its pins or minima are judged again from the rotations.

    Rotations are those of one order of each list: where there are ties they say nothing of the other orders.
    """
    market = market_of(problem, "county", *whole(problem, "county"))
    if market.preferences.has_ties():
        return False
    if witness["level"] == "county":
        return _lacks(market)
    lattice = find_rotations(market.preferences)
    first = market.positions(market.preferences.pairs_of(lattice.first))
    if witness["reason"] == "no_county_pair":
        return without_partner(problem, first) == {key: witness[key] for key in witness if key != "kind"}
    if not problem.is_one_to_one:
        inside = schools_inside(problem, first)
        return not (lattice.num_rotations or inside.preferences.has_ties()) and _lacks(inside)
    # of all stable county pairings the certificate's has the fewest pairs without a stable school pairing, but some
    lacking = np.zeros((1, market.preferences.num_arcs), dtype=np.int64)
    for arc in np.unique(np.concatenate([lattice.first, lattice.gained])).tolist():
        organization, county = market.preferences.provider_idx[arc], market.preferences.recipient_idx[arc]
        branches = problem.arrays.rows_of("organizations", int(market.providers[organization]))
        schools = problem.arrays.rows_of("counties", int(market.recipients[county]))
        block = market_of(problem, "school", branches, schools)
        lacking[0, arc] = _lacks(block) and not block.preferences.has_ties()
    pairs = arrays["county_pairs"]
    least = int(lacking[0, market.preferences.arcs_of(pairs)].sum())
    proof = {name: arrays[f"county_{name}"] for name in ("rotations", "flow_0")}
    flaws = check_best(market.preferences, lacking, None, pairs, (least,), proof, pins=market.pins)
    return not flaws and least == witness["lacking"] > 0


def _lacks(market: PreferenceBlock) -> bool:
    """Whether no stable pairing of the market meets its minima and pins."""
    lattice = find_rotations(market.preferences)
    if any(len(places_short(market.preferences, lattice.first, side)[0]) for side in ("provider", "recipient")):
        return True
    forced = pin_rotations(market.preferences, lattice, market.pins)
    implied = Implications.of(
        lattice.num_rotations, lattice.before, lattice.after, forced.rotations_in, forced.rotations_out
    )
    chosen = np.zeros(implied.size + 2, dtype=np.bool_)
    chosen[implied.size] = True
    while (fresh := implied.head[chosen[implied.tail] & ~chosen[implied.head]]).size:
        chosen[fresh] = True
    return bool(len(forced.unstable) or chosen[implied.size + 1])
