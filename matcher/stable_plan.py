"""Plans that nobody would leave: no blocking pair at county level, nor at school level given it; of these the best.

Each level of pairing is a market with preferences (`matcher.blocking` says which). The stable county pairings are found
with their rotations. Where counties and organisations are one to one, what a county pair brings at school level depends
on nothing but the pair, so it enters the cost of the pair: the best stable school pairing of that organisation's
branches and that county's schools. The best stable county pairing by these costs, level by level, is then the best of
all stable plans, exactly. Several partners at county level couple the school markets: there the county pairing is
chosen first and the claim says so (`ONE_AFTER_THE_OTHER`).

Every stable pairing of a strict market fills the same places. Ties are broken by position (`matcher.stability`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from matcher._version import __version__
from matcher.arrays import IntArray
from matcher.blocking import sides_of
from matcher.hardrules import hard_violations
from matcher.objectives import AdditiveObjective
from matcher.problem import Problem
from matcher.progress import Budget, Progress
from matcher.result import Level, Proof, Status
from matcher.rotations import find_rotations
from matcher.solution import Solution, no_pairs
from matcher.stability import IntArray as Ints
from matcher.stability import Preferences
from matcher.stable import StableMatching, best_stable
from matcher.stable_proof import check_best

SCOPE = "stable_plans"
#: some ranks are equal: the claim is about the order that breaks ties by position
SCOPE_TIES = "stable_plans_ties_broken"
ONE_AFTER_THE_OTHER = "one_level_after_the_other"
METHOD = "rotations"


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """One level of pairing, or one block of it, as preferences with costs.

    Attributes
    ----------
    providers, recipients
        Positions in the instance of the market's rows.
    preferences
        Over the market's own rows.
    cost : (L, A) int64
        Of each arc in each objective.
    pins : (k, 2) int64
        Pinned pairs, the market's own rows.
    """

    providers: IntArray
    recipients: IntArray
    preferences: Preferences
    cost: Ints
    pins: Ints

    def positions(self, pairs: Ints) -> IntArray:
        """Return pairs of the market's rows as (k, 2) positions in the instance."""
        return np.column_stack([self.providers[pairs[:, 0]], self.recipients[pairs[:, 1]]])


def market_of(problem: Problem, level: str, providers: IntArray, recipients: IntArray) -> Market:
    """Return the market of some providers and recipients of `level`: the pairs that are allowed and both sides accept."""
    facts, width = problem.facts, max(1, len(problem.arrays.sides(level)[1]))
    row, column = np.broadcast_arrays(np.arange(len(providers))[:, None], np.arange(len(recipients))[None, :])
    provider, recipient = providers[row], recipients[column]
    allowed = problem.allowed(level, provider, recipient)
    row, column, provider, recipient = (array[allowed] for array in (row, column, provider, recipient))
    cost = facts.cost(level, provider, recipient)
    keys = provider * np.int64(width) + recipient
    first, second = sides_of(problem, level)
    provider_rank, accepted = first.rank(keys, provider, cost)
    recipient_rank, too = second.rank(keys, recipient, cost)
    both = accepted & too
    row, column, provider, recipient, cost = (array[both] for array in (row, column, provider, recipient, cost))
    preferences = Preferences(
        row,
        column,
        provider_rank[both],
        recipient_rank[both],
        problem.capacity(level)[providers],
        problem.demand(level)[recipients],
    )
    was_pair, fit = facts.was_pair(level, provider, recipient), facts.fit(level, provider, recipient)
    costs = [objective.terms(level).of_pairs(cost, was_pair, fit) for objective in _sums(problem)]
    pins = problem.pins[level]
    here = np.isin(pins[:, 0], providers) & np.isin(pins[:, 1], recipients)
    local = np.column_stack([np.searchsorted(providers, pins[here, 0]), np.searchsorted(recipients, pins[here, 1])])
    return Market(providers, recipients, preferences, np.array(costs, dtype=np.int64).reshape(-1, len(cost)), local)


def _sums(problem: Problem) -> tuple[AdditiveObjective, ...]:
    """Return the leading objectives that are sums over pairs and over places left empty, up to the first slack."""
    found = []
    for objective in problem.objectives:
        if objective.worst_of is not None or any(t.used or t.squares for t in (objective.county, objective.school)):
            break
        found.append(objective)
        if objective.slack_percent:
            break
    return tuple(found)


def _school_part(problem: Problem, market: Market, pairs: Ints) -> tuple[int, ...]:
    """Return one value an objective: what school pairs change against leaving the market's schools empty."""
    served = np.bincount(pairs[:, 1], minlength=len(market.recipients))
    arcs = market.preferences.arcs_of(pairs)
    found = []
    for position, objective in enumerate(_sums(problem)):
        terms = objective.school
        gain = (terms.unmet[market.recipients] * served).sum() + terms.uncovered[market.recipients][served > 0].sum()
        found.append(int(market.cost[position, arcs].sum()) - int(gain))
    return tuple(found)


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """The best stable school pairing of one county pair; `found.status` says whether there is one."""

    market: Market
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
    return _Block(market, found, _school_part(problem, market, found.pairs))


def _whole(problem: Problem, level: str) -> tuple[IntArray, IntArray]:
    providers, recipients = problem.arrays.sides(level)
    return np.arange(len(providers)), np.arange(len(recipients))


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
    market = market_of(problem, "county", *_whole(problem, "county"))
    lattice = find_rotations(market.preferences)
    ties = lattice.ties_broken
    arcs = np.unique(np.concatenate([lattice.first, lattice.gained])) if problem.is_one_to_one else lattice.first[:0]
    blocks: dict[int, _Block] = {}
    for done, arc in enumerate(arcs.tolist()):
        if budget.stop_reason is not None:
            return Solution("unknown", budget.stop_reason, no_pairs(), no_pairs(), _levels(problem, None, 0), Proof("none"))
        organization, county = market.preferences.provider_idx[arc], market.preferences.recipient_idx[arc]
        blocks[arc] = _block(problem, int(organization), int(county))
        budget.spend()
        if done % 64 == 0:
            budget.report(Progress("stable", done, len(arcs)))
    ties |= any(block.found.ties_broken for block in blocks.values())
    cost = _with_blocks(market, {arc: (block.found.status, block.value) for arc, block in blocks.items()})
    county = best_stable(market.preferences, cost, pins=market.pins)
    if county.status == "infeasible":
        return _none(problem, {"level": "county", **_words(problem, "county", market, county)})
    county_pairs = market.positions(county.pairs)
    if problem.is_one_to_one:
        chosen = market.preferences.arcs_of(county.pairs).tolist()
        for arc in chosen:
            if blocks[arc].found.status == "infeasible":
                block = blocks[arc]
                return _none(problem, {"level": "school", **_words(problem, "school", block.market, block.found)})
        schools = [blocks[arc].market.positions(blocks[arc].found.pairs) for arc in chosen]
        scope = SCOPE_TIES if ties else SCOPE
        if all(block.found.status == "optimal" for block in blocks.values()):
            proof = Proof("certificate", scope, None, _arrays(county, blocks))
        else:  # where minima leave a county pair without a stable school pairing, there is nothing to check by
            proof = Proof("solver", scope, f"matcher {__version__}")
    else:
        inside = _schools_inside(problem, county_pairs)
        found = best_stable(inside.preferences, inside.cost, pins=inside.pins)
        if found.status == "infeasible":
            return _none(problem, {"level": "school", **_words(problem, "school", inside, found)})
        schools = [inside.positions(found.pairs)]
        proof = Proof("none", ONE_AFTER_THE_OTHER)
    school_pairs = np.concatenate([no_pairs(), *schools])
    school_pairs = school_pairs[np.lexsort((school_pairs[:, 0], school_pairs[:, 1]))]
    county_pairs = county_pairs[np.lexsort((county_pairs[:, 0], county_pairs[:, 1]))]
    if hard_violations(problem, county_pairs, school_pairs):
        # a rule over several pairs at once: the best stable plan breaks it, another one may not
        return Solution("unknown", None, no_pairs(), no_pairs(), _levels(problem, None, 0), Proof("none"))
    proved = len(_sums(problem)) if problem.is_one_to_one else 0
    values = problem.minimised(county_pairs, school_pairs)
    status: Status = "optimal" if proved == len(values) else "feasible"
    levels = _levels(problem, values, proved, proof.scope)
    return Solution(status, None, county_pairs, school_pairs, levels, proof)


def _with_blocks(market: Market, blocks: Mapping[int, tuple[str, tuple[int, ...]]]) -> Ints:
    """Return (1 + L, A): first whether the pair's school market has no stable pairing, then the cost of the pair."""
    cost = np.concatenate([np.zeros((1, market.cost.shape[1]), dtype=np.int64), market.cost])
    for arc, (status, value) in blocks.items():
        cost[0, arc] = status == "infeasible"
        cost[1:, arc] += value
    return cost


def _schools_inside(problem: Problem, county_pairs: IntArray) -> Market:
    """Return the school market inside given county pairs."""
    market = market_of(problem, "school", *_whole(problem, "school"))
    arrays, preferences = problem.arrays, market.preferences
    width = max(1, len(arrays.counties))
    above = arrays.branches.parent[preferences.provider_idx] * width + arrays.schools.parent[preferences.recipient_idx]
    kept = np.isin(above, county_pairs[:, 0] * width + county_pairs[:, 1])
    only = Preferences(
        preferences.provider_idx[kept],
        preferences.recipient_idx[kept],
        preferences.provider_rank[kept],
        preferences.recipient_rank[kept],
        preferences.capacity,
        preferences.demand,
    )
    return Market(market.providers, market.recipients, only, market.cost[:, kept], market.pins)


def _levels(problem: Problem, values: tuple[int, ...] | None, proved: int, scope: str = "") -> tuple[Level, ...]:
    found = []
    for position, objective in enumerate(problem.objectives):
        value = None if values is None else objective.shown(values[position])
        bound = value if position < proved else None
        rest: dict[str, Any] = {"conditional": 0 < proved <= position, "method": METHOD, "scope": scope}
        found.append(Level.of(objective.name, objective.sense, objective.unit, value, bound, **rest))
    return tuple(found)


def _none(problem: Problem, witness: Mapping[str, Any]) -> Solution:
    levels = _levels(problem, None, 0, SCOPE)
    proof = Proof("none", SCOPE)
    return Solution("infeasible", None, no_pairs(), no_pairs(), levels, proof, {"kind": "no_stable_plan", **witness})


def _words(problem: Problem, level: str, market: Market, found: StableMatching) -> dict[str, Any]:
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


@dataclass(frozen=True, slots=True, eq=False)
class _Proof:
    """Parts of a certificate by block."""

    arrays: Mapping[str, Any] = field(default_factory=dict)

    def part(self, name: str, block: int) -> IntArray:
        start = self.arrays[f"block_{name}_start"]
        part: IntArray = self.arrays[f"block_{name}"][start[block] : start[block + 1]]
        return part


def check_stable(problem: Problem, arrays: Mapping[str, Any], county_pairs: IntArray, school_pairs: IntArray) -> str:
    """Check that a plan is the best stable one, without a solver; return why not, a stable word, or "".

    The rotations are found again from the input; that no stable pairing of a market is better than the claimed one is
    read off a flow (`matcher.stable_proof`).
    """
    try:
        return _check(problem, _Proof(arrays), county_pairs, school_pairs)
    except (KeyError, IndexError, ValueError, TypeError):
        return "array_shape"


def _check(problem: Problem, proof: _Proof, county_pairs: IntArray, school_pairs: IntArray) -> str:
    if not problem.is_one_to_one:
        return "not_one_to_one"
    market = market_of(problem, "county", *_whole(problem, "county"))
    lattice = find_rotations(market.preferences)
    arcs = np.unique(np.concatenate([lattice.first, lattice.gained]))
    pairs = county_pairs[np.lexsort((county_pairs[:, 1], county_pairs[:, 0]))]
    chosen = set(market.preferences.arcs_of(pairs).tolist())
    values: dict[int, tuple[str, tuple[int, ...]]] = {}
    schools = [no_pairs()]
    for number, arc in enumerate(arcs.tolist()):
        organization, county = (int(side[arc]) for side in (market.preferences.provider_idx, market.preferences.recipient_idx))
        rows = problem.arrays.rows_of("organizations", organization), problem.arrays.rows_of("counties", county)
        block = market_of(problem, "school", *rows)
        own = proof.part("pairs", number).reshape(-1, 2)
        names = ("rotations", *(f"flow_{level}" for level in range(len(block.cost))))
        value = _pair_costs(block, own)
        flaws = check_best(
            block.preferences, block.cost, None, own, value, {n: proof.part(n, number) for n in names}, pins=block.pins
        )
        if flaws:
            return f"block_{flaws[0]}"
        values[arc] = "optimal", _school_part(problem, block, own)
        if arc in chosen:
            schools.append(block.positions(own))
    cost = _with_blocks(market, values)
    names = ("rotations", *(f"flow_{level}" for level in range(len(cost))))
    claimed = {name: proof.arrays[f"county_{name}"] for name in names}
    value = _pair_costs(Market(market.providers, market.recipients, market.preferences, cost, market.pins), pairs)
    flaws = check_best(market.preferences, cost, None, pairs, value, claimed, pins=market.pins)
    if flaws:
        return f"county_{flaws[0]}"
    # the plan may pair schools otherwise than the certificate, as long as it is worth the same: values are compared
    own = np.concatenate(schools)
    same = problem.minimised(county_pairs, own)[: len(_sums(problem))]
    return "" if problem.minimised(county_pairs, school_pairs)[: len(same)] == same else "value"


def _pair_costs(market: Market, pairs: Ints) -> tuple[int, ...]:
    arcs = market.preferences.arcs_of(pairs)
    if (arcs < 0).any():
        raise ValueError("a pair that is no arc")
    return tuple(int(row[arcs].sum()) for row in market.cost)
