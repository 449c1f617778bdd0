"""Travel times along roads equal networkx's own search, pair by pair, and become times that a plan is made with."""

import itertools
import math
import random

import networkx as nx
import numpy as np
import pytest

import matcher
from matcher.files import roads
from matcher.files.roads import road_times, with_roads
from matcher.geo import pair_m


def place(rng):
    return {"lat": round(30 + rng.random() / 5, 4), "lon": round(105 + rng.random() / 5, 4)}


def random_case(seed):
    """A directed or undirected graph, with or without parallel edges, zeros, ties and km, and places around it."""
    rng = random.Random(seed)
    kind = rng.choice([nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph])
    graph = kind()
    count = rng.randint(1, 14)
    for node in range(count):
        graph.add_node(f"n{node}", **place(rng))
    has_km = rng.random() < 0.7
    for _ in range(rng.randint(0, 3 * count)):
        u, v = (f"n{rng.randrange(count)}" for _ in range(2))
        data = {"minutes": rng.choice([0, 1, 2, 2.5, 7])}
        if has_km:
            data["km"] = rng.choice([0, 1, 3.5, 10])
        graph.add_edge(u, v, **data)
    instance = matcher.Instance(
        organizations=[matcher.Organization(id=f"O{i}", **place(rng)) for i in range(3)],
        branches=[matcher.Branch(id=f"B{i}", organization_id=f"O{i % 3}", **place(rng)) for i in range(5)],
        counties=[matcher.County(id=f"C{i}", **place(rng)) for i in range(3)],
        schools=[matcher.School(id=f"S{i}", county_id=f"C{i % 3}", **place(rng)) for i in range(6)],
    )
    return graph, instance, rng


def nearest_node(graph, entity):
    """The nearest node with a road and its metres, by looking at every node; no ties at four random decimals."""
    joined = {end for edge in graph.edges for end in edge[:2]} or set(graph)
    metres = {
        name: int(pair_m(entity.lat, entity.lon, d["lat"], d["lon"]))
        for name, d in graph.nodes(data=True)
        if name in joined
    }
    name = min(metres, key=lambda each: (metres[each], graph.nodes[each]["lat"], graph.nodes[each]["lon"]))
    return name, metres[name]


def quickest(graph, origin, destination):
    """The least minutes by networkx, over the quickest of parallel edges; None without a way."""
    simple = nx.DiGraph()
    simple.add_nodes_from(graph.nodes)
    for u, v, data in graph.edges(data=True):
        for a, b in ((u, v),) if graph.is_directed() else ((u, v), (v, u)):
            if not simple.has_edge(a, b) or data["minutes"] < simple.edges[a, b]["minutes"]:
                simple.add_edge(a, b, minutes=data["minutes"])
    try:
        return nx.dijkstra_path_length(simple, origin, destination, weight="minutes")
    except nx.NetworkXNoPath:
        return None


@pytest.mark.parametrize("seed", range(60))
def test_times_equal_networkx(seed):
    """Every pair with a way is listed once with the time of networkx's search plus both ends; no other pair is."""
    graph, instance, rng = random_case(seed)
    limit, reach = rng.choice([None, 12.0, 30.0]), rng.choice([2.0, 8.0, 50.0])
    frame = road_times(instance, graph, max_min=limit, max_access_km=reach, access_kmh=24)
    expected = {}
    for level, origins, destinations in (
        ("county", instance.organizations, instance.counties),
        ("school", instance.branches, instance.schools),
    ):
        for p in origins:
            for r in destinations:
                (start, first), (end, last) = nearest_node(graph, p), nearest_node(graph, r)
                minutes = quickest(graph, start, end)
                if minutes is None or max(first, last) > reach * 1000:
                    continue
                total = round(minutes + (first + last) / 1000 * 60 / 24, 4)
                if limit is None or total <= limit:
                    expected[level, p.id, r.id] = total
    found = {tuple(row[:3]): row[3] for row in frame.itertuples(index=False, name=None)}
    assert len(found) == len(frame)
    assert found == pytest.approx(expected, abs=1e-3)
    assert list(found) == sorted(found)


@pytest.mark.parametrize("seed", range(60))
def test_km_is_that_of_a_quickest_way(seed):
    """With minutes that make every way of its own length, the km are those of networkx's path."""
    graph, instance, rng = random_case(seed)
    for *_, data in graph.edges(data=True):
        data["minutes"], data["km"] = rng.random() + 0.1, rng.random()
    frame = road_times(instance, graph, levels=("school",), max_access_km=100)
    homes = {entity.id: entity for entity in (*instance.branches, *instance.schools)}
    for _, origin, destination, minutes, km in frame.itertuples(index=False, name=None):
        (start, first), (end, last) = (nearest_node(graph, homes[name]) for name in (origin, destination))
        path = nx.dijkstra_path(graph, start, end, weight=lambda u, v, d: least(graph, d)["minutes"])
        edges = [least(graph, graph.get_edge_data(u, v)) for u, v in itertools.pairwise(path)]
        straight = (first + last) / 1000
        assert km == pytest.approx(sum(edge["km"] for edge in edges) + straight, abs=1e-3)
        assert minutes == pytest.approx(sum(edge["minutes"] for edge in edges) + straight * 2, abs=1e-3)


def least(graph, data):
    return min(data.values(), key=lambda each: each["minutes"]) if graph.is_multigraph() else data


def test_groups_of_any_size_give_the_same(monkeypatch):
    """Working in parts changes no row, and the order of nodes and edges neither."""
    graph, instance, rng = random_case(3)
    whole = road_times(instance, graph)
    assert len(whole)
    monkeypatch.setattr(roads, "_CHUNK", 1)
    shuffled = type(graph)()
    nodes, edges = list(graph.nodes(data=True)), list(graph.edges(data=True))
    rng.shuffle(nodes)
    rng.shuffle(edges)
    shuffled.add_nodes_from(nodes)
    shuffled.add_edges_from(edges)
    assert road_times(instance, shuffled).equals(whole)


def crossing():
    """A river between a branch and its nearest school; the bridge is far, the other school is on its own side."""
    graph = nx.Graph()
    for name, lat, lon in (("a", 30, 105), ("b", 30, 105.02), ("c", 30, 105.1), ("island", 31, 105)):
        graph.add_node(name, lat=lat, lon=lon)
    graph.add_edge("a", "c", minutes=9, km=9.6)
    graph.add_edge("c", "b", minutes=20, km=7.7)
    instance = matcher.Instance(
        organizations=[matcher.Organization(id="O", lat=30, lon=105)],
        branches=[matcher.Branch(id="B", organization_id="O")],
        counties=[matcher.County(id="C", lat=30, lon=105)],
        schools=[
            matcher.School(id="over", county_id="C", lat=30, lon=105.02, children=9),
            matcher.School(id="same", county_id="C", lat=30, lon=105.1, children=9),
            matcher.School(id="island", county_id="C", lat=31, lon=105, children=9),
        ],
    )
    return graph, instance


def test_a_plan_in_minutes_goes_by_the_road_and_not_across_the_river():
    graph, instance = crossing()
    by_road = with_roads(instance, graph, levels=("school",))
    assert [(row.destination_id, row.minutes, row.km) for row in by_road.travel_times] == [
        ("over", 29.0, 17.3),
        ("same", 9.0, 9.6),
    ]
    straight = matcher.solve(instance)
    policy = matcher.Policy(school_cost="min")
    plan = matcher.solve(by_road, policy)
    assert straight.school_pairings["school_id"].tolist() == ["over"]
    assert plan.school_pairings[["school_id", "minutes"]].values.tolist() == [["same", 9.0]]
    assert matcher.verify(by_road, plan, policy).ok
    assert by_road == matcher.Instance.from_json(by_road.to_json())


def test_times_that_are_listed_already_are_kept():
    graph, instance = crossing()
    own = matcher.TravelTime(level="school", origin_id="B", destination_id="over", minutes=5)
    by_road = with_roads(instance.model_copy(update={"travel_times": [own]}), graph)
    times = {(row.level, row.destination_id): row.minutes for row in by_road.travel_times}
    assert times == {("school", "over"): 5, ("school", "same"): 9, ("county", "C"): 0}


def test_edges_without_km_give_no_km():
    graph, instance = crossing()
    for *_, data in graph.edges(data=True):
        del data["km"]
    frame = road_times(instance, graph)
    assert frame["km"].isna().tolist() == [False, True, True]
    assert all(row.km is None for row in with_roads(instance, graph, levels=("school",)).travel_times)


def test_nothing_to_list():
    graph, instance = crossing()
    assert list(road_times(instance, nx.Graph()).columns) == list(roads.COLUMNS)
    assert len(road_times(matcher.Instance(), graph)) == 0
    assert with_roads(instance, graph, levels=()) == instance


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda graph: graph.nodes["a"].pop("lat"), "road_node"),
        (lambda graph: graph.nodes["a"].update(lon=200), "road_node"),
        (lambda graph: graph.nodes["a"].update(lat=math.nan), "road_node"),
        (lambda graph: graph.edges["a", "c"].pop("minutes"), "road_edge"),
        (lambda graph: graph.edges["a", "c"].update(minutes=-1), "road_edge"),
        (lambda graph: graph.edges["a", "c"].update(minutes=math.inf), "road_edge"),
        (lambda graph: graph.edges["a", "c"].update(minutes="soon"), "road_edge"),
        (lambda graph: graph.edges["a", "c"].pop("km"), "road_edge"),
        (lambda graph: graph.edges["a", "c"].update(km=np.nan), "road_edge"),
    ],
)
def test_faulty_graphs_are_refused(spoil, code):
    graph, instance = crossing()
    spoil(graph)
    with pytest.raises(matcher.InvalidInput, match=code):
        road_times(instance, graph)


@pytest.mark.parametrize(
    "limits", [{"access_kmh": 0}, {"max_access_km": -1}, {"max_min": -1}, {"max_min": math.nan}, {"levels": ("town",)}]
)
def test_limits_that_make_no_sense_are_refused(limits):
    graph, instance = crossing()
    with pytest.raises(matcher.InvalidInput):
        road_times(instance, graph, **limits)


def test_a_node_without_a_road_leads_nowhere():
    """Who stands nearest to it takes the nearest node that has a road, within reach."""
    graph = nx.Graph()
    for name, lon in (("a", 106.0), ("b", 106.2), ("alone", 106.21)):
        graph.add_node(name, lat=26.0, lon=lon)
    graph.add_edge("a", "b", minutes=20)
    county = matcher.County(id="C1", lat=26.0, lon=106.211)
    instance = matcher.Instance(organizations=[matcher.Organization(id="U1", lat=26.0, lon=106.0)], counties=[county])
    assert len(matcher.files.road_times(instance, graph)) == 1
