"""What a method hands over: pairs as positions, levels with bounds, a proof. Claims are made here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matcher.base.numbers import IntArray
from matcher.base.progress import StopReason
from matcher.base.result import Level, Proof, Status
from matcher.problem.claims import NOTHING, Claim, levels_of, plain_levels
from matcher.problem.pairs import Pairs, no_pairs
from matcher.problem.problem import Problem


@dataclass(frozen=True, eq=False)
class Solution:
    """A decision over both levels of pairing.

    Attributes
    ----------
    problem
        The instance under the policy that it decides.
    status, stop_reason
        As in `Plan`.
    county_pairs : (k, 2) int64
        (organisation, county) positions, ordered by county, then organisation; empty without a plan.
    school_pairs : (k, 2) int64
        (branch, school) positions, ordered by school, then branch.
    levels
        One for each objective, in order.
    proof
        What was proved, with the arrays of the certificate.
    witness
        Why nothing is feasible, in plain JSON values that the checker recomputes; None otherwise.
    """

    problem: Problem
    status: Status
    stop_reason: StopReason | None
    county_pairs: IntArray
    school_pairs: IntArray
    levels: tuple[Level, ...]
    proof: Proof
    witness: Mapping[str, Any] | None = None

    @classmethod
    def found(
        cls,
        problem: Problem,
        pairs: Pairs,
        claims: Sequence[Claim],
        proof: Proof,
        stop: StopReason | None = None,
    ) -> Solution:
        """Return a plan under what a method claims of each level; objectives beyond the claims have no bound.

        It is optimal if every level is closed. Else `stop` says why the search ended: "search" if by itself.
        """
        pairs = pairs.in_order()
        values = problem.minimised(pairs)
        levels, is_optimal = levels_of(problem, values, claims, proof.scope)
        status: Status = "optimal" if is_optimal else "feasible"
        stop = None if is_optimal else stop or "search"
        return cls(problem, status, stop, *pairs, levels, proof)

    @classmethod
    def unproved(cls, problem: Problem, pairs: Pairs, proof: Proof = NOTHING, method: str = "none") -> Solution:
        """Return a plan of which nothing is claimed but that it keeps the hard rules, and its values."""
        pairs = pairs.in_order()
        levels = plain_levels(problem, problem.minimised(pairs), method)
        return cls(problem, "feasible", None, *pairs, levels, proof)

    @classmethod
    def none(
        cls,
        problem: Problem,
        witness: Mapping[str, Any],
        proof: Proof,
        *,
        claims: Sequence[Claim] | None = None,
        method: str = "none",
    ) -> Solution:
        """Return that no plan exists, and why."""
        levels = plain_levels(problem, None, method) if claims is None else levels_of(problem, None, claims, "")[0]
        return cls(problem, "infeasible", None, no_pairs(), no_pairs(), levels, proof, witness)

    @classmethod
    def unknown(
        cls,
        problem: Problem,
        stop: StopReason | None,
        *,
        claims: Sequence[Claim] | None = None,
        proof: Proof = NOTHING,
        method: str = "none",
    ) -> Solution:
        """Return that nothing feasible is known, with what bounds there are."""
        levels = plain_levels(problem, None, method)
        if claims is not None:
            levels = levels_of(problem, None, claims, proof.scope)[0]
        return cls(problem, "unknown", stop or "search", no_pairs(), no_pairs(), levels, proof)

    @property
    def has_plan(self) -> bool:
        """Whether there is a plan, proved or not."""
        return self.status in ("optimal", "feasible")

    @property
    def both(self) -> Pairs:
        """County pairs and school pairs."""
        return Pairs(self.county_pairs, self.school_pairs)

    def pairs(self, level: str) -> IntArray:
        """Return the (k, 2) positions of the pairs of `level`, "county" or "school"."""
        return self.both.of(level)
