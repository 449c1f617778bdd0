"""Boundaries to draw under a map: GeoJSON that a planner brings along, from a file or in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from matcher.base.disk import regular_bytes
from matcher.base.errors import Fault, InvalidInput
from matcher.base.jsonform import read_object
from matcher.geo import Datum, to_wgs84
from matcher.show.outlines import Outlines

#: what a file of boundaries may weigh: all townships of the country at full detail have less
MOST_BYTES: Final = 256 * 1024**2
#: shapes of one collection; a country has some tens of thousands of towns
_MOST_SHAPES: Final = 100_000
#: kind of geometry -> how deep in its coordinates the lines lie
_DEPTH: Final = {"LineString": 0, "MultiLineString": 1, "Polygon": 1, "MultiPolygon": 2}


def read_boundaries(source: Any, datum: Datum = "wgs84") -> Outlines | None:
    """Return the lines of GeoJSON: a path, a mapping, or whatever has `__geo_interface__`; None for None.

    Raises
    ------
    InvalidInput
        If it can't be read, or is no GeoJSON with lines or areas in degrees (code `not_geojson`).
    """
    if source is None or isinstance(source, Outlines):
        return source
    given = getattr(source, "__geo_interface__", source)
    found = given if isinstance(given, Mapping) else read_object(regular_bytes(given, MOST_BYTES))
    rings = []
    for line in _lines(found):
        try:
            lonlat = np.array([point[:2] for point in line], dtype=np.float64)
        except (TypeError, ValueError, IndexError):
            raise _fault("coordinates") from None
        if lonlat.ndim != 2 or lonlat.shape[1:] != (2,) or not (np.abs(lonlat) <= (180.0, 90.0)).all():
            raise _fault("degrees")
        rings.append(np.stack(to_wgs84(lonlat[:, 1], lonlat[:, 0], datum), axis=1))
    if not rings:
        raise _fault("lines")
    return Outlines(tuple(rings))


def _lines(part: Any) -> Iterator[Any]:
    """Yield the lists of points of a geometry, a feature or a collection."""
    kind = part.get("type") if isinstance(part, Mapping) else None
    if kind in _DEPTH:
        lines = [part.get("coordinates")]
        for _ in range(_DEPTH[kind]):
            if not all(isinstance(each, list | tuple) for each in lines):
                raise _fault("coordinates")
            lines = [line for each in lines for line in each]
        yield from (line for line in lines if line)
        return
    for name in ("features", "geometries"):
        members = part.get(name) if isinstance(part, Mapping) else None
        if isinstance(members, list | tuple) and len(members) > _MOST_SHAPES:
            raise _fault("shapes")
        for member in members if isinstance(members, list | tuple) else ():
            yield from _lines(member)
    if isinstance(part, Mapping) and isinstance(part.get("geometry"), Mapping):
        yield from _lines(part["geometry"])


def _fault(reason: str) -> InvalidInput:
    return InvalidInput([Fault("not_geojson", column="boundaries", details={"reason": reason})])
