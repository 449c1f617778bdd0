"""What stability costs: the best matching, or plan, at most B blocking pairs, or a tolerance, away from stable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from matcher.base.errors import Fault, InvalidInput, check_kind
from matcher.base.numbers import IntArray
from matcher.base.progress import Budget, CancelToken, ProgressCallback
from matcher.market.market import Market
from matcher.market.preferences import objectives_of, preferences_of
from matcher.market.solving import match
from matcher.model import Instance
from matcher.policy.policy import Policy
from matcher.stable.best import best_stable
from matcher.stable.orders import promoting
from matcher.stable.preferences import Preferences, blocking_arcs
from matcher.stable.relaxed import RelaxedMatching, nearly_stable
from matcher.study.elsewhere import curve_there
from matcher.study.plan_stability import plan_prices
from matcher.study.tradeoffs import in_order

if TYPE_CHECKING:
    import pandas as pd

Over = Literal["max_blocking", "tolerance"]
#: the limits of a curve that nobody chose others for
DEFAULT_VALUES: Final = (0, 2, 5, 10, 20, None)
COLUMNS: Final = ("level", "unit", "value", "bound", "gap", "blocking_pairs", "pairs", "status")


def relaxed_match(
    market: Market,
    *,
    max_blocking: int | None = 0,
    tolerance: int = 0,
    fewest: bool = False,
    pins: ArrayLike = (),
    start: ArrayLike | None = None,
    time_limit_s: float | None = None,
    work_limit: int | None = None,
    gap: float | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> RelaxedMatching:
    """Return the best matching of a market with few blocking pairs, with a bound for every level.

    Parameters
    ----------
    market
        What to match; each side prefers by its ranks, or by the cost of the first level where it has none.
    max_blocking
        At most so many blocking pairs; 0, with ties, for weakly stable; None for any number.
    tolerance
        A pair blocks only if both sides gain more than this many units of cost; a free place is an infinite gain.
    fewest
        Make the number of blocking pairs least before any level of the market; best with `max_blocking=None`.
    pins, start
        (k, 2) int: pairs that must be chosen, and a matching to start from; None: a stable one, of the order of ties
        that serves most of those tried.
    time_limit_s, work_limit, gap, progress, cancel
        As for `matcher.match`; one unit of work is a thousandth of CP-SAT's deterministic time.

    Raises
    ------
    InvalidInput
        If a limit is negative, a tolerance is asked of ranks, or the costs are too large to be added exactly.
    """
    _check(market, "max_blocking", [max_blocking])
    if tolerance:
        _check(market, "tolerance", [tolerance])
    budget = Budget(time_limit_s=time_limit_s, work_limit=work_limit, gap=gap, progress=progress, cancel=cancel)
    cost, unmet = objectives_of(market)
    preferences = preferences_of(market)
    stable = _strictly_stable(market, preferences) if start is None and budget.stop_reason is None else None
    free = match(market, time_limit_s=budget.time_left_s, cancel=cancel).levels[0].bound
    try:
        return nearly_stable(
            preferences,
            cost,
            unmet,
            max_blocking=max_blocking,
            tolerance=tolerance,
            fewest=fewest,
            pins=np.asarray(pins, dtype=np.int64),
            level_names=[objective.name for objective in market.objectives],
            units=[objective.unit for objective in market.objectives],
            start=np.asarray(start, dtype=np.int64) if stable is None and start is not None else stable and stable[1],
            known=free,
            budget=budget,
        )
    except OverflowError:
        nodes = market.num_providers + market.num_recipients
        details = {"level": 1, "magnitude": "2**60", "nodes": nodes, "most": "2**60"}
        raise InvalidInput([Fault("cost_range", column="cost", details=details)]) from None


@dataclass(slots=True)
class _Point:
    """One point of the curve: the best matching known within the limit, and a bound for each level."""

    limit: int | None
    pairs: IntArray | None
    values: tuple[int, ...]
    bounds: list[int | None]
    status: str


def price_of_stability(
    what: Market | Instance,
    policy: Policy | None = None,
    *,
    over: Over = "max_blocking",
    values: Sequence[float | None] = DEFAULT_VALUES,
    time_limit_s: float | None = None,
    work_limit: int | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
    executor: Any = None,
) -> pd.DataFrame:
    """Return the curve of what can be had against the blocking pairs allowed, or against a tolerance.

    Parameters
    ----------
    what
        A market, or the input of a plan of both levels.
    policy
        What to plan, for plans only; its own `stability` is left aside.
    over
        "max_blocking": at most so many blocking pairs (of a plan: at both levels together). "tolerance": no pair by
        which both gain more than so much, in units of cost for a market, in km (or minutes) for a plan.
    values
        The limits, None for no demand of stability at all; they come back in increasing order, None last.
    time_limit_s, progress, cancel
        Of the whole call; each point has its part of the time.
    work_limit
        Of each point, as for `relaxed_match` and `matcher.solve`.
    executor
        Anything with `submit` as in `concurrent.futures`: the curve is one task of it, since what is known of one point
        serves the next; the result is the same. Progress is not told from there.

    Returns
    -------
    pandas.DataFrame
        Of a market one row for each limit and level: the limit (column `over`, missing for None), `level`, `unit`,
        `value`, `bound`, `gap`, number of `blocking_pairs` (at that tolerance), number of `pairs`, `status` of the
        point. Without a matching the value is missing.

        Of a plan one row a limit, with the columns of `matcher.tradeoff` (status, coverage, travel, pairs kept, and
        LEVEL_value, LEVEL_bound, LEVEL_gap) and `county_blocking_pairs`, `school_blocking_pairs`, `blocking_pairs`,
        counted without tolerance.

        What is known of one point serves the others: whatever keeps a limit keeps any looser one.
        `matcher.show.draw_curve` draws the frame.

    Raises
    ------
    InvalidInput
        If a limit is negative, or a tolerance is asked of ranks or preference lists, which have no unit.

    Examples
    --------
    >>> import matcher
    >>> market = matcher.Market.from_matrix([[1, 2], [3, 9]], unmet_cost=20)
    >>> matcher.study.price_of_stability(market, values=(0, None))[["value", "blocking_pairs"]].values.tolist()
    [[10, 0], [5, 1]]
    """
    whole = Budget(
        time_limit_s=time_limit_s, work_limit=work_limit, progress=progress, cancel=cancel, executor=executor
    )
    import pandas as pd

    if executor is not None:
        options: dict[str, Any] = {"over": over, "values": None if values is None else list(values)}
        there = curve_there("price_of_stability", what, policy, options, whole)
        if there is not None:
            return there
    if not isinstance(what, Market):
        return _plan_prices(what, policy, over, values, whole)
    if policy is not None:
        raise InvalidInput([Fault("not_an_option", column="policy", details={"known": "None for a market"})])
    market = what
    in_use = in_order(over, values)
    limits = [int(value) for value in in_use if value is not None]
    if limits != [value for value in in_use if value is not None]:
        details = {"reason": "not a whole number"}
        raise InvalidInput([Fault("invalid_value", column=over, value=str(values), details=details)])
    _check(market, over, limits)
    preferences = preferences_of(market)
    left = len(limits) + 1
    options = {"work_limit": work_limit, "progress": progress, "cancel": cancel}
    free = match(market, progress=progress, cancel=cancel, time_limit_s=whole.portion(left).time_left_s)
    loosest = _Point(
        None,
        free.pairs if free.has_pairs else None,
        tuple(level.value for level in free.levels if level.value is not None),
        [level.bound for level in free.levels],
        free.status,
    )
    points: list[_Point] = []
    incumbent = _strictly_stable(market, preferences) if whole.stop_reason in (None, "work") else None
    for done, limit in enumerate(limits):
        asked: dict[str, Any] = {"max_blocking": 0, "tolerance": limit} if over == "tolerance" else {over: limit}
        start = None if incumbent is None else incumbent[1]
        part = whole.portion(left - 1 - done).time_left_s
        found = relaxed_match(market, **asked, start=start, time_limit_s=part, **options)
        point = _Point(limit, None, (), [level.bound for level in found.levels], found.status)
        if found.status in ("optimal", "feasible"):
            reached = tuple(level.value for level in found.levels if level.value is not None)
            if incumbent is None or reached <= incumbent[0]:
                incumbent = (reached, found.pairs)
        if incumbent is not None:
            point.values, point.pairs = incumbent
            point.status = "feasible" if found.status == "unknown" else found.status
        points.append(point)
    points.append(loosest)
    for tighter, looser in zip(points[-2::-1], points[:0:-1], strict=True):
        known = [bound for bound in (tighter.bounds[0], looser.bounds[0]) if bound is not None]
        if known and tighter.status != "infeasible":
            tighter.bounds[0] = max(known)
    rows = [
        row
        for point in points
        if point.limit is not None or None in in_use
        for row in _rows(market, over, point, preferences)
    ]
    frame = pd.DataFrame(rows, columns=[over, *COLUMNS])
    numbers = [over, "value", "bound", "gap", "blocking_pairs", "pairs"]
    frame = frame.astype(dict.fromkeys(numbers, "Int64"))
    frame.attrs.update({"over": over, "curve": "stability"})
    return frame


def _plan_prices(
    instance: Instance,
    policy: Policy | None,
    over: Over,
    values: Sequence[float | None],
    whole: Budget,
) -> pd.DataFrame:
    check_kind(instance, Instance, "what")
    if over not in get_args(Over):
        details = {"known": ", ".join(get_args(Over))}
        raise InvalidInput([Fault("not_an_option", column="over", value=over, details=details)])
    limits = in_order(over, values)
    faults = [Fault("limit_negative", column=over, value=limit) for limit in limits if limit is not None and limit < 0]
    if faults:
        raise InvalidInput(faults)
    return plan_prices(instance, policy, over, limits, whole=whole)


def _check(market: Market, over: str, limits: Sequence[int | None]) -> None:
    """Refuse a tolerance on ranks, which have no unit, and limits below 0."""
    ranked = market.provider_rank is not None or market.recipient_rank is not None
    known = ["max_blocking"] if ranked else ["max_blocking", "tolerance"]
    if over not in known:
        raise InvalidInput([Fault("not_an_option", column="over", value=over, details={"known": ", ".join(known)})])
    faults = [
        Fault("limit_negative", column=over, value=limit) for limit in limits if limit is not None and not limit >= 0
    ]
    if faults:
        raise InvalidInput(faults)


def _strictly_stable(market: Market, preferences: Preferences) -> tuple[tuple[int, ...], IntArray] | None:
    """Return values and pairs of the best matching that is stable for one of a few orders of ties and keeps minima."""
    orders = [preferences]
    if preferences.has_ties():
        orders += [order for order, _ in promoting(preferences)]
    found = [best_stable(order, *objectives_of(market)) for order in orders]
    kept = [(best.values, best.pairs) for best in found if best.status == "optimal"]
    return min(kept, key=lambda each: each[0], default=None)


def _rows(market: Market, over: str, point: _Point, preferences: Any) -> list[tuple[Any, ...]]:
    blocking = num_pairs = None
    if point.pairs is not None:
        tolerance = point.limit or 0 if over == "tolerance" else 0
        blocking = int(blocking_arcs(preferences, point.pairs, tolerance=tolerance).sum())
        num_pairs = len(point.pairs)
    rows = []
    for i, objective in enumerate(market.objectives):
        value = point.values[i] if point.pairs is not None else None
        bound = point.bounds[i] if i < len(point.bounds) else None
        gap = None if value is None or bound is None else abs(value - bound)
        rows.append((point.limit, objective.name, objective.unit, value, bound, gap, blocking, num_pairs, point.status))
    return rows
