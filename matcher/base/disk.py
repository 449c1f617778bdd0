"""One writer at a time for one target, across threads and processes; a crash leaves no lock behind that holds."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from matcher.base.errors import Fault, InvalidInput, SaveError, wrong_kind
from matcher.base.seal import is_untouched

#: what a file that is read whole may weigh
MOST_BYTES: Final = 2 * 1024**3


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Wait until nobody else writes `path`, and keep others waiting meanwhile.

    The lock is the operating system's, on an empty file beside `path` that goes away again; where the file system has
    no locks, nobody waits.
    """
    lock = path.with_name(f".{path.name}.lock")
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            with contextlib.suppress(OSError):
                _lock(handle)
            ours = _is_at(handle, lock)
        except BaseException:
            os.close(handle)
            raise
        if ours:
            break
        os.close(handle)  # whoever held it took the file away: the lock is on a name that is gone
    try:
        yield
    finally:
        # Windows removes no open file; elsewhere it must go before others get the lock
        if sys.platform == "win32":
            os.close(handle)
            with contextlib.suppress(OSError):
                lock.unlink()
        else:
            lock.unlink(missing_ok=True)
            os.close(handle)


def _is_at(handle: int, lock: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(lock))
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)

else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX)


def write_whole(path: Path, content: bytes) -> Path:
    """Write a file beside `path` and rename it into place; where a link stands, what it leads to is written."""
    target = real(path)
    part = target.with_name(f".{target.name}.part")
    try:
        part.write_bytes(content)
        os.replace(part, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise SaveError("save_failed", path=path, reason=error.strerror or error) from error
    return path


def write_made(path: Path, content: bytes, *, replace: bool = False) -> Path:
    """Write a sealed file as `write_whole` does, but over nothing that a person made or changed.

    Raises
    ------
    SaveError
        If the target can't be written, or holds something of a person's and `replace` is not set.
    """
    check_made(path, replace=replace, content=content)
    return write_whole(path, content)


def check_made(path: Path, *, replace: bool = False, content: bytes | None = None) -> None:
    """Refuse to write over a file that this library did not make, or that somebody changed since.

    Raises
    ------
    SaveError
        If it is such a file and `replace` is not set; what already has the very `content` may be written again.
    """
    target = real(path)
    if replace or not target.is_file():
        return
    try:
        there = target.read_bytes()
    except OSError as error:
        raise SaveError("save_failed", path=path, reason=error.strerror or error) from error
    if there != content and not is_untouched(there):
        raise SaveError("save_not_ours", path=path)


def real(path: Path) -> Path:
    """Return where `path` leads, links followed, whether or not anything is there.

    Raises
    ------
    SaveError
        If its links go round in a circle.
    """
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise SaveError("save_failed", path=path, reason=os.strerror(errno.ELOOP))
    return target


def as_path(given: Any, column: str = "path") -> Path:
    """Return a path given as text or as a path.

    Raises
    ------
    InvalidInput
        If it is something else, or no file can have such a name.
    """
    if not isinstance(given, str | os.PathLike):
        raise InvalidInput([wrong_kind(given, "path", column)])
    if "\0" in os.fspath(given):
        raise InvalidInput([Fault("not_found", column=column, value=os.fspath(given))])
    return Path(given)


def regular_bytes(path: Any, most: int = MOST_BYTES, *, table: str | None = None) -> bytes:
    """Return the bytes of a file, read only if it is an ordinary one: a pipe or a device would never end.

    Raises
    ------
    InvalidInput
        If there is no such file (code `not_found`), it is none (`not_regular`), too large (`file_too_large`), or may
        not be read (`unreadable_file`).
    """
    path = as_path(path)
    try:
        # a pipe would wait for a writer here, were it not told not to
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        try:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise InvalidInput([Fault("not_regular", table, value=os.fspath(path))])
            if found.st_size > most:
                raise InvalidInput([Fault("file_too_large", table, details={"limit_mb": most // 1024**2})])
            with open(handle, "rb", closefd=False) as file:
                return file.read()
        finally:
            os.close(handle)
    except FileNotFoundError:
        raise InvalidInput([Fault("not_found", table, value=os.fspath(path))]) from None
    except OSError as error:
        details = {"reason": error.strerror or str(error)}
        fault = Fault("unreadable_file", table, value=os.fspath(path), details=details)
        raise InvalidInput([fault]) from None


def private_cache() -> Path | None:
    """Return a folder that outlives the process, is ours alone and can be written; None if there is none.

    Code may be kept there: a folder that somebody else owns or may write to is never taken.
    """
    homes = [os.environ.get("XDG_CACHE_HOME"), os.environ.get("LOCALAPPDATA"), os.environ.get("HOME")]
    named = [Path(home) / ("matcher" if number < 2 else ".cache/matcher") for number, home in enumerate(homes) if home]
    user = os.getuid() if hasattr(os, "getuid") else 0
    for folder in [*named, Path(tempfile.gettempdir()) / f"matcher-cache-{user}"]:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            state = folder.lstat()
        except OSError:
            continue
        ours = not hasattr(os, "getuid") or (state.st_uid == user and not state.st_mode & 0o022)
        if stat.S_ISDIR(state.st_mode) and ours and os.access(folder, os.W_OK):
            return folder
    return None
