"""What a certificate at a price on changes proves, without a solver (`matcher.methods.capped` has the reason)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from matcher.base.numbers import IntArray
from matcher.policy.coverage import MaxChanges
from matcher.problem.problem import Problem
from matcher.problem.relaxations import has_rows, without_rows
from matcher.proof.joint_certificate import JointCheck, check
from matcher.proof.joint_terms import is_joint_case

#: array of a certificate that holds the objective and the price
PRICE = "change_price"


#: above this a value with a price in it, less the prices of both sides, could leave 64 bits
LARGEST_PRICE = 2**60


def is_capped_case(problem: Problem) -> bool:
    """Whether the problem is a joint one but for caps on the changes of county pairs."""
    rows = [rule for rule in problem.rules if has_rows(problem, rule)]
    caps = all(isinstance(rule, MaxChanges) and rule.level == "county" for rule in rows)
    return bool(rows) and caps and is_joint_case(without_rows(problem))


def has_certificate(problem: Problem) -> bool:
    """Whether every optimum of the problem comes with prices to check it by, so that a solver's word is not needed."""
    return is_joint_case(problem) or is_capped_case(problem)


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
    given = arrays[PRICE]
    if not isinstance(given, np.ndarray) or given.dtype != np.int64 or given.shape != (2,):
        return JointCheck(None, fault="array_missing")
    position, price = (int(x) for x in given)
    if cap is None or price < 0 or not 0 <= position < len(problem.objectives):
        return JointCheck(None, fault="array_shape")
    if price > LARGEST_PRICE:
        return JointCheck(None, fault="price_too_large")
    proved = check(at_price(wider, position, price), {name: arrays[name] for name in arrays if name != PRICE})
    if proved.bound is None:
        return proved
    bound = list(proved.bound)
    bound[position] += price * (len(wider.keepable("county")) - cap)
    return JointCheck(tuple(bound), proved.unmet)
