"""Ctrl-C as a wish to stop with the best plan so far; a second one stops at once."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any

from matcher.base.progress import CancelToken


@contextlib.contextmanager
def cancel_on_interrupt(cancel: CancelToken) -> Iterator[None]:
    """Let the first interrupt within the block set `cancel` and the second raise KeyboardInterrupt.

    Outside the main thread, where Python takes no signals, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: Any) -> None:
        if cancel.cancelled:
            raise KeyboardInterrupt
        cancel.cancel()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
