"""Whether a plan may be saved where something stands: nothing that a person made is lost, nor a good plan to a bad.

What may be replaced is a saved plan whose files are as they were written, with what was made from it (workbook, page,
map) as it was made. Everything else is refused until the person who asks says so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from matcher.base.disk import check_made, real, regular_bytes
from matcher.base.errors import Fault, InvalidInput, SaveError
from matcher.base.seal import is_untouched
from matcher.files.planfolder import PLAN_JSON, changed_files
from matcher.outcome.document import dumps, parsed

#: files made from a plan on request; they describe the plan that is replaced, so they go with it
MADE: Final = ("plan.xlsx", "plan.html", "map.png")
_PLANNED: Final = ("optimal", "feasible")


def check_target(path: Path, *, status: str | None = None, replace: bool = False, kept: Path | None = None) -> None:
    """Refuse to save a plan to `path` if that would lose something.

    Parameters
    ----------
    status
        Status of the plan to be saved; None while it is not known.
    replace
        Whether what stands there may go, whoever made it: never a file in the place of a folder.
    kept
        A file that will be kept there under another name, and so may have been changed.

    Raises
    ------
    SaveError
        Codes `save_foreign` (a file, or a folder that is no saved plan), `save_changed` (a plan whose files were
        changed) and `save_worse` (a plan that keeps the rules, to be replaced by none).
    """
    if path.suffix.lower() == ".xlsx":
        check_made(path, replace=replace)
        return
    target = real(path)
    if not target.exists():
        return
    if not target.is_dir():
        raise SaveError("save_file", path=path)
    if replace or not any(target.iterdir()):
        return
    content = _document(target)
    if content is None:
        raise SaveError("save_foreign", path=path)
    changed = [*changed_files(target, content), *_changed_made(target, kept)]
    if changed:
        raise SaveError("save_changed", path=path, names=", ".join(changed))
    if status is not None and status not in _PLANNED and content.get("status") in _PLANNED:
        raise SaveError("save_worse", path=path)


def check_not_input(target: str | Path, *inputs: str | Path | None) -> None:
    """Refuse to write where what is read stands, by whatever name.

    Raises
    ------
    InvalidInput
        With the code `same_file`.
    """
    for given in inputs:
        if given is not None and _is_same(target, given):
            raise InvalidInput([Fault("same_file", value=str(target))])


def _is_same(one: str | Path, other: str | Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:  # one of them is not there, or its name can't be one
        return os.path.realpath(one) == os.path.realpath(other)


def _document(folder: Path) -> Mapping[str, Any] | None:
    """Return what a folder's plan.json holds if this library wrote it just so; else None."""
    try:
        written = regular_bytes(folder / PLAN_JSON)
        content = parsed(written)
        as_written = dumps(content).encode()
    except (OSError, ValueError, InvalidInput):
        return None
    return content if as_written == written else None


def _changed_made(folder: Path, kept: Path | None) -> Iterator[str]:
    for name in MADE:
        path = folder / name
        if not path.is_file() or (kept is not None and _is_same(path, kept)):
            continue
        if not is_untouched(regular_bytes(path)):
            yield name
