"""Whatever is read is an ordinary file: a pipe in the place of one is refused at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from draws import few
from small_plans import small_instance

import matcher

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without pipes by name")

CALLS = {
    "plan.json": "matcher.load_plan(sys.argv[1])",
    "proof.npz": "matcher.load_plan(sys.argv[1])",
    "county_pairings.csv": "matcher.load_plan(sys.argv[1])",
    "input/branches.csv": "matcher.load_plan(sys.argv[1])",
    "input/extra": "matcher.load_plan(sys.argv[1])",
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return matcher.solve(small_instance()).save(tmp_path_factory.mktemp("plan") / "out")


def refused(code: str, *given: str) -> None:
    """Run a call in a process that would hang, and expect the library's own refusal."""
    script = f"import sys, matcher\ntry:\n    {code}\nexcept matcher.MatcherError as error:\n    print(error.code)\n"
    done = subprocess.run([sys.executable, "-c", script, *given], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip(), "nothing was refused"


@pytest.mark.parametrize("name", few(2, CALLS))
def test_a_pipe_in_a_plans_folder_is_refused(saved, tmp_path, name):
    folder = tmp_path / "out"
    shutil.copytree(saved, folder)
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    refused(CALLS[name], str(folder))


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_a_pipe_for_a_table_is_refused(tmp_path, suffix):
    os.mkfifo(tmp_path / f"counties{suffix}")
    refused("matcher.read(sys.argv[1])", str(tmp_path / f"counties{suffix}"))
    refused("matcher.read(sys.argv[1])", str(tmp_path))


def test_a_pipe_for_a_policy_is_refused(tmp_path):
    os.mkfifo(tmp_path / "policy.toml")
    refused("from matcher.cli.common import read_policy; read_policy(sys.argv[1])", str(tmp_path / "policy.toml"))
