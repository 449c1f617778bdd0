"""Studies: the same bytes each time, on from where one was killed, paired draws, and files that are short."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import matcher
from matcher import InvalidInput
from matcher.cli import main
from matcher.files import write_tables
from matcher.study import read_study, run_study, shipped_studies

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
        *("runs.csv", "bands.csv", "differences.csv", "manifest.json", "of_hindsight.svg", "coverage.svg")
    }
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


@pytest.mark.slow
def test_a_study_killed_at_random_and_started_again_leaves_the_same(tmp_path):
    study = {**SMALL, "seeds": list(range(100))}
    run_study(study, tmp_path / "whole")
    (tmp_path / "study.json").write_text(json.dumps(study))
    code = "import json, sys; from matcher.study import run_study; run_study(json.load(open(sys.argv[1])), sys.argv[2])"
    for wait in (2.0, 3.1, 2.4, 3.7):
        child = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "study.json"), str(tmp_path / "part")])
        time.sleep(wait)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    run_study(study, tmp_path / "part")
    assert left(tmp_path / "part") == left(tmp_path / "whole")


def test_years_are_planned_one_after_the_other_on_the_same_draws(tmp_path):
    (tmp_path / "data" / "here").mkdir(parents=True)
    write_tables(matcher.example(), tmp_path / "data" / "here")
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
    assert b"polyline" in (tmp_path / "out" / "county_kept.svg").read_bytes()


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
