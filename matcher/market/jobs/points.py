"""A worker process for markets of points: the flow solver can't be interrupted, a process can be ended.

The parent finds a feasible matching and a first bound by itself, keeps the best that the worker sends after each round,
and ends the worker when the deadline, a cancel token or Ctrl-C says so. Messages are NumPy archives behind their
length; nothing is pickled. The worker is a fresh interpreter on this module, so a caller's script needs no main guard.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.base.numbers import IntArray
from matcher.base.progress import Budget, Progress, StopReason
from matcher.base.result import Proof
from matcher.executors.wire import receive, send
from matcher.geo import ecef
from matcher.market import certificate
from matcher.market.claims import SCOPE, Solved, assembled, claim_levels
from matcher.market.input import Ints
from matcher.market.market import Market
from matcher.market.matching import Matching
from matcher.market.points import sites as pricing
from matcher.market.points.scan import FARTHEST_M
from matcher.market.points.tree import arc_floor_m, whole_floor_m

#: markets of so many points are solved in a worker even without a limit, so that Ctrl-C ends them at once
MANY_POINTS: Final = 60_000
_NEAREST: Final = 4
_GRACE_S: Final = 0.6  # how long after a stop the first matching is waited for


def solve_apart(market: Market, budget: Budget, start: Matching | Ints | None) -> Matching:
    """Solve as `pricing.solve_points` does, within a second of the budget's limits; Ctrl-C counts as cancelled."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "matcher.market.jobs.points"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C reaches the parent only, which then decides
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    inbox = _Inbox(worker, market, budget, start)
    opening = _Opening(market)
    reason: StopReason | None = None
    try:
        try:
            while not inbox.done.wait(0.05):
                inbox.report()
                reason = budget.stop_reason if budget.stop_reason != "work" else None
                if reason is not None:
                    break
            inbox.report()
        except KeyboardInterrupt:
            reason = "cancelled"
    finally:
        worker.kill()
        worker.wait()
        inbox.close()
    found, best = inbox.best, opening.result(_GRACE_S if reason else None)
    if reason is None and not inbox.final:
        raise RuntimeError("the worker ended before its work did")
    if found is not None:
        best = found if found.provider else Solved(found.pairs, best.provider, best.recipient, best.methods)
        if reason is None:
            best = found
    if reason is not None:
        best.stop_reason = reason
        return _claimed(market, best)
    return assembled(market, best)


class _Inbox:
    """What the worker sent last, read by a thread of its own."""

    def __init__(self, worker: subprocess.Popen[bytes], market: Market, budget: Budget, start: Matching | Ints | None):
        self.done = threading.Event()
        self.best: Solved | None = None
        self.final = False
        self._progress: list[Progress] = []
        self._budget = budget
        message = {f"market_{name}": array for name, array in market.to_arrays().items()}
        message["limits"] = np.array([-1 if budget.work_limit is None else budget.work_limit], np.int64)
        message["gap"] = np.array([np.nan if budget.gap is None else budget.gap])
        if isinstance(start, Matching):
            message.update({f"start_{name}": array for name, array in start.to_arrays().items()})
        self._pipes = (worker.stdin, worker.stdout)
        self._reader = threading.Thread(target=self._run, args=(worker, message), daemon=True)
        self._reader.start()

    def close(self) -> None:
        """Wait for the reader, which ends with the worker, and close both pipes."""
        self._reader.join()
        for pipe in self._pipes:
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _run(self, worker: subprocess.Popen[bytes], message: dict[str, NDArray[Any]]) -> None:
        assert worker.stdin is not None
        assert worker.stdout is not None
        try:
            send(worker.stdin, message)
            while (arrays := receive(worker.stdout)) is not None:
                if "progress" in arrays:
                    done, *known = (int(x) for x in arrays["progress"])
                    numbers = (*known, known[0] - known[1]) if known else ()
                    self._progress.append(Progress("price", done, None, *numbers))
                    continue
                self.best = _unpacked(arrays)
                self.final = bool(arrays["final"])
        except (BrokenPipeError, ValueError, OSError):
            pass  # the worker was ended
        finally:
            self.done.set()

    def report(self) -> None:
        """Hand on, in the caller's thread, what the worker reported."""
        while self._progress:
            self._budget.report(self._progress.pop(0))


class _Opening:
    """The first matching, found by a thread of its own so that Ctrl-C and deadlines need not wait for it."""

    def __init__(self, market: Market):
        none = np.zeros((0, 2), np.int64)
        prices = [np.zeros(market.num_providers, np.int64)], [np.zeros(market.num_recipients, np.int64)]
        self._best = Solved(none, *prices, ["none"])
        self._fault: Exception | None = None
        self._thread = threading.Thread(target=self._run, args=(market,), daemon=True)
        self._thread.start()

    def _run(self, market: Market) -> None:
        try:
            for nearest in (1, _NEAREST):
                self._best = nearest_first(market, nearest)
        except Exception as fault:  # raised again in the caller's thread
            self._fault = fault

    def result(self, patience_s: float | None) -> Solved:
        """Return the first matching, the empty one if it is not there after so many seconds."""
        self._thread.join(patience_s)
        if self._fault is not None:
            raise self._fault
        return self._best


def nearest_first(market: Market, nearest: int = _NEAREST) -> Solved:
    """Return a feasible matching of the `nearest` of everybody, the nearest first, and prices with a finite bound."""
    from scipy.spatial import cKDTree

    points = market.points
    assert points is not None
    capacity, demand = market.capacity[:, 1].copy(), market.demand[:, 1]
    xyz_p, xyz_r = (ecef(*side.T) for side in (points.provider_latlon, points.recipient_latlon))
    reach = FARTHEST_M if points.max_m is None else points.max_m
    unmet = None if market.unmet_cost is None else market.unmet_cost[0]
    limit = np.full(market.num_recipients, FARTHEST_M + 1) if unmet is None else unmet + 1
    chord, near = cKDTree(xyz_p).query(xyz_r, range(1, min(nearest, len(capacity)) + 1), distance_upper_bound=reach + 1)
    there = np.isfinite(chord)
    near = np.where(there, near, -1)
    far = np.where(there, whole_floor_m(arc_floor_m(np.square(np.where(there, chord, 0)))), FARTHEST_M)
    order = np.argsort(far[:, 0], kind="stable")
    wanted = demand[order].copy()
    pairs = [np.zeros((0, 2), np.int64)]
    for rank in range(near.shape[1]):
        choice = near[order, rank]
        asks = np.flatnonzero((choice >= 0) & (wanted > 0))
        asks = asks[np.argsort(choice[asks], kind="stable")]
        turn = np.arange(len(asks)) - np.searchsorted(choice[asks], choice[asks], side="left")
        asks = asks[turn < capacity[choice[asks]]]
        np.subtract.at(capacity, choice[asks], 1)
        wanted[asks] -= 1
        pairs.append(np.column_stack([choice[asks], order[asks]]))
    found = np.concatenate(pairs)
    cost = market.pair_cost(found)[0]
    most = limit[found[:, 1]] if unmet is not None else cost + 1
    found = found[(cost <= reach) & (cost < most)]
    found = found[np.lexsort((found[:, 1], found[:, 0]))]
    zero = np.zeros(len(capacity), np.int64)
    price = (
        np.zeros(len(demand), np.int64) if unmet is None else np.minimum(np.where(there[:, 0], far[:, 0], unmet), unmet)
    )
    return Solved(found, [zero], [price], ["nearest"])


def _claimed(market: Market, solved: Solved) -> Matching:
    """Return the matching of stopped work without pricing all pairs again where the bound is a plain sum of prices."""
    one_level = market.unmet_cost is not None and len(solved.provider) == 1 and int(market.demand.max(initial=0)) <= 1
    if not one_level or solved.pairs is None:
        return assembled(market, solved)
    p, u = solved.provider[0], solved.recipient[0]
    uses = np.minimum(market.capacity[:, 1], market.num_recipients)
    bound = certificate.exact_dot(u, market.demand[:, 1]) - certificate.exact_dot(p, uses)
    values = certificate.values(market, solved.pairs)
    levels = claim_levels(market, values, (bound,), solved.methods)
    proof = Proof("certificate", SCOPE, None, {"provider": p[None], "recipient": u[None]})
    return Matching(market, solved.pairs, "feasible", solved.stop_reason, levels, proof)


def _packed(solved: Solved, final: bool) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {"final": np.array(final), "stop": np.array(solved.stop_reason or "")}
    if solved.pairs is not None:
        arrays["pairs"] = solved.pairs
    arrays["methods"] = np.array(solved.methods, np.str_)
    for number, (p, u) in enumerate(zip(solved.provider, solved.recipient, strict=True)):
        arrays[f"provider_{number}"], arrays[f"recipient_{number}"] = p, u
    return arrays


def _unpacked(arrays: dict[str, NDArray[Any]]) -> Solved:
    count = sum(name.startswith("provider_") for name in arrays)
    rows: list[list[IntArray]] = [[arrays[f"{side}_{n}"] for n in range(count)] for side in ("provider", "recipient")]
    stop: Any = str(arrays["stop"]) or None
    return Solved(arrays.get("pairs"), rows[0], rows[1], [str(name) for name in arrays["methods"]], stop)


def _main() -> None:
    """Read a market, solve it, send what there is after every bound."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that a library prints may end up among the messages
    message = receive(sys.stdin.buffer)
    if message is None:
        return
    threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
    market = Market.from_arrays({name[7:]: array for name, array in message.items() if name.startswith("market_")})
    started = {name[6:]: array for name, array in message.items() if name.startswith("start_")}
    start = Matching.from_arrays(started) if started else None
    work, gap = int(message["limits"][0]), float(message["gap"][0])

    def progress(report: Progress) -> None:
        known = [number for number in (report.value, report.bound) if number is not None]
        send(out, {"progress": np.array([report.done, *known], np.int64)})

    budget = Budget(work_limit=None if work < 0 else work, gap=None if np.isnan(gap) else gap, progress=progress)
    solved = pricing.solve(market, budget, start, lambda found: send(out, _packed(found, False)))
    send(out, _packed(solved, True))


if __name__ == "__main__":
    _main()
