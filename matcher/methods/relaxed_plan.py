"""Plans with few blocking pairs: none by which both sides gain more than a tolerance, or at most so many in all.

Finding the best is hard: it is a program (`plan_rows`) where the problem is small, and between two bounds where it is
not. What plans without any demand of stability can reach bounds every plan; if that plan keeps the demand, it is the
answer, with its own proof. Plans from below:

- the stable plan keeps every demand;
- one-to-one, between the two: let d be the rank of each one's partner in the stable plan (without one: infinite). Of
  every pair (o, c) one side stands at least as high there: say c if d_c <= rank_c(o), else o. If no county that answers
  for a pair comes to stand more than t below d_c, and no organisation more than t below the best of the pairs it
  answers for, no pair blocks by more than t. That forbids pairs and asks for partners, which the joint engine decides
  exactly. A limit on the number of blocking pairs is met by the largest t of a few that still keeps it.

School pairs inside a county pair are the best ones; where those block too much, the best within the tolerance, or for a
limit the stable ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from matcher.base.numbers import BoolArray, IntArray
from matcher.base.progress import Budget, Progress
from matcher.methods.joint.solver import solve_joint
from matcher.methods.method import Again, Run
from matcher.methods.or_known import or_known, rebound, without_plan
from matcher.methods.stable_plan import solve_stable
from matcher.methods.textbook import solve_textbook
from matcher.problem.claims import MOST_LISTED_PAIRS, num_pairs
from matcher.problem.pairs import Pairs
from matcher.problem.problem import Problem
from matcher.problem.solution import Solution
from matcher.proof.blocking import blocking
from matcher.proof.hardrules import hard_violations
from matcher.proof.joint_terms import is_joint_case
from matcher.proof.preference_blocks import market_of, sums, whole
from matcher.stable.best import best_stable
from matcher.stable.preferences import Preferences
from matcher.stable.relaxed import nearly_stable

_INFINITE = np.int64(2**61)


class Shared:
    """What all demands of stability of one problem have in common: the free plan, the stable one, plans between.

    Parameters
    ----------
    free
        The problem with `stability="off"`.
    again
        Solves it by whatever method fits it (`Run.again`).
    """

    def __init__(self, free: Problem, again: Again):
        self.free, self._again = free, again
        self._known: dict[str | int, Solution] = {}

    def relaxed(self, budget: Budget, start: Pairs | None) -> Solution:
        """Return the best plan without any demand."""
        return self._once("free", budget, lambda: self._again(self.free, budget, start))

    def stable(self, budget: Budget) -> Solution:
        """Return the best plan without a blocking pair."""
        return self._once("stable", budget, lambda: solve_stable(self.free.with_stability("require"), budget))

    def at(self, gain: int, preferences: Preferences, budget: Budget) -> Solution:
        """Return the best plan under the caps at a gain."""
        stable = self.stable(budget).county_pairs
        return self._once(gain, budget, lambda: solve_joint(_capped(self.free, preferences, stable, gain), budget))

    def _once(self, key: str | int, budget: Budget, solve: Callable[[], Solution]) -> Solution:
        if key in self._known:
            return self._known[key]
        found = solve()
        if budget.stop_reason is None:
            self._known[key] = found
        return found


def solve_relaxed(problem: Problem, budget: Budget, start: Pairs | None, shared: Shared) -> Solution:
    """Return the best plan known that keeps the policy's tolerance or limit, with bounds on all that do.

    Parameters
    ----------
    problem
        With `stability="tolerance"` or "limit".
    start
        A plan to start from, used if it keeps all rules.
    shared
        What is common to all demands of stability on this problem.
    """
    free = shared.free
    joint, small = is_joint_case(free), num_pairs(problem) <= MOST_LISTED_PAIRS
    known = [] if start is None else [start]
    if joint or not small:
        relaxed = shared.relaxed(budget, start)
        if relaxed.status == "infeasible":
            return relaxed
        pairs = relaxed.both
        if relaxed.status != "unknown" and not hard_violations(problem, pairs):
            return relaxed
    stable = shared.stable(budget)
    if stable.status in ("optimal", "feasible"):
        known.append(stable.both)
        if joint and budget.stop_reason is None:
            known += _between(problem, shared, budget)
    known = [each for each in known if not hard_violations(problem, each)]
    best = min(known, key=problem.minimised, default=None)
    if small:
        found = solve_textbook(problem, budget, best)
        if found.status in ("optimal", "infeasible") or not joint:
            return found if best is None else or_known(problem, found, best)
        if found.status == "feasible":
            known.append(found.both)
            best = min(known, key=problem.minimised)
    return without_plan(problem, relaxed) if best is None else rebound(problem, relaxed, best)


@dataclass(frozen=True)
class _Capped(Problem):
    """A problem with fewer county pairs, and some rows that must have a partner.

    Attributes
    ----------
    open_pairs : (O, C) bool
        Which county pairs are left.
    need_organization, need_county : (O,), (C,) bool
        Who must have a partner.
    """

    open_pairs: BoolArray = field(default_factory=lambda: np.ones((0, 0), dtype=np.bool_))
    need_organization: BoolArray = field(default_factory=lambda: np.ones(0, dtype=np.bool_))
    need_county: BoolArray = field(default_factory=lambda: np.ones(0, dtype=np.bool_))

    def allowed(self, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> BoolArray:
        """Return which pairs every rule allows and the cap leaves."""
        found = super().allowed(level, provider_idx, recipient_idx)
        return found & self.open_pairs[provider_idx, recipient_idx] if level == "county" else found

    def may_allow(self, level: str, provider_idx: IntArray, recipient_idx: IntArray) -> BoolArray:
        """Return a superset of `allowed`."""
        found = super().may_allow(level, provider_idx, recipient_idx)
        return found & self.open_pairs[provider_idx, recipient_idx] if level == "county" else found

    def capacity(self, level: str) -> IntArray:
        """Return least and most pairs of each provider."""
        return _with_minimum(super().capacity(level), self.need_organization if level == "county" else None)

    def demand(self, level: str) -> IntArray:
        """Return least and most pairs of each recipient."""
        return _with_minimum(super().demand(level), self.need_county if level == "county" else None)


def _with_minimum(bounds: IntArray, need: BoolArray | None) -> IntArray:
    return bounds if need is None else np.column_stack([np.maximum(bounds[:, 0], need), bounds[:, 1]])


def _between(problem: Problem, shared: Shared, budget: Budget) -> Iterator[Pairs]:
    """Yield plans between the stable and the free one that keep the demand."""
    preferences = market_of(problem, "county", *whole(problem, "county")).preferences

    def at(gain: int) -> Iterator[Pairs]:
        found = shared.at(gain, preferences, budget)
        if found.status in ("optimal", "feasible"):
            yield from _repaired(problem, found.both, budget)

    if problem.policy.stability == "tolerance":
        yield from at(problem.policy.stability_tolerance("county"))
        return
    ranks = np.concatenate([preferences.provider_rank, preferences.recipient_rank])
    span = int(ranks.max(initial=0) - ranks.min(initial=0))
    gains = [0, *(span >> shift for shift in range(span.bit_length())[::-1])]
    low, high = 0, len(gains) - 1
    while low <= high and budget.stop_reason is None:
        budget.report(Progress("stability_limit", len(gains) - 1 - (high - low), len(gains)))
        middle = (low + high) // 2
        kept = list(at(gains[middle]))
        yield from kept
        low, high = (middle + 1, high) if kept else (low, middle - 1)


def _capped(free: Problem, preferences: Preferences, stable: IntArray, gain: int) -> _Capped:
    """Return the free problem with the caps that the module describes."""
    p, r = preferences.provider_idx, preferences.recipient_idx
    shape = preferences.num_providers, preferences.num_recipients
    held = preferences.arcs_of(stable)
    wanted = (preferences.capacity[p, 1] > 0) & (preferences.demand[r, 1] > 0)
    stands = np.full(shape[1], _INFINITE)
    stands[r[held]] = preferences.recipient_rank[held]
    by_county = stands[r] <= preferences.recipient_rank
    caps = [np.full(size, _INFINITE) for size in shape]
    first, second = wanted & ~by_county, wanted & by_county
    np.minimum.at(caps[0], p[first], preferences.provider_rank[first])
    np.minimum.at(caps[1], r[second], stands[r[second]])
    need = [cap < _INFINITE for cap in caps]
    within = preferences.provider_rank <= caps[0][p] + gain
    within &= preferences.recipient_rank <= caps[1][r] + gain
    open_pairs = np.zeros(shape, dtype=np.bool_)
    open_pairs[p[within], r[within]] = True
    fields: dict[str, Any] = {name: getattr(free, name) for name in ("instance", "policy", "facts", "rules")}
    return _Capped(
        **fields,
        objectives=free.objectives,
        open_pairs=open_pairs,
        need_organization=need[0],
        need_county=need[1],
    )


def _repaired(problem: Problem, pairs: Pairs, budget: Budget) -> Iterator[Pairs]:
    """Yield the plan with stable school pairs inside as many county pairs as the demand asks for; nothing if none."""
    policy, arrays = problem.policy, problem.arrays
    tolerance = {level: policy.stability_tolerance(level) for level in ("county", "school")}
    left = policy.max_blocking_pairs or 0 if policy.stability == "limit" else 0
    left -= len(blocking(problem, "county", pairs, tolerance=tolerance["county"]))
    if left < 0:
        return
    found = blocking(problem, "school", pairs, tolerance=tolerance["school"])
    blocks = np.bincount(arrays.schools.parent[found[:, 1]], minlength=len(arrays.counties))
    choices = []
    county_of = arrays.schools.parent[pairs.school[:, 1]]
    for organization, county in pairs.county[blocks[pairs.county[:, 1]] > 0].tolist():
        inside = pairs.school[county_of == county]
        # without time for the programs of the blocks the stable pairs keep any tolerance too
        gain = tolerance["school"] if budget.stop_reason is None else 0
        stable = _stable_inside(problem, organization, county, gain)
        budget.spend()
        if stable is None:
            return
        pair = np.array([[organization, county]])
        loss = np.subtract(problem.minimised(Pairs(pair, stable)), problem.minimised(Pairs(pair, inside)))
        choices.append((loss, int(blocks[county]), county, stable))
    # the dearest ones to make stable, a blocking pair, keep their pairs
    school_pairs = pairs.school
    for _, number, county, stable in sorted(choices, key=lambda each: (*(-each[0] / each[1]).tolist(), each[2])):
        if number <= left:
            left -= number
            continue
        school_pairs = np.concatenate([school_pairs[arrays.schools.parent[school_pairs[:, 1]] != county], stable])
    yield Pairs(pairs.county, school_pairs).in_order()


def _stable_inside(problem: Problem, organization: int, county: int, tolerance: int) -> IntArray | None:
    """Return school pairs of a county pair by which nobody blocks by more than the tolerance; None if there are none.

    Without a tolerance they are the best stable ones; with one, the best of those that keep it, by the objectives that
    are sums over pairs and places.
    """
    rows = problem.arrays.rows_of("organizations", organization), problem.arrays.rows_of("counties", county)
    market = market_of(problem, "school", *rows)
    terms = [objective.school for objective in sums(problem)]
    if tolerance and not any(each.uncovered[rows[1]].any() for each in terms):
        unmet = np.array([each.unmet[rows[1]] for each in terms], dtype=np.int64).reshape(len(terms), -1)
        near = nearly_stable(
            market.preferences, market.cost, unmet, max_blocking=0, tolerance=tolerance, pins=market.pins
        )
        return market.positions(near.pairs) if near.status == "optimal" else None
    found = best_stable(market.preferences, market.cost, pins=market.pins)
    return market.positions(found.pairs) if found.status == "optimal" else None


class _RelaxedPlan:
    name = "relaxed"

    def fits(self, problem: Problem) -> bool:
        return problem.policy.asks_stability and problem.policy.stability != "require"

    def solve(self, problem: Problem, run: Run) -> Solution | None:
        shared = Shared(problem.with_stability("off"), run.again)
        return solve_relaxed(problem, run.budget, run.start, shared)


METHOD = _RelaxedPlan()
