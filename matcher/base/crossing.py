"""How records cross to another process: by pickle and by copy, with nothing lost and nothing made writable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class _ReadOnly:
    """Stands for a read-only mapping or array on its way: neither says so of itself in a pickle."""

    content: Any


class Crosses:
    """A frozen dataclass that any process can read back: its fields cross, mappings and arrays stay read-only."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        values = [getattr(self, each.name) for each in fields(self)]  # type: ignore[arg-type]
        return _made, (type(self), *map(packed, values))


def packed(value: Any) -> Any:
    """Return a value of a field as what can be sent."""
    if isinstance(value, MappingProxyType):
        return _ReadOnly({name: packed(part) for name, part in value.items()})
    if isinstance(value, np.ndarray) and not value.flags.writeable:
        return _ReadOnly(np.ascontiguousarray(value).copy())
    return value


def unpacked(value: Any) -> Any:
    """Undo `packed`."""
    if not isinstance(value, _ReadOnly):
        return value
    if isinstance(value.content, dict):
        return MappingProxyType({name: unpacked(part) for name, part in value.content.items()})
    value.content.setflags(write=False)
    return value.content


def _made(kind: type[Any], *values: Any) -> Any:
    return kind(*map(unpacked, values))
