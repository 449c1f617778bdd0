"""What a solver hands over: pairs as positions, levels with bounds, a proof. `Plan` turns it into the user's ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from matcher.base.numbers import IntArray
from matcher.base.progress import StopReason
from matcher.base.result import Level, Proof, Status


def no_pairs() -> IntArray:
    """Return a (0, 2) array of positions."""
    return np.zeros((0, 2), dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """A decision over both levels of pairing.

    Attributes
    ----------
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

    status: Status
    stop_reason: StopReason | None
    county_pairs: IntArray
    school_pairs: IntArray
    levels: tuple[Level, ...]
    proof: Proof
    witness: Mapping[str, Any] | None = None

    @property
    def has_plan(self) -> bool:
        """Whether there is a plan, proved or not."""
        return self.status in ("optimal", "feasible")

    @property
    def pairs(self) -> tuple[IntArray, IntArray]:
        """County pairs and school pairs."""
        return self.county_pairs, self.school_pairs
