"""One writer at a time for one target, across threads and processes; a crash leaves no lock behind that holds."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from matcher.base.errors import SaveError


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
    """Write a file beside `path` and rename it into place."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SaveError("save_failed", path=path, reason=error.strerror or error) from error
    return path
