"""The user's own list of places: coordinates for schools that have none, by exactly the same name."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from matcher.base.errors import Fault
from matcher.base.mends import Mend
from matcher.base.notices import Notice
from matcher.base.unreadable import UNREADABLE
from matcher.files.cells import read_column
from matcher.files.csvfiles import read_rows
from matcher.files.rawtables import Findings
from matcher.tables.columns import Column
from matcher.tables.headers import normal

if TYPE_CHECKING:
    from matcher.files.typed import Typed

#: `coord_precision` of a school that stands where the gazetteer has its place
AT_PLACE: Final = "gazetteer"
_TABLE: Final = "gazetteer"
_COLUMNS: Final = (
    Column("name", "地名", "text", True, ("place", "名称", "地点")),
    Column("lat", "纬度", "lat", True, ("latitude",)),
    Column("lon", "经度", "lon", True, ("longitude", "lng")),
    Column("county_id", "区划代码", "id", False, ("县区代码", "adcode")),
)
#: an unknown column of the schools under one of these names says at which place the school is
_PLACE_HEADERS: Final = ("place", "地名", "所在地", "乡镇", "所在乡镇", "town")


class Gazetteer:
    """Places by name: (county id or None, lat, lon) of each."""

    def __init__(self, places: dict[str, list[tuple[str | None, float, float]]]):
        self._places = places

    def place(self, schools: Typed, notices: list[Notice]) -> None:
        """Give schools without coordinates the point of their place, if exactly one place has that name."""
        columns = schools.columns
        for name in ("lat", "lon", "coord_precision"):
            columns.setdefault(name, [None] * len(schools))
        placed = 0
        for position in range(len(schools)):
            if columns["lat"][position] is None and columns["lon"][position] is None:
                found = self._find(schools, position)
                if found is not None:
                    columns["lat"][position], columns["lon"][position] = found
                    columns["coord_precision"][position] = AT_PLACE
                    placed += 1
        notices.append(Notice("placed_by_gazetteer", {"count": placed}))

    def _find(self, schools: Typed, position: int) -> tuple[float, float] | None:
        county = schools.columns["county_id"][position]
        extras = schools.extras[position] if schools.extras else {}
        names = [value for title, value in extras.items() if normal(title) in _PLACE_HEADERS]
        if "name" in schools.columns:
            names.append(schools.columns["name"][position])
        for name in names:
            places = self._places.get(name, []) if isinstance(name, str) else []
            own = [place for place in places if place[0] == county]
            fitting = own or [place for place in places if place[0] is None]
            if len(fitting) == 1:
                return fitting[0][1], fitting[0][2]
        return None


def read_gazetteer(path: Path, found: Findings) -> Gazetteer:
    """Read the places of a CSV file; its faults join those of the tables."""
    rows = read_rows(path, _TABLE, None, found) or []
    titles = [normal(title) for title in rows[0]] if rows else []
    columns: dict[str, list[object]] = {}
    body = [row + [""] * (len(titles) - len(row)) for row in rows[1:] if any(row)]
    for column in _COLUMNS:
        known = [normal(title) for title in (column.name, column.zh, *column.also)]
        at = next((position for position, title in enumerate(titles) if title in known), None)
        if at is None:
            if column.required and rows:
                found.faults.append(Fault("missing_column", _TABLE, None, column.name, details={"zh": column.zh}))
            columns[column.name] = [UNREADABLE if column.required else None] * len(body)
            continue
        read = read_column(column, [row[at] for row in body])
        columns[column.name] = read.values
        for bad in read.problems:
            found.faults.append(
                Fault(bad.code, _TABLE, bad.position + 2, rows[0][at], bad.value, details=dict(bad.details))
            )
        for mend in read.mends:
            place = (mend.position + 2, rows[0][at], mend.before, mend.after)
            found.mends.append(Mend(mend.code, _TABLE, *place))
    places: dict[str, list[tuple[str | None, float, float]]] = defaultdict(list)
    for name, lat, lon, county in zip(*(columns[column.name] for column in _COLUMNS), strict=True):
        if isinstance(name, str) and isinstance(lat, float) and isinstance(lon, float):
            places[name].append((county if isinstance(county, str) else None, lat, lon))
    return Gazetteer(dict(places))
