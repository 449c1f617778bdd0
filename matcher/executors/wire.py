"""How arrays travel between a process and its workers: NumPy archives behind their length; nothing is pickled."""

from __future__ import annotations

import io
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray


def send(pipe: IO[bytes], arrays: dict[str, NDArray[Any]]) -> None:
    """Write one message."""
    body = io.BytesIO()
    np.savez(body, **arrays)  # type: ignore[arg-type]
    pipe.write(body.getbuffer().nbytes.to_bytes(8, "little"))
    pipe.write(body.getbuffer())
    pipe.flush()


def receive(pipe: IO[bytes]) -> dict[str, NDArray[Any]] | None:
    """Return the next message, None if there is none or it is cut short."""
    head = pipe.read(8)
    if len(head) < 8:
        return None
    size = int.from_bytes(head, "little")
    body = pipe.read(size)
    if len(body) < size:
        return None
    with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
        return dict(arrays)
