"""Many tasks on several children of the pool, within a budget."""

from __future__ import annotations

import contextlib
import logging
import queue
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from numpy.typing import NDArray

from matcher.base.progress import Budget, StopReason
from matcher.executors.frames import Arrays, framed, unframed
from matcher.executors.pool import DIED, UNSTARTED, UNTAKEN, Child, Task, pool
from matcher.executors.serving import DONE, FAILED, TOLD, answered
from matcher.executors.starting import CannotStart, inside

#: hears the number of a task and what is told on the way
Told = Callable[[int, Arrays], None]
_LOOK_S: Final = 0.02
_LOG: Final = logging.getLogger("matcher")
#: a task is tried so often by children that end, and offered so often to children that have ended
_TRIES: Final = {DIED: 2, UNTAKEN: 4, UNSTARTED: 4}


@dataclass(slots=True)
class TeamOutcome:
    """What came of the tasks.

    Attributes
    ----------
    answers
        The arrays of each task; None where there are none.
    reason
        Why the work was stopped, None if it was not.
    here
        Whether tasks are left because no child could be begun, or a job failed there: they are for this process to do.
    unstarted
        Whether the reason for that is that no child could be begun.
    """

    answers: list[dict[str, NDArray[Any]] | None] = field(default_factory=list)
    reason: StopReason | None = None
    here: bool = False
    unstarted: bool = False


def call_all(
    job: str,
    given: Sequence[Callable[[], Arrays]],
    budget: Budget,
    *,
    workers: int = 1,
    order: Iterable[int] | None = None,
    told: Told | None = None,
    meanwhile: Callable[[list[dict[str, NDArray[Any]] | None]], bool] | None = None,
) -> TeamOutcome:
    """Have the tasks done by children; those not done when the budget runs out are not answered.

    Parameters
    ----------
    job
        Module with a function `run(arrays, tell) -> arrays`.
    given
        Makes the arrays of each task when its turn comes.
    budget
        Its clock and its token are watched; Ctrl-C counts as cancelled. Where it has an executor, that does the tasks.
    workers, order
        So many at once, in this order (by position if None).
    told
        Hears, in this thread, the number of a task and what is told on the way.
    meanwhile
        Called in this thread, every now and then, with the answers so far; does a step of work of its own, and says
        whether there is more.
    """
    team: Crew = _Team(job, given, workers, order)
    if budget.executor is not None and not inside():
        team = _Remote(job, given, budget)
    more = False
    try:
        while team.busy:
            reason = budget.stop_reason
            if reason is not None and reason != "work":
                team.outcome.reason = reason
                break
            team.hand_out()
            team.hear(told, 0.0 if more else _LOOK_S)
            more = meanwhile is not None and meanwhile(team.outcome.answers)
    except KeyboardInterrupt:
        team.outcome.reason = "cancelled"
    finally:
        team.end()
    outcome = team.outcome
    if outcome.unstarted and not inside():
        _LOG.warning("no child process can be begun here: the work is done in this one, where limits may be late")
    if all(answer is not None for answer in outcome.answers):
        outcome.reason = None
    elif outcome.reason is None and team.lost:
        outcome.reason = "worker_died"
    return outcome


class Crew(Protocol):
    """Who does the tasks: children of this process, or an executor."""

    outcome: TeamOutcome
    lost: bool

    @property
    def busy(self) -> bool:
        """Whether anything is still to come."""

    def hand_out(self) -> None:
        """Give out tasks that wait."""

    def hear(self, told: Told | None, patience_s: float) -> None:
        """Take what has come; wait so long if nothing has."""

    def end(self) -> None:
        """End what is still at work."""


class _Remote:
    """Tasks handed to an executor; one whose worker has died is handed over once more."""

    def __init__(self, job: str, given: Sequence[Callable[[], Arrays]], budget: Budget) -> None:
        self.outcome = TeamOutcome([None] * len(given))
        self.lost = False
        self._job, self._given, self._executor = job, given, budget.executor
        self._waiting = deque(range(len(given)))
        self._active: dict[int, Any] = {}
        self._tries: dict[int, int] = {}

    @property
    def busy(self) -> bool:
        return bool(self._active or self._waiting)

    def hand_out(self) -> None:
        while self._waiting:
            number = self._waiting.popleft()
            try:
                self._active[number] = self._executor.submit(answered, self._job, framed("", self._given[number]()))
            except Exception:  # an executor that takes no more, whatever its own error is called
                self._failed(number)

    def hear(self, told: Told | None, patience_s: float) -> None:
        done = [number for number, future in self._active.items() if future.done()]
        for number in done:
            try:
                word, arrays = unframed(self._active.pop(number).result())
            except Exception:  # the worker, or what it sent, was lost on the way
                self._failed(number)
                continue
            if word == DONE:
                self.outcome.answers[number] = arrays
            else:
                self.outcome.here = True
        if not done:
            time.sleep(patience_s)

    def _failed(self, number: int) -> None:
        self._tries[number] = self._tries.get(number, 0) + 1
        if self._tries[number] < _TRIES[DIED]:
            self._waiting.append(number)
        else:
            self.outcome.here = self.outcome.unstarted = True

    def end(self) -> None:
        for future in self._active.values():
            with contextlib.suppress(Exception):
                future.cancel()


class _Team:
    """Tasks that wait, tasks in work, and what came of them."""

    def __init__(
        self, job: str, given: Sequence[Callable[[], Arrays]], workers: int, order: Iterable[int] | None
    ) -> None:
        self.outcome = TeamOutcome([None] * len(given))
        self.lost = False
        self._job, self._given, self._workers = job, given, workers
        self._waiting = deque(range(len(given)) if order is None else order)
        self._events: queue.SimpleQueue[tuple[Task, str, dict[str, NDArray[Any]]]] = queue.SimpleQueue()
        self._active: dict[int, tuple[Task, Child]] = {}
        self._tries: dict[tuple[int, str], int] = {}

    @property
    def busy(self) -> bool:
        """Whether anything is still to come."""
        return bool(self._active or self._waiting)

    def hand_out(self) -> None:
        """Give waiting tasks to children that are free."""
        while self._waiting and len(self._active) < self._workers:
            try:
                child = pool().take()
            except CannotStart:
                if not self._active:  # else those that there are do all of it
                    self._waiting.clear()
                    self.outcome.here = self.outcome.unstarted = True
                return
            if child is None:
                return
            number = self._waiting.popleft()
            task = Task(number, self._job, self._given[number](), self._events)
            self._active[number] = (task, child)
            child.ask(task)

    def hear(self, told: Told | None, patience_s: float) -> None:
        """Take what has come; wait so long if nothing has."""
        try:
            event = self._events.get(patience_s > 0, patience_s)
        except queue.Empty:
            for _, child in self._active.values():
                if child.silent:
                    child.pool.refuse()
                    child.kill()
            return
        while True:
            self._take(*event, told)
            try:
                event = self._events.get_nowait()
            except queue.Empty:
                return

    def _take(self, task: Task, word: str, arrays: dict[str, NDArray[Any]], told: Told | None) -> None:
        number = task.number
        if self._active.get(number, (None,))[0] is not task:
            return
        if word == TOLD:
            if told is not None:
                told(number, arrays)
            return
        del self._active[number]
        if word == DONE:
            self.outcome.answers[number] = arrays
        elif word == FAILED:
            self.outcome.here = True
        else:
            tries = self._tries[number, word] = self._tries.get((number, word), 0) + 1
            if tries < _TRIES[word]:
                self._waiting.appendleft(number)
            else:
                self.lost = True

    def end(self) -> None:
        """End the children that are still at work."""
        for _, child in self._active.values():
            child.kill()
