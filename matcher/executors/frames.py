"""How arrays travel between a process and its children: frames with a magic word, lengths and a checksum, no pickle.

A frame is the magic word, the lengths of its head and its body, a checksum of both, the head (names, types and shapes
as JSON) and the body (the arrays one after the other, each on a boundary of 64 bytes). What stands before a magic word
is passed over: a library, or a `sitecustomize`, may have printed a line before the child could forbid it.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Mapping
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]

MAGIC: Final = b"\x93matcher\x01\n"
_LENGTHS: Final = struct.Struct("<QQI")
_BOUNDARY: Final = 64
#: no head is longer, so that noise is never taken for one
_MOST_HEAD: Final = 1 << 20
#: more noise than this before a frame is no frame
_MOST_NOISE: Final = 1 << 20


class BrokenFrame(ValueError):
    """What came is no frame: cut short, changed on the way, or something else altogether."""


def send(pipe: IO[bytes], word: str, arrays: Arrays | None = None) -> None:
    """Write one frame: what it is, in a word, and its arrays."""
    parts, listed, at = [], [], 0
    for name, given in (arrays or {}).items():
        array = np.ascontiguousarray(given).reshape(np.shape(given))
        if array.dtype.hasobject:
            raise TypeError(f"{name} holds objects")
        at += -at % _BOUNDARY
        parts.append((at, array))
        listed.append([name, array.dtype.str, list(array.shape), at])
        at += array.nbytes
    head = json.dumps([word, listed]).encode()
    checksum, written, pieces = zlib.crc32(head), 0, []
    for start, array in parts:
        flat = array.reshape(-1).view(np.uint8) if array.nbytes else np.zeros(0, np.uint8)
        for piece in (bytes(start - written), flat.data):
            checksum = zlib.crc32(piece, checksum)
            pieces.append(piece)
        written = start + array.nbytes
    pipe.write(MAGIC + _LENGTHS.pack(len(head), at, checksum) + head)
    for piece in pieces:
        pipe.write(piece)
    pipe.flush()


def receive(pipe: IO[bytes]) -> tuple[str, dict[str, NDArray[Any]]] | None:
    """Return the next frame's word and arrays, None if the pipe has ended before one.

    Raises
    ------
    BrokenFrame
        If what comes is cut short, was changed on the way, or is no frame at all.
    """
    if not _found(pipe):
        return None
    head_length, length, checksum = _LENGTHS.unpack(_whole(pipe, _LENGTHS.size))
    if head_length > _MOST_HEAD:
        raise BrokenFrame("head")
    head, body = _whole(pipe, head_length), _whole(pipe, length)
    if zlib.crc32(body, zlib.crc32(head)) != checksum:
        raise BrokenFrame("checksum")
    word, listed = json.loads(bytes(head))
    arrays = {}
    for name, kind, shape, at in listed:
        dtype = np.dtype(kind)
        count = int(np.prod(shape, dtype=np.int64))
        arrays[name] = np.frombuffer(body, dtype, count, at).reshape(shape) if count else np.zeros(shape, dtype)
    return word, arrays


def _found(pipe: IO[bytes]) -> bool:
    """Read up to the end of the next magic word; whether there is one."""
    seen = pipe.read(len(MAGIC))
    for _ in range(_MOST_NOISE):
        if seen == MAGIC:
            return True
        more = pipe.read(1)
        if not more:
            return False
        seen = seen[1:] + more
    raise BrokenFrame("noise")


def _whole(pipe: IO[bytes], length: int) -> bytearray:
    """Read so many bytes, into memory that grows no faster than they come."""
    body = bytearray()
    while len(body) < length:
        part = pipe.read(min(length - len(body), max(1 << 24, len(body))))
        if not part:
            raise BrokenFrame("length")
        body += part
    return body


def framed(word: str, arrays: Arrays | None = None) -> bytes:
    """Return one frame as bytes."""
    pipe = io.BytesIO()
    send(pipe, word, arrays)
    return pipe.getvalue()


def unframed(sent: bytes) -> tuple[str, dict[str, NDArray[Any]]]:
    """Return what `framed` made bytes of.

    Raises
    ------
    BrokenFrame
        If it is no frame.
    """
    frame = receive(io.BytesIO(sent))
    if frame is None:
        raise BrokenFrame("empty")
    return frame
