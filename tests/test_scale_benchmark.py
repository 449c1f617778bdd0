"""The benchmark of scale, run through at small sizes: every peer at hand finds the value that matcher proves."""

import csv
import importlib.util

import numpy as np
import pytest
from draws import few

from benchmarks.scale import figure, many, run
from benchmarks.scale.instances import PATHOLOGICAL, clusters, constant_density, named, pathological
from benchmarks.scale.peers import PEERS, arcs_in_reach, matrix

AT_HAND = [
    name
    for name, peer in PEERS.items()
    if name not in ("matcher2", "ortools16")
    and all(importlib.util.find_spec(module.split(".")[0]) for module in peer.imports)
]


@pytest.mark.filterwarnings("ignore")  # what the peers' own code warns of is not for us to fail on
@pytest.mark.parametrize(("max_km", "skew"), few(2, [(None, False), (150.0, True), (150.0, False), (None, True)]))
def test_every_peer_at_hand_finds_the_same_value(max_km, skew):
    points = clusters(40, 12, skew=skew, max_km=max_km)
    values = {name: PEERS[name].solve(points) for name in AT_HAND}
    assert len(set(values.values())) == 1, values
    assert {"matcher", "scipy", "ortools", "networkx"} <= values.keys()


@pytest.mark.parametrize("kind", PATHOLOGICAL)
def test_the_sweep_agrees_where_all_pairs_are_priced(kind):
    points = pathological(kind, 330, 160)
    assert PEERS["matcher"].solve(points) == PEERS["ortools"].solve(points)


def test_arcs_in_reach_are_those_of_the_matrix():
    points = constant_density(300, max_km=60.0)
    metres = matrix(points)
    arcs = arcs_in_reach(points)
    assert len(arcs.metres) == (metres <= 60_000).sum()
    assert np.array_equal(metres[arcs.recipient, arcs.provider], arcs.metres)


def test_density_stays_the_same_at_every_size():
    """Twice the recipients fill twice the area."""
    spans = [np.ptp(constant_density(n, max_km=None).recipient_latlon, axis=0).prod() for n in (20_000, 40_000)]
    assert 1.7 < spans[1] / spans[0] < 2.3


def test_names_say_what_is_built():
    assert named("skew-300").max_km is None
    assert named("density-300-20km").max_km == 20.0
    assert len(named("sweep:tight:50:20").recipient_latlon) == 50
    assert len(named("parts-1800-50km").recipient_latlon) == 1800
    with pytest.raises(SystemExit):
        named("places-500km")


def test_a_run_writes_rows_ratios_and_a_figure(tmp_path):
    target, drawn = tmp_path / "rows.csv", tmp_path / "sizes.png"
    arguments = ["density-300-100km", "--peers", "matcher", "scipy", "--repeat", "1"]
    run.main([*arguments, "--csv", str(target), "--figure", str(drawn)])
    with target.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["peer"], row["status"], row["recipients"]) for row in rows] == [
        ("matcher", "ok", "300"),
        ("scipy", "ok", "300"),
    ]
    assert rows[0]["value"] == rows[1]["value"]
    assert float(rows[0]["ratio"]) == 1.0
    assert drawn.stat().st_size > 1000


def test_a_peer_out_of_time_is_reported_and_left_out_of_larger_sizes(tmp_path):
    target = tmp_path / "rows.csv"
    run.main(["sizes", "--largest", "3000", "--peers", "scipy", "--limit", "0.01", "--csv", str(target)])
    with target.open(newline="", encoding="utf-8") as file:
        assert [row["status"] for row in csv.DictReader(file)] == ["stopped at 0 s", "stopped at a smaller size"]


def test_the_growth_exponent_is_the_slope_from_ten_thousand_on():
    rows = [
        {"instance": "density-1", "peer": "x", "status": "ok", "recipients": n, "seconds": s, "peak_mib": 1}
        for n, s in ((1_000, 9.0), (10_000, 1.0), (100_000, 100.0), (1_000_000, 10_000.0))
    ]
    assert figure.growth_exponents(rows)["x"] == pytest.approx(2.0)


def test_many_small_markets_have_the_totals_of_both_loops(capsys, tmp_path):
    many.main(["--number", "20", "--shape", "6", "4", "--rounds", "1", "--csv", str(tmp_path / "many.csv")])
    assert "OR-Tools, arrays" in capsys.readouterr().out
    assert len((tmp_path / "many.csv").read_text(encoding="utf-8").splitlines()) == 5
