"""Both levels of pairing where the textbook model is too large: bounds by relaxation, plans by search.

Level by level: a bound from the relaxation with the levels before as weights (any weights give a true bound), the value
from the best plan found. The first level that this does not prove gets the ascent of prices and the search again; the
levels after it are conditional on its value.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from types import MappingProxyType

import numpy as np

from matcher._version import __version__
from matcher.base.numbers import FloatArray, IntArray
from matcher.base.progress import Budget, Progress
from matcher.base.reserve import Reserved
from matcher.methods.decomposition.columns import SetProgram
from matcher.methods.decomposition.improve import Search, fill
from matcher.methods.decomposition.incumbent import Incumbent, far, measured, plain_bound
from matcher.methods.decomposition.pricing_sets import SetPricing
from matcher.methods.decomposition.relax import Ascent, Relaxation, Relaxed, first_prices
from matcher.methods.decomposition.transport import Transport
from matcher.problem.pairs import Pairs
from matcher.problem.problem import Problem
from matcher.proof.mix import Mix, Mixer, can_mix
from matcher.proof.plan_bounds import Multipliers
from matcher.proof.priced_places import OutOfTime

SOLVER = f"matcher {__version__} Lagrangian relaxation with OR-Tools {version('ortools')} flows"
#: evaluations of the ascent of prices on the level that needs it
STEPS = 120
#: evaluations before the first search
_FIRST_STEPS = 30
#: rounds of prices of sets that look for plans, before the bound is looked at closer
_SET_ROUNDS = 4
#: multipliers tried on rows that a plan breaks, each so many times the last
_ROUNDS, _GROWTH = 6, 4
#: largest weighed cost of a county pair in a flow and in a search, and of a school pair
_FLOW_COST, SEARCH_COST, _PAIR_COST = 5 * 10**10, 10**15, 2 * 10**9


class Decomposition:
    """One problem solved by relaxation and search.

    Attributes
    ----------
    best, last
        The best plan known, and the last one that was offered.
    kept
        For each level done so far what the levels after may make of it, at most.
    closed
        The same of those that are proven.
    light
        Weights of levels with slack.
    """

    relaxation: Relaxation

    def __init__(self, problem: Problem, budget: Budget):
        self.problem, self.budget = problem, budget
        self.mixer = Mixer(problem)
        self._far = {level: far(problem, level) for level in ("county", "school")}
        room = np.bincount(problem.arrays.branches.parent, weights=problem.capacity("school")[:, 1])
        places = np.bincount(problem.arrays.schools.parent, weights=problem.demand("school")[:, 1])
        self._block = int(max(1, min(room.max(initial=1), places.max(initial=1))))
        self.best: Incumbent | None = None
        self.last: Incumbent | None = None
        self.multipliers: dict[int, int] = {}
        self.kept: list[int] = []
        self.closed: dict[int, int] = {}
        self.light: dict[int, int] = {}
        worst = ((str(each.worst_of), each.cap) for each in problem.objectives if each.worst_of)
        self._capped = {level: cap for level, cap in worst if cap is not None}
        self._longest: dict[str, int] = dict(self._capped)
        self._heavy: dict[int, int] = {}
        self._took_s = 0.0
        self.multipliers_of: dict[int, Multipliers] = {}
        self._shown: dict[int, int] = {}

    def prepare(self) -> None:
        """Compute what relaxations need.

        Raises
        ------
        OutOfTime
            If the budget ends before.
        """
        if self.budget.stop_reason is not None:
            raise OutOfTime
        self.relaxation = Relaxation(self.problem, Transport.of(self.problem), self.budget)
        self.no_price = np.zeros(len(self.relaxation.places.school), dtype=np.int64)
        if "county" in self._capped:
            self.limit("county", None)

    @property
    def searching(self) -> Budget:
        """The budget of a search, which must leave time for a bound on every level."""
        return Reserved(self.budget, (1.5 + 0.5 * len(self.problem.objectives)) * self._took_s)

    def has_time(self, share: float = 1.0) -> bool:
        """Whether there is time for one more evaluation (`share` of them)."""
        left = self.budget.time_left_s
        return self.budget.stop_reason is None and (left is None or left > share * self._took_s)

    def mix(self, weights: Sequence[int], multipliers: Mapping[int, int] | None = None) -> Mix:
        """Return a mix whose school pairs are no longer than what was settled."""
        return replace(self.mixer.mix(weights, multipliers), longest=self._longest.get("school"))

    def search_mix(self, most_cost: int = SEARCH_COST) -> Mix:
        """Return the mix that a search lowers: all levels that can be weighed, broken rows and caps."""
        weights = self.weights(self.main, most_cost)
        for position, heavy in self._heavy.items():
            weights[position] += heavy
        return self.mix(weights, self.multipliers)

    @property
    def is_weighed(self) -> bool:
        """Whether rows or caps were weighed to be kept."""
        return bool(self.multipliers or self._heavy)

    def quick_mix(self) -> Mix:
        """Return a mix of what the levels say of school pairs."""
        weights = self.weights(self.main, SEARCH_COST)
        of_schools = [not objective.school.is_zero for objective in self.problem.objectives]
        return self.mix([weight * says for weight, says in zip(weights, of_schools, strict=True)])

    def evaluate(self, mix: Mix, cost: FloatArray | None, price: IntArray, *, roughly: bool = False) -> Relaxed:
        """Evaluate a relaxation, and remember how long that took."""
        begin = time.monotonic()
        found = self.relaxation.evaluate(mix, cost, price, roughly=roughly)
        self._took_s = max(self._took_s, time.monotonic() - begin)
        self.budget.spend(len(self.relaxation.room))
        return found

    def limit(self, level: str, longest: int | None) -> None:
        """Allow no pair of `level` dearer than `longest` from now on; all again if None."""
        known = [most for most in (longest, self._capped.get(level)) if most is not None]
        longest = min(known, default=None)
        self._longest = {key: most for key, most in self._longest.items() if key != level}
        if longest is not None:
            self._longest[level] = longest
        if level == "county":
            transport = self.relaxation.transport
            every = np.arange(len(transport.capacity))[:, None], np.arange(len(transport.demand))[None, :]
            allowed = self.problem.allowed("county", *every)
            if longest is not None:
                allowed &= self.problem.facts.cost("county", *every) <= longest
            self.relaxation.transport = replace(transport, allowed=allowed)

    def key(self, plan: Incumbent) -> tuple[int, ...]:
        """Return what is smaller for a better plan: a level may use up the slack that it leaves to those after."""
        values = list(plan.values)
        for position, allowed in self.closed.items():
            values[position] = max(values[position], allowed)
        return (plan.broken, *values)

    def filled(self, mix: Mix, county_pairs: IntArray) -> Incumbent:
        """Return the plan of a county pairing with the best school pairs inside it, under a mix of the levels."""
        return measured(self.problem, Pairs(county_pairs, fill(self.problem, mix, county_pairs)))

    def offer(self, found: Incumbent) -> bool:
        """Take a plan if it is better than the best."""
        self.last = found
        if self.best is None or self.key(found) < self.key(self.best):
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
            if self.problem.objectives[before].worst_of is not None:
                continue  # kept by closing what is dearer
            county, school = self._spread(before)
            weight = 4 * total // max(1, self._smallest(before)) + 1
            weight = min(weight, county_cost // max(1, county + school * self._block), _PAIR_COST // max(1, school))
            found[before] = min(max(1, weight), self.light.get(before, weight))
            total += found[before] * (county + school * self._block)
        return found

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
        fitting = [p for p in range(last + 1) if self.weights(p, SEARCH_COST) == self.weights(p, 10**30)]
        return max(fitting, default=0)

    def search(self, start: IntArray | None = None) -> Search:
        """Look for a plan over all levels at once, from a relaxation's county pairing or from `start`."""
        mix = self.search_mix(_FLOW_COST)
        cost = self.relaxation.pair_cost(mix)
        relaxed = self.evaluate(mix, cost, self.no_price)
        exact = self.search_mix()
        if start is None and cost is not None:
            self.offer(self.filled(mix, relaxed.county_pairs))
            price = self._climbed(mix, cost, self.weights(self.main, _FLOW_COST), _FIRST_STEPS)
            if price is not None and self.searching.stop_reason is None:
                relaxed = self.evaluate(mix, cost, price)
        search = Search(self.problem, self.relaxation, exact, relaxed.worth, self.searching)
        self.polish(search, relaxed.county_pairs if start is None else start)
        return search

    def _ascent(self, mix: Mix) -> Ascent:
        assert self.best is not None
        return Ascent(first_prices(self.relaxation, mix, self.best.pairs.school))

    def _climbed(self, mix: Mix, cost: FloatArray, weights: list[int], steps: int) -> IntArray | None:
        """Return the best prices of so many steps of an ascent, None if there was no time for one."""
        ascent, left = self._ascent(mix), steps
        while left and self.searching.stop_reason is None:
            self._step(ascent, mix, cost, weights)
            left -= 1
        return None if ascent.best_price is None else ascent.best_price.astype(np.int64)

    def _step(self, ascent: Ascent, mix: Mix, cost: FloatArray | None, weights: list[int]) -> None:
        """Take one step of an ascent towards the value of the best plan."""
        assert self.best is not None
        target = sum(weight * value for weight, value in zip(weights, self.best.values, strict=True))
        ascent.tell(self.evaluate(mix, cost, ascent.price.astype(np.int64), roughly=True), target)

    def polish(self, search: Search, county_pairs: IntArray) -> None:
        """Improve a county pairing, fill it with school pairs, and offer the plan."""
        if self.searching.stop_reason is not None and self.best is not None:
            return
        better = search.improve(county_pairs, self.searching)
        self.offer(self.filled(search.mix, better))

    def keep_rows(self) -> None:
        """Raise the multipliers of broken rows until a plan keeps them, or enough was tried."""
        rate = max(self._spread(position)[1] for position in range(len(self.problem.objectives)))
        for _ in range(_ROUNDS):
            if self.best is None or not self.best.broken or self.searching.stop_reason is not None:
                return
            chosen = self.best.pairs._asdict()
            for index, row in enumerate(self.problem.rows):
                if can_mix(row) and row.broken(row.value(chosen)) is not None:
                    scale = max((int(weight.max(initial=0)) for weight in row.covered.values()), default=1)
                    start = max(1, rate // (8 * max(1, scale)))
                    grown = self.multipliers.get(index, 0) * _GROWTH or start
                    self.multipliers[index] = min(grown, _PAIR_COST // max(1, scale))
            for position, objective in enumerate(self.problem.objectives):
                if objective.cap is not None and self.best.values[position] > objective.cap:
                    most = _PAIR_COST // max(1, self._spread(position)[1])
                    start = max(1, rate // (8 * max(1, self._spread(position)[1])))
                    self._heavy[position] = min(self._heavy.get(position, 0) * _GROWTH or start, most)
            self.search(self.best.pairs.county)

    # --- bounds -----------------------------------------------------------------------------------------------------

    def bound(self, position: int, skip: frozenset[int], steps: int = 0) -> int:
        """Return a bound on a level given the values of those before, at prices of so many steps of an ascent."""
        plain = plain_bound(self.problem, self.problem.objectives[position])
        if not self.has_time():
            return plain
        weights = self.bound_weights(position, skip)
        mix = self.mix(weights)
        cost = self.relaxation.pair_cost(mix)
        bound = self._bound_at(self.no_price, position, mix, cost, weights)
        if steps and cost is not None and self.best is not None and bound < self.best.values[position]:
            price = self._climbed(mix, cost, weights, steps)
            if price is not None:
                bound = max(bound, self._bound_at(price, position, mix, cost, weights))
        return max(plain, bound)

    def _bound_at(
        self,
        price: IntArray,
        position: int,
        mix: Mix,
        cost: FloatArray | None,
        weights: list[int],
        rows: Mapping[int, int] = MappingProxyType({}),
    ) -> int:
        """Return the bound on a level at prices, and keep its multipliers for the checker if it is the best so far.

        A bound that counts on pairs no longer than an earlier level allows is not one that it recomputes.
        """
        found = self.evaluate(mix, cost, price)
        bound = self._on_level(found.bound, weights, position)
        if self._longest or bound <= self._shown.get(position, -(10**30)) or not self.has_time():
            return bound
        later = mix.unmet["county"]
        prices = self.relaxation.transport.partner_prices(
            found.worth, found.county_pairs, later + mix.uncovered["county"], later
        )
        if prices is not None:
            row = np.zeros(len(self.problem.rows), np.int64)
            row[list(rows)] = list(rows.values())
            self._shown[position] = bound
            self.multipliers_of[position] = Multipliers(np.array(weights, np.int64), row, price, *prices)
        return bound

    def bound_weights(self, position: int, skip: frozenset[int]) -> list[int]:
        """Return the weights for a bound on a level: nothing for those before it that are not proven."""
        weights = self.weights(position, _FLOW_COST)
        return [0 if before in skip else weight for before, weight in enumerate(weights)]

    def _on_level(self, bound: int, weights: list[int], position: int) -> int:
        return bound - sum(weights[before] * self.kept[before] for before in range(position))

    def ascend(self, position: int, skip: frozenset[int], search: Search) -> int:
        """Return the best bound on a level that prices give, improving the plan on the way."""
        assert self.best is not None
        weights = self.bound_weights(position, skip)
        mix = self.mix(weights, self.multipliers)
        cost = self.relaxation.pair_cost(mix)
        ascent = self._ascent(mix)
        known = self.budget.work
        bound: int | None = None
        for step in range(STEPS):
            if self.searching.stop_reason is not None:
                break
            self._step(ascent, mix, cost, weights)
            assert ascent.best is not None
            bound = self._on_level(ascent.best.bound, weights, position)
            if self._told(position, bound, step, STEPS):
                return bound
            if step == STEPS - 1 and cost is None:
                self.polish(search, ascent.best.county_pairs)
        if bound is None or ascent.best is None or ascent.best_price is None:
            return plain_bound(self.problem, self.problem.objectives[position])
        if self.has_time() and known < self.budget.work:
            price = ascent.best_price.astype(np.int64)
            bound = max(bound, self._bound_at(price, position, mix, cost, weights, self.multipliers))
        if cost is not None and self.searching.stop_reason is None:
            own = Search(self.problem, self.relaxation, mix, ascent.best.worth, self.searching)
            pricing = SetPricing(self.problem, self.relaxation, mix, cost, own)
            pricing.start_from(ascent.best_price)
            later = mix.unmet["county"]
            price = self.relaxation.transport.prices(ascent.best.worth, ascent.best.county_pairs, later)
            pricing.seed(search, self.weights(self.main, SEARCH_COST)[position], price)
            bound = max(bound, self._by_sets(SetProgram(pricing, price), position, weights, search))
        return bound

    def _by_sets(self, program: SetProgram, position: int, weights: list[int], search: Search) -> int:
        """Return a bound from whole sets of organisations, improving the plan by programs over them."""
        best = plain_bound(self.problem, self.problem.objectives[position])
        for turn in range(_SET_ROUNDS + 1):
            assert self.best is not None
            target = program.pricing.keep(self.best.pairs.county)
            if turn == _SET_ROUNDS:
                program.refine(self.searching)
            else:
                if turn:
                    program.move(target)
                if not program.step(0, self.searching):
                    break
            assert program.bound is not None
            best = max(best, self._on_level(program.bound, weights, position))
            if self._told(position, best, turn, _SET_ROUNDS):
                break
            pairs = program.plan(self.searching.time_left_s)
            if pairs is not None and self.searching.stop_reason is None:
                self.offer(self.filled(search.mix, pairs))
        return best

    def _told(self, position: int, bound: int, done: int, of: int) -> bool:
        """Report where a level stands; whether its gap is small enough."""
        assert self.best is not None
        objective, value = self.problem.objectives[position], self.best.values[position]
        bound = min(value, bound)
        shown = objective.shown(value), objective.shown(bound)
        if done % 10 == 0:
            self.budget.report(Progress(f"level:{objective.name}", done, of, *shown, value - bound))
        return self.budget.close_enough(*shown)
