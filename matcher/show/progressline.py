"""Progress on one line of a terminal, rewritten in place; nothing where nobody watches; or as JSON for a program."""

from __future__ import annotations

import json
import sys
import time
from types import TracebackType
from typing import Any, Final, TextIO

from matcher.base.errors import text
from matcher.base.progress import Progress
from matcher.words.catalogue import has_text

#: seconds between two rewrites; only what is shown depends on it
_PAUSE_S: Final = 0.1
_WIDTH: Final = 79


class ProgressLine:
    """A progress callback that shows phase, steps, value, bound and gap.

    Parameters
    ----------
    stream
        Where to write. On a terminal one line is rewritten; elsewhere nothing is shown, or, if `verbose`, a line for
        each new phase.
    lang
        Language of the phases.
    """

    def __init__(self, stream: TextIO, lang: str, *, verbose: bool = False):
        self._stream, self._lang, self._verbose = stream, lang, verbose
        self._is_terminal = stream.isatty()
        self._next = 0.0
        self._phase = ""
        self._shown = 0

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._rewrite("")

    def __call__(self, progress: Progress) -> None:
        """Show one report."""
        new_phase = progress.phase != self._phase
        self._phase = progress.phase
        if self._is_terminal:
            if new_phase or time.monotonic() >= self._next:
                self._next = time.monotonic() + _PAUSE_S
                self._rewrite(self.words(progress))
        elif self._verbose and new_phase:
            self._stream.write(self.words(progress) + "\n")
            self._stream.flush()

    def words(self, progress: Progress) -> str:
        """Say one report on one line."""
        name, _, level = progress.phase.partition(":")
        phase = text(f"phase.{name}", self._lang) if has_text(f"phase.{name}") else name
        parts = [f"{phase} {level}".rstrip()]
        if progress.of:
            parts.append(f"{progress.done:,}/{progress.of:,}")
        elif progress.done:
            parts.append(f"{progress.done:,}")
        for key in ("value", "bound", "gap"):
            number = getattr(progress, key)
            if number is not None:
                parts.append(f"{text(f'phase.{key}', self._lang)} {number:,}")
        return "  ".join(parts)

    def _rewrite(self, said: str) -> None:
        if self._is_terminal and (said or self._shown):
            said = said[:_WIDTH]
            self._stream.write("\r" + said + " " * max(0, self._shown - len(said)) + ("" if said else "\r"))
            self._stream.flush()
            self._shown = len(said)


class ProgressJson:
    """A progress callback that writes reports as JSON, a line each: every new phase, and ten a second within one."""

    def __init__(self, stream: TextIO):
        self._stream = stream
        self._next = 0.0
        self._phase = ""

    def __enter__(self) -> ProgressJson:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        return None

    def __call__(self, progress: Progress) -> None:
        """Write one report."""
        if progress.phase == self._phase and time.monotonic() < self._next:
            return
        self._phase, self._next = progress.phase, time.monotonic() + _PAUSE_S
        self._stream.write(json.dumps(progress.to_json(), ensure_ascii=False, sort_keys=True) + "\n")
        self._stream.flush()


def progress_of(options: Any) -> ProgressLine | ProgressJson:
    """Return what the arguments of a command ask progress to be shown by, on standard error."""
    if options.progress == "json":
        return ProgressJson(sys.stderr)
    return ProgressLine(sys.stderr, options.lang, verbose=options.verbose)
