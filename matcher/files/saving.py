"""Plans on disk: a folder written beside and renamed into place, so that a whole one can be found after any crash.

While OUT is replaced, `.OUT.part` is being written; once whole, OUT becomes `.OUT.old` and the part becomes OUT.
Between those two renames only `.OUT.old` stands, and `load_plan` takes it. Writers of one target take turns (`alone`);
readers never wait.
"""

from __future__ import annotations

import codecs
import contextlib
import itertools
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from matcher.base import told
from matcher.base.arrayfile import write_arrays
from matcher.base.disk import alone, real
from matcher.base.errors import Lang, SaveError
from matcher.base.escaping import escape
from matcher.files.guarding import MADE, check_target
from matcher.files.plan_book import write_plan
from matcher.files.plan_edits import Edits
from matcher.files.planfolder import (
    INPUT_FOLDER,
    PAIR_FILES,
    PLAN_JSON,
    PROOF_FILE,
    UNMATCHED_FILE,
    beside,
    files_of,
    hash_of,
)
from matcher.files.writing import csv_bytes, write_tables
from matcher.outcome.document import dumps, head

if TYPE_CHECKING:
    import pandas as pd

    from matcher.plan import Plan


#: what a person who names a file so expects is no folder, and no form of ours
_OTHER_FORMATS: Final = (".xls", ".xlsm", ".xlsb", ".ods", ".et", ".csv", ".json", ".html", ".pdf", ".zip")


def save_plan(
    plan: Plan,
    path: Path,
    lang: Lang = "en",
    *,
    replace: bool = False,
    kept: Path | None = None,
    edits: Edits | None = None,
) -> Path:
    """Write `plan` to the folder or workbook `path` (see `Plan.save`); a file `kept` stays there under another name."""
    if path.suffix.lower() == ".xlsx":
        return write_plan(plan, path, lang=lang, replace=replace, edits=edits)
    if path.suffix.lower() in _OTHER_FORMATS and not path.is_dir():
        raise SaveError("save_format", path=path, suffix=path.suffix)
    path = Path(os.path.abspath(path))
    target = real(path)  # a link stays one, and what it leads to is replaced
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with alone(target):
            _recover(target)
            check_target(path, status=plan.status, replace=replace, kept=kept)
            _replace(plan, target, kept)
    except OSError as error:
        raise SaveError("save_failed", path=path, reason=error.strerror or error) from error
    told.info("saved", path=path)
    return path


def _replace(plan: Plan, path: Path, kept: Path | None) -> None:
    """Write the whole plan beside and put it in the place of what stands there."""
    part, old = beside(path)
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        _write(plan, part)
        _keep_others(path, part, kept)
        _sync(part)
        _swap(part, path, old)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _recover(path: Path) -> None:
    """Finish what a crash left: the old plan goes back, or away if the new one stands."""
    old = beside(path)[1]
    if (old / PLAN_JSON).is_file():
        if path.exists():
            shutil.rmtree(old)
        else:
            old.rename(path)


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


def _keep_others(path: Path, part: Path, kept: Path | None) -> None:
    """Copy what the user put into the old folder; what was made from the old plan goes with it."""
    if not path.is_dir():
        return
    ours = {entry.name for entry in part.iterdir()} | set(MADE)
    for entry in sorted(path.iterdir()):
        target = part / entry.name
        if entry.name in ours:
            if kept is None or not (entry.is_file() and entry.samefile(kept)):
                continue
            target = _free_name(path, entry)
        if entry.is_symlink():
            (part / target.name).symlink_to(os.readlink(entry))
        elif entry.is_dir():
            shutil.copytree(entry, part / target.name, symlinks=True)
        else:
            shutil.copy2(entry, part / target.name)


def _free_name(folder: Path, entry: Path) -> Path:
    """Return a name in `folder` that nothing has, for a file that a person changed."""
    numbers = (folder / f"{entry.stem}-edited-{number}{entry.suffix}" for number in itertools.count(1))
    return next(name for name in numbers if not name.exists())


def _write(plan: Plan, folder: Path) -> None:
    _write_frame(plan.county_pairings, folder / PAIR_FILES["county"])
    _write_frame(plan.school_pairings, folder / PAIR_FILES["school"])
    _write_frame(plan.unmatched, folder / UNMATCHED_FILE)
    (folder / INPUT_FOLDER).mkdir()
    write_tables(plan.instance, folder / INPUT_FOLDER)
    (folder / PROOF_FILE).write_bytes(write_arrays(plan.proof.arrays))
    content = head(plan)
    content["files"] = {name: hash_of(folder / name) for name in files_of(folder)}
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
