"""Every breach of a hard rule by given pairs, recomputed from the input; no solver is involved.

Bounds on both sides, the county pair that a school pair needs, what the rules allow, pins, and pairs given twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from matcher.base.names import KIND_OF_TABLE, SIDES
from matcher.base.numbers import M_PER_KM, IntArray
from matcher.base.violations import Violation
from matcher.base.watch import look
from matcher.problem.pairs import Pairs, pair_keys
from matcher.problem.problem import Problem
from matcher.proof.blocking import blocking, unaccepted

#: code of a breach by the code of the rule that is broken; any other is "rule_broken"
_RULE_CODES: Final = {
    "reach": "out_of_reach",
    "within": "outside_province",
    "listed": "not_listed",
    "locks": "forbidden_pair",
    "forbid": "forbidden_pair",
}


def hard_violations(problem: Problem, pairs: Pairs) -> list[Violation]:
    """Return every breach of a hard rule, in a fixed order; empty if there is none.

    Parameters
    ----------
    pairs
        The plan.
    """
    found: list[Violation] = []
    for level, chosen in zip(SIDES, pairs, strict=True):
        look()
        found += _repeated(problem, level, chosen)
        found += _bounds(problem, level, chosen)
        found += _barred(problem, level, chosen)
        found += _missing_pins(problem, level, chosen)
    found += _without_county_pair(problem, pairs)
    found += problem.violations(pairs)
    if problem.policy.asks_stability:
        found += _unstable(problem, pairs)
        for level, chosen in zip(SIDES, pairs, strict=True):
            for pair in unaccepted(problem, level, chosen):
                found.append(Violation("unaccepted_pair", _named(problem, level, pair)))
    return found


def _unstable(problem: Problem, pairs: Pairs) -> Iterator[Violation]:
    """Yield the pairs that block although they must not, or say that there are too many of them."""
    policy, count = problem.policy, 0
    for level in SIDES:
        found = blocking(problem, level, pairs, tolerance=policy.stability_tolerance(level))
        count += len(found)
        if policy.stability != "limit":
            yield from (Violation("blocking_pair", _named(problem, level, pair)) for pair in found)
    if policy.stability == "limit" and count > (policy.max_blocking_pairs or 0):
        yield Violation("too_many_blocking_pairs", {"value": count, "limit": policy.max_blocking_pairs})


def _named(problem: Problem, level: str, pair: Any) -> dict[str, Any]:
    providers, recipients = problem.arrays.sides(level)
    return {"level": level, "provider": providers.ids[int(pair[0])], "recipient": recipients.ids[int(pair[1])]}


def _repeated(problem: Problem, level: str, pairs: IntArray) -> Iterator[Violation]:
    distinct, count = np.unique(pairs, axis=0, return_counts=True)
    for pair, times in zip(distinct[count > 1], count[count > 1], strict=True):
        yield Violation("repeated_pair", {**_named(problem, level, pair), "times": int(times)})


def _bounds(problem: Problem, level: str, pairs: IntArray) -> Iterator[Violation]:
    for side, bounds in enumerate((problem.capacity(level), problem.demand(level))):
        nodes = problem.arrays.sides(level)[side]
        count = np.bincount(pairs[:, side], minlength=len(bounds))
        kind = KIND_OF_TABLE[SIDES[level][side]]
        words = ("over_capacity", "below_minimum") if side == 0 else ("over_demand", "below_demand")
        for position in np.flatnonzero(count > bounds[:, 1]).tolist():
            details = {"kind": kind, "id": nodes.ids[position], "count": int(count[position])}
            yield Violation(words[0], {**details, "most": int(bounds[position, 1])})
        for position in np.flatnonzero(count < bounds[:, 0]).tolist():
            details = {"kind": kind, "id": nodes.ids[position], "count": int(count[position])}
            yield Violation(words[1], {**details, "least": int(bounds[position, 0])})


def _barred(problem: Problem, level: str, pairs: IntArray) -> Iterator[Violation]:
    provider_idx, recipient_idx = pairs[:, 0], pairs[:, 1]
    for rule in problem.rules:
        mask = rule.allows(problem.facts, level, provider_idx, recipient_idx)
        if mask is None:
            continue
        for pair in pairs[~mask]:
            km = problem.facts.metres(level, pair[:1], pair[1:])[0] / M_PER_KM
            details = {**_named(problem, level, pair), "km": f"{km:.3f}", "rule": rule.code}
            yield Violation(_RULE_CODES.get(rule.code, "rule_broken"), details)


def _missing_pins(problem: Problem, level: str, pairs: IntArray) -> Iterator[Violation]:
    pins, size = problem.pins[level], len(problem.demand(level))
    for pair in pins[~np.isin(pair_keys(pins, size), pair_keys(pairs, size))]:
        yield Violation("pin_missing", _named(problem, level, pair))


def _without_county_pair(problem: Problem, pairs: Pairs) -> Iterator[Violation]:
    arrays, school = problem.arrays, pairs.school
    parents = np.column_stack([arrays.branches.parent[school[:, 0]], arrays.schools.parent[school[:, 1]]])
    size = len(arrays.counties)
    alone = ~np.isin(pair_keys(parents, size), pair_keys(pairs.county, size))
    for pair, (organization, county) in zip(school[alone], parents[alone], strict=True):
        named = {"organization": arrays.organizations.ids[organization], "county": arrays.counties.ids[county]}
        yield Violation("county_not_paired", {**_named(problem, "school", pair), **named})
