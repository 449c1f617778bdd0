"""The levels of a program in strict order: each is solved, its value kept as a row, and the next one asked.

A bound is whatever is better of two: what the multipliers prove by themselves (`bound`), and what the solver claims.
Where the two are equal at every level the proof is a certificate; elsewhere it is the solver's word, and the
multipliers stay in it, so that anybody sees how much of the claim can be recomputed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from matcher.base.numbers import IntArray
from matcher.base.progress import Budget, Progress
from matcher.market.certificate import pair_flaws
from matcher.market.input import Bools, Ints
from matcher.market.market import Market
from matcher.market.matching import Matching
from matcher.market.opening import opened_by
from matcher.market.program import bound, knapsack, regions
from matcher.market.program.annealing import COOL, HOT, annealed, fits_annealing, sound
from matcher.market.program.case import ProgramCase
from matcher.market.program.core import core_plan, fits_core
from matcher.market.program.found import Found, matching_of
from matcher.market.program.insertion import inserted
from matcher.market.program.linear import linear_prices
from matcher.market.program.model import columns_of, level_of, plan_of, rows_of, tidied
from matcher.market.program.prices import PriceAscent, ascend, stacked
from matcher.market.program.siting import fits_siting, solve_siting
from matcher.programs import cpsat, highs
from matcher.programs.cpsat import Outcome
from matcher.programs.rows import Linear, Rows

#: columns up to which CP-SAT, in exact integers, is asked; beyond it the linear relaxation of HiGHS is worth more
MOST_EXACT: Final = 2500
_ROUNDS: Final = 400
_MANY_ROUNDS: Final = 1500
#: rounds before a plan is looked for, and how much of the time left the linear program before them may take
_FIRST_ROUNDS: Final = 150
_LINEAR: Final = 0.5
#: arcs looked at in each round
_MOST_PRICED: Final = 150_000
#: how much of the time left, over the levels to come, plans with sizes are annealed
_ANNEALING: Final = 0.8
#: the same where regions follow, and how much of the time left these may take, and the linear program before them
_FEW_ANNEALED: Final = 0.1
_REGIONS: Final = 0.9
_FEW_LINEAR: Final = 0.1
#: how much of the time left a plan that nothing is missing in may take, at the prices of the second level
_HOPING: Final = 0.3
#: rounds and time for the prices that regions stand on, which have to be near the best
_WHOLE_ROUNDS: Final = 600
_CLIMBING: Final = 0.15
#: columns beyond which an assignment is looked for in its core, and how much of the time left that may take
_FEW: Final = 300
_CORE: Final = 0.5
#: columns up to which CP-SAT may still gain on an annealed plan
_MOST_TRIED: Final = 10_000
#: columns beyond which CP-SAT would not even have read its model in the time a planner has
_MOST_READ: Final = 200_000


def solve_program(market: Market, budget: Budget, start: Ints | None) -> Matching:
    """Solve a market that is no flow.

    Parameters
    ----------
    start
        Pairs that keep every bound, or None.
    """
    case = ProgramCase.of(market)
    found = Found()
    if start is not None:
        found.arcs = case.arcs_of(start)
        found.opened = opened_by(market, start, None)
    elif (case.size > 1).any() or len(case.provider) > MOST_EXACT:
        _begin(market, case, found)
    run = _Run(case, budget, found)
    for level in range(case.num_levels):
        if budget.stop_reason is not None or found.infeasible:
            break
        budget.report(Progress(f"level:{market.objectives[level].name}", level, case.num_levels))
        run.solve(level)
    return matching_of(market, case, found, budget)


def _begin(market: Market, case: ProgramCase, found: Found) -> None:
    """Begin with a simple plan, if the simple way finds one."""
    simple = None if fits_siting(case) else inserted(case)
    if simple is None:
        return
    pairs, opened = case.pairs_of(simple[0]), tidied(case, *simple)
    if not pair_flaws(market, pairs, opened):
        found.arcs, found.opened = simple[0], opened


class _Run:
    """The state of one run: the program, and the levels that are kept."""

    def __init__(self, case: ProgramCase, budget: Budget, found: Found) -> None:
        self.case, self.budget, self.found = case, budget, found
        self.kept: list[tuple[Linear, int]] = []
        self._is_siting = fits_siting(case)
        self._rows: Rows | None = None
        self._solver: cpsat.Solver | None = None
        self._ascent: PriceAscent | None = None
        self._hoped: PriceAscent | None = None
        self._linear: Ints | None = None

    @property
    def rows(self) -> Rows:
        if self._rows is None:
            self._rows = rows_of(self.case)
        return self._rows

    @property
    def num_columns(self) -> int:
        return len(self.case.provider) + self.case.num_providers

    def solve(self, level: int) -> None:
        """Solve one level among the plans that keep those before it."""
        found, case = self.found, self.case
        kept = tuple(value for _, value in self.kept)
        if self._is_plain(level, kept) or self._is_soon_plain(level, kept):
            return
        claimed, method, row = self._sited(level, kept)
        if method == "none":
            claimed, method = self._by_program(level)
        if found.infeasible:
            return
        value = self._value(level)
        rows = [] if row is None else [row]
        if row is None or level:
            rows.append(self._priced(level, kept, value))
        proofs = [bound.recomputed(case, stacked([*found.rows, each], case), kept)[level] for each in rows]
        at = max(range(len(rows)), key=lambda i: -np.inf if proofs[i] is None else float(proofs[i] or 0))
        found.rows.append(rows[at])
        found.methods.append(method)
        proved = proofs[at]
        both = [b for b in (claimed, proved) if b is not None]
        if value is not None and any(b > value for b in both):
            raise RuntimeError(f"a bound {both} of level {level} lies above the value {value} of a plan")
        found.bounds.append(max(both, default=None))
        if value is not None:
            self._keep(level, value)

    def _is_plain(self, level: int, kept: tuple[int, ...]) -> bool:
        """Take a level as done where the plan attains what needs no price to be proved, such as nobody missing."""
        case, found, value = self.case, self.found, self._value(level)
        if value is None or len(kept) < level:
            return False
        row = self._plain_row(level)
        if bound.recomputed(case, stacked([*found.rows, row], case), kept)[level] != value:
            return False
        found.rows.append(row)
        found.methods.append("plain")
        found.bounds.append(value)
        self._keep(level, value)
        return True

    def _plain_row(self, level: int) -> tuple[IntArray, IntArray, IntArray]:
        """Return multipliers of which none but the level's own weight is anything."""
        case, weights = self.case, np.zeros(self.case.num_levels, np.int64)
        weights[level] = 1
        return weights, np.zeros(case.num_recipients, np.int64), np.zeros(len(case.budget), np.int64)

    def _is_soon_plain(self, level: int, kept: tuple[int, ...]) -> bool:
        """Look for a plan that needs no price to be proved at the first level, at the prices of the second."""
        case, found = self.case, self.found
        if level or case.num_levels == 1 or self.num_columns <= MOST_EXACT or found.arcs is None:
            return False
        whole = knapsack.is_worth_it(case.size, case.capacity[:, 1], case.counts_pairs)
        least = bound.recomputed(case, stacked([self._plain_row(level)], case), ())[0]
        if least is None or not whole or not fits_annealing(case):
            return False
        self._hoped = hoped = self._begun(1, (least,))
        # a plan in which somebody is missing may cost less than any of those that are looked for
        costs = self._values(1)[1]
        self._climb(self._hoped, lambda: max(float(costs), _aim(hoped)))
        self._by_regions(self._hoped, _HOPING, mends=True)
        return self._is_plain(level, kept)

    def _keep(self, level: int, value: int) -> None:
        self.kept.append((level_of(self.case, level), value))
        if self._solver is not None:
            self._solver.keep(*self.kept[-1])

    def _sited(
        self, level: int, kept: tuple[int, ...]
    ) -> tuple[int | None, str, tuple[IntArray, IntArray, IntArray] | None]:
        """Try siting; return what it claims as a bound, its name ("none" if it is no siting), and its multipliers."""
        found, case = self.found, self.case
        if not self._is_siting or self.num_columns <= MOST_EXACT // 4 or len(kept) < level:
            return None, "none", None
        sited = solve_siting(case, level, kept, self.budget, found.opened)
        if sited is None:
            return None, "none", None
        found.solvers |= sited.solvers
        if sited.arcs is not None and sited.opened is not None:
            better = found.arcs is None or case.values(sited.arcs, sited.opened)[: level + 1] <= self._values(level)
            if better:
                found.arcs, found.opened = sited.arcs, tidied(case, sited.arcs, sited.opened)
        found.infeasible = sited.infeasible and found.arcs is None
        return sited.bound, "siting", sited.row

    def _priced(self, level: int, kept: tuple[int, ...], value: int | None) -> tuple[IntArray, IntArray, IntArray]:
        """Return multipliers for a level that a solver has solved."""
        ascent = self._ascent if self._ascent is not None else self._begun(level, kept)
        self._ascent = None
        if value is not None:
            top = float(value)
            ascend(ascent, lambda: top, _MANY_ROUNDS if len(self.case.provider) > MOST_EXACT else _ROUNDS, self.budget)
        return ascent.rounded()

    def _begun(self, level: int, kept: tuple[int, ...]) -> PriceAscent:
        """Return multipliers to begin with, of a case that is large or counts those of its linear program."""
        ascent = PriceAscent.thinned(self.case, level, kept, _MOST_PRICED)
        linear = len(self.case.provider) > MOST_EXACT or self.case.counts_pairs or fits_core(self.case)
        if linear and len(kept) == level:
            share = _FEW_LINEAR if ascent.looks_at_loads else _LINEAR
            prices = linear_prices(ascent.case, level, kept, self.budget, share)
            if prices is not None:
                ascent.u, ascent.v, ascent.mu = prices.u, prices.v, prices.mu
                self._linear = self.case.arcs_at(ascent.case, prices.arcs)
                ascent.step = 0.2
        return ascent

    def _values(self, level: int) -> tuple[int, ...]:
        assert self.found.arcs is not None
        assert self.found.opened is not None
        return self.case.values(self.found.arcs, self.found.opened)[: level + 1]

    def _value(self, level: int) -> int | None:
        if self.found.arcs is None or self.found.opened is None:
            return None
        return self.case.values(self.found.arcs, self.found.opened)[level]

    def _by_program(self, level: int) -> tuple[int | None, str]:
        """Hand the textbook program to a solver; return what it claims as a bound."""
        case, found, budget = self.case, self.found, self.budget
        function = level_of(case, level)
        share = 1.0 if level + 1 == case.num_levels else 0.7
        sized = bool((case.size > 1).any())
        if case.counts_pairs and self._ascent is None:  # soon found, and all that is told where time ends the search
            self._ascent = self._begun(level, tuple(value for _, value in self.kept))
        if sized and self.num_columns > _FEW and fits_core(case) and fits_annealing(case):
            self._assign(level)
            if found.arcs is not None and self.num_columns > _MOST_TRIED:
                return None, "annealing"
        elif self.num_columns > MOST_EXACT and fits_annealing(case):
            self._anneal(level)
            self._by_regions(self._ascent, _REGIONS)
            if found.arcs is not None and self.num_columns > (_MOST_TRIED if sized else _MOST_READ):
                return None, "annealing"
        if self.num_columns > _MOST_READ and sized and found.arcs is not None:
            return None, "insertion"
        if self.num_columns <= MOST_EXACT or sized:
            outcome = self._by_cpsat(function, share)
            found.solvers.add(cpsat.SOLVER)
        else:
            outcome = highs.minimise(self.num_columns, self.rows, function, budget, kept=tuple(self.kept), share=share)
            found.solvers.add(highs.SOLVER)
            if outcome.values is None and outcome.status == "unknown" and budget.stop_reason is None:
                outcome = self._by_cpsat(function, share)
                found.solvers.add(cpsat.SOLVER)
        if outcome.status == "infeasible":
            found.infeasible = found.arcs is None
            return None, "mip"
        if outcome.values is not None:
            self._take(level, outcome)
        return outcome.bound, "mip"

    def _anneal(self, level: int) -> None:
        """Improve the plan in a part of the time left; the rest is for bounds and for what follows."""
        case, found, hoped = self.case, self.found, self._hoped
        kept = tuple(value for _, value in self.kept)
        if hoped is not None and (hoped.level, hoped.kept) == (level, kept):
            self._ascent = hoped
            return  # regions do better from here
        self._ascent = self._begun(level, kept)
        self._climb(self._ascent, self._aimed(self._ascent, level))
        if self._ascent.looks_at_loads and level and found.arcs is not None:
            return
        left = self.budget.time_left_s
        share = _ANNEALING if not self._ascent.looks_at_loads else _FEW_ANNEALED
        seconds = None if left is None else share * left / (case.num_levels - level)
        self._accept(annealed(case, found.arcs, self._linear, self._ascent.room_prices(), self.budget, seconds))

    def _assign(self, level: int) -> None:
        """Find a plan of an assignment in its core, and anneal it a little; the rest of the time is for the others."""
        case, found = self.case, self.found
        kept = tuple(value for _, value in self.kept)
        self._ascent = self._begun(level, kept)
        if self._linear is None:
            self._climb(self._ascent, self._aimed(self._ascent, level))
        share = 1 / (case.num_levels - level)
        self._accept(core_plan(case, level, kept, self._ascent, found.arcs, self.budget, _CORE * share))
        found.solvers.add(highs.SOLVER)
        left = self.budget.time_left_s
        seconds = None if left is None else _CORE * share * left
        room, start = self._ascent.room_prices(), self._linear if found.arcs is None else None
        for heat in (HOT, COOL):
            half = None if seconds is None else seconds / 2
            self._accept(annealed(case, found.arcs, start, room, self.budget, half, heat))
        if self._linear is not None:  # its prices are near the best already: what a climb adds, it adds to the bound
            self._climb(self._ascent, self._aimed(self._ascent, level))

    def _accept(self, better: tuple[Ints, Bools] | None) -> None:
        """Take a plan if it keeps what is kept and is better in the order of the levels."""
        case, found = self.case, self.found
        if better is None:
            return
        values = case.values(*better)
        known = None if found.arcs is None else self._values(case.num_levels - 1)
        keeps = all(values[k] <= value for k, (_, value) in enumerate(self.kept))
        if keeps and (known is None or values < known) and sound(case, *better):
            found.arcs, found.opened = better

    def _aimed(self, ascent: PriceAscent, level: int) -> Callable[[], float]:
        """Return what stands for the optimum of a level: the value of a plan; of a plain one what is nearer."""
        value = float("inf") if self.found.arcs is None else float(self._value(level) or 0)
        if ascent.looks_at_loads and np.isfinite(value):
            return lambda: value
        return lambda: min(value, _aim(ascent))

    def _climb(self, ascent: PriceAscent, aim: Callable[[], float]) -> None:
        """Bring the prices up before a plan is looked for."""
        left = self.budget.time_left_s
        if not ascent.looks_at_loads:
            ascend(ascent, aim, _FIRST_ROUNDS, self.budget)
            return
        clock = self.budget if left is None else Budget(time_limit_s=_CLIMBING * left)
        for _ in range(_WHOLE_ROUNDS // 20):
            if clock.stop_reason is None and not ascent.tired():
                ascend(ascent, aim, 20, self.budget)

    def _by_regions(self, ascent: PriceAscent | None, share: float, *, mends: bool = False) -> None:
        """Improve the plan region by region where whole loads can be looked at; see `regions.improve`."""
        found = self.found
        if ascent is None or not ascent.looks_at_loads or ascent.best_at is None:
            return
        if found.arcs is None or found.opened is None:
            return
        left, gap = self.budget.time_left_s, self.budget.gap or 0.0
        seconds = None if left is None else share * left / (self.case.num_levels - ascent.level)
        aim = ascent.best + gap * max(1.0, abs(ascent.best))
        search = regions.RegionSearch(
            self.case, ascent.level, ascent.kept, found.arcs, regions.LoadPrices(*ascent.best_at)
        )
        self._accept(regions.improve(search, self.budget, seconds, aim, mends=mends))

    def _by_cpsat(self, function: Linear, share: float) -> Outcome:
        if self._solver is None:
            self._solver = cpsat.Solver(self.num_columns, self.rows, budget=self.budget)
            for row in self.kept:
                self._solver.keep(*row)
        found = self.found
        hint = None if found.arcs is None or found.opened is None else columns_of(self.case, found.arcs, found.opened)
        wide = {"close_enough": self.budget.close_enough, "linearization": 2}
        return self._solver.minimise(function, self.budget, hint=hint, share=share, **wide)  # type: ignore[arg-type]

    def _take(self, level: int, outcome: Outcome) -> None:
        assert outcome.values is not None
        arcs, opened = plan_of(self.case, outcome.values)
        if self.found.arcs is None or self.case.values(arcs, opened)[level] <= (self._value(level) or 0):
            self.found.arcs, self.found.opened = arcs, opened


def _aim(ascent: PriceAscent) -> float:
    """Return what stands for the optimum while no good plan is known: a little above the best bound."""
    best = ascent.best
    if not np.isfinite(best):
        seen = ascent.relaxed()
        best = 0.0 if seen is None else seen.value
    return best + 0.02 * abs(best) + 1
