"""A job that shows what children do: it answers with what it was given, after what it was asked to do first."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from matcher.executors.frames import Arrays


def run(arrays: Arrays, tell: Callable[[Arrays], None]) -> Arrays:
    """Do what the names say: `tell` so many steps, `sleep` and `hold` (with the interpreter's lock), `fail`, `die`."""
    mine = {"pid": np.array(os.getpid())}
    for step in range(int(arrays.get("tell", 0))):
        tell({"step": np.array(step)})
    if "fail" in arrays:
        raise ValueError("asked to fail")
    if "die" in arrays or ("die_unless" in arrays and _is_first(str(arrays["die_unless"]))):
        os.kill(os.getpid(), signal.SIGKILL)
    if "hold" in arrays:
        tell(mine)
        _hold(float(arrays["hold"]))
    time.sleep(float(arrays.get("sleep", 0.0)))
    return {**arrays, **mine}


def _is_first(path: str) -> bool:
    """Whether nobody was here before."""
    try:
        Path(path).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _hold(seconds: float) -> None:
    """Keep every other thread from running, as a native call does."""
    import ctypes

    if seconds:
        ctypes.PyDLL(None).usleep(int(min(seconds, 4000) * 1e6))
