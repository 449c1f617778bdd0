"""Frames of pandas or polars as raw tables; neither library is imported, the frame brings its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from matcher.base.errors import Fault
from matcher.base.notices import Notice
from matcher.files.limits import MOST_COLUMNS, too_wide
from matcher.files.rawtables import Findings, RawTable
from matcher.tables.columns import TABLES, Kit
from matcher.tables.headers import nearest_table


def read_frames(frames: Mapping[str, Any], kit: Kit = TABLES) -> Findings:
    """Read frames by table name; anything with `columns` and columns that can be turned into lists will do."""
    found = Findings(kit=kit)
    for name, frame in frames.items():
        if frame is None:
            continue
        if name not in kit:
            nearest = nearest_table(name, kit)
            found.notices.append(Notice("unknown_table", {"name": name} | ({"nearest": nearest} if nearest else {})))
        elif not hasattr(frame, "columns"):
            found.faults.append(Fault("not_a_frame", name, value=type(frame).__name__))
            found.broken.add(name)
        elif too_wide(len(frame.columns)):
            details = {"found": len(frame.columns), "most": MOST_COLUMNS}
            found.faults.append(Fault("too_many_columns", name, details=details))
            found.broken.add(name)
        else:
            header = list(frame.columns)
            columns = [_cells(_column(frame, position, title)) for position, title in enumerate(header)]
            kept, rows = _without_empty(columns)
            found.tables.append(RawTable(name, None, [str(title) for title in header], kept, rows))
    return found


def _column(frame: Any, position: int, title: Any) -> Any:
    # by position where the frame can, since two columns of a pandas frame may share a name
    return frame.iloc[:, position] if hasattr(frame, "iloc") else frame[title]


def _cells(column: Any) -> list[Any]:
    """Return the cells as plain Python values, None where the frame has no value."""
    missing = column.isna() if hasattr(column, "isna") else column.is_null()
    cells: list[Any] = column.tolist() if hasattr(column, "tolist") else column.to_list()
    if bool(missing.any()):
        cells = [None if gone else cell for cell, gone in zip(cells, missing.to_list(), strict=True)]
    return [_plain(cell) for cell in cells] if any(type(cell) not in _PLAIN for cell in cells) else cells


_PLAIN = frozenset({str, int, float, bool, type(None)})


def _plain(cell: Any) -> Any:
    """Return a cell of a library's own type as Python's."""
    if type(cell) in _PLAIN or isinstance(cell, list | tuple | dt.date | dt.time | dt.timedelta):
        return cell.to_pydatetime() if hasattr(cell, "to_pydatetime") else cell
    for convert in ("item", "to_list", "tolist"):  # NumPy scalars, polars series in a cell, arrays
        if hasattr(cell, convert):
            try:
                return getattr(cell, convert)()
            except (TypeError, ValueError):
                continue
    return str(cell)


def _without_empty(columns: Sequence[list[Any]]) -> tuple[list[list[Any]], Sequence[int]]:
    """Drop rows without any value; the first row is number 2, as in a file with a header."""
    count = len(columns[0]) if columns else 0
    empty = [all(cell is None or cell == "" for cell in row) for row in zip(*columns, strict=True)]
    if not any(empty):
        return list(columns), range(2, count + 2)
    kept = [position for position in range(count) if not empty[position]]
    return [[column[position] for position in kept] for column in columns], [position + 2 for position in kept]
