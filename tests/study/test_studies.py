"""Studies: the same bytes each time, on from where one was killed, paired draws, and files that are short."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from small_plans import part_of_example

import matcher
from matcher import InvalidInput
from matcher.cli import main
from matcher.files import write_tables
from matcher.study import read_study, run_study, shipped_studies
from matcher.study.study_kinds import plan_run, without
from matcher.study.study_out import ticks_of

SMALL = {
    "name": "small",
    "kind": "arrivals",
    "seeds": [0, 1, 2],
    "measures": ["of_hindsight", "coverage"],
    "compare": [["bid", "greedy"]],
    "instances": {"year": {"wishes": 60, "counties": 4, "members": 6}},
    "policies": {"bid": {"every": 5}, "greedy": {"kind": "greedy"}},
}


def left(folder: Path) -> dict[str, bytes]:
    """Return what a study left, by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def test_a_study_leaves_the_same_bytes_wherever_it_is_made(tmp_path):
    one = run_study(SMALL, tmp_path / "one")
    with ThreadPoolExecutor(2) as executor:
        run_study(SMALL, tmp_path / "other", executor=executor)
    assert left(tmp_path / "one") == left(tmp_path / "other")
    assert set(left(tmp_path / "one")) == {
        *("runs.csv", "bands.csv", "differences.csv", "manifest.json", "figure.svg", "figure.zh.svg"),
        *("of_hindsight.svg", "coverage.svg"),
    }
    shown = ElementTree.fromstring((tmp_path / "one" / "figure.zh.svg").read_bytes())
    said = [each.text for each in shown.iter() if each.tag.endswith("text")]
    assert {"与事后最优之比", "覆盖率", "先到先得", "bid"} <= set(said)
    found = json.loads((tmp_path / "one" / "manifest.json").read_text())
    assert found["versions"]["matcher"] == matcher.__version__
    assert str(tmp_path) not in (tmp_path / "one" / "manifest.json").read_text()
    row = one.differences.set_index("measure").loc["of_hindsight"]
    runs = one.runs.pivot(index="seed", columns="policy", values="of_hindsight")
    assert row["mean"] == pytest.approx((runs["bid"] - runs["greedy"]).mean())
    assert row["low"] <= row["mean"] <= row["high"]


def test_a_stopped_study_goes_on_and_keeps_what_was_made(tmp_path):
    whole = run_study(SMALL, tmp_path / "whole")
    cancel = matcher.CancelToken()

    def after_two(progress) -> None:
        if progress.done >= 2:
            cancel.cancel()

    part = run_study(SMALL, tmp_path / "part", progress=after_two, cancel=cancel)
    assert part.stop_reason == "cancelled"
    made = {path: path.stat().st_mtime_ns for path in (tmp_path / "part" / "runs").iterdir()}
    assert 0 < len(made) < 6
    again = run_study(SMALL, tmp_path / "part")
    assert again.rows == whole.rows
    assert left(tmp_path / "part") == left(tmp_path / "whole")
    assert all(path.stat().st_mtime_ns == at for path, at in made.items())


PLANS = {
    "name": "plans",
    "kind": "plan",
    "seeds": list(range(100)),
    "measures": ["school_km_total", "counties_children_covered"],
    "compare": [["keep", "fresh"]],
    "instances": {"part": {"share": 0.5}},
    "policies": {"keep": {}, "fresh": {"objectives": ["cover_counties", "convenience", "county_travel"]}},
}


@pytest.mark.slow
@pytest.mark.parametrize("dask", [False, True], ids=["in one process", "on Dask"])
def test_a_study_of_200_plans_killed_at_random_and_resumed_leaves_the_same(tmp_path, dask, whole_study):
    """Killed in ten random moments of its work, the last time resumed in one process or on a cluster."""
    (tmp_path / "study.json").write_text(json.dumps(PLANS))
    code = "import json, sys; from matcher.study import run_study; run_study(json.load(open(sys.argv[1])), sys.argv[2])"
    rng, made = np.random.default_rng(dask), []
    for _ in range(10):
        child = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "study.json"), str(tmp_path / "part")])
        runs = tmp_path / "part" / "runs"
        begun, more = len(list(runs.glob("*.json"))) if runs.exists() else 0, int(rng.integers(1, 15))
        while child.poll() is None and len(list(runs.glob("*.json"))) < begun + more:
            time.sleep(float(rng.uniform(0.01, 0.3)))
        assert child.poll() is None
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        made.append(len(list(runs.glob("*.json"))))
    assert 10 <= made[-1] < 200
    if dask:
        distributed = pytest.importorskip("distributed")
        with (
            distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
            distributed.Client(cluster) as client,
        ):
            run_study(PLANS, tmp_path / "part", executor=client)
    else:
        run_study(PLANS, tmp_path / "part")
    assert len(list((tmp_path / "part" / "runs").glob("*.json"))) == 200
    assert left(tmp_path / "part") == whole_study


@pytest.fixture(scope="module")
def whole_study(tmp_path_factory):
    """The 200 plans, made one after the other without a stop."""
    folder = tmp_path_factory.mktemp("whole")
    run_study(PLANS, folder)
    return left(folder)


def test_a_small_draw_is_planned_without_pairs_of_last_year_that_name_nobody():
    whole = matcher.example()
    here = {each.id for each in whole.organizations}
    assert any(row.level == "county" and row.provider_id not in here for row in whole.previous)
    for gone in (set(), set(sorted(here)[2:]), here - {"none"}):
        drawn = without(whole, gone)
        branches = {each.id for each in whole.branches if each.organization_id not in gone}
        there = {"county": here - gone, "school": branches}
        places = {"county": {each.id for each in whole.counties}, "school": {each.id for each in whole.schools}}
        newest = {(row.table, row.old_id): row.new_id for row in whole.successors}
        names = {"county": ("organizations", "counties"), "school": ("branches", "schools")}

        def stays(row, there=there, places=places, newest=newest, names=names):
            provider, recipient = (
                newest.get((table, known), known)
                for table, known in zip(names[row.level], (row.provider_id, row.recipient_id), strict=True)
            )
            return provider in there[row.level] and recipient in places[row.level]

        assert list(drawn.previous) == [row for row in whole.previous if stays(row)]
    assert plan_run({"share": 0.1}, {}, 0, None)[0]["proved"] == 1


def test_years_are_planned_one_after_the_other_on_the_same_draws(tmp_path):
    (tmp_path / "data" / "here").mkdir(parents=True)
    write_tables(part_of_example(), tmp_path / "data" / "here")
    study = {
        "name": "years",
        "kind": "years",
        "seeds": [0],
        "measures": ["county_kept", "school_km_total", "schools_children_share"],
        "compare": [["keep", "fresh"]],
        "instances": {"given": {"folder": "here"}},
        "policies": {"keep": {"years": 3}, "fresh": {"years": 3, "objectives": ["cover_counties", "convenience"]}},
    }
    found = run_study(study, tmp_path / "out", data=tmp_path / "data")
    runs = found.runs.set_index(["policy", "year"])
    assert list(runs.loc["keep"].index) == [2018, 2019, 2020]
    assert (runs.loc["keep"]["organizations"] == runs.loc["fresh"]["organizations"]).all()
    assert (runs.loc["keep"]["county_kept"] >= runs.loc["fresh"]["county_kept"])[1:].all()
    row = found.differences.set_index("measure").loc["school_km_total"]
    apart = runs.loc["keep"]["school_km_total"] - runs.loc["fresh"]["school_km_total"]
    assert row["pairs"] == 1
    assert row["mean"] == pytest.approx(apart.mean())
    assert b"polyline" in (tmp_path / "out" / "county_kept.svg").read_bytes()
    whole = ElementTree.fromstring((tmp_path / "out" / "figure.svg").read_bytes())
    inner = [each for each in whole if each.tag.endswith("svg")]
    assert len(inner) == 3
    assert int(whole.get("height")) == sum(int(each.get("height")) for each in inner)
    tops = [int(each.get("y")) for each in inner]
    assert tops == [0, *np.cumsum([int(each.get("height")) for each in inner])[:-1].tolist()]


def test_the_ticks_of_a_figure_are_few_and_round_and_hold_the_range():
    rng = np.random.default_rng(1)
    for _ in range(500):
        low = float(rng.choice([0, 1, -1])) * 10 ** rng.uniform(-4, 7)
        high = low + float(rng.choice([0, 1])) * 10 ** rng.uniform(-4, 7)
        ticks = ticks_of(low, high)
        step = ticks[1] - ticks[0]
        assert 2 <= len(ticks) <= 7
        assert ticks[0] <= low <= high <= ticks[-1]
        assert f"{step:.0e}"[0] in "125"
        assert np.allclose(np.diff(ticks), step)
        assert low < 0 or ticks[0] >= 0


def test_shipped_studies_are_short_and_whole():
    assert set(shipped_studies()) == {"bid_prices", "joint", "stability", "ten_years", "within_province"}
    for name, path in shipped_studies().items():
        assert len(path.read_text(encoding="utf-8").splitlines()) < 60
        assert read_study(name).name == name


def test_both_levels_together_reach_no_fewer_children(tmp_path):
    study = {**read_study("joint").model_dump(), "seeds": [0]}
    runs = run_study(study, tmp_path).runs.set_index("policy")
    assert runs["counties_children_covered"]["joint"] >= runs["counties_children_covered"]["sequential"]


def test_the_command_line_makes_a_study(tmp_path, capsys):
    lines = ['name = "s"', 'kind = "arrivals"', 'seeds = "0-1"', 'measures = ["coverage"]', "[instances.y]"]
    lines += ["wishes = 40", "counties = 2", "members = 4", "[policies.greedy]", 'kind = "greedy"']
    (tmp_path / "s.toml").write_text("\n".join(lines), encoding="utf-8")
    assert main(["study", str(tmp_path / "s.toml"), "-o", str(tmp_path / "out"), "--lang", "zh"]) == 0
    assert "coverage" in capsys.readouterr().out
    assert main(["study", str(tmp_path / "none.toml"), "-o", str(tmp_path / "out")]) == 2


@pytest.mark.parametrize(
    "wrong", [{"kind": "guess"}, {"seeds": "a-b"}, {"compare": [["bid", "none"]]}, {"policies": {}}, {"pace": 1}]
)
def test_a_faulty_study_is_refused(wrong):
    with pytest.raises(InvalidInput) as caught:
        read_study({**SMALL, **wrong})
    assert caught.value.message("zh")
