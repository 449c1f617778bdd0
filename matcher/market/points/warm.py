"""Whether the compiled loops are ready, and how they are made so while this process goes on; see `market.warming`.

numba compiles a loop when it first runs and keeps the result on disk; that takes half a minute or more, once for each
installation. A mark beside the kept code says that all loops are there, for this version of everything that matters.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import logging
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from matcher.base.disk import private_cache
from matcher.base.progress import Budget
from matcher.executors.pool import pool
from matcher.market.points.compiled import AVAILABLE, plainly

JOB: Final = "matcher.market.warming"
_HERE: Final = Path(__file__).resolve().parent
#: the folders whose files hold compiled loops
_FOLDERS: Final = (_HERE, _HERE.parent / "presence", _HERE.parent / "program")
_LOG: Final = logging.getLogger("matcher")


def is_ready() -> bool:
    """Whether running the loops compiles nothing any more; also where there is nothing to compile."""
    return not AVAILABLE or any(place.joinpath(mark()).exists() for place in places())


def begin() -> None:
    """Have a child compile the loops while this process goes on; nobody waits for it and no limit ends it."""
    if not is_ready() and pool().begin(JOB):
        _LOG.warning("the loops for markets of points are being compiled; `matcher warm-up` does it beforehand")


@contextmanager
def hurried(budget: Budget) -> Iterator[None]:
    """Let the loops run as plain Python, with the same results, where they are not compiled and somebody may not wait.

    A limit is for solving: what is asked for here is not charged with compiling, which a child does meanwhile.
    """
    late = budget.can_end and not is_ready()
    if late:
        begin()
    with plainly(late):
        yield


@cache
def mark() -> str:
    """Return the name of the mark: it changes with whatever would have the loops compiled again."""
    known = [importlib.metadata.version("numba"), sys.version, platform.machine(), importlib.metadata.version("numpy")]
    files = [path for folder in _FOLDERS for path in sorted(folder.glob("*.py"))]
    looped = [path for path in files if "@compiled" in path.read_text(encoding="utf-8")]
    known += [f"{path.name} {path.stat().st_mtime_ns}" for path in looped]
    return f"ready-{hashlib.sha256(chr(10).join(known).encode()).hexdigest()[:20]}"


def places() -> list[Path]:
    """Return where the mark may be: where numba keeps its code by order, beside the loops, or in a cache of our own."""
    ordered = os.environ.get("NUMBA_CACHE_DIR")
    own = private_cache()
    places = [Path(ordered)] if ordered else [_HERE / "__pycache__"]
    return [*places, *([own] if own is not None else [])]
