"""Whatever is read is an ordinary file: a pipe in the place of one is refused at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_plans import small_instance

import matcher

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without pipes by name")

#: files of a plan's folder, and one among its tables that is none of them
PARTS = ("plan.json", "proof.npz", "county_pairings.csv", "input/branches.csv", "input/extra")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return matcher.solve(small_instance()).save(tmp_path_factory.mktemp("plan") / "out")


def refused(call: str, *given: Path) -> None:
    """Run a call for each path in a process that would hang, and expect the library's own refusal of every one."""
    script = (
        "import sys, matcher\nfrom matcher.cli.common import read_policy\nfor path in sys.argv[1:]:\n"
        f"    try:\n        {call}(path)\n    except matcher.MatcherError as error:\n        print(error.code)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, *map(str, given)], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) == len(given), "not each was refused"


def test_a_pipe_in_a_plans_folder_is_refused(saved, tmp_path):
    for number, name in enumerate(PARTS):
        folder = tmp_path / str(number)
        shutil.copytree(saved, folder)
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)
    refused("matcher.load_plan", *sorted(tmp_path.iterdir()))


def test_a_pipe_for_a_table_is_refused(tmp_path):
    for suffix in (".xlsx", ".csv"):
        (tmp_path / suffix).mkdir()
        os.mkfifo(tmp_path / suffix / f"counties{suffix}")
    folders = sorted(tmp_path.iterdir())
    refused("matcher.read", *folders, *(next(folder.iterdir()) for folder in folders))


def test_a_pipe_for_a_policy_is_refused(tmp_path):
    os.mkfifo(tmp_path / "policy.toml")
    refused("read_policy", tmp_path / "policy.toml")
