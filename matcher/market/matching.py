"""What `match` returns: the pairs, what they cost, what was proved, and how to check it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from matcher.base.errors import InfeasibleError, UnsolvedError, check_count, text
from matcher.base.escaping import html_text
from matcher.base.notices import Notice
from matcher.base.progress import Budget, CancelToken, ProgressCallback, StopReason
from matcher.base.result import Level, Proof, Status
from matcher.market import certificate
from matcher.market import matching_in as reading
from matcher.market.arrayform import ArrayForm, seal
from matcher.market.certificate import HallWitness
from matcher.market.contradictions import ways_out
from matcher.market.input import Bools, Ints
from matcher.market.market import Market
from matcher.market.preferences import SCOPES, blocking
from matcher.market.statistics import Statistics
from matcher.market.ways_out import NOTHING, MarketWaysOut

if TYPE_CHECKING:
    import pandas as pd

Total = int | float | tuple[int | float, ...]


@dataclass(frozen=True, slots=True)
class Prices:
    """Integer dual prices, one row a level: `provider` (K, P) and `recipient` (K, R) int64.

    At each level ``cost + provider - recipient`` is the reduced cost of a pair: over all allowed pairs the vector of
    them is lexicographically >= 0 where the pair is not in the matching and <= 0 where it is.
    """

    provider: Ints
    recipient: Ints


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Matching(ArrayForm):
    """A set of pairs and what is claimed about it.

    Attributes
    ----------
    market
        What was matched.
    pairs
        (k, 2) int64: provider position, recipient position, in order of (provider, recipient); empty if there is none.
    status
        "optimal", "feasible" (stopped: best found, with bounds), "infeasible" or "unknown" (stopped with nothing).
    stop_reason
        None, "time", "work", "gap", "cancelled", "worker_died" or "search"; see `Plan`.
    levels
        One `Level` for each objective of the market, in strict order; values and bounds in whole units (of
        `market.resolution`). Without `unmet_cost` the first is "unmet", the number of missing units.
    proof
        kind "certificate" with the dual prices, or with the members of a Hall set if the status is "infeasible"; its
        scope is "all_pairs", "hall_set", or "stable_matchings"; under ties "stable_matchings_ties_by_position",
        "stable_matchings_ties_by_order" (the order is in the proof), or "weakly_stable_matchings" (a solver's word).
    blocking
        (b, 2) int64, the pairs that both sides would rather be in, if `stability="report"` asked for them.
    intact
        False if it was read from arrays of which any was changed after `to_arrays` sealed them.
    opened
        (P,) bool, who is open; None for a flow.
    units
        (k,) int64, how many units each pair has, where the market has a `pair_limit`; None: one each.
    statistics
        How `match` found it: phases, rounds, time and bounds over time; None of any other. Times differ from run to
        run, so equality, hash and what is saved leave it out; a pickle keeps it.
    """

    _format: ClassVar[str] = "matcher.matching/1"

    market: Market
    pairs: Ints
    status: Status
    stop_reason: StopReason | None
    levels: tuple[Level, ...]
    proof: Proof
    blocking: Ints | None = None
    intact: bool = True
    opened: Bools | None = None
    units: Ints | None = None
    statistics: Statistics | None = None

    @property
    def has_pairs(self) -> bool:
        """Whether there is a matching at all (it may be empty)."""
        return self.status in ("optimal", "feasible")

    @property
    def cost(self) -> Total | None:
        """Total over the pairs in the market's own unit, exact: a number for one cost level, a tuple for several."""
        if not self.has_pairs:
            return None
        cost = certificate.pair_totals(self.market, self.with_units)
        return _single([self._in_own_unit(total) for total in cost])

    @property
    def with_units(self) -> Ints:
        """The pairs, (k, 2), or (k, 3) with the units of each where a pair may have several."""
        return self.pairs if self.units is None else np.column_stack([self.pairs, self.units])

    @property
    def objective(self) -> Total | None:
        """The value of every level, what is unmet included: a number for one level, a tuple for several.

        Without `unmet_cost` the number of unmet units is the first level, so there are at least two.
        """
        if not self.has_pairs:
            return None
        values = certificate.values(self.market, self.with_units, self.opened)
        rows = [objective.cost_row for objective in self.market.objectives]
        return _single([v if row is None else self._in_own_unit(v) for v, row in zip(values, rows, strict=True)])

    @property
    def unmet(self) -> Ints | None:
        """Units below the maximum of every recipient, (R,) int64; None without a matching."""
        return certificate.missing_units(self.market, self.with_units) if self.has_pairs else None

    @property
    def prices(self) -> Prices | None:
        """The dual prices of the levels that were proved, or None."""
        if "provider" not in self.proof.arrays:
            return None
        return Prices(self.proof.arrays["provider"], self.proof.arrays["recipient"])

    @property
    def witness(self) -> HallWitness | None:
        """Why no matching meets the minima; None otherwise, also if the minima only exclude every stable matching."""
        for side in ("recipient", "provider"):
            members = self.proof.arrays.get(f"hall_{side}")
            if members is not None:
                return HallWitness.of(self.market, side, members)
        return None

    def repairs(
        self,
        k: int = 3,
        *,
        time_limit_s: float | None = 60.0,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> MarketWaysOut:
        """Return, of an infeasible matching, demands that contradict each other and up to k ways out, cheapest first.

        Minima of a flow are lowered by the fewest units in all, exactly. Of a market that is more than a flow, and
        where stability is required, as few demands as can be are given up, each no farther than needed.

        Raises
        ------
        InvalidInput
            If k or a limit is faulty.

        Examples
        --------
        >>> import matcher
        >>> market = matcher.Market.from_matrix([[1, 1]], demand=[(1, 1), (1, 1)])
        >>> (way, *_) = matcher.match(market).repairs().repairs
        >>> way.given_up, matcher.match(way.apply(market)).status
        (1, 'optimal')
        """
        check_count(k, "k")
        budget = Budget(time_limit_s=time_limit_s, progress=progress, cancel=cancel)
        if self.status != "infeasible":
            return NOTHING
        stable = self.proof.scope in SCOPES
        return ways_out(self.market, k, budget, stable=stable)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What one should know beside the claims: of the market, and over what a claim under ties does not hold."""
        told = self.market.notices
        if not self.proof.scope.startswith("stable_matchings_ties"):
            return told
        solver = self.proof.solver
        return (*told, Notice("ties_broken") if solver is None else Notice("ties_settled", {"solver": solver}))

    def raise_for_status(self) -> Matching:
        """Return the matching itself if there is one.

        Raises
        ------
        InfeasibleError
            If the minima cannot be met; carries the witness, and leads to the ways out (`error.repairs()`).
        UnsolvedError
            If the work was stopped before anything feasible was found.
        """
        if self.status == "infeasible":
            witness = self.witness
            if not self.market.is_flow:
                said = text("matching.infeasible.program", solver=self.proof.solver)
                raise InfeasibleError(said, {"kind": "program"}, of=self)
            if witness is None:
                raise InfeasibleError(*self._no_stable_matching(), of=self)
            facts = {
                "side": witness.side,
                "members": witness.members.tolist(),
                "reach": witness.reach.tolist(),
                "needed": witness.needed,
                "available": witness.available,
            }
            message = text(
                f"matching.infeasible.{witness.side}",
                members=_some(witness.members),
                needed=witness.needed,
                available=witness.available,
            )
            raise InfeasibleError(message, facts, of=self)
        if self.status == "unknown":
            raise UnsolvedError(text("matching.unknown", reason=self.stop_reason))
        return self

    def _no_stable_matching(self) -> tuple[str, dict[str, Any]]:
        for side in ("recipient", "provider"):
            members = self.proof.arrays.get(f"short_{side}")
            if members is not None:
                facts = {"side": side, "members": members.tolist(), "stability": "require"}
                return text(f"matching.unstable.{side}", members=_some(members)), facts
        if self.proof.kind == "solver":
            facts = {"kind": "program", "stability": "require"}
            return text("matching.unstable.program", solver=self.proof.solver), facts
        raise ValueError("an infeasible matching has a witness")

    def to_frame(self) -> pd.DataFrame:
        """Return a row a pair: provider, recipient (ids where the market has them), units if any, cost of each level.

        Costs are those of one unit, in the market's own unit.
        """
        import pandas as pd

        ids = self.market.ids
        ends = [
            column if names is None else names[column]
            for column, names in zip(self.pairs.T, ids or (None, None), strict=True)
        ]
        columns: dict[str, Any] = {"provider": ends[0], "recipient": ends[1]}
        if self.units is not None:
            columns["units"] = self.units
        for name, level in zip(self.market.level_names, self.market.pair_cost(self.pairs), strict=True):
            columns[name] = level if self.market.resolution == 1 else [self._in_own_unit(int(each)) for each in level]
        return pd.DataFrame(columns)

    def blocking_pairs(self) -> Ints | None:
        """Return the pairs that both sides would rather be in, (b, 2) int64, or None without a matching.

        See `matcher.stable.preferences`.
        """
        if not self.has_pairs:
            return None
        return blocking(self.market, self.pairs)

    def _in_own_unit(self, total: int) -> int | float:
        resolution = self.market.resolution
        return total if resolution == 1 else float(total * Fraction(repr(resolution)))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the matching and its market as plain arrays (no objects, no pickle), readable by `from_arrays`.

        The array `seal` is the SHA-256 of all others. Prices are not unique: a proof with one of them changed may still
        prove the same, and two pairs of equal cost may be swapped, so only a seal tells the proof that was given from
        another. It says nothing about truth: that, the prices decide.
        """
        levels = [level.to_json() for level in self.levels]
        arrays: dict[str, NDArray[Any]] = {
            "format": np.array(self._format),
            "pairs": self.pairs,
            "status": np.array(self.status),
            "stop_reason": np.array(self.stop_reason or ""),
            "proof": np.array([self.proof.kind, self.proof.scope, self.proof.solver or ""]),
        }
        for name in ("blocking", "opened", "units"):
            if getattr(self, name) is not None:
                arrays[name] = getattr(self, name)
        for name in Level.__slots__:
            # Numbers beyond 64 bits and None have no array of their own: text keeps them exactly.
            arrays[f"level_{name}"] = np.array([repr(level[name]) for level in levels], np.str_)
        arrays.update({f"proof_{name}": array for name, array in self.proof.arrays.items()})
        arrays.update({f"market_{name}": array for name, array in self.market.to_arrays().items()})
        arrays["seal"] = seal(arrays)
        return arrays

    def __reduce__(self) -> tuple[Any, ...]:
        # the seal is made anew: that it was broken when this was read must not be lost
        return _crossed, (self.to_arrays(), self.intact, self.statistics)

    def __hash__(self) -> int:
        return hash((self.status, self.pairs.tobytes()))

    @classmethod
    def _read(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        market = Market.from_arrays({name[7:]: array for name, array in arrays.items() if name.startswith("market_")})
        proof = {name[6:]: array for name, array in arrays.items() if name.startswith("proof_")}
        sizes = {"provider": market.num_providers, "recipient": market.num_recipients}
        for name in ("hall_provider", "hall_recipient", "short_provider", "short_recipient"):
            if name in proof:
                proof[name] = reading.positions(proof[name], sizes[name.partition("_")[2]], name)
        pairs = {
            name: reading.pairs(arrays[name], tuple(sizes.values()), name)
            for name in ("pairs", "blocking")
            if name in arrays
        }
        status, stop_reason = reading.status_of(arrays)
        return cls(
            market,
            pairs["pairs"],
            status,
            stop_reason,
            reading.levels_of(arrays),
            reading.proof_of(arrays, proof),
            pairs.get("blocking"),
            np.array_equal(arrays["seal"], seal(arrays)),
            arrays.get("opened"),
            reading.units(arrays, len(pairs["pairs"]), market.pair_limit is not None),
        )

    def replace(self, **changes: Any) -> Matching:
        """Return a copy with some attributes changed."""
        return replace(self, **changes)

    def __repr__(self) -> str:
        stopped = f", stopped: {self.stop_reason}" if self.stop_reason else ""
        if not self.has_pairs:
            return f"<Matching {self.status}{stopped}>"
        return f"<Matching {self.status}, {len(self.pairs)} pairs, cost {self.cost}, proof {self.proof.kind}{stopped}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html_text(level.name)}</td><td>{_shown(level.value)}</td><td>{_shown(level.bound)}</td>"
            f"<td>{html_text(level.unit)}</td></tr>"
            for level in self.levels
        )
        head = (
            f"<b>Matching</b>: {html_text(self.status)}, {len(self.pairs)} pairs, proof: {html_text(self.proof.kind)}"
        )
        told = "".join(f"<p>{html_text(notice.text())}</p>" for notice in self.notices)
        table = f"<table><tr><th>level</th><th>value</th><th>bound</th><th>unit</th></tr>{rows}</table>"
        return f"<div>{head}{table}{told}</div>"


def _crossed(arrays: Mapping[str, NDArray[Any]], intact: bool, statistics: Statistics | None) -> Matching:
    return Matching.from_arrays(arrays).replace(intact=intact, statistics=statistics)


def _some(members: Ints) -> str:
    return ", ".join(map(str, members[:20].tolist())) + (" …" if len(members) > 20 else "")


def _shown(number: int | None) -> str:
    return "–" if number is None else f"{number:,}"


def _single(totals: list[int | float]) -> Total:
    return totals[0] if len(totals) == 1 else tuple(totals)
