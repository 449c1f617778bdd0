"""A saved plan as a folder: its files, how they are found after a crash, and whether they are as they were written."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from matcher.base import told
from matcher.base.arrayfile import BrokenArrays, read_arrays
from matcher.base.disk import real, regular_bytes
from matcher.base.errors import Fault, InvalidInput, SaveError
from matcher.base.escaping import unescape
from matcher.files.reading import read
from matcher.model import Instance
from matcher.outcome.document import assemble, notices_of, parsed, readable
from matcher.outcome.frames import PAIR_COLUMNS
from matcher.outcome.notices import DERIVED

PLAN_JSON: Final = "plan.json"
PAIR_FILES: Final = {"county": "county_pairings.csv", "school": "school_pairings.csv"}
UNMATCHED_FILE: Final = "unmatched.csv"
PROOF_FILE: Final = "proof.npz"
INPUT_FOLDER: Final = "input"
#: how often a reader looks for a whole plan while a writer replaces it
_LOOKS: Final = 5


def saved_fields(path: str | Path) -> dict[str, Any]:
    """Return the fields of a plan that `save_plan` wrote to a folder.

    Raises
    ------
    InvalidInput
        If there is no plan, or a file was changed since it was saved; `matcher.verify` says what is wrong with it.
    """
    for left in reversed(range(_LOOKS)):
        try:
            return _load(find_plan(Path(path)))
        except (InvalidInput, OSError) as error:
            # a writer may have put a new plan in place between two reads: look again
            if left:
                continue
            if isinstance(error, OSError):
                raise InvalidInput([Fault("unreadable_plan", "plan", value=str(path))]) from error
            raise
    raise AssertionError("unreachable")


def _load(folder: Path) -> dict[str, Any]:
    """Read every file once and believe only what has the hash that plan.json gives: a writer may come in between."""
    content = parsed(regular_bytes(folder / PLAN_JSON))
    changed = set(changed_files(folder, content))
    names = [name for name in (*PAIR_FILES.values(), PROOF_FILE) if name not in changed]
    files = {name: regular_bytes(folder / name) for name in names}
    changed |= {name for name, read in files.items() if _digest(read) != _recorded(content).get(name)}
    if not changed:
        instance = read_input(folder)
        changed = set() if instance.digest == content.get("input") else {INPUT_FOLDER}
    if changed:
        raise InvalidInput([Fault("file_changed", "plan", value=name) for name in sorted(changed)])
    with readable():
        # what the reader noticed when the plan was made, in place of what it sees in the tables written since
        noticed = tuple(notice for notice in notices_of(content) if notice.code not in DERIVED)
    instance = instance.as_read(noticed)
    pairs = {level: _pairs(level, table_of(files[name], name)) for level, name in PAIR_FILES.items()}
    return assemble(content, instance, pairs, proof_arrays(files[PROOF_FILE]))


def find_plan(path: Path) -> Path:
    """Return the folder that holds the whole plan: `path`, or what a crash left beside it.

    Raises
    ------
    InvalidInput
        If neither holds one.
    """
    with contextlib.suppress(SaveError):  # links that go round in a circle lead nowhere
        for folder in (real(path), beside(real(path))[1]):
            if (folder / PLAN_JSON).is_file():
                if folder != real(path):
                    told.warning("left_by_a_crash", path=path)
                return folder
    raise InvalidInput([Fault("no_plan", "plan", value=os.path.abspath(path))])


def changed_files(folder: Path, content: Mapping[str, Any]) -> list[str]:
    """Return the files whose content is not what `plan.json` has the hash of: changed, missing, or not recorded."""
    recorded = _recorded(content)
    there = set(files_of(folder))
    kept = {name for name in there if hash_of(folder / name) == recorded.get(name)}
    return sorted((there | set(recorded)) - kept)


def _recorded(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the hashes that a plan document gives; none if it gives them in another form."""
    recorded = content.get("files")
    return recorded if isinstance(recorded, dict) else {}


def read_input(folder: Path) -> Instance:
    """Return the instance that was saved with the plan."""
    return read(folder / INPUT_FOLDER)


def table_of(content: bytes, name: str) -> dict[str, list[str]]:
    """Return a CSV table of a saved plan as text by column.

    Raises
    ------
    InvalidInput
        If it is not UTF-8, or no CSV.
    """
    try:
        rows = [row for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")) if row]
    except (ValueError, csv.Error) as error:
        raise InvalidInput([Fault("broken_plan", "plan", details={"reason": f"{name}: {error}"})]) from None
    header = rows[0] if rows else []
    return {name: [unescape(row[at]) if at < len(row) else "" for row in rows[1:]] for at, name in enumerate(header)}


def proof_arrays(content: bytes) -> dict[str, np.ndarray]:
    """Return the arrays of a proof file.

    Raises
    ------
    InvalidInput
        If it is none.
    """
    try:
        return read_arrays(content)
    except BrokenArrays as error:
        raise InvalidInput([Fault("broken_plan", "plan", details={"reason": str(error)})]) from None


def _pairs(level: str, table: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    recipient, provider = PAIR_COLUMNS[level][:2]
    if recipient not in table or provider not in table:
        raise InvalidInput([Fault("broken_plan", "plan", details={"reason": PAIR_FILES[level]})])
    return list(zip(table[provider], table[recipient], strict=True))


def beside(path: Path) -> tuple[Path, Path]:
    """Return where a plan is written before it takes its place, and where the one before it waits meanwhile."""
    return path.with_name(f".{path.name}.part"), path.with_name(f".{path.name}.old")


def files_of(folder: Path) -> Iterator[str]:
    """Yield the files of a plan that are hashed, as paths with slashes, in order."""
    for name in sorted((*PAIR_FILES.values(), UNMATCHED_FILE, PROOF_FILE)):
        if (folder / name).is_file():
            yield name
    for path in sorted((folder / INPUT_FOLDER).glob("*")):
        yield f"{INPUT_FOLDER}/{path.name}"


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file, as plan.json gives it."""
    return _digest(regular_bytes(path))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
