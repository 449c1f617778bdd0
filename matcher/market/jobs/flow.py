"""A flow in a child process, so that a deadline or a cancel token can end it: `python -m matcher.market.jobs.flow`.

The solver cannot be interrupted and holds the interpreter's lock. The child reads arrays from its standard input and
writes the arcs chosen to its standard output; nothing is pickled, and the caller's main module is not imported again.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import tempfile
from typing import IO, Final

import numpy as np

from matcher.base.progress import Budget
from matcher.market.face import Face
from matcher.market.flow import least_cost
from matcher.market.input import Bools, Ints

#: below so many free arcs a flow ends before a child would have begun
_LARGE: Final = 200_000
_LOOK_S: Final = 0.05


def least_cost_within(
    face: Face, cost: Ints | None, missing: Ints, budget: Budget, *, numbering: Ints | None = None
) -> Bools | None:
    """Return what `flow.least_cost` returns, or None if the budget ran out first."""
    if face.num_free >= _LARGE and budget.can_end and sys.executable:
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as answer:
            _write(given, face, cost, missing, numbering)
            ended = _watched(given, answer, budget)
            if ended is None:
                return None
            if ended == 0:
                answer.seek(0)
                chosen: Bools = np.load(answer, allow_pickle=False)
                return chosen
    # Also where no child can be had, or it was refused the costs: this process then says why.
    return least_cost(face, cost, missing, numbering=numbering)


def _watched(given: IO[bytes], answer: IO[bytes], budget: Budget) -> int | None:
    """Run a child to its end and return its exit code, or end it and return None once the budget has run out."""
    path = os.pathsep.join(place for place in sys.path if place)
    command = [sys.executable, "-m", "matcher.market.jobs.flow"]
    try:
        child = subprocess.Popen(
            command, stdin=given, stdout=answer, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": path}
        )
    except OSError:
        return 1
    with child:
        try:
            while child.poll() is None:
                if budget.stop_reason is not None:
                    return None
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(_LOOK_S)
        finally:
            child.kill()
    return child.returncode


def _write(file: IO[bytes], face: Face, cost: Ints | None, missing: Ints, numbering: Ints | None) -> None:
    provider, recipient = face.ends_of(np.arange(face.num_free))
    arrays = {
        "provider": provider,
        "recipient": recipient,
        "capacity": face.capacity,
        "demand": face.demand,
        "missing": missing,
        "cost": np.zeros(0, np.int64) if cost is None else cost,
        "numbering": np.zeros(0, np.int64) if numbering is None else numbering,
    }
    np.savez(file, **arrays)  # type: ignore[arg-type]
    file.seek(0)


def main() -> None:
    """Solve what the standard input holds."""
    with np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False) as arrays:
        capacity, demand = arrays["capacity"], arrays["demand"]
        ends = (arrays["provider"], arrays["recipient"])
        none = np.zeros(0, np.int64)
        face = Face(len(capacity), len(demand), None, ends, capacity, demand, none)
        cost, numbering = (array if len(array) else None for array in (arrays["cost"], arrays["numbering"]))
        chosen = least_cost(face, cost, arrays["missing"], numbering=numbering)
    np.save(sys.stdout.buffer, chosen)


if __name__ == "__main__":
    main()
