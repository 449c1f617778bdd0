"""School pairs mended until the loads that a flow can't carry are kept: children a branch, schools an organisation."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from matcher.base.numbers import BoolArray, IntArray
from matcher.policy.rows import ProductWeights
from matcher.problem.problem import Problem
from matcher.proof.mix import Mix
from matcher.proof.rooms import load_rows


class BoundsRepair:
    """One set of school pairs while it is mended; greedy, so that it may fail where a plan exists.

    Parameters
    ----------
    possible : (k, 2) int64
        The allowed school pairs under the county pairing.
    cost : (k,) int64
        What each costs in `mix`.
    chosen : (k,) bool
        The pairs to begin with.
    """

    def __init__(self, problem: Problem, mix: Mix, possible: IntArray, cost: IntArray, chosen: BoolArray):
        self.pairs: list[tuple[int, int]] = [(int(b), int(s)) for b, s in possible.tolist()]
        self._cost: list[int] = cost.tolist()
        self._unmet: list[int] = mix.unmet["school"].tolist()
        self._uncovered: list[int] = mix.uncovered["school"].tolist()
        self._capacity: list[list[int]] = problem.capacity("school").tolist()
        self._demand: list[list[int]] = problem.demand("school").tolist()
        self._rows = load_rows(problem)
        self._of_branch: dict[int, list[int]] = defaultdict(list)
        self._weights: list[tuple[list[int], list[int]]] = []
        for index, row in enumerate(self._rows):
            weights = row.pairs["school"]
            assert isinstance(weights, ProductWeights)
            self._weights.append((weights.provider.tolist(), weights.recipient.tolist()))
            for branch in np.flatnonzero(weights.provider).tolist():
                self._of_branch[branch].append(index)
        self._pinned = {(int(b), int(s)) for b, s in problem.pins["school"].tolist()}
        self.chosen: list[bool] = chosen.tolist()
        self._load = [0] * len(self._rows)
        self._count: dict[int, int] = defaultdict(int)
        self._filled: dict[int, int] = defaultdict(int)
        for position in np.flatnonzero(chosen).tolist():
            self._change(position, 1)

    def run(self) -> IntArray:
        """Return the (k, 2) pairs after loads were cut, places filled again and least loads sought."""
        self._cut()
        order = sorted(range(len(self.pairs)), key=lambda position: (-self._worth(position), position))
        for position in order:
            if not self.chosen[position] and self._worth(position) > 0 and self._has_room(position):
                self._put(position)
        self._raise(order)
        pairs = [pair for pair, is_in in zip(self.pairs, self.chosen, strict=True) if is_in]
        return np.array(pairs, dtype=np.int64).reshape(-1, 2)

    def _change(self, position: int, by: int) -> None:
        branch, school = self.pairs[position]
        self._count[branch] += by
        self._filled[school] += by
        for row in self._of_branch[branch]:
            self._load[row] += by * self._weight(row, position)

    def _weight(self, row: int, position: int) -> int:
        branch, school = self.pairs[position]
        return self._weights[row][0][branch] * self._weights[row][1][school]

    def _put(self, position: int) -> None:
        self.chosen[position] = True
        self._change(position, 1)

    def _take(self, position: int) -> None:
        self.chosen[position] = False
        self._change(position, -1)

    def _worth(self, position: int) -> int:
        """Return what the pair saves, as if the school had nobody else."""
        school = self.pairs[position][1]
        first = self._uncovered[school] if self._filled[school] - self.chosen[position] <= 0 else 0
        return self._unmet[school] + first - self._cost[position]

    def _fits(self, position: int) -> bool:
        """Whether the branch can take the pair besides its others."""
        branch = self.pairs[position][0]
        if self._count[branch] >= self._capacity[branch][1]:
            return False
        rows = ((row, self._rows[row].most) for row in self._of_branch[branch])
        return all(most is None or self._load[row] + self._weight(row, position) <= most for row, most in rows)

    def _has_room(self, position: int) -> bool:
        school = self.pairs[position][1]
        return self._filled[school] < self._demand[school][1] and self._fits(position)

    def _cut(self) -> None:
        """Leave out the pairs worth least for what they weigh until no load is above its most."""
        mine: dict[int, list[int]] = defaultdict(list)
        for position, is_in in enumerate(self.chosen):
            if is_in and self.pairs[position] not in self._pinned:
                for row in self._of_branch[self.pairs[position][0]]:
                    mine[row].append(position)
        for index, bounded in enumerate(self._rows):
            if bounded.most is None:
                continue
            for position in sorted(mine[index], key=lambda each: (self._worth(each), each)):
                if self._load[index] <= bounded.most:
                    break
                if self.chosen[position] and self._weight(index, position) > 0:
                    self._take(position)

    def _raise(self, order: list[int]) -> None:
        """Give branches below a least load more schools, from others that can spare them."""
        holder: dict[int, list[int]] = defaultdict(list)
        for position, is_in in enumerate(self.chosen):
            if is_in:
                holder[self.pairs[position][1]].append(position)
        for index, each in enumerate(self._rows):
            for position in order:
                if each.least is None or self._load[index] >= each.least:
                    break
                if self.chosen[position] or self._weight(index, position) <= 0 or not self._fits(position):
                    continue
                school = self.pairs[position][1]
                if self._filled[school] >= self._demand[school][1]:
                    spare = [other for other in holder[school] if self._can_spare(other, index)]
                    if not spare:
                        continue
                    self._take(spare[0])
                    holder[school].remove(spare[0])
                self._put(position)
                holder[school].append(position)

    def _can_spare(self, position: int, for_row: int) -> bool:
        branch = self.pairs[position][0]
        if self.pairs[position] in self._pinned or self._count[branch] <= self._capacity[branch][0]:
            return False
        for row in self._of_branch[branch]:
            least = self._rows[row].least
            left = self._load[row] - self._weight(row, position)
            if row == for_row or (least is not None and left < least):
                return False
        return True
