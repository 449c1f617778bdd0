"""What a saved plan says of itself, whatever was changed in its files since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, Final

from matcher.base.disk import regular_bytes
from matcher.base.errors import InvalidInput
from matcher.base.names import UNMATCHED_COLUMNS
from matcher.base.unreadable import UNREADABLE
from matcher.base.violations import Violation
from matcher.files.planfolder import (
    PAIR_FILES,
    PLAN_JSON,
    PROOF_FILE,
    UNMATCHED_FILE,
    changed_files,
    find_plan,
    proof_arrays,
    table_of,
)
from matcher.outcome.claims import Claims
from matcher.outcome.document import levels_of, notices_of, parsed, policy_of, proof_of, readable, witness_of
from matcher.outcome.frames import PAIR_COLUMNS


def claims_of_folder(path: Path) -> Claims:
    """Return what the plan saved at `path` says, whatever was changed in it since.

    Raises
    ------
    InvalidInput
        If there is no plan, or its form is beyond reading.
    """
    folder = find_plan(path)
    content = parsed(regular_bytes(folder / PLAN_JSON))
    broken = [Violation("file_changed", {"name": name}) for name in changed_files(folder, content)]
    rows: dict[str, dict[str, list[Any]]] = {}
    for level, name in PAIR_FILES.items():
        rows[level] = _typed(_table(folder / name), PAIR_COLUMNS[level], name, broken)
    unmatched = _typed(_table(folder / UNMATCHED_FILE), UNMATCHED_COLUMNS, UNMATCHED_FILE, broken)
    arrays: Mapping[str, Any] = {}
    try:
        arrays = proof_arrays(regular_bytes(folder / PROOF_FILE))
    except (InvalidInput, OSError):
        broken.append(Violation("proof_unreadable", {}))
    with readable():
        if sorted(arrays) != content["proof"]["arrays"]:
            broken.append(Violation("proof_arrays", {}))
    with readable():
        return Claims(
            rows,
            policy_of(content),
            unmatched,
            content["status"],
            content["stop_reason"],
            levels_of(content),
            proof_of(content, arrays),
            witness_of(content),
            notices_of(content),
            dict(content["metrics"]),
            content["input"],
            tuple(broken),
        )
    raise AssertionError("unreachable")


def _table(path: Path) -> dict[str, list[str]]:
    return table_of(regular_bytes(path), path.name) if path.is_file() else {}


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
