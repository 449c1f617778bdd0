"""Rules that are said not to go together: what can be recomputed of such a claim, and what speaks against it.

No solver is used. A floor is recomputed against everybody who can have a pair at all; a set of rules against plans that
need no search (nothing, the pins, last year's pairs): one that keeps all that is named shows the claim to be false.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np

from matcher.base.numbers import IntArray
from matcher.policy.rows import Row
from matcher.problem.pairs import Pairs, no_pairs
from matcher.problem.problem import Problem
from matcher.proof.hardrules import hard_violations

#: what is known of a claim: recomputed, another's word that nothing here speaks against, or shown to be wrong
Judgement = Literal["proved", "claimed", "false"]
#: breaches that a group of rules is not needed for: what every plan must keep
_NAMED = {"pin_missing", "below_minimum", "below_demand", "cap"}
#: rows whose recipients are looked at in one go
_CHUNK = 1 << 20


def judge_floor(problem: Problem, witness: Mapping[str, Any]) -> Judgement:
    """Judge the claim that one row with a least value is out of reach."""
    position, needed, bound = witness["row"], witness["needed"], witness["bound"]
    if not all(type(number) is int for number in (position, needed, bound)):
        return "false"
    row = problem.rows[position] if 0 <= position < len(problem.rows) else None
    if row is None or not _is_row(row, witness) or row.least != needed or bound >= needed:
        return "false"
    if any(not hard_violations(problem, pairs) for pairs in _simple_plans(problem)):
        return "false"
    most = _most(problem, row)
    return "proved" if most is not None and most < needed else "claimed"


def judge_conflict(problem: Problem, witness: Mapping[str, Any]) -> Judgement:
    """Judge the claim that the named groups of rules can't be met together."""
    groups = witness["groups"]
    named = [_named(problem, group) for group in groups]
    if not groups or any(found is None for found in named):
        return "false"
    for pairs in _simple_plans(problem):
        broken = hard_violations(problem, pairs)
        rows = {row.code for row in problem.rows}
        always = [each for each in broken if each.code not in _NAMED | rows and "block" not in each.code]
        if not always and not any(found is not None and found(pairs) for found in named):
            return "false"
    return "claimed"


def _simple_plans(problem: Problem) -> Iterator[Pairs]:
    """Yield the plans that are there without a search."""
    yield Pairs(no_pairs(), no_pairs())
    yield Pairs(**problem.pins).in_order()
    yield problem.last_year()


def _named(problem: Problem, group: Mapping[str, Any]) -> Any:
    """Return what tells whether a plan breaks a named group, None if there is no such group."""
    word, of = group["rule"], group["details"].get("of")

    def breaks(code: str, level: str) -> Any:
        def found(pairs: Pairs) -> bool:
            broken = hard_violations(problem, pairs)
            return any(each.code == code and each.details.get("level", level) == level for each in broken)

        return found

    if word == "pins":
        return breaks("pin_missing", of) if of in problem.pins and len(problem.pins[of]) else None
    if word == "minimum":
        level, _, side = str(of).partition(":")
        if level not in problem.pins or side not in ("provider", "recipient"):
            return None
        bounds = problem.capacity(level) if side == "provider" else problem.demand(level)
        return (lambda pairs: _short(bounds, pairs.of(level), side)) if bounds[:, 0].any() else None
    if word == "cap":
        capped = [objective.name for objective in problem.objectives if objective.cap is not None]
        return breaks("cap", str(of)) if of in capped else None
    if word == "stability":
        return (lambda pairs: _blocked(problem, pairs)) if problem.policy.asks_stability else None
    limits = group["least"], group["most"]
    rows = [row for row in problem.rows if _is_row(row, group) and (row.least, row.most) == limits]
    if not rows:
        return None
    return lambda pairs: rows[0].broken(rows[0].value(pairs._asdict())) is not None


def _blocked(problem: Problem, pairs: Pairs) -> bool:
    return any("block" in each.code for each in hard_violations(problem, pairs))


def _short(bounds: IntArray, pairs: IntArray, side: str) -> bool:
    at = ("provider", "recipient").index(side)
    return bool((np.bincount(pairs[:, at], minlength=len(bounds)) < bounds[:, 0]).any())


def _is_row(row: Row, said: Mapping[str, Any]) -> bool:
    return row.code == said["rule"] and _plain(row.details) == _plain(said["details"])


def _plain(details: Mapping[str, Any]) -> str:
    return json.dumps(dict(details), sort_keys=True, default=str)


def _most(problem: Problem, row: Row) -> int | None:
    """Return what the row comes to if everybody who can have a pair at all has one; None if it counts pairs."""
    if row.pairs or row.distinct:
        return None
    total = 0
    for level, weight in row.covered.items():
        recipients = np.flatnonzero((weight > 0) & (problem.demand(level)[:, 1] > 0))
        providers = np.flatnonzero(problem.capacity(level)[:, 1] > 0)
        step = max(1, _CHUNK // max(1, len(providers)))
        for start in range(0, len(recipients), step):
            here = recipients[start : start + step]
            grid = providers[:, None], here[None, :]
            allowed = problem.allowed(level, *grid)
            if level == "school":
                above = problem.arrays.branches.parent[grid[0]], problem.arrays.schools.parent[grid[1]]
                allowed = allowed & problem.allowed("county", *above)
            total += sum(weight[here[allowed.any(axis=0)]].tolist())
    return total
