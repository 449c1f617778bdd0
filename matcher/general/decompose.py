"""Both levels of pairing where the textbook model is too large: bounds by relaxation, plans by search.

Level by level: a bound from the relaxation with the levels before as weights (any weights give a true bound), the value
from the best plan found. The first level that this does not prove gets the ascent of prices and the search again; the
levels after it are conditional on its value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from matcher._version import __version__
from matcher.arrays import FloatArray, IntArray
from matcher.general.improve import Search, fill
from matcher.general.mix import Mix, Mixer, can_mix
from matcher.general.relax import Ascent, Relaxation
from matcher.general.transport import Transport
from matcher.problem import Problem
from matcher.progress import Budget, Progress
from matcher.result import Level, Proof, Status
from matcher.solution import Solution, no_pairs

SOLVER = f"matcher {__version__} Lagrangian relaxation with OR-Tools {version('ortools')} flows"
SCOPE = "both_levels"
#: evaluations of the ascent of prices on the level that needs it
STEPS = 120
#: evaluations before the first search
_FIRST_STEPS = 30
#: evaluations for the bound on a floor that no plan was found for
FLOOR_STEPS = 40
#: multipliers tried on rows that a plan breaks, each so many times the last
_ROUNDS, _GROWTH = 6, 4
#: largest weighed cost of a county pair in a flow and in a search, and of a school pair
_FLOW_COST, _SEARCH_COST, _PAIR_COST = 5 * 10**10, 10**15, 2 * 10**9


@dataclass(frozen=True, slots=True, eq=False)
class Incumbent:
    """A plan: pairs of both levels, its exact minimised values, and by how much it breaks hard rules."""

    county_pairs: IntArray
    school_pairs: IntArray
    values: tuple[int, ...]
    broken: int

    @property
    def key(self) -> tuple[int, ...]:
        """What is smaller for a better plan."""
        return (self.broken, *self.values)


class Decomposition:
    """One problem solved by relaxation and search."""

    def __init__(self, problem: Problem, budget: Budget):
        self.problem, self.budget = problem, budget
        self.mixer = Mixer(problem)
        self.relaxation = Relaxation(problem, Transport.of(problem))
        self.no_price = np.zeros(len(self.relaxation.places.school), dtype=np.int64)
        self._far = {"county": self.mixer.largest_county_cost, "school": self.relaxation.largest_school_cost}
        self.best: Incumbent | None = None
        self.multipliers: dict[int, int] = {}

    def incumbent(self, county_pairs: IntArray, school_pairs: IntArray) -> Incumbent:
        """Measure a plan."""
        county_pairs = county_pairs[np.lexsort((county_pairs[:, 0], county_pairs[:, 1]))]
        values = self.problem.minimised(county_pairs, school_pairs)
        return Incumbent(county_pairs, school_pairs, values, broken(self.problem, county_pairs, school_pairs))

    def offer(self, found: Incumbent) -> bool:
        """Take a plan if it is better than the best."""
        if self.best is None or found.key < self.best.key:
            self.best = found
            return True
        return False

    def weights(self, position: int, county_cost: int) -> list[int]:
        """Return 1 for the level at `position`, 0 for those after, and for those before enough to come first.

        Where that would make costs too large for the flows it is as much as they bear, which weakens a bound but never
        makes it false.
        """
        found = [0] * len(self.problem.objectives)
        found[position] = 1
        county, school = self._spread(position)
        total = county + school * self._block
        for before in range(position - 1, -1, -1):
            county, school = self._spread(before)
            weight = 4 * total // max(1, self._smallest(before)) + 1
            weight = min(weight, county_cost // max(1, county + school * self._block), _PAIR_COST // max(1, school))
            found[before] = max(1, weight)
            total += found[before] * (county + school * self._block)
        return found

    @property
    def _block(self) -> int:
        """Most school pairs of one block."""
        return int(min(self.relaxation.room.max(initial=1), np.diff(self.relaxation.places.start).max(initial=1)))

    def _spread(self, position: int) -> tuple[int, int]:
        """Return by how much one county pair and one school pair can change an objective."""
        objective, found = self.problem.objectives[position], []
        for level in ("county", "school"):
            terms = objective.terms(level)
            first = int((terms.uncovered + terms.unmet).max(initial=0))
            far = first if first else self._far[level]
            rest = abs(terms.kept) + abs(terms.pair) + abs(terms.fit) + terms.used + terms.squares
            found.append(max(first, terms.travel * far) + rest + (terms.far is not None))
        return found[0], found[1]

    def _smallest(self, position: int) -> int:
        """Return the smallest step of an objective between two plans, roughly."""
        objective = self.problem.objectives[position]
        coefficients = [
            part[part > 0] for level in ("county", "school") for part in (objective.terms(level).uncovered,)
        ]
        positive = np.concatenate(coefficients)
        return int(positive.min()) if len(positive) else 1

    # --- plans ------------------------------------------------------------------------------------------------------

    @property
    def main(self) -> int:
        """The last level that a search can weigh together with all those before it, each coming first."""
        last = len(self.problem.objectives) - 1
        fitting = [p for p in range(last + 1) if self.weights(p, _SEARCH_COST) == self.weights(p, 10**30)]
        return max(fitting, default=0)

    def search(self, start: IntArray | None = None) -> Search:
        """Look for a plan over all levels at once, from a relaxation's county pairing or from `start`."""
        mix = self.mixer.mix(self.weights(self.main, _FLOW_COST), self.multipliers)
        cost = self.relaxation.pair_cost(mix)
        relaxed = self.relaxation.evaluate(mix, cost, self.no_price)
        exact = self.mixer.mix(self.weights(self.main, _SEARCH_COST), self.multipliers)
        if start is None and cost is not None:
            self.offer(self.incumbent(relaxed.county_pairs, fill(self.problem, mix, relaxed.county_pairs)))
            ascent = self._ascent(mix)
            for _ in range(_FIRST_STEPS):
                if self.budget.stop_reason is not None:
                    break
                self._step(ascent, mix, cost, self.weights(self.main, _FLOW_COST))
            if ascent.best_price is not None:
                price = ascent.best_price.astype(np.int64)
                relaxed = self.relaxation.evaluate(mix, cost, price)
        search = Search(self.problem, self.relaxation, exact, relaxed.worth)
        self.polish(search, relaxed.county_pairs if start is None else start)
        return search

    def _ascent(self, mix: Mix) -> Ascent:
        assert self.best is not None
        return Ascent(_first_prices(self.problem, self.relaxation, mix, self.best))

    def _step(self, ascent: Ascent, mix: Mix, cost: FloatArray | None, weights: list[int]) -> None:
        """Take one step of an ascent towards the value of the best plan."""
        assert self.best is not None
        target = sum(weight * value for weight, value in zip(weights, self.best.values, strict=True))
        ascent.tell(self.relaxation.evaluate(mix, cost, ascent.price.astype(np.int64), roughly=True), target)
        self.budget.spend(len(self.relaxation.room))

    def polish(self, search: Search, county_pairs: IntArray) -> None:
        """Improve a county pairing, fill it with school pairs, and offer the plan."""
        better = search.improve(county_pairs, self.budget)
        self.offer(self.incumbent(better, fill(self.problem, search.mix, better)))

    def keep_rows(self) -> None:
        """Raise the multipliers of broken rows until a plan keeps them, or enough was tried."""
        rate = max(self._spread(position)[1] for position in range(len(self.problem.objectives)))
        for _ in range(_ROUNDS):
            if self.best is None or not self.best.broken or self.budget.stop_reason is not None:
                return
            chosen = {"county": self.best.county_pairs, "school": self.best.school_pairs}
            for index, row in enumerate(self.problem.rows):
                if can_mix(row) and row.broken(row.value(chosen)) is not None:
                    scale = max((int(weight.max(initial=0)) for weight in row.covered.values()), default=1)
                    start = max(1, rate // (8 * max(1, scale)))
                    grown = self.multipliers.get(index, 0) * _GROWTH or start
                    self.multipliers[index] = min(grown, _PAIR_COST // max(1, scale))
            self.search(self.best.county_pairs)

    # --- bounds -----------------------------------------------------------------------------------------------------

    def bound(self, position: int, skip: frozenset[int]) -> int:
        """Return a bound on a level given the values of those before, unpriced."""
        weights = self._bound_weights(position, skip)
        mix = self.mixer.mix(weights)
        found = self.relaxation.evaluate(mix, self.relaxation.pair_cost(mix), self.no_price)
        return self._on_level(found.bound, weights, position)

    def _bound_weights(self, position: int, skip: frozenset[int]) -> list[int]:
        weights = self.weights(position, _FLOW_COST)
        return [0 if before in skip else weight for before, weight in enumerate(weights)]

    def _on_level(self, bound: int, weights: list[int], position: int) -> int:
        assert self.best is not None
        return bound - sum(weights[before] * self.best.values[before] for before in range(position))

    def ascend(self, position: int, skip: frozenset[int], search: Search) -> int:
        """Return the best bound on a level that an ascent of prices finds, improving the plan on the way."""
        assert self.best is not None
        objective = self.problem.objectives[position]
        weights = self._bound_weights(position, skip)
        mix = self.mixer.mix(weights, self.multipliers)
        cost = self.relaxation.pair_cost(mix)
        ascent = self._ascent(mix)
        for step in range(STEPS):
            if self.budget.stop_reason is not None and ascent.best is not None:
                break
            self._step(ascent, mix, cost, weights)
            assert ascent.best is not None
            value = self.best.values[position]
            bound = min(value, self._on_level(ascent.best.bound, weights, position))
            if step % 10 == 0:
                report = Progress(f"level:{objective.name}", step, STEPS, value, bound, value - bound)
                self.budget.report(report)
            if self.budget.close_enough(objective.shown(value), objective.shown(bound)):
                break
            if step in (STEPS // 3, STEPS - 1):
                search.look_at(ascent.best.worth)
                for county_pairs in (ascent.best.county_pairs, self.best.county_pairs):
                    self.polish(search, county_pairs)
        assert ascent.best_price is not None
        found = self.relaxation.evaluate(mix, cost, ascent.best_price.astype(np.int64))
        return self._on_level(found.bound, weights, position)

    def floor_witness(self) -> dict[str, Any] | None:
        """Return the first broken row with a least value that provably no plan reaches."""
        assert self.best is not None
        chosen = {"county": self.best.county_pairs, "school": self.best.school_pairs}
        nothing = [0] * len(self.problem.objectives)
        for index, row in enumerate(self.problem.rows):
            reached = row.value(chosen)
            if not can_mix(row) or row.least is None or reached >= row.least:
                continue
            mix = self.mixer.mix(nothing, {index: 1})
            cost = self.relaxation.pair_cost(mix)
            ascent = Ascent(self.no_price.astype(np.float64))
            for _ in range(FLOOR_STEPS):
                price = ascent.price.astype(np.int64)
                ascent.tell(self.relaxation.evaluate(mix, cost, price, roughly=True), row.least - reached)
                assert ascent.best is not None
                if ascent.best.bound > 0 or self.budget.stop_reason is not None:
                    break
            assert ascent.best_price is not None
            bound = self.relaxation.evaluate(mix, cost, ascent.best_price.astype(np.int64)).bound
            if bound > 0:
                numbers = {"needed": row.least, "reached": reached, "bound": row.least - bound}
                details = {"rule": row.code, "details": dict(row.details), "least": row.least, "most": row.most}
                return {"kind": "floor", "row": index, **details, **numbers, "solver": SOLVER}
        return None


def _first_prices(problem: Problem, relaxation: Relaxation, mix: Mix, plan: Incumbent) -> np.ndarray:
    """Start from half of what each place gains in the best plan."""
    price = np.zeros(len(relaxation.places.school))
    gain = relaxation.places.gain(mix)
    pairs = plan.school_pairs
    saved = np.zeros(len(problem.arrays.schools), dtype=np.int64)
    saved[pairs[:, 1]] = -mix.of_school_pairs(problem, pairs[:, 0], pairs[:, 1])
    served = np.zeros(len(saved), dtype=np.bool_)
    served[pairs[:, 1]] = True
    school = relaxation.places.school
    price[served[school]] = 0.5 * np.maximum(0, gain + saved[school])[served[school]]
    rounded: np.ndarray = np.rint(price)
    return rounded


def broken(problem: Problem, county_pairs: IntArray, school_pairs: IntArray) -> int:
    """Return by how much a plan misses bounds, pins, rows and caps in all; 0 if it keeps everything."""
    missed = 0
    for level, pairs in (("county", county_pairs), ("school", school_pairs)):
        for side, limits in enumerate((problem.capacity(level), problem.demand(level))):
            count = np.bincount(pairs[:, side], minlength=len(limits))
            missed += int(np.maximum(0, limits[:, 0] - count).sum() + np.maximum(0, count - limits[:, 1]).sum())
        have = {(int(p), int(r)) for p, r in pairs}
        missed += sum((int(p), int(r)) not in have for p, r in problem.pins[level])
    for violation in problem.violations(county_pairs, school_pairs):
        missed += abs(int(violation.details["value"]) - int(violation.details["limit"]))
    return missed


def solve_large(problem: Problem, budget: Budget, start: Mapping[str, IntArray] | None = None) -> Solution:
    """Solve by relaxation and search; a feasible plan with a bound on every level, or why there is none.

    One unit of work is one organisation priced over all counties, or moved in a search. Without any limit it ends
    after a fixed number of steps.
    """
    work = Decomposition(problem, budget)
    if start is not None:
        work.offer(work.incumbent(start["county"], start["school"]))
    search = work.search()
    work.keep_rows()
    assert work.best is not None
    if work.best.broken:
        witness = work.floor_witness()
        status: Status = "unknown" if witness is None else "infeasible"
        empty = tuple(Level.of(each.name, each.sense, each.unit, None, None) for each in problem.objectives)
        proof = Proof("none" if witness is None else "solver", scope=SCOPE, solver=None if witness is None else SOLVER)
        stop = None if witness else budget.stop_reason or "work"
        return Solution(status, stop, no_pairs(), no_pairs(), empty, proof, witness)
    if work.multipliers:
        search = work.search(work.best.county_pairs)
    bounds: list[int | None] = []
    methods: list[str] = []
    skip: set[int] = set()
    for position, objective in enumerate(problem.objectives):
        budget.report(Progress(f"level:{objective.name}", position, len(problem.objectives)))
        if objective.worst_of is not None:
            bound: int | None = 0
            methods.append("search")
        else:
            bound = work.bound(position, frozenset(skip))
            methods.append("relaxation")
            if bound < work.best.values[position] and not skip:
                bound = max(bound, work.ascend(position, frozenset(skip), search))
        bounds.append(bound)
        if bound is None or bound < work.best.values[position]:
            skip.add(position)
    return _solution(work, bounds, methods)


def _solution(work: Decomposition, bounds: list[int | None], methods: list[str]) -> Solution:
    assert work.best is not None
    levels, proven, close = [], True, True
    for position, objective in enumerate(work.problem.objectives):
        value = objective.shown(work.best.values[position])
        known = bounds[position]
        bound = None if known is None else objective.shown(min(known, work.best.values[position]))
        levels.append(
            Level.of(
                objective.name,
                objective.sense,
                objective.unit,
                value,
                bound,
                conditional=not proven,
                method=methods[position],
                scope="all allowed pairs",
            )
        )
        proven = proven and value == bound
        close = close and bound is not None and work.budget.close_enough(value, bound)
    status: Status = "optimal" if proven else "feasible"
    stop = None if proven else work.budget.stop_reason or ("gap" if close else "work")
    proof = Proof("solver", scope=SCOPE, solver=SOLVER)
    return Solution(status, stop, work.best.county_pairs, work.best.school_pairs, tuple(levels), proof)


def num_pairs(problem: Problem) -> int:
    """Return an upper bound on the pairs of either level that the textbook model would have."""
    sides = (problem.arrays.sides(level) for level in ("county", "school"))
    return max(len(providers) * len(recipients) for providers, recipients in sides)
