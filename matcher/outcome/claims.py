"""What a plan says of itself, taken at its word: rows and numbers, from a `Plan`, a saved folder or a workbook.

The checker compares them with the input. Values that can't be read become `UNREADABLE`, so that one look names all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from matcher.base.errors import InvalidInput
from matcher.base.notices import Notice
from matcher.base.result import Level, Proof
from matcher.outcome.frames import PAIR_COLUMNS, UNMATCHED_COLUMNS
from matcher.policy.policy import Policy
from matcher.policy.rules import Violation
from matcher.tables.crosscheck import SIDES

if TYPE_CHECKING:
    from matcher.plan import Plan

#: stands for a value that is no number or word of the kind expected
UNREADABLE: Final = "?"


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

    @classmethod
    def of_folder(cls, path: Path) -> Claims:
        """Return what the plan saved at `path` says, whatever was changed in it since.

        Raises
        ------
        InvalidInput
            If there is no plan, or its form is beyond reading.
        """
        from matcher.files import saving  # not at the top: a Plan's own claims need neither
        from matcher.outcome import document as plandata

        folder = saving.find_plan(path)
        content = plandata.parsed((folder / saving.PLAN_JSON).read_bytes())
        broken = [Violation("file_changed", {"name": name}) for name in saving.changed_files(folder, content)]
        rows: dict[str, dict[str, list[Any]]] = {}
        for level, name in saving.PAIR_FILES.items():
            rows[level] = _typed(_table(folder / name), PAIR_COLUMNS[level], name, broken)
        unmatched = _typed(_table(folder / saving.UNMATCHED_FILE), UNMATCHED_COLUMNS, saving.UNMATCHED_FILE, broken)
        arrays: Mapping[str, Any] = {}
        try:
            arrays = saving.proof_arrays((folder / saving.PROOF_FILE).read_bytes())
        except (InvalidInput, OSError):
            broken.append(Violation("proof_unreadable", {}))
        with plandata.readable():
            if sorted(arrays) != content["proof"]["arrays"]:
                broken.append(Violation("proof_arrays", {}))
        with plandata.readable():
            return cls(
                rows,
                plandata.policy_of(content),
                unmatched,
                content["status"],
                content["stop_reason"],
                plandata.levels_of(content),
                plandata.proof_of(content, arrays),
                plandata.witness_of(content),
                plandata.notices_of(content),
                dict(content["metrics"]),
                content["input"],
                tuple(broken),
            )
        raise AssertionError("unreachable")


def _table(path: Path) -> dict[str, list[str]]:
    from matcher.files.saving import table_of

    return table_of(path.read_bytes(), path.name) if path.is_file() else {}


_NUMBERS: Final = {"km": float, "minutes": float, "since": int, "missing": int}


def _typed(
    table: Mapping[str, Sequence[str]], columns: Sequence[str], name: str, broken: list[Violation]
) -> dict[str, list[Any]]:
    """Return the columns of a table of text as values; what is missing or unreadable is added to `broken`."""
    found: dict[str, list[Any]] = {}
    for column in columns:
        if column not in table:
            broken.append(Violation("column_missing", {"name": name, "column": column}))
            continue
        found[column] = [_value(column, cell) for cell in table[column]]
        for row, value in enumerate(found[column]):
            if value == UNREADABLE:
                cell = table[column][row]
                broken.append(Violation("unreadable", {"name": name, "row": row + 2, "column": column, "value": cell}))
    return found


def _value(column: str, cell: str) -> Any:
    if column == "kept":
        return {"true": True, "false": False}.get(cell.strip().lower(), UNREADABLE)
    if column not in _NUMBERS:
        return cell
    if not cell.strip():
        return None
    try:
        value = _NUMBERS[column](cell)
    except ValueError:
        return UNREADABLE
    return value if isfinite(value) else UNREADABLE
