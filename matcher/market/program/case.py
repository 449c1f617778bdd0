"""A market as its program sees it: plain arrays, and one recipient for all that go together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from matcher.market.input import Bools, Ints
from matcher.market.market import Market
from matcher.market.opening import arc_sizes

#: no bound on the number of open providers, or on a budget
NO_MOST = 1 << 60


@dataclass(frozen=True, slots=True, eq=False)
class ProgramCase:
    """A market beyond a flow in arrays, all int64 or bool.

    Attributes
    ----------
    provider, recipient : (A,)
        Ends of the candidate arcs, in order of (provider, recipient).
    cost : (K, A), opening : (K, P), missing : (K, R), constant
        What a pair, an open provider and a missing unit cost at each of the K levels, and what is paid in any case.
    capacity, least : (P, 2), (P,)
        Bounds on the load in any case, and its least if open.
    demand, size : (R, 2), (A,)
        Bounds on the number of partners, and the capacity that each pair takes.
    group, group_open : (P,), (G, 2)
    must_open, closed : (P,)
    resource, budget : (P, B), (B, 2)
    most_pairs, apart : (P,), (R,)
        Most recipients of each, and labels of which each has one recipient at most; -1: none.
    member : (recipients of the market,)
        The recipient here that stands for each recipient of the market.
    """

    provider: Ints
    recipient: Ints
    cost: Ints
    opening: Ints
    missing: Ints
    constant: tuple[int, ...]
    capacity: Ints
    least: Ints
    demand: Ints
    size: Ints
    group: Ints
    group_open: Ints
    must_open: Bools
    closed: Bools
    resource: Ints
    budget: Ints
    most_pairs: Ints
    apart: Ints
    member: Ints

    @property
    def counts_pairs(self) -> bool:
        """Whether anything limits the recipients of a provider beside their sizes."""
        return bool((self.most_pairs < NO_MOST).any() or (self.apart >= 0).any())

    @property
    def start(self) -> Ints:
        """Where the arcs of each provider begin, (P + 1,)."""
        return np.searchsorted(self.provider, np.arange(self.num_providers + 1))

    @property
    def largest(self) -> Ints:
        """The most capacity that each recipient may take, (R,)."""
        found = np.zeros(self.num_recipients, np.int64)
        np.maximum.at(found, self.recipient, self.size)
        return found

    def only(self, arcs: Ints) -> ProgramCase:
        """Return the case without any but these arcs, in this order."""
        provider, recipient = self.provider[arcs], self.recipient[arcs]
        return replace(self, provider=provider, recipient=recipient, cost=self.cost[:, arcs], size=self.size[arcs])

    @property
    def num_providers(self) -> int:
        """Number of providers, P."""
        return len(self.capacity)

    @property
    def num_recipients(self) -> int:
        """Number of recipients here, R."""
        return len(self.demand)

    @property
    def num_levels(self) -> int:
        """Number of levels, K."""
        return len(self.cost)

    @classmethod
    def of(cls, market: Market) -> ProgramCase:
        """Return the case of a market: recipients of one label become one, of the sum of their sizes and costs."""
        count = market.num_providers
        levels = market.objectives
        cost = np.zeros((len(levels), market.num_arcs), np.int64)
        opening = np.zeros((len(levels), count), np.int64)
        for number, level in enumerate(levels):
            if level.cost_row is not None:
                cost[number] = market.cost[level.cost_row]
                if market.opening_cost is not None:
                    opening[number] = market.opening_cost[level.cost_row]
        missing = np.array([level.missing for level in levels])
        none, nobody = np.zeros(count, np.int64), np.zeros(count, bool)
        demand = np.minimum(market.demand, count)
        over = market.demand[:, 1] - demand[:, 1]
        constant = tuple(int(sum((row * over).tolist())) for row in missing)
        whole = cls(
            market.provider_idx,
            market.recipient_idx,
            cost,
            opening,
            missing,
            constant,
            market.capacity,
            none if market.least_if_open is None else market.least_if_open,
            np.column_stack([market.demand[:, 0], demand[:, 1]]),
            arc_sizes(market),
            none - 1 if market.group is None else market.group,
            np.zeros((0, 2), np.int64) if market.group_open is None else market.group_open,
            nobody if market.must_open is None else market.must_open,
            nobody if market.closed is None else market.closed,
            np.zeros((count, 0), np.int64) if market.resource is None else market.resource,
            np.zeros((0, 2), np.int64) if market.budget is None else market.budget,
            none + NO_MOST if market.most_pairs is None else market.most_pairs,
            np.full(market.num_recipients, -1) if market.apart is None else market.apart,
            np.arange(market.num_recipients),
        )
        return whole if market.together is None else _merged(whole, market.together)

    def pairs_of(self, arcs: Ints) -> Ints:
        """Return the pairs (k, 2) of the market that the arcs at these positions stand for, in order."""
        order = np.argsort(self.member, kind="stable")
        start = np.searchsorted(self.member[order], np.arange(self.num_recipients + 1))
        provider, recipient = self.provider[arcs], self.recipient[arcs]
        counts = start[recipient + 1] - start[recipient]
        first = np.repeat(start[recipient] - np.cumsum(counts) + counts, counts)
        members = order[first + np.arange(len(first))] if len(first) else np.zeros(0, np.int64)
        pairs = np.column_stack([np.repeat(provider, counts), members])
        return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]

    def arcs_of(self, pairs: Ints) -> Ints:
        """Return the positions of the arcs that stand for these pairs of the market (which keep them together)."""
        keys = np.unique(pairs[:, 0] * self.num_recipients + self.member[pairs[:, 1]])
        return np.searchsorted(self.provider * self.num_recipients + self.recipient, keys)

    def arcs_at(self, few: ProgramCase, arcs: Ints) -> Ints:
        """Return the positions here of arcs of a case that has some of these arcs."""
        keys = few.provider[arcs] * self.num_recipients + few.recipient[arcs]
        return np.searchsorted(self.provider * self.num_recipients + self.recipient, keys)

    def values(self, arcs: Ints, opened: Bools) -> tuple[int, ...]:
        """Return the value of every level, in exact integers."""
        lost = self.demand[:, 1] - np.bincount(self.recipient[arcs], minlength=self.num_recipients)
        found = []
        for row, fixed in enumerate(self.constant):
            parts = (self.cost[row][arcs], self.opening[row][opened], self.missing[row] * lost)
            found.append(fixed + sum(sum(part.tolist()) for part in parts))
        return tuple(found)


def _merged(case: ProgramCase, together: Ints) -> ProgramCase:
    """Return the case with one recipient for each label; it has an arc where all of the label have one."""
    alone = together < 0
    label = np.where(alone, np.arange(len(together)), len(together) + together)
    _, first, member = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    member = rank[member]
    count = len(first)
    people = np.bincount(member, minlength=count)
    keys, at, arcs = np.unique(case.provider * count + member[case.recipient], return_inverse=True, return_counts=True)
    keep = arcs == people[keys % count]
    cost = np.array([_summed(row, at, len(keys)) for row in case.cost]).reshape(case.num_levels, len(keys))[:, keep]
    demand = np.column_stack([np.zeros(count, np.int64), np.full(count, NO_MOST)])
    np.maximum.at(demand[:, 0], member, case.demand[:, 0])
    np.minimum.at(demand[:, 1], member, case.demand[:, 1])
    over = case.demand[:, 1] - demand[member, 1]
    fixed = [sum((row * over).tolist()) for row in case.missing]
    return ProgramCase(
        keys[keep] // count,
        keys[keep] % count,
        cost,
        case.opening,
        np.array([_summed(row, member, count) for row in case.missing]).reshape(case.num_levels, count),
        tuple(a + b for a, b in zip(case.constant, fixed, strict=True)),
        case.capacity,
        case.least,
        demand,
        _summed(case.size, at, len(keys))[keep],
        *(case.group, case.group_open, case.must_open, case.closed, case.resource, case.budget),
        case.most_pairs,
        np.full(count, -1),
        member,
    )


def _summed(values: Ints, at: Ints, count: int) -> Ints:
    result = np.zeros(count, np.int64)
    np.add.at(result, at, values)
    return result
