"""Markets solved by child processes, which can be ended; what is at hand when they are is still a plan with a bound."""

from __future__ import annotations

from typing import Any, Final

from numpy.typing import NDArray

from matcher.base.progress import Budget, Progress, StopReason
from matcher.executors.child import call
from matcher.executors.frames import Arrays
from matcher.executors.team import call_all
from matcher.market import listed
from matcher.market.claims import Solved
from matcher.market.input import Ints
from matcher.market.jobs.solving import JOB, asked, progress_of, solve_here, unpacked
from matcher.market.market import Market
from matcher.market.matching import Matching
from matcher.market.points import sites
from matcher.market.points.opening import NEAREST, Opening, nearest_first, unpaired

_GRACE_S: Final = 0.3  # how long after a stop the first matching is waited for


def solve_points_apart(market: Market, budget: Budget, start: Matching | Ints | None) -> Solved:
    """Solve as `sites.solve` does, within a second of the budget's limits; Ctrl-C counts as cancelled."""
    opening = Opening(market, lambda: (nearest_first(market, nearest) for nearest in (1, NEAREST)))
    found: list[Solved] = []

    def told(arrays: Arrays) -> None:
        report = progress_of(arrays)
        if report is not None:
            budget.report(report)
        else:
            found[:] = [unpacked(arrays)]

    outcome = call(JOB, asked(market, budget, start, tells=True), budget, told)
    if outcome.here:
        return sites.solve(market, budget, start)
    if outcome.answers[0] is not None:
        return unpacked(outcome.answers[0])
    best = opening.result(budget.patience_s(_GRACE_S))
    if found:
        best = found[0] if found[0].provider else Solved(found[0].pairs, best.provider, best.recipient, best.methods)
    best.stop_reason, best.settled = outcome.reason, True
    return best


def solve_listed_apart(market: Market, budget: Budget, start: Ints | None) -> Solved:
    """Solve as `listed.solve` does on a child; stopped, return the levels it had finished, or what was found here."""
    opening = Opening(market, lambda: listed.at_once(market, start))
    found: list[Solved] = []
    levels = [level.name for level in market.objectives]

    def told(arrays: Arrays) -> None:
        found[:] = [unpacked(arrays)]
        budget.report(Progress(f"level:{levels[len(found[0].provider) - 1]}", len(found[0].provider) - 1, len(levels)))

    budget.report(Progress(f"level:{levels[0]}", 0, len(levels)))
    outcome = call(JOB, asked(market, budget, tells=True), budget, told)
    if outcome.here:
        return listed.solve(market, budget, start)
    if outcome.answers[0] is not None:
        return unpacked(outcome.answers[0])
    best = found[0] if found else opening.result(budget.patience_s(_GRACE_S))
    if best.hall is None:
        best.stop_reason = outcome.reason
    return best


def solve_parts_apart(markets: list[Market], budget: Budget) -> tuple[list[Solved], StopReason | None]:
    """Solve parts on children; those not done when the budget runs out get a quick answer."""
    shown = -1
    spare: dict[int, Solved] = {}

    def meanwhile(answers: list[dict[str, NDArray[Any]] | None]) -> bool:
        nonlocal shown
        done = sum(answer is not None for answer in answers)
        if shown != done:
            shown = done
            budget.report(Progress("components", done, len(markets)))
        missing = (at for at, answer in enumerate(answers) if answer is None and at not in spare)
        at = next(missing, None) if budget.can_end else None
        if at is None:
            return False
        spare[at] = quick(markets[at])
        return True

    # The largest first, so that none is left for last; answers stand by position, so the order changes nothing.
    size = [part.num_providers + part.num_recipients for part in markets]
    order = sorted(range(len(markets)), key=lambda at: (-size[at], at))
    given = [lambda part=part: asked(part, budget) for part in markets]
    workers = min(budget.workers, len(markets))
    outcome = call_all(JOB, given, budget, workers=workers, order=order, meanwhile=meanwhile)
    solved = []
    for at, answer in enumerate(outcome.answers):
        if answer is not None:
            solved.append(unpacked(answer))
        elif outcome.reason is None:
            solved.append(solve_here(markets[at], Budget(work_limit=budget.work_limit, gap=budget.gap)))
        elif budget.waits(_GRACE_S):
            solved.append(spare.get(at) or quick(markets[at]))
        else:
            solved.append(spare.get(at) or unpaired(markets[at]))
    return solved, outcome.reason


def quick(part: Market) -> Solved:
    """Return a feasible matching and a bound of a part at once, for when its turn does not come."""
    return nearest_first(part) if sites.suits(part) else listed.solve(part, Budget(work_limit=0), None)
