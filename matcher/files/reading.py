"""Tables to an instance: folders of CSV files, workbooks and frames, with every fault in one pass.

The steps: find the tables (csvfiles, workbook_in, frames), find their columns (headers), read the cells (cells), put
names to ids, convert coordinates to WGS-84, and let the records and the cross-checks judge the rest (drafts).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

from matcher.base import told
from matcher.base.collecting import collecting_later
from matcher.base.disk import as_path
from matcher.base.errors import Fault, InvalidInput
from matcher.base.mends import mend_notices
from matcher.base.notices import Notice
from matcher.base.progress import CancelToken, ProgressCallback
from matcher.base.watch import look, within
from matcher.files.cells import shown
from matcher.files.csvfiles import read_folder
from matcher.files.frames import read_frames
from matcher.files.gazetteer import read_gazetteer
from matcher.files.making import make_levels
from matcher.files.mendbook import placed
from matcher.files.naming import put_ids_for_names
from matcher.files.partners import take_partners
from matcher.files.rawtables import Findings
from matcher.files.region import Region, place
from matcher.files.understand import understood
from matcher.files.workbook_in import read_workbook
from matcher.model import RECORDS, Instance
from matcher.tables.columns import TABLES
from matcher.tables.crosscheck import cross_check
from matcher.tables.headers import normal

Datum = Literal["wgs84", "gcj02", "bd09"]
DATUMS: Final = ("wgs84", "gcj02", "bd09")
#: tables that must be there; branches and schools must be there together or not at all
_NEEDED: Final = ("organizations", "counties")
_SCHOOL_LEVEL: Final = ("branches", "schools")


def read(
    path: str | Path,
    *,
    datum: Datum = "wgs84",
    region: Region | None = None,
    gazetteer: str | Path | None = None,
    time_limit_s: float | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> Instance:
    r"""Read an instance from a folder of CSV files or from one .xlsx workbook.

    Parameters
    ----------
    path
        The folder or the workbook; `docs/tables.md` says what the tables may hold.
    datum
        Of every coordinate in the tables and in the gazetteer; they are converted to WGS-84.
    region
        Where every point must lie: "china" or (lat_min, lat_max, lon_min, lon_max) in degrees; None for anywhere.
    gazetteer
        A CSV file of places (name, lat, lon, optionally county_id) that gives coordinates to schools without.
    time_limit_s, progress, cancel
        Of the whole call; half an input is none, so that stopped reading is an error.

    Raises
    ------
    InvalidInput
        With every fault of every table, each with table, sheet, row, column, value, code and how to mend it.
    StoppedError
        If it was stopped.
    MissingExtra
        If `path` is a workbook and the extra `excel` is not installed.

    Examples
    --------
    >>> import matcher, tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "organizations.csv").write_text("id,lat,lon\nU1,26.6,106.7\n")
    >>> _ = (folder / "counties.csv").write_text("区划代码,纬度,经度\n520203,26.2,105.5\n", encoding="utf-8")
    >>> matcher.read(folder)
    Instance(1 organizations, 0 branches, 1 counties, 0 schools, 0 previous pairs)
    """
    path = as_path(path)
    _known_datum(datum)
    with within(time_limit_s, progress, cancel), collecting_later():
        look("read", 0, 3)
        found = _found(path)
        places = None
        if gazetteer is not None:
            places = read_gazetteer(as_path(gazetteer, "gazetteer"), found)
        instance = build(found, datum=datum, region=region, places=places)
    told.info("read", path=path, sizes=repr(instance), notices=len(instance.reading))
    return instance


def _found(path: Path) -> Findings:
    if path.is_dir():
        return read_folder(path)
    if not path.exists():
        raise InvalidInput([Fault("not_found", value=str(path))])
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        return read_workbook(path)
    raise InvalidInput([Fault("not_a_folder", value=str(path))])


def from_frames(frames: Mapping[str, Any], *, datum: Datum = "wgs84", region: Region | None = None) -> Instance:
    """Build an instance from frames by table name; see `Instance.from_frames`."""
    _known_datum(datum)
    with collecting_later():
        return build(read_frames(frames), datum=datum, region=region)


def build(found: Findings, *, datum: Datum, region: Region | None = None, places: Any = None) -> Instance:
    """Turn what a reader found into an instance, or into the complete list of its faults."""
    faults, notices = found.faults, found.notices
    absent = _absent(found)
    look("columns", 1, 3)
    typed = {raw.table: understood(raw, datum, found) for raw in found.tables}
    if any(fault.code == "too_many_faults" for fault in faults):
        raise InvalidInput(faults)  # cells that were not looked at can't be held against the others
    look("records", 2, 3)
    make_levels(typed, found)
    put_ids_for_names(typed, found)
    take_partners(typed, found)
    place(typed, datum, region, places, found)
    records = {name: table.records() for name, table in typed.items()}
    look("records", 3, 3)
    if not faults:
        try:
            instance = Instance(**records)
        except InvalidInput:
            pass  # said again below, with the user's rows and headers
        else:
            instance.__dict__.pop("notices", None)
            instance._reading = (*notices, *mend_notices(found.mends))
            instance._mends = tuple(placed(found.mends, typed, records))
            return instance
    rows = {name: table.raw.rows for name, table in typed.items()}
    for fault in cross_check({name: records.get(name, ()) for name in RECORDS}, rows, absent):
        table = typed.get(fault.table or "")
        if table is not None and fault.column is not None:
            fault = replace(fault, column=table.titles.get(fault.column, fault.column))
        sheet = table.raw.sheet if table is not None else None
        faults.append(replace(fault, sheet=sheet, value=shown(fault.value)))
    raise InvalidInput(faults)


def _known_datum(datum: str) -> None:
    if datum not in DATUMS:
        raise InvalidInput([Fault("unknown_datum", value=datum, details={"known": ", ".join(DATUMS)})])


def _absent(found: Findings) -> frozenset[str]:
    """Report the tables that are needed and missing; return all that can't be judged against."""
    there = {raw.table for raw in found.tables} | found.broken
    missing = [table for table in _NEEDED if table not in there]
    one = [table for table in _SCHOOL_LEVEL if table in there]
    if len(one) == 1:
        missing += [table for table in _SCHOOL_LEVEL if table not in there]
    elif not one:
        found.notices.append(Notice("no_school_level"))
    unknown = [notice.details for notice in found.notices if notice.code == "unknown_table"]
    for table in missing:
        near = [details["name"] for details in unknown if details.get("nearest") in _names(table)]
        details = {"nearest": near[0]} if near else {}
        found.faults.append(Fault("missing_table", table, details=details))
    return frozenset(found.broken | set(missing))


def _names(table: str) -> set[str]:
    known = TABLES[table]
    return {normal(name) for name in (known.name, known.zh, *known.also)}
