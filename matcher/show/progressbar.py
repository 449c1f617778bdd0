"""`ProgressBar`: what a person at a terminal or in a notebook passes as `progress=`."""

from __future__ import annotations

import math
import sys
import time
from types import TracebackType
from typing import Any, Final, TextIO

from matcher.base.errors import text
from matcher.base.escaping import html_text
from matcher.base.progress import Progress
from matcher.words.catalogue import has_text

#: seconds between two rewrites; only what is shown depends on it
_PAUSE_S: Final = 0.1
_CELLS: Final = 12
_DIGITS: Final = 6


class ProgressBar:
    """A progress callback that draws a bar with phase, rounds, value, bound and gap.

    In a notebook it is one output that is updated in place, on a terminal one line for each phase, elsewhere nothing,
    so that logs stay readable. Pass it as ``progress=`` to `match`, `solve` and everything else that takes one. The bar
    shows the steps done where their number is known, else the gap between value and bound: a full bar is a gap closed,
    half a bar one of 0.1 %. As a context manager it also ends its line when the work was stopped early.

    Parameters
    ----------
    stream
        Where to write outside of notebooks; standard error if None.
    lang
        "en" or "zh".

    Examples
    --------
    >>> import matcher
    >>> market = matcher.Market.from_matrix([[4, 1], [2, 3]])
    >>> with matcher.ProgressBar() as bar:
    ...     matching = matcher.match(market, progress=bar)
    """

    def __init__(self, stream: TextIO | None = None, lang: str = "en"):
        self._lang = lang
        self._stream = sys.stderr if stream is None else stream
        self._notebook = stream is None and _in_notebook()
        self._is_terminal = not self._notebook and self._stream.isatty()
        self._phase: str | None = None
        self._next = 0.0
        self._shown = 0
        self._handle: Any = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._end_line()

    def __call__(self, progress: Progress) -> None:
        """Show one report, unless the last was shown a moment ago and nothing new has begun or ended."""
        if not (self._notebook or self._is_terminal):
            return
        ended = progress.gap == 0 or (progress.of is not None and progress.done >= progress.of)
        if progress.phase == self._phase and not ended and time.monotonic() < self._next:
            return
        if progress.phase != self._phase:
            self._end_line()
        self._phase = progress.phase
        self._next = time.monotonic() + _PAUSE_S
        if self._notebook:
            self._show_html(progress)
        else:
            self._rewrite(f"[{drawn(progress)}] {self.words(progress)}")
            if ended:
                self._end_line()

    def words(self, progress: Progress) -> str:
        """Say one report in words."""
        name, _, level = progress.phase.partition(":")
        phase = text(f"phase.{name}", self._lang) if has_text(f"phase.{name}") else name
        parts = [f"{phase} {level}".rstrip()]
        if progress.of:
            parts.append(f"{progress.done:,}/{progress.of:,}")
        elif progress.done:
            parts.append(text("phase.round", self._lang, number=progress.done))
        for key in ("value", "bound"):
            number = getattr(progress, key)
            if number is not None:
                parts.append(f"{text(f'phase.{key}', self._lang)} {number:,}")
        if progress.gap is not None:
            parts.append(f"{text('phase.gap', self._lang)} {100 * _relative(progress):.2g} %")
        return "  ".join(parts)

    def _rewrite(self, said: str) -> None:
        self._stream.write("\r" + said + " " * max(0, self._shown - len(said)))
        self._stream.flush()
        self._shown = len(said)

    def _end_line(self) -> None:
        if self._shown:
            self._stream.write("\n")
            self._stream.flush()
            self._shown = 0

    def _show_html(self, progress: Progress) -> None:
        from IPython.display import HTML, display

        filled = f"<progress max='1' value='{fraction(progress):.3f}'></progress>"
        shown = HTML(f"<div>{filled} {html_text(self.words(progress))}</div>")  # type: ignore[no-untyped-call]
        if self._handle is None:
            self._handle = display(shown, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(shown)


def fraction(progress: Progress) -> float:
    """Return how much of the bar is filled: steps done of all, or how many of six digits of the gap are closed."""
    if progress.of:
        return min(1.0, progress.done / progress.of)
    if progress.gap is None:
        return 0.0
    if progress.gap == 0:
        return 1.0
    return min(0.99, max(0.0, -math.log10(_relative(progress)) / _DIGITS))


def drawn(progress: Progress) -> str:
    """Return the bar in characters that every terminal has."""
    filled = int(_CELLS * fraction(progress))
    return "#" * filled + "." * (_CELLS - filled)


def _relative(progress: Progress) -> float:
    assert progress.gap is not None
    return progress.gap / max(1, abs(progress.value or 0))


def _in_notebook() -> bool:
    """Whether this runs in a kernel that can show HTML; IPython is looked at only if something else has loaded it."""
    module = sys.modules.get("IPython")
    shell = None if module is None else module.get_ipython()
    return getattr(shell, "kernel", None) is not None
