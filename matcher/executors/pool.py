"""The children of this process: warm, bounded in number, each watched by a thread of its own.

The thread begins the child, hands it one task after the other, and passes on what comes back; a child lives no longer
than its thread, since the system ends it with the thread that began it (see `serving`). A child that has nothing to do
for a minute is ended.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Final

from numpy.typing import NDArray

from matcher.executors import starting
from matcher.executors.frames import Arrays, BrokenFrame, receive, send
from matcher.executors.serving import BEGUN, DONE, FAILED, HELLO
from matcher.executors.starting import CannotStart

#: what else a task may be answered with: its child has ended, had ended before it took the task, or never began
DIED, UNTAKEN, UNSTARTED = "died", "untaken", "unstarted"
_IDLE_S: Final = 60.0
#: a child that has not said a word by then never will
_HELLO_S: Final = 60.0
#: after a refusal by the system, so long before it is asked again
_REFUSED_S: Final = 30.0
#: how long a child that has closed its pipe takes to end
_EXIT_S: Final = 1.0
_THREAD: Final = "matcher-child"
_SIGKILL: Final = 9  # Windows has no name for it


@dataclass(slots=True, eq=False)
class Task:
    """One job for one child; answers are put into `events` as (task, word, arrays)."""

    number: int
    job: str
    arrays: Arrays
    events: queue.SimpleQueue[tuple[Task, str, dict[str, NDArray[Any]]]]
    begun: bool = False


@dataclass(slots=True, eq=False)
class Child:
    """A child process and the thread that owns it."""

    pool: Pool
    process: subprocess.Popen[bytes] | None = None
    ended: bool = False
    greeted: bool = False
    begun_s: float = field(default_factory=time.monotonic)
    _tasks: queue.Queue[Task | None] = field(default_factory=queue.Queue)

    def begin(self) -> None:
        """Begin the thread, which begins the process."""
        threading.Thread(target=self._keep, name=_THREAD, daemon=True).start()

    def ask(self, task: Task) -> None:
        """Hand over a task."""
        self._tasks.put(task)

    def kill(self) -> None:
        """End the process now, whatever it does."""
        self.ended = True
        if self.process is not None:
            self.process.kill()

    def dismiss(self) -> None:
        """End the thread too, which waits for a task."""
        self.kill()
        self._tasks.put(None)

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return not self.ended and (self.process is None or self.process.poll() is None)

    @property
    def silent(self) -> bool:
        """Whether it should have said its first word by now and did not."""
        return not self.greeted and time.monotonic() - self.begun_s > _HELLO_S

    def _keep(self) -> None:
        task: Task | None = None
        try:
            self.process = process = starting.begin()
            if self.ended:
                process.kill()
            assert process.stdin is not None
            assert process.stdout is not None
            frame = receive(process.stdout)
            if frame is None or frame[0] != HELLO:
                self._say_why(process)
            self.greeted = True
            while (task := self._next()) is not None:
                send(process.stdin, task.job, task.arrays)
                word = ""
                while word not in (DONE, FAILED):
                    frame = receive(process.stdout)
                    if frame is None:
                        return
                    word = frame[0]
                    task.begun = True
                    if word == BEGUN:
                        continue
                    if word in (DONE, FAILED):
                        self.pool.give_back(self)
                    task.events.put((task, *frame))
                task = None
        except CannotStart:
            if not self.ended:
                self.pool.refuse()
        except (OSError, ValueError, BrokenFrame, TypeError):
            pass  # the child has ended, or what it says is no frame: either way it is of no more use
        finally:
            self._end(task)

    def _say_why(self, process: subprocess.Popen[bytes]) -> None:
        """Tell a child that somebody ended from one that cannot be begun."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            if process.wait(_EXIT_S) in (-signal.SIGTERM, -signal.SIGINT, -_SIGKILL):
                self.greeted = True
                raise BrokenFrame("ended")
        raise CannotStart("silent")

    def _next(self) -> Task | None:
        """Wait for a task; None if it was dismissed, or if none comes for a while and none is on its way."""
        while True:
            try:
                return self._tasks.get(timeout=_IDLE_S)
            except queue.Empty:
                if self.pool.retire(self):
                    return None

    def _end(self, task: Task | None) -> None:
        self.ended = True
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError, ValueError):
                        pipe.close()
        self.pool.forget(self)
        word = UNTAKEN if self.greeted else UNSTARTED
        if task is not None:
            task.events.put((task, DIED if task.begun else word, {}))
        with contextlib.suppress(queue.Empty):
            while True:
                waiting = self._tasks.get_nowait()
                if waiting is not None:
                    waiting.events.put((waiting, word, {}))


class Pool:
    """At most so many children; `take` one, ask it, and it comes back by itself when it has answered."""

    def __init__(self, most: int):
        self.most = most
        self._lock = threading.Lock()
        self._all: set[Child] = set()
        self._idle: list[Child] = []
        self._refused: tuple[str | None, float] | None = None
        self._asked: set[str] = set()

    def begin(self, job: str) -> bool:
        """Have a job without arrays done once for this process, by a child that nobody waits for."""
        with self._lock:
            if job in self._asked:
                return False
            self._asked.add(job)
        with contextlib.suppress(CannotStart):
            child = self.take()
            if child is not None:
                child.ask(Task(0, job, {}, queue.SimpleQueue()))
                return True
        return False

    def take(self) -> Child | None:
        """Return a child to ask, None if all are busy.

        Raises
        ------
        CannotStart
            If there is none and none can be begun.
        """
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if child.alive:
                    return child
                self._all.discard(child)  # ended while nobody was listening; its place is free at once
                child.dismiss()
            if len(self._all) >= self.most:
                return None
            if self._refused is not None:
                executable, when = self._refused
                if executable == sys.executable and time.monotonic() - when < _REFUSED_S:
                    raise CannotStart("refused")
            starting.check()
            child = Child(self)
            try:
                child.begin()
            except RuntimeError as fault:
                raise CannotStart(str(fault)) from fault
            self._all.add(child)
            return child

    def give_back(self, child: Child) -> None:
        """Take a child back that has answered."""
        with self._lock:
            if not child.ended:
                self._idle.append(child)

    def retire(self, child: Child) -> bool:
        """Let an idle child go; False if it was taken meanwhile."""
        with self._lock:
            if child in self._idle:
                self._idle.remove(child)
                return True
            return child.ended

    def forget(self, child: Child) -> None:
        """Count a child no more."""
        with self._lock:
            self._all.discard(child)
            if child in self._idle:
                self._idle.remove(child)

    def refuse(self) -> None:
        """Remember that children cannot be begun."""
        with self._lock:
            self._refused = (sys.executable, time.monotonic())

    def close(self) -> None:
        """End all children."""
        with self._lock:
            children = list(self._all)
        for child in children:
            child.kill()

    def processes(self) -> list[int]:
        """Return the process ids of the children."""
        with self._lock:
            return [child.process.pid for child in self._all if child.process is not None and child.alive]


#: by process id: after a fork the children are the parent's, and so are the locks
_POOLS: Final[dict[int, Pool]] = {}


def pool() -> Pool:
    """Return the pool of this process."""
    mine = _POOLS.get(os.getpid())
    if mine is None:
        mine = _POOLS.setdefault(os.getpid(), Pool(max(2, _cpus())))
    return mine


def other_threads() -> bool:
    """Whether threads other than this one, and than those that watch children, may want to run."""
    mine = threading.current_thread()
    return any(each is not mine and not each.name.startswith(_THREAD) for each in threading.enumerate())


def _cpus() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@atexit.register
def _close() -> None:
    if os.getpid() in _POOLS:
        _POOLS[os.getpid()].close()
