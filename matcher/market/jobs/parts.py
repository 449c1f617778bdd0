"""Worker processes that solve the parts of a market: `python -m matcher.market.jobs.parts`.

Each is a fresh interpreter that reads one market after the other from its standard input and writes what it found, as
NumPy archives behind their length; nothing is pickled. The parent ends all of them at the deadline, when cancelled, and
on Ctrl-C, which counts as cancelled.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.base.progress import Budget, Progress, StopReason
from matcher.executors.wire import receive, send
from matcher.market.claims import Solved
from matcher.market.components import Answer, quick, solve_here, solve_part
from matcher.market.market import Market

_LOOK_S: Final = 0.05
_SIDES: Final = ("provider", "recipient")


def solve_apart(markets: list[Market], budget: Budget, workers: int) -> tuple[list[Answer], StopReason | None]:
    """Solve the parts on so many worker processes; those not done when the budget runs out get a quick answer."""
    if not sys.executable:
        return solve_here(markets, budget)
    team = _Team(markets, budget, min(workers, len(markets)))
    reason: StopReason | None = None
    spare: dict[int, Answer] = {}
    shown = -1
    try:
        for at, part in enumerate(markets if budget.can_end else ()):
            if team.ended.is_set() or budget.stop_reason in ("time", "cancelled"):
                break
            if team.answers[at] is None:
                spare[at] = quick(part)
        while True:
            ended = team.ended.wait(_LOOK_S)
            if shown != team.done:
                shown = team.done
                budget.report(Progress("components", shown, len(markets)))
            reason = None if budget.stop_reason == "work" else budget.stop_reason
            if ended or reason is not None:
                break
    except KeyboardInterrupt:
        reason = "cancelled"
    finally:
        team.end()
    found = team.answers
    if all(answer is not None for answer in found):
        reason = None
    elif reason is None:
        raise RuntimeError("a worker ended before its work did")
    return [_or_quick(answer, spare.get(at), markets[at]) for at, answer in enumerate(found)], reason


def _or_quick(answer: Answer | None, spare: Answer | None, part: Market) -> Answer:
    return answer or spare or quick(part)


class _Team:
    """The processes, and a thread for each that hands it the next market."""

    def __init__(self, markets: list[Market], budget: Budget, workers: int):
        self.answers: list[Answer | None] = [None] * len(markets)
        self.done = 0
        self.ended = threading.Event()
        self._limits = {
            "limits": np.array([-1 if budget.work_limit is None else budget.work_limit], np.int64),
            "gap": np.array([np.nan if budget.gap is None else budget.gap]),
        }
        # The largest first, so that none is left for last; answers stand by position, so the order changes nothing.
        size = [part.num_providers + part.num_recipients for part in markets]
        self._next = iter(sorted(range(len(markets)), key=lambda at: (-size[at], at)))
        self._lock = threading.Lock()
        self._busy = workers
        self._children = [_begun() for _ in range(workers)]
        self._threads = [
            threading.Thread(target=self._serve, args=(child, markets), daemon=True) for child in self._children
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """End all processes and wait for their threads."""
        for child in self._children:
            child.kill()
            child.wait()
        for thread in self._threads:
            thread.join()
        for child in self._children:
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()

    def _serve(self, child: subprocess.Popen[bytes], markets: list[Market]) -> None:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            for at in self._turns():
                sent = {f"market_{name}": array for name, array in markets[at].to_arrays().items()}
                send(child.stdin, {**sent, **self._limits})
                arrays = receive(child.stdout)
                if arrays is None:
                    break
                self.answers[at] = _unpacked(arrays)
                with self._lock:
                    self.done += 1
        except (BrokenPipeError, ValueError, OSError):
            pass  # the worker was ended
        finally:
            with self._lock:
                self._busy -= 1
                if not self._busy:
                    self.ended.set()

    def _turns(self) -> Iterator[int]:
        while True:
            with self._lock:
                at = next(self._next, None)
            if at is None:
                return
            yield at


def _begun() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "matcher.market.jobs.parts"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C reaches the parent only, which then decides
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )


def _packed(answer: Answer) -> dict[str, NDArray[Any]]:
    solved = answer.solved
    arrays: dict[str, NDArray[Any]] = {
        "stop": np.array(solved.stop_reason or ""),
        "methods": np.array(solved.methods, np.str_),
    }
    if solved.pairs is not None:
        arrays["pairs"] = solved.pairs
    for level, (p, q) in enumerate(zip(solved.provider, solved.recipient, strict=True)):
        arrays[f"provider_{level}"], arrays[f"recipient_{level}"] = p, q
    if answer.hall is not None:
        arrays[f"hall_{answer.hall[0]}"] = answer.hall[1]
    return arrays


def _unpacked(arrays: dict[str, NDArray[Any]]) -> Answer:
    for side in _SIDES:
        if f"hall_{side}" in arrays:
            return Answer(Solved(), (side, arrays[f"hall_{side}"]))
    count = sum(name.startswith("provider_") for name in arrays)
    rows = [[arrays[f"{side}_{level}"] for level in range(count)] for side in _SIDES]
    stop: Any = str(arrays["stop"]) or None
    return Answer(Solved(arrays.get("pairs"), rows[0], rows[1], [str(name) for name in arrays["methods"]], stop))


def _main() -> None:
    """Solve one market after the other until there are no more."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that a library prints may end up among the messages
    while (message := receive(sys.stdin.buffer)) is not None:
        market = Market.from_arrays({name[7:]: array for name, array in message.items() if name.startswith("market_")})
        work, gap = int(message["limits"][0]), float(message["gap"][0])
        budget = Budget(work_limit=None if work < 0 else work, gap=None if np.isnan(gap) else gap)
        send(out, _packed(solve_part(market, budget)))


if __name__ == "__main__":
    _main()
