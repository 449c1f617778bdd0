"""The tables of a programme: how folders, workbooks and frames become its records, or the list of all faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from matcher.base.errors import Fault, InvalidInput, Lang
from matcher.base.jsonform import fault_of
from matcher.base.unreadable import UNREADABLE
from matcher.files.cells import as_text, read_column
from matcher.files.csvfiles import read_rows
from matcher.files.rawtables import Findings
from matcher.files.sheets import SheetColumn, add_sheet, new_workbook, save_workbook
from matcher.files.workbook import read_sheets
from matcher.files.writing import KINDS, csv_bytes
from matcher.geo import to_wgs84
from matcher.model import Record
from matcher.tables.columns import Table
from matcher.tables.headers import datum_of, normal

#: the rows of every table of a programme, in id order
Records = Mapping[str, tuple[Record, ...]]
DATUMS: Final = ("wgs84", "gcj02", "bd09")


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """The tables of one programme: their columns, the record of a row, and which tables must be there."""

    tables: tuple[Table, ...]
    records: Mapping[str, type[Record]]
    needed: tuple[str, ...]

    def read(self, path: str | Path, *, datum: str = "wgs84") -> Records:
        """Read a folder of CSV files or one workbook.

        Raises
        ------
        InvalidInput
            With every fault of every table.
        """
        path = Path(path)
        if not path.exists():
            raise InvalidInput([Fault("not_found", value=str(path))])
        found = Findings()
        files = {file.stem: file for file in sorted(path.glob("*.csv"))} if path.is_dir() else {}
        titles: dict[str, Any] = files if path.is_dir() else dict(read_sheets(path))
        grids: dict[str, Sequence[Sequence[Any]]] = {}
        for title, source in titles.items():
            table = self._table(title)
            if table is not None:
                rows = read_rows(source, table.name, None, found) if isinstance(source, Path) else source
                grids[table.name] = rows or []
        return self._records(grids, datum, found.faults)

    def from_frames(self, frames: Mapping[str, Any], *, datum: str = "wgs84") -> Records:
        """Take a pandas frame a table; an empty cell is None or NaN."""
        grids = {}
        for name, frame in frames.items():
            rows = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
            grids[name] = [list(frame.columns), *rows]
        return self._records(grids, datum, [])

    def from_records(self, records: Mapping[str, Sequence[Record]]) -> Records:
        """Check ids and needed tables of records made by hand, and put them in id order."""
        faults: list[Fault] = []
        found = {name: self._ordered(name, list(records.get(name, ())), faults) for name in self.records}
        self._judge(found, faults)
        return found

    def _table(self, title: str) -> Table | None:
        known = {normal(name): table for table in self.tables for name in (table.name, table.zh, *table.also)}
        return known.get(normal(title))

    def _records(self, grids: Mapping[str, Sequence[Sequence[Any]]], datum: str, faults: list[Fault]) -> Records:
        if datum not in DATUMS:
            raise InvalidInput([Fault("unknown_datum", value=datum, details={"known": ", ".join(DATUMS)})])
        found = {}
        for table in self.tables:
            rows = [row for row in grids.get(table.name, []) if any(as_text(cell) for cell in row)]
            read = self._rows(table, rows, datum, faults) if rows else []
            found[table.name] = self._ordered(table.name, read, faults)
        self._judge(found, faults)
        return found

    def _judge(self, found: Records, faults: list[Fault]) -> None:
        broken = {fault.table for fault in faults}
        faults += [Fault("missing_table", name) for name in self.needed if not found[name] and name not in broken]
        if faults:
            raise InvalidInput(faults)

    def _rows(self, table: Table, rows: Sequence[Sequence[Any]], datum: str, faults: list[Fault]) -> list[Record]:
        header = [as_text(cell) for cell in rows[0]]
        names = {normal(title): c for c in table.columns for title in (c.name, c.zh, *c.also)}
        columns: dict[str, list[Any]] = {}
        extras: dict[str, list[str]] = {}
        for at, title in enumerate(header):
            cells = [row[at] if at < len(row) else None for row in rows[1:]]
            column = names.get(normal(title))
            if datum_of(title) not in (None, datum):
                details = {"declared": datum, "found": datum_of(title)}
                faults.append(Fault("two_datums", table.name, column=title, details=details))
            if column is None:
                extras[title] = [as_text(cell) for cell in cells]
                continue
            read = read_column(column, cells)
            columns[column.name] = read.values
            faults += [
                Fault(bad.code, table.name, bad.position + 2, title, bad.value, details=bad.details)
                for bad in read.problems
            ]
        for column in table.columns:
            if column.required and column.name not in columns:
                faults.append(Fault("missing_column", table.name, column=column.name, details={"zh": column.zh}))
        return self._made(table.name, columns, extras, len(rows) - 1, datum, faults)

    def _made(
        self,
        table: str,
        columns: Mapping[str, list[Any]],
        extras: Mapping[str, list[str]],
        count: int,
        datum: str,
        faults: list[Fault],
    ) -> list[Record]:
        records, broken = [], bool([fault for fault in faults if fault.table == table])
        for at in range(count):
            row = {name: cells[at] for name, cells in columns.items() if cells[at] is not None}
            if broken and (UNREADABLE in row.values() or "id" not in row):
                continue
            if datum != "wgs84" and "lat" in row and "lon" in row:
                lat, lon = to_wgs84([row["lat"]], [row["lon"]], datum)
                row |= {"lat": float(lat[0]), "lon": float(lon[0])}
            row["extras"] = {name: cells[at] for name, cells in extras.items() if name and cells[at]}
            try:
                records.append(self.records[table].model_validate(row))
            except ValidationError as error:
                items = error.errors(include_url=False)
                faults += [fault_of(item, table, at + 2, ".".join(map(str, item["loc"]))) for item in items]
        return records

    def _ordered(self, table: str, records: list[Record], faults: list[Fault]) -> tuple[Record, ...]:
        ordered = sorted(records, key=lambda record: record.sort_key())
        for one, other in pairwise(ordered):
            if one.sort_key() == other.sort_key():
                faults.append(
                    Fault("repeated_id", table, column="id", value=one.sort_key()[0], details={"first_row": "?"})
                )
        return tuple(ordered)

    # --- out ----------------------------------------------------------------------------------------------------------

    def files(self, records: Records) -> dict[str, bytes]:
        """Return every table that has rows as a CSV file by name; `read` gives equal records back."""
        found = {}
        for table in self.tables:
            if records.get(table.name):
                extras = sorted({name for record in records[table.name] for name in record.extras})
                rows = [
                    [_cell(getattr(record, column.name)) for column in table.columns]
                    + [record.extras.get(name) for name in extras]
                    for record in records[table.name]
                ]
                header = [column.name for column in table.columns] + extras
                found[f"{table.name}.csv"] = csv_bytes(header, rows)
        return found

    def digest(self, records: Records) -> str:
        """Return the SHA-256 of the tables."""
        return sha256(
            b"\0".join(part for item in sorted(self.files(records).items()) for part in _both(item))
        ).hexdigest()

    def template(self, path: str | Path, *, lang: Lang = "en") -> Path:
        """Write an empty workbook with a sheet a table.

        Raises
        ------
        MissingExtra
            If the extra `excel` is not installed.
        """
        workbook = new_workbook()
        for table in self.tables:
            columns = [
                SheetColumn(
                    column.zh if lang == "zh" else column.name,
                    KINDS.get(column.type, "text"),
                    choices=tuple(words[0] if lang == "zh" else value for value, words in column.values.items()),
                )
                for column in table.columns
            ]
            add_sheet(workbook, table.zh if lang == "zh" else table.name, columns, [])
        return save_workbook(workbook, Path(path))


def _both(item: tuple[str, bytes]) -> tuple[bytes, bytes]:
    return item[0].encode(), item[1]


def _cell(value: Any) -> str | int | float | None:
    if value is None or isinstance(value, str | int | float):
        return value
    return ";".join(map(str, value))
