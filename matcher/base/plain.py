"""Values made plain: what an error says of a value, and what of it can be sent to another process.

A fault holds what the caller gave, and that may be anything: a lock, a list in a list a thousand times, an integer of
5,000 digits (which Python refuses to write out). Saying it must never fail, and neither must sending it.
"""

from __future__ import annotations

import datetime as dt
import reprlib
from collections.abc import Mapping
from typing import Any, Final

#: characters of a value that a message shows
LONGEST_SHOWN: Final = 200
#: what stands for the rest of a value that is cut
CUT: Final = "…"
#: lists in lists that are kept as they are when an error is sent on
_MOST_DEPTH: Final = 20
#: bits of the largest integer that is written out
_MOST_BITS: Final = 1024
#: decimal digits a bit
_DIGITS_A_BIT: Final = 0.30103
_NESTED: Final = (list, tuple, dict, set, frozenset)
_ATOMS: Final = (bool, float, complex, bytes, type(None), dt.date, dt.time, dt.timedelta)


class Shown(str):
    """A text that stands for a value that is no text: it is written without quotation marks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class _Repr(reprlib.Repr):
    """Writes as much of a nested value as anyone will read, whatever is in it."""

    def __init__(self) -> None:
        super().__init__()
        self.maxtuple = self.maxlist = self.maxset = self.maxfrozenset = self.maxdict = 20
        self.maxstring = self.maxother = LONGEST_SHOWN

    def repr_int(self, x: int, level: int) -> str:
        """Write an integer, also one that Python refuses to."""
        return str(shown(x))


_REPR: Final = _Repr()


def shown(value: Any, most: int = LONGEST_SHOWN) -> Any:
    """Return what a message may say of `value`: itself where that is safe and of `most` characters, else a text for it.

    Examples
    --------
    >>> shown(10**5000), shown("x" * 1000)[-3:], shown(3)
    (≈10^5000, 'xx…', 3)
    """
    if isinstance(value, Shown):
        return value
    if isinstance(value, str):
        return _cut(value, most)
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return Shown(f"{'-' if value < 0 else ''}≈10^{int(value.bit_length() * _DIGITS_A_BIT)}")
    if isinstance(value, (int, *_ATOMS)):
        return value
    try:
        said = _REPR.repr(value) if type(value) in _NESTED else str(value)
    except Exception:  # whatever a stranger's __str__ raises: the type is all that can be told
        said = type(value).__name__
    return Shown(_cut(said, most))


def safe_text(value: str) -> str:
    """Return text that can be written as UTF-8: half of a pair of surrogates as its escape."""
    return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode("utf-8")


def plain(value: Any, depth: int = _MOST_DEPTH) -> Any:
    """Return `value` if any process can read it back, else the text for it; mappings as dictionaries."""
    if isinstance(value, Mapping) and depth:
        return {plain(name, 0): plain(item, depth - 1) for name, item in value.items()}
    if type(value) in (list, tuple, set, frozenset) and depth:
        return type(value)(plain(item, depth - 1) for item in value)
    if type(value) is str or isinstance(value, _ATOMS) or (type(value) is int and value.bit_length() <= _MOST_BITS):
        return value
    if hasattr(value, "dtype") and hasattr(value, "tolist") and depth:  # numbers and arrays of NumPy
        return plain(value.tolist(), depth - 1)
    return value if type(value) is Shown else shown(value)


def _cut(value: str, most: int) -> str:
    return safe_text(value[:most] if len(value) <= most else value[:most] + CUT)
