"""The form of markets and matchings as plain arrays: in memory, in one .npz file, checked again when read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from matcher.base.errors import Fault, InvalidInput


class ArrayForm(ABC):
    """Something that can be written as named arrays and read back; a subclass gives `to_arrays` and `_read`."""

    __slots__ = ()

    _format: ClassVar[str]
    #: every format that `_read` understands; () for `_format` alone
    _formats: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as plain arrays, `format` among them; nothing needs pickle."""

    @classmethod
    @abstractmethod
    def _read(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build the object again through its door, so that a tampered file meets the same checks."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Read what `to_arrays` wrote.

        What a matching claims is not proved by reading: see `matcher.market.certificate`.

        Raises
        ------
        InvalidInput
            If the arrays are of another format or faulty.
        """
        expected = {"expected": cls._format}
        found = str(arrays.get("format", "?"))
        if found not in (cls._formats or (cls._format,)):
            raise InvalidInput([Fault("array_format", value=found, details=expected)])
        try:
            return cls._read(arrays)
        except InvalidInput:
            raise
        except (KeyError, ValueError, SyntaxError) as error:
            raise InvalidInput([Fault("array_format", value=str(error), details=expected)]) from None

    def to_npz(self, path: str | Path) -> None:
        """Write `to_arrays` to one compressed .npz file."""
        with Path(path).open("wb") as file:
            np.savez_compressed(file, **self.to_arrays())  # type: ignore[arg-type]

    @classmethod
    def from_npz(cls, path: str | Path) -> Self:
        """Read what `to_npz` wrote."""
        with np.load(Path(path), allow_pickle=False) as arrays:
            return cls.from_arrays(dict(arrays))


def seal(arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.uint8]:
    """Return the SHA-256 of all arrays but `seal`, (32,): name, type, shape and bytes of each, in order of names."""
    digest = sha256()
    for name in sorted(arrays.keys() - {"seal"}):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return np.frombuffer(digest.digest(), np.uint8)
