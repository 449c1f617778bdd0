"""What a result may claim: status, levels with value and bound, and the proof behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
        Over what value and bound hold: the scope of the proof, a stable word (see `Proof`); "" if nothing was proved.
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
    def proved(cls, name: str, sense: Sense, unit: str, value: int, method: str, scope: str) -> Level:
        """Return a level at its optimum, after others at theirs."""
        return cls(name, sense, unit, value, value, 0, False, method, scope)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Level:
        """Read what `to_json` wrote.

        Raises
        ------
        ValueError
            If a number is no exact integer, or a word none.
        """
        level = cls(**content)
        exact = all(type(number) is int or number is None for number in (level.value, level.bound, level.gap))
        if not (exact and type(level.conditional) is bool and type(level.name) is str):
            raise ValueError(f"level {level.name!r}")
        return level


@dataclass(frozen=True, slots=True)
class LevelClaim:
    """What is claimed of one level on its own.

    Attributes
    ----------
    name, sense, unit, value, bound, method
        As in `Level`.
    closed
        Whether value and bound settle the level; by default, whether they are equal.
    """

    name: str
    sense: Sense
    unit: str
    value: int | None
    bound: int | None
    method: str = "none"
    closed: bool | None = None

    @property
    def is_closed(self) -> bool:
        """Whether what comes after holds for all optima of this level."""
        return self.closed if self.closed is not None else self.value is not None and self.value == self.bound


def in_order(claims: Iterable[LevelClaim], scope: str) -> tuple[Level, ...]:
    """Return the levels of a result, the one rule for all: what comes after the first open level is conditional."""
    levels: list[Level] = []
    settled = True
    for claim in claims:
        gap = None if claim.value is None or claim.bound is None else abs(claim.value - claim.bound)
        known = (claim.name, claim.sense, claim.unit, claim.value, claim.bound, gap)
        levels.append(Level(*known, conditional=not settled, method=claim.method, scope=scope))
        settled = settled and claim.is_closed
    return tuple(levels)


def unclaimed(claims: Iterable[LevelClaim]) -> tuple[Level, ...]:
    """Return levels of which nothing is claimed but their values: none is conditional on another."""
    return tuple(Level(c.name, c.sense, c.unit, c.value, None, method=c.method) for c in claims)


@dataclass(frozen=True, slots=True)
class Proof(Crosses):
    """What was proved and how it can be checked again.

    Attributes
    ----------
    kind
        "certificate": dual prices that the checker verifies in exact integers; "solver": claimed by `solver`;
        "none": nothing was proved.
    scope
        Over which pairs and decisions the claim holds, in a stable word. Of a plan: "both_levels",
        "one_level_after_the_other", "stable_plans", "stable_plans_ties_broken". Of a matching: "all_pairs", "hall_set",
        "stable_matchings", "stable_matchings_ties_by_position", "stable_matchings_ties_by_order",
        "weakly_stable_matchings", "matchings_in_limit". "" if nothing was proved.
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
