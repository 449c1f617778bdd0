"""What a method claims of the levels of a plan, and the levels that follow from it by one rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matcher.base.progress import Budget
from matcher.base.result import Level, LevelClaim, Proof, in_order, unclaimed
from matcher.problem.problem import Problem

#: scope of a claim over both levels of pairing together
SCOPE = "both_levels"
#: the method of levels proved by the prices of both levels of pairing together
LAZY_ASSIGNMENT = "lazy_assignment"
#: pairs of one level that the textbook model may list; with more, CP-SAT hardly moves
MOST_LISTED_PAIRS = 20_000
NOTHING = Proof("none")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a method claims of one level.

    Attributes
    ----------
    bound
        What no plan can beat, as minimised; None for nothing.
    method
        Which algorithm found it.
    closed
        Whether value and bound settle the level; None: if the value is within what the objective allows over the bound.
    """

    bound: int | None
    method: str
    closed: bool | None = None


def num_pairs(problem: Problem) -> int:
    """Return an upper bound on the pairs of either level that the textbook model would have."""
    sides = (problem.arrays.sides(level) for level in ("county", "school"))
    return max(len(providers) * len(recipients) for providers, recipients in sides)


def exact(bounds: Sequence[int], values: Sequence[int], method: str) -> list[Claim]:
    """Return the claims of a lexicographic bound: after the first level with a gap nothing is bounded."""
    claims: list[Claim] = []
    for bound, value in zip(bounds, values, strict=True):
        claims.append(Claim(bound, method))
        if bound != value:
            break
    return claims + [Claim(None, method)] * (len(values) - len(claims))


def within_gap(problem: Problem, values: Sequence[int], claims: Sequence[Claim], budget: Budget) -> bool:
    """Whether a gap was asked for, and every level is closed or within it."""
    if budget.gap is None or len(claims) < len(values):
        return False
    return all(
        claim.bound is not None and (claim.closed or budget.close_enough(each.shown(value), each.shown(claim.bound)))
        for each, value, claim in zip(problem.objectives, values, claims, strict=True)
    )


def levels_of(
    problem: Problem, values: Sequence[int] | None, claims: Sequence[Claim], scope: str
) -> tuple[tuple[Level, ...], bool]:
    """Return the levels of a plan (without one if `values` is None), and whether all of them are closed."""
    found = []
    for position, objective in enumerate(problem.objectives):
        claim = claims[position] if position < len(claims) else Claim(None, "none")
        value = None if values is None else values[position]
        closed = claim.closed
        if closed is None:
            closed = value is not None and claim.bound is not None and value <= objective.allowance(claim.bound)
        shown, bound = (None if number is None else objective.shown(number) for number in (value, claim.bound))
        found.append(LevelClaim(objective.name, objective.sense, objective.unit, shown, bound, claim.method, closed))
    return in_order(found, scope), all(each.is_closed for each in found)


def plain_levels(problem: Problem, values: Sequence[int] | None, method: str = "none") -> tuple[Level, ...]:
    """Return levels of which nothing is claimed but their values."""
    shown = [None] * len(problem.objectives) if values is None else values
    return unclaimed(
        LevelClaim(each.name, each.sense, each.unit, None if value is None else each.shown(value), None, method)
        for each, value in zip(problem.objectives, shown, strict=True)
    )
