"""`match`: the door to every way of solving a market."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from matcher.base import told
from matcher.base.errors import Fault, InvalidInput, check_kind
from matcher.base.plain import shown
from matcher.base.progress import Budget, CancelToken, ProgressCallback, check_workers
from matcher.market import certificate
from matcher.market.beyond import FIELDS
from matcher.market.claims import Solved, assembled
from matcher.market.engine import Begun
from matcher.market.engines import solve_market
from matcher.market.input import Bools, Ints
from matcher.market.jobs.stable import stable_within
from matcher.market.market import Market
from matcher.market.matching import Matching
from matcher.market.preferences import blocking
from matcher.market.statistics import Recorder

Stability = Literal["off", "report", "require"]


def match(
    market: Market,
    *,
    stability: Stability = "off",
    start: Matching | ArrayLike | None = None,
    time_limit_s: float | None = None,
    work_limit: int | None = None,
    gap: float | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
    workers: int = 1,
    tie_seed: int | None = None,
) -> Matching:
    """Return the best matching of a market, proved by integer dual prices.

    Parameters
    ----------
    market
        See `Market`: levels in strict order, bounds on both sides.
    stability
        "report" also lists the blocking pairs. "require": only matchings without a blocking pair, the best of them by
        the levels; a limit is looked at before the work begins.
    start
        A matching of this or a nearby market, or (k, 2) pairs, (k, 3) with units under `pair_limit`. A `Matching` whose
        prices prove it optimal here too is returned with its pairs unchanged; otherwise it only serves as what is
        returned if the work is stopped early.
    time_limit_s, work_limit, gap
        Limits. One unit of work is one level solved, or of many points one round over all pairs; each independent part
        of a large market has `work_limit` for itself. A level of listed arcs is solved exactly or not at all, so `gap`
        never stops one.
    progress, cancel
        Where to report (`matcher.ProgressBar()` draws a bar), and a token that asks to stop.
    workers
        Independent parts of a large market are solved on so many processes; the result is the same for any number.
    tie_seed
        For `stability="require"`: ties are broken by a lottery drawn from this seed, one number a member of each side,
        so that no position is favoured; None: they go to the lower position.

    Returns
    -------
    Matching
        Among all matchings that are best at every level one with most pairs, the same for any order of the arcs.
        Stopped by a limit, the best found so far: status "feasible" (or "unknown"), with bounds for what was finished.
        Its `statistics` say what the work did when.

    Raises
    ------
    InvalidInput
        If an option or `start` is faulty, or the costs are too large to be counted exactly at this size.

    Examples
    --------
    >>> from matcher import Market, match
    >>> matching = match(Market.from_matrix([[4, 1], [2, 3]]))
    >>> matching.pairs.tolist(), matching.cost, matching.status
    ([[0, 1], [1, 0]], 3, 'optimal')
    """
    check_kind(market, Market, "market")
    check_workers(workers)
    if stability not in get_args(Stability):
        details = {"known": ", ".join(get_args(Stability))}
        raise InvalidInput([Fault("not_an_option", column="stability", value=stability, details=details)])
    limits: dict[str, Any] = {"time_limit_s": time_limit_s, "work_limit": work_limit, "gap": gap}
    budget = Budget(**limits, progress=progress, cancel=cancel, workers=int(workers))
    recorder = Recorder()
    budget.hear(recorder.take)
    if tie_seed is not None:
        _check_seed(tie_seed, stability)
    if market.pair_limit is not None and stability != "off":
        raise InvalidInput([Fault("stability_of_units", column="stability", value=stability)])
    if not market.is_flow and stability != "off":
        fields = ", ".join(name for name in FIELDS if getattr(market, name) is not None)
        details = {"fields": fields}
        raise InvalidInput([Fault("stability_of_program", column="stability", value=stability, details=details)])
    found = _matched(market, stability, start, budget, tie_seed)
    told.info("matched", status=found.status, stop_reason=found.stop_reason or "-")
    return found.replace(statistics=recorder.statistics)


def _matched(
    market: Market, stability: Stability, start: Matching | ArrayLike | None, budget: Budget, tie_seed: int | None
) -> Matching:
    """Return the best matching within the budget, all options checked."""
    if stability == "require" and budget.stop_reason is None:
        return stable_within(market, budget, None if tie_seed is None else int(tie_seed))
    if stability == "require":
        return assembled(market, Solved(stop_reason=budget.stop_reason))
    known = _start_pairs(market, start)
    again = None
    if isinstance(start, Matching) and known is not None and market.is_flow:
        again = _still_optimal(market, start)
    if again is None:
        begun = None if start is None else Begun(known, start if isinstance(start, Matching) else None)
        again = assembled(market, solve_market(market, budget, begun))
    if stability == "report" and again.has_pairs:
        again = again.replace(blocking=blocking(market, again.pairs))
    return again


def _check_seed(tie_seed: Any, stability: str) -> None:
    """Refuse a seed that is none, or a lottery where no ties of preference are broken."""
    if stability != "require":
        details = {"known": 'None without stability="require"'}
        raise InvalidInput([Fault("not_an_option", column="tie_seed", value=tie_seed, details=details)])
    if not isinstance(tie_seed, int | np.integer) or isinstance(tie_seed, bool) or not 0 <= tie_seed < 1 << 62:
        details = {"known": "0 to 2**62 - 1"}
        raise InvalidInput([Fault("not_an_option", column="tie_seed", value=shown(tie_seed), details=details)])


def _start_pairs(market: Market, start: Matching | ArrayLike | None) -> Ints | None:
    """Return the pairs to begin with in canonical order, None if there are none that keep every bound here.

    Pairs of another market's matching may well be unknown here; pairs given by hand must not be.
    """
    if start is None:
        return None
    if isinstance(start, Matching):
        pairs = start.with_units
        return pairs if start.has_pairs and not certificate.pair_flaws(market, pairs) else None
    pairs, columns = np.array(start), 2 if market.pair_limit is None else 3
    if pairs.size == 0:
        pairs = pairs.reshape(0, columns).astype(np.int64)
    if pairs.ndim != 2 or pairs.shape[1] != columns or pairs.dtype.kind not in "iu":
        details = {"shape": pairs.shape, "expected": f"(k, {columns}) integers"}
        raise InvalidInput([Fault("array_shape", column="start", details=details)])
    pairs = pairs.astype(np.int64)
    inside = (
        (pairs[:, :2] >= 0).all(axis=1) & (pairs[:, 0] < market.num_providers) & (pairs[:, 1] < market.num_recipients)
    )
    known: Bools = np.zeros(len(pairs), bool)
    known[inside] = market.allows(pairs[inside, :2])
    _, first = np.unique(pairs[:, :2], axis=0, return_index=True)
    once = np.zeros(len(pairs), bool)
    once[first] = True
    bad = np.flatnonzero(~(known & once)).tolist()
    if bad:
        faults = [Fault("start_pair", column="start", value=pairs[i].tolist(), details={"position": i}) for i in bad]
        raise InvalidInput(faults)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    return None if certificate.pair_flaws(market, pairs) else pairs


def _still_optimal(market: Market, start: Matching) -> Matching | None:
    """Return the pairs of `start` as a matching of `market` if its own prices prove it optimal here."""
    arrays, tie = start.proof.arrays, market.tie_objective
    rows = []
    for side, count in (("provider", market.num_providers), ("recipient", market.num_recipients)):
        parts = [arrays.get(side), arrays.get(f"tie_{side}")]
        if parts[0] is None or (parts[1] is None) != (tie is None) or parts[0].shape != (len(market.objectives), count):
            return None
        rows.append([*parts[0], *([] if parts[1] is None else [parts[1]])])
    again = assembled(market, Solved(start.with_units, rows[0], rows[1], ["start"] * len(market.objectives)))
    return again if again.status == "optimal" else None
