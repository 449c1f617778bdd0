"""What a certificate at a price on changes proves, without a solver (`matcher.methods.capped` has the reason)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from matcher.base.numbers import IntArray
from matcher.policy.coverage import MaxChanges
from matcher.problem.problem import Problem
from matcher.problem.relaxations import without_rows
from matcher.proof.joint_certificate import JointCheck, check

#: array of a certificate that holds the objective and the price
PRICE = "change_price"


def cap_of(problem: Problem) -> int | None:
    """Return how many county pairs may end by choice, None if no rule says so."""
    caps = [rule.most for rule in problem.rules if isinstance(rule, MaxChanges) and rule.level == "county"]
    return min(caps, default=None)


def at_price(problem: Problem, position: int, price: int) -> Problem:
    """Return the problem in which an objective pays `price` for each kept county pair."""
    objectives = list(problem.objectives)
    own = objectives[position]
    objectives[position] = replace(own, county=replace(own.county, kept=own.county.kept - price))
    return replace(problem, objectives=tuple(objectives))


def check_capped(problem: Problem, arrays: Mapping[str, IntArray]) -> JointCheck:
    """Return what a certificate at a price proves of plans within the cap, recomputed from the input."""
    wider, cap = without_rows(problem), cap_of(problem)
    position, price = (int(x) for x in arrays[PRICE])
    if cap is None or price < 0 or not 0 <= position < len(problem.objectives):
        return JointCheck(None, fault="array_shape")
    proved = check(at_price(wider, position, price), {name: arrays[name] for name in arrays if name != PRICE})
    if proved.bound is None:
        return proved
    bound = list(proved.bound)
    bound[position] += price * (len(wider.keepable("county")) - cap)
    return JointCheck(tuple(bound), proved.unmet)
