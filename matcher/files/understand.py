"""A table as it was found to a table of values: which header is which column, in which unit, what its cells mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from matcher.base.errors import Fault
from matcher.base.mends import Mend
from matcher.base.notices import Notice
from matcher.base.unreadable import UNREADABLE
from matcher.base.watch import look
from matcher.files.cells import ReadColumn, as_text, read_column, shown
from matcher.files.mending import number
from matcher.files.points import split_points
from matcher.files.rawtables import Findings, RawTable
from matcher.files.typed import Typed
from matcher.tables.columns import Column
from matcher.tables.headers import columns_of, datum_of, is_part, nearest_column, normal
from matcher.tables.units import unit_in, units_of

#: what office people put into a header to make it narrow
_LINE_BREAK: Final = re.compile(r"[\t\r\n]+")
#: unknown columns for which a like one is looked for; it takes some milliseconds each
_NEAREST: Final = 100
#: columns that are made where a table has none: an id from the name, a level from what is paired
MAKEABLE: Final = ("id", "level")


def understood(raw: RawTable, datum: str, found: Findings) -> Typed:
    """Find the columns of a table and read their cells."""
    raw = split_points(raw, found)
    typed = Typed(raw)
    header = [_LINE_BREAK.sub(" ", as_text(title)) for title in raw.header]
    spec = found.kit[raw.table]
    known = columns_of(spec, header)
    for position, name in known.items():
        look()
        title = header[position]
        if name in typed.titles:
            first = typed.titles[name]
            found.faults.append(
                Fault("repeated_column", raw.table, None, title, None, raw.sheet, {"first": first, "of": name})
            )
            continue
        typed.titles[name], typed.positions[name] = title, position
        _check_datum(typed, title, datum, found)
        column = spec.column(name)
        cells = _in_own_unit(typed, column, title, raw.columns[position], found)
        take(typed, column, cells, found)
    _read_extras(typed, header, known, found)
    _report_missing(typed, header, known, found)
    return typed


def take(typed: Typed, column: Column, cells: Sequence[Any], found: Findings) -> None:
    """Read the cells of a column into a table."""
    read = read_column(column, cells)
    typed.columns[column.name] = read.values
    _tell(read, typed, column.name, found)
    for mend in read.mends:
        found.mends.append(typed.mend(mend.code, mend.position, column.name, mend.before, mend.after))


def _tell(read: ReadColumn, typed: Typed, column: str, found: Findings) -> None:
    """Report the cells of a column that can't be read, and where looking at them ended."""
    found.faults += (typed.fault(bad.code, bad.position, column, bad.value, **bad.details) for bad in read.problems)
    if read.ended:
        last = read.problems[-1].position
        found.faults.append(typed.fault("too_many_faults", last, column, rows=len(typed), why="ended"))


def _check_datum(typed: Typed, title: str, datum: str, found: Findings) -> None:
    said = datum_of(title)
    if said in (None, datum):
        return
    raw = typed.raw
    details = {"declared": datum, "found": said}
    code = "unsupported_datum" if said == "unsupported" else "two_datums"
    found.faults.append(Fault(code, raw.table, None, title, None, raw.sheet, details))


def _in_own_unit(typed: Typed, column: Column, title: str, cells: Sequence[Any], found: Findings) -> Sequence[Any]:
    """Return cells in the column's own unit, whatever unit its header names."""
    unit = unit_in(title, column)
    raw = typed.raw
    if unit is None:
        return cells
    if isinstance(unit, str):
        units = units_of(column)
        if units:
            details = {"unit": unit, "known": ", ".join(units)}
            found.faults.append(Fault("unknown_unit", raw.table, None, title, None, raw.sheet, details))
        else:
            found.notices.append(Notice("header_says", {"table": raw.table, "column": title, "said": unit}))
        return cells
    name, factor = unit
    if factor == 1:
        return cells
    exact = Fraction(factor).limit_denominator(1_000_000)
    found.mends.append(Mend("header_unit", raw.table, None, title, name, f"× {float(exact):g}", raw.sheet))
    return [_scaled(cell, exact, column) for cell in cells]


def _scaled(cell: Any, factor: Fraction, column: Column) -> Any:
    if isinstance(cell, str) and cell.strip():
        meant = number(cell, column)
        if meant is None or meant.code == "unit":  # says a unit of its own, or is no number: its own reader judges
            return cell
        cell = meant.value
    if isinstance(cell, bool) or not isinstance(cell, int | float) or cell != cell or abs(cell) > 1e15:
        return cell
    whole = Fraction(str(cell)) * factor
    return int(whole) if whole.denominator == 1 else float(whole)


def _report_missing(typed: Typed, header: Sequence[str], known: Mapping[int, str], found: Findings) -> None:
    raw, spec = typed.raw, found.kit[typed.raw.table]
    for column in spec.columns:
        if not column.required or column.name in typed.titles:
            continue
        if column.name == "level" or (column.name == "id" and "name" in typed.titles):
            continue  # made from the rest, or a fault when it can't be
        details = {"zh": column.zh}
        near = [title for title in header if title and nearest_column(spec, title) in _headers(column)]
        near = [title for title in near if header.index(title) not in known]
        if near:
            details["nearest"] = near[0]
        part = [title for title in header if is_part(title) and normal(title) in _headers(column)]
        if part:
            details["nearest"] = part[0]
        found.faults.append(Fault("missing_column", raw.table, None, column.name, None, raw.sheet, details))
        typed.columns[column.name] = [UNREADABLE] * len(raw.rows)


def _headers(column: Column) -> set[str]:
    return {normal(title) for title in (column.name, column.zh, *column.also, *column.weak)}


def _read_extras(typed: Typed, header: Sequence[str], known: Mapping[int, str], found: Findings) -> None:
    """Carry unknown columns through, one notice each."""
    raw = typed.raw
    extras: dict[str, list[Any]] = {}
    for position, title in enumerate(header):
        if position in known:
            continue
        read = read_column(Column(title, title, "text"), _told(raw.columns[position]))
        cells = read.values
        if not title:
            filled = next((number for number, cell in enumerate(cells) if cell), None)
            if filled is not None:
                found.faults.append(typed.fault("missing_header", filled, None, shown(cells[filled])))
            continue
        _tell(read, typed, title, found)
        if title in extras:
            details = {"first": title, "of": title}
            found.faults.append(Fault("repeated_column", raw.table, None, title, None, raw.sheet, details))
            continue
        extras[title] = cells
        unlike = is_part(title) or len(extras) > _NEAREST
        nearest = None if unlike else nearest_column(found.kit[raw.table], title)
        details = {"table": raw.table, "column": title} | ({} if nearest is None else {"nearest": nearest})
        found.notices.append(Notice("part_column" if is_part(title) else "unknown_column", details))
    names = list(extras)
    typed.extras = [
        {name: cell for name, cell in zip(names, row, strict=True) if cell}
        for row in zip(*extras.values(), strict=True)
    ]


def _told(cells: Sequence[Any]) -> Sequence[Any]:
    """Return the cells of a column that is carried only, formulas without value as their text."""
    if any(type(cell).__name__ == "Formula" for cell in cells):
        return [f"'{cell}" if type(cell).__name__ == "Formula" else cell for cell in cells]
    return cells
