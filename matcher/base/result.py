"""What a result may claim: status, levels with value and bound, and the proof behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from matcher.base.crossing import Crosses

Status = Literal["optimal", "feasible", "infeasible", "unknown"]
Sense = Literal["max", "min"]
ProofKind = Literal["certificate", "solver", "none"]


@dataclass(frozen=True, slots=True)
class Level:
    """One objective, optimised among the optima of the levels before it.

    Attributes
    ----------
    name, sense, unit
        Such as "convenience", "min", "m".
    value
        What the plan attains, an exact integer in `unit`; None without a plan.
    bound
        What no plan can beat given the levels before; None if nothing was proved.
    gap
        |value - bound| in `unit`, None if one of them is None.
    conditional
        True if a level before has a gap, so that value and bound hold given that level's value only.
    method
        Which algorithm ran: "flow", "assignment", "lazy_assignment", "mip", "threshold", "none", ...
    scope
        Over what the bound holds, such as "all allowed pairs".
    """

    name: str
    sense: Sense
    unit: str
    value: int | None
    bound: int | None
    gap: int | None = None
    conditional: bool = False
    method: str = "none"
    scope: str = ""

    @property
    def relative_gap(self) -> float | None:
        """The gap relative to max(1, |value|)."""
        return None if self.gap is None or self.value is None else self.gap / max(1, abs(self.value))

    def to_json(self) -> dict[str, Any]:
        """Return the level as plain JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def of(cls, name: str, sense: Sense, unit: str, value: int | None, bound: int | None, **rest: Any) -> Level:
        """Make a level and its gap from value and bound."""
        gap = None if value is None or bound is None else abs(value - bound)
        return cls(name, sense, unit, value, bound, gap, **rest)


@dataclass(frozen=True, slots=True)
class Proof(Crosses):
    """What was proved and how it can be checked again.

    Attributes
    ----------
    kind
        "certificate": dual prices that the checker verifies in exact integers; "solver": claimed by `solver`;
        "none": nothing was proved.
    scope
        Over which pairs and decisions the claim holds, in a stable word such as "all_pairs", "listed_arcs",
        "both_levels", "one_level_after_the_other".
    solver
        Name and version of the solver that claims, None for a certificate.
    arrays
        The certificate's arrays (int64), by name.
    """

    kind: ProofKind
    scope: str = ""
    solver: str | None = None
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=lambda: MappingProxyType({}))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Proof):
            return NotImplemented
        return (self.kind, self.scope, self.solver, self.arrays.keys()) == (
            other.kind,
            other.scope,
            other.solver,
            other.arrays.keys(),
        ) and all(np.array_equal(array, other.arrays[name]) for name, array in self.arrays.items())

    __hash__ = None  # type: ignore[assignment]
