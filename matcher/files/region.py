"""Where the points of the tables lie: swapped and stray coordinates, datums, and points for schools without any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from matcher.base.errors import Fault, InvalidInput
from matcher.base.names import SIDES
from matcher.base.notices import Notice
from matcher.base.unreadable import UNREADABLE
from matcher.geo import to_wgs84
from matcher.tables.crosscheck import DATUM_TITLES, plain_datum
from matcher.tables.headers import normal

if TYPE_CHECKING:
    from matcher.files.gazetteer import Gazetteer
    from matcher.files.rawtables import Findings
    from matcher.files.typed import Typed

#: lat_min, lat_max, lon_min, lon_max in degrees
Box = tuple[float, float, float, float]
Region = Literal["china"] | Box

#: mainland, islands and sea of China, generously
CHINA: Final[Box] = (3.0, 54.0, 73.0, 136.0)
#: a school farther than this from its county's seat is worth a look: no county of China reaches so far
_FAR_KM: Final = 400.0
_EXAMPLES: Final = 5
_WITH_POINTS: Final = ("organizations", "branches", "counties", "schools")

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def place(
    typed: Mapping[str, Typed],
    datum: str,
    region: Region | None,
    places: Gazetteer | None,
    found: Findings,
) -> None:
    """Check every point, convert it to WGS-84 and give points to schools without, in place."""
    box = _box(region)
    faults, notices = found.faults, found.notices
    if places is not None and "schools" in typed:
        places.place(typed["schools"], notices)
    points = {name: _points(typed[name]) for name in _with_points(typed)}
    judged = box
    if judged is None and _mostly_within(points, CHINA):
        judged = CHINA
    for name, (lat, lon) in points.items():
        _judge(typed[name], lat, lon, judged, box is not None, found)
        if datum != "wgs84":  # as which the cross-checks judge every instance
            _one_datum(typed[name], datum, faults)
    _convert(typed, datum)
    _near_county(typed, notices)
    _short_roads(typed, notices)


def parsed(word: str | None) -> Region | None:
    """Read a region from the command line: `china`, or lat_min,lat_max,lon_min,lon_max.

    Raises
    ------
    InvalidInput
        If it is neither.
    """
    if word is None or word == "china":
        return None if word is None else "china"
    try:
        south, north, west, east = (float(side) for side in word.split(","))
    except ValueError:
        raise InvalidInput([Fault("bad_region", value=word)]) from None
    return south, north, west, east


def _box(region: Region | None) -> Box | None:
    if region is None or region == "china":
        return None if region is None else CHINA
    try:
        south, north, west, east = (float(side) for side in region)
    except (TypeError, ValueError):
        raise InvalidInput([Fault("bad_region", value=str(region))]) from None
    if not (-90 <= south <= north <= 90 and -180 <= west <= east <= 180):
        raise InvalidInput([Fault("bad_region", value=str(region))])
    return south, north, west, east


def _with_points(typed: Mapping[str, Typed]) -> list[str]:
    """Return the tables whose rows have points, those of the pairing first."""
    return sorted(
        (name for name in typed if name in _WITH_POINTS or "lat" in typed[name].columns),
        key=lambda name: (*_WITH_POINTS, name).index(name),
    )


def _points(table: Typed) -> tuple[Floats, Floats]:
    """Return lat and lon of each row, NaN in both where one is missing or unreadable."""
    columns = [table.columns.get(name) or [None] * len(table) for name in ("lat", "lon")]
    lat, lon = (np.array([v if type(v) is float else np.nan for v in values], dtype=np.float64) for values in columns)
    there = ~(np.isnan(lat) | np.isnan(lon))
    return np.where(there, lat, np.nan), np.where(there, lon, np.nan)


def _within(lat: Floats, lon: Floats, box: Box) -> Bools:
    south, north, west, east = box
    return np.asarray((south <= lat) & (lat <= north) & (west <= lon) & (lon <= east))


def _mostly_within(points: Mapping[str, tuple[Floats, Floats]], box: Box) -> bool:
    within = sum(int(_within(lat, lon, box).sum()) for lat, lon in points.values())
    there = sum(int((~np.isnan(lat)).sum()) for lat, _ in points.values())
    return there > 0 and 2 * within > there


def _judge(table: Typed, lat: Floats, lon: Floats, box: Box | None, declared: bool, found: Findings) -> None:
    """Report points that can't be and those outside the box; a point that makes sense only swapped is swapped."""
    faults, notices = found.faults, found.notices
    wild = np.abs(lat) > 90
    swapped = wild & (np.abs(lon) <= 90)
    stray = np.zeros(len(lat), dtype=np.bool_)
    if box is not None:
        outside = ~np.isnan(lat) & ~_within(lat, lon, box)
        swapped |= outside & _within(lon, lat, box)
        stray = outside & ~swapped & ~wild
    faults += [
        table.fault("out_of_range", position, "lat", float(lat[position]), low=-90, high=90)
        for position in np.flatnonzero(wild & ~swapped).tolist()
    ]
    if box is None or not _within(lon[swapped], lat[swapped], box).all():  # nothing says what the point should be
        faults += [
            table.fault("swapped_coordinates", position, "lat", float(lat[position]), lon=float(lon[position]))
            for position in np.flatnonzero(swapped).tolist()
        ]
    else:
        _swap(table, swapped, lat, lon, found)
        swapped = np.zeros(len(lat), dtype=np.bool_)
        wild = np.abs(lat) > 90
    if declared:
        for position in np.flatnonzero(stray):
            here = {"lat": float(lat[position]), "lon": float(lon[position]), "region": box}
            faults.append(table.fault("out_of_region", int(position), "lat", float(lat[position]), **here))
    elif stray.any():
        rows = ", ".join(str(table.raw.rows[position]) for position in np.flatnonzero(stray)[:_EXAMPLES])
        notices.append(Notice("far_points", {"table": table.raw.table, "count": int(stray.sum()), "rows": rows}))
    for position in np.flatnonzero(wild | swapped | (stray & declared)):
        table.columns["lat"][position] = table.columns["lon"][position] = UNREADABLE


def _swap(table: Typed, swapped: Bools, lat: Floats, lon: Floats, found: Findings) -> None:
    """Put latitude and longitude in their own columns, in place."""
    for position in np.flatnonzero(swapped).tolist():
        north, east = float(lon[position]), float(lat[position])
        table.columns["lat"][position], table.columns["lon"][position] = north, east
        before, after = f"{east:g}, {north:g}", f"{north:g}, {east:g}"
        found.mends.append(table.mend("swapped", position, "lat", before, after))
    lat[swapped], lon[swapped] = lon[swapped], lat[swapped]


def _one_datum(table: Typed, datum: str, faults: list[Fault]) -> None:
    """Report rows whose own column of datums names another than the declared one."""
    for position, extras in enumerate(table.extras):
        for title, value in extras.items():
            if normal(title) in DATUM_TITLES and plain_datum(value) != datum:
                faults.append(table.fault("two_datums", position, title, value, declared=datum, found=value))


def _convert(typed: Mapping[str, Typed], datum: str) -> None:
    if datum == "wgs84":
        return
    for name in _with_points(typed):
        lat, lon = _points(typed[name])
        there = np.flatnonzero(~np.isnan(lat))
        if not len(there):
            continue
        new_lat, new_lon = converted(lat[there], lon[there], datum)
        columns = typed[name].columns
        for position, north, east in zip(there.tolist(), new_lat.tolist(), new_lon.tolist(), strict=True):
            columns["lat"][position], columns["lon"][position] = north, east
        for extras in typed[name].extras:
            for title in extras:
                if normal(title) in DATUM_TITLES:
                    extras[title] = "wgs84"


def converted(lat: Floats, lon: Floats, datum: str) -> tuple[Floats, Floats]:
    """Return the points in WGS-84 degrees."""
    new: Any = to_wgs84(lat, lon, datum)
    return np.asarray(new[0]), np.asarray(new[1])


def _near_county(typed: Mapping[str, Typed], notices: list[Notice]) -> None:
    """Name schools that stand far from the seat of their county: a wrong county or a wrong point."""
    if "schools" not in typed or "counties" not in typed:
        return
    schools, counties = typed["schools"], typed["counties"]
    seat_lat, seat_lon = _points(counties)
    seat = {known: position for position, known in enumerate(counties.columns["id"])}
    at = np.array([seat.get(known, -1) for known in schools.columns["county_id"]], dtype=np.int64)
    if not len(at) or not len(seat_lat):
        return
    lat, lon = _points(schools)
    far = (at >= 0) & (_km(lat, lon, seat_lat[at], seat_lon[at]) > _FAR_KM)
    if far.any():
        rows = ", ".join(str(schools.raw.rows[position]) for position in np.flatnonzero(far)[:_EXAMPLES])
        notices.append(Notice("far_from_county", {"count": int(far.sum()), "km": int(_FAR_KM), "rows": rows}))


def _short_roads(typed: Mapping[str, Typed], notices: list[Notice]) -> None:
    """Name listed roads that are shorter than the straight line: a wrong point, or kilometres of another unit."""
    times = typed.get("travel_times")
    if times is None or not any(isinstance(km, float) for km in times.columns.get("km", ())):
        return
    points = {
        name: {known: (lat, lon) for known, lat, lon in zip(table.columns.get("id", ()), *_points(table), strict=False)}
        for name, table in typed.items()
        if name in _WITH_POINTS
    }
    there: list[int] = []
    ends: list[tuple[float, ...]] = []
    columns = (times.columns[name] for name in ("level", "origin_id", "destination_id", "km"))
    for position, (level, origin, destination, km) in enumerate(zip(*columns, strict=True)):
        providers, recipients = SIDES.get(level, ("", ""))
        one, other = points.get(providers, {}).get(origin), points.get(recipients, {}).get(destination)
        if one is not None and other is not None and isinstance(km, float):
            there.append(position)
            ends.append((*one, *other, km))
    if not ends:
        return
    table = np.array(ends, dtype=np.float64)
    straight = _km(*table.T[:4])
    # a place is known to a kilometre or so, and a great circle differs by half a percent from the ellipsoid
    short = np.flatnonzero(table[:, 4] < 0.98 * straight - 2.0)
    if len(short):
        shown = [f"{times.raw.rows[there[at]]}: {table[at, 4]:g} < {straight[at]:.1f}" for at in short[:_EXAMPLES]]
        examples = "; ".join(shown) + ("; …" if len(short) > _EXAMPLES else "")
        notices.append(Notice("short_roads", {"count": len(short), "examples": examples}))


def _km(lat1: Floats, lon1: Floats, lat2: Floats, lon2: Floats) -> Floats:
    """Return great-circle kilometres, good enough for a warning; NaN where a point is missing."""
    p1, p2 = np.radians(lat1), np.radians(lat2)
    half = np.sin((p2 - p1) / 2) ** 2 + np.cos(p1) * np.cos(p2) * np.sin(np.radians(lon2 - lon1) / 2) ** 2
    return np.asarray(2 * 6371.0 * np.arcsin(np.sqrt(half)))
