"""The one mark of a value that could not be read."""

from __future__ import annotations

from typing import Final


class _Unreadable:
    """Stands for a value that could not be read; its fault is reported elsewhere."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNREADABLE"


UNREADABLE: Final = _Unreadable()
