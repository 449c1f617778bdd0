"""A workbook as sheets of values: the one reader, for tables to plan from and for plans that were edited.

The package is checked before anything in it is read (paths, unpacked size, passwords); each part is then streamed
through the XML parser of the standard library, which also proves the check sums. Number formats and dates mean what
openpyxl says they mean.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from matcher.base.disk import regular_bytes
from matcher.base.errors import Fault, InvalidInput, MissingExtra
from matcher.files.plainxml import BadXml, parse
from matcher.files.sheetxml import Cells, ReadSheet, TooDense, TooFar, local, read_sheet, strings_of

#: a workbook may unpack to this size whatever it is
_FINE_BYTES: Final = 200 * 1024**2
#: and never to more than this, nor to more times its size than that
_MOST_BYTES: Final = 2 * 1024**3
_MOST_TIMES: Final = 150
#: sheets of a workbook; a plan's has some twenty
_MOST_SHEETS: Final = 1000
#: cells of a workbook, and besides one for so many of its packed bytes: tables that people make take five or more each
_FINE_CELLS: Final = 1_000_000
_BYTES_A_CELL: Final = 4
_CHUNK: Final = 1 << 20
_OLD_OR_ENCRYPTED: Final = b"\xd0\xcf\x11\xe0"


class BadWorkbook(Exception):
    """A workbook as a whole can't be read: a signal within this room."""

    def __init__(self, code: str, value: object = None, **details: object):
        self.fault = Fault(code, value=value, details=details)


#: title of a sheet -> its rows of cells
Sheets = dict[str, list[list[Any]]]


def read_sheets(path: Path, wanted: Callable[[str], bool] | None = None) -> Sheets:
    """Return the sheets of a workbook by their titles, hidden ones too, as rows of cells from A1.

    Every sheet, or those with a `wanted` title; the others are not read. A cell without anything is "", one with an
    error its text, one with a formula that has no value a `Formula`.

    Raises
    ------
    InvalidInput
        If it is no workbook that may be opened.
    MissingExtra
        If the extra `excel` is not installed.
    """
    try:
        return {sheet.name: sheet.rows() for sheet in open_workbook(path, wanted)}
    except BadWorkbook as refused:
        raise InvalidInput([refused.fault]) from None


def open_workbook(path: Path, wanted: Callable[[str], bool] | None = None) -> list[ReadSheet]:
    """Return the sheets of a workbook in their order, all or those with a `wanted` title.

    Raises
    ------
    BadWorkbook
        If it is no workbook that may be opened.
    MissingExtra
        If the extra `excel` is not installed.
    """
    try:
        import openpyxl  # noqa: F401 - asked for here, so that the answer does not depend on the workbook
    except ImportError:
        raise MissingExtra("openpyxl", "excel") from None
    content = _content(path)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            _check(package, len(content))
            return _Workbook(package, _FINE_CELLS + len(content) // _BYTES_A_CELL).sheets(wanted)
    except TooDense:
        most = _FINE_CELLS + len(content) // _BYTES_A_CELL
        raise BadWorkbook("cells_too_many", most=most) from None
    except TooFar as far:
        raise BadWorkbook("cells_too_far", value=str(far)) from None
    except (
        BadXml, zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError,
        LookupError, OverflowError,
    ) as error:  # fmt: skip
        raise BadWorkbook("not_a_workbook", reason=str(error) or type(error).__name__) from None


def _content(path: Path) -> bytes:
    try:
        content = regular_bytes(path, _MOST_BYTES)
    except InvalidInput as refused:
        fault = refused.faults[0]
        raise BadWorkbook(fault.code, fault.value, **fault.details) from None
    if not content:
        raise BadWorkbook("not_a_workbook", reason="the file is empty")
    if content.startswith(_OLD_OR_ENCRYPTED):
        raise BadWorkbook("encrypted")
    return content


def _check(package: zipfile.ZipFile, packed: int) -> None:
    """Refuse paths that lead out, passwords, and an unpacked size out of proportion."""
    parts = package.infolist()
    for part in parts:
        steps = part.filename.replace("\\", "/").split("/")
        if ".." in steps or steps[0] == "" or ":" in steps[0]:
            raise BadWorkbook("unsafe_path", part.filename)
        if part.flag_bits & 1:
            raise BadWorkbook("encrypted")
    size = sum(part.file_size for part in parts)
    if size > _MOST_BYTES or (size > _FINE_BYTES and size > _MOST_TIMES * packed):
        raise BadWorkbook("inflating", mb=size // 1024**2, times=size // max(1, packed))


class _Workbook:
    """Finds the parts of a package by what they are to each other, as programs that read workbooks must."""

    def __init__(self, package: zipfile.ZipFile, most_cells: int):
        self._package, self._most_cells = package, most_cells
        self._read: set[str] = set()
        self._names = {part.filename.replace("\\", "/").lower(): part.filename for part in package.infolist()}
        roots = [target for kind, _, target in self._related("") if kind == "officeDocument"]
        if not roots:
            raise BadXml("no workbook in it")
        self._root = roots[0]

    def sheets(self, wanted: Callable[[str], bool] | None = None) -> list[ReadSheet]:
        """Return every sheet of cells; charts are none."""
        listed, since_1904 = self._listed()
        if wanted is not None:
            listed = [sheet for sheet in listed if wanted(sheet[0])]
            if not listed:
                return []
        related = self._related(self._root)
        of_id = {known: (kind, target) for kind, known, target in related}
        by_kind = {kind: target for kind, _, target in reversed(related)}
        strings: Sequence[str] = ()
        if self._has(by_kind.get("sharedStrings")):
            with self._open(by_kind["sharedStrings"]) as stream:
                strings = strings_of(stream)
        formats = self._formats(by_kind["styles"]) if self._has(by_kind.get("styles")) else []
        targets = [target for kind, target in of_id.values() if kind == "worksheet"]
        if len(listed) > _MOST_SHEETS:
            raise BadWorkbook("too_many_sheets", found=len(listed), most=_MOST_SHEETS)
        if len(set(targets)) < len(targets):
            raise BadXml("two sheets are one part")
        cells = Cells(strings, formats, since_1904, self._most_cells)
        sheets = []
        for name, hidden, known in listed:
            kind, target = of_id.get(known, ("", ""))
            if kind == "worksheet":
                with self._open(target) as stream:
                    sheets.append(read_sheet(name, hidden, stream, cells))
        if wanted is None:
            self._prove_the_rest()
        return sheets

    def _has(self, name: str | None) -> bool:
        return name is not None and name.lower() in self._names

    def _open(self, name: str) -> Any:
        if not self._has(name):
            raise BadXml(f"no part {name}")
        self._read.add(self._names[name.lower()])
        return self._package.open(self._names[name.lower()])

    def _prove_the_rest(self) -> None:
        """Read the parts that hold no cells to their end: a package with a broken part is not to be trusted."""
        for part in self._package.infolist():
            if part.filename not in self._read:
                with self._package.open(part) as stream:
                    while stream.read(_CHUNK):
                        pass

    def _elements(self, name: str) -> list[tuple[str, dict[str, str]]]:
        """Return the elements of a small part with their attributes, all names without namespace."""
        found: list[tuple[str, dict[str, str]]] = []

        def start(element: str, attributes: list[str]) -> None:
            pairs = zip(attributes[::2], attributes[1::2], strict=True)
            found.append((local(element), {local(said): value for said, value in pairs}))

        with self._open(name) as stream:
            parse(stream, start, None)
        return found

    def _related(self, part: str) -> list[tuple[str, str, str]]:
        """Return kind, id and target of what a part is related to."""
        folder, name = posixpath.split(part)
        place = posixpath.join(folder, "_rels", f"{name}.rels")
        if not self._has(place):
            return []
        found = []
        for element, said in self._elements(place):
            if element == "Relationship" and said.get("TargetMode") != "External":
                target = said.get("Target", "").replace("\\", "/")
                whole = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
                found.append((said.get("Type", "").rpartition("/")[2], said.get("Id", ""), posixpath.normpath(whole)))
        return found

    def _listed(self) -> tuple[list[tuple[str, bool, str]], bool]:
        """Return title, whether hidden, and relation of each sheet; and whether days count from 1904."""
        listed, since_1904 = [], False
        for element, said in self._elements(self._root):
            if element == "sheet":
                listed.append((said.get("name", ""), said.get("state", "visible") != "visible", said.get("id", "")))
            elif element == "workbookPr":
                since_1904 = said.get("date1904") in ("1", "true")
        return listed, since_1904

    def _formats(self, name: str) -> list[str]:
        """Return the number format of each style of a cell."""
        from openpyxl.styles.numbers import BUILTIN_FORMATS

        codes: dict[str, str] = {str(number): code for number, code in BUILTIN_FORMATS.items()}
        formats: list[str] = []
        of_cells = False
        for element, said in self._elements(name):
            if element == "numFmt":
                codes[said.get("numFmtId", "")] = said.get("formatCode", "General")
            elif element in ("cellXfs", "cellStyleXfs", "cellStyles", "dxfs"):
                of_cells = element == "cellXfs"
            elif element == "xf" and of_cells:
                formats.append(codes.get(said.get("numFmtId", "0"), "General"))
        return formats
