"""What the library tells: a log that is silent until asked, progress as JSON, exit codes that mean one thing each."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_plans import small_instance, small_plan

import matcher
from matcher.base import told
from matcher.base.progress import Budget, Progress
from matcher.cli import main
from matcher.words.catalogue import catalogue

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path):
    from matcher.files.writing import write_tables

    target = tmp_path / "in"
    target.mkdir()
    write_tables(small_instance(), target)
    return target


def test_nothing_is_said_until_somebody_listens(tmp_path):
    """Not even a warning: Python writes those of a logger without a handler to standard error."""
    code = (
        "import matcher, logging\nfrom matcher.base import told\n"
        "told.warning('left_by_a_crash', path='x'); told.info('saved', path='y')\n"
        "print([type(h).__name__ for h in logging.getLogger('matcher').handlers], logging.getLogger().handlers)"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, cwd=tmp_path)
    assert (done.stdout.strip(), done.stderr) == ("['NullHandler'] []", "")


def test_a_line_a_stage(caplog, folder, tmp_path):
    """Reading, solving with its phases, saving, loading, judging."""
    caplog.set_level(logging.INFO, "matcher")
    instance = matcher.read(folder)
    plan = matcher.solve(instance)
    matcher.load_plan(plan.save(tmp_path / "out"))
    matcher.verify(instance, plan)
    matcher.match(matcher.Market.from_matrix([[1, 2]]))
    said = [(record.name, record.levelname, record.matcher["code"]) for record in caplog.records]
    assert {name for name, _, _ in said} == {"matcher"}
    assert {level for _, level, _ in said} == {"INFO"}
    codes = [code for _, _, code in said]
    assert [code for code in dict.fromkeys(codes) if code != "stage"] == [
        *("read", "solve", "solved", "saved", "loaded", "verified", "matched")
    ]
    assert "stage" in codes
    assert "Instance(3 organizations" in caplog.text


def test_a_phase_is_told_once(caplog):
    caplog.set_level(logging.INFO, "matcher")
    budget = Budget()
    for phase in ("a", "a", "b", "b", "a"):
        budget.report(Progress(phase))
    assert [record.matcher["phase"] for record in caplog.records] == ["a", "b", "a"]


def test_what_was_done_another_way_is_a_warning(caplog, tmp_path):
    """A plan left by a crash is read, pairs to start from are left out."""
    plan = small_plan()
    folder = plan.save(tmp_path / "out")
    folder.rename(tmp_path / ".out.old")
    assert matcher.load_plan(folder) == plan
    fewer = small_instance(
        schools=[school for school in plan.instance.schools if school.id != "S1"],
        previous=(),
    )
    matcher.solve(fewer, start=plan)
    warned = [record.matcher for record in caplog.records if record.levelname == "WARNING"]
    assert [each["code"] for each in warned] == ["left_by_a_crash", "start_left_out"]
    assert (warned[1]["left_out"], warned[1]["of"]) == (1, 6)


def test_a_log_takes_any_value(caplog):
    caplog.set_level(logging.INFO, "matcher")
    told.info("saved", path="100 %s \ud83d" + "x" * 1000)
    assert "100 %s" in caplog.text
    assert len(caplog.records[0].getMessage()) < 300
    assert {key.removeprefix("log.") for key in catalogue() if key.startswith("log.")} >= {"saved", "read"}


def test_progress_as_json(capsys, folder, tmp_path):
    """A line a report on standard error, the summary on standard output."""
    assert main(["plan", str(folder), "-o", str(tmp_path / "out"), "--progress", "json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert lines
    assert {line["format"] for line in lines} == {"matcher.progress/1"}
    assert all({"phase", "done", "of", "value", "bound", "gap"} <= line.keys() for line in lines)


@pytest.mark.parametrize(
    "error", [RuntimeError("boom"), ZeroDivisionError(), MemoryError(), OSError("disk"), KeyError(1)]
)
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_an_error_inside_the_library_is_seventy(monkeypatch, capsys, folder, tmp_path, error, form):
    """1 is for plans that are infeasible or do not verify, and for nothing else."""

    def fail(*_args, **_kwargs):
        raise error

    monkeypatch.setattr("matcher.solver.solve", fail)
    assert main(["plan", str(folder), "-o", str(tmp_path / "out"), *form]) == 70
    shown = capsys.readouterr()
    assert type(error).__name__ in shown.err
    assert "Traceback" in shown.err
    if form:
        assert json.loads(shown.out)["code"] == "internal"
    assert not (tmp_path / "out").exists()


def test_exit_codes_are_documented(capsys):
    assert main(["--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    for code in ("0 done", "1 the plan", "2 bad input", "130 interrupted", "70 an error"):
        assert code in said
