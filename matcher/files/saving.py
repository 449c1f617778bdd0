"""Plans on disk: a folder written beside and renamed into place, so that a whole one can be found after any crash.

While OUT is replaced, `.OUT.part` is being written; once whole, OUT becomes `.OUT.old` and the part becomes OUT.
Between those two renames only `.OUT.old` stands, and `load_plan` takes it. Writers of one target take turns (`alone`);
readers never wait.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import hashlib
import io
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcher.base.disk import alone
from matcher.base.errors import Fault, InvalidInput, Lang, SaveError
from matcher.base.escaping import escape, unescape
from matcher.files.plan_book import write_plan
from matcher.files.reading import read
from matcher.files.writing import csv_bytes, write_tables
from matcher.outcome.document import assemble, dumps, head, parsed
from matcher.outcome.frames import PAIR_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

    from matcher.model import Instance
    from matcher.plan import Plan

PLAN_JSON: Final = "plan.json"
PAIR_FILES: Final = {"county": "county_pairings.csv", "school": "school_pairings.csv"}
UNMATCHED_FILE: Final = "unmatched.csv"
PROOF_FILE: Final = "proof.npz"
INPUT_FOLDER: Final = "input"
#: files made from a plan on request; they describe the plan that is replaced, so they go with it
_MADE: Final = {"plan.xlsx", "plan.html", "map.png"}
#: how often a reader looks for a whole plan while a writer replaces it
_LOOKS: Final = 5
#: zip archives begin their calendar here
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


def save_plan(plan: Plan, path: Path, lang: Lang = "en") -> Path:
    """Write `plan` to the folder or workbook `path` (see `Plan.save`)."""
    if path.suffix.lower() == ".xlsx":
        return _save_workbook(plan, path, lang)
    path = Path(os.path.abspath(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with alone(path):
            _replace(plan, path)
    except OSError as error:
        raise SaveError("save_failed", path=path, reason=error.strerror or error) from error
    return path


def _replace(plan: Plan, path: Path) -> None:
    """Write the whole plan beside and put it in the place of what stands there."""
    part, old = _beside(path)
    try:
        _recover(path)
        _refuse_foreign(path)
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        _write(plan, part)
        _keep_others(path, part)
        _sync(part)
        _swap(part, path, old)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


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
    content = parsed((folder / PLAN_JSON).read_bytes())
    changed = set(changed_files(folder, content))
    names = [name for name in (*PAIR_FILES.values(), PROOF_FILE) if name not in changed]
    files = {name: (folder / name).read_bytes() for name in names}
    changed |= {name for name, read in files.items() if _digest(read) != _recorded(content).get(name)}
    if not changed:
        instance = read_input(folder)
        changed = set() if instance.digest == content.get("input") else {INPUT_FOLDER}
    if changed:
        raise InvalidInput([Fault("file_changed", "plan", value=name) for name in sorted(changed)])
    pairs = {level: _pairs(level, table_of(files[name], name)) for level, name in PAIR_FILES.items()}
    return assemble(content, instance, pairs, proof_arrays(files[PROOF_FILE]))


def find_plan(path: Path) -> Path:
    """Return the folder that holds the whole plan: `path`, or what a crash left beside it.

    Raises
    ------
    InvalidInput
        If neither holds one.
    """
    path = Path(os.path.abspath(path))
    for folder in (path, _beside(path)[1]):
        if (folder / PLAN_JSON).is_file():
            return folder
    raise InvalidInput([Fault("no_plan", "plan", value=str(path))])


def changed_files(folder: Path, content: Mapping[str, Any]) -> list[str]:
    """Return the files whose content is not what `plan.json` has the hash of: changed, missing, or not recorded."""
    recorded = _recorded(content)
    there = set(_files(folder))
    kept = {name for name in there if _hash(folder / name) == recorded.get(name)}
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
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in sorted(arrays.files)}
    except (ValueError, OSError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise InvalidInput([Fault("broken_plan", "plan", details={"reason": str(error)})]) from None


def _pairs(level: str, table: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    recipient, provider = PAIR_COLUMNS[level][:2]
    if recipient not in table or provider not in table:
        raise InvalidInput([Fault("broken_plan", "plan", details={"reason": PAIR_FILES[level]})])
    return list(zip(table[provider], table[recipient], strict=True))


def _beside(path: Path) -> tuple[Path, Path]:
    return path.with_name(f".{path.name}.part"), path.with_name(f".{path.name}.old")


def _recover(path: Path) -> None:
    """Finish what a crash left: the old plan goes back, or away if the new one stands."""
    old = _beside(path)[1]
    if old.exists():
        if path.exists():
            shutil.rmtree(old)
        else:
            old.rename(path)


def _refuse_foreign(path: Path) -> None:
    if path.exists() and not (path.is_dir() and ((path / PLAN_JSON).is_file() or not any(path.iterdir()))):
        raise SaveError("save_foreign", path=path)


def _swap(part: Path, path: Path, old: Path) -> None:
    if not path.exists():
        part.rename(path)
    else:
        path.rename(old)
        try:
            part.rename(path)
        except OSError:
            old.rename(path)
            raise
        shutil.rmtree(old, ignore_errors=True)
    _sync_folder(path.parent)


def _keep_others(path: Path, part: Path) -> None:
    """Copy what the user put into the old folder."""
    if path.is_dir():
        ours = {entry.name for entry in part.iterdir()} | _MADE
        for entry in sorted(path.iterdir()):
            if entry.name not in ours:
                if entry.is_dir():
                    shutil.copytree(entry, part / entry.name, symlinks=True)
                else:
                    shutil.copy2(entry, part / entry.name)


def _write(plan: Plan, folder: Path) -> None:
    _write_frame(plan.county_pairings, folder / PAIR_FILES["county"])
    _write_frame(plan.school_pairings, folder / PAIR_FILES["school"])
    _write_frame(plan.unmatched, folder / UNMATCHED_FILE)
    (folder / INPUT_FOLDER).mkdir()
    write_tables(plan.instance, folder / INPUT_FOLDER)
    _write_proof(plan.proof.arrays, folder / PROOF_FILE)
    content = head(plan)
    content["files"] = {name: _hash(folder / name) for name in _files(folder)}
    (folder / PLAN_JSON).write_text(dumps(content), encoding="utf-8", newline="\n")


def _write_frame(frame: pd.DataFrame, path: Path) -> None:
    rows = list(zip(*(_cells(name, frame[name]) for name in frame.columns), strict=True))
    # with the mark that tells a spreadsheet that this is UTF-8: these files are opened by people
    path.write_bytes(codecs.BOM_UTF8 + csv_bytes([escape(name) for name in frame.columns], rows))


def _cells(name: str, column: pd.Series[Any]) -> list[str]:
    if name in ("km", "minutes"):
        return ["" if value != value else f"{value:.3f}" for value in column.tolist()]
    return [
        "" if missing else escape(str(value)) for value, missing in zip(column.tolist(), column.isna(), strict=True)
    ]


def _write_proof(arrays: Mapping[str, np.ndarray], path: Path) -> None:
    """Write arrays as NumPy does, but with the same bytes every time."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(arrays):
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # the same on every system
            archive.writestr(entry, content.getvalue())


def _files(folder: Path) -> Iterator[str]:
    """Yield the files of a plan that are hashed, as paths with slashes, in order."""
    for name in sorted((*PAIR_FILES.values(), UNMATCHED_FILE, PROOF_FILE)):
        if (folder / name).is_file():
            yield name
    for path in sorted((folder / INPUT_FOLDER).glob("*")):
        yield f"{INPUT_FOLDER}/{path.name}"


def _hash(path: Path) -> str:
    return _digest(path.read_bytes())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _sync(folder: Path) -> None:
    """Have everything on the disk before the rename that makes it count."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # Windows has no handle of a folder to sync
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _save_workbook(plan: Plan, path: Path, lang: Lang) -> Path:
    return write_plan(plan, path, lang=lang)
