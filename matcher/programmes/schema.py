"""The tables of a programme: how folders, workbooks and frames become its records, or the list of all faults.

They come the same way as the tables of the pairing: headers under titles, cells with one meaning mended and told,
unknown columns carried on and told, coordinates judged and converted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from matcher.base.collecting import collecting_later
from matcher.base.disk import as_path
from matcher.base.errors import Fault, InvalidInput, Lang
from matcher.base.jsonform import fault_of
from matcher.base.mends import Mend, mend_notices
from matcher.base.notices import Notice, by_weight
from matcher.base.unreadable import UNREADABLE
from matcher.files.cells import shown
from matcher.files.csvfiles import read_folder
from matcher.files.faultbook import mark_faults
from matcher.files.frames import read_frames
from matcher.files.making import make_ids
from matcher.files.mendbook import placed, write_tidy
from matcher.files.rawtables import Findings
from matcher.files.region import Region, place
from matcher.files.typed import Typed
from matcher.files.understand import understood
from matcher.files.workbook_in import read_workbook
from matcher.files.writing import TableGrid, csv_bytes, grids_of
from matcher.model import Record
from matcher.programmes.columns import COMMON
from matcher.tables.columns import Kit, Table

#: the rows of every table of a programme, in id order
Records = Mapping[str, tuple[Record, ...]]
DATUMS: Final = ("wgs84", "gcj02", "bd09")


@dataclass(frozen=True, slots=True, eq=False)
class ReadTables:
    """What was read: the records in id order, what to know about them, and every cell that was mended."""

    records: Records
    notices: tuple[Notice, ...] = ()
    mends: tuple[Mend, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """The tables of one programme: their columns, the record of a row, and which tables must be there.

    Beside its own every programme has the tables of `columns.COMMON`.
    """

    tables: tuple[Table, ...]
    records: Mapping[str, type[Record]]
    needed: tuple[str, ...]

    @property
    def kit(self) -> Kit:
        """The tables by name."""
        own = {table.name: table for table in self.tables}
        return own | {name: each.table for name, each in COMMON.items() if name not in own}

    @property
    def kinds(self) -> Mapping[str, type[Record]]:
        """The record of a row by table."""
        return {**{name: each.kind for name, each in COMMON.items()}, **self.records}

    def read(self, path: str | Path, *, datum: str = "wgs84") -> Records:
        """Read a folder of CSV files or one workbook; see `reading`."""
        return self.reading(path, datum=datum).records

    def reading(self, path: str | Path, *, datum: str = "wgs84", region: Region | None = None) -> ReadTables:
        """Read a folder of CSV files or one workbook, with what was mended and what to know.

        Raises
        ------
        InvalidInput
            With every fault of every table.
        """
        path, kit = as_path(path), self.kit
        if path.is_dir():
            found = read_folder(path, kit, self.needed)
        elif path.exists():
            found = read_workbook(path, kit, self.needed)
        else:
            raise InvalidInput([Fault("not_found", value=str(path))])
        return self._built(found, datum, region)

    def from_frames(self, frames: Mapping[str, Any], *, datum: str = "wgs84") -> Records:
        """Take a frame a table, of pandas or polars; an empty cell is None or NaN."""
        return self._built(read_frames(frames, self.kit), datum, None).records

    def from_records(self, records: Mapping[str, Sequence[Record]]) -> Records:
        """Check ids and needed tables of records made by hand, and put them in id order."""
        faults: list[Fault] = []
        found = {name: _ordered(name, list(records.get(name, ())), faults) for name in self.kinds}
        faults += [Fault("missing_table", name) for name in self.needed if not found[name]]
        if faults:
            raise InvalidInput(faults)
        return found

    def _built(self, found: Findings, datum: str, region: Region | None) -> ReadTables:
        if datum not in DATUMS:
            raise InvalidInput([Fault("unknown_datum", value=datum, details={"known": ", ".join(DATUMS)})])
        with collecting_later():
            typed = {raw.table: understood(raw, datum, found) for raw in found.tables}
            if any(fault.code == "too_many_faults" for fault in found.faults):
                raise InvalidInput(found.faults)  # cells that were not looked at can't be held against the others
            for name in typed:
                make_ids(name, typed, found)
            place(typed, datum, region, None, found)
            rows = {name: self._made(table, found.faults) for name, table in typed.items()}
            there = {name for name, made in rows.items() if made or len(typed[name])} | found.broken
            found.faults += [Fault("missing_table", name) for name in self.needed if name not in there]
            if found.faults:
                raise InvalidInput(found.faults)
            records = {name: _ordered(name, rows.get(name, []), found.faults) for name in self.kinds}
            notices = by_weight((*found.notices, *mend_notices(found.mends)))
            return ReadTables(records, notices, tuple(placed(found.mends, typed, rows)))

    def _made(self, table: Typed, faults: list[Fault]) -> list[Record]:
        """Return the records of the rows that could be read, in the order of the rows."""
        kind, made = self.kinds[table.raw.table], []
        first: dict[tuple[str, ...], int] = {}
        for at in range(len(table)):
            row = {column: cells[at] for column, cells in table.columns.items() if cells[at] is not None}
            if UNREADABLE in row.values():
                continue
            row["extras"] = table.extras[at] if table.extras else {}
            try:
                record = kind.model_validate(row)
            except ValidationError as error:
                faults += [self._fault(item, table, at) for item in error.errors(include_url=False)]
                continue
            earlier = first.setdefault(record.sort_key(), at)
            if earlier != at:
                value, row_number = record.sort_key()[0], table.raw.rows[earlier]
                faults.append(table.fault("repeated_id", at, kind.key[0], value, first_row=row_number))
            made.append(record)
        return made

    @staticmethod
    def _fault(item: Mapping[str, Any], table: Typed, at: int) -> Fault:
        column = str(item["loc"][0]) if item["loc"] else None
        title = None if column is None else table.titles.get(column, column)
        fault = fault_of(item, table.raw.table, table.raw.rows[at], title)
        return Fault(
            fault.code, fault.table, fault.row, fault.column, shown(fault.value), table.raw.sheet, fault.details
        )

    # --- out ----------------------------------------------------------------------------------------------------------

    def grids(self, records: Records, lang: Lang = "en") -> Iterator[TableGrid]:
        """Yield every table that has rows, with its header and its cells."""
        return grids_of(self.kit, records, lang, ())

    def files(self, records: Records) -> dict[str, bytes]:
        """Return every table that has rows as a CSV file by name; `read` gives equal records back."""
        return {f"{spec.name}.csv": csv_bytes(header, rows) for spec, header, rows in self.grids(records)}

    def digest(self, records: Records) -> str:
        """Return the SHA-256 of the tables."""
        whole = sorted(self.files(records).items())
        return sha256(b"\0".join(part for name, content in whole for part in (name.encode(), content))).hexdigest()

    def mark(self, source: str | Path, error: InvalidInput, target: str | Path, **how: Any) -> Path:
        """Write a copy of an input with its faults marked; see `matcher.files.faultbook.mark_faults`."""
        return mark_faults(source, error, target, kit=self.kit, **how)

    def tidy(self, read: ReadTables, target: str | Path, *, lang: Lang = "en", replace: bool = False) -> Path:
        """Write the tables in the library's own form as a workbook, every mended cell marked and listed."""
        shown_tables = self.grids(read.records, lang)
        return write_tidy(read.mends, read.records, self.kit, shown_tables, target, lang=lang, replace=replace)


def _ordered(table: str, records: list[Record], faults: list[Fault]) -> tuple[Record, ...]:
    """Return records in id order; a fault for each that is there twice."""
    ordered = sorted(records, key=lambda record: record.sort_key())
    for one, other in pairwise(ordered):
        if one.sort_key() == other.sort_key():
            details = {"first_row": "?"}
            faults.append(Fault("repeated_id", table, column=one.key[0], value=one.sort_key()[0], details=details))
    return tuple(ordered)
