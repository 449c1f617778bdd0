"""Travel times along roads: a networkx graph and an instance -> the table `travel_times`.

Every place goes straight to the node nearest to it, along the graph by the quickest way, and straight from the node
nearest to its partner. Nearest nodes are found exactly (`geo.nearest`), quickest ways by SciPy's compiled Dijkstra, one
search for each distinct node that a provider starts from.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcher.base.errors import Fault, InvalidInput
from matcher.base.names import SIDES, PairLevel
from matcher.base.numbers import M_PER_KM, FloatArray, IntArray
from matcher.base.progress import CancelToken, ProgressCallback
from matcher.base.watch import look, within
from matcher.geo import nearest
from matcher.model import Instance, TravelTime
from matcher.tables.arrays import Nodes
from matcher.tables.update import with_tables

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd


COLUMNS: Final = ("level", "origin_id", "destination_id", "minutes", "km")
#: nodes reached that are looked at in one go, over all starts
_CHUNK: Final = 1 << 22
#: digits of minutes and of km: far below a second and a metre
_DIGITS: Final = 4
#: added to the limit of a search, whose sums are floats; what is too long is left out after rounding
_SLACK_MIN: Final = 0.001


def road_times(
    instance: Instance,
    graph: nx.Graph[Any],
    *,
    levels: Sequence[PairLevel] = ("county", "school"),
    max_min: float | None = None,
    access_kmh: float = 30.0,
    max_access_km: float = 10.0,
    time_limit_s: float | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> pd.DataFrame:
    """Return travel times between providers and recipients along a road graph, in the form of `travel_times`.

    Parameters
    ----------
    graph
        Of networkx, directed or not, with parallel edges or not. Every node has the attributes `lat` and `lon` in
        WGS-84 degrees, every edge `minutes` (at least 0) and, all or none of them, `km`.
    levels
        For which levels of pairing.
    max_min
        Leave out pairs that take longer; give it at school level, where all pairs of a country are tens of millions.
    access_kmh
        How fast the straight way between a place and its nearest node is travelled.
    max_access_km
        A place farther than this from every node is reached by no road.
    time_limit_s, progress, cancel
        Of the whole call; some of the times would be worth nothing, so that a stopped call is an error.

    Returns
    -------
    pandas.DataFrame
        level, origin_id, destination_id, minutes, km (of the quickest way, with both straight ends; missing where the
        edges have none), in the order of the ids. Pairs without a way are not listed.

    Raises
    ------
    InvalidInput
        With every node and edge that lacks an attribute, or if a limit makes no sense.
    StoppedError
        If it was stopped.

    Notes
    -----
    E. W. Dijkstra, "A note on two problems in connexion with graphs", Numerische Mathematik 1 (1959).
    """
    with within(time_limit_s, progress, cancel):
        return _times(instance, graph, levels, max_min, access_kmh, max_access_km)


def _times(
    instance: Instance,
    graph: nx.Graph[Any],
    levels: Sequence[PairLevel],
    max_min: float | None,
    access_kmh: float,
    max_access_km: float,
) -> pd.DataFrame:
    import pandas as pd

    _check(levels, access_kmh, max_access_km, max_min)
    roads, parts = _Roads.of(graph), []
    for level in (level for level in SIDES if level in levels):
        providers, recipients = instance.arrays.sides(level)
        start, end = (_Access.of(side, roads, access_kmh, max_access_km) for side in (providers, recipients))
        found = list(_pairs(roads, start, end, math.inf if max_min is None else max_min))
        if not found:
            continue
        p, r, minutes, km = (np.concatenate(column) for column in zip(*found, strict=True))
        order = np.lexsort((r, p))
        columns = {
            "level": level,
            "origin_id": np.array(providers.ids, dtype=object)[p[order]],
            "destination_id": np.array(recipients.ids, dtype=object)[r[order]],
            "minutes": minutes[order],
            "km": km[order],
        }
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))


def _check(levels: Sequence[str], access_kmh: float, max_access_km: float, max_min: float | None) -> None:
    numbers = [
        ("access_kmh", access_kmh, "> 0", access_kmh > 0),
        ("max_access_km", max_access_km, ">= 0", max_access_km >= 0),
        ("max_min", max_min, ">= 0", max_min is None or max_min >= 0),
    ]
    faults = [
        Fault("invalid_value", column=name, value=value, details={"reason": reason})
        for name, value, reason, good in numbers
        if not good
    ]
    faults += [
        Fault("not_an_option", column="levels", value=level, details={"known": ", ".join(SIDES)})
        for level in levels
        if level not in SIDES
    ]
    if faults:
        raise InvalidInput(faults)


def with_roads(
    instance: Instance,
    graph: nx.Graph[Any],
    *,
    levels: Sequence[PairLevel] = ("county", "school"),
    max_min: float | None = None,
    access_kmh: float = 30.0,
    max_access_km: float = 10.0,
    time_limit_s: float | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> Instance:
    """Return the instance with the travel times of `road_times`; times that it lists already are kept.

    Plan with `matcher.Policy(county_cost="min", school_cost="min")`: without a `speed_kmh` only pairs with a way are
    allowed then.

    Raises
    ------
    InvalidInput
        As `road_times`.
    """
    frame = road_times(
        instance,
        graph,
        levels=levels,
        max_min=max_min,
        access_kmh=access_kmh,
        max_access_km=max_access_km,
        time_limit_s=time_limit_s,
        progress=progress,
        cancel=cancel,
    )
    listed = {row.sort_key() for row in instance.travel_times}
    rows = list(instance.travel_times)
    for level, origin, destination, minutes, km in frame.itertuples(index=False, name=None):
        if (level, origin, destination) not in listed:
            ids = {"level": level, "origin_id": origin, "destination_id": destination}
            rows.append(TravelTime(**ids, minutes=minutes, km=None if math.isnan(km) else km))
    return with_tables(instance, travel_times=rows)


@dataclass(frozen=True, slots=True, eq=False)
class _Roads:
    """A road graph in arrays; n nodes, m edges with at most one a direction between two nodes, by (tail, head).

    Attributes
    ----------
    latlon : (n, 2)
        Degrees.
    tail, head, minutes, km
        (m,) each; `km` is NaN where the graph has none.
    """

    latlon: FloatArray
    tail: IntArray
    head: IntArray
    minutes: FloatArray
    km: FloatArray

    @classmethod
    def of(cls, graph: nx.Graph[Any]) -> _Roads:
        """Read a graph; nodes are put in the order of their place, so that its own order never matters."""
        names, faults = list(graph.nodes), []
        latlon = np.full((len(names), 2), np.nan)
        for position, (name, data) in enumerate(graph.nodes(data=True)):
            latlon[position] = _number(data.get("lat")), _number(data.get("lon"))
            if not (abs(latlon[position, 0]) <= 90 and abs(latlon[position, 1]) <= 180):
                faults.append(Fault("road_node", "roads", value=name))
        listed = list(graph.edges(data=True))
        has_km = any("km" in data for *_, data in listed)
        minutes = np.array([_number(data.get("minutes")) for *_, data in listed], dtype=np.float64)
        km = np.array([_number(data.get("km")) if has_km else np.nan for *_, data in listed], dtype=np.float64)
        for row in np.flatnonzero(~(minutes >= 0) | (has_km & ~(km >= 0))).tolist():
            missing = "km" if minutes[row] >= 0 else "minutes"
            faults.append(Fault("road_edge", "roads", value=listed[row][:2], details={"missing": missing}))
        if faults:
            raise InvalidInput(faults)
        # a node without a road leads nowhere: whoever stands beside it takes the nearest one that does
        joined = {end for edge in listed for end in edge[:2]}
        kept = [position for position, name in enumerate(names) if name in joined or not joined]
        names, latlon = [names[position] for position in kept], latlon[kept]
        order = np.lexsort((np.array([str(name) for name in names], dtype=object), latlon[:, 1], latlon[:, 0]))
        rank = {names[old]: new for new, old in enumerate(order.tolist())}
        tail = np.array([rank[edge[0]] for edge in listed], dtype=np.int64)
        head = np.array([rank[edge[1]] for edge in listed], dtype=np.int64)
        if not graph.is_directed():
            tail, head = np.concatenate([tail, head]), np.concatenate([head, tail])
            minutes, km = np.tile(minutes, 2), np.tile(km, 2)
        best = np.lexsort((km, minutes, head, tail))
        _, first = np.unique(tail[best] * max(1, len(names)) + head[best], return_index=True)
        quickest = best[first]
        return cls(latlon[order], tail[quickest], head[quickest], minutes[quickest], km[quickest])

    @property
    def matrix(self) -> Any:
        """The minutes as a sparse matrix; a stored zero is an edge that takes no time."""
        from scipy.sparse import csr_array

        begin = np.searchsorted(self.tail, np.arange(len(self.latlon) + 1))
        return csr_array((self.minutes, self.head, begin), shape=(len(self.latlon), len(self.latlon)))


def _number(value: Any) -> float:
    """Return a finite number as a float, NaN for anything else."""
    try:
        known = float(value)
    except (TypeError, ValueError):
        return math.nan
    return known if math.isfinite(known) else math.nan


@dataclass(frozen=True, slots=True, eq=False)
class _Access:
    """How each place of one side comes to the roads: positions that do, their nodes, and the way there."""

    places: IntArray
    node: IntArray
    minutes: FloatArray
    km: FloatArray

    @classmethod
    def of(cls, side: Nodes, roads: _Roads, access_kmh: float, max_access_km: float) -> _Access:
        node, metres = nearest(np.column_stack([side.lat, side.lon]), roads.latlon, 1)
        near = np.flatnonzero((metres <= round(max_access_km * M_PER_KM)).any(axis=1))
        km = metres[near].sum(axis=1) / M_PER_KM
        return cls(near, node[near].sum(axis=1), km * 60 / access_kmh, km)


def _pairs(
    roads: _Roads, start: _Access, end: _Access, max_min: float
) -> Iterator[tuple[IntArray, IntArray, FloatArray, FloatArray]]:
    """Yield provider and recipient positions, minutes and km of the pairs with a way, a group of starts at a time."""
    from scipy.sparse.csgraph import dijkstra

    if not (len(start.node) and len(end.node)):
        return
    nodes, node_of = np.unique(start.node, return_inverse=True)
    matrix, size = roads.matrix, max(1, len(roads.latlon), len(end.node))
    for begin in range(0, len(nodes), step := max(1, _CHUNK // size)):
        look("roads", begin, len(nodes))
        some = nodes[begin : begin + step]
        minutes, before = dijkstra(matrix, indices=some, limit=max_min + _SLACK_MIN, return_predecessors=True)
        km = _km(roads, before.astype(np.int64))
        who = np.flatnonzero((node_of >= begin) & (node_of < begin + len(some)))
        row = node_of[who] - begin
        for first in range(0, len(who), many := max(1, _CHUNK // len(end.node))):
            here, from_row = who[first : first + many], row[first : first + many]
            time = minutes[from_row[:, None], end.node] + start.minutes[here, None] + end.minutes
            time = np.round(time, _DIGITS)
            k, j = np.nonzero(np.isfinite(time) & (time <= max_min))
            way = km[from_row[k], end.node[j]] + start.km[here[k]] + end.km[j]
            yield start.places[here[k]], end.places[j], time[k, j], np.round(way, _DIGITS)


def _km(roads: _Roads, before: IntArray) -> FloatArray:
    """Return (s, n) km from each start along its tree of quickest ways, by doubling the steps looked back."""
    own = np.arange(before.shape[1])
    step = before >= 0
    back = np.where(step, before, own)
    if not len(roads.km) or np.isnan(roads.km).any():
        return np.where(step, np.nan, 0.0) if len(roads.km) else np.zeros(before.shape)
    keys = roads.tail * before.shape[1] + roads.head
    edge = np.minimum(np.searchsorted(keys, back * before.shape[1] + own), len(keys) - 1)
    total = np.where(step, roads.km[edge], 0.0)
    while True:
        further = np.take_along_axis(back, back, axis=1)
        if np.array_equal(further, back):
            return total
        total = total + np.take_along_axis(total, back, axis=1)
        back = further
