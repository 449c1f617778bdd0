"""What a search for a presence plan returns, and the check of it without a solver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from matcher.base.numbers import BoolArray, IntArray
from matcher.base.progress import StopReason
from matcher.base.result import Level, LevelClaim, Proof, Status, in_order
from matcher.market import matching_in as reading
from matcher.market.arrayform import ArrayForm, seal
from matcher.market.certificate import Flaw
from matcher.market.presence import bound as exact
from matcher.market.presence.case import PresenceCase, plan_flaws, value

SCOPE: Final = "presence"
LEVEL: Final = "burden"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Presence(ArrayForm):
    """Which crew is at which site from which period on, and what is claimed about it.

    Attributes
    ----------
    market
        What was asked; None after reading, until it is given back: see `of`.
    pairs, start
        (k, 2) int64 of site and crew, in order, and (k,) the first period of each stay.
    status, stop_reason, levels, proof
        As of a `Matching`; one level "burden", in metres of a head. The proof holds the prices (P, K) int64.
    """

    _format: ClassVar[str] = "matcher.presence/1"

    market: PresenceCase | None
    pairs: IntArray
    start: IntArray
    status: Status
    stop_reason: StopReason | None
    levels: tuple[Level, ...]
    proof: Proof
    intact: bool = True

    @property
    def has_pairs(self) -> bool:
        """Whether there is a plan at all (it may be empty)."""
        return self.status in ("optimal", "feasible")

    @property
    def opened(self) -> BoolArray:
        """Which sites have anybody, (P,)."""
        assert self.market is not None
        found = np.zeros(self.market.num_sites, bool)
        found[self.pairs[:, 0]] = True
        return found

    @property
    def case(self) -> PresenceCase:
        """What was asked."""
        assert self.market is not None
        return self.market

    def replace(self, **changes: Any) -> Presence:
        """Return a copy with some attributes changed."""
        return replace(self, **changes)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the plan and its proof as plain arrays; what was asked is with the tables."""
        levels = [level.to_json() for level in self.levels]
        arrays: dict[str, NDArray[Any]] = {
            "format": np.array(self._format),
            "pairs": self.pairs,
            "start": self.start,
            "status": np.array(self.status),
            "stop_reason": np.array(self.stop_reason or ""),
            "proof": np.array([self.proof.kind, self.proof.scope, self.proof.solver or ""]),
        }
        for name in Level.__slots__:
            arrays[f"level_{name}"] = np.array([repr(level[name]) for level in levels], np.str_)
        arrays.update({f"proof_{name}": array for name, array in self.proof.arrays.items()})
        arrays["seal"] = seal(arrays)
        return arrays

    @classmethod
    def _read(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        proof = {name[6:]: array for name, array in arrays.items() if name.startswith("proof_")}
        status, stop_reason = reading.status_of(arrays)
        whole = np.array_equal(arrays["seal"], seal(arrays))
        claims = reading.levels_of(arrays), reading.proof_of(arrays, proof)
        return cls(None, arrays["pairs"], arrays["start"], status, stop_reason, *claims, whole)

    def __hash__(self) -> int:
        return hash((self.status, self.pairs.tobytes(), self.start.tobytes()))

    def __repr__(self) -> str:
        return f"<Presence {self.status}, {len(self.pairs)} stays>"


def claimed(
    case: PresenceCase,
    pairs: IntArray,
    start: IntArray,
    price: IntArray,
    solver: tuple[str, int | None] | None,
    stop: StopReason | None,
) -> Presence:
    """Return a plan with what its prices prove; `solver` claims a bound of its own beside them."""
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    pairs, start = np.ascontiguousarray(pairs[order]), np.ascontiguousarray(start[order])
    mine, total = exact.bound(case, price), value(case, pairs, start)
    theirs = None if solver is None else solver[1]
    best = max([b for b in (mine, theirs) if b is not None], default=None)
    closed = best == total
    levels = in_order([LevelClaim(LEVEL, "min", "m", total, best, "presence")], SCOPE)
    own = best is not None and best == mine
    proof = Proof(
        "certificate" if own else "solver" if solver else "none",
        SCOPE,
        None if own or solver is None else solver[0],
        {"price": price},
    )
    for array in (pairs, start, price):
        array.flags.writeable = False
    status: Status = "optimal" if closed else "feasible"
    return Presence(case, pairs, start, status, None if closed else stop or "search", levels, proof)


def proved_bounds(found: Presence) -> tuple[int | None, ...]:
    """Return the bound that the prices prove by themselves."""
    price = found.proof.arrays.get("price")
    case = found.case
    if price is None or price.shape != case.children.shape or price.dtype != np.int64:
        return ()
    return (exact.bound(case, price),)


def flaws(found: Presence) -> tuple[Flaw, ...]:
    """Return every rule that is broken, safety rules by name, and every claim that does not hold."""
    case, wrong = found.case, [] if found.intact else [Flaw("seal_broken")]
    if [level.name for level in found.levels] != [LEVEL] or not found.has_pairs:
        return (*wrong, Flaw("levels_other"))
    wrong += plan_flaws(case, found.pairs, found.start)
    if wrong:
        return tuple(wrong)
    (level,) = found.levels
    total, mine = value(case, found.pairs, found.start), (proved_bounds(found) or (None,))[0]
    if level.value != total:
        wrong.append(Flaw("level_value", {"claimed": level.value, "found": total}))
    bad = level.bound is not None and level.bound > total
    if bad or (mine is not None and (level.bound is None or level.bound < mine)):
        wrong.append(Flaw("level_bound", {"claimed": level.bound, "found": mine}))
    if level.gap != (None if level.bound is None else total - level.bound) or level.conditional:
        wrong.append(Flaw("level_gap"))
    if (found.status == "optimal") != (level.gap == 0) or (found.stop_reason is None) != (level.gap == 0):
        wrong.append(Flaw("status_not_proved", {"status": found.status}))
    if (found.proof.kind == "certificate") != (mine is not None and level.bound == mine):
        wrong.append(Flaw("proof_kind", {"claimed": found.proof.kind}))
    return tuple(wrong)


def finding(found: Presence) -> str:
    """Say whether the bound was recomputed ("proved") or is a solver's word ("claimed")."""
    return "proved" if found.proof.kind == "certificate" else "claimed"
