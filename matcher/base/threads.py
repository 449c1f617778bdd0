"""Independent pieces of work on arrays, on several threads: numpy lets others run while it computes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor


def each(work: Callable[[int], None], pieces: Iterable[int], workers: int) -> None:
    """Call `work` with every one of `pieces`, on `workers` threads; no piece may write what another one reads."""
    if workers < 2:
        for piece in pieces:
            work(piece)
        return
    with ThreadPoolExecutor(workers) as threads:
        for _ in threads.map(work, pieces):  # going through them raises what one of them raised
            pass
