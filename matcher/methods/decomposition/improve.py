"""Good plans at any size: school pairs of a given county pairing by a flow, county pairings by moves and swaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from matcher.base.numbers import FloatArray, IntArray
from matcher.base.progress import Budget
from matcher.methods.decomposition.relax import Relaxation
from matcher.methods.decomposition.repair import BoundsRepair
from matcher.problem.problem import Problem
from matcher.proof.mix import Mix
from matcher.proof.rooms import load_rows

#: counties looked at for each organisation, and organisations for each county
_NEAR_COUNTIES, _NEAR_ORGANIZATIONS = 30, 20
#: passes of single moves and swaps after the large steps
_LAST_ROUNDS = 3
#: what one missing pair of a county's minimum costs in a search, far above any block
_MISSING = 10**15
_MOST_COST = 10**10


def fill(problem: Problem, mix: Mix, county_pairs: IntArray) -> IntArray:
    """Return the school pairs of least `mix` under a county pairing, (k, 2): a min-cost flow, minima met first."""
    from ortools.graph.python import min_cost_flow

    branches, schools = problem.arrays.branches, problem.arrays.schools
    parts = []
    for owner, county in county_pairs.tolist():
        mine, there = problem.arrays.rows_of("organizations", owner), problem.arrays.rows_of("counties", county)
        parts.append(np.stack(np.meshgrid(mine, there, indexing="ij"), axis=-1).reshape(-1, 2))
    pairs = np.concatenate([np.zeros((0, 2), dtype=np.int64), *parts])
    pairs = pairs[mix.allows(problem, pairs[:, 0], pairs[:, 1])]
    capacity, demand = problem.capacity("school"), problem.demand("school")
    cost = mix.of_school_pairs(problem, pairs[:, 0], pairs[:, 1])
    later, first = mix.unmet["school"], mix.unmet["school"] + mix.uncovered["school"]
    pinned = {(int(b), int(s)) for b, s in problem.pins["school"]}
    is_pinned = np.array([(b, s) in pinned for b, s in pairs.tolist()], dtype=np.int64)
    useful = (cost < first[pairs[:, 1]]) | (is_pinned > 0) | bool(capacity[:, 0].any() or demand[:, 0].any())
    possible, every_cost = pairs, cost
    pairs, cost, is_pinned = pairs[useful], cost[useful], is_pinned[useful]
    bonus = min(_MOST_COST, 4 * int(max(np.abs(cost).max(initial=0), np.abs(first).max(initial=0))) + 1)
    num_b, num_s = len(branches), len(schools)
    source, sink = num_b + num_s, num_b + num_s + 1
    flow = min_cost_flow.SimpleMinCostFlow()
    every_b, every_s = np.arange(num_b), num_b + np.arange(num_s)
    flow.add_arcs_with_capacity_and_unit_cost(
        pairs[:, 0], num_b + pairs[:, 1], np.ones(len(pairs), dtype=np.int64), cost - bonus * is_pinned
    )
    has = np.minimum(demand[:, 1], 1)
    must = np.minimum(demand[:, 0], has)
    zero = np.zeros(num_b, dtype=np.int64)
    for tail, head, most, price in (
        (np.full(num_b, source), every_b, capacity[:, 0], zero - bonus),
        (np.full(num_b, source), every_b, capacity[:, 1] - capacity[:, 0], zero),
        (every_s, np.full(num_s, sink), has, -(first + bonus * must)),
        (every_s, np.full(num_s, sink), demand[:, 0] - must, -(later + bonus)),
        (every_s, np.full(num_s, sink), demand[:, 1] - has - (demand[:, 0] - must), -later),
    ):
        flow.add_arcs_with_capacity_and_unit_cost(tail, head, most, price)
    supply = int(min(capacity[:, 1].sum(), demand[:, 1].sum()))
    flow.add_arc_with_capacity_and_unit_cost(source, sink, supply, 0)
    flow.set_node_supply(source, supply)
    flow.set_node_supply(sink, -supply)
    status = flow.solve()
    if status != flow.OPTIMAL:
        raise RuntimeError(f"the flow of school pairing ended with status {status}")
    taken = np.asarray(flow.flows(np.arange(len(pairs)))) > 0
    chosen = pairs[taken]
    if load_rows(problem):
        at_first = np.zeros(len(possible), dtype=np.bool_)
        at_first[np.flatnonzero(useful)[taken]] = True
        chosen = BoundsRepair(problem, mix, possible, every_cost, at_first).run()
    ordered: IntArray = chosen[np.lexsort((chosen[:, 0], chosen[:, 1]))]
    return ordered


@dataclass(slots=True)
class _Move:
    """One change of the county pairing: `owner` leaves `source` for `target`; `other` goes the other way."""

    change: int
    owner: int
    source: int | None
    target: int | None
    other: int | None = None


class Search:
    """Moves organisations between counties while the mix gets less; counties are valued exactly, one by one.

    Where an organisation has two counties each is valued as if the branches were its own; `fill` is exact again.
    """

    def __init__(self, problem: Problem, relaxation: Relaxation, mix: Mix, near_worth: IntArray, budget: Budget):
        self.problem, self.mix = problem, mix
        self._allowed = relaxation.transport.allowed
        self._places = relaxation.places
        self._gain = relaxation.places.gain(mix)
        self._room = relaxation.room_of_branch
        self._block: dict[tuple[int, int], IntArray] = {}
        self._value: dict[tuple[int, tuple[int, ...]], int] = {}
        self._capacity: list[list[int]] = relaxation.transport.capacity.tolist()
        self._demand: list[list[int]] = relaxation.transport.demand.tolist()
        self._county_pair: list[list[int]] = mix.county_pair.tolist()
        self._unmet: list[int] = mix.unmet["county"].tolist()
        self._uncovered: list[int] = mix.uncovered["county"].tolist()
        #: the most that an organisation can be worth to a county, whoever else is there
        most = relaxation.worth(mix) + mix.unmet["county"] + mix.uncovered["county"]
        self._most: list[list[int]] = most.tolist()
        self._pinned = {(int(o), int(c)) for o, c in problem.pins["county"]}
        self.look_at(near_worth, budget)

    def look_at(self, worth: IntArray, budget: Budget) -> None:
        """Choose for each organisation the counties worth looking at; those that the budget leaves time for."""
        shown = np.where(self._allowed, worth, np.iinfo(np.int64).min)
        near = np.zeros(shown.shape, dtype=np.bool_)
        if shown.size:
            of_owner = np.argsort(-shown, axis=1, kind="stable")[:, :_NEAR_COUNTIES]
            of_county = np.argsort(-shown, axis=0, kind="stable")[:_NEAR_ORGANIZATIONS]
            near[np.arange(len(shown))[:, None], of_owner] = True
            near[of_county, np.arange(shown.shape[1])[None, :]] = True
        near &= self._allowed
        for county in range(shown.shape[1]):
            if budget.stop_reason is not None:
                near[:, county:] = False
                break
            self.load(county, np.flatnonzero(near[:, county]).tolist())
        self._near: list[list[int]] = [
            sorted(np.flatnonzero(row).tolist(), key=lambda county, most=most: -most[county])  # type: ignore[misc]
            for row, most in zip(near, self._most, strict=True)
        ]
        self._is_near: list[set[int]] = [set(row) for row in self._near]

    def load(self, county: int, owners: Iterable[int]) -> None:
        """Compute gains of each branch slot and place of blocks, all of one county together."""
        owners = [owner for owner in owners if (owner, county) not in self._block]
        if not owners:
            return
        columns = self._columns(county)
        rows = [self.problem.arrays.rows_of("organizations", owner) for owner in owners]
        if not len(columns) or not rows:
            for owner in owners:
                self._block[owner, county] = np.zeros((0, len(columns)), dtype=np.int64)
            return
        branch, school = np.concatenate(rows)[:, None], self._places.school[columns][None, :]
        gain = self._gain[columns] - self.mix.of_school_pairs(self.problem, branch, school)
        gain = np.where(self.mix.allows(self.problem, branch, school), np.maximum(gain, 0), 0)
        room = self._room
        stop = np.cumsum([0, *(len(row) for row in rows)])
        for i, owner in enumerate(owners):
            slots = np.minimum(room[rows[i]], len(columns))
            self._block[owner, county] = np.repeat(gain[stop[i] : stop[i + 1]], slots, axis=0)

    def _columns(self, county: int) -> IntArray:
        """Return the places of a county."""
        here = np.searchsorted(self._places.counties, county)
        is_there = here < len(self._places.counties) and self._places.counties[here] == county
        return np.arange(*self._places.start[here : here + 2]) if is_there else np.arange(0)

    @property
    def known(self) -> Mapping[tuple[int, tuple[int, ...]], int]:
        """(county, organisations) -> `value`, of all that were valued so far."""
        return self._value

    def value(self, county: int, owners: tuple[int, ...]) -> int:
        """Return the mix of one county with these organisations (ascending), its minimum counted in."""
        from scipy.optimize import linear_sum_assignment

        key = county, owners
        if key not in self._value:
            gain = self._gains(county, owners)
            row, column = linear_sum_assignment(gain, maximize=True)
            self._value[key] = self._worth(county, owners, int(gain[row, column].sum()))
        return self._value[key]

    def priced(self, county: int, owners: tuple[int, ...]) -> tuple[int, FloatArray]:
        """Return a lower bound on `value` without its minimum, and the prices (places of the county,) that prove it.

        They are the largest dual prices of the assignment, so that the bound is the value itself.
        """
        from scipy.optimize import linear_sum_assignment

        gain = self._gains(county, owners)
        row, column = linear_sum_assignment(gain, maximize=True)
        taken = gain[row, column]
        self._value[county, owners] = self._worth(county, owners, int(taken.sum()))
        row, column, taken = row[taken > 0], column[taken > 0], taken[taken > 0]
        slot, place = np.zeros(len(gain), dtype=np.int64), np.zeros(gain.shape[1], dtype=np.int64)
        for _ in range(len(row) + 1):  # shortest paths from the slots: as many rounds as a path has steps
            place[column] = np.maximum(0, taken - slot[row])
            better = np.maximum(0, (gain - place).max(axis=1, initial=0))
            if (better == slot).all():
                break
            slot = better
        slot = np.maximum(0, (gain - place).max(axis=1, initial=0))
        loose = int(place.sum() + slot.sum() - taken.sum())
        missing = _MISSING * max(0, self._demand[county][0] - len(owners))
        return self._value[county, owners] - missing - loose, place.astype(np.float64)

    def _gains(self, county: int, owners: tuple[int, ...]) -> IntArray:
        """Return (slots, places) of the organisations together."""
        if not owners:
            return np.zeros((0, len(self._columns(county))), dtype=np.int64)
        self.load(county, owners)
        return np.concatenate([self._block[owner, county] for owner in owners])

    def _worth(self, county: int, owners: tuple[int, ...], gained: int) -> int:
        low, most = self._demand[county]
        total = sum(self._county_pair[owner][county] for owner in owners)
        total += self._unmet[county] * (most - len(owners)) + _MISSING * max(0, low - len(owners))
        return total - gained + (0 if owners else self._uncovered[county])

    def improve(self, county_pairs: IntArray, budget: Budget, *, rounds: int = 24) -> IntArray:
        """Return a county pairing that no step between near counties makes better (or after `rounds`)."""
        self._of_county: list[tuple[int, ...]] = [()] * len(self._demand)
        self._of_owner: list[set[int]] = [set() for _ in self._capacity]
        for owner, county in county_pairs.tolist():
            self._set(county, (*self._of_county[county], owner))
            self._of_owner[owner].add(county)
        stale = 0
        for turn in range(rounds):  # large steps first: they stop to pay when every county had each of its turns
            if budget.stop_reason is not None or stale > int(max((most for _, most in self._demand), default=0)):
                break
            stale = 0 if self._reassign(turn, budget) else stale + 1
            budget.spend(len(self._of_owner))
        for _ in range(_LAST_ROUNDS):
            moved = 0
            for owner in range(len(self._of_owner)):
                if budget.stop_reason is not None:
                    return self._pairs()
                move = self._best_move(owner)
                if move is not None:
                    self._apply(move)
                    moved += 1
            budget.spend(len(self._of_owner))
            if not moved:
                break
        return self._pairs()

    def _reassign(self, turn: int, budget: Budget) -> bool:
        """Take one organisation out of every county, and put all of them and the free ones back in the best way.

        Each county gets at most one back, so that the change is a sum over counties and the best way an assignment.
        Returns whether the mix became less.
        """
        from scipy.optimize import linear_sum_assignment

        kept, source = list(self._of_county), {}
        for county, owners in enumerate(self._of_county):
            out: list[int | None] = [owner for owner in owners if (owner, county) not in self._pinned]
            out += [None] if len(owners) < self._demand[county][1] else []
            owner = out[turn % len(out)] if out else None
            if owner is not None and owner not in source:
                source[owner] = county
                kept[county] = _without(owners, owner)
        pool = sorted(set(source) | {o for o, mine in enumerate(self._of_owner) if len(mine) < self._capacity[o][1]})
        change = np.zeros((len(pool), len(kept)), dtype=np.int64)
        for row, owner in enumerate(pool):
            if budget.stop_reason is not None:
                return False
            needed = len(self._of_owner[owner]) - (owner in source) < self._capacity[owner][0]
            for county in {*self._near[owner], *({source[owner]} if owner in source else ())}:
                if owner not in kept[county] and len(kept[county]) < self._demand[county][1]:
                    gain = self.value(county, _with(kept[county], owner)) - self.value(county, kept[county])
                    change[row, county] = min(0, gain - (_MISSING if needed else 0))
        rows, columns = linear_sum_assignment(change)
        after = list(kept)
        target = {}
        for row, county in zip(rows.tolist(), columns.tolist(), strict=True):
            if change[row, county] < 0:
                after[county] = _with(after[county], pool[row])
                target[pool[row]] = county
        total = sum(
            self.value(county, new) - self.value(county, old)
            for county, (new, old) in enumerate(zip(after, self._of_county, strict=True))
        )
        if total >= 0:
            return False
        for owner, county in source.items():
            self._of_owner[owner].remove(county)
        for owner, county in target.items():
            self._of_owner[owner].add(county)
        self._of_county = after
        return True

    def _set(self, county: int, owners: Iterable[int]) -> None:
        self._of_county[county] = tuple(sorted(owners))

    def _pairs(self) -> IntArray:
        pairs = [(owner, county) for county, owners in enumerate(self._of_county) for owner in owners]
        return np.array(pairs, dtype=np.int64).reshape(-1, 2)

    def _best_move(self, owner: int) -> _Move | None:
        """Return the move of one organisation from any of its counties, or from its free capacity, that gains most.

        A county gains at most `_most` from one more organisation, so that hardly any county needs to be valued.
        """
        low, room = self._capacity[owner]
        mine, best = self._of_owner[owner], _Move(0, owner, None, None)
        sources: list[int | None] = [county for county in sorted(mine) if (owner, county) not in self._pinned]
        if len(mine) < room:
            sources.append(None)
        for source in sources:
            leave = 0
            if source is not None:
                before = self._of_county[source]
                leave = self.value(source, _without(before, owner)) - self.value(source, before)
                if len(mine) > low and leave < best.change:
                    best = _Move(leave, owner, source, None)
            for target in self._near[owner]:
                if target in mine:
                    continue
                there, (least, most) = self._of_county[target], self._demand[target]
                gain = self._most[owner][target]
                now = self.value(target, there)
                if len(there) < most and leave - gain - (_MISSING if len(there) < least else 0) < best.change:
                    change = leave + self.value(target, _with(there, owner)) - now
                    if change < best.change:
                        best = _Move(change, owner, source, target)
                for other in there:
                    change = self._swap(owner, source, target, other, leave - gain, best.change)
                    if change < best.change:
                        best = _Move(change, owner, source, target, other)
        return best if best.change < 0 else None

    def _swap(self, owner: int, source: int | None, target: int, other: int, least_change: int, to_beat: int) -> int:
        """Return the change if `owner` and `other` change places, or `to_beat` if it can't be less or may not be."""
        there = self._of_county[target]
        without = _without(there, other)
        if (other, target) in self._pinned:
            return to_beat
        now = self.value(target, there)
        least_change += self.value(target, without) - now
        least_change -= _MISSING if len(without) < self._demand[target][0] else 0
        if source is None:
            if least_change >= to_beat or len(self._of_owner[other]) <= self._capacity[other][0]:
                return to_beat
            return self.value(target, _with(without, owner)) - now
        if source in self._of_owner[other] or source not in self._is_near[other]:
            return to_beat
        before = self._of_county[source]
        missing = _MISSING if len(before) <= self._demand[source][0] else 0
        if least_change - self._most[other][source] - missing >= to_beat:
            return to_beat
        change = self.value(target, _with(without, owner)) - now
        return change + self.value(source, _with(_without(before, owner), other)) - self.value(source, before)

    def _apply(self, move: _Move) -> None:
        if move.source is not None:
            left = _without(self._of_county[move.source], move.owner)
            self._of_owner[move.owner].remove(move.source)
            if move.other is not None:
                left = _with(left, move.other)
                self._of_owner[move.other].add(move.source)
            self._set(move.source, left)
        if move.target is not None:
            there = _with(self._of_county[move.target], move.owner)
            self._of_owner[move.owner].add(move.target)
            if move.other is not None:
                there = _without(there, move.other)
                self._of_owner[move.other].remove(move.target)
            self._set(move.target, there)


def _without(owners: tuple[int, ...], owner: int) -> tuple[int, ...]:
    return tuple(each for each in owners if each != owner)


def _with(owners: tuple[int, ...], owner: int) -> tuple[int, ...]:
    return tuple(sorted((*owners, owner)))
