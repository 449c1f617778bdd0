"""Why a pair and why not another, with the exact price of every alternative."""

from __future__ import annotations

from dataclasses import replace

from matcher.advice.by_prices import known_prices
from matcher.advice.effects import WhatIf
from matcher.advice.whatif import price_change, quick, what_if
from matcher.plan import Plan
from matcher.proof.joint_terms import is_joint_case
from matcher.show.explain import PLACE, explain
from matcher.show.explanation import Alternative, Explanation, PairPrice

#: pairs of one level up to which a plan without prices is solved again for every alternative, unasked
_SMALL = 400


def explained(plan: Plan, kind: str, known: str, *, prices: bool | None = None) -> Explanation:
    """Return the explanation of `Plan.explain`, with what each alternative would cost the plan.

    `prices`: True also where the whole has to be solved again for each, False for none; None where it is quick.
    """
    said = explain(plan, kind, known)
    if prices is False or not plan.has_plan or any(plan.strangers.values()):
        return said
    level, side = PLACE[kind]
    found = []
    for other in said.alternatives:
        pair = (known, other.id) if side == 1 else (other.id, known)
        found.append(_priced(plan, level, pair, other, whole=bool(prices)))
    return replace(said, alternatives=tuple(found))


def _priced(plan: Plan, level: str, pair: tuple[str, str], other: Alternative, *, whole: bool) -> Alternative:
    """Return an alternative with its price; `pair` is (recipient, provider)."""
    change = price_change(plan, level, *pair)
    answer = quick(plan, change)
    if answer is None and (whole or _is_small(plan)):
        answer = what_if(plan, change)
    return other if answer is None else replace(other, price=_price(answer))


def _is_small(plan: Plan) -> bool:
    arrays = plan.problem.arrays
    pairs = len(arrays.organizations) * len(arrays.counties), len(arrays.branches) * len(arrays.schools)
    return max(pairs) <= _SMALL and is_joint_case(plan.problem) and known_prices(plan) is not None


def _price(found: WhatIf) -> PairPrice:
    worse = {
        level.name: level.difference if level.sense == "min" else -level.difference
        for level in found.levels
        if level.difference is not None
    }
    children = 0 if found.children is None else found.children[1] - found.children[0]
    said = found.text("en"), found.text("zh")
    return PairPrice(found.status, found.exact, tuple(worse.items()), len(found.moved), children, said)
