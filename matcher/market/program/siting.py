"""Siting: programs where an open provider takes whoever comes (p-median, set cover, greatest cover, plain location).

Prices on recipients bound the plan from below, the providers that they choose are improved by swaps, and providers
whose price alone says open or closed are fixed. What is left is branched on, prices bounding every node (`branching`);
where few arcs are left it goes to HiGHS in the radius form (Garcia, Labbe, Marin 2011): one variable a recipient and
distinct cost, which says that nobody as near as that is open.

Levels that are kept enter the cost with a weight that no gain at the level in work can outweigh.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from matcher.base.numbers import BoolArray, FloatArray, IntArray, magnitude
from matcher.base.progress import Budget, Progress
from matcher.market.input import Bools, Ints
from matcher.market.program import bound as exact
from matcher.market.program import branching, site_prices
from matcher.market.program.bound import Single
from matcher.market.program.branching import Branched, Branching, SiteAscent, SiteTables
from matcher.market.program.case import ProgramCase
from matcher.market.program.prices import PriceAscent, RelaxedProgram, ascend
from matcher.market.program.radius import finish, num_left
from matcher.market.program.swaps import Near, SitePlan, planned, swapped, within_budget
from matcher.programs import highs

#: arcs looked at in each step; of larger cases the cheapest of each recipient
_MOST_ARCS: Final = 300_000
_ROUNDS: Final = 1500
#: the same of compiled steps, and how many come between two looks at the plan
_FAST_ROUNDS: Final = 6000
_PAUSES: Final = (30, 30, 60)
_PAUSE: Final = 150
_SWAPS: Final = 400
#: nodes branched on in any case, and arcs left up to which HiGHS is better at the rest
_NODES: Final = 40
_FEW_LEFT: Final = 10_000
#: how much of the time left branching may take before HiGHS has a try, and nodes that it may have then
_BRANCHING: Final = 0.7
_MOST_NODES: Final = 100_000
#: sums of costs beyond this are not exact in floating point
_EXACT: Final = 1 << 52


@dataclass(slots=True)
class Sited:
    """What siting found for one level: a plan, a claimed bound, the row of multipliers, and who claims it."""

    arcs: Ints | None = None
    opened: Bools | None = None
    bound: int | None = None
    row: tuple[IntArray, IntArray, IntArray] | None = None
    solvers: set[str] = field(default_factory=set)
    infeasible: bool = False


def fits_siting(case: ProgramCase) -> bool:
    """Whether every provider can take all who may come, and nobody wants more than one."""
    total = np.zeros(case.num_providers, np.int64)
    np.add.at(total, case.provider, case.size)
    roomy = bool((total <= case.capacity[:, 1]).all()) and not exact.needs(case).any() and not case.counts_pairs
    return roomy and bool((case.demand[:, 1] <= 1).all()) and bool((case.demand[:, 0] <= 1).all())


def solve_siting(
    case: ProgramCase, level: int, kept: tuple[int, ...], budget: Budget, opened: Bools | None
) -> Sited | None:
    """Return the best siting at a level among those that keep the levels before it; None if the numbers are too large.

    Parameters
    ----------
    kept
        The values of the levels before.
    opened
        Who is open in the plan to begin with, which attains them; None without one.
    """
    weights = _weights(case, level)
    try:
        single = Single.mixed(case, weights)
    except OverflowError:
        return None
    if (magnitude(single.cost) + magnitude(single.missing)) * (case.num_recipients + 1) >= _EXACT:
        return None
    one = replace(
        case,
        cost=single.cost[None],
        opening=single.opening[None],
        missing=single.missing[None],
        constant=(single.constant,),
    )
    before = sum(int(w) * value for w, value in zip(weights, kept, strict=False))
    # the levels that follow need time too
    run = _Run(one, budget, 1.0 if level + 1 == case.num_levels else 0.5)
    found = run.solve(opened)
    if run.best is not None:
        found.opened, found.arcs = run.best.opened, np.sort(run.best.arc[run.best.arc >= 0])
    own, u, v = run.ascent.rounded()
    row = np.zeros(case.num_levels, np.int64)
    row[: level + 1] = weights * own[0]
    found.row = (row, u, v)
    if found.bound is not None:
        found.bound -= before
    return found


def _weights(case: ProgramCase, level: int) -> IntArray:
    """Return weights (level + 1,) so that one unit of an earlier level counts more than all of those after it."""
    weights, total = [1], 0
    for k in range(level, 0, -1):
        most = magnitude(case.cost[k]) + magnitude(case.missing[k])
        total += weights[0] * (most * case.num_recipients + int(case.opening[k].sum()))
        weights.insert(0, min(total + 1, 1 << 61))
    return np.array(weights, np.int64)


class _Run:
    """One siting at one level."""

    def __init__(self, case: ProgramCase, budget: Budget, share: float) -> None:
        self.case, self.budget, self.share = case, budget, share
        self.near = Near.of(case, _MOST_ARCS)
        at = np.sort(self.near.arc)
        self.ascent = PriceAscent.begin(case.only(at), 0, ())
        self.best: SitePlan | None = None
        self._tried: set[bytes] = set()
        self._looks = 0

    def solve(self, opened: Bools | None) -> Sited:
        """Climb, improve, fix, finish."""
        found = Sited()
        if opened is not None:
            self._try(opened)
        first = self.ascent.relaxed()
        if first is None:
            found.infeasible = True
            return found
        if self.best is None:
            self._look(first.chosen, first.rho)
        sites = self._climb() if site_prices.are_ready() else None
        if sites is None:
            ascend(self.ascent, self._upper, _ROUNDS, self.budget, self._seen)
        self._cap()
        claimed = self._claimed()
        upper = None if self.best is None else self.best.value
        if claimed is not None and upper is not None and self.budget.close_enough(upper, claimed):
            found.bound = claimed
            return found
        if self.budget.stop_reason is None:
            self.budget.report(Progress("siting", value=upper, bound=claimed))
            claimed = self._finish(found, sites, claimed)
        found.bound = claimed
        return found

    def _climb(self) -> SiteAscent:
        """Raise the prices by compiled steps, and improve the providers that they choose now and then."""
        case, ascent = self.case, self.ascent
        tables = SiteTables.of(self.near)
        state = tables.state(case.closed, case.must_open)
        sites = SiteAscent(tables, state, ascent.u.copy(), ascent.v.copy(), np.zeros(case.num_providers))
        done, looks = 0, 0
        while done < _FAST_ROUNDS and not sites.tired and self.budget.stop_reason is None:
            steps = _PAUSES[looks] if looks < len(_PAUSES) else _PAUSE
            enough = np.inf if self.best is None else self.best.value - 1 + 1e-3
            upper = self._upper()
            if not sites.climb(steps, upper, enough):
                break
            ascent.best, ascent.best_at = sites.best, (sites.u, sites.v, ascent.mu)
            self.budget.spend(steps)
            done, looks = done + steps, looks + 1
            seen = sites.seen()
            if seen is not None:
                self._look(seen.chosen, seen.rho / tables.scale)
            if self.best is not None and sites.best > self.best.value - 1 + 1e-3:
                break
        return sites

    def _finish(self, found: Sited, sites: SiteAscent | None, claimed: int | None) -> int | None:
        """Close what the prices left, and return what is claimed then."""
        closed, must = self._fixed()
        if sites is not None and self.best is not None:
            search = Branching(sites, self.best.value, self.budget)
            closed, must = closed | (search.state < 0), must | (search.state > 0)
            ended = self._branched(found, search.search(_NODES, None))
            if not ended and num_left(self.near, closed, must) > _FEW_LEFT:
                left = self.budget.time_left_s
                ended = self._branched(
                    found, search.search(_MOST_NODES, None if left is None else _BRANCHING * self.share * left)
                )
            if found.bound is not None:
                claimed = found.bound if claimed is None else max(claimed, found.bound)
            near = claimed is not None and self.budget.close_enough(self.best.value, claimed)
            if ended or near or self.budget.stop_reason is not None:
                return claimed
        outcome = finish(self.near, closed, must, self.budget, self.share)
        found.solvers.add(highs.SOLVER)
        if outcome.opened is not None:
            self._keep(planned(self.near, outcome.opened))
        found.infeasible = outcome.infeasible and self.best is None
        if outcome.bound is not None and self.best is not None:
            rest = min(outcome.bound, self.best.value)
            claimed = rest if claimed is None else max(claimed, rest)
        elif outcome.infeasible and self.best is not None:
            claimed = self.best.value  # nothing is better than the plan that fixed the others
        return claimed

    def _branched(self, found: Sited, outcome: Branched) -> bool:
        """Take what branching has found; return whether it is at its end."""
        found.solvers.add(branching.SOLVER)
        found.bound = outcome.bound
        if outcome.opened is not None:
            self._keep(planned(self.near, outcome.opened))
        return outcome.ended

    def _upper(self) -> float:
        if self.best is None:
            best = self.ascent.best
            return best + 0.05 * abs(best) + 1 if np.isfinite(best) else 1.0
        return float(self.best.value)

    def _claimed(self) -> int | None:
        """Return what the multipliers prove over all arcs, in integers."""
        weights, u, v = self.ascent.rounded()
        single = Single.mixed(self.case, weights)
        try:
            total = exact.bound(self.case, single, u, v)
        except OverflowError:
            return None
        return None if total is None else -(-total // int(weights[0]))

    def _cap(self) -> None:
        """Keep every price at or below the arcs that were left out, so that they add nothing."""
        if self.ascent.best_at is not None:
            u, v, mu = self.ascent.best_at
            self.ascent.best_at = (np.minimum(u, self.near.limit), v, mu)

    def _seen(self, seen: RelaxedProgram) -> None:
        """Improve the providers that the prices choose, now and then."""
        self._looks += 1
        self.ascent.u = np.minimum(self.ascent.u, self.near.limit)
        if self._looks in (30, 60, 120) or self._looks % 100 == 0:
            self._look(seen.chosen, seen.rho)

    def _look(self, chosen: BoolArray, rho: FloatArray) -> None:
        opened = within_budget(self.case, chosen, rho)
        if opened is not None:
            self._try(opened)

    def _try(self, opened: BoolArray) -> None:
        key = opened.tobytes()
        if key in self._tried:
            return
        self._tried.add(key)
        self._keep(planned(self.near, swapped(self.near, opened, self.budget, _SWAPS)))

    def _keep(self, plan: SitePlan) -> None:
        if plan.sound and (self.best is None or plan.value < self.best.value):
            self.best = plan

    def _fixed(self) -> tuple[BoolArray, BoolArray]:
        """Return who is closed and who is open in every plan better than the best, by the prices alone."""
        case, ascent = self.case, self.ascent
        closed, must = case.closed.copy(), case.must_open.copy()
        if self.best is None or ascent.best_at is None:
            return closed, must
        now = (ascent.u, ascent.v, ascent.mu)
        ascent.u, ascent.v, ascent.mu = ascent.best_at
        seen = ascent.relaxed()
        ascent.u, ascent.v, ascent.mu = now
        if seen is None:
            return closed, must
        room = self.best.value - 1 - seen.value + 1e-6 * max(1.0, abs(seen.value))
        enter, leave = _regret(case, seen)
        closed |= ~seen.chosen & (enter > room)
        must |= seen.chosen & (leave > room)
        return closed, must


def _regret(case: ProgramCase, seen: RelaxedProgram) -> tuple[FloatArray, FloatArray]:
    """Return by how much the relaxation rises, at least, if a provider is made to open, or to close; both (P,)."""
    rho, chosen = seen.rho, seen.chosen
    free = ~case.closed & ~case.must_open
    enter, leave = np.maximum(0.0, rho), np.maximum(0.0, -rho)
    for number, (least, most) in enumerate(case.group_open.tolist()):
        inside = case.group == number
        count = int(np.count_nonzero(chosen & inside))
        dropped, added = chosen & inside & free, ~chosen & inside & free
        worst = float(rho[dropped].max(initial=-np.inf))
        next_best = float(rho[added].min(initial=np.inf))
        if count >= most:
            enter[inside] = rho[inside] - worst  # somebody must go for it
        elif count <= least:
            enter[inside] = rho[inside] - max(0.0, worst)
        if count <= least:
            leave[inside] = next_best - rho[inside]
        elif count >= most:
            leave[inside] = min(0.0, next_best) - rho[inside]
    return enter, leave
