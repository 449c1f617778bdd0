"""Named arrays as one .npz file: the same bytes every time, and read with its declared sizes checked first.

A file of 2 MB may declare arrays of 2^45 numbers, or unpack to gigabytes: no memory is asked for before the sum of
what is declared is known to be such as a file of this size may hold.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterator, Mapping
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.base.plain import shown

#: arrays may unpack to this size whatever the file's is, and to so many times its size
FINE_BYTES: Final = 256 * 1024**2
MOST_TIMES: Final = 25
#: arrays of one file; a proof has less than a hundred
_MOST_ARRAYS: Final = 10_000
#: kinds of NumPy types that are plain: booleans, whole numbers, floats, text
_KINDS: Final = frozenset("biufU")
_CHUNK: Final = 1 << 20
#: zip archives begin their calendar here
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


class BrokenArrays(ValueError):
    """A file is no .npz of plain arrays, or was changed, or declares more than it may."""


def write_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return arrays as NumPy writes them to .npz, but with the same bytes every time."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(arrays):
            content = io.BytesIO()
            np.lib.format.write_array(content, np.asarray(arrays[name], order="C"), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # the same on every system
            archive.writestr(entry, content.getvalue())
    return whole.getvalue()


def read_arrays(content: bytes) -> dict[str, NDArray[Any]]:
    """Return the arrays of an .npz file, by name.

    Raises
    ------
    BrokenArrays
        If it is none, was damaged, holds objects, or would need more memory than such a file may.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _check(entries, len(content))
            return {name: _array(archive, entry) for name, entry in sorted(_named(entries))}
    except BrokenArrays:
        raise
    except Exception as error:  # a damaged archive makes zipfile, zlib, NumPy and tokenize each fail in ways of theirs
        raise BrokenArrays(str(shown(str(error))) or type(error).__name__) from None


def checked_shape(shape: Any, dtype: np.dtype[Any], available: int) -> tuple[int, ...]:
    """Return the shape of an array whose bytes are there.

    Raises
    ------
    BrokenArrays
        If the type is not plain, or the shape does not fit so many bytes.
    """
    sizes = tuple(shape)
    if dtype.kind not in _KINDS or not all(type(size) is int and 0 <= size < 1 << 40 for size in sizes):
        raise BrokenArrays(f"an array of {dtype} and shape {shown(sizes)}")
    if len(sizes) > 32 or math.prod(sizes) * dtype.itemsize != available:
        raise BrokenArrays(f"an array of shape {shown(sizes)} in {available} bytes")
    return sizes


def _check(entries: list[zipfile.ZipInfo], size: int) -> None:
    if len(entries) > _MOST_ARRAYS or len({entry.filename for entry in entries}) < len(entries):
        raise BrokenArrays("repeated or too many arrays")
    declared, most = sum(entry.file_size for entry in entries), max(FINE_BYTES, MOST_TIMES * size)
    if declared > most:
        raise BrokenArrays(f"{declared} bytes, more than {most}")


def _named(entries: list[zipfile.ZipInfo]) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    for entry in entries:
        if not entry.filename.endswith(".npy"):
            raise BrokenArrays(str(shown(entry.filename)))
        yield entry.filename.removesuffix(".npy"), entry


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[Any]:
    with archive.open(entry) as stream:
        version = np.lib.format.read_magic(stream)
        header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
        if header is None:
            raise BrokenArrays(f"version {version}")
        shape, by_column, dtype = header(stream)
        if dtype.hasobject:
            raise BrokenArrays("objects")
        sizes = checked_shape(shape, dtype, entry.file_size - stream.tell())
        flat = np.empty(math.prod(sizes), dtype)
        _fill(stream, flat)
    return flat.reshape(sizes[::-1]).T if by_column else flat.reshape(sizes)


def _fill(stream: IO[bytes], flat: NDArray[Any]) -> None:
    """Read the bytes of an array into its place, in pieces, to the end where the check sum is."""
    place = flat.view(np.uint8)
    at = 0
    while at < len(place):
        piece = stream.read(min(_CHUNK, len(place) - at))
        if not piece:
            raise BrokenArrays("cut off")
        place[at : at + len(piece)] = np.frombuffer(piece, np.uint8)
        at += len(piece)
    if stream.read(1):
        raise BrokenArrays("longer than declared")
