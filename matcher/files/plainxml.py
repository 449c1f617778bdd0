"""Parts of a workbook parsed a piece at a time: plain pieces by one regular expression, all others by the XML parser.

A sheet of a million cells calls handlers of the parser ten million times. Nearly all programs write cells in one plain
form, and a piece that consists of nothing else, to the last character, means what it says. Whatever is not so plain
goes to the parser, and so does all that stands around the rows: it sees a whole document, less the plain pieces.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from typing import IO, Any, Final
from xml.parsers import expat

#: what `ParserCreate` puts between the name of a namespace and that of an element
SEPARATOR: Final = " "
_CHUNK: Final = 1 << 18
#: bytes without an end of a row after which a part is not taken for plain
_LONGEST_ROW: Final = 1 << 22
#: elements within one another; a workbook has about ten
_MOST_DEPTH: Final = 100
#: characters that XML does not allow, or reads as others; and the one sequence that text may not have
_CONTROLS: Final = bytes({*range(32)} - {*b"\t\n"})
_NOT_PLAIN: Final = ("\ufffe".encode(), "\uffff".encode(), b"]]>")
#: comments, sections and instructions, in which nothing is what it seems, and changes of namespace
_STRANGE: Final = re.compile(rb"<[!?]|xmlns")
_NAMESPACES: Final = re.compile(rb"xmlns\s*=")
_ENCODING: Final = re.compile(rb"encoding\s*=\s*[\"'](?!utf-8[\"'])", re.IGNORECASE)


class BadXml(ValueError):
    """A part of a workbook that is no XML, or none that a workbook needs: a signal within this room."""


@dataclass(frozen=True, slots=True)
class Plain:
    """How the rows of a part are written by nearly all programs.

    Attributes
    ----------
    begin, end
        What the first row begins with, and what each ends with.
    whole
        One piece of what rows consist of; its first group is all of it.
    take
        Is handed the groups of all pieces, in order.
    """

    begin: bytes
    end: bytes
    whole: re.Pattern[str]
    take: Callable[[list[tuple[str, ...]]], None]

    def taken(self, piece: bytes) -> bool:
        """Hand on a piece that ends with a row, if it consists of nothing else than plain rows."""
        if len(piece.translate(None, _CONTROLS)) < len(piece) or any(part in piece for part in _NOT_PLAIN):
            return False
        try:
            said = piece.decode("utf-8")
        except UnicodeDecodeError:
            return False
        found = self.whole.findall(said)
        if sum(map(len, map(itemgetter(0), found))) != len(said):
            return False
        self.take(found)
        return True


def parse(
    stream: IO[bytes],
    start: Callable[..., Any],
    end: Callable[..., Any] | None,
    text: Any = None,
    plain: Plain | None = None,
    namespace: str = "",
) -> None:
    """Hand every element of a part to `start` and `end`, and its text to `text`; plain rows to `plain`.

    `namespace` is the one that a part must have for its rows to be plain.

    Raises
    ------
    BadXml
        If the part is no XML, declares entities or is too deep.
    """
    parser = _parser(start, end, text)
    try:
        rest = stream.read(_CHUNK)
        at = -1 if plain is None else rest.find(plain.begin)
        if plain is not None and at >= 0 and _begins_plain(rest[:at], namespace):
            parser.Parse(rest[:at], False)
            rest = _rows(stream, rest[at:], parser, plain)
        while rest:
            parser.Parse(rest, False)
            rest = stream.read(_CHUNK)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise BadXml(str(error)) from None


def _parser(start: Callable[..., Any], end: Callable[..., Any] | None, text: Any) -> Any:
    parser = expat.ParserCreate(namespace_separator=SEPARATOR)
    parser.buffer_text = True
    parser.ordered_attributes = True
    depth = 0

    def begin(name: str, attributes: list[str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MOST_DEPTH:
            raise BadXml("it is too deep")
        start(name, attributes)

    def finish(name: str) -> None:
        nonlocal depth
        depth -= 1
        if end is not None:
            end(name)

    def refuse(*_: Any) -> None:
        raise BadXml("it declares entities")

    parser.StartElementHandler = begin
    parser.EndElementHandler = finish
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    return parser


def _begins_plain(head: bytes, namespace: str) -> bool:
    """Return whether what stands before the rows leaves no doubt of what they are."""
    one = len(_NAMESPACES.findall(head)) == 1 and f'xmlns="{namespace}"'.encode() in head
    return one and b"<!" not in head and not _ENCODING.search(head)


def _rows(stream: IO[bytes], rest: bytes, parser: Any, plain: Plain) -> bytes:
    """Take rows as long as they are plain or nearly so; return what was read and not taken."""
    while True:
        cut = rest.rfind(plain.end) + 1
        if cut:
            cut += len(plain.end) - 1
            piece, rest = rest[:cut], rest[cut:]
            if not plain.taken(piece):
                parser.Parse(piece, False)
                if _STRANGE.search(piece):
                    return rest
        elif len(rest) > _LONGEST_ROW:
            return rest
        chunk = stream.read(_CHUNK)
        if not chunk:
            return rest
        rest += chunk
