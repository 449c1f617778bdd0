"""A seal on files that people open: whether this library made them, and nobody changed them since.

A workbook carries the digest of its other parts among its properties, a page and a picture the digest of their own
bytes at their end. Whatever saves the file again in another program breaks the seal: then a person may have worked in
it, and it is not ours to replace.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from typing import Final

#: the part of a workbook that holds its properties
CORE: Final = "docProps/core.xml"
_MARK: Final = b"matcher sha256:"
_END_OF_PROPERTIES: Final = b"</cp:coreProperties>"
_IDENTIFIER: Final = re.compile(rb"<dc:identifier>matcher sha256:([0-9a-f]{64})</dc:identifier>")
_PAGE_END: Final = re.compile(rb"<!-- matcher sha256:([0-9a-f]{64}) -->\n\Z")
#: the last chunk of every PNG; a chunk is its length, its name, its content, its check sum
_PICTURE_END: Final = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_CHUNK: Final = b"tEXtmatcher\x00"


def sealed_properties(properties: bytes, parts: dict[str, bytes]) -> bytes:
    """Return the properties of a workbook with the seal of its other parts."""
    identifier = b"<dc:identifier>" + _MARK + _digest_of_parts(parts).encode() + b"</dc:identifier>"
    return properties.replace(_END_OF_PROPERTIES, identifier + _END_OF_PROPERTIES)


def sealed_page(content: bytes) -> bytes:
    """Return an HTML page with its seal in a last comment."""
    return content + b"<!-- " + _MARK + hashlib.sha256(content).hexdigest().encode() + b" -->\n"


def sealed_picture(content: bytes) -> bytes:
    """Return a PNG with its seal in a chunk of text before its end."""
    chunk = _CHUNK + hashlib.sha256(content).hexdigest().encode()
    length, check = (len(chunk) - 4).to_bytes(4, "big"), zlib.crc32(chunk).to_bytes(4, "big")
    return content.removesuffix(_PICTURE_END) + length + chunk + check + _PICTURE_END


def is_untouched(content: bytes) -> bool:
    """Whether a workbook, page or picture is one that this library made and is as it was made."""
    if content.startswith(b"PK"):
        return _workbook_is_untouched(content)
    if content.startswith(b"\x89PNG"):
        at = content.rfind(_CHUNK)
        return at >= 4 and sealed_picture(content[: at - 4] + _PICTURE_END) == content
    found = _PAGE_END.search(content)
    return found is not None and hashlib.sha256(content[: found.start()]).hexdigest().encode() == found[1]


def _workbook_is_untouched(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            properties = package.read(CORE)
            found = _IDENTIFIER.search(properties)
            if found is None:
                return False
            parts = {name: package.read(name) for name in package.namelist() if name != CORE}
    except (zipfile.BadZipFile, KeyError, OSError, ValueError, RuntimeError, zlib.error):
        return False
    return _digest_of_parts(parts).encode() == found[1]


def _digest_of_parts(parts: dict[str, bytes]) -> str:
    whole = hashlib.sha256()
    for name in sorted(parts):
        whole.update(f"{name}\n{len(parts[name])}\n".encode())
        whole.update(parts[name])
    return whole.hexdigest()
