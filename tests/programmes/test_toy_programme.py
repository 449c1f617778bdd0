"""A programme of one's own, by the recipe of CONTRIBUTING: wells for hamlets, in under eighty lines."""

import numpy as np

from matcher import Market
from matcher.model import Entity
from matcher.programmes import Programme, ProgrammePolicy, Schema, doors, plan_programme
from matcher.programmes.places import metres_of
from matcher.tables.columns import Column, Table


class Well(Entity):
    lat: float
    lon: float


class Hamlet(Well):
    children: int


class WellsPolicy(ProgrammePolicy):
    wells: int = 1


_POINT = (Column("lat", "纬度", "lat", True), Column("lon", "经度", "lon", True))
SCHEMA = Schema(
    (
        Table("wells", "水井", (), (Column("id", "编号", "id", True), *_POINT)),
        Table(
            "hamlets",
            "村庄",
            (),
            (Column("id", "编号", "id", True), *_POINT, Column("children", "儿童", "count", True)),
        ),
    ),
    {"wells": Well, "hamlets": Hamlet},
    ("wells", "hamlets"),
)


def market(records, policy):
    wells, hamlets = records["wells"], records["hamlets"]
    pairs = np.argwhere(np.ones((len(wells), len(hamlets)), bool))
    metres = metres_of(wells, hamlets, pairs).reshape(len(wells), len(hamlets))
    return Market.from_matrix(
        metres * [hamlet.children for hamlet in hamlets],
        capacity=len(hamlets),
        demand=[[1, 1]] * len(hamlets),
        unmet_cost=0,
        level_names=["distance"],
        group=[0] * len(wells),
        group_open=[policy.wells],
    )


def metrics(records, policy, matching):
    return {"children": sum(hamlet.children for hamlet in records["hamlets"])}


def example(seed):
    draw = np.random.default_rng(seed).uniform(25, 26, (12, 2))
    points = [{"id": f"{n}", "lat": lat, "lon": lon} for n, (lat, lon) in enumerate(draw)]
    hamlets = [Hamlet(**point, children=10) for point in points[4:]]
    return SCHEMA.from_records({"wells": [Well(**point) for point in points[:4]], "hamlets": hamlets})


WELLS = Programme("wells", SCHEMA, WellsPolicy, "wells", "hamlets", {"distance": "child_m"}, market, metrics, example)


def test_a_toy_programme_has_every_door(monkeypatch, tmp_path):
    monkeypatch.setattr(doors, "PROGRAMMES", {"wells": WELLS})
    plan = plan_programme("wells", WELLS.example(1), {"wells": 2})
    assert plan.status == "optimal"
    assert len(plan.opened) == 2
    assert plan.verify().ok
    doors.save_programme(plan, tmp_path / "out")
    assert doors.verify_programme(tmp_path / "out").ok
    assert plan.explain("hamlet", "5")
