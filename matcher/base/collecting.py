"""Python's search for circles of objects, put off while a table's millions of objects are made, none in a circle."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collecting_later() -> Iterator[None]:
    """Put off the search: it would look at every object made so far again and again, and find nothing.

    Memory is freed as ever. Whichever of several threads found it running switches it on again.
    """
    was_running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_running:
            gc.enable()
