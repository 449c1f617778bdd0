"""Plans that nobody would leave: no blocking pair at county level, nor at school level given it; of these the best.

Each level of pairing is a market with preferences (`matcher.proof.blocking` says which). The stable county pairings
are found with their rotations. Where counties and organisations are one to one, what a county pair brings at school
level depends on nothing but the pair, so it enters the cost of the pair: the best stable school pairing of that
organisation's branches and that county's schools. The best stable county pairing by these costs, level by level, is
then the best of all stable plans, exactly. Several partners at county level couple the school markets: there the
county pairing is chosen first and the claim says so (`ONE_AFTER_THE_OTHER`).

Every stable pairing of a strict market fills the same places. Ties are broken by position
(`matcher.stable.preferences`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from matcher._version import __version__
from matcher.base.numbers import IntArray
from matcher.base.progress import Budget, Progress, StopReason
from matcher.base.result import Proof
from matcher.methods.decomposition.incumbent import plain_bound
from matcher.methods.method import Run
from matcher.methods.textbook import solve_textbook
from matcher.problem.claims import MOST_LISTED_PAIRS, Claim, num_pairs
from matcher.problem.pairs import Pairs, no_pairs
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution
from matcher.proof.hardrules import hard_violations
from matcher.proof.preference_blocks import (
    SCOPE,
    SCOPE_TIES,
    PreferenceBlock,
    market_of,
    pins_first,
    school_part,
    schools_inside,
    sums,
    whole,
    with_blocks,
    without_partner,
)
from matcher.stable.best import StableMatching, best_stable
from matcher.stable.rotations import find_rotations

ONE_AFTER_THE_OTHER = "one_level_after_the_other"
ROTATIONS = "rotations"


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """The best stable school pairing of one county pair; `found.status` says whether there is one."""

    market: PreferenceBlock
    found: StableMatching
    value: tuple[int, ...]


def _block(problem: Problem, organization: int, county: int) -> _Block:
    market = market_of(
        problem,
        "school",
        problem.arrays.rows_of("organizations", organization),
        problem.arrays.rows_of("counties", county),
    )
    found = best_stable(market.preferences, market.cost, pins=market.pins)
    return _Block(market, found, school_part(problem, market, found.pairs))


def solve_stable(problem: Problem, budget: Budget | None = None) -> Solution:
    """Return the best stable plan, or why there is none.

    Parameters
    ----------
    problem
        With `stability="require"`.
    budget
        Where to report; one unit of work is one block. Stopped early, nothing is known.
    """
    budget = Budget() if budget is None else budget
    market = market_of(problem, "county", *whole(problem, "county"))
    lattice = find_rotations(market.preferences)
    ties = lattice.ties_broken
    arcs = np.unique(np.concatenate([lattice.first, lattice.gained])) if problem.is_one_to_one else lattice.first[:0]
    blocks: dict[int, _Block] = {}
    for done, arc in enumerate(arcs.tolist()):
        if budget.stop_reason is not None:
            return _unknown(problem, budget.stop_reason)
        organization, county = market.preferences.provider_idx[arc], market.preferences.recipient_idx[arc]
        blocks[arc] = _block(problem, int(organization), int(county))
        budget.spend()
        if done % 64 == 0:
            budget.report(Progress("stable", done, len(arcs)))
    ties |= any(block.found.ties_broken for block in blocks.values())
    cost = with_blocks(market, {arc: (block.found.status, block.value) for arc, block in blocks.items()})
    county = best_stable(market.preferences, cost, pins=market.pins)
    if lattice.ties_broken and county.status == "infeasible":
        return _other_orders(problem, budget)
    if county.status == "infeasible":
        return _none(problem, {"level": "county", **_words(problem, "county", market, county)})
    county_pairs = market.positions(county.pairs)
    alone = without_partner(problem, county_pairs)
    if alone is not None:  # every stable county pairing leaves the same rows without a partner
        return _other_orders(problem, budget) if lattice.ties_broken else _none(problem, alone)
    if problem.is_one_to_one:
        chosen = market.preferences.arcs_of(county.pairs).tolist()
        lacking = [blocks[arc] for arc in chosen if blocks[arc].found.status == "infeasible"]
        if lacking and ties:
            return _other_orders(problem, budget)
        if lacking:  # as few as can be: that is the first level of the county costs
            block = lacking[0]
            said = {"level": "school", **_words(problem, "school", block.market, block.found), "lacking": len(lacking)}
            arrays = {f"county_{name}": np.asarray(county.proof[name]) for name in ("rotations", "flow_0")}
            return _none(problem, said, MappingProxyType({**arrays, "county_pairs": county.pairs}))
        schools = [blocks[arc].market.positions(blocks[arc].found.pairs) for arc in chosen]
        scope = SCOPE_TIES if ties else SCOPE
        if all(block.found.status == "optimal" for block in blocks.values()):
            proof = Proof("certificate", scope, None, _arrays(county, blocks))
        else:  # where minima leave a county pair without a stable school pairing, there is nothing to check by
            proof = Proof("solver", scope, f"matcher {__version__}")
    else:
        inside = schools_inside(problem, county_pairs)
        found = best_stable(inside.preferences, inside.cost, pins=inside.pins)
        if found.status == "infeasible" and (ties or found.ties_broken):
            return _other_orders(problem, budget)
        if found.status == "infeasible" and lattice.num_rotations:
            return _by_program(problem, budget)
        if found.status == "infeasible":
            return _none(problem, {"level": "school", **_words(problem, "school", inside, found)})
        schools = [inside.positions(found.pairs)]
        proof = Proof("none", ONE_AFTER_THE_OTHER)
    pairs = Pairs(county_pairs, np.concatenate([no_pairs(), *schools]))
    if hard_violations(problem, pairs):
        # a rule over several pairs at once: the best stable plan breaks it, another one may not
        return _by_program(problem, budget)
    proved = len(sums(problem)) if problem.is_one_to_one else 0
    if not proved:
        return _barely_bounded(problem, pairs, proof.scope, "search")
    values = problem.minimised(pairs)
    claims = [Claim(value if n < proved else None, ROTATIONS) for n, value in enumerate(values)]
    return Solution.found(problem, pairs, claims, proof)


def _by_program(problem: Problem, budget: Budget) -> Solution:
    """Return what the textbook model says of a small problem; of a large one nothing is known."""
    return solve_textbook(problem, budget) if num_pairs(problem) <= MOST_LISTED_PAIRS else _unknown(problem, "search")


def _other_orders(problem: Problem, budget: Budget) -> Solution:
    """Return a plan that is stable for the ties as given, where none is for the order that breaks them by position.

    With pins first among equals, then by the textbook model; of a large problem nothing may be known.
    """
    found = _by_program(problem, budget)
    if found.has_plan or found.status == "infeasible":
        return found
    market = pins_first(market_of(problem, "county", *whole(problem, "county")))
    county = best_stable(market.preferences, market.cost, pins=market.pins)
    if county.status == "infeasible":
        return found
    county_pairs = market.positions(county.pairs)
    inside = pins_first(schools_inside(problem, county_pairs))
    school = best_stable(inside.preferences, inside.cost, pins=inside.pins)
    if school.status == "infeasible":
        return found
    pairs = Pairs(county_pairs, inside.positions(school.pairs))
    if hard_violations(problem, pairs):
        return found
    return _barely_bounded(problem, pairs, SCOPE_TIES, budget.stop_reason or "search")


def _barely_bounded(problem: Problem, pairs: Pairs, scope: str, stop: StopReason) -> Solution:
    """Return a plan of which nothing is proved, under the bound of its first level that needs no search."""
    claims = [Claim(plain_bound(problem, problem.objectives[0]), "none")] if problem.objectives else []
    found = Solution.found(problem, pairs, claims, Proof("solver", scope, f"matcher {__version__}"), stop)
    if found.status == "optimal" and scope != SCOPE:  # as good as any plan, so the best of the stable ones
        return _barely_bounded(problem, pairs, SCOPE, stop)
    return found


def _unknown(problem: Problem, stop: StopReason | None = None) -> Solution:
    return Solution.unknown(problem, stop, method=ROTATIONS)


def _none(
    problem: Problem, witness: Mapping[str, Any], arrays: Mapping[str, IntArray] = MappingProxyType({})
) -> Solution:
    proof = Proof("certificate" if arrays else "none", SCOPE, None, arrays)
    return Solution.none(problem, {"kind": "no_stable_plan", **witness}, proof, method=ROTATIONS)


def _words(problem: Problem, level: str, market: PreferenceBlock, found: StableMatching) -> dict[str, Any]:
    """Return why there is no stable pairing in plain JSON values, with the users' ids."""
    providers, recipients = problem.arrays.sides(level)
    said: dict[str, Any] = {"reason": found.reason}
    if "pairs" in found.witness:
        pairs = market.positions(np.asarray(found.witness["pairs"])).tolist()
        said["pairs"] = [[providers.ids[p], recipients.ids[r]] for p, r in pairs]
    if "positions" in found.witness:
        rows, nodes = (
            (market.providers, providers) if found.witness["side"] == "provider" else (market.recipients, recipients)
        )
        said["side"] = found.witness["side"]
        said["ids"] = [nodes.ids[position] for position in rows[found.witness["positions"]].tolist()]
        said["found"] = [int(number) for number in found.witness["found"]]
        said["minimum"] = [int(number) for number in found.witness["minimum"]]
    return said


# --- the certificate ------------------------------------------------------------------------------------------------


def _arrays(county: StableMatching, blocks: Mapping[int, _Block]) -> Mapping[str, IntArray]:
    """Return the certificate: rotations and flows at county level, and of each block those and its pairs."""
    found: dict[str, Any] = {f"county_{name}": np.asarray(array) for name, array in county.proof.items()}
    parts: dict[str, list[IntArray]] = {}
    for arc in sorted(blocks):
        matching = blocks[arc].found
        rows = {"pairs": matching.pairs.reshape(-1), **matching.proof}
        for name in ("pairs", "rotations", *(f"flow_{level}" for level in range(len(blocks[arc].market.cost)))):
            parts.setdefault(name, []).append(np.asarray(rows.get(name, ()), dtype=np.int64))
    for name, arrays in parts.items():
        found[f"block_{name}"] = np.concatenate(arrays)
        found[f"block_{name}_start"] = np.concatenate([[0], np.cumsum([len(array) for array in arrays])])
    return MappingProxyType({name: np.asarray(array, dtype=np.int64) for name, array in found.items()})


class _StablePlan:
    name = "stable"

    def fits(self, problem: Problem) -> bool:
        return problem.policy.stability == "require"

    def solve(self, problem: Problem, run: Run) -> Solution | None:
        return solve_stable(problem, run.budget)


METHOD = _StablePlan()
