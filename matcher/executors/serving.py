"""What a child process runs: one job after the other, for as long as its parent lives.

A job is a module of this package with a function `run(arrays, tell) -> arrays`; what it tells on the way reaches the
parent at once. The child is begun by `starting.command`, which imports nothing from the current folder.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.executors.frames import Arrays, BrokenFrame, framed, receive, send, unframed

#: words of the frames that a child sends
HELLO, BEGUN, TOLD, DONE, FAILED = "hello", "begun", "told", "done", "failed"
_ON_PARENTS_DEATH: Final = 1  # PR_SET_PDEATHSIG of prctl(2)


def main(parent: int) -> None:
    """Take jobs from the standard input until it ends."""
    _die_with(parent)
    given, out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # Whatever a library prints or reads from now on has nothing to do with the frames.
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    inbox: queue.SimpleQueue[tuple[str, dict[str, NDArray[Any]]]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(given, inbox), daemon=True).start()
    send(out, HELLO)
    while True:
        job, arrays = inbox.get()
        send(out, BEGUN)
        word, answer = _answer(job, arrays, lambda told: send(out, TOLD, told))
        send(out, word, answer)
        del arrays, answer  # an idle child holds nothing


def answered(job: str, sent: bytes) -> bytes:
    """Do one job wherever an executor runs this, from a frame to a frame."""
    return framed(*_answer(job, unframed(sent)[1], lambda told: None))


def _answer(job: str, arrays: Arrays, tell: Callable[[Arrays], None]) -> tuple[str, Arrays]:
    try:
        if not job.startswith("matcher."):
            raise ImportError(job)
        return DONE, importlib.import_module(job).run(arrays, tell)
    except Exception:  # said by the parent, or found again there
        return FAILED, {"traceback": np.array(traceback.format_exc())}


def _listen(given: IO[bytes], inbox: queue.SimpleQueue[Any]) -> None:
    """Hand on what comes; end the process, whatever it does, when the parent has closed the pipe or is gone."""
    with contextlib.suppress(BrokenFrame, OSError):
        while (frame := receive(given)) is not None:
            inbox.put(frame)
    os._exit(0)


def _die_with(parent: int) -> None:
    """End with the parent also where a native call keeps every other thread from running."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which then decides
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_ON_PARENTS_DEATH, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(0)
