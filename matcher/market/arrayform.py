"""The form of markets and matchings as plain arrays: in memory, in one .npz file, checked again when read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from matcher.base.arrayfile import BrokenArrays, read_arrays, write_arrays
from matcher.base.disk import regular_bytes, write_whole
from matcher.base.errors import Fault, InvalidInput, check_kind
from matcher.base.plain import shown


class ArrayForm(ABC):
    """Something that can be written as named arrays and read back; a subclass gives `to_arrays` and `_read`.

    It crosses to another process in this form, by pickle too, and two are equal if their arrays are.
    """

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
        check_kind(arrays, Mapping, "arrays")
        for name, array in arrays.items():
            if not (isinstance(name, str) and isinstance(array, np.ndarray) and array.dtype.kind in "biufU"):
                raise cls._refused(f"{shown(name)}: {getattr(array, 'dtype', type(array).__name__)}")
        found = str(arrays.get("format", "?"))
        if found not in (cls._formats or (cls._format,)):
            raise cls._refused(found)
        try:
            return cls._read(arrays)
        except InvalidInput:
            raise
        except (LookupError, ValueError, SyntaxError, TypeError, ArithmeticError, RecursionError) as error:
            raise cls._refused(str(error)) from None

    @classmethod
    def _refused(cls, reason: str) -> InvalidInput:
        return InvalidInput([Fault("array_format", value=reason, details={"expected": cls._format})])

    def to_bytes(self) -> bytes:
        """Return `to_arrays` as the bytes of an .npz file, the same for the same arrays."""
        return write_arrays(self.to_arrays())

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read what `to_bytes` or `to_npz` wrote.

        Raises
        ------
        InvalidInput
            If it is something else, was changed, or declares more than a file of its size may.
        """
        check_kind(content, bytes, "content")
        try:
            arrays = read_arrays(content)
        except BrokenArrays as error:
            raise cls._refused(str(error)) from None
        return cls.from_arrays(arrays)

    def to_npz(self, path: str | Path) -> None:
        """Write `to_bytes` to one compressed .npz file.

        Raises
        ------
        SaveError
            If it can't be written; what stood there still stands.
        """
        write_whole(Path(path), self.to_bytes())

    @classmethod
    def from_npz(cls, path: str | Path) -> Self:
        """Read what `to_npz` wrote.

        Raises
        ------
        InvalidInput
            If there is no such file, or it is something else.
        """
        return cls.from_bytes(regular_bytes(path))

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self.to_arrays())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ArrayForm) or type(self) is not type(other):
            return NotImplemented
        if self is other:
            return True
        ours, theirs = self.to_arrays(), other.to_arrays()
        return ours.keys() == theirs.keys() and all(np.array_equal(array, theirs[name]) for name, array in ours.items())

    @abstractmethod
    def __hash__(self) -> int: ...


def _again(kind: type[ArrayForm], arrays: Mapping[str, NDArray[Any]]) -> ArrayForm:
    return kind.from_arrays(arrays)


def seal(arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.uint8]:
    """Return the SHA-256 of all arrays but `seal`, (32,): name, type, shape and bytes of each, in order of names."""
    digest = sha256()
    for name in sorted(arrays.keys() - {"seal"}):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return np.frombuffer(digest.digest(), np.uint8)
