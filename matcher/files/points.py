"""Points that stand in one column, such as `105.5,26.3` under 坐标 or 经纬度: split into latitude and longitude."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from matcher.base.errors import Fault
from matcher.base.mends import Mend
from matcher.files.cells import as_text, shown
from matcher.files.mending import degrees
from matcher.files.rawtables import Findings, RawTable
from matcher.tables.headers import columns_of, inside_of, normal

#: header -> which comes first, None where only the numbers say
_HEADERS: Final = {
    "经纬度": "lon", "经纬度坐标": "lon", "经度纬度": "lon", "lonlat": "lon", "lon_lat": "lon", "lnglat": "lon",
    "纬经度": "lat", "纬度经度": "lat", "latlon": "lat", "lat_lon": "lat", "latlng": "lat",
    "坐标": None, "位置坐标": None, "地理坐标": None, "位置": None, "coordinates": None, "location": None,
}  # fmt: skip
_BETWEEN: Final = re.compile(r"[,，、;；/\s]+")
#: bounds within which a point is taken to be in China
_SOUTH, _NORTH, _WEST, _EAST = 3.0, 54.0, 73.0, 136.0


def split_points(raw: RawTable, found: Findings) -> RawTable:
    """Return the table with latitude and longitude for its one column of points, if it has one and needs them."""
    spec = found.kit[raw.table]
    if not any(column.name == "lat" for column in spec.columns):
        return raw
    header = [as_text(title) for title in raw.header]
    if {"lat", "lon"} & set(columns_of(spec, header).values()):
        return raw
    at = next((position for position, title in enumerate(header) if normal(title) in _HEADERS), None)
    if at is None or not any(_two(cell) for cell in raw.columns[at]):
        return raw
    first = _HEADERS[normal(header[at])]
    lats: list[Any] = []
    lons: list[Any] = []
    for position, cell in enumerate(raw.columns[at]):
        lat, lon = _point(cell, first)
        if lat is None and as_text(cell):
            found.faults.append(Fault("not_a_point", raw.table, raw.rows[position], header[at], shown(cell), raw.sheet))
        elif lat is not None:
            after = f"{lat}, {lon}"
            found.mends.append(Mend("point", raw.table, raw.rows[position], header[at], cell, after, raw.sheet))
        lats.append(lat)
        lons.append(lon)
    said = "".join(f" ({word})" for word in inside_of(header[at]))
    columns = [*raw.columns[:at], *raw.columns[at + 1 :], lats, lons]
    titles = [*raw.header[:at], *raw.header[at + 1 :], f"纬度{said}", f"经度{said}"]
    return replace(raw, header=titles, columns=columns)


def _two(cell: Any) -> Sequence[str]:
    if not isinstance(cell, str):
        return ()
    plain = unicodedata.normalize("NFKC", cell).strip("()[] ")
    parts = [part for part in _BETWEEN.split(plain) if part]
    return parts if len(parts) == 2 else ()


def _point(cell: Any, first: str | None) -> tuple[float | None, float | None]:
    """Return latitude and longitude; None for both where the cell has none, or two meanings."""
    parts = _two(cell)
    if not parts:
        return None, None
    one, other = map(_degrees, parts)
    if one is None or other is None:
        return None, None
    named = "".join(parts)
    if first is None and ("纬" in named or "经" in named):
        first = "lat" if "纬" in parts[0] or "经" in parts[1] else "lon"
    as_lat = _SOUTH <= one <= _NORTH and _WEST <= other <= _EAST
    as_lon = _SOUTH <= other <= _NORTH and _WEST <= one <= _EAST
    if as_lat != as_lon:  # only one order is a place in China
        return (one, other) if as_lat else (other, one)
    if first is None:
        return None, None
    return (one, other) if first == "lat" else (other, one)


def _degrees(part: str) -> float | None:
    try:
        value = float(part)
    except ValueError:
        return degrees(part)
    return value if abs(value) <= 180 else None
