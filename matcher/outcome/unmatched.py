"""Who wanted more than the plan gives, and why: one row for everyone below the largest number of pairs it may have.

`missing` is that number less the pairs it has: empty places of a county or a school, free capacity of an organisation
or a branch. The reason is the first of these that holds, judged over the partners it is not paired with:

| reason | a recipient (county, school) | a provider (organisation, branch) |
|---|---|---|
| `not_planned` | there is no plan at all (status "infeasible" or "unknown") | the same |
| `no_county_pair` | the school's county has no pair | the branch's organisation has no pair |
| `no_partner` | there is nobody on the other side | the same |
| `outside_province`, `out_of_reach`, `not_listed`, `forbidden` | one rule alone allows nobody | the same |
| `not_allowed` | the rules together allow nobody | the same |
| `farther_than_children_are_worth` | every allowed branch costs more than the place left empty | the same |
| `partners_full` | all that are left are at their capacity | all have what they asked for |
| `not_chosen` | someone has room; what comes before in the policy, or others, left the pair out | the same |

`detail` names the nearest of the partners that the reason speaks of, as `nearest=ID; km=...`, for programs;
`detail_words` says it to people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from matcher.base.errors import text
from matcher.base.names import KIND_OF_TABLE, SIDES
from matcher.base.numbers import M_PER_KM, BoolArray, IntArray
from matcher.base.watch import look
from matcher.problem.pairs import Pairs
from matcher.problem.problem import Problem
from matcher.problem.terms import empty_place_cost

REASONS: Final = (
    "not_planned",
    "no_county_pair",
    "no_partner",
    "outside_province",
    "out_of_reach",
    "not_listed",
    "forbidden",
    "not_allowed",
    "farther_than_children_are_worth",
    "partners_full",
    "not_chosen",
)
#: objectives that reach for a pair at any cost
_COVERING: Final = {"cover_schools", "count_schools", "fill"}


@dataclass(frozen=True, slots=True)
class Unmatched:
    """One row: kind and id of who wanted more, how many pairs are missing, why."""

    kind: str
    id: str
    missing: int
    reason: str
    detail: str


def unmatched_of(problem: Problem, pairs: Pairs, *, has_plan: bool = True) -> tuple[Unmatched, ...]:
    """Return a row for everyone who wanted more, counties first, then schools, organisations, branches, by id.

    Without a plan nobody's reason says anything of the rules.
    """
    found: list[Unmatched] = []
    for side in (1, 0):
        for level in SIDES:
            found += _Search(problem, level, side, pairs).rows(has_plan)
    return tuple(found)


def is_planned(status: str, num_pairs: int, values: Iterable[int | None]) -> bool:
    """Whether there is a plan to speak of: one that is feasible, has pairs, or was made by hand and has values."""
    return (
        status in ("optimal", "feasible")
        or num_pairs > 0
        or (status == "unknown" and any(value is not None for value in values))
    )


def why(problem: Problem, level: str, side: int, position: int, pairs: Pairs) -> tuple[str, str]:
    """Return reason and detail for one recipient (`side` 1) or provider (`side` 0)."""
    return _Search(problem, level, side, pairs).reason(position)


class _Search:
    """Looks for the reason of each agent of one side of one level."""

    def __init__(self, problem: Problem, level: str, side: int, pairs: Pairs):
        self.problem, self.level, self.side = problem, level, side
        self.agents, self.partners = problem.arrays.sides(level)[side], problem.arrays.sides(level)[1 - side]
        chosen = pairs.of(level)
        bounds = (problem.capacity(level), problem.demand(level))
        counts = [np.bincount(chosen[:, s], minlength=len(bounds[s])) for s in (0, 1)]
        self.missing = bounds[side][:, 1] - counts[side]
        self.has_room = counts[1 - side] < bounds[1 - side][:, 1]
        self.takes_any = bounds[1 - side][:, 1] > 0
        order = np.argsort(chosen[:, side], kind="stable")
        self.partner_of = chosen[order, 1 - side]
        self.first_partner = np.searchsorted(chosen[order, side], np.arange(len(self.agents) + 1))
        self.county_pairs = np.unique(pairs.county, axis=0)
        names = [objective.name.split("[")[0] for objective in problem.objectives]
        reaches = "convenience" not in names or bool(_COVERING & set(names[: names.index("convenience")]))
        self.worth = None if level == "county" or reaches else empty_place_cost(problem.facts, problem.policy)

    def rows(self, has_plan: bool) -> Iterator[Unmatched]:
        kind = KIND_OF_TABLE[SIDES[self.level][self.side]]
        for position in np.flatnonzero(self.missing > 0).tolist():
            look()
            reason, detail = self.reason(position) if has_plan else ("not_planned", "")
            yield Unmatched(kind, self.agents.ids[position], int(self.missing[position]), reason, detail)

    def reason(self, position: int) -> tuple[str, str]:
        candidates = self._candidates(position)
        if candidates is None:
            return "no_county_pair", ""
        candidates = candidates[self.takes_any[candidates]]
        candidates = candidates[~self._is_partner(position, candidates)]
        if not len(candidates):
            return "no_partner", ""
        allowed = self._allowed(position, candidates)
        if not allowed.any():
            return self._barring_rule(position, candidates), self._detail(position, candidates)
        candidates = candidates[allowed]
        if self.worth is not None:
            near = self._worth_it(position, candidates)
            if not near.any():
                return "farther_than_children_are_worth", self._detail(position, candidates)
            candidates = candidates[near]
        free = self.has_room[candidates]
        if not free.any():
            return "partners_full", self._detail(position, candidates)
        return "not_chosen", self._detail(position, candidates[free])

    def _candidates(self, position: int) -> IntArray | None:
        """Return who could be a partner before any rule; None for a school or branch whose parent is in no pair."""
        if self.level == "county":
            return np.arange(len(self.partners))
        parent = self.agents.parent[position]
        parents = self.county_pairs[self.county_pairs[:, self.side] == parent][:, 1 - self.side]
        if not len(parents):
            return None
        table = "organizations" if self.side == 1 else "counties"
        return np.concatenate([self.problem.arrays.rows_of(table, int(other)) for other in parents])

    def _oriented(self, position: int, candidates: IntArray) -> tuple[IntArray, IntArray]:
        mine = np.full(len(candidates), position, dtype=np.int64)
        return (candidates, mine) if self.side == 1 else (mine, candidates)

    def _is_partner(self, position: int, candidates: IntArray) -> BoolArray:
        partners = self.partner_of[self.first_partner[position] : self.first_partner[position + 1]]
        found: BoolArray = (candidates[:, None] == partners[None, :]).any(axis=1)
        return found

    def _allowed(self, position: int, candidates: IntArray) -> BoolArray:
        return self.problem.allowed(self.level, *self._oriented(position, candidates))

    def _barring_rule(self, position: int, candidates: IntArray) -> str:
        """Return the reason of a rule that alone allows nobody, of several the first of `REASONS`."""
        facts, arcs = self.problem.facts, self._oriented(position, candidates)
        found = {"not_allowed"}
        for rule in self.problem.rules:
            mask = rule.allows(facts, self.level, *arcs)
            if mask is not None and not mask.any():
                found.add(rule.left_out)
        return min(found, key=REASONS.index)

    def _worth_it(self, position: int, candidates: IntArray) -> BoolArray:
        """Return which pairs cost no more than leaving the school's place empty."""
        assert self.worth is not None
        provider_idx, recipient_idx = self._oriented(position, candidates)
        gain = self.problem.facts.was_pair("school", provider_idx, recipient_idx) * self.problem.policy.change_rate
        cost = self.problem.facts.cost("school", provider_idx, recipient_idx)
        near: BoolArray = cost - gain <= self.worth[recipient_idx]
        return near

    def _detail(self, position: int, candidates: IntArray) -> str:
        """Name the nearest candidate, the first by id among equals."""
        metres = self.problem.facts.metres(self.level, *self._oriented(position, candidates))
        best = np.lexsort((candidates, metres))[0]
        return f"nearest={self.partners.ids[candidates[best]]}; km={metres[best] / M_PER_KM:.3f}"


def as_columns(rows: tuple[Unmatched, ...]) -> dict[str, list[Any]]:
    """Return the rows by column."""
    return {name: [getattr(row, name) for row in rows] for name in Unmatched.__slots__}


_CODED: Final = re.compile(r"nearest=(?P<id>.*); km=(?P<km>[\d.]+)")


def detail_parts(detail: str) -> tuple[str, float]:
    """Return the id and the kilometres of the nearest; nobody and 0 where the detail names none."""
    found = _CODED.fullmatch(detail)
    return ("", 0.0) if found is None else (found["id"], float(found["km"]))


def detail_words(detail: str, lang: str) -> str:
    """Say a row's detail in `lang`."""
    found = _CODED.fullmatch(detail)
    return detail if found is None else text("unmatched.nearest", lang, **found.groupdict())
