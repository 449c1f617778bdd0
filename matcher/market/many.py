"""`match_many`: thousands of small markets at once, without paying the set-up of a solver for each.

Markets of one shape whose pairs are all allowed and who give and want one unit are solved by the assignment of SciPy
(Crouse 2016), and their dual prices are found together: one array operation settles a step of all of them. Everything
else goes to `match`, one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.base.errors import check_kind
from matcher.base.progress import Budget, CancelToken, Progress, ProgressCallback, check_workers
from matcher.base.result import Level, Proof
from matcher.executors.frames import Arrays
from matcher.executors.team import call_all
from matcher.market.claims import SCOPE, Solved, assembled
from matcher.market.engines import solve_market
from matcher.market.input import Ints
from matcher.market.market import Market
from matcher.market.matching import Matching

#: costs beyond this, times the size, are not exact in floating point
_EXACT: Final = 1 << 52
_BATCH: Final = 512
#: under a limit, so that it is looked at often enough
_FEWER: Final = 32
#: how long after a stop the markets not reached still get a first matching
_GRACE_S: Final = 0.1
JOB: Final = "matcher.market.many"
_ONE: Final = np.array([0, 1], np.int64).tobytes()


def match_many(
    markets: Iterable[Market],
    *,
    time_limit_s: float | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
    workers: int = 1,
    executor: Any = None,
) -> list[Matching]:
    """Return the best matching of each market, proved as `match` proves it.

    Parameters
    ----------
    markets
        Any markets; those of one shape made by `Market.from_matrix` with capacity and demand 1 are solved together.
    progress
        Told how many are done.
    time_limit_s, cancel
        Of the whole call, looked at between batches; the markets not reached by then come back as `match` returns them
        when it is stopped.
    workers, executor
        Batches are solved on so many processes of this machine, or as tasks of an executor, anything with `submit` as
        in `concurrent.futures`; the result is the same.

    Returns
    -------
    list of Matching
        In the order of the markets, with the values that `match` finds for each.
    """
    given = list(markets)
    for market in given:
        check_kind(market, Market, "markets")
    check_workers(workers)
    limits: dict[str, Any] = {"time_limit_s": time_limit_s, "progress": progress, "cancel": cancel}
    budget = Budget(**limits, workers=int(workers), executor=executor)
    if executor is not None or workers > 1:
        return _apart(given, budget)
    return _here(given, budget)


def _apart(given: list[Market], budget: Budget) -> list[Matching]:
    """Solve batches of markets elsewhere; those that do not come back are solved, or stopped, here."""
    batches = [range(first, min(first + _BATCH, len(given))) for first in range(0, len(given), _BATCH)]
    shown = -1

    def meanwhile(found: list[dict[str, NDArray[Any]] | None]) -> bool:
        nonlocal shown
        done = sum(len(batch) for batch, answer in zip(batches, found, strict=True) if answer is not None)
        if done != shown:
            shown = done
            budget.report(Progress("match_many", done, len(given)))
        return False

    sent = [partial(asked, given[batch.start : batch.stop]) for batch in batches]
    outcome = call_all(JOB, sent, budget, workers=min(budget.workers, len(batches)), meanwhile=meanwhile)
    if outcome.reason is not None and budget.stop_reason is None:
        budget.stop(outcome.reason)
    matchings: list[Matching] = []
    for batch, arrays in zip(batches, outcome.answers, strict=True):
        markets = given[batch.start : batch.stop]
        matchings += _here(markets, budget) if arrays is None else answered(markets, arrays)
    return matchings


def asked(markets: list[Market]) -> Arrays:
    """Return markets as arrays."""
    return {f"{at}_{name}": array for at, market in enumerate(markets) for name, array in market.to_arrays().items()}


def answered(markets: list[Market], arrays: Arrays) -> list[Matching]:
    """Return the matchings that a worker found of these markets."""
    taken = _by_number(arrays, len(markets))
    for found, market in zip(taken, markets, strict=True):
        found |= {f"market_{name}": array for name, array in market.to_arrays().items()}
    return [Matching.from_arrays(found).replace(market=market) for found, market in zip(taken, markets, strict=True)]


def run(arrays: Arrays, tell: Callable[[Arrays], None]) -> Arrays:
    """Solve the markets that the arrays hold."""
    count = 1 + max(int(name.partition("_")[0]) for name in arrays)
    markets = [Market.from_arrays(one) for one in _by_number(arrays, count)]
    found = {}
    for at, matching in enumerate(_here(markets, Budget())):
        for name, array in matching.to_arrays().items():
            if not name.startswith("market_"):
                found[f"{at}_{name}"] = array
    return found


def _by_number(arrays: Arrays, count: int) -> list[dict[str, NDArray[Any]]]:
    taken: list[dict[str, NDArray[Any]]] = [{} for _ in range(count)]
    for name, array in arrays.items():
        at, _, rest = name.partition("_")
        taken[int(at)][rest] = array
    return taken


def _here(given: list[Market], budget: Budget) -> list[Matching]:
    """Solve markets in this process, those of one shape together."""
    answers: list[Matching | None] = [None] * len(given)
    groups: dict[tuple[bool, bytes, bytes], list[int]] = {}
    for at, market in enumerate(given):
        if market.is_flow and market.matrix is not None and market.matrix.allowed is None and market.pair_limit is None:
            # Bytes are compared in a tenth of the time of small arrays; they say the shape too.
            key = (market.unmet_cost is None, market.capacity.tobytes(), market.demand.tobytes())
            groups.setdefault(key, []).append(at)
    done = 0
    for kind, alike in groups.items():
        members = [at for at in alike if len(given[at].level_names) == 1] if _plain(*kind[1:]) else []
        step = _FEWER if budget.can_end else _BATCH
        for first in range(0, len(members), step):
            if budget.stop_reason is not None:
                break
            batch = members[first : first + step]
            for at, answer in zip(batch, _solved([given[at] for at in batch]), strict=True):
                answers[at] = answer
            done += len(batch)
            budget.report(Progress("match_many", done, len(given)))
    found: list[Matching] = []
    for market, answer in zip(given, answers, strict=True):
        if answer is None:
            late = not budget.waits(_GRACE_S)
            solved = Solved(stop_reason=budget.stop_reason) if late else solve_market(market, budget, None)
            answer = assembled(market, solved)
            done += 1
            budget.report(Progress("match_many", done, len(given)))
        found.append(answer)
    return found


def _plain(*bounds: bytes) -> bool:
    """Whether both sides, each (n, 2) int64 as bytes, have members, all with at most one partner."""
    return all(side and side == _ONE * (len(side) // len(_ONE)) for side in bounds)


def _solved(markets: list[Market]) -> list[Matching | None]:
    """Solve plain markets of one shape, all with `unmet_cost` or all without; None for one that is left to `match`.

    Minimise S * (cost + unmet) + unmet units, S above the number of units, so that ties go to more pairs; without
    `unmet_cost`, S * unmet units + cost with S above any total. Each recipient may take a place of its own at that
    charge, which makes it an assignment.
    """
    # (B, R, P): turned in one go, which is quicker than one by one
    cost = np.ascontiguousarray(np.stack([_cost(market) for market in markets]).transpose(0, 2, 1))
    B, R, P = cost.shape
    first = markets[0].unmet_cost is None
    most = int(np.abs(cost).max(initial=0))
    scale = 2 * (R + 1)
    if first:
        charge = np.full((B, R), 2 * (R + P) * (most + 1), np.int64)
        fine = cost
    else:
        unmet = np.stack([market.unmet_cost[0] for market in markets if market.unmet_cost is not None])
        most = max(most, int(np.abs(unmet).max(initial=0)))
        if most * scale >= _EXACT:
            return [None] * B
        charge, fine = scale * unmet + 1, scale * cost
    if max(int(charge.max()), most * scale) * (R + P) >= _EXACT:
        return [None] * B
    partner = _partners(fine, charge, first)
    p, u, fits = _prices(fine, charge, partner)
    if first:
        rich_p, rich_u = 2 * p > charge[:, :1], 2 * u > charge[:, :1]
        rows_p, rows_u = (
            (rich_p.astype(np.int64), p - charge[:, :1] * rich_p),
            (rich_u.astype(np.int64), u - charge[:, :1] * rich_u),
        )
    else:
        whole_p, whole_u = (p + scale // 2) // scale, (u + scale // 2) // scale
        rows_p, rows_u = (whole_p, p - scale * whole_p), (whole_u, u - scale * whole_u)
    served = partner < P
    metres = np.where(served, np.take_along_axis(cost, np.minimum(partner, P - 1)[:, :, None], 2)[:, :, 0], 0).sum(
        axis=1
    )
    short = R - served.sum(axis=1)
    if first:
        fits &= ((p[:, None, :] < charge[:, :1, None] // 2) | (2 * p[:, None, :] > charge[:, :1, None])).all(
            axis=(1, 2)
        )
        if rich_p.any() or rich_u.any():  # else the prices are those of the costs alone, which fit already
            fits &= _split(fine, rows_p, rows_u)
        values = np.column_stack([short, metres])
    else:
        values = (metres + np.where(served, 0, unmet).sum(axis=1))[:, None]
    order = np.argsort(partner, axis=1, kind="stable")
    pairs = np.stack([np.take_along_axis(partner, order, 1), order], axis=2)
    stacked = np.stack(rows_p, axis=1), np.stack(rows_u, axis=1)
    return _answers(markets, fits, (pairs, served.sum(axis=1)), values, stacked)


def _answers(
    markets: list[Market], fits: NDArray[np.bool_], pairs: tuple[Ints, Ints], values: Ints, prices: tuple[Ints, Ints]
) -> list[Matching | None]:
    """Return the claims of each market whose prices fit, from (B, R, 2) pairs and their number, values and prices."""
    both, count = pairs[0], pairs[1].tolist()
    for array in (both, *prices):
        array.flags.writeable = False
    first = markets[0].unmet_cost is None
    # How many go without is the same in every market of the shape.
    unmet = (_level("unmet", "units", int(values[0, 0])),) if first else ()
    answers: list[Matching | None] = []
    rows = zip(markets, fits.tolist(), both, count, values[:, -1].tolist(), *prices, strict=True)
    for market, proved, chosen, number, value, p, u in rows:
        if not proved:
            answers.append(None)
            continue
        if first:
            arrays = {"provider": p, "recipient": u}
        else:
            arrays = {"provider": p[:1], "recipient": u[:1], "tie_provider": p[1], "tie_recipient": u[1]}
        levels = (*unmet, _level(market.level_names[0], _unit(market), value))
        answers.append(
            Matching(market, chosen[:number], "optimal", None, levels, Proof("certificate", SCOPE, None, arrays))
        )
    return answers


def _level(name: str, unit: str, value: int) -> Level:
    return Level.proved(name, "min", unit, value, "assignment", SCOPE)


def _partners(cost: Ints, charge: Ints, most_pairs: bool) -> Ints:
    """Return the provider of each recipient of each market, (B, R); P + r where r is left out."""
    from scipy.optimize import linear_sum_assignment

    B, R, P = cost.shape
    partner = np.broadcast_to(P + np.arange(R), (B, R)).copy()
    if most_pairs:  # the smaller side is served whole: no place of its own is needed
        table = cost.astype(np.float64)
        if R <= P:
            for b in range(B):
                partner[b] = linear_sum_assignment(table[b])[1]
        else:
            for b in range(B):
                rows, columns = linear_sum_assignment(table[b])
                partner[b, rows] = columns
        return partner
    table = np.empty((B, R, P + R))
    table[:, :, :P] = cost
    table[:, :, P:] = charge.max() * 4.0 * (R + P)
    table[:, np.arange(R), P + np.arange(R)] = charge
    for b in range(B):
        partner[b] = linear_sum_assignment(table[b])[1]
    return partner


def _unit(market: Market) -> str:
    """Return the unit of the cost level, as `match` names it."""
    return market.unit or ("" if market.resolution == 1 else f"{market.resolution!r}")


def _cost(market: Market) -> Ints:
    assert market.matrix is not None
    cost: Ints = market.matrix.cost[0]
    return cost


def _prices(cost: Ints, charge: Ints, partner: Ints) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Return the greatest prices (B, P), (B, R) of all markets at once, and which of them prove their assignment.

    Label correcting (Bellman and Ford): u <= cost + p at every pair, p = u - cost at the chosen ones, p = 0 at free
    providers, u <= charge. A market whose labels would break p >= 0 or u = charge where unmet is not proved.
    """
    B, R, P = cost.shape
    served = partner < P
    at = np.minimum(partner, P - 1)
    paid = np.take_along_axis(cost, at[:, :, None], 2)[:, :, 0]
    owner = np.full((B, P + R), -1)
    np.put_along_axis(owner, partner, np.broadcast_to(np.arange(R), (B, R)), 1)
    owner = owner[:, :P]
    taken = owner >= 0
    u = charge.copy()
    p = np.zeros((B, P), np.int64)
    paid_p = np.take_along_axis(paid, np.maximum(owner, 0), 1)
    fits = np.zeros(B, bool)
    owner = np.maximum(owner, 0)
    live, table = np.arange(B), cost
    for _ in range(R + P + 2):
        price = np.where(taken[live], np.take_along_axis(u[live], owner[live], 1) - paid_p[live], 0)
        new = np.minimum(charge[live], (table + price[:, None, :]).min(axis=2))
        p[live] = price
        still = (new != u[live]).any(axis=1)
        u[live] = new
        # Settled: u <= charge and u <= cost + p hold everywhere, with equality at the chosen pairs.
        fits[live[~still]] = True
        if 2 * still.sum() < len(live) or not still.any():
            live, table = live[still], table[still]
        if not len(live):
            break
    fits &= (p >= 0).all(axis=1) & ((u == charge) | served).all(axis=1)
    return p, u, fits


def _split(cost: Ints, p: tuple[Ints, Ints], u: tuple[Ints, Ints]) -> NDArray[np.bool_]:
    """Return where no pair has a lexicographically negative reduced cost."""
    first = p[0][:, None, :] - u[0][:, :, None]
    second = cost + p[1][:, None, :] - u[1][:, :, None]
    fits: NDArray[np.bool_] = ((first > 0) | ((first == 0) & (second >= 0))).all(axis=(1, 2))
    return fits
