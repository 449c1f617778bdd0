"""What a plan says of itself, taken at its word: rows and numbers, from a `Plan`, a saved folder or a workbook.

The checker compares them with the input. Values that can't be read become `UNREADABLE`, so that one look names all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from matcher.base.names import SIDES, UNMATCHED_COLUMNS
from matcher.base.notices import Notice
from matcher.base.result import Level, Proof
from matcher.base.violations import Violation
from matcher.outcome.frames import PAIR_COLUMNS
from matcher.policy.policy import Policy

if TYPE_CHECKING:
    from matcher.plan import Plan


@dataclass(frozen=True, slots=True)
class SheetClaims:
    """A sheet of a plan's workbook as it is: its title, its headers by column, its rows by number with their cells."""

    title: str
    titles: Mapping[str, str]
    rows: tuple[tuple[int, Mapping[str, Any]], ...]


@dataclass(frozen=True, slots=True)
class BookClaims:
    """What a plan's workbook says besides its pairs, in its language; `touched`: its pairs are not those written."""

    lang: str
    touched: bool
    sheets: Mapping[str, SheetClaims]


@dataclass(frozen=True, slots=True)
class Claims:
    """What a plan says of itself.

    Attributes
    ----------
    rows
        "county" and "school" -> columns of `PAIR_COLUMNS`, as Python values; a column that is absent claims nothing.
    unmatched
        Columns of `UNMATCHED_COLUMNS`; None if the plan does not say.
    status, stop_reason, levels, proof, witness, warnings, metrics
        As in `Plan`; None where the plan does not say.
    policy
        The plan's own policy.
    digest
        Of the input that the plan was made from; None if the plan does not say.
    broken
        What is wrong with the form the plan came in.
    edits
        What was changed in a workbook since it was written; no fault as such.
    book
        The sheets of a workbook that follow from its pairs; None if nobody changed it, or it is none.
    """

    rows: Mapping[str, Mapping[str, Sequence[Any]]]
    policy: Policy
    unmatched: Mapping[str, Sequence[Any]] | None = None
    status: str | None = None
    stop_reason: str | None = None
    levels: tuple[Level, ...] | None = None
    proof: Proof | None = None
    witness: Mapping[str, Any] | None = None
    warnings: tuple[Notice, ...] | None = None
    metrics: Mapping[str, Any] | None = None
    digest: str | None = None
    broken: tuple[Violation, ...] = field(default=())
    edits: tuple[Violation, ...] = field(default=())
    book: BookClaims | None = None

    @classmethod
    def of(cls, plan: Plan) -> Claims:
        """Return what `plan` says."""
        frames = {"county": plan.county_pairings, "school": plan.school_pairings}
        rows = {
            level: {
                name: [
                    None if missing else value for value, missing in zip(column.tolist(), column.isna(), strict=True)
                ]
                for name in PAIR_COLUMNS[level]
                for column in (frames[level][name],)
            }
            for level in SIDES
        }
        unmatched = plan.unmatched
        return cls(
            rows,
            plan.policy,
            {name: unmatched[name].tolist() for name in UNMATCHED_COLUMNS},
            plan.status,
            plan.stop_reason,
            plan.levels,
            plan.proof,
            plan.witness,
            plan.warnings,
            plan.metrics,
            plan.instance.digest,
        )
